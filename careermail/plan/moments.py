"""When: the moments of the playbook's table, in UTC, from the days and hours of the person who is mailed."""

from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Literal

from careermail.model import A_DAY, Person
from careermail.plan.recurrence import (
    LONGEST_LEAVE,
    add_intervals,
    at_work,
    count_working_days,
    local_day,
    send_time,
    working_day,
    working_moment,
)
from careermail.plan.sessions import Promise, Session

# A nudge sooner than this after the mail that it nudges about would only annoy.
BREATHING_SPACE = timedelta(hours=4)
# A review this near to the next session would say what `prepare` is about to say.
TOO_NEAR = timedelta(days=10)
USEFUL_AFTER_DATE = timedelta(days=7)
OVERDUE_MAILS = 3


def earliest_mail(session: Session) -> datetime:
    """Before which no mail about the session can be due, whoever is on leave for however long, in whatever zone."""
    conversation = session.series.conversation
    days = max(conversation.prepare_days, conversation.prompt_days) + LONGEST_LEAVE
    return session.occurrence.start - (days + 2) * A_DAY


def days_before(
    key: Literal["prepare_days", "prompt_days"], useless: Callable[[Session, Person], datetime]
) -> Callable[[Session, Person], list[datetime]]:
    """As many days before the session as the configuration has under `key`, on a working day."""

    def due(session: Session, person: Person) -> list[datetime]:
        day = local_day(person, session.occurrence.start) - A_DAY * getattr(session.series.conversation, key)
        moment = send_time(person, day, session.series.conversation.on_day_off)
        # The working day after a day off may be the session's own, and too late.
        return [moment if moment < useless(session, person) else send_time(person, day, "before")]

    return due


def start(session: Session, _: Person) -> datetime:
    """The session's start."""
    return session.occurrence.start


def two_hours_before(session: Session, _: Person) -> datetime:
    """Two hours before the session: later, nobody reads a prompt."""
    return session.occurrence.start - timedelta(hours=2)


def end(session: Session, person: Person) -> list[datetime]:
    """The session's end, or the person's next working moment after it."""
    return [working_moment(person, session.occurrence.end, "after")]


def next_session(subject: Session | Promise, _: Person) -> datetime:
    """The start of the session that follows."""
    return subject.following


def deadline(session: Session, _: Person | None = None) -> datetime:
    """By when the playbook wants the written summary: 48 hours after the session, unless configured otherwise."""
    return session.occurrence.end + timedelta(hours=session.series.conversation.summary_hours)


def nudges(session: Session, person: Person) -> list[datetime]:
    """Half way to the deadline and four hours before it; one a day, and in working hours, if any are left."""
    hours = session.series.conversation.summary_hours
    asked = end(session, person)[0]
    wishes = [session.occurrence.end + timedelta(hours=h) for h in (hours / 2, hours - 4)]
    moments: dict[date, datetime] = {}
    for wish in wishes:
        moment = wish if at_work(person, wish) else working_moment(person, wish, "before")
        if moment >= asked + BREATHING_SPACE:
            moments.setdefault(local_day(person, moment), moment)
    # After a Friday's session there is no working hour left: one call at the weekend is better than none.
    last = max(wishes[-1], asked + BREATHING_SPACE)
    return list(moments.values()) or ([last] if last < deadline(session) else [])


def as_asked(session: Session, person: Person) -> list[datetime]:
    """The mornings on which the manager asked to be asked again."""
    return [send_time(person, day, "after") for day in session.later]


def after_deadline(session: Session, person: Person) -> list[datetime]:
    """The working moment after the deadline, and the mornings of the next two working days."""
    first = working_moment(person, deadline(session), "after")
    days = [count_working_days(person, local_day(person, first), n) for n in range(1, OVERDUE_MAILS)]
    return [first, *(send_time(person, day) for day in days)]


def monthly(session: Session, person: Person) -> list[datetime]:
    """Each interval of `review_every` since the session, while the next session is not near."""
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


def on_the_date(promise: Promise, person: Person) -> list[datetime]:
    """The commitment's date; on a day off, a working day beside it."""
    return [send_time(person, promise.date, promise.series.conversation.on_day_off)]


def days_of_notice(promise: Promise, person: Person) -> list[datetime]:
    """`notice_days` working days before the commitment's date."""
    day = count_working_days(person, promise.date, -promise.series.conversation.notice_days)
    return [send_time(person, day, "same")]


def a_week_after(promise: Promise, person: Person) -> list[datetime]:
    """A week after the commitment's date, or the working day after that."""
    return [send_time(person, working_day(person, _told_on(promise, person) + USEFUL_AFTER_DATE, "after"), "same")]


def until_the_date(promise: Promise, person: Person) -> datetime:
    """When the date itself is mailed."""
    return on_the_date(promise, person)[0]


def until_a_week_after(promise: Promise, person: Person) -> datetime:
    """A week after the date, when `overdue` takes over."""
    return send_time(person, _told_on(promise, person) + USEFUL_AFTER_DATE, "same")


def _told_on(promise: Promise, person: Person) -> date:
    # After long holidays, the first day on which the owner could hear of it.
    return max(promise.date, local_day(person, on_the_date(promise, person)[0]))
