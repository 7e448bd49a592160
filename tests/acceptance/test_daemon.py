"""The daemon as a process: commands beside it, signals, and its logs."""

import os
import pwd
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest

COMMAND = str(Path(sys.executable).with_name("careermail"))
SOON = date.today() + timedelta(days=30)  # noqa: DTZ011 (the daemon lives in the present)
# Always at work, so that nothing waits for the morning.
CONFIG = f"""\
[service]
address = "careermail@example.com"
admin = "it@example.com"

[provider]
kind = "local"
root = "world"

[defaults]
working_days = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
working_hours = "00:00-23:59"

[[manager]]
name = "Maya Lindqvist"
email = "maya@example.com"

[[manager.report]]
name = "Jonas Weber"
email = "jonas@example.com"
first = {SOON}T10:00:00
"""
PRIYA = f"""
[[manager.report]]
name = "Priya Nair"
email = "priya@example.com"
first = {SOON + timedelta(days=1)}T10:00:00
"""
PATIENCE = 20.0  # seconds; far more than a loaded machine takes


class Daemon:
    """`careermail run` in a folder of its own."""

    def __init__(self, root: Path) -> None:
        self.root, self.log = root, root / "log"
        self.configure(CONFIG)
        with self.log.open("w") as log:
            self.process = subprocess.Popen([COMMAND, "run"], cwd=root, env={}, stderr=log)
        self.wait_for(lambda: "event=ready managers=1" in self.logged)

    def configure(self, text: str) -> None:
        (self.root / "careermail.toml").write_text(text)

    @property
    def logged(self) -> str:
        return self.log.read_text()

    def wait_for(self, condition: Callable[[], object]) -> None:
        end = time.monotonic() + PATIENCE
        while not condition():
            assert self.process.poll() is None, self.logged
            assert time.monotonic() < end, self.logged
            time.sleep(0.02)

    def call(self, *args: str, stdin: str = "") -> str:
        return subprocess.run(
            [COMMAND, *args], cwd=self.root, env={}, input=stdin, capture_output=True, text=True, check=True
        ).stdout

    def files(self, pattern: str) -> list[Path]:
        return list((self.root / "world").glob(pattern))


@pytest.fixture
def daemon(tmp_path: Path) -> Iterator[Daemon]:
    running = Daemon(tmp_path)
    yield running
    running.process.kill()
    running.process.wait()


def test_books_at_once_and_ends_on_sigterm_within_a_second_or_two(daemon: Daemon):
    daemon.wait_for(lambda: daemon.files("calendars/jonas@example.com/*.ics"))
    daemon.wait_for(lambda: "event=seen" in daemon.logged)
    begun = time.monotonic()
    daemon.process.send_signal(signal.SIGTERM)
    assert daemon.process.wait(PATIENCE) == 0
    assert time.monotonic() - begun < 2
    assert daemon.logged.splitlines()[-1] == "level=info event=stopped"


def test_commands_work_beside_it_and_each_mail_goes_out_once(daemon: Daemon):
    daemon.wait_for(lambda: "event=seen" in daemon.logged)
    out = daemon.call("contract", "jonas", stdin="My commitments\n- Introduce Jonas to Dana by end of next year\n")
    assert "jonas-1" in out
    daemon.wait_for(lambda: len(daemon.files("mail/*/new/*")) == 2)
    assert "jonas-1" in daemon.call("status", "jonas")
    assert daemon.call("done", "jonas-1") == "Taken out of Maya's calendar.\njonas-1 is done.\n"
    daemon.wait_for(lambda: not any((daemon.root / "state" / "changed").iterdir()))  # it has taken notice
    assert len(daemon.files("mail/*/new/*")) == 2
    assert "Dana" not in daemon.logged


def test_sighup_takes_up_a_new_configuration_and_refuses_a_bad_one(daemon: Daemon):
    daemon.configure(CONFIG + 'nonsense = "x"\n' + PRIYA)
    daemon.process.send_signal(signal.SIGHUP)
    daemon.wait_for(lambda: 'event="kept the configuration that was running"' in daemon.logged)
    assert "level=error event=refused reason=" in daemon.logged
    assert "nonsense" in daemon.logged
    assert not daemon.files("calendars/priya@example.com/*.ics")
    daemon.configure(CONFIG + PRIYA)
    daemon.process.send_signal(signal.SIGHUP)
    daemon.wait_for(lambda: daemon.files("calendars/priya@example.com/*.ics"))
    assert "event=reloaded managers=1" in daemon.logged


def test_an_edited_configuration_is_taken_up_without_being_asked(daemon: Daemon):
    daemon.configure(CONFIG + PRIYA)
    daemon.wait_for(lambda: daemon.files("calendars/priya@example.com/*.ics"))


def test_a_command_and_the_daemon_agree_about_a_report_who_has_left(daemon: Daemon):
    """The command goes by the edited file at once; the daemon must not invite the report again."""
    daemon.configure(CONFIG + PRIYA)
    daemon.process.send_signal(signal.SIGHUP)
    daemon.wait_for(lambda: daemon.files("calendars/priya@example.com/*.ics"))
    daemon.configure(CONFIG)
    daemon.call("contract", "jonas", stdin="My commitments\n- Introduce Jonas to Dana by end of next year\n")
    daemon.wait_for(lambda: daemon.logged.count("event=reloaded") == 2)
    daemon.wait_for(lambda: not any((daemon.root / "state" / "changed").iterdir()))
    (copy,) = daemon.files("calendars/priya@example.com/*.ics")
    assert "STATUS:CANCELLED" in copy.read_text()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_signals_are_heard_before_the_configuration_is_read(tmp_path: Path, number: signal.Signals):
    os.mkfifo(tmp_path / "careermail.toml")  # reading it takes until somebody writes
    with (tmp_path / "log").open("w") as log:
        process = subprocess.Popen([COMMAND, "run"], cwd=tmp_path, env={}, stderr=log)
    with (tmp_path / "careermail.toml").open("w") as file:  # it is being read
        process.send_signal(number)
        if number == signal.SIGTERM:
            assert process.wait(PATIENCE) == 0
            return
        time.sleep(0.2)
        file.write("nonsense")
    assert process.wait(PATIENCE) == 78


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a folder away")
def test_root_does_not_run_it_among_another_users_files(tmp_path: Path):
    (tmp_path / "careermail.toml").write_text(CONFIG)
    (tmp_path / "state").mkdir()
    os.chown(tmp_path / "state", pwd.getpwnam("nobody").pw_uid, -1)
    refused = subprocess.run([COMMAND, "run"], cwd=tmp_path, env={}, capture_output=True, text=True, check=False)
    assert (refused.returncode, "sudo -u nobody careermail" in refused.stderr) == (64, True)


def test_does_not_start_with_a_configuration_that_is_wrong_or_a_clock_that_stands(tmp_path: Path):
    (tmp_path / "careermail.toml").write_text(CONFIG.replace("admin", "adnim"))
    wrong = subprocess.run([COMMAND, "run"], cwd=tmp_path, env={}, capture_output=True, text=True, check=False)
    assert (wrong.returncode, "did you mean admin" in wrong.stderr) == (78, True)
    (tmp_path / "careermail.toml").write_text(CONFIG)
    now = {"CAREERMAIL_NOW": "2027-01-04T08:00Z"}
    still = subprocess.run([COMMAND, "run"], cwd=tmp_path, env=now, capture_output=True, text=True, check=False)
    assert (still.returncode, "the daemon lives in the present" in still.stderr) == (64, True)
