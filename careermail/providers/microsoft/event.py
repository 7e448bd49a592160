"""Our events as Graph takes them (https://learn.microsoft.com/graph/api/resources/event). Pure."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

from careermail.model import A_DAY, Event, Person, opaque
from careermail.providers.microsoft.graph import Json
from careermail.providers.microsoft.marks import SERIES, UID, Notes
from careermail.providers.shelf.patterns import DAYS, LAST, Pattern, begins, pattern

REMINDED = 15  # minutes before a session; what is due on a day is mailed, and rings no bell at midnight
WEEK = dict(zip(DAYS, ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"), strict=True))
INDEX = {1: "first", 2: "second", 3: "third", 4: "fourth", LAST: "last"}


def made(event: Event) -> Json:
    """What creates an event; Graph tells its attendees. Raises ValueError where Outlook cannot recur like that."""
    timed = isinstance(event.start, datetime)
    notes = noted(event, opaque(f"{event.uid}/{event.sequence}"))
    marks = {UID: event.uid, **({SERIES: event.marker} if event.marker else {})}
    return {
        **words(event),
        **times(event),
        "isAllDay": not timed,
        "showAs": "busy" if timed else "free",
        "sensitivity": "private",
        "isReminderOn": timed,
        **({"reminderMinutesBeforeStart": REMINDED} if timed else {}),
        "attendees": [attendee(person) for person in event.attendees],
        "responseRequested": True,
        "allowNewTimeProposals": True,
        "transactionId": notes.transaction,
        "singleValueExtendedProperties": [*({"id": n, "value": v} for n, v in marks.items()), notes.property()],
    }


def noted(event: Event, transaction: str) -> Notes:
    """The notes on an event that was made by this transaction."""
    return Notes(transaction, event.sequence, event.language, opaque(f"{event.summary}\n{event.description}"))


def renoted(held: Mapping[str, Any], event: Event) -> Notes:
    """The notes on an event that stands, once it is what is wanted now."""
    before = Notes.of(held)
    return replace(noted(event, before.transaction), sequence=max(event.sequence, before.sequence))


def words(event: Event) -> Json:
    """Title and description."""
    return {"subject": event.summary, "body": {"contentType": "text", "content": event.description}}


def times(event: Event) -> Json:
    """Start, end and recurrence, on the organizer's clock. Raises ValueError where Outlook cannot recur like that."""
    zone = windows(event.organizer.timezone)
    if not isinstance(event.start, datetime):
        midnight = datetime.combine(event.start, datetime.min.time())
        return {"start": _local(midnight, zone), "end": _local(midnight + A_DAY, zone)}
    start = begins(event.rrule, event.start) if event.rrule else event.start
    recurs = {"recurrence": recurrence(pattern(event.rrule, start), start.date())} if event.rrule else {}
    return {"start": _local(start, zone), "end": _local(start + timedelta(minutes=event.minutes), zone), **recurs}


def at(start: datetime, end: datetime) -> Json:
    """Two moments (UTC), from when to when."""
    return {"start": _utc(start), "end": _utc(end)}


def _utc(moment: datetime) -> Json:
    return _local(moment.astimezone(UTC).replace(tzinfo=None), "UTC")


def _local(naive: datetime, zone: str) -> Json:
    return {"dateTime": naive.isoformat(timespec="seconds"), "timeZone": zone}


def windows(zone: str) -> str:
    """What Windows calls a time zone of IANA's; the same name where it has none, which Graph may know all the same."""
    from tzlocal.windows_tz import tz_win

    return str(tz_win.get(zone, zone))


def recurrence(one: Pattern, start: date) -> Json:
    """A patternedRecurrence without end."""
    fields: Json = {"type": one.kind, "interval": one.interval}
    if one.days:
        fields["daysOfWeek"] = [WEEK[day] for day in one.days]
    if one.kind == "weekly":
        fields["firstDayOfWeek"] = WEEK[one.week_start]
    if one.nth:
        fields["index"] = INDEX[one.nth]
    if one.day:
        fields["dayOfMonth"] = one.day
    if one.month:
        fields["month"] = one.month
    return {"pattern": fields, "range": {"type": "noEnd", "startDate": start.isoformat()}}


def attendee(person: Person) -> Json:
    """Somebody who is asked."""
    return {"emailAddress": {"address": person.email, "name": person.name}, "type": "required"}
