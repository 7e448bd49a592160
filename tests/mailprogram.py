"""A calendar program that hears of meetings by mail alone, and answers by mail: written against RFC 5546, not our code.

It reads with vobject, believes only the VTIMEZONE that comes along, and ignores what is older than what it has.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from functools import cache
from itertools import count
from typing import Any, cast

import vobject

from careermail.model import Person

YEAR = (datetime(2027, 1, 1, tzinfo=UTC), datetime(2028, 1, 1, tzinfo=UTC))
_stamps = count()

ANSWER = """\
From: {name} <{email}>
To: {organizer}
Subject: {subject}
Message-ID: <{number}@mail.example.com>
Date: Fri, 01 Jan 2027 08:00:00 +0000
MIME-Version: 1.0
Content-Type: multipart/alternative; boundary="b"

--b
Content-Type: text/plain; charset=utf-8

{name} answered.

--b
Content-Type: text/calendar; charset=UTF-8; method={method}
Content-Transfer-Encoding: 8bit

{calendar}
--b--
"""


@cache
def read(content: str) -> Any:
    """What vobject makes of a message; it is read only, so once is enough."""
    return vobject.readOne(content)


def moment(value: date) -> datetime:
    """A time that vobject has read, in UTC."""
    return value.astimezone(UTC) if isinstance(value, datetime) else datetime(value.year, value.month, value.day)


@dataclass
class Held:
    """One event in somebody's calendar: vobject's VEVENTs."""

    master: Any = None
    exceptions: dict[datetime, Any] = field(default_factory=dict)
    cancelled: set[datetime] = field(default_factory=set)
    over: bool = False

    def starts(self) -> Iterator[datetime]:
        """When it takes place, in UTC."""
        if self.over:
            return
        if self.master is not None:
            rule = self.master.getrruleset(addRDate=True) if hasattr(self.master, "rrule") else None
            first = self.master.dtstart.value
            for when in rule if rule is not None else [first]:
                # vobject works with the wall clock; the zone is that of DTSTART.
                at = moment(when if not isinstance(first, datetime) else when.replace(tzinfo=first.tzinfo))
                if isinstance(first, datetime) and at > YEAR[1] + timedelta(days=400):
                    break
                if at not in self.exceptions and at not in self.cancelled:
                    yield at
        yield from (moment(one.dtstart.value) for one in self.exceptions.values())


def numbered(one: Any) -> tuple[int, datetime]:
    return int(one.sequence.value), one.dtstamp.value


@dataclass
class MailProgram:
    """One person's calendar."""

    person: Person
    events: dict[str, Held] = field(default_factory=dict)
    ignored: list[EmailMessage] = field(default_factory=list)

    def receive(self, mail: EmailMessage) -> None:
        """Apply an invitation as a calendar program does that shows it with its buttons."""
        (part,) = (p for p in mail.walk() if p.get_content_type() == "text/calendar")
        calendar = read(part.get_content())
        assert calendar.method.value == part.get_param("method")
        for one in calendar.vevent_list:
            assert self.person.email in {a.value.removeprefix("mailto:") for a in one.attendee_list}
        applied = [self._apply(calendar.method.value, one) for one in self._ordered(calendar)]
        if not any(applied):
            self.ignored.append(mail)

    @staticmethod
    def _ordered(calendar: Any) -> list[Any]:
        return sorted(calendar.vevent_list, key=lambda one: hasattr(one, "recurrence_id"))

    def _apply(self, method: str, one: Any) -> bool:
        held = self.events.setdefault(one.uid.value, Held())
        at = moment(one.recurrence_id.value) if hasattr(one, "recurrence_id") else None
        known = held.master if at is None else held.exceptions.get(at, held.master)
        if known is not None and numbered(one) < numbered(known):
            return False
        if method == "CANCEL":
            self._cancel(held, at, one)
        elif at is None:
            self.events[one.uid.value] = Held(one)
        else:
            held.exceptions[at] = one
            held.cancelled.discard(at)
        return True

    @staticmethod
    def _cancel(held: Held, at: datetime | None, one: Any) -> None:
        assert one.status.value == "CANCELLED"
        if at is None:
            held.over = True
            return
        held.cancelled.add(at)
        held.exceptions.pop(at, None)

    def sees(self, uid: str) -> list[datetime]:
        """When the sessions of an event start, in 2027."""
        held = self.events.get(uid, Held())
        return sorted(at for at in held.starts() if YEAR[0] <= at < YEAR[1])

    def reply(self, uid: str, partstat: str, at: datetime | None = None) -> EmailMessage:
        """A REPLY to all of an event, or to the session that the rule puts at a moment (UTC)."""
        return self._answer("REPLY", uid, at, f";PARTSTAT={partstat}", ())

    def counter(self, uid: str, start: datetime, end: datetime, at: datetime | None = None) -> EmailMessage:
        """A COUNTER: another time for all of an event, or for one session."""
        times = (f"DTSTART:{start.astimezone(UTC):%Y%m%dT%H%M%SZ}", f"DTEND:{end.astimezone(UTC):%Y%m%dT%H%M%SZ}")
        return self._answer("COUNTER", uid, at, ";PARTSTAT=TENTATIVE", times)

    def _answer(self, method: str, uid: str, at: datetime | None, params: str, lines: tuple[str, ...]) -> EmailMessage:
        held, number = self.events[uid], next(_stamps)
        one = held.exceptions.get(at, held.master) if at is not None else held.master
        instance = [f"RECURRENCE-ID:{at:%Y%m%dT%H%M%SZ}"] if at is not None and hasattr(held.master, "rrule") else []
        calendar = "\n".join([
            "BEGIN:VCALENDAR", "PRODID:-//Somebody//Mail//EN", "VERSION:2.0", f"METHOD:{method}", "BEGIN:VEVENT",
            f"UID:{uid}", f"SEQUENCE:{one.sequence.value}",
            f"DTSTAMP:{datetime(2027, 1, 1, tzinfo=UTC) + timedelta(seconds=number):%Y%m%dT%H%M%SZ}",
            *instance, *lines, f"ORGANIZER:{one.organizer.value}", f"ATTENDEE{params}:mailto:{self.person.email}",
            "END:VEVENT", "END:VCALENDAR",
        ])  # fmt: skip
        raw = ANSWER.format(
            name=self.person.name, email=self.person.email, organizer=one.organizer.value.removeprefix("mailto:"),
            subject=one.summary.value, number=number, method=method, calendar=calendar,
        )  # fmt: skip
        return cast("EmailMessage", message_from_bytes(raw.encode(), policy=policy.default))
