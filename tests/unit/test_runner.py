"""What fails, and what becomes of it: one's trouble is not the others', and it is over when its cause is."""

from collections.abc import Collection
from contextlib import AbstractContextManager
from datetime import datetime, timedelta

import pytest
from fakes.world import FakeWorld
from ledger import utc

from careermail.clock import VirtualClock
from careermail.errors import ProviderError, StoreError, TryLater
from careermail.model import Conversation, Fact, Occurrence, Person, Series, Service, Team
from careermail.plan.history import History, fold
from careermail.plan.planner import SERVICE
from careermail.providers import Provider, Window
from careermail.runner import Runner, everyone
from careermail.store.memory import MemoryStore

MAYA = Person("Maya Lindqvist", "maya@example.com")
JONAS, PRIYA = Person("Jonas Weber", "jonas@example.com"), Person("Priya Nair", "priya@example.com")
FIRST = datetime(2027, 1, 12, 10)
WITH_JONAS = Series(MAYA, JONAS, Conversation(first=FIRST))
WITH_PRIYA = Series(MAYA, PRIYA, Conversation(first=FIRST + timedelta(days=1)))
TEAM = Team(MAYA, (WITH_JONAS, WITH_PRIYA))
START = utc(2027, 1, 4, 10)  # a Monday


class OddCalendar:
    """A calendar in which some series cannot be read."""

    def __init__(self, world: FakeWorld) -> None:
        self._real = world.calendar
        self.odd: dict[str, Exception] = {}  # by marker

    def __getattr__(self, name: str) -> object:
        return getattr(self._real, name)

    def occurrences(self, organizer: Person, marker: str, window: Window) -> list[Occurrence]:
        if marker in self.odd:
            raise self.odd[marker]
        return self._real.occurrences(organizer, marker, window)


class OddOutbox:
    """An outbox that can fail."""

    def __init__(self, world: FakeWorld) -> None:
        self._real = world.outbox
        self.error: Exception | None = None

    def find(self, message_id: str, to: str) -> bool:
        return self._real.find(message_id, to)

    def send(self, message: object) -> None:
        if self.error:
            raise self.error
        self._real.send(message)


class OddStore(MemoryStore):
    """A store in which some managers' facts cannot be read, and some are held by somebody else."""

    unreadable: Collection[str] = ()
    held: Collection[str] = ()

    def load(self, manager: str, *, archived: bool = False) -> list[Fact]:
        if manager in self.unreadable:
            raise StoreError(f"{manager}.json cannot be read")
        return super().load(manager, archived=archived)

    def append(self, manager: str, facts: list[Fact]) -> None:
        self.load(manager)
        super().append(manager, facts)

    def lock(self, manager: str) -> AbstractContextManager[None]:
        if manager in self.held:
            raise TryLater(f"Somebody holds the facts of {manager}")
        return super().lock(manager)


class House:
    """The runner in a world in memory where things go wrong."""

    def __init__(self) -> None:
        self.world, self.store, self.clock = FakeWorld(), OddStore(), VirtualClock(START)
        self.calendar, self.outbox = OddCalendar(self.world), OddOutbox(self.world)
        self.provider = Provider("fake", self.calendar, self.outbox, self.world.provider.inboxes)
        self.team, self.runner = TEAM, self.hire()

    def hire(self) -> Runner:
        return Runner(Service(admin="it@example.com"), self.provider, self.store, self.clock)

    def tick(self) -> datetime:
        return min(self.runner.tick(team) for team in everyone([self.team], self.store).values())

    def at(self, *moment: int) -> None:
        self.clock.wait(utc(*moment))
        self.tick()
        self.runner.tick_service([MAYA.email])

    @property
    def history(self) -> History:
        return fold(self.store.load(MAYA.email))

    @property
    def troubles(self) -> dict[str, str]:
        return {cause: str(fact.data["note"]) for cause, fact in self.runner.troubles.standing().items()}

    def mails(self, to: str) -> int:
        return sum(message["To"].addresses[0].addr_spec == to for message in self.world.mails)


@pytest.fixture
def house() -> House:
    found = House()
    found.tick()
    return found


def test_a_fault_in_one_calendar_blinds_that_series_alone_and_says_none_of_its_words(house: House):
    house.calendar.odd = {WITH_JONAS.marker: OverflowError("what somebody wrote")}
    house.at(2027, 1, 8, 9)
    house.at(2027, 1, 8, 9)
    prepared = {key.split("/")[1] for key, e in house.history.effects.items() if e.data["kind"] == "prepare"}
    assert prepared == {"priya@example.com"}
    assert list(house.troubles) == [f"{WITH_JONAS.key}/calendar"]
    assert "OverflowError" in house.troubles[f"{WITH_JONAS.key}/calendar"]
    assert "somebody" not in house.troubles[f"{WITH_JONAS.key}/calendar"]
    assert house.mails("it@example.com") == 1
    house.calendar.odd = {}
    house.at(2027, 1, 9, 9)
    assert house.troubles == {}


