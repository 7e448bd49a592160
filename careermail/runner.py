"""Collect, plan, perform, record: the one place where plan, mail, store and providers meet."""

import logging
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, time, timedelta
from random import Random
from typing import Any

from careermail.clock import Clock
from careermail.collect import read_calendar, resent
from careermail.effects import Deed, World, deed_of
from careermail.errors import CareermailError, ProviderError, StoreError, TryLater
from careermail.model import A_DAY, Action, Fact, Person, Plan, Service, Team, opaque
from careermail.plan.archive import settle
from careermail.plan.history import History, fold
from careermail.plan.planner import CHECKS, INBOX, SERVICE, of_nobody, plan, plan_alarms
from careermail.postman import Postman
from careermail.providers import Provider
from careermail.selfcheck.daily import SelfCheck
from careermail.store import Store
from careermail.troubles import PROVIDER, Troubles, permanent, told
from careermail.visit import Visit, half_way, whose

log = logging.getLogger("careermail")

# Below this many facts a file is small enough to be left as it is.
TIDY_FROM = 400
LONGEST_WAIT = timedelta(hours=6)
ALWAYS = time.min, time.max  # the hours in which an alarm's first moment may fall
LOOK_AGAIN = timedelta(minutes=5)
UNSURE = 7 * A_DAY  # after a restore: what the machine before may have done is looked for before it is done


