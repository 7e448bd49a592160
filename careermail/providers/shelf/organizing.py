"""What the Calendar protocol does to an organizer's copy, wherever that is kept. Pure but for the errors it raises."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import suppress
from datetime import datetime, tzinfo
from typing import TYPE_CHECKING

from careermail.errors import ProviderError
from careermail.mail import edits, invite
from careermail.mail.expand import Instance
from careermail.model import Busy, Event, Occurrence, Person
from careermail.providers import Window
from careermail.providers.shelf import reconcile

if TYPE_CHECKING:
    from icalendar import Calendar


def put(held: Calendar | None, event: Event) -> tuple[Calendar, set[str]]:
    """What is to stand, and the addresses of those who were asked and are no longer."""
    if held is None:
        return invite.build(event), set()
    fresh = invite.revise(held, event)
    gone = set(reconcile.summary(held, event.uid).attendees) - {p.email.lower() for p in event.attendees}
    return invite.spliced(held, fresh, event.uid), gone


def move(held: Calendar | None, occurrence: Occurrence, at: Window, zone: tzinfo, *, place: object) -> Calendar:
    """The calendar (changed in place) with one session at another time, `at`: its start and end.

    Raises ProviderError (permanent), which names the `place`, where there is no such session.
    """
    try:
        if held is None:
            raise LookupError("there is no such event")  # noqa: TRY301 (both are one thing to the caller)
        edits.move(held, occurrence.uid, occurrence.recurrence_id, at, zone)
    except LookupError as error:
        raise ProviderError(f"{place}: {error}. Somebody may have changed the series.", permanent=True) from error
    return held


def cancel(held: Calendar, uid: str, recurrence_id: str, since: datetime | None, zone: tzinfo) -> None:
    """Cancel (in place) one session, or all from `since` on; what is gone already is cancelled enough."""
    if not recurrence_id:
        edits.end(held, uid, since, zone)
        return
    with suppress(LookupError):  # there is no such instance any more
        edits.cancel(held, uid, recurrence_id, zone)


def taken(person: Person, instances: Iterable[Instance], window: Window) -> Iterator[Busy]:
    """What of these takes up the person's time in a window: what was not cancelled, and not declined by them."""
    for one in instances:
        attends = one.opaque and not one.cancelled and person.email.lower() not in one.declined
        if attends and one.start < window[1] and one.end > window[0]:
            yield Busy(person.email, one.start, one.end, one.uid)
