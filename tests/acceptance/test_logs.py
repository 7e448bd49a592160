"""The log where people read it: in journald's own files, on a terminal, and in a pipe."""

import json
import os
import pty
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from test_daemon import COMMAND, CONFIG, PATIENCE

JOURNALD = "/lib/systemd/systemd-journald"
# A journald of our own, in a namespace of our own: nobody else's journal is written to.
IN_A_JOURNAL = f"""
set -e
mount -t tmpfs tmpfs /run
mkdir -p /run/systemd/journal /run/log/journal
{JOURNALD} >/dev/null 2>&1 &
for _ in $(seq 100); do [ -S /run/systemd/journal/socket ] && break; sleep 0.1; done
systemd-cat sh -c 'JOURNAL_STREAM=$(stat -L -c %d:%i /proc/self/fd/2) exec {COMMAND} once'  # as systemd sets it
for _ in $(seq 50); do
  journalctl -D /run/log/journal -o json --no-pager CAREERMAIL_EVENT=seen | grep -q seen && break; sleep 0.1
done
journalctl -D /run/log/journal -o json --no-pager SYSLOG_IDENTIFIER=careermail
kill %1
"""
UNSHARED = ["unshare", "--mount", "--propagation", "private"]
ABSENT = (
    not (Path(JOURNALD).exists() and shutil.which("systemd-cat") and shutil.which("journalctl"))
    or os.geteuid() != 0
    or subprocess.run([*UNSHARED, "mount", "-t", "tmpfs", "tmpfs", "/mnt"], check=False, capture_output=True).returncode
)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "careermail.toml").write_text(CONFIG)
    return tmp_path


def on_a_terminal(root: Path, **environ: str) -> str:
    """What `careermail once` shows to somebody who watches."""
    ours, theirs = pty.openpty()
    run = subprocess.Popen([COMMAND, "once"], cwd=root, env={"TERM": "xterm", **environ}, stderr=theirs)
    os.close(theirs)
    shown = b""
    while True:
        try:
            shown += os.read(ours, 4096)
        except OSError:  # the other end has closed
            break
    os.close(ours)
    assert run.wait(PATIENCE) == 0
    return shown.decode()


@pytest.mark.skipif(bool(ABSENT), reason="needs a journald, and root for a namespace of its own")
def test_journald_keeps_each_action_with_its_fields_and_no_content(root: Path):
    script = [*UNSHARED, "bash", "-c", IN_A_JOURNAL]
    shown = subprocess.run(script, cwd=root, capture_output=True, text=True, check=True, timeout=3 * PATIENCE).stdout
    entries = [json.loads(line) for line in shown.splitlines()]
    (booked,) = [e for e in entries if e.get("CAREERMAIL_RESULT") == "done" and e["CAREERMAIL_KIND"] == "book"]
    assert (booked["_TRANSPORT"], booked["PRIORITY"]) == ("journal", "6")
    assert booked["CAREERMAIL_MANAGER"] == "maya@example.com"
    assert booked["MESSAGE"] == f"done book for maya@example.com [{booked['CAREERMAIL_KEY']}]"
    assert "jonas" not in shown


def test_a_terminal_shows_the_hour_the_words_and_colours(root: Path):
    shown = on_a_terminal(root)
    assert re.search(
        r"\x1b\[2m\d\d:\d\d:\d\d\x1b\[0m \x1b\[32m\x1b\[1mdone\x1b\[0m book for maya@example.com \[", shown
    )


@pytest.mark.parametrize("environ", [{"NO_COLOR": "1"}, {"TERM": "dumb"}])
def test_who_wants_no_colours_gets_none(root: Path, environ: dict[str, str]):
    shown = on_a_terminal(root, **environ)
    assert "\x1b" not in shown
    assert re.search(r"^\d\d:\d\d:\d\d done book for maya@example.com \[\w+\]\r$", shown, re.MULTILINE)


def test_an_action_is_one_line(root: Path):
    assert on_a_terminal(root).count("book") == 1


def test_a_pipe_gets_names_and_values_and_neither_colour_nor_hour(root: Path):
    run = subprocess.run([COMMAND, "once"], cwd=root, env={"TERM": "xterm"}, capture_output=True, text=True, check=True)
    assert re.search(r"^level=info event=done manager=maya@example.com kind=book key=\w+$", run.stderr, re.MULTILINE)
