"""Google Calendar's API (v3) as a room: it answers for the calendars of an Agenda, to whomever their tokens stand for.

Each request and each answer is held against the discovery document of the client library, and each event against what
that says in words (https://developers.google.com/workspace/calendar/api/v3/reference/events).
"""

import re
from collections.abc import Iterable
from copy import deepcopy
from datetime import datetime
from typing import Any

from fakes.google.agenda import Agenda, Refused, merged
from fakes.google.discovery import Method, document, error
from fakes.google.mailboxes import masked
from fakes.google.oauth import Accounts, Grant
from fakes.google.recurring import Item, Window, moment, name_of, shown, within
from fakes.web import Answer, Request

ID = re.compile(r"[a-v0-9]{5,1024}")
BARE = ("kind", "etag", "id", "status", "recurringEventId", "originalStartTime")
TIMES = (*BARE, "start", "end", "updated", "visibility")
UNSEEN_IN_FREEBUSY = ("outOfOffice", "focusTime", "workingLocation", "birthday")
ALONE = ("iCalUID", "orderBy", "privateExtendedProperty", "q", "sharedExtendedProperty", "timeMin", "timeMax",
         "updatedMin")  # fmt: skip
MEET = {"key": {"type": "hangoutsMeet"}, "name": "Google Meet"}


class CalendarRoom:
    """The API. `page` is how many events it gives at once, whatever it is asked for."""

    def __init__(self, agenda: Agenda, accounts: Accounts) -> None:
        self.agenda, self.accounts, self.page = agenda, accounts, 250

    def __call__(self, request: Request) -> Answer | None:
        method = document("calendar.v3").method(request)
        if method is None:
            return None
        try:
            return self._answer(method, request, self._let_in(method, request))
        except Refused as refused:
            return error(refused.status, refused.reason, refused.message)

    def _let_in(self, method: Method, request: Request) -> Grant:
        grant = self.accounts.bearer(request)
        if grant is None or grant.robot:
            raise Refused(401, "authError", "Invalid Credentials")
        if not method.allows(grant.scopes):
            raise Refused(403, "insufficientPermissions", "Request had insufficient authentication scopes.")
        if grant.account not in self.agenda.books:
            raise Refused(403, "notACalendarUser", "The user must be signed up for Google Calendar.")
        if flaws := method.flaws(request):
            raise Refused(400, "invalid", "; ".join(flaws))
        return grant

    def _answer(self, method: Method, request: Request, grant: Grant) -> Answer:
        if method.id == "calendar.freebusy.query":
            return method.told(self._free_busy(grant.account, request.json))
        whose = method.steps["calendarId"].replace("primary", grant.account)
        return Events(self, method, request, grant.account, whose).answer()

    def _free_busy(self, viewer: str, asked: Item) -> Item:
        if len(asked["items"]) > 50:
            raise Refused(400, "tooManyCalendarsRequested", "The requested number of calendars is too large.")
        window = (_rfc3339(asked["timeMin"]), _rfc3339(asked["timeMax"]))
        found = {one["id"]: self._busy(viewer, one["id"], window) for one in asked["items"]}
        bounds = {name: asked[name] for name in ("timeMin", "timeMax")}
        return {"kind": "calendar#freeBusy", **bounds, "calendars": found}

    def _busy(self, viewer: str, whose: str, window: Window) -> Item:
        book = self.agenda.books.get(whose)
        if book is None or not (viewer == whose or book.role(viewer)):
            return {"errors": [{"domain": "global", "reason": "notFound"}], "busy": []}
        items = (i for i in self.agenda.expanded(whose, window) if _takes_time(i))
        spans = sorted(tuple(moment(i[name], book.zone) for name in ("start", "end")) for i in items)
        return {"busy": [{"start": f"{a:%FT%TZ}", "end": f"{b:%FT%TZ}"} for a, b in _joined(spans)]}


