"""Who watches from outside finds out how it is, by each road there is, and above all when mail itself fails."""

import json
import os
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from fakes.web import Answer, Web
from prometheus_client.parser import text_string_to_metric_families
from test_cli import CONFIG
from test_daemon import COMMAND, PATIENCE
from test_daemon import CONFIG as OF_TODAY

MONITORS = 'metrics = "careermail.prom"\nping = { env = "PING" }\n'
BEFORE, PREPARES = "2027-01-04T08:00Z", "2027-01-07T08:00Z"  # Maya is to prepare for the twelfth
MAYAS = "state/managers/maya@example.com.json"
UNSHARED = ["unshare", "--mount", "--propagation", "private"]


@pytest.fixture
def web() -> Iterator[Web]:
    with Web(lambda _: Answer(200, b"OK")) as running:
        yield running


class Machine:
    """A folder with a configuration, and what monitors see there."""

    def __init__(self, root: Path, web: Web) -> None:
        self.root, self.web = root, web
        self.configure()

    def configure(self, more: str = "", config: str = CONFIG) -> None:
        said = config.replace("[service]\n", f"[service]\n{MONITORS}{more}")
        (self.root / "careermail.toml").write_text(said)

    def call(self, *args: str, at: str = BEFORE) -> subprocess.CompletedProcess[str]:
        environ = {"CAREERMAIL_NOW": at, **self.environ}
        return subprocess.run(
            [COMMAND, *args], cwd=self.root, env=environ, capture_output=True, text=True, check=False, timeout=PATIENCE
        )

    @property
    def environ(self) -> dict[str, str]:
        return {"PING": f"{self.web.url}/secret"}

    @property
    def pings(self) -> list[str]:
        return [request.path for request in self.web.log]

    @property
    def metrics(self) -> dict[str, float]:
        families = text_string_to_metric_families((self.root / "careermail.prom").read_text())
        return {s.name.removeprefix("careermail_"): s.value for f in families for s in f.samples}

    def health(self, at: str = BEFORE) -> dict[str, object]:
        return json.loads(self.call("status", "--health", "--json", at=at).stdout)

    def break_mail_and_memory(self) -> None:
        """What is known of Maya cannot be read, and the admin cannot be mailed."""
        (self.root / MAYAS).write_text("{")
        letterbox = self.root / "world" / "mail" / "it@example.com"
        letterbox.parent.mkdir(exist_ok=True)
        letterbox.write_text("no folder")


@pytest.fixture
def machine(tmp_path: Path, web: Web) -> Machine:
    return Machine(tmp_path, web)


def test_while_all_goes_well_the_ping_is_given_and_everything_is_measured(machine: Machine):
    assert machine.call("once").returncode == 0
    assert machine.pings == ["/secret"]
    found = machine.metrics
    assert (found["healthy"], found["managers"], found["reports"], found["alarms_undelivered"]) == (1, 1, 2, 0)
    assert found["last_round_timestamp_seconds"] == found["inbox_read_timestamp_seconds"] == 1799049600
    health = machine.health()
    assert (health["healthy"], health["process"]["command"], health["inbox_read"]) == (
        True,
        "once",
        "2027-01-04T08:00:00+00:00",
    )


def test_an_alarm_that_cannot_be_mailed_takes_every_other_road(machine: Machine):
    machine.call("once")
    machine.break_mail_and_memory()
    run = machine.call("once", at=PREPARES)
    # The log, as an error and in the words of the mail.
    (cried,) = [line for line in run.stderr.splitlines() if "event=alarm" in line]
    assert cried.startswith('level=error event=alarm to=it@example.com reason="')
    assert "maya@example.com" in cried
    # The exit code, by which a unit fails and OnFailure= is begun.
    assert run.returncode == 1
    # The ping that stays away.
    assert machine.pings == ["/secret"]
    # Metrics and health.
    assert (machine.metrics["healthy"], machine.metrics["alarms_undelivered"]) == (0, 1)
    problems = machine.health(PREPARES)["problems"]
    assert any(words.startswith("An alarm could not be mailed, Thu 7 Jan 2027 08:00 UTC: ") for words in problems)


