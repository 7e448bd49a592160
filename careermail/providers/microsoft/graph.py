"""Microsoft Graph v1.0 over plain HTTP: whose mailbox, what is asked, and every failure in words that say what to do.

Limits of Outlook's part (https://learn.microsoft.com/graph/throttling-limits): four requests at once for an app and
a mailbox, 10,000 in ten minutes. What is written is never sent twice unless Graph itself knows it again: a 202 is
done, whatever its Retry-After says, and what ended without an answer is for the caller to look up.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from threading import BoundedSemaphore
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode, urlsplit

from careermail.clock import Clock
from careermail.providers.microsoft.failures import GraphError, refusal

if TYPE_CHECKING:
    from requests import PreparedRequest, RequestException, Response, Session

Json = dict[str, Any]

SECONDS = 30.0  # that Graph may be silent for
AT_ONCE = 4  # requests for one mailbox
WAITS = (timedelta(seconds=1), timedelta(seconds=4))  # before what may be repeated is asked again
PATIENCE = timedelta(seconds=10)  # what is to wait for longer is for the caller to come back to
LONGEST = 100_000_000  # bytes of one answer
A_PART = 65_536
UNAUTHORIZED = 401
# Ids that last while an item moves from folder to folder, times in UTC, and bodies as people typed them.
PREFER = ('IdType="ImmutableId"', 'outlook.timezone="UTC"', 'outlook.body-content-type="text"')


@dataclass(frozen=True)
class Answer:
    """What Graph said: status 2xx; header names are found whatever their case."""

    status: int
    headers: Mapping[str, str]
    body: bytes = field(repr=False)


class Graph:
    """Graph at `base` ("https://graph.microsoft.com/v1.0"), with a token for each mailbox's address.

    `renew` is told whose token Graph does not take any more, though it is not over, so that there is another.
    """

    def __init__(
        self, base: str, token: Callable[[str], str], clock: Clock, renew: Callable[[str], object] | None = None
    ) -> None:
        self.base, self._token, self._clock, self._renew = base.rstrip("/"), token, clock, renew
        self._slots: dict[str, BoundedSemaphore] = {}
        self._kept: Session | None = None

    def get(
        self, mailbox: str, path: str, query: Mapping[str, str] | None = None, prefer: Sequence[str] = PREFER
    ) -> Json:
        """One thing, or one page of them. `path` lies below the mailbox, or is a link that Graph gave."""
        return self._understood(self.ask("GET", mailbox, path, query, prefer=prefer, again=True), mailbox)

    def every(self, mailbox: str, path: str, query: Mapping[str, str] | None = None) -> Iterator[Json]:
        """All things of a list, from however many pages (`@odata.nextLink`)."""
        page = self.get(mailbox, path, query)
        yield from page.get("value", ())
        while link := page.get("@odata.nextLink"):
            page = self.get(mailbox, link)
            yield from page.get("value", ())

    def post(self, mailbox: str, path: str, body: Json, *, again: bool = False) -> Json:
        """Make something, or let something be done; what Graph says of it, {} for nothing. `again` as in `ask`."""
        return self._understood(self.ask("POST", mailbox, path, body=body, again=again), mailbox)

    def patch(self, mailbox: str, path: str, body: Json) -> Json:
        """Change something; what it is then."""
        return self._understood(self.ask("PATCH", mailbox, path, body=body), mailbox)

    def delete(self, mailbox: str, path: str) -> None:
        """Let something be gone."""
        self.ask("DELETE", mailbox, path)

    def ask(  # noqa: PLR0913 (all but the first four are named)
        self,
        method: str,
        mailbox: str,
        path: str,
        query: Mapping[str, str] | None = None,
        *,
        body: Json | bytes | None = None,
        prefer: Sequence[str] = PREFER,
        again: bool = False,
        most: int = LONGEST,
    ) -> Answer:
        """The answer to one request, its body cut after `most` bytes; bytes are sent as text/plain (MIME in base64).

        With `again` it may be repeated a little, since that changes nothing. Raises GraphError for all but 2xx;
        whatever the token's source raises goes through.
        """
        url = self._url(mailbox, path, query)
        sending = {"data": _encoded(body), "headers": _headers(body, prefer)}
        for wait in WAITS if again else ():
            try:
                return self._once(method, url, mailbox, sending, most)
            except GraphError as error:
                pause = error.retry_after or wait
                if error.permanent or error.urgent or pause > PATIENCE:
                    raise
                self._clock.wait(self._clock.now() + pause)
        return self._once(method, url, mailbox, sending, most)

    def close(self) -> None:
        """End the connections; they are made anew when they are needed."""
        kept, self._kept = self._kept, None
        if kept:
            kept.close()

    def _url(self, mailbox: str, path: str, query: Mapping[str, str] | None) -> str:
        if path.startswith(("http://", "https://")):
            if urlsplit(path)[:2] != urlsplit(self.base)[:2]:  # the token is for nobody else
                raise GraphError(f"Microsoft 365 sends us away to {urlsplit(path).netloc}; nothing was asked there")
            return path
        said = f"?{urlencode(query, safe='$', quote_via=quote)}" if query else ""
        return f"{self.base}/users/{quote(mailbox, safe='@')}/{path}{said}"

    def _once(self, method: str, url: str, mailbox: str, sending: Mapping[str, Any], most: int) -> Answer:
        answer = self._answer(method, url, mailbox, sending, most)
        if answer.status == UNAUTHORIZED and self._renew:  # so that nothing was done
            self._renew(mailbox)
            answer = self._answer(method, url, mailbox, sending, most)
        if not 200 <= answer.status < 300:  # noqa: PLR2004 (RFC 9110, 15.3)
            raise refusal(answer.status, answer.headers, answer.body, mailbox, self._clock.now())
        return answer

    def _answer(self, method: str, url: str, mailbox: str, sending: Mapping[str, Any], most: int) -> Answer:
        from requests import RequestException

        token = self._token(mailbox)

        def signed(request: PreparedRequest) -> PreparedRequest:
            request.headers["Authorization"] = f"Bearer {token}"
            return request

        with self._slots.setdefault(mailbox, BoundedSemaphore(AT_ONCE)):
            try:
                # As `auth`, so that no ~/.netrc comes instead of it.
                how: dict[str, Any] = {"auth": signed, "timeout": SECONDS, "allow_redirects": False, "stream": True}
                with self._session().request(method, url, **sending, **how) as response:
                    return Answer(response.status_code, response.headers, _read(response, most))
            except RequestException as error:
                raise _unreachable(error, url) from None

    def _session(self) -> Session:
        """The connections, which urllib3 shares between threads; all else of a Session is read only."""
        from http.cookiejar import DefaultCookiePolicy

        from requests import Session

        if self._kept is None:
            self._kept = Session()
            self._kept.cookies.set_policy(DefaultCookiePolicy(allowed_domains=()))
        return self._kept

    @staticmethod
    def _understood(answer: Answer, mailbox: str) -> Json:
        try:
            found: Json = json.loads(answer.body or b"{}")
        except ValueError:
            raise GraphError(
                f"Microsoft 365, mailbox {mailbox}: the answer is no JSON; it will be asked again"
            ) from None
        return found


def text(value: str) -> str:
    """A text as OData writes it, its own quotes doubled."""
    return "'{}'".format(value.replace("'", "''"))


def _encoded(body: Json | bytes | None) -> bytes | None:
    return body if isinstance(body, bytes) or body is None else json.dumps(body).encode()


def _headers(body: Json | bytes | None, prefer: Sequence[str]) -> dict[str, str]:
    kinds = {} if body is None else {"Content-Type": "text/plain" if isinstance(body, bytes) else "application/json"}
    return {"User-Agent": "careermail", "Prefer": ", ".join(prefer), **kinds}


def _read(response: Response, most: int) -> bytes:
    content = bytearray()
    for part in response.iter_content(A_PART):
        content += part
        if len(content) >= most:
            break
    return bytes(content[:most])


def _unreachable(error: RequestException, url: str) -> GraphError:
    from requests import ConnectTimeout, ReadTimeout

    host = urlsplit(url).netloc
    if "CERTIFICATE_VERIFY_FAILED" in str(error):
        mend = "if a proxy of yours stands in between, let REQUESTS_CA_BUNDLE name a file with its authority"
        return GraphError(f"Microsoft 365: the certificate of {host} is not trusted; {mend}", urgent=True)
    if isinstance(error, ReadTimeout | ConnectTimeout):
        return GraphError(f"Microsoft 365: no answer from {host} within {SECONDS:g} seconds; it will be asked again")
    return GraphError(f"Microsoft 365: the connection to {host} broke off or cannot be made; it will be asked again")
