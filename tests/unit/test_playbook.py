"""The table of mails: for a literal session or promise, when which mail is wanted, until when, and why not."""

from dataclasses import replace
from datetime import date, datetime, time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ledger import Ledger, utc
from test_recurrence import PEOPLE

from careermail.model import A_DAY, Commitment, Contract, Conversation, Person, Series, Wanted
from careermail.plan.recurrence import at_work, is_day_off, local_day

MAYA = Person("Maya Lindqvist", "maya@example.com", "Europe/Stockholm")
JONAS = Person("Jonas Weber", "jonas@example.com", "Europe/Berlin")
BOOKED = utc(2027, 1, 4, 8)
FIRST = datetime(2027, 1, 12, 10)
AFTER = utc(2027, 1, 12, 12)


def wanted(ledger: Ledger, *kinds: str, now: datetime = BOOKED, session: str = "20270112") -> list[Wanted]:
    """What the table wants of these kinds, for the first session or for promises."""
    found = [w for w in ledger.plan(now).wanted if w.kind in kinds]
    return [w for w in found if w.topic.occurrence is None or w.topic.occurrence.id.startswith(session)]


def lines(found: list[Wanted]) -> list[str]:
    """Each as its kind and recipient, when it is due and from when on it is useless, in UTC."""
    return [f"{w.kind} {w.to.first_name}: {w.due:%a %d %H:%M} to {w.until:%d %b %H:%M}" for w in found if w.to]


def ledger(first: datetime = FIRST, manager: Person = MAYA, report: Person = JONAS, **how: object) -> Ledger:
    return Ledger(Series(manager, report, Conversation(**how)), BOOKED, first)


def agreed(commitment: Commitment, **how: object) -> Ledger:
    kept = ledger(**how)
    kept.agreed(Contract((replace(commitment, id="jonas-1"),), version=1, at=AFTER))
    return kept


def test_the_mails_about_a_session():
    kinds = ("prepare", "prompt", "summary", "summary-nudge", "summary-overdue", "review")
    assert lines(wanted(ledger(), *kinds)) == [
        "prepare Maya: Thu 07 08:00 to 12 Jan 09:00",
        "prompt Jonas: Fri 08 08:00 to 12 Jan 07:00",
        "summary Maya: Tue 12 10:00 to 13 Apr 08:00",
        "summary-nudge Maya: Wed 13 10:00 to 14 Jan 10:00",
        "summary-overdue Maya: Thu 14 10:00 to 13 Apr 08:00",
        "summary-overdue Maya: Fri 15 08:00 to 13 Apr 08:00",
        "summary-overdue Maya: Mon 18 08:00 to 13 Apr 08:00",
        "review Maya: Fri 12 08:00 to 13 Apr 08:00",
        "review Maya: Fri 12 08:00 to 13 Apr 08:00",
    ]


def test_keys_are_made_of_identity_only():
    """Neither a move of the session nor another hour for mails changes a key, so nothing is sent twice."""
    plain, other = ledger(), ledger(report=replace(JONAS, send_at=time(7), timezone="Asia/Kolkata"), prompt_days=7)
    other.seen(BOOKED, utc(2027, 1, 12, 9), moved_to=utc(2027, 1, 19, 13))
    for kept in (plain, other):
        (prompt,) = wanted(kept, "prompt")
        assert prompt.key == "maya@example.com/jonas@example.com/20270112T090000Z/prompt"


@pytest.mark.parametrize(
    ("first", "expected"),
    [
        (datetime(2027, 1, 12, 10), ["Wed 13 11:00"]),  # the last wish, seven on Thursday, moves to the same Wednesday
        (datetime(2027, 1, 12, 13), ["Wed 13 14:00", "Thu 14 10:00"]),
        (datetime(2027, 1, 12, 15), ["Wed 13 16:00", "Thu 14 12:00"]),
        (datetime(2027, 1, 14, 16), ["Fri 15 17:00"]),
        (datetime(2027, 1, 15, 10), ["Fri 15 17:00"]),  # half way and the last wish are both at the weekend
        (datetime(2027, 1, 15, 16), ["Sun 17 13:00"]),
    ],
)
def test_nudges_are_half_way_and_four_hours_before_the_deadline_one_a_day(first: datetime, expected: list[str]):
    found = wanted(ledger(first), "summary-nudge", session="202701")
    assert [f"{w.due.astimezone(MAYA.zone):%a %d %H:%M}" for w in found if w.due < utc(2027, 2, 1)] == expected


