"""What people's CalDAV programs do: HTTP and iCalendar, and nothing of careermail's."""

import base64
import itertools
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from http.client import HTTPConnection
from typing import cast
from urllib.parse import quote, unquote, urlsplit

import icalendar
import recurring_ical_events
from mailprogram import YEAR
from scene import JONAS, MAYA

from careermail.model import Occurrence, Person

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


@dataclass
class Program:
    """Somebody's calendar program, logged in to one calendar."""

    url: str
    user: str
    password: str

    def ask(self, method: str, name: str = "", body: bytes = b"", **headers: str) -> tuple[int, dict[str, str], bytes]:
        """One request about the calendar, or about a file in it."""
        place = urlsplit(self.url)
        login = base64.b64encode(f"{self.user}:{self.password}".encode()).decode()
        connection = HTTPConnection(place.netloc, timeout=30)
        said = {"Authorization": f"Basic {login}", **{k.replace("_", "-"): v for k, v in headers.items()}}
        connection.request(method, place.path + quote(name, safe="@"), body or None, said)
        answer = connection.getresponse()
        got = answer.status, {k.lower(): v for k, v in answer.getheaders()}, answer.read()
        connection.close()
        return got

    def files(self) -> list[str]:
        """The names of the events in it."""
        asked = b'<propfind xmlns="DAV:"><prop><getetag/></prop></propfind>'
        status, _, body = self.ask("PROPFIND", body=asked, Depth="1", Content_Type="application/xml")
        assert status == 207, (status, body)
        found = re.findall(rb"<(?:\w+:)?href>([^<]+)</", body)
        names = [unquote(href.decode()).rstrip("/").rpartition("/")[2] for href in found]
        return [name for name in names if name.endswith(".ics")]

    def get(self, name: str) -> icalendar.Calendar:
        return cast("icalendar.Calendar", icalendar.Calendar.from_ical(self.ask("GET", name)[2]))

    def find(self, uid: str) -> tuple[str, icalendar.Calendar] | None:
        """The file that holds an event."""
        for name in sorted(self.files(), key=lambda name: uid not in name):
            calendar = self.get(name)
            if any(event["UID"] == uid for event in calendar.events):
                return name, calendar
        return None

    def put(self, name: str, calendar: bytes) -> None:
        status, _, body = self.ask("PUT", name, calendar, Content_Type="text/calendar; charset=utf-8")
        assert status in {200, 201, 204}, (status, body)

    def delete(self, name: str, **headers: str) -> None:
        status, _, body = self.ask("DELETE", name, **headers)
        assert status in {200, 204}, (status, body)

    def wipe(self) -> None:
        for name in self.files():
            self.delete(name, Schedule_Reply="F")


@dataclass
class People:
    """The hands of Maya and Jonas, each with a program of their own."""

    programs: dict[str, Program]
    numbers: Iterator[int] = field(default_factory=itertools.count)

    def load(self, person: Person, uid: str) -> tuple[str, icalendar.Calendar]:
        found = self.programs[person.email].find(uid)
        assert found is not None, f"{person.email} has no {uid}"
        return found

    def save(self, person: Person, name: str, calendar: icalendar.Calendar) -> None:
        self.programs[person.email].put(name, calendar.to_ical())

    def exception(self, calendar: icalendar.Calendar, occurrence: Occurrence) -> icalendar.Event:
        """The VEVENT of one session, made as most programs do: a copy of the master under a RECURRENCE-ID in UTC."""
        masters = [e for e in calendar.events if "RECURRENCE-ID" not in e]
        if not occurrence.recurrence_id:
            return masters[0]
        at = datetime.strptime(occurrence.recurrence_id, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
        for event in calendar.events:
            if "RECURRENCE-ID" in event and event["RECURRENCE-ID"].dt == at:
                return event
        made = masters[0].copy(recursive=True)
        for name in ("RRULE", "EXDATE", "DURATION"):
            made.pop(name, None)
        made.RECURRENCE_ID, made.DTSTART, made.DTEND = at, occurrence.start, occurrence.end
        calendar.add_component(made)
        return made

    def move_one(self, occurrence: Occurrence, start: datetime, *, by: Person = MAYA) -> None:
        name, calendar = self.load(by, occurrence.uid)
        event = self.exception(calendar, occurrence)
        event.pop("DURATION", None)
        event.DTSTART, event.DTEND = start, start + (occurrence.end - occurrence.start)
        self.revise(event)
        self.save(by, name, calendar)

    @staticmethod
    def revise(event: icalendar.Event) -> None:
        event["SEQUENCE"] = int(event.get("SEQUENCE", 0)) + 1

    def cancel_one(self, occurrence: Occurrence, *, by: Person = MAYA) -> None:
        name, calendar = self.load(by, occurrence.uid)
        event = self.exception(calendar, occurrence)
        event["STATUS"] = "CANCELLED"
        self.revise(event)
        self.save(by, name, calendar)

    def decline_one(self, occurrence: Occurrence, *, by: Person = JONAS) -> None:
        name, calendar = self.load(by, occurrence.uid)
        self.answer(self.exception(calendar, occurrence), by, "DECLINED")
        self.save(by, name, calendar)

    def decline_all(self, uid: str, *, by: Person = JONAS) -> None:
        name, calendar = self.load(by, uid)
        for event in calendar.events:
            self.answer(event, by, "DECLINED")
        self.save(by, name, calendar)

    @staticmethod
    def answer(event: icalendar.Event, who: Person, answer: str) -> None:
        for attendee in event.attendees:
            if attendee.lower() == f"mailto:{who.email}":
                attendee.params["PARTSTAT"] = answer

    def move_all(self, uid: str, by_hours: int, *, by: Person = MAYA) -> None:
        name, calendar = self.load(by, uid)
        (master,) = calendar.events
        master.DTSTART += timedelta(hours=by_hours)
        self.revise(master)
        self.save(by, name, calendar)

    def split(self, uid: str, since: Occurrence, by_hours: int, *, by: Person = MAYA) -> None:
        name, old = self.load(by, uid)
        new = self.load(by, uid)[1]
        for event in old.events:
            event["RRULE"]["UNTIL"] = [since.start - timedelta(seconds=1)]
            self.revise(event)
        for event in new.events:
            event["UID"] = f"{uid}-rest"
            event.DTSTART = since.start.astimezone(event.DTSTART.tzinfo) + timedelta(hours=by_hours)
        self.save(by, name, old)
        self.save(by, "the-rest.ics", new)

    def delete_all(self, uid: str, *, by: Person = MAYA) -> None:
        self.programs[by.email].delete(self.load(by, uid)[0])

    def add_busy(self, person: Person, start: datetime | date, end: datetime | date, *, free: bool = False) -> str:
        uid = f"foreign-{next(self.numbers)}"
        said = [f":{w:%Y%m%dT%H%M%SZ}" if isinstance(w, datetime) else f";VALUE=DATE:{w:%Y%m%d}" for w in (start, end)]
        made = FOREIGN.format(uid=uid, start=said[0], end=said[1], transp="TRANSPARENT" if free else "OPAQUE")
        self.programs[person.email].put(f"{uid}.ics", made.encode())
        return uid

    def sees(self, person: Person, uid: str) -> list[datetime]:
        found = self.programs[person.email].find(uid)
        events = recurring_ical_events.of(found[1]).between(*YEAR) if found else []
        return sorted(e.DTSTART.astimezone(UTC) for e in events if e.get("STATUS") != "CANCELLED")
