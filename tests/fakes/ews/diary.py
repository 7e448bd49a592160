"""Everybody's calendar on an Exchange server, and how it keeps attendees in step with what organizers send."""

from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Literal

from fakes.ews.items import new_id
from fakes.ews.recurring import starts, zone_of
from fakes.ews.soap import Element, RefusedError
from lxml import etree

NOBODY_SAID = {"Unknown", "NoResponseReceived"}
FOREVER = datetime(2040, 1, 1, tzinfo=UTC)


@dataclass
class Asked:
    """An attendee, as the organizer's item tracks them."""

    address: str
    name: str
    said: str = "Unknown"
    proposed: tuple[datetime, datetime] | None = None


@dataclass
class Entry:
    """A single item, a series, or one changed session of a series; times in UTC."""

    start: datetime
    end: datetime
    zone: str = "UTC"  # its Windows name
    all_day: bool = False
    status: str = "Busy"
    recurrence: Element | None = None
    asked: list[Asked] = field(default_factory=list)
    said: dict[str, Element] = field(default_factory=dict)  # its other properties, by tag
    extended: list[Element] = field(default_factory=list)
    changed: dict[datetime, "Entry"] = field(default_factory=dict)  # by original start
    gone: set[datetime] = field(default_factory=set)
    id: str = field(default_factory=lambda: new_id("calendar"))
    key: int = 1
    uid: str = ""
    created: datetime = datetime(2027, 1, 1, tzinfo=UTC)
    definition: Element | None = None  # of the zone, where a program gave one of its own

    def __deepcopy__(self, memo: dict[int, object]) -> "Entry":
        copy = Entry(self.start, self.end)
        copy.__dict__ |= self.__dict__
        copy.said, copy.extended, copy.gone = dict(self.said), list(self.extended), set(self.gone)
        copy.asked, copy.changed = deepcopy(self.asked, memo), deepcopy(self.changed, memo)
        return copy

    @property
    def length(self) -> timedelta:
        return self.end - self.start

    def originals(self, until: datetime = FOREVER) -> list[datetime]:
        """Where the pattern puts its sessions, deleted ones too."""
        if self.recurrence is None:
            return [self.start]
        return starts(self.recurrence, self.start, zone_of(self.zone), until)

    def sessions(self, until: datetime) -> list[tuple[datetime | None, datetime, datetime]]:
        """The original (None of a single item), start and end of each session that takes place."""
        if self.recurrence is None:
            return [(None, self.start, self.end)]
        every = [at for at in self.originals(until + timedelta(days=400)) if at not in self.gone]
        one = {at: self.changed.get(at) for at in every}
        return [(at, e.start, e.end) if e else (at, at, at + self.length) for at, e in one.items()]

    def property(self, name: str) -> str:
        """The value of an extended property of ours."""
        found = (one for one in self.extended if one[0].get("PropertyName") == name)
        return next((one[1].text or "" for one in found), "")


@dataclass
class Copy:
    """An attendee's: the organizer's item as they were last told of it, and what they said no to, at which hour."""

    told: Entry
    refused: dict[datetime | None, datetime] = field(default_factory=dict)
    accepted: bool = False

    def sessions(self, until: datetime) -> list[tuple[datetime | None, datetime, datetime]]:
        return [
            one
            for one in self.told.sessions(until)
            if self.refused.get(one[0]) != one[1] and self.refused.get(None) != self.told.start
        ]


@dataclass(frozen=True)
class Notice:
    """A meeting message that lands in somebody's mailbox."""

    to: str
    kind: Literal["request", "cancellation", "answer"]
    uid: str
    about: datetime | None = None  # the original start of the one session that it is about


