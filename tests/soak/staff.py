"""The people of a made-up organisation: what they answer, what they do to their calendars, and who comes and goes."""

import csv
import os
import subprocess
import sys
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from random import Random

import byhand
from icalendar import Calendar

from careermail.model import A_DAY

ZONES = ("Europe/Stockholm", "Europe/Berlin", "America/New_York", "Asia/Kolkata", "America/Sao_Paulo", "UTC")
KEPT = 60 * A_DAY  # how long people keep a mail
COMMAND = str(Path(sys.executable).with_name("careermail"))
AWAY = "I am out of the office and will be back soon."
OF_SESSIONS = ("later", "Tomorrow", "No contract this time", "Didn't happen", "", "")
OF_COMMITMENTS = ("Not yet", "in two weeks", "drop: nobody needs it", "", "")
OF_CONTRACTS = ("1 done", "all done", "pause until 1 June", "What is this?", "resume", "1 in two weeks", *[""] * 30)
ANSWERS = {
    **dict.fromkeys(("summary", "summary-nudge", "summary-overdue"), OF_SESSIONS),
    **dict.fromkeys(("due", "due-soon", "overdue"), OF_COMMITMENTS),
    **dict.fromkeys(("review", "contract", "prepare"), OF_CONTRACTS),
}
CONFIG = """include = ["managers.d/*.toml"]

[service]
address = "careermail@example.com"
admin = "it@example.com"
state = "state"

[provider]
kind = "local"
root = "world"

[defaults.conversation]
every = "3 months"
"""


@dataclass
class Mail:
    """What is kept of a mail once it was seen."""

    path: Path
    seen: datetime


