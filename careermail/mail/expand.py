"""What a calendar says about when: the instances of its events, with their exceptions (RFC 5545, 3.8.4.4, 3.8.5). Pure.

recurring-ical-events works out the rule. The rest is done here, since we must also hear of what does not take place (an
EXDATE, a cancelled exception), and of what was moved out of the window.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from typing import TYPE_CHECKING

from careermail.mail.vevent import (
    When,
    answers,
    excluded,
    instance_of,
    is_cancelled,
    is_opaque,
    is_range,
    is_timed,
    key,
    moment,
    naive,
    parts,
    recurs,
    span,
    starts,
    uid,
    uids,
)
from careermail.model import A_DAY, Occurrence, Status, stamp

if TYPE_CHECKING:
    from icalendar import Calendar
    from icalendar import Event as Component

    Ranges = list[tuple[datetime, Component]]

Window = tuple[datetime, datetime]


@dataclass(frozen=True)
class Instance:
    """One instance of an event, in UTC. `recurrence_id` is as in model.Occurrence; `declined` holds mail addresses."""

    uid: str
    recurrence_id: str
    original: datetime  # where the rule puts it
    start: datetime
    end: datetime
    cancelled: bool = False
    opaque: bool = True
    declined: frozenset[str] = frozenset()

    @property
    def status(self) -> Status:
        """What model.Occurrence calls it."""
        if self.cancelled:
            return "cancelled"
        return "declined" if self.declined else "confirmed"

    def occurrence(self) -> Occurrence:
        """The same, as the planner knows it."""
        return Occurrence(self.uid, self.recurrence_id, self.start, self.end, self.status)


def sessions(instances: Iterable[Instance], window: Window) -> list[Occurrence]:
    """Those that start in the window, or that the rule had put there, in order of their start."""
    first, last = window
    listed = (i for i in instances if first <= i.start < last or first <= i.original < last)
    return sorted((i.occurrence() for i in listed), key=lambda o: (o.start, o.uid, o.recurrence_id))


def expand(calendar: Calendar, window: Window, zone: tzinfo) -> list[Instance]:
    """Every instance whose original or present time touches the window (UTC), cancelled ones too, each exactly once.

    Times that name no zone, and days, are those of `zone`. Raises CalendarError where an event cannot be understood.
    """
    return [
        instance
        for name in uids(calendar)
        for instance in _instances(*parts(calendar, name), window, zone)
        if _touches(instance, window)
    ]


def _touches(instance: Instance, window: Window) -> bool:
    first, last = window
    overlaps = instance.start < last and max(instance.end, instance.start + timedelta.resolution) > first
    return overlaps or first <= instance.original < last


def originals(master: Component, window: Window) -> Iterator[When]:
    """Where rule and RDATEs put the instances that start in the window, EXDATEs included, as DTSTART is written."""
    if not recurs(master):
        yield starts(master)
        return
    import recurring_ical_events
    from icalendar import Event as Component

    bare = Component({name: master[name] for name in ("UID", "DTSTART", "RRULE", "RDATE") if name in master})
    yield from (starts(one) for one in recurring_ical_events.of(bare).between(*window))


def _instances(
    master: Component | None, exceptions: list[Component], window: Window, zone: tzinfo
) -> Iterator[Instance]:
    timed = master is None or is_timed(master)
    by_key = {key(when, zone, timed=timed): e for e in exceptions if (when := instance_of(e)) is not None}
    out: set[str] = set()
    if master is not None:
        out = excluded(master, zone)
        yield from _of_the_rule(master, by_key, window, zone)
    for name, event in by_key.items():  # those that the rule does not know, or that it puts outside of the window
        original = moment(instance_of(event) or starts(event), zone)
        yield _instance(event, master or event, original, span(event, zone), cancelled=name in out)


def _of_the_rule(master: Component, by_key: dict[str, Component], window: Window, zone: tzinfo) -> Iterator[Instance]:
    """What the rule brings; takes the exceptions that it meets out of `by_key`."""
    out, ranges = excluded(master, zone), ranges_of(by_key.values(), zone)
    for when in originals(master, _widened(window, [master, *(e for _, e in ranges)], zone)):
        original, names = moment(when, zone), {key(when, zone), f"{when:%Y%m%d}"}
        exception = next((by_key.pop(name) for name in names if name in by_key), None)
        if exception is not None and not names & out:
            yield _instance(exception, master, original, span(exception, zone))
        else:
            says = speaker(master, ranges, original)
            at = moment(when + shift(says), zone), span(says, zone)[1]
            yield _instance(says, master, original, at, cancelled=bool(names & out))


def ranges_of(exceptions: Iterable[Component], zone: tzinfo) -> Ranges:
    """The exceptions that speak for all that follows, and since when, in order."""
    found = [(moment(instance_of(e) or starts(e), zone), e) for e in exceptions if is_range(e)]
    return sorted(found, key=lambda each: each[0])


def speaker(master: Component, ranges: Ranges, original: datetime) -> Component:
    """The VEVENT that speaks for an instance without an exception of its own: the latest such range, or the master."""
    return next((e for since, e in reversed(ranges) if since <= original), master)


def _widened(window: Window, events: list[Component], zone: tzinfo) -> Window:
    """The window in which an original must start for its instance to touch `window`."""
    margin = A_DAY + max(span(event, zone)[1] + abs(shift(event)) for event in events)
    return window[0] - margin, window[1] + margin


def shift(event: Component) -> timedelta:
    """By how much an exception with RANGE=THISANDFUTURE moves what follows, on the wall clock (3.2.13)."""
    first, original = starts(event), instance_of(event) or starts(event)
    if isinstance(original, datetime) and isinstance(first, datetime) and original.tzinfo and first.tzinfo:
        original = original.astimezone(first.tzinfo)
    return naive(first) - naive(original)


def _instance(
    says: Component, master: Component, original: datetime, at: tuple[datetime, timedelta], *, cancelled: bool = False
) -> Instance:
    """`says` is the VEVENT that speaks for this instance; a cancelled master speaks for all."""
    return Instance(
        uid=uid(master),
        recurrence_id=stamp(original) if recurs(master) or instance_of(master) is not None else "",
        original=original,
        start=at[0],
        end=at[0] + at[1],
        cancelled=cancelled or is_cancelled(says) or is_cancelled(master),
        opaque=is_opaque(says),
        declined=frozenset(who for who, answer in answers(says).items() if answer == "DECLINED"),
    )
