"""A quarter of one pair on real servers, in a process of its own that may be killed at any moment and started again.

    on_servers.py ROOT              plays on from where ROOT/position says; ROOT/place tells which servers
    on_servers.py ROOT SEED TIMES   plays it in processes of which so many are killed

What people do is done again where the process was killed before it could note that it was done; the same answer, sent
twice, is heard once.
"""

import json
import os
import signal
import smtplib
import sys
import time
import traceback
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import SMTP
from imaplib import IMAP4
from importlib import import_module
from pathlib import Path
from random import Random
from typing import Any

from year import Position

from careermail.clock import Clock, VirtualClock
from careermail.credentials import Secret
from careermail.model import Conversation, Person, Series, Service, Team
from careermail.providers import Provider
from careermail.providers.standards import open_provider
from careermail.runner import Runner
from careermail.store.tiny import TinyStore

MAYA = Person("Maya Lindqvist", "maya@example.com", "Europe/Stockholm")
AMARA = Person("Amara Obi", "amara@example.com", "Europe/London")
TEAM = Team(MAYA, (Series(MAYA, AMARA, Conversation(first=datetime(2027, 1, 12, 10))),))
BEGIN, END = datetime(2027, 1, 4, 7, tzinfo=UTC), datetime(2027, 3, 1, tzinfo=UTC)
AGREED = """Amara's commitments
- Shadow the platform on-call rota by 12 February 2027

Maya's commitments
- Introduce Amara to Dana Ortiz by 29 January 2027
"""
Saying = tuple[Person, str, str]  # who answers the latest mail of which kind, and what
STEPS: tuple[tuple[datetime, Saying], ...] = (
    (datetime(2027, 1, 13, 13, tzinfo=UTC), (MAYA, "summary", AGREED)),
    (datetime(2027, 1, 29, 11, tzinfo=UTC), (MAYA, "due", "done")),
    (datetime(2027, 2, 10, 14, tzinfo=UTC), (AMARA, "due-soon", "by 19 February")),
    (datetime(2027, 2, 19, 11, tzinfo=UTC), (AMARA, "due", "done")),
)


def settings(root: Path, place: dict[str, Any]) -> dict[str, Any]:
    """What [provider] says, of the servers that the test has started."""
    clear = {"host": "127.0.0.1", "tls": "none", "ca": None, "insecure": False, "user": "careermail@example.com"}
    secrets = {name: Secret(file=root / name) for name in ("smtp", "imap", "dav")}
    url = f"http://127.0.0.1:{place['dav']}/{{user}}/"
    return {
        "service": Service("careermail", "careermail@example.com", "it@example.com", root / "state", secret=b"ours"),
        "calendar": {"url": url, "user": "careermail", "password": secrets["dav"]} if place["dav"] else "imip",
        "managers": {},
        "outbox": clear | {"port": place["smtp"], "password": secrets["smtp"]},
        "inbox": clear | {"port": place["imap"], "password": secrets["imap"], "folder": "INBOX", "sent": "auto"},
    }


def mailbox(root: Path, place: dict[str, Any], address: str) -> list[EmailMessage]:
    """What lies in somebody's inbox."""
    with IMAP4("127.0.0.1", place["imap"]) as client:
        client.login(address, (root / "imap").read_text())
        _, (count,) = client.select(readonly=True)
        found = client.fetch("1:*", "(BODY.PEEK[])")[1] if int(count) else []
    return [message_from_bytes(one[1], policy=SMTP) for one in found if isinstance(one, tuple)]


def arrived(root: Path, place: dict[str, Any], address: str, header: str, value: str) -> list[EmailMessage]:
    """The mails with such a header in somebody's inbox, once there is one."""
    for _ in range(1000):
        if found := [mail for mail in mailbox(root, place, address) if mail[header] == value]:
            return found
        time.sleep(0.01)
    raise RuntimeError(f"no {value} came to {address}")


