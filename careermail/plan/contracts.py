"""Who is told of a contract, and when."""

from collections.abc import Callable, Iterator
from datetime import datetime

from careermail.model import A_DAY, Person, Topic, Wanted
from careermail.plan.history import Standing
from careermail.plan.moments import deadline
from careermail.plan.recurrence import working_moment
from careermail.plan.sessions import Row, Session


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
