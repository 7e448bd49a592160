"""why: for each mail sent, held or skipped, and each one wanted and not sent: the rule and the fact behind it."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

import click

from careermail.cli.office import Office
from careermail.cli.people import find_series
from careermail.cli.plan import ONLY_IF
from careermail.cli.show import as_json_option, emit, moment, table
from careermail.errors import UsageError
from careermail.model import Effect, Fact, Person, Team, opaque
from careermail.plan.history import EFFECTS, fold, pair
from careermail.plan.planner import SERVICE, plan
from careermail.runner import everyone


@dataclass(frozen=True)
class Reason:
    """Why one effect came about, did not, or will."""

    key: str
    kind: str
    state: str  # done, skipped, failed, held, intent; else "wanted" or "unwanted"
    at: datetime  # when it came to this state, or is due (UTC)
    to: str
    because: str
    reason: str = ""  # of what did not come about; under what condition, for what is wanted
    facts: tuple[Fact, ...] = ()


@click.command("why")
@click.argument("key")
@as_json_option
@click.pass_obj
def why_command(office: Office, key: str, *, as_json: bool) -> None:
    """For each mail and calendar entry: the rule and the fact behind it.

    KEY is a report (address or part of a name), a key from `status`, or the X-Careermail-Key or Message-ID of a mail.
    """
    reasons = sorted(_asked_for(office, key), key=lambda r: (r.at, r.key))
    if as_json:
        emit([_as_data(reason) for reason in reasons])
        return
    people = {p.email: p for t in office.config.teams for s in t.series for p in (s.manager, s.report)}
    rows = ((_moment(r, people), r.to, r.kind, r.state, _words(r)) for r in reasons)
    table(("When", "To", "What", "State", "Why"), rows)
    if len(reasons) == 1:
        for fact in reasons[0].facts:
            click.echo(f"{fact.at:%Y-%m-%d %H:%M:%S} UTC  {fact.kind}  {fact.data.get('reason', '')}".rstrip())


def _asked_for(office: Office, said: str) -> list[Reason]:
    """Raises UsageError where it means nothing that is known."""
    try:
        team, series = find_series(office.config, said)
    except UsageError as nobody:
        names = [*everyone(office.config.teams, office.store), SERVICE]
        found = [r for name in names for r in _of(office, name) if _means(said.strip(), r)]
        if found:
            return found
        raise UsageError(f"{nobody}; nor is there a mail or an event with this key") from None
    now = office.clock.now()
    # What is still to come is `plan`'s to tell.
    return [
        r for r in _of(office, team.manager.email) if pair(r.key) == series.key and (r.state != "wanted" or r.at <= now)
    ]


def _means(said: str, reason: Reason) -> bool:
    sent = {fact.data.get("intent", {}).get("message_id", "") for fact in reason.facts}
    names = {reason.key, opaque(reason.key), *sent, *(name.strip("<>") for name in sent)}
    return said in {*names, *(name.strip("<").partition("@")[0] for name in sent)} or reason.key.startswith(f"{said}/")


def _of(office: Office, name: str) -> Iterator[Reason]:
    facts = [*office.store.load(name, archived=True), *office.store.load(name)]
    history = fold(facts)
    by_key: dict[str, list[Fact]] = {}
    for fact in facts:
        if fact.kind in EFFECTS:
            by_key.setdefault(fact.key, []).append(fact)
    team = everyone(office.config.teams, office.store).get(name)
    wanted = {r.key: r for r in _wanted(team, office)} if team else {}
    for key, effect in history.effects.items():
        unsent = wanted.pop(key, None)
        yield _recorded(key, effect, by_key[key], unsent.to if unsent else "")
    yield from wanted.values()


def _recorded(key: str, effect: Effect, facts: Iterable[Fact], to: str) -> Reason:
    data = effect.data
    reason = effect.reason if effect.state != "done" else ""
    if data.get("doubt"):
        reason = f"{reason} it may have been sent twice, under one Message-ID".strip()
    to = str(data.get("intent", {}).get("to", to))  # what was skipped before it was begun does not say
    return Reason(key, str(data["kind"]), effect.state, effect.at, to, str(data["because"]), reason, tuple(facts))


def _wanted(team: Team, office: Office) -> Iterator[Reason]:
    """All that the rules speak of: to come, or not wanted because of something."""
    facts = office.store.load(team.manager.email)
    for w in plan(team, fold(facts), office.clock.now()).wanted:
        to = w.to.email if w.to else ""
        state, reason = ("unwanted", w.unless) if w.unless else ("wanted", ONLY_IF.get(w.kind, ""))
        yield Reason(w.key, w.kind, state, w.due, to, w.because, reason)


def _moment(reason: Reason, people: Mapping[str, Person]) -> str:
    return moment(reason.at, people.get(reason.to) or people.get(reason.key.partition("/")[0]) or Person("", ""))


def _words(reason: Reason) -> str:
    return f"{reason.because}. But: {reason.reason}" if reason.reason and reason.state != "wanted" else reason.because


def _as_data(reason: Reason) -> dict[str, object]:
    return {**vars(reason), "facts": [vars(fact) for fact in reason.facts]}
