"""plan: every session and mail to come."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

import click

from careermail.cli.foresight import Foresight, foresee
from careermail.cli.office import Office
from careermail.cli.people import find_series
from careermail.cli.show import as_json_option, both, emit, local_iso, moment, table
from careermail.cli.when import read_day
from careermail.model import A_DAY, Effect, Person, Series, Team, Wanted, resolve
from careermail.plan.planner import ORDER
from careermail.plan.playbook import MERGED

A_YEAR = timedelta(days=366)
# Foreseen as if nothing came in between; what would make each of these unneeded.
ONLY_IF = {
    "summary": "unless the contract is recorded before",
    "summary-nudge": "unless the contract is recorded before",
    "summary-overdue": "unless the contract is recorded before",
    "due-soon": "unless it is settled before",
    "due": "unless it is settled before",
    "overdue": "unless it is settled before",
    "review": "while a commitment is open",
}


@dataclass(frozen=True)
class Row:
    """One thing to come."""

    at: datetime  # UTC
    kind: str  # a mail's kind, "session", or what is to be done to a calendar
    to: tuple[Person, ...]
    series: tuple[Series, ...]
    because: str
    only_if: str = ""
    keys: tuple[str, ...] = ()


@click.command("plan")
@click.argument("report", required=False)
@click.option("--until", metavar="DATE", help="The last day to show; a year ahead unless you say so.")
@as_json_option
@click.pass_obj
def plan_command(office: Office, report: str | None, until: str | None, *, as_json: bool) -> None:
    """Every session and mail to come, for everybody or for one report.

    Times are those of the person who is mailed; sessions are told in the manager's time. Nothing is written.
    """
    teams, only = office.config.teams, ""
    if report is not None:
        team, series = find_series(office.config, report)
        teams, only = (team,), series.key
    rows = [row for team in teams for row in _rows(office, team, until) if not only or only in _keys_of(row)]
    rows.sort(key=lambda row: (row.at, row.kind != "session", row.kind, [person.email for person in row.to]))
    if as_json:
        emit([_as_data(row) for row in rows])
    elif rows:
        table(("When", "Who", "What", "Why"), (_as_cells(row) for row in rows))
    else:
        click.echo("Nothing is to come.")


def _rows(office: Office, team: Team, until: str | None) -> Iterator[Row]:
    now = office.clock.now()
    end = _end_of(read_day(until, team.manager, now), team.manager) if until else now + A_YEAR
    seen = foresee(office, team, end)
    yield from (row for row in _sessions(seen, team, now) if row.at < end)
    yield from _merged(row for row in _mails(seen, now) if row.at < end)


def _end_of(day: date, person: Person) -> datetime:
    return resolve(datetime.combine(day + A_DAY, time()), person.zone)


def _keys_of(row: Row) -> set[str]:
    return {series.key for series in row.series}


def _sessions(seen: Foresight, team: Team, now: datetime) -> Iterator[Row]:
    for series in team.series:
        for o in seen.history.of(series.key).occurrences.values():
            if o.status == "confirmed" and o.start > now:
                yield Row(o.start, "session", (series.manager, series.report), (series,), _standing(seen, series, o.id))


def _standing(seen: Foresight, series: Series, name: str) -> str:
    if series.key in seen.to_book and (series.key, name) in seen.by_rule:
        return "to be booked"
    return "by the rule" if (series.key, name) in seen.by_rule else "in the calendar"


def _mails(seen: Foresight, now: datetime) -> Iterator[Row]:
    for w in seen.wanted:
        effect = seen.history.effects.get(w.key)
        at = _when(w, effect, now)
        if at is not None and w.until > max(now, seen.history.horizon):
            people = (w.to,) if w.to else (w.topic.series.manager,)
            yield Row(at, w.kind, people, (w.topic.series,), w.because, ONLY_IF.get(w.kind, ""), (w.key,))


def _when(wanted: Wanted, effect: Effect | None, now: datetime) -> datetime | None:
    """When it is done, as things stand; None where it was done, or is not wanted."""
    if wanted.unless or (effect and effect.state in {"done", "skipped"}):
        return None
    if effect is None:
        return max(wanted.due, now) if wanted.due < wanted.until else None
    return max(effect.retry_at or now, now)


def _merged(rows: Iterable[Row]) -> Iterator[Row]:
    """Several mails of one kind to one person at one time are one mail."""
    groups: dict[object, list[Row]] = {}
    for n, row in enumerate(rows):
        groups.setdefault((row.at, row.kind, row.to) if row.kind in MERGED else n, []).append(row)
    for group in groups.values():
        first = group[0]
        series = tuple(dict.fromkeys(s for row in group for s in row.series))
        because = "; ".join(dict.fromkeys(row.because for row in group))
        keys = tuple(key for row in group for key in row.keys)
        yield Row(first.at, first.kind, first.to, series, because, first.only_if, keys)


def _as_cells(row: Row) -> tuple[str, ...]:
    why = f"{row.because} ({row.only_if})" if row.only_if else row.because
    if row.kind == "session":
        series = row.series[0]
        return both(row.at, series), f"{series.manager.name}, {series.report.name}", "session", why
    what = f"calendar: {row.kind}" if row.kind in ORDER else row.kind
    return moment(row.at, row.to[0]), row.to[0].name, what, why


def _as_data(row: Row) -> dict[str, object]:
    return {
        "at": row.at,
        "local": local_iso(row.at, row.to[0]),
        "kind": row.kind,
        "to": [person.email for person in row.to],
        "series": [series.key for series in row.series],
        "because": row.because,
        "only_if": row.only_if,
        "keys": row.keys,
    }