@dataclass
class Diaries:
    """The calendars by mail address."""

    own: dict[str, dict[str, Entry]]  # what people organise, by id
    copies: dict[str, dict[str, Copy]] = field(default_factory=dict)  # what they were asked to, by UID
    notices: list[Notice] = field(default_factory=list)
    post: Callable[[Notice], None] = lambda notice: None  # what puts it into the mailbox  # noqa: ARG005
    unseen: set[str] = field(default_factory=set)  # whose free/busy nobody may see
    failing: set[str] = field(default_factory=set)  # whose cannot be told for the moment
    # What an exception of a series does when its times are changed: it stays while start and pattern do, it never
    # does, or it always does. The specification leaves it to clients (MS-OXOCAL, 3.1.4.7.3.5).
    exceptions: Literal["kept", "forgotten", "clinging"] = "kept"
    resets: bool = True  # whether another hour lets the organizer's item forget who answered
    in_order: bool = False  # whether no session may pass the one before or after it, as the specification has it

    # --- what organizers do ---

    def make(self, who: str, entry: Entry, *, tell: bool) -> None:
        entry.uid = entry.uid or f"040000008200E00074C5B7101A82E008{len(self.own[who]):08X}{entry.id.encode().hex()}"
        self.own[who][entry.id] = entry
        if tell:
            self.tell(entry)

    def find(self, who: str, name: str) -> tuple[Entry, datetime | None] | None:
        """The entry with an id; and, where it is the id of one session, which."""
        base, _, at = name.partition("@")
        if base in self.own.get(who, {}):
            return self.own[who][base], datetime.fromisoformat(at) if at else None
        series = self.own.get(who, {}).values()
        return next(((e, at) for e in series for at, one in e.changed.items() if one.id == name), None)

    def session(self, entry: Entry, at: datetime) -> Entry:
        """One session of a series as an entry of its own, which it may become by being changed."""
        if at in entry.gone or at not in entry.originals(at):
            raise RefusedError("ErrorCalendarOccurrenceIsDeletedFromRecurrence")
        if at in entry.changed:
            return entry.changed[at]
        one = deepcopy(entry)
        one.recurrence, one.changed, one.gone, one.id = None, {}, set(), f"{entry.id}@{at.isoformat()}"
        one.start, one.end = at, at + entry.length
        return one

    def settle(self, entry: Entry, before: Entry, at: datetime | None, now: Entry) -> None:
        """Let a change stand: of one session (`now` is it), or of the whole entry."""
        moved = (before.start, before.end) != (now.start, now.end)
        if at is not None:
            self._check_order(entry, at, now)
            now.id = entry.changed[at].id if at in entry.changed else new_id("exception")
            entry.changed[at] = now
        elif entry.recurrence is not None:
            self._settle_exceptions(entry, before)
        if moved and self.resets:
            for one in now.asked:
                one.said = "Unknown" if one.said != "Organizer" else one.said
        entry.key += 1

    def _check_order(self, entry: Entry, at: datetime, now: Entry) -> None:
        others = [one for one in entry.sessions(at) if one[0] != at]
        later = [start for original, start, _ in others if original and original > at]
        earlier = [end for original, _, end in others if original and original < at]
        if self.in_order and (now.end > min(later, default=FOREVER) or now.start < max(earlier, default=now.start)):
            raise RefusedError("ErrorOccurrenceCrossingBoundary")

    def _settle_exceptions(self, entry: Entry, before: Entry) -> None:
        times = (entry.start, entry.end, _written(entry.recurrence))
        if times == (before.start, before.end, _written(before.recurrence)):
            return
        pattern = [_written(one.recurrence[0] if one.recurrence is not None else None) for one in (entry, before)]
        same = entry.start == before.start and pattern[0] == pattern[1]
        if self.exceptions == "forgotten" or (self.exceptions == "kept" and not same):
            entry.changed, entry.gone = {}, set()
        if self.exceptions == "clinging":
            by = entry.start - before.start
            entry.changed = {at + by: one for at, one in entry.changed.items()}
            entry.gone = {at + by for at in entry.gone}
        there = set(entry.originals(max([*entry.changed, *entry.gone], default=entry.start)))
        entry.changed = {at: one for at, one in entry.changed.items() if at in there}
        entry.gone &= there

    def drop(self, who: str, entry: Entry, at: datetime | None, *, tell: bool) -> None:
        if at is None:
            del self.own[who][entry.id]
        else:
            entry.gone.add(at)
            entry.changed.pop(at, None)
            entry.key += 1
        for one in entry.asked if tell else ():
            self._notify(Notice(one.address, "cancellation", entry.uid, at))
            held = self.copies.get(one.address, {})
            if at is None:
                held.pop(entry.uid, None)
            elif entry.uid in held:
                held[entry.uid].told = deepcopy(entry)

    def tell(self, entry: Entry, at: datetime | None = None) -> None:
        """Send the attendees what stands; theirs is brought up to it at once."""
        for one in entry.asked:
            self._notify(Notice(one.address, "request", entry.uid, at))
            if one.address in self.own:
                held = self.copies.setdefault(one.address, {})
                held.setdefault(entry.uid, Copy(entry)).told = deepcopy(entry)

    def withdraw(self, entry: Entry, addresses: set[str]) -> None:
        """Let those who are asked no longer see that it is cancelled."""
        for address in addresses:
            self._notify(Notice(address, "cancellation", entry.uid))
            self.copies.get(address, {}).pop(entry.uid, None)

    # --- what attendees do ---

    def respond(self, who: str, uid: str, at: datetime | None, said: str) -> None:
        """An attendee answers to one session or to all, and the organizer's item tracks it."""
        copy = self.copies[who][uid]
        organizer, entry = next((o, e) for o, held in self.own.items() for e in held.values() if e.uid == uid)
        if said == "Decline":
            shown = copy.told.changed.get(at, None) if at else None
            copy.refused[at] = shown.start if shown else at or copy.told.start
        if at is None:
            tracked = [entry, *entry.changed.values()]
        else:
            one = self.session(entry, at)
            if at not in entry.changed:
                one.id = new_id("exception")
                entry.changed[at] = one
            tracked = [one]
        for each in tracked:
            next(a for a in each.asked if a.address == who).said = said
        entry.key += 1
        self._notify(Notice(organizer, "answer", uid, at))

    # --- what can be seen ---

    def taken(self, who: str, start: datetime, end: datetime) -> list[tuple[datetime, datetime, str]]:
        """What stands in somebody's calendar between two moments, with its status."""
        own = [(s, e, one.status) for one in self.own[who].values() for _, s, e in one.sessions(end)]
        asked = [
            (s, e, copy.told.status if copy.accepted else "Tentative")
            for copy in self.copies.get(who, {}).values()
            for _, s, e in copy.sessions(end)
        ]
        return sorted(one for one in own + asked if one[0] < end and one[1] > start)

    def sees(self, who: str, uid: str) -> list[datetime]:
        """When the sessions of an event, by our UID or the server's, start in somebody's program up to 2028."""
        end = datetime(2028, 1, 1, tzinfo=UTC)
        named = [e for held in self.own.values() for e in held.values() if e.property("careermail-uid") == uid]
        uids = {uid, *(e.uid for e in sorted(named, key=lambda e: e.created)[:1])}
        own = [one for e in self.own[who].values() if e.uid in uids for one in e.sessions(end)]
        asked = [one for name, copy in self.copies.get(who, {}).items() if name in uids for one in copy.sessions(end)]
        return sorted(start for _, start, _ in own + asked if start < end)

    def _notify(self, notice: Notice) -> None:
        self.notices.append(notice)
        self.post(notice)

    def told(self, who: str) -> list[str]:
        """What came to somebody, oldest first."""
        return [one.kind for one in self.notices if one.to == who]


def _written(element: Element | None) -> bytes:
    return b"" if element is None else etree.tostring(element, method="c14n", strip_text=True)


def midnight(day: date, zone: str) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=zone_of(zone)).astimezone(UTC)
