"""What the tests of CalDAV share: calendars opened on servers, and people beside them."""

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.message import EmailMessage
from itertools import count
from pathlib import Path
from typing import Any

from servers.cyrus import PASSWORD, Cyrus
from servers.people import Program
from servers.radicale import Radicale

from careermail.clock import VirtualClock
from careermail.credentials import Secret
from careermail.model import Service
from careermail.providers import Outbox
from careermail.providers.standards.caldav import CalDavCalendar
from careermail.providers.standards.invitations import Invitations

NOW = datetime(2027, 1, 1, tzinfo=UTC)
SERVICE = Service("careermail", "careermail@example.com")


@dataclass
class Post:
    """An outbox that delivers at once."""

    sent: list[EmailMessage] = field(default_factory=list)

    def send(self, message: EmailMessage) -> None:
        self.sent.append(message)

    def find(self, message_id: str, to: str) -> bool | None:
        return any(m["Message-ID"] == message_id and to in str(m["To"]) for m in self.sent)


class NoPost(Post):
    """Where a server invites, we may not."""

    def send(self, message: EmailMessage) -> None:
        raise AssertionError(message)


@dataclass
class Opener:
    """Makes calendars, and closes them in the end."""

    root: Path
    undo: ExitStack
    numbers: Iterator[int] = field(default_factory=count)

    def secret(self, words: str = PASSWORD) -> Secret:
        file = self.root / f"password-{next(self.numbers)}"
        file.touch(mode=0o600)
        file.write_text(words)
        return Secret(file=file)

    def open(
        self, outbox: Outbox, url: str, user: str, managers: dict[str, dict[str, Any]] | None = None, **settings: Any
    ) -> CalDavCalendar:
        clock, state = VirtualClock(NOW), self.root / f"state-{next(self.numbers)}"
        said = {"url": url, "user": user, "password": self.secret(), **settings}
        invitations = Invitations(state / "invitations", outbox, SERVICE, clock)
        calendar = CalDavCalendar({"calendar": said, "managers": managers or {}}, SERVICE, clock, invitations)
        self.undo.callback(calendar.close)
        return calendar


def cyrus_program(cyrus: Cyrus, user: str, folder: str = "Default") -> Program:
    return Program(f"{cyrus.url}calendars/user/{user}/{folder}/", user, PASSWORD)


def radicale_program(radicale: Radicale, user: str) -> Program:
    return Program(f"{radicale.url}{user}/work/", user, PASSWORD)
