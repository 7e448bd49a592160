"""Our events as iCalendar (RFC 5545) and back. Pure: nothing here reads or writes a file.

What is made here is what stands in a calendar, so it has no METHOD; a message to an attendee (RFC 5546) is the same
components under `METHOD:REQUEST` or `CANCEL`, which is one property more on what `build` returns.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, tzinfo
from typing import TYPE_CHECKING

from careermail.mail.vevent import (
    CalendarError,
    When,
    address,
    answers,
    is_cancelled,
    is_timed,
    parts,
    sequence,
    span,
    starts,
)
from careermail.mail.zones import timezone
from careermail.model import Event, Person

if TYPE_CHECKING:
    from icalendar import Calendar
    from icalendar import Event as Component

PRODID = "-//careermail//EN"
SERIES = "X-CAREERMAIL-SERIES"  # Series.marker

# Said anew by each `put`; whatever else a master holds was put there by people, and is kept.
OURS = ("UID", "DTSTART", "DTEND", "DURATION", "DTSTAMP", "SEQUENCE", "SUMMARY", "DESCRIPTION", "CLASS", "TRANSP",
        "STATUS", "ORGANIZER", "ATTENDEE", "RRULE", "RDATE", "EXDATE", SERIES)  # fmt: skip
_FIRST_STAMP = datetime(2000, 1, 1, tzinfo=UTC)


def build(event: Event) -> Calendar:
    """The event as a calendar of one VEVENT, as it stands with the organizer and with each attendee.

    A meeting takes up time and is private; an all-day reminder leaves its day free.
    """
    from icalendar import Calendar, vRecur
    from icalendar import Event as Component

    timed = isinstance(event.start, datetime)
    language = {"LANGUAGE": event.language}
    one = Component()
    one.add("UID", event.uid)
    set_time(one, _local(event.start, event.organizer.zone), timedelta(minutes=event.minutes))
    one.add("SUMMARY", event.summary, parameters=language)
    one.add("DESCRIPTION", event.description, parameters=language)
    one.add("CLASS", "PRIVATE")
    one.add("TRANSP", "OPAQUE" if timed else "TRANSPARENT")
    if event.rrule:
        one.add("RRULE", vRecur.from_ical(event.rrule))
    if event.marker:
        one.add(SERIES, event.marker)
    _invite(one, event)
    number(one, event.sequence)
    calendar = Calendar()
    calendar.add("PRODID", PRODID)
    calendar.add("VERSION", "2.0")
    calendar.add_component(one)
    return calendar


def _local(start: When, zone: tzinfo) -> When:
    return start.replace(tzinfo=zone) if isinstance(start, datetime) else start


def set_time(one: Component, start: When, length: timedelta) -> None:
    """Say when: with DURATION, which alone stays exact over a change of the clocks (RFC 5545, 3.8.2.5)."""
    one.pop("DTEND", None)
    one.DTSTART = start
    if isinstance(start, datetime):
        one.DURATION = length


def _invite(one: Component, event: Event) -> None:
    from icalendar import vCalAddress

    if not event.attendees:
        return
    one.add("ORGANIZER", vCalAddress.new(event.organizer.email, cn=event.organizer.name))
    for person in event.attendees:
        asked = vCalAddress.new(
            person.email, cn=person.name, role="REQ-PARTICIPANT", partstat="NEEDS-ACTION", rsvp=True
        )
        one.add("ATTENDEE", asked)


def number(one: Component, revision: int) -> None:
    """Number a revision. DTSTAMP follows from it and not from a clock.

    So the same event is the same text, which can be compared and written again after a crash; and a later revision has
    a later stamp, by which readers order them (RFC 5546, 2.1.5).
    """
    one.sequence = revision
    one.DTSTAMP = _FIRST_STAMP + timedelta(seconds=revision)


def text(calendar: Calendar) -> bytes:
    """The calendar as a file or a message holds it, with the VTIMEZONE of each zone that it names."""
    for name in sorted(calendar.get_missing_tzids()):
        if zone := timezone(name, min(starts(one).year for one in calendar.events if "DTSTART" in one)):
            calendar.subcomponents.insert(0, zone)
    return bytes(calendar.to_ical())


def parse(content: bytes) -> Calendar:
    """The calendar in a file. Raises CalendarError where it is none, or not a whole one."""
    from icalendar import Calendar

    try:
        return Calendar.from_ical(content)
    except (ValueError, KeyError, IndexError, AttributeError, TypeError):
        # Broken files break the library in more ways than ValueError; and its words would quote what people wrote.
        raise CalendarError("no calendar, or cut short") from None


def read(calendar: Calendar, uid: str, organizer: Person) -> Event | None:
    """Our event of that UID as it stands; None where there is none or it was cancelled. Attendees lack their zone."""
    master, _ = parts(calendar, uid)
    if master is None or is_cancelled(master):
        return None
    start, length = span(master, organizer.zone)
    return Event(
        uid=uid,
        organizer=organizer,
        attendees=tuple(Person(str(a.params.get("CN", address(a))), address(a)) for a in master.attendees),
        summary=str(master.get("SUMMARY", "")),
        description=str(master.get("DESCRIPTION", "")),
        start=start.astimezone(organizer.zone).replace(tzinfo=None) if is_timed(master) else starts(master),
        minutes=int(length.total_seconds()) // 60 if is_timed(master) else Event.minutes,
        rrule=_rule(master),
        sequence=sequence(master),
        marker=str(master.get(SERIES, "")),
        language=str(master["SUMMARY"].params.get("LANGUAGE", "en")) if "SUMMARY" in master else "en",
    )


def _rule(master: Component) -> str:
    return "\n".join(rule.to_ical().decode() for rule in master.rrules)


def spliced(held: Calendar | None, fresh: Calendar, uid: str) -> Calendar:
    """A file's calendar in which the event of that UID is the one in `fresh`; what else the file holds stays."""
    base = held if held is not None else fresh
    calendar = base.copy()
    calendar.subcomponents = [one for one in base.subcomponents if one.name != "VEVENT" or one.uid != uid]
    named = {zone.tz_name for zone in calendar.timezones}
    calendar.subcomponents += [zone for zone in fresh.timezones if zone.tz_name not in named]
    calendar.subcomponents += [one for one in fresh.events if one.uid == uid]
    return calendar


