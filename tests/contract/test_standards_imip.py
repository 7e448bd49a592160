"""The calendar by mail alone keeps what every calendar promises, with people whose programs only speak mail."""

import sys
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from itertools import count
from pathlib import Path
from shutil import copytree
from typing import cast

import pytest
from mailprogram import MailProgram
from provider_suite import (
    ANA,
    APRIL,
    JANUARY,
    JONAS,
    JULY,
    MAYA,
    OCTOBER,
    SERIES,
    CalendarSuite,
    World,
    confirmed,
    held,
    utc,
)

from careermail.clock import VirtualClock
from careermail.mail.itip import rsvp
from careermail.model import Event, Occurrence, Person, Service
from careermail.providers import Provider
from careermail.providers.standards.imip import ImipCalendar
from careermail.providers.standards.invitations import Invitations

NOTE = Event("note@careermail.example.com", MAYA, (), "Introduce Jonas to Dana", "", start=date(2027, 3, 2))
TALK = Occurrence(SERIES.uid, "", utc(2027, 1, 12, 9), utc(2027, 1, 12, 10))
SERVICE = Service("careermail", "careermail@example.com")


@dataclass
class Post:
    """An outbox that delivers at once; `tells` is whether it can say what left."""

    sent: list[EmailMessage] = field(default_factory=list)
    tells: bool = True

    @property
    def told(self) -> list[tuple[str, str]]:
        return [(str(mail["To"]), str(mail["Message-ID"])) for mail in self.sent]

    def send(self, message: EmailMessage) -> None:
        self.sent.append(message)

    def find(self, message_id: str, to: str) -> bool | None:
        if not self.tells:
            return None
        return any(m["Message-ID"] == message_id and to in str(m["To"]) for m in self.sent)


@dataclass
class People:
    """Everybody reads their mail before they do anything, and does it with their calendar program's buttons."""

    calendar: ImipCalendar
    post: Post
    programs: dict[str, MailProgram] = field(default_factory=dict)
    read: int = 0
    answers: list[bool] = field(default_factory=list)

    def program(self, person: Person) -> MailProgram:
        for mail in self.post.sent[self.read :]:
            to = mail["To"].addresses[0].addr_spec
            self.programs.setdefault(to, MailProgram(replace(person, email=to))).receive(mail)
        self.read = len(self.post.sent)
        return self.programs.setdefault(person.email, MailProgram(person))

    def answer(self, mail: EmailMessage) -> bool:
        understood = rsvp(mail)
        assert understood is not None
        self.answers.append(self.calendar.answer(understood))
        return self.answers[-1]

    def move_one(self, occurrence: Occurrence, start: datetime, *, by: Person = MAYA) -> None:
        """By proposing another time."""
        end = start + (occurrence.end - occurrence.start)
        self.answer(self.program(by).counter(occurrence.uid, start, end, original(occurrence)))

    def cancel_one(self, occurrence: Occurrence, *, by: Person = MAYA) -> None:
        """By declining it: nobody but us can delete what we organize."""
        self.decline_one(occurrence, by=by)

    def decline_one(self, occurrence: Occurrence, *, by: Person = JONAS) -> None:
        self.answer(self.program(by).reply(occurrence.uid, "DECLINED", original(occurrence)))

    def decline_all(self, uid: str, *, by: Person = JONAS) -> None:
        self.answer(self.program(by).reply(uid, "DECLINED"))

    def move_all(self, uid: str, by_hours: int, *, by: Person = MAYA) -> None:
        program = self.program(by)
        start = program.events[uid].master.dtstart.value.astimezone(UTC)
        self.answer(
            program.counter(
                uid, start.replace(hour=start.hour + by_hours), start.replace(hour=start.hour + by_hours + 1)
            )
        )

    def delete_all(self, uid: str, *, by: Person = MAYA) -> None:
        """Programs answer no to what is deleted."""
        self.decline_all(uid, by=by)

    def sees(self, person: Person, uid: str) -> list[datetime]:
        return self.program(person).sees(uid)


