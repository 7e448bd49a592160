"""Who is free when, as an Exchange Server tells it."""

from dataclasses import replace

import pytest
from fakes.ews.diary import Entry
from fakes.ews.house import House
from fakes.ews.people import People
from provider_suite import ANA, JONAS, MAYA, SERIES, YEAR, World, utc

from careermail.errors import ProviderError
from careermail.model import Busy


@pytest.fixture
def world(house: House) -> World:
    return World(house.provider(), People(house.diaries, MAYA))


@pytest.fixture
def booked(world: World) -> World:
    world.provider.calendar.put(SERIES)
    return world


def test_of_more_than_a_server_answers_at_once_each_part_is_asked_for(house: House, booked: World):
    booked.hands.add_busy(JONAS, utc(2027, 3, 1, 20), utc(2027, 3, 2, 9))  # over the edge of two parts
    busy = booked.provider.calendar.busy([MAYA, JONAS], (utc(2027, 1, 1), utc(2027, 5, 1)))
    assert [(b.start, b.uid) for b in busy if b.email == JONAS.email] == [
        (utc(2027, 1, 12, 9), SERIES.uid),
        (utc(2027, 3, 1, 20), ""),
        (utc(2027, 4, 13, 8), SERIES.uid),
    ]
    assert len(house.soap.asked("GetUserAvailability")) == 2


def test_something_else_at_the_hour_of_a_session_is_seen(booked: World):
    booked.hands.add_busy(JONAS, utc(2027, 4, 13, 8), utc(2027, 4, 13, 9))
    busy = booked.provider.calendar.busy([MAYA, JONAS], (utc(2027, 4, 13), utc(2027, 4, 14)))
    hour = (utc(2027, 4, 13, 8), utc(2027, 4, 13, 9))
    assert busy == [
        Busy("jonas@example.com", *hour, ""),
        Busy("jonas@example.com", *hour, SERIES.uid),
        Busy("maya@example.com", *hour, SERIES.uid),
    ]


def test_one_who_cannot_be_seen_hides_nobody_else(house: House, booked: World):
    stranger = replace(ANA, email="ana@elsewhere.example")
    april = (utc(2027, 4, 1), utc(2027, 5, 1))
    assert {b.email for b in booked.provider.calendar.busy([ANA, stranger, JONAS], april)} == {"jonas@example.com"}
    assert house.soap.invalid == []


def test_free_busy_that_fails_for_the_moment_is_no_free_time(house: House, booked: World):
    house.diaries.failing.add("jonas@example.com")
    with pytest.raises(ProviderError, match=r"jonas@example\.com's mailbox for now"):
        booked.provider.calendar.busy([MAYA, JONAS], YEAR)


def test_working_elsewhere_takes_up_no_time(house: House, world: World):
    for status, at in (("WorkingElsewhere", 1), ("NoData", 2), ("OOF", 3)):
        entry = Entry(utc(2027, 3, at, 8), utc(2027, 3, at, 9), status=status)
        house.diaries.make("jonas@example.com", entry, tell=False)
    busy = world.provider.calendar.busy([JONAS], (utc(2027, 3, 1), utc(2027, 4, 1)))
    assert [b.start for b in busy] == [utc(2027, 3, 3, 8)]


def test_nobody_is_asked_about_nobody(house: House, world: World):
    assert world.provider.calendar.busy([], YEAR) == []
    assert house.web.log == []


def test_it_is_asked_for_as_the_organizer_who_is_known(house: House, world: World):
    """Whoever has logged in may have no mailbox, and see less."""
    for people in ([JONAS], [JONAS, MAYA]):
        world.provider.calendar.busy(people, (utc(2027, 4, 1), utc(2027, 5, 1)))
        world.provider.calendar.find(MAYA, SERIES.uid)
    asked = [call.who for call in house.soap.log if call.operation == "GetUserAvailability"]
    assert asked == ["", "maya@example.com"]
