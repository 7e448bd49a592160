"""Facts -> what stands: the fold that every plan begins with, and the facts that a calendar's reading adds."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, date, datetime
from functools import cache
from typing import TYPE_CHECKING, Any

from careermail.model import A_DAY, Commitment, Contract, Effect, Fact, Occurrence, stamp

if TYPE_CHECKING:
    from pydantic import TypeAdapter

EFFECTS = {"intent", "done", "skipped", "failed", "held"}
LOST = {"cancelled", "declined", "missed"}
LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Booking:
    """An event of ours in the calendar: a series, or a single session beside it."""

    uid: str
    role: str  # "series", "again" (in place of a lost session), "part" (of three), "ad-hoc"
    generation: int = 0  # of a series: raised when it had to be booked anew
    sequence: int = 0
    start: str = ""  # local to the manager, ISO 8601
    rrule: str = ""
    minutes: int = 60
    shape: Mapping[str, str] = field(default_factory=dict)  # the configuration that it was made from
    of: str = ""  # the occurrence that an "again" or a "part" belongs to
    part: int = 0
    reason: str = ""  # of an "ad-hoc": the manager's own words, for them alone
    at: datetime = LONG_AGO
    ended: datetime | None = None

    @property
    def data(self) -> dict[str, Any]:
        """The booking as its fact holds it."""
        return {k: v for k, v in asdict(self).items() if k not in {"uid", "at", "ended"}}


@dataclass(frozen=True)
class Loss:
    """When a session was first seen not to take place, and why."""

    at: datetime
    status: str


@dataclass(frozen=True)
class Change:
    """Commitments that one side moved or dropped at one moment: the contract before and after."""

    at: datetime
    by: str  # their address
    before: Contract
    after: Contract


@dataclass
class Standing:
    """What stands between one manager and one report."""

    bookings: dict[str, Booking] = field(default_factory=dict)
    occurrences: dict[str, Occurrence] = field(default_factory=dict)
    lost: dict[str, Loss] = field(default_factory=dict)  # by occurrence
    contracts: list[Contract] = field(default_factory=list)
    numbers: int = 0  # the highest number that a commitment ever had
    paused: Fact | None = None
    asked: dict[str, Fact] = field(default_factory=dict)
    # What the manager said of a session, by occurrence:
    moved: dict[str, Fact] = field(default_factory=dict)
    waived: set[str] = field(default_factory=set)
    later: dict[str, tuple[date, ...]] = field(default_factory=dict)
    changes: dict[tuple[datetime, str], Change] = field(default_factory=dict)
    recorded: dict[int, Fact] = field(default_factory=dict)  # by the contract's version

    @property
    def contract(self) -> Contract | None:
        """The contract as it stands."""
        return self.contracts[-1] if self.contracts else None

    @property
    def series(self) -> Booking | None:
        """The recurring event that stands, or the last that did."""
        return max((b for b in self.bookings.values() if b.role == "series"), key=lambda b: b.generation, default=None)

    def role(self, occurrence: Occurrence) -> Booking | None:
        """What an occurrence was booked as; None for an event that people made of ours (a split series)."""
        return self.bookings.get(occurrence.uid)

    def recurring(self, occurrence: Occurrence) -> bool:
        """Whether the occurrence is one of the series, not a single session beside it."""
        booking = self.role(occurrence)
        return booking is None or booking.role == "series"


@dataclass
class History:
    """What stands for one manager."""

    effects: dict[str, Effect] = field(default_factory=dict)
    series: dict[str, Standing] = field(default_factory=dict)
    troubles: dict[str, Fact] = field(default_factory=dict)
    heard: dict[str, Fact] = field(default_factory=dict)  # mails of people's that were understood
    away: dict[str, tuple[tuple[date, date], ...]] = field(default_factory=dict)  # by address
    cursor: str = ""  # how far the inbox has been read
    horizon: datetime = LONG_AGO  # what was useless by then has been moved to the archive
    restored: datetime = LONG_AGO  # when this came from another machine, which may have done more than is in it

    def of(self, series: str) -> Standing:
        """What stands for the series with this key; empty where nothing does yet."""
        return self.series.setdefault(series, Standing())

    def state(self, key: str) -> str:
        """What became of the effect with this key; "" if nothing yet."""
        effect = self.effects.get(key)
        return effect.state if effect else ""


def pair(key: str) -> str:
    """The series' part of a fact's or an effect's key: manager/report."""
    return "/".join(key.split("/", 2)[:2])


