"""What the manager is told when a session did not stay where it was, and what careermail did about it."""

from collections.abc import Iterator
from datetime import datetime

from careermail.model import A_DAY, Occurrence, Topic, Wanted
from careermail.plan.bookings import to_be_replaced
from careermail.plan.endings import ended_by_people, given_up, worn_out
from careermail.plan.history import History
from careermail.plan.recurrence import working_moment
from careermail.plan.sessions import Row, Session
from careermail.plan.slots import FOUR_WEEKS, conflict

STILL_LOOKING = "careermail is still looking for another hour"


def wanted_displaced(row: Row, history: History) -> Iterator[Wanted]:
    """One mail for each session that was lost, or cannot take place where it stands and was not moved."""
    if row.paused:
        return
    ended = _first_of_each_ended(row)
    for session in row.sessions:
        if session.lost:
            yield from _lost(row, session, history, ended)
        elif _in_the_way(row, session, history):
            yield _mail(row, session, "conflict", due_in_days=FOUR_WEEKS)
    for key, fact in row.standing.asked.items():
        if history.state(f"{key}/book") == "skipped":
            topic = Topic(row.series, what="no-hour", following=row.next_start, note=fact.data["reason"])
            yield Wanted(
                f"{key}/displaced",
                "displaced",
                working_moment(row.series.manager, fact.at, "after"),
                fact.at + 14 * A_DAY,
                topic,
                to=row.series.manager,
                because="an ad hoc conversation was asked for, and no hour was free",
            )


def _lost(row: Row, session: Session, history: History, ended: set[str]) -> Iterator[Wanted]:
    occurrence = session.occurrence
    if any(history.state(f"{row.series.key}/{occurrence.id}/{ours}") for ours in ("rest", "whole")):
        return  # we took it away ourselves
    if not session.late and ended_by_people(row, occurrence):
        if occurrence.id in ended:
            looking = given_up(row) and not worn_out(row)
            yield _mail(row, session, "ended", unless=STILL_LOOKING if looking else "")
        return
    again = history.state(f"{row.series.key}/{occurrence.id}/again")
    looking = to_be_replaced(row, session) and again not in {"done", "skipped"}
    what = "late" if session.late else session.became
    unless = (
        STILL_LOOKING if looking else "the manager said where it is now" if occurrence.id in row.standing.moved else ""
    )
    yield _mail(row, session, what, unless=unless)


def _first_of_each_ended(row: Row) -> set[str]:
    # A series that was ended takes many sessions with it, of which the first stands for all.
    first: dict[tuple[str, object], str] = {}
    for occurrence in row.occurrences:
        lost = row.standing.lost.get(occurrence.id)
        ahead = lost and occurrence.start > lost.at
        if lost and ahead and ended_by_people(row, occurrence) and not _rearranged(row, occurrence, lost.at):
            first.setdefault((occurrence.uid, lost.at), occurrence.id)
    return set(first.values())


def _rearranged(row: Row, occurrence: Occurrence, lost_at: datetime) -> bool:
    """Whether it went because the series was given other times: by us, or by people who split it."""
    booking = row.standing.role(occurrence)
    ours = booking is not None and booking.ended is not None and booking.ended < lost_at
    goes_on = bool(row.alive) and not row.answered(occurrence) and occurrence not in given_up(row)
    return ours or goes_on


def _anew(row: Row, occurrence: Occurrence) -> Occurrence | None:
    """The first session of the series that was booked instead, if it was."""
    latest = row.standing.series
    mine = (o for o in row.confirmed if latest and o.uid == latest.uid)
    return next(mine, None) if row.answered(occurrence) else None


def _in_the_way(row: Row, session: Session, history: History) -> bool:
    occurrence, wish = session.occurrence, row.series.conversation.on_conflict
    if wish == "keep" or not session.takes_place or occurrence.moved or not row.standing.recurring(occurrence):
        return False
    given_up_on = history.state(f"{row.series.key}/{occurrence.id}/move") == "skipped"
    return (wish == "ask" or given_up_on) and bool(conflict(row.series, occurrence))


def _mail(row: Row, session: Session, what: str, *, unless: str = "", due_in_days: int = 0) -> Wanted:
    occurrence = session.occurrence
    stand_in = _anew(row, occurrence) if what == "ended" else row.replaced(occurrence)
    noticed = occurrence.start - due_in_days * A_DAY if due_in_days else session.lost_at or row.now
    due = working_moment(row.series.manager, noticed, "after")
    return Wanted(
        key=f"{row.series.key}/{occurrence.id}/displaced",
        kind="displaced",
        due=due,
        until=max(row.next_start, due + A_DAY) if not due_in_days else occurrence.start,
        topic=Topic(
            row.series,
            occurrence,
            following=row.next_start,
            what=what,
            stand_in=stand_in.start if stand_in else None,
            note=conflict(row.series, occurrence) if what == "conflict" else "",
        ),
        to=row.series.manager,
        because=f"the session of {session.day:%A %d %B %Y} was displaced: {what}",
        unless=unless,
    )
