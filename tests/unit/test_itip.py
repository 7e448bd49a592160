"""iTIP by mail: what calendar programs answer is understood, whatever make they are of and whatever they send."""

# ruff: noqa: E501 (programs write long lines)

from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from careermail.mail.itip import rsvp
from careermail.model import Rsvp

STOCKHOLM = """\
BEGIN:VTIMEZONE
TZID:W. Europe Standard Time
BEGIN:STANDARD
DTSTART:16010101T030000
TZOFFSETFROM:+0200
TZOFFSETTO:+0100
RRULE:FREQ=YEARLY;INTERVAL=1;BYDAY=-1SU;BYMONTH=10
END:STANDARD
BEGIN:DAYLIGHT
DTSTART:16010101T020000
TZOFFSETFROM:+0100
TZOFFSETTO:+0200
RRULE:FREQ=YEARLY;INTERVAL=1;BYDAY=-1SU;BYMONTH=3
END:DAYLIGHT
END:VTIMEZONE
"""
UID = "c0ffee-0@careermail.example.com"
ORGANIZER = "ORGANIZER;CN=Maya Lindqvist:mailto:careermail@example.com"


def calendar(*lines: str, method: str = "REPLY", zones: str = "", prodid: str = "-//Somebody//EN") -> str:
    head = f"BEGIN:VCALENDAR\nPRODID:{prodid}\nVERSION:2.0\nMETHOD:{method}\n{zones}BEGIN:VEVENT\nUID:{UID}\n"
    return head + "\n".join(lines) + "\nEND:VEVENT\nEND:VCALENDAR\n"


def mail(
    content: str, *, kind: str = "text/calendar", sender: str = "jonas@example.com", more: str = ""
) -> EmailMessage:
    raw = (
        f"From: Jonas Weber <{sender}>\nTo: careermail@example.com\nSubject: Accepted: Jonas and Maya\n"
        'MIME-Version: 1.0\nContent-Type: multipart/alternative; boundary="b"\n\n--b\n'
        f"Content-Type: text/plain; charset=utf-8\n\nJonas answered.\n\n--b\n"
        f"Content-Type: {kind}; charset=utf-8{more}\n\n{content}\n--b--\n"
    )
    return cast("EmailMessage", message_from_bytes(raw.replace("\n", "\r\n").encode(), policy=policy.default))


def answered(partstat: str, at: str = "", **more: object) -> Rsvp:
    return Rsvp(**({"attendee": "jonas@example.com", "uid": UID, "recurrence_id": at, "partstat": partstat} | more))  # type: ignore[arg-type]


