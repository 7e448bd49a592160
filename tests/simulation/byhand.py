"""What people do to .ics files with their calendar programs: whole files, replaced at once, as such programs do."""

import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
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


@contextmanager
def edited(path: Path) -> Iterator[Calendar]:
    """The calendar in a file, saved when done with."""
    calendar = Calendar.from_ical(path.read_bytes())
    yield calendar
    save(path, calendar)


def master(calendar: Calendar) -> Event:
    """The event itself, beside its exceptions."""
    return next(event for event in calendar.events if "RECURRENCE-ID" not in event)


def masters(folder: Path, marker: str) -> list[tuple[Path, Event]]:
    """The recurring events of a series in somebody's calendar that still come round, each with its file."""
    found: list[tuple[Path, Event]] = []
    for path in sorted(folder.glob("[!.]*.ics")):
        events = Calendar.from_ical(path.read_bytes()).events
        found += [(path, e) for e in events if e.get(SERIES) == marker and "RRULE" in e and e.get("STATUS") is None]
    return found


def planned(event: Event, after: datetime) -> datetime:
    """Where the event's rule puts its first session after a moment, in the zone of its DTSTART."""
    start = event.DTSTART
    rule = event.rrules[0].to_ical().decode().partition(";UNTIL")[0]
    local = rrulestr(rule, dtstart=start.replace(tzinfo=None)).after(_naive(after, start))
    return local.replace(tzinfo=start.tzinfo)


def _naive(moment: datetime, like: datetime) -> datetime:
    return moment.astimezone(like.tzinfo).replace(tzinfo=None)


def instance(calendar: Calendar, original: datetime) -> Event:
    """The exception for one session, made if there is none; a single event itself."""
    whole = master(calendar)
    if "RRULE" not in whole:
        return whole
    exceptions = (e for e in calendar.events if "RECURRENCE-ID" in e and original == e.RECURRENCE_ID)
    if (one := next(exceptions, None)) is None:
        one = whole.copy(recursive=True)
        del one["RRULE"]
        one.pop("EXDATE", None)
        one.DTSTART = one.RECURRENCE_ID = original.astimezone(whole.DTSTART.tzinfo)
        calendar.add_component(one)
    return one


def change_one(folder: Path, marker: str, after: datetime, change: Callable[[Event], None]) -> None:
    """Change the session that the rule puts first after a moment, and no other."""
    path, event = masters(folder, marker)[0]
    with edited(path) as calendar:
        change(instance(calendar, planned(event, after)))


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


def strike_out(path: Path, original: datetime) -> None:
    """Delete one session, as programs do: with an EXDATE, and without the exception that it may have had."""
    with edited(path) as calendar:
        event = master(calendar)
        if "RRULE" not in event:
            event["STATUS"] = "CANCELLED"
        elif original not in event.exdates:
            event.add("EXDATE", original.astimezone(event.DTSTART.tzinfo))
        _leave_out(calendar, lambda at: at == original)


def _leave_out(calendar: Calendar, which: Callable[[datetime], bool]) -> None:
    gone = [e for e in calendar.events if "RECURRENCE-ID" in e and which(e.RECURRENCE_ID)]
    calendar.subcomponents = [one for one in calendar.subcomponents if not any(one is e for e in gone)]


def end_before(path: Path, original: datetime) -> None:
    """Delete this session and all that follow."""
    with edited(path) as calendar:
        master(calendar)["RRULE"]["UNTIL"] = [original.astimezone(UTC) - timedelta(seconds=1)]
        _leave_out(calendar, lambda at: at >= original)


def shift(path: Path, by: timedelta) -> None:
    """Drag the whole series to another hour; single changes are lost."""
    with edited(path) as calendar:
        _restart(calendar, master(calendar).DTSTART + by, by)


def _restart(calendar: Calendar, start: datetime, by: timedelta) -> None:
    event = master(calendar)
    event.DTSTART = start
    event.pop("EXDATE", None)
    if until := event["RRULE"].get("UNTIL"):
        event["RRULE"]["UNTIL"] = [until[0] + by]
    _leave_out(calendar, lambda _: True)


def split(path: Path, original: datetime, by: timedelta) -> None:
    """Drag this session and all that follow: the series ends, and another begins under a new UID."""
    following = Calendar.from_ical(path.read_bytes())
    end_before(path, original)
    event = master(following)
    event["UID"] = f"{event['UID']}_{original:%Y%m%dT%H%M%S}"
    _restart(following, original.astimezone(event.DTSTART.tzinfo) + by, by)
    save(path.with_name(f"{path.stem}_{original:%Y%m%dT%H%M%S}.ics"), following)


def occupy(folder: Path, name: str, start: datetime, length: timedelta) -> None:
    """Put something of one's own into the calendar."""
    event = Event()
    event.add("UID", f"{name}@elsewhere.example")
    event.add("SUMMARY", name)
    event.add("DTSTAMP", datetime(2027, 1, 1, tzinfo=UTC))
    event.DTSTART = start
    event.DURATION = length
    calendar = Calendar()
    calendar.add("PRODID", "-//elsewhere//EN")
    calendar.add("VERSION", "2.0")
    calendar.add_component(event)
    save(folder / f"{name}.ics", calendar)
