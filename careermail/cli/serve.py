"""run and once: careermail at work."""

import os
from collections.abc import Sequence

import click

from careermail.cli.logs import log_format_option, log_to_stderr, tell
from careermail.cli.office import Office, hire
from careermail.cli.show import with_progress
from careermail.clock import SystemClock, VirtualClock
from careermail.errors import CareermailError, ProviderError, UsageError
from careermail.model import Team


@click.command("run")
@log_format_option
@click.pass_obj
def run_command(office: Office, log_format: str) -> None:
    """Stay, and do everything when it is due.

    The configuration is read again when it was edited, or at once on SIGHUP; a wrong one is refused, and what was
    running goes on. SIGTERM ends after the action under way.
    """
    from careermail.signals import Signals

    signals = Signals()  # before anything that takes time
    from careermail.daemon import Daemon
    from careermail.notify import Supervisor

    if isinstance(office.clock, VirtualClock):
        raise UsageError("$CAREERMAIL_NOW is set; the daemon lives in the present. Rehearse with: careermail once")
    log_to_stderr(log_format)
    clock = SystemClock()
    Daemon(office.load, lambda config: hire(config, clock), clock, Supervisor(os.environ)).run(signals)


@click.command("once")
@log_format_option
@click.pass_obj
def once_command(office: Office, log_format: str) -> int:
    """Do all that is due now for everybody, then exit: for cron, timers and tests.

    Exit 1 if something is stuck, 69 if nobody could be reached at all, 75 if somebody else is at it.
    """
    from careermail.cli.trouble import cut_off, stuck
    from careermail.runner import everyone
    from careermail.selfcheck.alarms import EXPIRY

    log_to_stderr(log_format)
    begun = office.clock.now()
    teams = list(everyone(office.config.teams, office.store).values())
    _read_inbox(office)
    worst = max((_visit(office, team) for team in with_progress(teams, "Managers", office.clock)), default=0)
    _check_logins(office)
    _tell_admin(office, [team.manager.email for team in teams])
    _tell_monitors(office)
    if cut_off(office, begun):
        tell("Nobody could be reached; it will be tried again. See: careermail status")
        return ProviderError.exit_code
    if found := [one for one in stuck(office) if not one.key.startswith(EXPIRY)]:
        tell(f"{len(found)} of what is to be done is stuck; see: careermail status")
    return worst or int(bool(found))


def _visit(office: Office, team: Team) -> int:
    """Do what is due for one manager, and return the exit code it deserves: one's trouble is not the others'."""
    name = team.manager.email
    try:
        office.runner.tick(team)
    except Exception as error:  # noqa: BLE001 (as above)
        said = office.runner.failed(name, error)
        tell(f"{name}: {said}")
        return said.exit_code
    return 0


def _read_inbox(office: Office) -> None:
    """Take in what people wrote; where that cannot be remembered, say so here, and go on."""
    try:
        office.runner.tick_inboxes(office.config.teams)
    except CareermailError as error:
        tell(error)


def _check_logins(office: Office) -> None:
    """Try the logins that are due; what is wrong with that is told as anything else."""
    from careermail.plan.planner import CHECKS

    try:
        office.runner.selfcheck.round(team.manager for team in office.config.teams)
    except Exception as error:  # noqa: BLE001 (the work is done, and the admin is still to be told)
        tell(office.runner.failed(CHECKS, error))


def _tell_monitors(office: Office) -> None:
    from careermail.watch.lookout import Lookout

    lookout = Lookout(office.clock, by="once")
    lookout.follow(office.config, office.runner)
    lookout.tell()
    lookout.part()


def _tell_admin(office: Office, visited: Sequence[str]) -> None:
    """Mail what is wrong; where not even that can be done, say so here."""
    try:
        office.runner.tick_service(visited)
    except CareermailError as error:
        tell(error)
