"""Recording a fact that a person brings, and bringing about at once what it asks for."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime

import click

from careermail.cli.office import Office
from careermail.cli.show import moment
from careermail.model import Effect, Fact, Person, Series, Team
from careermail.plan.history import Standing, fold, pair
from careermail.plan.planner import plan

Change = Callable[[Standing, datetime], list[Fact]]

# What became of an effect on a calendar, in words.
IN_CALENDARS = {
    "book": "The sessions were booked",
    "single": "A session was booked",
    "reshape": "The sessions were changed",
    "move": "A session was moved",
    "cancel": "A session was taken out of the calendars",
    "end": "The sessions were ended",
    "note": "Put into {manager}'s calendar",
    "unnote": "Taken out of {manager}'s calendar",
}


@dataclass
class Recorded:
    """What was recorded, and what came of it at once."""

    facts: list[Fact]
    effects: dict[str, Effect] = field(default_factory=dict)  # by key: what was tried since, for this pair
    standing: Standing = field(default_factory=Standing)  # after all of it
    trouble: str = ""


def record(office: Office, team: Team, series: Series, change: Change) -> Recorded:
    """Record what `change` makes of the series as it stands at this moment, and let careermail act on it.

    Raises TryLater and StoreError where nothing could be recorded, and whatever `change` raises. Once it is recorded,
    what fails is told by the outcome, and done by the next visit.
    """
    name = team.manager.email
    with office.store.lock(name):
        before = fold(office.store.load(name))
        done = Recorded(change(before.of(series.key), office.clock.now()))
        if done.facts:
            office.store.append(name, done.facts)
            office.store.announce(name)
            try:
                office.runner.tick(team)
            except Exception as error:  # noqa: BLE001 (it is recorded: what came of it is told, never raised)
                done.trouble = str(office.runner.failed(name, error))
        after = fold(office.store.load(name))
    ours = {key: effect for key, effect in after.effects.items() if pair(key) == series.key}
    done.effects = {key: effect for key, effect in ours.items() if before.effects.get(key) != effect}
    done.standing = after.of(series.key)
    return done


def tell(office: Office, team: Team, done: Recorded) -> None:
    """Say what came of a fact: what was mailed and put into calendars, and what is still to come."""
    people = {p.email: p for s in team.series for p in (s.manager, s.report)}
    for line in dict.fromkeys((*_came(done, people), *_waiting(office, team, done))):
        click.echo(line)
    waits = {"intent", "failed", "held"}
    if done.trouble or any(effect.state in waits for effect in done.effects.values()):
        click.echo("It is recorded; what could not be done now will be done by the daemon, or by: careermail once")


def _came(done: Recorded, people: dict[str, Person]) -> Iterator[str]:
    for key, effect in done.effects.items():
        kind, to = str(effect.data.get("kind")), effect.data.get("intent", {}).get("to", "")
        what = IN_CALENDARS.get(kind, f"The mail {kind}").format(manager=people[pair(key).split("/")[0]].first_name)
        what = f"{what} to {to}" if to else what
        if effect.state == "done":
            yield f"{what}." if kind in IN_CALENDARS else f"Mailed: {kind} to {to}."
        elif effect.state in {"failed", "held"}:
            yield f"Not yet: {what[0].lower()}{what[1:]}: {effect.reason}"
    if done.trouble:
        yield f"Not yet: {done.trouble}"


def _waiting(office: Office, team: Team, done: Recorded) -> Iterator[str]:
    """The mails about a contract that wait for working hours."""
    recorded = {fact.key for fact in done.facts if fact.kind == "contract"}
    history = fold(office.store.load(team.manager.email))
    for w in plan(team, history, office.clock.now()).wanted:
        if w.to and w.key.rpartition("/")[0] in recorded and not w.unless and w.key not in history.effects:
            yield f"To be mailed: {w.kind} to {w.to.email}, {moment(w.due, w.to)} their time."
