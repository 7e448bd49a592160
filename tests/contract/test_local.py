import email.policy
import os
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from email import message_from_bytes
from email.message import EmailMessage
from itertools import count
from pathlib import Path
from shutil import rmtree, which
from traceback import format_exception
from typing import cast

import icalendar
import pytest
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
    ProviderSuite,
    World,
    confirmed,
    held,
    mail,
    utc,
)

from careermail.clock import VirtualClock
from careermail.errors import ProviderError
from careermail.model import Occurrence, Person
from careermail.providers import open_provider
from careermail.providers.shelf.files import Reader, safe
from careermail.providers.shelf.vdir import Vdir

LIAM = Person("Liam Chen", "liam@example.com", "Asia/Singapore")

FOREIGN = """BEGIN:VCALENDAR
VERSION:2.0
PRODID:-//Somebody//Else//EN
BEGIN:VEVENT
UID:{uid}
DTSTAMP:20270101T000000Z
DTSTART{start}
DTEND{end}
SUMMARY:Dentist
TRANSP:{transp}
END:VEVENT
END:VCALENDAR
"""

LAST = FOREIGN.format(uid="lunch", start=":99991231T230000Z", end="END", transp="OPAQUE")
BEYOND_TIME = LAST.replace("DTENDEND", "DURATION:P2D")


