"""A state machine that makes up whole years of an office: config edits, calendar edits, crashes, failures, clocks."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from email.message import EmailMessage
from typing import Any

from fakes.perils import Perils
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from office import Office

from careermail import desk
from careermail.errors import UsageError
from careermail.model import A_DAY, Conversation, Occurrence, Person, Series, Team
from careermail.plan.recurrence import local_day

ZONES = (
    "UTC", "Europe/Stockholm", "America/New_York", "America/Los_Angeles", "America/Sao_Paulo", "Asia/Kolkata",
    "Asia/Tokyo", "Pacific/Auckland", "Australia/Sydney", "Australia/Lord_Howe", "America/Santiago",
)  # fmt: skip
HOLIDAYS = ("", "", "SE", "US-CA", "NZ", "BR", "IN", "DE-BY")
WEEKDAYS = frozenset(range(5))
BEGINNINGS = datetime(2027, 1, 1, tzinfo=UTC)
NAMES = ("Jonas Weber", "Amara Obi", "Tama Ngata", "Rita Souza")

persons = st.fixed_dictionaries(
    {
        "timezone": st.sampled_from(ZONES),
        "holidays": st.sampled_from(HOLIDAYS),
        "send_at": st.sampled_from([time(9), time(7, 30), time(2, 30), time(18)]),
        "working_days": st.sampled_from([WEEKDAYS, WEEKDAYS, frozenset({6, 0, 1, 2, 3}), frozenset({1, 3})]),
    }
)
conversations = st.builds(
    Conversation,
    every=st.sampled_from(["3 months", "3 months", "6 weeks", "1 month", "10 weeks", "6 months", "100 days"]),
    minutes=st.sampled_from([30, 60, 90]),
    first=st.sampled_from([None, None, None, datetime(2027, 1, 31, 10), datetime(2027, 3, 28, 2, 30)]),
    days=st.sampled_from([frozenset({1, 2, 3}), frozenset({4}), frozenset({0, 2})]),
    between=st.sampled_from([(time(10), time(16)), (time(9), time(17)), (time(8), time(12))]),
    format=st.sampled_from(["one", "one", "three"]),
    prepare_days=st.sampled_from([5, 7, 2]),
    prompt_days=st.sampled_from([3, 1, 2]),
    summary_hours=st.sampled_from([48, 24]),
    review_every=st.sampled_from(["1 month", "never", "2 weeks"]),
    notice_days=st.sampled_from([3, 1]),
    on_day_off=st.sampled_from(["before", "before", "after", "same"]),
    on_conflict=st.sampled_from(["move", "move", "ask", "keep"]),
)
ANSWERS = (
    "Done", "Not yet", "in two weeks", "drop: nobody needs it", "1 done, 2 in three weeks", "all done", "What is this?",
    "Didn't happen", "Moved to tomorrow 14:00", "No contract this time", "Tomorrow", "later", "changed", "Thanks!",
    "My commitments\n- {task} in ten days\n- Something some day\n",
)  # fmt: skip
EDITED = ("every", "minutes", "days", "between", "first", "format", "prepare_days", "prompt_days", "on_conflict")
who = st.integers(0, 3)
indices = st.integers(0, 5)
sides = st.booleans()
hours = st.sampled_from([-3, -1, 1, 2, 26, 50, -47, 240, 24 * 80])


class Years(RuleBasedStateMachine):
    """One office, from the first booking on. Subclasses say in which world."""

    make: Callable[[Perils], tuple[Any, Callable[[], Any], Callable[[], None]]]

    @invariant()
    def life_goes_on(self) -> None:
        if hasattr(self, "office"):
            self.office.run(self.pace * A_DAY)

    @initialize(
        pace=st.sampled_from([0.01, 1, 3, 8]),
        manager=persons,
        reports=st.lists(st.tuples(persons, conversations), min_size=1, max_size=3),
        day=st.integers(0, 420),
        hour=st.integers(0, 23),
    )
    def begin(self, pace: float, manager: dict[str, Any], reports: list[Any], day: int, hour: int) -> None:
        self.manager = Person("Maya Lindqvist", "maya@example.com", **manager)
        self.pace = pace  # days from one step to the next
        self.away: dict[str, Series] = {}
        series = tuple(Series(self.manager, _report(n, p), c) for n, (p, c) in enumerate(reports))
        perils = Perils()
        world, store, self.tidy = type(self).make(perils)
        now = BEGINNINGS + timedelta(days=day, hours=hour, minutes=7)
        self.world = world
        self.office = Office(world, store, Team(self.manager, series), now, perils)
        self.tasks = 0
        self.office.run(A_DAY)

    def teardown(self) -> None:
        if hasattr(self, "office"):
            try:
                self.office.rest()
            finally:
                self.tidy()

    # --- time ---

    @rule(days=st.sampled_from([1, 3, 7, 14, 30]))
    def time_passes(self, days: int) -> None:
        self.office.run(days * A_DAY)

    @rule(days=st.sampled_from([0.2, 1, 3, 10, 40]))
    def nothing_runs(self, days: float) -> None:
        self.office.sleep(days * A_DAY)

    @rule(minutes=st.sampled_from([-90, -10, 10, 90]))
    def the_clock_is_set(self, minutes: int) -> None:
        self.office.absences.append((self.office.now - A_DAY, self.office.now + A_DAY))
        self.office.clock.at += timedelta(minutes=minutes)

    @rule(steps=st.integers(1, 40))
    def it_will_crash(self, steps: int) -> None:
        self.office.perils.crash_in = steps

    @rule()
    def it_will_crash_before_and_after_everything(self) -> None:
        self.office.perils.relentless = True

    @rule(how=st.sampled_from(["temporary", "temporary", "permanent", "after"]), times=st.integers(1, 6))
    def servers_will_fail(self, how: str, times: int) -> None:
        self.office.perils.failing, self.office.perils.failures = how, times

    # --- people and their calendars ---

    def one(
        self, who: int, index: int, *, recurring: bool = False, cut: bool = False
    ) -> tuple[Series, Occurrence] | None:
        """A session ahead, if there is one to choose."""
        series = self.office.team.series
        if not series:
            return None
        chosen = series[who % len(series)]
        ahead = [o for o in self.office.ahead(chosen) if o.recurrence_id or not recurring]
        self.office.trace(chosen).cut |= cut
        return (chosen, ahead[index % len(ahead)]) if ahead else None

    @rule(who=who, index=indices, hours=hours, mine=sides)
    def somebody_moves_a_session(self, who: int, index: int, hours: int, mine: bool) -> None:
        if found := self.one(who, index):
            start = max(found[1].start + timedelta(hours=hours), self.office.now + timedelta(hours=1))
            self.world.move(found[1], start, mine=mine)

    @rule(who=who, index=indices, mine=sides)
    def somebody_cancels_a_session(self, who: int, index: int, mine: bool) -> None:
        if found := self.one(who, index, cut=True):
            self.world.cancel(found[1], mine=mine)

    @rule(who=who, index=indices)
    def the_report_declines_a_session(self, who: int, index: int) -> None:
        if found := self.one(who, index, cut=True):
            self.world.decline(found[1])

    @rule(who=who, hours=st.sampled_from([-2, -1, 1, 2]))
    def somebody_moves_the_series(self, who: int, hours: int) -> None:
        if found := self.one(who, 0, recurring=True):
            self.world.shift(found[1], hours)

    @rule(who=who, index=indices, hours=st.sampled_from([-1, 1]))
    def somebody_splits_the_series(self, who: int, index: int, hours: int) -> None:
        if found := self.one(who, index, recurring=True, cut=True):
            self.world.split(found[1], hours)

    @rule(who=who, mine=sides)
    def somebody_deletes_the_series(self, who: int, mine: bool) -> None:
        if found := self.one(who, 0, recurring=True, cut=True):
            self.world.delete(found[1], mine=mine)

    @rule(who=who, index=indices)
    def somebody_ends_the_series(self, who: int, index: int) -> None:
        if found := self.one(who, index, recurring=True, cut=True):
            self.world.stop(found[1])

    @rule(who=who, index=indices, mine=sides, minutes=st.sampled_from([30, 600, 5000]))
    def somebody_has_other_business(self, who: int, index: int, mine: bool, minutes: int) -> None:
        if found := self.one(who, index):
            person = found[0].manager if mine else found[0].report
            self.world.occupy(person, found[1].start - timedelta(minutes=10), minutes)

    # --- what is said ---

    def standing(self, who: int) -> tuple[Series, Any] | None:
        series = self.office.team.series
        return (s := series[who % len(series)], self.office.history.of(s.key)) if series else None

    @rule(who=who, mine=st.lists(st.integers(0, 60), max_size=2), theirs=st.lists(st.integers(0, 60), max_size=2))
    def a_contract_is_recorded(self, who: int, mine: list[int], theirs: list[int]) -> None:
        if found := self.standing(who):
            series, standing = found
            lines = [f"{series.manager.first_name}'s commitments", *self._tasks(series.manager, mine)]
            lines += [f"{series.report.first_name}'s commitments", *self._tasks(series.report, theirs)]
            facts, _ = desk.record_contract(series, standing, "\n".join(lines), self.office.now)
            self.office.say(*facts)

    def _tasks(self, owner: Person, days: list[int]) -> list[str]:
        lines = []
        for day in days:
            self.tasks += 1
            lines.append(f"- Task{self.tasks}x by {local_day(owner, self.office.now) + day * A_DAY}")
        return lines

    @rule(who=who, index=indices, to=st.sampled_from(["done", "dropped", 0, 1, 9, 30]))
    def a_commitment_changes(self, who: int, index: int, to: str | int) -> None:
        found = self.standing(who)
        open_ones = found[1].contract.open if found and found[1].contract else ()
        if found and open_ones:
            series, commitment = found[0], open_ones[index % len(open_ones)]
            if isinstance(to, str):
                self.office.say(desk.settle(series, commitment, to, self.office.now))
            else:
                due = local_day(series.owner(commitment.owner), self.office.now) + to * A_DAY
                if due != commitment.due:
                    self.office.say(desk.move(series, commitment, due, self.office.now))

    @rule(index=st.integers(0, 200), words=st.sampled_from(ANSWERS), wrong=st.sampled_from([False] * 5 + [True]))
    def somebody_answers(self, index: int, words: str, wrong: bool) -> None:
        """To any mail so far, whatever it asked; now and then not the one whom it was for."""
        asked = [mail for mail in self.world.mails if "careermail+" in str(mail["Reply-To"])]
        if not asked:
            return
        mail = asked[-1 - index % len(asked)]
        self.tasks += 1
        answer = EmailMessage()
        answer["From"] = "eve@example.com" if wrong else mail["To"]
        answer["To"], answer["Subject"] = mail["Reply-To"], f"Re: {mail['Subject']}"
        answer["Message-ID"], answer["In-Reply-To"] = f"<{self.tasks}@phone.example.com>", mail["Message-ID"]
        answer.set_content(words.format(task=f"Task{self.tasks}x"))
        for series in self.office.team.series:
            self.office.trace(series).cut |= "oved" in words or "happen" in words
        self.world.arrive(answer)

    @rule(who=who, days=st.sampled_from([None, 10, 100]))
    def the_series_is_paused(self, who: int, days: int | None) -> None:
        if found := self.standing(who):
            until = local_day(self.manager, self.office.now) + days * A_DAY if days else None
            self.office.stir(found[0], (days or 10_000) * A_DAY)
            self.office.say(desk.pause(found[0], until, self.office.now))

    @rule(who=who)
    def the_series_is_resumed(self, who: int) -> None:
        if found := self.standing(who):
            self.office.stir(found[0])
            self.office.say(desk.resume(found[0], self.office.now))

    @rule(who=who)
    def a_conversation_is_asked_for(self, who: int) -> None:
        if found := self.standing(who):
            with suppress(UsageError):  # while the two rest there is nothing to book
                self.office.say(desk.ask(*found, "an offer", self.office.now))

    # --- the configuration ---

    @rule(who=who, change=conversations, keys=st.sets(st.sampled_from(EDITED), min_size=1, max_size=3))
    def the_configuration_is_edited(self, who: int, change: Conversation, keys: set[str]) -> None:
        if found := self.standing(who):
            edited = replace(found[0].conversation, **{key: getattr(change, key) for key in keys})
            series = tuple(replace(s, conversation=edited) if s is found[0] else s for s in self.office.team.series)
            self.office.team = Team(self.manager, series)

    @rule(who=who)
    def a_report_leaves(self, who: int) -> None:
        if found := self.standing(who):
            self.office.stir(found[0])
            self.away[found[0].key] = found[0]
            self.office.team = Team(self.manager, tuple(s for s in self.office.team.series if s is not found[0]))

    @rule()
    def a_report_comes_back(self) -> None:
        if self.away:
            _, series = self.away.popitem()
            self.office.stir(series)
            self.office.team = Team(self.manager, (*self.office.team.series, series))

    @rule(person=persons, conversation=conversations)
    def a_report_joins(self, person: dict[str, Any], conversation: Conversation) -> None:
        known = len(self.office.team.series) + len(self.away)
        if known < len(NAMES):
            series = Series(self.manager, _report(known, person), conversation)
            self.office.team = Team(self.manager, (*self.office.team.series, series))


def _report(number: int, person: dict[str, Any]) -> Person:
    name = NAMES[number]
    return Person(name, f"{name.split()[0].lower()}@example.com", **person)
