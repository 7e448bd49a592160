"""Calendars by mail alone (RFC 6047): careermail keeps the organizer's, and the manager is invited like the report."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from careermail.clock import Clock
from careermail.mail import edits, invite
from careermail.mail.answering import asked_about
from careermail.mail.expand import sessions
from careermail.mail.itip import name_of
from careermail.mail.vevent import all_parts, answers, instance_of, organizer, parts, recurs, span, starts
from careermail.model import Busy, Event, Occurrence, Person, Rsvp, Service
from careermail.providers import Window
from careermail.providers.shelf import organizing
from careermail.providers.shelf.files import Reader, safe
from careermail.providers.shelf.vdir import Copy, Vdir
from careermail.providers.standards.invitations import Invitations, refusals_borne

if TYPE_CHECKING:
    from icalendar import Calendar
    from icalendar import Event as Component


class ImipCalendar:
    """`<folder>/<manager's address>/<uid>.ics`: what stands, as careermail organizes it in the manager's name.

    What else anybody has in their calendar cannot be seen. A session that the manager declines is cancelled, as if it
    were deleted in a calendar of theirs; one that they propose another time for is moved there.
    """

    def __init__(self, folder: Path, invitations: Invitations, service: Service, clock: Clock) -> None:
        self._folder, self._invitations, self._service, self._clock = folder, invitations, service, clock
        self._reader = Reader()

    # --- the protocol ---

    def put(self, event: Event) -> None:
        """As Calendar.put."""
        home, held = self._opened(event.organizer.email, event.uid)
        calendar, gone = organizing.put(held.calendar, self._as_organized(event))
        for who in gone:
            self._invitations.withdraw(event.uid, who)
        self._publish(home, held, calendar, event.uid)

    def occurrences(self, organizer: Person, marker: str, window: Window) -> list[Occurrence]:
        """As Calendar.occurrences; what was answered is taken in first, and what was not told yet is told."""
        home = self._vdir(organizer.email)
        home.check()
        for uid, one in home.held(marker).items():
            if not self._invitations.in_step(one):
                with refusals_borne():
                    self._current(organizer.email, uid)
                home = self._vdir(organizer.email)
        own = {organizer.email.lower()}  # what the manager declined was cancelled, if it was not over by then
        held = (replace(i, declined=i.declined - own) for i in home.sessions(window, organizer.zone, marker))
        return sessions(held, window)

    def move(self, organizer: Person, occurrence: Occurrence, start: datetime, end: datetime) -> None:
        """As Calendar.move. Raises ProviderError (permanent) where there is no such session any more."""
        home, held = self._opened(organizer.email, occurrence.uid)
        calendar = organizing.move(held.calendar, occurrence, (start, end), organizer.zone, place=held.path)
        self._publish(home, held, calendar, occurrence.uid)

    def cancel(self, organizer: Person, uid: str, *, recurrence_id: str = "", since: datetime | None = None) -> None:
        """As Calendar.cancel. What is gone already is cancelled enough."""
        home, held = self._opened(organizer.email, uid)
        if held.calendar is not None:
            organizing.cancel(held.calendar, uid, recurrence_id, since, organizer.zone)
            self._publish(home, held, held.calendar, uid)

    def busy(self, people: Iterable[Person], window: Window) -> list[Busy]:
        """As Calendar.busy: what we invited them to, and they did not decline. Nothing else is known of anybody."""
        seen = ((p, self._invitations.instances(p.email, window, p.zone)) for p in people)
        taken = (busy for person, instances in seen for busy in organizing.taken(person, instances, window))
        return sorted(taken, key=lambda b: (b.start, b.email, b.uid))

    def find(self, organizer: Person, uid: str) -> Event | None:
        """As Calendar.find; it stands only once everybody was told of it, which is seen to first."""
        _, held = self._current(organizer.email, uid)
        event = invite.read(held.calendar, uid, organizer) if held.calendar is not None else None
        others = tuple(p for p in event.attendees if p.email != organizer.email.lower()) if event else ()
        return replace(event, attendees=others) if event else None

    def answer(self, rsvp: Rsvp) -> bool:
        """As Calendar.answer; but what a manager proposes is followed at once: it is their conversation.

        False too where they would have a whole series on another day: no rule can be made of that.
        """
        home, held = self._current(rsvp.attendee, rsvp.uid)
        told = self._invitations.held(rsvp.attendee, rsvp.uid)
        if held.calendar is None or told is None or rsvp.proposed is None:
            taken = self._invitations.answer(rsvp)
            self._current(rsvp.attendee, rsvp.uid)  # where it is the manager's: what they declined is cancelled now
            return taken
        one = asked_about(told, rsvp.uid, rsvp)
        calendar = _moved(held.calendar, rsvp, name_of(one)) if one is not None else None
        if calendar is not None:
            self._publish(home, held, calendar, rsvp.uid)
        return calendar is not None

    # --- what stands ---

    def _vdir(self, address: str) -> Vdir:
        return Vdir(self._folder / safe(address.lower()), self._reader)

    def _as_organized(self, event: Event) -> Event:
        """Organized by us in the manager's name, so that answers come to our inbox."""
        chair = replace(event.organizer, email=self._service.address)
        return replace(event, organizer=chair, attendees=(event.organizer, *event.attendees))

    def _opened(self, manager: str, uid: str) -> tuple[Vdir, Copy]:
        """What stands, with what people answered up to now in it."""
        home = self._vdir(manager)
        held = home.open(uid)
        if held.calendar is not None:
            self._invitations.follow(held.calendar, uid)
            _obey(held.calendar, uid, manager.lower(), self._clock.now())
        return home, held

    def _current(self, manager: str, uid: str) -> tuple[Vdir, Copy]:
        """The same, once everybody has been told of it."""
        home, held = self._opened(manager, uid)
        if held.calendar is not None:
            self._publish(home, held, held.calendar, uid)
        return home, held

    def _publish(self, home: Vdir, held: Copy, calendar: Calendar, uid: str) -> None:
        """Let it stand, and then be told: what a crash leaves untold is told when it is next looked at."""
        home.save(held, calendar)
        self._invitations.tell(calendar, uid)


