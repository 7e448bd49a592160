"""auth: let careermail in where nobody but a manager can, by their consent."""

from importlib import import_module

import click

# The vendors whose managers are asked, each in a module of its own, and what `--help` says.
VENDORS = {
    "google": "A manager's Gmail and Google Calendar.",
    "microsoft": "A manager's mailbox and calendar in Microsoft 365.",
}


class _Vendors(click.Group):
    """A group that knows its commands by name, and imports one when it is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        return list(VENDORS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        if cmd_name not in VENDORS:
            return None
        command: click.Command = getattr(import_module(f"careermail.cli.auth.{cmd_name}"), f"{cmd_name}_command")
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        with formatter.section("Commands"):
            formatter.write_dl(list(VENDORS.items()))


@click.group("auth", cls=_Vendors)
def auth_command() -> None:
    """Let careermail in with a manager's own consent, given in a browser. An organisation's own access needs none."""
