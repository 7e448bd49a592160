"""What one VEVENT says, read leniently: calendars are written by many programs, and by hand (RFC 5545). Pure."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta, tzinfo
from typing import TYPE_CHECKING, Any

from careermail.model import A_DAY, resolve, stamp

if TYPE_CHECKING:
    from icalendar import Calendar
    from icalendar import Event as Component

When = date | datetime
WHEN = ("DTSTART", "DTEND", "DURATION", "RRULE", "RDATE", "EXDATE", "RECURRENCE-ID")
TOO_OFTEN = ("SECONDLY", "MINUTELY")  # expanding such a rule over years would take hours


class CalendarError(ValueError):
    """A calendar says something that cannot be read; put in our words, which quote nothing but dates and rules."""


def uids(calendar: Calendar) -> list[str]:
    """The UIDs of a calendar's events, in order of appearance."""
    return list(dict.fromkeys(uid(event) for event in calendar.events))


def uid(event: Component) -> str:
    """The event that a VEVENT belongs to."""
    return str(event.get("UID", ""))


def parts(calendar: Calendar, name: str) -> tuple[Component | None, list[Component]]:
    """The master of the event of that UID, and its exceptions; where one stands twice, the higher SEQUENCE counts.

    Raises CalendarError where one of them says when in a way that cannot be read.
    """
    revisions: dict[When | None, Component] = {}
    for event in calendar.events:
        if uid(event) == name:
            _check(event)
            revisions[instance_of(event)] = max(revisions.get(instance_of(event), event), event, key=sequence)
    return revisions.pop(None, None), list(revisions.values())


def all_parts(calendar: Calendar, name: str) -> list[Component]:
    """The same as one list."""
    master, exceptions = parts(calendar, name)
    return [*([master] if master is not None else []), *exceptions]


def _check(event: Component) -> None:
    wrong = [f"{name}: {message}" for name, message in event.errors if name in WHEN]
    if "DTSTART" not in event:
        wrong.append("DTSTART is missing")
    if not wrong and any(frequency in TOO_OFTEN for rule in event.rrules for frequency in rule.get("FREQ", [])):
        wrong.append("RRULE repeats every minute or second")
    if wrong:
        raise CalendarError("; ".join(wrong))


def sequence(event: Component) -> int:
    """The number of its revision (3.8.7.4)."""
    return int(_value(event, "SEQUENCE", 0))


def _value(event: Component, name: str, default: Any = None) -> Any:
    return event.get(name, default)


def starts(event: Component) -> When:
    """DTSTART as it is written."""
    when: When = _value(event, "DTSTART").dt
    return when


def instance_of(event: Component) -> When | None:
    """RECURRENCE-ID as it is written; None for a master."""
    held = _value(event, "RECURRENCE-ID")
    return held.dt if held is not None else None


def is_range(event: Component) -> bool:
    """Whether an exception speaks for all that follows too (3.2.13)."""
    held = _value(event, "RECURRENCE-ID")
    return held is not None and str(held.params.get("RANGE", "")).upper() == "THISANDFUTURE"


def moment(when: When, zone: tzinfo) -> datetime:
    """A DTSTART, RECURRENCE-ID and the like as a moment in UTC; days and floating times are those of `zone`."""
    own = when.tzinfo if isinstance(when, datetime) else None
    return resolve(naive(when), own or zone)


def naive(when: When) -> datetime:
    """What a clock on the wall shows; midnight for a day."""
    return when.replace(tzinfo=None) if isinstance(when, datetime) else datetime.combine(when, time())


def span(event: Component, zone: tzinfo) -> tuple[datetime, timedelta]:
    """When a VEVENT starts, in UTC, and its exact length (3.6.1: where none is given, no time, or one day)."""
    start = moment(starts(event), zone)
    if "DTEND" in event:
        return start, max(moment(_value(event, "DTEND").dt, zone) - start, timedelta())
    if "DURATION" in event:
        return start, _value(event, "DURATION").dt
    return start, timedelta() if is_timed(event) else A_DAY


def is_timed(event: Component) -> bool:
    """Whether it takes place at an hour, not all day."""
    return isinstance(starts(event), datetime)


def recurs(master: Component) -> bool:
    """Whether there can be more than one instance."""
    return "RRULE" in master or "RDATE" in master


def is_cancelled(event: Component) -> bool:
    """Whether STATUS says so, in whatever case it is written."""
    return str(event.get("STATUS", "")).upper() == "CANCELLED"


def is_opaque(event: Component) -> bool:
    """Whether it takes up time (3.8.2.7)."""
    return str(event.get("TRANSP", "OPAQUE")).upper() != "TRANSPARENT"


def address(calendar_address: Any) -> str:
    """The mail address in an ORGANIZER or ATTENDEE, in lower case."""
    return str(calendar_address).lower().removeprefix("mailto:")


def organizer(event: Component) -> str:
    """The organizer's mail address, "" where there is none."""
    return address(event.get("ORGANIZER", ""))


def answers(event: Component) -> dict[str, str]:
    """The PARTSTAT of each attendee by mail address (3.2.12)."""
    return {address(a): str(a.params.get("PARTSTAT", "NEEDS-ACTION")).upper() for a in event.attendees}


def key(when: When, zone: tzinfo, *, timed: bool = True) -> str:
    """What identifies an instance: its original start in UTC; or the bare day, where a timed one is named by that."""
    if timed and not isinstance(when, datetime):
        return f"{when:%Y%m%d}"
    return stamp(moment(when, zone))


def excluded(master: Component, zone: tzinfo) -> set[str]:
    """The keys of the instances that EXDATE takes out."""
    return {key(when, zone, timed=is_timed(master)) for when in master.exdates}


def rdates(master: Component) -> list[When]:
    """The starts that RDATE adds, without the ends that it may give."""
    return [first for first, _ in master.rdates]
