"""auth microsoft: a manager signs in by a code, in a browser on whatever machine."""

from typing import Any

import click

from careermail.cli.office import Office, refuse_root
from careermail.cli.show import called
from careermail.errors import UsageError


@click.command("microsoft")
@click.pass_obj
def microsoft_command(office: Office) -> None:
    """Have the one manager of the configuration sign in to Microsoft 365, and keep it.

    Nothing is kept unless all that careermail uses was allowed, in that manager's own mailbox. What was kept before is
    replaced.
    """
    from careermail.providers.microsoft.auth import PersonalTokens
    from careermail.providers.microsoft.graph import Graph
    from careermail.providers.microsoft.probes import Probes
    from careermail.providers.microsoft.sign_in import sign_in

    settings = _settings(office)
    mailbox, tokens = settings["service"].address, PersonalTokens(settings, office.clock)
    probes = Probes(Graph(settings["graph"], tokens.token, office.clock), tokens, settings["service"])

    def show(page: str, code: str) -> None:
        click.echo(f"Open {page} in any browser, enter the code {code}, sign in as {mailbox}, and allow what is asked.")

    def prove(account: str) -> None:
        click.echo(f"Signed in as {account}.")
        probes.prove(tokens.who(mailbox), mailbox)

    sign_in(tokens, mailbox, show, prove)
    click.echo(f"All that careermail needs is granted. It is kept in {tokens.file(mailbox)}, for its own eyes.")
    click.echo(f"Now see that all works: {called()} check --live")


def _settings(office: Office) -> dict[str, Any]:
    """Those of the provider. Raises UsageError where nobody need sign in."""
    settings = office.config.provider
    if settings["kind"] != "microsoft":
        raise UsageError(f'{office.path}: [provider] has kind = "{settings["kind"]}"; this is for kind = "microsoft"')
    if settings["certificate"] or settings["secret"]:
        raise UsageError("The app has a certificate or a secret of its own, and nobody need sign in: check --live.")
    refuse_root(office.config.service.state)
    return dict(settings)