APRIL = "20270413T080000Z"
GOOGLE = mail(
    calendar(
        "DTSTART;TZID=Europe/Stockholm:20270112T100000", "DTEND;TZID=Europe/Stockholm:20270112T110000",
        "RRULE:FREQ=MONTHLY;INTERVAL=3;BYDAY=2TU", "DTSTAMP:20270105T091500Z", ORGANIZER,
        "ATTENDEE;CUTYPE=INDIVIDUAL;ROLE=REQ-PARTICIPANT;PARTSTAT=ACCEPTED;CN=Jonas\n  Weber;X-NUM-GUESTS=0:mailto:jonas@example.com",
        "CREATED:20270104T080000Z", "LAST-MODIFIED:20270105T091500Z", "SEQUENCE:0", "STATUS:CONFIRMED",
        "SUMMARY:Jonas and Maya", "TRANSP:OPAQUE", prodid="-//Google Inc//Google Calendar 70.9054//EN",
    ),
    more="; method=REPLY",
)  # fmt: skip
SAMPLES = {
    "google, the series": (GOOGLE, answered("ACCEPTED", stamp="20270105T091500Z")),
    "google, one declined with a note": (
        mail(calendar(
            "DTSTART:20270413T080000Z", "DTEND:20270413T090000Z", "DTSTAMP:20270405T091500Z", ORGANIZER,
            'ATTENDEE;CUTYPE=INDIVIDUAL;ROLE=REQ-PARTICIPANT;PARTSTAT=DECLINED;CN=Jonas Weber;X-NUM-GUESTS=0;X-RESPONSE-COMMENT="On leave that week":mailto:jonas@example.com',
            "RECURRENCE-ID:20270413T080000Z", "SEQUENCE:2", "STATUS:CONFIRMED",
        ), more="; method=REPLY"),
        answered("DECLINED", APRIL, sequence=2, stamp="20270405T091500Z", comment="On leave that week"),
    ),
    "outlook, the series": (
        mail(calendar(
            "ATTENDEE;PARTSTAT=ACCEPTED;CN=Weber, Jonas:MAILTO:Jonas@Example.com", "COMMENT;LANGUAGE=de-DE:\\n",
            "SUMMARY;LANGUAGE=de-DE:Zugesagt: Jonas and Maya",
            "DTSTART;TZID=W. Europe Standard Time:20270112T100000", "DTEND;TZID=W. Europe Standard Time:20270112T110000",
            "CLASS:PRIVATE", "PRIORITY:5", "DTSTAMP:20270105T091502Z", "TRANSP:OPAQUE", "STATUS:CONFIRMED", "SEQUENCE:0",
            "X-MICROSOFT-CDO-APPT-SEQUENCE:0", "X-MICROSOFT-CDO-BUSYSTATUS:BUSY", "X-MICROSOFT-CDO-INTENDEDSTATUS:BUSY",
            zones=STOCKHOLM, prodid="Microsoft Exchange Server 2010",
        ), more="; method=REPLY"),
        answered("ACCEPTED", stamp="20270105T091502Z"),
    ),
    "outlook, one declined by a Windows zone's name": (
        mail(calendar(
            "ATTENDEE;PARTSTAT=DECLINED;CN=Jonas Weber:MAILTO:jonas@example.com", "COMMENT;LANGUAGE=en-US:In Lisbon then.\\n",
            "RECURRENCE-ID;TZID=W. Europe Standard Time:20270413T100000",
            "DTSTART;TZID=W. Europe Standard Time:20270413T100000", "DTEND;TZID=W. Europe Standard Time:20270413T110000",
            "DTSTAMP:20270405T091502Z", "SEQUENCE:1", "X-MICROSOFT-CDO-OWNERAPPTID:0", zones=STOCKHOLM,
        ), more="; method=REPLY"),
        answered("DECLINED", APRIL, sequence=1, stamp="20270405T091502Z", comment="In Lisbon then."),
    ),
    "outlook, without the zone that it names": (
        mail(calendar(
            "ATTENDEE;PARTSTAT=TENTATIVE:MAILTO:jonas@example.com",
            "RECURRENCE-ID;TZID=W. Europe Standard Time:20270413T100000",
            "DTSTART;TZID=W. Europe Standard Time:20270413T100000", "DTSTAMP:20270405T091502Z", "SEQUENCE:1",
        )),
        answered("TENTATIVE", APRIL, sequence=1, stamp="20270405T091502Z"),
    ),
    "outlook, the day alone": (
        mail(calendar(
            "ATTENDEE;PARTSTAT=DECLINED:MAILTO:jonas@example.com", "RECURRENCE-ID;VALUE=DATE:20270413",
            "DTSTART:20270413T080000Z", "DTSTAMP:20270405T091502Z",
        )),
        answered("DECLINED", "20270413", stamp="20270405T091502Z"),
    ),
    "outlook proposes another time": (
        mail(calendar(
            "ATTENDEE;PARTSTAT=TENTATIVE;CN=Jonas Weber:MAILTO:jonas@example.com", "COMMENT;LANGUAGE=en-US:Later?\\n",
            "DTSTART;TZID=W. Europe Standard Time:20270414T140000", "DTEND;TZID=W. Europe Standard Time:20270414T150000",
            "RECURRENCE-ID;TZID=W. Europe Standard Time:20270413T100000", "DTSTAMP:20270405T091502Z", "SEQUENCE:0",
            'X-MS-OLK-ORIGINALSTART;TZID="W. Europe Standard Time":20270413T100000',
            'X-MS-OLK-ORIGINALEND;TZID="W. Europe Standard Time":20270413T110000', method="COUNTER", zones=STOCKHOLM,
        ), more="; method=COUNTER"),
        answered("", APRIL, stamp="20270405T091502Z", comment="Later?",
                 proposed=(datetime(2027, 4, 14, 12, tzinfo=UTC), datetime(2027, 4, 14, 13, tzinfo=UTC))),
    ),
    "google proposes another time": (
        mail(calendar(
            "DTSTART:20270113T130000Z", "DTEND:20270113T140000Z", "DTSTAMP:20270105T091500Z", ORGANIZER,
            "ATTENDEE;CUTYPE=INDIVIDUAL;ROLE=REQ-PARTICIPANT;PARTSTAT=DECLINED;CN=Jonas Weber:mailto:jonas@example.com",
            "COMMENT:Wednesday suits me better", "SEQUENCE:0", method="COUNTER",
        ), more="; method=COUNTER"),
        answered("", stamp="20270105T091500Z", comment="Wednesday suits me better",
                 proposed=(datetime(2027, 1, 13, 13, tzinfo=UTC), datetime(2027, 1, 13, 14, tzinfo=UTC))),
    ),
    "apple, the series": (
        mail(calendar(
            'ATTENDEE;CN="Jonas Weber";CUTYPE=INDIVIDUAL;EMAIL=jonas@example.com;PARTSTAT=ACCEPTED:mailto:jonas@example.com',
            "CREATED:20270104T080000Z", "DTEND;TZID=Europe/Stockholm:20270112T110000",
            "DTSTAMP:20270105T091500Z", "DTSTART;TZID=Europe/Stockholm:20270112T100000",
            "LAST-MODIFIED:20270105T091459Z", ORGANIZER, "RRULE:FREQ=MONTHLY;INTERVAL=3;BYDAY=2TU", "SEQUENCE:0",
            "SUMMARY:Jonas and Maya", "TRANSP:OPAQUE", "X-APPLE-TRAVEL-ADVISORY-BEHAVIOR:AUTOMATIC",
            prodid="-//Apple Inc.//macOS 14.5//EN",
        ), more="; method=REPLY"),
        answered("ACCEPTED", stamp="20270105T091500Z"),
    ),
    "apple, as a file": (
        mail(calendar("ATTENDEE;PARTSTAT=DECLINED:mailto:jonas@example.com", "DTSTAMP:20270105T091500Z",
                      "RECURRENCE-ID;TZID=Europe/Stockholm:20270413T100000", "SEQUENCE:1"),
             kind='application/octet-stream; name="iCal-20270105-101500.ics"'),
        answered("DECLINED", APRIL, sequence=1, stamp="20270105T091500Z"),
    ),
    "thunderbird, the series": (
        mail(calendar(
            "CREATED:20270104T080000Z", "LAST-MODIFIED:20270105T091500Z", "DTSTAMP:20270105T091500Z",
            "SUMMARY:Jonas and Maya", ORGANIZER,
            "ATTENDEE;CN=Jonas Weber;PARTSTAT=TENTATIVE;CUTYPE=INDIVIDUAL;ROLE=REQ-PARTICIPANT:mailto:jonas@example.com",
            "RRULE:FREQ=MONTHLY;BYDAY=2TU;INTERVAL=3", "DTSTART;TZID=Europe/Stockholm:20270112T100000",
            "DURATION:PT1H", "SEQUENCE:0", "X-MOZ-RECEIVED-SEQUENCE:0", "X-MOZ-RECEIVED-DTSTAMP:20000101T000000Z",
            prodid="-//Mozilla.org/NONSGML Mozilla Calendar V1.1//EN",
        ), more="; method=REPLY"),
        answered("TENTATIVE", stamp="20270105T091500Z"),
    ),
    "an old mozilla's own name for a zone": (
        mail(calendar("ATTENDEE;PARTSTAT=DECLINED:mailto:jonas@example.com", "DTSTAMP:20270105T091500Z",
                      "RECURRENCE-ID;TZID=/mozilla.org/20050126_1/Europe/Stockholm:20270413T100000", "SEQUENCE:1")),
        answered("DECLINED", APRIL, sequence=1, stamp="20270105T091500Z"),
    ),
    "a floating time with a start that tells its zone": (
        mail(calendar("ATTENDEE;PARTSTAT=DECLINED:mailto:jonas@example.com", "DTSTAMP:20270105T091500Z",
                      "RECURRENCE-ID:20270413T100000", "DTSTART;TZID=Europe/Stockholm:20270413T100000")),
        answered("DECLINED", APRIL, stamp="20270105T091500Z"),
    ),
    "a floating time alone": (
        mail(calendar("ATTENDEE;PARTSTAT=DECLINED:mailto:jonas@example.com", "DTSTAMP:20270105T091500Z",
                      "RECURRENCE-ID:20270413T100000")),
        answered("DECLINED", "20270413T100000", stamp="20270105T091500Z"),
    ),
    "delegated": (
        mail(calendar(
            'ATTENDEE;PARTSTAT=DELEGATED;DELEGATED-TO="mailto:sam@example.com":mailto:jonas@example.com',
            'ATTENDEE;PARTSTAT=NEEDS-ACTION;DELEGATED-FROM="mailto:jonas@example.com":mailto:sam@example.com',
            "DTSTAMP:20270105T091500Z", "SEQUENCE:0",
        )),
        answered("DELEGATED", stamp="20270105T091500Z"),
    ),
    "in lower case, with the method in the header alone": (
        mail(calendar("ATTENDEE;PARTSTAT=accepted:mailto:JONAS@EXAMPLE.COM", "DTSTAMP:20270105T091500Z"
                      ).replace("METHOD:REPLY\n", ""), more="; method=reply"),
        answered("ACCEPTED", stamp="20270105T091500Z"),
    ),
    "without a stamp or a number": (
        mail(calendar("ATTENDEE;PARTSTAT=ACCEPTED:mailto:jonas@example.com")), answered("ACCEPTED"),
    ),
    "the series and its exceptions at once": (
        mail(calendar("ATTENDEE;PARTSTAT=ACCEPTED:mailto:jonas@example.com", "RECURRENCE-ID:20270413T080000Z",
                      "DTSTAMP:20270105T091500Z", "END:VEVENT", "BEGIN:VEVENT", f"UID:{UID}", "DTSTAMP:20270105T091500Z",
                      "ATTENDEE;PARTSTAT=DECLINED:mailto:jonas@example.com")),
        answered("DECLINED", stamp="20270105T091500Z"),
    ),
    "from another address than it names": (
        mail(calendar("ATTENDEE;PARTSTAT=ACCEPTED:mailto:jonas@example.com", "DTSTAMP:20270105T091500Z"),
             sender="mallory@example.com"),
        answered("ACCEPTED", stamp="20270105T091500Z"),
    ),
}  # fmt: skip

