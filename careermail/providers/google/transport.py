"""HTTP as Google's client speaks it, one request at a time. Imported on first use: httplib2 takes its time.

httplib2 sends a request again by itself where no answer to it comes, a POST as well, and so might do twice what nobody
knows to have been done once. Here it asks once; whether to ask again is for those to say who know what they asked.
"""

import http.client
import logging
from typing import Any

import httplib2

SECONDS = 30.0  # that a server may be silent for

# It quotes what it was answered; what went wrong we say ourselves.
logging.getLogger("googleapiclient.http").setLevel(logging.CRITICAL)


class _Once:
    """A connection that ends where no answer comes, in a way in which httplib2 lets it end."""

    def getresponse(self) -> http.client.HTTPResponse:
        try:
            response: http.client.HTTPResponse = super().getresponse()  # type: ignore[misc]
        except (http.client.BadStatusLine, http.client.ResponseNotReady) as error:
            raise ConnectionResetError("the connection broke off") from error
        return response


class _Clear(_Once, httplib2.HTTPConnectionWithTimeout):  # type: ignore[misc]
    """Without TLS, for a server on loopback."""


class _Secure(_Once, httplib2.HTTPSConnectionWithTimeout):  # type: ignore[misc]
    """With TLS."""


class Http(httplib2.Http):  # type: ignore[misc]
    """Not to be shared between threads."""

    def __init__(self) -> None:
        super().__init__(timeout=SECONDS)
        self.follow_redirects = False  # only somebody in between would send us elsewhere

    def request(self, uri: str, method: str = "GET", *args: Any, **named: Any) -> tuple[httplib2.Response, bytes]:
        """As httplib2.Http.request, once."""
        named["connection_type"] = _Secure if uri.startswith("https:") else _Clear
        found: tuple[httplib2.Response, bytes] = super().request(uri, method, *args, **named)
        return found
