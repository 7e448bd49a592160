"""Troubles come and go for years, and their file does not grow with them."""

from datetime import UTC, datetime, timedelta

from careermail.errors import ProviderError
from careermail.model import Fact
from careermail.plan.planner import SERVICE
from careermail.store.memory import MemoryStore
from careermail.troubles import Troubles

NOW = datetime(2027, 1, 4, 9, tzinfo=UTC)
DAY = timedelta(days=1)
FIRE = ProviderError("the server is on fire")


def a_bad_day(troubles: Troubles, now: datetime) -> None:
    """Nobody's calendar can be read, and in the evening everybody's can."""
    for n in range(50):
        troubles.arise(f"m{n}@example.com/r@example.com/calendar", FIRE, now)
    troubles.settle(now + DAY / 2, lambda trouble: trouble.key.endswith("/calendar"))


def test_what_was_solved_is_forgotten_after_a_month_and_what_stands_is_not():
    store = MemoryStore()
    troubles = Troubles(store)
    troubles.arise("maya@example.com", FIRE, NOW)
    for n in range(100):
        a_bad_day(troubles, NOW + n * 30 * DAY)
    assert len(store.load(SERVICE)) < 500  # of ten thousand
    assert store.load(SERVICE, archived=True) == []
    assert list(troubles.standing()) == ["maya@example.com"]
    assert troubles.standing()["maya@example.com"].at == NOW


def test_an_alarm_that_is_under_way_or_recent_is_remembered_with_what_it_is_about():
    store = MemoryStore()
    under_way, recent, old = ("maya/alarm/1", "intent"), ("maya/alarm/90", "done"), ("maya/alarm/2", "done")
    for key, kind in (under_way, old, *[(f"x{n}", "done") for n in range(300)], recent):
        at = NOW if key != recent[0] else NOW + 90 * DAY
        store.append(SERVICE, [Fact(at, kind, key, {"kind": "alarm", "until": at.isoformat()})])
    for n in range(4):
        a_bad_day(Troubles(store), NOW + n * 30 * DAY)
    keys = {fact.key for fact in store.load(SERVICE)}
    assert {under_way[0], recent[0]} < keys
    assert old[0] not in keys
