"""The items of Exchange's calendars as iCalendar, which the rest of us reads."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from careermail.mail import invite
from careermail.mail.expand import Instance, expand, originals
from careermail.mail.vevent import moment
from careermail.model import A_DAY, Event, Person, resolve, stamp
from careermail.providers import Window

if TYPE_CHECKING:
    from exchangelib import CalendarItem, EWSTimeZone
    from icalendar import Calendar
    from icalendar import Event as Component

# What an attendee said, as iCalendar has it (RFC 5545, 3.2.12); "Unknown" and "NoResponseReceived" are no answer.
_ANSWERS = {"Accept": "ACCEPTED", "Decline": "DECLINED", "Tentative": "TENTATIVE"}

YEARS_AHEAD = 10  # longer than any rule that Exchange knows takes to come round


@dataclass(frozen=True)
class Held:
    """An event of ours in its organizer's calendar: a single item, or a series with what was changed of it."""

    uid: str  # Event.uid; a part that people split off has one of the server's
    item: CalendarItem
    exceptions: tuple[CalendarItem, ...]
    organizer: Person

    @cached_property
    def zone(self) -> ZoneInfo:
        """The zone that the series keeps to."""
        held: EWSTimeZone | None = self.item._start_timezone  # noqa: SLF001 (the library has no public name for it)
        return ZoneInfo(held.key) if held is not None else self.organizer.zone

    @property
    def recurs(self) -> bool:
        """Whether it is a series."""
        return self.item.recurrence is not None

    @cached_property
    def calendar(self) -> Calendar:
        """The same as iCalendar."""
        from icalendar import Calendar

        calendar = Calendar()
        calendar.add_component(self._master())
        for one in self.exceptions:
            component = self._component(one)
            component.add("RECURRENCE-ID", utc(one.original_start))
            calendar.add_component(component)
        return calendar

    def event(self) -> Event | None:
        """The event as it stands; None where it was cancelled."""
        return invite.read(self.calendar, self.uid, self.organizer)

    def instances(self, window: Window) -> list[Instance]:
        """Its sessions around a window (UTC), cancelled ones too."""
        return expand(self.calendar, window, self.organizer.zone)

    @property
    def asked(self) -> list[str]:
        """The addresses of its attendees, in lower case."""
        return [who for who, _, _ in attendees(self.item, self.organizer)]

    def exception(self, recurrence_id: str) -> CalendarItem | None:
        """What one session was changed to, if it was."""
        return next((one for one in self.exceptions if stamp(utc(one.original_start)) == recurrence_id), None)

    def index(self, recurrence_id: str) -> int | None:
        """The how-manieth session of the series it is, from 1 on, deleted ones counted; None where it is none."""
        until = datetime.fromisoformat(recurrence_id) + A_DAY
        stamps = [stamp(when) for when in self._originals((self.begin - A_DAY, until))]
        return stamps.index(recurrence_id) + 1 if recurrence_id in stamps else None

    def goes_on(self, after: datetime) -> bool:
        """Whether the rule brings another session."""
        return any(when > after for when in self._originals((after, after + YEARS_AHEAD * 366 * A_DAY)))

    @property
    def begin(self) -> datetime:
        """When the first session is by the rule, in UTC."""
        return utc_of(self.item.start, self.zone)

    @property
    def standing(self) -> dict[str, Window | None]:
        """Where each session stands that was changed, by RECURRENCE-ID; None for one that was deleted."""
        out = [utc(one.start) for one in self.item.deleted_occurrences or ()]
        over = self.instances((self.begin - A_DAY, max(out) + A_DAY)) if out else []
        moved = {stamp(utc(one.original_start)): (utc(one.start), utc(one.end)) for one in self.exceptions}
        return {**{one.recurrence_id: None for one in over if one.cancelled}, **moved}

    def by_rule(self, recurrence_id: str) -> Window:
        """Where the rule has a session, in UTC."""
        start = datetime.fromisoformat(recurrence_id)
        return start, start + (utc(self.item.end) - utc(self.item.start))

    def _originals(self, window: Window) -> list[datetime]:
        return sorted(moment(when, self.zone) for when in originals(self._master(), window))

    def _master(self) -> Component:
        from icalendar import vRecur

        from careermail.providers.exchange.rules import rrule

        one = self._component(self.item)
        if self.recurs:
            one.add("RRULE", vRecur.from_ical(rrule(self.item.recurrence, self.zone)))
        for deleted in self.item.deleted_occurrences or ():
            # By its day, on which a series of Exchange's has no other session (MS-OXOCAL, 2.2.1.44).
            one.add("EXDATE", utc(deleted.start).astimezone(self.zone).date())
        return one

    def _component(self, item: CalendarItem) -> Component:
        from icalendar import Event as Component

        one, start = Component(), item.start
        one.add("UID", self.uid)
        if item.is_all_day:
            invite.set_time(one, date(start.year, start.month, start.day), A_DAY)
        else:
            invite.set_time(one, utc(start).astimezone(self.zone), utc(item.end) - utc(start))
        one.add("SUMMARY", item.subject or "")
        one.add("DESCRIPTION", described(item))
        one.add("TRANSP", "TRANSPARENT" if item.legacy_free_busy_status == "Free" else "OPAQUE")
        if item.is_cancelled:
            one.add("STATUS", "CANCELLED")
        one.add(invite.SERIES, self.item.careermail_series or "")
        one.sequence = self.item.careermail_sequence or 0
        for who, name, said in attendees(item, self.organizer):
            one.add("ATTENDEE", _attendee(who, name, said))
        return one


def _attendee(who: str, name: str, said: str) -> Any:
    from icalendar import vCalAddress

    return vCalAddress.new(who, cn=name, partstat=_ANSWERS.get(said, "NEEDS-ACTION"))


def attendees(item: CalendarItem, organizer: Person) -> list[tuple[str, str, str]]:
    """Whom an item asks: address in lower case, name, and what they said; the organizer, who may be listed, is not."""
    listed = [
        (str(one.mailbox.email_address or "").lower(), str(one.mailbox.name or ""), str(one.response_type))
        for one in item.required_attendees or ()
    ]
    return [one for one in listed if one[2] != "Organizer" and one[0] != organizer.email.lower()]


def described(item: CalendarItem) -> str:
    """The text of an item."""
    return plain(str(getattr(item, "text_body", None) or item.body or ""))


def plain(text: str) -> str:
    """A text, whatever ends its lines."""
    return "\n".join(line.rstrip() for line in text.strip().splitlines())


def utc(when: Any) -> datetime:
    """One of the library's moments as ours."""
    return datetime.fromtimestamp(when.timestamp(), UTC)


def utc_of(when: Any, zone: ZoneInfo) -> datetime:
    """The same of a day: when it begins."""
    return utc(when) if isinstance(when, datetime) else resolve(datetime(when.year, when.month, when.day), zone)  # noqa: DTZ001
