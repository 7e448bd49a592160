"""What exactly a calendar effect does, decided once from free/busy and then kept on disk with its intent."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from careermail.model import Busy, Event, Series, Wanted, opaque
from careermail.plan.bookings import shape
from careermail.plan.recurrence import local_day, rule, starts
from careermail.plan.slots import Diary, find_first, find_near, find_soon, penalty

Decision = dict[str, Any]


@dataclass(frozen=True)
class Scene:
    """What a decision is made from."""

    wanted: Wanted
    now: datetime
    domain: str  # of new UIDs
    busy: Sequence[Busy] = ()  # both people's taken time, without the session itself
    current: Event | None = None  # the event that is to be reshaped

    @property
    def series(self) -> Series:
        """The pair that it is about."""
        return self.wanted.topic.series

    @property
    def data(self) -> Mapping[str, Any]:
        """What the rule that wants it has said."""
        return self.wanted.data

    def uid(self, key: str) -> str:
        """The UID that belongs to a key of ours (RFC 7986, 5.3)."""
        return f"{opaque(key)}@{self.domain}"

    def local(self, moment: datetime) -> datetime:
        """A UTC moment as the manager's clock shows it, naive."""
        return moment.astimezone(self.series.manager.zone).replace(tzinfo=None)


def decide(scene: Scene) -> Decision | None:
    """Decide an effect (JSON's types only); None where no hour is to be found."""
    return _DECISIONS.get(scene.wanted.kind, _as_it_is)(scene)


def _book(scene: Scene) -> Decision | None:
    series, data = scene.series, scene.data
    near = datetime.fromisoformat(data["near"]) if "near" in data else None
    local = None if near else _from_first(scene)
    if local is None:
        earliest = local_day(series.manager, near) if near else None
        local = scene.local(find_first(series, [*scene.busy, *_declined_hour(data)], scene.now, earliest=earliest))
    # What is left of one that people took away, in one calendar or the other, goes.
    left = {"end": data["uids"], "since": data["near"]} if near else {}
    return {**_recurring(scene, local, data["generation"]), **left}


def _declined_hour(data: Mapping[str, Any]) -> list[Busy]:
    # An hour that was declined is as good as taken.
    if not data.get("declined"):
        return []
    start = datetime.fromisoformat(data["near"])
    return [Busy("", start, start + timedelta(hours=1))]


def _from_first(scene: Scene) -> datetime | None:
    first, zone = scene.series.conversation.first, scene.series.manager.zone
    if first is None:
        return None
    window = (scene.now, scene.now + timedelta(days=3660))
    start = next(starts(rule(scene.series.conversation, first), first, zone, window), None)
    return scene.local(start) if start else None


def _recurring(scene: Scene, local: datetime, generation: int) -> Decision:
    conversation = scene.series.conversation
    return {
        "uid": scene.uid(f"{scene.series.key}/series/{generation}"),
        "booked": {
            "role": "series",
            "generation": generation,
            "start": local.isoformat(),
            "rrule": rule(conversation, local),
            "minutes": conversation.minutes,
            "shape": shape(scene.series),
        },
    }


def _reshape(scene: Scene) -> Decision | None:
    current, booked = scene.current, scene.data["booked"]
    local = _reshaped_start(scene)
    if current and local is None:
        # Only its length changes: it stays where it stands, with every exception that people made.
        return _in_place(scene, current, {"start": current.start.isoformat(), "rrule": current.rrule})
    local = local or scene.local(datetime.fromisoformat(scene.data["next"]))
    if current and not scene.data["past"]:
        rrule = rule(scene.series.conversation, local)
        return _in_place(scene, current, {"start": local.isoformat(), "rrule": rrule})
    # Sessions that took place stay in the calendar: the old series ends now, and a new one begins.
    return {**_recurring(scene, local, booked["generation"] + 1), "end": scene.data["uids"]}


def _in_place(scene: Scene, current: Event, times: Mapping[str, str]) -> Decision:
    changed = {
        "sequence": current.sequence + 1,
        "minutes": scene.series.conversation.minutes,
        "shape": shape(scene.series),
    }
    return {"uid": current.uid, "booked": {**scene.data["booked"], **changed, **times}}


def _reshaped_start(scene: Scene) -> datetime | None:
    """Find where a changed configuration puts the series (local); None where it may stay."""
    series, changed = scene.series, set(scene.data["changed"])
    coming = datetime.fromisoformat(scene.data["next"])
    if "first" in changed and series.conversation.first:
        return _from_first(scene)
    if changed & {"every", "rrule", "timezone"}:
        return scene.local(coming)
    if changed & {"days", "between"} and penalty(series, Diary(scene.busy), coming):
        return scene.local(find_first(series, scene.busy, scene.now))
    return None


def _single(scene: Scene) -> Decision | None:
    series, data = scene.series, scene.data
    start = find_soon(series, scene.busy, scene.now) if data["role"] == "ad-hoc" else _near(scene)
    if start is None:
        return None
    booked = {k: data[k] for k in ("role", "of", "part", "reason") if k in data}
    times = {"start": scene.local(start).isoformat(), "minutes": series.conversation.minutes}
    return {"uid": scene.uid(scene.wanted.key), "booked": booked | times}


def _move(scene: Scene) -> Decision | None:
    start = _near(scene)
    return {"target": start.isoformat()} if start else None


def _near(scene: Scene) -> datetime | None:
    data = scene.data
    if "at" in data:  # somebody has said when
        return datetime.fromisoformat(data["at"])
    begin, end = (datetime.fromisoformat(edge) for edge in data["window"])
    but = [date.fromisoformat(day) for day in data.get("but", ())]
    return find_near(scene.series, scene.busy, datetime.fromisoformat(data["wish"]), (begin, end), but=but)


def _reminder(scene: Scene) -> Decision | None:
    return {"uid": scene.uid(scene.data["uid"])}


def _as_it_is(scene: Scene) -> Decision | None:
    return dict(scene.data)


_DECISIONS: dict[str, Callable[[Scene], Decision | None]] = {
    "book": _book,
    "reshape": _reshape,
    "single": _single,
    "move": _move,
    "note": _reminder,
    "unnote": _reminder,
}


def session_event(series: Series, decision: Mapping[str, Any], words: tuple[str, str]) -> Event:
    """Build the event that a decision books; `words` are its title and description."""
    booked = decision["booked"]
    return Event(
        uid=decision["uid"],
        organizer=series.manager,
        attendees=(series.report,),
        summary=words[0],
        description=words[1],
        start=datetime.fromisoformat(booked["start"]),
        minutes=booked["minutes"],
        rrule=booked.get("rrule", ""),
        sequence=booked.get("sequence", 0),
        marker=series.marker,
        language=series.manager.language,
    )


def reminder_event(wanted: Wanted, decision: Mapping[str, Any], words: tuple[str, str]) -> Event:
    """Build the all-day event that reminds a manager of what they committed to."""
    (commitment,) = wanted.topic.commitments
    manager = wanted.topic.series.manager
    day = commitment.due or wanted.due.date()
    return Event(decision["uid"], manager, (), *words, start=day, sequence=commitment.moves, language=manager.language)
