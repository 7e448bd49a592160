"""One organizer's calendar, opened: edited so that nobody's change is lost, and attendees told by one side alone."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from careermail.clock import Clock
from careermail.errors import ProviderError
from careermail.mail.expand import Instance, Window
from careermail.mail.invite import text
from careermail.mail.vevent import CalendarError, all_parts, answers, is_cancelled
from careermail.model import Person
from careermail.providers.shelf.reconcile import Summary
from careermail.providers.standards.caldav import scheduling
from careermail.providers.standards.caldav.account import discover
from careermail.providers.standards.caldav.collection import Collection
from careermail.providers.standards.caldav.item import Item
from careermail.providers.standards.caldav.login import Login
from careermail.providers.standards.caldav.web import Web
from careermail.providers.standards.invitations import Invitations, refusals_borne

if TYPE_CHECKING:
    from icalendar import Calendar

TRIES = 5  # at changing what others are changing too


class Desk:
    """The calendar of `person`. Every method may raise ProviderError."""

    def __init__(self, person: Person, login: Login, clock: Clock, invitations: Invitations) -> None:
        self.person, self.clock, self.web = person, clock, Web(login, clock)
        try:
            self.account = discover(self.web)
        except BaseException:
            self.web.close()
            raise
        self.collection = Collection(self.web, self.account)
        self.schedules = self.account.schedules(person.email)
        self._invitations = invitations

    def instances(self, marker: str, window: Window) -> list[Instance]:
        """What takes place of a series around a window (UTC), more than asked for; attendees hear of what changed."""
        self.collection.refresh()
        if not self.schedules:
            self._settle(marker)
        found: dict[str, list[Instance]] = {}
        for item in self.collection.items(marker):
            with self._understood(item):
                for uid in item.uids or [""]:
                    found.setdefault(uid, [i for i in item.instances(window, self.person.zone) if i.uid == uid])
        return [one for each in found.values() for one in each]

    def find(self, uid: str) -> Calendar | None:
        """The event as the organizer has it."""
        self.collection.refresh()
        item = self.collection.item(uid)
        return self._opened(item) if item else None

    def change(
        self, uid: str, wanted: Callable[[Calendar | None], Calendar | None], *, new: bool = False
    ) -> Calendar | None:
        """Let the event become what `wanted` makes of what is held (None: nothing), unless it makes nothing of it.

        Tried again with what is held then, where somebody was faster. `new` spares a look for what should not be there.
        """
        for _ in range(TRIES):
            item = None if new and self.collection.lacks(uid) else self._current(uid)
            new, made = False, wanted(self._taken(item, uid))
            if made is None or self._saved(made, uid, item):
                return made
        raise self.web.failed("an event is being changed by others all the time; it will be tried again")

    # --- in between ---

    def _current(self, uid: str) -> Item | None:
        self.collection.refresh()
        return self.collection.item(uid)

    def _taken(self, item: Item | None, uid: str) -> Calendar | None:
        """What is held, with the answers that came by mail in it."""
        held = self._opened(item) if item else None
        if held is not None and not self.schedules:
            self._invitations.follow(held, uid)
        return held

    def _opened(self, item: Item) -> Calendar:
        with self._understood(item):
            return scheduling.plain(item.calendar())

    @contextmanager
    def _understood(self, item: Item) -> Iterator[None]:
        try:
            yield
        except CalendarError as error:
            broken = f"{item.url} cannot be understood ({error}); mend or delete that event"
            raise ProviderError(str(self.web.failed(broken)), owner=self.person.email) from error

    def _saved(self, made: Calendar, uid: str, item: Item | None) -> bool:
        """Let it be so on the server and let attendees know; False where somebody changed the event meanwhile."""
        parts = all_parts(scheduling.plain(made), uid)
        over = all(is_cancelled(one) for one in parts)
        if over and (self.schedules or not any(answers(one) for one in parts)):
            return item is None or self.collection.remove(item)  # the server tells attendees (RFC 6638, 3.2.1.3)
        return self._invited(made, uid, item) if self.schedules else self._mailed(made, uid, item)

    def _invited(self, made: Calendar, uid: str, item: Item | None) -> bool:
        """The server tells attendees."""
        scheduling.begun(made, uid)
        missed = scheduling.unreached(item.calendar(), uid) if item else {}
        if item and not missed and text(made) == text(self._opened(item)):
            return True
        if item and scheduling.drops(self._opened(item), made, uid):
            # A moved session stays in attendees' copies on some servers (Cyrus 3.6), unless all of it was cancelled.
            if not self.collection.remove(item):
                return False
            item = None
        written = self.collection.write(uid, text(scheduling.forced(made, uid, missed)), item)
        if written and (missed := scheduling.unreached(written.calendar(), uid)):
            who = ", ".join(f"{address} ({status})" for address, status in sorted(missed.items()))
            raise self.web.failed(f"it could not invite {who}; mend the address or the server", urgent=True)
        return written is not None

    def _mailed(self, made: Calendar, uid: str, item: Item | None) -> bool:
        """We tell attendees."""
        before = self._opened(item) if item else None
        if before is None or text(made) != text(before):
            for address in scheduling.attendees(before, uid) - scheduling.attendees(made, uid):
                self._invitations.withdraw(uid, address)
            if not self.collection.write(uid, text(scheduling.by_client(made, uid)), item):
                return False
        self._invitations.tell(made, uid)
        return True

    def _settle(self, marker: str) -> None:
        """Take in what attendees answered by mail, and tell them what the organizer did; mostly there is nothing."""
        stale = [one.uid for item in self.collection.items(marker) for one in self._untold(item)]
        for uid in stale:
            with refusals_borne():
                self.change(uid, lambda held: held)
        if stale:
            self.collection.refresh()
        self._invitations.recall(marker, {uid for item in self.collection.items(marker) for uid in item.uids})

    def _untold(self, item: Item) -> list[Summary]:
        """The events in it of which something is still to be told, or taken in."""
        with self._understood(item):
            return [one for one in item.summaries if not self._invitations.in_step(one)]
