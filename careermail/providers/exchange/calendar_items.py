"""Our events as Exchange's calendar items, and what of an item an event wants otherwise."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any

from careermail.model import A_DAY, Event, Person, resolve
from careermail.providers import Window
from careermail.providers.exchange.calendar_held import Held, attendees, described, plain, utc, utc_of

if TYPE_CHECKING:
    from exchangelib import CalendarItem, EWSTimeZone

REMINDED = 15  # minutes before a meeting, as Outlook has it
Fields = dict[str, Any]


# --- what is wanted ------------------------------------------------------------------------------


def created(event: Event) -> Fields:
    """The fields of a new item: private, with a reminder and asking for answers where it is a meeting.

    Raises ProviderError (permanent) where Exchange has no such recurrence.
    """
    from exchangelib import Body

    timed = isinstance(event.start, datetime)
    return {
        "subject": event.summary,
        "body": Body(event.description),
        "sensitivity": "Private",
        "legacy_free_busy_status": "Busy" if timed else "Free",
        "reminder_is_set": timed,
        **({"reminder_minutes_before_start": REMINDED} if timed else {}),
        **({"required_attendees": asked(event.attendees), "is_response_requested": True} if event.attendees else {}),
        **times(event),
        **ours(event),
    }


def times(event: Event) -> Fields:
    """When an event takes place, and how it recurs. An all-day item ends on its last day."""
    from careermail.providers.exchange.rules import recurrence

    if not isinstance(event.start, datetime):
        return _all_day(event.start)
    rule = recurrence(event.rrule, starts(event), event.organizer.zone) if event.rrule else None
    return {**at(*span(event), event.organizer.timezone), "recurrence": rule}


def at(start: datetime, end: datetime, zone: str) -> Fields:
    """An hour (aware) as Exchange is told of it, in the zone of its organizer."""
    from careermail.providers.exchange.windows import named

    place = named(zone)
    return {"start": _moment(start, place), "end": _moment(end, place), "is_all_day": False,
            "_start_timezone": place, "_end_timezone": place}  # fmt: skip


def _all_day(day: date) -> Fields:
    from exchangelib import EWSDate

    one = EWSDate(day.year, day.month, day.day)
    return {"start": one, "end": one, "is_all_day": True, "recurrence": None}


def _moment(when: datetime, zone: EWSTimeZone) -> Any:
    from exchangelib import UTC as UTC_ZONE
    from exchangelib import EWSDateTime

    return EWSDateTime.from_datetime(when.astimezone(UTC).replace(tzinfo=UTC_ZONE)).astimezone(zone)


def ours(event: Event) -> Fields:
    """What only careermail reads."""
    marker = {"careermail_series": event.marker} if event.marker else {}
    return {"careermail_uid": event.uid, "careermail_sequence": event.sequence, **marker}


def asked(people: Iterable[Person]) -> list[Any]:
    """Attendees who have not answered; the library would have them accept where it is given mere addresses."""
    from exchangelib import Attendee, Mailbox

    return [Attendee(mailbox=Mailbox(email_address=p.email, name=p.name), response_type="Unknown") for p in people]


def asked_anew(item: CalendarItem) -> Fields:
    """What lets a decline be about the hour that it was about, where a session is to be at another; else nothing."""
    if not any(one.response_type == "Decline" for one in item.required_attendees or ()):
        return {}
    from exchangelib import Attendee

    return {
        "required_attendees": [
            one if one.response_type == "Organizer" else Attendee(mailbox=one.mailbox, response_type="Unknown")
            for one in item.required_attendees
        ]
    }


def _timed(event: Event) -> bool:
    return isinstance(event.start, datetime)


def starts(event: Event) -> datetime | date:
    """When the first session is, local: by the rule, which need not hold where the event begins."""
    from careermail.providers.exchange.rules import begin

    return begin(event.rrule, event.start) if event.rrule and isinstance(event.start, datetime) else event.start


def span(event: Event) -> Window:
    """The first session of an event in UTC; an all-day event's day on its organizer's clock."""
    first = starts(event)
    if not isinstance(first, datetime):
        start = resolve(datetime(first.year, first.month, first.day), event.organizer.zone)  # noqa: DTZ001 (local)
        return start, start + A_DAY
    start = resolve(first, event.organizer.zone)
    return start, start + timedelta(minutes=event.minutes)


# --- how they differ -----------------------------------------------------------------------------


def changes(held: Held, event: Event) -> Fields:
    """The fields of an item that an event wants otherwise than they are."""
    from exchangelib import Body

    changed: Fields = {}
    if (held.item.subject or "") != event.summary:
        changed["subject"] = event.summary
    if described(held.item) != plain(event.description):
        changed["body"] = Body(event.description)
    if _asks_others(held, event):
        changed["required_attendees"] = _still_asked(held, event)
    return {**changed, **_other_times(held, event), **_other_marks(held, event)}


def _asks_others(held: Held, event: Event) -> bool:
    """Whether an event asks other people; not where a server names one by something else than a mail address."""
    there = {who for who, _, _ in attendees(held.item, event.organizer)}
    return all("@" in who for who in there) and there != {p.email.lower() for p in event.attendees}


def _still_asked(held: Held, event: Event) -> list[Any]:
    """The attendees that an event wants; who is asked already keeps their answer."""
    there = {str(one.mailbox.email_address).lower(): one for one in held.item.required_attendees or ()}
    return [there.get(p.email.lower()) or asked([p])[0] for p in event.attendees]


def _other_times(held: Held, event: Event) -> Fields:
    if anew(held, event):
        return {**asked_anew(held.item), **times(event)}
    start, end = span(event)
    if not _timed(event) or utc(held.item.end) == end:
        return {}
    return at(start, end, event.organizer.timezone)


def anew(held: Held, event: Event) -> bool:
    """Whether an event wants another start or rule, so that nothing stays of what was changed of its sessions."""
    from careermail.providers.exchange.rules import recurrence, rrule

    wanted = recurrence(event.rrule, starts(event), event.organizer.zone) if event.rrule else None
    rules = [rrule(one, held.zone) if one is not None else "" for one in (held.item.recurrence, wanted)]
    alike = bool(held.item.is_all_day) is not _timed(event)
    return not alike or rules[0] != rules[1] or utc_of(held.item.start, held.zone) != span(event)[0]


def _other_marks(held: Held, event: Event) -> Fields:
    """The UID is not among them: by it the item was found, or it was split off and goes by the server's."""
    own = ours(event)
    return {name: own[name] for name in own if name != "careermail_uid" and getattr(held.item, name) != own[name]}


def is_news(fields: Mapping[str, Any]) -> bool:
    """Whether attendees are to hear of a change."""
    return any(not name.startswith("careermail_") for name in fields)
