"""HTTP as CalDAV uses it: one login, connections that are kept, and every failure in words that say what to do."""

import base64
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from email.message import Message
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from secrets import token_hex
from urllib.parse import SplitResult, urljoin, urlsplit

from careermail.clock import Clock
from careermail.errors import ProviderError
from careermail.providers.shelf.waits import retry_after
from careermail.providers.standards.caldav.digest import digest, wants
from careermail.providers.standards.caldav.login import Login
from careermail.providers.standards.caldav.xml import Resource, multistatus
from careermail.providers.standards.tls import tls_context, untrusted

SECONDS = 30.0  # that a server may be silent for
HOPS = 5  # redirects
LONGEST = 100_000_000  # bytes of one answer: a calendar of a hundred thousand events
AGAIN = {408, 423, 425, 429, 500, 502, 503, 504}
MOVED = frozenset({301, 302, 307, 308})
READING = {"GET", "OPTIONS", "PROPFIND", "REPORT"}
UNAUTHORIZED, FORBIDDEN, FULL = 401, 403, 507


@dataclass(frozen=True)
class Answer:
    """What a server said."""

    status: int
    headers: Message
    body: bytes
    url: str

    def header(self, name: str) -> str:
        """All values of a header, as one list."""
        return ", ".join(self.headers.get_all(name, []))


