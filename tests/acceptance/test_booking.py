"""What stands in the calendars: how it is booked, what stands in its way, and what an edited configuration does."""

from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

from hands import master
from scene import JONAS, MAYA, PAIR, World, booked

from careermail.model import Conversation, Person, Series

AMARA = Person("Amara Obi", "amara@example.com", "Europe/London")


# --- the event -----------------------------------------------------------------------------------


def test_a_recurring_meeting_stands_in_both_calendars_neutral_and_private(tmp_path: Path):
    world = booked(tmp_path, PAIR)
    for person in (MAYA, JONAS):
        with world.edit(person) as calendar:
            one = master(calendar)
        assert (one["SUMMARY"], one["CLASS"], one["TRANSP"]) == ("Maya and Jonas", "PRIVATE", "OPAQUE")
        assert one["RRULE"].to_ical() == b"FREQ=MONTHLY;INTERVAL=3;BYDAY=2TU"
        assert (one["ORGANIZER"], one["ATTENDEE"]) == ("mailto:maya@example.com", "mailto:jonas@example.com")
        assert (f"{one.start:%Y-%m-%d %H:%M %Z}", one.duration.seconds) == ("2027-01-12 10:00 CET", 3600)


# --- the search for an hour ----------------------------------------------------------------------


def first(world: World) -> str:
    return world.booked()[0]


FOUND = Series(MAYA, JONAS)


def test_the_first_good_hour_leaves_time_to_prepare(tmp_path: Path):
    """From Monday the 4th: five days to prepare, and Tuesday to Thursday from ten to four."""
    assert first(booked(tmp_path, FOUND)) == "Tue 2027-01-12 10:00"


def test_the_hour_is_free_for_both(tmp_path: Path):
    maya = [(datetime(2027, 1, 12, 9), 480), (datetime(2027, 1, 13, 9), 120)]
    jonas = [(datetime(2027, 1, 13, 10, 30), 60)]
    assert first(booked(tmp_path, FOUND, maya=maya, jonas=jonas)) == "Wed 2027-01-13 11:30"


def test_the_hour_is_in_both_peoples_working_hours(tmp_path: Path):
    """Ten in Stockholm is four in the morning in New York; three is nine."""
    far = replace(JONAS, timezone="America/New_York")
    assert first(booked(tmp_path, Series(MAYA, far))) == "Tue 2027-01-12 15:00"


def test_no_series_begins_on_a_holiday_of_either(tmp_path: Path):
    """Mondays only: the 11th is taken, and the 18th is a holiday where Jonas lives."""
    series = Series(MAYA, replace(JONAS, holidays="US"), Conversation(days=frozenset({0})))
    assert first(booked(tmp_path, series, maya=[(datetime(2027, 1, 11, 8), 600)])) == "Mon 2027-01-25 10:00"


def test_of_equally_good_hours_the_one_is_taken_that_collides_least_over_the_year(tmp_path: Path):
    """The second Tuesday of April is taken in the morning, so a January morning would be moved three months on."""
    maya = [(datetime(2027, 4, 13, 10), 180)]
    assert first(booked(tmp_path, FOUND, maya=maya)) == "Tue 2027-01-12 13:00"


def test_two_reports_of_one_manager_get_different_hours(tmp_path: Path):
    world = booked(tmp_path, FOUND, Series(MAYA, AMARA))
    assert {world.booked(series)[0] for series in world.team.series} == {"Tue 2027-01-12 10:00", "Tue 2027-01-12 11:00"}


def test_a_series_that_has_its_hour_configured_comes_before_those_that_look_for_one(tmp_path: Path):
    world = booked(tmp_path, Series(MAYA, AMARA), PAIR)
    assert [world.booked(series)[0] for series in world.team.series] == ["Tue 2027-01-12 11:00", "Tue 2027-01-12 10:00"]


def test_if_four_weeks_are_full_the_search_goes_on(tmp_path: Path):
    maya = [(datetime(2027, 1, day, 7), 720) for day in range(4, 32)] + [(datetime(2027, 2, 1, 7), 720)]
    assert first(booked(tmp_path, FOUND, maya=maya)) == "Tue 2027-02-02 10:00"


# --- what stands in the way ----------------------------------------------------------------------

EASTER = Conversation(first=datetime(2027, 1, 22, 10), every="2 months")  # each fourth Friday: 26 March is Good Friday
SWEDE = Series(replace(MAYA, holidays="SE"), JONAS, EASTER)


def test_a_session_on_a_holiday_is_moved_alone_to_the_nearest_good_day(tmp_path: Path):
    world = booked(tmp_path, SWEDE)
    assert world.booked(until=(2027, 8, 1)) == [
        "Fri 2027-01-22 10:00",
        "Thu 2027-03-25 10:00",
        "Fri 2027-05-28 10:00",
        "Fri 2027-07-23 10:00",
    ]
    for person in (MAYA, JONAS):
        with world.edit(person) as calendar:
            (moved,) = [one for one in calendar.events if "RECURRENCE-ID" in one]
        assert f"{moved['RECURRENCE-ID'].dt:%Y-%m-%d %H:%M}" == "2027-03-26 10:00"


def test_a_session_into_busy_time_is_moved_to_the_nearest_free_hour_of_its_day(tmp_path: Path):
    world = booked(tmp_path, PAIR, jonas=[(datetime(2027, 4, 13, 9, 30), 120)])
    assert world.booked()[:3] == ["Tue 2027-01-12 10:00", "Tue 2027-04-13 11:30", "Tue 2027-07-13 10:00"]


def test_what_comes_into_the_way_later_is_made_way_for_as_the_session_comes_near(tmp_path: Path):
    world = booked(tmp_path, PAIR)
    world.run(2027, 2, 1)
    world.busy(JONAS, datetime(2027, 4, 13, 10))
    world.run(2027, 3, 10)
    assert world.booked()[1] == "Tue 2027-04-13 10:00"
    world.run(2027, 3, 18)  # less than four weeks before
    assert world.booked()[1] == "Tue 2027-04-13 11:00"
    assert world.briefs("displaced") == []


def test_to_ask_is_to_tell_the_manager_four_weeks_before_and_to_move_nothing(tmp_path: Path):
    world = booked(tmp_path, replace(SWEDE, conversation=replace(EASTER, on_conflict="ask")))
    world.run(2027, 3, 1)
    assert world.booked()[1] == "Fri 2027-03-26 10:00"
    assert world.briefs("displaced") == ["Fri 2027-02-26 10:00 displaced maya"]
    assert "a holiday of Maya's" in world.mail("displaced").text


def test_to_keep_is_to_let_it_stand_and_say_nothing(tmp_path: Path):
    world = booked(tmp_path, replace(SWEDE, conversation=replace(EASTER, on_conflict="keep")))
    world.run(2027, 3, 27)
    assert world.booked()[1] == "Fri 2027-03-26 10:00"
    assert world.briefs("displaced") == []


def test_a_session_with_no_free_hour_near_stays_and_the_manager_is_told(tmp_path: Path):
    full = [(datetime(2027, 2, 20, 7) + timedelta(days=n), 720) for n in range(70)]
    world = booked(tmp_path, SWEDE, jonas=full)
    world.run(2027, 3, 1)
    assert world.booked()[1] == "Fri 2027-03-26 10:00"
    assert world.briefs("displaced") == ["Fri 2027-02-26 10:00 displaced maya"]
