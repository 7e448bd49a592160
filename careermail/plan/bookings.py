"""What should stand in the calendars: the rules for events, as playbook.py has those for mails."""

from collections.abc import Iterable, Iterator
from datetime import datetime, time, timedelta
from typing import Any

from careermail.model import A_DAY, Commitment, Occurrence, Series, Topic, Wanted, opaque, resolve, stamp
from careermail.plan.endings import TIMES_BOOKED_AGAIN, ended_by_people, given_up, worn_out
from careermail.plan.history import LONG_AGO, History
from careermail.plan.recurrence import local_day
from careermail.plan.sessions import Row, Session, lead, nominal
from careermail.plan.slots import FOUR_WEEKS, conflict


def wanted_events(row: Row, history: History) -> Iterator[Wanted]:
    """Everything that one series wants of the calendars, due or foreseen."""
    if row.paused:
        yield from _rest(row)
    else:
        yield from _series(row)
        yield from _shape(row)
        for session in row.sessions:
            yield from _moves(row, session)
            yield from _told(row, session)
            yield from _stand_ins(row, session)
        yield from _parts(row)
        yield from _asked_for(row)
    yield from _reminders(row, history)


def shape(series: Series) -> dict[str, str]:
    """What in a configuration decides when and how long the sessions are."""
    c = series.conversation
    return {
        "every": c.every,
        "rrule": c.rrule,
        "first": c.first.isoformat() if c.first else "",
        "minutes": str(c.minutes),
        "days": ",".join(str(day) for day in sorted(c.days)),
        "between": "-".join(f"{edge:%H:%M}" for edge in c.between),
        "timezone": series.manager.timezone,
    }


def _wanted(row: Row, kind: str, key: str, because: str, **rest: Any) -> Wanted:
    until = rest.pop("until", None) or row.now + 366 * A_DAY
    topic = rest.pop("topic", None) or Topic(row.series)
    return Wanted(f"{row.series.key}/{key}", kind, rest.pop("due", row.now), until, topic, because=because, **rest)


# --- the series itself ---------------------------------------------------------------------------


def _series(row: Row) -> Iterator[Wanted]:
    booking = row.standing.series
    if booking is None:
        yield _book(row, 0, "a career conversation is to come round regularly and none is booked")
    elif booking.ended:
        yield _book(row, booking.generation + 1, f"{row.series.report.first_name} is back in the configuration")
    elif (trailing := given_up(row)) and (not worn_out(row) or booking.shape != shape(row.series)):
        why = "the series was ended or declined in the calendar, and the configuration still wants it"
        uids = sorted({o.uid for o in trailing})
        data = {"near": trailing[0].start.isoformat(), "declined": _declined(trailing), "uids": uids}
        yield _book(row, booking.generation + 1, why, **data)


def _book(row: Row, generation: int, because: str, **data: Any) -> Wanted:
    return _wanted(row, "book", f"series/{generation}/book", because, data={"generation": generation, **data})


def _declined(trailing: Iterable[Occurrence]) -> bool:
    return any(o.status == "declined" for o in trailing)


def _shape(row: Row) -> Iterator[Wanted]:
    booking = row.standing.series
    wished = shape(row.series)
    if booking and not booking.ended and booking.shape != wished and not given_up(row):
        changed = sorted(name for name, value in wished.items() if booking.shape.get(name) != value)
        key = f"series/{booking.generation}/reshape/{opaque(repr(wished))[:8]}/{booking.sequence}"
        coming = [o.start.isoformat() for o in row.confirmed if o.uid in row.alive and o.start > row.now]
        past = any(o.uid == booking.uid and o.start <= row.now for o in row.confirmed)
        data = {"changed": changed, "next": coming[0], "past": past, "uids": sorted(row.alive), "booked": booking.data}
        because = f"the configuration has changed: {', '.join(changed)}"
        yield _wanted(row, "reshape", key, because, data=data)


# --- single sessions -----------------------------------------------------------------------------


