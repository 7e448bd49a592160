"""What the made-up years have found, each as the shortest story that shows it."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from fakes.perils import Perils
from fakes.world import FakeWorld
from office import Office

from careermail.model import A_DAY, Conversation, Occurrence, Person, Series, Team
from careermail.plan.history import reconcile
from careermail.store.memory import MemoryStore

MAYA = Person("Maya Lindqvist", "maya@example.com", "Europe/Stockholm")
JONAS = Person("Jonas Weber", "jonas@example.com", "Europe/Berlin")
OFTEN = Series(MAYA, JONAS, Conversation(every="10 weeks", first=datetime(2027, 2, 2, 10)))
NOW = datetime(2027, 1, 25, 14, tzinfo=UTC)


def office(series: Series) -> Office:
    """An office of one pair whose series has just been booked."""
    store = MemoryStore()
    made = Office(FakeWorld(), lambda: store, Team(MAYA, (series,)), NOW, Perils())
    made.run(A_DAY)
    return made


def test_a_series_that_comes_less_often_is_not_taken_for_one_that_people_gave_up():
    """The sessions that fell away gave way to our own edit, and no second series may be booked in their place."""
    one = office(OFTEN)
    seldom = replace(OFTEN, conversation=replace(OFTEN.conversation, every="6 months"))
    one.team = Team(MAYA, (seldom,))
    one.run(A_DAY)
    assert len({session.uid for session in one.ahead(seldom, far=True)}) == 1


def test_a_series_that_was_split_since_it_was_last_read_ends_with_its_report():
    """What nobody has read yet is in the calendar all the same, and would go on for ever."""
    one = office(OFTEN)
    one.world.split(one.ahead(OFTEN)[2], 1)
    one.team = Team(MAYA)
    one.run(A_DAY)
    assert one.ahead(OFTEN, far=True) == []


def test_a_session_that_grows_into_another_is_seen_to_at_once():
    """What one series takes of the manager's time may be in the way of another's session, read before it."""
    tama = Person("Tama Ngata", "tama@example.com", "Europe/London")
    early = Series(MAYA, tama, replace(OFTEN.conversation, first=datetime(2027, 2, 2, 9), on_conflict="keep"))
    one = office(OFTEN)
    one.team = Team(MAYA, (OFTEN, early))
    one.run(A_DAY)
    one.team = Team(MAYA, (OFTEN, replace(early, conversation=replace(early.conversation, minutes=90))))
    one.tick()
    before = one.facts
    one.tick()
    assert one.facts == before


def test_two_sessions_that_appear_at_one_hour_are_told_apart():
    """Nothing else orders what has the same start, when it is paired with what has vanished."""
    start = datetime(2027, 4, 13, 8, tzinfo=UTC)
    gone = Occurrence("a@x", "20270413T080000Z", start, start + timedelta(hours=1), id="20270413T080000Z")
    new = [replace(gone, uid=uid, recurrence_id="20270413T090000Z", id="") for uid in ("b@x", "c@x")]
    changes = reconcile({gone.id: gone}, new, (start - A_DAY, start + A_DAY))
    assert [(o.uid, o.id) for o in changes] == [("b@x", "20270413T080000Z"), ("c@x", "20270413T090000Z")]
