"""What careermail talks about: people, sessions, contracts, and what is wanted, done and known.

Every `datetime` in here is aware and in UTC unless its name or docstring says `local`.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from functools import cache
from hashlib import blake2b
from pathlib import Path
from typing import Any, Literal
from zoneinfo import ZoneInfo

Language = str
# A session is superseded that is gone because we changed the series ourselves, so that nobody need be told, or that
# stands further ahead than is read now; it is missed if it stands in the calendar and did not happen, as the manager
# said.
Status = Literal["confirmed", "cancelled", "declined", "superseded", "missed"]
Owner = Literal["manager", "report"]


def opaque(key: str) -> str:
    """A key of ours as the outside may see it: stable, and telling nothing about whom it concerns."""
    return blake2b(key.encode(), digest_size=16).hexdigest()


@cache
def _zone(name: str) -> ZoneInfo:
    return ZoneInfo(name)


# --- who -----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Person:
    """Somebody who is mailed, with the zone and the hours that their mails keep to (`local` times)."""

    name: str
    email: str
    timezone: str = "UTC"
    language: Language = "en"
    working_days: frozenset[int] = frozenset(range(5))  # Monday is 0
    working_hours: tuple[time, time] = (time(9), time(17))
    holidays: str = ""  # an ISO 3166 code, with a subdivision if wanted ("SE", "DE-BY"); "" for none
    send_at: time = time(9)
    away: tuple[tuple[date, date], ...] = ()  # first and last days of absences that their own mail program told of

    @property
    def zone(self) -> ZoneInfo:
        """The person's time zone."""
        return _zone(self.timezone)

    @property
    def first_name(self) -> str:
        """What a colleague calls them."""
        return self.name.split()[0]


@dataclass(frozen=True)
class Conversation:
    """How one manager wants to talk with one report (DESIGN.md, Configuration)."""

    every: str = "3 months"  # "N days|weeks|months|years"
    rrule: str = ""  # an RFC 5545 RRULE instead of `every`
    minutes: int = 60
    first: datetime | None = None  # local to the manager, naive
    days: frozenset[int] = frozenset({1, 2, 3})
    between: tuple[time, time] = (time(10), time(16))  # local to the manager
    format: Literal["one", "three"] = "one"
    prepare_days: int = 5
    prompt_days: int = 3
    summary_hours: int = 48
    review_every: str = "1 month"  # or "never"
    notice_days: int = 3
    on_day_off: Literal["before", "after", "same"] = "before"
    on_conflict: Literal["move", "ask", "keep"] = "move"


@dataclass(frozen=True)
class Series:
    """The career conversations of one manager with one report."""

    manager: Person
    report: Person
    conversation: Conversation = Conversation()

    @property
    def key(self) -> str:
        """The identity of the pair, first part of every key that concerns it."""
        return f"{self.manager.email}/{self.report.email}"

    @property
    def marker(self) -> str:
        """What marks an event in a calendar as belonging to this series, splits and copies included."""
        return opaque(self.key)

    def owner(self, owner: Owner) -> Person:
        """The person behind a commitment's owner."""
        return self.manager if owner == "manager" else self.report


@dataclass(frozen=True)
class Team:
    """One manager and their reports: what one store file is about."""

    manager: Person
    series: tuple[Series, ...] = ()


@dataclass(frozen=True)
class Service:
    """Who careermail is: the name and address on its mails, and whom it alarms."""

    name: str = "careermail"
    address: str = "careermail@localhost"
    admin: str = "root@localhost"
    state: Path = Path("state")
    templates: Path | None = None  # a folder whose files stand in for single ones of ours
    as_manager: bool = False  # mails leave from their manager's own mailbox, and answers come back there
    tags: bool = True  # what is written to "name+tag@…" reaches its mailbox
    authserv_ids: tuple[str, ...] = ()  # receiving servers whose Authentication-Results are believed (RFC 8601, 2.5)
    secret: bytes = field(default=b"", repr=False)  # what answers are known by, at most 64 bytes: never shown or logged

    @property
    def domain(self) -> str:
        """The domain of Message-IDs and UIDs."""
        return self.address.rpartition("@")[2]

    def desk(self, manager: str) -> str:
        """The address that mails about the sessions of a manager (by address) come from, and are answered to."""
        return manager if self.as_manager else self.address


