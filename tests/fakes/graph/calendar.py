"""The calendars of Graph v1.0 as a room: each body that comes and each that goes is checked against Graph's types."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from fakes.graph.exchange import Exchange, Meeting, RefusedError, Session, Window, naive, utc, zone
from fakes.graph.schema import asked, error, listed, told
from fakes.web import Answer, Request

Json = dict[str, Any]

HAS_PROPERTY = re.compile(r"singleValueExtendedProperties/any\(p: p/id eq '([^']+)' and p/value (eq|ne) '([^']*)'\)")
HAS_UID = re.compile(r"iCalUId eq '([^']+)'")
ID = re.compile(r"id eq '([^']+)'")
SHOWN_IN_LISTS = 255  # characters of a property's value
A_PAGE = 10
NEVER = "0001-01-01T00:00:00Z"
BEGUN = datetime(2027, 1, 1, tzinfo=UTC)
SLOTS = {"free": "0", "workingElsewhere": "0", "tentative": "1", "busy": "2", "oof": "3"}


@dataclass
class Calendars:
    """Room for /v1.0/users/…/calendar and /events. `closed` mailboxes are outside of the app's role."""

    exchange: Exchange
    closed: frozenset[str] = frozenset()
    hidden: frozenset[str] = frozenset()  # who lets nobody see when they are free
    merged: frozenset[str] = frozenset()  # who lets others see that, but no single event

    def __call__(self, request: Request) -> Answer | None:
        steps = request.steps
        if steps[:2] != ["v1.0", "users"] or len(steps) < 4 or steps[3] not in {"calendar", "events", "calendarView"}:
            return None
        if not re.fullmatch(r"Bearer \S.*", request.headers.get("authorization", "")):
            return Answer(401, error("InvalidAuthenticationToken", "Access token is empty."))
        try:
            return self._answered(request, steps[2].lower(), steps[3:])
        except RefusedError as refused:
            return Answer(refused.status, error(refused.code, refused.message))

    def _answered(self, request: Request, address: str, place: list[str]) -> Answer:
        if address not in self.exchange.mailboxes:
            raise RefusedError(404, "ErrorInvalidUser", f"The requested user '{address}' is invalid.")
        if address in self.closed:
            raise RefusedError(403, "ErrorAccessDenied", "Access is denied. Check credentials and try again.")
        match [request.method, *(place[1:] if place[0] == "calendar" and len(place) > 1 else place)]:
            case ["GET", "events"]:
                return self._list(request, address)
            case ["POST", "events"]:
                made = lambda: self.exchange.make(address, request.json)  # noqa: E731
                return asked("event", request) or told("event", self._event(request, made(), address), 201)
            case ["GET", "calendarView"]:
                return self._view(request, address)
            case ["POST", "getSchedule"]:
                return asked("graph.calendar.getSchedule", request) or self._schedule(request)
            case [_, "events", item, *action]:
                return self._one(request, address, item, action)
        raise RefusedError(400, "BadRequest", f"{request.method} {request.path}")

    # --- one event ---

    def _one(self, request: Request, address: str, item: str, action: list[str]) -> Answer:
        meeting, session = self.exchange.get(address, item)
        match [request.method, *action]:
            case ["GET"]:
                shown = self._event(request, meeting, address, session)
                if "cancelledOccurrences" in _selected(request):
                    shown["cancelledOccurrences"] = _cancelled(meeting)
                return told("event", shown)
            case ["PATCH"]:
                return asked("event", request) or self._changed(request, address, meeting, session)
            case ["DELETE"]:
                self.exchange.cancel(meeting, session)
                return Answer(204)
            case ["POST", "cancel"]:
                if not meeting.attendees:
                    raise RefusedError(400, "ErrorInvalidRequest", "it is no meeting")
                if wrong := asked("graph.event.cancel", request):
                    return wrong
                self.exchange.cancel(meeting, session)
                return Answer(202)
            case ["GET", "instances"] if meeting.recurs:
                found = [one for one in meeting.sessions() if not one.cancelled and _within(request, one)]
                return self._page(request, [self._event(request, meeting, address, one) for one in found])
        raise RefusedError(400, "BadRequest", f"{request.method} {request.path}")

    def _changed(self, request: Request, address: str, meeting: Meeting, session: Session | None) -> Answer:
        if session is None:
            self.exchange.change(meeting, request.json)
        else:
            self.exchange.change_one(meeting, session, request.json)
        return told("event", self._event(request, meeting, address, session))

    # --- lists ---

    def _list(self, request: Request, address: str) -> Answer:
        fits = _filter(request.first("$filter"))
        found = [self._event(request, one, address) for one in self.exchange.of(address) if fits(one)]
        for one in found:
            for held in one.get("singleValueExtendedProperties", ()):
                held["value"] = held["value"][:SHOWN_IN_LISTS]
        return self._page(request, found)

    def _view(self, request: Request, address: str) -> Answer:
        if "$filter" in request.query and "singleValueExtendedProperties" in request.first("$filter"):
            raise RefusedError(400, "ErrorInvalidRequest", "A calendar view cannot be filtered by that.")
        there = [(meeting, one) for meeting, one, _ in self.exchange.taken(address) if _within(request, one)]
        there.sort(key=lambda pair: pair[1].start)
        return self._page(request, [self._event(request, m, address, one if m.recurs else None) for m, one in there])

    @staticmethod
    def _page(request: Request, found: list[Json]) -> Answer:
        skip, top = int(request.first("$skip", "0")), int(request.first("$top", str(A_PAGE)))
        if len(found) <= skip + top:
            return listed("event", found[skip:])
        query = {name: values[0] for name, values in request.query.items()} | {"$skip": str(skip + top)}
        link = f"http://{request.headers['host']}{request.path}?{urlencode(query)}"
        return listed("event", found[skip : skip + top], nextLink=link)

    # --- free and busy ---

    def _schedule(self, request: Request) -> Answer:
        body = request.json
        start, end = (utc(naive(body[edge]), zone(body[edge]["timeZone"])) for edge in ("StartTime", "EndTime"))
        if len(body["Schedules"]) > 20:
            raise RefusedError(400, "ErrorTooManyMailboxes", "at most 20")
        if end - start >= timedelta(days=62):
            raise RefusedError(400, "ErrorInvalidTimeInterval", "The requested time duration specified is too long.")
        slot = timedelta(minutes=body.get("AvailabilityViewInterval", 30))
        return listed("scheduleInformation", [self._told_of(one, (start, end), slot) for one in body["Schedules"]])

    def _told_of(self, address: str, window: Window, slot: timedelta) -> Json:
        who = address.lower()
        if who not in self.exchange.mailboxes or who in self.hidden:
            code = "ErrorNoFreeBusyAccess" if who in self.hidden else "ErrorMailRecipientNotFound"
            return {"scheduleId": address, "error": {"message": "no", "responseCode": code}}
        taken = [(one.start, one.end, shows) for _, one, shows in self.exchange.taken(who)]
        inside = [(start, end, shows) for start, end, shows in taken if start < window[1] and end > window[0]]
        items = [{"status": shows, "start": _time(start), "end": _time(end)} for start, end, shows in inside]
        view = "".join(_slots(inside, window, slot))
        return {"scheduleId": address, "availabilityView": view, "scheduleItems": [] if who in self.merged else items}

    # --- how an event is shown ---

    def _event(self, request: Request, meeting: Meeting, address: str, session: Session | None = None) -> Json:
        shown = _whole(meeting, address, session or meeting.sessions()[0], master=session is None)
        if 'outlook.body-content-type="text"' not in request.headers.get("prefer", ""):
            shown["body"] = {"contentType": "html", "content": f"<p>{shown['body']['content']}</p>"}
        selected = _selected(request)
        if (
            unknown := selected
            - shown.keys()
            - {"cancelledOccurrences", "seriesMasterId", "originalStart", "recurrence"}
        ):
            raise RefusedError(400, "BadRequest", f"Could not find a property named {unknown}")
        kept = {n: value for n, value in shown.items() if not selected or n in selected | {"id"}}
        if wanted := ID.findall(request.first("$expand")):
            there = ((name, value) for name, value in meeting.properties.items() if _key(name) in map(_key, wanted))
            kept["singleValueExtendedProperties"] = [{"id": _upper(name), "value": value} for name, value in there]
        return {"@odata.etag": f'W/"{meeting.key}"', **kept}


