"""How msal reaches Microsoft Entra, and what it raises in an admin's words."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

from careermail.clock import Clock
from careermail.errors import ProviderError
from careermail.providers.microsoft.refusals import refusal
from careermail.providers.shelf.waits import retry_after

SECONDS = 30.0  # for one answer
TOO_MANY, BROKEN = 429, 500


@contextmanager
def entra(who: str, owner: str = "") -> Iterator[None]:
    """Let what msal raises become a ProviderError in an admin's words."""
    from msal.exceptions import MsalError

    try:
        yield
    except ProviderError as error:
        raise ProviderError(
            f"{who}: {error}", urgent=error.urgent, retry_after=error.retry_after, owner=error.owner
        ) from None
    except (
        ValueError,
        MsalError,
        RuntimeError,
        KeyError,
    ) as error:  # no such tenant, or an answer that lacks what it needs
        behind = str(error.__context__ or "")  # msal tells of a tenant in its own words, after those of the server
        raise refusal(who, behind if "AADSTS" in behind else str(error), mailbox=owner) from None


class Web:
    """What msal asks with: no wait is without an end, and what passes by itself is told as such."""

    def __init__(self, clock: Clock, *, plain: bool) -> None:
        """With `plain`, TLS is left out: msal takes https alone, and a login on this very machine may do without."""
        from requests import Session

        self._session, self._clock, self._plain = Session(), clock, plain

    def get(self, url: str, **how: Any) -> Any:
        """As a session of requests. Raises ProviderError."""
        return self._asked("GET", url, **how)

    def post(self, url: str, **how: Any) -> Any:
        """As a session of requests. Raises ProviderError."""
        return self._asked("POST", url, **how)

    def close(self) -> None:
        """End the connections."""
        self._session.close()

    def _asked(self, method: str, url: str, **how: Any) -> Any:
        from requests import RequestException

        host = urlsplit(url).netloc
        url = url.replace("https://", "http://", 1) if self._plain else url
        try:
            found = self._session.request(method, url, timeout=SECONDS, allow_redirects=False, **how)
        except RequestException as error:  # without its cause, which may quote what was sent
            raise ProviderError(f"{host} cannot be reached: {type(error).__name__}") from None
        if found.status_code == TOO_MANY or found.status_code >= BROKEN:
            after = retry_after(found.headers.get("Retry-After", ""), self._clock.now())
            raise ProviderError(f"{host} answers {found.status_code}; it is tried again", retry_after=after)
        if not _is_json(found.content):
            raise ProviderError(f"{host} answers with no JSON; what stands between it and us, a proxy?")
        return found


def _is_json(content: bytes) -> bool:
    try:
        json.loads(content)
    except ValueError:
        return False
    return True
