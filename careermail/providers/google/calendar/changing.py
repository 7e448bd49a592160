"""How an event comes to be as it is to be: made, revised, moved, ended. Each can be repeated after a crash.

Each returns whether it is done; else somebody was faster, and it is to be tried again with what is there then. Of a
series, what people changed goes first and the series itself last, so that it tells that all of it is done.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from itertools import islice

from careermail.model import Event, Person
from careermail.providers import Window
from careermail.providers.google.calendar import events
from careermail.providers.google.calendar.desk import Desk
from careermail.providers.google.calendar.wire import Wire, event_id, original, recurs, span

A_FEW = 10  # instances of a series that may have no end


def book(desk: Desk, event: Event, generation: int, *, meet: bool) -> bool:
    """Put an event in that is not there, as this generation of it, or the next whose id is free."""
    while not desk.insert(events.made(event, generation, meet=meet)):
        if desk.get(event_id(event.uid, generation)) is not None:
            return False  # as after a crash, when nobody heard that it had been put in
        generation += 1  # whatever took that id was deleted so long ago that it is shown no more
    return True


def revise(desk: Desk, held: Wire, event: Event) -> bool:
    """Let an event be as it is wanted now; where nothing changes, nobody hears of it."""
    same = events.same_times(held, event)
    if recurs(held) and not (same and events.same_length(held, event)):
        for one in desk.exceptions(held):
            if not _settle(desk, one, event, same=same):
                return False
    changes = events.changes(held, event)
    return not changes or desk.patch(held, changes)


def _settle(desk: Desk, one: Wire, event: Event, *, same: bool) -> bool:
    """Let a changed instance fit into its series: as long as that, and, if the times are others now, where it belongs.

    Where the rule does not know it any more, it goes.
    """
    zone, at = event.organizer.zone, span(one, event.organizer.zone)
    start = at[0] if same else original(one, zone)
    if start is None or not (same or events.in_rule(event, start)):
        desk.delete(one["id"])
        return True
    wanted = (start, start + timedelta(minutes=event.minutes))
    return at == wanted or desk.patch(one, events.instead(one, events.placed(wanted, event.organizer)))


def move(desk: Desk, item: Wire, at: Window, organizer: Person) -> bool:
    """Let an event, or an instance, stand elsewhere; all are asked anew."""
    if span(item, organizer.zone) == at:
        return True
    asked = events.attendees(item, anew=True)
    times = events.instead(item, events.placed(at, organizer))
    return desk.patch(item, times | ({"attendees": asked} if asked else {}))


def end(desk: Desk, held: Wire, since: datetime | None, organizer: Person) -> bool:
    """Cancel what starts at `since` (UTC) or later, and leave what was before; with nothing before it, all of it."""
    zone = organizer.zone
    if since is None or not recurs(held):
        if since is None or span(held, zone)[0] >= since:
            desk.delete(held["id"])
        return True
    past = desk.instances(held, timeMax=since.isoformat())
    kept = [original(one, zone) for one in past if span(one, zone)[0] < since]
    if not kept:
        desk.delete(held["id"])
        return True
    return _cut(desk, held, since, max(at for at in kept if at is not None), organizer)


def _cut(desk: Desk, held: Wire, since: datetime, last: datetime, organizer: Person) -> bool:
    """Let the rule put nothing behind `last`; what it put before that, and now starts too late, goes one by one."""

    def late(found: Iterable[Wire]) -> list[str]:
        return [one["id"] for one in found if span(one, organizer.zone)[0] >= since]

    moved = late(desk.exceptions(held))  # which may stay though the rule ends before them
    if not (moved or late(islice(desk.instances(held, timeMin=since.isoformat(), maxResults=A_FEW), A_FEW))):
        return True
    rules = events.ending(held["recurrence"], last)
    if rules != held["recurrence"] and not desk.patch(held, {"recurrence": rules}):
        return False
    for name in dict.fromkeys([*late(desk.instances(held, timeMin=since.isoformat())), *moved]):
        desk.delete(name)
    return True
