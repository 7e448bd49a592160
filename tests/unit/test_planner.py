"""Wanted things and what became of them -> what is done now, what is skipped, and when to wake up."""

from dataclasses import replace
from datetime import datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ledger import Ledger, utc

from careermail.model import A_DAY, Conversation, Fact, Occurrence, Person, Plan, Series, Team, Topic, Wanted
from careermail.plan.history import fold
from careermail.plan.planner import decide, plan, plan_alarms

MAYA = Person("Maya Lindqvist", "maya@example.com", "Europe/Stockholm")
JONAS = Person("Jonas Weber", "jonas@example.com", "Europe/Berlin")
PAIR = Series(MAYA, JONAS)
NOON = utc(2027, 1, 12, 11)  # a Tuesday, noon in Stockholm
SESSION = Occurrence("u", "20270112T090000Z", utc(2027, 1, 12, 9), utc(2027, 1, 12, 10), id="20270112T090000Z")


def want(
    name: str, due: datetime = NOON, until: datetime = NOON + 7 * A_DAY, kind: str = "due", **more: object
) -> Wanted:
    topic = more.pop("topic", Topic(PAIR))
    to = more.pop("to", MAYA)
    return Wanted(f"{PAIR.key}/{name}", kind, due, until, topic, to=to, **more)


def decided(*wanted: Wanted, facts: tuple[Fact, ...] = (), now: datetime = NOON, blind: tuple[str, ...] = ()) -> Plan:
    return decide(list(wanted), fold(facts), now, blind)


def fact(kind: str, name: str, **data: object) -> Fact:
    data = {"kind": "due", "until": "2027-01-19T11:00:00+00:00", **data}
    return Fact(NOON - timedelta(minutes=5), kind, f"{PAIR.key}/{name}", data)


def told(plan: Plan) -> list[tuple[str, str]]:
    """Each action as its verb and its keys without the pair."""
    return [(a.verb, a.key.replace(f"{PAIR.key}/", "")) for a in plan.due]


# --- when ----------------------------------------------------------------------------------------


def test_what_is_due_is_done_and_what_is_not_is_woken_up_for():
    ahead = want("b", NOON + timedelta(hours=2))
    found = decided(want("a"), ahead)
    assert told(found) == [("mail", "a")]
    assert found.wake_at == NOON + timedelta(hours=2)


def test_with_nothing_ahead_one_looks_again_after_a_day():
    assert decided().wake_at == NOON + A_DAY


@pytest.mark.parametrize("state", ["done", "skipped"])
def test_what_was_done_or_skipped_is_over(state: str):
    found = decided(want("a"), facts=(fact(state, "a"),))
    assert (told(found), found.wake_at) == ([], NOON + A_DAY)


def test_what_is_unwanted_is_neither_done_nor_waited_for():
    found = decided(want("a", unless="it is done"), want("b", NOON + timedelta(hours=1), unless="it is done"))
    assert (told(found), found.wake_at) == ([], NOON + A_DAY)


def test_what_is_of_no_use_any_more_is_skipped_with_its_reason():
    (action,) = decided(want("a", NOON - 2 * A_DAY, NOON)).due
    assert (action.verb, action.reason) == (
        "skip",
        "it was due on Sun 10 Jan 2027 11:00 UTC, could not be sent, and was of no use after Tue 12 Jan 2027 11:00 UTC",
    )


def test_what_the_archive_has_is_not_wanted_anew():
    settled = Fact(NOON, "settled", "", {"horizon": (NOON - A_DAY).isoformat()})
    found = decided(want("a", NOON - 9 * A_DAY, NOON - 2 * A_DAY), want("b", NOON - 9 * A_DAY, NOON), facts=(settled,))
    assert told(found) == [("skip", "b")]


# --- late ----------------------------------------------------------------------------------------

NIGHT = utc(2027, 1, 12, 22)
MORNING = utc(2027, 1, 13, 8)


def test_what_was_missed_waits_for_the_morning():
    found = decided(want("a"), now=NIGHT)
    assert (told(found), found.wake_at) == ([], MORNING)


def test_what_would_be_useless_in_the_morning_goes_out_at_night():
    assert told(decided(want("a", until=MORNING), now=NIGHT)) == [("mail", "a")]
    assert told(decided(want("a", latest=MORNING), now=NIGHT)) == [("mail", "a")]