NONE = {
    "no calendar": mail("Yes!", kind="text/plain"),
    "a refresh": mail(calendar("ATTENDEE:mailto:jonas@example.com", "DTSTAMP:20270105T091500Z", method="REFRESH")),
    "an invitation": mail(calendar("ATTENDEE;PARTSTAT=NEEDS-ACTION:mailto:jonas@example.com", method="REQUEST")),
    "somebody else's counter refused": mail(calendar("ATTENDEE:mailto:jonas@example.com", method="DECLINECOUNTER")),
    "an answer to nothing": mail(calendar("ATTENDEE;PARTSTAT=ACCEPTED:mailto:jonas@example.com").replace(f"UID:{UID}\n", "")),
    "nobody's answer": mail(calendar("DTSTAMP:20270105T091500Z")),
    "several people's": mail(calendar("ATTENDEE;PARTSTAT=ACCEPTED:mailto:a@x.com", "ATTENDEE;PARTSTAT=ACCEPTED:mailto:b@x.com")),
    "one session, but who knows which": mail(calendar("ATTENDEE;PARTSTAT=DECLINED:mailto:jonas@example.com", "RECURRENCE-ID:soon")),
    "no answer that there is": mail(calendar("ATTENDEE;PARTSTAT=PERHAPS:mailto:jonas@example.com")),
    "cut short": mail(calendar("ATTENDEE;PARTSTAT=ACCEPTED:mailto:jonas@example.com")[:120]),
    "oversized": mail(calendar("ATTENDEE;PARTSTAT=ACCEPTED:mailto:jonas@example.com", *["X-A:" + "a" * 900] * 300)),
}  # fmt: skip


