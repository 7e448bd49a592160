"""Graph's events: what is told to whom, what is found again after a cut, and each trap that is known of them."""

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from fakes.web import Answer, Request
from graph_office import Office
from provider_suite import (
    APRIL,
    JANUARY,
    JONAS,
    JULY,
    MAYA,
    OCTOBER,
    SERIES,
    SINGLE,
    YEAR,
    confirmed,
    held,
    utc,
)

from careermail.errors import ProviderError
from careermail.model import Event, Person, Rsvp
from careermail.providers.microsoft import agenda

NOTE = Event("note@careermail.example.com", MAYA, (), "Introduce Jonas", "To Dana", start=date(2027, 3, 2))
WROTE = r"(POST|PATCH|DELETE) /v1.0/users/[^/]+/(calendar/)?events"


@pytest.fixture
def office() -> Iterator[Office]:
    with Office() as opened:
        yield opened


@pytest.fixture
def booked(office: Office) -> Office:
    office.calendar.put(SERIES)
    return office


def jonas(*told: str) -> list[tuple[str, str, str]]:
    """What Jonas was mailed about: "update" for all, "cancel 2027-04-13" for one session."""
    return [(JONAS.email, what.split()[0], " ".join(["Jonas and Maya", *what.split()[1:]])) for what in told]


# --- how an event is made -------------------------------------------------------------------------


def test_a_session_is_private_asks_for_an_answer_and_rings_a_quarter_of_an_hour_before(booked: Office):
    body = next(one.json for one in booked.web.log if one.method == "POST")
    assert body["start"] == {"dateTime": "2027-01-12T10:00:00", "timeZone": "W. Europe Standard Time"}
    assert body["recurrence"] == {
        "pattern": {"type": "relativeMonthly", "interval": 3, "daysOfWeek": ["tuesday"], "index": "second"},
        "range": {"type": "noEnd", "startDate": "2027-01-12"},
    }
    assert (body["sensitivity"], body["showAs"], body["isAllDay"]) == ("private", "busy", False)
    assert (body["isReminderOn"], body["reminderMinutesBeforeStart"]) == (True, 15)
    assert (body["responseRequested"], body["allowNewTimeProposals"]) == (True, True)
    assert [one["emailAddress"]["address"] for one in body["attendees"]] == [JONAS.email]
    assert "isOnlineMeeting" not in body


def test_the_marks_are_lower_case_ascii(booked: Office):
    """Filters fold the case of what they look for."""
    body = next(one.json for one in booked.web.log if one.method == "POST")
    for one in body["singleValueExtendedProperties"]:
        name = one["id"].partition(" Name ")[2]
        assert name.isascii()
        assert (name, one["value"]) == (name.lower(), one["value"].lower())


def test_a_reminder_is_its_managers_alone_and_leaves_the_day_free_and_quiet(office: Office):
    office.calendar.put(NOTE)
    body = next(one.json for one in office.web.log if one.method == "POST")
    assert (body["isAllDay"], body["showAs"], body["isReminderOn"]) == (True, "free", False)
    assert (body["sensitivity"], body["attendees"]) == ("private", [])
    office.calendar.cancel(MAYA, NOTE.uid)
    assert office.written() == [
        "POST events",
        "DELETE event",
    ]  # there is nobody to tell, and Graph cancels meetings only
    assert office.exchange.told == []


@pytest.mark.parametrize("zone", ["Europe/Kyiv", "Asia/Kolkata", "US/Pacific", "Europe/Uzhgorod", "UTC"])
def test_a_series_stands_on_its_managers_clock_wherever_they_are(office: Office, zone: str):
    maya = replace(MAYA, timezone=zone)
    office.calendar.put(replace(SERIES, organizer=maya))
    found = office.calendar.find(maya, SERIES.uid)
    assert found is not None
    assert (found.start, found.rrule) == (SERIES.start, SERIES.rrule)
    starts = [o.start.astimezone(maya.zone).hour for o in office.calendar.occurrences(maya, "5e41e5", YEAR)]
    assert starts == [10] * 4


