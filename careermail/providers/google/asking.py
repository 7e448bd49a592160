"""How a manager's consent is asked for: in a browser, wherever that is.

https://developers.google.com/identity/protocols/oauth2/native-app: the code comes back to a port on loopback, which on
a server is reached through `ssh -L`; Google has closed the ways without a browser to scopes like ours.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from careermail.clock import Clock
from careermail.errors import UsageError
from careermail.providers.google import refusals
from careermail.providers.google.api import Api
from careermail.providers.google.consent import Token, client_of

if TYPE_CHECKING:
    from google.auth.credentials import Credentials
    from google_auth_oauthlib.flow import InstalledAppFlow

SHORTEST = timedelta(days=30)  # a consent that ends sooner is none: those to apps in Testing end in a week
PATIENCE = 900  # seconds that the browser is waited for
COME_BACK = "You can close this window. Back in the terminal, careermail says how it went."


def ask(  # noqa: PLR0913 (each is a thing of its own; the last three are named)
    settings: Mapping[str, Any], scopes: Sequence[str], clock: Clock, *, port: int, prompt: str, seconds: int = PATIENCE
) -> Token:
    """Have the manager consent in a browser, and wait for it; `prompt` is printed, with the link in place of "{url}".

    Raises ProviderError where Google refuses, and UsageError where nobody came, or somebody else, or too little was
    allowed, or it would end too soon.
    """
    from google_auth_oauthlib.flow import InstalledAppFlow

    account: str = settings["service"].address
    flow = InstalledAppFlow.from_client_config({"installed": client_of(settings["client"])}, list(scopes))
    try:
        answer = _answered(flow, account, port=port, prompt=prompt, seconds=seconds)
    finally:
        flow.oauth2session.close()
    token = Token(account, str(answer.get("refresh_token", "")), _granted(answer))
    if missing := [scope for scope in scopes if scope not in token.scopes]:
        raise refusals.unticked(missing)
    if (found := _account_of(str(answer["access_token"]), account, clock, settings["endpoint"])) != account:
        raise refusals.another(account, found)
    return _lasting(token, answer.get("refresh_token_expires_in"), clock)


def _answered(flow: InstalledAppFlow, account: str, *, port: int, prompt: str, seconds: int) -> Mapping[str, Any]:
    from google_auth_oauthlib.flow import WSGITimeoutError
    from oauthlib.oauth2 import OAuth2Error
    from requests import RequestException

    logging.getLogger("google_auth_oauthlib.flow").setLevel(logging.WARNING)  # it tells the code that comes back
    how = {"access_type": "offline", "prompt": "consent", "login_hint": account}
    waiting = {"open_browser": False, "timeout_seconds": seconds, "authorization_prompt_message": prompt}
    try:
        flow.run_local_server(port=port, success_message=COME_BACK, **waiting, **how)
    except Warning as changed:  # the library's way to say that other scopes were allowed than asked for
        return dict(changed.token)  # type: ignore[attr-defined]
    except WSGITimeoutError:
        raise UsageError("Nobody came back from the browser in time. Nothing was kept; call this again.") from None
    except OAuth2Error as error:
        raise refusals.not_given(error) from None
    except RequestException as error:
        raise refusals.unreachable(error) from None
    except OSError as error:
        told = f"port {port} of this machine: {error.strerror or error}"
        raise UsageError(f"{told}; try another with --port, or wait a minute after the last call") from None
    return dict(flow.oauth2session.token)


def _granted(answer: Mapping[str, Any]) -> tuple[str, ...]:
    said = answer.get("scope", ())
    return tuple(sorted(said.split() if isinstance(said, str) else said))


class _Given:
    """As api.Access, with a token that is there already."""

    owner = ""

    def __init__(self, token: str) -> None:
        self._token = token

    def __call__(self, address: str) -> Credentials:  # noqa: ARG002
        from google.oauth2.credentials import Credentials

        return Credentials(self._token)  # type: ignore[no-untyped-call]

    renew = __call__


def _account_of(token: str, account: str, clock: Clock, endpoint: str) -> str:
    """Whose token it is, whoever was asked for."""
    gmail = Api("gmail", "v1", _Given(token), clock, endpoint)
    try:
        profile = gmail.ask(account, lambda gmail: gmail.users().getProfile(userId="me", fields="emailAddress"))
    finally:
        gmail.close()
    return str(profile["emailAddress"]).lower()


def _lasting(token: Token, seconds: Any, clock: Clock) -> Token:
    """The token with its end; Google tells of one where it is sure (`refresh_token_expires_in`)."""
    if not isinstance(seconds, int):
        return token
    left = timedelta(seconds=seconds)
    if left < SHORTEST:
        raise refusals.too_short(left)
    return replace(token, expires=(clock.now() + left).isoformat(timespec="seconds"))