@pytest.mark.parametrize("name", SAMPLES)
def test_what_programs_answer_is_understood(name: str):
    message, expected = SAMPLES[name]
    assert rsvp(message) == expected


@pytest.mark.parametrize("name", NONE)
def test_any_other_mail_is_no_answer(name: str):
    assert rsvp(NONE[name]) is None


def test_a_zone_that_would_keep_us_busy_for_hours_is_not_worked_out():
    busy = STOCKHOLM.replace("FREQ=YEARLY", "FREQ=SECONDLY")
    late = STOCKHOLM.replace("BYDAY=-1SU", "BYDAY=MO,TU,WE;BYHOUR=1,2,3;BYMINUTE=1,2,3,4;BYSECOND=1,2,3")
    for zones in (busy, late):
        lines = (
            "ATTENDEE;PARTSTAT=DECLINED:mailto:jonas@example.com",
            "RECURRENCE-ID;TZID=W. Europe Standard Time:20270413T100000",
        )
        assert rsvp(mail(calendar(*lines, zones=zones))) == answered("DECLINED", APRIL)


@pytest.mark.parametrize(
    ("start", "end"), [("99990101T080000Z", "99990101T090000Z"), ("20270101T080000Z", "20290101T080000Z")]
)
def test_a_time_that_no_meeting_can_have_is_no_proposal(start: str, end: str):
    lines = "ATTENDEE:mailto:jonas@example.com", f"DTSTART:{start}", f"DTEND:{end}"
    assert rsvp(mail(calendar(*lines, method="COUNTER"))) == answered("")