def test_a_series_begins_with_the_first_day_of_its_rule(office: Office):
    """Outlook would move the first session there by itself, or refuse it."""
    office.calendar.put(replace(SERIES, start=datetime(2027, 1, 4, 10)))
    assert confirmed(office.world)[0] == utc(2027, 1, 12, 9)


def test_what_outlook_cannot_repeat_is_refused_for_good_and_not_asked(office: Office):
    with pytest.raises(ProviderError, match="no such recurrence") as told:
        office.calendar.put(replace(SERIES, rrule="FREQ=MONTHLY;BYDAY=2TU,4TU"))
    assert told.value.permanent
    assert office.web.log == []


# --- who is told ----------------------------------------------------------------------------------


def test_attendees_are_told_of_each_change_once(booked: Office):
    calendar, april = booked.calendar, held(booked.world)[APRIL]
    for _ in range(3):
        calendar.put(SERIES)
        calendar.move(MAYA, april, utc(2027, 4, 15, 12), utc(2027, 4, 15, 13))
        calendar.cancel(MAYA, SERIES.uid, recurrence_id=JULY)
    for _ in range(2):
        calendar.put(replace(SERIES, description="Another hour", sequence=1))
    booked.exchange.forgets = False
    for _ in range(2):
        calendar.cancel(MAYA, SERIES.uid, since=utc(2027, 10, 1))
    for _ in range(2):
        calendar.cancel(MAYA, SERIES.uid)
    assert booked.exchange.told == jonas(
        "request", "update 2027-04-13", "cancel 2027-07-13", "update", "update", "cancel"
    )


def test_what_people_wrote_into_it_stays_while_our_words_do(booked: Office):
    meeting = booked.outlook.meeting(SERIES.uid)
    meeting.said["body"] = {"contentType": "text", "content": "Bring the notes"}
    booked.calendar.put(replace(SERIES, minutes=90, sequence=1))
    assert meeting.said["body"]["content"] == "Bring the notes"
    booked.calendar.put(replace(SERIES, minutes=90, description="An hour and a half", sequence=2))
    assert meeting.said["body"]["content"] == "An hour and a half"


def test_whom_people_have_asked_too_stays_asked(booked: Office):
    meeting = booked.outlook.meeting(SERIES.uid)
    liam = Person("Liam Chen", "liam@example.com")
    booked.calendar.put(replace(SERIES, attendees=(JONAS, liam), sequence=1))
    booked.calendar.put(replace(SERIES, minutes=90, sequence=2))
    assert meeting.attendees == [JONAS.email, "liam@example.com"]


def test_answers_come_to_exchange_by_themselves(booked: Office):
    assert not booked.calendar.answer(Rsvp(JONAS.email, SERIES.uid, "", "DECLINED"))
    assert {o.status for o in held(booked.world).values()} == {"confirmed"}


@pytest.mark.parametrize(("response", "status"), [("declined", "declined"), ("tentativelyAccepted", "confirmed")])
def test_who_proposes_another_time_answers_too(booked: Office, response: str, status: str):
    """The proposal itself Outlook shows to the manager; who takes it moves the session, and that is followed."""
    booked.outlook.propose(held(booked.world)[APRIL], utc(2027, 4, 14, 8), response)
    april = held(booked.world)[APRIL]
    assert (april.status, april.start) == (status, utc(2027, 4, 13, 8))


# --- what ends without an answer ------------------------------------------------------------------

