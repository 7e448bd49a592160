"""One effect on the world: its intent, whether it came about already, how it is carried out, what it leaves.

The runner keeps the intent on disk before it carries anything out, and the outcome after; an effect found half-way
is asked first whether it came about.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

from careermail.mail.compose import compose
from careermail.mail.numbers import numbered
from careermail.mail.render import render
from careermail.mail.tokens import message_id
from careermail.model import Action, Event, Fact, Series, Service, Wanted, opaque
from careermail.plan.decisions import Scene, decide, reminder_event, session_event
from careermail.plan.history import LONG_AGO
from careermail.plan.recurrence import after_one_period
from careermail.providers import Provider, Window

Intent = Mapping[str, Any]  # JSON's types only


@dataclass(frozen=True)
class World:
    """Where effects come about, and when."""

    service: Service
    provider: Provider
    now: datetime


class Deed(Protocol):
    """One thing to be done once."""

    def intent(self) -> dict[str, Any] | None:
        """What exactly is to be done; None where it turns out to be impossible."""
        ...

    def came_about(self, intent: Intent) -> bool | None:
        """Whether it was done already; None where nothing can tell."""
        ...

    def carry_out(self, intent: Intent) -> None:
        """Do it. Raises ProviderError; it may have come about all the same."""
        ...

    def outcome(self, intent: Intent) -> list[Fact]:
        """What is known once it is done, beside that it is."""
        ...


def deed_of(action: Action, world: World) -> Deed:
    """The deed that an action asks for."""
    kind = action.wanted[0].kind
    if kind in _CALENDAR_DEEDS:
        return _CALENDAR_DEEDS[kind](world, action.wanted)
    return _Mail(world, action.wanted)


@dataclass(frozen=True)
class _Mail:
    """One mail, about one or several wanted things."""

    world: World
    wanted: Sequence[Wanted]

    def intent(self) -> dict[str, Any]:
        first, topics = self.wanted[0], [w.topic for w in self.wanted]
        name = message_id(self.world.service, (w.key for w in self.wanted), first.topic.series.manager.email)
        # The commitments by the numbers that the mail gives them, which an answer will use.
        about = [f"{n.topic.series.key}/{n.commitment.id}" for n in numbered(first.kind, topics)]
        return {"message_id": name, "to": first.to.email if first.to else "", **({"about": about} if about else {})}

    def came_about(self, intent: Intent) -> bool | None:
        return self.world.provider.outbox.find(intent["message_id"], intent["to"])

    def carry_out(self, intent: Intent) -> None:
        first, service = self.wanted[0], self.world.service
        if first.to is None:
            raise ValueError(f"a mail of kind {first.kind} has nobody to go to")
        topics = [w.topic for w in self.wanted]
        message = compose(
            service, first.kind, first.to, topics, message_id=intent["message_id"], key=first.key, now=self.world.now
        )
        self.world.provider.outbox.send(message)

    def outcome(self, intent: Intent) -> list[Fact]:  # noqa: ARG002 (a mail leaves nothing but the fact that it was sent)
        return []


class _CalendarDeed(ABC):
    """What the effects on calendars share; each kind says what it does."""

    def __init__(self, world: World, wanted: Sequence[Wanted]) -> None:
        self.world, self.wanted = world, wanted[0]
        self.series: Series = self.wanted.topic.series
        self.calendar = world.provider.calendar

    def intent(self) -> dict[str, Any] | None:
        return decide(Scene(self.wanted, self.world.now, self.world.service.domain, current=self.current()))

    def current(self) -> Event | None:
        return None

    def came_about(self, intent: Intent) -> bool | None:  # noqa: ARG002
        # Ending and cancelling can be repeated: whatever is gone already stays gone.
        return False

    @abstractmethod
    def carry_out(self, intent: Intent) -> None: ...

    def outcome(self, intent: Intent) -> list[Fact]:  # noqa: ARG002
        return []

    def words(self, kind: str) -> tuple[str, str]:
        words = render(self.world.service, kind, self.series.manager, [self.wanted.topic], self.world.now)
        return words.subject, words.text

    def fact(self, kind: str, uid: str, **data: Any) -> Fact:
        return Fact(self.world.now, kind, uid, {"series": self.series.key, **data})


class _Book(_CalendarDeed):
    """A series, or a single session beside it."""

    def intent(self) -> dict[str, Any] | None:
        people = (self.series.manager, self.series.report)
        window = (self.world.now, self.world.now + timedelta(days=500))
        own = self.own()
        busy = [b for b in self.calendar.busy(people, window) if b.uid not in own]
        domain = self.world.service.domain
        return decide(Scene(self.wanted, self.world.now, domain, busy, self.current()))

    def own(self) -> set[str]:
        """The events that are to make room for themselves."""
        return set(self.wanted.data.get("uids", ()))

    def came_about(self, intent: Intent) -> bool | None:
        event = self.calendar.find(self.series.manager, intent["uid"])
        booked = intent["booked"]
        # People's own edits raise the SEQUENCE too, but not to the length that we meant to give it.
        return event is not None and event.sequence >= booked.get("sequence", 0) and event.minutes == booked["minutes"]

    def carry_out(self, intent: Intent) -> None:
        since = datetime.fromisoformat(intent["since"]) if "since" in intent else self.world.now
        for uid in intent.get("end", ()):
            self.calendar.cancel(self.series.manager, uid, since=since)
        self.calendar.put(session_event(self.series, intent, self.words("session")))

    def outcome(self, intent: Intent) -> list[Fact]:
        ended = [self.fact("ended", uid) for uid in intent.get("end", ())]
        return [*ended, self.fact("booked", intent["uid"], **intent["booked"])]


class _Reshape(_Book):
    """Another time or length for a series that stands."""

    def current(self) -> Event | None:
        uids = self.wanted.data["uids"]
        return self.calendar.find(self.series.manager, uids[0]) if len(uids) == 1 else None


class _Move(_Book):
    """One session to another hour."""

    def own(self) -> set[str]:
        held = self.wanted.topic.occurrence
        return {held.uid} if held else set()

    def came_about(self, intent: Intent) -> bool | None:
        # The calendar was read just before: it stands in its new place if it was moved.
        held = self.wanted.topic.occurrence
        return held is not None and held.start == datetime.fromisoformat(intent["target"])

    def carry_out(self, intent: Intent) -> None:
        if held := self.wanted.topic.occurrence:
            start = datetime.fromisoformat(intent["target"])
            self.calendar.move(self.series.manager, held, start, start + (held.end - held.start))

    def outcome(self, intent: Intent) -> list[Fact]:  # noqa: ARG002 (the next reading of the calendar tells)
        return []


class _Cancel(_CalendarDeed):
    """One session."""

    def carry_out(self, intent: Intent) -> None:  # noqa: ARG002
        if held := self.wanted.topic.occurrence:
            self.calendar.cancel(self.series.manager, held.uid, recurrence_id=held.recurrence_id)


class _End(_CalendarDeed):
    """All sessions from now on."""

    def intent(self) -> dict[str, Any]:
        # Also those of an event that people split off since the calendar was last read.
        window = reading_window(self.series, self.world.now, self.world.now)
        there = self.calendar.occurrences(self.series.manager, self.series.marker, window)
        coming = {o.uid for o in there if o.status == "confirmed" and o.start > self.world.now}
        reminders = (f"{opaque(key)}@{self.world.service.domain}" for key in self.wanted.data["reminders"])
        return {"uids": sorted(coming.union(self.wanted.data["uids"], reminders))}

    def carry_out(self, intent: Intent) -> None:
        for uid in intent["uids"]:
            self.calendar.cancel(self.series.manager, uid, since=self.world.now)

    def outcome(self, intent: Intent) -> list[Fact]:
        return [self.fact("ended", uid) for uid in intent["uids"]]


class _Remind(_CalendarDeed):
    """A manager's own commitment, in their calendar."""

    def carry_out(self, intent: Intent) -> None:
        self.calendar.put(reminder_event(self.wanted, intent, self.words("reminder")))


class _Forget(_CalendarDeed):
    """A commitment's reminder that is not needed any more."""

    def carry_out(self, intent: Intent) -> None:
        self.calendar.cancel(self.series.manager, intent["uid"], since=LONG_AGO)


_CALENDAR_DEEDS: dict[str, type[_CalendarDeed]] = {
    "book": _Book,
    "single": _Book,
    "reshape": _Reshape,
    "move": _Move,
    "cancel": _Cancel,
    "end": _End,
    "note": _Remind,
    "unnote": _Forget,
}


def reading_window(series: Series, now: datetime, since: datetime) -> Window:
    """From when to when a series' sessions are read: from the one that has just been, three ahead at least.

    `since` is the start of the last session known to have been: it may have been cancelled while nobody looked.
    """
    ahead = now
    for _ in range(3):
        ahead = after_one_period(series.conversation, ahead, series.manager.zone)
    return min(since, now - timedelta(days=2)), max(ahead, now + timedelta(days=400)).astimezone(UTC)
