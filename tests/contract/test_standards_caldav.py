"""The calendar over CalDAV, on two real servers: Cyrus, which invites by itself, and Radicale, for which we do."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from email.message import EmailMessage

import pytest
from caldavs import NoPost, Opener, Post, cyrus_program, radicale_program
from mailprogram import MailProgram
from provider_suite import JONAS, MAYA, CalendarSuite, World
from servers.cyrus import Cyrus
from servers.people import People
from servers.radicale import Radicale

from careermail.mail.itip import rsvp
from careermail.model import Occurrence, Person
from careermail.providers import Provider
from careermail.providers.standards.caldav import CalDavCalendar


def world_of(calendar: CalDavCalendar, hands: People) -> World:
    return World(Provider("standards", calendar, None, None), hands)  # type: ignore[arg-type]


# --- a server that schedules ---


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


@pytest.fixture
def radicale_world(radicale: Radicale, opener: Opener) -> Callable[[], World]:
    def make() -> World:
        opener.undo.close()
        radicale.welcome("maya", "jonas", "ana")
        programs = {
            person.email: radicale_program(radicale, user) for person, user in ((MAYA, "maya"), (JONAS, "jonas"))
        }
        post = Post()
        calendar = opener.open(post, radicale.url + "{user}/", "careermail")
        return world_of(calendar, MailedPeople(programs, calendar=calendar, post=post))

    return make


class TestRadicale(CalendarSuite):
    @pytest.fixture
    def new_world(self, radicale_world: Callable[[], World]) -> Callable[[], World]:
        return radicale_world
