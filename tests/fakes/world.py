"""A world in memory, as quick as can be: calendars with recurrence and exceptions, an outbox, and people who edit."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from email.message import EmailMessage
from functools import lru_cache
from itertools import takewhile
from zoneinfo import ZoneInfo

from dateutil.rrule import rrulestr

from careermail.errors import ProviderError
from careermail.model import A_DAY, Busy, Event, Occurrence, Person, Rsvp, resolve, stamp
from careermail.providers import A_BATCH, LONGEST, Provider, Window, one_inbox

Span = tuple[datetime, datetime]


@lru_cache(maxsize=4096)
def expanded(rrule: str, start: datetime, zone: ZoneInfo) -> tuple[datetime, ...]:
    """Five years of a rule from a local start, in UTC."""
    end = start + 5 * 366 * A_DAY
    return tuple(resolve(local, zone) for local in takewhile(lambda s: s < end, rrulestr(rrule, dtstart=start)))


@dataclass
class Meeting:
    """One event as a server keeps it for all who take part."""

    event: Event
    until: datetime | None = None  # nothing of the rule from here on
    moved: dict[str, Span] = field(default_factory=dict)
    out: set[str] = field(default_factory=set)
    declined: set[str] = field(default_factory=set)
    cancelled: bool = False
    refused: bool = False  # declined as a whole

    @property
    def zone(self) -> ZoneInfo:
        return self.event.organizer.zone

    @property
    def originals(self) -> list[datetime]:
        """Where the rule puts its sessions, in UTC."""
        if not self.event.rrule:
            return [resolve(self.event.start, self.zone)]
        starts = expanded(self.event.rrule, self.event.start, self.zone)
        return [s for s in starts if self.until is None or s < self.until]

    def sessions(self) -> Iterator[Occurrence]:
        """Every session, wherever it stands now."""
        length = timedelta(minutes=self.event.minutes)
        for original in self.originals:
            name = stamp(original) if self.event.rrule else ""
            start, end = self.moved.get(name, (original, original + length))
            yield Occurrence(self.event.uid, name, start, end, self._status(name))

    def _status(self, name: str) -> str:
        if self.cancelled or name in self.out:
            return "cancelled"
        return "declined" if self.refused or name in self.declined else "confirmed"


class FakeCalendar:
    """A calendar server: one truth for organizer and attendees."""

    def __init__(self) -> None:
        self.meetings: dict[str, Meeting] = {}
        self.taken: list[Busy] = []
        self.changes = 0  # how often anybody was told of anything

    def put(self, event: Event) -> None:
        held = self.meetings.get(event.uid)
        if held is None or held.cancelled or not self._same_times(event):
            self.meetings[event.uid] = Meeting(event)
        elif replace(held.event, rrule="") == replace(event, rrule=""):
            return
        else:
            length = timedelta(minutes=event.minutes)
            held.moved = {name: (start, start + length) for name, (start, _) in held.moved.items()}
            held.event = replace(event, rrule=held.event.rrule)
        self.changes += 1

    def occurrences(self, organizer: Person, marker: str, window: Window) -> list[Occurrence]:
        begin, end = window
        found = [
            session
            for meeting in self.meetings.values()
            if meeting.event.marker == marker and meeting.event.organizer.email == organizer.email
            for session in meeting.sessions()
            if begin <= session.start < end
            or (session.recurrence_id and stamp(begin) <= session.recurrence_id < stamp(end))
        ]
        return sorted(found, key=lambda o: (o.start, o.uid, o.recurrence_id))

    def move(self, organizer: Person, occurrence: Occurrence, start: datetime, end: datetime) -> None:
        meeting = self.meetings.get(occurrence.uid)
        known = {s.recurrence_id for s in meeting.sessions()} if meeting else set()
        if meeting is None or occurrence.recurrence_id not in known:
            raise ProviderError(f"{organizer.email} has no such session", permanent=True)
        if meeting.moved.get(occurrence.recurrence_id) != (start, end):
            meeting.moved[occurrence.recurrence_id] = (start, end)
            meeting.out.discard(occurrence.recurrence_id)
            meeting.declined.discard(occurrence.recurrence_id)
            self.changes += 1

    def cancel(self, _: Person, uid: str, *, recurrence_id: str = "", since: datetime | None = None) -> None:
        meeting = self.meetings.get(uid)
        if meeting is None or meeting.cancelled or recurrence_id in meeting.out:
            return
        if recurrence_id:
            meeting.out.add(recurrence_id)
        elif since is None or not isinstance(meeting.event.start, datetime) or self._begins(meeting) >= since:
            meeting.cancelled = True
        elif not self._cut(meeting, since):
            return
        self.changes += 1

    def _begins(self, meeting: Meeting) -> datetime:
        return min((s.start for s in meeting.sessions()), default=resolve(meeting.event.start, meeting.zone))

    def _cut(self, meeting: Meeting, since: datetime) -> bool:
        late = {
            s.recurrence_id for s in meeting.sessions() if s.start >= since and stamp(since) > s.recurrence_id != ""
        }
        if not meeting.event.rrule or (meeting.until and meeting.until <= since and late <= meeting.out):
            return False
        meeting.until = min(since, meeting.until or since)
        meeting.out |= late
        return True

    def busy(self, people: Iterable[Person], window: Window) -> list[Busy]:
        begin, end = window
        emails = {person.email for person in people}
        found = [b for b in self.taken if b.email in emails and b.start < end and b.end > begin]
        for meeting in self.meetings.values():
            if not isinstance(meeting.event.start, datetime):
                continue
            for s in meeting.sessions():
                if s.start < end and s.end > begin and s.status != "cancelled":
                    who = [meeting.event.organizer, *([] if s.status == "declined" else meeting.event.attendees)]
                    found += [Busy(p.email, s.start, s.end, s.uid) for p in who if p.email in emails]
        return found

    def find(self, _: Person, uid: str) -> Event | None:
        meeting = self.meetings.get(uid)
        if meeting is None or meeting.cancelled:
            return None
        until = f";UNTIL={stamp(meeting.until - timedelta(seconds=1))}" if meeting.until else ""
        return replace(meeting.event, rrule=meeting.event.rrule + until)

    def answer(self, _: Rsvp) -> bool:
        return False

    def _same_times(self, event: Event) -> bool:
        now = self.find(event.organizer, event.uid)
        return now is not None and (now.start, now.rrule) == (event.start, event.rrule)


class FakeOutbox:
    """Mail that arrives at once."""

    def __init__(self) -> None:
        self.sent: list[EmailMessage] = []

    def send(self, message: EmailMessage) -> None:
        self.sent.append(message)

    def find(self, message_id: str, to: str) -> bool:
        return any(m["Message-ID"] == message_id and to in m["To"] for m in self.sent)


class FakeInbox:
    """What arrived, in order; the cursor counts."""

    def __init__(self) -> None:
        self.arrived: list[bytes] = []

    def fetch(self, cursor: str) -> tuple[list[bytes], str]:
        first = int(cursor or 0)
        messages = self.arrived[first : first + A_BATCH]
        return [m[:LONGEST] for m in messages], str(first + len(messages))

    def watch(self, _: Callable[[], None]) -> None:
        return


class FakeWorld:
    """The provider, and what people do in their calendar programs."""

    def __init__(self) -> None:
        self.calendar, self.outbox, self.inbox = FakeCalendar(), FakeOutbox(), FakeInbox()
        self.provider = Provider("fake", self.calendar, self.outbox, one_inbox(self.inbox), vouched=True)

    @property
    def mails(self) -> list[EmailMessage]:
        return self.outbox.sent

    def arrive(self, message: EmailMessage) -> None:
        self.inbox.arrived.append(message.as_bytes())

    def state(self) -> object:
        """Something that differs when anything has changed."""
        return self.calendar.changes, len(self.outbox.sent)

    def views(self, manager: Person, _: Person, marker: str, window: Window) -> tuple[list[Span], list[Span]]:
        """What takes place as each of the two sees it: a server shows both the same."""
        seen = [(o.start, o.end) for o in self.calendar.occurrences(manager, marker, window) if o.status == "confirmed"]
        return seen, seen

    # --- what people do; `mine` says whose copy it is done in ---

    def move(self, one: Occurrence, start: datetime, *, mine: bool) -> None:  # noqa: ARG002 (all see one truth)
        self.calendar.move(self._organizer(one), one, start, start + (one.end - one.start))

    def cancel(self, one: Occurrence, *, mine: bool) -> None:
        meeting = self.calendar.meetings[one.uid]
        if not one.recurrence_id:
            meeting.cancelled, meeting.refused = mine or meeting.cancelled, not mine or meeting.refused
        else:
            (meeting.out if mine else meeting.declined).add(one.recurrence_id)

    def decline(self, one: Occurrence) -> None:
        self.cancel(one, mine=False)

    def delete(self, one: Occurrence, *, mine: bool) -> None:
        """The whole event."""
        if mine:
            del self.calendar.meetings[one.uid]
        else:
            self.calendar.meetings[one.uid].refused = True

    def shift(self, one: Occurrence, hours: int) -> None:
        """The whole series, exceptions lost."""
        meeting, by = self.calendar.meetings[one.uid], timedelta(hours=hours)
        shifted = replace(meeting.event, start=meeting.event.start + by)
        until = meeting.until and meeting.until + by
        self.calendar.meetings[one.uid] = Meeting(shifted, until, refused=meeting.refused)

    def split(self, one: Occurrence, hours: int) -> None:
        """This and following, at another hour."""
        meeting = self.calendar.meetings[one.uid]
        original = next(o for o in meeting.originals if stamp(o) == one.recurrence_id)
        start = original.astimezone(meeting.zone).replace(tzinfo=None) + timedelta(hours=hours)
        fresh = replace(meeting.event, uid=f"{one.uid}_{one.recurrence_id}", start=start)
        rest = {k: v for k, v in meeting.moved.items() if k < one.recurrence_id}
        meeting.moved, until = rest, meeting.until and meeting.until + timedelta(hours=hours)
        meeting.until = original
        self.calendar.meetings[fresh.uid] = Meeting(fresh, until)

    def stop(self, one: Occurrence) -> None:
        """This and following are deleted."""
        meeting = self.calendar.meetings[one.uid]
        meeting.until = next(o for o in meeting.originals if stamp(o) == one.recurrence_id)

    def occupy(self, person: Person, start: datetime, minutes: int) -> None:
        self.calendar.taken.append(Busy(person.email, start, start + timedelta(minutes=minutes)))

    def _organizer(self, one: Occurrence) -> Person:
        return self.calendar.meetings[one.uid].event.organizer