def _whole(meeting: Meeting, address: str, session: Session, *, master: bool) -> Json:
    said, series = meeting.said, meeting.recurs
    exception = session.original in meeting.exceptions
    kind = ("seriesMaster" if master else "exception" if exception else "occurrence") if series else "singleInstance"
    shown = {
        "id": meeting.id if master else f"{meeting.id}#{session.original:%Y%m%d}",
        "iCalUId": meeting.ical + ("" if master else f"{session.original:%Y%m%d}"),
        "changeKey": meeting.key,
        "type": kind,
        "createdDateTime": f"{BEGUN + timedelta(minutes=meeting.number):%Y-%m-%dT%H:%M:%SZ}",
        "subject": said.get("subject"),
        "body": {"contentType": "text", "content": _lines((said.get("body") or {}).get("content", ""))},
        "start": _edge(said, "start", session.start) if not master else _first(meeting, "start"),
        "end": _edge(said, "end", session.end) if not master else _first(meeting, "end"),
        "isAllDay": said.get("isAllDay", False),
        "isCancelled": False,
        "isOrganizer": meeting.organizer == address,
        "organizer": {"emailAddress": {"address": meeting.organizer}},
        "attendees": [_attendee(one, meeting, session, master=master) for one in said.get("attendees", ())],
        "showAs": Exchange.shows(meeting, session, address),
        "sensitivity": said.get("sensitivity", "normal"),
        "isReminderOn": said.get("isReminderOn", True),
        "reminderMinutesBeforeStart": said.get("reminderMinutesBeforeStart", 15),
        "responseRequested": said.get("responseRequested", True),
        "allowNewTimeProposals": said.get("allowNewTimeProposals", True),
        "responseStatus": {"response": "organizer" if meeting.organizer == address else "none", "time": NEVER},
        "transactionId": said.get("transactionId"),
    }
    if series and master:
        shown["recurrence"] = said["recurrence"]
    if series and not master:
        shown |= {"seriesMasterId": meeting.id, "originalStart": f"{session.original:%Y-%m-%dT%H:%M:%SZ}"}
    return shown


