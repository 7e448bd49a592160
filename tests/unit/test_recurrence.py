from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from careermail.model import A_DAY, Conversation, Person, resolve
from careermail.plan.recurrence import (
    add_intervals,
    after_one_period,
    at_work,
    count_working_days,
    interval,
    is_day_off,
    local_day,
    rule,
    send_time,
    starts,
    working_day,
    working_moment,
)

MAYA = Person("Maya Lindqvist", "maya@example.com", "Europe/Stockholm", holidays="SE")
YEAR = (datetime(2027, 1, 1, tzinfo=UTC), datetime(2028, 1, 1, tzinfo=UTC))

ZONES = ("Europe/Stockholm", "America/Los_Angeles", "Pacific/Auckland", "Australia/Lord_Howe", "Asia/Kolkata",
         "America/Phoenix", "Africa/Casablanca", "Pacific/Apia", "America/St_Johns", "UTC")  # fmt: skip
HOURS = st.tuples(st.integers(0, 15), st.integers(1, 8)).map(lambda h: (time(h[0]), time(h[0] + h[1])))
PEOPLE = st.builds(
    Person,
    name=st.just("Maya Lindqvist"),
    email=st.just("maya@example.com"),
    timezone=st.sampled_from(ZONES),
    working_days=st.frozensets(st.integers(0, 6), min_size=1),
    working_hours=HOURS,
    holidays=st.sampled_from(("", "SE", "DE-BE", "US-CA", "NZ", "IN")),
    send_at=st.builds(time, st.integers(0, 23), st.sampled_from((0, 30))),
)
DAYS = st.dates(date(2026, 1, 1), date(2031, 12, 31))
MOMENTS = st.datetimes(datetime(2026, 1, 1), datetime(2031, 12, 31), timezones=st.just(UTC))


# --- how often -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("every", "first", "expected"),
    [
        ("3 months", datetime(2027, 1, 12), "FREQ=MONTHLY;INTERVAL=3;BYDAY=2TU"),
        ("3 months", datetime(2027, 3, 31), "FREQ=MONTHLY;INTERVAL=3;BYDAY=-1WE"),
        ("1 month", datetime(2027, 1, 1), "FREQ=MONTHLY;INTERVAL=1;BYDAY=1FR"),
        ("1 year", datetime(2028, 2, 29), "FREQ=MONTHLY;INTERVAL=12;BYDAY=-1TU"),
        ("6 weeks", datetime(2027, 1, 12), "FREQ=WEEKLY;INTERVAL=6"),
        ("14 days", datetime(2027, 1, 12), "FREQ=WEEKLY;INTERVAL=2"),
        ("10 days", datetime(2027, 1, 12), "FREQ=DAILY;INTERVAL=10"),
    ],
)
def test_the_rule_keeps_the_weekday(every: str, first: datetime, expected: str):
    assert rule(Conversation(every=every), first) == expected


def test_a_rule_of_ones_own_is_taken_as_it_is():
    own = Conversation(rrule="RRULE:FREQ=MONTHLY;BYDAY=1TU;BYMONTH=1,4,7,10")
    assert rule(own, datetime(2027, 1, 5, 10)) == "FREQ=MONTHLY;BYDAY=1TU;BYMONTH=1,4,7,10"


@pytest.mark.parametrize("every", ["", "months", "0 months", "three months", "3", "-1 weeks", "3 fortnights"])
def test_what_is_no_interval_is_refused(every: str):
    with pytest.raises(ValueError, match="not a number of days, weeks, months or years"):
        interval(every)


def test_a_rule_is_expanded_on_the_wall_clock():
    """Ten o'clock in Stockholm is nine in UTC in winter, and eight in summer."""
    found = starts("FREQ=MONTHLY;INTERVAL=3;BYDAY=2TU", datetime(2027, 1, 12, 10), MAYA.zone, YEAR)
    assert [f"{moment:%m-%d %H:%M}" for moment in found] == ["01-12 09:00", "04-13 08:00", "07-13 08:00", "10-12 08:00"]


def test_one_period_later():
    start = datetime(2027, 1, 12, 9, tzinfo=UTC)
    assert after_one_period(Conversation(), start, MAYA.zone) == datetime(2027, 4, 13, 8, tzinfo=UTC)
    once = Conversation(rrule="FREQ=DAILY;COUNT=1")
    assert after_one_period(once, start, MAYA.zone) == start + timedelta(days=91)


