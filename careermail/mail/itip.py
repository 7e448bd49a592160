"""What an attendee must be told of an event, as iTIP (RFC 5546). Pure: calendars in, calendars out.

A *told copy* is an event as an attendee knows it from our messages: what was said to them, applied as their own
calendar program does, and their answers. What stands with the organizer is compared with it by what it means; so the
same change is never told twice, whoever made it and however it is written. SEQUENCE counts what this attendee was told
and is not the organizer's own, because people's programs change events without raising it.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC
from typing import TYPE_CHECKING, Literal

from careermail.mail import edits
from careermail.mail.content import MASTER, schedule, wording
from careermail.mail.invite import PRODID, SERIES, number
from careermail.mail.rsvp import rsvp
from careermail.mail.vevent import (
    all_parts,
    answers,
    excluded,
    instance_of,
    is_cancelled,
    is_opaque,
    is_range,
    moment,
    organizer,
    parts,
    sequence,
)
from careermail.model import stamp

if TYPE_CHECKING:
    from icalendar import Calendar
    from icalendar import Event as Component

__all__ = ["Change", "brought", "changes", "is_news", "message", "public", "rsvp"]

REVISION = "X-CAREERMAIL-REVISION"  # of a told copy: the highest SEQUENCE that was sent
ASKED = "X-CAREERMAIL-ASKED"  # of a VEVENT in one: the SEQUENCE under which its present times were first sent
ANSWERED = "X-CAREERMAIL-ANSWERED"  # the DTSTAMP of the answer that it holds
OURS_ALONE = (ASKED, ANSWERED, SERIES)

# What is said to attendees: an organizer's copy may hold alarms and notes that are nobody else's.
_PUBLIC = ("UID", "RECURRENCE-ID", "DTSTAMP", "SEQUENCE", "DTSTART", "DTEND", "DURATION", "RRULE", "RDATE", "EXDATE",
           "SUMMARY", "DESCRIPTION", "LOCATION", "URL", "CONFERENCE", "CLASS", "TRANSP", "STATUS", "ORGANIZER",
           "ATTENDEE", SERIES)  # fmt: skip
_EXDATES = 5  # where schedule() has them
_AT_ONCE = 2  # instances that are told of one by one; of more, the event as a whole tells better


@dataclass(frozen=True)
class Change:
    """One thing to be told; `recurrence_id` as model.Occurrence has it, "" for all of the event."""

    method: Literal["REQUEST", "CANCEL"]
    recurrence_id: str = MASTER


def public(ours: Calendar, uid: str, chair: str) -> Calendar:
    """The event as attendees may see it, organized by the address `chair`: that is where their programs answer to."""
    from icalendar import vCalAddress

    calendar = _calendar()
    for one in all_parts(ours, uid):
        said = one.copy(recursive=True)
        said.subcomponents = []
        for name in set(said) - set(_PUBLIC):
            del said[name]
        if "ORGANIZER" in said:
            said["ORGANIZER"] = vCalAddress.new(chair, cn=str(said["ORGANIZER"].params.get("CN", "")) or organizer(one))
        calendar.add_component(said)
    _take_out_cancelled(calendar, uid)
    return calendar


def _take_out_cancelled(calendar: Calendar, uid: str) -> None:
    """Say with an EXDATE what an exception's STATUS says: no REQUEST may hold what is cancelled (RFC 5546, 3.2.2)."""
    master, exceptions = parts(calendar, uid)
    for one in exceptions if master is not None and not is_cancelled(master) else ():
        if is_cancelled(one) and not is_range(one):
            with suppress(LookupError):  # the rule knows no such instance any more
                edits.cancel(calendar, uid, name_of(one), UTC)


def _calendar() -> Calendar:
    from icalendar import Calendar

    calendar = Calendar()
    calendar.add("PRODID", PRODID)
    calendar.add("VERSION", "2.0")
    calendar.add("CALSCALE", "GREGORIAN")
    return calendar


def is_over(calendar: Calendar, uid: str) -> bool:
    """Whether nothing of the event is left."""
    master, exceptions = parts(calendar, uid)
    return is_cancelled(master) if master is not None else all(map(is_cancelled, exceptions))


def changes(told: Calendar | None, now: Calendar, uid: str) -> list[Change]:
    """What an attendee who was told this (None: nothing yet) must hear of what stands now.

    The end of a series is a REQUEST with its rule cut short: a CANCEL for "this and following" (RFC 5546, 3.2.5) is
    one that few calendar programs understand.
    """
    if is_over(now, uid):
        return [] if told is None or is_over(told, uid) else [Change("CANCEL")]
    if told is None or is_over(told, uid) or _differ(told, now, uid):
        return [Change("REQUEST")]
    each = [change for name in sorted(_named(told, now, uid)) if (change := _change(told, now, uid, name))]
    return each if len(each) <= _AT_ONCE else [Change("REQUEST")]


def _differ(told: Calendar, now: Calendar, uid: str) -> bool:
    """Whether more has changed than single instances."""
    (before, _), (after, exceptions) = parts(told, uid), parts(now, uid)
    if before is None or after is None:
        return (before is None) != (after is None)
    out, still_out = excluded(before, UTC), excluded(after, UTC)
    by_day = {name for name in out ^ still_out if len(name) == len("20270413")}  # which instance, no message could say
    ranges = {name_of(one) for one in exceptions if is_range(one)}
    said = _said(before) != _said(after)
    return said or bool(out - still_out or by_day) or any(_change(told, now, uid, name) for name in ranges)


