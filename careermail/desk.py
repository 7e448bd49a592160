"""What people say to careermail, by command or by mail, as facts. Pure: the caller keeps them."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from careermail.errors import UsageError
from careermail.mail.contract import Parsed, amend, changes, mend, parse
from careermail.model import Commitment, Fact, Occurrence, Series
from careermail.plan.history import Standing, to_data
from careermail.plan.recurrence import local_day
from careermail.plan.sessions import Row


def record_contract(  # noqa: PLR0913 (the last two are named)
    series: Series,
    standing: Standing,
    text: str,
    now: datetime,
    *,
    letter: Mapping[str, Any] | None = None,
    correcting: bool = False,
) -> tuple[list[Fact], Parsed]:
    """Record a contract that the manager wrote; return the facts, and what was understood and must be asked.

    With `correcting` it speaks of a part of the one that this session has already, if it has one: all else stays.

    Dates are resolved from the day of the session that it came from. `letter` tells of the mail that it came in: who,
    mail (its Message-ID), subject, and copied (who has it already). No fact where nothing was understood at all, or
    nothing is new.
    """
    session = _last_session(series, standing, now)
    said_on = local_day(series.manager, session[1]) if session else local_day(series.manager, now)
    parsed = parse(text, series, said_on)
    new = parsed.contract
    if not (new.commitments or new.reviews or new.questions):
        return [], parsed
    occurrence = session[0] if session else ""
    if correcting and standing.contract and standing.contract.occurrence == occurrence:
        new = mend(standing.contract, new)
    contract = amend(standing.contract, new, series, local_day(series.manager, now), number=standing.numbers + 1)
    # After another session the same contract is agreed anew.
    if standing.contract and standing.contract.occurrence == occurrence and not changes(standing.contract, contract):
        return [], parsed
    data = to_data(contract) | {"at": now.isoformat(), "occurrence": occurrence}
    numbers = [int(c.id.rpartition("-")[2]) for c in contract.commitments]
    data["numbers"] = max([standing.numbers, *numbers])
    if letter:
        data |= {**letter, "unclear": [[q.line, q.missing] for q in parsed.questions]}
    return [Fact(now, "contract", f"{series.key}/contract/{contract.version}", data)], parsed


def _last_session(series: Series, standing: Standing, now: datetime) -> tuple[str, datetime] | None:
    begun = [o for o in Row(series, standing, now).confirmed if o.start <= now]
    return (begun[-1].id, begun[-1].start) if begun else None


def settle(  # noqa: PLR0913 (the last two are named)
    series: Series, commitment: Commitment, state: str, now: datetime, *, reason: str = "", by: str = ""
) -> Fact:
    """Take a commitment as "done" or "dropped", as `by` (an address) said. Raises UsageError where it is not open."""
    if commitment.state != "open":
        raise UsageError(f"{commitment.id} is {commitment.state} already, since {commitment.settled}")
    return Fact(now, "commitment", f"{series.key}/{commitment.id}", {"state": state, "reason": reason, "by": by})


def move(series: Series, commitment: Commitment, due: date, now: datetime, *, by: str = "") -> Fact:
    """Give a commitment another date, as `by` (an address) said.

    Raises UsageError where that date has passed or is the one it has.
    """
    if due < local_day(series.owner(commitment.owner), now):
        raise UsageError(f"{due} has passed; give a date to come")
    if due == commitment.due and commitment.state == "open":
        raise UsageError(f"{commitment.id} is due on {due} already")
    return Fact(now, "commitment", f"{series.key}/{commitment.id}", {"due": due.isoformat(), "by": by})


def missed(series: Series, occurrence: Occurrence, now: datetime) -> Fact:
    """A session did not happen. Raises UsageError where it is still to come: the calendar is the place to say that."""
    if occurrence.start > now:
        raise UsageError("that talk is still to come; move or cancel it in your calendar")
    return Fact(now, "missed", f"{series.key}/{occurrence.id}")


def moved(series: Series, occurrence: Occurrence, start: datetime, now: datetime) -> list[Fact]:
    """A session is at another hour (UTC) than the calendar says. Raises UsageError where that has passed."""
    if start <= now:
        raise UsageError(f"{start.astimezone(series.manager.zone):%d %B %H:%M} has passed; give an hour to come")
    told = Fact(now, "moved", f"{series.key}/{occurrence.id}", {"start": start.isoformat()})
    # Where its hour is over, the calendar keeps that, and the talk gets another.
    return [told, missed(series, occurrence, now)] if occurrence.end <= now else [told]


def waive(series: Series, occurrence: Occurrence, now: datetime) -> Fact:
    """A session brings no contract, and nobody asks for it any more."""
    return Fact(now, "waived", f"{series.key}/{occurrence.id}")


def later(series: Series, occurrence: Occurrence, day: date, now: datetime) -> Fact:
    """The contract of a session is asked for again on a day, and not before."""
    return Fact(now, "later", f"{series.key}/{occurrence.id}", {"day": day.isoformat()})


def ask(series: Series, standing: Standing, reason: str, now: datetime) -> Fact:
    """Ask for an ad hoc conversation. The reason is the manager's own, and goes to nobody else.

    Raises UsageError while the series is paused: whoever is away cannot be met.
    """
    if Row(series, standing, now).paused:
        raise UsageError(f"the sessions with {series.report.first_name} are paused; resume them first")
    return Fact(now, "asked", f"{series.key}/ad-hoc/{len(standing.asked) + 1}", {"reason": reason})


def pause(series: Series, until: date | None, now: datetime, *, stopped: bool = False) -> Fact:
    """Let the series rest, up to a day (excluded) or until it is resumed; `stopped`, the manager's own dates as well.

    Raises UsageError where that day is past.
    """
    if until and until <= local_day(series.manager, now):
        raise UsageError(f"{until} is not ahead; give a day to come, or none")
    data = {"until": until.isoformat() if until else None, **({"stopped": True} if stopped else {})}
    return Fact(now, "paused", series.key, data)


def resume(series: Series, now: datetime) -> Fact:
    """End a pause."""
    return Fact(now, "resumed", series.key)