Doing = Callable[[Office], None]
DOINGS: dict[str, tuple[Doing, list[str]]] = {
    "put": (lambda o: o.calendar.put(replace(SINGLE, marker="other")), ["request"]),
    "reword": (lambda o: o.calendar.put(replace(SERIES, description="Another", sequence=1)), ["update"]),
    "move": (
        lambda o: o.calendar.move(MAYA, held(o.world)[APRIL], utc(2027, 4, 15, 12), utc(2027, 4, 15, 13)),
        ["update 2027-04-13"],
    ),
    "cancel one": (lambda o: o.calendar.cancel(MAYA, SERIES.uid, recurrence_id=JULY), ["cancel 2027-07-13"]),
    "cancel all": (lambda o: o.calendar.cancel(MAYA, SERIES.uid), ["cancel"]),
    "end": (lambda o: o.calendar.cancel(MAYA, SERIES.uid, since=utc(2027, 7, 1)), ["update"]),
}
FAULTS = {
    "cut before": {},
    "cut after": {"after": True},
    "429": {"answer": Answer(429, None, {"Retry-After": "0"})},
    "503": {"answer": Answer(503, None, {"Retry-After": "-1"})},
    "504 after": {"answer": Answer(504), "after": True},
    "202 and a wait": {"answer": Answer(202, None, {"Retry-After": "120"}), "after": True},
}


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("doing", DOINGS)
def test_whatever_is_cut_off_comes_about_once(booked: Office, doing: str, fault: str):
    """As the runner does: what failed is tried again, by a process that knows nothing of it."""
    do, told = DOINGS[doing]
    happened = booked.web.fail(WROTE, **FAULTS[fault])
    with suppress(ProviderError):
        do(booked)
    booked.begin()
    do(booked)
    do(booked)
    assert happened.happened == 1
    assert booked.exchange.told == jonas("request", *told)


def test_what_is_made_twice_by_the_same_transaction_is_made_once(office: Office):
    office.web.fail("POST", after=True, times=2)
    office.calendar.put(SERIES)
    assert office.written() == ["POST events"] * 3
    assert len(office.exchange.meetings) == 1


def test_what_people_took_away_in_between_is_not_made_again(office: Office):
    """Under the same identity; whether another is booked is for the planner to say."""
    office.web.fail("POST", after=True, times=3)
    with pytest.raises(ProviderError):
        office.calendar.put(SERIES)
    office.outlook.delete_all(SERIES.uid)
    office.calendar.put(SERIES)
    assert confirmed(office.world) == []
    assert office.exchange.told == jonas("request", "cancel")


# --- a series that changes ------------------------------------------------------------------------


@pytest.mark.parametrize("forgets", [True, False])
@pytest.mark.parametrize(
    "moves",
    [
        [(JULY, utc(2027, 10, 1, 8)), (APRIL, utc(2027, 7, 20, 8))],  # each past where the next one was
        [(APRIL, utc(2027, 1, 20, 8)), (JULY, utc(2027, 4, 6, 8))],
    ],
)
def test_outlook_may_forget_what_was_moved_and_cancelled_but_we_do_not(
    booked: Office, moves: list[tuple[str, datetime]], forgets: bool
):
    booked.exchange.forgets = forgets
    for at, start in moves:
        booked.calendar.move(MAYA, held(booked.world)[at], start, start + timedelta(hours=1))
    booked.calendar.cancel(MAYA, SERIES.uid, recurrence_id=OCTOBER)
    booked.calendar.put(replace(SERIES, minutes=90, sequence=1))
    sessions = held(booked.world)
    assert {at: o.status for at, o in sessions.items()} == {
        JANUARY: "confirmed",
        APRIL: "confirmed",
        JULY: "confirmed",
        OCTOBER: "cancelled",
    }
    assert {o.end - o.start for o in sessions.values()} == {timedelta(minutes=90)}
    assert [(at, sessions[at].start) for at, _ in moves] == moves


@pytest.mark.parametrize("number", range(1, 5))
@pytest.mark.parametrize("after", [True, False])
def test_what_is_put_back_is_put_back_by_whoever_comes_next(booked: Office, number: int, after: bool):
    """The event bears its new sequence only once all stands, so that the runner knows to go on."""
    calendar = booked.calendar
    calendar.move(MAYA, held(booked.world)[APRIL], utc(2027, 4, 15, 12), utc(2027, 4, 15, 13))
    calendar.cancel(MAYA, SERIES.uid, recurrence_id=JULY)
    longer = replace(SERIES, minutes=90, sequence=1)
    cut = booked.web.fail(WROTE, after=after, skip=number - 1)
    with suppress(ProviderError):
        calendar.put(longer)
    assert cut.happened == 1
    found = calendar.find(MAYA, SERIES.uid)
    assert found is not None
    assert found.sequence == 0 or (number == 4 and after)
    booked.begin()
    booked.calendar.put(longer)
    booked.calendar.put(longer)
    sessions = {at: (o.status, o.start, o.end) for at, o in held(booked.world).items()}
    assert sessions[APRIL] == ("confirmed", utc(2027, 4, 15, 12), utc(2027, 4, 15, 13, 30))
    assert (sessions[JULY][0], sessions[OCTOBER][2]) == ("cancelled", utc(2027, 10, 12, 9, 30))
    found = booked.calendar.find(MAYA, SERIES.uid)
    assert found is not None
    assert (found.sequence, found.minutes) == (1, 90)


