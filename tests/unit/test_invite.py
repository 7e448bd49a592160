from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from io import StringIO
from zoneinfo import ZoneInfo

import pytest
from dateutil.rrule import rrulestr
from dateutil.tz import tzical
from hypothesis import given
from hypothesis import strategies as st

from careermail.mail import edits, invite
from careermail.mail.expand import expand, sessions
from careermail.mail.vevent import CalendarError
from careermail.model import Event, Occurrence, Person, resolve

MAYA = Person("Maya Lindqvist", "maya@example.com", "Europe/Stockholm")
JONAS = Person("Jonas Weber", "jonas@example.com", "Europe/Berlin")
STOCKHOLM = MAYA.zone
EVENT = Event(
    uid="c0ffee@careermail.example.com",
    organizer=MAYA,
    attendees=(JONAS,),
    summary="Jonas and Maya",
    description="An hour set aside; not a 1:1, not a review.",
    start=datetime(2027, 1, 12, 10),
    rrule="FREQ=MONTHLY;INTERVAL=3;BYDAY=2TU",
    sequence=2,
    marker="5e41e5",
)
YEAR = (datetime(2027, 1, 1, tzinfo=UTC), datetime(2028, 1, 1, tzinfo=UTC))
JANUARY, APRIL, JULY, OCTOBER = "20270112T090000Z", "20270413T080000Z", "20270713T080000Z", "20271012T080000Z"

WRITTEN = """BEGIN:VEVENT
SUMMARY;LANGUAGE=en:Jonas and Maya
DTSTART;TZID=Europe/Stockholm:20270112T100000
DURATION:PT1H
DTSTAMP:20000101T000002Z
UID:c0ffee@careermail.example.com
SEQUENCE:2
RRULE:FREQ=MONTHLY;INTERVAL=3;BYDAY=2TU
ATTENDEE;CN="Jonas Weber";PARTSTAT=NEEDS-ACTION;ROLE=REQ-PARTICIPANT;RSVP=
 TRUE:mailto:jonas@example.com
CLASS:PRIVATE
DESCRIPTION;LANGUAGE=en:An hour set aside\\; not a 1:1\\, not a review.
ORGANIZER;CN="Maya Lindqvist":mailto:maya@example.com
TRANSP:OPAQUE
X-CAREERMAIL-SERIES:5e41e5
END:VEVENT
"""


def utc(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)  # type: ignore[misc, arg-type]


def written(event: Event) -> str:
    return invite.text(invite.build(event)).decode().replace("\r\n", "\n")


def listed(content: str, window: tuple[datetime, datetime] = YEAR, zone: ZoneInfo = STOCKHOLM) -> list[Occurrence]:
    return sessions(expand(invite.parse(content.encode()), window, zone), window)


def brief(content: str) -> list[tuple[str, str, str]]:
    return [(o.recurrence_id, f"{o.start:%m-%d %H:%M}", o.status) for o in listed(content)]


def calendar(*events: str) -> str:
    """A calendar of VEVENTs, each given by the properties that it has beside UID and DTSTAMP."""
    inner = "".join(f"BEGIN:VEVENT\nUID:a\nDTSTAMP:20270101T000000Z\n{event}\nEND:VEVENT\n" for event in events)
    return f"BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:x\n{inner}END:VCALENDAR\n"


QUARTERLY = "DTSTART;TZID=Europe/Stockholm:20270112T100000\nDURATION:PT1H\nRRULE:FREQ=MONTHLY;INTERVAL=3;BYDAY=2TU"


