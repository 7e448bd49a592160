"""What the service manager is told, heard on a socket of the test's own."""

import logging
import os
import socket
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from careermail.notify import Supervisor


def listening(address: str) -> socket.socket:
    heard = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    heard.bind(address)
    heard.settimeout(5)
    return heard


@pytest.fixture(params=["path", "abstract"])
def named(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[str, socket.socket]]:
    """The two kinds of socket that systemd may name."""
    name = str(tmp_path / "s") if request.param == "path" else f"@careermail-{os.getpid()}"
    with listening(name.replace("@", "\0")) as heard:
        yield name, heard


def test_speaks_the_protocol(named: tuple[str, socket.socket]):
    name, heard = named
    supervisor = Supervisor({"NOTIFY_SOCKET": name, "WATCHDOG_USEC": "3000000"})
    supervisor.ready()
    supervisor.alive()
    supervisor.stopping()
    assert [heard.recv(99) for _ in range(3)] == [b"READY=1", b"WATCHDOG=1", b"STOPPING=1"]


def test_a_status_is_told_once(named: tuple[str, socket.socket]):
    name, heard = named
    supervisor = Supervisor({"NOTIFY_SOCKET": name})
    for words in ("at rest", "at rest", "at work"):
        supervisor.status(words)
    supervisor.ready()
    assert [heard.recv(99) for _ in range(3)] == [b"STATUS=at rest", b"STATUS=at work", b"READY=1"]


@pytest.mark.parametrize(
    ("environ", "pulse"),
    [
        ({}, None),
        ({"WATCHDOG_USEC": "3000000"}, timedelta(seconds=1)),
        ({"WATCHDOG_USEC": "3000000", "WATCHDOG_PID": str(os.getpid())}, timedelta(seconds=1)),
        ({"WATCHDOG_USEC": "3000000", "WATCHDOG_PID": "1"}, None),
        ({"WATCHDOG_USEC": "0"}, None),
        ({"WATCHDOG_USEC": "soon"}, None),
    ],
)
def test_the_watchdog_is_for_the_process_that_it_names(
    named: tuple[str, socket.socket], environ: dict[str, str], pulse: timedelta | None
):
    name, heard = named
    supervisor = Supervisor({"NOTIFY_SOCKET": name, **environ})
    assert supervisor.pulse == pulse
    supervisor.alive()
    supervisor.ready()
    assert heard.recv(99) == (b"WATCHDOG=1" if pulse else b"READY=1")


@pytest.mark.parametrize("named", ["", "vsock:2:1"])
def test_nothing_is_told_where_nobody_listens(named: str, caplog: pytest.LogCaptureFixture):
    supervisor = Supervisor({"NOTIFY_SOCKET": named, "WATCHDOG_USEC": "3000000"})
    supervisor.ready()
    assert (supervisor.listens, supervisor.pulse, caplog.messages) == (False, None, [])


def test_a_service_manager_that_went_away_stops_nothing_and_is_told_again_when_it_is_back(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
):
    caplog.set_level(logging.WARNING, "careermail")
    supervisor = Supervisor({"NOTIFY_SOCKET": str(tmp_path / "s")})
    supervisor.ready()
    supervisor.ready()
    assert caplog.messages == ["the service manager cannot be told"]
    with listening(str(tmp_path / "s")) as heard:
        supervisor.ready()
        assert heard.recv(99) == b"READY=1"
    supervisor.ready()
    assert len(caplog.messages) == 2
