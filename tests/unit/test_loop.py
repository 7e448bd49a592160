"""The daemon's loop by a hand-made clock: faults, a clock that goes back, and edited files."""

import time
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from ledger import utc

from careermail.config import Config
from careermail.daemon import Daemon
from careermail.errors import CareermailError, ConfigError, Problem, StoreError
from careermail.model import A_DAY, Person, Service, Team
from careermail.plan.planner import SERVICE
from careermail.store.memory import MemoryStore
from careermail.troubles import Troubles

START = utc(2027, 1, 4, 10)
MAYA, OMAR = Person("Maya Lindqvist", "maya@example.com"), Person("Omar Haddad", "omar@example.com")


class HandClock:
    """A clock that is set by hand, backwards too."""

    def __init__(self) -> None:
        self.at, self.passed = START, timedelta(0)

    def now(self) -> datetime:
        return self.at

    def elapsed(self) -> timedelta:
        return self.passed

    def wait(self, until: datetime) -> None:
        self.let_pass(max(until - self.at, timedelta(0)))

    def let_pass(self, time: timedelta) -> None:
        self.at += time
        self.passed += time

    def wake(self) -> None:
        pass


class NoLogins:
    """A self-check with nothing to try."""

    def __init__(self, clock: HandClock) -> None:
        self.clock = clock

    def step(self, _: object) -> datetime:
        return self.clock.now() + A_DAY


class Visits:
    """A runner that only remembers whom it visited."""

    def __init__(self, clock: HandClock) -> None:
        self.store, self.clock, self.stopping = MemoryStore(), clock, False
        self.selfcheck, self.troubles, self.looked = NoLogins(clock), Troubles(self.store), None
        self.visited: list[str] = []
        self.faults: dict[str, Exception] = {}
        self.reported: list[tuple[str, Exception]] = []
        self.wrote: set[str] = set()
        self.wake: Callable[[], None] | None = None
        self.watching = 0

    def tick(self, team: Team) -> datetime:
        self.visited.append(team.manager.email)
        if team.manager.email in self.faults:
            raise self.faults[team.manager.email]
        return self.clock.now() + A_DAY

    def tick_service(self, _: object) -> datetime:
        self.visited.append(SERVICE)
        return self.clock.now() + A_DAY

    def mailboxes(self, _: object) -> list[str]:
        return [""]

    def tick_inbox(self, _: object, mailbox: str) -> tuple[set[str], datetime]:
        assert mailbox == ""
        wrote, self.wrote = self.wrote, set()
        return wrote, self.clock.now() + timedelta(minutes=1)

    def watch(self, wake: Callable[[], None]) -> Callable[[], None]:
        self.wake, self.watching = wake, self.watching + 1
        return self._unwatch

    def _unwatch(self) -> None:
        self.watching -= 1

    def close(self) -> None:
        pass

    def failed(self, manager: str, error: Exception) -> CareermailError:
        self.reported.append((manager, error))
        return error if isinstance(error, CareermailError) else CareermailError(type(error).__name__)


class House:
    """A daemon, the files that it was configured by, and what they say."""

    def __init__(self, root: Path) -> None:
        self.file = root / "careermail.toml"
        self.file.write_text("1")
        self.included = root / "managers.d" / "maya.toml"
        self.included.parent.mkdir()
        self.included.write_text("1")
        self.state = root / "state"
        self.state.mkdir()
        self.clock = HandClock()
        self.runner = Visits(self.clock)
        self.says: Callable[[], Config] = lambda: self.config(MAYA, OMAR)
        self.loads = 0
        self.daemon = Daemon(self._load, lambda _: self.runner, self.clock)
        self.clock.let_pass(timedelta(minutes=1))
        self.visit_all()

    def config(self, *managers: Person) -> Config:
        return Config(
            self.file,
            Service(state=self.state),
            {},
            tuple(Team(manager) for manager in managers),
            (self.file, self.included),
        )

    def _load(self) -> Config:
        self.loads += 1
        return self.says()

    def visit_all(self) -> list[str]:
        self.runner.visited.clear()
        while self.daemon.visit_next():
            pass
        return self.runner.visited

    def edit(self, text: str) -> None:
        self.file.write_text(text)

    def notice(self, times: int = 1) -> None:
        for _ in range(times):
            self.daemon._notice()  # noqa: SLF001 (its rounds go by the machine's clock)


@pytest.fixture
def house(tmp_path: Path) -> House:
    return House(tmp_path)


