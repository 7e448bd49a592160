"""What is taken of people's time on Google: read as one's own, told of others, and nothing beside when."""

from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from google_calendars import Google, lines
from provider_suite import ANA, APRIL, JONAS, MAYA, SERIES, utc

from careermail.errors import ProviderError
from careermail.model import Busy, Person
from careermail.providers.google.calendar.freebusy import AT_ONCE

APRIL_2027 = (utc(2027, 4, 1), utc(2027, 5, 1))
OURS = Busy("jonas@example.com", utc(2027, 4, 13, 8), utc(2027, 4, 13, 9), SERIES.uid)


@pytest.fixture
def booked(google: Google) -> Google:
    google.calendar.put(SERIES)
    return google


def of(google: Google, *people: Person) -> list[Busy]:
    return google.calendar.busy([MAYA, *people], APRIL_2027)


def jonas(google: Google) -> list[Busy]:
    return [b for b in of(google, JONAS) if b.email == JONAS.email]


def absence(google: Google, who: Person, start: datetime, end: datetime, kind: str = "outOfOffice") -> None:
    name = google.hands.add_busy(who, start, end)
    google.agenda.books[who.email].events[name]["eventType"] = kind


# --- one's own ---


@pytest.mark.parametrize("kind", ["outOfOffice", "focusTime", "default", "fromGmail"])
def test_one_is_busy_with_these(google: Google, kind: str):
    absence(google, MAYA, utc(2027, 4, 5, 7), utc(2027, 4, 5, 15), kind)
    assert [(b.email, b.start, b.end) for b in of(google)] == [
        ("maya@example.com", utc(2027, 4, 5, 7), utc(2027, 4, 5, 15))
    ]


@pytest.mark.parametrize("kind", ["workingLocation", "birthday"])
def test_one_is_not_busy_with_those(google: Google, kind: str):
    absence(google, MAYA, utc(2027, 4, 5, 7), utc(2027, 4, 5, 15), kind)
    assert of(google) == []


def test_what_one_has_declined_takes_no_time(google: Google):
    invitation = replace(SERIES, organizer=JONAS, attendees=(MAYA,))
    google.calendar.put(invitation)
    assert len(of(google)) == 1
    google.hands.decline_all(SERIES.uid, by=MAYA)
    assert of(google) == []


def test_of_ones_own_appointments_only_the_times_are_read(booked: Google):
    """Neither what they are nor with whom; our own are known by our marks."""
    booked.hands.add_busy(MAYA, utc(2027, 4, 5, 7), utc(2027, 4, 5, 15))
    booked.asked()
    of(booked, JONAS)
    listings = [r for r in booked.asked("GET") if "privateExtendedProperty" not in r.query]
    assert len(listings) == 2  # Maya's, and what may be known of Jonas
    for listing in listings:
        assert not {"summary", "description", "location", "email"} & set(_words(listing.first("fields")))
        assert listing.first("maxAttendees") == "1"


def _words(fields: str) -> list[str]:
    return fields.replace("(", ",").replace(")", ",").replace("/", ",").split(",")


# --- others' ---


def test_where_others_are_is_known_by_free_busy_alone(booked: Google):
    booked.hands.add_busy(JONAS, utc(2027, 4, 5, 7), utc(2027, 4, 5, 8))
    assert jonas(booked) == [Busy("jonas@example.com", utc(2027, 4, 5, 7), utc(2027, 4, 5, 8)), OURS]


@pytest.mark.parametrize("kind", ["outOfOffice", "focusTime"])
def test_what_free_busy_does_not_tell_is_read_where_we_may(booked: Google, kind: str):
    absence(booked, JONAS, utc(2027, 4, 5, 7), utc(2027, 4, 6, 15), kind)
    assert Busy("jonas@example.com", utc(2027, 4, 5, 7), utc(2027, 4, 6, 15)) in jonas(booked)