def parsed(raw: bytes) -> EmailMessage:
    return cast("EmailMessage", message_from_bytes(raw, policy=policy.default))


def original(occurrence: Occurrence) -> datetime | None:
    return datetime.fromisoformat(occurrence.recurrence_id) if occurrence.recurrence_id else None


@pytest.fixture
def new_world(tmp_path: Path) -> Callable[[], World]:
    worlds = count()

    def make() -> World:
        return world_in(tmp_path / str(next(worlds)), Post())

    return make


def world_in(state: Path, post: Post, now: datetime | None = None) -> World:
    clock = VirtualClock(now or utc(2027, 1, 1))
    invitations = Invitations(state / "invitations", post, SERVICE, clock)
    calendar = ImipCalendar(state / "calendars", invitations, SERVICE, clock)
    return World(Provider("standards", calendar, post, cast("object", None)), People(calendar, post))  # type: ignore[arg-type]


class TestImip(CalendarSuite):
    @pytest.fixture
    def new_world(self, new_world: Callable[[], World]) -> Callable[[], World]:
        return new_world

    # --- what people can do in a calendar and not by mail, and what is so instead ---

    def test_a_series_that_the_organizer_splits_is_followed(self, booked: World):
        """RFC 5546 (3.2.7) has no proposal for "this and following": the session that it names is moved, no other."""
        people = cast("People", booked.hands)
        proposal = people.program(MAYA).counter(
            SERIES.uid, utc(2027, 7, 13, 10), utc(2027, 7, 13, 11), utc(2027, 7, 13, 8)
        )
        ranged = proposal.as_bytes().replace(b"RECURRENCE-ID:", b"RECURRENCE-ID;RANGE=THISANDFUTURE:")
        assert people.answer(parsed(ranged))
        assert confirmed(booked) == [
            utc(2027, 1, 12, 9),
            utc(2027, 4, 13, 8),
            utc(2027, 7, 13, 10),
            utc(2027, 10, 12, 8),
        ]

    def test_both_halves_of_a_split_series_can_be_ended(self, booked: World):
        """There are no halves; the series can be ended twice, the second time earlier."""
        for since in (utc(2027, 7, 1), utc(2027, 4, 1)):
            booked.provider.calendar.cancel(MAYA, SERIES.uid, since=since)
        assert confirmed(booked) == [utc(2027, 1, 12, 9)]
        assert booked.hands.sees(MAYA, SERIES.uid) == booked.hands.sees(JONAS, SERIES.uid) == [utc(2027, 1, 12, 9)]

    def test_other_business_takes_up_time(self, booked: World):
        """Nobody mails us what else they do: a month without a session of ours is unknown, not free."""
        assert booked.provider.calendar.busy([MAYA, JONAS], (utc(2027, 3, 1), utc(2027, 4, 1))) == []

    def test_what_overlaps_the_edge_of_the_window_is_told(self, booked: World):
        """Shown with a session of ours: nothing else is known."""
        assert booked.provider.calendar.busy([JONAS], (utc(2027, 4, 13, 8, 30), utc(2027, 4, 13, 8, 40)))
        assert booked.provider.calendar.busy([JONAS], (utc(2027, 4, 13, 9), utc(2027, 4, 13, 10))) == []

    def test_what_is_marked_as_free_takes_up_none(self, world: World):
        """Shown with the one thing that we mark as free: a reminder."""
        world.provider.calendar.put(replace(NOTE, start=date(2027, 3, 2)))
        assert world.provider.calendar.busy([MAYA], (utc(2027, 3, 1), utc(2027, 4, 1))) == []

    def test_a_day_off_is_the_persons_own_day(self, booked: World):
        """Days off are not mailed to us; a session is taken from the person's day whatever their zone."""
        booked.provider.calendar.put(replace(SERIES, uid="far@careermail.example.com", attendees=(ANA,), marker="far"))
        busy = booked.provider.calendar.busy([ANA], (utc(2027, 4, 1), utc(2027, 5, 1)))
        assert [(b.start, b.end) for b in busy] == [(utc(2027, 4, 13, 8), utc(2027, 4, 13, 9))]


