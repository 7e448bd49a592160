"""What is taken of people's time: the organizer's own calendar, and of others what Exchange tells everybody.

Read of other events is when they are and whether they count, never what they are about.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from careermail.errors import ProviderError
from careermail.model import Busy, Person
from careermail.providers import Window
from careermail.providers.microsoft.agenda import Agenda
from careermail.providers.microsoft.marks import uid
from careermail.providers.microsoft.reading import moment, span

AT_ONCE = 20  # people in one getSchedule (https://learn.microsoft.com/graph/outlook-get-free-busy-schedule)
LONGEST = timedelta(days=61)  # and less than 62 days
SLOT = timedelta(minutes=30)
_TAKEN = {"busy", "tentative", "oof"}  # an invitation without an answer is tentative; who works elsewhere is free
# Of the reasons for telling nothing, those that pass (MS-OXWSCDATA, 2.2.5.24); all others mean that we may not see.
_PASSING = {
    "ErrorConnectionFailed",
    "ErrorInternalServerTransientError",
    "ErrorMailboxFailover",
    "ErrorMailboxStoreUnavailable",
    "ErrorProxyRequestProcessingFailed",
    "ErrorServerBusy",
    "ErrorTimeoutExpired",
}


@dataclass
class Diary:
    """An organizer's time, and when those whom they invited to a session of ours are to be there."""

    taken: list[Busy] = field(default_factory=list)
    meetings: dict[tuple[str, datetime, datetime], str] = field(default_factory=dict)  # the UID behind an attendee's

    def name(self, email: str, start: datetime, end: datetime) -> str:
        """Our UID for what takes up this time of somebody's; "" for what we know nothing of."""
        return self.meetings.get((email.lower(), start, end), "")


def diary(agenda: Agenda, window: Window) -> Diary:
    """What stands in the organizer's own calendar."""
    ours = {held["id"]: held for held in agenda.all_sessions()}
    found = Diary()
    for one in agenda.view(window):
        start, end = span(one, agenda.owner)
        event = ours.get(one.get("seriesMasterId") or one["id"])
        name = uid(event) if event else one["iCalUId"]
        if one["showAs"] in _TAKEN and not one.get("isCancelled") and _within(window, start, end):
            found.taken.append(Busy(agenda.owner.email, start, end, name))
        if event:
            emails = (asked["emailAddress"]["address"].lower() for asked in event["attendees"])
            found.meetings |= {(email, start, end): name for email in emails}
    return found


def others(agenda: Agenda, people: list[Person], window: Window, known: Diary) -> Iterator[Busy]:
    """What Exchange tells the organizer of these people's time; nothing of those whom it does not tell of."""
    by_address = {person.email.lower(): person for person in people}
    for group in _groups(list(by_address)):
        for edges in _spans(window):
            for told in agenda.free_busy(group, edges, SLOT):
                person = by_address.get(told["scheduleId"].lower())
                if person and _seen(told, person):
                    for start, end in _stretches(told, edges):
                        if _within(window, start, end):
                            yield Busy(person.email, start, end, known.name(person.email, start, end))


def _groups(addresses: list[str]) -> Iterator[list[str]]:
    yield from (addresses[begin : begin + AT_ONCE] for begin in range(0, len(addresses), AT_ONCE))


def _spans(window: Window) -> Iterator[Window]:
    """A window in parts of which each can be asked for."""
    begin, end = window
    while begin < end:
        yield begin, min(begin + LONGEST, end)
        begin += LONGEST


def _seen(told: Mapping[str, Any], person: Person) -> bool:
    """Whether somebody's time is told of at all."""
    code = (told.get("error") or {}).get("responseCode", "")
    if code in _PASSING:
        raise ProviderError(f"Microsoft 365 cannot tell for now when {person.email} is free ({code})")
    return not told.get("error")


def _stretches(told: Mapping[str, Any], edges: Window) -> Iterator[Window]:
    """The taken stretches of somebody's time: each event's, or, where only that may be seen, by half hours."""
    if items := told.get("scheduleItems"):
        for item in items:
            if item["status"].lower() in _TAKEN:
                yield moment(item["start"]), moment(item["end"])
        return
    taken = (n for n, slot in enumerate(told.get("availabilityView") or "") if slot in "123")
    yield from ((edges[0] + n * SLOT, edges[0] + (n + 1) * SLOT) for n in taken)


def _within(window: Window, start: datetime, end: datetime) -> bool:
    return start < window[1] and end > window[0]


def in_order(taken: Iterable[Busy]) -> list[Busy]:
    """In order, and each once, though it may lie in two parts of a window."""
    return sorted(set(taken), key=lambda b: (b.start, b.email, b.uid))
