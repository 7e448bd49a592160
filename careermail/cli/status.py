"""status: sessions, contracts, commitments, and what is stuck."""

from collections.abc import Iterator, Sequence
from datetime import date, datetime
from typing import Any

import click

from careermail.cli.office import Office
from careermail.cli.people import find_series
from careermail.cli.show import as_json_option, both, day, emit, moment, table
from careermail.cli.trouble import Stuck, doubtful, history_of, stuck
from careermail.errors import UsageError
from careermail.mail.escape import plain
from careermail.model import Commitment, Series, Team
from careermail.plan.history import pair
from careermail.plan.recurrence import local_day
from careermail.plan.sessions import Row

Pair = tuple[Series, dict[str, Any]]


@click.command("status")
@click.argument("report", required=False)
@click.option("--health", is_flag=True, help="Whether careermail does its work, for monitors; exit 1 if it does not.")
@as_json_option
@click.pass_obj
def status_command(office: Office, report: str | None, *, health: bool, as_json: bool) -> int:
    """Sessions, contracts, commitments, and what is stuck; exit 1 if something is.

    The words of commitments are shown for one REPORT only.
    """
    if health:
        return _health(office, report, as_json=as_json)
    teams, only = office.config.teams, ""
    if report is not None:
        team, series = find_series(office.config, report)
        teams, only = (Team(team.manager, (series,)),), series.key
    found = [one for team in teams for one in _pairs(office, team, words=report is not None)]
    troubles = stuck(office, only)
    twice = [
        key for team in teams for key, _ in doubtful(history_of(office, team.manager.email)) if only in ("", pair(key))
    ]
    if as_json:
        emit({"pairs": [data for _, data in found], "stuck": [vars(one) for one in troubles], "perhaps_twice": twice})
    else:
        _print(found, troubles, twice)
    return int(bool(troubles))


def _health(office: Office, report: str | None, *, as_json: bool) -> int:
    from careermail.cli import health

    if report is not None:
        raise UsageError("--health is about all of careermail; leave out the REPORT")
    return health.report(office, as_json=as_json)


def _pairs(office: Office, team: Team, *, words: bool) -> Iterator[Pair]:
    history, now = history_of(office, team.manager.email), office.clock.now()
    for series in team.series:
        row = Row(series, history.of(series.key), now)
        contract = row.standing.contract
        data = {
            "manager": team.manager.email,
            "report": series.report.email,
            "last": next((o.start for o in reversed(row.confirmed) if o.end <= now), None),
            "next": next((o.start for o in row.confirmed if o.end > now), None),
            "paused": row.paused,
            "paused_until": row.standing.paused.data["until"] if row.paused and row.standing.paused else None,
            "contract": {"version": contract.version, "at": contract.at} if contract else None,
            "open": [_commitment(series, c, now, words=words) for c in contract.open] if contract else [],
        }
        yield series, data


def _commitment(series: Series, commitment: Commitment, now: datetime, *, words: bool) -> dict[str, Any]:
    owner = series.owner(commitment.owner)
    late = commitment.due is not None and commitment.due < local_day(owner, now)
    told = {"id": commitment.id, "owner": owner.email, "due": commitment.due, "overdue": late}
    return told | {"text": commitment.text} if words else told


def _print(found: Sequence[Pair], troubles: Sequence[Stuck], twice: Sequence[str]) -> None:
    if found:
        columns = ("Report", "Manager", "Last session", "Next session", "Contract", "Open commitments")
        table(columns, (_cells(*pair) for pair in found))
    for series, data in found:
        for commitment in data["open"]:
            if "text" in commitment:
                click.echo(_told(series, commitment))
    for one in troubles:
        click.echo(_why_stuck(one))
    for key in twice:
        click.echo(f"Perhaps sent twice, under one Message-ID: {key}")
    if not troubles:
        click.echo("Nothing is stuck.")


def _cells(series: Series, data: dict[str, Any]) -> tuple[str, ...]:
    contract = data["contract"]
    return (
        series.report.name,
        series.manager.name,
        moment(data["last"], series.manager) if data["last"] else "none yet",
        _next(series, data),
        f"version {contract['version']}, {day(contract['at'].astimezone(series.manager.zone))}" if contract else "none",
        ", ".join(_brief(commitment) for commitment in data["open"]) or "none",
    )


def _next(series: Series, data: dict[str, Any]) -> str:
    if data["paused"]:
        back = data["paused_until"]
        return f"paused until {day(date.fromisoformat(back))}" if back else "paused"
    return both(data["next"], series) if data["next"] else "to be booked"


def _brief(commitment: dict[str, Any]) -> str:
    due = commitment["due"]
    return f"{commitment['id']} {'overdue since ' if commitment['overdue'] else ''}{day(due) if due else 'no date'}"


def _told(series: Series, commitment: dict[str, Any]) -> str:
    owner = series.manager if commitment["owner"] == series.manager.email else series.report
    return f"{_brief(commitment)}: {owner.first_name}, {plain(commitment['text'])}"


def _why_stuck(one: Stuck) -> str:
    again = f"; tried again {day(one.retry_at)} {one.retry_at:%H:%M} UTC" if one.retry_at else ""
    return f"Stuck: {one.kind} {one.key} ({one.state}): {one.reason}{again}"
