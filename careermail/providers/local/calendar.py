"""The calendars on disk: one vdir per person, kept in step as a calendar server would keep them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from careermail.errors import ProviderError
from careermail.mail import edits, invite
from careermail.mail.expand import sessions
from careermail.model import Busy, Event, Occurrence, Person, Rsvp
from careermail.providers import Window
from careermail.providers.shelf import organizing, reconcile
from careermail.providers.shelf.files import Reader, safe
from careermail.providers.shelf.reconcile import Summary
from careermail.providers.shelf.vdir import Copy, Vdir

if TYPE_CHECKING:
    from icalendar import Calendar


class LocalCalendar:
    """`<root>/calendars/<address>/<uid>.ics`. The organizer's copy is the truth; what people edit is followed."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._reader = Reader()
        self._holders: defaultdict[str, set[str]] | None = None  # the folders that hold a series; found out once

    # --- the protocol ---

    def put(self, event: Event) -> None:
        """As Calendar.put: the attendees' copies first, so that the organizer's tells that all are there."""
        home = self._vdir(event.organizer.email)
        held = self._current(home, event.uid)
        calendar, gone = organizing.put(held.calendar, event)
        self._publish(home, held, calendar, event.uid)
        for address in gone:
            self._withdraw(self._vdir(address), event.uid)

    def occurrences(self, organizer: Person, marker: str, window: Window) -> list[Occurrence]:
        """As Calendar.occurrences. Raises ProviderError where the organizer has no calendar at all."""
        home = self._vdir(organizer.email)
        home.check()
        self._follow(home, marker)
        return sessions(home.sessions(window, organizer.zone, marker), window)

    def move(self, organizer: Person, occurrence: Occurrence, start: datetime, end: datetime) -> None:
        """As Calendar.move. Raises ProviderError (permanent) where there is no such session any more."""
        home = self._vdir(organizer.email)
        held = self._current(home, occurrence.uid)
        calendar = organizing.move(held.calendar, occurrence, (start, end), organizer.zone, place=held.path)
        self._publish(home, held, calendar, occurrence.uid)

    def cancel(self, organizer: Person, uid: str, *, recurrence_id: str = "", since: datetime | None = None) -> None:
        """As Calendar.cancel. What is gone already is cancelled enough."""
        home = self._vdir(organizer.email)
        held = self._current(home, uid)
        if held.calendar is not None:
            organizing.cancel(held.calendar, uid, recurrence_id, since, organizer.zone)
            self._publish(home, held, held.calendar, uid)

    def busy(self, people: Iterable[Person], window: Window) -> list[Busy]:
        """As Calendar.busy: what takes up time, was not cancelled, and was not declined by that person."""
        seen = ((p, self._vdir(p.email).instances(window, p.zone)) for p in people)
        taken = (busy for person, instances in seen for busy in organizing.taken(person, instances, window))
        return sorted(taken, key=lambda b: (b.start, b.email, b.uid))

    def find(self, organizer: Person, uid: str) -> Event | None:
        """As Calendar.find."""
        held = self._vdir(organizer.email).open(uid).calendar
        return invite.read(held, uid, organizer) if held is not None else None

    def answer(self, rsvp: Rsvp) -> bool:  # noqa: ARG002 (it is the protocol's)
        """As Calendar.answer: what attendees answer stands in their own copies."""
        return False

    # --- our own edits ---

    def _vdir(self, address: str) -> Vdir:
        return self._folder(safe(address.lower()))

    def _folder(self, name: str) -> Vdir:
        return Vdir(self._root / "calendars" / name, self._reader)

    def _current(self, home: Vdir, uid: str) -> Copy:
        """The organizer's copy, with what people did up to now in it."""
        one = home.summary(uid)
        if one is not None:
            copies = {safe(who): self._vdir(who).held(one.marker) for who in one.attendees}
            if not _in_step(one, copies):
                self._catch_up(home, uid)
        return home.open(uid)

    def _publish(self, home: Vdir, held: Copy, calendar: Calendar, uid: str) -> None:
        """Give the attendees the organizer's new state, and then let it be the organizer's."""
        self._seal(calendar, uid)
        for address in reconcile.summary(calendar, uid).attendees:
            self._give(address, calendar, uid)
        home.save(held, calendar)

    @staticmethod
    def _seal(calendar: Calendar, uid: str) -> None:
        reconcile.seal(calendar, uid, reconcile.state(calendar, uid))

    def _give(self, address: str, ours: Calendar, uid: str) -> None:
        theirs = self._vdir(address)
        held = theirs.open(uid)
        now = reconcile.summary(ours, uid)
        if held.calendar is None and (now.declined(address) or now.cancelled):
            return  # they deleted it, and nothing new is asked of them
        theirs.save(held, reconcile.copy_for(ours, held.calendar, uid))
        if self._holders is not None:
            self._holders[now.marker].add(theirs.path.name)

    def _withdraw(self, theirs: Vdir, uid: str) -> None:
        """Let an attendee see that the event is cancelled for them."""
        held = theirs.open(uid)
        if held.calendar is not None and not reconcile.summary(held.calendar, uid).cancelled:
            edits.end(held.calendar, uid, None, UTC)
            self._seal(held.calendar, uid)
            theirs.save(held, held.calendar)

    # --- other people's edits ---

    def _follow(self, home: Vdir, marker: str) -> None:
        """Let what people edited in either copy be in both; costs a look at the files' times if nobody did."""
        mine = home.held(marker)
        copies = {name: self._folder(name).held(marker) for name in self._names(home, marker, mine)}
        for name, theirs in copies.items():
            for uid in theirs.keys() - mine.keys():
                self._settle_stray(home, self._folder(name), theirs[uid])
        for uid, one in mine.items():
            if not _in_step(one, copies):
                self._catch_up(home, uid)

    def _names(self, home: Vdir, marker: str, mine: dict[str, Summary]) -> set[str]:
        """The folders that may hold a copy: the attendees', or, with no event left to name them, whoever has one."""
        if mine:
            return {safe(who) for one in mine.values() for who in one.attendees}
        if self._holders is None:
            self._holders = defaultdict(set)
            for folder in (self._root / "calendars").iterdir():
                with suppress(ProviderError):  # no folder, or none that we may look into
                    for held in self._folder(folder.name).markers():
                        self._holders[held].add(folder.name)
        return self._holders[marker] - {home.path.name}

    def _settle_stray(self, home: Vdir, theirs: Vdir, stray: Summary) -> None:
        """What only an attendee has: they split it off the series, or the organizer has deleted it."""
        if stray.given:
            home.open(stray.uid)  # a file that is there and broken is no deletion: this raises
            self._withdraw(theirs, stray.uid)
            return
        calendar = theirs.open(stray.uid).calendar
        if calendar is not None:
            self._seal(calendar, stray.uid)
            home.save(home.open(stray.uid), invite.spliced(None, calendar, stray.uid))
            self._catch_up(home, stray.uid)

    def _catch_up(self, home: Vdir, uid: str) -> None:
        """Bring the copies of one event together: answers and moves into the organizer's, then that to the others."""
        held = home.open(uid)
        if held.calendar is None:
            return
        calendar, before = held.calendar, reconcile.summary(held.calendar, uid)
        for who in before.attendees:
            folder = self._vdir(who)
            theirs = folder.open(uid).calendar
            if theirs is not None:
                reconcile.follow(calendar, theirs, uid, who, times=not before.moved)
            elif before.given:
                folder.check()
                reconcile.decline(calendar, uid, who)
        self._seal(calendar, uid)
        home.save(held, calendar)
        for who in before.attendees:
            self._give(who, calendar, uid)


def _in_step(mine: Summary, copies: Mapping[str, Mapping[str, Summary]]) -> bool:
    """Whether all copies of an event are as the organizer's says, and that is as we wrote it."""
    others = ((who, copies[safe(who)].get(mine.uid)) for who in mine.attendees)
    return not mine.edited and all(reconcile.in_step(mine, theirs, who) for who, theirs in others)