def test_what_was_to_leave_by_a_moment_that_has_passed_waits_for_the_morning_too():
    found = decided(want("a", latest=NIGHT), now=NIGHT)
    assert (told(found), found.wake_at) == ([], MORNING)


def test_what_leaves_working_hours_by_its_own_rule_does_not_wait():
    """A nudge on Sunday is late by an hour: it goes out on Sunday."""
    sunday = utc(2027, 1, 17, 12)
    assert told(decided(want("a", sunday, kind="summary-nudge"), now=sunday + timedelta(hours=1))) == [("mail", "a")]


def test_events_wait_for_nobodys_morning():
    assert told(decided(want("a", kind="note", to=None), now=NIGHT)) == [("note", "a")]


# --- several -------------------------------------------------------------------------------------


def test_several_of_a_kind_to_one_person_are_one_mail_in_the_order_of_their_sessions():
    early, late = (Topic(PAIR, replace(SESSION, start=SESSION.start + n * A_DAY)) for n in (0, 1))
    found = decided(
        want("b", kind="prepare", topic=early),
        want("a", kind="prepare", topic=late),
        want("c", kind="prepare", to=JONAS),
    )
    assert told(found) == [("mail", "a+b"), ("mail", "c")]
    assert [w.key[-1] for w in found.due[0].wanted] == ["b", "a"]


def test_mails_about_a_single_session_stay_apart():
    assert told(decided(want("a", kind="prompt"), want("b", kind="prompt"))) == [("mail", "a"), ("mail", "b")]


def test_calendars_come_before_mails_and_a_configured_hour_before_a_search():
    configured = Topic(replace(PAIR, conversation=Conversation(first=datetime(2027, 2, 2, 10))))
    found = decided(
        want("mail"),
        want("note", kind="note", to=None),
        want("looks", kind="book", to=None),
        want("stands", kind="book", to=None, topic=configured),
        want("end", kind="end", to=None),
    )
    assert [key for _, key in told(found)] == ["end", "stands", "looks", "note", "mail"]


def test_of_a_chase_that_has_come_due_together_one_says_it():
    chase = [("summary", "1"), ("summary-nudge", "2"), ("summary-overdue", "3"), ("summary-overdue", "4")]
    wanted = [
        want(name, NOON - timedelta(hours=5 - n), kind=kind, topic=Topic(PAIR, SESSION))
        for n, (kind, name) in enumerate(chase)
    ]
    first, rest = decided(*wanted), decided(*wanted[1:])
    assert told(first)[-1] == ("mail", "1")
    assert {a.reason for a in first.due[:-1]} == {"summary says it at the same time"}
    assert told(rest)[-1] == ("mail", "4")
    assert told(rest)[:-1] == [("skip", "2"), ("skip", "3")]


# --- what was begun ------------------------------------------------------------------------------

INTENT = {"intent": {"message_id": "<1@example.com>"}}


def test_what_was_begun_is_found_out_about_first_even_if_unwanted_or_too_late():
    for begun in (want("a"), want("a", unless="it is done"), want("a", NOON - 2 * A_DAY, NOON)):
        (action, other) = decided(want("0"), begun, facts=(fact("intent", "a", **INTENT),)).due
        assert (action.verb, action.key, action.again) == ("mail", f"{PAIR.key}/a", True)
        assert not other.again


def test_what_was_begun_as_one_mail_stays_one():
    facts = (fact("intent", "a", **INTENT), fact("intent", "b", **INTENT))
    assert told(decided(want("a"), want("b"), want("c"), facts=facts)) == [("mail", "a+b"), ("mail", "c")]


def test_what_failed_waits_for_its_retry():
    retry = NOON + timedelta(minutes=4)
    found = decided(want("a"), facts=(fact("failed", "a", retry_at=retry.isoformat()),))
    assert (told(found), found.wake_at) == ([], retry)


def test_what_was_begun_and_nothing_wants_any_more_is_settled():
    found = decided(facts=(fact("intent", "gone", **INTENT),))
    assert told(found) == [("settle", "gone")]
    assert found.due[0].wanted[0].unless == "nothing wants it any more"


def test_what_cannot_be_seen_is_not_taken_as_gone():
    assert told(decided(facts=(fact("intent", "gone"),), blind=(PAIR.key,))) == []


