"""What is particular about Google's events: ids for ever, marks, tombstones, and that everybody is told just once."""

import re
from dataclasses import replace
from datetime import date, datetime
from typing import Any

import pytest
from google_calendars import Google, lines
from provider_suite import APRIL, JANUARY, JONAS, JULY, MAYA, OCTOBER, SERIES, SINGLE, YEAR, utc

from careermail.errors import ProviderError
from careermail.model import Event, Rsvp
from careermail.providers.google.calendar import wire

NOTE = Event("note@careermail.example.com", MAYA, (), "Introduce Jonas", "", start=date(2027, 3, 2))
STARTS = [utc(2027, 1, 12, 9), utc(2027, 4, 13, 8), utc(2027, 7, 13, 8), utc(2027, 10, 12, 8)]


@pytest.fixture
def booked(google: Google) -> Google:
    google.calendar.put(SERIES)
    assert google.told() == [("jonas", "invitation")]
    google.asked()
    return google


def starts(google: Google) -> list[datetime]:
    return [o.start for o in google.sessions().values() if o.status == "confirmed"]


# --- what is put there ---


def test_a_session_is_private_and_its_guest_is_asked(booked: Google):
    (event,) = booked.held()
    assert (event["visibility"], event["guestsCanInviteOthers"], event["transparency"]) == ("private", False, "opaque")
    asked = {"email": "jonas@example.com", "displayName": "Jonas Weber", "responseStatus": "needsAction"}
    assert event["attendees"] == [asked]
    assert event["start"] == {"dateTime": "2027-01-12T10:00:00+01:00", "timeZone": "Europe/Stockholm"}
    assert event["recurrence"] == ["RRULE:FREQ=MONTHLY;INTERVAL=3;BYDAY=2TU"]


def test_a_reminder_asks_nobody_and_takes_no_time(google: Google):
    google.calendar.put(NOTE)
    (event,) = google.held()
    assert (event["start"], event["end"]) == ({"date": "2027-03-02"}, {"date": "2027-03-03"})
    assert (event["transparency"], event["visibility"], event.get("attendees")) == ("transparent", "private", None)
    assert google.told() == []


def test_ids_are_made_of_the_letters_that_google_takes():
    ids = {wire.event_id(uid, n) for uid in (SERIES.uid, SINGLE.uid) for n in range(3)}
    assert len(ids) == 6
    assert all(re.fullmatch("[a-v0-9]{5,1024}", one) for one in ids)


def test_the_marks_stay_with_the_organizer(booked: Google):
    (copy,) = booked.agenda.stored(JONAS.email)
    assert "extendedProperties" not in copy
    (event,) = booked.held()
    assert event["extendedProperties"]["private"] == {
        "careermail": "meeting",
        "careermailSeries": "5e41e5",
        "careermailUid": "c0ffee-0@careermail.example.com",
        "careermailGeneration": "0",
        "careermailRevision": "0",
    }


# --- told once ---


def test_putting_what_stands_already_sends_nothing(booked: Google):
    booked.calendar.put(SERIES)
    assert lines(booked.asked("POST", "PATCH", "DELETE")) == []


def test_a_new_revision_that_says_the_same_is_told_to_nobody(booked: Google):
    booked.calendar.put(replace(SERIES, sequence=3))
    assert booked.told() == []
    found = booked.calendar.find(MAYA, SERIES.uid)
    assert found is not None
    assert found.sequence == 3


@pytest.mark.parametrize(
    "change", [{"summary": "Maya and Jonas"}, {"minutes": 90}, {"start": datetime(2027, 1, 12, 14)}]
)
def test_a_change_is_told_once(booked: Google, change: dict[str, Any]):
    for _ in range(2):
        booked.calendar.put(replace(SERIES, sequence=1, **change))
    assert booked.told() == [("jonas", "update")]


def test_a_move_is_told_once(booked: Google):
    april = booked.sessions()[APRIL]
    for _ in range(2):
        booked.calendar.move(MAYA, april, utc(2027, 4, 15, 12), utc(2027, 4, 15, 13))
    assert booked.told() == [("jonas", "update")]


def test_a_cancellation_is_told_once(booked: Google):
    for _ in range(2):
        booked.calendar.cancel(MAYA, SERIES.uid, recurrence_id=JULY)
    assert booked.told() == [("jonas", "cancellation")]
    for _ in range(2):
        booked.calendar.cancel(MAYA, SERIES.uid)
    assert booked.told() == [("jonas", "cancellation")]


def test_that_a_series_ends_is_told_once(booked: Google):
    for _ in range(2):
        booked.calendar.cancel(MAYA, SERIES.uid, since=utc(2027, 7, 1))
    assert booked.told() == [("jonas", "update")]