def test_an_absence_of_whole_days_is_of_their_own_days(booked: Google):
    name = booked.hands.add_busy(JONAS, date(2027, 4, 5), date(2027, 4, 7))
    booked.agenda.books[JONAS.email].events[name]["eventType"] = "outOfOffice"
    assert Busy("jonas@example.com", utc(2027, 4, 4, 22), utc(2027, 4, 6, 22)) in jonas(booked)


def test_a_closed_calendar_tells_nothing_but_what_we_know(booked: Google):
    booked.agenda.books[JONAS.email].everybody = ""
    booked.hands.add_busy(JONAS, utc(2027, 4, 5, 7), utc(2027, 4, 5, 8))
    absence(booked, JONAS, utc(2027, 4, 5, 7), utc(2027, 4, 6, 15))
    assert jonas(booked) == [OURS]


def test_a_closed_calendar_is_tried_once(booked: Google):
    booked.agenda.books[JONAS.email].everybody = ""
    for _ in range(3):
        jonas(booked)
    tried = [r for r in booked.asked("GET") if "jonas@example.com" in r.steps]
    assert len(tried) == 1


def test_whoever_is_unknown_is_absent(booked: Google):
    stranger = Person("Somebody Else", "somebody@elsewhere.example")
    assert {b.email for b in of(booked, stranger)} == {"maya@example.com"}


def test_a_quota_is_not_taken_for_a_closed_calendar(booked: Google):
    from fakes.google.discovery import error

    booked.web.fail("GET .*/jonas", error(403, "quotaExceeded", "Calendar usage limits exceeded."))
    with pytest.raises(ProviderError):
        jonas(booked)
    absence(booked, JONAS, utc(2027, 4, 5, 7), utc(2027, 4, 6, 15))
    assert len(jonas(booked)) == 2


def test_free_busy_is_asked_for_fifty_at_once(google: Google):
    people = [Person(f"Person {n}", f"p{n}@example.com") for n in range(2 * AT_ONCE + 1)]
    of(google, *people)
    queries = google.asked("POST")
    assert lines(queries) == ["POST freeBusy"] * 3
    assert [len(r.json["items"]) for r in queries] == [50, 50, 1]


# --- ours among theirs ---


@pytest.mark.parametrize(
    ("start", "end", "left"),
    [
        ((7, 0), (8, 0), [((7, 0), (8, 0))]),  # right before ours: free/busy joins the two
        ((9, 0), (9, 30), [((9, 0), (9, 30))]),
        ((7, 0), (10, 0), [((7, 0), (8, 0)), ((9, 0), (10, 0))]),
        ((8, 30), (9, 30), [((9, 0), (9, 30))]),
    ],
)
def test_what_touches_a_session_of_ours_is_not_taken_for_it(booked: Google, start: Any, end: Any, left: Any):
    day = datetime(2027, 4, 13)
    at = [day + timedelta(hours=h, minutes=m) for h, m in (start, end)]
    booked.hands.add_busy(JONAS, *(when.replace(tzinfo=utc(2027, 1, 1).tzinfo) for when in at))
    others = [b for b in jonas(booked) if not b.uid]
    assert [((b.start.hour, b.start.minute), (b.end.hour, b.end.minute)) for b in others] == left
    assert OURS in jonas(booked)


def test_a_session_that_was_moved_is_known_where_it_is(booked: Google):
    booked.calendar.move(MAYA, booked.sessions()[APRIL], utc(2027, 4, 15, 12), utc(2027, 4, 15, 13))
    assert jonas(booked) == [Busy("jonas@example.com", utc(2027, 4, 15, 12), utc(2027, 4, 15, 13), SERIES.uid)]


def test_a_session_with_somebody_else_is_nobody_elses(booked: Google):
    assert {b.email for b in of(booked, JONAS, ANA)} == {"maya@example.com", "jonas@example.com"}


def test_who_was_invited_is_asked_about_as_their_organizer_sees_them(booked: Google):
    assert booked.calendar.busy([JONAS], APRIL_2027) == [OURS]
    assert {r.headers["authorization"] for r in booked.asked()} == {"Bearer maya@example.com"}
