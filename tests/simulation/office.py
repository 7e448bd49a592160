"""An office under simulation: the engine, whatever befalls it, and what must hold whenever it has had its turn."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from email.message import EmailMessage
from itertools import groupby
from typing import Any, Protocol

from fakes.perils import Crash, Mortal, Perils, in_peril

from careermail.model import A_DAY, Fact, Occurrence, Person, Series, Service, Team, opaque
from careermail.plan.history import History, fold, pair
from careermail.plan.planner import SERVICE as ADMIN
from careermail.plan.recurrence import local_day, working_day
from careermail.providers import Provider
from careermail.runner import Runner, everyone
from careermail.store import Store

SERVICE = Service(address="careermail@example.com", admin="it@example.com", secret=b"only ours")
ABOUT_A_SESSION_TO_COME = {"prepare", "prompt"}
AHEAD = timedelta(days=390)  # as far as the engine reads, whatever the series
FAR_AHEAD = timedelta(days=1100)  # three sessions, however seldom they come
# A shift of the clock, a lost day and the longest row of holidays are all shorter.
LONG_ENOUGH = timedelta(days=20)


class World(Protocol):
    """What the office needs of a world; the people's hands beside it are the machine's."""

    provider: Provider

    @property
    def mails(self) -> list[EmailMessage]: ...
    def state(self) -> object: ...
    def arrive(self, message: EmailMessage) -> None: ...
    def views(self, manager: Person, report: Person, marker: str, window: tuple[datetime, datetime]) -> Any: ...


class Clock:
    """A clock that anybody may set."""

    def __init__(self, now: datetime) -> None:
        self.at = now

    def now(self) -> datetime:
        return self.at

    def wait(self, until: datetime) -> None:
        self.at = max(self.at, until)

    def wake(self) -> None: ...


@dataclass(frozen=True)
class Sent:
    """A mail at the moment of its leaving, with the keys of all that it says."""

    at: datetime
    keys: tuple[str, ...]
    mail: EmailMessage

    @property
    def kind(self) -> str:
        return str(self.mail["X-Careermail-Kind"])

    @property
    def text(self) -> str:
        body = self.mail.get_body(("plain",))
        assert body is not None
        return str(body.get_content())


@dataclass
class Trace:
    """What people did with a series that excuses some of what it then looks like."""

    rests: list[tuple[datetime, datetime]] = field(default_factory=list)  # when it was paused, left out or taken in
    cut: bool = False  # split, or ended, if only one session at a time: another event may go on from there


class Office:
    """One manager's team. `make_store` opens what is on the store's disk as a new process would."""

    def __init__(
        self, world: World, make_store: Callable[[], Store], team: Team, now: datetime, perils: Perils
    ) -> None:
        self.world, self.team, self.make_store = world, team, make_store
        self.clock, self.perils = Clock(now), perils
        self.sent: list[Sent] = []
        self.traces: dict[str, Trace] = {}
        self.absences: list[tuple[datetime, datetime]] = []  # when the engine did not run, or not undisturbed
        self.crashes = 0
        self._begin()

    def _begin(self) -> None:
        """A new process: nothing is left but what the store and the world hold."""
        self.raw = self.make_store()
        store = Mortal(self.raw, self.perils, {"append", "replace"})
        provider = in_peril(self.world.provider, self.perils, self._leaves)
        self.runner = Runner(SERVICE, provider, store, self.clock)

    # --- what is known ---

    @property
    def now(self) -> datetime:
        return self.clock.now()

    @property
    def facts(self) -> list[Fact]:
        return self.raw.load(self.team.manager.email)

    @property
    def history(self) -> History:
        return fold(self.facts)

    def say(self, *facts: Fact) -> None:
        self.raw.append(self.team.manager.email, facts)

    def trace(self, series: Series) -> Trace:
        return self.traces.setdefault(series.key, Trace())

    def stir(self, series: Series, length: timedelta = timedelta(0)) -> None:
        """The series rests from now on for so long, whatever was said before; or it goes on, for no time at all."""
        trace = self.trace(series)
        trace.rests = [(begin, min(end, self.now)) for begin, end in trace.rests]
        trace.rests.append((self.now, self.now + length))

    def sessions(self, series: Series, *, back: timedelta = timedelta(0), far: bool = False) -> list[Occurrence]:
        window = (self.now - back, self.now + (FAR_AHEAD if far else AHEAD))
        with self.perils.asleep():  # it is we who look
            return self.world.provider.calendar.occurrences(series.manager, series.marker, window)

    def ahead(self, series: Series, *, far: bool = False) -> list[Occurrence]:
        return [o for o in self.sessions(series, far=far) if o.status == "confirmed" and o.start > self.now]

    # --- the engine's turns ---

    def tick(self) -> datetime:
        """Let the engine do what is due; after a crash a new process goes on."""
        while True:
            try:
                self.runner.tick_inboxes([self.team])
                teams = everyone([self.team], self.raw).values()
                wakes = [self.runner.tick(team) for team in teams] + [self.runner.tick_service()]
            except Crash:
                self.crashes += 1
                self._begin()
            else:
                assert all(self.now < wake <= self.now + A_DAY for wake in wakes), "wake-up always ahead"
                return min(wakes)

    def run(self, length: timedelta) -> None:
        """Let the engine work, and look at what it leaves."""
        end = self.now + length
        disturbed = not self.perils.none
        begin = self.now
        while (wake := self.tick()) < end:
            self.clock.at = wake
        if disturbed or not self.perils.none:
            self.absences.append((begin, self.now))
        self.clock.at = end
        self.rest()

    def rest(self) -> None:
        """Let everything go well again, until nothing is left to retry; then check what must hold."""
        if not self.perils.none:
            self.perils.calm()
        begin = self.now
        self.tick()
        while self._to_be_retried():
            self.clock.at += timedelta(hours=6)
            self.tick()
        if self.now > begin:
            self.absences.append((begin, self.now))
        self.check()

    def _to_be_retried(self) -> bool:
        return any(e.state in {"failed", "held", "intent"} for e in self.history.effects.values())

    def sleep(self, length: timedelta) -> None:
        """The engine does not run."""
        self.absences.append((self.now, self.now + length))
        self.clock.at += length

    # --- what must hold ---

    def _leaves(self, mail: EmailMessage) -> None:
        """A mail is about to be sent: at this moment, what it speaks of takes place."""
        if mail["X-Careermail-Kind"] == "forward":
            return  # nothing is kept of it
        keys = self._keys_of(mail)
        history = self.history
        for key in keys:
            manager, report, occurrence, kind = [*key.split("/"), ""][:4]
            if kind not in ABOUT_A_SESSION_TO_COME:
                continue
            known = history.of(f"{manager}/{report}").occurrences[occurrence]
            series = next(s for s in self.team.series if s.key == pair(key))
            there = [
                o
                for o in self.sessions(series, back=A_DAY)
                if (o.uid, o.recurrence_id) == (known.uid, known.recurrence_id)
            ]
            assert [o.status for o in there] == ["confirmed"], f"{kind} about a session that is {there}"
            assert there[0].start == known.start, f"{kind} tells of {known.start}, and it is at {there[0].start}"
        self.sent.append(Sent(self.now, keys, mail))

    def _keys_of(self, mail: EmailMessage) -> tuple[str, ...]:
        facts = [*self.raw.load(ADMIN), *self.facts]
        named = (f for f in facts if f.kind == "intent" and f.data["intent"].get("message_id") == mail["Message-ID"])
        keys = tuple(dict.fromkeys(fact.key for fact in named))
        assert keys, "a mail has its intent on disk before it leaves"
        return keys

    def check(self) -> None:
        """Everything that is always true, once the engine has had an undisturbed turn."""
        self._check_fixpoint()
        self._check_mails()
        self._check_nothing_lost()
        self._check_commitments()
        for series in self.team.series:
            if not self._paused(series):
                self._check_calendar(series)
            self._check_both_see_the_same(series)
        self._check_leavers()

    def _check_fixpoint(self) -> None:
        before = self.facts, self.raw.load(ADMIN), self.world.state()
        self.tick()
        assert (self.facts, self.raw.load(ADMIN), self.world.state()) == before, "a fixpoint is reached"

    def _check_mails(self) -> None:
        delivered = Counter(str(mail["Message-ID"]) for mail in self.world.mails)
        assert set(delivered.values()) <= {1}, "no mail twice"
        by_key = Counter(str(mail["X-Careermail-Key"]) for mail in self.world.mails)
        assert set(by_key.values()) <= {1}, "no mail twice under another Message-ID"
        done = (
            e for e in self.history.effects.values() if e.state == "done" and "message_id" in e.data.get("intent", {})
        )
        assert all(e.data["intent"]["message_id"] in delivered for e in done), "what counts as sent has left"
        said = {(key, str(sent.mail["Message-ID"])) for sent in self.sent for key in sent.keys}
        assert max(Counter(key for key, _ in said).values(), default=1) == 1, "nothing is said twice"

    def _check_nothing_lost(self) -> None:
        history = self.history
        for wanted in self.runner.foresee(self.team).wanted:
            past = history.horizon < wanted.until <= self.now
            if past and not wanted.unless and wanted.due < wanted.until:
                became = history.effects.get(wanted.key)
                assert became, f"{wanted.key} is lost: due {wanted.due}, of use until {wanted.until}"
                assert became.state == "done" or (became.state == "skipped" and became.reason), wanted.key

    def _check_commitments(self) -> None:
        """Each open commitment was mailed on its date, or on the working day before it."""
        history = self.history
        for series in self.team.series:
            contract = history.of(series.key).contract
            for c in contract.open if contract else ():
                owner = series.owner(c.owner)
                today = local_day(owner, self.now)
                past = c.due and c.agreed and c.agreed < c.due < today < c.due + LONG_ENOUGH
                if past and not self._disturbed(series, owner, c.agreed, c.due):
                    self._check_one(series, owner, c.text, c.due)

    def _check_one(self, series: Series, owner: Person, text: str, due: date) -> None:
        mine = [s for s in self.sent if s.kind == "due" and text in s.text and owner.email in s.mail["To"]]
        days = [local_day(owner, s.at) for s in mine]
        wish = series.conversation.on_day_off
        latest = working_day(owner, due, "after") if wish == "after" else due
        if latest < local_day(owner, self.now):
            good = [day for day in days if working_day(owner, due, "before") <= day <= latest]
            assert good, f"{text} of {owner.email} was due on {due}, and mailed on {days}"

    def _disturbed(self, series: Series, owner: Person, first: date, last: date) -> bool:
        last = working_day(owner, last, "after")
        spans = [*self.absences, *self.trace(series).rests]
        return any(local_day(owner, b) <= last and local_day(owner, e) >= first for b, e in spans)

    def _paused(self, series: Series) -> bool:
        fact = self.history.of(series.key).paused
        until = fact.data.get("until") if fact else None
        return fact is not None and (not until or local_day(series.manager, self.now) < date.fromisoformat(until))

    def _check_calendar(self, series: Series) -> None:
        """It has a session ahead, in one series of ours, as long as configured; and no other is believed in."""
        ahead, trace = self.ahead(series), self.trace(series)
        standing = self.history.of(series.key)
        there = {(o.uid, o.start) for o in self.ahead(series, far=True)}
        assert there or self._tired(series), f"{series.key} has no session ahead"
        known = {(o.uid, o.start) for o in standing.occurrences.values() if o.status == "confirmed"}
        gone = {(uid, start) for uid, start in known - there if start > self.now}
        assert not gone, f"{series.key} is believed to have sessions that it has not: {gone}"
        ours = [o for o in ahead if o.recurrence_id]
        events = [uid for uid, _ in groupby(o.uid for o in ours if not o.moved)]
        assert len(events) <= 1 or trace.cut, f"{series.key} stands twice: {ours}"
        assert len(events) == len(set(events)), f"{series.key} goes on beside what replaced it: {ours}"
        if not trace.cut and standing.series:
            wrong = [o for o in ours if o.end - o.start != timedelta(minutes=series.conversation.minutes)]
            assert not wrong, f"{series.key} is to last {series.conversation.minutes} minutes: {wrong}"

    def _tired(self, series: Series) -> bool:
        """Whether people ended the series so often that it is left to them."""
        standing = self.history.of(series.key)
        lost = {standing.occurrences[name].uid for name in standing.lost}
        return sum(b.role == "series" and b.uid in lost for b in standing.bookings.values()) >= 3

    def _check_both_see_the_same(self, series: Series) -> None:
        window = (self.now, self.now + AHEAD)
        mine, theirs = self.world.views(series.manager, series.report, series.marker, window)
        assert mine == theirs, f"{series.key}: the two calendars differ"

    def _check_leavers(self) -> None:
        configured = {series.key for series in self.team.series}
        for key, standing in self.history.series.items():
            if key not in configured and standing.bookings:
                manager = self.team.manager
                window = (self.now, self.now + AHEAD)
                left = self.world.provider.calendar.occurrences(manager, opaque(key), window)
                assert all(o.status != "confirmed" or o.start <= self.now for o in left), (
                    f"{key} left, and {left} stand"
                )
