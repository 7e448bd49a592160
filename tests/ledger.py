"""Facts without a world: what was booked, seen and agreed, and plans that are carried out by writing that they were."""

from datetime import UTC, datetime, timedelta

from careermail.model import Contract, Fact, Occurrence, Plan, Series, Team, stamp
from careermail.plan.bookings import shape
from careermail.plan.history import History, fold, to_data
from careermail.plan.planner import plan
from careermail.plan.recurrence import rule, starts

UID = "series@example.com"


class Ledger:
    """The facts of one pair, as the runner would have recorded them."""

    def __init__(self, series: Series, booked: datetime, first: datetime, *, years: int = 1) -> None:
        """`booked` is in UTC; `first` local to the manager. All sessions of so many years are seen at once."""
        self.series, self.facts = series, []
        conversation = series.conversation
        rrule = rule(conversation, first)
        data = {"series": series.key, "role": "series", "start": first.isoformat(), "rrule": rrule}
        self.note(booked, "booked", UID, **data, minutes=conversation.minutes, shape=shape(series))
        end = booked + timedelta(days=366 * years)
        for start in starts(rrule, first, series.manager.zone, (booked, end)):
            self.seen(booked, start)

    def note(self, at: datetime, kind: str, key: str, /, **data: object) -> None:
        self.facts.append(Fact(at, kind, key, data))

    def seen(self, at: datetime, start: datetime, status: str = "confirmed", moved_to: datetime | None = None) -> None:
        """A session that the rule puts at `start` (UTC), as the calendar shows it."""
        where = moved_to or start
        end = where + timedelta(minutes=self.series.conversation.minutes)
        occurrence = Occurrence(UID, stamp(start), where, end, status, id=stamp(start))
        self.note(at, "seen", f"{self.series.key}/{occurrence.id}", **to_data(occurrence))

    def agreed(self, contract: Contract) -> None:
        assert contract.at is not None
        self.note(contract.at, "contract", f"{self.series.key}/contract/{contract.version}", **to_data(contract))

    @property
    def history(self) -> History:
        return fold(self.facts)

    def plan(self, now: datetime, *, foresee: bool = True) -> Plan:
        return plan(Team(self.series.manager, (self.series,)), self.history, now, foresee=foresee)

    def run(self, now: datetime, until: datetime) -> list[str]:
        """Carry out all that comes due, by writing down that it was; return when what was done."""
        told = []
        while now < until:
            wanted = self.plan(now)
            for action in wanted.due:
                kind = "skipped" if action.verb == "skip" else "done"
                for w in action.wanted:
                    self.note(now, kind, w.key, kind=w.kind, until=w.until.isoformat())
                    told.append(f"{now:%Y-%m-%d %H:%M} {kind} {w.key.removeprefix(self.series.key)}")
            now = now if wanted.due else wanted.wake_at
        return told


def utc(*moment: int) -> datetime:
    return datetime(*moment, tzinfo=UTC)