def test_nothing_is_decided_of_a_series_whose_calendar_cannot_be_read():
    kept = Ledger(PAIR, utc(2027, 1, 4), datetime(2027, 1, 12, 10))
    blind = plan(Team(MAYA, (PAIR,)), kept.history, utc(2027, 1, 7, 8), blind={PAIR.key})
    assert blind.due == ()
    assert told(kept.plan(utc(2027, 1, 7, 8))) == [("mail", "20270112T090000Z/prepare")]


# --- alarms --------------------------------------------------------------------------------------

ADMIN = Person("admin", "it@example.com")


def test_a_trouble_is_told_at_once_and_then_once_a_day_until_it_is_solved():
    trouble = Fact(NOON, "trouble", "provider/local", {"note": "The disk is full.", "due": NOON.isoformat()})
    first = plan_alarms(ADMIN, fold([trouble]), NOON)
    (action,) = first.due
    assert action.wanted[0].topic.note == "The disk is full."
    sent = Fact(NOON, "done", action.wanted[0].key, {"kind": "alarm", "until": (NOON + A_DAY).isoformat()})
    assert plan_alarms(ADMIN, fold([trouble, sent]), NOON + timedelta(minutes=1)).due == ()
    assert len(plan_alarms(ADMIN, fold([trouble, sent]), NOON + A_DAY).due) == 1
    assert plan_alarms(ADMIN, fold([trouble, sent, Fact(NOON, "solved", "provider/local")]), NOON + A_DAY).due == ()


def test_a_trouble_of_the_night_is_told_at_night_and_then_in_the_mornings_of_any_day():
    admin = replace(ADMIN, working_days=frozenset(range(7)), working_hours=(time.min, time.max))
    night = utc(2027, 1, 16, 2)  # a Saturday
    facts = [Fact(night, "trouble", "provider/local", {"note": "The disk is full.", "due": night.isoformat()})]
    moments, now = [], night
    while now < utc(2027, 1, 19):
        found = plan_alarms(admin, fold(facts), now)
        for action in found.due:
            moments.append(now)
            facts.append(Fact(now, "done", action.key, {"kind": "alarm", "until": action.wanted[0].until.isoformat()}))
        now = found.wake_at
    assert moments == [night, utc(2027, 1, 17, 9), utc(2027, 1, 18, 9)]


def test_a_trouble_that_may_pass_is_told_only_when_it_has_lasted():
    later = NOON + timedelta(hours=4)
    trouble = Fact(NOON, "trouble", "provider/local", {"note": "unreachable", "due": later.isoformat()})
    waiting = plan_alarms(ADMIN, fold([trouble]), NOON)
    assert (waiting.due, waiting.wake_at) == ((), later)


def test_what_only_a_manager_can_mend_is_told_to_both():
    data = {"note": "maya's file is cut short", "due": NOON.isoformat(), "mender": MAYA.email}
    trouble = Fact(NOON, "trouble", f"{PAIR.key}/calendar", data)
    due = plan_alarms(ADMIN, fold([trouble]), NOON).due
    assert sorted(action.wanted[0].to.email for action in due) == [ADMIN.email, MAYA.email]


# --- always --------------------------------------------------------------------------------------

MOMENTS = st.integers(0, 60 * 24 * 30).map(lambda n: utc(2027, 1, 1) + timedelta(minutes=n))
WANTED = st.builds(
    lambda n, due, length, kind: want(str(n), due, due + timedelta(minutes=length), kind),
    st.integers(0, 9),
    MOMENTS,
    st.integers(1, 60 * 24 * 10),
    st.sampled_from(("prepare", "prompt", "due")),
)


@given(st.lists(WANTED, unique_by=lambda w: w.key), MOMENTS, st.sampled_from((time(9), time(6), time(22))))
def test_everything_wanted_is_sent_once_in_its_time_or_skipped_and_it_comes_to_rest(
    wanted: list[Wanted], now: datetime, send_at: time
):
    """Performed from any moment on, one action at a time: no key twice, none lost, none early, and wake-ups ahead."""
    wanted = [replace(w, to=replace(MAYA, send_at=send_at)) for w in wanted]
    facts: list[Fact] = []
    while now < utc(2027, 3, 1):
        found = decide(wanted, fold(facts), now)
        assert found.wake_at > now
        for action in found.due[:1]:
            for w in action.wanted:
                assert w.due <= now
                assert (now >= w.until) == (action.verb == "skip")
                facts.append(Fact(now, "skipped" if action.verb == "skip" else "done", w.key, {}))
        now = now if found.due else found.wake_at
    assert sorted(f.key for f in facts) == sorted(w.key for w in wanted)