def fold(facts: Iterable[Fact]) -> History:
    """What stands after these facts, in their order."""
    history = History()
    for fact in facts:
        if fact.kind in EFFECTS:
            history.effects[fact.key] = _effect(history.effects.get(fact.key), fact)
        elif fact.kind in _FOLDS:
            _FOLDS[fact.kind](history, fact)
    return history


def _effect(before: Effect | None, fact: Fact) -> Effect:
    attempts = before.attempts if before else 0
    retry = fact.data.get("retry_at")
    return Effect(
        state=fact.kind,  # type: ignore[arg-type]
        at=fact.at,
        attempts=attempts + (fact.kind in {"failed", "held"}),
        retry_at=datetime.fromisoformat(retry) if retry else None,
        reason=str(fact.data.get("reason", "")),
        data={**(before.data if before else {}), **fact.data},
    )


def _booked(history: History, fact: Fact) -> None:
    values = {k: v for k, v in fact.data.items() if k != "series"}
    history.of(fact.data["series"]).bookings[fact.key] = Booking(uid=fact.key, at=fact.at, **values)


def _ended(history: History, fact: Fact) -> None:
    bookings = history.of(fact.data["series"]).bookings
    if fact.key in bookings:
        bookings[fact.key] = replace(bookings[fact.key], ended=fact.at)


def _seen(history: History, fact: Fact) -> None:
    standing = history.of(pair(fact.key))
    occurrence = occurrence_of(fact.data)
    if occurrence.status in LOST:
        standing.lost.setdefault(occurrence.id, Loss(fact.at, occurrence.status))
    else:
        standing.lost.pop(occurrence.id, None)
    standing.occurrences[occurrence.id] = occurrence


def _contract(history: History, fact: Fact) -> None:
    standing = history.of(pair(fact.key))
    contract = contract_of(fact.data)
    standing.contracts.append(contract)
    standing.recorded[contract.version] = fact
    standing.numbers = max(standing.numbers, fact.data.get("numbers", 0))


def _commitment(history: History, fact: Fact) -> None:
    standing, name = history.of(pair(fact.key)), fact.key.rpartition("/")[2]
    if standing.contracts:
        before = standing.contracts[-1]
        changed = tuple(_changed(c, fact) if c.id == name else c for c in before.commitments)
        after = standing.contracts[-1] = replace(before, commitments=changed)
        if fact.data.get("by") and fact.data.get("state") != "done":
            moment = fact.at, str(fact.data["by"])
            earlier = standing.changes.get(moment)
            standing.changes[moment] = Change(*moment, earlier.before if earlier else before, after)


def _changed(commitment: Commitment, fact: Fact) -> Commitment:
    if due := fact.data.get("due"):
        agreed, moves = fact.at.date(), commitment.moves + 1
        return replace(commitment, due=date.fromisoformat(due), agreed=agreed, moves=moves, state="open")
    reason = fact.data.get("reason", "")
    return replace(commitment, state=fact.data["state"], reason=reason, settled=fact.at.date())


def _missed(history: History, fact: Fact) -> None:
    standing, name = history.of(pair(fact.key)), fact.key.rpartition("/")[2]
    if known := standing.occurrences.get(name):
        standing.occurrences[name] = replace(known, status="missed")
        standing.lost.setdefault(name, Loss(fact.at, "missed"))


def _said(history: History, fact: Fact) -> None:
    standing, name = history.of(pair(fact.key)), fact.key.rpartition("/")[2]
    if fact.kind == "moved":
        standing.moved[name] = fact
    elif fact.kind == "waived":
        standing.waived.add(name)
    else:
        standing.later[name] = (*standing.later.get(name, ()), date.fromisoformat(fact.data["day"]))


def _heard(history: History, fact: Fact) -> None:
    history.heard[fact.key] = fact


def _away(history: History, fact: Fact) -> None:
    who, span = fact.key.rpartition("/")[2], (fact.data["since"], fact.data["until"])
    history.away[who] = (*history.away.get(who, ()), (date.fromisoformat(span[0]), date.fromisoformat(span[1])))


def _read(history: History, fact: Fact) -> None:
    history.cursor = fact.data["cursor"]


def _paused(history: History, fact: Fact) -> None:
    history.of(fact.key).paused = fact if fact.kind == "paused" else None


def _asked(history: History, fact: Fact) -> None:
    history.of(pair(fact.key)).asked[fact.key] = fact


def _settled(history: History, fact: Fact) -> None:
    history.horizon = datetime.fromisoformat(fact.data["horizon"])


def _restored(history: History, fact: Fact) -> None:
    history.restored = fact.at


