"""A manager signs in by a code that they enter in a browser, on whichever machine (RFC 8628)."""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from careermail.errors import ProviderError
from careermail.providers.microsoft.auth import PersonalTokens
from careermail.providers.microsoft.entra import entra
from careermail.providers.microsoft.refusals import AGAIN, refusal

if TYPE_CHECKING:
    from msal import ClientApplication

PENDING = {"authorization_pending", "slow_down"}


def sign_in(
    tokens: PersonalTokens, mailbox: str, show: Callable[[str, str], None], prove: Callable[[str], None]
) -> None:
    """Have somebody sign in for their mailbox, and keep what came of it.

    `show` is told the address of a page, and the code to enter there; `prove` the name of the account that was used,
    once there are tokens: whatever it raises, nothing is kept. Raises ProviderError where they refused, took too long,
    or Entra gives no token.
    """
    who = tokens.who(mailbox)
    with entra(who, mailbox):
        app, cache = tokens.application(mailbox)
        flow = app.initiate_device_flow(tokens.scopes)
    if "user_code" not in flow:
        raise refusal(who, str(flow.get("error_description") or flow.get("error") or ""), mailbox=mailbox)
    show(flow["verification_uri"], flow["user_code"])
    ends = tokens.clock.now() + timedelta(seconds=flow["expires_in"])
    with entra(who, mailbox):
        said = _waited(tokens, mailbox, app, flow, ends)
    tokens.hold(mailbox, said)
    prove(str(said.get("id_token_claims", {}).get("preferred_username", "")))
    tokens.save(mailbox, cache)


def _waited(
    tokens: PersonalTokens, mailbox: str, app: "ClientApplication", flow: dict[str, Any], ends: datetime
) -> Mapping[str, Any]:
    """What Entra says in the end; msal asks it once each time, since it would wait by a clock of its own."""
    clock = tokens.clock
    while clock.now() < ends:
        clock.wait(clock.now() + timedelta(seconds=flow["interval"]))
        flow.pop("latest_attempt_at", None)
        said: Mapping[str, Any] = app.acquire_token_by_device_flow(flow, exit_condition=lambda _: True)
        if said.get("error") not in PENDING:
            return said
    raise ProviderError(f"the code was not entered in time; for another: {AGAIN}", owner=mailbox)
