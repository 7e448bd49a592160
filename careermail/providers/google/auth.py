"""As whom Google is reached: with one manager's own consent, or as a service account that acts for an organisation.

Consent is a refresh token (https://developers.google.com/identity/protocols/oauth2/native-app). A service account acts
by domain-wide delegation (https://developers.google.com/identity/protocols/oauth2/service-account), with a key, or
without one: signed for by whatever identity this machine has. Secrets are read when they are needed, and again after
they were refused.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any, Protocol

from careermail.credentials import Secret
from careermail.errors import ProviderError
from careermail.providers.google import refusals
from careermail.providers.google.consent import Consent

if TYPE_CHECKING:
    from google.auth.credentials import Credentials

_AT = "https://www.googleapis.com/auth/"
# To read mails and to write and send new ones, without a right to change, move or delete what is there, as gmail.modify
# would give; gmail.send alone knows no drafts, and without a draft nothing tells after a crash whether a mail has left.
MAIL = (f"{_AT}gmail.readonly", f"{_AT}gmail.compose")
# Events in calendars that somebody owns, not in all that they may see; of those, when people are free.
CALENDAR = (f"{_AT}calendar.events.owned", f"{_AT}calendar.events.freebusy")
CLOUD = f"{_AT}cloud-platform"  # what this machine's identity needs, to sign
_GOOGLE = re.compile(r"https://[a-z0-9.-]+\.googleapis\.com(?=/)")


class Way(Protocol):
    """One way in."""

    owner: str  # who alone can mend it; "" for the admin

    def credentials(self, address: str, scopes: Iterable[str]) -> Credentials:
        """What is needed to act as somebody; not refreshed yet. Raises ProviderError."""
        ...

    def refused(self, error: Exception, address: str, scopes: Iterable[str]) -> ProviderError:
        """What to tell of a token that was not given."""
        ...

    def kept(self, credentials: Credentials) -> None:
        """A token was given, and with it perhaps something that is worth keeping."""
        ...

    def files(self, address: str) -> list[Path]:
        """Where the consent of somebody with this address is kept."""
        ...

    def end(self) -> datetime | None:
        """When it ends by itself, where that is known. Raises ProviderError."""
        ...


class Access:
    """Whoever acts as somebody asks here for their credentials, which are held until they run out.

    `settings` are those of [provider] as careermail.config.google makes them.
    """

    def __init__(self, settings: Mapping[str, Any]) -> None:
        self._service, self._endpoint = settings["service"], settings["endpoint"]
        self._held: dict[str, Credentials] = {}
        self._lock = Lock()
        self.way = _way(settings)

    def __call__(self, address: str) -> Credentials:
        """Valid credentials to act as the person with this address.

        Raises ProviderError: urgent, and with the owner, where somebody has to mend it.
        """
        with self._lock:
            held = self._held.get(address)
            return held if held and held.valid else self._renewed(address)

    def renew(self, address: str) -> Credentials:
        """The same, but with a token of this moment, from secrets of this moment."""
        with self._lock:
            return self._renewed(address)

    @property
    def owner(self) -> str:
        """Who alone can mend it; "" for the admin."""
        return self.way.owner

    def scopes(self, address: str) -> tuple[str, ...]:
        """What is asked for to act as somebody: never more than is used."""
        if self._service.as_manager:
            return MAIL + CALENDAR
        return MAIL if address == self._service.address else CALENDAR

    def consents(self, address: str) -> list[Path]:
        """The files by which we act as somebody with this address; none of those that the admin gave."""
        return self.way.files(address)

    def _renewed(self, address: str) -> Credentials:
        self._held.pop(address, None)
        scopes = self.scopes(address)
        fresh = self.way.credentials(address, scopes)
        if refused := self._tried(fresh):
            if refusals.is_unauthorized(refused):  # it is not told which scope is missing
                scopes = tuple(one for one in scopes if self._tried(self.way.credentials(address, [one]))) or scopes
            raise self.way.refused(refused, address, scopes) from None
        self.way.kept(fresh)
        self._held[address] = fresh
        return fresh

    def _tried(self, credentials: Credentials) -> Exception | None:
        """Ask Google for a token; what went wrong."""
        from google.auth.exceptions import GoogleAuthError
        from httplib2 import HttpLib2Error

        try:
            with transport(self._endpoint) as request:
                credentials.refresh(request)  # type: ignore[no-untyped-call]
        except (GoogleAuthError, HttpLib2Error, OSError) as error:
            return error
        return None


@contextmanager
def transport(endpoint: str = "") -> Iterator[Callable[..., Any]]:
    """How tokens are asked for; all of Google's hosts are at `endpoint` instead, if that is given."""
    from google_auth_httplib2 import Request

    from careermail.providers.google.transport import Http

    http = Http()
    request = Request(http)
    try:
        yield lambda url, *args, **how: request(_GOOGLE.sub(endpoint, url) if endpoint else url, *args, **how)
    finally:
        http.close()


def _way(settings: Mapping[str, Any]) -> Way:
    if settings["client"]:
        return Consent(settings)
    return Keyless(settings["impersonate"]) if settings["impersonate"] else Delegation(settings["service_account"])


class _Lasting:
    """What the admin gave, until they take it away."""

    owner = ""

    def kept(self, credentials: Credentials) -> None:
        """As Way.kept: there is nothing."""

    def files(self, address: str) -> list[Path]:  # noqa: ARG002
        """As Way.files: nobody was asked."""
        return []

    def end(self) -> datetime | None:
        """As Way.end: it is not known."""
        return None


class Delegation(_Lasting):
    """A service account with a key."""

    def __init__(self, key: Secret) -> None:
        self._key, self._client_id = key, ""

    def credentials(self, address: str, scopes: Iterable[str]) -> Credentials:
        """As Way.credentials."""
        from google.oauth2.service_account import Credentials

        wrong = f"{self._key} holds no key of a service account; make one in JSON"
        try:
            info = json.loads(self._key.text())
            self._client_id = str(info.get("client_id", ""))
            make = Credentials.from_service_account_info
            made: Credentials | None = make(info, scopes=list(scopes), subject=address)  # type: ignore[no-untyped-call]
        except (ValueError, KeyError, TypeError, AttributeError):
            made = None  # the exception would hold a part of the key
        if made is None:
            raise ProviderError(f"Google: {wrong} (docs/google-admin.md)", urgent=True)
        return made

    def refused(self, error: Exception, address: str, scopes: Iterable[str]) -> ProviderError:
        """As Way.refused."""
        return refusals.of_delegation(error, address, scopes, self._client_id)


class Keyless(_Lasting):
    """A service account for which this machine's own identity signs (application default credentials)."""

    def __init__(self, robot: str) -> None:
        self._robot = robot
        self._source: Credentials | None = None  # which on some machines takes seconds to find

    def credentials(self, address: str, scopes: Iterable[str]) -> Credentials:
        """As Way.credentials."""
        from google.auth import default
        from google.auth.exceptions import DefaultCredentialsError
        from google.auth.impersonated_credentials import Credentials

        try:
            self._source = self._source or default(scopes=[CLOUD])[0]
        except DefaultCredentialsError:
            raise refusals.no_identity(self._robot) from None
        return Credentials(self._source, self._robot, list(scopes), subject=address)  # type: ignore[no-untyped-call]

    def refused(self, error: Exception, address: str, scopes: Iterable[str]) -> ProviderError:
        """As Way.refused."""
        self._source = None
        return refusals.of_delegation(error, address, scopes, self._robot)
