"""How a series ends: because people took it away, or because the configuration has it no more."""

from collections.abc import Iterable, Iterator
from datetime import datetime

from careermail.model import A_DAY, Occurrence, Person, Series, Topic, Wanted
from careermail.plan.history import History, Standing
from careermail.plan.sessions import Row
from careermail.plan.slots import FOUR_WEEKS

# What is booked, lost and booked again this often is left to the two people.
TIMES_BOOKED_AGAIN = 3


def given_up(row: Row) -> list[Occurrence]:
    """The sessions at the end of the series that people took away for good; empty while it goes on.

    One cancelled session at the far end of what is known is an exception; two in a row, or all, are an end.
    """
    # What gave way to another time of ours was taken away by nobody.
    recurring = [o for o in row.occurrences if row.standing.recurring(o) and o.status != "superseded"]
    coming = [o for o in recurring if o.start > row.now]
    last = max((n for n, o in enumerate(coming) if o.status == "confirmed"), default=-1)
    trailing = [o for o in coming[last + 1 :] if not row.answered(o)]
    if last >= 0:
        return trailing if len(trailing) > 1 else []
    return trailing or recurring[-1:]


def worn_out(row: Row) -> bool:
    """Whether the series was booked and taken away so often in a row that people mean it."""
    booked = [b for b in row.standing.bookings.values() if b.role == "series"]
    lost = {row.standing.occurrences[name].uid for name, loss in row.standing.lost.items() if loss.status != "missed"}
    latest = max(b.at for b in booked)
    lately = [b for b in booked if b.uid in lost and b.at > latest - FOUR_WEEKS * A_DAY]
    return len(lately) >= TIMES_BOOKED_AGAIN


def ended_by_people(row: Row, occurrence: Occurrence) -> bool:
    """Whether a lost session went together with all that follow it."""
    own = row.standing.recurring(occurrence)
    return own and (occurrence.uid not in row.alive or row.answered(occurrence) or occurrence in given_up(row))


def wanted_endings(manager: Person, configured: Iterable[str], history: History, now: datetime) -> Iterator[Wanted]:
    """What ends because the configuration no longer has the report: all sessions from now on; the past stays."""
    for key in sorted(history.series.keys() - set(configured)):
        standing = history.series[key]
        booking = standing.series
        open_ones = {b.uid for b in standing.bookings.values() if not b.ended}
        coming = {o.uid for o in standing.occurrences.values() if o.status == "confirmed" and o.start > now}
        if booking and open_ones:
            address = key.partition("/")[2]
            yield Wanted(
                key=f"{key}/series/{booking.generation}/end",
                kind="end",
                due=now,
                until=now + 366 * A_DAY,
                topic=Topic(Series(manager, Person(address, address))),
                because=f"{address} is no longer among {manager.email}'s reports",
                data={"uids": sorted(open_ones | coming), "reminders": _reminders(key, standing, history, now)},
            )


def _reminders(key: str, standing: Standing, history: History, now: datetime) -> list[str]:
    """The keys of the manager's commitments to somebody who left that still stand ahead in the manager's calendar."""
    ahead = (c for contract in standing.contracts for c in contract.of("manager") if c.due and c.due >= now.date())
    noted = {c.id for c in ahead if any(history.state(f"{key}/{c.id}/note/{n}") == "done" for n in range(c.moves + 1))}
    return [f"{key}/{name}/note" for name in sorted(noted)]