def revise(held: Calendar, event: Event) -> Calendar:
    """What stands in a calendar, brought to what the event now wants.

    Properties and alarms that people added to the master are kept. Exceptions and answers are kept while start and rule
    stay the same, and then take on the event's length; otherwise nothing is left that they could be about.
    """
    old, exceptions = parts(held, event.uid)
    fresh = build(event)
    one = fresh.events[0]
    if old is None:
        return fresh
    same = _same_times(old, one, event.organizer.zone) and not is_cancelled(old)
    number(one, max(event.sequence, sequence(old) + (0 if same else 1)))
    for name, value in old.items():
        if name not in OURS or (same and name in ("RDATE", "EXDATE")):
            one[name] = value
    one.subcomponents.extend(old.subcomponents)
    if same:
        _keep_answers(one, old)
        for exception in exceptions:
            _follow_length(exception, old, one, event.organizer.zone)
            fresh.add_component(exception)
    return fresh


def _same_times(old: Component, new: Component, zone: tzinfo) -> bool:
    return span(old, zone)[0] == span(new, zone)[0] and _rule(old) == _rule(new)


def _keep_answers(new: Component, old: Component) -> None:
    given = answers(old)
    for attendee in new.attendees:
        attendee.params["PARTSTAT"] = given.get(address(attendee), "NEEDS-ACTION")


def _follow_length(exception: Component, old: Component, new: Component, zone: tzinfo) -> None:
    if span(old, zone)[1] != span(new, zone)[1] and is_timed(exception):
        set_time(exception, starts(exception), span(new, zone)[1])
        number(exception, max(sequence(exception) + 1, sequence(new)))