class TestText:
    def test_a_meeting(self):
        text = written(EVENT)
        assert text[text.index("BEGIN:VEVENT") : text.index("END:VCALENDAR")] == WRITTEN
        assert text.startswith("BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:-//careermail//EN\nBEGIN:VTIMEZONE\n")
        assert "METHOD" not in text

    def test_lines_are_short_and_end_as_they_must(self):
        """RFC 5545, 3.1: CRLF, and no line of more than 75 octets."""
        lines = invite.text(invite.build(replace(EVENT, summary="Gespräch über Führung " * 20))).split(b"\r\n")
        assert max(map(len, lines)) <= 75
        assert b"\n" not in b"".join(lines)

    def test_a_reminder_leaves_its_day_free(self):
        text = written(Event("note@x", MAYA, (), "Introduce Jonas", "", date(2027, 3, 2)))
        assert "DTSTART;VALUE=DATE:20270302\n" in text
        assert "TRANSP:TRANSPARENT\n" in text
        assert not any(name in text for name in ("DURATION", "DTEND", "ORGANIZER", "ATTENDEE", "VTIMEZONE"))

    def test_the_same_event_is_the_same_text(self):
        assert written(EVENT) == written(EVENT)

    def test_a_later_revision_has_a_later_stamp(self):
        assert "DTSTAMP:20000101T000003Z\n" in written(replace(EVENT, sequence=3))

    def test_what_is_written_reads_back(self):
        back = invite.read(invite.parse(written(EVENT).encode()), EVENT.uid, MAYA)
        assert back == replace(EVENT, attendees=(Person("Jonas Weber", "jonas@example.com"),))

    def test_a_start_in_another_zone_is_told_in_the_organizers(self):
        text = written(EVENT).replace("Europe/Stockholm:20270112T100000", "Asia/Tokyo:20270112T180000")
        back = invite.read(invite.parse(text.encode()), EVENT.uid, MAYA)
        assert back is not None
        assert back.start == datetime(2027, 1, 12, 10)

    @pytest.mark.parametrize(
        "zone", ["Europe/Berlin", "America/Los_Angeles", "Australia/Lord_Howe", "Africa/Casablanca"]
    )
    def test_its_vtimezone_says_what_the_zone_does(self, zone: str):
        """Read by another implementation: dateutil's, which knows nothing but the VTIMEZONE."""
        text = written(replace(EVENT, organizer=replace(MAYA, timezone=zone)))
        told = tzical(StringIO(text)).get(zone)
        assert told is not None
        for hours in range(0, 24 * 365 * 3, 7):
            local = datetime(2027, 1, 13) + timedelta(hours=hours)
            real = local.replace(tzinfo=ZoneInfo(zone))
            if real.astimezone(UTC).astimezone(real.tzinfo).replace(tzinfo=None) == local:  # in a gap are no clocks
                assert local.replace(tzinfo=told).utcoffset() == real.utcoffset()

    @pytest.mark.parametrize(
        ("zone", "onset", "rule"),
        [
            ("Europe/Stockholm", "20260329T020000", "FREQ=YEARLY;BYDAY=-1SU;BYMONTH=3"),
            ("America/New_York", "20260308T020000", "FREQ=YEARLY;BYDAY=2SU;BYMONTH=3"),
            ("Pacific/Auckland", "20260927T020000", "FREQ=YEARLY;BYDAY=-1SU;BYMONTH=9"),
        ],
    )
    def test_summer_comes_by_rule_at_the_hour_that_the_clocks_show_before_it(self, zone: str, onset: str, rule: str):
        """As RFC 5545 (3.6.5) has it, and as Outlook reads it, which passes over RDATEs."""
        text = written(replace(EVENT, organizer=replace(MAYA, timezone=zone)))
        assert f"BEGIN:DAYLIGHT\nDTSTART:{onset}\nRRULE:{rule}\n" in text

    def test_a_zone_without_summer_has_one_time(self):
        text = written(replace(EVENT, organizer=replace(MAYA, timezone="America/Sao_Paulo")))
        assert text.count("TZOFFSETTO:-0300\n") == text.count("TZOFFSETTO") == 1

    @pytest.mark.parametrize("content", [b"", b"Dear Jonas", b"BEGIN:VCALENDAR\nBEGIN:VEVENT\nUID:a", b"\xff\xfe\x00"])
    def test_what_is_no_calendar_is_refused_without_a_word_of_it(self, content: bytes):
        with pytest.raises(CalendarError, match=r"^no calendar, or cut short$"):
            invite.parse(content)


