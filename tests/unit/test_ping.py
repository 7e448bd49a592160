"""The dead man's switch on a real HTTP server: asked while all goes well, and nobody waits for it."""

import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from time import monotonic

import pytest
from fakes.web import Answer, Web
from ledger import utc

from careermail.clock import VirtualClock
from careermail.credentials import Secret
from careermail.watch import ping as module
from careermail.watch.ping import Ping, failing

MINUTE = timedelta(minutes=1)
UUID = "5c6c5a0e-secret"


class Switch:
    """A ping to a server, by a hand-made clock."""

    def __init__(self, web: Web, file: Path, *, fail: bool = False) -> None:
        self.web, self.file, self.clock = web, file, VirtualClock(utc(2027, 1, 12, 9))
        self.holds(f"{web.url}/{UUID}")
        self.ping = Ping(Secret(file=file), 5 * MINUTE, self.clock, fail=fail)

    def holds(self, url: str) -> None:
        self.file.write_text(url)
        self.file.chmod(0o600)

    def tell(self, *wells: bool) -> list[str]:
        """Tell once a minute, and return what was asked for by then."""
        for well in wells:
            self.ping.tell(well=well)
            self.ping.wait()
            self.clock.wait(self.clock.now() + MINUTE)
        return [request.path.removeprefix(f"/{UUID}") for request in self.web.log]


@pytest.fixture
def web() -> Iterator[Web]:
    with Web(lambda _: Answer(200, b"OK")) as running:
        yield running


@pytest.fixture
def switch(web: Web, tmp_path: Path) -> Switch:
    return Switch(web, tmp_path / "ping.url")


def test_it_is_given_at_most_every_few_minutes(switch: Switch):
    assert switch.tell(*[True] * 11) == ["", "", ""]
    assert switch.ping.taken == utc(2027, 1, 12, 9, 10)
    assert {request.method for request in switch.web.log} == {"GET"}


def test_a_clock_that_was_set_back_does_not_silence_it(switch: Switch):
    switch.tell(True)
    switch.clock._now -= timedelta(days=300)  # noqa: SLF001
    assert switch.tell(True) == ["", ""]


def test_it_is_never_given_while_it_goes_badly(switch: Switch):
    assert switch.tell(*[False] * 11) == []
    assert switch.tell(True) == [""]


def test_where_it_is_asked_for_it_says_so_at_once(web: Web, tmp_path: Path):
    switch = Switch(web, tmp_path / "ping.url", fail=True)
    assert switch.tell(True, False, False, True) == ["", "/fail", ""]


def test_the_sign_of_failing_keeps_the_rest_of_the_url():
    assert (
        failing("https://hc.example.com/ping/key/slug/?create=1")
        == "https://hc.example.com/ping/key/slug/fail?create=1"
    )


@pytest.mark.parametrize("status", [404, 500])
def test_a_refused_ping_is_logged_once_and_never_its_url(switch: Switch, caplog: pytest.LogCaptureFixture, status: int):
    caplog.set_level("INFO")
    switch.web.fail(answer=Answer(status, b"no"), times=2)
    switch.tell(*[True] * 11)
    assert caplog.messages == ["the ping is not taken", "the ping is taken again"]
    assert [getattr(record, "reason", None) for record in caplog.records] == [f"HTTP {status}", None]
    assert switch.ping.taken == utc(2027, 1, 12, 9, 10)


@pytest.mark.parametrize(
    "url",
    [
        f"http://127.0.0.1:1/{UUID}",
        f"http://nowhere.invalid/{UUID}",
        f"https://127.0.0.1:1/{UUID}",
        f"{UUID}.example.com",
        f"file:///etc/{UUID}",
        f"http://[{UUID}",
        f"http://127.0.0.1:port/{UUID}",
        f"http://127.0.0.1/{UUID} or not",
    ],
)
def test_whatever_is_wrong_with_the_url_stops_nothing_and_is_told_without_it(
    switch: Switch, caplog: pytest.LogCaptureFixture, url: str
):
    switch.holds(url)
    switch.tell(True, True)
    assert caplog.messages == ["the ping is not taken"]
    assert UUID not in caplog.text + caplog.records[0].reason
    assert switch.ping.taken is None


def test_a_secret_that_cannot_be_had_is_told_by_its_place(switch: Switch, caplog: pytest.LogCaptureFixture):
    switch.file.chmod(0o644)
    switch.tell(True)
    assert "ping.url cannot be had: others may read or change it" in caplog.records[0].reason


def test_a_server_that_hangs_keeps_nobody_waiting_and_is_asked_once_at_a_time(
    switch: Switch, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
):
    monkeypatch.setattr(module, "PATIENCE", 1)
    switch.web.fail(hang=True, times=9)
    begun = monotonic()
    for _ in range(11):
        switch.ping.tell(well=True)
        switch.clock.wait(switch.clock.now() + MINUTE)
    assert monotonic() - begun < 0.5
    assert sum(thread.name == "ping" for thread in threading.enumerate()) == 1
    switch.ping.wait()
    assert (monotonic() - begun < 3, caplog.messages) == (True, ["the ping is not taken"])


def test_the_url_is_in_no_representation(switch: Switch):
    switch.tell(True)
    assert UUID not in f"{vars(switch.ping)} {switch.ping!r}"
