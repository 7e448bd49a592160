"""A change of a whole event: Outlook may forget what was moved or cancelled in it, and then we put that back.

What is to be put back is written onto the event with the change itself, so that whoever comes after a crash goes on
with it. Only then does the event bear its new sequence, by which a change is known to have come about.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta

from careermail.mail.expand import Instance
from careermail.model import A_DAY, Event, resolve, stamp
from careermail.providers.microsoft import event as writing
from careermail.providers.microsoft.agenda import Agenda, Sessions, recurs
from careermail.providers.microsoft.graph import Json
from careermail.providers.microsoft.marks import Notes, Stand, restore, to_restore
from careermail.providers.microsoft.reading import Held, cancelled, pattern_of, span
from careermail.providers.shelf.patterns import pattern

AHEAD = timedelta(days=3 * 366)  # nobody moves a session that is further away


def revise(agenda: Agenda, held: Held, event: Event, now: datetime) -> None:
    """Bring an event that stands to what is wanted now, saying only what is new: whatever is said, people are mailed.

    What was moved or cancelled stays so while start and rule stay the same. Raises ValueError as event.times does.
    """
    body = _changes(held, event)
    stands = to_restore(held)
    if recurs(held) and "end" in body and "start" not in body:
        known = agenda.sessions(held, (span(held, agenda.owner)[0], now + AHEAD))
        stands = [*_moved(known, timedelta(minutes=event.minutes)), *_gone(cancelled(held, agenda.owner))]
    _write(agenda, held, body, writing.renoted(held, event), stands)


def end(agenda: Agenda, held: Held, since: datetime | None) -> None:
    """Cancel all sessions from `since` on and leave those before; with none before, the event itself."""
    begin = span(held, agenda.owner)[0]
    known = agenda.sessions(held, (begin, since or begin))
    kept = [pair for pair in known if since and pair[1].start < since]
    if not kept:
        agenda.cancel(held)
    elif recurs(held):
        _end(agenda, held, known, kept)


def _end(agenda: Agenda, held: Held, known: Sessions, kept: Sessions) -> None:
    """End a series with the last session that is kept: by the day of its rule, since none ever passes another."""
    last = max(one.original for _, one in kept)
    rule = held["recurrence"]
    if rule["range"]["type"] != "noEnd" and all(one.original <= last for _, one in known):
        _write(agenda, held, {}, Notes.of(held), to_restore(held))
        return
    before = [one for one in cancelled(held, agenda.owner) if one.original < last]
    begins = {name: rule["range"][name] for name in ("startDate", "recurrenceTimeZone") if rule["range"].get(name)}
    until = {"type": "endDate", "endDate": f"{last.astimezone(agenda.owner.zone):%Y-%m-%d}"}
    body = {"recurrence": {"pattern": rule["pattern"], "range": {**begins, **until}}}
    _write(agenda, held, body, Notes.of(held), [*_moved(kept), *_gone(before)])


# --- what is new ---------------------------------------------------------------------------------


def _changes(held: Held, event: Event) -> Json:
    """What Graph must be told for an event to be as it is wanted."""
    new = Notes.of(held).words != writing.noted(event, "").words
    asked = held.get("attendees") or []
    known = {one["emailAddress"]["address"].lower() for one in asked}
    missing = [writing.attendee(person) for person in event.attendees if person.email.lower() not in known]
    return {
        **(writing.words(event) if new else {}),
        **({"attendees": [*map(_as_asked, asked), *missing]} if missing else {}),
        **_new_times(held, event),
    }


def _as_asked(attendee: Json) -> Json:
    """An attendee without what they answered, which is theirs to say."""
    return {name: attendee[name] for name in ("emailAddress", "type") if name in attendee}


def _new_times(held: Held, event: Event) -> Json:
    wanted = writing.times(event)
    first, last = (datetime.fromisoformat(wanted[edge]["dateTime"]) for edge in ("start", "end"))
    start, end = span(held, event.organizer)
    if start != resolve(first, event.organizer.zone) or not _same_rule(held, event, first):
        return {"recurrence": None, **wanted} if recurs(held) else wanted
    return {} if end - start == last - first else {"end": wanted["end"]}


def _same_rule(held: Held, event: Event, first: datetime) -> bool:
    if not recurs(held) or not event.rrule:
        return not recurs(held) and not event.rrule
    rule = held["recurrence"]
    return rule["range"]["type"] == "noEnd" and pattern_of(rule["pattern"]) == pattern(event.rrule, first)


# --- what must not be lost -----------------------------------------------------------------------


def _moved(sessions: Sessions, length: timedelta | None = None) -> list[Stand]:
    """The sessions that stand elsewhere than the rule has them; with `length`, each as long as that."""
    moved = (one for _, one in sessions if one.start != one.original)
    return [
        Stand(one.recurrence_id, stamp(one.start), stamp(one.start + length if length else one.end)) for one in moved
    ]


def _gone(sessions: Iterable[Instance]) -> list[Stand]:
    return [Stand(one.recurrence_id) for one in sessions]


def _write(agenda: Agenda, held: Held, body: Json, notes: Notes, stands: list[Stand]) -> None:
    if stands:
        if body:
            agenda.change(held, {**body, "singleValueExtendedProperties": [restore(stands)]})
        _put_back(agenda, held, stands)
        agenda.change(held, {"singleValueExtendedProperties": [notes.property(), restore(())]})
    elif body or notes != Notes.of(held):
        agenda.change(held, {**body, "singleValueExtendedProperties": [notes.property()]})


def _put_back(agenda: Agenda, held: Held, stands: list[Stand]) -> None:
    originals = [datetime.fromisoformat(stand.recurrence_id) for stand in stands]
    now = agenda.sessions(held, (min(originals) - A_DAY, max(originals) + A_DAY))
    places = {one.recurrence_id: (session, one) for session, one in now}
    for stand in sorted(stands, key=_out_of_the_way):
        if stand.recurrence_id in places:
            session, one = places[stand.recurrence_id]
            if not stand.start:
                agenda.cancel(session)
            elif (stand.start, stand.end) != (stamp(one.start), stamp(one.end)):
                agenda.change(session, writing.at(*map(datetime.fromisoformat, stand[1:])))


def _out_of_the_way(stand: Stand) -> tuple[int, float]:
    """In an order in which no session ever comes past another, which Outlook would refuse."""
    original = datetime.fromisoformat(stand.recurrence_id).timestamp()
    if not stand.start:
        return 0, original
    return (1, -original) if stand.start > stand.recurrence_id else (2, original)