# --- exactly once ---


class Killed(BaseException):
    """The process is gone."""


@dataclass
class Peril:
    """Kills at the n-th step that leaves a trace: a file made, renamed or removed, or a mail handed over."""

    left: int | None = None

    def step(self, event: str, _: object = None) -> None:
        if self.left is not None and event in {"tempfile.mkstemp", "os.rename", "os.remove", "mailed", "mailing"}:
            self.left -= 1
            if self.left == 0:
                self.left = None
                raise Killed


PERIL = Peril()
sys.addaudithook(PERIL.step)


class DeadlyPost(Post):
    def send(self, message: EmailMessage) -> None:
        PERIL.step("mailing")
        super().send(message)
        PERIL.step("mailed")


EDITS: dict[str, Callable[[World], object]] = {
    "book": lambda w: w.provider.calendar.put(SERIES),
    "move": lambda w: w.provider.calendar.move(MAYA, held(w)[APRIL], utc(2027, 4, 15, 12), utc(2027, 4, 15, 13)),
    "decline": lambda w: w.hands.decline_one(replace(TALK, recurrence_id=OCTOBER)),
    "propose": lambda w: w.hands.move_one(replace(TALK, recurrence_id=JULY), utc(2027, 7, 20, 8)),
    "refuse": lambda w: w.hands.cancel_one(replace(TALK, recurrence_id=JANUARY)),
    "lengthen": lambda w: w.provider.calendar.put(replace(SERIES, minutes=90)),
    "end": lambda w: w.provider.calendar.cancel(MAYA, SERIES.uid, since=utc(2027, 8, 1)),
}


@pytest.mark.parametrize(("name", "tells"), [*((name, True) for name in EDITS), ("book", False), ("move", False)])
def test_whenever_it_is_killed_everybody_is_told_of_each_state_once(tmp_path: Path, name: str, tells: bool):
    """Killed before each thing that leaves a trace, started again and asked for the same again, as the runner does."""
    before = Post()
    for earlier in list(EDITS)[: list(EDITS).index(name)]:
        EDITS[earlier](world_in(tmp_path / "before", before))
    undisturbed, _ = after(tmp_path, name, before, tells=tells)
    left, alive = 0, False
    while not alive:
        left += 1
        post, alive = after(tmp_path, name, before, tells=tells, left=left)
        assert set(post.told) == set(undisturbed.told), left
        doubtful = 0 if tells else 1  # the one mail that nothing can tell about
        assert len(post.told) <= len(set(post.told)) + doubtful, left
    assert left > 1
    world = world_in(tmp_path / "1", undisturbed)
    stands = [o.start for o in held(world).values() if o.status != "cancelled"]
    refused = {utc(2027, 1, 12, 9)} if name == "refuse" else set()  # no mail tells Maya of her own no
    assert world.hands.sees(JONAS, SERIES.uid) == stands
    assert world.hands.sees(MAYA, SERIES.uid) == sorted(refused.union(stands))


def after(folder: Path, name: str, before: Post, *, tells: bool, left: int | None = None) -> tuple[Post, bool]:
    """What was mailed once an edit is done, however often it was begun; and whether nothing killed it."""
    state, post = folder / str(left), DeadlyPost(list(before.sent), tells)
    if (folder / "before").exists():
        copytree(folder / "before", state)
    PERIL.left = left
    with suppress(Killed):
        EDITS[name](world_in(state, post))
    alive, PERIL.left = PERIL.left is not None, None
    EDITS[name](world_in(state, post))
    held(world_in(state, post))
    return post, alive
