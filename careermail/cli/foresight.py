"""The time to come, as far as it is wanted: what is recorded, carried on by the rule. Writes nothing."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from careermail.cli.office import Office
from careermail.effects import World, effect_of
from careermail.errors import CareermailError
from careermail.model import Action, Occurrence, Series, Team, Wanted, stamp
from careermail.plan.history import History, Standing, fold
from careermail.plan.planner import plan
from careermail.plan.recurrence import after_one_period, starts
from careermail.plan.sessions import Row, nominal


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
    books = {w.topic.series.key: w for w in plan(team, history, now).wanted if w.kind == "book"}
    added = set()
    for series in team.series:
        standing, book = history.of(series.key), books.get(series.key)
        sessions = list(_to_be_booked(office, book, until) if book else _carried_on(series, standing, now, until))
        standing.occurrences |= {o.id: o for o in sessions}
        added |= {(series.key, o.id) for o in sessions}
    return Foresight(history, plan(team, history, now).wanted, frozenset(books), frozenset(added))


def _to_be_booked(office: Office, book: Wanted, until: datetime) -> Iterator[Occurrence]:
    decision, series = _decided(office, book), book.topic.series
    if decision:
        booked, zone = decision["booked"], series.manager.zone
        window = (office.clock.now(), until)
        for start in starts(booked["rrule"], datetime.fromisoformat(booked["start"]), zone, window):
            yield _session(decision["uid"], start, booked["minutes"])


def _decided(office: Office, book: Wanted) -> dict[str, Any] | None:
    """Ask what would be booked, which reads calendars and changes none; None where they cannot be read."""
    runner = office.runner
    try:
        return effect_of(Action("book", (book,)), World(runner.service, runner.provider, office.clock.now())).intent()
    except CareermailError:
        return None


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
