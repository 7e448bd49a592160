"""The daemon as systemd sees it: the real process, and its words on a notification socket of the test's own."""

import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest
from test_daemon import COMMAND, CONFIG, PATIENCE

WATCHDOG = 3.0  # seconds


class Unit:
    """`careermail run` under a watchdog, and what it has told so far."""

    def __init__(self, root: Path) -> None:
        self.root, self.told = root, list[tuple[float, str]]()
        self.file = root / "careermail.toml"
        self.file.write_text(CONFIG)
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(str(root / "notify"))
        environ = {"NOTIFY_SOCKET": str(root / "notify"), "WATCHDOG_USEC": f"{WATCHDOG * 1e6:.0f}"}
        with (root / "log").open("w") as log:
            self.process = subprocess.Popen([COMMAND, "run"], cwd=root, env=environ, stderr=log)

    def hear(self, seconds: float) -> list[str]:
        """What it tells from now on, for so long."""
        end, before = time.monotonic() + seconds, len(self.told)
        while (left := end - time.monotonic()) > 0:
            self._listen(left)
        return [said for _, said in self.told[before:]]

    def until(self, begins: str) -> str:
        """The next that it tells that begins so."""
        end, before = time.monotonic() + PATIENCE, len(self.told)
        while time.monotonic() < end:
            self._listen(1)
            if found := [said for _, said in self.told[before:] if said.startswith(begins)]:
                return found[0]
        raise AssertionError((begins, self.told, (self.root / "log").read_text()))

    def _listen(self, seconds: float) -> None:
        self.socket.settimeout(seconds)
        try:
            said = self.socket.recv(4096).decode()
        except TimeoutError:
            return
        self.told.append((time.monotonic(), said))


@pytest.fixture
def unit(tmp_path: Path) -> Iterator[Unit]:
    running = Unit(tmp_path)
    yield running
    running.process.kill()
    running.process.wait()
    running.socket.close()


def test_is_ready_once_says_when_something_is_due_and_whom_it_concerns_to_nobody(unit: Unit):
    assert unit.until("") == "READY=1"
    status = unit.until("STATUS=")
    assert status.startswith("STATUS=managers: 1; nothing is due before ")
    assert not [said for _, said in unit.told if "jonas" in said.lower() or "maya" in said.lower()]


def test_a_reload_is_announced_with_its_moment_and_ends_ready(unit: Unit):
    unit.until("STATUS=")
    before = time.monotonic_ns() // 1000
    unit.process.send_signal(signal.SIGHUP)
    announced = unit.until("RELOADING=1")
    assert before <= int(announced.removeprefix("RELOADING=1\nMONOTONIC_USEC=")) <= time.monotonic_ns() // 1000
    unit.until("READY=1")


def test_a_refused_configuration_leaves_it_ready_and_stands_in_its_status_until_one_is_taken(unit: Unit):
    unit.until("STATUS=")
    unit.file.write_text("nonsense")
    unit.process.send_signal(signal.SIGHUP)
    unit.until("READY=1")
    assert unit.until("STATUS=").endswith("a configuration was refused, the one before runs on")
    unit.file.write_text(CONFIG)
    unit.process.send_signal(signal.SIGHUP)
    assert "refused" not in unit.until("STATUS=")


def test_stopping_is_told_and_is_the_last(unit: Unit):
    unit.until("STATUS=")
    unit.process.send_signal(signal.SIGTERM)
    unit.until("STOPPING=1")
    assert unit.process.wait(PATIENCE) == 0
    assert "READY=1" not in unit.hear(0.1)


def test_the_watchdog_hears_of_the_idle_loop_in_less_than_half_of_its_time(unit: Unit):
    unit.until("STATUS=")
    unit.hear(2 * WATCHDOG)
    beats = [at for at, said in unit.told if said == "WATCHDOG=1"]
    assert beats[-1] - beats[0] > WATCHDOG
    assert max(later - at for at, later in pairwise(beats)) < WATCHDOG / 2


def test_a_loop_that_hangs_is_not_heard_of(unit: Unit):
    """It waits for a configuration that nobody writes, while the process and its other threads could go on."""
    unit.until("STATUS=")
    unit.file.unlink()
    os.mkfifo(unit.file)
    unit.process.send_signal(signal.SIGHUP)
    unit.until("RELOADING=1")
    assert unit.hear(WATCHDOG) == []
    assert unit.process.poll() is None


def test_nothing_is_told_of_a_daemon_that_does_not_start(tmp_path: Path):
    (tmp_path / "careermail.toml").write_text("nonsense")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as heard:
        heard.bind(str(tmp_path / "notify"))
        environ = {"NOTIFY_SOCKET": str(tmp_path / "notify")}
        wrong = subprocess.run([COMMAND, "run"], cwd=tmp_path, env=environ, capture_output=True, check=False)
        heard.settimeout(0.1)
        with pytest.raises(TimeoutError):
            heard.recv(99)
    assert wrong.returncode == 78