def test_of_thousands_of_parts_only_the_first_are_looked_at():
    """Each takes a while to understand, and no calendar program sends so many."""
    for others, expected in ((20, answered("ACCEPTED")), (2000, None)):
        message = EmailMessage()
        message["From"] = "jonas@example.com"
        message.make_mixed()
        for _ in range(others):
            message.add_attachment("BEGIN:VCALENDAR", subtype="calendar")
        message.add_attachment(calendar("ATTENDEE;PARTSTAT=ACCEPTED:mailto:jonas@example.com"), subtype="calendar")
        assert rsvp(message) == expected


def test_a_calendar_behind_a_broken_one_is_read():
    raw = mail(calendar("ATTENDEE;PARTSTAT=ACCEPTED:mailto:jonas@example.com")).as_bytes()
    broken = raw.replace(
        b"Content-Type: text/plain; charset=utf-8\n\nJonas", b"Content-Type: text/calendar\n\nBEGIN:VCAL", 1
    )
    assert broken != raw
    assert rsvp(cast("EmailMessage", message_from_bytes(broken, policy=policy.default))) == answered("ACCEPTED")


@given(st.binary(max_size=3000))
def test_no_bytes_at_all_raise(raw: bytes):
    assert rsvp(cast("EmailMessage", message_from_bytes(raw, policy=policy.default))) is None


@given(st.data())
def test_nothing_that_is_nearly_an_answer_raises(data: st.DataObject):
    """Answers with parts of them cut out, doubled, and overwritten."""
    name = data.draw(st.sampled_from(sorted(SAMPLES)))
    raw = bytearray(SAMPLES[name][0].as_bytes())
    for _ in range(data.draw(st.integers(1, 4))):
        start = data.draw(st.integers(0, len(raw)))
        end = min(start + data.draw(st.integers(0, 40)), len(raw))
        raw[start:end] = data.draw(st.binary(max_size=20) | st.just(bytes(raw[start:end] * 2)))
    found = rsvp(cast("EmailMessage", message_from_bytes(bytes(raw), policy=policy.default)))
    assert found is None or found.uid