class TestClocks:
    @pytest.mark.parametrize(
        ("zone", "local", "expected"),
        [
            # A gap: the first moment after it.
            ("Europe/Berlin", datetime(2027, 3, 28, 2, 30), utc(2027, 3, 28, 1)),
            ("Europe/Berlin", datetime(2027, 3, 28, 2), utc(2027, 3, 28, 1)),
            ("America/Los_Angeles", datetime(2027, 3, 14, 2, 59), utc(2027, 3, 14, 10)),
            ("Australia/Lord_Howe", datetime(2027, 10, 3, 2, 15), utc(2027, 10, 2, 15, 30)),
            ("Africa/Casablanca", datetime(2027, 3, 14, 2, 30), utc(2027, 3, 14, 2)),
            ("America/Sao_Paulo", datetime(2018, 11, 4, 0, 30), utc(2018, 11, 4, 3)),
            ("Pacific/Apia", datetime(2011, 12, 30, 10), utc(2011, 12, 30, 10)),
            # A time that comes twice: the first.
            ("Europe/Berlin", datetime(2027, 10, 31, 2, 30), utc(2027, 10, 31, 0, 30)),
            ("America/Los_Angeles", datetime(2027, 11, 7, 1, 30), utc(2027, 11, 7, 8, 30)),
            ("Australia/Lord_Howe", datetime(2027, 4, 4, 1, 45), utc(2027, 4, 3, 14, 45)),
            ("Africa/Casablanca", datetime(2027, 2, 7, 2, 30), utc(2027, 2, 7, 1, 30)),
            ("America/Sao_Paulo", datetime(2018, 2, 17, 23, 30), utc(2018, 2, 18, 1, 30)),
            # Around them, and without any.
            ("Europe/Berlin", datetime(2027, 3, 28, 1, 59), utc(2027, 3, 28, 0, 59)),
            ("Europe/Berlin", datetime(2027, 3, 28, 3), utc(2027, 3, 28, 1)),
            ("Europe/Berlin", datetime(2027, 10, 31, 3), utc(2027, 10, 31, 2)),
            ("Asia/Tokyo", datetime(2027, 3, 28, 2, 30), utc(2027, 3, 27, 17, 30)),
        ],
    )
    def test_a_time_on_the_wall_is_one_moment(self, zone: str, local: datetime, expected: datetime):
        assert resolve(local, ZoneInfo(zone)) == expected

    @given(
        st.sampled_from(["Europe/Berlin", "America/Los_Angeles", "Australia/Lord_Howe", "Africa/Casablanca", "UTC"]),
        st.datetimes(datetime(2020, 1, 1), datetime(2036, 1, 1)),
    )
    def test_a_moment_shows_its_time_or_the_end_of_the_gap(self, zone: str, local: datetime):
        shown = resolve(local, ZoneInfo(zone)).astimezone(ZoneInfo(zone)).replace(tzinfo=None)
        assert local <= shown <= local + timedelta(hours=1)
        assert shown == local or resolve(shown, ZoneInfo(zone)) == resolve(local, ZoneInfo(zone))

    def test_a_daily_session_in_the_hour_that_is_left_out(self):
        text = written(replace(EVENT, start=datetime(2027, 3, 27, 2, 30), rrule="FREQ=DAILY;COUNT=3"))
        assert [(o.start, o.end - o.start) for o in listed(text)] == [
            (utc(2027, 3, 27, 1, 30), timedelta(hours=1)),
            (utc(2027, 3, 28, 1), timedelta(hours=1)),
            (utc(2027, 3, 29, 0, 30), timedelta(hours=1)),
        ]

    def test_a_daily_session_in_the_hour_that_comes_twice(self):
        text = written(replace(EVENT, start=datetime(2027, 10, 30, 2, 30), rrule="FREQ=DAILY;COUNT=3"))
        assert [(o.start, o.end - o.start) for o in listed(text)] == [
            (utc(2027, 10, 30, 0, 30), timedelta(hours=1)),
            (utc(2027, 10, 31, 0, 30), timedelta(hours=1)),
            (utc(2027, 11, 1, 1, 30), timedelta(hours=1)),
        ]

    def test_a_session_in_the_gap_can_be_moved_and_cancelled(self):
        text = written(replace(EVENT, start=datetime(2027, 3, 27, 2, 30), rrule="FREQ=DAILY;COUNT=3"))
        held = invite.parse(text.encode())
        at = (utc(2027, 3, 28, 8), utc(2027, 3, 28, 9))
        edits.move(held, EVENT.uid, "20270328T010000Z", at, STOCKHOLM)
        assert brief(invite.text(held).decode())[1] == ("20270328T010000Z", "03-28 08:00", "confirmed")
        edits.cancel(held, EVENT.uid, "20270328T010000Z", STOCKHOLM)
        assert brief(invite.text(held).decode())[1] == ("20270328T010000Z", "03-28 01:00", "cancelled")

    def test_a_session_moved_to_the_second_of_two_like_hours_stays_there(self):
        held = invite.build(EVENT)
        at = (utc(2027, 10, 31, 1, 30), utc(2027, 10, 31, 2, 30))
        edits.move(held, EVENT.uid, OCTOBER, at, STOCKHOLM)
        (moved,) = [o for o in listed(invite.text(held).decode()) if o.recurrence_id == OCTOBER]
        assert (moved.start, moved.end) == at