@dataclass
class Editor:
    """A calendar program that knows iCalendar and nothing of us: it keeps what it does not know, and no SEQUENCE."""

    root: Path
    numbers: Iterator[int]

    def folder(self, person: Person) -> Path:
        return self.root / "calendars" / person.email

    def file(self, person: Person, uid: str) -> Path:
        return self.folder(person) / f"{uid}.ics"

    def load(self, person: Person, uid: str) -> icalendar.Calendar:
        return cast("icalendar.Calendar", icalendar.Calendar.from_ical(self.file(person, uid).read_bytes()))

    def save(self, person: Person, uid: str, calendar: icalendar.Calendar) -> None:
        self.folder(person).mkdir(parents=True, exist_ok=True)
        self.file(person, uid).write_bytes(calendar.to_ical().replace(b"\r\n", b"\n"))

    def exception(self, calendar: icalendar.Calendar, occurrence: Occurrence) -> icalendar.Event:
        """The VEVENT of one session, made as most programs do: a copy of the master under a RECURRENCE-ID in UTC."""
        master = next(e for e in calendar.events if "RECURRENCE-ID" not in e)
        if not occurrence.recurrence_id:
            return master
        at = datetime.strptime(occurrence.recurrence_id, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
        for event in calendar.events:
            if "RECURRENCE-ID" in event and event["RECURRENCE-ID"].dt == at:
                return event
        made = master.copy(recursive=True)
        for name in ("RRULE", "EXDATE", "DURATION"):
            made.pop(name, None)
        made.RECURRENCE_ID, made.DTSTART, made.DTEND = at, occurrence.start, occurrence.end
        calendar.add_component(made)
        return made

    def move_one(self, occurrence: Occurrence, start: datetime, *, by: Person = MAYA) -> None:
        calendar = self.load(by, occurrence.uid)
        event = self.exception(calendar, occurrence)
        event.pop("DURATION", None)
        event.DTSTART, event.DTEND = start, start + (occurrence.end - occurrence.start)
        self.save(by, occurrence.uid, calendar)

    def cancel_one(self, occurrence: Occurrence, *, by: Person = MAYA) -> None:
        calendar = self.load(by, occurrence.uid)
        self.exception(calendar, occurrence)["STATUS"] = "CANCELLED"
        self.save(by, occurrence.uid, calendar)

    def decline_one(self, occurrence: Occurrence, *, by: Person = JONAS) -> None:
        calendar = self.load(by, occurrence.uid)
        self.answer(self.exception(calendar, occurrence), by, "DECLINED")
        self.save(by, occurrence.uid, calendar)

    def decline_all(self, uid: str, *, by: Person = JONAS) -> None:
        calendar = self.load(by, uid)
        for event in calendar.events:
            self.answer(event, by, "DECLINED")
        self.save(by, uid, calendar)

    @staticmethod
    def answer(event: icalendar.Event, who: Person, answer: str) -> None:
        for attendee in event.attendees:
            if attendee == f"mailto:{who.email}":
                attendee.params["PARTSTAT"] = answer

    def move_all(self, uid: str, by_hours: int, *, by: Person = MAYA) -> None:
        calendar = self.load(by, uid)
        (master,) = calendar.events
        master.DTSTART += timedelta(hours=by_hours)
        self.save(by, uid, calendar)

    def split(self, uid: str, since: Occurrence, by_hours: int, *, by: Person = MAYA) -> None:
        old, new = self.load(by, uid), self.load(by, uid)
        for event in old.events:
            event["RRULE"]["UNTIL"] = [since.start - timedelta(seconds=1)]
        for event in new.events:
            event["UID"] = f"{uid}-rest"
            event.DTSTART = since.start.astimezone(event.DTSTART.tzinfo) + timedelta(hours=by_hours)
        self.save(by, uid, old)
        self.save(by, f"{uid}-rest", new)

    def delete_all(self, uid: str, *, by: Person = MAYA) -> None:
        self.file(by, uid).unlink()

    def add_busy(self, person: Person, start: datetime | date, end: datetime | date, *, free: bool = False) -> str:
        uid = f"foreign-{next(self.numbers)}"
        written = [
            f":{w:%Y%m%dT%H%M%SZ}" if isinstance(w, datetime) else f";VALUE=DATE:{w:%Y%m%d}" for w in (start, end)
        ]
        self.folder(person).mkdir(parents=True, exist_ok=True)
        self.file(person, uid).write_text(
            FOREIGN.format(uid=uid, start=written[0], end=written[1], transp="TRANSPARENT" if free else "OPAQUE")
        )
        return uid

    def sees(self, person: Person, uid: str) -> list[datetime]:
        import recurring_ical_events

        if not self.file(person, uid).exists():
            return []
        events = recurring_ical_events.of(self.load(person, uid)).between(*YEAR)
        return sorted(e.DTSTART.astimezone(UTC) for e in events if e.get("STATUS") != "CANCELLED")

    def received(self, person: Person) -> list[EmailMessage]:
        files = sorted((self.root / "mail" / person.email / "new").iterdir())
        return [cast("EmailMessage", message_from_bytes(f.read_bytes(), policy=email.policy.default)) for f in files]

    def drop(self, message: bytes) -> None:
        number = next(self.numbers)
        path = self.root / "inbox" / "tmp" / f"{number}.host"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(message)
        os.utime(path, (1_800_000_000 + number, 1_800_000_000 + number))
        (self.root / "inbox" / "new").mkdir(exist_ok=True)
        path.rename(self.root / "inbox" / "new" / path.name)


class TestLocal(ProviderSuite):
    @pytest.fixture
    def new_world(self, tmp_path: Path) -> Callable[[], World]:
        numbers, worlds = count(), count()

        def make() -> World:
            root = tmp_path / str(next(worlds))
            return World(
                open_provider({"kind": "local", "root": str(root)}, VirtualClock(utc(2027, 1, 1))),
                Editor(root, numbers),
            )

        return make

    @pytest.fixture
    def editor(self, world: World) -> Editor:
        return cast("Editor", world.hands)

    # --- the attendee's copy ---

    def test_what_the_attendee_alone_moves_is_followed(self, booked: World):
        booked.hands.move_one(held(booked)[APRIL], utc(2027, 4, 20, 11), by=JONAS)
        assert held(booked)[APRIL].start == utc(2027, 4, 20, 11)
        assert booked.hands.sees(MAYA, SERIES.uid)[1] == utc(2027, 4, 20, 11)

    def test_a_series_that_the_attendee_moves_is_followed(self, booked: World):
        booked.hands.move_all(SERIES.uid, 3, by=JONAS)
        assert confirmed(booked)[0] == utc(2027, 1, 12, 12)
        assert booked.hands.sees(MAYA, SERIES.uid)[0] == utc(2027, 1, 12, 12)

    def test_a_series_that_the_attendee_splits_is_followed(self, booked: World):
        booked.hands.split(SERIES.uid, held(booked)[JULY], 2, by=JONAS)
        starts = [utc(2027, 1, 12, 9), utc(2027, 4, 13, 8), utc(2027, 7, 13, 10), utc(2027, 10, 12, 10)]
        assert confirmed(booked) == starts
        assert booked.hands.sees(MAYA, f"{SERIES.uid}-rest") == starts[2:]

    def test_a_session_that_the_attendee_deletes_is_declined(self, booked: World):
        booked.hands.cancel_one(held(booked)[APRIL], by=JONAS)
        assert held(booked)[APRIL].status == "declined"
        assert held(booked)[JULY].status == "confirmed"

    def test_a_session_that_the_attendee_takes_out_with_an_exdate_is_declined(self, booked: World, editor: Editor):
        edit(editor.file(JONAS, SERIES.uid), "RRULE:", "EXDATE;TZID=Europe/Stockholm:20270413T100000\r\nRRULE:")
        assert held(booked)[APRIL].status == "declined"
        assert held(booked)[JULY].status == "confirmed"

    def test_a_series_that_the_attendee_cancels_is_declined(self, booked: World, editor: Editor):
        edit(editor.file(JONAS, SERIES.uid), "TRANSP:OPAQUE", "STATUS:cancelled")
        assert {o.status for o in held(booked).values()} == {"declined"}

    def test_when_both_move_it_the_organizer_wins(self, booked: World):
        april = held(booked)[APRIL]
        booked.hands.move_one(april, utc(2027, 4, 20, 11), by=JONAS)
        booked.hands.move_one(april, utc(2027, 4, 21, 11), by=MAYA)
        assert held(booked)[APRIL].start == utc(2027, 4, 21, 11)
        assert booked.hands.sees(JONAS, SERIES.uid)[1] == utc(2027, 4, 21, 11)

    def test_a_decline_is_kept_when_the_organizer_moves_another_session(self, booked: World):
        sessions = held(booked)
        booked.hands.decline_one(sessions[APRIL])
        booked.hands.move_one(sessions[JULY], utc(2027, 7, 20, 11))
        assert held(booked)[APRIL].status == "declined"
        assert held(booked)[JULY].start == utc(2027, 7, 20, 11)

    def test_a_session_that_the_organizer_restores_is_not_taken_for_declined(self, booked: World, editor: Editor):
        booked.provider.calendar.cancel(MAYA, SERIES.uid, recurrence_id=APRIL)
        edit(editor.file(MAYA, SERIES.uid), "EXDATE;TZID=Europe/Stockholm:20270413T100000\r\n", "")
        assert held(booked)[APRIL].status == "confirmed"
        assert len(booked.hands.sees(JONAS, SERIES.uid)) == 4

    def test_nor_is_one_that_was_cancelled_by_its_status(self, booked: World, editor: Editor):
        booked.hands.cancel_one(held(booked)[APRIL])
        assert held(booked)[APRIL].status == "cancelled"
        edit(editor.file(MAYA, SERIES.uid), "STATUS:CANCELLED", "STATUS:CONFIRMED")
        assert held(booked)[APRIL].status == "confirmed"

    def test_a_deleted_copy_stays_deleted_until_another_time_is_asked_for(self, booked: World, editor: Editor):
        booked.hands.delete_all(SERIES.uid, by=JONAS)
        held(booked)
        booked.provider.calendar.put(replace(SERIES, summary="Maya and Jonas"))
        assert not editor.file(JONAS, SERIES.uid).exists()
        booked.provider.calendar.put(replace(SERIES, start=datetime(2027, 1, 12, 14), sequence=1))
        assert editor.file(JONAS, SERIES.uid).exists()
        assert len(confirmed(booked)) == 4

    def test_each_keeps_alarms_and_notes_of_their_own(self, booked: World, editor: Editor):
        alarm = "BEGIN:VALARM\r\nACTION:DISPLAY\r\nTRIGGER:-PT{}M\r\nDESCRIPTION:Soon\r\nEND:VALARM\r\nEND:VEVENT"
        edit(editor.file(JONAS, SERIES.uid), "END:VEVENT", "CATEGORIES:Growth\r\nX-ROOM:12\r\n" + alarm.format(15))
        edit(editor.file(MAYA, SERIES.uid), "END:VEVENT", "LOCATION:The library\r\n" + alarm.format(5))
        held(booked)
        booked.provider.calendar.put(replace(SERIES, minutes=90, sequence=1))
        theirs, mine = (editor.file(p, SERIES.uid).read_text() for p in (JONAS, MAYA))
        assert all(kept in theirs for kept in ("TRIGGER:-PT15M", "CATEGORIES:Growth", "X-ROOM:12", "The library"))
        assert "The library" in mine
        assert (mine.count("BEGIN:VALARM"), theirs.count("BEGIN:VALARM")) == (1, 1)
        assert "TRIGGER:-PT5M" in mine
        assert "X-ROOM" not in mine

    def test_an_attendee_who_is_no_longer_asked_sees_it_cancelled(self, booked: World):
        booked.provider.calendar.put(replace(SERIES, attendees=(LIAM,), sequence=1))
        assert booked.hands.sees(JONAS, SERIES.uid) == []
        assert len(booked.hands.sees(LIAM, SERIES.uid)) == 4

    def test_a_crash_between_the_two_copies_is_mended(self, booked: World, editor: Editor):
        """The attendees' copies are written first: the organizer's alone tells whether it came about."""
        before = editor.file(MAYA, SERIES.uid).read_bytes()
        changed = replace(SERIES, start=datetime(2027, 1, 12, 14), sequence=1)
        booked.provider.calendar.put(changed)
        editor.file(MAYA, SERIES.uid).write_bytes(before)
        assert confirmed(booked)[0] == utc(2027, 1, 12, 9)
        assert booked.hands.sees(JONAS, SERIES.uid)[0] == utc(2027, 1, 12, 9)
        booked.provider.calendar.put(changed)
        assert confirmed(booked)[0] == utc(2027, 1, 12, 13)
        assert booked.hands.sees(JONAS, SERIES.uid)[0] == utc(2027, 1, 12, 13)

    def test_the_organizer_has_it_only_once_the_attendees_do(self, world: World, editor: Editor):
        editor.folder(JONAS).parent.mkdir(parents=True)
        editor.folder(JONAS).write_bytes(b"a file where the folder should be")
        with pytest.raises(ProviderError, match=r"calendars/jonas@example.com"):
            world.provider.calendar.put(SERIES)
        assert world.provider.calendar.find(MAYA, SERIES.uid) is None

    def test_a_crash_at_the_first_booking_is_mended(self, booked: World, editor: Editor):
        editor.file(MAYA, SERIES.uid).unlink()
        assert booked.provider.calendar.find(MAYA, SERIES.uid) is None
        booked.provider.calendar.put(SERIES)
        assert len(confirmed(booked)) == 4
        assert len(booked.hands.sees(JONAS, SERIES.uid)) == 4

    @pytest.mark.usefixtures("booked")
    def test_whoever_edits_while_we_do_has_their_way(self, editor: Editor):
        folder = Vdir(editor.folder(MAYA), Reader())
        copy = folder.open(SERIES.uid)
        edit(copy.path, "SUMMARY;LANGUAGE=en:Jonas and Maya", "SUMMARY:Growth")
        assert copy.calendar is not None
        copy.calendar.events[0]["SUMMARY"] = "Ours"
        with pytest.raises(ProviderError, match="at this moment") as told:
            folder.save(copy, copy.calendar)
        assert not told.value.permanent
        assert "SUMMARY:Growth" in copy.path.read_text()

    # --- what calendar programs write ---

    def test_all_following_as_a_range_is_followed(self, booked: World, editor: Editor):
        edit(
            editor.file(MAYA, SERIES.uid),
            "END:VCALENDAR",
            "BEGIN:VEVENT\r\nUID:c0ffee-0@careermail.example.com\r\nDTSTAMP:20270101T000000Z\r\n"
            "RECURRENCE-ID;RANGE=THISANDFUTURE;TZID=Europe/Stockholm:20270713T100000\r\n"
            "DTSTART;TZID=Europe/Stockholm:20270714T150000\r\nDURATION:PT45M\r\nEND:VEVENT\r\nEND:VCALENDAR",
        )
        assert [(at, o.start, o.end) for at, o in held(booked).items()] == [
            (JANUARY, utc(2027, 1, 12, 9), utc(2027, 1, 12, 10)),
            (APRIL, utc(2027, 4, 13, 8), utc(2027, 4, 13, 9)),
            (JULY, utc(2027, 7, 14, 13), utc(2027, 7, 14, 13, 45)),
            (OCTOBER, utc(2027, 10, 13, 13), utc(2027, 10, 13, 13, 45)),
        ]

    def test_a_file_may_have_any_name_and_hold_several_events(self, booked: World, editor: Editor):
        booked.provider.calendar.put(SINGLE)
        both = editor.load(MAYA, SERIES.uid)
        both.add_component(editor.load(MAYA, SINGLE.uid).events[0])
        for uid in (SERIES.uid, SINGLE.uid):
            editor.delete_all(uid)
        editor.save(MAYA, "all my meetings", both)
        booked.provider.calendar.cancel(MAYA, SERIES.uid, recurrence_id=APRIL)
        assert confirmed(booked) == [
            utc(2027, 1, 12, 9),
            utc(2027, 2, 3, 13),
            utc(2027, 7, 13, 8),
            utc(2027, 10, 12, 8),
        ]
        assert [p.name for p in editor.folder(MAYA).iterdir()] == ["all my meetings.ics"]
        assert len(booked.hands.sees(JONAS, SERIES.uid)) == 3

    def test_another_program_that_rewrites_a_file_has_edited_nothing(self, booked: World, editor: Editor):
        calendar = editor.load(JONAS, SERIES.uid)
        for event in calendar.events:
            event.DTEND = event.DTSTART + timedelta(hours=1)
            event["PRODID"] = "Somebody Else"
        editor.save(JONAS, SERIES.uid, calendar)
        before = snapshot(editor.root)
        held(booked)
        assert snapshot(editor.root) == before

    def test_a_cancellation_by_day_is_understood(self, booked: World, editor: Editor):
        edit(editor.file(MAYA, SERIES.uid), "RRULE:", "EXDATE;VALUE=DATE:20270413\r\nRRULE:")
        assert held(booked)[APRIL].status == "cancelled"

    # --- the disk ---

    def test_reading_writes_nothing_unless_somebody_edited(self, booked: World, editor: Editor):
        booked.hands.decline_one(held(booked)[APRIL])
        held(booked)
        before = snapshot(editor.root)
        held(booked)
        booked.provider.calendar.busy([MAYA, JONAS], YEAR)
        booked.provider.calendar.find(MAYA, SERIES.uid)
        assert snapshot(editor.root) == before

    def test_a_poll_of_an_unchanged_calendar_opens_no_file(self, booked: World, editor: Editor, opened: list[str]):
        for number in range(200):
            editor.add_busy(MAYA, utc(2027, 3, 1 + number % 28, 8), utc(2027, 3, 1 + number % 28, 9))
        held(booked)
        booked.provider.calendar.busy([MAYA, JONAS], YEAR)
        opened.clear()
        held(booked)
        assert len(booked.provider.calendar.busy([MAYA, JONAS], YEAR)) == 208
        assert [name for name in opened if name.endswith(".ics")] == []

    def test_what_is_ours_is_for_its_owner_only(self, booked: World, editor: Editor):
        booked.provider.outbox.send(mail())
        booked.inbox.fetch("")
        modes = {stat.S_IMODE(p.stat().st_mode) for p in editor.root.rglob("*") if p.is_dir()}
        assert modes == {0o700}
        assert {stat.S_IMODE(p.stat().st_mode) for p in editor.root.rglob("*") if p.is_file()} == {0o600}

    def test_nothing_half_written_is_left(self, booked: World, editor: Editor):
        booked.provider.outbox.send(mail())
        assert [p.name for p in editor.root.rglob("*.tmp")] == []

    @pytest.mark.parametrize("content", ["", "BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nUID:c0f", "Dear Jonas, a secret"])
    def test_a_file_that_is_no_calendar_is_named(self, booked: World, editor: Editor, content: str):
        editor.file(MAYA, SERIES.uid).write_bytes(content.encode())
        with pytest.raises(
            ProviderError, match=r"maya@example.com/c0ffee-0@careermail.example.com.ics.*Mend the"
        ) as told:
            held(booked)
        assert not told.value.permanent
        assert "secret" not in "".join(format_exception(told.value))
        assert editor.file(MAYA, SERIES.uid).read_bytes() == content.encode()

    def test_a_broken_file_of_other_people_is_no_concern_of_ours(self, booked: World, editor: Editor):
        editor.folder(LIAM).mkdir()
        editor.file(LIAM, "broken").write_text("Dear Jonas")
        (editor.root / "calendars" / "a file").touch()
        booked.hands.delete_all(SERIES.uid)
        assert held(booked) == {}
        assert booked.hands.sees(JONAS, SERIES.uid) == []

    @pytest.mark.parametrize("content", ["BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nUID:lun", "Dear Jonas", BEYOND_TIME])
    def test_a_broken_file_of_somebodys_own_blinds_nobody(
        self, booked: World, editor: Editor, content: str, caplog: pytest.LogCaptureFixture
    ):
        editor.file(MAYA, "lunch").write_text(content)
        for _ in range(2):
            assert len(confirmed(booked)) == 4
            busy = booked.provider.calendar.busy([MAYA], YEAR)
            assert [one.uid for one in busy] == [SERIES.uid] * 4
        assert caplog.messages == [f"{editor.file(MAYA, 'lunch')} is left out: it cannot be read or understood"]
        editor.file(MAYA, "lunch").write_text(content + "\r\n\r\n")
        booked.provider.calendar.busy([MAYA], YEAR)
        assert len(caplog.messages) == 2

    @pytest.mark.parametrize("cut", [b"SERIES:5e41e5\r\n", b"SERIES:5e4"])
    def test_a_broken_file_of_ours_stops_its_own_series_alone(self, booked: World, editor: Editor, cut: bytes):
        other = replace(SERIES, uid="other-0@careermail.example.com", attendees=(LIAM,), marker="0ddba11")
        booked.provider.calendar.put(other)
        file = editor.file(MAYA, SERIES.uid)
        file.write_bytes(file.read_bytes().partition(cut)[0] + cut)
        with pytest.raises(ProviderError, match=r"c0ffee-0@careermail.example.com.ics"):
            held(booked)
        assert len(booked.provider.calendar.occurrences(MAYA, "0ddba11", YEAR)) == 4

    @pytest.mark.parametrize("original", [True, False])
    def test_a_copy_made_in_a_conflict_is_no_second_series(
        self, booked: World, editor: Editor, original: bool, caplog: pytest.LogCaptureFixture
    ):
        file, first, second = (editor.file(MAYA, name) for name in (SERIES.uid, "a copy (conflict)", "b copy"))
        first.write_bytes(file.read_bytes())
        edit(first, "T100000", "T150000")
        second.write_bytes(file.read_bytes())
        if not original:
            file.rename(first)
        assert len(confirmed(booked)) == len(held(booked)) == 4
        assert confirmed(booked)[0] == utc(2027, 1, 12, 9)
        counts, others = (file, [first, second]) if original else (first, [second])
        assert caplog.messages == [
            f"{other} is left out: it holds an event of careermail's that {counts} holds too" for other in others
        ]

    def test_a_file_that_is_rewritten_keeps_its_mode_and_owner(self, booked: World, editor: Editor):
        file = editor.file(JONAS, SERIES.uid)
        file.chmod(0o664)
        if os.geteuid() == 0:
            os.chown(file, 1234, 1235)
        was = file.stat()
        booked.hands.move_one(held(booked)[APRIL], utc(2027, 4, 20, 11))
        assert held(booked)[APRIL].start == utc(2027, 4, 20, 11)
        now = file.stat()
        assert now.st_ino != was.st_ino
        assert (now.st_mode, now.st_uid, now.st_gid) == (was.st_mode, was.st_uid, was.st_gid)

    def test_what_a_killed_write_left_is_removed_by_a_later_one(self, booked: World, editor: Editor):
        old, recent, foreign = (editor.folder(MAYA) / f".{name}.tmp" for name in ("careermail-a", "careermail-b", "c"))
        for file in (old, recent, foreign):
            file.write_bytes(b"BEGIN:VCAL")
        for file in (old, foreign):
            os.utime(file, (1_000_000_000, 1_000_000_000))
        booked.provider.calendar.put(SINGLE)
        assert (old.exists(), recent.exists(), foreign.exists()) == (False, True, True)

    @pytest.mark.parametrize("start", ["DTSTART:tomorrow", "X-NOTHING:0"])
    def test_an_event_that_does_not_say_when_is_named(self, booked: World, editor: Editor, start: str):
        edit(editor.file(MAYA, SERIES.uid), "DTSTART;TZID=Europe/Stockholm:20270112T100000", start)
        with pytest.raises(ProviderError, match=r"c0ffee-0@careermail.example.com.ics.*DTSTART"):
            held(booked)

    def test_a_rule_that_would_keep_us_busy_for_hours_is_refused(self, booked: World, editor: Editor):
        edit(editor.file(MAYA, SERIES.uid), "RRULE:FREQ=MONTHLY", "RRULE:FREQ=SECONDLY")
        with pytest.raises(ProviderError, match="every minute or second"):
            held(booked)

    def test_a_disk_that_is_not_there_is_no_empty_calendar(self, booked: World, editor: Editor):
        rmtree(editor.root)
        with pytest.raises(ProviderError, match=r"calendars/maya@example.com.*mounted") as told:
            held(booked)
        assert not told.value.permanent

    def test_an_attendees_disk_that_is_not_there_is_no_decline(self, booked: World, editor: Editor):
        away = editor.folder(JONAS).rename(editor.root / "unmounted")
        with pytest.raises(ProviderError, match=r"calendars/jonas@example.com.*mounted"):
            held(booked)
        away.rename(editor.folder(JONAS))
        assert len(confirmed(booked)) == 4

    @pytest.mark.parametrize("name", ["../../etc/cron.d/x", "/etc/passwd", "..", ".hidden", "a\0b", "", "ö" * 200])
    def test_a_name_never_leads_out_of_its_folder(self, editor: Editor, name: str):
        assert (editor.root / safe(name)).resolve().parent == editor.root.resolve()
        assert not safe(name).startswith(".")
        assert len(safe(name).encode()) < 240

    def test_a_hostile_address_gets_a_folder_like_any_other(self, world: World, editor: Editor, tmp_path: Path):
        world.provider.outbox.send(mail(to='"../../../evil"@example.com'))
        assert [p for p in tmp_path.rglob("*evil*") if editor.root not in p.parents] == []
        assert len(list((editor.root / "mail").iterdir())) == 1

    def test_addresses_are_one_whatever_their_case(self, world: World):
        world.provider.outbox.send(mail(to="Jonas@Example.COM"))
        assert world.provider.outbox.find("<prompt-1@careermail.example.com>", "jonas@example.com")

    # --- Maildirs ---

    def test_the_same_mail_is_never_two_files(self, world: World):
        world.provider.outbox.send(mail())
        world.provider.outbox.send(mail())
        assert len(world.hands.received(JONAS)) == 1

    def test_a_mail_that_was_read_is_still_found_and_not_sent_again(self, world: World, editor: Editor):
        world.provider.outbox.send(mail())
        folder = editor.root / "mail" / JONAS.email
        (file,) = (folder / "new").iterdir()
        file.rename(folder / "cur" / f"{file.name}:2,RS")
        assert world.provider.outbox.find("<prompt-1@careermail.example.com>", "jonas@example.com")
        world.provider.outbox.send(mail())
        assert list((folder / "new").iterdir()) == []

    def test_an_answer_that_is_read_elsewhere_is_not_shown_again(self, world: World, editor: Editor):
        world.hands.drop(b"Subject: one\n\nYes.\n")
        _, cursor = world.inbox.fetch("")
        (file,) = (editor.root / "inbox" / "new").iterdir()
        read = file.rename(editor.root / "inbox" / "cur" / f"{file.name}:2,")
        messages, cursor = world.inbox.fetch(cursor)
        assert messages == []
        read.rename(editor.root / "inbox" / "cur" / f"{file.name}:2,S")
        assert world.inbox.fetch(cursor)[0] == []

    @pytest.mark.parametrize("cursor", ["17:4711", "7@6.x", '[{"inbox": "https://graph"}, []]', "[]"])
    def test_a_cursor_of_another_provider_is_none(self, world: World, cursor: str):
        """Whoever moves from one to another is read from the beginning, and not never again."""
        assert world.inbox.fetch(cursor)[0] == []
        world.hands.drop(b"Subject: one\n\nYes.\n")
        assert world.inbox.fetch(cursor)[0] == [b"Subject: one\n\nYes.\n"]

    def test_an_answer_put_there_with_an_old_date_is_not_lost(self, world: World, editor: Editor):
        world.hands.drop(b"Subject: one\n\nYes.\n")
        _, cursor = world.inbox.fetch("")
        late = editor.root / "inbox" / "cur" / "restored.from.backup:2,S"
        late.write_bytes(b"Subject: old\n\nNo.\n")
        os.utime(late, (1_000_000_000, 1_000_000_000))
        assert world.inbox.fetch(cursor)[0] == [b"Subject: old\n\nNo.\n"]

    def test_an_answer_that_vanishes_for_a_moment_is_not_shown_again(self, world: World, editor: Editor):
        """A mail program renames files while the folder is read; then one may be missed."""
        world.hands.drop(b"Subject: one\n\nYes.\n")
        _, cursor = world.inbox.fetch("")
        (file,) = (editor.root / "inbox" / "new").iterdir()
        hidden = file.rename(editor.root / "inbox" / file.name)
        _, cursor = world.inbox.fetch(cursor)
        hidden.rename(file)
        messages, cursor = world.inbox.fetch(cursor)
        assert messages == []
        file.unlink()
        for _ in range(2):
            _, cursor = world.inbox.fetch(cursor)
        assert cursor == "[[],[]]"

    def test_an_answer_that_is_still_being_written_waits(self, world: World, editor: Editor):
        _, cursor = world.inbox.fetch("")
        file = editor.root / "inbox" / "new" / "1.host"
        file.write_bytes(b"")
        messages, cursor = world.inbox.fetch(cursor)
        assert messages == []
        file.write_bytes(b"Subject: one\n\nYes.\n")
        assert world.inbox.fetch(cursor)[0] == [b"Subject: one\n\nYes.\n"]

    def test_an_inbox_that_is_not_there_is_not_an_empty_one(self, world: World, editor: Editor):
        world.hands.drop(b"Subject: one\n\nYes.\n")
        _, cursor = world.inbox.fetch("")
        rmtree(editor.root)
        with pytest.raises(ProviderError, match=r"/inbox: .*mounted"):
            world.inbox.fetch(cursor)

    # --- another program's eyes ---

    @pytest.mark.skipif(which("khal") is None, reason="khal is not on this machine (apt-get install khal)")
    def test_khal_shows_the_same_sessions(self, booked: World, editor: Editor, tmp_path: Path):
        calendar = booked.provider.calendar
        calendar.move(MAYA, held(booked)[APRIL], utc(2027, 4, 15, 12), utc(2027, 4, 15, 13))
        calendar.cancel(MAYA, SERIES.uid, recurrence_id=JULY)
        (tmp_path / "khal.conf").write_text(
            f"[calendars]\n[[jonas]]\npath = {editor.folder(JONAS)}\n[locale]\nlocal_timezone = Europe/Berlin\n"
            "default_timezone = Europe/Berlin\ndateformat = %Y-%m-%d\nlongdateformat = %Y-%m-%d\n"
            "datetimeformat = %Y-%m-%d %H:%M\nlongdatetimeformat = %Y-%m-%d %H:%M\ntimeformat = %H:%M\n"
            f"[sqlite]\npath = {tmp_path}/khal.db\n"
        )
        command = ["khal", "-c", str(tmp_path / "khal.conf"), "list", "--format", "{start} {end-time} {title}"]
        command += ["--day-format", "", "2027-01-01", "2027-12-31"]
        shown = subprocess.run(
            command, capture_output=True, text=True, check=True, env={**os.environ, "LC_ALL": "C.UTF-8"}
        )
        assert [line for line in shown.stdout.splitlines() if line] == [
            "2027-01-12 10:00 11:00 Jonas and Maya",
            "2027-04-15 14:00 15:00 Jonas and Maya",
            "2027-10-12 10:00 11:00 Jonas and Maya",
        ]


def edit(file: Path, old: str, new: str) -> None:
    """As somebody does with a text editor."""
    content = file.read_bytes()
    assert old.encode() in content
    file.write_bytes(content.replace(old.encode(), new.encode()))


def snapshot(root: Path) -> dict[str, tuple[int, int]]:
    return {str(p): (p.stat().st_mtime_ns, p.stat().st_ino) for p in root.rglob("*")}


_opened: list[str] | None = None


def _hear(event: str, arguments: tuple[object, ...]) -> None:
    if event == "open" and _opened is not None:
        _opened.append(str(arguments[0]))


@pytest.fixture
def opened() -> Iterator[list[str]]:
    """The files that this process opens from now on."""
    global _opened  # noqa: PLW0603 (an audit hook stays for the life of the process)
    if _opened is None:
        sys.addaudithook(_hear)
    _opened = []
    yield _opened
    _opened = None
