"""done, move, drop, book, pause, resume: what changes between two sessions."""

from collections.abc import Callable
from datetime import datetime

import click

from careermail import desk
from careermail.cli.office import Office
from careermail.cli.people import find_commitment, find_series
from careermail.cli.record import record, tell
from careermail.cli.show import both, day
from careermail.cli.when import read_day
from careermail.errors import UsageError
from careermail.model import Commitment, Contract, Fact, Series, resolve
from careermail.plan.history import Standing
from careermail.plan.sessions import Row

Settle = Callable[[Series, Commitment, datetime], Fact]
reason_option = click.option("--reason", default="", metavar="TEXT", help="For the two of them to read again.")


@click.command("done")
@click.argument("commitment")
@reason_option
@click.pass_obj
def done_command(office: Office, commitment: str, reason: str) -> None:
    """COMMITMENT was kept: it is not mailed about any more."""
    _settle(office, commitment, "done", reason)


@click.command("drop")
@click.argument("commitment")
@reason_option
@click.pass_obj
def drop_command(office: Office, commitment: str, reason: str) -> None:
    """COMMITMENT is given up: it is not mailed about any more."""
    _settle(office, commitment, "dropped", reason)


def _settle(office: Office, said: str, state: str, reason: str) -> None:
    def fact(series: Series, commitment: Commitment, now: datetime) -> Fact:
        return desk.settle(series, commitment, state, now, reason=reason, by=series.manager.email)

    commitment = _change(office, said, fact)
    click.echo(f"{commitment.id} is {state}.")


@click.command("move")
@click.argument("commitment")
@click.argument("date", nargs=-1, required=True)
@click.pass_obj
def move_command(office: Office, commitment: str, date: tuple[str, ...]) -> None:
    """COMMITMENT gets another DATE, such as 2027-02-12, 12 February, next Friday or end of March."""

    def fact(series: Series, commitment: Commitment, now: datetime) -> Fact:
        due = read_day(" ".join(date), series.owner(commitment.owner), now)
        return desk.move(series, commitment, due, now, by=series.manager.email)

    moved = _change(office, commitment, fact)
    click.echo(f"{moved.id} is due on {day(moved.due) if moved.due else 'no date'}.")


def _change(office: Office, said: str, fact: Settle) -> Commitment:
    """Record what becomes of a commitment, say what came of it, and return it as it stands now."""
    team, series, found = find_commitment(office.config, office.store, said)

    def change(standing: Standing, now: datetime) -> list[Fact]:
        return [fact(series, _named(standing.contract, found.id), now)]

    done = record(office, team, series, change)
    tell(office, team, done)
    return _named(done.standing.contract, found.id)


def _named(contract: Contract | None, name: str) -> Commitment:
    for commitment in contract.commitments if contract else ():
        if commitment.id == name:
            return commitment
    raise UsageError(f"{name} is not part of the contract any more: somebody recorded a new one at this moment")


@click.command("book")
@click.argument("report")
@click.option(
    "--reason",
    required=True,
    metavar="TEXT",
    help="For the manager alone; it is in no calendar and no mail to the report.",
)
@click.pass_obj
def book_command(office: Office, report: str, reason: str) -> None:
    """A conversation with REPORT within the next five working days, beside the regular ones."""
    team, series = find_series(office.config, report)
    done = record(office, team, series, lambda standing, now: [desk.ask(series, standing, reason, now)])
    key = f"{done.facts[0].key}/book"
    effect = done.effects.get(key)
    if effect and effect.state == "done":
        local = datetime.fromisoformat(effect.data["intent"]["booked"]["start"])
        click.echo(f"Booked: {both(resolve(local, series.manager.zone), series)}.")
    elif effect and effect.state == "skipped":
        click.echo(f"Not booked: {effect.reason}. The manager is told.")
    else:
        tell(office, team, done)


@click.command("pause")
@click.argument("report")
@click.option("--until", metavar="DATE", help="The first day on which sessions take place again.")
@click.pass_obj
def pause_command(office: Office, report: str, until: str | None) -> None:
    """The sessions with REPORT rest, for leave, illness or a change of manager."""
    team, series = find_series(office.config, report)
    back = read_day(until, series.manager, office.clock.now()) if until else None
    done = record(office, team, series, lambda _, now: [desk.pause(series, back, now)])
    tell(office, team, done)
    click.echo(
        f"The sessions with {series.report.name} rest {f'until {day(back)}' if back else 'until they are resumed'}."
    )


@click.command("resume")
@click.argument("report")
@click.pass_obj
def resume_command(office: Office, report: str) -> None:
    """The sessions with REPORT take place again."""
    team, series = find_series(office.config, report)

    def change(standing: Standing, now: datetime) -> list[Fact]:
        return [desk.resume(series, now)] if Row(series, standing, now).paused else []

    done = record(office, team, series, change)
    tell(office, team, done)
    now = office.clock.now()
    starts = [o.start for o in Row(series, done.standing, now).confirmed if o.start > now]
    coming = f"; the next is {both(starts[0], series)}" if starts else ""
    click.echo(f"The sessions with {series.report.name} {'go on' if done.facts else 'are not paused'}{coming}.")