def _moves(row: Row, session: Session) -> Iterator[Wanted]:
    occurrence = session.occurrence
    movable = session.takes_place and row.standing.recurring(occurrence) and not occurrence.moved
    in_time = occurrence.start > lead(row.series, row.now)
    if (
        movable
        and in_time
        and row.series.conversation.on_conflict == "move"
        and (why := conflict(row.series, occurrence))
    ):
        yield _wanted(
            row,
            "move",
            f"{occurrence.id}/move",
            f"{session.day:%A %d %B} is {why}",
            until=occurrence.start,
            topic=Topic(row.series, occurrence),
            data={"window": _window(session, lead(row.series, row.now)), "wish": occurrence.start.isoformat()},
        )


def _told(row: Row, session: Session) -> Iterator[Wanted]:
    """The hour that the manager said a session now is at."""
    fact, occurrence = row.standing.moved.get(session.occurrence.id), session.occurrence
    if fact and session.takes_place and occurrence.end > fact.at:
        told = told_hour(row, session)
        key = f"{occurrence.id}/told/{stamp(fact.at)}"
        topic, because = Topic(row.series, occurrence), "the manager said where it is now"
        yield _wanted(row, "move", key, because, due=fact.at, until=told, topic=topic, data={"at": told.isoformat()})


def _window(session: Session, earliest: datetime) -> list[str]:
    begin, end = session.quarter
    near = FOUR_WEEKS * A_DAY
    begin, end = max(begin, earliest, session.nominal - near), min(end, max(session.nominal, earliest) + near)
    return [begin.isoformat(), end.isoformat()]


def to_be_replaced(row: Row, session: Session) -> bool:
    """Whether a lost session is to be booked again: while its quarter lasts, the series goes on, and people let us."""
    # Of a missed one the manager said so themselves, and expects what the summary's mail promised.
    followed = row.series.conversation.on_conflict == "move" or session.became == "missed"
    wished = session.lost and not session.paused and followed
    in_time = (
        max(session.quarter[1], told_hour(row, session)) > row.now
        and row.depth(session.occurrence) < TIMES_BOOKED_AGAIN
    )
    return wished and in_time and _goes_on(row, session)


def told_hour(row: Row, session: Session) -> datetime:
    """Where the manager said that the session now is (UTC); long ago if they did not."""
    fact = row.standing.moved.get(session.occurrence.id)
    return datetime.fromisoformat(fact.data["start"]) if fact else LONG_AGO


def _goes_on(row: Row, session: Session) -> bool:
    if row.standing.recurring(session.occurrence):
        return not ended_by_people(row, session.occurrence)
    if row.is_part(session.occurrence) and row.series.conversation.format == "one":
        return False
    return session.booking is not None and session.booking.role in {"again", "part"}


def _stand_ins(row: Row, session: Session) -> Iterator[Wanted]:
    if not to_be_replaced(row, session):
        return
    occurrence, told = session.occurrence, told_hour(row, session)
    topic = Topic(row.series, occurrence)
    if occurrence.status == "declined":
        yield _wanted(
            row,
            "cancel",
            f"{occurrence.id}/cancel",
            "it was declined, and another is booked",
            topic=topic,
            until=occurrence.start,
        )
    # Two sessions within a fortnight would be one too many: then the next one is soon enough.
    room = (session.quarter[1] - session.quarter[0]) / 9
    earliest = max(lead(row.series, row.now), session.quarter[0])
    window = [earliest.isoformat(), (session.quarter[1] - room).isoformat()]
    yield _wanted(
        row,
        "single",
        f"{occurrence.id}/again",
        f"its session was {what_became(session)}, and its quarter lasts",
        until=max(session.quarter[1], told),
        topic=topic,
        data={
            **({"at": told.isoformat()} if told > row.now else {}),
            "role": "again",
            "of": occurrence.id,
            "part": session.part if session.part > 1 else 0,
            "window": window,
            "wish": session.nominal.isoformat(),
            "but": _days_refused(row, session),
        },
    )


def _days_refused(row: Row, session: Session) -> list[str]:
    """The days that somebody moved the session away from or said no to, and those of all that it replaces."""
    moments = [m for o in row.chain(session.occurrence) for m in (o.start, nominal(o))]
    return sorted({local_day(row.series.manager, moment).isoformat() for moment in moments})


def what_became(session: Session) -> str:
    """What happened to a lost session, in a word."""
    return "late" if session.late else session.became


