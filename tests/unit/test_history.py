from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ledger import Ledger, utc
from samples import JONAS, MAYA, session

from careermail.model import Commitment, Contract, Conversation, Fact, Occurrence, Series, Team
from careermail.plan.archive import settle
from careermail.plan.history import fold, reconcile
from careermail.plan.planner import plan

PAIR = Series(MAYA, JONAS)
KEY = PAIR.key
WINDOW = (utc(2027, 1, 1), utc(2028, 2, 1))
JANUARY, APRIL, JULY = session(utc(2027, 1, 12, 9)), session(utc(2027, 4, 13, 8)), session(utc(2027, 7, 13, 8))
KNOWN = {o.id: o for o in (JANUARY, APRIL, JULY)}


def at(occurrence: Occurrence, start: datetime, **changes: object) -> Occurrence:
    """The occurrence as a calendar lists it elsewhere: without our identity for it."""
    return replace(occurrence, start=start, end=start + timedelta(hours=1), id="", **changes)


def listed(*occurrences: Occurrence) -> list[Occurrence]:
    return [replace(o, id="") for o in occurrences]


# --- what a reading of the calendar adds ---------------------------------------------------------


def test_what_has_not_changed_is_no_news():
    assert reconcile(KNOWN, listed(JANUARY, APRIL, JULY), WINDOW) == []


def test_what_is_new_is_known_by_where_it_was_first_seen():
    assert reconcile({}, listed(JANUARY), WINDOW) == [JANUARY]
    single = replace(JANUARY, recurrence_id="", id="")
    assert reconcile({}, [single], WINDOW)[0].id == "20270112T090000Z"


def test_one_moved_session_keeps_its_identity():
    moved = at(APRIL, utc(2027, 4, 20, 12))
    assert reconcile(KNOWN, [*listed(JANUARY, JULY), moved], WINDOW) == [replace(moved, id=APRIL.id)]


def test_sessions_of_a_series_that_was_moved_as_a_whole_keep_their_identities():
    """All vanish and appear two days later under other RECURRENCE-IDs: each is its nearest."""
    later = [session(o.start + timedelta(days=2)) for o in (JANUARY, APRIL, JULY)]
    found = reconcile(KNOWN, listed(*later), WINDOW)
    assert sorted((o.id, o.recurrence_id) for o in found) == [
        ("20270112T090000Z", "20270114T090000Z"),
        ("20270413T080000Z", "20270415T080000Z"),
        ("20270713T080000Z", "20270715T080000Z"),
    ]


def test_sessions_that_were_split_off_keep_their_identities():
    split = [at(o, o.start + timedelta(hours=4), uid="other@example.com") for o in (APRIL, JULY)]
    found = reconcile(KNOWN, [*listed(JANUARY), *split], WINDOW)
    assert sorted((o.id, o.uid, o.status) for o in found) == [
        (APRIL.id, "other@example.com", "confirmed"),
        (JULY.id, "other@example.com", "confirmed"),
    ]


def test_a_series_moved_by_almost_its_own_length_pairs_each_with_its_nearest():
    """A weekly series moved by five days: the nearest old one is two days ahead, and the last finds none."""
    week = timedelta(days=7)
    old = [session(utc(2027, 3, 1, 9) + n * week) for n in range(3)]
    new = [session(o.start + timedelta(days=5)) for o in old]
    found = reconcile({o.id: o for o in old}, listed(*new), WINDOW)
    assert {o.status for o in found} == {"confirmed"}
    assert len({o.id for o in found}) == 3


def test_what_vanished_was_cancelled():
    assert reconcile(KNOWN, listed(JANUARY, JULY), WINDOW) == [replace(APRIL, status="cancelled")]


def test_what_lies_before_the_window_has_not_vanished():
    assert reconcile(KNOWN, [], (utc(2027, 5, 1), utc(2028, 2, 1))) == [replace(JULY, status="cancelled")]


def test_what_lies_beyond_the_window_is_known_no_more_until_it_is_read_again():
    """It would stand for ever, whatever became of it; and when it is read again, it is still itself."""
    near = (utc(2027, 1, 1), utc(2027, 5, 1))
    beyond = replace(JULY, status="superseded")
    assert reconcile(KNOWN, listed(JANUARY, APRIL), near) == [beyond]
    assert reconcile({**KNOWN, JULY.id: beyond}, listed(JANUARY, APRIL), near) == []
    assert reconcile({**KNOWN, JULY.id: beyond}, listed(JANUARY, APRIL, JULY), WINDOW) == [JULY]
    assert reconcile({**KNOWN, JULY.id: beyond}, listed(JANUARY, APRIL), WINDOW) == []


