"""demo: a quarter through the same engine as the daemon, on a virtual clock, in a world that stays to be looked at."""

import shutil
from datetime import datetime
from pathlib import Path

import click

from careermail.cli.office import Office
from careermail.cli.show import called
from careermail.cli.timeline import Timeline
from careermail.clock import VirtualClock
from careermail.errors import UsageError

MARK = ".careermail-demo"
OURS = ("careermail.toml", "state", "mail", "calendars", "inbox")


@click.command("demo")
@click.option(
    "--world",
    type=click.Path(path_type=Path),
    default="demo-world",
    show_default=True,
    metavar="DIR",
    help="Where it is played; made anew each time.",
)
def demo_command(world: Path) -> None:
    """A whole quarter in seconds: one manager, two reports, and what befalls them.

    Nothing leaves the folder. What it leaves behind is a world of Maildirs and .ics files to look at.
    """
    from careermail.cli.scenario import END, SCENES, START, furnish

    _make_anew(world)
    furnish(world)
    office = Office(world / "careermail.toml")
    office.clock = VirtualClock(START)
    timeline = Timeline(office)
    for scene in SCENES:
        _work_until(office, scene.at, timeline)
        timeline.scene(scene.who, scene.at, scene.what)
        scene.act(office)
    _work_until(office, END, timeline)
    _invite_to_look(world, END)


def _make_anew(world: Path) -> None:
    """Remove what an earlier demo left, and nothing else. Raises UsageError where the folder is somebody's own."""
    if world.exists() and not (world / MARK).exists() and (not world.is_dir() or any(world.iterdir())):
        raise UsageError(f"{world} is there and is no demo's world; name another with --world")
    for name in OURS:
        path = world / name
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)
    world.mkdir(parents=True, exist_ok=True)
    (world / MARK).touch()


def _work_until(office: Office, end: datetime, timeline: Timeline) -> None:
    """Let careermail work up to a moment, as the daemon would."""
    (team,) = office.config.teams
    while True:
        office.runner.tick_inboxes([team])
        wake = min(office.runner.tick(team), office.runner.tick_service())
        timeline.catch_up()
        if wake >= end:
            break
        office.clock.wait(wake)
    office.clock.wait(end)


def _invite_to_look(world: Path, end: datetime) -> None:
    command = f"CAREERMAIL_NOW={end:%Y-%m-%dT%H:%MZ} {called()} --config {world}/careermail.toml"
    click.echo(f"""
It is all in {world}, for any mail or calendar program to open:

  less {world}/mail/*/new/*               every mail that was sent
  ls {world}/calendars/*                  an .ics file for each series, single session and reminder
  mutt -f {world}/mail/maya@example.com   Maya's mailbox, if you have mutt

and for careermail itself, on the day that the story ends:

  {command} status
  {command} why jonas""")