def _parts(row: Row) -> Iterator[Wanted]:
    if row.series.conversation.format != "three":
        yield from _no_more_parts(row)
        return
    coming = [o for o in row.confirmed if row.standing.recurring(o) and o.start > row.now]
    for occurrence in coming[:1]:
        for part in (2, 3):
            yield from _part(row, occurrence, part)


def _part(row: Row, first: Occurrence, part: int) -> Iterator[Wanted]:
    wish = first.start + timedelta(weeks=part - 1)
    window = [(wish - 2 * A_DAY).isoformat(), (wish + 5 * A_DAY).isoformat()]
    data = {"role": "part", "of": first.id, "part": part, "wish": wish.isoformat(), "but": [], "window": window}
    held = row.part(first, part)
    because = "the three conversations are held a week apart"
    if held and held.start <= first.start:  # the first was given a later time since
        key = f"{held.id}/after/{stamp(first.start)}"
        yield _wanted(row, "move", key, because, until=wish, topic=Topic(row.series, held), data=data)
    else:
        key = f"{first.id}/part/{part}"
        yield _wanted(row, "single", key, because, until=wish, topic=Topic(row.series, first), data=data)


def _no_more_parts(row: Row) -> Iterator[Wanted]:
    for occurrence in row.confirmed:
        if occurrence.start > row.now and row.is_part(occurrence):
            topic, because = Topic(row.series, occurrence), "the conversation is one session now"
            yield _wanted(row, "cancel", f"{occurrence.id}/whole", because, until=occurrence.start, topic=topic)


def _asked_for(row: Row) -> Iterator[Wanted]:
    for key, fact in row.standing.asked.items():
        data = {"role": "ad-hoc", "reason": fact.data["reason"]}
        name = key.removeprefix(f"{row.series.key}/")
        because = "the manager asked for a conversation soon"
        yield _wanted(row, "single", f"{name}/book", because, due=fact.at, until=fact.at + 14 * A_DAY, data=data)


def _rest(row: Row) -> Iterator[Wanted]:
    # Each session is cancelled as it comes near, so that the series stands untouched when the pause ends.
    for occurrence in row.confirmed:
        if occurrence.start > row.now and row.rests_at(occurrence.start):
            near = occurrence.start - A_DAY * (row.series.conversation.prepare_days + 1)
            yield _wanted(
                row,
                "cancel",
                f"{occurrence.id}/rest",
                "the series is paused",
                due=near,
                until=occurrence.start,
                topic=Topic(row.series, occurrence),
            )


# --- the manager's own commitments ---------------------------------------------------------------


def _reminders(row: Row, history: History) -> Iterator[Wanted]:
    for contract in row.standing.contracts:
        for commitment in contract.of("manager"):
            yield from _reminder(row, commitment, contract is row.standing.contract, history)


def _reminder(row: Row, commitment: Commitment, current: bool, history: History) -> Iterator[Wanted]:
    name = f"{commitment.id}/note"
    open_and_dated = current and commitment.state == "open" and commitment.due is not None
    topic = Topic(row.series, commitments=(commitment,))
    if open_and_dated and commitment.due is not None:
        until = resolve(datetime.combine(commitment.due + A_DAY, time()), row.series.manager.zone)
        because = "the manager's commitments stand in their calendar"
        data = {"uid": f"{row.series.key}/{name}", "sequence": commitment.moves}
        yield _wanted(row, "note", f"{name}/{commitment.moves}", because, until=until, topic=topic, data=data)
    elif (
        _ahead(row, commitment)
        and not _still_wanted(row, commitment)
        and any(history.state(f"{row.series.key}/{name}/{n}") == "done" for n in range(commitment.moves + 1))
    ):
        because = "the commitment is settled, or no longer part of the contract"
        yield _wanted(row, "unnote", f"{name}/removed", because, topic=topic, data={"uid": f"{row.series.key}/{name}"})


def _ahead(row: Row, commitment: Commitment) -> bool:
    return commitment.due is not None and commitment.due >= local_day(row.series.manager, row.now)


def _still_wanted(row: Row, commitment: Commitment) -> bool:
    contract = row.standing.contract
    return contract is not None and any(c.id == commitment.id and c.state == "open" for c in contract.commitments)
