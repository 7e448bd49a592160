"""Three sides of one event: the organizer's copy, an attendee's copy, and what both held when they were last the same.

A calendar server would carry edits from one to the other. On a plain disk we do, and know by the X-CAREERMAIL-SYNCED
that stands in each copy who edited since. The organizer's copy is the truth; an attendee's answer is their own, and
what an attendee alone has moved is followed. Pure: calendars in, calendars changed.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC
from typing import TYPE_CHECKING

from careermail.mail.content import by_key, key_of, schedule, wording
from careermail.mail.edits import exception
from careermail.mail.invite import SERIES, spliced
from careermail.mail.vevent import (
    When,
    address,
    all_parts,
    answers,
    excluded,
    instance_of,
    is_cancelled,
    is_range,
    is_timed,
    key,
    moment,
    organizer,
    parts,
    sequence,
    uids,
)
from careermail.model import opaque, stamp

if TYPE_CHECKING:
    from icalendar import Calendar
    from icalendar import Event as Component

SYNCED = "X-CAREERMAIL-SYNCED"
_SCHEDULE = ("DTSTART", "DTEND", "DURATION", "RRULE", "RDATE")
_OWN = ("CATEGORIES", "COLOR", "COMMENT")  # what people add to their own copy, X- properties beside


@dataclass(frozen=True)
class State:
    """What one copy holds, as far as the other side must hear of it. As text: uid.schedule.words, each a digest."""

    uid: str
    schedule: str
    words: str

    def __str__(self) -> str:
        return f"{self.uid}.{self.schedule}.{self.words}"


@dataclass(frozen=True)
class Summary:
    """What is remembered of an event of ours in somebody's calendar, instead of the whole of its text."""

    uid: str
    marker: str
    state: State
    synced: str  # the organizer's state when this copy was written
    answers: dict[tuple[str, str], str]  # PARTSTAT by instance and mail address
    attendees: tuple[str, ...]
    cancelled: bool

    @property
    def edited(self) -> bool:
        """Whether anything was changed since it was written."""
        return str(self.state) != self.synced

    @property
    def moved(self) -> bool:
        """Whether the times were changed since it was written."""
        return self.synced.split(".")[:2] != [self.state.uid, self.state.schedule]

    @property
    def given(self) -> bool:
        """Whether it was we who wrote it under this UID; else somebody split it off from another event."""
        return self.synced.split(".")[0] == self.state.uid

    def declined(self, who: str) -> bool:
        """Whether this attendee declined all of it."""
        return set(self.answer(who).values()) == {"DECLINED"}

    def answer(self, who: str) -> dict[str, str]:
        """What this attendee said about each instance."""
        return {at: said for (at, attendee), said in self.answers.items() if attendee == who}


def in_step(mine: Summary, theirs: Summary | None, who: str) -> bool:
    """Whether an attendee's copy (None: they have none) needs nothing from the organizer's, nor the other way."""
    if theirs is None:
        return mine.declined(who) or mine.cancelled
    return theirs.synced == mine.synced and not theirs.moved and theirs.answer(who) == mine.answer(who)


def summaries(calendar: Calendar) -> tuple[Summary, ...]:
    """The events of ours in a calendar. Raises CalendarError where one cannot be understood."""
    return tuple(s for uid in uids(calendar) if (s := summary(calendar, uid)).marker)


def summary(calendar: Calendar, uid: str) -> Summary:
    """What is to be known of one event."""
    both = all_parts(calendar, uid)
    said = {(at, who): answer for at, one in by_key(calendar, uid) for who, answer in answers(one).items()}
    chairs = {organizer(one) for one in both}
    return Summary(
        uid=uid,
        marker=next((str(one[SERIES]) for one in both if SERIES in one), ""),
        state=state(calendar, uid),
        synced=next((str(one[SYNCED]) for one in both if SYNCED in one), ""),
        answers=said,
        attendees=tuple(dict.fromkeys(who for _, who in said if who not in chairs)),
        cancelled=bool(both) and is_cancelled(both[0]),
    )


