"""Calendars on Exchange: the organizer's is the truth, and the server keeps the attendees' in step with it.

Whatever is asked for twice is done once: each method reads what stands, and asks for what is missing.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from careermail.errors import ProviderError
from careermail.mail.expand import sessions
from careermail.model import Busy, Event, Occurrence, Person, Rsvp
from careermail.providers import Window
from careermail.providers.exchange.account import Mailboxes
from careermail.providers.exchange.calendar_busy import labelled, taken
from careermail.providers.exchange.calendar_edits import cancel, end, move, revise
from careermail.providers.exchange.calendar_folder import CalendarFolder, Known
from careermail.providers.exchange.calendar_items import changes, created


class ExchangeCalendar:
    """The calendars of the mailboxes behind one login."""

    def __init__(self, mailboxes: Mailboxes) -> None:
        self._mailboxes = mailboxes
        self._known = Known()
        self._organizers: set[str] = set()  # whose calendars we were asked to keep, and may therefore look into

    # --- the protocol ---

    def put(self, event: Event) -> None:
        """As Calendar.put. Raises ProviderError (permanent) where Exchange has no such recurrence."""
        calendar = self._calendar(event.organizer)
        held = calendar.one(event.uid)
        if held is None:
            calendar.create(created(event))
        elif changed := changes(held, event):
            revise(calendar, held, event, changed)

    def occurrences(self, organizer: Person, marker: str, window: Window) -> list[Occurrence]:
        """As Calendar.occurrences."""
        held = self._calendar(organizer).series(marker)
        return sessions([one for each in held for one in each.instances(window)], window)

    def move(self, organizer: Person, occurrence: Occurrence, start: datetime, end: datetime) -> None:
        """As Calendar.move. Raises ProviderError (permanent) where there is no such session any more."""
        calendar = self._calendar(organizer)
        held = calendar.one(occurrence.uid)
        item = calendar.session(held, occurrence.recurrence_id) if held else None
        if item is None:
            where = f"{self._mailboxes.login.where}, calendar of {organizer.email}"
            raise ProviderError(f"{where}: there is no such session. Somebody may have changed it.", permanent=True)
        move(calendar, item, (start, end), organizer.timezone)

    def cancel(self, organizer: Person, uid: str, *, recurrence_id: str = "", since: datetime | None = None) -> None:
        """As Calendar.cancel. What is gone already is cancelled enough."""
        calendar = self._calendar(organizer)
        held = calendar.one(uid)
        if held is None:
            return
        if recurrence_id:
            cancel(calendar, held, recurrence_id)
        else:
            end(calendar, held, since)

    def busy(self, people: Iterable[Person], window: Window) -> list[Busy]:
        """As Calendar.busy; what is ours bears its UID, as far as the calendars of organizers among them tell."""
        asked = list(people)
        organizers = [person for person in asked if person.email in self._organizers]
        found = taken(self._mailboxes, asked, window, organizers[0].email if organizers else "")
        held = [one for organizer in organizers for one in self._calendar(organizer).ours()]
        return sorted(labelled(found, held, window), key=lambda b: (b.start, b.email, b.uid))

    def find(self, organizer: Person, uid: str) -> Event | None:
        """As Calendar.find."""
        held = self._calendar(organizer).one(uid)
        return held.event() if held else None

    def answer(self, rsvp: Rsvp) -> bool:  # noqa: ARG002 (it is the protocol's)
        """As Calendar.answer: the server hears of answers by itself."""
        return False

    # --- within ---

    def _calendar(self, organizer: Person) -> CalendarFolder:
        self._organizers.add(organizer.email)
        return CalendarFolder(self._mailboxes, organizer, self._known)
