"""Fetch what came, have the mailroom judge it, and keep what is to become of it: once, however often it is fetched."""

import logging
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from careermail.clock import Clock
from careermail.errors import ProviderError, StoreError, TryLater
from careermail.mail.authenticity import unstamped
from careermail.mail.bounces import Bounce
from careermail.mail.compose import hand_on
from careermail.mail.tokens import message_id
from careermail.mailroom import Mailroom, Verdict
from careermail.model import Fact, Person, Service, Team, opaque
from careermail.plan.history import fold
from careermail.plan.planner import INBOX, inbox_of
from careermail.providers import LONGEST, Provider
from careermail.store import Store
from careermail.troubles import BOUNCE, Troubles, permanent, told

log = logging.getLogger("careermail")


POLL, DOUBLINGS = timedelta(minutes=1), 4  # while the inbox cannot be read, it is tried after 16 minutes at last
TOLD_FOR = timedelta(days=2)  # of a mail that could not be taken in; it stays in the mailbox


class Postman:
    """Reads inboxes, each for all managers or for one. Of a mail nothing is kept but the facts that it makes."""

    def __init__(
        self, service: Service, provider: Provider, store: Store, clock: Clock, alive: Callable[[], None] = lambda: None
    ) -> None:
        """`alive` is called before each mail, for whoever watches that we go on."""
        self._service, self._provider, self._store, self._clock, self._alive = service, provider, store, clock, alive
        self._troubles = Troubles(store)
        self._failures = Counter[str]()  # in a row, by mailbox

    def round(self, teams: Sequence[Team], mailbox: str = "") -> tuple[set[str], timedelta]:
        """Take in all that came, and return the managers whom it concerns, and how long to wait before the next round.

        `mailbox` is the address of the one manager whose mailbox it is, or "" for the inbox of all. Raises StoreError
        and TryLater where nothing can be remembered. Where something could not be taken in for now, it and all that
        follows is fetched again the next time; what was taken in before is known by its fact.
        """
        box, concerned = _Box(inbox_of(mailbox), mailbox, teams), set[str]()
        try:
            with self._store.lock(box.name):
                whole = self._fetch(box, concerned)
        except (StoreError, TryLater):
            raise
        except Exception as error:  # noqa: BLE001 (whatever is wrong with the inbox, all else goes on)
            self._failures[mailbox] += 1
            mender = {"mender": mailbox} if mailbox and getattr(error, "owner", "") == mailbox else {}
            self._troubles.arise(box.name, told(error), self._clock.now(), manager=box.whose, **mender)
        else:
            self._failures.pop(mailbox, None)
            now = self._clock.now()
            self._troubles.settle(now, lambda trouble: whole if trouble.key == box.name else box.over(trouble, now))
        return concerned, POLL * 2 ** min(self._failures[mailbox], DOUBLINGS)

    def _fetch(self, box: "_Box", concerned: set[str]) -> bool:
        """Take in batch after batch; False where something must be tried again."""
        inbox = self._provider.inboxes(box.managers)[box.mailbox]
        kept = cursor = fold(self._store.load(box.name)).cursor
        room, whole = self._room(box), True
        while True:
            messages, after = inbox.fetch(cursor)
            for raw in messages:
                whole &= self._take_in(box, room, raw, concerned)
            if whole and after != kept:
                self._store.replace(box.name, [Fact(self._clock.now(), "read", box.name, {"cursor": after})], [])
                kept = after
            if not messages or after == cursor:
                return whole
            cursor = after

    def _room(self, box: "_Box") -> Mailroom:
        by = self._provider
        return Mailroom(self._service, box.teams, mailbox=box.mailbox, vouched=by.vouched, stamp=by.stamp)

    def _take_in(self, box: "_Box", room: Mailroom, raw: bytes, concerned: set[str]) -> bool:
        """Take in one message; False where it must be tried again."""
        self._alive()
        try:
            judge = partial(room.judge, raw, self._clock.now(), self._store.load, whole=len(raw) < LONGEST)
            verdict = judge()
            if verdict.manager:
                with self._store.lock(verdict.manager):
                    verdict = judge()  # nothing of theirs changes from here on
                    self._act(verdict, raw)
                concerned.add(verdict.manager)
        except TryLater:
            raise
        except Exception as error:  # noqa: BLE001 (one mail's fault must not keep the others waiting)
            said = told(error)
            given_up = permanent(said) and not isinstance(said, StoreError)  # one manager's file will be mended
            cause = f"{box.name}/{opaque(raw.decode(errors='replace'))[:12]}" if given_up else box.name
            self._troubles.arise(cause, said, self._clock.now(), manager=box.whose)
            return given_up
        log.info("mail", extra={"key": verdict.digest, "reason": verdict.why})
        return True

    def _act(self, verdict: Verdict, raw: bytes) -> None:
        refused = self._hand_on(verdict, raw)
        if verdict.bounce:
            self._came_back(verdict.manager, verdict.bounce)
        if verdict.rsvp and not self._provider.calendar.answer(verdict.rsvp):
            return  # it comes too late, or the calendar has heard of it already
        self._store.append(verdict.manager, verdict.facts)
        if refused:
            raise refused

    def _came_back(self, manager: str, bounce: Bounce) -> None:
        """An address takes no mail: the admin hears of it until it does, or is somebody else's."""
        said = f"a mail to {bounce.to} came back ({bounce.status}): {bounce.said or 'no reason was given'}"
        error = ProviderError(f"{said}. Is the address right? It stands in the configuration.", permanent=True)
        self._troubles.arise(f"{BOUNCE}{bounce.to}", error, self._clock.now(), manager=manager)

    def _hand_on(self, verdict: Verdict, raw: bytes) -> ProviderError | None:
        """Pass a mail on before anything is remembered of it: nothing of it is on disk in between.

        Returns why nobody takes it; what else it said counts all the same.
        """
        series, service = verdict.hand_on, self._service
        if series is None or verdict.mail is None:
            return None
        name, to = message_id(service, [f"{series.key}/forward/{verdict.digest}"], series.manager.email), series.manager
        try:
            if self._provider.outbox.find(name, to.email) is not True:
                mail, now = verdict.mail, self._clock.now()
                note = unstamped(raw, self._provider.stamp)
                passed = hand_on(service, series, mail, note, proven=verdict.proven, message_id=name, now=now)
                self._provider.outbox.send(passed)
        except ProviderError as error:
            if not error.permanent:
                raise
            said = f"a note from {series.report.email} could not be passed on to {to.email}: {error}"
            return ProviderError(f"{said} The note is in the inbox still; let them have it.", permanent=True)
        return None


@dataclass(frozen=True)
class _Box:
    """One inbox: what it is called in the store, whose mailbox it is ("" for nobody's), and for whom it is read."""

    name: str
    mailbox: str
    teams: Sequence[Team]

    @property
    def whose(self) -> str:
        """Whose trouble it is that it cannot be read."""
        return self.mailbox or INBOX

    @property
    def managers(self) -> list[Person]:
        """Whose answers arrive here."""
        return [team.manager for team in self.teams]

    def over(self, trouble: Fact, now: datetime) -> bool:
        """Whether it is about a single mail in here, and was told for long enough; or about an inbox that is no more.

        Where managers have mailboxes of their own, nobody reads one for all of them.
        """
        old = trouble.key.startswith(f"{self.name}/") and now - trouble.at > TOLD_FOR
        return old or (bool(self.mailbox) and INBOX in (trouble.key, trouble.data.get("manager")))
