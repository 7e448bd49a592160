"""Our events as Google is told of them, and as they are found there. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from careermail.model import A_DAY, Event, Person, resolve, stamp
from careermail.providers import Window
from careermail.providers.google.calendar.wire import (
    GENERATION,
    OURS,
    REVISION,
    SERIES,
    UID,
    Wire,
    event_id,
    moment,
    private,
    span,
    uid_of,
)

HALF_A_YEAR = timedelta(days=182)
NEEDS_ACTION = "needsAction"
_KEPT = ("email", "displayName", "optional", "resource", "comment", "additionalGuests", "responseStatus")
_SAID = ("summary", "description", "transparency", "visibility", "guestsCanInviteOthers")  # compared as they are
_UNSAID = {"transparency": "opaque", "visibility": "default", "guestsCanInviteOthers": True}  # Google's defaults


def made(event: Event, generation: int, *, meet: bool) -> dict[str, Any]:
    """The event to be inserted: attendees are asked, nobody beside them sees what it is, nor asks others along."""
    body = _wanted(event, generation) | _times(event) | {"id": event_id(event.uid, generation)}
    if event.attendees:
        body["attendees"] = [_asked(person) for person in event.attendees]
    if event.attendees and meet:
        key = {"requestId": body["id"], "conferenceSolutionKey": {"type": "hangoutsMeet"}}
        body["conferenceData"] = {"createRequest": key}
    return body


def _wanted(event: Event, generation: int) -> dict[str, Any]:
    ours = {OURS: "meeting" if event.attendees else "reminder", UID: event.uid, GENERATION: str(generation)}
    ours |= {REVISION: str(event.sequence)} | ({SERIES: event.marker} if event.marker else {})
    return {
        "summary": event.summary,
        "description": event.description,
        "transparency": "opaque" if isinstance(event.start, datetime) else "transparent",
        "visibility": "private",
        "guestsCanInviteOthers": False,
        "extendedProperties": {"private": ours},
    }


def _times(event: Event) -> dict[str, Any]:
    if not isinstance(event.start, datetime):
        return {"start": {"date": event.start.isoformat()}, "end": {"date": (event.start + A_DAY).isoformat()}}
    start = resolve(event.start, event.organizer.zone)
    times = placed((start, start + timedelta(minutes=event.minutes)), event.organizer)
    return times | ({"recurrence": [f"RRULE:{event.rrule}"]} if event.rrule else {})


def placed(at: Window, organizer: Person) -> dict[str, Any]:
    """Start and end (UTC) in the organizer's zone, in which a rule is expanded."""
    zone = organizer.timezone
    return {
        name: {"dateTime": when.astimezone(organizer.zone).isoformat(), "timeZone": zone}
        for name, when in zip(("start", "end"), at, strict=True)
    }


def instead(held: Wire, times: dict[str, Any]) -> dict[str, Any]:
    """Times that take the place of what is held: a patch says what is to go, as where a day becomes an hour."""
    gone = {name: dict.fromkeys(held[name].keys() - times[name].keys()) for name in ("start", "end")}
    return times | {name: {**gone[name], **times[name]} for name in gone}


def _asked(person: Person) -> dict[str, Any]:
    return {"email": person.email, "displayName": person.name, "responseStatus": NEEDS_ACTION}


# --- what stands, and what is to stand -----------------------------------------------------------


def same_times(held: Wire, event: Event) -> bool:
    """Whether it starts and recurs as it is to: then what people moved and answered stays."""
    wanted = _times(event)
    zone = event.organizer.zone
    if moment(held["start"], zone) != moment(wanted["start"], zone) or ("date" in held["start"]) != (
        "date" in wanted["start"]
    ):
        return False
    rules = [_rule(lines) for lines in (held.get("recurrence", ()), wanted.get("recurrence", ()))]
    return rules[0] == rules[1] and (not rules[0] or _same_zone(held["start"], event))


def _same_zone(start: Wire, event: Event) -> bool:
    """Whether the clocks of both zones go alike: Google may call one by its other name."""
    own = ZoneInfo(start.get("timeZone") or event.organizer.timezone)
    moments = [moment(start, own) + n * HALF_A_YEAR for n in range(2)]
    return all(m.astimezone(own).utcoffset() == m.astimezone(event.organizer.zone).utcoffset() for m in moments)


