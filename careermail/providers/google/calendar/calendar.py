"""The protocol Calendar over Google's API: which calendar is asked, as whom, and what is remembered of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from careermail.errors import ProviderError
from careermail.model import Busy, Event, Occurrence, Person, Rsvp
from careermail.providers import Window
from careermail.providers.google.api import Api
from careermail.providers.google.calendar import changing, events, freebusy, wire
from careermail.providers.google.calendar.desk import Desk
from careermail.providers.google.calendar.wire import SERIES, Wire

TRIES = 5  # at changing what others are changing too
FAR = timedelta(days=366)  # by which a session may be moved and be listed all the same


@dataclass
class Shown:
    """What was last listed of a series: Google's ids of the sessions that stood, and the UIDs of its events by id."""

    ids: frozenset[str] = frozenset()
    uids: dict[str, str] = field(default_factory=dict)


class GoogleCalendar:
    """The managers' primary calendars. `meet` asks for a link to a video meeting with each new event."""

    def __init__(self, api: Api, *, meet: bool = False) -> None:
        self._api, self._meet = api, meet
        self._shown: dict[tuple[str, str], Shown] = {}
        self._chairs: dict[str, Person] = {}  # who can be asked about whom, by mail address
        self._unseen: set[str] = set()  # people whose calendar we may not look into

    # --- the protocol ---

    def put(self, event: Event) -> None:
        """As Calendar.put."""
        self._chairs |= {person.email: event.organizer for person in (*event.attendees, event.organizer)}
        desk = self._desk(event.organizer)
        for _ in range(TRIES):
            held, free = desk.find(event.uid)
            if changing.revise(desk, held, event) if held else changing.book(desk, event, free, meet=self._meet):
                return
        raise self._beaten(event.organizer)

    def occurrences(self, organizer: Person, marker: str, window: Window) -> list[Occurrence]:
        """As Calendar.occurrences."""
        self._chairs[organizer.email] = organizer
        shown = self._shown.get((organizer.email, marker), Shown())
        items = _listed(self._desk(organizer), marker, window, shown)
        uids = shown.uids | {wire.base(item): wire.uid_of(item) for item in items if wire.private(item)}
        found = wire.sessions(items, uids, window, organizer.zone)
        ids = frozenset(name for name, one in found.items() if one.status != "cancelled")
        self._shown[organizer.email, marker] = Shown(ids, uids)
        return list(found.values())

    def move(self, organizer: Person, occurrence: Occurrence, start: datetime, end: datetime) -> None:
        """As Calendar.move. Raises ProviderError (permanent) where there is no such session any more."""

        def moved(desk: Desk, held: Wire | None) -> bool:
            item = desk.instance(held, occurrence.recurrence_id) if held and occurrence.recurrence_id else held
            if item is None:
                words = f"the Google calendar of {organizer.email}: there is no such session any more"
                raise ProviderError(f"{words}. Somebody may have changed the series.", permanent=True)
            return changing.move(desk, item, (start, end), organizer)

        self._change(organizer, occurrence.uid, moved)

    def cancel(self, organizer: Person, uid: str, *, recurrence_id: str = "", since: datetime | None = None) -> None:
        """As Calendar.cancel. What is gone already is cancelled enough."""

        def cancelled(desk: Desk, held: Wire | None) -> bool:
            if held is None:
                return True
            if not recurrence_id:
                return changing.end(desk, held, since, organizer)
            if item := desk.instance(held, recurrence_id):
                desk.delete(item["id"])
            return True

        self._change(organizer, uid, cancelled)

    def busy(self, people: Iterable[Person], window: Window) -> list[Busy]:
        """As Calendar.busy: read in the organizer's own calendar, and of the others what the organizer may know.

        Beside that, people are busy with what we invited them to.
        """
        asked = list(people)
        chair = asked[0] if len(asked) > 1 else self._chairs.get(asked[0].email, asked[0])
        taken = freebusy.own(self._desk(chair), chair, window) if chair in asked else []
        if rest := [person for person in asked if person != chair]:
            taken += freebusy.others(self._api, chair, rest, window, self._unseen)
        return sorted(taken, key=lambda b: (b.start, b.email, b.uid))

    def find(self, organizer: Person, uid: str) -> Event | None:
        """As Calendar.find."""
        held, _ = self._desk(organizer).find(uid)
        return events.found(held, organizer) if held else None

    def answer(self, rsvp: Rsvp) -> bool:  # noqa: ARG002 (it is the protocol's)
        """As Calendar.answer: Google hears of answers by itself."""
        return False

    # --- beside it ---

    def close(self) -> None:
        """End the connections; they are made anew when they are needed."""
        self._api.close()
        self._unseen.clear()

    def _desk(self, organizer: Person) -> Desk:
        return Desk(self._api, organizer.email)

    def _change(self, organizer: Person, uid: str, done: Callable[[Desk, Wire | None], bool]) -> None:
        """Have something done to an event as it is; again, where somebody else was faster."""
        desk = self._desk(organizer)
        for _ in range(TRIES):
            if done(desk, desk.find(uid)[0]):
                return
        raise self._beaten(organizer)

    @staticmethod
    def _beaten(organizer: Person) -> ProviderError:
        words = "an event is being changed by others all the time; it will be tried again"
        return ProviderError(f"the Google calendar of {organizer.email}: {words}")


def _listed(desk: Desk, marker: str, window: Window, shown: Shown) -> list[Wire]:
    """The sessions of a series around a window, and what has become of those that were listed the last time.

    They can be missing because they were deleted, or lie very far away now, or lost the marker in some program.
    """
    times = {"timeMin": (window[0] - FAR).isoformat(), "timeMax": (window[1] + FAR).isoformat()}
    ours: dict[str, Any] = {"privateExtendedProperty": f"{SERIES}={marker}", "singleEvents": True, "showDeleted": True}
    found = list(desk.listed(**ours, **times))
    missing = shown.ids - {item["id"] for item in found}
    return found + [item for name in sorted(missing) if (item := desk.get(name))]