def state(calendar: Calendar, uid: str) -> State:
    """What the other side must hear of, whatever program wrote it and however it puts it."""
    both = by_key(calendar, uid)
    times = [(at, *schedule(one), is_cancelled(one)) for at, one in both]
    words = [(at, *wording(one)) for at, one in both]
    return State(*(opaque(repr(part))[:12] for part in (uid, times, words)))


def seal(calendar: Calendar, uid: str, state: State) -> None:
    """Write into a copy what the organizer's holds at this time."""
    for one in calendar.events:
        if str(one.get("UID", "")) == uid:
            one.pop(SYNCED, None)
            one.add(SYNCED, str(state))


# --- from the attendee to the organizer ----------------------------------------------------------


def decline(ours: Calendar, uid: str, who: str) -> None:
    """The attendee declines all of it, having deleted or cancelled their copy."""
    for one in ours.events:
        if str(one.get("UID", "")) == uid:
            _answer(one, who, "DECLINED")


def follow(ours: Calendar, theirs: Calendar, uid: str, who: str, *, times: bool) -> None:
    """Take over what the attendee did in their copy: their answers, and, if `times`, what they moved."""
    edited = summary(theirs, uid).moved  # else what is cancelled in it is what the organizer once cancelled
    mine, master = parts(ours, uid)[0], parts(theirs, uid)[0]
    if mine is not None and is_cancelled(mine):
        return
    if edited and master is not None and is_cancelled(master):
        decline(ours, uid, who)
        return
    for one in all_parts(theirs, uid):
        said = "DECLINED" if edited and is_cancelled(one) else answers(one).get(who, "")
        _follow_one(ours, uid, one, (who, said), times=times and edited)
    for when in master.exdates if edited and master is not None else ():
        if (counterpart := _counterpart(ours, uid, when)) is not None:
            _answer(counterpart, who, "DECLINED")


def _follow_one(ours: Calendar, uid: str, one: Component, said: tuple[str, str], *, times: bool) -> None:
    known = key_of(one, parts(ours, uid)[0]) in dict(by_key(ours, uid))
    if not known and not times and said[1] != "DECLINED":
        return  # the organizer has other times, and there is nothing else to tell
    mine = _counterpart(ours, uid, instance_of(one))
    if mine is None:
        return
    _answer(mine, *said)
    if times and not is_cancelled(one):
        _take_times(mine, one)


def _counterpart(ours: Calendar, uid: str, when: When | None) -> Component | None:
    """The VEVENT in our copy that speaks for an instance (None: for all); None where the organizer took that out."""
    master, _ = parts(ours, uid)
    if when is not None and master is not None and key(when, UTC, timed=is_timed(master)) in excluded(master, UTC):
        return None
    try:
        return exception(ours, uid, stamp(moment(when, UTC)) if when is not None else "", UTC)
    except LookupError:
        return None  # the organizer has changed the rule, and there is no such instance any more


def _answer(one: Component, who: str, answer: str) -> None:
    for attendee in one.attendees:
        if address(attendee) == who and answer:
            attendee.params["PARTSTAT"] = answer


def _take_times(mine: Component, theirs: Component) -> None:
    if is_range(theirs):
        mine["RECURRENCE-ID"].params["RANGE"] = "THISANDFUTURE"
    if schedule(mine)[:5] == schedule(theirs)[:5]:
        return
    for name in _SCHEDULE:
        mine.pop(name, None)
        if name in theirs:
            mine[name] = theirs[name]
    mine.sequence = max(sequence(mine) + 1, sequence(theirs))


# --- from the organizer to the attendee ----------------------------------------------------------


def copy_for(ours: Calendar, theirs: Calendar | None, uid: str) -> Calendar:
    """The attendee's copy, brought up to date; the alarms and notes of their own stay in it."""
    copy = ours.copy(recursive=True)
    own = dict(by_key(theirs, uid)) if theirs is not None else {}
    for at, one in by_key(copy, uid):
        one.subcomponents = list(own[at].subcomponents) if at in own else []
        for name, value in own[at].items() if at in own else ():
            if name not in one and (name.startswith("X-") or name in _OWN):
                one[name] = value
    return spliced(theirs, copy, uid)
