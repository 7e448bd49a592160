"""The proxy of the tests misbehaves as it is told to; what is proved through it rests on this."""

import socket
import threading
from collections.abc import Iterator
from typing import Self

import pytest
from servers.proxy import (
    ANSWERED_THEN_CUT,
    CONNECT,
    CUT,
    HANG,
    SENT_THEN_CUT,
    Proxy,
    after,
    answer,
    line,
)


class Echo:
    """Answers each line with the same in capitals."""

    def __init__(self) -> None:
        self.heard: list[bytes] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._run, daemon=True).start()

    def _run(self) -> None:
        with self._listener:
            while True:
                end, _ = self._listener.accept()
                with end, end.makefile("rwb", buffering=0) as file:
                    if self._talk(file) == b"QUIT\n":
                        return

    def _talk(self, file: socket.SocketIO) -> bytes:
        said = b""
        try:
            for said in file:
                self.heard.append(said)
                file.write(said.upper())
        except OSError:
            pass
        return said


@pytest.fixture
def echo() -> Iterator[Echo]:
    echo = Echo()
    yield echo
    with socket.create_connection(("127.0.0.1", echo.port)) as end:
        end.sendall(b"QUIT\n")
        end.recv(10)


@pytest.fixture
def proxy(echo: Echo) -> Iterator[Proxy]:
    with Proxy(echo.port) as proxy:
        yield proxy


class Client:
    """Says a line, and hears one."""

    def __init__(self, proxy: Proxy) -> None:
        self._end = socket.create_connection(("127.0.0.1", proxy.port), timeout=2)

    def ask(self, said: bytes) -> bytes:
        try:
            self._end.sendall(said)
            return self._end.recv(100)
        except ConnectionResetError:  # a cut is heard of in one way or the other
            return b""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._end.close()


def test_everything_passes_and_is_recorded(proxy: Proxy):
    with Client(proxy) as client:
        assert client.ask(b"noop\n") == b"NOOP\n"
    (passed,) = proxy.connections
    assert (bytes(passed.client), bytes(passed.server)) == (b"noop\n", b"NOOP\n")


def test_a_line_is_answered_in_the_servers_place_once(proxy: Proxy, echo: Echo):
    proxy.on(line("RCPT"), answer("450 later"))
    with Client(proxy) as client:
        assert client.ask(b"mail\n") == b"MAIL\n"
        assert client.ask(b"rcpt to\n") == b"450 later\r\n"
        assert client.ask(b"rcpt to\n") == b"RCPT TO\n"
    assert echo.heard == [b"mail\n", b"rcpt to\n"]


def test_a_connection_is_cut_before_the_server_hears(proxy: Proxy, echo: Echo):
    proxy.on(line("data"), CUT)
    with Client(proxy) as client:
        assert client.ask(b"data\n") == b""
    with Client(proxy) as client:
        assert client.ask(b"again\n") == b"AGAIN\n"
    assert echo.heard == [b"again\n"]


@pytest.mark.parametrize("fault", [SENT_THEN_CUT, ANSWERED_THEN_CUT])
def test_a_connection_is_cut_after_the_server_heard(proxy: Proxy, echo: Echo, fault: object):
    proxy.on(line("data"), fault)
    with Client(proxy) as client:
        assert client.ask(b"data\n") == b""
    with Client(proxy) as client:
        assert client.ask(b"again\n") == b"AGAIN\n"
    assert echo.heard == [b"data\n", b"again\n"]


def test_a_connection_is_cut_after_so_many_bytes(proxy: Proxy, echo: Echo):
    proxy.on(after(3), SENT_THEN_CUT)
    with Client(proxy) as client:
        assert client.ask(b"data\n") == b""
    with Client(proxy) as client:
        client.ask(b"again\n")
    assert echo.heard == [b"dat", b"again\n"]


def test_a_connection_hangs(proxy: Proxy):
    proxy.on(CONNECT, HANG)
    with Client(proxy) as client, pytest.raises(TimeoutError):
        client.ask(b"hello\n")


def test_what_the_server_says_can_be_the_cause(proxy: Proxy):
    proxy.on(after(5), CUT, server=True)
    with Client(proxy) as client:
        assert client.ask(b"noop\n") == b""


def test_nobody_is_there_for_a_while(proxy: Proxy):
    with Client(proxy) as client:
        assert client.ask(b"noop\n") == b"NOOP\n"
        with proxy.away():
            assert client.ask(b"noop\n") == b""
            with pytest.raises(ConnectionRefusedError):
                Client(proxy)
    with Client(proxy) as client:
        assert client.ask(b"noop\n") == b"NOOP\n"


def test_a_fault_is_about_what_comes_after_it_was_asked_for(proxy: Proxy):
    with Client(proxy) as client:
        client.ask(b"one\n")
        proxy.on(line("ONE"), CUT)
        assert client.ask(b"two\n") == b"TWO\n"
        assert proxy.lurking
        assert client.ask(b"one\n") == b""
        assert not proxy.lurking
