"""The dead man's switch: a URL that is asked for as long as all goes well, so that somebody misses us when it does not.

As healthchecks.io has it (https://healthchecks.io/docs/http_api/), and anything that takes a GET for a sign of life.
"""

import logging
from datetime import datetime, timedelta
from http.client import HTTPException
from threading import Thread
from urllib.parse import urlsplit, urlunsplit

from careermail.clock import Clock
from careermail.credentials import Secret
from careermail.errors import ProviderError

log = logging.getLogger("careermail")

PATIENCE = 10  # seconds, for each of the steps of a request
AGENT = "careermail"


class Ping:
    """Asks for a URL in a thread of its own: whatever becomes of it, nobody waits.

    The URL is a secret, since whoever has it can say that we are well: it is in no log and no error.
    """

    def __init__(self, url: Secret, every: timedelta, clock: Clock, *, fail: bool = False) -> None:
        """`every` is the least time between two of one kind; `fail` has URL/fail asked for where it goes badly."""
        self._url, self._every, self._clock, self._fail = url, every, clock, fail
        self._said: tuple[bool, datetime] | None = None
        self._thread: Thread | None = None
        self._reached = True
        self.taken: datetime | None = None  # when a sign of life was last taken

    def tell(self, *, well: bool) -> None:
        """Give the sign that is due: one of life, or if asked for one that it goes badly; else none."""
        now = self._clock.now()
        lately = self._said and self._said[0] == well and abs(now - self._said[1]) < self._every
        if lately or not (well or self._fail) or (self._thread and self._thread.is_alive()):
            return
        self._said = well, now
        self._thread = Thread(target=self._ask, args=(well,), name="ping", daemon=True)
        self._thread.start()

    def wait(self) -> None:
        """Let a ping that is under way come to its end, for as long as one may take."""
        if self._thread:
            self._thread.join(3 * PATIENCE)

    def _ask(self, well: bool) -> None:
        if wrong := self._refused(well):
            if self._reached:
                log.warning("the ping is not taken", extra={"reason": wrong})
            self._reached = False
            return
        if not self._reached:
            log.info("the ping is taken again")
        self._reached = True
        if well:
            self.taken = self._clock.now()

    def _refused(self, well: bool) -> str:
        """Ask; return what is wrong, "" for nothing."""
        from urllib.error import HTTPError
        from urllib.request import Request, urlopen

        try:
            url = self._url.value()
            if urlsplit(url).scheme not in ("http", "https"):
                return f"what {self._url} holds is no URL"
            request = Request(url if well else failing(url), headers={"User-Agent": AGENT})  # noqa: S310 (it is checked above)
            with urlopen(request, timeout=PATIENCE):  # noqa: S310
                return ""
        except HTTPError as error:
            error.close()
            return f"HTTP {error.code}"
        except ProviderError as error:
            return str(error)
        except (OSError, HTTPException, ValueError) as error:  # whose own words may quote the URL
            return _told(error)


def failing(url: str) -> str:
    """The URL to ask for where it goes badly."""
    parts = urlsplit(url)
    return urlunsplit(parts._replace(path=f"{parts.path.rstrip('/')}/fail"))


def _told(error: Exception) -> str:
    cause = getattr(error, "reason", error)  # urllib hides it in there
    said = cause.strerror if isinstance(cause, OSError) else None
    return said or f"no answer ({type(cause).__name__})"