def _said(one: Component) -> tuple[object, ...]:
    times = schedule(one)
    return (*times[:_EXDATES], *times[_EXDATES + 1 :], wording(one), is_opaque(one), str(one.get("CLASS", "")))


def name_of(one: Component) -> str:
    """As model.Occurrence.recurrence_id."""
    when = instance_of(one)
    return MASTER if when is None else stamp(moment(when, UTC))


def _named(told: Calendar, now: Calendar, uid: str) -> set[str]:
    """The instances that either speaks of."""
    (before, known), (after, exceptions) = parts(told, uid), parts(now, uid)
    out = excluded(after, UTC) if after is not None else set()
    gone = out - (excluded(before, UTC) if before is not None else set())
    return {name_of(one) for one in (*known, *exceptions)} | gone


def _change(told: Calendar, now: Calendar, uid: str, name: str) -> Change | None:
    before, after = instance(told, uid, name), instance(now, uid, name)
    if after is None:
        return Change("CANCEL", name) if before is not None else None
    return Change("REQUEST", name) if before is None or _said(before) != _said(after) else None


def instance(calendar: Calendar, uid: str, name: str) -> Component | None:
    """What is said of one instance, by its exception or by the master; None if it does not take place. To be read."""
    master, _ = parts(calendar, uid)
    if master is not None and name in excluded(master, UTC):
        return None
    view = calendar.copy()  # without its parts: what is made for this one instance is to stand in no calendar
    view.subcomponents = list(calendar.events)
    try:
        one = edits.exception(view, uid, name, UTC)
    except LookupError:
        return None
    return None if is_cancelled(one) else one


def brought(told: Calendar | None, now: Calendar, uid: str, change: Change) -> Calendar:
    """The told copy, once this change was told."""
    revision = max([sequence(one) for one in all_parts(now, uid)] + ([_revision(told) + 1] if told is not None else []))
    if told is None or change == Change("REQUEST"):
        copy = _anew(told, now, uid, revision)
    else:
        copy = told.copy(recursive=True)
        _apply(copy, now, uid, change, revision)
    copy[REVISION] = str(revision)
    return copy


def _revision(told: Calendar) -> int:
    return int(str(told.get(REVISION, 0)))


def _anew(told: Calendar | None, now: Calendar, uid: str, revision: int) -> Calendar:
    copy = now.copy(recursive=True)
    for one in all_parts(copy, uid):
        _number(one, before(told, uid, one), revision)
    return copy


def before(told: Calendar | None, uid: str, one: Component) -> Component | None:
    """What the attendee was told of it up to now."""
    if told is None or is_over(told, uid):
        return None
    return instance(told, uid, name_of(one)) if instance_of(one) is not None else parts(told, uid)[0]


def _number(one: Component, before: Component | None, revision: int) -> None:
    """Number what is sent; while its times stay the same, answers to what was sent before are still answers."""
    same = before is not None and asked_times(before) == asked_times(one)
    number(one, revision)
    one[ASKED] = str(before.get(ASKED, revision)) if same and before is not None else str(revision)
    one.pop(ANSWERED, None)
    if same and before is not None and ANSWERED in before:
        one[ANSWERED] = before[ANSWERED]


def asked_times(one: Component) -> tuple[object, ...]:
    """What an answer is about: the hour and the rule. Neither the length, nor EXDATEs, each a message of its own."""
    start, _, zone, rules, extra, *_ = schedule(one)
    return start, zone, rules, extra


def _apply(copy: Calendar, now: Calendar, uid: str, change: Change, revision: int) -> None:
    """What the attendee's own program does with a message."""
    if change == Change("CANCEL"):
        for one in all_parts(copy, uid):
            one["STATUS"] = "CANCELLED"
            number(one, revision)
    elif change.method == "CANCEL":
        edits.cancel(copy, uid, change.recurrence_id, UTC)
    elif (said := instance(now, uid, change.recurrence_id)) is not None:
        fresh = said.copy(recursive=True)
        _number(fresh, instance(copy, uid, change.recurrence_id), revision)
        old = next((each for each in all_parts(copy, uid) if name_of(each) == name_of(fresh)), None)
        copy.subcomponents = [each for each in copy.subcomponents if each is not old]
        copy.add_component(fresh)


def message(told: Calendar | None, copy: Calendar, uid: str, change: Change) -> Calendar:
    """The iTIP message of one change that leads from `told` to `copy`, itself a told copy."""
    calendar = _calendar()
    calendar.add("METHOD", change.method)
    for one in _sent(told, copy, uid, change):
        said = one.copy(recursive=True)
        for name in OURS_ALONE:
            said.pop(name, None)
        if change.method == "CANCEL":
            said["STATUS"] = "CANCELLED"
            number(said, _revision(copy))
        calendar.add_component(said)
    return calendar


def _sent(told: Calendar | None, copy: Calendar, uid: str, change: Change) -> list[Component]:
    both = all_parts(copy, uid)
    if change.recurrence_id == MASTER:
        return both if change.method == "REQUEST" else both[:1]
    held = told if change.method == "CANCEL" and told is not None else copy
    one = instance(held, uid, change.recurrence_id)
    return [one] if one is not None else []


def is_news(told: Calendar | None, copy: Calendar, uid: str, change: Change, who: str) -> bool:
    """Whether the attendee cares: not where they declined it, and it is cancelled or they are asked nothing new."""
    held = told if change.method == "CANCEL" and told is not None else copy
    both = _sent(told, copy, uid, change) if change.recurrence_id else all_parts(held, uid)
    return any(answers(one).get(who) != "DECLINED" for one in both)
