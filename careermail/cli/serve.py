"""run and once: careermail at work."""

from collections.abc import Sequence

import click

from careermail.cli.office import Office, hire
from careermail.cli.show import with_progress
from careermail.clock import SystemClock, VirtualClock
from careermail.errors import CareermailError, ProviderError, UsageError
from careermail.model import Team


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
    _read_inbox(office)
    worst = max((_visit(office, team) for team in with_progress(teams, "Managers", office.clock)), default=0)
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


def _read_inbox(office: Office) -> None:
    """Take in what people wrote; where that cannot be remembered, say so here, and go on."""
    try:
        office.runner.tick_inbox(office.config.teams)
    except CareermailError as error:
        click.echo(error, err=True)


def _tell_admin(office: Office, visited: Sequence[str]) -> None:
    """Mail what is wrong; where not even that can be done, say so here."""
    try:
        office.runner.tick_service(visited)
    except CareermailError as error:
        click.echo(error, err=True)
