"""Who is told of a contract, and when."""

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from typing import Any

from careermail.model import A_DAY, Contract, Fact, Person, Topic, Wanted
from careermail.plan.answers import questions
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
            fact = row.standing.recorded.get(contract.version)
            answered = fact is not None and fact.data.get("who") == person.email
            yield Wanted(
                key=keys[contract.version],
                kind="contract",
                # Who wrote it just now is there to read what was understood.
                due=at if answered else _within_48_hours(person, at, session),
                until=at + 30 * A_DAY,
                topic=Topic(
                    row.series,
                    session.occurrence if session else None,
                    following=row.next_start,
                    contract=contract,
                    previous=told[-1] if told else None,
                    **(_as_answer(row.standing, fact, told) if fact and answered else {}),
                ),
                to=person,
                because=f"a contract was recorded: version {contract.version}",
                unless=_superseded(row.standing, contract.version) or _in_copy(fact, person),
            )


def _within_48_hours(person: Person, at: datetime, session: Session | None) -> datetime:
    # In working hours; but after a Friday's session, rather at the weekend than after the deadline.
    moment = working_moment(person, at, "after")
    return at if session and at <= deadline(session) < moment else moment


def _as_answer(standing: Standing, fact: Fact, told: Sequence[Contract]) -> dict[str, Any]:
    """What makes the mail an answer to the manager's own, with what is to be asked about it.

    Also about the versions that it was too late to tell of, but for what has its date by now.
    """
    before, version = told[-1].version if told else 0, fact.data["version"]
    unsaid = [f for v, f in sorted(standing.recorded.items()) if before < v < version]
    dated = [c["text"] for c in fact.data["commitments"] if c["due"]]
    open_still = (q for f in unsaid for q in f.data.get("unclear", ()) if not any(text in q[0] for text in dated))
    asked = dict.fromkeys(questions([*open_still, *fact.data.get("unclear", ())]))
    return {"thanks": True, "reply": fact.data["mail"], "subject": fact.data["subject"], "questions": tuple(asked)}


def _in_copy(fact: Fact | None, person: Person) -> str:
    copied = fact is not None and person.email in fact.data.get("copied", ())
    return "the manager wrote it to them directly" if copied else ""


def _superseded(standing: Standing, version: int) -> str:
    latest = standing.contracts[-1].version
    return f"version {latest} was recorded before it was sent" if latest > version else ""


def _session_of(row: Row, occurrence: str) -> Session | None:
    known = row.standing.occurrences.get(occurrence)
    return row.session(known) if known else None
