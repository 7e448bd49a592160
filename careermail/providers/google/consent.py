"""One manager's own consent: kept as a refresh token, with what is known of how long it holds."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from careermail.credentials import Secret
from careermail.errors import ProviderError
from careermail.providers.google import refusals
from careermail.providers.shelf.files import make_folder, told, write

if TYPE_CHECKING:
    from google.auth.credentials import Credentials


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

    def files(self, address: str) -> list[Path]:
        """As Way.files: the file of the consent, if it is this person's, who may own it no more."""
        try:
            file, kept = self._token.file, json.loads(self._token.text())
        except (ValueError, ProviderError):
            return []
        return [file] if file and isinstance(kept, dict) and kept.get("account") == address else []

    def token(self) -> Token:
        """The consent as it is kept. Raises ProviderError with the owner, urgent, where there is none."""
        if self._token.file and not os.path.exists(self._token.file):  # noqa: PTH110 (unlike Path.exists, it never raises)
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
