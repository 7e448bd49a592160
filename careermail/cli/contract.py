"""contract: what two people agreed, recorded."""

import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

import click

from careermail import desk
from careermail.cli.office import Office
from careermail.cli.people import find_series
from careermail.cli.record import record, tell
from careermail.cli.show import day
from careermail.errors import CareermailError, UsageError
from careermail.mail.contract import Parsed, Question, form
from careermail.mail.escape import plain
from careermail.model import Commitment, Contract, Fact, Series
from careermail.plan.history import Standing, contract_of, fold


@click.command("contract")
@click.argument("report")
@click.argument("file", required=False)
@click.pass_obj
def contract_command(office: Office, report: str, file: str | None) -> None:
    """Record the contract with REPORT, from FILE or "-" (standard input); on a terminal, from your editor.

    It is shown as it was understood, each date written out, and mailed to both.
    """
    team, series = find_series(office.config, report)
    text, kept_anyway = _text(office, series, file)
    asked: list[Question] = []

    def change(standing: Standing, now: datetime) -> list[Fact]:
        facts, parsed = desk.record_contract(series, standing, text, now)
        _refuse_nothing(parsed)
        asked.extend(parsed.questions)
        return facts

    with _kept(text, series, kept_anyway=kept_anyway):
        done = record(office, team, series, change)
    _show(series, contract_of(done.facts[0].data) if done.facts else None, asked)
    tell(office, team, done)


def _text(office: Office, series: Series, file: str | None) -> tuple[str, bool]:
    """What was written, and whether it is kept elsewhere. Raises UsageError where there is nothing to read."""
    if file is None and sys.stdin.isatty():
        standing = fold(office.store.load(series.manager.email)).of(series.key)
        written = click.edit(form(standing.contract, series), extension=".txt")
        if written is None:
            raise UsageError("Nothing was changed in the editor, and so nothing is recorded.")
        return written, False
    if file in {None, "-"}:
        return sys.stdin.buffer.read().decode(errors="replace"), True
    try:
        return Path(str(file)).read_text(errors="replace"), True
    except OSError as error:
        raise UsageError(f"{file}: {error.strerror}") from error


@contextmanager
def _kept(text: str, series: Series, *, kept_anyway: bool) -> Iterator[None]:
    """Let no text be lost that somebody wrote: where it could not be recorded, it stays in a file, which is named."""
    try:
        yield
    except CareermailError as error:
        if kept_anyway:
            raise
        name = series.report.email.partition("@")[0]
        handle, path = tempfile.mkstemp(prefix=f"contract-{name}-", suffix=".txt", dir=Path.cwd(), text=True)
        with os.fdopen(handle, "w") as kept:
            kept.write(text)
        error.args = (f"{error}\nWhat you wrote is kept in {path}; record it with: careermail contract {name} {path}",)
        raise


def _refuse_nothing(parsed: Parsed) -> None:
    contract = parsed.contract
    if contract.commitments or contract.reviews or contract.questions:
        return
    asked = "".join(f"\n  {_quoted(question)}" for question in parsed.questions[:5])
    example = "\n\n  Jonas's commitments\n  - Shadow the on-call rota by 12 February"
    raise UsageError(
        f"No commitment, review or question was found in it; nothing is recorded.{asked}\nSuch as:{example}"
    )


def _quoted(question: Question) -> str:
    return f"line {question.number}: “{plain(question.line).strip()}”: missing is {question.missing}"


def _show(series: Series, contract: Contract | None, asked: list[Question]) -> None:
    if contract is None:
        click.echo("Nothing in it is new; the contract stands as it was.")
        return
    click.echo(f"Recorded as version {contract.version}, {series.manager.name} with {series.report.name}:")
    for owner in ("report", "manager"):
        for commitment in contract.of(owner):
            click.echo(f"  {_told(series, commitment)}")
    for review in contract.reviews:
        month = f"{review.month:%B %Y}: " if review.month else ""
        click.echo(f"  to review  {month}{plain(review.text)}")
    for open_question in contract.questions:
        click.echo(f"  question   {plain(open_question)}")
    for question in asked:
        click.echo(f"Not understood, {_quoted(question)}")
    if asked:
        click.echo("Mend these lines and record the whole again: what stays as it is keeps its number.")


def _told(series: Series, commitment: Commitment) -> str:
    due = day(commitment.due) if commitment.due else "no date"
    state = "" if commitment.state == "open" else f" ({commitment.state})"
    who = series.owner(commitment.owner).first_name
    return f"{commitment.id:10} {due:15}  {who}: {plain(commitment.text)}{state}"