def same_length(held: Wire, event: Event) -> bool:
    """Whether it is as long as it is to be."""
    start, end = span(held, event.organizer.zone)
    return not isinstance(event.start, datetime) or end - start == timedelta(minutes=event.minutes)


def changes(held: Wire, event: Event) -> dict[str, Any]:
    """What of an event is to be changed; nothing where it stands as it is to.

    Whoever was asked beside ours, by the organizer's own hand, stays; all are asked anew where the times change.
    """
    wanted, same = _wanted(event, int(private(held).get(GENERATION, "0"))), same_times(held, event)
    found = {name: wanted[name] for name in _SAID if _said(held, name) != _said(wanted, name)}
    if not same or not same_length(held, event):
        found |= instead(held, _times(event))
    there = attendees(held, anew=not same)
    asked = {a["email"].lower() for a in there}
    missing = [_asked(person) for person in event.attendees if person.email.lower() not in asked]
    if missing or (there and not same):
        found["attendees"] = [*there, *missing]
    ours = wanted["extendedProperties"]["private"]
    ours[REVISION] = str(max(event.sequence, revision(held)))
    if not ours.items() <= private(held).items():
        found["extendedProperties"] = {"private": ours}
    return found


def _said(held: Wire, name: str) -> Any:
    said = held.get(name, _UNSAID.get(name, ""))
    return said.strip() if isinstance(said, str) else said


def attendees(held: Wire, *, anew: bool) -> list[dict[str, Any]]:
    """Who is asked, as it is told again: a list is replaced as a whole. `anew`: nobody but rooms has answered yet."""
    found = []
    for one in held.get("attendees", ()):
        kept = {name: one[name] for name in _KEPT if name in one}
        if anew and not (one.get("organizer") or one.get("resource")):
            kept["responseStatus"] = NEEDS_ACTION
        found.append(kept)
    return found


def revision(held: Wire) -> int:
    """The SEQUENCE that we last gave it; Google counts its own."""
    said = private(held).get(REVISION, "")
    return int(said) if said.isdecimal() else 0


def found(held: Wire, organizer: Person) -> Event:
    """The event as it stands there."""
    start, end = span(held, organizer.zone)
    timed = "dateTime" in held["start"]
    asked = (a for a in held.get("attendees", ()) if not (a.get("organizer") or a.get("resource")))
    rules = [line for line in held.get("recurrence", ()) if line.startswith("RRULE")]
    return Event(
        uid=uid_of(held),
        organizer=organizer,
        attendees=tuple(Person(a.get("displayName", a["email"]), a["email"]) for a in asked),
        summary=held.get("summary", ""),
        description=held.get("description", ""),
        start=start.astimezone(organizer.zone).replace(tzinfo=None)
        if timed
        else date.fromisoformat(held["start"]["date"]),
        minutes=int((end - start).total_seconds()) // 60 if timed else Event.minutes,
        rrule=rules[0].partition(":")[2] if rules else "",
        sequence=revision(held),
        marker=private(held).get(SERIES, ""),
    )


# --- rules ---------------------------------------------------------------------------------------


def _rule(recurrence: Iterable[str]) -> list[frozenset[str]]:
    """The rules, however their parts are ordered; the week's first day goes without saying."""
    rules = (line.upper().partition(":")[2] for line in recurrence if line.upper().startswith("RRULE"))
    return sorted(
        (frozenset(part for part in rule.split(";") if not part.startswith("WKST")) for rule in rules), key=sorted
    )


def ending(recurrence: Iterable[str], last: datetime) -> list[str]:
    """The lines of a recurrence, with rules that put nothing behind `last` (UTC)."""
    return [_ending(line, last) if line.upper().startswith("RRULE") else line for line in recurrence]


def _ending(line: str, last: datetime) -> str:
    name, _, rule = line.partition(":")
    parts = [part for part in rule.split(";") if not part.upper().startswith(("COUNT=", "UNTIL="))]
    return f"{name}:{';'.join([*parts, f'UNTIL={stamp(last)}'])}"


def in_rule(event: Event, at: datetime) -> bool:
    """Whether the event's rule puts an instance at this moment (UTC)."""
    from dateutil.rrule import rrulestr

    local = at.astimezone(event.organizer.zone).replace(tzinfo=None)
    return bool(event.rrule) and local in rrulestr(event.rrule, dtstart=event.start)
