"""A real process, killed with SIGKILL hundreds of times over a year on disk, leaves what an unbroken one leaves."""

import os
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes
from email.policy import default
from pathlib import Path
from tempfile import TemporaryDirectory

from icalendar import Calendar
from year import JONAS, MAYA, RITA, TAMA

from careermail.plan.history import fold
from careermail.store.tiny import TinyStore

SEED = os.environ.get("CAREERMAIL_SEED", "1")
TIMES = 305
YEAR = [sys.executable, str(Path(__file__).parent / "year.py")]
MEMORY = Path("/dev/shm")  # noqa: S108 (a disk that is quick to sync; what SIGKILL leaves is the kernel's there too)


# What must have happened for the comparison to say anything.
KINDS = {
    "prepare", "prompt", "summary", "summary-nudge", "summary-overdue",
    "contract", "due-soon", "due", "overdue", "review", "displaced", "answer", "told", "passed-on", "help", "forward",
}  # fmt: skip
PEOPLE = {person.email for person in (MAYA, JONAS, TAMA, RITA)}


def mails(root: Path) -> list[tuple[str, ...]]:
    """Every mail in the year's Maildirs."""
    found = []
    for path in sorted(root.glob("world/mail/*/new/*")):
        mail = message_from_bytes(path.read_bytes(), policy=default)
        headers = ("Date", "X-Careermail-Kind", "To", "Subject", "Message-ID", "X-Careermail-Key")
        found.append(tuple(str(mail[name]) for name in headers))
    return sorted(found)


def events(root: Path) -> list[tuple[object, ...]]:
    """Every VEVENT in the year's calendars, property by property."""
    found = []
    for path in sorted(root.glob("world/calendars/*/*.ics")):
        for event in Calendar.from_ical(path.read_bytes()).events:
            lines = sorted(str(line) for line in event.content_lines())
            found.append((path.parent.name, path.name, *lines))
    return sorted(found)


def outcomes(root: Path) -> dict[str, str]:
    """What became of every effect, by its key."""
    store = TinyStore(root / "state")
    return {key: effect.state for key, effect in fold(store.load(MAYA.email)).effects.items()}


@contextmanager
def both_years() -> Iterator[tuple[Path, Path]]:
    """The same year, played in one go and killed all the time; side by side."""
    with TemporaryDirectory(dir=MEMORY if MEMORY.is_dir() else None) as folder:
        unbroken, killed = Path(folder, "unbroken"), Path(folder, "killed")
        plays = [subprocess.Popen([*YEAR, unbroken]), subprocess.Popen([*YEAR, killed, SEED, str(TIMES)])]
        assert [play.wait() for play in plays] == [0, 0]
        yield unbroken, killed


def test_a_killed_year_leaves_what_an_unbroken_one_leaves():
    with both_years() as (unbroken, killed):
        assert mails(killed) == mails(unbroken)  # the same at the same moments
        assert events(killed) == events(unbroken)
        assert outcomes(killed) == outcomes(unbroken)
        assert Counter(mail[-1] for mail in mails(killed)).most_common(1)[0][1] == 1
        assert set(outcomes(killed).values()) == {"done", "skipped"}
        assert {mail[1] for mail in mails(killed)} == KINDS
        assert {calendar for calendar, *_ in events(killed)} == PEOPLE