@pytest.mark.parametrize(
    ("day", "every", "times", "expected"),
    [
        (date(2027, 1, 31), "1 month", 1, date(2027, 2, 28)),
        (date(2027, 1, 31), "1 month", 2, date(2027, 3, 31)),
        (date(2028, 1, 31), "1 month", 1, date(2028, 2, 29)),
        (date(2028, 2, 29), "1 year", 1, date(2029, 2, 28)),
        (date(2028, 2, 29), "1 year", 4, date(2032, 2, 29)),
        (date(2027, 1, 12), "6 weeks", 2, date(2027, 4, 6)),
    ],
)
def test_intervals_are_added_to_the_first_day_and_not_to_one_another(day: date, every: str, times: int, expected: date):
    assert add_intervals(day, every, times) == expected


# --- working days --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("day", "before", "after"),
    [
        (date(2027, 1, 12), date(2027, 1, 12), date(2027, 1, 12)),  # a Tuesday
        (date(2027, 1, 16), date(2027, 1, 15), date(2027, 1, 18)),  # a Saturday
        (date(2027, 1, 6), date(2027, 1, 5), date(2027, 1, 7)),  # Epiphany
        (date(2027, 3, 27), date(2027, 3, 25), date(2027, 3, 30)),  # in the middle of Easter
    ],
)
def test_the_nearest_working_day(day: date, before: date, after: date):
    assert (working_day(MAYA, day, "before"), working_day(MAYA, day, "after")) == (before, after)
    assert working_day(MAYA, day, "same") == day


def test_working_days_are_counted_over_holidays():
    assert count_working_days(MAYA, date(2027, 3, 30), -3) == date(2027, 3, 23)
    assert count_working_days(MAYA, date(2027, 3, 25), 2) == date(2027, 3, 31)


def test_somebody_who_never_works_is_mailed_on_the_day_itself():
    never = replace(MAYA, working_days=frozenset())
    assert working_day(never, date(2027, 1, 12), "before") == date(2027, 1, 12)


# --- hours ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("local", "before", "after"),
    [
        (datetime(2027, 1, 12, 11), datetime(2027, 1, 12, 11), datetime(2027, 1, 12, 11)),
        (datetime(2027, 1, 12, 17), datetime(2027, 1, 12, 17), datetime(2027, 1, 12, 17)),
        (datetime(2027, 1, 12, 17, 1), datetime(2027, 1, 12, 17), datetime(2027, 1, 13, 9)),
        (datetime(2027, 1, 12, 8), datetime(2027, 1, 11, 17), datetime(2027, 1, 12, 9)),
        (datetime(2027, 1, 17, 13), datetime(2027, 1, 15, 17), datetime(2027, 1, 18, 9)),
        (datetime(2027, 1, 6, 11), datetime(2027, 1, 5, 17), datetime(2027, 1, 7, 9)),
    ],
)
def test_the_nearest_working_moment(local: datetime, before: datetime, after: datetime):
    moment = resolve(local, MAYA.zone)
    assert working_moment(MAYA, moment, "before") == resolve(before, MAYA.zone)
    assert working_moment(MAYA, moment, "after") == resolve(after, MAYA.zone)


def test_a_mail_goes_out_at_their_own_hour():
    maya = replace(MAYA, send_at=time(7, 30))
    assert send_time(maya, date(2027, 1, 16)) == datetime(2027, 1, 15, 6, 30, tzinfo=UTC)
    assert send_time(maya, date(2027, 7, 3), "after") == datetime(2027, 7, 5, 5, 30, tzinfo=UTC)


@given(PEOPLE, MOMENTS)
def test_a_working_moment_is_one_and_the_nearest_of_its_side(person: Person, moment: datetime):
    before, after = working_moment(person, moment, "before"), working_moment(person, moment, "after")
    assert before <= moment <= after or at_work(person, moment)
    assert at_work(person, before) or at_work(person, after)
    assert (before == moment) == (after == moment) == at_work(person, moment)


@given(PEOPLE, DAYS, st.sampled_from(("before", "after")))
def test_what_is_sent_on_a_day_is_sent_on_a_working_day_at_their_hour(person: Person, day: date, towards: str):
    moment = send_time(person, day, towards)
    sent = local_day(person, moment)
    assert not is_day_off(person, sent)
    assert at_work(person, moment)
    assert (sent <= day) if towards == "before" else (sent >= day)
    assert abs(sent - day) < 30 * A_DAY
    shown = moment.astimezone(person.zone).time()
    assert shown == person.send_at or shown > person.send_at  # later only where the clocks leave the hour out