@pytest.mark.parametrize("fault", [OverflowError("odd"), StoreError("unreadable")])
def test_one_managers_fault_is_reported_and_tried_again_and_the_others_go_on(house: House, fault: Exception):
    house.runner.faults = {MAYA.email: fault}
    house.clock.let_pass(A_DAY)
    assert set(house.visit_all()) == {MAYA.email, OMAR.email, SERVICE}
    assert house.runner.reported == [(MAYA.email, fault)]
    house.clock.let_pass(timedelta(minutes=5))
    assert house.visit_all() == [MAYA.email]


def test_a_clock_that_was_set_back_keeps_nobody_waiting(house: House):
    house.clock.at -= 30 * A_DAY
    house.runner.visited.clear()
    for _ in range(4):
        house.daemon.turn()
    assert {MAYA.email, OMAR.email} <= set(house.runner.visited)
    assert house.clock.at < START - 29 * A_DAY


def test_the_hour_that_autumn_repeats_stalls_no_round(house: House, monkeypatch: pytest.MonkeyPatch):
    """`schedule` goes by local time: a zone an hour further west is the same as that hour."""
    try:
        for zone in ("CEST-2", "CET-1"):
            monkeypatch.setenv("TZ", zone)
            time.tzset()
            house.daemon.turn()
            assert house.daemon._next() <= house.clock.at + timedelta(seconds=5)  # noqa: SLF001
    finally:
        monkeypatch.undo()
        time.tzset()


def test_an_edited_configuration_is_taken_up_once_it_rests(house: House):
    house.says = lambda: house.config(OMAR)
    house.clock.let_pass(timedelta(hours=1))
    house.edit("12")
    house.notice()
    assert house.loads == 1  # it may be half written
    house.edit("123")
    house.notice()
    assert house.loads == 1
    house.notice(5)
    assert house.loads == 2
    assert house.visit_all() == [OMAR.email]


def test_what_a_command_announces_by_an_edited_configuration_waits_for_it(house: House):
    house.says = lambda: house.config(OMAR)
    house.edit("12")
    house.runner.store.announce(MAYA.email)
    house.notice()
    assert house.visit_all() == []
    house.notice()
    assert house.visit_all() == [OMAR.email]


def test_an_edit_that_changes_nothing_visits_nobody(house: House):
    house.edit("12")
    house.notice(3)
    assert (house.loads, house.visit_all()) == (2, [])


def test_a_new_file_among_those_included_is_seen(house: House):
    (house.included.parent / "omar.toml").write_text("")
    house.notice(3)
    assert house.loads == 2


def test_a_bad_configuration_is_refused_once_for_each_change(house: House, caplog: pytest.LogCaptureFixture):
    other = house.included.parent / "omar.toml"

    def refuse() -> Config:
        raise ConfigError([Problem(other, 1, "name", "missing")])

    house.says = refuse
    other.write_text("1")
    house.notice(9)
    assert (house.loads, caplog.messages.count("kept the configuration that was running")) == (2, 1)
    house.says = lambda: house.config(OMAR)
    with other.open("a") as file:  # in place: the folder stays as it was
        file.write("2")
    house.notice(2)
    assert house.loads == 3


@pytest.mark.parametrize("error", [StoreError("full"), KeyError("odd")])
def test_whatever_is_wrong_with_a_reload_what_was_running_goes_on(house: House, error: Exception):
    def fail() -> Config:
        raise error

    house.says = fail
    house.daemon.reload()
    house.daemon.turn()
    house.clock.let_pass(A_DAY)
    assert set(house.visit_all()) == {MAYA.email, OMAR.email, SERVICE}


def test_whoever_is_written_to_is_visited_at_the_next_look_into_the_inbox(house: House):
    house.runner.wrote = {MAYA.email}
    house.clock.let_pass(timedelta(minutes=1))
    assert house.visit_all() == [MAYA.email]


def test_a_mail_that_the_inbox_tells_of_is_read_at_once(house: House):
    house.runner.wrote = {OMAR.email}
    house.runner.wake()
    house.runner.visited.clear()
    house.daemon.turn()
    house.daemon.turn()
    assert house.runner.visited == [OMAR.email]


def test_a_reload_watches_the_new_inbox_and_no_more_the_old(house: House):
    assert house.runner.watching == 1
    house.says = lambda: house.config(MAYA)
    house.daemon.reload()
    house.daemon.turn()
    assert house.runner.watching == 1