class TestExpansion:
    def test_an_exception_in_any_form_is_one_and_the_same(self):
        for named in (
            ";TZID=Europe/Stockholm:20270413T100000",
            ":20270413T080000Z",
            ";TZID=Asia/Tokyo:20270413T170000",
        ):
            moved = f"RECURRENCE-ID{named}\nDTSTART:20270420T110000Z\nDTEND:20270420T120000Z"
            assert brief(calendar(QUARTERLY, moved))[1] == (APRIL, "04-20 11:00", "confirmed")

    def test_an_exception_named_by_its_day_is_understood(self):
        moved = "RECURRENCE-ID;VALUE=DATE:20270413\nDTSTART:20270420T110000Z\nDTEND:20270420T120000Z"
        assert brief(calendar(QUARTERLY, moved))[1] == (APRIL, "04-20 11:00", "confirmed")

    def test_of_two_revisions_the_higher_counts(self):
        moved = "RECURRENCE-ID:20270413T080000Z\nSEQUENCE:{}\nDTSTART:{}\nDURATION:PT1H"
        both = [moved.format(2, "20270420T110000Z"), moved.format(1, "20270421T110000Z")]
        assert brief(calendar(QUARTERLY, *both))[1] == (APRIL, "04-20 11:00", "confirmed")

    def test_what_was_cancelled_is_told(self):
        gone = "RECURRENCE-ID:20270713T080000Z\nDTSTART:20270713T080000Z\nDURATION:PT1H\nSTATUS:CANCELLED"
        assert brief(calendar(QUARTERLY + "\nEXDATE:20270413T080000Z", gone)) == [
            (JANUARY, "01-12 09:00", "confirmed"),
            (APRIL, "04-13 08:00", "cancelled"),
            (JULY, "07-13 08:00", "cancelled"),
            (OCTOBER, "10-12 08:00", "confirmed"),
        ]

    def test_an_exdate_beside_an_exception_cancels_it(self):
        moved = "RECURRENCE-ID:20270413T080000Z\nDTSTART:20270420T110000Z\nDURATION:PT1H"
        assert brief(calendar(QUARTERLY + "\nEXDATE:20270413T080000Z", moved))[1] == (APRIL, "04-13 08:00", "cancelled")

    def test_an_exdate_outweighs_an_exception_that_came_from_afar(self):
        moved = "RECURRENCE-ID:20270413T080000Z\nDTSTART:20270820T110000Z\nDURATION:PT1H"
        window = (utc(2027, 8, 1), utc(2027, 9, 1))
        (one,) = listed(calendar(QUARTERLY + "\nEXDATE:20270413T080000Z", moved), window)
        assert one.status == "cancelled"

    def test_what_began_before_the_window_is_found_in_it(self):
        weeks = "DTSTART:20270104T090000Z\nDTEND:20270108T090000Z\nRRULE:FREQ=MONTHLY"
        window = (utc(2027, 3, 7), utc(2027, 3, 8))
        found = expand(invite.parse(calendar(weeks).encode()), window, STOCKHOLM)
        assert [i.start for i in found] == [utc(2027, 3, 4, 9)]

    def test_an_exception_to_a_rule_that_has_changed_is_still_a_session(self):
        """As calendar programs show it."""
        moved = "RECURRENCE-ID:20270414T080000Z\nDTSTART:20270420T110000Z\nDURATION:PT1H"
        assert ("20270414T080000Z", "04-20 11:00", "confirmed") in brief(calendar(QUARTERLY, moved))

    def test_an_invitation_to_one_session_alone_is_a_session(self):
        alone = "RECURRENCE-ID:20270414T080000Z\nDTSTART:20270420T110000Z\nDURATION:PT1H"
        assert brief(calendar(alone)) == [("20270414T080000Z", "04-20 11:00", "confirmed")]

    def test_extra_dates_are_sessions(self):
        extra = "DTSTART:20270112T090000Z\nDTEND:20270112T100000Z\nRDATE:20270201T090000Z,20270301T090000Z"
        assert [start for _, start, _ in brief(calendar(extra))] == ["01-12 09:00", "02-01 09:00", "03-01 09:00"]

    @pytest.mark.parametrize("tzid", [";TZID=Customized Time Zone 1", ""])
    def test_a_time_without_a_known_zone_is_the_owners(self, tzid: str):
        assert brief(calendar(f"DTSTART{tzid}:20270112T100000\nDURATION:PT1H")) == [("", "01-12 09:00", "confirmed")]

    def test_a_windows_zone_is_known(self):
        text = calendar("DTSTART;TZID=Tokyo Standard Time:20270112T180000\nDURATION:PT1H")
        assert brief(text) == [("", "01-12 09:00", "confirmed")]

    def test_an_end_before_the_start_is_no_time_at_all(self):
        (one,) = listed(calendar("DTSTART:20270112T090000Z\nDTEND:20270112T080000Z"))
        assert one.start == one.end == utc(2027, 1, 12, 9)

    @pytest.mark.parametrize(
        ("broken", "told"),
        [
            ("SUMMARY:nothing", "DTSTART is missing"),
            ("DTSTART:soon", "DTSTART"),
            ("DTSTART:20270112T090000Z\nRRULE:FREQ=OFTEN", "RRULE"),
            ("DTSTART:20270112T090000Z\nRRULE:FREQ=MINUTELY", "every minute or second"),
        ],
    )
    def test_what_cannot_be_understood_is_said(self, broken: str, told: str):
        with pytest.raises(CalendarError, match=told):
            listed(calendar(broken))

    @given(
        first=st.datetimes(datetime(2026, 1, 1), datetime(2026, 12, 31)).map(lambda d: d.replace(microsecond=0)),
        rule=st.sampled_from(
            [
                "FREQ=MONTHLY;INTERVAL=3",
                "FREQ=MONTHLY;INTERVAL=3;BYDAY=2TU",
                "FREQ=WEEKLY;INTERVAL=6",
                "FREQ=MONTHLY;BYMONTHDAY=31",
                "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29",
                "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1",
                "FREQ=DAILY;COUNT=400",
            ]
        ),
        zone=st.sampled_from(["Europe/Stockholm", "America/Los_Angeles", "Pacific/Auckland", "Asia/Kolkata"]),
        days=st.tuples(st.integers(0, 1500), st.integers(1, 500)),
    )
    def test_a_rule_brings_what_dateutil_says(self, first: datetime, rule: str, zone: str, days: tuple[int, int]):
        """Each session once, in any window; the first one even where it does not fit the rule (RFC 5545, 3.8.5.3)."""
        window = (utc(2026, 1, 1) + timedelta(days=days[0]), utc(2026, 1, 1) + timedelta(days=sum(days)))
        organizer = replace(MAYA, timezone=zone)
        text = written(replace(EVENT, organizer=organizer, start=first, rrule=rule))
        local = {first, *rrulestr(rule, dtstart=first).between(datetime(2025, 1, 1), datetime(2033, 1, 1))}
        moments = {resolve(when, ZoneInfo(zone)) for when in local}
        found = [o.start for o in listed(text, window, ZoneInfo(zone))]
        assert found == sorted(when for when in moments if window[0] <= when < window[1])