def test_a_session_that_was_put_off_beyond_the_end_goes_alone(booked: Office):
    """Outlook ends a series by the day of the rule: with the last that is kept, though an earlier one stands later."""
    calendar = booked.calendar
    calendar.move(MAYA, held(booked.world)[JULY], utc(2027, 6, 15, 8), utc(2027, 6, 15, 9))
    calendar.cancel(MAYA, SERIES.uid, recurrence_id=JANUARY)
    calendar.cancel(MAYA, SERIES.uid, since=utc(2027, 7, 1))
    assert confirmed(booked.world) == [utc(2027, 4, 13, 8), utc(2027, 6, 15, 8)]
    assert held(booked.world)[JANUARY].status == "cancelled"


@pytest.mark.parametrize("start", [utc(2027, 7, 13, 6), utc(2027, 7, 20, 8), utc(2027, 1, 12, 7)])
def test_no_session_passes_its_neighbours_which_is_said(booked: Office, start: datetime):
    april = held(booked.world)[APRIL]
    with pytest.raises(ProviderError, match="the one before or after") as told:
        booked.calendar.move(MAYA, april, start, start + timedelta(hours=1))
    assert told.value.permanent
    assert held(booked.world)[APRIL] == april


# --- what is found --------------------------------------------------------------------------------


def test_a_part_that_people_split_off_has_a_name_of_its_own(booked: Office):
    """Outlook copies our marks with it, our UID too."""
    booked.outlook.split(SERIES.uid, held(booked.world)[JULY], 2)
    first, second = {o.uid for o in held(booked.world).values()}
    ours, theirs = (first, second) if first == SERIES.uid else (second, first)
    assert theirs == booked.exchange.meetings[1].ical
    found = booked.calendar.find(MAYA, theirs)
    assert found is not None
    assert (found.uid, found.start) == (theirs, datetime(2027, 7, 13, 12))
    booked.calendar.cancel(MAYA, ours)
    assert confirmed(booked.world) == [utc(2027, 7, 13, 10), utc(2027, 10, 12, 10)]


@pytest.mark.parametrize("told", [True, False])
def test_a_copy_is_no_second_one_of_ours(booked: Office, told: bool):
    """Whether Graph tells by which transaction an event was made, or does not any more."""
    booked.outlook.split(SERIES.uid, held(booked.world)[JULY], 0)
    for meeting in booked.exchange.meetings if not told else ():
        meeting.said["transactionId"] = None
    sessions = held(booked.world)
    assert {at: o.uid for at, o in sessions.items()} == {
        JANUARY: SERIES.uid,
        APRIL: SERIES.uid,
        JULY: booked.exchange.meetings[1].ical,
        OCTOBER: booked.exchange.meetings[1].ical,
    }
    booked.calendar.put(replace(SERIES, description="Another hour", sequence=1))
    assert len(booked.exchange.meetings) == 2


def test_a_moved_session_keeps_its_identity(booked: Office):
    """Each has an iCalUId of its own, and another id once it was moved: it is known by where the rule puts it."""
    booked.outlook.move_one(held(booked.world)[APRIL], utc(2027, 5, 4, 8))
    booked.begin()
    booked.calendar.move(MAYA, held(booked.world)[APRIL], utc(2027, 5, 5, 8), utc(2027, 5, 5, 9))
    assert held(booked.world)[APRIL].start == utc(2027, 5, 5, 8)


