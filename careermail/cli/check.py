"""check: whether the configuration is right; with --live, whether every server lets us in."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from textwrap import fill

import click

from careermail.cli.office import Office
from careermail.cli.show import as_json_option, emit, with_progress
from careermail.config import Config
from careermail.errors import CareermailError, ConfigError, ProviderError
from careermail.mail.escape import plain
from careermail.providers import Found, Probe, open_provider
from careermail.troubles import permanent

log = logging.getLogger("careermail")
WIDTH = 120
FEW = 5


@click.command("check")
@click.option("--live", is_flag=True, help="Log in everywhere too, writing nothing.")
@as_json_option
@click.pass_obj
def check_command(office: Office, *, live: bool, as_json: bool) -> int:
    """Every problem of the configuration at once; exit 78 if there are any.

    --live also logs in to every server, and tells what each offers and lacks; exit 69 if one cannot be reached or
    refuses. Nothing is written there.
    """
    try:
        config = office.load(templates=True)
    except ConfigError as error:
        if as_json:
            emit({"ok": False, "problems": [vars(problem) for problem in error.problems]})
        raise
    tries = _tries(office, config) if live else []
    if as_json:
        told = {"servers": [one.data for one in tries]} if live else {}
        emit({"ok": all(one.found for one in tries), **_summary(config), **told})
    else:
        _print_summary(config)
    if live and not as_json:
        _print(tries, config.provider["kind"])
    return max((one.exit_code for one in tries), default=0)


def _summary(config: Config) -> dict[str, object]:
    return {
        "managers": len(config.teams),
        "reports": sum(len(team.series) for team in config.teams),
        "files": list(config.files),
        "state": config.service.state,
        "in_utc": sorted(_in_utc(config)),
        "provider": config.provider["kind"],
        "world": config.provider.get("root"),
    }


def _print_summary(config: Config) -> None:
    facts = _summary(config)
    click.echo(f"OK. {facts['managers']} manager(s), {facts['reports']} report(s).")
    click.echo("".join(f"Read {file}\n" for file in config.files), nl=False)
    if in_utc := _in_utc(config):
        mend = 'If that is not meant: timezone = "Europe/Stockholm", for each or in [defaults].'
        click.echo(f"In UTC: {_few(sorted(in_utc))}. {mend}")
    world = f"in {facts['world']}" if facts["world"] else "through their servers"
    click.echo(f"Remembers things in {facts['state']}; reaches people {world} ({facts['provider']}).")


def _in_utc(config: Config) -> set[str]:
    """Who lives in the zone that holds where none is said: most often, nobody does."""
    people = (person for team in config.teams for person in (team.manager, *(s.report for s in team.series)))
    return {person.name for person in people if person.timezone == "UTC"}


def _few(names: Sequence[str]) -> str:
    more = f" and {len(names) - FEW} more" if len(names) > FEW else ""
    return f"{', '.join(names[:FEW])}{more}"


@dataclass(frozen=True)
class Try:
    """One login that was tried: what was found there, or what went wrong."""

    probe: Probe
    found: Found | None = None
    error: str = ""
    exit_code: int = 0
    lasts: bool = False  # until somebody mends it; a server that is down mends itself

    @property
    def data(self) -> dict[str, object]:
        """For programs."""
        found = self.found or Found()
        return {
            "name": self.probe.name,
            "owner": self.probe.owner or None,
            "ok": self.found is not None,
            "offers": found.offers,
            "lacks": found.lacks,
            "error": self.error or None,
        }


def _tries(office: Office, config: Config) -> list[Try]:
    provider = open_provider(config.provider, office.clock)
    try:
        managers = [team.manager for team in config.teams]
        tries = [_tried(probe) for probe in with_progress(provider.probes(managers), "Logins", office.clock)]
        # Asked once more: by now, servers that were looked for in DNS have names.
        return [replace(one, probe=probe) for one, probe in zip(tries, provider.probes(managers), strict=True)]
    finally:
        provider.close()


def _tried(probe: Probe) -> Try:
    try:
        return Try(probe, found=probe.look())
    except CareermailError as error:
        lasts = permanent(error) or getattr(error, "urgent", False)
        return Try(probe, error=str(error), exit_code=error.exit_code, lasts=lasts)
    except Exception as error:  # one server's oddity does not hide what the others say
        log.exception("unexpected", extra={"login": probe.name})
        said = f"an unexpected {type(error).__name__}, told above"
        return Try(probe, error=said, exit_code=ProviderError.exit_code)


def _print(tries: Sequence[Try], provider: str) -> None:
    if not tries:
        click.echo(f"`{provider}` has nothing to log in to.")
    for one in tries:
        click.echo(f"\n{_head(one)}")
        for label, words in _lines(one):
            click.echo(fill(plain(words), WIDTH, initial_indent=f"  {label:<7}  ", subsequent_indent=" " * 11))
    if failed := sum(not one.found for one in tries):
        click.echo(f"\n{failed} of {len(tries)} logins failed.")
    elif tries:
        click.echo(f"\nEvery login works ({len(tries)}). Nothing was written.")


def _head(one: Try) -> str:
    verdict = click.style("works", fg="green") if one.found else click.style("fails", fg="red", bold=True)
    owner = f", which only {one.probe.owner} can mend" if one.probe.owner and one.lasts else ""
    return f"{click.style(plain(one.probe.name), bold=True)}: {verdict}{owner}"


def _lines(one: Try) -> list[tuple[str, str]]:
    if not one.found:
        return [("because", one.error.removeprefix(f"{one.probe.name}: "))]
    offers = [("offers", ", ".join(one.found.offers))] if one.found.offers else []
    return offers + [("lacks", words) for words in one.found.lacks]
