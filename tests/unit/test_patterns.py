"""Rules of RFC 5545 and patterns of Outlook's, each as the other."""

from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from careermail.model import Conversation
from careermail.plan.recurrence import rule
from careermail.providers.shelf.patterns import LAST, Pattern, begins, pattern, written

TUESDAY = datetime(2027, 1, 12, 10)  # the second of the month


@pytest.mark.parametrize(
    ("rrule", "first", "expected"),
    [
        ("FREQ=MONTHLY;INTERVAL=3;BYDAY=2TU", TUESDAY, Pattern("relativeMonthly", 3, ("TU",), 2)),
        ("FREQ=MONTHLY;INTERVAL=2;BYDAY=-1FR", datetime(2027, 1, 29), Pattern("relativeMonthly", 2, ("FR",), LAST)),
        ("FREQ=MONTHLY;INTERVAL=24;BYDAY=2TU", TUESDAY, Pattern("relativeYearly", 2, ("TU",), 2, month=1)),
        ("FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1", datetime(2027, 1, 29),
         Pattern("relativeMonthly", 1, ("MO", "TU", "WE", "TH", "FR"), LAST)),
        ("FREQ=MONTHLY;BYMONTH=1,4,7,10;BYDAY=2TU", TUESDAY, Pattern("relativeMonthly", 3, ("TU",), 2)),
        ("FREQ=YEARLY;BYMONTH=1,7;BYDAY=2TU", TUESDAY, Pattern("relativeMonthly", 6, ("TU",), 2)),
        ("FREQ=MONTHLY;INTERVAL=6;BYMONTHDAY=12", TUESDAY, Pattern("absoluteMonthly", 6, day=12)),
        ("FREQ=MONTHLY;INTERVAL=6", TUESDAY, Pattern("absoluteMonthly", 6, day=12)),
        ("FREQ=MONTHLY;BYMONTHDAY=-1", datetime(2027, 1, 31), Pattern("absoluteMonthly", 1, day=31)),
        ("FREQ=YEARLY", TUESDAY, Pattern("absoluteYearly", 1, day=12, month=1)),
        ("FREQ=YEARLY;INTERVAL=2;BYMONTH=1;BYDAY=2TU", TUESDAY, Pattern("relativeYearly", 2, ("TU",), 2, month=1)),
        ("FREQ=WEEKLY;INTERVAL=6", TUESDAY, Pattern("weekly", 6, ("TU",))),
        ("FREQ=DAILY", TUESDAY, Pattern("daily", 1)),
        ("FREQ=YEARLY;BYMONTHDAY=29;BYMONTH=2", datetime(2028, 2, 29), Pattern("absoluteYearly", 4, day=29, month=2)),
        ("FREQ=WEEKLY;INTERVAL=2;BYDAY=TU,TH", TUESDAY, Pattern("weekly", 2, ("TU", "TH"))),
        ("FREQ=WEEKLY;INTERVAL=2;BYDAY=SU,TU;WKST=SU", datetime(2027, 1, 10),
         Pattern("weekly", 2, ("TU", "SU"), week_start="SU")),
        ("FREQ=DAILY;INTERVAL=10", TUESDAY, Pattern("daily", 10)),
        ("FREQ=DAILY;BYDAY=MO,TU,WE,TH,FR", TUESDAY, Pattern("weekly", 1, ("MO", "TU", "WE", "TH", "FR"))),
    ],
)  # fmt: skip
def test_a_rule_is_a_pattern(rrule: str, first: datetime, expected: Pattern):
    assert pattern(rrule, first) == expected


@pytest.mark.parametrize(
    ("rrule", "first"),
    [
        ("FREQ=MONTHLY;BYMONTHDAY=31", datetime(2027, 1, 31)),  # Outlook would meet in February too
        ("FREQ=MONTHLY;BYDAY=5TU", datetime(2027, 3, 30)),
        ("FREQ=MONTHLY;BYDAY=2TU,4TU", TUESDAY),
        ("FREQ=MONTHLY;BYMONTH=1,2,4;BYDAY=2TU", TUESDAY),
        ("FREQ=YEARLY;BYWEEKNO=10;BYDAY=TU", TUESDAY),
        ("FREQ=YEARLY;BYYEARDAY=100", TUESDAY),
        ("FREQ=WEEKLY;INTERVAL=2;BYDAY=TU;BYMONTH=3", TUESDAY),
        ("FREQ=DAILY;INTERVAL=1000", TUESDAY),
        ("FREQ=MONTHLY;INTERVAL=101;BYDAY=2TU", TUESDAY),
    ],
)
def test_what_outlook_does_not_have_is_refused_with_what_it_has(rrule: str, first: datetime):
    with pytest.raises(ValueError, match=r"no such recurrence: FREQ=.*It has every so many") as told:
        pattern(rrule, first)
    assert rrule in str(told.value)


def test_a_series_begins_with_the_first_day_that_its_rule_has():
    assert begins("FREQ=MONTHLY;INTERVAL=3;BYDAY=2TU", datetime(2027, 1, 4, 10)) == TUESDAY


@given(
    every=st.one_of(
        st.integers(1, 900).map("{} days".format),
        st.integers(1, 99).map("{} weeks".format),
        st.integers(1, 99).map("{} months".format),
        st.integers(1, 9).map("{} years".format),
    ),
    first=st.datetimes(datetime(2027, 1, 1), datetime(2031, 12, 31)),
)
def test_however_often_people_meet_outlook_has_it(every: str, first: datetime):
    """And what is read back from it is the same rule to it."""
    first = first.replace(second=0, microsecond=0)
    found = pattern(rule(Conversation(every=every), first), first)
    assert pattern(written(found), first) == found
