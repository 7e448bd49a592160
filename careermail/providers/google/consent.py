"""One manager's own consent: asked for once, kept as a refresh token, and what is known of how long it holds.

https://developers.google.com/identity/protocols/oauth2/native-app: the code comes back to a port on loopback, which on
a server is reached through `ssh -L`; Google has closed the ways without a browser to scopes like ours.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from careermail.clock import Clock
from careermail.credentials import Secret
from careermail.errors import ProviderError, UsageError
from careermail.providers.google import refusals
from careermail.providers.shelf.files import make_folder, told, write

if TYPE_CHECKING:
    from google.auth.credentials import Credentials
    from google_auth_oauthlib.flow import InstalledAppFlow

SHORTEST = timedelta(days=30)  # a consent that ends sooner is none: the apps that Google tests with end in a week
PATIENCE = 900  # seconds that the browser is waited for


@dataclass(frozen=True)
class Token:
    """What is kept of a consent."""

    account: str
    refresh_token: str = field(repr=False)
    scopes: tuple[str, ...] = ()
    expires: str = ""  # when it ends by itself, in ISO 8601; "" where Google told of no end

    @property
    def end(self) -> datetime | None:
        """When it ends by itself, as far as is known."""
        return datetime.fromisoformat(self.expires) if self.expires else None


class Consent:
    """The way in by consent. `settings` are those of [provider]."""

    def __init__(self, settings: Mapping[str, Any]) -> None:
        self.owner: str = settings["service"].address
        self._client: Secret = settings["client"]
        self._token: Secret = settings["token"]
        self._read: Token | None = None

    def credentials(self, address: str, scopes: Iterable[str]) -> Credentials:
        """As Way.credentials; nobody but the owner can be acted as."""
        from google.oauth2.credentials import Credentials

        if address != self.owner:
            raise ProviderError(f"Google: the consent of {self.owner} does not reach {address}", permanent=True)
        token, client = self.token(), client_of(self._client)
        if missing := [scope for scope in scopes if scope not in token.scopes]:
            raise refusals.not_allowed(self.owner, missing)
        self._read = token
        how = {name: client[name] for name in ("client_id", "client_secret", "token_uri")}
        return Credentials(None, refresh_token=token.refresh_token, scopes=list(scopes), **how)  # type: ignore[no-untyped-call]

    def refused(self, error: Exception, address: str, scopes: Iterable[str]) -> ProviderError:
        """As Way.refused."""
        return refusals.of_consent(error, address, scopes)

    def kept(self, credentials: Credentials) -> None:
        """As Way.kept: a new refresh token takes the place of the old one, where that stands in a file."""
        fresh = getattr(credentials, "refresh_token", "")
        if self._read and self._token.file and fresh and fresh != self._read.refresh_token:
            store(self._token.file, replace(self._read, refresh_token=fresh))

    def end(self) -> datetime | None:
        """As Way.end."""
        return self.token().end

    def token(self) -> Token:
        """The consent as it is kept. Raises ProviderError with the owner, urgent, where there is none."""
        if self._token.file and not self._token.file.exists():
            raise refusals.no_consent(self.owner)
        try:
            kept = json.loads(self._token.text())
            found = Token(kept["account"], kept["refresh_token"], tuple(kept["scopes"]), kept["expires"])
        except (ValueError, KeyError, TypeError):
            found = None
        if found is None:
            raise refusals.no_consent(self.owner, f"{self._token} holds none that can be read")
        if found.account != self.owner:
            raise refusals.no_consent(self.owner, f"{self._token} is that of {found.account}")
        return found


def client_of(secret: Secret) -> dict[str, str]:
    """The OAuth client in a JSON file, as Google's console lets one download it. Raises ProviderError, urgent."""
    try:
        client: dict[str, str] = json.loads(secret.text())["installed"]
        whole = all(client[name] for name in ("client_id", "client_secret", "auth_uri", "token_uri"))
    except (ValueError, KeyError, TypeError):
        whole = False
    if not whole:
        mend = 'make an OAuth client of the type "Desktop app" and download its JSON (docs/google-manager.md)'
        raise ProviderError(f"Google: {secret} holds no OAuth client of a desktop app; {mend}", urgent=True)
    return client


def store(file: Path, token: Token) -> None:
    """Keep a consent, all of it or nothing, for its owner's eyes only. Raises ProviderError."""
    make_folder(file.parent)
    with told(file):
        if file.exists():
            file.chmod(0o600)  # `write` leaves a file's mode as it is
    write(file, json.dumps(asdict(token), indent=1).encode())


def ask(  # noqa: PLR0913 (each is a thing of its own; the last two are named)
    client: Secret, account: str, scopes: Iterable[str], clock: Clock, *, port: int, prompt: str
) -> Token:
    """Have somebody consent in a browser, and wait for it; `prompt` is printed, with the link in the place of "{url}".

    Raises ProviderError where Google refuses, and UsageError where nobody came, or somebody else, or too little was
    allowed, or it would end too soon.
    """
    from google_auth_oauthlib.flow import InstalledAppFlow

    flow = InstalledAppFlow.from_client_config({"installed": client_of(client)}, list(scopes))
    answer = _answered(flow, account, port, prompt)
    token = Token(account, str(answer.get("refresh_token", "")), _granted(answer))
    if missing := [scope for scope in scopes if scope not in token.scopes]:
        raise refusals.unticked(missing)
    return _lasting(token, answer.get("refresh_token_expires_in"), clock)


def _answered(flow: InstalledAppFlow, account: str, port: int, prompt: str) -> Mapping[str, Any]:
    from oauthlib.oauth2 import OAuth2Error

    how = {"access_type": "offline", "prompt": "consent", "login_hint": account}
    waiting = {"open_browser": False, "timeout_seconds": PATIENCE, "authorization_prompt_message": prompt}
    try:
        flow.run_local_server(port=port, **waiting, **how)
    except Warning as changed:  # the library's way to say that other scopes were allowed than asked for
        return dict(changed.token)  # type: ignore[attr-defined]
    except OAuth2Error as error:
        raise refusals.not_given(error) from None
    except OSError as error:
        raise UsageError(f"port {port} of this machine: {error.strerror or error}; try --port with another") from None
    return dict(flow.oauth2session.token)


def _granted(answer: Mapping[str, Any]) -> tuple[str, ...]:
    said = answer.get("scope", ())
    return tuple(sorted(said.split() if isinstance(said, str) else said))


def _lasting(token: Token, seconds: Any, clock: Clock) -> Token:
    """The token with its end; Google tells of one where it is sure (`refresh_token_expires_in`)."""
    if not isinstance(seconds, int):
        return token
    left = timedelta(seconds=seconds)
    if left < SHORTEST:
        raise refusals.too_short(left)
    return replace(token, expires=(clock.now() + left).isoformat(timespec="seconds"))
