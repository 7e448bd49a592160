"""A TCP proxy that stands between a client and a real server, records what passes, and misbehaves on request.

    with Proxy(server_port) as proxy:
        proxy.on(END_OF_DATA, ANSWERED_THEN_CUT)   # the mail was accepted, and the client never hears of it
        client.connect("127.0.0.1", proxy.port)

It sees what TLS lets it see: for faults of a protocol let the client speak plaintext to it, as is allowed on loopback.
"""

import contextlib
import re
import socket
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from select import select
from typing import Self

# What a client sends, as patterns for `Proxy.on`.
CONNECT = rb"\A\Z"  # nothing yet: the connection was just made
END_OF_DATA = rb"\r\n\.\r\n"


def line(beginning: str) -> bytes:
    """A whole line of a client's that begins like this, in any case, "RCPT TO" for example."""
    return rb"(?im)^" + re.escape(beginning.encode()) + rb"[^\n]*\n"


def after(count: int) -> bytes:
    """So many bytes."""
    return rb"(?s).{%d}" % count


@dataclass(frozen=True)
class Fault:
    """What becomes of a connection at the moment a pattern matches.

    `forward`: the other side still gets what matched. `answer`: what the client gets in the server's place, which is
    then not asked. `wait`: the server's answer is awaited and dropped. `then`: "go on", "cut" or "hang" (both sides
    stay connected and nothing passes any more).
    """

    forward: bool = False
    answer: bytes = b""
    wait: bool = False
    then: str = "cut"


CUT = Fault()
SENT_THEN_CUT = Fault(forward=True)
ANSWERED_THEN_CUT = Fault(forward=True, wait=True)
HANG = Fault(then="hang")
SENT_THEN_HANG = Fault(forward=True, then="hang")


def answer(*lines: str, cut: bool = False) -> Fault:
    """These lines instead of the server's; it is not asked, and the conversation goes on unless cut."""
    return Fault(answer="".join(f"{said}\r\n" for said in lines).encode(), then="cut" if cut else "go on")


@dataclass
class _Rule:
    pattern: re.Pattern[bytes]
    fault: Fault
    times: int
    server: bool
    passed: dict[int, int]  # over the connections that were there before it


@dataclass
class Passed:
    """What went over one connection, faults included: what the client sent, and what it was sent."""

    client: bytearray = field(default_factory=bytearray)
    server: bytearray = field(default_factory=bytearray)

    def commands(self, beginning: str = "") -> list[str]:
        """The client's lines that begin like this, in any case."""
        said = self.client.decode("latin-1").split("\r\n")
        return [command for command in said if command.upper().startswith(beginning.upper())]


