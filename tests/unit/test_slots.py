from dataclasses import replace
from datetime import date, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ledger import utc
from samples import FAR_APART, session

from careermail.model import Busy, Conversation, Person, Series
from careermail.plan.slots import Diary, collisions, conflict, find_first, find_near, find_soon, penalty

MAYA = Person("Maya Lindqvist", "maya@example.com", "Europe/Stockholm", holidays="SE")
JONAS = Person("Jonas Weber", "jonas@example.com", "Europe/Berlin")
PAIR = Series(MAYA, JONAS)
MONDAY = utc(2027, 1, 4, 7)
APRIL = utc(2027, 4, 13, 8)  # a Tuesday at ten
NEAR = (utc(2027, 3, 16), utc(2027, 5, 11))


def taken(*stretches: tuple[datetime, int]) -> list[Busy]:
    """Somebody's time, from a UTC moment for so many hours."""
    return [Busy("maya@example.com", start, start + timedelta(hours=hours)) for start, hours in stretches]


# --- what is wrong with an hour ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("start", "expected"),
    [
        (APRIL, 0),
        (utc(2027, 4, 12, 8), 10),  # a Monday, not among the days asked for
        (utc(2027, 4, 13, 7), 10),  # at nine, before the hours asked for
        (utc(2027, 4, 12, 7), 20),  # both
        (utc(2027, 4, 13, 14, 30), 150),  # to half past five: after both have gone home
        (utc(2027, 4, 17, 8), 410),  # a Saturday
        (utc(2027, 5, 6, 8), 400),  # Ascension Day in Sweden
    ],
)
def test_what_is_wrong_with_an_hour(start: datetime, expected: int):
    assert penalty(PAIR, Diary([]), start) == expected


def test_a_taken_hour_is_worse_than_all_else():
    diary = Diary(taken((APRIL + timedelta(minutes=59), 1)))
    assert penalty(PAIR, diary, APRIL) == 1000
    assert penalty(PAIR, diary, APRIL - timedelta(minutes=1)) < 1000


def test_an_hour_that_ends_as_another_begins_is_free():
    assert not Diary(taken((APRIL, 1))).taken(APRIL + timedelta(hours=1), APRIL + timedelta(hours=2))
    assert not Diary(taken((APRIL, 1))).taken(APRIL - timedelta(hours=1), APRIL)


@given(st.lists(st.tuples(st.integers(0, 200), st.integers(1, 90))), st.integers(0, 200), st.integers(1, 20))
def test_a_diary_finds_whatever_overlaps(stretches: list[tuple[int, int]], start: int, length: int):
    busy = taken(*((MONDAY + timedelta(hours=at), hours) for at, hours in stretches))
    overlaps = any(at < start + length and at + hours > start for at, hours in stretches)
    begin = MONDAY + timedelta(hours=start)
    assert Diary(busy).taken(begin, begin + timedelta(hours=length)) == overlaps


# --- a new series --------------------------------------------------------------------------------


def test_the_first_good_hour_after_time_to_prepare():
    assert find_first(PAIR, [], MONDAY) == utc(2027, 1, 12, 9)
    soon = Series(replace(MAYA, holidays=""), JONAS, Conversation(prepare_days=1))
    assert find_first(soon, [], MONDAY) == utc(2027, 1, 6, 9)


def test_a_day_that_is_a_holiday_in_the_year_to_come_gives_way_to_one_that_is_not():
    """Thursday the 7th is free, but the first Thursday of the next January is Epiphany."""
    soon = replace(PAIR, conversation=Conversation(prepare_days=1))
    assert find_first(soon, [], MONDAY) == utc(2027, 1, 12, 9)


def test_the_same_hour_is_looked_for_over_the_year():
    """Each second Tuesday of April, July and October is taken from ten to one: then January at one collides least."""
    busy = taken((APRIL, 3), (utc(2027, 7, 13, 8), 3), (utc(2027, 10, 12, 8), 3))
    assert collisions(PAIR, Diary(busy), utc(2027, 1, 12, 9)) == 3
    assert collisions(PAIR, Diary(busy), utc(2027, 1, 12, 12)) == 0
    assert find_first(PAIR, busy, MONDAY) == utc(2027, 1, 12, 12)