def _obey(calendar: Calendar, uid: str, manager: str, now: datetime) -> None:
    """Cancel what the manager declined and is still to come: all from `now` on, or single sessions."""
    declined = [one for one in all_parts(calendar, uid) if answers(one).get(manager) == "DECLINED"]
    if any(instance_of(one) is None for one in declined):
        edits.end(calendar, uid, now, UTC)
        return
    for one in declined:
        if span(one, UTC)[0] > now:
            edits.cancel(calendar, uid, name_of(one), UTC)


def _moved(calendar: Calendar, rsvp: Rsvp, name: str) -> Calendar | None:
    """The calendar with what a manager proposed in it; None where it cannot be had."""
    master, _ = parts(calendar, rsvp.uid)
    if rsvp.proposed is None:
        return None
    if master is not None and recurs(master) and not name:
        return _reshaped(calendar, master, rsvp.uid, rsvp.proposed)
    edits.move(calendar, rsvp.uid, name, rsvp.proposed, UTC)
    return calendar


def _reshaped(calendar: Calendar, master: Component, uid: str, at: Window) -> Calendar | None:
    """The calendar with the whole series at another hour of the same day."""
    zone = getattr(starts(master), "tzinfo", None) or UTC
    chair = Person(str(master["ORGANIZER"].params.get("CN", "")), organizer(master), str(zone))
    event = invite.read(calendar, uid, chair)
    start = at[0].astimezone(zone).replace(tzinfo=None)
    if event is None or not isinstance(event.start, datetime) or event.start.date() != start.date():
        return None
    minutes = int((at[1] - at[0]).total_seconds()) // 60
    return organizing.put(calendar, replace(event, start=start, minutes=minutes))[0]
