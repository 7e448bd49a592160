"""auth google: a manager's consent, asked for in a browser on this machine or another."""

import getpass
import os
import socket
from pathlib import Path
from typing import Any

import click

from careermail.cli.office import Office, refuse_root
from careermail.cli.show import called
from careermail.errors import UsageError

PORT = 8765
PROMPT = """\
Open this link in a browser, sign in as {account}, and allow all that is asked for:

  {{url}}

If the browser is on another machine, run this there first, and leave it open meanwhile:

  ssh -L {port}:localhost:{port} {login}

Waiting for you to come back, {minutes} minutes at most.
"""
AS_CREDENTIAL = """\
The configuration wants it as a systemd credential. As root:

  systemd-creds encrypt --name={name} {file} /etc/credstore.encrypted/{name} && rm {file}
  systemctl edit careermail     # [Service] LoadCredentialEncrypted={name}
  systemctl restart careermail
"""


@click.command("google")
@click.option("--port", default=PORT, show_default=True, help="Of this machine, at which the browser comes back.")
@click.pass_obj
def google_command(office: Office, *, port: int) -> None:
    """Ask the one manager of the configuration for their consent, and keep it.

    Nothing is kept unless all that careermail uses was allowed, by that manager, and for longer than Google's seven
    days for apps in Testing. What was kept before is replaced.
    """
    from careermail.providers.google.asking import PATIENCE, ask
    from careermail.providers.google.auth import CALENDAR, MAIL
    from careermail.providers.google.consent import store

    settings = _settings(office)
    account, file = settings["service"].address, _file(settings)
    # Whoever called sudo has a login on this machine; the service's user has none.
    login = f"{os.environ.get('SUDO_USER') or getpass.getuser()}@{socket.gethostname()}"
    prompt = PROMPT.format(account=account, port=port, login=login, minutes=PATIENCE // 60)
    token = ask(settings, [*MAIL, *CALENDAR], office.clock, port=port, prompt=prompt)
    store(file, token)
    click.echo(f"{account} has given consent. It is kept in {file}, for careermail's own eyes.")
    if token.end:
        click.echo(f"It ends on {token.end:%d %B %Y}; careermail reminds you before.")
    if name := settings["token"].credential:
        click.echo(AS_CREDENTIAL.format(name=name, file=file))
    click.echo(f"Now see that all works: {called()} check --live")


def _settings(office: Office) -> dict[str, Any]:
    """Those of the provider. Raises UsageError where nobody's consent is needed."""
    settings = office.config.provider
    if settings["kind"] != "google":
        raise UsageError(f'{office.path}: [provider] has kind = "{settings["kind"]}"; this is for kind = "google"')
    if not settings["client"]:
        raise UsageError("A service account needs nobody's consent: see docs/google-admin.md, and check --live.")
    refuse_root(office.config.service.state)
    return dict(settings)


def _file(settings: dict[str, Any]) -> Path:
    token = settings["token"]
    if token.file:
        return Path(token.file)
    if token.credential:
        return Path(settings["service"].state / "google" / "token.json")
    raise UsageError(f"The consent is to come from {token}, where it cannot be put: set `token` to a file.")