@pytest.mark.parametrize("hours", [24, 48, 72, 96])
def test_the_deadline_is_as_configured(hours: int):
    (first, *_) = wanted(ledger(datetime(2027, 1, 11, 10), summary_hours=hours), "summary-overdue", session="20270111")
    assert first.due == utc(2027, 1, 11, 10) + A_DAY * (hours // 24)


SHADOW = Commitment("report", "Shadow the rota", date(2027, 2, 12), agreed=date(2027, 1, 12))


def test_the_mails_about_a_promise():
    found = wanted(agreed(SHADOW), "due-soon", "due", "overdue", now=AFTER)
    assert lines(found) == [
        "due-soon Jonas: Tue 09 08:00 to 12 Feb 08:00",
        "due Jonas: Fri 12 08:00 to 19 Feb 08:00",
        "overdue Jonas: Fri 19 08:00 to 13 Apr 08:00",
    ]


def test_a_promise_goes_to_whoever_made_it():
    (due,) = wanted(agreed(replace(SHADOW, owner="manager")), "due", now=AFTER)
    assert due.to == MAYA


@pytest.mark.parametrize(("agreed_on", "warned"), [(date(2027, 2, 1), True), (date(2027, 2, 2), False)])
def test_ten_days_are_short_enough_to_need_no_warning(agreed_on: date, warned: bool):
    (soon,) = wanted(agreed(replace(SHADOW, agreed=agreed_on)), "due-soon", now=AFTER)
    assert (soon.unless == "") == warned


def test_a_moved_promise_is_another_key():
    kept = agreed(SHADOW)
    kept.note(utc(2027, 2, 10), "commitment", f"{kept.series.key}/jonas-1", due="2027-03-12")
    (due,) = wanted(kept, "due", now=utc(2027, 2, 10))
    assert (due.key.rpartition("jonas-1/")[2], due.due) == ("due/1", utc(2027, 3, 12, 8))


@pytest.mark.parametrize(
    ("kind", "facts", "unless"),
    [
        ("prompt", [("seen", "cancelled")], "the session was cancelled"),
        ("prepare", [("seen", "declined")], "the session was declined"),
        ("summary", [("seen", "cancelled")], "the session was cancelled"),
        ("prompt", [("paused", "")], "the series is paused"),
        ("review", [], "no commitment is open"),
    ],
)
def test_what_is_not_wanted_says_why(kind: str, facts: list[tuple[str, str]], unless: str):
    kept = ledger()
    for fact, status in facts:
        if fact == "paused":
            kept.note(BOOKED, "paused", kept.series.key, until=None)
        else:
            kept.seen(BOOKED, utc(2027, 1, 12, 9), status)
    assert {w.unless for w in wanted(kept, kind)} == {unless}


def test_a_recorded_contract_ends_the_chase():
    kept = ledger()
    kept.agreed(Contract((SHADOW,), version=1, at=AFTER))
    chase = wanted(kept, "summary", "summary-nudge", "summary-overdue", now=AFTER)
    assert {w.unless for w in chase} == {"contract 1 was recorded 12 January"}


def test_the_next_preparation_opens_with_a_contract_that_never_came():
    (with_none,) = wanted(ledger(), "prepare", session="20270413", now=utc(2027, 4, 1))
    (with_one,) = wanted(agreed(SHADOW), "prepare", session="20270413", now=utc(2027, 4, 1))
    assert (with_none.topic.overdue, with_one.topic.overdue) == (True, False)


# --- for everybody -------------------------------------------------------------------------------

STARTS = st.datetimes(datetime(2027, 1, 20), datetime(2027, 12, 1)).map(
    lambda d: d.replace(minute=0, second=0, microsecond=0)
)


@given(PEOPLE, PEOPLE, STARTS, st.sampled_from(("before", "after")))
def test_mails_keep_to_working_hours_unless_they_would_be_useless(
    manager: Person, other: Person, first: datetime, on_day_off: str
):
    """And each is due before it is useless, and a mail after a session never before its end."""
    report = replace(other, email="jonas@example.com")
    kept = ledger(first, manager, report, on_day_off=on_day_off, every="6 months")
    kept.agreed(Contract((replace(SHADOW, id="jonas-1", due=first.date() + 30 * A_DAY),), version=1, at=AFTER))
    session = kept.history.of(kept.series.key).occurrences
    for w in kept.plan(BOOKED).wanted:
        if w.to is None or w.kind in {"contract", "displaced"}:
            continue
        alone = w.kind == "summary-nudge"  # a call at the weekend is better than none
        assert at_work(w.to, w.due) or alone
        if w.kind in {"prepare", "prompt"}:
            assert w.due < w.until
        if w.kind.startswith("summary"):
            assert w.topic.occurrence
            assert w.due >= session[w.topic.occurrence.id].end
        if alone:
            assert w.due < w.until


@given(PEOPLE, st.dates(date(2027, 2, 1), date(2030, 12, 31)))
def test_a_promise_is_mailed_on_its_date_or_on_the_last_working_day_before(owner: Person, day: date):
    kept = ledger(report=replace(owner, email="jonas@example.com"))
    kept.agreed(Contract((replace(SHADOW, id="jonas-1", due=day),), version=1, at=AFTER))
    (due,) = wanted(kept, "due", now=AFTER)
    sent = local_day(owner, due.due)
    assert sent <= day
    assert all(is_day_off(owner, sent + A_DAY * n) for n in range(1, (day - sent).days + 1))
    assert not is_day_off(owner, sent)


# --- foresight -----------------------------------------------------------------------------------


def test_without_foresight_mails_about_sessions_months_ahead_are_left_out():
    """What a session months away needs of the calendars is wanted now, and stays."""
    kept = ledger(every="1 month", format="three")
    whole, near = kept.plan(BOOKED), kept.plan(BOOKED, foresee=False)
    assert {w.topic.occurrence.id[:6] for w in whole.wanted if w.kind == "prepare"} >= {"202701", "202704", "202712"}
    assert {w.topic.occurrence.id[:6] for w in near.wanted if w.kind == "prepare"} == {"202701", "202702", "202703"}
    assert [w for w in near.wanted if w.to is None] == [w for w in whole.wanted if w.to is None] != []


def test_a_mail_that_was_begun_is_found_out_about_wherever_its_session_is_now():
    kept = ledger()
    kept.note(AFTER, "intent", f"{kept.series.key}/20271012T080000Z/prepare", kind="prepare", until="2027-10-12T08Z")
    (action,) = [a for a in kept.plan(AFTER, foresee=False).due if a.again]
    assert (action.verb, action.key) == ("mail", f"{kept.series.key}/20271012T080000Z/prepare")


@given(PEOPLE, STARTS, st.integers(0, 400), st.integers(0, 90), st.sampled_from(("before", "after", "same")))
def test_without_foresight_the_same_is_due_and_one_wakes_at_the_same_time(
    person: Person, first: datetime, days: int, leave: int, on_day_off: str
):
    now = BOOKED + days * A_DAY
    manager = replace(person, away=((now.date() + A_DAY, now.date() + leave * A_DAY),))
    report = replace(manager, email="jonas@example.com")
    kept = ledger(first, manager, report, on_day_off=on_day_off, every="6 weeks", prompt_days=9)
    whole, near = kept.plan(now), kept.plan(now, foresee=False)
    assert (near.due, near.wake_at) == (whole.due, whole.wake_at)
