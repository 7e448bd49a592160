"""A series as a row of sessions: which of them take place, what each replaces, and what follows it."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import cached_property

from careermail.model import A_DAY, Commitment, Contract, Occurrence, Person, Series, resolve
from careermail.plan.history import Booking, Standing
from careermail.plan.recurrence import after_one_period


@dataclass(frozen=True)
class Session:
    """One occurrence with what surrounds it; times in UTC."""

    series: Series
    occurrence: Occurrence
    nominal: datetime  # where the rule, or whoever booked it, first put it
    quarter: tuple[datetime, datetime]  # the time that is this session's: up to where the next one is due
    following: datetime  # the start of the next session that takes place, or that would
    booking: Booking | None
    contract: Contract | None  # as it stands now
    recorded: Contract | None  # the one recorded since this session began, before the next
    previous: Occurrence | None  # the last session that took place before
    missed: bool  # `previous` never got its contract
    paused: bool
    part: int  # 1 to 3 where three conversations are held apart, else 0
    asks: bool  # the contract is asked for after this one
    lost_at: datetime | None  # when it was first seen not to take place
    became: str  # what it was then: cancelled, declined or missed
    waived: bool = False  # the manager said that it brings no contract
    later: tuple[date, ...] = ()  # the days on which the manager asked to be asked again

    @property
    def takes_place(self) -> bool:
        """Whether it stands in the calendar, accepted or not answered; or was held, as its contract shows."""
        return self.occurrence.status == "confirmed" or self.recorded is not None

    @property
    def late(self) -> bool:
        """Whether it was moved past its quarter, into the next one's time."""
        return self.takes_place and self.occurrence.start >= self.quarter[1]

    @property
    def lost(self) -> bool:
        """Whether its quarter is left without it."""
        return self.late or (not self.takes_place and self.lost_at is not None)

    @property
    def day(self) -> date:
        """Its date in the manager's zone."""
        return self.occurrence.start.astimezone(self.series.manager.zone).date()

    @property
    def nothing_agreed(self) -> bool:
        """Whether there is no open commitment to speak of."""
        return not (self.contract and self.contract.open)


@dataclass(frozen=True)
class Promise:
    """One dated commitment with what surrounds it."""

    series: Series
    commitment: Commitment
    date: date
    following: datetime  # the next session's start
    paused: bool
    stopped: bool = False  # the manager wants to hear nothing of it

    @property
    def owner(self) -> Person:
        """Who is to keep it."""
        return self.series.owner(self.commitment.owner)


