"""The calendar over CalDAV, on two real servers: Cyrus, which invites by itself, and Radicale, for which we do."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import date, datetime
from email.message import EmailMessage
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from mailprogram import MailProgram
from provider_suite import JONAS, MAYA, CalendarSuite, World, utc
from servers import cyrus as cyrus_server
from servers import radicale as radicale_server
from servers.cyrus import PASSWORD, Cyrus
from servers.people import People, Program
from servers.radicale import Radicale

from careermail.clock import VirtualClock
from careermail.credentials import Secret
from careermail.mail.itip import rsvp
from careermail.model import Occurrence, Person, Service
from careermail.providers import Outbox, Provider
from careermail.providers.standards.caldav import CalDavCalendar
from careermail.providers.standards.invitations import Invitations

NOW = utc(2027, 1, 1)
SERVICE = Service("careermail", "careermail@example.com")


@pytest.fixture(scope="session")
def cyrus() -> Iterator[Cyrus]:
    if cyrus_server.ABSENT:
        pytest.skip(cyrus_server.ABSENT)
    with Cyrus() as server:
        server.welcome("maya", "jonas", "ana")
        yield server


@pytest.fixture(scope="session")
def radicale(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Radicale]:
    if radicale_server.ABSENT:
        pytest.skip(radicale_server.ABSENT)
    with Radicale(tmp_path_factory.mktemp("radicale")) as server:
        yield server


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

    def open(self, outbox: Outbox, url: str, user: str, **settings: Any) -> CalDavCalendar:
        clock, state = VirtualClock(NOW), self.root / f"state-{next(self.numbers)}"
        said = {"url": url, "user": user, "password": self.secret(), **settings}
        invitations = Invitations(state / "invitations", outbox, SERVICE, clock)
        calendar = CalDavCalendar({"calendar": said, "managers": {}}, SERVICE, clock, invitations)
        self.undo.callback(calendar.close)
        return calendar


@pytest.fixture
def opener(tmp_path: Path) -> Iterator[Opener]:
    with ExitStack() as undo:
        yield Opener(tmp_path, undo)


def world_of(calendar: CalDavCalendar, hands: People) -> World:
    return World(Provider("standards", calendar, None, None), hands)  # type: ignore[arg-type]


# --- a server that schedules ---


def cyrus_program(cyrus: Cyrus, user: str, folder: str = "Default") -> Program:
    return Program(f"{cyrus.url}calendars/user/{user}/{folder}/", user, PASSWORD)


@pytest.fixture
def cyrus_world(cyrus: Cyrus, opener: Opener) -> Callable[[], World]:
    def make() -> World:
        opener.undo.close()  # the server has only so many connections for us
        programs = {person.email: cyrus_program(cyrus, person.email.split("@")[0]) for person in (MAYA, JONAS)}
        for program in programs.values():
            program.wipe()
        return world_of(opener.open(NoPost(), cyrus.url, "{user}"), People(programs))

    return make


class TestCyrus(CalendarSuite):
    @pytest.fixture
    def new_world(self, cyrus_world: Callable[[], World]) -> Callable[[], World]:
        return cyrus_world


# --- a server that does not ---


@dataclass
class MailedPeople(People):
    """Maya uses her calendar; Jonas hears of meetings by mail, and answers by mail."""

    calendar: CalDavCalendar | None = None
    post: Post = field(default_factory=Post)
    read: int = 0
    jonas: MailProgram = field(default_factory=lambda: MailProgram(JONAS))

    def mail(self) -> MailProgram:
        for mail in self.post.sent[self.read :]:
            self.jonas.receive(mail)
        self.read = len(self.post.sent)
        return self.jonas

    def answered(self, mail: EmailMessage) -> None:
        understood = rsvp(mail)
        assert understood is not None
        assert self.calendar is not None
        assert self.calendar.answer(understood)

    def decline_one(self, occurrence: Occurrence, *, by: Person = JONAS) -> None:
        at = datetime.fromisoformat(occurrence.recurrence_id) if occurrence.recurrence_id else None
        assert by == JONAS
        self.answered(self.mail().reply(occurrence.uid, "DECLINED", at))

    def decline_all(self, uid: str, *, by: Person = JONAS) -> None:
        assert by == JONAS
        self.answered(self.mail().reply(uid, "DECLINED"))

    def delete_all(self, uid: str, *, by: Person = MAYA) -> None:
        if by == JONAS:
            self.decline_all(uid)
        else:
            super().delete_all(uid, by=by)

    def sees(self, person: Person, uid: str) -> list[datetime]:
        return self.mail().sees(uid) if person == JONAS else super().sees(person, uid)

    def add_busy(self, person: Person, start: datetime | date, end: datetime | date, *, free: bool = False) -> str:
        return super().add_busy(person, start, end, free=free)


@pytest.fixture
def radicale_world(radicale: Radicale, opener: Opener) -> Callable[[], World]:
    def make() -> World:
        opener.undo.close()
        radicale.welcome("maya", "jonas", "ana")
        programs = {
            person.email: Program(f"{radicale.url}{user}/work/", user, PASSWORD)
            for person, user in ((MAYA, "maya"), (JONAS, "jonas"))
        }
        post = Post()
        calendar = opener.open(post, radicale.url + "{user}/", "careermail")
        return world_of(calendar, MailedPeople(programs, calendar=calendar, post=post))

    return make


class TestRadicale(CalendarSuite):
    @pytest.fixture
    def new_world(self, radicale_world: Callable[[], World]) -> Callable[[], World]:
        return radicale_world
