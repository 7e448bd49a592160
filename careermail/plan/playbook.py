"""What is mailed when: the playbook's cadence and follow-through as two tables.

Each rule names the mail's kind, who gets it, when it is due (one moment or several), from when on it is useless, and
what makes it unwanted. Moments are in UTC; the days and hours behind them are those of the person who is mailed.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Generic, Literal, TypeVar

from careermail.model import A_DAY, Commitment, Person, Series, Topic, Wanted, resolve
from careermail.plan.history import Standing
from careermail.plan.recurrence import (
    add_intervals,
    at_work,
    count_working_days,
    local_day,
    send_time,
    working_day,
    working_moment,
)
from careermail.plan.sessions import Row, Session

# A nudge sooner than this after the mail that it nudges about would only annoy.
BREATHING_SPACE = timedelta(hours=4)
# A review this near to the next session would say what `prepare` is about to say.
TOO_NEAR = timedelta(days=10)
AGREED_LONG_BEFORE = timedelta(days=10)
USEFUL_AFTER_DATE = timedelta(days=7)
OVERDUE_MAILS = 3


@dataclass(frozen=True)
class Promise:
    """One dated commitment with what surrounds it."""

    series: Series
    commitment: Commitment
    date: date
    following: datetime  # the next session's start
    paused: bool

    @property
    def owner(self) -> Person:
        """Who is to keep it."""
        return self.series.owner(self.commitment.owner)


Subject = TypeVar("Subject", Session, Promise)


@dataclass(frozen=True)
class Rule(Generic[Subject]):
    """A row of a table."""

    kind: str
    to: Literal["manager", "report", "owner"]
    due: Callable[[Subject, Person], list[datetime]]
    until: Callable[[Subject, Person], datetime]
    unless: tuple[Callable[[Subject], str], ...]
    words: str  # the rule, for `why`


# --- when ----------------------------------------------------------------------------------------


def _days_before(
    days: Callable[[Session], int], useless: Callable[[Session, Person], datetime]
) -> Callable[[Session, Person], list[datetime]]:
    def due(session: Session, person: Person) -> list[datetime]:
        day = local_day(person, session.occurrence.start) - A_DAY * days(session)
        moment = send_time(person, day, session.series.conversation.on_day_off)
        # The working day after a day off may be the session's own, and too late.
        return [moment if moment < useless(session, person) else send_time(person, day, "before")]

    return due


def _start(session: Session, _: Person) -> datetime:
    return session.occurrence.start


def _two_hours_before(session: Session, _: Person) -> datetime:
    return session.occurrence.start - timedelta(hours=2)


def _end(session: Session, person: Person) -> list[datetime]:
    return [working_moment(person, session.occurrence.end, "after")]


def _next_session(subject: Session | Promise, _: Person) -> datetime:
    return subject.following


def deadline(session: Session, _: Person | None = None) -> datetime:
    """By when the playbook wants the written summary: 48 hours after the session, unless configured otherwise."""
    return session.occurrence.end + timedelta(hours=session.series.conversation.summary_hours)


def _nudges(session: Session, person: Person) -> list[datetime]:
    """Half way to the deadline and four hours before it; one a day, and in working hours, if any are left."""
    hours = session.series.conversation.summary_hours
    asked = _end(session, person)[0]
    wishes = [session.occurrence.end + timedelta(hours=h) for h in (hours / 2, hours - 4)]
    moments: dict[date, datetime] = {}
    for wish in wishes:
        moment = wish if at_work(person, wish) else working_moment(person, wish, "before")
        if moment >= asked + BREATHING_SPACE:
            moments.setdefault(local_day(person, moment), moment)
    # After a Friday's session there is no working hour left: one call at the weekend is better than none.
    last = max(wishes[-1], asked + BREATHING_SPACE)
    return list(moments.values()) or ([last] if last < deadline(session) else [])


def _after_deadline(session: Session, person: Person) -> list[datetime]:
    first = working_moment(person, deadline(session), "after")
    days = [count_working_days(person, local_day(person, first), n) for n in range(1, OVERDUE_MAILS)]
    return [first, *(send_time(person, day) for day in days)]


def _monthly(session: Session, person: Person) -> list[datetime]:
    conversation = session.series.conversation
    moments: list[datetime] = []
    if conversation.review_every == "never":
        return moments
    while True:
        day = add_intervals(local_day(person, session.occurrence.start), conversation.review_every, len(moments) + 1)
        moment = send_time(person, day, conversation.on_day_off)
        if moment + TOO_NEAR >= session.following:
            return moments
        moments.append(moment)


def _on_the_date(promise: Promise, person: Person) -> list[datetime]:
    return [send_time(person, promise.date, promise.series.conversation.on_day_off)]


def _days_of_notice(promise: Promise, person: Person) -> list[datetime]:
    day = count_working_days(person, promise.date, -promise.series.conversation.notice_days)
    return [send_time(person, day, "same")]


def _a_week_after(promise: Promise, person: Person) -> list[datetime]:
    return [send_time(person, working_day(person, promise.date + USEFUL_AFTER_DATE, "after"), "same")]


def _until_the_date(promise: Promise, person: Person) -> datetime:
    return _on_the_date(promise, person)[0]


def _until_a_week_after(promise: Promise, person: Person) -> datetime:
    return send_time(person, promise.date + USEFUL_AFTER_DATE, "same")


# --- unless --------------------------------------------------------------------------------------


def _called_off(session: Session) -> str:
    return "" if session.takes_place else f"the session was {session.occurrence.status}"


def _resting(subject: Session | Promise) -> str:
    return "the series is paused" if subject.paused else ""


def _later_part(session: Session) -> str:
    return "the prompt before the first of the three covers all" if session.part > 1 else ""


def _agreed(session: Session) -> str:
    return f"contract {session.recorded.version} was recorded {session.recorded.at:%d %B}" if session.recorded else ""


def _more_to_come(session: Session) -> str:
    return "" if session.asks else "the contract is asked for after the last of the three"


def _nothing_open(session: Session) -> str:
    if session.contract and session.contract.at and session.contract.at >= session.following:
        return "the next session has a contract of its own"  # what is open now was not, when this was due
    return "no commitment is open" if session.nothing_agreed else ""


def _settled(promise: Promise) -> str:
    return "" if promise.commitment.state == "open" else f"it is {promise.commitment.state}"


def _agreed_shortly_before(promise: Promise) -> str:
    agreed = promise.commitment.agreed
    return (
        "it was agreed ten days before its date or later"
        if agreed and promise.date - agreed <= AGREED_LONG_BEFORE
        else ""
    )


def _owner_rests(promise: Promise) -> str:
    return _resting(promise) if promise.commitment.owner == "report" else ""


# --- the table -----------------------------------------------------------------------------------

CHASE = (_called_off, _agreed, _more_to_come)

SESSION_RULES: tuple[Rule[Session], ...] = (
    Rule(
        "prepare",
        "manager",
        _days_before(lambda s: s.series.conversation.prepare_days, _start),
        _start,
        (_called_off, _resting),
        "some days before a session, to the manager",
    ),
    Rule(
        "prompt",
        "report",
        _days_before(lambda s: s.series.conversation.prompt_days, _two_hours_before),
        _two_hours_before,
        (_called_off, _resting, _later_part),
        "a few days before a session, to the report",
    ),
    Rule("summary", "manager", _end, _next_session, CHASE, "at a session's end, until its contract is recorded"),
    Rule(
        "summary-nudge",
        "manager",
        _nudges,
        deadline,
        CHASE,
        "half way to the deadline of the contract and shortly before it",
    ),
    Rule(
        "summary-overdue",
        "manager",
        _after_deadline,
        _next_session,
        CHASE,
        "on three working days after the deadline of the contract",
    ),
    Rule(
        "review",
        "manager",
        _monthly,
        _next_session,
        (_called_off, _resting, _nothing_open),
        "monthly between sessions, while a commitment is open",
    ),
)

PROMISE_RULES: tuple[Rule[Promise], ...] = (
    Rule("due-soon", "owner", _days_of_notice, _until_the_date,
         (_settled, _owner_rests, _agreed_shortly_before), "some working days before a commitment's date"),
    Rule("due", "owner", _on_the_date, _until_a_week_after,
         (_settled, _owner_rests), "on a commitment's date"),
    Rule("overdue", "owner", _a_week_after, _next_session,
         (_settled, _owner_rests), "once, a week after a commitment's date"),
)  # fmt: skip

# Several of these to one person on one day are one mail. The others are about one session, and are its thread.
MERGED = {"prepare", "due-soon", "due", "overdue", "review", "displaced", "alarm"}


# --- the table, applied --------------------------------------------------------------------------


def wanted_mails(row: Row) -> Iterator[Wanted]:
    """Every mail that one series wants by the tables, due, foreseen or unwanted."""
    for session in row.sessions:
        for rule in SESSION_RULES:
            yield from _about_session(rule, session)
    for promise in _promises(row):
        for rule_ in PROMISE_RULES:
            yield from _about_promise(rule_, promise)


def _about_session(rule: Rule[Session], session: Session) -> Iterator[Wanted]:
    series, occurrence = session.series, session.occurrence
    person = series.report if rule.to == "report" else series.manager
    for n, due in enumerate(rule.due(session, person), 1):
        yield Wanted(
            key=f"{series.key}/{occurrence.id}/{rule.kind}" + (f"/{n}" if n > 1 else ""),
            kind=rule.kind,
            due=due,
            until=rule.until(session, person),
            topic=_topic(session, rule.kind, n),
            to=person,
            because=f"{rule.words}: the session of {session.day:%A %d %B %Y}",
            unless=next(filter(None, (unless(session) for unless in rule.unless)), ""),
        )


def _topic(session: Session, kind: str, times: int) -> Topic:
    return Topic(
        session.series,
        session.occurrence,
        following=session.following,
        contract=session.contract,
        commitments=session.contract.open if session.contract else (),
        deadline=deadline(session),
        # The manager's own reason for an ad hoc conversation: for them alone, and said once.
        note=session.booking.reason if session.booking and kind == "prepare" else "",
        overdue=session.missed,
        part=session.part,
        times=times,
    )


def _about_promise(rule: Rule[Promise], promise: Promise) -> Iterator[Wanted]:
    commitment, person = promise.commitment, promise.owner
    moves = f"/{commitment.moves}" if commitment.moves else ""
    for due in rule.due(promise, person):
        yield Wanted(
            key=f"{promise.series.key}/{commitment.id}/{rule.kind}{moves}",
            kind=rule.kind,
            due=due,
            until=rule.until(promise, person),
            latest=_midnight_after(promise.date, person) if rule.kind == "due" else None,
            topic=Topic(promise.series, commitments=(commitment,), following=promise.following),
            to=person,
            because=f"{rule.words}: {commitment.id}, {promise.date:%A %d %B %Y}",
            unless=next(filter(None, (unless(promise) for unless in rule.unless)), ""),
        )


def _midnight_after(day: date, person: Person) -> datetime:
    return resolve(datetime.combine(day + A_DAY, time()), person.zone)


def _promises(row: Row) -> Iterator[Promise]:
    if contract := row.standing.contract:
        for commitment in contract.commitments:
            if commitment.due:
                yield Promise(row.series, commitment, commitment.due, row.next_start, row.paused)


def wanted_contracts(row: Row, sent: Callable[[str], bool]) -> Iterator[Wanted]:
    """The mails that tell both of a contract, each with what has changed since the version they last got."""
    contracts = row.standing.contracts
    for contract in contracts:
        session = _session_of(row, contract.occurrence)
        for person in (row.series.manager, row.series.report):
            keys = {c.version: f"{row.series.key}/contract/{c.version}/{person.email}" for c in contracts}
            told = [c for c in contracts if c.version < contract.version and sent(keys[c.version])]
            at = contract.at or row.now
            yield Wanted(
                key=keys[contract.version],
                kind="contract",
                due=_within_48_hours(person, at, session),
                until=at + 30 * A_DAY,
                topic=Topic(
                    row.series,
                    session.occurrence if session else None,
                    following=row.next_start,
                    contract=contract,
                    previous=told[-1] if told else None,
                ),
                to=person,
                because=f"a contract was recorded: version {contract.version}",
                unless=_superseded(row.standing, contract.version),
            )


def _within_48_hours(person: Person, at: datetime, session: Session | None) -> datetime:
    # In working hours; but after a Friday's session, rather at the weekend than after the deadline.
    moment = working_moment(person, at, "after")
    return at if session and at <= deadline(session) < moment else moment


def _superseded(standing: Standing, version: int) -> str:
    latest = standing.contracts[-1].version
    return f"version {latest} was recorded before it was sent" if latest > version else ""


def _session_of(row: Row, occurrence: str) -> Session | None:
    known = row.standing.occurrences.get(occurrence)
    return row.session(known) if known else None
