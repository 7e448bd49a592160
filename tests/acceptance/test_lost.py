"""Sessions that are cancelled or declined, one or all, by either of the two: what is booked instead, and who hears."""

from dataclasses import replace
from datetime import date, datetime

import pytest
from hands import cancel_by_status, cancel_one, decline, end_before, split
from scene import JONAS, MAYA, PAIR, World

from careermail.model import Person

APRIL = datetime(2027, 4, 13, 10)
EDITED = date(2027, 3, 15)


AGAIN = ("Tue 2027-01-12 10:00", "Wed 2027-04-14 10:00", "Tue 2027-07-13 10:00", "Tue 2027-10-12 10:00")
AGAIN_MAILS = [
    "Mon 2027-03-15 12:00 displaced maya",
    "Fri 2027-04-09 09:00 prompt jonas",
    "Fri 2027-04-09 09:00 prepare maya",
    "Wed 2027-04-14 11:00 summary maya",
]


@pytest.mark.parametrize(
    ("who", "cancel"),
    [(MAYA, cancel_one), (MAYA, cancel_by_status), (JONAS, cancel_one), (JONAS, cancel_by_status), (JONAS, decline)],
)
def test_one_session_is_cancelled_or_declined_and_booked_again_within_its_quarter(
    world: World, who: Person, cancel: object
):
    with world.edit(who) as calendar:
        cancel(calendar, APRIL)
    world.run(2027, 4, 14, 12)
    world.both_hold(*AGAIN)
    assert world.briefs(since=EDITED) == AGAIN_MAILS
    became = "cancelled" if who is MAYA else "declined"
    assert became in world.mail("displaced").text
    assert "Wednesday 14 April at 10:00" in world.mail("displaced").text


@pytest.mark.parametrize("wish", ["ask", "keep"])
def test_nothing_is_booked_again_where_the_manager_wants_to_be_asked_and_they_are_told(world: World, wish: str):
    world.configure(replace(PAIR, conversation=replace(PAIR.conversation, on_conflict=wish)))
    with world.edit(MAYA) as calendar:
        cancel_one(calendar, APRIL)
    world.run(2027, 4, 14)
    world.both_hold("Tue 2027-01-12 10:00", "Tue 2027-07-13 10:00", "Tue 2027-10-12 10:00")
    assert world.briefs(since=EDITED) == ["Mon 2027-03-15 12:00 displaced maya"]
    assert "Nothing is booked in its place. You next talk on Tuesday 13 July at 10:00." in world.mail("displaced").text


def delete(world: World, who: Person) -> None:
    world.calendar(who).unlink()


def cancel_all(world: World, who: Person) -> None:
    with world.edit(who) as calendar:
        cancel_by_status(calendar)


def end(world: World, who: Person) -> None:
    with world.edit(who) as calendar:
        end_before(calendar, APRIL)


def decline_all(world: World, who: Person) -> None:
    with world.edit(who) as calendar:
        decline(calendar)


@pytest.mark.parametrize(
    ("who", "take_away", "hour"),
    [
        (MAYA, delete, 10),
        (MAYA, cancel_all, 10),
        (MAYA, end, 10),
        (JONAS, end, 10),
        (JONAS, delete, 11),  # he said no to ten o'clock
        (JONAS, cancel_all, 11),
        (JONAS, decline_all, 11),
    ],
)
def test_a_series_that_is_taken_away_is_booked_anew_while_the_configuration_wants_it(
    world: World, who: Person, take_away: object, hour: int
):
    take_away(world, who)
    world.run(2027, 4, 13, 13)
    coming = [f"Tue 2027-{day} {hour}:00" for day in ("04-13", "07-13", "10-12")]
    assert [s for s in world.booked(until=(2027, 11, 1)) if s > "Tue 2027-02"] == coming
    assert world.briefs(since=EDITED) == [
        "Mon 2027-03-15 12:00 displaced maya",
        "Thu 2027-04-08 09:00 prepare maya",
        "Fri 2027-04-09 09:00 prompt jonas",
        f"Tue 2027-04-13 {hour + 1}:00 summary maya",
    ]
    assert f"Tuesday 13 April at {hour}:00" in world.mail("displaced").text


