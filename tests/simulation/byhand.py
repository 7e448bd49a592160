"""What people do to .ics files with their calendar programs: whole files, replaced at once, as such programs do."""

import os
import tempfile
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from dateutil.rrule import rrulestr
from icalendar import Calendar, Event

SERIES = "X-CAREERMAIL-SERIES"


def save(path: Path, calendar: Calendar) -> None:
    """Replace the file in one step; readers see the old text or the new one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=".program-")
    with os.fdopen(handle, "wb") as file:
        file.write(calendar.to_ical())
    Path(temporary).replace(path)


def masters(folder: Path, marker: str) -> list[tuple[Path, Event]]:
    """The recurring events of a series in somebody's calendar that still come round, each with its file."""
    found: list[tuple[Path, Event]] = []
    for path in sorted(folder.glob("[!.]*.ics")):
        events = Calendar.from_ical(path.read_bytes()).events
        found += [(path, e) for e in events if e.get(SERIES) == marker and "RRULE" in e and not _is_cancelled(e)]
    return found


def _is_cancelled(event: Event) -> bool:
    return event.get("STATUS") == "CANCELLED"


def planned(event: Event, after: datetime) -> datetime:
    """Where the event's rule puts its first session after a moment, in the zone of its DTSTART."""
    start = event.DTSTART
    rule = event.rrules[0].to_ical().decode()
    local = rrulestr(rule.partition(";UNTIL")[0], dtstart=start.replace(tzinfo=None)).after(
        after.astimezone(start.tzinfo).replace(tzinfo=None)
    )
    return local.replace(tzinfo=start.tzinfo)


def change_one(folder: Path, marker: str, after: datetime, change: Callable[[Event], None]) -> None:
    """Change the session that the rule puts first after a moment, and no other: an exception, made if there is none."""
    path, master = masters(folder, marker)[0]
    calendar, original = Calendar.from_ical(path.read_bytes()), planned(master, after)
    exceptions = (e for e in calendar.events if "RECURRENCE-ID" in e and original == e.RECURRENCE_ID)
    one = next(exceptions, None)
    if one is None:
        one = master.copy(recursive=True)
        del one["RRULE"]
        one.pop("EXDATE", None)
        one.DTSTART = original
        one.RECURRENCE_ID = original
        calendar.add_component(one)
    change(one)
    save(path, calendar)


def moved_to(start: datetime) -> Callable[[Event], None]:
    """A change: the session starts at another moment."""

    def change(event: Event) -> None:
        event.DTSTART = start.astimezone(event.DTSTART.tzinfo)

    return change


def declined_by(address: str) -> Callable[[Event], None]:
    """A change: the attendee says no."""

    def change(event: Event) -> None:
        for attendee in event.attendees:
            if attendee.lower() == f"mailto:{address}":
                attendee.params["PARTSTAT"] = "DECLINED"

    return change


def strike_out(folder: Path, marker: str, after: datetime) -> None:
    """Delete the session that the rule puts first after a moment, as programs do: with an EXDATE."""
    path, master = masters(folder, marker)[0]
    calendar, original = Calendar.from_ical(path.read_bytes()), planned(master, after)
    for event in calendar.events:
        if "RRULE" in event and original not in event.exdates:
            event.add("EXDATE", original)
    save(path, calendar)


def occupy(folder: Path, name: str, start: datetime, hours: float) -> None:
    """Put something of one's own into the calendar."""
    event = Event()
    event.add("UID", f"{name}@elsewhere.example")
    event.add("SUMMARY", name)
    event.add("DTSTAMP", datetime(2027, 1, 1, tzinfo=UTC))
    event.DTSTART = start
    event.DURATION = timedelta(hours=hours)
    calendar = Calendar()
    calendar.add("PRODID", "-//elsewhere//EN")
    calendar.add("VERSION", "2.0")
    calendar.add_component(event)
    save(folder / f"{name}.ics", calendar)