def test_an_hour_outside_the_wished_days_within_four_weeks_rather_than_a_later_one():
    """All of their Tuesdays to Thursdays are taken, for four weeks: Monday it is, at ten still."""
    weeks = [(utc(2027, 1, day, 6) + timedelta(weeks=n), 24 * 3) for day in (5,) for n in range(6)]
    assert find_first(PAIR, taken(*weeks), MONDAY) == utc(2027, 1, 11, 9)


def test_if_nothing_is_good_the_least_bad_is_taken():
    diary = taken((MONDAY, 24 * 800))
    assert penalty(PAIR, Diary(diary), find_first(PAIR, diary, MONDAY)) == 1000  # at a good hour but for that


def test_an_hour_for_both_across_the_pacific():
    """Two in the afternoon in Los Angeles, eleven the next day in Auckland: never outside of their hours all year."""
    start = find_first(FAR_APART, [], utc(2027, 1, 4, 17))
    assert collisions(FAR_APART, Diary([]), start) == 0
    assert f"{start.astimezone(FAR_APART.manager.zone):%a %H:%M}" == "Tue 14:00"


# --- a single session ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("busy", "but", "expected"),
    [
        ([], [], APRIL),
        ([(APRIL, 1)], [], utc(2027, 4, 13, 9)),
        ([(APRIL, 10)], [], utc(2027, 4, 14, 8)),
        ([], [date(2027, 4, 13)], utc(2027, 4, 14, 8)),
        ([], [date(2027, 4, 13), date(2027, 4, 14), date(2027, 4, 15)], utc(2027, 4, 8, 8)),
        ([(APRIL - timedelta(days=30), 24 * 60)], [], None),
    ],
)
def test_near_is_the_nearest_day_and_then_the_nearest_hour(
    busy: list[tuple[datetime, int]], but: list[date], expected: datetime | None
):
    assert find_near(PAIR, taken(*busy), APRIL, NEAR, but=but) == expected


def test_near_never_leaves_its_window():
    window = (utc(2027, 4, 20), utc(2027, 5, 11))
    assert find_near(PAIR, [], APRIL, window) == utc(2027, 4, 20, 8)
    assert find_near(PAIR, [], APRIL, (utc(2027, 4, 17), utc(2027, 4, 18, 21))) is None  # a weekend


def test_soon_is_the_first_hour_of_the_next_five_working_days():
    wednesday = utc(2027, 2, 3, 10)
    assert find_soon(PAIR, [], wednesday) == utc(2027, 2, 4, 8)
    full = taken((utc(2027, 2, 4, 0), 24 * 5))
    assert find_soon(PAIR, full, wednesday) == utc(2027, 2, 9, 8)
    assert find_soon(PAIR, taken((utc(2027, 2, 4, 0), 24 * 7)), wednesday) is None


def test_soon_counts_over_weekends_and_holidays():
    """From Wednesday before Easter: Thursday, then Tuesday to Friday."""
    full = taken((utc(2027, 3, 25, 0), 24 * 7))
    assert find_soon(PAIR, full, utc(2027, 3, 24, 10)) == utc(2027, 4, 1, 7)


@given(st.lists(st.tuples(st.integers(0, 28 * 24), st.integers(1, 30)), max_size=60), st.integers(0, 27))
def test_a_found_hour_is_free_and_in_both_peoples_working_hours(stretches: list[tuple[int, int]], day: int):
    busy = taken(*((NEAR[0] + timedelta(hours=at), hours) for at, hours in stretches))
    start = find_near(PAIR, busy, NEAR[0] + timedelta(days=day), NEAR)
    assert start is not None
    assert not Diary(busy).taken(start, start + timedelta(hours=1))
    local = start.astimezone(MAYA.zone)
    assert local.weekday() < 5
    assert time(9) <= local.time() <= time(16)


# --- what is in the way --------------------------------------------------------------------------


def test_what_is_in_the_way_is_named():
    assert conflict(PAIR, session(APRIL)) == ""
    assert conflict(PAIR, replace(session(APRIL), busy=True)) == "other business of one of the two"
    assert conflict(PAIR, session(utc(2027, 4, 17, 8))) == "a day on which Maya does not work"
    assert conflict(PAIR, session(utc(2027, 5, 6, 8))).endswith(", a holiday of Maya's")
