"""Exchange Online behind the fakes: whose calendar holds what, who is asked, who has answered, who was mailed about it.

A meeting is kept once, and each attendee's copy follows from it, as Exchange's own assistants would let it follow.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from itertools import count, pairwise
from typing import Any
from zoneinfo import ZoneInfo

from fakes.graph.patterns import days, flaw
from tzlocal.windows_tz import win_tz

from careermail.model import opaque

Json = dict[str, Any]
Window = tuple[datetime, datetime]

MADE = {"subject", "body", "start", "end", "isAllDay", "showAs", "sensitivity", "isReminderOn", "recurrence",
        "reminderMinutesBeforeStart", "attendees", "responseRequested", "allowNewTimeProposals", "transactionId",
        "singleValueExtendedProperties"}  # fmt: skip
TIMES = {"start", "end", "recurrence"}
TOLD = TIMES | {"subject", "body", "attendees", "isAllDay"}  # a change of these is mailed to the attendees


class RefusedError(Exception):
    """What Graph answers instead: status and code."""

    def __init__(self, status: int, code: str, message: str = "") -> None:
        super().__init__(message)
        self.status, self.code, self.message = status, code, message


@dataclass
class Session:
    """One of a meeting's; `answers` are those that are about it alone."""

    original: datetime
    start: datetime
    end: datetime
    cancelled: bool = False
    answers: dict[str, str] = field(default_factory=dict)
    proposed: dict[str, Window] = field(default_factory=dict)


@dataclass
class Meeting:
    """An event in its organizer's calendar."""

    number: int
    organizer: str
    said: Json  # as it was written, properties beside
    properties: dict[str, str]
    exceptions: dict[datetime, Session] = field(default_factory=dict)
    answers: dict[str, str] = field(default_factory=dict)
    gone: bool = False

    @property
    def id(self) -> str:
        return f"AAkALg/{self.number}+w=="  # ids hold what must be quoted in a path

    @property
    def key(self) -> str:
        """Another one after each change."""
        return opaque(repr(self))[:12]

    @property
    def ical(self) -> str:
        return f"040000008200E00074C5B7101A82E008{self.number:032X}"

    @property
    def zone(self) -> ZoneInfo:
        return zone(self.said["start"]["timeZone"])

    @property
    def attendees(self) -> list[str]:
        return [one["emailAddress"]["address"].lower() for one in self.said.get("attendees", ())]

    @property
    def recurs(self) -> bool:
        return self.said.get("recurrence") is not None

    def sessions(self) -> list[Session]:
        """All, cancelled ones too, in the order of the rule."""
        start, end = naive(self.said["start"]), naive(self.said["end"])
        dates = days(self.said["recurrence"]) if self.recurs else [start.date()]
        originals = (utc(datetime.combine(day, start.time()), self.zone) for day in dates)
        return [self.exceptions.get(at) or Session(at, at, at + (end - start)) for at in originals]

    def status(self, who: str, session: Session) -> str:
        return session.answers.get(who) or self.answers.get(who, "none")


def zone(name: str) -> ZoneInfo:
    if name not in win_tz and not (name == "UTC" or "/" in name):
        raise RefusedError(400, "TimeZoneNotSupportedException", name)
    return ZoneInfo(win_tz.get(name, name))


def naive(said: Json) -> datetime:
    return datetime.fromisoformat(said["dateTime"].partition(".")[0])


def utc(local: datetime, where: ZoneInfo) -> datetime:
    return local.replace(tzinfo=where).astimezone(UTC)


