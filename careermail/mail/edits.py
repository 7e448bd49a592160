"""The edits that calendars allow: one instance moved or cancelled, an event ended. Pure.

Each changes the calendar that it is given, and changes nothing the second time. Each raises the SEQUENCE of what it
changes, as RFC 5546 (2.1.4) asks.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, tzinfo
from typing import TYPE_CHECKING

from careermail.mail.expand import originals, ranges_of, shift, speaker
from careermail.mail.invite import number, set_time
from careermail.mail.vevent import (
    When,
    all_parts,
    excluded,
    instance_of,
    is_cancelled,
    is_range,
    is_timed,
    key,
    moment,
    parts,
    rdates,
    recurs,
    sequence,
    span,
    starts,
)
from careermail.model import A_DAY, stamp

if TYPE_CHECKING:
    from icalendar import Calendar
    from icalendar import Event as Component


def exception(calendar: Calendar, uid: str, recurrence_id: str, zone: tzinfo) -> Component:
    """The VEVENT that speaks for one instance alone: its exception, made if there is none; a single event itself.

    Raises LookupError where there is no such instance.
    """
    master, exceptions = parts(calendar, uid)
    if master is not None and not recurrence_id:
        return master
    for one in exceptions:
        if stamp(moment(instance_of(one) or starts(one), zone)) == recurrence_id:
            return one
    if master is None or (when := _original(master, recurrence_id, zone)) is None:
        raise LookupError(f"it has no session {recurrence_id}")
    made = _exception(speaker(master, ranges_of(exceptions, zone), moment(when, zone)), when)
    calendar.add_component(made)
    return made


def _original(master: Component, recurrence_id: str, zone: tzinfo) -> When | None:
    """Where the rule puts an instance, written as DTSTART is, so that every calendar program recognises it."""
    at = datetime.strptime(recurrence_id, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    near = originals(master, (at - A_DAY, at + A_DAY))
    return next((when for when in near if stamp(moment(when, zone)) == recurrence_id), None)


def _exception(says: Component, when: When) -> Component:
    one: Component = says.copy(recursive=True)
    for name in ("RRULE", "RDATE", "EXDATE", "RECURRENCE-ID"):
        one.pop(name, None)
    by = when + shift(says) - starts(says)
    one.DTSTART = starts(says) + by
    if "DTEND" in one:
        one.DTEND = one.DTEND + by
    one.RECURRENCE_ID = when
    return one


def move(calendar: Calendar, uid: str, recurrence_id: str, at: tuple[datetime, datetime], zone: tzinfo) -> None:
    """Let one instance stand elsewhere (`at`: start and end), revived if it was cancelled; all are asked anew."""
    one = exception(calendar, uid, recurrence_id, zone)
    start, length = at[0].astimezone(UTC), at[1] - at[0]
    revived = _revive(parts(calendar, uid)[0], one, zone)
    if span(one, zone) == (start, length) and not revived:
        return
    first = starts(one)
    own = first.tzinfo if isinstance(first, datetime) else None
    set_time(one, _writable(start, own or zone), length)
    for attendee in one.attendees:
        attendee.params["PARTSTAT"] = "NEEDS-ACTION"
    number(one, sequence(one) + 1)


def _writable(start: datetime, zone: tzinfo) -> datetime:
    """The moment in this zone; in UTC if the zone's clocks show it twice and it is the second (RFC 5545, 3.3.5)."""
    local = start.astimezone(zone)
    return start if local.fold else local


def _revive(master: Component | None, one: Component, zone: tzinfo) -> bool:
    """Let an instance take place after all; whether it was cancelled."""
    revived = is_cancelled(one)
    if revived:
        del one["STATUS"]
    when = instance_of(one)
    if master is not None and when is not None:
        kept = [date for date in master.exdates if _key(master, date, zone) != _key(master, when, zone)]
        revived = revived or len(kept) < len(master.exdates)
        _set_dates(master, "EXDATE", kept)
    return revived


def _key(master: Component, when: When, zone: tzinfo) -> str:
    return key(when, zone, timed=is_timed(master))


def _set_dates(master: Component, name: str, dates: list[When]) -> None:
    master.pop(name, None)
    for when in dates:
        master.add(name, when)


def cancel(calendar: Calendar, uid: str, recurrence_id: str, zone: tzinfo) -> None:
    """Cancel one instance: with an EXDATE, which every calendar program understands; a single event by its STATUS."""
    master, exceptions = parts(calendar, uid)
    when = _original(master, recurrence_id, zone) if master is not None and recurrence_id else None
    if master is None or when is None:
        _cancel(exception(calendar, uid, recurrence_id, zone))
        return
    if _key(master, when, zone) not in excluded(master, zone):
        _set_dates(master, "EXDATE", [*master.exdates, when])
        number(master, sequence(master) + 1)
    for one in exceptions:
        if _key(master, instance_of(one) or starts(one), zone) == _key(master, when, zone) and not is_range(one):
            calendar.subcomponents.remove(one)


def _cancel(one: Component) -> None:
    if not is_cancelled(one):
        one["STATUS"] = "CANCELLED"
        number(one, sequence(one) + 1)


def end(calendar: Calendar, uid: str, since: datetime | None, zone: tzinfo) -> None:
    """Cancel all that starts at `since` or later and leave what was before; with nothing before it, the whole event.

    A cancelled event keeps its file, so that it is seen to be cancelled.
    """
    master, exceptions = parts(calendar, uid)
    both = all_parts(calendar, uid)
    if since is None or master is None or min(span(one, zone)[0] for one in both) >= since:
        for one in both:
            _cancel(one)
    elif recurs(master):
        before = calendar.to_ical()
        _end_exceptions(calendar, master, exceptions, since, zone)
        _end_rule(master, since, zone)
        if calendar.to_ical() != before:
            number(master, sequence(master) + 1)


def _end_exceptions(
    calendar: Calendar, master: Component, exceptions: list[Component], since: datetime, zone: tzinfo
) -> None:
    for one in exceptions:
        if span(one, zone)[0] >= since:
            calendar.subcomponents.remove(one)
            when = instance_of(one) or starts(one)
            if moment(when, zone) < since:  # the rule would bring it back to where it stood
                _set_dates(master, "EXDATE", [*master.exdates, when])


def _end_rule(master: Component, since: datetime, zone: tzinfo) -> None:
    last = since - timedelta(seconds=1)
    for rule in master.rrules:
        if "COUNT" in rule:  # it may end by itself before `since`, and must not be drawn out
            of_rule = originals(master, (span(master, zone)[0] - A_DAY, since + A_DAY))
            last = max(at for when in of_rule if (at := moment(when, zone)) < since)
            del rule["COUNT"]
        until: When = last if is_timed(master) else last.astimezone(zone).date()
        rule["UNTIL"] = [min([until, *rule.get("UNTIL", [])], key=lambda when: moment(when, zone))]
    kept = [when for when in rdates(master) if moment(when, zone) < since]
    if len(kept) < len(rdates(master)):
        _set_dates(master, "RDATE", kept)
