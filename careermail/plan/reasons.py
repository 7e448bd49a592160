"""Unless: the reasons for which a mail of the playbook's table is not sent; "" where there is none."""

from datetime import date, datetime, timedelta

from careermail.plan.recurrence import local_day
from careermail.plan.sessions import Promise, Session

AGREED_LONG_BEFORE = timedelta(days=10)


def called_off(session: Session) -> str:
    """The session does not take place."""
    return "" if session.takes_place else f"the session was {session.occurrence.status}"


def resting(subject: Session | Promise) -> str:
    """The series is paused."""
    return "the series is paused" if subject.paused else ""


def later_part(session: Session) -> str:
    """It is the second or third of three conversations."""
    return "the prompt before the first of the three covers all" if session.part > 1 else ""


def agreed(session: Session) -> str:
    """The session has its contract, or is to have none."""
    if session.recorded:
        return f"contract {session.recorded.version} was recorded {session.recorded.at:%d %B}"
    return "it brings no contract, as the manager said" if session.waived else ""


def more_to_come(session: Session) -> str:
    """The conversation goes on in another session."""
    return "" if session.asks else "the contract is asked for after the last of the three"


def put_off(session: Session, due: datetime) -> str:
    """The manager asked to be asked again, on the day of `due` (UTC) or later."""
    asked = max(session.later, default=date.min)
    today = local_day(session.series.manager, due)
    return f"the manager asked to be asked again on {asked:%d %B}" if today <= asked else ""


def nothing_open(session: Session) -> str:
    """There is no commitment to speak of."""
    if session.contract and session.contract.at and session.contract.at >= session.following:
        return "the next session has a contract of its own"  # what is open now was not, when this was due
    return "no commitment is open" if session.nothing_agreed else ""


def settled(promise: Promise) -> str:
    """The commitment was kept or dropped."""
    return "" if promise.commitment.state == "open" else f"it is {promise.commitment.state}"


def agreed_shortly_before(promise: Promise) -> str:
    """It was agreed so lately that nobody has forgotten."""
    agreed = promise.commitment.agreed
    return (
        "it was agreed ten days before its date or later"
        if agreed and promise.date - agreed <= AGREED_LONG_BEFORE
        else ""
    )


def owner_rests(promise: Promise) -> str:
    """The report who committed is away; or the manager wants nothing of it any more."""
    return resting(promise) if promise.commitment.owner == "report" or promise.stopped else ""
