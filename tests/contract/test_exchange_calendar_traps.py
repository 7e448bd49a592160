"""What Exchange and its library would have us do wrong, each with what we do instead."""

from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest
from fakes.ews.diary import Entry
from fakes.ews.house import House
from fakes.ews.people import People
from fakes.ews.soap import NAMES, Call, RefusedError, local, t, text
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
    World,
    confirmed,
    held,
    utc,
)

from careermail.errors import ProviderError
from careermail.model import Event, Rsvp

NOTE = Event("note@careermail.example.com", MAYA, (), "Introduce Jonas", "", start=date(2027, 3, 2))
SESSIONS = [utc(2027, 1, 12, 9), utc(2027, 4, 13, 8), utc(2027, 7, 13, 8), utc(2027, 10, 12, 8)]


@pytest.fixture
def world(house: House) -> World:
    return World(house.provider(), People(house.diaries, MAYA))


@pytest.fixture
def booked(world: World) -> World:
    world.provider.calendar.put(SERIES)
    return world


def last(house: House, operation: str) -> Call:
    return [call for call in house.soap.log if call.operation == operation][-1]


# --- what is sent --------------------------------------------------------------------------------


def test_a_meeting_is_created_with_all_that_the_library_would_leave_out(house: House, booked: World):
    """Its own defaults invite nobody, have attendees accepted already, and switch the reminder off."""
    del booked
    call = last(house, "CreateItem")
    (item,) = call.body.findall("m:Items/t:CalendarItem", NAMES)
    assert call.body.get("SendMeetingInvitations") == "SendToAllAndSaveCopy"
    assert {tag: text(item, f"t:{tag}") for tag in ("Sensitivity", "LegacyFreeBusyStatus", "IsResponseRequested")} == {
        "Sensitivity": "Private",
        "LegacyFreeBusyStatus": "Busy",
        "IsResponseRequested": "1",
    }
    assert (text(item, "t:ReminderIsSet"), text(item, "t:ReminderMinutesBeforeStart")) == ("1", "15")
    (attendee,) = item.findall("t:RequiredAttendees/t:Attendee", NAMES)
    assert (text(attendee, "t:Mailbox/t:EmailAddress"), text(attendee, "t:ResponseType")) == (
        "jonas@example.com",
        "Unknown",
    )
    assert (text(item, "t:Start"), item.find("t:StartTimeZone", NAMES).get("Id")) == (
        "2027-01-12T10:00:00+01:00",
        "W. Europe Standard Time",
    )


def test_a_reminder_is_told_to_nobody_and_rings_for_nobody(house: House, world: World):
    world.provider.calendar.put(NOTE)
    call = last(house, "CreateItem")
    (item,) = call.body.findall("m:Items/t:CalendarItem", NAMES)
    assert call.body.get("SendMeetingInvitations") == "SendToNone"
    assert (text(item, "t:LegacyFreeBusyStatus"), text(item, "t:ReminderIsSet")) == ("Free", "0")
    assert house.diaries.notices == []


def test_only_what_changes_is_saved(house: House, booked: World):
    """What the library saves by itself is every field, which shifts times that were read."""
    booked.provider.calendar.put(replace(SERIES, summary="Maya and Jonas", sequence=1))
    updates = last(house, "UpdateItem").body.findall(".//t:SetItemField", NAMES)
    assert [local(one[1][0]) for one in updates] == ["Subject", "ExtendedProperty"]
    assert booked.hands.sees(JONAS, SERIES.uid) == SESSIONS


def test_who_is_asked_is_told_each_thing_once(house: House, world: World):
    calendar, reworded = world.provider.calendar, replace(SERIES, summary="Maya and Jonas", sequence=1)
    for do in (
        lambda: calendar.put(SERIES),
        lambda: calendar.put(reworded),
        lambda: calendar.move(MAYA, held(world)[APRIL], utc(2027, 4, 15, 12), utc(2027, 4, 15, 13)),
        lambda: calendar.put(reworded),
        lambda: calendar.cancel(MAYA, SERIES.uid, recurrence_id=JULY),
        lambda: calendar.cancel(MAYA, SERIES.uid, since=utc(2027, 9, 1)),
        lambda: calendar.cancel(MAYA, SERIES.uid),
    ):
        do()
        do()
    told = ["request", "request", "request", "cancellation", "request", "cancellation"]
    assert house.diaries.told("jonas@example.com") == told
    assert house.diaries.told("maya@example.com") == []


