"""Following the calendar: what people do in either .ics file, and what is booked and mailed then."""

from datetime import date, datetime, timedelta

import pytest
from hands import (
    cancel_one,
    master,
    move_all,
    move_following,
    move_one,
    split,
)
from scene import JONAS, MAYA, World

from careermail.model import Person

APRIL = datetime(2027, 4, 13, 10)
BOTH = pytest.mark.parametrize("who", [MAYA, JONAS], ids=["manager", "report"])
EDITED = date(2027, 3, 15)


# --- moved ---------------------------------------------------------------------------------------


@BOTH
def test_one_session_is_moved(world: World, who: Person):
    with world.edit(who) as calendar:
        move_one(calendar, APRIL, datetime(2027, 4, 20, 14))
    world.run(2027, 4, 20, 16)
    world.both_hold("Tue 2027-01-12 10:00", "Tue 2027-04-20 14:00", "Tue 2027-07-13 10:00", "Tue 2027-10-12 10:00")
    assert world.briefs(since=EDITED) == [
        "Thu 2027-04-15 09:00 prepare maya",
        "Fri 2027-04-16 09:00 prompt jonas",
        "Tue 2027-04-20 15:00 summary maya",
    ]


FOLLOWING = ("Tue 2027-01-12 10:00", "Wed 2027-04-14 14:00", "Wed 2027-07-14 14:00", "Wed 2027-10-13 14:00")
FOLLOWING_MAILS = [
    "Fri 2027-04-09 09:00 prompt jonas",
    "Fri 2027-04-09 09:00 prepare maya",
    "Wed 2027-04-14 15:00 summary maya",
]


@BOTH
def test_all_following_are_moved_into_an_event_of_their_own(world: World, who: Person):
    split(world, who, APRIL, datetime(2027, 4, 14, 14), "FREQ=MONTHLY;INTERVAL=3;BYDAY=2WE")
    world.run(2027, 4, 14, 16)
    world.both_hold(*FOLLOWING)
    assert world.briefs(since=EDITED) == FOLLOWING_MAILS


@BOTH
def test_all_following_are_moved_by_one_exception(world: World, who: Person):
    with world.edit(who) as calendar:
        move_following(calendar, APRIL, datetime(2027, 4, 14, 14))
    world.run(2027, 4, 14, 16)
    world.both_hold(*FOLLOWING)
    assert world.briefs(since=EDITED) == FOLLOWING_MAILS


@BOTH
def test_the_whole_series_is_moved(world: World, who: Person):
    """To Thursdays at two, the past one included: what was mailed about it is not mailed again."""
    with world.edit(who) as calendar:
        move_all(calendar, datetime(2027, 1, 14, 14), "FREQ=MONTHLY;INTERVAL=3;BYDAY=2TH")
    world.run(2027, 4, 8, 16)
    world.both_hold("Thu 2027-01-14 14:00", "Thu 2027-04-08 14:00", "Thu 2027-07-08 14:00", "Thu 2027-10-14 14:00")
    assert world.briefs(since=EDITED) == [
        "Fri 2027-04-02 09:00 prepare maya",
        "Mon 2027-04-05 09:00 prompt jonas",
        "Thu 2027-04-08 15:00 summary maya",
    ]


def test_what_was_mailed_is_not_mailed_again_about_the_same_session_elsewhere(world: World):
    world.run(2027, 4, 10)
    with world.edit(MAYA) as calendar:
        move_one(calendar, APRIL, datetime(2027, 4, 27, 10))
    world.run(2027, 4, 27, 12)
    assert world.briefs(since=EDITED) == [
        "Thu 2027-04-08 09:00 prepare maya",
        "Fri 2027-04-09 09:00 prompt jonas",
        "Tue 2027-04-27 11:00 summary maya",
    ]


def test_a_session_moved_past_its_quarter_has_another_booked_within_it(world: World):
    """On neither the day that it was moved away from nor the one it stands on now; it stays where it was put."""
    with world.edit(MAYA) as calendar:
        move_one(calendar, APRIL, datetime(2027, 7, 20, 10))
    world.run(2027, 4, 14, 12)
    world.both_hold(
        "Tue 2027-01-12 10:00",
        "Wed 2027-04-14 10:00",
        "Tue 2027-07-13 10:00",
        "Tue 2027-07-20 10:00",
        until=(2027, 10, 1),
    )
    assert world.briefs(since=EDITED) == [
        "Mon 2027-03-15 12:00 displaced maya",
        "Fri 2027-04-09 09:00 prompt jonas",
        "Fri 2027-04-09 09:00 prepare maya",
        "Wed 2027-04-14 11:00 summary maya",
    ]


# --- re-read right before each mail --------------------------------------------------------------


def test_the_session_is_read_again_right_before_its_prompt(world: World):
    """Planned for nine; moved at one minute to nine by a week."""
    world.run(2027, 4, 9, 8, 59)
    with world.edit(MAYA) as calendar:
        move_one(calendar, APRIL, datetime(2027, 4, 20, 10))
    world.run(2027, 4, 20, 10)
    assert world.briefs("prompt", since=EDITED) == ["Fri 2027-04-16 09:00 prompt jonas"]
    assert "Tuesday 20 April at 10:00" in world.mail("prompt").text


def test_a_session_cancelled_at_one_minute_to_nine_is_not_prepared_at_nine(world: World):
    world.run(2027, 4, 8, 8, 59)
    with world.edit(MAYA) as calendar:
        cancel_one(calendar, APRIL)
    world.run(2027, 4, 8, 9, 30)
    assert world.briefs(since=EDITED) == ["Thu 2027-04-08 09:00 displaced maya"]


def test_a_session_that_is_moved_while_it_should_take_place_is_not_asked_about(world: World):
    world.run(2027, 4, 13, 10, 59)
    with world.edit(MAYA) as calendar:
        move_one(calendar, APRIL, datetime(2027, 4, 15, 10))
    world.run(2027, 4, 15, 12)
    assert world.briefs("summary", since=EDITED) == ["Thu 2027-04-15 11:00 summary maya"]


def test_a_longer_session_is_asked_about_at_its_end(world: World):
    world.run(2027, 4, 13, 10, 30)
    with world.edit(MAYA) as calendar:
        master(calendar)["DURATION"].dt = timedelta(minutes=90)
    world.run(2027, 4, 13, 12)
    assert world.briefs("summary", since=EDITED) == ["Tue 2027-04-13 11:30 summary maya"]