def test_who_says_no_more_of_a_series_that_ended_by_itself_hears_nothing(google: Google):
    google.calendar.put(replace(SERIES, rrule="FREQ=MONTHLY;INTERVAL=3;BYDAY=2TU;COUNT=2"))
    google.told()
    google.calendar.cancel(MAYA, SERIES.uid, since=utc(2027, 7, 1))
    assert google.told() == []


def test_every_change_says_whom_to_tell(booked: Google):
    booked.calendar.put(replace(SERIES, summary="Maya and Jonas"))
    booked.calendar.move(MAYA, booked.sessions()[APRIL], utc(2027, 4, 15, 12), utc(2027, 4, 15, 13))
    booked.calendar.cancel(MAYA, SERIES.uid, recurrence_id=JULY)
    booked.calendar.cancel(MAYA, SERIES.uid, since=utc(2027, 4, 1))
    booked.calendar.put(NOTE)
    changes = booked.asked("POST", "PATCH", "DELETE")
    assert len(changes) == 6
    assert {request.first("sendUpdates") for request in changes} == {"all"}


# --- tombstones ---


def test_what_the_organizer_deleted_is_left_in_peace(booked: Google):
    """It is booked again because the rules say so, as another event."""
    (event,) = booked.held()
    booked.hands.delete_all(SERIES.uid)
    assert booked.calendar.find(MAYA, SERIES.uid) is None
    assert starts(booked) == []
    booked.told()
    for _ in range(2):
        booked.calendar.put(SERIES)
    assert booked.told() == [("jonas", "invitation")]
    (again,) = booked.held()
    assert again["id"] == wire.event_id(SERIES.uid, 1)
    assert booked.agenda.books[MAYA.email].events[event["id"]]["status"] == "cancelled"
    assert starts(booked) == STARTS


@pytest.mark.parametrize("times", [1, 3])
def test_what_was_booked_again_is_found_when_its_tombstones_are_gone(booked: Google, times: int):
    for _ in range(times):
        booked.hands.delete_all(SERIES.uid)
        booked.calendar.put(SERIES)
    booked.agenda.sweep()
    booked.told()
    booked.calendar.put(SERIES)
    assert booked.told() == []
    assert booked.calendar.find(MAYA, SERIES.uid) is not None
    booked.calendar.cancel(MAYA, SERIES.uid)
    assert booked.held() == []


def test_an_id_stays_taken_when_its_tombstone_is_gone(booked: Google):
    for _ in range(2):
        booked.hands.delete_all(SERIES.uid)
        booked.calendar.put(SERIES)
    booked.hands.delete_all(SERIES.uid)
    booked.agenda.sweep()
    booked.told()
    booked.calendar.put(SERIES)
    assert booked.told() == [("jonas", "invitation")]
    assert [event["id"] for event in booked.held()] == [wire.event_id(SERIES.uid, 3)]
    assert starts(booked) == STARTS


def test_a_cancelled_session_is_not_moved_back_to_life(booked: Google):
    april = booked.sessions()[APRIL]
    booked.hands.cancel_one(april)
    with pytest.raises(ProviderError, match="no such session any more") as told:
        booked.calendar.move(MAYA, april, utc(2027, 4, 15, 12), utc(2027, 4, 15, 13))
    assert told.value.permanent
    assert utc(2027, 4, 15, 12) not in starts(booked)


def test_a_hole_is_listed_while_its_series_goes_on(booked: Google):
    booked.hands.cancel_one(booked.sessions()[APRIL])
    assert booked.sessions()[APRIL].status == "cancelled"
    assert booked.sessions()[APRIL].uid == SERIES.uid


def test_what_was_cancelled_behind_the_end_of_a_series_is_no_hole(booked: Google):
    booked.hands.cancel_one(booked.sessions()[OCTOBER])
    booked.calendar.cancel(MAYA, SERIES.uid, since=utc(2027, 7, 1))
    assert booked.sessions().keys() == {JANUARY, APRIL}


# --- what people and their programs do ---


def test_a_session_that_lost_its_mark_in_some_program_is_still_known(booked: Google):
    april = booked.sessions()[APRIL]
    booked.hands.move_one(april, utc(2027, 4, 15, 12))
    name = booked.hands.instance(april, MAYA)
    del booked.agenda.books[MAYA.email].events[name]["extendedProperties"]
    assert booked.sessions()[APRIL].start == utc(2027, 4, 15, 12)
    assert booked.sessions()[APRIL].uid == SERIES.uid