def test_a_mark_of_ours_alone_is_no_news(house: House, booked: World):
    booked.provider.calendar.put(replace(SERIES, sequence=3))
    found = booked.provider.calendar.find(MAYA, SERIES.uid)
    assert found is not None
    assert found.sequence == 3
    assert house.diaries.told("jonas@example.com") == ["request"]


def test_of_a_calendar_nothing_is_read_but_what_is_ours(house: House, booked: World):
    booked.hands.add_busy(MAYA, utc(2027, 4, 14, 8), utc(2027, 4, 14, 9))
    (ours,) = [one.id for one in house.diaries.own["maya@example.com"].values() if one.uid and one.extended]
    assert confirmed(booked) == SESSIONS
    booked.provider.calendar.busy([MAYA, JONAS], YEAR)
    asked = [call.body for call in house.soap.log if call.operation in ("FindItem", "GetItem")]
    assert all(body.find("m:Restriction", NAMES) is not None for body in asked if local(body) == "FindItem")
    assert {one.get("Id") for body in asked for one in body.findall("m:ItemIds/t:ItemId", NAMES)} == {ours}


def test_what_did_not_change_is_not_asked_for_again(house: House, booked: World):
    booked.provider.calendar.move(MAYA, held(booked)[APRIL], utc(2027, 4, 15, 12), utc(2027, 4, 15, 13))
    before = held(booked)
    house.soap.log.clear()
    assert held(booked) == before
    assert house.soap.asked() == ["FindItem"]
    booked.hands.decline_one(before[JULY])
    assert held(booked)[JULY].status == "declined"
    assert house.soap.asked() == ["FindItem", "FindItem", "GetItem", "GetItem"]


def test_what_was_wanted_and_not_done_is_not_taken_for_done(house: House, booked: World):
    held(booked)
    house.web.fail(within="<m:UpdateItem", times=2)
    for _ in range(2):
        with pytest.raises(ProviderError):
            booked.provider.calendar.put(replace(SERIES, minutes=90, sequence=1))
    assert held(booked)[APRIL].end == utc(2027, 4, 13, 9)
    booked.provider.calendar.put(replace(SERIES, minutes=90, sequence=1))
    assert held(booked)[APRIL].end == utc(2027, 4, 13, 9, 30)


def test_a_name_that_is_no_address_is_not_taken_for_somebody_else(house: House, booked: World):
    """A server may name its own people by their place in the directory."""
    (asked,) = People(house.diaries, MAYA).entry(SERIES.uid).asked
    asked.address = "/o=example/ou=first administrative group/cn=recipients/cn=jonas"
    booked.provider.calendar.put(replace(SERIES, summary="Maya and Jonas", sequence=1))
    updates = last(house, "UpdateItem").body.findall(".//t:SetItemField", NAMES)
    assert [local(one[1][0]) for one in updates] == ["Subject", "ExtendedProperty"]


# --- what people do ------------------------------------------------------------------------------


def test_a_proposal_declines_nothing_by_itself(house: House, booked: World):
    """It reaches the manager in Outlook, who may take it up there."""
    hands = People(house.diaries, MAYA)
    hands.answer(SERIES.uid, utc(2027, 4, 13, 8), "Tentative")
    hands.answer(SERIES.uid, utc(2027, 7, 13, 8), "Decline")
    for at in (utc(2027, 4, 13, 8), utc(2027, 7, 13, 8)):
        (asked,) = hands.entry(SERIES.uid).changed[at].asked
        asked.proposed = (at + timedelta(days=1), at + timedelta(days=1, hours=1))
    assert [held(booked)[at].status for at in (JANUARY, APRIL, JULY)] == ["confirmed", "confirmed", "declined"]


def test_who_declined_is_asked_anew_by_a_server_that_forgets_nothing_too(house: House, booked: World):
    house.diaries.resets = False
    booked.hands.decline_one(held(booked)[APRIL])
    booked.provider.calendar.move(MAYA, held(booked)[APRIL], utc(2027, 4, 15, 12), utc(2027, 4, 15, 13))
    assert held(booked)[APRIL].status == "confirmed"
    booked.hands.decline_all(SERIES.uid)
    booked.provider.calendar.put(replace(SERIES, start=datetime(2027, 1, 12, 14), sequence=1))
    assert confirmed(booked) == [at + timedelta(hours=4) for at in SESSIONS]


