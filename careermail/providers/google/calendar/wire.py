"""What an event says, as Google's API writes it (https://developers.google.com/workspace/calendar/api/v3/reference/events).

Pure. An event that recurs has instances, each with an id of its own, of which a cancelled one need say nothing but
what it is of.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, time, tzinfo
from typing import Any
from zoneinfo import ZoneInfo

from careermail.model import Occurrence, Status, opaque, resolve, stamp
from careermail.providers import Window

Wire = Mapping[str, Any]

NEVER = datetime.min.replace(tzinfo=UTC)
# Private properties: Google keeps them on the organizer's copy, and copies them where people split a series.
OURS, SERIES, UID = "careermail", "careermailSeries", "careermailUid"
GENERATION, REVISION = "careermailGeneration", "careermailRevision"


def event_id(uid: str, generation: int) -> str:
    """The id that we give to an event: of a to v and 0 to 9 alone. An id once used is never free again."""
    return opaque(f"{uid}/{generation}")


def private(item: Wire) -> Mapping[str, str]:
    """The properties that we gave it."""
    found: Mapping[str, str] = item.get("extendedProperties", {}).get("private", {})
    return found


def base(item: Wire) -> str:
    """The id of the event that an instance is of; an event's own."""
    found: str = item.get("recurringEventId") or item["id"]
    return found


def uid_of(item: Wire) -> str:
    """Our UID of the event that this is (an instance of); where people made it of one of ours, Google's id."""
    ours = private(item)
    uid, generation = ours.get(UID, ""), ours.get(GENERATION, "")
    return uid if generation.isdecimal() and event_id(uid, int(generation)) == base(item) else base(item)


def is_cancelled(item: Wire) -> bool:
    """Whether it was deleted."""
    return item.get("status") == "cancelled"


def recurs(item: Wire) -> bool:
    """Whether it has instances."""
    return "recurrence" in item


def moment(when: Wire, zone: tzinfo) -> datetime:
    """A start or an end as a moment in UTC; days are those of `zone`."""
    if "dateTime" not in when:
        return resolve(datetime.combine(date.fromisoformat(when["date"]), time()), zone)
    at = datetime.fromisoformat(when["dateTime"])
    return (at if at.tzinfo else resolve(at, ZoneInfo(when["timeZone"]))).astimezone(UTC)


def span(item: Wire, zone: tzinfo) -> Window:
    """When it takes place, in UTC."""
    return moment(item["start"], zone), moment(item["end"], zone)


def original(item: Wire, zone: tzinfo) -> datetime | None:
    """Where the rule puts an instance, in UTC, wherever it stands now; where a single event stands, if it says so."""
    when = item.get("originalStartTime") or item.get("start")
    return moment(when, zone) if when else None


def declined(item: Wire) -> frozenset[str]:
    """The addresses of the people who said no; a room that is taken is nobody's no."""
    asked = (a for a in item.get("attendees", ()) if not a.get("resource"))
    return frozenset(a.get("email", "").lower() for a in asked if a.get("responseStatus") == "declined")


# --- sessions ------------------------------------------------------------------------------------


def sessions(items: Sequence[Wire], uids: Mapping[str, str], window: Window, zone: tzinfo) -> dict[str, Occurrence]:
    """The occurrences among these that start in the window, or that the rule had put there, by Google's id.

    An event that was deleted and booked again is listed once, as it is now. What was cancelled is listed as a hole in a
    series that goes on after it, but not beyond the end of one that was cut short. `uids` are those of the events, by
    Google's id: an instance that was cancelled need not tell it.
    """
    last = _last(items, zone)
    found: dict[tuple[str, str], tuple[str, Occurrence]] = {}
    for item in sorted(items, key=is_cancelled, reverse=True):  # what stands takes the place of what was deleted
        at = original(item, zone)
        if at is None or (is_cancelled(item) and "originalStartTime" in item and at > last.get(base(item), NEVER)):
            continue
        one = _occurrence(item, uids.get(base(item), base(item)), at, zone)
        if any(window[0] <= start < window[1] for start in (one.start, at)):
            found[one.uid, one.recurrence_id] = (item["id"], one)
    return dict(sorted(found.values(), key=lambda each: (each[1].start, each[1].uid)))


def _last(items: Iterable[Wire], zone: tzinfo) -> dict[str, datetime]:
    """By event, where the rule puts the last instance that takes place."""
    last: dict[str, datetime] = {}
    for item in items:
        at = original(item, zone)
        if at is not None and not is_cancelled(item):
            last[base(item)] = max(last.get(base(item), at), at)
    return last


def _occurrence(item: Wire, uid: str, at: datetime, zone: tzinfo) -> Occurrence:
    start, end = span(item, zone) if "start" in item and "end" in item else (at, at)
    status: Status = "cancelled" if is_cancelled(item) else "declined" if declined(item) else "confirmed"
    return Occurrence(uid, stamp(at) if "originalStartTime" in item else "", start, end, status)