def test_what_was_never_known_and_is_cancelled_is_no_news():
    assert reconcile({}, [at(APRIL, APRIL.start, status="cancelled")], WINDOW) == []


def test_a_cancelled_session_is_remembered_where_people_last_had_it():
    moved = replace(APRIL, start=utc(2027, 4, 20, 12), end=utc(2027, 4, 20, 13))
    seen = at(APRIL, APRIL.start, status="cancelled")
    assert reconcile({moved.id: moved}, [seen], WINDOW) == [replace(moved, status="cancelled")]


def test_the_same_hour_booked_again_is_another_session():
    lost = replace(APRIL, status="cancelled")
    again = at(APRIL, APRIL.start, uid="again@example.com", recurrence_id="")
    (found,) = reconcile({lost.id: lost}, [again], WINDOW)
    assert found.id == "20270413T080000Z+"


@given(st.lists(st.integers(0, 700), unique=True, max_size=8), st.lists(st.integers(0, 700), unique=True, max_size=8))
def test_nobody_is_mailed_twice_or_forgotten_whatever_is_read(before: list[int], after: list[int]):
    """No identity is shared; each session listed is known after; each that vanished is known not to take place."""
    known = {o.id: o for o in (session(utc(2027, 1, 1, 9) + timedelta(hours=12 * n)) for n in before)}
    seen = [session(utc(2027, 1, 1, 9) + timedelta(hours=12 * n)) for n in after]
    now_known = known | {o.id: o for o in reconcile(known, listed(*seen), WINDOW)}
    takes_place = [(o.uid, o.recurrence_id) for o in now_known.values() if o.status == "confirmed"]
    assert sorted(takes_place) == sorted((o.uid, o.recurrence_id) for o in seen)
    assert reconcile(now_known, listed(*seen), WINDOW) == []


# --- the fold ------------------------------------------------------------------------------------


def effect(minute: int, kind: str, **data: object) -> Fact:
    return Fact(utc(2027, 1, 12, 9, minute), kind, f"{KEY}/x/prepare", data)


def test_an_effect_remembers_its_intent_through_failures():
    facts = [
        effect(0, "intent", intent={"message_id": "<1@example.com>"}),
        effect(1, "failed", reason="refused", retry_at="2027-01-12T09:03:00+00:00"),
        effect(4, "failed", reason="refused again", retry_at="2027-01-12T09:06:00+00:00"),
    ]
    stands = fold(facts).effects[f"{KEY}/x/prepare"]
    assert (stands.state, stands.attempts, stands.reason) == ("failed", 2, "refused again")
    assert stands.retry_at == utc(2027, 1, 12, 9, 6)
    assert stands.data["intent"] == {"message_id": "<1@example.com>"}


FIND, LEAD = (
    Commitment("report", "Find a mentor", date(2027, 2, 1), "jonas-1"),
    Commitment("manager", "Ask", None, "jonas-2"),
)


def test_a_commitment_stands_as_it_was_last_settled_or_moved():
    ledger = Ledger(PAIR, utc(2027, 1, 4), datetime(2027, 1, 12, 10))
    ledger.agreed(Contract((FIND, LEAD), version=1, at=utc(2027, 1, 12, 12)))
    ledger.note(utc(2027, 1, 20), "commitment", f"{KEY}/jonas-1", due="2027-03-01")
    ledger.note(utc(2027, 1, 21), "commitment", f"{KEY}/jonas-2", state="dropped", reason="it is gone")
    assert ledger.history.of(KEY).contract.commitments == (
        replace(FIND, due=date(2027, 3, 1), agreed=date(2027, 1, 20), moves=1),
        replace(LEAD, state="dropped", reason="it is gone", settled=date(2027, 1, 21)),
    )


def test_a_session_is_lost_since_it_was_first_seen_so_and_not_once_it_takes_place_again():
    ledger = Ledger(PAIR, utc(2027, 1, 4), datetime(2027, 1, 12, 10))
    for day, status in ((5, "declined"), (6, "cancelled")):
        ledger.seen(utc(2027, 1, day), APRIL.start, status)
    lost = ledger.history.of(KEY).lost[APRIL.id]
    assert (lost.at, lost.status) == (utc(2027, 1, 5), "declined")
    ledger.seen(utc(2027, 1, 7), APRIL.start)
    assert ledger.history.of(KEY).lost == {}