class Proxy:
    """Listens on `port` of 127.0.0.1 and passes everything on to `upstream`, but for what `on` was told.

    A context manager; `connections` holds what passed, oldest first. With `distance`, whatever passes takes that many
    seconds in either direction.
    """

    def __init__(self, upstream: int, host: str = "127.0.0.1", *, distance: float = 0) -> None:
        self.distance = distance
        self._server, self._rules, self._lock = (host, upstream), list[_Rule](), threading.Lock()
        self._open, self._serving = set[socket.socket](), list[threading.Thread]()
        self.connections: list[Passed] = []
        self._listen(0)
        self.port: int = self._listener.getsockname()[1]

    def on(self, pattern: bytes, fault: Fault, *, times: int = 1, server: bool = False) -> None:
        """Misbehave when what the client (or the `server`) sent over one connection matches, so many times in all.

        The search begins after the last match on that connection, and after what had passed over it by now.
        """
        with self._lock:
            passed = {id(one): len(one.server if server else one.client) for one in self.connections}
            self._rules.append(_Rule(re.compile(pattern), fault, times, server, passed))

    @property
    def lurking(self) -> bool:
        """Whether a fault is still to come."""
        with self._lock:
            return any(rule.times for rule in self._rules)

    def lead_to(self, upstream: int) -> None:
        """Stand before another port from the next connection on; those that are open end."""
        self._server = self._server[0], upstream
        self.cut()

    def behave(self) -> None:
        """Forget every fault."""
        with self._lock:
            self._rules.clear()

    def cut(self) -> None:
        """End every connection, as a router does that was restarted."""
        with self._lock:
            ends = list(self._open)
        for end in ends:
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    @contextlib.contextmanager
    def away(self) -> Iterator[None]:
        """For a while nobody listens: connections are refused, and those that stand are cut."""
        self._leave()
        try:
            yield
        finally:
            self._listen(self.port)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._leave()

    def _leave(self) -> None:
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)  # wakes the thread that accepts
        self._acceptor.join()
        self._listener.close()
        while self._serving:
            self.cut()
            self._serving[-1].join(0.05)
            self._serving = [thread for thread in self._serving if thread.is_alive()]

    def _listen(self, port: int) -> None:
        self._listener = socket.create_server(("127.0.0.1", port), backlog=32)  # with SO_REUSEADDR
        self._acceptor = threading.Thread(target=self._accept, daemon=True)
        self._acceptor.start()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):  # it was shut down
            while True:
                client, _ = self._listener.accept()
                thread = threading.Thread(target=self._serve, args=(client,), daemon=True)
                self._serving.append(thread)
                thread.start()

    def _serve(self, client: socket.socket) -> None:
        passed = Passed()
        self.connections.append(passed)
        with contextlib.suppress(OSError), self._kept(client), self._kept(socket.create_connection(self._server)) as up:
            _Connection(self, client, up, passed).run()

    @contextlib.contextmanager
    def _kept(self, end: socket.socket) -> Iterator[socket.socket]:
        with end:
            with self._lock:
                self._open.add(end)
            try:
                yield end
            finally:
                with self._lock:
                    self._open.discard(end)

    def match(self, passed: Passed, begin: int, *, server: bool) -> tuple[re.Match[bytes], Fault] | None:
        """The first fault that is due, and where; for the connections' own use. It counts as having happened."""
        said = bytes(passed.server if server else passed.client)
        with self._lock:
            for rule in self._rules:
                since = max(begin, rule.passed.get(id(passed), 0))
                if rule.server == server and rule.times and (found := rule.pattern.search(said, since)):
                    rule.times -= 1
                    return found, rule.fault
        return None


class _Connection:
    def __init__(self, proxy: Proxy, client: socket.socket, server: socket.socket, passed: Passed) -> None:
        self._proxy, self._client, self._server, self._passed = proxy, client, server, passed
        self._matched = {client: 0, server: 0}  # up to where each side's words were looked at

    def run(self) -> None:
        """Pass on until one side ends, or a fault does."""
        if not self._pass(self._client, b""):
            return
        while True:
            for end in select([self._client, self._server], [], [])[0]:
                if not (said := end.recv(65536)) or not self._pass(end, said):
                    return

    def _pass(self, end: socket.socket, said: bytes) -> bool:
        """Forward what one side said, up to a fault; False where the connection is over."""
        time.sleep(self._proxy.distance)
        server = end is self._server
        other, log = (self._client, self._passed.server) if server else (self._server, self._passed.client)
        known = len(log)
        log += said
        while found := self._proxy.match(self._passed, self._matched[end], server=server):
            match, fault = found
            self._matched[end] = match.end()
            other.sendall(log[known : match.end() if fault.forward else max(match.start(), known)])
            known = max(match.end(), known)
            if not self._misbehave(fault):
                return False
            if not match[0]:
                break
        other.sendall(log[known:])
        return True

    def _misbehave(self, fault: Fault) -> bool:
        if fault.wait:
            self._server.recv(65536)
        if fault.answer:
            self._passed.server += fault.answer
            self._client.sendall(fault.answer)
        while fault.then == "hang" and select([self._client], [], [])[0]:
            if not self._client.recv(65536):
                return False
        return fault.then == "go on"