class Runner:
    """Brings about what the plan wants, one action at a time."""

    def __init__(self, service: Service, provider: Provider, store: Store, clock: Clock) -> None:
        self.service, self.provider, self.store, self.clock = service, provider, store, clock
        self.stopping = False  # set by a signal: the current action is the last
        self.looked: datetime | None = None  # when the last look into an inbox ended, well or not
        self.tally = Counter[tuple[str, str]]()  # what became of actions: by kind and result
        self.alive: Callable[[], None] = lambda: None  # called between two steps, for whoever watches that we go on
        self.troubles = Troubles(store)
        # Looked up at each call, since whoever watches comes later.
        self._postman = Postman(service, provider, store, clock, lambda: self.alive())  # noqa: PLW0108
        self.selfcheck = SelfCheck(provider, store, clock, self.troubles, lambda: self.alive())  # noqa: PLW0108

    def tick(self, team: Team) -> datetime:
        """Do all that is due for one manager, and return when to come back (UTC, always ahead).

        Raises StoreError where nothing can be remembered, and so nothing may be done.
        """
        name, visit = team.manager.email, Visit(team)
        with self.store.lock(name):
            self._tidy(name)
            while True:
                self.store.append(name, resent(self.provider, team, self.clock.now()))
                history, now = fold(self.store.load(name)), self.clock.now()
                if self._look(visit, history, now):
                    continue
                wanted = plan(team, history, now, blind=visit.blind, foresee=False)
                if not wanted.due and not self.stopping and visit.unsettled():
                    continue
                if not wanted.due or self.stopping:
                    self.troubles.settle(now, visit.over(history, now))
                    return min(wanted.wake_at, now + LOOK_AGAIN) if visit.blind else wanted.wake_at
                self._perform(name, wanted.due[0], history, now)
                visit.stale(wanted.due[0])

    def failed(self, manager: str, error: Exception) -> CareermailError:
        """Let the admin know that a manager's visit failed, until one succeeds; return the error as it may be told."""
        said = told(error, manager=manager)
        if manager != SERVICE:
            self.troubles.arise(manager, said, self.clock.now())
        return said

    def tick_service(self, visited: Collection[str] | None = None) -> datetime:
        """Tell the admin what is wrong, at most daily; return when to come back.

        `visited` are the managers who are looked after: the troubles of any other are over.
        """
        if visited is not None:
            known = {INBOX, CHECKS, *visited}
            self.troubles.settle(self.clock.now(), lambda trouble: whose(trouble) not in known)
        admin = Person("admin", self.service.admin, working_days=frozenset(range(7)), working_hours=ALWAYS)
        with self.store.lock(SERVICE):
            while True:
                history, now = fold(self.store.load(SERVICE)), self.clock.now()
                wanted = plan_alarms(admin, history, now)
                if not wanted.due or self.stopping:
                    return wanted.wake_at
                self._perform(SERVICE, wanted.due[0], history, now)

    def mailboxes(self, teams: Iterable[Team]) -> list[str]:
        """Where these teams' answers arrive: the addresses of their managers, or "" for the one inbox of all."""
        return list(self.provider.inboxes(team.manager for team in teams))

    def tick_inbox(self, teams: Sequence[Team], mailbox: str = "") -> tuple[set[str], datetime]:
        """Take in what people wrote to a mailbox; return the managers concerned, and when to look again (UTC, ahead).

        `teams` are all for whom it is read. Raises StoreError and TryLater where nothing can be remembered: then
        nothing was taken in.
        """
        concerned, wait = self._postman.round(teams, mailbox)
        self.looked = self.clock.now()
        return concerned, self.looked + wait

    def tick_inboxes(self, teams: Sequence[Team]) -> tuple[set[str], datetime]:
        """The same for all mailboxes in turn; with when to look again at the one that has to wait longest."""
        own = {team.manager.email: [team] for team in teams}
        rounds = [self.tick_inbox(own.get(mailbox, teams), mailbox) for mailbox in self.mailboxes(teams)]
        return {name for concerned, _ in rounds for name in concerned}, max(again for _, again in rounds)

    def watch(self, wake: Callable[[], None]) -> Callable[[], None] | None:
        """Have `wake` called, from another thread, when a mail may have come to the one inbox of all.

        Returns what ends it; None where nobody tells.
        """
        inbox = self.provider.inboxes(()).get("")
        return inbox.watch(wake) if inbox else None

    def close(self) -> None:
        """Leave the servers that we are connected to."""
        self.selfcheck.save()
        self.provider.close()

    def foresee(self, team: Team) -> Plan:
        """What is wanted of the future as things stand; writes nothing and reads no calendar."""
        return plan(team, fold(self.store.load(team.manager.email)), self.clock.now())

    # --- collect ---------------------------------------------------------------------------------

    def _look(self, visit: Visit, history: History, now: datetime) -> bool:
        """Read the calendars that are not freshly read; tell whether anything was new."""
        facts: list[Fact] = []
        for series in visit.team.series:
            self.alive()
            standing = history.of(series.key)
            if series.key in visit.fresh or not standing.bookings or half_way(history, series.key, now):
                continue
            visit.fresh.add(series.key)
            visit.blind.discard(series.key)
            try:
                facts += read_calendar(self.provider.calendar, series, standing, now)
            except Exception as error:  # noqa: BLE001 (what is odd in one calendar must not keep the others waiting)
                visit.blind.add(series.key)
                cause = f"{series.key}/calendar"
                theirs = getattr(error, "owner", "") == visit.team.manager.email
                mender = {"mender": visit.team.manager.email} if theirs else {}
                self.troubles.arise(cause, told(error, key=opaque(series.key)), now, **mender)
        for fact in facts:
            log.info(
                "seen", extra={"key": opaque(fact.key), "status": fact.data["status"], "start": fact.data["start"]}
            )
        self.store.append(visit.team.manager.email, facts)
        return bool(facts)

    # --- perform ---------------------------------------------------------------------------------

    def _perform(self, manager: str, action: Action, history: History, now: datetime) -> None:
        """Carry out one action and record what became of it, whatever that is.

        Raises StoreError and TryLater, after which the next visit finds out how far it got.
        """
        self.alive()
        if action.verb == "skip":
            self._record(manager, action, "skipped", now, reason=action.reason)
            return
        try:
            self._bring_about(manager, action, history, now)
        except (StoreError, TryLater):
            raise
        except Exception as error:  # noqa: BLE001 (one item's fault must never stop the loop: it is held, and told)
            self._failed(manager, action, history, now, told(error, **_fields(manager, action)))

    def _bring_about(self, manager: str, action: Action, history: History, now: datetime) -> None:
        world = World(self.service, self.provider, now)
        deed, known = deed_of(action, world), history.effects.get(action.wanted[0].key)
        intent = known.data.get("intent") if known else None
        if not known and now < history.restored + UNSURE:
            intent = deed.intent()
        came_about = deed.came_about(intent) if intent is not None else False
        if came_about:
            if not known:
                self._record(manager, action, "intent", now, intent=intent)
            self._done(manager, action, deed, intent, history)
            return
        action = self._drop_unwanted(manager, action, now)
        if not action.wanted:
            return
        deed = deed_of(action, world)
        if intent is None or _outdated(intent, now):
            intent = deed.intent()
            if action.verb == "book" and intent and deed.came_about(intent):
                # It stands already, though nothing is remembered of it: a lost state must not invite anybody twice.
                self._done(manager, action, deed, intent, history)
                return
        if intent is None:
            self._record(manager, action, "skipped", now, reason="no hour was free for both in its time")
            return
        # Where nothing can tell whether it was sent, it is sent again under the same Message-ID, and `status` says so.
        self._record(manager, action, "intent", now, intent=intent, **({"doubt": True} if came_about is None else {}))
        deed.carry_out(intent)
        self._done(manager, action, deed, intent, history)

    def _drop_unwanted(self, manager: str, action: Action, now: datetime) -> Action:
        """Record as skipped what was begun, did not come about and is of no use any more; return the rest."""
        wanted = []
        for w in action.wanted:
            if reason := w.unless or ("its time has passed" if now >= w.until else ""):
                self._record(manager, replace(action, wanted=(w,)), "skipped", now, reason=reason)
            else:
                wanted.append(w)
        return replace(action, wanted=tuple(wanted))

    def _done(
        self, manager: str, action: Action, deed: Deed, intent: Mapping[str, Any] | None, history: History
    ) -> None:
        now, series = self.clock.now(), action.wanted[0].topic.series
        facts = deed.outcome(intent or {})
        if action.verb == "reshape":
            # In the same write as the outcome, so that what we changed ourselves is never taken for a person's wish.
            standing = history.of(series.key)
            facts += read_calendar(self.provider.calendar, series, standing, now, ours=True)
        self._record(manager, action, "done", now, *facts)

    def _record(self, manager: str, action: Action, kind: str, now: datetime, *more: Fact, **data: Any) -> None:
        facts = [
            Fact(now, kind, w.key, {"kind": w.kind, "until": w.until.isoformat(), "because": w.because, **data})
            for w in action.wanted
        ]
        self.store.append(manager, [*facts, *more])
        self.tally.update((w.kind, kind) for w in action.wanted)
        if kind != "intent":  # one line for each action: what became of it
            reason = {"reason": data["reason"]} if "reason" in data else {}
            log.info(kind, extra={**_fields(manager, action), **reason})

    # --- what fails ------------------------------------------------------------------------------

    def _failed(self, manager: str, action: Action, history: History, now: datetime, error: CareermailError) -> None:
        known = history.effects.get(action.wanted[0].key)
        attempts = known.attempts if known else 0
        wait = A_DAY if permanent(error) else backoff(attempts, action.key)
        if isinstance(error, ProviderError) and error.retry_after:
            wait = max(wait, error.retry_after)
        kind = "held" if permanent(error) else "failed"
        self._record(manager, action, kind, now, reason=str(error), retry_at=(now + wait).isoformat())
        if manager == SERVICE:
            # What could not be mailed is said by another road: the journal has it as an error, in the same words.
            for note in dict.fromkeys(w.topic.note for w in action.wanted):
                log.error("alarm", extra={"to": _recipients(action.wanted), "reason": note})
        else:
            owner = getattr(error, "owner", "")
            whose = f"{PROVIDER}{self.provider.name}/{owner}".removesuffix("/")
            mender = {"mender": owner} if owner == manager else {}
            cause = action.wanted[0].key if permanent(error) else whose
            self.troubles.arise(cause, error, now, manager=manager, **mender)

    # --- the archive -----------------------------------------------------------------------------

    def _tidy(self, manager: str) -> None:
        """Move what no plan will ask for again out of the file that every write rewrites."""
        facts, now = self.store.load(manager), self.clock.now()
        if len(facts) < TIDY_FROM:
            return
        live, old = settle(facts, now)
        if len(old) > len(live):
            archived = self.store.load(manager, archived=True)
            # A crash in the middle of the last time may have left some in both.
            there = {(f.at, f.kind, f.key) for f in archived}
            self.store.replace(manager, live, [*archived, *(f for f in old if (f.at, f.kind, f.key) not in there)])