class Exchange:
    """The calendars of an organisation: mailboxes by address, each with its time zone."""

    def __init__(self, mailboxes: dict[str, str]) -> None:
        self.mailboxes = mailboxes
        self.meetings: list[Meeting] = []
        self.told: list[
            tuple[str, str, str]
        ] = []  # what was mailed: to whom, what (request, update, cancel), about what
        self.forgets = True  # moved and cancelled sessions, whenever the times of a series are changed
        self._numbers = count(1)

    # --- who has what ---

    def of(self, address: str) -> list[Meeting]:
        return [one for one in self.meetings if one.organizer == address and not one.gone]

    def get(self, address: str, item: str) -> tuple[Meeting, Session | None]:
        """An event, or one session of a series, by the id that its organizer's calendar has for it."""
        name, _, original = item.partition("#")
        for meeting in self.of(address):
            if meeting.id == name:
                sessions = {f"{one.original:%Y%m%d}": one for one in meeting.sessions() if not one.cancelled}
                if not original:
                    return meeting, None
                if original in sessions:
                    return meeting, sessions[original]
        raise RefusedError(404, "ErrorItemNotFound")

    def taken(self, address: str) -> Iterator[tuple[Meeting, Session, str]]:
        """All that stands in somebody's calendar, invitations too: with how it shows."""
        for meeting in self.meetings:
            if meeting.gone or address not in {meeting.organizer, *meeting.attendees}:
                continue
            for one in meeting.sessions():
                shown = self.shows(meeting, one, address)
                if shown and not one.cancelled:
                    yield meeting, one, shown

    @staticmethod
    def shows(meeting: Meeting, session: Session, address: str) -> str:
        """How a session looks in somebody's calendar; "" where they declined it."""
        if meeting.organizer == address:
            return str(meeting.said.get("showAs", "busy"))
        answer = meeting.status(address, session)
        return {"declined": "", "accepted": "busy"}.get(answer, "tentative")

    # --- what the organizer does, in Outlook or through Graph ---

    def make(self, organizer: str, body: Json) -> Meeting:
        held = dict(body)
        properties = {p["id"]: p["value"] for p in held.pop("singleValueExtendedProperties", ())}
        self._check(held)
        if same := self._made_by(organizer, held.get("transactionId")):
            if same.gone or same.said["start"] != held["start"]:
                raise RefusedError(400, "ErrorDuplicateTransactionId")
            return same
        meeting = Meeting(next(self._numbers), organizer, held, properties)
        self.meetings.append(meeting)
        self._tell(meeting, "request")
        return meeting

    def _made_by(self, organizer: str, transaction: str | None) -> Meeting | None:
        mine = (one for one in self.meetings if one.organizer == organizer)
        return next((one for one in mine if transaction and one.said.get("transactionId") == transaction), None)

    def change(self, meeting: Meeting, body: Json) -> None:
        """Change an event. Whenever the times of a series change, it begins anew, and everybody is asked again."""
        held = dict(body)
        if "transactionId" in held:
            raise RefusedError(400, "ErrorInvalidRequest", "TransactionId is immutable and cannot be updated.")
        properties = {p["id"]: p["value"] for p in held.pop("singleValueExtendedProperties", ())}
        self._check(meeting.said | held)
        meeting.said |= held
        meeting.properties |= properties
        if TIMES & held.keys():
            if set(held) & TIMES != {"recurrence"} or self.forgets:
                meeting.exceptions.clear()
            if {"start", "end"} & held.keys():
                meeting.answers.clear()
        if TOLD & held.keys():
            self._tell(meeting, "update")

    def change_one(self, meeting: Meeting, session: Session, body: Json) -> None:
        """Change one session. Outlook lets none come to the day of the one before or after it."""
        if {"recurrence", "transactionId"} & body.keys():
            raise RefusedError(400, "ErrorPropertyValidationFailure")
        start, end = (utc(naive(body[edge]), zone(body[edge]["timeZone"])) for edge in ("start", "end"))
        if not self.may_stand(meeting, session, start):
            raise RefusedError(400, "ErrorOccurrenceCrossingBoundary")
        session.start, session.end = start, end
        session.answers = dict.fromkeys(meeting.attendees, "none")
        session.proposed.clear()
        meeting.exceptions[session.original] = session
        self._tell(meeting, "update", session)

    @staticmethod
    def may_stand(meeting: Meeting, session: Session, start: datetime) -> bool:
        there = [one for one in meeting.sessions() if not one.cancelled]
        days_of = [start if one.original == session.original else one.start for one in there]
        dates = [at.astimezone(meeting.zone).date() for at in days_of]
        return all(one < two for one, two in pairwise(dates))

    def cancel(self, meeting: Meeting, session: Session | None = None) -> None:
        if session:
            session.cancelled = True
            meeting.exceptions[session.original] = session
        else:
            meeting.gone = True
        self._tell(meeting, "cancel", session)

    def split(self, meeting: Meeting, since: Session, by: timedelta) -> Meeting:
        """This session and all following, at another hour: a new series, whose properties Outlook copies."""
        start, end = naive(meeting.said["start"]), naive(meeting.said["end"])
        begin = since.original.astimezone(meeting.zone).replace(tzinfo=None) + by
        copy = {**meeting.said, "start": {**meeting.said["start"], "dateTime": begin.isoformat()}}
        copy["end"] = {**meeting.said["end"], "dateTime": (begin + (end - start)).isoformat()}
        copy["recurrence"] = _ranged(meeting.said["recurrence"], startDate=begin.date().isoformat())
        copy["transactionId"] = f"localevent:{len(self.meetings)}"
        copy["singleValueExtendedProperties"] = [{"id": n, "value": v} for n, v in meeting.properties.items()]
        last = (since.original - timedelta(days=1)).astimezone(meeting.zone).date()
        meeting.said["recurrence"] = _ranged(meeting.said["recurrence"], type="endDate", endDate=last.isoformat())
        self._tell(meeting, "update")
        return self.make(meeting.organizer, copy)

    def _check(self, held: Json) -> None:
        if unknown := held.keys() - MADE:
            raise RefusedError(400, "ErrorInvalidPropertySet", ", ".join(sorted(unknown)))
        start, end = naive(held["start"]), naive(held["end"])
        zone(held["start"]["timeZone"]), zone(held["end"]["timeZone"])
        if end <= start and held["start"]["timeZone"] == held["end"]["timeZone"]:
            raise RefusedError(400, "ErrorPropertyValidationFailure", "it ends before it starts")
        if held.get("isAllDay") and (start.time(), end.time()) != (time(), time()):
            raise RefusedError(400, "ErrorInvalidRequest", "an all-day event is from midnight to midnight")
        if (recurrence := held.get("recurrence")) and (wrong := flaw(recurrence, start.date())):
            raise RefusedError(400, "ErrorPropertyValidationFailure", wrong)

    def _tell(self, meeting: Meeting, what: str, session: Session | None = None) -> None:
        about = f"{meeting.said['subject']}{f' {session.original:%Y-%m-%d}' if session else ''}"
        for attendee in meeting.attendees:
            self.told.append((attendee, what, about))

    # --- what attendees do ---

    def answer(self, meeting: Meeting, who: str, response: str, session: Session | None = None) -> None:
        """Somebody answers, and the organizer's copy hears of it: about all, or about one session."""
        if session is None:
            meeting.answers[who] = response
            for one in meeting.exceptions.values():
                one.answers[who] = response
        else:
            session.answers[who] = response
            meeting.exceptions[session.original] = session

    def appointment(self, owner: str, begin: datetime | date, end: datetime | date, shows: str) -> Meeting:
        """Something else in somebody's calendar; days and naive times are their own."""
        where = self.mailboxes[owner]
        edges = [_said(edge, where) for edge in (begin, end)]
        whole = not isinstance(begin, datetime)
        body = {"subject": "Dentist", "start": edges[0], "end": edges[1], "isAllDay": whole, "showAs": shows}
        return self.make(owner, body)


def _said(edge: datetime | date, where: str) -> Json:
    if not isinstance(edge, datetime):
        edge = datetime.combine(edge, time())
    if edge.tzinfo:
        edge, where = edge.astimezone(UTC).replace(tzinfo=None), "UTC"
    return {"dateTime": edge.isoformat(timespec="seconds"), "timeZone": where}


def _ranged(recurrence: Json, **changes: str) -> Json:
    return {**recurrence, "range": {**recurrence["range"], **changes}}