def test_what_somebody_deleted_stays_so(house: House, booked: World):
    session = held(booked)[APRIL]
    booked.hands.cancel_one(session)
    with pytest.raises(ProviderError, match="cannot bring back a session that was deleted") as told:
        booked.provider.calendar.move(MAYA, session, utc(2027, 4, 15, 12), utc(2027, 4, 15, 13))
    assert told.value.permanent
    booked.provider.calendar.cancel(MAYA, SERIES.uid, recurrence_id=APRIL)
    booked.hands.delete_all(SERIES.uid)
    assert held(booked) == {}
    assert house.soap.asked("CreateItem") == ["CreateItem"]


def test_deleted_sessions_are_counted_where_one_is_asked_for_by_its_place(booked: World):
    booked.hands.cancel_one(held(booked)[JANUARY])
    booked.provider.calendar.move(MAYA, held(booked)[JULY], utc(2027, 7, 15, 12), utc(2027, 7, 15, 13))
    assert confirmed(booked) == [utc(2027, 4, 13, 8), utc(2027, 7, 15, 12), utc(2027, 10, 12, 8)]


def test_a_split_series_has_one_event_of_our_uid(booked: World):
    """Whatever program splits it may copy what we marked it with."""
    booked.hands.split(SERIES.uid, held(booked)[JULY], 2)
    uids = {at: one.uid for at, one in held(booked).items()}
    assert uids[JANUARY] == uids[APRIL] == SERIES.uid
    (other,) = {uid for uid in uids.values() if uid != SERIES.uid}
    booked.provider.calendar.put(replace(SERIES, summary="Maya and Jonas", sequence=1))
    first, rest = (booked.provider.calendar.find(MAYA, uid) for uid in (SERIES.uid, other))
    assert first is not None
    assert rest is not None
    assert (first.summary, rest.summary, rest.start) == ("Maya and Jonas", SERIES.summary, datetime(2027, 7, 13, 12))


def test_a_session_passes_no_other_in_its_series(house: House, booked: World):
    house.diaries.in_order = True
    with pytest.raises(ProviderError, match="no session of a series past the one before or after it") as told:
        booked.provider.calendar.move(MAYA, held(booked)[APRIL], utc(2027, 7, 14, 8), utc(2027, 7, 14, 9))
    assert told.value.permanent
    assert confirmed(booked) == SESSIONS


def test_a_change_made_at_the_same_moment_wins(house: House, booked: World):
    house.soap.trouble("UpdateItem", RefusedError("ErrorIrresolvableConflict"))
    with pytest.raises(ProviderError, match="somebody changed it at this moment") as told:
        booked.provider.calendar.put(replace(SERIES, minutes=90))
    assert not told.value.permanent


@pytest.mark.parametrize("operation", ["GetItem", "UpdateItem"])
def test_what_is_deleted_at_this_moment_is_looked_at_again(house: House, booked: World, operation: str):
    house.soap.trouble(operation, RefusedError("ErrorItemNotFound"))
    with pytest.raises(ProviderError, match="somebody changed it at this moment") as told:
        booked.provider.calendar.put(replace(SERIES, minutes=90))
    assert not told.value.permanent


# --- what a server forgets -----------------------------------------------------------------------


@pytest.mark.parametrize("how", ["kept", "forgotten", "clinging"])
def test_whatever_a_server_does_to_exceptions_another_length_keeps_them(house: House, booked: World, how: str):
    house.diaries.exceptions = how
    calendar = booked.provider.calendar
    calendar.move(MAYA, held(booked)[APRIL], utc(2027, 4, 15, 12), utc(2027, 4, 15, 13))
    calendar.cancel(MAYA, SERIES.uid, recurrence_id=JULY)
    calendar.put(replace(SERIES, minutes=90, sequence=1))
    assert [(o.start, o.end - o.start) for o in held(booked).values() if o.status == "confirmed"] == [
        (start, timedelta(minutes=90)) for start in (SESSIONS[0], utc(2027, 4, 15, 12), SESSIONS[3])
    ]
    assert booked.hands.sees(JONAS, SERIES.uid) == confirmed(booked)


@pytest.mark.parametrize("how", ["kept", "forgotten", "clinging"])
def test_whatever_a_server_does_to_exceptions_another_hour_leaves_none_of_them(house: House, booked: World, how: str):
    house.diaries.exceptions = how
    booked.provider.calendar.move(MAYA, held(booked)[APRIL], utc(2027, 4, 15, 12), utc(2027, 4, 15, 13))
    booked.provider.calendar.put(replace(SERIES, start=datetime(2027, 1, 12, 14), sequence=1))
    assert confirmed(booked) == booked.hands.sees(JONAS, SERIES.uid) == [at + timedelta(hours=4) for at in SESSIONS]


