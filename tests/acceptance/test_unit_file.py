"""systemd/careermail.service, as systemd itself reads it."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from careermail.providers.standards.smtp import ACCEPTANCE

UNIT = Path(__file__).parents[2] / "systemd" / "careermail.service"


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="systemd is not installed (systemd)")
def test_it_is_exposed_as_little_as_a_service_on_the_network_can_be():
    """At 1.2 of 10 or less; systemd-analyze counts in tenths."""
    judged = subprocess.run(
        ["systemd-analyze", "security", "--offline=yes", "--threshold=12", "--no-pager", str(UNIT)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert judged.returncode == 0, judged.stdout + judged.stderr


def test_the_watchdog_waits_longer_than_the_longest_step_of_the_loop():
    """For a mail: eight commands of a minute each, and then the server's word that it took it."""
    (minutes,) = re.findall(r"^WatchdogSec=(\d+)min$", UNIT.read_text(), re.MULTILINE)
    assert int(minutes) * 60 > 8 * 60 + ACCEPTANCE