# --- when ----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Event:
    """What we want to stand in calendars; the provider makes it so and tells the attendees once."""

    uid: str
    organizer: Person
    attendees: tuple[Person, ...]  # without the organizer; none for a manager's own reminder
    summary: str
    description: str
    start: datetime | date  # naive, local to `organizer.timezone`; a date is an all-day event
    minutes: int = 60
    rrule: str = ""
    sequence: int = 0
    marker: str = ""  # Series.marker, kept by calendars that copy or split the event
    language: Language = "en"


@dataclass(frozen=True)
class Occurrence:
    """One session as a calendar holds it. `id` is its identity for ever: its RECURRENCE-ID at first sight."""

    uid: str
    recurrence_id: str  # where it would stand unmoved, as UTC "20270112T090000Z"; "" for a single event
    start: datetime
    end: datetime
    status: Status = "confirmed"
    busy: bool = False  # overlaps something else in either calendar
    id: str = ""

    @property
    def moved(self) -> bool:
        """Whether it stands elsewhere than its rule would put it."""
        return bool(self.recurrence_id) and self.recurrence_id != stamp(self.start)


@dataclass(frozen=True)
class Busy:
    """A stretch of somebody's time that is taken."""

    email: str
    start: datetime
    end: datetime
    uid: str = ""  # the event behind it, where the calendar tells


@dataclass(frozen=True)
class Rsvp:
    """What an attendee's calendar program answered by mail (iTIP, RFC 5546, 3.2.3 and 3.2.7)."""

    attendee: str  # a mail address in lower case
    uid: str
    recurrence_id: str  # as Occurrence's; "" for all of the event
    partstat: str  # ACCEPTED, DECLINED, TENTATIVE …; "" for a COUNTER
    sequence: int = 0
    stamp: str = ""  # its DTSTAMP as UTC "20270112T090000Z": of two answers with one sequence, the later counts
    comment: str = ""
    proposed: tuple[datetime, datetime] | None = None  # a COUNTER: start and end


def stamp(moment: datetime) -> str:
    """A UTC moment as iCalendar and our keys write it: 20270112T090000Z (RFC 5545, 3.3.5)."""
    return moment.strftime("%Y%m%dT%H%M%SZ")


def resolve(local: datetime, zone: tzinfo) -> datetime:
    """The moment, in UTC, at which the clocks of `zone` show `local` (naive).

    A time that a change of the clocks leaves out becomes the first moment after the gap, so that 02:30 becomes 03:00;
    a time that comes twice is the first of the two. RFC 5545 (3.3.5) would let 02:30 become 03:30; we would rather
    have the moment that people's clocks show next.
    """
    moment = local.replace(tzinfo=zone, fold=0).astimezone(UTC)
    if moment.astimezone(zone).replace(tzinfo=None) == local:
        return moment
    before = local.replace(tzinfo=zone, fold=1).astimezone(UTC)  # as if the clocks had changed already
    seconds = range(int(before.timestamp()), int(moment.timestamp()))
    late = bisect_left(seconds, True, key=lambda s: datetime.fromtimestamp(s, zone).replace(tzinfo=None) > local)
    return datetime.fromtimestamp(seconds.start + late, UTC)


# --- what was agreed -----------------------------------------------------------------------------


@dataclass(frozen=True)
class Commitment:
    """Something that the manager or the report said they would do."""

    owner: Owner
    text: str
    due: date | None = None  # None: not dated yet, so reviewed but not mailed
    id: str = ""  # "jonas-3", unique within the manager's file
    agreed: date | None = None
    state: Literal["open", "done", "dropped"] = "open"
    reason: str = ""
    moves: int = 0  # part of the mails' keys: a moved commitment is mailed again on its new date
    settled: date | None = None  # when it was done or dropped


@dataclass(frozen=True)
class Review:
    """An aspect of progress to look at together, and the month for it, if one was named (its first day)."""

    text: str
    month: date | None = None


@dataclass(frozen=True)
class Contract:
    """What both agreed, in one version (the playbook, What a Development Contract Looks Like)."""

    commitments: tuple[Commitment, ...] = ()
    reviews: tuple[Review, ...] = ()
    questions: tuple[str, ...] = ()  # the open ones that both are sitting with
    version: int = 0
    at: datetime | None = None  # when it was recorded
    occurrence: str = ""  # Occurrence.id of the session that it came from

    def of(self, owner: Owner) -> tuple[Commitment, ...]:
        """The commitments of one side, in the order they were written."""
        return tuple(c for c in self.commitments if c.owner == owner)

    @property
    def open(self) -> tuple[Commitment, ...]:
        """What is still to be done."""
        return tuple(c for c in self.commitments if c.state == "open")