def test_a_trouble_stands_until_it_is_solved():
    facts = [Fact(utc(2027, 1, 4), "trouble", "provider/local", {"note": "full", "due": "2027-01-04T00:00:00+00:00"})]
    assert list(fold(facts).troubles) == ["provider/local"]
    assert fold([*facts, Fact(utc(2027, 1, 5), "solved", "provider/local")]).troubles == {}


def test_a_pause_stands_until_it_is_resumed():
    facts = [Fact(utc(2027, 1, 4), "paused", KEY, {"until": None})]
    assert fold(facts).of(KEY).paused is not None
    assert fold([*facts, Fact(utc(2027, 1, 5), "resumed", KEY)]).of(KEY).paused is None


# --- the archive ---------------------------------------------------------------------------------


def quarterly(texts: list[tuple[int, str]], version: int, when: datetime) -> Contract:
    due = [(Commitment(owner, f"Do {n}", when.date() + timedelta(days=d), f"jonas-{version * 10 + n}", when.date()))
           for n, (d, owner) in enumerate(texts)]  # fmt: skip
    return Contract(tuple(due), version=version, at=when)


@pytest.fixture(scope="module")
def years() -> Ledger:
    """Two years of one pair: every contract with early, late and very late dates, some done, some moved."""
    ledger = Ledger(Series(MAYA, JONAS, Conversation()), utc(2027, 1, 4), datetime(2027, 1, 12, 10), years=3)
    starts = [utc(2027, 1, 12, 13) + timedelta(weeks=13 * n) for n in range(8)]
    now = utc(2027, 1, 4)
    for n, when in enumerate(starts, 1):
        ledger.run(now, when)
        ledger.agreed(quarterly([(20, "report"), (50, "manager"), (300, "report")], n, when))
        ledger.run(when, now := when + timedelta(days=30))
        ledger.note(now, "commitment", f"{KEY}/jonas-{n}0", state="done", reason="")
        if n % 2:
            ledger.note(now, "commitment", f"{KEY}/jonas-{n}1", due=(now.date() + timedelta(days=25)).isoformat())
    return ledger


@settings(max_examples=25)
@given(st.integers(0, 700), st.integers(0, 23))
def test_no_plan_ever_asks_for_what_was_archived(years: Ledger, days: int, hours: int):
    """At any moment, and with any archiving before it, what is due and when to wake are the same with and without."""
    now = utc(2027, 1, 4) + timedelta(days=days, hours=hours)
    facts = [f for f in years.facts if f.at <= now]
    live, old = settle(facts, now)
    assert len(live) + len(old) == len(facts) + 1
    team = Team(MAYA, (years.series,))
    whole, kept = plan(team, fold(facts), now), plan(team, fold(live), now)
    assert [a.key for a in kept.due] == [a.key for a in whole.due]
    assert kept.wake_at == whole.wake_at


def test_what_comes_after_an_archiving_is_what_would_have_come(years: Ledger):
    now = utc(2028, 10, 1)
    facts = [f for f in years.facts if f.at <= now]
    unbroken, archived = (
        Ledger(years.series, now, datetime(2027, 1, 12, 10)),
        Ledger(years.series, now, datetime(2027, 1, 12, 10)),
    )
    unbroken.facts, archived.facts = list(facts), settle(facts, now)[0]
    assert len(archived.facts) < len(facts) / 2
    told = unbroken.run(now, now + timedelta(days=150))
    assert len(told) > 5
    assert archived.run(now, now + timedelta(days=150)) == told


def test_archiving_twice_archives_nothing_more(years: Ledger):
    now = years.facts[-1].at
    live, _ = settle(years.facts, now)
    assert settle(live, now)[1] == []


@pytest.mark.parametrize(
    "said",
    [
        Fact(utc(2027, 1, 12), "away", f"{MAYA.email}/{MAYA.email}", {"since": "2027-01-12", "until": "2027-01-15"}),
        Fact(utc(2027, 1, 12), "heard", f"{KEY}/heard/a", {"until": "2027-05-01", "answers": []}),
        Fact(utc(2027, 1, 12), "heard", f"{KEY}/heard/a", {"until": "", "answers": []}),
    ],
)
def test_what_people_wrote_long_ago_is_archived(said: Fact):
    """An absence, "pause until May" and "stop": until when they hold is a day, or never."""
    live, old = settle([said], utc(2028, 1, 12))
    assert old == [said]
    assert live == [Fact(utc(2028, 1, 12), "settled", "", {"horizon": "1970-01-01T00:00:00+00:00"})]
