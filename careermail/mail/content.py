"""What two copies of one event are compared by, whatever program wrote them and however it puts it. Pure."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from careermail.mail.vevent import (
    all_parts,
    excluded,
    instance_of,
    is_range,
    is_timed,
    key,
    moment,
    parts,
    rdates,
    span,
    starts,
)
from careermail.model import stamp

if TYPE_CHECKING:
    from icalendar import Calendar
    from icalendar import Event as Component

MASTER = ""  # the key of what is said of the event as a whole
_WORDS = ("SUMMARY", "DESCRIPTION", "LOCATION", "URL", "CONFERENCE")


def by_key(calendar: Calendar, uid: str) -> list[tuple[str, Component]]:
    """The VEVENTs of an event, each with what identifies its instance."""
    master, both = parts(calendar, uid)[0], all_parts(calendar, uid)
    return sorted(((key_of(one, master), one) for one in both), key=lambda each: each[0])


def key_of(one: Component, master: Component | None) -> str:
    """What identifies the instance that a VEVENT speaks for."""
    when = instance_of(one)
    return MASTER if when is None else key(when, UTC, timed=master is None or is_timed(master))


def schedule(one: Component) -> tuple[object, ...]:
    """When it takes place: all that, if it changes, people must be asked anew about; EXDATEs are the last but one."""
    start, length = span(one, UTC)
    first = starts(one)
    zone = str(first.tzinfo) if isinstance(first, datetime) and "RRULE" in one else ""
    rules = [sorted(rule.to_ical().decode().split(";")) for rule in one.rrules]
    extra = sorted(stamp(moment(when, UTC)) for when in rdates(one))
    return stamp(start), length.total_seconds(), zone, rules, extra, sorted(excluded(one, UTC)), is_range(one)


def wording(one: Component) -> tuple[str, ...]:
    """What it says beside that."""
    return tuple(str(one.get(name, "")) for name in _WORDS)
