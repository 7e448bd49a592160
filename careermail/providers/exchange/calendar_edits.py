"""What we do to an event in a calendar: each edit asks for what is missing of it, and for nothing the second time.

A change of one session changes its series too, so that what was read of either is stale after it and is read anew.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from careermail.mail.expand import Instance
from careermail.model import A_DAY, Event
from careermail.providers import Window
from careermail.providers.exchange.calendar_folder import CalendarFolder
from careermail.providers.exchange.calendar_held import Held, utc
from careermail.providers.exchange.calendar_items import Fields, anew, asked_anew, at, is_news

if TYPE_CHECKING:
    from exchangelib import CalendarItem

Standing = Mapping[str, Window | None]  # as Held.standing
_TIMES = {"start", "end", "recurrence"}


def revise(calendar: CalendarFolder, held: Held, event: Event, changed: Fields) -> None:
    """Let an item be as an event wants it.

    Sessions that were moved or deleted stay so while start and rule do; moved ones then take on the event's length.
    """
    keeps = {} if anew(held, event) else _with_length(held.standing, event.minutes)
    _settle(calendar, held, keeps)
    held = calendar.one(held.uid) or held
    calendar.update(held.item, changed, tell=is_news(changed))
    if held.recurs and changed.keys() & _TIMES:
        _settle(calendar, calendar.one(held.uid) or held, keeps, over=True)


def _with_length(standing: Standing, minutes: int) -> Standing:
    length = timedelta(minutes=minutes)
    return {name: (place[0], place[0] + length) if place else None for name, place in standing.items()}


def _settle(calendar: CalendarFolder, held: Held, wanted: Standing, *, over: bool = False) -> None:
    """Let changed sessions stand where they are wanted; with `over`, no others stand elsewhere than the rule has them.

    Servers differ in what they forget of a series when its times are changed [MS-OXOCAL, 3.1.4.7.3.5].
    """
    there = held.standing
    back = {name: held.by_rule(name) for name in there.keys() - wanted.keys()} if over else {}
    for name, place in {**wanted, **back}.items():
        if place is None and there.get(name, ()) is not None:
            cancel(calendar, held, name)
        elif place is not None and there.get(name) != place and (item := calendar.session(held, name)):
            move(calendar, item, place, held.organizer.timezone)
        else:
            continue
        held = calendar.one(held.uid) or held


def move(calendar: CalendarFolder, item: CalendarItem, place: Window, zone: str) -> None:
    """Let one session, or a single event, stand at another time; whoever declined it is asked anew."""
    if (utc(item.start), utc(item.end)) != place:
        calendar.update(item, {**asked_anew(item), **at(*place, zone)})


def cancel(calendar: CalendarFolder, held: Held, recurrence_id: str) -> None:
    """Cancel one session; one that was deleted already is cancelled enough, and so is one that never was."""
    if held.standing.get(recurrence_id, ()) is None:
        return
    if item := calendar.session(held, recurrence_id):
        calendar.delete(item)


def end(calendar: CalendarFolder, held: Held, since: datetime | None) -> None:
    """Cancel all that starts at `since` or later and leave what was before; with nothing before it, the whole event."""
    before = [one for one in _taking_place(held, since) if one.start < since] if since else []
    if since is None or not before:
        calendar.delete(held.item)
    elif held.recurs:
        _end_after(calendar, held, max(before, key=lambda one: one.original), since)


def _taking_place(held: Held, until: datetime) -> list[Instance]:
    return [one for one in held.instances((held.begin - A_DAY, until)) if not one.cancelled]


def _end_after(calendar: CalendarFolder, held: Held, last: Instance, since: datetime) -> None:
    """End a series with the session that the rule has latest of those before `since`: it may be one held early."""
    from careermail.providers.exchange.rules import ended

    until = last.original + timedelta.resolution
    late = [one for one in _taking_place(held, until) if one.start >= since and one.original < until]
    keeps = {name: place for name, place in held.standing.items() if place is None or place[0] < since}
    keeps |= dict.fromkeys((one.recurrence_id for one in late), None)
    _settle(calendar, held, keeps)
    if held.goes_on(last.original):
        held = calendar.one(held.uid) or held
        calendar.update(held.item, {"recurrence": ended(held.item.recurrence, last.original.astimezone(held.zone))})
        _settle(calendar, calendar.one(held.uid) or held, keeps)