def test_the_alarm_is_mailed_once_mail_works_again(machine: Machine):
    machine.call("once")
    machine.break_mail_and_memory()
    machine.call("once", at=PREPARES)
    (machine.root / "world" / "mail" / "it@example.com").unlink()
    machine.call("once", at="2027-01-07T08:10Z")
    assert len(list((machine.root / "world" / "mail" / "it@example.com" / "new").iterdir())) == 1
    assert machine.health("2027-01-07T08:10Z")["undelivered"] == []
    assert machine.pings == ["/secret"]  # what the alarm is about stands still


def test_who_asks_for_it_is_told_by_url_that_it_goes_badly(machine: Machine):
    machine.configure("ping_fail = true\n")
    machine.call("once")
    machine.break_mail_and_memory()
    machine.call("once", at=PREPARES)
    assert machine.pings == ["/secret", "/secret/fail"]


def test_a_ping_that_nobody_answers_changes_nothing(machine: Machine):
    machine.web.fail(hang=True)
    begun = time.monotonic()
    run = machine.call("once")
    assert (run.returncode, "secret" in run.stderr) == (0, False)
    assert 'event="the ping is not taken"' in run.stderr
    assert time.monotonic() - begun < PATIENCE


def test_the_daemon_tells_from_its_first_round_on(machine: Machine):
    machine.configure(config=OF_TODAY)
    with (machine.root / "log").open("w") as log:
        daemon = subprocess.Popen([COMMAND, "run"], cwd=machine.root, env=machine.environ, stderr=log)
    try:
        wait_for(lambda: machine.pings and (machine.root / "careermail.prom").exists())
        assert (machine.metrics["healthy"], machine.metrics["config_refused"]) == (1, 0)
        told = json.loads((machine.root / "state" / "pulse.json").read_text())
        assert (told["by"], told["jumps"], told["refused"]) == ("run", 0, False)
    finally:
        daemon.kill()
        daemon.wait()


def wait_for(condition: Callable[[], object]) -> None:
    end = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.02)


# --- a disk that is full -------------------------------------------------------------------------

# State and world lie on a small disk of their own, which is filled, and emptied again.
ON_A_SMALL_DISK = f"""
set -e
mkdir disk
mount -t tmpfs -o size=1m tmpfs disk
ln -s disk/state state && ln -s disk/world world && mkdir disk/state disk/world
CAREERMAIL_NOW={BEFORE} {COMMAND} once 2>before
dd if=/dev/zero of=disk/filler bs=1k >/dev/null 2>&1 || true
echo "full: $(CAREERMAIL_NOW={PREPARES} {COMMAND} once 2>full >/dev/null; echo $?)"
CAREERMAIL_NOW={PREPARES} {COMMAND} status --health --json >health || true
rm disk/filler
echo "room: $(CAREERMAIL_NOW=2027-01-07T08:20Z {COMMAND} once 2>room >/dev/null; echo $?)"
ls world/mail/maya@example.com/new | wc -l
"""


def _no_disk_of_its_own() -> bool:
    tried = [*UNSHARED, "mount", "-t", "tmpfs", "tmpfs", "/mnt"]
    return os.geteuid() != 0 or subprocess.run(tried, check=False, capture_output=True).returncode != 0


@pytest.mark.skipif(_no_disk_of_its_own(), reason="needs root, for a disk of its own")
def test_a_full_disk_is_cried_out_loses_nothing_and_sends_nothing_twice(machine: Machine):
    run = subprocess.run(
        [*UNSHARED, "bash", "-c", ON_A_SMALL_DISK],
        cwd=machine.root, env={**os.environ, **machine.environ}, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert run.stdout.split() == ["full:", "1", "room:", "0", "1"]
    full = (machine.root / "full").read_text()
    assert "No space left on device" in full
    assert [line for line in full.splitlines() if line.startswith("level=error event=alarm")]
    health = json.loads((machine.root / "health").read_text())
    assert any("disk is nearly full" in words for words in health["problems"])
    assert machine.pings == ["/secret", "/secret"]  # none while it was full