def test_a_series_that_is_to_end_after_the_next_session_is_booked_on_from_there(world: World):
    """July and all after it are deleted: April stays as it is, one mail says it, and no session comes twice."""
    with world.edit(MAYA) as calendar:
        end_before(calendar, datetime(2027, 7, 13, 10))
    world.run(2027, 7, 9, 12)
    world.both_hold("Tue 2027-01-12 10:00", "Tue 2027-04-13 10:00", "Tue 2027-07-13 10:00", "Tue 2027-10-12 10:00")
    assert world.briefs("displaced", "prepare", "prompt", since=EDITED) == [
        "Mon 2027-03-15 12:00 displaced maya",
        "Thu 2027-04-08 09:00 prepare maya",
        "Fri 2027-04-09 09:00 prompt jonas",
        "Thu 2027-07-08 09:00 prepare maya",
        "Fri 2027-07-09 09:00 prompt jonas",
    ]
    assert "they are booked anew, from Tuesday 13 July at 10:00 on" in world.mail("displaced").text


def test_a_declined_series_does_not_stay_behind_in_the_managers_calendar(world: World):
    decline_all(world, JONAS)
    world.run(2027, 3, 16)
    assert world.taken(MAYA, until=(2027, 8, 1)) == [
        "Tue 2027-01-12 10:00",
        "Tue 2027-04-13 11:00",
        "Tue 2027-07-13 11:00",
    ]


def test_a_series_that_people_split_to_come_less_often_is_followed_in_silence(world: World):
    split(world, MAYA, APRIL, datetime(2027, 4, 20, 10), "FREQ=MONTHLY;INTERVAL=6;BYDAY=3TU")
    world.run(2027, 4, 20)
    world.both_hold("Tue 2027-01-12 10:00", "Tue 2027-04-20 10:00", "Tue 2027-10-19 10:00")
    assert world.briefs("displaced") == []


def test_a_series_that_is_taken_away_three_times_within_four_weeks_is_given_up(world: World):
    for day in (15, 16, 17, 18):
        world.run(2027, 3, day, 12)
        for path in world.files(MAYA):
            path.unlink()
    world.run(2027, 4, 14)
    assert world.booked() == []
    assert world.briefs(since=EDITED) == [
        f"{d} 12:00 displaced maya" for d in ("Mon 2027-03-15", "Tue 2027-03-16", "Wed 2027-03-17", "Thu 2027-03-18")
    ]
    assert "not booked again" in world.mail("displaced").text


def decline_stand_in(world: World) -> None:
    with world.edit(JONAS, world.calendar(JONAS, "again")) as calendar:
        decline(calendar)


def test_what_is_declined_again_is_booked_again_and_the_third_time_left_to_the_two(world: World):
    with world.edit(JONAS) as calendar:
        decline(calendar, APRIL)
    world.run(2027, 3, 16, 12)
    assert world.booked()[1] == "Wed 2027-04-14 10:00"
    decline_stand_in(world)
    world.run(2027, 3, 17, 12)
    assert world.booked()[1] == "Thu 2027-04-15 10:00"
    decline_stand_in(world)
    world.run(2027, 3, 18, 12)
    assert world.booked()[1] == "Tue 2027-04-20 10:00"
    decline_stand_in(world)
    world.run(2027, 4, 20)
    assert world.booked()[1] == "Tue 2027-07-13 10:00"
    assert world.briefs(since=EDITED) == [
        "Mon 2027-03-15 12:00 displaced maya",
        "Tue 2027-03-16 12:00 displaced maya",
        "Wed 2027-03-17 12:00 displaced maya",
        "Thu 2027-03-18 12:00 displaced maya",
    ]
    assert "Nothing is booked in its place" in world.mail("displaced").text


def test_nothing_is_mailed_about_a_cancelled_session_but_that_it_is(world: World):
    """Cancelled between `prepare` and `prompt`, with the rest of its quarter full."""
    world.run(2027, 4, 8, 12)
    for person in (MAYA, JONAS):
        world.busy(person, datetime(2027, 4, 8, 13), 60 * 24 * 100)
    with world.edit(MAYA) as calendar:
        cancel_one(calendar, APRIL)
    world.run(2027, 4, 30)
    assert world.briefs(since=date(2027, 4, 1)) == [
        "Thu 2027-04-08 09:00 prepare maya",
        "Thu 2027-04-08 12:00 displaced maya",
    ]