def _trouble(history: History, fact: Fact) -> None:
    if fact.kind == "trouble":
        history.troubles[fact.key] = fact
    else:
        history.troubles.pop(fact.key, None)


_FOLDS = {
    "booked": _booked,
    "ended": _ended,
    "seen": _seen,
    "contract": _contract,
    "commitment": _commitment,
    "missed": _missed,
    "moved": _said,
    "waived": _said,
    "later": _said,
    "heard": _heard,
    "away": _away,
    "read": _read,
    "paused": _paused,
    "resumed": _paused,
    "asked": _asked,
    "settled": _settled,
    "restored": _restored,
    "trouble": _trouble,
    "solved": _trouble,
}


# --- as facts are stored -------------------------------------------------------------------------


@cache
def _adapter(kind: type) -> "TypeAdapter[Any]":
    from pydantic import TypeAdapter

    return TypeAdapter(kind)


def to_data(value: Occurrence | Contract) -> dict[str, Any]:
    """An occurrence or a contract as its fact holds it: JSON's types only."""
    kind: type = type(value)
    data: dict[str, Any] = _adapter(kind).dump_python(value, mode="json")
    return data


def occurrence_of(data: Mapping[str, Any]) -> Occurrence:
    """The occurrence that a `seen` fact holds."""
    occurrence: Occurrence = _adapter(Occurrence).validate_python(data)
    return occurrence


def contract_of(data: Mapping[str, Any]) -> Contract:
    """The contract that its fact holds."""
    contract: Contract = _adapter(Contract).validate_python(data)
    return contract


# --- what a reading of the calendar adds ---------------------------------------------------------


def reconcile(
    known: Mapping[str, Occurrence], seen: Iterable[Occurrence], window: tuple[datetime, datetime]
) -> list[Occurrence]:
    """What has changed between what was known (by id) and what the calendar shows in the window (UTC).

    An occurrence that vanished from one place while a new one appeared in another was moved: by a change of the
    whole series, by "this and following", or by hand. It keeps its identity, so that nothing about it is mailed
    twice. One that vanished without such a match was cancelled. One that stands beyond the window, which an edit of
    the configuration may bring nearer, can vanish unseen: it is known no more until it is read again.
    """
    places = {(o.uid, o.recurrence_id): o for o in known.values()}
    changes: list[Occurrence] = []
    new: list[Occurrence] = []
    present = set()
    for occurrence in seen:
        place = (occurrence.uid, occurrence.recurrence_id)
        before = places.get(place)
        present.add(place)
        if before is None:
            new.append(occurrence)
        elif (now_known := _as_of(occurrence, before)) != before:
            changes.append(now_known)
    begin, end = window
    absent = [o for p, o in places.items() if p not in present and begin <= o.start and o.status == "confirmed"]
    vanished = [o for o in absent if o.start < end]
    moved = _pairs(vanished, [o for o in new if o.status == "confirmed"])
    changes += [replace(to, id=origin.id) for origin, to in moved]
    matched = [to for _, to in moved]
    taken = set(known)
    for occurrence in new:
        if occurrence not in matched and occurrence.status == "confirmed":
            changes.append(replace(occurrence, id=_fresh(taken, occurrence)))
    origins = [origin for origin, _ in moved]
    changes += [replace(o, status="cancelled") for o in vanished if o not in origins]
    return changes + [replace(o, status="superseded") for o in absent if o.start >= end]


def _as_of(seen: Occurrence, before: Occurrence) -> Occurrence:
    # What was cancelled is told of where people last had it; the calendar remembers only where the rule put it.
    times = before if seen.status == "cancelled" else seen
    return replace(seen, id=before.id, start=times.start, end=times.end)


def _pairs(vanished: list[Occurrence], new: list[Occurrence]) -> list[tuple[Occurrence, Occurrence]]:
    # Nearest first, so that a whole series that moved by a week pairs each session with its own successor.
    near = [(v, n) for v in vanished for n in new if _near(v, n)]
    near.sort(key=lambda both: (abs(both[0].start - both[1].start), both[0].id, both[1].start, both[1].uid))
    pairs: list[tuple[Occurrence, Occurrence]] = []
    for v, n in near:
        if all(v is not a and n is not b for a, b in pairs):
            pairs.append((v, n))
    return pairs


def _near(one: Occurrence, other: Occurrence) -> bool:
    return abs(one.start - other.start) <= 45 * A_DAY


def _fresh(taken: set[str], occurrence: Occurrence) -> str:
    name = occurrence.recurrence_id or stamp(occurrence.start)
    while name in taken:  # the same hour was booked, lost and booked again
        name += "+"
    taken.add(name)
    return name