def answer(root: Path, place: dict[str, Any], now: datetime, saying: Saying) -> None:
    """Somebody answers a mail in their mailbox, and it arrives."""
    who, kind, words = saying
    latest = max(arrived(root, place, who.email, "X-Careermail-Kind", kind), key=lambda m: m["Date"].datetime)
    reply = EmailMessage(policy=SMTP)
    reply["From"], reply["To"], reply["Subject"] = who.email, str(latest["Reply-To"]), "Re: your note"
    reply["Message-ID"], reply["Date"] = f"<{now:%Y%m%d}@people.example.com>", now
    reply["In-Reply-To"] = str(latest["Message-ID"])
    reply.set_content(words)
    with smtplib.SMTP("127.0.0.1", place["smtp"]) as server:
        server.send_message(reply, who.email, reply["To"].addresses[0].addr_spec)
    arrived(root, place, "careermail@example.com", "Message-ID", str(reply["Message-ID"]))


@dataclass(frozen=True)
class Stage:
    """Where a quarter is played: how careermail reaches it, and how people there act."""

    settings: Callable[[Path, dict[str, Any]], dict[str, Any]]
    open_provider: Callable[[dict[str, Any], Clock], Provider]
    answer: Callable[[Path, dict[str, Any], datetime, Saying], None]
    late: Iterable[str]  # modules that are imported on first use
    steps: tuple[tuple[datetime, Saying], ...] = STEPS
    longest: float = 0.8  # seconds from the beginning of a process to its killing


def play(root: Path, stage: Stage) -> None:
    """Play on to the end."""
    place, steps = json.loads((root / "place").read_text()), stage.steps
    position = Position.load(root) if (root / "position").exists() else Position(BEGIN, 0)
    clock, said = VirtualClock(position.now), stage.settings(root, place)
    runner = Runner(said["service"], stage.open_provider(said, clock), TinyStore(root / "state"), clock)
    while position.now < END:
        at, saying = steps[position.steps] if position.steps < len(steps) else (END, None)
        if saying and at <= position.now:
            stage.answer(root, place, at, saying)
            position = Position(position.now + timedelta(minutes=5), position.steps + 1)
        else:
            runner.tick_inboxes([TEAM])
            wake = min(runner.tick(TEAM), runner.tick_service())
            position = Position(min(wake, max(at, position.now + timedelta(minutes=1))), position.steps)
        position.save(root)
        clock.wait(position.now)
    runner.close()


def play_killed(root: Path, stage: Stage, seed: int, times: int) -> None:
    """Play in processes of which so many are killed, each at a random moment of its work, and then to the end."""
    random = Random(seed)  # noqa: S311 (it chooses when to kill)
    for name in (*LATE, *stage.late):  # what is killed is to be work
        import_module(name)
    for _ in range(times):
        child = os.fork()
        if child == 0:
            with ending():
                play(root, stage)
        time.sleep(random.uniform(0.02, stage.longest))
        os.kill(child, signal.SIGKILL)
        if not os.WIFSIGNALED(os.waitpid(child, 0)[1]) and Position.load(root).now < END:
            raise SystemExit(f"careermail failed, at {Position.load(root)}")
    play(root, stage)


@contextmanager
def ending() -> Iterator[None]:
    """End this process without any of the cleaning up that is its parent's."""
    try:
        yield
    except BaseException:  # noqa: BLE001 (this process is at its end)
        traceback.print_exc()
    os._exit(1)


def main(stage: Stage, root: str, *killed: str) -> None:
    """Play as the command line says."""
    if killed:
        play_killed(Path(root), stage, *map(int, killed))
    else:
        play(Path(root), stage)


LATE = ("icalendar", "recurring_ical_events", "jinja2", "holidays", "babel.dates", "dateparser", "markdown_it")
STANDARDS = "careermail.providers.standards"
SERVERS = Stage(
    settings,
    open_provider,
    answer,
    (*(f"{STANDARDS}.{name}" for name in ("imap", "smtp", "imip", "caldav")), "imap_tools"),
)

if __name__ == "__main__":
    main(SERVERS, *sys.argv[1:])
