"""What the loop tells of itself: its pulse, whether it is well, and that no monitor can fail it."""

import stat
from datetime import timedelta
from pathlib import Path

import pytest
from fakes.world import FakeWorld
from ledger import utc
from test_loop import HandClock, House
from test_runner import OddStore

from careermail.clock import VirtualClock
from careermail.config import Config, Monitors
from careermail.errors import ProviderError
from careermail.model import A_DAY, Service
from careermail.plan.planner import SERVICE
from careermail.runner import Runner
from careermail.watch import pulse
from careermail.watch.lookout import Lookout, is_well
from careermail.watch.pulse import Pulse
from careermail.watch.timekeeper import Timekeeper

NOW = utc(2027, 1, 12, 9)
FULL = Pulse(NOW, "once", NOW, NOW + A_DAY, NOW, NOW, 1.5, refused=True, jumps=3, jumped=NOW, by_how_much=-61.5)


class Tower:
    """A lookout over a runner in memory, whose state folder is a real one."""

    def __init__(self, root: Path, **monitors: object) -> None:
        self.state, self.clock, self.store = root / "state", VirtualClock(NOW), OddStore()
        self.state.mkdir(exist_ok=True)
        service = Service(state=self.state, admin="it@example.com")
        self.runner = Runner(service, FakeWorld().provider, self.store, self.clock)
        self.config = Config(root / "careermail.toml", service, {"kind": "local"}, (), (), Monitors(**monitors))
        self.lookout = Lookout(self.clock)
        self.lookout.follow(self.config, self.runner)

    def told(self) -> Pulse:
        self.lookout.tell()
        found = pulse.read(self.state)
        assert found is not None
        return found


# --- the pulse -----------------------------------------------------------------------------------


@pytest.mark.parametrize("written", [FULL, Pulse(NOW)])
def test_a_pulse_is_read_as_it_was_written(tmp_path: Path, written: Pulse):
    pulse.put(tmp_path / pulse.NAME, pulse.text(written), 0o600)
    assert pulse.read(tmp_path) == written


@pytest.mark.parametrize("content", ["", "{", "[]", '{"by": "run"}', '{"at": 7}', '{"at": "yesterday"}', "\x00"])
def test_one_that_is_broken_is_none(tmp_path: Path, content: str):
    (tmp_path / pulse.NAME).write_text(content)
    assert pulse.read(tmp_path) is None


def test_what_a_later_version_says_more_is_passed_over(tmp_path: Path):
    (tmp_path / pulse.NAME).write_text(pulse.text(FULL).replace("{", '{"mood": "good",', 1))
    assert pulse.read(tmp_path) == FULL


def test_it_is_ours_alone_and_the_metrics_are_for_everybody(tmp_path: Path):
    tower = Tower(tmp_path, metrics=tmp_path / "careermail.prom")
    tower.told()
    modes = [stat.S_IMODE(file.stat().st_mode) for file in (tower.state / pulse.NAME, tmp_path / "careermail.prom")]
    assert modes == [0o600, 0o644]
    assert sorted(file.name for file in tmp_path.iterdir()) == ["careermail.prom", "state"]  # nothing half-written


def test_the_last_good_look_into_an_inbox_is_told(tmp_path: Path):
    tower = Tower(tmp_path)
    tower.runner.tick_inbox([])
    assert tower.told().inbox == NOW
    tower.clock.wait(NOW + A_DAY)
    tower.runner.tick_inbox([])
    tower.runner.troubles.arise("_inbox", ProviderError("away"), NOW, manager="_inbox")
    assert tower.told().inbox == NOW


def test_a_clock_that_was_set_is_remembered_over_restarts(tmp_path: Path):
    first = Tower(tmp_path)
    first.lookout.jumped(timedelta(hours=-2))
    first.lookout.tell()
    again = Tower(tmp_path).told()
    assert (again.jumps, again.jumped, again.by_how_much) == (1, NOW, -7200)


