"""check, run and once: careermail at work."""

import sys
from collections.abc import Iterator, Sequence
from datetime import timedelta

import click

from careermail.cli.office import Office, hire
from careermail.cli.show import as_json_option, emit
from careermail.clock import SystemClock, VirtualClock
from careermail.config import Config
from careermail.errors import CareermailError, ConfigError, ProviderError, UsageError
from careermail.model import Team

A_SECOND = timedelta(seconds=1)


@click.command("check")
@click.option("--live", is_flag=True, help="Log in everywhere too, writing nothing.")
@as_json_option
@click.pass_obj
def check_command(office: Office, *, live: bool, as_json: bool) -> None:
    """Every problem of the configuration at once; exit 78 if there are any."""
    try:
        config = office.load(templates=True)
    except ConfigError as error:
        if as_json:
            emit({"ok": False, "problems": [vars(problem) for problem in error.problems]})
        raise
    facts = _summary(config)
    if as_json:
        emit({"ok": True, **facts})
        return
    click.echo(f"OK. {facts['managers']} manager(s), {facts['reports']} report(s).")
    click.echo("".join(f"Read {file}\n" for file in config.files), nl=False)
    click.echo(f"Remembers things in {facts['state']}; reaches people in {facts['world']} ({facts['provider']}).")
    if live:
        click.echo(f"`{facts['provider']}` has nothing to log in to; --live comes with the first real server.")


def _summary(config: Config) -> dict[str, object]:
    return {
        "managers": len(config.teams),
        "reports": sum(len(team.series) for team in config.teams),
        "files": list(config.files),
        "state": config.service.state,
        "provider": config.provider["kind"],
        "world": config.provider["root"],
    }


@click.command("run")
@click.pass_obj
def run_command(office: Office) -> None:
    """Stay, and do everything when it is due.

    The configuration is read again when it was edited, or at once on SIGHUP; a wrong one is refused, and what was
    running goes on. SIGTERM ends after the action under way.
    """
    from careermail.signals import Signals

    signals = Signals()  # before anything that takes time
    from careermail.cli.logs import log_to_stderr
    from careermail.daemon import Daemon

    if isinstance(office.clock, VirtualClock):
        raise UsageError("$CAREERMAIL_NOW is set; the daemon lives in the present. Rehearse with: careermail once")
    log_to_stderr()
    clock = SystemClock()
    Daemon(office.load, lambda config: hire(config, clock), clock).run(signals)


@click.command("once")
@click.pass_obj
def once_command(office: Office) -> int:
    """Do all that is due now for everybody, then exit: for cron, timers and tests.

    Exit 1 if something is stuck, 69 if nobody could be reached at all, 75 if somebody else is at it.
    """
    from careermail.cli.logs import log_to_stderr
    from careermail.cli.trouble import cut_off, stuck
    from careermail.runner import everyone

    log_to_stderr()
    begun = office.clock.now()
    teams = list(everyone(office.config.teams, office.store).values())
    worst = max((_visit(office, team) for team in _with_progress(office, teams)), default=0)
    _tell_admin(office, [team.manager.email for team in teams])
    if cut_off(office, begun):
        click.echo("Nobody could be reached; it will be tried again. See: careermail status", err=True)
        return ProviderError.exit_code
    if found := stuck(office):
        click.echo(f"{len(found)} of what is to be done is stuck; see: careermail status", err=True)
    return worst or int(bool(found))


def _visit(office: Office, team: Team) -> int:
    """Do what is due for one manager, and return the exit code it deserves: one's trouble is not the others'."""
    name = team.manager.email
    try:
        office.runner.tick(team)
    except Exception as error:  # noqa: BLE001 (as above)
        said = office.runner.failed(name, error)
        click.echo(f"{name}: {said}", err=True)
        return said.exit_code
    return 0


def _tell_admin(office: Office, visited: Sequence[str]) -> None:
    """Mail what is wrong; where not even that can be done, say so here."""
    try:
        office.runner.tick_service(visited)
    except CareermailError as error:
        click.echo(error, err=True)


def _with_progress(office: Office, teams: Sequence[Team]) -> Iterator[Team]:
    """The teams one by one, with a bar on a terminal once it takes longer than a second."""
    if not sys.stderr.isatty():
        yield from teams
        return
    from rich.console import Console
    from rich.progress import MofNCompleteColumn, Progress

    begun, bar = (
        office.clock.now(),
        Progress(*Progress.get_default_columns(), MofNCompleteColumn(), console=Console(stderr=True), transient=True),
    )
    task = bar.add_task("Managers", total=len(teams))
    try:
        for team in teams:
            if not bar.live.is_started and office.clock.now() - begun > A_SECOND:
                bar.start()
            yield team
            bar.advance(task)
    finally:
        bar.stop()