def test_a_session_that_was_put_off_for_years_is_still_known(booked: Google):
    booked.hands.move_one(booked.sessions()[OCTOBER], utc(2030, 1, 8, 9))
    for _ in range(2):
        assert booked.sessions()[OCTOBER].start == utc(2030, 1, 8, 9)


def test_the_second_half_of_a_split_series_has_a_name_of_its_own(booked: Google):
    booked.hands.split(SERIES.uid, booked.sessions()[JULY], 2)
    uids = {o.uid for o in booked.sessions().values()}
    assert len(uids) == 2
    (half,) = uids - {SERIES.uid}
    found = booked.calendar.find(MAYA, half)
    assert found is not None
    assert (found.uid, found.start, found.marker) == (half, datetime(2027, 7, 13, 12), SERIES.marker)


def test_the_second_half_of_a_split_series_can_be_reshaped(booked: Google):
    booked.hands.split(SERIES.uid, booked.sessions()[JULY], 2)
    (half,) = {o.uid for o in booked.sessions().values()} - {SERIES.uid}
    found = booked.calendar.find(MAYA, half)
    assert found is not None
    booked.calendar.put(replace(found, organizer=MAYA, minutes=90, sequence=1))
    lengths = {o.start: o.end - o.start for o in booked.sessions().values()}
    assert [length.total_seconds() // 60 for _, length in sorted(lengths.items())] == [60, 60, 90, 90]
    assert len(booked.held()) == 2


def test_whom_the_organizer_asked_beside_us_stays_asked(booked: Google):
    (event,) = booked.held()
    people = [
        *event["attendees"],
        {"email": "dana@example.com"},
        {"email": "maya@example.com", "responseStatus": "accepted"},
    ]
    booked.agenda.patch(MAYA.email, event["id"], {"attendees": people}, tell=True)
    booked.calendar.put(replace(SERIES, start=datetime(2027, 1, 12, 14), sequence=1))
    answers = {a["email"]: a["responseStatus"] for a in booked.held()[0]["attendees"]}
    asked = {"jonas@example.com": "needsAction", "dana@example.com": "needsAction"}
    assert answers == {**asked, "maya@example.com": "accepted"}
    found = booked.calendar.find(MAYA, SERIES.uid)
    assert found is not None
    assert [p.email for p in found.attendees] == ["jonas@example.com", "dana@example.com"]


def test_whom_the_organizer_took_out_is_asked_again(booked: Google):
    (event,) = booked.held()
    booked.agenda.patch(MAYA.email, event["id"], {"attendees": []}, tell=True)
    booked.told()
    booked.calendar.put(SERIES)
    assert booked.told() == [("jonas", "invitation")]


def test_a_room_that_is_taken_declines_nothing(booked: Google):
    (event,) = booked.held()
    room = {"email": "c_1@resource.calendar.google.com", "resource": True, "responseStatus": "declined"}
    booked.agenda.patch(MAYA.email, event["id"], {"attendees": [*event["attendees"], room]}, tell=True)
    assert starts(booked) == STARTS


def test_a_session_that_somebody_made_last_all_day_is_that_day_of_the_organizers(booked: Google):
    name = booked.hands.instance(booked.sessions()[APRIL], MAYA)
    day = {"start": {"date": "2027-04-14", "dateTime": None}, "end": {"date": "2027-04-15", "dateTime": None}}
    booked.agenda.patch(MAYA.email, name, day, tell=True)
    april = booked.sessions()[APRIL]
    assert (april.start, april.end) == (utc(2027, 4, 13, 22), utc(2027, 4, 14, 22))
    booked.calendar.move(MAYA, april, utc(2027, 4, 15, 12), utc(2027, 4, 15, 13))
    assert booked.sessions()[APRIL].start == utc(2027, 4, 15, 12)


def test_what_was_changed_meanwhile_is_read_again(booked: Google):
    """An event whose etag is another now refuses our change (412): nobody's change is lost."""
    room, changed = booked.room, []

    def hurried(request: Any) -> Any:
        if request.method == "PATCH" and not changed:
            changed.append(booked.agenda.patch(MAYA.email, booked.held()[0]["id"], {"location": "Room 4"}, tell=True))
        return room(request)

    booked.web.rooms[:] = [hurried]
    booked.calendar.put(replace(SERIES, summary="Maya and Jonas", sequence=1))
    assert (booked.held()[0]["summary"], booked.held()[0]["location"]) == ("Maya and Jonas", "Room 4")
    assert booked.told() == [("jonas", "update"), ("jonas", "update")]


def test_who_is_beaten_each_time_tries_again_later(booked: Google):
    room = booked.room

    def hurried(request: Any) -> Any:
        if request.method == "PATCH":
            booked.agenda.patch(MAYA.email, booked.held()[0]["id"], {"location": "Room 4"}, tell=True)
        return room(request)

    booked.web.rooms[:] = [hurried]
    with pytest.raises(ProviderError, match="changed by others all the time") as told:
        booked.calendar.put(replace(SERIES, summary="Maya and Jonas", sequence=1))
    assert not told.value.permanent


# --- times ---


def test_an_hour_that_the_clocks_leave_out_is_the_one_that_they_show_next(google: Google):
    google.calendar.put(replace(SINGLE, start=datetime(2027, 3, 28, 2, 30)))
    assert google.held()[0]["start"]["dateTime"] == "2027-03-28T03:00:00+02:00"
    google.told()
    google.calendar.put(replace(SINGLE, start=datetime(2027, 3, 28, 2, 30)))
    assert google.told() == []


def test_of_an_hour_that_comes_twice_the_second_can_be_meant(google: Google):
    google.calendar.put(SINGLE)
    (session,) = google.sessions().values()
    google.calendar.move(MAYA, session, utc(2027, 10, 31, 1, 30), utc(2027, 10, 31, 2, 30))
    assert google.sessions()[""].start == utc(2027, 10, 31, 1, 30)
    assert google.held()[0]["start"] == {"dateTime": "2027-10-31T02:30:00+01:00", "timeZone": "Europe/Stockholm"}


def test_a_zone_by_its_other_name_is_no_change(google: Google):
    asha = replace(MAYA, timezone="Asia/Kolkata")
    google.calendar.put(replace(SERIES, organizer=asha))
    for name in ("start", "end"):
        google.held()[0][name]["timeZone"] = "Asia/Calcutta"
    google.told()
    google.calendar.put(replace(SERIES, organizer=asha))
    assert google.told() == []


def test_a_series_goes_by_the_clocks_of_another_zone_when_the_organizer_moves_there(booked: Google):
    """At the same moment as before in winter; in summer, Lagos has no other time."""
    there = replace(MAYA, timezone="Africa/Lagos")
    booked.calendar.put(replace(SERIES, organizer=there, sequence=1))
    assert starts(booked) == [utc(2027, month, day, 9) for month, day in ((1, 12), (4, 13), (7, 13), (10, 12))]


def test_a_rule_in_another_order_is_no_change(booked: Google):
    booked.held()[0]["recurrence"] = ["RRULE:BYDAY=2TU;INTERVAL=3;WKST=MO;FREQ=MONTHLY"]
    booked.calendar.put(SERIES)
    assert booked.told() == []


def test_what_was_moved_goes_back_where_another_rule_still_has_it(booked: Google):
    """Of the sessions that were moved, those that the new rule knows stand where it puts them; the others go."""
    for at, day in ((APRIL, 15), (JULY, 15)):
        booked.hands.move_one(booked.sessions()[at], utc(2027, 4 if at == APRIL else 7, day, 12))
    booked.calendar.put(replace(SERIES, rrule="FREQ=MONTHLY;INTERVAL=6;BYDAY=2TU", sequence=1))
    assert starts(booked) == [utc(2027, 1, 12, 9), utc(2027, 7, 13, 8)]


# --- beside that ---


def test_a_link_to_a_meeting_is_made_once_and_outlasts_changes():
    with Google(meet=True) as google:
        google.calendar.put(SERIES)
        google.calendar.put(NOTE)
        google.calendar.put(replace(SERIES, summary="Maya and Jonas", sequence=1))
        google.calendar.move(MAYA, google.sessions()[APRIL], utc(2027, 4, 15, 12), utc(2027, 4, 15, 13))
        series, note = google.held()
        assert series["hangoutLink"] == "https://meet.google.com/aaa-bbbb-ccc"
        assert "hangoutLink" not in note
        changes = google.asked("POST", "PATCH")
        assert [r.first("conferenceDataVersion") for r in changes] == ["1"] * 4
        assert ["conferenceData" in r.json for r in changes] == [True, False, False, False]


def test_without_that_wish_there_is_no_link(booked: Google):
    assert "hangoutLink" not in booked.held()[0]


def test_google_hears_of_answers_by_itself(booked: Google):
    assert not booked.calendar.answer(Rsvp("jonas@example.com", SERIES.uid, "", "DECLINED"))


def test_a_sync_token_is_never_mixed_with_a_filter(booked: Google):
    """A listing by our mark cannot be combined with one, and nothing is decided by what has changed alone."""
    booked.sessions()
    booked.calendar.busy([MAYA, JONAS], YEAR)
    assert not [r for r in booked.asked("GET") if "syncToken" in r.query]