def everyone(teams: Iterable[Team], store: Store) -> dict[str, Team]:
    """All managers by address: those configured, and those only remembered, whose series are still to be ended."""
    gone = (Team(Person(name, name)) for name in store.managers() if not of_nobody(name))
    return {team.manager.email: team for team in (*gone, *teams)}


def backoff(attempts: int, key: str) -> timedelta:
    """How long to wait after so many failures: 1, 2, 4 … minutes up to six hours, jittered by the key."""
    jitter = Random(f"{key}{attempts}").uniform(0.75, 1.25)  # noqa: S311 (it spreads load, it hides nothing)
    return min(timedelta(minutes=2 ** min(attempts, 10)), LONGEST_WAIT) * jitter


def _outdated(intent: Mapping[str, Any], now: datetime) -> bool:
    """Whether an hour that was chosen before an outage has passed meanwhile."""
    chosen = intent.get("target") or intent.get("booked", {}).get("start", "")
    return bool(chosen) and datetime.fromisoformat(chosen).replace(tzinfo=now.tzinfo) < now


def _fields(manager: str, action: Action) -> dict[str, Any]:
    kinds = ",".join(sorted({w.kind for w in action.wanted}))
    return {"manager": manager, "kind": kinds, "key": opaque(action.key), "to": _recipients(action.wanted)}


def _recipients(wanted: Iterable[Any]) -> str:
    return ",".join(sorted({w.to.email for w in wanted if w.to}))
