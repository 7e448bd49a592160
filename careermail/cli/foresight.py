"""The time to come, as far as it is wanted: what is recorded, carried on by the rule. Writes nothing."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from careermail.cli.office import Office
from careermail.errors import ProviderError
from careermail.model import Busy, Occurrence, Person, Series, Team, Wanted, stamp
from careermail.plan.decisions import Scene, decide
from careermail.plan.history import History, Standing, fold
from careermail.plan.planner import plan
from careermail.plan.recurrence import after_one_period, starts
from careermail.plan.sessions import Row, nominal

BOOKED_BY = timedelta(days=500)  # how far a new series looks for what it would be in the way of


@dataclass(frozen=True)
class Foresight:
    """What one manager's config and facts want of the future."""

    history: History  # with the sessions that no calendar holds yet
    wanted: tuple[Wanted, ...]
    to_book: frozenset[str]  # the keys of the series that are not booked yet
    by_rule: frozenset[tuple[str, str]]  # the sessions that no calendar holds yet: series' key and occurrence's id


def foresee(office: Office, team: Team, until: datetime) -> Foresight:
    """What is wanted up to `until` (UTC).

    A series that is not booked yet is looked at as if it had been, at the hour that careermail would choose now; and
    past what is known, sessions come by the rule.
    """
    now, history = office.clock.now(), fold(office.store.load(team.manager.email))
    wanted = sorted(plan(team, history, now).wanted, key=lambda w: w.key)
    books = {w.topic.series.key: w for w in wanted if w.kind == "book"}
    added = {
        key: list(_carried_on(s, history.of(s.key), now, until)) for s in team.series if (key := s.key) not in books
    }
    for key, book in books.items():
        taken = [_taken(team.manager, o) for sessions in added.values() for o in sessions]
        added[key] = list(_to_be_booked(office, book, taken, until))
    for key, sessions in added.items():
        history.of(key).occurrences |= {o.id: o for o in sessions}
    by_rule = frozenset((key, o.id) for key, sessions in added.items() for o in sessions)
    return Foresight(history, plan(team, history, now).wanted, frozenset(books), by_rule)


def _taken(person: Person, occurrence: Occurrence) -> Busy:
    return Busy(person.email, occurrence.start, occurrence.end)


def _to_be_booked(office: Office, book: Wanted, taken: list[Busy], until: datetime) -> Iterator[Occurrence]:
    """The sessions as careermail would book them now; none where it cannot see the calendars."""
    series, now = book.topic.series, office.clock.now()
    try:
        people, window = (series.manager, series.report), (now, now + BOOKED_BY)
        busy = office.provider.calendar.busy(people, window)
    except ProviderError:
        return
    decision = decide(Scene(book, now, office.config.service.domain, [*busy, *taken]))
    if decision:
        booked, first = decision["booked"], datetime.fromisoformat(decision["booked"]["start"])
        for start in starts(booked["rrule"], first, series.manager.zone, (now, until)):
            yield _session(decision["uid"], start, booked["minutes"])


def _carried_on(series: Series, standing: Standing, now: datetime, until: datetime) -> Iterator[Occurrence]:
    row = Row(series, standing, now)
    coming = [o for o in row.confirmed if standing.recurring(o) and o.start > now]
    if not coming:
        return
    last = max(coming, key=nominal)
    start = nominal(last)
    while (start := after_one_period(series.conversation, start, series.manager.zone)) < until:
        yield _session(last.uid, start, series.conversation.minutes)


def _session(uid: str, start: datetime, minutes: int) -> Occurrence:
    return Occurrence(uid, stamp(start), start, start + timedelta(minutes=minutes), id=stamp(start))
