"""systemd/*: our units, as systemd itself reads them. What they do in a machine is tests/booted's to show."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from careermail.providers.standards.smtp import ACCEPTANCE

SYSTEMD = Path(__file__).parents[2] / "systemd"
DAEMON, ONCE = SYSTEMD / "careermail.service", SYSTEMD / "careermail-once.service"


def settings(unit: Path) -> list[str]:
    """The lines of [Service] that say something."""
    service = unit.read_text().partition("[Service]")[2].partition("[Install]")[0]
    return [line for line in service.splitlines() if line and not line.startswith("#")]


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="systemd is not installed (systemd)")
@pytest.mark.parametrize("unit", [DAEMON, ONCE], ids=lambda unit: unit.name)
def test_it_is_exposed_as_little_as_a_service_on_the_network_can_be(unit: Path):
    """At 1.2 of 10 or less; systemd-analyze counts in tenths."""
    judged = subprocess.run(
        ["systemd-analyze", "security", "--offline=yes", "--threshold=12", "--no-pager", str(unit)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert judged.returncode == 0, judged.stdout + judged.stderr


def test_both_ways_to_run_it_have_the_same_walls():
    """A unit cannot include another's settings, so that they are written twice."""
    walls = settings(DAEMON)[settings(DAEMON).index("ProtectSystem=strict") :]
    assert settings(ONCE)[-len(walls) :] == walls
    assert "SystemCallFilter=~@privileged @resources" in walls


def test_the_watchdog_waits_longer_than_the_longest_step_of_the_loop():
    """For a mail: eight commands of a minute each, and then the server's word that it took it."""
    (minutes,) = re.findall(r"^WatchdogSec=(\d+)min$", DAEMON.read_text(), re.MULTILINE)
    assert int(minutes) * 60 > 8 * 60 + ACCEPTANCE


def test_what_only_a_person_can_mend_is_not_begun_again():
    assert {"Restart=on-failure", "RestartPreventExitStatus=64 78"} <= set(settings(DAEMON))
    assert "StartLimitIntervalSec=0" in DAEMON.read_text()
