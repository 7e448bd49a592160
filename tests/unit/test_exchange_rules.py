"""Recurrences as Exchange says them: what it can say comes back the same, what it cannot is refused in clear words."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from dateutil.rrule import rrulestr
from exchangelib import recurrence as ews
from exchangelib.ewsdatetime import EWSDate
from fakes.ews.recurring import starts
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from careermail.errors import ProviderError
from careermail.providers.exchange.rules import begin, ended, recurrence, rrule

STOCKHOLM = ZoneInfo("Europe/Stockholm")
FIRST = datetime(2027, 1, 12, 10)
FOREVER = ews.NoEndPattern(start=EWSDate(2027, 1, 12))


@pytest.mark.parametrize(
    ("said", "held"),
    [
        ("FREQ=MONTHLY;INTERVAL=3;BYDAY=2TU", "FREQ=MONTHLY;INTERVAL=3;BYDAY=2TU"),
        ("FREQ=MONTHLY;BYDAY=-1FR;COUNT=4", "FREQ=MONTHLY;COUNT=4;INTERVAL=1;BYDAY=-1FR"),
        ("FREQ=WEEKLY;INTERVAL=6", "FREQ=WEEKLY;INTERVAL=6;BYDAY=TU;WKST=MO"),
        ("FREQ=WEEKLY;BYDAY=TH,TU;WKST=SU", "FREQ=WEEKLY;INTERVAL=1;BYDAY=TU,TH;WKST=SU"),
        ("FREQ=DAILY;INTERVAL=10;UNTIL=20270701T120000Z", "FREQ=DAILY;UNTIL=20270701T215959Z;INTERVAL=10"),
        ("FREQ=DAILY;UNTIL=20270701", "FREQ=DAILY;UNTIL=20270701T215959Z;INTERVAL=1"),
        ("FREQ=MONTHLY", "FREQ=MONTHLY;INTERVAL=1;BYMONTHDAY=12"),
        ("FREQ=MONTHLY;BYMONTHDAY=-1", "FREQ=MONTHLY;INTERVAL=1;BYMONTHDAY=-1"),
        ("FREQ=MONTHLY;BYDAY=TU;BYSETPOS=2", "FREQ=MONTHLY;INTERVAL=1;BYDAY=2TU"),
        (
            "FREQ=MONTHLY;BYDAY=FR,TH,WE,TU,MO;BYSETPOS=-1",
            "FREQ=MONTHLY;INTERVAL=1;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1",
        ),
        ("FREQ=YEARLY;BYMONTH=1;BYDAY=2TU", "FREQ=MONTHLY;INTERVAL=12;BYDAY=2TU"),
        ("FREQ=YEARLY;INTERVAL=2", "FREQ=MONTHLY;INTERVAL=24;BYMONTHDAY=12"),
    ],
)
def test_a_rule_is_held_as_it_is_said(said: str, held: str):
    told = recurrence(said, FIRST, STOCKHOLM)
    assert rrule(told, STOCKHOLM) == held
    assert recurrence(held, FIRST, STOCKHOLM) == told


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ("FREQ=HOURLY", "it comes round too often: at most daily"),
        ("Tuesdays", "it comes round too often: at most daily"),
        ("FREQ=DAILY;UNTIL=soon", "it cannot be understood"),
        ("FREQ=DAILY;BYHOUR=9,15", "it says BYHOUR, which it cannot"),
        ("FREQ=MONTHLY;BYMONTH=1,6", "it says BYMONTH, which it cannot"),
        ("FREQ=DAILY;INTERVAL=1000", "it has too long an INTERVAL: 999 at most"),
        ("FREQ=YEARLY;INTERVAL=9", "it has too long an INTERVAL: 8 at most"),
        ("FREQ=DAILY;COUNT=1000", "it has too high a COUNT: 999 at most"),
        ("FREQ=WEEKLY;BYDAY=1TU", "it counts the weekdays of a week"),
        ("FREQ=MONTHLY;BYDAY=5TU", "first to fourth, or last (-1)"),
        ("FREQ=MONTHLY;BYDAY=-2TU", "first to fourth, or last (-1)"),
        ("FREQ=MONTHLY;BYDAY=TU", "first to fourth, or last (-1)"),
        ("FREQ=MONTHLY;BYDAY=2TU,4TU", "it names other days of a month than one, as 2TU is"),
        ("FREQ=MONTHLY;BYDAY=MO,WE;BYSETPOS=1", "it names other days of a month than one, as 2TU is"),
        ("FREQ=MONTHLY;BYDAY=FR;BYMONTHDAY=13", "it names other days of a month than one, as 2TU is"),
        ("FREQ=MONTHLY;BYMONTHDAY=1,15", "it names more days of a month than one"),
        ("FREQ=MONTHLY;BYMONTHDAY=29", "say BYMONTHDAY=-1 for the last of each"),
        ("FREQ=MONTHLY;BYMONTHDAY=-2", "say BYMONTHDAY=-1 for the last of each"),
        ("FREQ=YEARLY;BYMONTH=6;BYDAY=2TU", "it names another BYMONTH than its first session's"),
    ],
)
def test_what_exchange_would_hold_otherwise_is_refused(said: str, why: str):
    with pytest.raises(ProviderError) as told:
        recurrence(said, FIRST, STOCKHOLM)
    assert str(told.value).startswith(f"Exchange cannot hold the recurrence {said!r}: ")
    assert why in str(told.value)
    assert told.value.permanent


@pytest.mark.parametrize(
    ("pattern", "held"),
    [
        (ews.AbsoluteYearlyPattern(day_of_month=29, month="February"), "BYMONTH=2;BYMONTHDAY=28,29;BYSETPOS=-1"),
        (ews.RelativeYearlyPattern(weekday="Tuesday", week_number="Second", month="January"), "BYDAY=2TU;BYMONTH=1"),
        (ews.AbsoluteMonthlyPattern(interval=1, day_of_month=30), "BYMONTHDAY=28,29,30;BYSETPOS=-1"),
        (ews.RelativeMonthlyPattern(interval=1, weekday="Day", week_number="Last"), "BYDAY=MO,TU,WE,TH,FR,SA,SU"),
        (ews.RelativeMonthlyPattern(interval=1, weekday="WeekendDay", week_number="First"), "BYDAY=SA,SU;BYSETPOS=1"),
    ],
)
def test_what_people_choose_in_outlook_is_read(pattern: ews.Pattern, held: str):
    said = rrule(ews.Recurrence(pattern=pattern, boundary=FOREVER), STOCKHOLM)
    assert set(held.split(";")) <= set(said.split(";"))


@given(
    weekday=st.sampled_from(["MO", "TU", "WE", "TH", "FR"]),
    position=st.sampled_from([1, 2, 3, 4, -1]),
    interval=st.integers(1, 12),
    day=st.integers(0, 400),
)
def test_exchange_brings_the_sessions_that_the_rule_brings(weekday: str, position: int, interval: int, day: int):
    """As somebody else reads what is sent."""
    said = f"FREQ=MONTHLY;INTERVAL={interval};BYDAY={position}{weekday}"
    first = begin(said, FIRST + timedelta(days=day))
    told = etree.fromstring(etree.tostring(recurrence(said, first, STOCKHOLM).to_xml(version=None)))
    start = first.replace(tzinfo=STOCKHOLM).astimezone(UTC)
    theirs = starts(told, start, STOCKHOLM, start + timedelta(days=1500))
    ours = rrulestr(said, dtstart=first).between(first, first + timedelta(days=1499), inc=True)
    assert [at.astimezone(STOCKHOLM).replace(tzinfo=None) for at in theirs[: len(ours)]] == ours


def test_a_series_that_ends_keeps_its_pattern():
    held = recurrence("FREQ=MONTHLY;INTERVAL=3;BYDAY=2TU", FIRST, STOCKHOLM)
    assert (
        rrule(ended(held, date(2027, 7, 13)), STOCKHOLM) == "FREQ=MONTHLY;UNTIL=20270713T215959Z;INTERVAL=3;BYDAY=2TU"
    )


def test_a_rule_that_leaves_out_its_own_beginning_begins_later():
    assert begin("FREQ=MONTHLY;INTERVAL=3;BYDAY=2TU", datetime(2027, 1, 13, 10)) == datetime(2027, 4, 13, 10)
    assert begin("FREQ=DAILY;UNTIL=20270101", FIRST) == FIRST
