"""What is mailed when: the playbook's cadence and follow-through as two tables.

Each rule names the mail's kind, who gets it, when it is due (one moment or several), from when on it is useless, what
makes it unwanted, and itself in words. `moments` has the whens, `reasons` the unlesses.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Generic, Literal, TypeVar

from careermail.model import A_DAY, Person, Series, Topic, Wanted, resolve
from careermail.plan.moments import (
    a_week_after,
    after_deadline,
    as_asked,
    days_before,
    days_of_notice,
    deadline,
    earliest_mail,
    end,
    monthly,
    next_session,
    nudges,
    on_the_date,
    start,
    two_hours_before,
    until_a_week_after,
    until_the_date,
)
from careermail.plan.reasons import (
    agreed,
    agreed_shortly_before,
    called_off,
    later_part,
    more_to_come,
    nothing_open,
    owner_rests,
    put_off,
    resting,
    settled,
)
from careermail.plan.sessions import Promise, Row, Session

Subject = TypeVar("Subject", Session, Promise)


@dataclass(frozen=True)
class Rule(Generic[Subject]):
    """A row of a table."""

    kind: str
    to: Literal["manager", "report", "owner"]
    due: Callable[[Subject, Person], list[datetime]]
    until: Callable[[Subject, Person], datetime]
    unless: tuple[Callable[[Subject], str], ...]
    words: str  # the rule, for `why`; it may name the configuration's keys
    name: str = ""  # in its key, where two rules are of one kind


CHASE = (called_off, agreed, more_to_come, resting)
CHASED = {"summary", "summary-nudge", "summary-overdue"}

# fmt: off
SESSION_RULES: tuple[Rule[Session], ...] = (
    Rule("prepare", "manager", due=days_before("prepare_days", start), until=start,
         unless=(called_off, resting), words="{prepare_days} days before the session"),
    Rule("prompt", "report", due=days_before("prompt_days", two_hours_before), until=two_hours_before,
         unless=(called_off, resting, later_part), words="{prompt_days} days before the session"),
    Rule("summary", "manager", due=end, until=next_session,
         unless=CHASE, words="at the end of the session"),
    Rule("summary-nudge", "manager", due=nudges, until=deadline,
         unless=CHASE, words="half way to the contract's deadline, and 4 hours before it, after the session"),
    Rule("summary-nudge", "manager", due=as_asked, until=next_session,
         unless=CHASE, words="when the manager asked for it, instead of a reminder", name="later"),
    Rule("summary-overdue", "manager", due=after_deadline, until=next_session,
         unless=CHASE, words="on 3 working days, once {summary_hours} hours have passed since the session"),
    Rule("review", "manager", due=monthly, until=next_session,
         unless=(called_off, resting, nothing_open), words="every {review_every} after the session"),
)

PROMISE_RULES: tuple[Rule[Promise], ...] = (
    Rule("due-soon", "owner", due=days_of_notice, until=until_the_date,
         unless=(settled, owner_rests, agreed_shortly_before), words="{notice_days} working days before the date"),
    Rule("due", "owner", due=on_the_date, until=until_a_week_after,
         unless=(settled, owner_rests), words="on the date"),
    Rule("overdue", "owner", due=a_week_after, until=next_session,
         unless=(settled, owner_rests), words="once, a week after the date"),
)
# fmt: on

# Several of these to one person on one day are one mail. The others are about one session, and are its thread.
MERGED = {"prepare", "due-soon", "due", "overdue", "review", "displaced", "alarm"}


def wanted_session_mails(row: Row, until: datetime | None = None) -> Iterator[Wanted]:
    """Every mail about the sessions of one series, due, foreseen or unwanted.

    With `until` (UTC), without the sessions of which nothing can be due by then.
    """
    for session in row.sessions:
        if until is None or earliest_mail(session) <= until:
            for rule in SESSION_RULES:
                yield from _about_session(rule, session)


def wanted_promise_mails(row: Row) -> Iterator[Wanted]:
    """Every mail about the commitments of one series; they need no calendar, and go out where none can be read."""
    for promise in _promises(row):
        for rule in PROMISE_RULES:
            yield from _about_promise(rule, promise)


def _about_session(rule: Rule[Session], session: Session) -> Iterator[Wanted]:
    series, occurrence = session.series, session.occurrence
    person = series.report if rule.to == "report" else series.manager
    for n, due in enumerate(rule.due(session, person), 1):
        yield Wanted(
            key=f"{series.key}/{occurrence.id}/{rule.name or rule.kind}" + (f"/{n}" if n > 1 else ""),
            kind=rule.kind,
            due=due,
            until=rule.until(session, person),
            topic=_topic(session, rule.kind, n),
            to=person,
            because=f"{_in_words(rule.words, series)} of {session.day:%A %d %B %Y}",
            unless=next(filter(None, (unless(session) for unless in rule.unless)), "")
            or (put_off(session, due) if rule.kind in CHASED and not rule.name else ""),
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
            because=f"{_in_words(rule.words, promise.series)} of {commitment.id}, {promise.date:%A %d %B %Y}",
            unless=next(filter(None, (unless(promise) for unless in rule.unless)), ""),
        )


def _midnight_after(day: date, person: Person) -> datetime:
    return resolve(datetime.combine(day + A_DAY, time()), person.zone)


def _promises(row: Row) -> Iterator[Promise]:
    if contract := row.standing.contract:
        for commitment in contract.commitments:
            if commitment.due:
                yield Promise(
                    row.series, commitment, commitment.due, row.next_after(commitment.due), row.paused, row.stopped
                )


def _in_words(words: str, series: Series) -> str:
    return words.format_map(vars(series.conversation))
