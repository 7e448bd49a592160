"""What is taken of people's time: of their own calendar when, never what; of others' what free/busy tells."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC
from itertools import islice
from typing import Any

from careermail.model import Busy, Person
from careermail.providers import Window
from careermail.providers.google.api import Api
from careermail.providers.google.calendar.desk import Desk
from careermail.providers.google.calendar.wire import OURS, Wire, declined, is_cancelled, moment, span, uid_of
from careermail.providers.google.errors import FORBIDDEN, RefusalError

AT_ONCE = (
    50  # calendars in one query (https://developers.google.com/workspace/calendar/api/v3/reference/freebusy/query)
)
ABSENT = ["outOfOffice", "focusTime"]  # which free/busy does not tell of
TAKING = [*ABSENT, "default", "fromGmail"]  # unlike birthdays, and where somebody works
HIDDEN = frozenset({FORBIDDEN, 404})
# All that is read of events that are not ours: when they are and whether they count.
_WHEN = "id,recurringEventId,status,start,end,transparency,extendedProperties/private,attendees(self,responseStatus)"
_FIELDS = f"items({_WHEN}),nextPageToken"


def own(desk: Desk, person: Person, window: Window) -> list[Busy]:
    """What a person's own calendar says: not cancelled, not free, not declined by them."""
    # Of the people asked, only the owner of the calendar is told where there are more.
    items = _listed(desk, window, eventTypes=TAKING, maxAttendees=1)
    return _within(window, (Busy(person.email, *span(i, person.zone), uid_of(i)) for i in items if _takes(i)))


def _takes(item: Wire) -> bool:
    refused = any(a.get("self") and a.get("responseStatus") == "declined" for a in item.get("attendees", ()))
    return not (is_cancelled(item) or item.get("transparency") == "transparent" or refused)


def _listed(desk: Desk, window: Window, **query: Any) -> Iterator[Wire]:
    times = {"timeMin": window[0].isoformat(), "timeMax": window[1].isoformat()}
    return desk.listed(singleEvents=True, fields=_FIELDS, **times, **query)


def _within(window: Window, taken: Iterable[Busy]) -> list[Busy]:
    return [busy for busy in taken if busy.start < window[1] and busy.end > window[0]]


# --- of others -----------------------------------------------------------------------------------


def others(api: Api, chair: Person, people: Iterable[Person], window: Window, unseen: set[str]) -> list[Busy]:
    """The same of people whose calendars are not `chair`'s, as `chair` sees them; who is not seen is absent from it.

    Their sessions with `chair` are known. What free/busy tells names no events and joins those that touch: of it, what
    lies outside of our sessions is something else. `unseen` keeps the addresses of those whose calendar is closed to
    us, but for free/busy, so that they are not tried each time.
    """
    asked = list(people)
    ours = list(_ours(Desk(api, chair.email), window))
    told = _told(api, chair, asked, window)
    found: list[Busy] = []
    for person in asked:
        sessions = [Busy(person.email, *at, uid) for at, uid, coming in ours if person.email.lower() in coming]
        taken = [*told.get(person.email, ()), *_away(api, chair, person, window, unseen)]
        found += sessions
        found += [Busy(person.email, *rest) for one in taken for rest in _outside(one, sessions)]
    return _within(window, found)


def _ours(desk: Desk, window: Window) -> Iterator[tuple[Window, str, set[str]]]:
    """Our sessions in a calendar: when, of which event, and who comes."""
    times = {"timeMin": window[0].isoformat(), "timeMax": window[1].isoformat()}
    for item in desk.listed(singleEvents=True, privateExtendedProperty=f"{OURS}=meeting", **times):
        if not is_cancelled(item) and item.get("transparency") != "transparent":
            coming = {a.get("email", "").lower() for a in item.get("attendees", ())} - declined(item)
            yield span(item, UTC), uid_of(item), coming


def _told(api: Api, chair: Person, people: list[Person], window: Window) -> dict[str, list[Window]]:
    """Free/busy, of those of whom it is told."""
    told: dict[str, list[Window]] = {}
    waiting = iter(people)
    while some := list(islice(waiting, AT_ONCE)):
        answer = _query(api, chair, some, window)
        told |= {p.email: list(_periods(answer["calendars"].get(p.email, {}))) for p in some}
    return told


def _query(api: Api, chair: Person, people: Iterable[Person], window: Window) -> Any:
    items = [{"id": person.email} for person in people]
    body = {"timeMin": window[0].isoformat(), "timeMax": window[1].isoformat(), "items": items}
    return api.ask(chair.email, lambda calendar: calendar.freebusy().query(body=body))


def _periods(calendar: Mapping[str, Any]) -> Iterator[Window]:
    for period in calendar.get("busy", ()):
        yield moment({"dateTime": period["start"]}, UTC), moment({"dateTime": period["end"]}, UTC)


def _away(api: Api, chair: Person, person: Person, window: Window, unseen: set[str]) -> list[Window]:
    """When they are out of office or concentrate, where we may look into their calendar."""
    if person.email in unseen:
        return []
    try:
        items = list(_listed(Desk(api, chair.email, person.email), window, eventTypes=ABSENT, maxAttendees=1))
    except RefusalError as error:
        if error.status not in HIDDEN or not (error.urgent or error.permanent):
            raise
        unseen.add(person.email)
        return []
    return [span(item, person.zone) for item in items if _takes(item)]


def _outside(period: Window, sessions: Iterable[Busy]) -> list[Window]:
    """What is left of a period without these."""
    rest = [period]
    for one in sessions:
        cut = [((start, min(end, one.start)), (max(start, one.end), end)) for start, end in rest]
        rest = [(start, end) for both in cut for start, end in both if start < end]
    return rest
