"""The Digest login (RFC 7616), which some CalDAV servers ask for out of the box; by the standard library's means."""

from urllib.request import HTTPDigestAuthHandler, HTTPPasswordMgrWithDefaultRealm, Request, parse_keqv_list
from urllib.request import parse_http_list as listed


def digest(challenge: str, user: str, password: str, method: str, url: str) -> str:
    """What to put into Authorization; `challenge` is the server's WWW-Authenticate, other schemes in it or not."""
    known = HTTPPasswordMgrWithDefaultRealm()
    known.add_password(None, url, user, password)
    said = challenge[challenge.lower().index("digest") + len("digest") :]
    asked = parse_keqv_list([pair for pair in listed(said) if "=" in pair])
    proof = HTTPDigestAuthHandler(known).get_authorization(Request(url, method=method), asked)  # noqa: S310 (it opens nothing)
    return f"Digest {proof}"
