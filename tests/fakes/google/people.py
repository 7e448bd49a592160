"""What people do in Google Calendar, in a browser: it writes as the API does, and some things besides."""

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from itertools import count
from typing import Any
from zoneinfo import ZoneInfo

from fakes.google.agenda import Agenda
from fakes.google.recurring import Item, moment, name_of, shifted
from scene import JONAS, MAYA

from careermail.model import Occurrence, Person

YEAR = (datetime(2027, 1, 1, tzinfo=UTC), datetime(2028, 1, 1, tzinfo=UTC))


@dataclass
class Browsers:
    """The hands of everybody in an agenda."""

    agenda: Agenda
    numbers: Any = field(default_factory=count)

    def event(self, viewer: Person, uid: str) -> Item:
        """The event with a UID of careermail's, or under an id of Google's, that stands in a calendar."""
        items = [i for i in self.agenda.stored(viewer.email) if i["status"] != "cancelled"]
        owned = {i["id"]: i for book in self.agenda.books.values() for i in book.events.values()}
        names = {name for name, i in owned.items() if uid in (_uid(i), name) and "recurringEventId" not in i}
        return next(i for i in items if i["id"] in names and not _split_off(i, uid))

    def instance(self, occurrence: Occurrence, viewer: Person) -> str:
        event = self.event(viewer, occurrence.uid)
        if not occurrence.recurrence_id:
            return str(event["id"])
        return name_of(event, datetime.fromisoformat(occurrence.recurrence_id))

    def move_one(self, occurrence: Occurrence, start: datetime, *, by: Person = MAYA) -> None:
        times = _times((start, start + (occurrence.end - occurrence.start)), by.timezone)
        self.agenda.patch(by.email, self.instance(occurrence, by), times, tell=True)

    def cancel_one(self, occurrence: Occurrence, *, by: Person = MAYA) -> None:
        self.agenda.delete(by.email, self.instance(occurrence, by), tell=True)

    def decline_one(self, occurrence: Occurrence, *, by: Person = JONAS) -> None:
        self.agenda.respond(by.email, self.instance(occurrence, by), "declined")

    def decline_all(self, uid: str, *, by: Person = JONAS) -> None:
        self.agenda.respond(by.email, self.event(by, uid)["id"], "declined")

    def move_all(self, uid: str, by_hours: int, *, by: Person = MAYA) -> None:
        event = self.event(by, uid)
        times = {name: shifted(event[name], timedelta(hours=by_hours)) for name in ("start", "end")}
        self.agenda.patch(by.email, event["id"], times, tell=True)

    def split(self, uid: str, since: Occurrence, by_hours: int, *, by: Person = MAYA) -> None:
        """The event ends the day before, and another begins that says the same; what was changed is reset."""
        event, at = self.event(by, uid), datetime.fromisoformat(since.recurrence_id)
        midnight = at.astimezone(ZoneInfo(event["start"]["timeZone"])).replace(hour=0, minute=0).astimezone(UTC)
        until = f"{event['recurrence'][0]};UNTIL={midnight - timedelta(seconds=1):%Y%m%dT%H%M%SZ}"
        for one in list(self.agenda.books[by.email].events.values()):
            if one.get("recurringEventId") == event["id"] and moment(one["originalStartTime"], "UTC") >= at:
                del self.agenda.books[by.email].events[one["id"]]
        self.agenda.patch(by.email, event["id"], {"recurrence": [until]}, tell=True)
        kept = ("summary", "description", "visibility", "guestsCanInviteOthers", "extendedProperties", "recurrence")
        body = {name: event[name] for name in kept if name in event}
        length = moment(event["end"], "UTC") - moment(event["start"], "UTC")
        start = at + timedelta(hours=by_hours)
        body |= _times((start, start + length), event["start"]["timeZone"])
        body["attendees"] = [{"email": a["email"]} for a in event["attendees"]]
        self.agenda.insert(by.email, body, tell=True, name=f"{event['id']}_R{at:%Y%m%dT%H%M%S}")

    def delete_all(self, uid: str, *, by: Person = MAYA) -> None:
        self.agenda.delete(by.email, self.event(by, uid)["id"], tell=True)

    def add_busy(self, person: Person, start: datetime | date, end: datetime | date, *, free: bool = False) -> str:
        if isinstance(start, datetime) and isinstance(end, datetime):
            times = _times((start, end), person.timezone)
        else:
            times = {"start": {"date": start.isoformat()}, "end": {"date": end.isoformat()}}
        body = {**times, "summary": "Dentist", "transparency": "transparent" if free else "opaque"}
        return str(self.agenda.insert(person.email, body, tell=False)["id"])

    def sees(self, person: Person, uid: str) -> list[datetime]:
        owned = {i["id"]: i for book in self.agenda.books.values() for i in book.events.values()}
        names = {name for name, i in owned.items() if uid in (_uid(i), name) and not _split_off(i, uid)}
        items = (i for i in self.agenda.expanded(person.email, YEAR) if i["status"] != "cancelled")
        mine = (i for i in items if i.get("recurringEventId", i["id"]) in names)
        return sorted(moment(i["start"], person.timezone) for i in mine)


def _uid(item: Item) -> str:
    return str(item.get("extendedProperties", {}).get("private", {}).get("careermailUid", ""))


def _split_off(item: Item, uid: str) -> bool:
    """Whether an event carries a UID because it was split off the one that has it."""
    return "_R" in item["id"] and item["id"] != uid


def _times(at: tuple[datetime, datetime], zone: str) -> Item:
    local = [when if when.tzinfo else when.replace(tzinfo=ZoneInfo(zone)) for when in at]
    said = [{"dateTime": when.astimezone(ZoneInfo(zone)).isoformat(), "timeZone": zone} for when in local]
    return dict(zip(("start", "end"), said, strict=True))