# --- whether all goes well -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changed", "well"),
    [
        ({}, True),
        ({"late": 3599.0}, True),
        ({"late": 3600.0}, False),
        ({"refused": True}, False),
    ],
)
def test_it_goes_well_while_visits_are_in_time_and_the_configuration_is_served(changed: dict[str, object], well: bool):
    assert is_well(Pulse(NOW, **changed), {}, NOW) == well


def test_a_trouble_counts_from_when_the_admin_is_told_of_it(tmp_path: Path):
    tower = Tower(tmp_path)
    tower.runner.troubles.arise("provider/standards", ProviderError("away"), NOW)
    standing = tower.runner.troubles.standing()
    assert is_well(Pulse(NOW), standing, NOW + timedelta(hours=3.9))
    assert not is_well(Pulse(NOW), standing, NOW + timedelta(hours=4))


def test_what_is_only_foretold_keeps_nothing_from_going_well(tmp_path: Path):
    tower = Tower(tmp_path)
    tower.runner.troubles.foretell("expiry/1", "it ends", NOW, again=())
    assert is_well(Pulse(NOW), tower.runner.troubles.standing(), NOW)


# --- no monitor can fail it ----------------------------------------------------------------------


def test_files_that_cannot_be_written_are_logged_once_each(tmp_path: Path, caplog: pytest.LogCaptureFixture):
    tower = Tower(tmp_path, metrics=tmp_path / "nowhere" / "careermail.prom")
    for _ in range(3):
        tower.lookout.tell()
    assert [record.reason for record in caplog.records] == [
        f"{tmp_path}/nowhere/careermail.prom: No such file or directory"
    ]
    (tmp_path / "nowhere").mkdir()
    tower.lookout.tell()
    assert (tmp_path / "nowhere" / "careermail.prom").exists()


def test_facts_that_cannot_be_read_keep_nobody_from_being_told(tmp_path: Path):
    tower = Tower(tmp_path, metrics=tmp_path / "careermail.prom")
    tower.store.unreadable = {SERVICE}
    assert tower.told().at == NOW
    assert "careermail_last_round_timestamp_seconds" in (tmp_path / "careermail.prom").read_text()


# --- a clock that is set -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("set_by", "told"),
    [(0, 0), (19, 0), (-19, 0), (21, 21), (-21, -21), (86400, 86400), (-86400, -86400)],
)
def test_a_clock_is_seen_to_be_set_by_more_than_slack(set_by: int, told: int):
    clock = HandClock()
    keeper = Timekeeper(clock)
    clock.let_pass(timedelta(minutes=5))
    clock.at += timedelta(seconds=set_by)
    assert keeper.jump() == timedelta(seconds=told)
    assert keeper.jump() == timedelta(0)


@pytest.mark.parametrize(("hours", "way"), [(-3, "back"), (3, "forward")])
def test_the_loop_logs_it_and_shows_it(tmp_path: Path, hours: int, way: str, caplog: pytest.LogCaptureFixture):
    house = House(tmp_path)
    house.clock.at += timedelta(hours=hours)
    house.daemon.turn()
    assert [(record.message, record.by) for record in caplog.records] == [
        (f"the clock was set {way}", timedelta(hours=3))
    ]
    house.daemon._tell_monitors()  # noqa: SLF001 (its rounds go by the machine's clock)
    found = pulse.read(house.state)
    assert (found.jumps, found.by_how_much, found.jumped) == (1, hours * 3600, house.clock.at)


def test_a_machine_that_slept_is_none_whose_clock_was_set(tmp_path: Path, caplog: pytest.LogCaptureFixture):
    house = House(tmp_path)
    house.clock.let_pass(timedelta(hours=9))
    house.daemon.turn()
    assert caplog.messages == []


def test_how_far_behind_the_loop_is_can_be_told(tmp_path: Path):
    house = House(tmp_path)
    house.clock.let_pass(A_DAY + timedelta(hours=2))
    house.daemon._tell_monitors()  # noqa: SLF001
    found = pulse.read(house.state)
    # The inbox was to be looked into a minute after the last time, the managers a day after.
    assert (found.late, found.next) == (26 * 3600 - 60, house.clock.at - timedelta(hours=2))
