"""restore: what `export --all` wrote, on an empty machine."""

from typing import BinaryIO

import click

from careermail.cli.office import Office, refuse_root
from careermail.cli.person import places


@click.command("restore")
@click.argument("file", type=click.File("rb"))
@click.pass_obj
def restore_command(office: Office, file: BinaryIO) -> None:
    """Take back from FILE (- for standard input) what `careermail export --all` wrote, with the service stopped.

    The configuration must be the one that it was written under, and nothing be remembered here yet. What is not whole
    changes nothing.
    """
    from careermail.store.baggage import refuse_unless_empty, settle_in, unpack

    there = places(office)
    refuse_root(there["state"])
    refuse_unless_empty(there)
    found = unpack(file, there["state"], office.clock.now())
    settle_in(there)
    click.echo(f"Restored {found} file(s) of facts. See what is to come: careermail plan")
