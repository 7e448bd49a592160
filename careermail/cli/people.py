"""Whom a command means: REPORT, PERSON and COMMITMENT as people type them."""

from collections.abc import Iterable, Sequence
from difflib import get_close_matches
from typing import TypeVar

from careermail.config import Config
from careermail.errors import UsageError
from careermail.model import Commitment, Person, Series, Team
from careermail.plan.history import fold
from careermail.store import Store

T = TypeVar("T")


def find_series(config: Config, said: str) -> tuple[Team, Series]:
    """The pair of the report that is meant: by address or part of a name, after "MANAGER/" where that is needed.

    Raises UsageError where nobody is called so, or several are.
    """
    manager, _, report = said.rpartition("/")
    pairs = [(team, s) for team in config.teams for s in team.series if not manager or _fit(team.manager, manager)]
    found = [pair for pair in pairs if _fit(pair[1].report, report)]
    exactly = [pair for pair in found if _is(pair[1].report, report)] or found
    names = {f"{s.key}  ({s.report.name}, with {s.manager.name})": (team, s) for team, s in exactly}
    return _the_one(names, said, "report", [s.report for _, s in pairs])


def find_person(config: Config, said: str) -> Person:
    """The manager or report that is meant. Raises UsageError."""
    people = {p.email: p for team in config.teams for p in (team.manager, *(s.report for s in team.series))}
    found = [p for p in people.values() if _fit(p, said)]
    exactly = [p for p in found if _is(p, said)] or found
    return _the_one({f"{p.email}  ({p.name})": p for p in exactly}, said, "person", people.values())


def find_commitment(config: Config, store: Store, said: str) -> tuple[Team, Series, Commitment]:
    """The commitment that is meant: its id, after "MANAGER/" or "MANAGER/REPORT/" where that is needed.

    Raises UsageError where there is none, or several.
    """
    *whose, name = said.lower().rsplit("/", 2)
    account = name.rpartition("-")[0]
    found = {}
    for team in config.teams:
        near = [s for s in team.series if s.report.email.partition("@")[0] == account]
        history = fold(store.load(team.manager.email)) if near else None
        for series in near:
            contract = history.of(series.key).contract if history else None
            for commitment in contract.commitments if contract else ():
                if commitment.id == name and all(map(_fit, (team.manager, series.report), whose)):
                    found[f"{series.key}/{commitment.id}"] = (team, series, commitment)
    if not found:
        raise UsageError(f"There is no commitment {said}; see: careermail status")
    return _the_one(found, said, "commitment", ())


def _fit(person: Person, said: str) -> bool:
    said = said.casefold().strip()
    return bool(said) and (said == person.email.casefold() or said in person.name.casefold())


def _is(person: Person, said: str) -> bool:
    return said.casefold().strip() in {person.email.casefold(), person.name.casefold()}


def _the_one(found: dict[str, T], said: str, what: str, everybody: Iterable[Person]) -> T:
    if len(found) == 1:
        return next(iter(found.values()))
    if not found:
        raise UsageError(f"There is no {what} called {said!r}{_near(said, list(everybody))}")
    listed = "".join(f"\n  {name}" for name in found)
    raise UsageError(f"{said!r} may mean several; say which:{listed}")


def _near(said: str, people: Sequence[Person]) -> str:
    called = {p.email: p.email for p in people} | {p.name.casefold(): p.name for p in people}
    called |= {p.first_name.casefold(): p.name for p in people}
    near = get_close_matches(said.casefold().rpartition("/")[2], called, n=1)
    return f"; did you mean {called[near[0]]}?" if near else ""
