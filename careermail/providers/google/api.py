"""How one of Google's APIs is asked on behalf of a mailbox: patiently, within a budget, and never twice by accident."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Callable, Collection
from datetime import datetime, timedelta
from random import Random
from threading import local
from typing import TYPE_CHECKING, Any, Protocol

from careermail.clock import Clock
from careermail.errors import ProviderError
from careermail.providers.google.errors import UNAUTHORIZED, Asked, RefusalError, of_answer, of_silence

if TYPE_CHECKING:
    from google.auth.credentials import Credentials

    from careermail.providers.google.transport import Http

AGAIN = 3  # times that what goes wrong for a moment is tried once more
FIRST_PAUSE, LONGEST_PAUSE = timedelta(seconds=0.5), timedelta(seconds=4)  # within a call; who calls waits for longer
A_MINUTE = timedelta(minutes=1)
BUDGET = 400  # requests a minute for each mailbox, of the 600 that Google lets pass: others use the project too
_PATHS = {"calendar": "calendar/v3/", "gmail": ""}  # below the host, as the discovery documents have it
_NAMES = {"calendar": "Google Calendar", "gmail": "Gmail"}
Make = Callable[[Any], Any]  # of a service, a request


class Access(Protocol):
    """As whom Google is reached (auth.Access)."""

    @property
    def owner(self) -> str:
        """Who alone can mend it; "" for the admin."""
        ...

    def __call__(self, address: str) -> Credentials:
        """Valid credentials to act as the person with this address. Raises ProviderError."""
        ...

    def renew(self, address: str) -> Credentials:
        """The same, with a token of this moment."""
        ...


class Api:
    """The API `name` ("calendar" or "gmail"); at `endpoint` instead of Google's own host, if that is given.

    Built from the discovery document in the client's package, when it is first asked. Quotas:
    https://developers.google.com/workspace/calendar/api/guides/quota.
    """

    def __init__(self, name: str, version: str, access: Access, clock: Clock, endpoint: str = "") -> None:
        self._name, self._version, self._endpoint = name, version, endpoint
        self._access, self._clock, self._budget = access, clock, Budget(clock)
        self._mine = local()  # httplib2 is not thread-safe: one Http for each thread
        self._service: Kept | None = None

    def ask(
        self,
        address: str,
        make: Callable[[Any], Any],
        *,
        again: bool = True,
        fine: Collection[int] = (),
        etag: str = "",
    ) -> Any:
        """What is answered, as JSON; None where it is refused with a status that is `fine`.

        `make` makes a request of the service: `lambda calendar: calendar.events().get(calendarId="primary", …)`.
        `again` tells whether it may be repeated though nobody knows if it was carried out: because it only reads, or
        carries an id, or the `etag` of what it changes (If-Match). Raises ProviderError.
        """
        request = make(self._built())
        if etag:
            request.headers["If-Match"] = etag
        tried = 0
        while True:
            self._budget.take(address)
            try:
                return self._asked(address, request, again=again)
            except RefusalError as refusal:
                if refusal.status in fine:
                    return None
                if not self._worth_another(refusal, address, tried, again=again):
                    raise
            tried += 1

    def close(self) -> None:
        """End this thread's connections; they are made anew when they are needed."""
        self._drop()

    # --- one request ---

    def _asked(self, address: str, request: Any, *, again: bool) -> Any:
        from googleapiclient.errors import HttpError
        from httplib2 import HttpLib2Error

        asked = Asked(_NAMES[self._name], address, self._clock.now(), self._access.owner)
        request.headers["authorization"] = f"Bearer {self._access(address).token}"
        if not again:
            self._drop()  # a connection that has ended while it lay idle could not be told from a lost answer
        try:
            answer = request.execute(http=self._http())
        except HttpError as error:
            raise of_answer(asked, error.status_code, error.resp, error.content) from error
        except (OSError, ValueError, HttpLib2Error) as error:
            self._drop()  # what has timed out is of no use any more
            raise of_silence(asked, error) from error
        if not isinstance(answer, dict) and (answer or request.method != "DELETE"):  # what is no JSON comes as text
            raise of_silence(asked, ValueError("no JSON"))
        return answer

    def _worth_another(self, refusal: RefusalError, address: str, tried: int, *, again: bool) -> bool:
        """Whether to ask once more, now that its moment has been waited for."""
        if refusal.status == UNAUTHORIZED and not tried:
            self._access.renew(address)  # it may have been taken back, or this machine's clock be wrong
            return True
        if tried == AGAIN or refusal.wait > LONGEST_PAUSE or not (again or refusal.surely):
            return False
        pause = FIRST_PAUSE * 2**tried * Random(f"{address}{tried}").uniform(1, 2)  # noqa: S311 (it spreads load)
        self._clock.wait(self._clock.now() + max(pause, refusal.wait))
        return True

    # --- what is kept ---

    def _built(self) -> Any:
        if self._service is None:
            from googleapiclient.discovery import build

            from careermail.providers.google.transport import Http

            options = {"api_endpoint": f"{self._endpoint}/{_PATHS[self._name]}"} if self._endpoint else None
            how = {"http": Http(), "static_discovery": True, "cache_discovery": False, "client_options": options}
            self._service = Kept(build(self._name, self._version, **how))
        return self._service

    def _http(self) -> Http:
        from careermail.providers.google.transport import Http

        if not hasattr(self._mine, "http"):
            self._mine.http = Http()
        http: Http = self._mine.http
        return http

    def _drop(self) -> None:
        if hasattr(self._mine, "http"):
            self._mine.http.close()
            del self._mine.http


class Kept:
    """A service, or a resource of it, whose own resources are made once: the client would make all of it each time."""

    def __init__(self, resource: Any) -> None:
        self._resource = resource

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._resource, name)
        if not getattr(found, "__is_resource__", False):
            return found
        inner = Kept(found())
        setattr(self, name, lambda: inner)
        return getattr(self, name)


class Budget:
    """How often each mailbox is asked."""

    def __init__(self, clock: Clock, limit: int = BUDGET) -> None:
        self._clock, self._limit = clock, limit
        self._spent: defaultdict[str, deque[datetime]] = defaultdict(deque)

    def take(self, address: str) -> None:
        """Count a request. Raises ProviderError, which says when there is room again."""
        now, spent = self._clock.now(), self._spent[address]
        while spent and not now - A_MINUTE < spent[0] <= now:
            spent.popleft()
        if len(spent) >= self._limit:
            words = f"Google was asked {self._limit} times in a minute for {address}; the rest is done a little later"
            raise ProviderError(words, retry_after=spent[0] + A_MINUTE - now)
        spent.append(now)