# --- what is known -------------------------------------------------------------------------------


@dataclass(frozen=True)
class Fact:
    """Something that happened, as it is stored: never changed, only followed by others.

    kind is one of
      intent, done, skipped, failed, held   what became of a wanted effect; key is the effect's key
      booked, ended                         a calendar event of ours; key is its UID
      seen                                  an occurrence as last read; key is series/occurrence id
      contract                              key is series/contract/version
      commitment                            a change of one commitment; key is series/commitment id
      missed, moved, waived, later          what the manager said of a session: it did not happen, it is at another
                                            hour, it brings no contract, ask again then; key is series/occurrence id
      asked                                 an ad hoc conversation was asked for; key is series/ad-hoc/n
      heard                                 a mail was understood; key is series/heard/digest (manager/manager where it
                                            is about no one pair); data tells what is to be answered
      away                                  somebody's mail program says so; key is the manager/their address
      read                                  how far the inbox has been read
      paused, resumed                       key is the series
      settled                               older facts were moved to the archive; data tells up to when
      restored                              all before it came from another machine, which may have done more since
      trouble, solved                       what the admin must know; key is the cause
      checked                               a login as it was last tried; key is whose it is/its label
    """

    at: datetime
    kind: str
    key: str
    data: Mapping[str, Any] = field(default_factory=dict)  # JSON's types only


@dataclass(frozen=True)
class Effect:
    """What became of one wanted effect, folded from its facts."""

    state: Literal["intent", "done", "skipped", "failed", "held"]
    at: datetime
    attempts: int = 0
    retry_at: datetime | None = None
    reason: str = ""
    data: Mapping[str, Any] = field(default_factory=dict)


# --- what is wanted ------------------------------------------------------------------------------


@dataclass(frozen=True)
class Topic:
    """What a mail is about, as far as one series goes: all that its template may speak of."""

    series: Series
    occurrence: Occurrence | None = None
    following: datetime | None = None  # the start of the session after that
    contract: Contract | None = None  # as it stands
    previous: Contract | None = None  # as it stood before, where a change is told
    commitments: tuple[Commitment, ...] = ()  # those that this mail is about
    deadline: datetime | None = None  # by when what is asked for is due
    # displaced: cancelled, declined, missed, late, ended (the whole series), conflict, no-hour
    # answer, passed-on, help, refused: what the mail was about (plan/answers.py)
    # alarm: foretold, where nothing is stuck yet
    what: str = ""
    stand_in: datetime | None = None  # displaced: the session that was booked instead
    note: str = ""  # an alarm's cause and mend; the manager's own reason for an ad hoc conversation
    overdue: bool = False  # the last session's contract never came
    part: int = 0  # 1 to 3 where the three conversations are held apart
    times: int = 1  # the how-maniest mail of its kind about this
    questions: tuple[tuple[str, str], ...] = ()  # lines that were not understood, each with what is missing
    thanks: bool = False  # it answers a mail of the reader's own
    reply: str = ""  # the Message-ID of that mail, with its brackets
    subject: str = ""  # and its subject
    until: date | None = None  # a pause's end


@dataclass(frozen=True)
class Wanted:
    """An effect that should come about at `due`, is useless from `until` on, or is not wanted because of `unless`."""

    key: str
    kind: str  # a mail's kind, or book, single, reshape, end, move, cancel, note, unnote
    due: datetime
    until: datetime
    topic: Topic
    to: Person | None = None  # mails only
    because: str = ""  # the rule and the fact behind it, for `why`
    unless: str = ""
    latest: datetime | None = None  # rather out of working hours than later than this
    data: Mapping[str, Any] = field(default_factory=dict)  # what a calendar effect needs


@dataclass(frozen=True)
class Action:
    """What the runner does next: one effect, or several wanted mails as one."""

    verb: str  # "mail", "skip", "settle", or a calendar effect's kind
    wanted: tuple[Wanted, ...]
    reason: str = ""  # why it is skipped
    again: bool = False  # an intent stands already: verify before repeating

    @property
    def key(self) -> str:
        """The action's own key: that of its one effect, or one made of all."""
        return "+".join(sorted(w.key for w in self.wanted))


@dataclass(frozen=True)
class Plan:
    """What to do now, in order, and when to ask again."""

    due: tuple[Action, ...]
    wake_at: datetime
    wanted: tuple[Wanted, ...] = ()  # all that is foreseen, for `plan` and `why`


A_DAY = timedelta(days=1)
