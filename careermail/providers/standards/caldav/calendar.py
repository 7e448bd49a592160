"""The protocol Calendar over CalDAV: who is asked, what is edited, and who tells the attendees."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from datetime import datetime
from typing import TYPE_CHECKING, Any, TypeVar

from careermail.clock import Clock
from careermail.errors import ProviderError
from careermail.mail import edits, invite
from careermail.mail.expand import sessions
from careermail.model import Busy, Event, Occurrence, Person, Rsvp, Service
from careermail.providers import Probe, Window
from careermail.providers.standards.caldav import freebusy, probe
from careermail.providers.standards.caldav.collection import LostError
from careermail.providers.standards.caldav.desk import Desk
from careermail.providers.standards.caldav.login import login, names
from careermail.providers.standards.invitations import Invitations

if TYPE_CHECKING:
    from icalendar import Calendar

T = TypeVar("T")


class CalDavCalendar:
    """The calendars of managers on CalDAV servers, as settings["calendar"] and settings["managers"] lead to them.

    Where a server schedules (RFC 6638) it invites, and careermail reads what was answered from the organizer's copy.
    Where it does not, `invitations` are mailed. Never both.
    """

    def __init__(self, settings: Mapping[str, Any], service: Service, clock: Clock, invitations: Invitations) -> None:
        self._settings, self._service, self._clock, self._invitations = settings, service, clock, invitations
        self._desks: dict[str, Desk] = {}
        self._unseen: set[str] = set()  # people whose calendars are not ours to read
        self._busiest: Desk | None = None  # the one whose connection is kept
        self._invited_by: dict[str, Person] = {}  # who can be asked about whom, by mail address

    # --- the protocol ---

    def put(self, event: Event) -> None:
        """As Calendar.put. Raises ProviderError (urgent) where the server could not reach an attendee."""
        self._invited_by |= {person.email: event.organizer for person in event.attendees}

        def wanted(held: Calendar | None) -> Calendar:
            fresh = invite.build(event) if held is None else invite.revise(held, event)
            return invite.spliced(held, fresh, event.uid)

        self._at(event.organizer, lambda desk: desk.change(event.uid, wanted, new=True))

    def occurrences(self, organizer: Person, marker: str, window: Window) -> list[Occurrence]:
        """As Calendar.occurrences. Raises ProviderError (urgent) where the calendar is gone."""
        return sessions(self._at(organizer, lambda desk: desk.instances(marker, window)), window)

    def move(self, organizer: Person, occurrence: Occurrence, start: datetime, end: datetime) -> None:
        """As Calendar.move. Raises ProviderError (permanent) where there is no such session any more."""
        uid, at = occurrence.uid, (start, end)

        def wanted(held: Calendar | None) -> Calendar:
            if held is None:
                raise LookupError("there is no such event")
            edits.move(held, uid, occurrence.recurrence_id, at, organizer.zone)
            return held

        try:
            self._at(organizer, lambda desk: desk.change(uid, wanted))
        except LookupError as error:
            raise ProviderError(
                f"the calendar of {organizer.email}: {error}. Somebody may have changed the series.", permanent=True
            ) from error

    def cancel(self, organizer: Person, uid: str, *, recurrence_id: str = "", since: datetime | None = None) -> None:
        """As Calendar.cancel. What is gone already is cancelled enough."""

        def wanted(held: Calendar | None) -> Calendar | None:
            if held is not None and recurrence_id:
                with suppress(LookupError):  # there is no such instance any more
                    edits.cancel(held, uid, recurrence_id, organizer.zone)
            elif held is not None:
                edits.end(held, uid, since, organizer.zone)
            return held

        self._at(organizer, lambda desk: desk.change(uid, wanted))

    def busy(self, people: Iterable[Person], window: Window) -> list[Busy]:
        """As Calendar.busy: read where their calendar may be read, else asked of the organizer's server.

        Beside that, people are busy with what we invited them to.
        """
        asked = list(people)
        chair = asked[0] if len(asked) > 1 else None
        taken = [one for person in asked for one in self._busy(person, chair, window)]
        return sorted(taken, key=lambda b: (b.start, b.email, b.uid))

    def find(self, organizer: Person, uid: str) -> Event | None:
        """As Calendar.find."""
        held = self._at(organizer, lambda desk: desk.find(uid))
        return invite.read(held, uid, organizer) if held is not None else None

    def answer(self, rsvp: Rsvp) -> bool:
        """As Calendar.answer: about what we mailed; a server that schedules hears of answers by itself."""
        return self._invitations.answer(rsvp)

    # --- beside it ---

    def probes(self, managers: Iterable[Person]) -> list[Probe]:
        """One login for each manager; nothing is written."""
        return [probe.of(self._settings, manager, self._clock) for manager in managers]

    def close(self) -> None:
        """End the connections; they are made anew when they are needed."""
        for desk in self._desks.values():
            desk.web.close()
        self._unseen.clear()

    def _at(self, person: Person, work: Callable[[Desk], T]) -> T:
        """Do something in the calendar of an organizer, wherever it is now."""
        desk = self._desk(person)
        try:
            return work(desk)
        except LostError:
            found = self._opened(person)
            if found.account.calendar == desk.account.calendar:
                found.web.close()
                raise
            self._desks[person.email] = found
            return work(self._desk(person))

    def _desk(self, person: Person) -> Desk:
        """Their desk; whoever was at work before lets go of their connection, of which servers have only so many."""
        if person.email not in self._desks:
            self._rest()
            self._desks[person.email] = self._opened(person)
        desk = self._desks[person.email]
        if desk is not self._busiest:
            self._rest()
            self._busiest = desk
        return desk

    def _rest(self) -> None:
        if self._busiest:
            self._busiest.web.rest()

    def _opened(self, person: Person) -> Desk:
        return Desk(person, login(self._settings, person), self._clock, self._invitations)

    def _busy(self, person: Person, chair: Person | None, window: Window) -> set[Busy]:
        """What is known of one person's time; `chair` organizes what it is asked for, if that is known."""
        asked = chair or self._invited_by.get(person.email)
        if person == chair or (asked is None and person.email in self._desks):
            return self._at(person, lambda desk: freebusy.read(desk, window))
        seen = self._seen(person, window)
        if asked is None:
            return seen or set()
        return (seen or set()) | self._at(asked, lambda desk: freebusy.known(desk, person, window, asked=seen is None))

    def _seen(self, person: Person, window: Window) -> set[Busy] | None:
        """What their own calendar says; None where we may not look, which is tried once: logins get locked."""
        if person.email in self._unseen or not names(self._settings, person):
            return None
        try:
            return freebusy.looked(lambda: self._desk(person), window)
        except freebusy.UnseenError:
            self._unseen.add(person.email)
            return None