@pytest.mark.parametrize("gone", ["from the configuration", "with its manager"])
def test_a_series_that_is_gone_troubles_nobody(house: House, gone: str):
    house.calendar.odd = {WITH_JONAS.marker: ProviderError("unreadable")}
    house.tick()
    assert list(house.troubles) == [f"{WITH_JONAS.key}/calendar"]
    house.calendar.odd = {}
    if gone == "with its manager":
        house.store.replace(MAYA.email, [], [])
        house.runner.tick_service([])
    else:
        house.team = Team(MAYA, (WITH_PRIYA,))
        house.tick()
    assert house.troubles == {}


def test_what_is_held_is_told_each_day_until_it_is_skipped(house: House):
    house.outbox.error = ProviderError("550 no such user", permanent=True)
    house.at(2027, 1, 7, 9)
    assert [cause.rpartition("/")[2] for cause in house.troubles] == ["prepare"]
    house.at(2027, 1, 12, 10)  # it is of no use any more
    assert not [cause for cause in house.troubles if cause.startswith(WITH_JONAS.key) and cause.endswith("prepare")]


def test_a_server_that_is_back_is_no_trouble_even_if_nothing_is_left_to_send(house: House):
    house.outbox.error = ProviderError("unreachable")
    house.at(2027, 1, 7, 9)
    assert list(house.troubles) == ["provider/fake"]
    house.team = Team(MAYA, ())
    house.outbox.error = None
    house.at(2027, 1, 8, 9)
    assert house.troubles == {}


def test_troubles_are_seen_by_every_process(house: House):
    house.outbox.error = ProviderError("unreachable")
    other = house.hire()
    assert other.troubles.standing() == {}
    house.at(2027, 1, 7, 9)
    assert list(other.troubles.standing()) == ["provider/fake"]
    house.outbox.error = None
    house.clock.wait(utc(2027, 1, 8, 9))
    other.tick(TEAM)
    assert house.troubles == {}


@pytest.mark.parametrize("way", ["unreadable", "held"])
def test_careermails_own_facts_out_of_reach_keep_no_mail_from_leaving(house: House, way: str):
    setattr(house.store, way, {SERVICE})
    house.outbox.error = ProviderError("unreachable")
    house.clock.wait(utc(2027, 1, 7, 9))
    house.tick()
    assert list(house.troubles) == ["provider/fake"]  # kept in memory
    house.outbox.error = None
    house.clock.wait(utc(2027, 1, 7, 10))
    house.tick()
    assert house.mails("maya@example.com") == 1
    assert {e.state for e in house.history.effects.values()} == {"done"}
    assert house.troubles == {}


def test_what_was_kept_in_memory_is_written_with_the_next(house: House):
    house.store.unreadable = {SERVICE}
    house.runner.failed("omar@example.com", StoreError("omar@example.com.json cannot be read"))
    house.store.unreadable = ()
    house.runner.failed("lena@example.com", StoreError("lena@example.com.json cannot be read"))
    assert set(house.hire().troubles.standing()) == {"omar@example.com", "lena@example.com"}


def test_a_visit_that_failed_is_told_until_one_succeeds(house: House):
    house.store.unreadable = {MAYA.email}
    with pytest.raises(StoreError) as caught:
        house.runner.tick(TEAM)
    house.runner.failed(MAYA.email, caught.value)
    house.runner.tick_service([MAYA.email])
    assert house.troubles == {MAYA.email: "maya@example.com.json cannot be read"}
    assert house.mails("it@example.com") == 1
    house.store.unreadable = ()
    house.tick()
    assert house.troubles == {}


def test_an_outcome_that_cannot_be_recorded_is_found_out_about_and_mailed_once(house: House):
    send = house.world.outbox.send

    def send_and_lose(message: object) -> None:
        send(message)
        house.store.unreadable = {MAYA.email}

    house.world.outbox.send = send_and_lose
    house.clock.wait(utc(2027, 1, 7, 9))
    with pytest.raises(StoreError):
        house.tick()
    house.store.unreadable, house.world.outbox.send = (), send
    house.tick()
    assert house.mails("maya@example.com") == 1
    assert {e.state for e in house.history.effects.values()} == {"done"}


def test_whoever_watches_hears_before_each_mail_that_we_go_on(house: House):
    """One visit may bring many mails, and a server may take minutes for each."""
    heard = set[int]()
    house.runner.alive = lambda: heard.add(len(house.world.mails))
    house.at(2027, 1, 12, 12)
    sent = len(house.world.mails)
    assert sent > 1
    assert heard >= set(range(sent))