@pytest.mark.parametrize("how", ["kept", "forgotten", "clinging"])
def test_whatever_a_server_does_to_exceptions_the_past_of_an_ended_series_stays(house: House, booked: World, how: str):
    house.diaries.exceptions = how
    calendar = booked.provider.calendar
    calendar.move(MAYA, held(booked)[JANUARY], utc(2027, 1, 14, 9), utc(2027, 1, 14, 10))
    calendar.move(MAYA, held(booked)[APRIL], utc(2027, 7, 5, 8), utc(2027, 7, 5, 9))
    calendar.move(MAYA, held(booked)[JULY], utc(2027, 6, 15, 8), utc(2027, 6, 15, 9))
    for _ in range(2):
        calendar.cancel(MAYA, SERIES.uid, since=utc(2027, 7, 1))
        assert confirmed(booked) == [utc(2027, 1, 14, 9), utc(2027, 6, 15, 8)]
        assert booked.hands.sees(JONAS, SERIES.uid) == [utc(2027, 1, 14, 9), utc(2027, 6, 15, 8)]


# --- times and zones -----------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["Mitteleuropäische Zeit", "Paris, Madrid", "Västeuropa, normaltid"])
@pytest.mark.filterwarnings("error")
def test_a_zone_in_another_language_is_understood(house: House, booked: World, name: str):
    """Somebody saved the series in an Outlook that calls zones by their names in its own language."""
    entry = People(house.diaries, MAYA).entry(SERIES.uid)
    entry.definition = t("StartTimeZone", Id=name, Name="")
    assert confirmed(booked) == SESSIONS
    found = booked.provider.calendar.find(MAYA, SERIES.uid)
    assert found is not None
    assert found.start == SERIES.start


@pytest.mark.filterwarnings("error")
def test_a_zone_that_nobody_knows_is_taken_for_the_organizers(house: House, booked: World):
    People(house.diaries, MAYA).entry(SERIES.uid).definition = t("StartTimeZone", Id="Zone 7", Name="")
    assert confirmed(booked) == SESSIONS
    booked.provider.calendar.put(NOTE)
    (note,) = [one for one in house.diaries.own["maya@example.com"].values() if one.all_day]
    note.definition = t("StartTimeZone", Id="Zone 7", Name="")
    found = booked.provider.calendar.find(MAYA, NOTE.uid)
    assert found is not None
    assert found.start == date(2027, 3, 2)


def test_a_rule_that_exchange_cannot_hold_is_refused_for_good(house: House, world: World):
    with pytest.raises(ProviderError, match="Exchange cannot hold the recurrence 'FREQ=MONTHLY;BYMONTHDAY=31'") as told:
        world.provider.calendar.put(replace(SERIES, rrule="FREQ=MONTHLY;BYMONTHDAY=31"))
    assert told.value.permanent
    assert house.soap.asked("CreateItem") == []


def test_a_series_begins_with_the_first_session_of_its_rule(house: House, world: World):
    """Exchange has no session beside the rule; and saying the same again changes nothing."""
    event = replace(SERIES, start=datetime(2027, 1, 6, 10))
    world.provider.calendar.put(event)
    world.provider.calendar.put(event)
    assert confirmed(world) == SESSIONS
    assert house.diaries.told("jonas@example.com") == ["request"]


def test_what_the_organizer_makes_of_the_rule_is_followed(house: House, booked: World):
    entry: Entry = People(house.diaries, MAYA).entry(SERIES.uid)
    pattern = t("AbsoluteMonthlyRecurrence", t("Interval", "2"), t("DayOfMonth", "31"))
    entry.recurrence = t("Recurrence", pattern, t("NumberedRecurrence", t("StartDate", "2027-01-12"),
                                                  t("NumberOfOccurrences", "3")))  # fmt: skip
    entry.start, entry.end = utc(2027, 1, 31, 9), utc(2027, 1, 31, 10)
    assert confirmed(booked) == [utc(2027, 1, 31, 9), utc(2027, 3, 31, 8), utc(2027, 5, 31, 8)]


def test_a_single_event_is_held_before_it_is_ended(world: World):
    world.provider.calendar.put(SINGLE)
    world.provider.calendar.cancel(MAYA, SINGLE.uid, since=utc(2027, 2, 4))
    assert list(held(world)) == [""]
    world.provider.calendar.cancel(MAYA, SINGLE.uid, since=utc(2027, 2, 3))
    assert held(world) == {}


def test_an_answer_by_mail_is_the_servers_to_take_in(booked: World):
    assert not booked.provider.calendar.answer(Rsvp("jonas@example.com", SERIES.uid, OCTOBER, "DECLINED"))
