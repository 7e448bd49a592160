"""The commands: the only place that prints or exits.

A command's module is imported when the command is called, so that `careermail --help` costs next to nothing.
"""

import os
import sys
from collections.abc import Sequence
from contextlib import suppress
from importlib import import_module
from pathlib import Path

import click

import careermail
from careermail.errors import CareermailError, UsageError

# Name, the module below careermail.cli that has it, and what `--help` says; in the order of a newcomer's year.
COMMANDS = {
    "demo": ("demo", "A whole quarter in seconds, in a world on disk that you can look at."),
    "init": ("init", "Ask a few questions and write a configuration."),
    "import": ("roster", "One file per manager, from a list of people; tells first who joins and leaves."),
    "auth": ("auth", "Let careermail in with a manager's own consent."),
    "check": ("check", "Every problem of the configuration at once."),
    "plan": ("plan", "Every session and mail to come: who, when and why. Writes nothing."),
    "run": ("serve", "The daemon: runs in the foreground until it is told to stop."),
    "once": ("serve", "Do all that is due now, then exit."),
    "status": ("status", "Sessions, contracts, commitments, and what is stuck."),
    "why": ("why", "For each mail sent, held or skipped: the rule and the fact behind it."),
    "contract": ("contract", "Record what two people agreed: from a file, standard input or your editor."),
    "done": ("keep", "A commitment was kept."),
    "move": ("keep", "A commitment gets another date."),
    "drop": ("keep", "A commitment is given up."),
    "book": ("keep", "A conversation soon, beside the regular ones."),
    "pause": ("keep", "Let somebody's sessions rest."),
    "resume": ("keep", "End a pause."),
    "export": ("person", "All that is held about one person, as JSON."),
    "erase": ("person", "Remove all that is held about one person."),
    "restore": ("restore", "Take back, on an empty machine, what `export --all` wrote."),
    "install-service": ("install", "As root: user, units, man page and all else that a service wants."),
    "manual": ("manual", "Print the man page."),
    "completion": ("manual", "Print what lets a shell complete commands and options."),
}
INTERRUPTED = 130  # 128 + SIGINT, as shells have it


class _Lazy(click.Group):
    """A group that knows its commands by name, and imports one when it is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        if cmd_name not in COMMANDS:
            return None
        module = import_module(f"careermail.cli.{COMMANDS[cmd_name][0]}")
        command: click.Command = getattr(module, f"{cmd_name.partition('-')[0]}_command")
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        with formatter.section("Commands"):
            formatter.write_dl([(name, words) for name, (_, words) in COMMANDS.items()])


@click.group(cls=_Lazy, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 120})
@click.version_option(careermail.__version__, message="%(prog)s %(version)s")
@click.option(
    "--config",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="The configuration. Otherwise $CAREERMAIL_CONFIG, ./careermail.toml, ~/.config/careermail/careermail.toml "
    "or /etc/careermail/careermail.toml.",
)
@click.pass_context
def cli(ctx: click.Context, config: Path | None) -> None:
    """Career conversations, booked and followed through: by mail and calendar, configured once."""
    from careermail.cli.office import Office

    ctx.obj = Office(config)


def main(args: Sequence[str] | None = None) -> int:
    """Run one command and return the exit code: 0 done, 1 something is stuck, or the error's own (sysexits.h)."""
    try:
        return _run(list(sys.argv[1:] if args is None else args))
    except click.exceptions.Exit as done:  # --help and --version
        return done.exit_code
    except click.ClickException as error:  # how it was called, in all of its kinds
        error.show()
        return UsageError.exit_code
    except CareermailError as error:
        click.echo(error, err=True)
        return error.exit_code
    except (click.Abort, KeyboardInterrupt):
        click.echo("Stopped.", err=True)
        return INTERRUPTED
    except BrokenPipeError:
        _leave_quietly()
        return 0


def _run(args: list[str]) -> int:
    if instruction := os.environ.get("_CAREERMAIL_COMPLETE"):  # a shell asks what may come next
        from click.shell_completion import shell_complete

        return shell_complete(cli, {}, "careermail", "_CAREERMAIL_COMPLETE", instruction)
    # Not cli.main(), which ends a process whose reader has gone with 1: that says here that something is stuck.
    with cli.make_context("careermail", args) as context:
        return cli.invoke(context) or 0


def _leave_quietly() -> None:
    # Whoever read our output has seen enough; what is still buffered must not raise once more at exit.
    with suppress(OSError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