@dataclass
class Staff:
    """Everybody, as files below `root`; `random` decides who does what."""

    root: Path
    random: Random
    managers: int
    reports: dict[str, str] = field(default_factory=dict)  # a report's address -> their manager's
    box: dict[str, Mail] = field(default_factory=dict)
    delivered: dict[tuple[str, str], str] = field(default_factory=dict)  # Message-ID and address -> key
    did: Counter[str] = field(default_factory=Counter)
    hired: int = 0
    tasks: int = 0

    def found(self) -> None:
        """Let there be an organisation: every tenth manager has two reports, the others one."""
        self.root.mkdir(parents=True, exist_ok=True)
        (self.root / "careermail.toml").write_text(CONFIG)
        for n in range(self.managers):
            for _ in range(1 + (n % 10 == 0)):
                self._hire(_manager(n))
        self._import()

    def _hire(self, manager: str) -> None:
        self.hired += 1
        self.reports[f"r{self.hired:04}@example.com"] = manager

    def churn(self) -> None:
        """Some leave, some come, some get another manager; the list of people is imported."""
        leave, move = (self.random.sample(sorted(self.reports), len(self.reports) // 25) for _ in range(2))
        for report in leave:
            self._hire(self.reports.pop(report))
        for report in set(move) - set(leave):
            self.reports[report] = _manager(self.random.randrange(self.managers))
        self._import()
        self.did["left"] += len(leave)
        self.did["moved"] += len(move)

    def _import(self) -> None:
        managing = sorted(set(self.reports.values()))
        with (self.root / "people.csv").open("w", newline="") as file:
            rows = csv.writer(file)
            rows.writerow(("name", "mail", "manager", "zone"))
            rows.writerows(_row(address, "") for address in managing)
            rows.writerows(_row(address, manager) for address, manager in sorted(self.reports.items()))
        command = (COMMAND, "import", "people.csv", "--apply")
        subprocess.run(command, cwd=self.root, check=True, capture_output=True)

    # --- a day ---

    def day(self, now: datetime) -> None:
        """Read what came, answer some of it, and do what people do."""
        for path in self._new():
            mail = message_from_bytes(path.read_bytes(), policy=default)
            to = mail["To"].addresses[0].addr_spec
            self.box[path.name + to] = Mail(path, now)
            self.delivered[str(mail["Message-ID"]), to] = str(mail["X-Careermail-Key"])
            self.did[f"got {mail['X-Careermail-Kind']}"] += 1
            if answer := self._answer(mail, now):
                self._write(mail, answer, now)
        if self.random.random() < 0.4:
            with suppress(OSError, ValueError, LookupError, StopIteration):  # that calendar was not to be edited so
                self._edit(now)
        self._throw_away(now)

    def _new(self) -> list[Path]:
        found = []
        for folder in sorted((self.root / "world/mail").glob("*")):
            new = os.scandir(folder / "new")
            found += [folder / "new" / entry.name for entry in new if entry.name + folder.name not in self.box]
        return found

    def _throw_away(self, now: datetime) -> None:
        for name, mail in list(self.box.items()):
            if now - mail.seen < KEPT:
                break
            mail.path.unlink(missing_ok=True)
            del self.box[name]
        inbox = self.root / "world/inbox/new"
        for path in inbox.iterdir() if inbox.exists() and now.day == 1 else ():
            if path.name[:8] < f"{now - KEPT:%Y%m%d}":
                path.unlink()

    def _answer(self, mail: EmailMessage, now: datetime) -> str:
        kind, luck = mail["X-Careermail-Kind"], self.random.random()
        if luck < 0.02:
            return AWAY
        if "careermail+" not in str(mail["Reply-To"]) or kind not in ANSWERS:
            return ""
        if luck < 0.6 and kind.startswith("summary"):
            return self._contract(now)
        if luck < 0.6 and "due" in kind:
            return "Done"
        return self.random.choice(ANSWERS[kind])

    def _contract(self, now: datetime) -> str:
        lines = []
        for whose in ("My commitments", "Their commitments"):
            lines.append(whose)
            for _ in range(self.random.randint(0, 2)):
                self.tasks += 1
                day = now + timedelta(days=self.random.randint(3, 80))
                lines.append(f"- Task{self.tasks}x by {day.day} {day:%B %Y}")
        return "\n".join([*lines, "The open question", "- Whether it goes on so"])

    def _write(self, mail: EmailMessage, words: str, now: datetime) -> None:
        self.did["answered"] += 1
        answer = EmailMessage()
        answer["From"], answer["To"], answer["Subject"] = (
            str(mail["To"]),
            str(mail["Reply-To"]),
            f"Re: {mail['Subject']}",
        )
        answer["Message-ID"], answer["In-Reply-To"] = f"<{self.did['answered']}@phone>", str(mail["Message-ID"])
        if words == AWAY:
            answer["Auto-Submitted"] = "auto-replied"
        answer.set_content(words)
        folder = self.root / "world/inbox"
        (folder / "new").mkdir(parents=True, exist_ok=True)
        (folder / "part").write_bytes(answer.as_bytes())
        (folder / "part").replace(folder / "new" / f"{now:%Y%m%d}.{self.did['answered']:07}.phone")

    def _edit(self, now: datetime) -> None:
        """Move, strike out or decline somebody's next session, or put something else in its way."""
        folder = self.root / "world/calendars" / self.random.choice(sorted(self.reports.values()))
        for path in self.random.sample(list(folder.glob("[!.]*.ics")), 1):
            calendar = Calendar.from_ical(path.read_bytes())
            event = byhand.master(calendar)
            start = byhand.planned(event, now + 2 * A_DAY) if "RRULE" in event else event.DTSTART
            if isinstance(start, datetime):  # no reminder, which is of a day
                self._change(folder, path, start)

    def _change(self, folder: Path, path: Path, start: datetime) -> None:
        what = self.random.choice(("move", "move", "strike", "busy"))
        self.did[f"calendar: {what}"] += 1
        if what == "move":
            with byhand.edited(path) as calendar:
                byhand.moved_to(start + self.random.choice((-1, 1)) * A_DAY)(byhand.instance(calendar, start))
        elif what == "strike":
            byhand.strike_out(path, start)
        else:
            byhand.occupy(folder, f"busy-{self.did['calendar: busy']}", start, timedelta(hours=1))


def _manager(n: int) -> str:
    return f"m{n:04}@example.com"


def _row(address: str, manager: str) -> tuple[str, ...]:
    account = address.partition("@")[0]
    return f"{account.title()} Weber", address, manager, ZONES[int(account[1:]) % len(ZONES)]