class Events:
    """One request about the events of a calendar."""

    def __init__(self, room: CalendarRoom, method: Method, request: Request, viewer: str, whose: str) -> None:
        self.room, self.method, self.request, self.viewer, self.whose = room, method, request, viewer, whose
        self.agenda, self.name = room.agenda, method.steps.get("eventId", "")

    def answer(self) -> Answer:
        book = self.agenda.books.get(self.whose)
        if book is None or not (self.viewer == self.whose or book.role(self.viewer)):
            return error(404, "notFound", "Not Found")
        verb = self.method.id.rpartition(".")[2]
        if verb in ("list", "instances", "get"):
            answer: Answer = getattr(self, f"_{verb}")()
        elif self.viewer != self.whose:
            return error(403, "requiredAccessLevel", "You need to have writer access to this calendar.", "calendar")
        else:
            answer = getattr(self, f"_{verb}")()
        return answer

    # --- reading ---

    def _get(self) -> Answer:
        found = self.agenda.find(self.whose, self.name)
        return self.method.told(self._shown(found)) if found else error(404, "notFound", "Not Found")

    def _list(self) -> Answer:
        if "syncToken" in self.request.query:
            if set(ALONE) & self.request.query.keys():
                return error(400, "invalid", "It may not be said together with a sync token.")
            return error(410, "fullSyncRequired", "Sync token is no longer valid, a full sync is required.", "calendar")
        window, single = self._window(), self.request.first("singleEvents") == "true"
        whole = self.agenda.expanded(self.whose, window) if single else self._unexpanded(window)
        return self._paged([one for one in whole if self._wanted(one, single=single)])

    def _instances(self) -> Answer:
        master = self.agenda.find(self.whose, self.name)
        if master is None or "recurrence" not in master:
            return error(404, "notFound", "Not Found")
        if at := self.request.first("originalStart"):
            one = self.agenda.find(self.whose, name_of(master, datetime.fromisoformat(at)))
            found = [one] if one else []
        else:
            found = list(self.agenda.instances(self.whose, master, self._window()))
        return self._paged([one for one in found if self._wanted(one, single=True)])

    def _unexpanded(self, window: Window) -> Iterable[Item]:
        zone = self.agenda.books[self.whose].zone
        for item in self.agenda.stored(self.whose):
            if "recurrence" in item or within(item, window, zone):
                yield item

    def _wanted(self, item: Item, *, single: bool) -> bool:
        cancelled, deleted = item["status"] == "cancelled", self.request.first("showDeleted") == "true"
        of_series = "recurringEventId" in item
        if cancelled and not (deleted or (of_series and not single)):
            return False
        if self.request.first("iCalUID", item["iCalUID"]) != item["iCalUID"]:
            return False
        if item.get("eventType", "default") not in self.request.query.get(
            "eventTypes", [item.get("eventType", "default")]
        ):
            return False
        constraints = self.request.query.get("privateExtendedProperty", [])
        if constraints and cancelled and not self.agenda.shows_tombstones:
            return False
        held = item.get("extendedProperties", {}).get("private", {})
        return all("=" in one and held.get(one.partition("=")[0]) == one.partition("=")[2] for one in constraints)

    def _window(self) -> Window:
        begin, end = (_rfc3339(self.request.first(name)) for name in ("timeMin", "timeMax"))
        if begin and end and begin >= end:
            raise Refused(400, "timeRangeEmpty", "The specified time range is empty.")
        return begin, end

    def _paged(self, items: list[Item]) -> Answer:
        first = int(self.request.first("pageToken", "0"))
        last = first + min(int(self.request.first("maxResults", "250")), self.room.page)
        book = self.agenda.books[self.whose]
        role = "owner" if self.viewer == self.whose else book.role(self.viewer)
        page: Item = {"kind": "calendar#events", "timeZone": book.zone, "accessRole": role, "summary": self.whose}
        page["items"] = [self._shown(one) for one in items[first:last]]
        page |= {"nextPageToken": str(last)} if last < len(items) else {"nextSyncToken": "sync"}
        fields = self.request.first("fields")
        return self.method.told(masked(page, fields) if fields else page)

    def _shown(self, item: Item) -> Item:
        """An event as this viewer may see it: of one that was cancelled, no more than is promised."""
        book = self.agenda.books[self.whose]
        seen = {**item, **{n: shown(item[n], book.zone) for n in ("start", "end", "originalStartTime") if n in item}}
        if item["status"] == "cancelled" and "recurringEventId" in item:
            return {name: seen[name] for name in BARE}
        hidden = book.role(self.viewer) == "freeBusyReader" or item.get("visibility") == "private"
        if self.viewer != self.whose and hidden:
            return {name: seen[name] for name in TIMES if name in seen}
        limit = int(self.request.first("maxAttendees", "1000000"))
        if len(item.get("attendees", ())) > limit:
            seen["attendees"] = [one for one in seen["attendees"] if one.get("self")]
            seen["attendeesOmitted"] = True
        return seen

    # --- writing ---

    def _insert(self) -> Answer:
        body = self.request.json
        if "id" in body and not ID.fullmatch(body["id"]):
            return error(400, "invalid", "Invalid resource id value.")
        _check(body)
        made = self.agenda.insert(self.viewer, self._conference(body), tell=self._tells())
        return self.method.told(self._shown(made))

    def _patch(self) -> Answer:
        held = self.agenda.find(self.viewer, self.name)
        if held is None:
            return error(404, "notFound", "Not Found")
        wanted = self.request.headers.get("if-match", "*")
        if wanted not in ("*", held["etag"]):
            return error(412, "conditionNotMet", "Precondition Failed", locationType="header", location="If-Match")
        body = self.request.json
        _check(merged(held, body))
        return self.method.told(self._shown(self.agenda.patch(self.viewer, self.name, body, tell=self._tells())))

    def _delete(self) -> Answer:
        self.agenda.delete(self.viewer, self.name, tell=self._tells())
        return self.method.told(None, 204)

    def _tells(self) -> bool:
        return self.request.first("sendUpdates") == "all"

    def _conference(self, body: Item) -> Item:
        """The event with the meeting that was asked for; without conferenceDataVersion, nothing was."""
        made = deepcopy(body)
        asked = made.pop("conferenceData", {}).get("createRequest")
        if not asked or self.request.first("conferenceDataVersion") != "1":
            return made
        link = "https://meet.google.com/aaa-bbbb-ccc"
        point = {"entryPointType": "video", "uri": link}
        request = {**asked, "status": {"statusCode": "success"}}
        made["conferenceData"] = {"createRequest": request, "conferenceSolution": MEET, "entryPoints": [point]}
        return {**made, "hangoutLink": link}