class TestEdits:
    def test_an_edit_made_twice_is_made_once(self):
        held = invite.build(EVENT)
        for edit in (
            lambda: edits.move(held, EVENT.uid, APRIL, (utc(2027, 4, 20, 11), utc(2027, 4, 20, 12)), STOCKHOLM),
            lambda: edits.cancel(held, EVENT.uid, JULY, STOCKHOLM),
            lambda: edits.end(held, EVENT.uid, utc(2027, 9, 1), STOCKHOLM),
            lambda: edits.end(held, EVENT.uid, None, STOCKHOLM),
        ):
            edit()
            once = invite.text(held)
            edit()
            assert invite.text(held) == once

    def test_an_edit_raises_the_sequence_of_what_it_changes(self):
        held = invite.build(EVENT)
        edits.move(held, EVENT.uid, APRIL, (utc(2027, 4, 20, 11), utc(2027, 4, 20, 12)), STOCKHOLM)
        assert [int(e["SEQUENCE"]) for e in held.events] == [2, 3]
        edits.cancel(held, EVENT.uid, APRIL, STOCKHOLM)
        assert [int(e["SEQUENCE"]) for e in held.events] == [3]

    def test_a_cancelled_session_that_is_moved_takes_place(self):
        held = invite.build(EVENT)
        edits.cancel(held, EVENT.uid, APRIL, STOCKHOLM)
        edits.move(held, EVENT.uid, APRIL, (utc(2027, 4, 20, 11), utc(2027, 4, 20, 12)), STOCKHOLM)
        assert brief(invite.text(held).decode())[1] == (APRIL, "04-20 11:00", "confirmed")

    def test_a_session_within_a_moved_rest_can_be_moved_and_keeps_what_the_rest_says(self):
        ranged = (
            "RECURRENCE-ID;RANGE=THISANDFUTURE:20270413T080000Z\nSUMMARY:Later\n"
            "DTSTART;TZID=Europe/Stockholm:20270413T140000\nDURATION:PT30M"
        )
        held = invite.parse(calendar(QUARTERLY, ranged).encode())
        edits.move(held, "a", JULY, (utc(2027, 7, 20, 8), utc(2027, 7, 20, 9)), STOCKHOLM)
        assert [start for _, start, _ in brief(invite.text(held).decode())] == [
            "01-12 09:00",
            "04-13 12:00",
            "07-20 08:00",
            "10-12 12:00",
        ]
        assert str(held.events[-1]["SUMMARY"]) == "Later"

    def test_a_series_that_ends_by_itself_is_not_drawn_out(self):
        held = invite.build(replace(EVENT, rrule="FREQ=MONTHLY;INTERVAL=3;BYDAY=2TU;COUNT=2"))
        edits.end(held, EVENT.uid, utc(2027, 9, 1), STOCKHOLM)
        assert [o.recurrence_id for o in listed(invite.text(held).decode())] == [JANUARY, APRIL]

    def test_an_earlier_end_stays(self):
        held = invite.build(replace(EVENT, rrule="FREQ=MONTHLY;INTERVAL=3;BYDAY=2TU;UNTIL=20270501T000000Z"))
        edits.end(held, EVENT.uid, utc(2027, 9, 1), STOCKHOLM)
        assert [o.recurrence_id for o in listed(invite.text(held).decode())] == [JANUARY, APRIL]

    def test_a_single_event_that_is_past_stays(self):
        held = invite.build(replace(EVENT, rrule=""))
        edits.end(held, EVENT.uid, utc(2027, 9, 1), STOCKHOLM)
        assert brief(invite.text(held).decode()) == [("", "01-12 09:00", "confirmed")]

    def test_there_is_no_session_that_the_rule_does_not_know(self):
        with pytest.raises(LookupError, match="20270414T080000Z"):
            edits.exception(invite.build(EVENT), EVENT.uid, "20270414T080000Z", STOCKHOLM)

    def test_what_people_added_is_kept(self):
        held = invite.parse(
            written(EVENT)
            .replace(
                "CLASS:PRIVATE\n", "CLASS:PRIVATE\nLOCATION:The library\nCONFERENCE;VALUE=URI:https://example.com/a\n"
            )
            .replace(
                "END:VEVENT", "BEGIN:VALARM\nACTION:DISPLAY\nTRIGGER:-PT15M\nDESCRIPTION:Soon\nEND:VALARM\nEND:VEVENT"
            )
            .encode()
        )
        revised = invite.text(invite.revise(held, replace(EVENT, summary="Maya and Jonas", sequence=3))).decode()
        kept = ("LOCATION:The library", "https://example.com/a", "TRIGGER:-PT15M", "LANGUAGE=en:Maya and Jonas")
        assert all(line in revised for line in kept)
        assert revised.count("BEGIN:VALARM") == 1

    def test_another_time_is_a_later_revision_and_asks_anew(self):
        held = invite.parse(written(EVENT).replace("NEEDS-ACTION", "ACCEPTED").encode())
        same = invite.text(invite.revise(held, EVENT)).decode()
        other = invite.text(invite.revise(held, replace(EVENT, start=datetime(2027, 1, 12, 14)))).decode()
        assert "PARTSTAT=ACCEPTED" in same
        assert "SEQUENCE:2\r\n" in same
        assert "PARTSTAT=NEEDS-ACTION" in other
        assert "SEQUENCE:3\r\n" in other

    @given(
        st.lists(
            st.tuples(st.sampled_from([JANUARY, APRIL, JULY, OCTOBER]), st.integers(-3000, 3000), st.booleans()),
            max_size=8,
        ),
        st.tuples(st.integers(-100, 365), st.integers(1, 400)),
    )
    def test_whatever_is_edited_each_session_is_listed_once_in_every_window(
        self, changes: list[tuple[str, int, bool]], days: tuple[int, int]
    ):
        held = invite.build(replace(EVENT, rrule=EVENT.rrule + ";COUNT=4"))
        expected = {i.recurrence_id: (i.original, i.start, "confirmed") for i in expand(held, YEAR, STOCKHOLM)}
        for at, hours, cancelled in changes:
            original = expected[at][0]
            start = original + timedelta(hours=hours)
            if cancelled:
                edits.cancel(held, EVENT.uid, at, STOCKHOLM)
                expected[at] = (original, original, "cancelled")
            else:
                edits.move(held, EVENT.uid, at, (start, start + timedelta(hours=1)), STOCKHOLM)
                expected[at] = (original, start, "confirmed")
        window = (YEAR[0] + timedelta(days=days[0]), YEAR[0] + timedelta(days=sum(days)))
        found = listed(invite.text(held).decode(), window)
        assert len(found) == len({o.recurrence_id for o in found})
        assert {o.recurrence_id: (o.start, o.status) for o in found} == {
            at: (start, status)
            for at, (original, start, status) in expected.items()
            if any(window[0] <= when < window[1] for when in (original, start))
        }
