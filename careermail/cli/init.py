"""init: a few questions, and a configuration that `check` accepts."""

import json
from collections.abc import Callable
from pathlib import Path

import click

from careermail.cli.office import Office
from careermail.cli.show import called
from careermail.config import NAME, load
from careermail.errors import ConfigError, UsageError

CONFIG = """\
# careermail: who talks with whom about their career, and how often.
#
# `careermail check` reads this file and says everything that is wrong with it; `careermail plan` shows what it means.
# What is commented out shows the value that holds anyway, unless it says "optional".

[service]
# The address that mails come from, and who hears of what careermail cannot mend by itself.
address = {address}
admin = {admin}
# Where it remembers things: a folder beside this file.
# state = "state"

[provider]
# `local` is a small world on disk: a Maildir and a calendar for each person.
kind = "local"
root = {root}

[[manager]]
name = {name}
email = {email}
timezone = {timezone}
# working_days = ["mon", "tue", "wed", "thu", "fri"]
# working_hours = "09:00-17:00"
# holidays = ""              # none; or a country and, if wanted, a part of it: "SE", "DE-BY"
# send_at = "09:00"          # when mails reach a person, in their own time

[manager.conversation]
every = "3 months"           # or "6 weeks", "10 days", "1 year"
minutes = 60                 # 15 to 240; the playbook asks for 60 to 90
# first = 2027-01-12T10:00:00   # optional, the manager's local time; else found where both are free
# days = ["tue", "wed", "thu"]
# between = "10:00-16:00"    # in the manager's local time
# format = "one"             # "three" holds the three conversations a week apart
{reports}"""

REPORT = """
# What a report does not say is as it is for the manager; any key of the conversation may stand here too.
[[manager.report]]
name = {name}
email = {email}
timezone = {timezone}
"""


@click.command("init")
@click.pass_obj
def init_command(office: Office) -> None:
    """Ask a few questions and write a configuration, to --config or ./careermail.toml. What is there is left alone."""
    path = Path.cwd() / (office.named or NAME)
    if path.exists():
        raise UsageError(f"{path} is there already; edit it, or name another place: careermail --config FILE init")
    text = _text(*_answers())
    _write(path, text)
    try:
        load(path, now=office.clock.now(), templates=True)
    except ConfigError:
        path.unlink()
        raise
    command = f"{called()} --config {path}"
    click.echo(f"Wrote {path}.\nNow see what it means: {command} plan\nAnd start: {command} run")


def _write(path: Path, text: str) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("x") as file:
            file.write(text)
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror}") from error


def _answers() -> tuple[dict[str, str], list[dict[str, str]]]:
    """What is asked, each with a default where one makes sense: about the manager and careermail, and the reports."""
    from careermail.config.values import address, name, path, zone

    manager = {"name": _ask("Your name", name), "email": _ask("Your mail address", address)}
    manager["timezone"] = _ask("Your time zone", zone, default=_zone_here())
    domain = manager["email"].partition("@")[2]
    reports: list[dict[str, str]] = []
    while not reports or click.confirm("Another report?", default=False):
        report = {"name": _ask("The name of somebody who reports to you", name)}
        report["email"] = _ask("Their mail address", _another_than(address, [manager, *reports]))
        report["timezone"] = _ask("Their time zone", zone, default=manager["timezone"])
        reports.append(report)
    service = {
        "address": _ask("The address that careermail writes from", address, default=f"careermail@{domain}"),
        "admin": _ask("Who hears of what is wrong", address, default=manager["email"]),
        "root": _ask("Where mailboxes and calendars are kept", path, default="world"),
    }
    return {**manager, **service}, reports


def _ask(question: str, check: Callable[[str], str], default: str | None = None) -> str:
    from pydantic_core import PydanticCustomError

    def checked(text: str) -> str:
        try:
            return check(text)
        except PydanticCustomError as error:
            hint = (error.context or {}).get("hint", "")
            raise click.UsageError(f"expected {error.message()}{f' ({hint})' if hint else ''}") from None

    answer: str = click.prompt(question, default=default, value_proc=checked)
    return answer


def _another_than(check: Callable[[str], str], people: list[dict[str, str]]) -> Callable[[str], str]:
    from careermail.config.values import wrong

    def checked(text: str) -> str:
        found = check(text)
        if any(person["email"] == found for person in people):
            raise wrong("somebody who is not named yet")
        return found

    return checked


def _zone_here() -> str:
    """The machine's time zone; UTC where it does not tell its name."""
    from babel.localtime import LOCALTZ

    return getattr(LOCALTZ, "key", None) or "UTC"


def _text(answers: dict[str, str], reports: list[dict[str, str]]) -> str:
    listed = "".join(REPORT.format(**_quoted(report)) for report in reports)
    return CONFIG.format(**_quoted(answers), reports=listed)


def _quoted(answers: dict[str, str]) -> dict[str, str]:
    # A JSON string is a TOML basic string, as long as what is not ASCII stays as it is.
    return {name: json.dumps(text, ensure_ascii=False) for name, text in answers.items()}
