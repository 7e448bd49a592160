"""A real HTTP server on loopback for fakes of the vendors' APIs, and what may go wrong between it and its clients.

A fake is a `room`: it is given a Request and returns an Answer, or None where the path is not its own. Whatever it
knows it keeps itself; one request is handled at a time.
"""

import json
import re
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ssl import SSLContext
from threading import Event, Lock, Thread
from typing import Any, Self
from urllib.parse import parse_qs, unquote, urlsplit


@dataclass(frozen=True)
class Request:
    """What a client asked."""

    method: str
    path: str  # still quoted, without the query; `steps` are its parts, unquoted
    query: dict[str, list[str]]
    headers: dict[str, str]  # names in lower case
    body: bytes = field(repr=False)
    peer: int = 0  # the client's port: the same for all that comes over one connection

    @property
    def steps(self) -> list[str]:
        return [unquote(step) for step in self.path.strip("/").split("/")]

    @property
    def json(self) -> Any:
        return json.loads(self.body or b"null")

    def first(self, name: str, otherwise: str = "") -> str:
        return self.query.get(name, [otherwise])[0]


@dataclass(frozen=True)
class Answer:
    """What a client is told: bytes as they are, anything else as JSON; None is an empty body."""

    status: int = 200
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)

    def encoded(self) -> tuple[bytes, dict[str, str]]:
        if isinstance(self.body, bytes):
            return self.body, self.headers
        if self.body is None:
            return b"", self.headers
        return json.dumps(self.body).encode(), {"Content-Type": "application/json; charset=utf-8", **self.headers}


Room = Callable[[Request], Answer | None]


@dataclass
class Fault:
    """Something that goes wrong with the next `times` requests whose "METHOD /path" `pattern` is found in, but `skip`.

    Where all is asked of one path, `within` is what their bodies hold.

    With an `answer` it stands in for the room's. Without, the connection ends: `after` the room did what was asked
    (the commit that nobody hears of), or before; or, with `hang`, nothing comes until the client goes away.
    """

    pattern: str = ""
    answer: Answer | None = None
    after: bool = False
    hang: bool = False
    times: int = 1
    within: str = ""
    skip: int = 0  # of these requests, that go well before
    happened: int = 0

    def meets(self, request: Request) -> bool:
        if self.times <= self.happened or not re.search(self.pattern, f"{request.method} {request.path}"):
            return False
        if self.within.encode() not in request.body:
            return False
        self.skip -= 1
        return self.skip < 0


class Web:
    """A context manager: the server, its address, what it was asked, and its faults."""

    def __init__(self, *rooms: Room, tls: SSLContext | None = None) -> None:
        self.rooms, self.log, self.faults, self._tls = list(rooms), list[Request](), list[Fault](), tls
        self._lock, self._over = Lock(), Event()

    def __enter__(self) -> Self:
        web = self

        class Handler(_Handler):
            owner = web

        self._server = _Server(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        if self._tls:
            self._server.socket = self._tls.wrap_socket(self._server.socket, server_side=True)
            self.url = self.url.replace("http:", "https:")
        Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._server.shutdown()
        self._server.server_close()

    def fail(self, pattern: str = "", answer: Answer | None = None, **how: Any) -> Fault:
        """Let something go wrong; returns it, to see whether it happened."""
        self.faults.append(Fault(pattern, answer, **how))
        return self.faults[-1]

    def calm(self) -> None:
        """Nothing goes wrong any more."""
        self.faults.clear()

    def serve(self, request: Request) -> Answer | None:
        """The answer; None where there is none and the connection ends."""
        with self._lock:
            self.log.append(request)
            fault = next((f for f in self.faults if f.meets(request)), None)
            if fault:
                fault.happened += 1
            if not fault or fault.after:
                found = self._handled(request)
                if not fault:
                    return found
        if fault.hang:
            self._over.wait(120)
        return fault.answer

    def _handled(self, request: Request) -> Answer:
        for room in self.rooms:
            if (found := room(request)) is not None:
                return found
        return Answer(404, {"error": {"code": 404, "message": f"no room for {request.method} {request.path}"}})


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that is killed, or has had enough, goes without a word; all else is told."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    owner: Web
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def _any(self) -> None:
        parts = urlsplit(self.path)
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        headers = {name.lower(): value for name, value in self.headers.items()}
        query = parse_qs(parts.query, keep_blank_values=True)
        asked = Request(self.command, parts.path, query, headers, body, self.client_address[1])
        answer = self.owner.serve(asked)
        if answer is None:
            self.close_connection = True
            self.connection.close()
            return
        content, told = answer.encoded()
        self.send_response(answer.status)
        for name, value in told.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _any  # noqa: N815 (the names are http.server's)

    def log_message(self, *_: object) -> None:
        """Say nothing."""