# --- what the reference says in words ------------------------------------------------------------


def _check(event: Item) -> None:
    for name in ("start", "end"):
        _check_time(event[name], name, recurs="recurrence" in event)
    if moment(event["start"], "UTC") >= moment(event["end"], "UTC"):
        raise Refused(400, "timeRangeEmpty", "The specified time range is empty.")
    for line in event.get("recurrence", ()):
        if not line.startswith(("RRULE:", "EXDATE", "RDATE")) or ("COUNT=" in line and "UNTIL=" in line):
            raise Refused(400, "invalid", f"Invalid recurrence rule: {line}")
    if not all("@" in one.get("email", "") for one in event.get("attendees", ())):
        raise Refused(400, "required", "Missing attendee email.")
    for name, value in event.get("extendedProperties", {}).get("private", {}).items():
        if len(name) > 44 or len(value) > 1024:
            raise Refused(400, "invalid", f"Extended property too long: {name}")


def _check_time(when: Item, name: str, *, recurs: bool) -> None:
    if len({"date", "dateTime"} & when.keys()) != 1:
        raise Refused(400, "invalid", f"{name}: either date or dateTime")
    if "dateTime" in when and not (when.get("timeZone") or datetime.fromisoformat(when["dateTime"]).tzinfo):
        raise Refused(400, "required", f"Missing time zone definition for {name} time.")
    if recurs and "dateTime" in when and not when.get("timeZone"):
        raise Refused(400, "required", f"Missing time zone definition for {name} time.")


def _rfc3339(said: str) -> datetime | None:
    if said and datetime.fromisoformat(said).tzinfo is None:
        raise Refused(400, "invalid", f"A time zone offset is mandatory: {said}")
    return datetime.fromisoformat(said) if said else None


def _takes_time(item: Item) -> bool:
    answers = [a["responseStatus"] for a in item.get("attendees", ()) if a.get("self")]
    free = item["status"] == "cancelled" or item.get("transparency") == "transparent" or "declined" in answers
    return not free and item.get("eventType", "default") not in UNSEEN_IN_FREEBUSY


def _joined(spans: list[Any]) -> list[tuple[datetime, datetime]]:
    joined: list[tuple[datetime, datetime]] = []
    for start, end in spans:
        if joined and start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        else:
            joined.append((start, end))
    return joined