def _first(meeting: Meeting, edge: str) -> Json:
    """A master's own times: where its rule begins, whatever became of the first session."""
    return _edge(meeting.said, edge, utc(naive(meeting.said[edge]), zone(meeting.said[edge]["timeZone"])))


def _edge(said: Json, edge: str, moment: datetime) -> Json:
    if said.get("isAllDay"):  # Graph tells a day as midnight, whatever zone is asked for
        return {"dateTime": f"{naive(said[edge]):%Y-%m-%dT00:00:00.0000000}", "timeZone": "UTC"}
    return _time(moment)


def _time(moment: datetime) -> Json:
    return {"dateTime": f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%S.0000000}", "timeZone": "UTC"}


def _lines(text: str) -> str:
    return text.replace("\n", "\r\n") + "\r\n"


def _attendee(one: Json, meeting: Meeting, session: Session, *, master: bool) -> Json:
    who = one["emailAddress"]["address"].lower()
    answer = meeting.answers.get(who, "none") if master and meeting.recurs else meeting.status(who, session)
    shown: Json = {**one, "status": {"response": answer, "time": NEVER}}
    if proposed := session.proposed.get(who):
        shown["proposedNewTime"] = {"start": _time(proposed[0]), "end": _time(proposed[1])}
    return shown


def _cancelled(meeting: Meeting) -> list[str]:
    there = (one for one in meeting.sessions() if one.cancelled)
    return [f"OID.{meeting.id}.{one.original.astimezone(meeting.zone):%Y-%m-%d}" for one in there]


def _selected(request: Request) -> set[str]:
    return {name for name in request.first("$select").split(",") if name}


def _within(request: Request, session: Session) -> bool:
    start, end = (datetime.fromisoformat(request.first(name)) for name in ("startDateTime", "endDateTime"))
    return session.start < end and session.end > start


def _filter(said: str) -> Callable[[Meeting], bool]:
    if found := HAS_UID.fullmatch(said):
        return lambda one: one.ical == found[1]
    if not (found := HAS_PROPERTY.fullmatch(said)):
        raise RefusedError(400, "ErrorInvalidUrlQueryFilter", said)
    name, test, value = found.groups()

    def fits(one: Meeting) -> bool:
        held = {_key(n): v for n, v in one.properties.items()}.get(_key(name))
        return held is not None and (held.lower() == value.lower()) == (test == "eq")

    return fits


def _key(name: str) -> tuple[str, str]:
    """A property's id: the case of its name counts, that of its set does not."""
    where, _, what = name.partition(" Name ")
    return where.lower(), what


def _upper(name: str) -> str:
    where, _, what = name.partition(" Name ")
    return f"String {where.removeprefix('String ').upper()} Name {what}"


def _slots(taken: list[tuple[datetime, datetime, str]], window: Window, slot: timedelta) -> Iterator[str]:
    begin = window[0]
    while begin < window[1]:
        yield max((SLOTS[shows] for start, end, shows in taken if start < begin + slot and end > begin), default="0")
        begin += slot