def test_all_pages_of_a_list_are_read(booked: Office, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(agenda, "A_PAGE", "3")
    for number in range(5):
        booked.calendar.put(
            replace(SINGLE, uid=f"{number}@careermail.example.com", start=datetime(2027, 2, 1 + number, 14))
        )
    assert len(confirmed(booked.world)) == 9
    assert len(booked.calendar.busy([MAYA], YEAR)) == 9


def test_the_changes_of_a_view_are_never_asked_for(booked: Office):
    """calendarView/delta says of what is there that it was removed; and a view cannot be filtered by our marks."""
    for _ in range(2):
        held(booked.world)
        booked.calendar.busy([MAYA, JONAS], YEAR)
    asked = [one for one in booked.web.log if "delta" in one.path or "calendarView" in one.path]
    assert {one.steps[-1] for one in asked} == {"calendarView"}
    assert all("$filter" not in one.query for one in asked)


def seen_as(office: Office, where: str, **changes: Any) -> None:
    """What Graph lists there is from now on so."""
    there = office.web.rooms[0]

    def room(request: Request) -> Answer:
        answer = there(request)
        assert answer is not None
        if request.steps[-1] == where:
            for one in answer.body["value"]:
                for name, value in changes.items():
                    one[name] = {**one[name], **value} if isinstance(value, dict) else value
        return answer

    office.web.rooms[:] = [room]


@pytest.mark.parametrize(
    ("where", "sessions", "taken"), [("events", 0, 4), ("instances", 0, 4), ("calendarView", 4, 0)]
)
def test_what_is_shown_as_cancelled_does_not_take_place(booked: Office, where: str, sessions: int, taken: int):
    """So attendees see it, and perhaps an organizer whose mailbox was moved."""
    seen_as(booked, where, isCancelled=True)
    assert (len(confirmed(booked.world)), len(booked.calendar.busy([MAYA], YEAR))) == (sessions, taken)


@pytest.mark.parametrize("wrong", [{"timeZone": "W. Europe Standard Time"}, {"dateTime": "next week"}])
def test_what_cannot_be_understood_is_asked_again_and_not_guessed(booked: Office, wrong: dict[str, str]):
    seen_as(booked, "instances", start=wrong)
    with pytest.raises(ProviderError, match="cannot be understood") as told:
        held(booked.world)
    assert not told.value.permanent


def test_a_mailbox_outside_of_the_role_says_so(office: Office):
    with pytest.raises(ProviderError, match="scope of its role") as told:
        office.calendar.put(replace(SERIES, organizer=JONAS, attendees=(MAYA,)))
    assert told.value.urgent
    assert office.written() == []


# --- what is taken --------------------------------------------------------------------------------

MARCH = (utc(2027, 3, 1), utc(2027, 4, 1))


def test_free_busy_is_asked_twenty_people_and_two_months_at_a_time(booked: Office):
    folk = [Person(f"P {n}", f"p{n}@example.com") for n in range(45)]
    window = (utc(2027, 1, 1), utc(2028, 5, 15))  # 500 days
    assert len(booked.calendar.busy([MAYA, JONAS, *folk], window)) == 12
    asked = [one.json for one in booked.web.log if one.steps[-1] == "getSchedule"]
    assert len(asked) == 3 * 9
    assert {len(one["Schedules"]) for one in asked} == {20, 6}


@pytest.mark.parametrize(
    ("shows", "taken"),
    [("busy", True), ("oof", True), ("tentative", True), ("free", False), ("workingElsewhere", False)],
)
@pytest.mark.parametrize("who", [MAYA, JONAS])
def test_who_is_away_or_has_an_invitation_is_not_free(office: Office, who: Person, shows: str, taken: bool):
    office.exchange.appointment(who.email, utc(2027, 3, 2, 8), utc(2027, 3, 2, 9), shows)
    busy = office.calendar.busy([MAYA, JONAS], MARCH)
    assert [(b.email, b.start) for b in busy] == [(who.email, utc(2027, 3, 2, 8))] * taken


def test_a_meeting_of_ours_is_ours_in_the_attendees_time_too(booked: Office):
    """Else each session would be in its own way. Exchange does not say what is behind somebody else's time."""
    booked.outlook.accept_all(SERIES.uid)
    booked.outlook.move_one(held(booked.world)[APRIL], utc(2027, 3, 9, 8))
    booked.outlook.add_busy(JONAS, utc(2027, 3, 9, 8), utc(2027, 3, 9, 10))
    busy = {(b.email, b.end.hour): b.uid for b in booked.calendar.busy([MAYA, JONAS], MARCH)}
    assert busy == {(MAYA.email, 9): SERIES.uid, (JONAS.email, 9): SERIES.uid, (JONAS.email, 10): ""}


def test_a_managers_day_off_is_their_own_day(office: Office):
    office.outlook.add_busy(MAYA, date(2027, 3, 2), date(2027, 3, 4))
    (busy,) = office.calendar.busy([MAYA], MARCH)
    assert (busy.start, busy.end) == (utc(2027, 3, 1, 23), utc(2027, 3, 3, 23))


def test_what_others_ask_a_manager_to_is_taken_until_they_decline(office: Office):
    meeting = office.exchange.appointment(JONAS.email, utc(2027, 3, 2, 8), utc(2027, 3, 2, 9), "busy")
    meeting.said["attendees"] = [{"emailAddress": {"address": MAYA.email}, "type": "required"}]
    assert len(office.calendar.busy([MAYA], MARCH)) == 1
    office.exchange.answer(meeting, MAYA.email, "declined")
    assert office.calendar.busy([MAYA], MARCH) == []


@pytest.mark.parametrize("shows", ["tentative", "busy", "oof"])
def test_who_shows_no_single_event_is_taken_by_half_hours(booked: Office, shows: str):
    booked.calendars.merged = frozenset({JONAS.email})
    booked.exchange.appointment(JONAS.email, utc(2027, 3, 2, 8), utc(2027, 3, 2, 9), shows)
    booked.exchange.appointment(JONAS.email, utc(2027, 3, 3, 8), utc(2027, 3, 3, 9), "workingElsewhere")
    busy = booked.calendar.busy([MAYA, JONAS], MARCH)
    assert [(b.email, b.start, b.end) for b in busy] == [
        (JONAS.email, utc(2027, 3, 2, 8), utc(2027, 3, 2, 8, 30)),
        (JONAS.email, utc(2027, 3, 2, 8, 30), utc(2027, 3, 2, 9)),
    ]


def test_who_cannot_be_seen_is_absent(booked: Office):
    booked.calendars.hidden = frozenset({JONAS.email})
    nobody = Person("Nobody", "nobody@example.com")
    assert {b.email for b in booked.calendar.busy([MAYA, JONAS, nobody], YEAR)} == {MAYA.email}
    booked.begin()
    assert booked.calendar.busy([JONAS], YEAR) == []
    assert booked.calendar.busy([nobody], YEAR) == []


def test_who_organizes_must_be_seen(booked: Office):
    """Else a session would be booked over whatever they do."""
    booked.calendars.closed = frozenset({MAYA.email})
    with pytest.raises(ProviderError, match="scope of its role"):
        booked.calendar.busy([MAYA, JONAS], YEAR)


def test_what_exchange_cannot_tell_for_now_is_asked_again(booked: Office):
    said = {"scheduleId": JONAS.email, "error": {"message": "", "responseCode": "ErrorServerBusy"}}
    booked.web.fail("getSchedule", Answer(200, {"value": [said]}))
    with pytest.raises(ProviderError, match="cannot tell for now") as told:
        booked.calendar.busy([MAYA, JONAS], MARCH)
    assert not told.value.permanent


def test_of_other_events_nothing_is_read_but_when_they_are(booked: Office):
    booked.calendar.busy([MAYA, JONAS], MARCH)
    (asked,) = (one for one in booked.web.log if one.steps[-1] == "calendarView")
    assert not {"subject", "body", "bodyPreview", "attendees", "location"} & set(asked.first("$select").split(","))