class Row:
    """All known sessions of one series, in the order of their quarters."""

    def __init__(self, series: Series, standing: Standing, now: datetime) -> None:
        self.series, self.standing, self.now = series, standing, now

    @property
    def paused(self) -> bool:
        """Whether the series rests today."""
        return self.rests_at(self.now)

    @property
    def stopped(self) -> bool:
        """Whether the manager wants to hear nothing of it any more, not even of what they committed to."""
        return self.paused and bool(self.standing.paused and self.standing.paused.data.get("stopped"))

    def rests_at(self, moment: datetime) -> bool:
        """Whether the series rests at a moment (UTC), as far as is known now."""
        fact = self.standing.paused
        if fact is None:
            return False
        until = fact.data.get("until")
        return not until or moment.astimezone(self.series.manager.zone).date() < date.fromisoformat(until)

    @cached_property
    def occurrences(self) -> list[Occurrence]:
        """Everything known, by start."""
        return sorted(self.standing.occurrences.values(), key=lambda o: (o.start, o.id))

    @cached_property
    def confirmed(self) -> list[Occurrence]:
        """What takes place, by start."""
        return [o for o in self.occurrences if o.status == "confirmed"]

    @cached_property
    def grid(self) -> list[datetime]:
        """Where the rule puts sessions, whatever became of them; without what is left of earlier ones."""
        there = (o for o in self.occurrences if o.status != "superseded" and not self.answered(o))
        recurring = (o for o in there if self.standing.recurring(o))
        return sorted({nominal(o) for o in recurring if o.status == "confirmed" or o.uid in self.alive})

    def answered(self, occurrence: Occurrence) -> bool:
        """Whether a lost session of the series is made up for by the series that was booked anew since."""
        latest, lost = self.standing.series, self.standing.lost.get(occurrence.id)
        return latest is not None and lost is not None and occurrence.uid != latest.uid and lost.at <= latest.at

    @cached_property
    def alive(self) -> set[str]:
        """The UIDs of the recurring events that still have sessions to come."""
        return {o.uid for o in self.confirmed if self.standing.recurring(o) and o.start > self.now}

    def next_after(self, day: date) -> datetime:
        """The start of the first session after the day, or where one would come by the rule."""
        midnight = resolve(datetime.combine(day + A_DAY, time()), self.series.manager.zone)
        later = (o.start for o in self.confirmed if o.start >= midnight)
        return next(later, None) or self._by_rule(max(midnight, self.now))

    @cached_property
    def next_start(self) -> datetime:
        """The start of the next session (UTC), or where one would come by the rule."""
        coming = (o.start for o in self.confirmed if o.start > self.now)
        return next(coming, None) or self._by_rule(self.now)

    @cached_property
    def sessions(self) -> list[Session]:
        """One for each occurrence, by start."""
        return [self.session(o) for o in self.occurrences]

    def session(self, occurrence: Occurrence) -> Session:
        """The occurrence with its surroundings."""
        booking = self.standing.role(occurrence)
        origin, group = self.origin(occurrence), self.group(occurrence)
        following = self.following(occurrence)
        previous = self.previous(occurrence)
        lost = self.standing.lost.get(occurrence.id)
        return Session(
            series=self.series,
            occurrence=occurrence,
            nominal=nominal(occurrence),
            quarter=self.quarter(nominal(origin)),
            following=following,
            booking=booking,
            contract=self.standing.contract,
            recorded=self._recorded(occurrence.start, following),
            previous=previous,
            missed=previous is not None and not self._settled(previous, occurrence.start),
            paused=self.paused,
            part=self._part(occurrence, booking),
            asks=occurrence.id == group[-1].id,
            lost_at=lost.at if lost else None,
            became=lost.status if lost else "",
            waived=occurrence.id in self.standing.waived,
            later=self.standing.later.get(occurrence.id, ()),
        )

    def _part(self, occurrence: Occurrence, booking: Booking | None) -> int:
        if booking and booking.part:
            return booking.part
        return 1 if self.series.conversation.format == "three" and self.standing.recurring(occurrence) else 0

    def chain(self, occurrence: Occurrence) -> list[Occurrence]:
        """The occurrence, the one that it replaces or belongs to, and so on back to one of the series."""
        links = [occurrence]
        while (booking := self.standing.role(links[-1])) and booking.of:
            before = self.standing.occurrences.get(booking.of)
            if before is None or before in links:
                break
            links.append(before)
        return links

    def origin(self, occurrence: Occurrence) -> Occurrence:
        """The one of the series that this one replaces or belongs to; itself, if it stands for itself."""
        return self.chain(occurrence)[-1]

    def replaced(self, occurrence: Occurrence) -> Occurrence | None:
        """The session that was booked in place of this one, if any is known."""
        stand_ins = {b.uid for b in self.standing.bookings.values() if b.of == occurrence.id and b.role == "again"}
        return next((o for o in self.occurrences if o.uid in stand_ins), None)

    def is_part(self, occurrence: Occurrence) -> bool:
        """Whether it is the second or third of three conversations."""
        booking = self.standing.role(occurrence)
        return booking is not None and booking.part > 1

    def part(self, first: Occurrence, number: int) -> Occurrence | None:
        """The second or third of three conversations, of which `first` is the first."""
        bookings = self.standing.bookings.values()
        uids = {b.uid for b in bookings if b.role == "part" and (b.of, b.part) == (first.id, number)}
        return next((o for o in self.confirmed if o.uid in uids), None)

    def depth(self, occurrence: Occurrence) -> int:
        """How often the session has been booked again already."""
        bookings = (self.standing.role(o) for o in self.chain(occurrence))
        return sum(b is not None and b.role == "again" for b in bookings)

    def group(self, occurrence: Occurrence) -> list[Occurrence]:
        """The sessions that end in one contract together with this one (three, or just it), by start."""
        if self.series.conversation.format == "one":
            return [occurrence]
        root = self.origin(occurrence).id
        members = [o for o in self.confirmed if self.origin(o).id == root]
        return members or [occurrence]

    def following(self, occurrence: Occurrence) -> datetime:
        """The start of the next session that takes place and ends in a contract of its own."""
        own = {o.id for o in self.group(occurrence)}
        later = (o.start for o in self.confirmed if o.start > occurrence.start and o.id not in own)
        return next(later, None) or self._by_rule(occurrence.start)

    def previous(self, occurrence: Occurrence) -> Occurrence | None:
        """The last session that took place before this one and asked for a contract."""
        own = {o.id for o in self.group(occurrence)}
        over = [o for o in self.confirmed if o.end <= min(self.now, occurrence.start) and o.id not in own]
        return over[-1] if over else None

    def quarter(self, start: datetime) -> tuple[datetime, datetime]:
        """The time that belongs to a session due at `start`: from half way since the one before, to the next."""
        later = [g for g in self.grid if g > start]
        earlier = [g for g in self.grid if g < start]
        end = later[0] if later else self._by_rule(start)
        begin = earlier[-1] if earlier else start - (end - start)
        return begin + (start - begin) / 2, end

    def _by_rule(self, start: datetime) -> datetime:
        return after_one_period(self.series.conversation, start, self.series.manager.zone)

    def _settled(self, occurrence: Occurrence, end: datetime) -> bool:
        """Whether a session has its contract, or is to have none."""
        return occurrence.id in self.standing.waived or self._recorded(occurrence.start, end) is not None

    def _recorded(self, start: datetime, end: datetime) -> Contract | None:
        contracts = (c for c in self.standing.contracts if c.at is not None and start <= c.at < max(end, start))
        return next(contracts, None)


def nominal(occurrence: Occurrence) -> datetime:
    """Where the rule, or whoever booked it, put the occurrence at first (UTC)."""
    if not occurrence.recurrence_id:
        return occurrence.start
    return datetime.fromisoformat(occurrence.recurrence_id)


def lead(series: Series, now: datetime) -> datetime:
    """The earliest moment for a session booked now: after the prompt could still go out in time."""
    return now + timedelta(days=series.conversation.prompt_days + 1)
