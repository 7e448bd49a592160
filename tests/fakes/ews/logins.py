"""Other ways to log in to an Exchange: rooms that stand before its own, and let through whoever has proved their name.

NTLM is the whole handshake, its proofs checked by pyspnego's acceptor; no domain, no channel binding and no signing is
behind it. OAuth is an endpoint that gives tokens out and a room that takes them. Kerberos is not faked at all.
"""

import re
from base64 import b64decode, b64encode
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import pytest
import spnego
from fakes.web import Answer, Request, Room


def _as(request: Request, user: str, password: str) -> Request:
    """The request of somebody who has proved who they are, as the server's own room knows them."""
    basic = b64encode(f"{user}:{password}".encode()).decode()
    return replace(request, headers={**request.headers, "authorization": f"Basic {basic}"})


@dataclass
class Ntlm:
    """A room that takes NTLM alone (MS-NLMP); whoever has logged in stays so while their connection lasts."""

    room: Room
    user: str
    password: str
    folder: Path
    patch: pytest.MonkeyPatch
    attempts: int = 0
    _known: dict[int, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        domain, _, name = self.user.partition("\\")
        users = self.folder / "ntlm.users"
        users.write_text(f"{domain}:{name}:{self.password}\n")
        self.patch.setenv("NTLM_USER_FILE", str(users))

    def __call__(self, request: Request) -> Answer | None:
        kind, _, token = request.headers.get("authorization", "").partition(" ")
        known = self._known.get(request.peer)
        if kind == "NTLM":
            return self._step(request, b64decode(token))
        return self.room(_as(request, self.user, self.password)) if known and known.complete else _asks("NTLM")

    def _step(self, request: Request, token: bytes) -> Answer | None:
        if request.peer not in self._known:
            options = spnego.NegotiateOptions.use_ntlm
            self._known[request.peer] = spnego.server(protocol="ntlm", options=options)
        try:
            said = self._known[request.peer].step(token)
        except spnego.exceptions.SpnegoError:
            self.attempts += 1
            del self._known[request.peer]
            return _asks("NTLM")
        if said:
            return _asks(f"NTLM {b64encode(said).decode()}")
        self.attempts += 1
        return self.room(_as(request, self.user, self.password))


def _asks(how: str) -> Answer:
    return Answer(401, b"", {"WWW-Authenticate": how})


@dataclass
class Tokens:
    """The token endpoint of a tenant (RFC 6749, 4.4), and the room that lets nobody in without one of its tokens."""

    room: Room
    user: str
    password: str
    now: Callable[[], datetime]
    client: tuple[str, str] = ("app-id", "app-secret")
    life: timedelta = timedelta(hours=1)
    error: tuple[str, str] | None = None  # what Entra ID answers instead: a code of RFC 6749 and its description
    given: list[str] = field(default_factory=list)
    scopes: list[str] = field(default_factory=list)

    def __call__(self, request: Request) -> Answer | None:
        if request.path == "/token":
            return self._give(request)
        token = re.fullmatch(r"Bearer (\S+)", request.headers.get("authorization", ""))
        if not token or token[1] not in self.given[-1:]:
            return _asks("Bearer")
        return self.room(_as(request, self.user, self.password))

    def _give(self, request: Request) -> Answer:
        asked = {name: values[0] for name, values in parse_qs(request.body.decode()).items()}
        if self.error:
            return Answer(400, {"error": self.error[0], "error_description": self.error[1]})
        if (asked.get("client_id"), asked.get("client_secret")) != self.client:
            said = "AADSTS7000215: Invalid client secret provided. Trace ID: 0"
            return Answer(401, {"error": "invalid_client", "error_description": said})
        self.scopes.append(asked["scope"])
        self.given.append(f"token-{len(self.given)}")
        expires = int(self.life.total_seconds())
        return Answer(200, {"access_token": self.given[-1], "token_type": "Bearer", "expires_in": expires})