class Web:
    """One login to one server, and to those that it sends us to under the same domain."""

    def __init__(self, login: Login, clock: Clock) -> None:
        self.login, self._clock = login, clock
        self._open: dict[tuple[str, str], HTTPConnection] = {}
        self._secret = self._challenge = ""
        self._count = 0  # of the requests made under this challenge

    def ask(
        self,
        method: str,
        url: str,
        body: bytes = b"",
        headers: Mapping[str, str] | None = None,
        *,
        fine: frozenset[int],
    ) -> Answer:
        """The answer to one request, if its status is one of `fine`; redirects are followed where we only read.

        Raises ProviderError for any other.
        """
        target = urljoin(self.login.url, url)
        for _ in range(HOPS):
            answer = self._logged_in(method, target, body, headers or {})
            if answer.status not in MOVED or method not in READING or answer.status in fine:
                break
            target = self._trusted(urljoin(target, answer.header("Location")))
        if answer.status not in fine:
            raise self._refused(answer, method)
        return answer

    def understood(self, answer: Answer) -> tuple[list[Resource], str]:
        """The resources of a multistatus, and its sync-token. Raises ProviderError where it is none."""
        try:
            return multistatus(answer.body, answer.url)
        except ValueError as error:
            raise self.failed(f"its answer cannot be understood ({error}); it will be asked again") from error

    def rest(self) -> None:
        """End the connections; they are made anew when they are needed."""
        for connection in self._open.values():
            connection.close()
        self._open.clear()

    def close(self) -> None:
        """The same, and forget the password."""
        self.rest()
        self._secret = self._challenge = ""

    def failed(self, what: str, *, permanent: bool = False, urgent: bool = False, wait: str = "") -> ProviderError:
        """An error of this login's; `wait` is a Retry-After."""
        return ProviderError(
            f"the calendar server {self.login.host}, asked for {self.login.person}: {what}",
            permanent=permanent,
            urgent=urgent,
            retry_after=retry_after(wait, self._clock.now()),
            owner=self.login.owner if urgent else "",
        )

    def _trusted(self, url: str) -> str:
        """A url that the server named, if our password may go there."""
        here, there = urlsplit(self.login.url), urlsplit(url)
        parent = (here.hostname or "").partition(".")[2]
        near = here.hostname == there.hostname or ("." in parent and f".{there.hostname}".endswith(f".{parent}"))
        if not near or (here.scheme, there.scheme) == ("https", "http"):
            away = f"it sends us away to {there.scheme}://{there.netloc}; if that is right, set `url` to it"
            raise self.failed(away, urgent=True)
        return url

    def _logged_in(self, method: str, url: str, body: bytes, headers: Mapping[str, str]) -> Answer:
        """One request; where it is refused, once more with what the server wants to see, or with a new password."""
        before, asked = self._secret, self._challenge
        answer = self._sent(method, url, body, headers)
        if answer.status == UNAUTHORIZED:
            self._secret, self._challenge = self.login.password.value(), answer.header("WWW-Authenticate")
            self._count = 0
            digested = wants(self._challenge) and (not asked or "stale=true" in self._challenge.lower())
            if digested or (before and before != self._secret):
                answer = self._sent(method, url, body, headers)
        return answer

    def _sent(self, method: str, url: str, body: bytes, headers: Mapping[str, str]) -> Answer:
        target = urlsplit(url)
        self._secret = self._secret or self.login.password.value()
        said = {"Authorization": self._authorization(method, target), "User-Agent": "careermail", **headers}
        place = (target.scheme, target.netloc)
        kept = place in self._open
        try:
            return self._exchanged(place, method, target, body, said)
        except (ConnectionError, HTTPException, ssl.SSLEOFError, ssl.SSLZeroReturnError) as error:
            # The server may have ended a connection that was idle. What we write is conditional, so it can be repeated.
            if not kept:
                raise self._unreachable(error) from error
        except OSError as error:
            raise self._unreachable(error) from error
        try:
            return self._exchanged(place, method, target, body, said)
        except (OSError, HTTPException) as error:
            raise self._unreachable(error) from error

    def _exchanged(
        self, place: tuple[str, str], method: str, target: SplitResult, body: bytes, headers: Mapping[str, str]
    ) -> Answer:
        connection = self._open.setdefault(place, self._connection(place))
        path = (target.path or "/") + (f"?{target.query}" if target.query else "")
        try:
            connection.request(method, path, body or None, dict(headers))
            said = connection.getresponse()
            content = said.read(LONGEST + 1)
        except BaseException:
            self._open.pop(place).close()
            raise
        if len(content) > LONGEST:
            self._open.pop(place).close()
            raise self.failed("its answer has no end")
        return Answer(said.status, said.msg, content, target.geturl())

    def _connection(self, place: tuple[str, str]) -> HTTPConnection:
        if place in self._open:
            return self._open[place]
        scheme, netloc = place
        if scheme == "https":
            context = tls_context(self.login.ca, insecure=self.login.insecure)
            return HTTPSConnection(netloc, timeout=SECONDS, context=context)
        return HTTPConnection(netloc, timeout=SECONDS)

    def _authorization(self, method: str, target: SplitResult) -> str:
        if wants(self._challenge):
            self._count += 1
            login, client = (self.login.user, self._secret), (self._count, token_hex(8))
            try:
                return digest(self._challenge, login, method, target.geturl(), client)
            except (ValueError, KeyError) as error:
                raise self.failed("it asks for a kind of Digest login that careermail does not know") from error
        return "Basic " + base64.b64encode(f"{self.login.user}:{self._secret}".encode()).decode()

    def _unreachable(self, error: Exception) -> ProviderError:
        if isinstance(error, ssl.SSLError):
            refused = untrusted(error, self.login.host)
            refused.owner = self.login.owner
            return refused
        if isinstance(error, TimeoutError):
            return self.failed("it does not answer; it will be asked again")
        why = error.strerror if isinstance(error, OSError) and error.strerror else "the connection broke off"
        return self.failed(f"it cannot be reached ({why}); it will be asked again")

    def _refused(self, answer: Answer, method: str) -> ProviderError:
        status, wait = answer.status, answer.header("Retry-After")
        if status == UNAUTHORIZED:
            return self.failed(f"it refuses the login as {self.login.user}; mend `user` or `password`", urgent=True)
        if status == FORBIDDEN:
            mend = f"let {self.login.user} read and write {answer.url}"
            return self.failed(f"it forbids {method} (403); {mend}", urgent=True)
        if status == FULL:
            return self.failed("its storage is full (507); make room there", urgent=True)
        if status in AGAIN:
            return self.failed(f"it says {status}; it will be asked again", wait=wait)
        return self.failed(f"it answers {method} with {status}; see its log", permanent=True)
