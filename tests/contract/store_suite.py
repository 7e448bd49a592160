"""What every store promises (careermail/store/__init__.py). A store's own test inherits this, and opens it."""

import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import pytest

from careermail.errors import TryLater
from careermail.model import Fact
from careermail.store import Store

MAYA, LIAM = "maya@example.com", "liam+team/b@example.com"
PAIR = f"{MAYA}/jonas@example.com"

BOOKED = Fact(datetime(2027, 1, 5, 9, 0, 0, 1, UTC), "booked", f"{PAIR}/2027", {"sequence": 0})
INTENT = Fact(datetime(2027, 1, 7, 8, 0, tzinfo=UTC), "intent", f"{PAIR}/20270112T090000Z/prepare")
DONE = Fact(
    datetime(2027, 1, 7, 8, 0, 0, 999_999, UTC),
    "done",
    f"{PAIR}/20270112T090000Z/prepare",
    {"to": "Håkan Łuczak 👋", "parts": [1, 2.5, None, True, {"deep": ["ever"]}], "": "\ud83d alone\n\0"},
)


class StoreSuite:
    @pytest.fixture
    def store(self) -> Store:
        """An empty store that waits 0.1 s for a lock."""
        raise NotImplementedError

    @pytest.fixture
    def other(self, store: Store) -> Store:
        """The same facts, as another process opens them."""
        return store

    def test_nothing_is_known_at_first(self, store: Store):
        assert store.managers() == []
        assert store.load(MAYA) == []
        assert store.load(MAYA, archived=True) == []
        assert store.changed() == set()

    def test_facts_come_back_as_they_were_and_in_order(self, store: Store, other: Store):
        store.append(MAYA, [INTENT, BOOKED])
        store.append(MAYA, iter([DONE]))
        assert store.load(MAYA) == other.load(MAYA) == [INTENT, BOOKED, DONE]
        assert other.load(MAYA, archived=True) == []

    def test_times_come_back_in_utc_to_the_microsecond(self, store: Store, other: Store):
        store.append(MAYA, [BOOKED, INTENT])
        assert [fact.at.isoformat() for fact in other.load(MAYA)] == [
            "2027-01-05T09:00:00.000001+00:00",
            "2027-01-07T08:00:00+00:00",
        ]

    def test_the_same_fact_twice_is_two_facts(self, store: Store, other: Store):
        store.append(MAYA, [INTENT, INTENT])
        store.append(MAYA, [INTENT])
        assert other.load(MAYA) == [INTENT, INTENT, INTENT]

    def test_a_kind_from_a_later_version_is_kept(self, store: Store, other: Store):
        later = Fact(BOOKED.at, "dreamt", "", {"of": {"what": []}})
        store.append(MAYA, [later])
        assert other.load(MAYA) == [later]

    def test_managers_are_kept_apart_and_listed_in_order(self, store: Store, other: Store):
        store.append(MAYA, [BOOKED])
        store.append(LIAM, [INTENT])
        store.append("_service", [DONE])
        assert other.managers() == ["_service", LIAM, MAYA]
        assert [other.load(manager) for manager in other.managers()] == [[DONE], [INTENT], [BOOKED]]

    def test_appending_nothing_makes_no_manager(self, store: Store):
        store.append(MAYA, [])
        assert store.managers() == []

    def test_a_batch_that_breaks_off_adds_nothing(self, store: Store, other: Store):
        def torn() -> Iterator[Fact]:
            yield DONE
            raise RuntimeError("torn")

        store.append(MAYA, [BOOKED])
        with pytest.raises(RuntimeError, match="torn"):
            store.append(MAYA, torn())
        assert store.load(MAYA) == other.load(MAYA) == [BOOKED]

    def test_what_is_loaded_is_the_callers_own_list(self, store: Store):
        store.append(MAYA, [BOOKED])
        store.load(MAYA).clear()
        assert store.load(MAYA) == [BOOKED]

    def test_replaced_facts_are_all_there_is(self, store: Store, other: Store):
        store.append(MAYA, [BOOKED, INTENT, DONE])
        store.replace(MAYA, [BOOKED], [INTENT, DONE])
        assert store.load(MAYA) == other.load(MAYA) == [BOOKED]
        assert store.load(MAYA, archived=True) == other.load(MAYA, archived=True) == [INTENT, DONE]
        store.append(MAYA, [DONE])
        assert other.load(MAYA) == [BOOKED, DONE]
        assert other.load(MAYA, archived=True) == [INTENT, DONE]

    def test_facts_can_come_back_from_the_archive(self, store: Store, other: Store):
        store.replace(MAYA, [BOOKED], [INTENT, DONE])
        store.replace(MAYA, [DONE, BOOKED], [INTENT])
        assert other.load(MAYA) == [DONE, BOOKED]
        assert other.load(MAYA, archived=True) == [INTENT]

    def test_a_manager_with_nothing_but_an_archive_is_still_known(self, store: Store, other: Store):
        store.replace(MAYA, [], [DONE])
        assert other.managers() == [MAYA]
        assert other.load(MAYA) == []

    def test_a_forgotten_manager_is_as_if_never_met(self, store: Store, other: Store):
        store.replace(MAYA, [BOOKED], [DONE])
        store.append(LIAM, [INTENT])
        store.announce(MAYA)
        store.announce(LIAM)
        store.replace(MAYA, [], [])
        assert other.managers() == [LIAM]
        assert store.load(MAYA) == other.load(MAYA) == other.load(MAYA, archived=True) == []
        assert other.changed() == {LIAM}
        store.append(MAYA, [INTENT])
        assert other.load(MAYA) == [INTENT]

    def test_forgetting_a_stranger_does_nothing(self, store: Store):
        store.replace(MAYA, [], [])
        assert store.managers() == []

    def test_each_sees_what_the_other_wrote(self, store: Store, other: Store):
        """However often both have read before, and whatever they remember of it."""
        for n in range(1, 20):
            (store if n % 2 else other).append(MAYA, [BOOKED])
            assert len(store.load(MAYA)) == len(other.load(MAYA)) == n
        for fact in (INTENT, DONE, INTENT, DONE):
            other.replace(MAYA, [fact], [])
            assert store.load(MAYA) == [fact]

    def test_an_announcement_is_told_once(self, store: Store, other: Store):
        store.announce(LIAM)
        store.announce(MAYA)
        store.announce(MAYA)
        assert other.changed() == {LIAM, MAYA}
        assert other.changed() == store.changed() == set()
        store.announce(MAYA)
        assert other.changed() == {MAYA}

    def test_a_lock_is_re_entrant_and_frees_itself(self, store: Store, other: Store):
        with store.lock(MAYA), store.lock(MAYA):
            store.append(MAYA, [BOOKED])
            store.replace(MAYA, [], [])
            store.append(MAYA, [INTENT])
        with other.lock(MAYA):
            assert other.load(MAYA) == [INTENT]

    def test_a_lock_is_freed_by_an_error(self, store: Store, other: Store):
        with pytest.raises(OSError, match="of the body"), store.lock(MAYA):
            raise OSError("of the body")
        _in_a_thread(lambda: other.append(MAYA, [BOOKED]))
        assert store.load(MAYA) == [BOOKED]

    def test_a_held_lock_lets_others_read_but_not_write(self, store: Store, other: Store):
        store.append(MAYA, [BOOKED])
        with store.lock(MAYA), store.lock(MAYA):
            for attempt in (
                lambda: other.append(MAYA, [DONE]),
                lambda: other.replace(MAYA, [], []),
                lambda: other.lock(MAYA).__enter__(),
            ):
                error = _in_a_thread(attempt)
                assert isinstance(error, TryLater)
                assert MAYA in str(error)
            assert _in_a_thread(lambda: other.append(LIAM, [INTENT])) is None
            assert other.load(MAYA) == [BOOKED]
        assert other.load(MAYA) == [BOOKED]
        assert other.load(LIAM) == [INTENT]

    def test_a_lock_stays_its_holders_when_the_manager_is_forgotten_under_it(self, store: Store, other: Store):
        store.append(MAYA, [BOOKED])
        with store.lock(MAYA):
            store.replace(MAYA, [], [])
            assert isinstance(_in_a_thread(lambda: other.append(MAYA, [DONE])), TryLater)

    def test_threads_that_write_at_once_lose_nothing(self, store: Store, other: Store):
        def write(store: Store, name: str) -> None:
            for n in range(10):
                _patiently(store, Fact(BOOKED.at, "done", f"{name}/{n}"))

        threads = [threading.Thread(target=write, args=(store, "a")), threading.Thread(target=write, args=(other, "b"))]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        keys = [fact.key for fact in store.load(MAYA)]
        assert [key for key in keys if key[0] == "a"] == [f"a/{n}" for n in range(10)]
        assert [key for key in keys if key[0] == "b"] == [f"b/{n}" for n in range(10)]


def _patiently(store: Store, fact: Fact) -> None:
    while True:
        try:
            return store.append(MAYA, [fact])
        except TryLater:
            continue


def _in_a_thread(act: Callable[[], object]) -> Exception | None:
    """The error that `act` ended with elsewhere."""
    errors: list[Exception] = []

    def run() -> None:
        try:
            act()
        except Exception as error:  # noqa: BLE001 (whatever it is, the test looks at it)
            errors.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    return errors[0] if errors else None
