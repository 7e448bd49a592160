"""Events as Graph tells of them (https://learn.microsoft.com/graph/api/resources/event), as ours. Pure.

Raises KeyError, ValueError or TypeError where something is not as it was asked for.
"""

from collections.abc import Mapping
from datetime import UTC, date, datetime, time
from typing import Any

from careermail.mail.expand import Instance
from careermail.model import Event, Person, resolve, stamp
from careermail.providers.microsoft.event import INDEX, WEEK
from careermail.providers.microsoft.marks import SERIES, Notes, properties, uid
from careermail.providers.shelf.patterns import DAYS, Pattern, written

Times = tuple[datetime, datetime]
Held = Mapping[str, Any]

_UTC = {"UTC", "tzone://Microsoft/Utc"}


def read(held: Held, organizer: Person) -> Event:
    """An event of ours as it stands. Attendees lack their zone."""
    start, end = span(held, organizer)
    notes, day, rule = Notes.of(held), held["isAllDay"], held.get("recurrence")
    return Event(
        uid=uid(held),
        organizer=organizer,
        attendees=tuple(_person(one["emailAddress"]) for one in held.get("attendees") or ()),
        summary=held.get("subject") or "",
        description=((held.get("body") or {}).get("content") or "").replace("\r\n", "\n").strip(),
        start=_day(held["start"]) if day else start.astimezone(organizer.zone).replace(tzinfo=None),
        minutes=Event.minutes if day else int((end - start).total_seconds()) // 60,
        rrule=written(pattern_of(rule["pattern"])) if rule else "",
        sequence=notes.sequence,
        marker=properties(held).get(SERIES, ""),
        language=notes.language,
    )


def _person(address: Mapping[str, str]) -> Person:
    return Person(address.get("name") or address["address"], address["address"].lower())


def span(held: Held, owner: Person) -> Times:
    """When an event or a session begins and ends (UTC); a day is its owner's own day, whatever zone it is told in."""
    if held.get("isAllDay"):
        first, last = (datetime.combine(_day(held[edge]), time()) for edge in ("start", "end"))
        return resolve(first, owner.zone), resolve(last, owner.zone)
    return moment(held["start"]), moment(held["end"])


def moment(said: Mapping[str, str]) -> datetime:
    """A dateTimeTimeZone, in UTC as we ask for all times."""
    if said["timeZone"] not in _UTC:
        raise ValueError(f"a time in {said['timeZone']}, not in UTC")
    return datetime.fromisoformat(said["dateTime"].partition(".")[0]).replace(tzinfo=UTC)


def _day(said: Mapping[str, str]) -> date:
    return date.fromisoformat(said["dateTime"][:10])


def pattern_of(said: Mapping[str, Any]) -> Pattern:
    """A recurrencePattern; what does not count for its kind is left out, whatever Graph fills it with."""
    kind, codes = said["type"], {name: code for code, name in WEEK.items()}
    relative, weekly = kind.startswith("relative"), kind == "weekly"
    days = {codes[name] for name in said["daysOfWeek"]} if relative or weekly else set()
    index = {name: nth for nth, name in INDEX.items()}
    return Pattern(
        kind=kind,
        interval=said["interval"],
        days=tuple(code for code in DAYS if code in days),
        nth=index[said.get("index") or "first"] if relative else 0,
        day=said["dayOfMonth"] if kind.startswith("absolute") else 0,
        month=said["month"] if kind.endswith("Yearly") else 0,
        week_start=codes[said.get("firstDayOfWeek") or "sunday"] if weekly else "MO",
    )


def session(held: Held, master: Held, owner: Person) -> Instance:
    """A session of an event: an instance of its series, or, for a single one, the event itself."""
    start, end = span(held, owner)
    recurs = held is not master
    original = datetime.fromisoformat(held["originalStart"]).astimezone(UTC) if recurs else start
    return Instance(
        uid=uid(master),
        recurrence_id=stamp(original) if recurs else "",
        original=original,
        start=start,
        end=end,
        declined=frozenset(_declined(held)),
    )


def _declined(held: Held) -> list[str]:
    asked = held.get("attendees") or ()
    return [one["emailAddress"]["address"].lower() for one in asked if _response(one) == "declined"]


def _response(attendee: Mapping[str, Any]) -> str:
    return (attendee.get("status") or {}).get("response") or "none"


def cancelled(held: Held, owner: Person) -> list[Instance]:
    """The sessions of a series that were cancelled one by one: its cancelledOccurrences, "OID.….2027-04-13"."""
    start, end = span(held, owner)
    begins = start.astimezone(owner.zone)
    days = (date.fromisoformat(name[-10:]) for name in held.get("cancelledOccurrences") or ())
    originals = (resolve(datetime.combine(day, begins.time()), owner.zone) for day in days)
    return [Instance(uid(held), stamp(at), at, at, at + (end - start), cancelled=True) for at in originals]
