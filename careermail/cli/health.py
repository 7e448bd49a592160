"""status --health: whether careermail does its work, for monitors."""

import shutil
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import Any

import click

from careermail.cli.office import Office
from careermail.cli.show import day, emit
from careermail.errors import StoreError
from careermail.model import Fact, Team, opaque
from careermail.plan.history import fold
from careermail.plan.planner import INBOX, SERVICE, inbox_of, plan
from careermail.runner import PROVIDER, everyone

A_WHILE = timedelta(hours=1)  # the daemon takes seconds; `once` comes by a timer
A_MOMENT = timedelta(minutes=1)
LITTLE = 100 * 2**20  # bytes


def report(office: Office, *, as_json: bool) -> int:
    """Print how careermail is, and return the exit code: 0 healthy, 1 not."""
    found = health(office)
    if as_json:
        emit(found)
    else:
        for problem in found["problems"] or ["Healthy."]:
            click.echo(problem)
        if found["next"]:
            click.echo(f"Next: {_utc(found['next'])}")
    return int(not found["healthy"])


def health(office: Office) -> dict[str, Any]:
    """All that can be known from outside of the daemon: from the configuration, what is remembered, and the disk.

    When the inbox was last looked into is written nowhere; where that fails, a trouble says so.
    """
    look = _Look(office)
    troubles = fold(look.facts(SERVICE)).troubles
    boxes = map(inbox_of, office.provider.inboxes(team.manager for team in office.config.teams))
    mail = [fact for box in boxes for fact in look.facts(box)]
    look.visit(cause.removesuffix("/calendar") for cause in troubles if cause.endswith("/calendar"))
    state = office.config.service.state
    found = {
        "unreadable": look.unreadable,
        "overdue": min(look.overdue, key=lambda one: one["due"], default=None),
        "next": min(look.ahead, default=None),
        "troubles": [_trouble(fact) for fact in troubles.values()],
        "mail_taken_in": max((fact.at for fact in mail), default=None),
        "disk_free": shutil.disk_usage(state).free if state.exists() else None,
        "clock_behind": (look.latest - look.now).total_seconds(),
    }
    problems = list(_problems(found, look.now))
    return {"healthy": not problems, "problems": problems, **found}


class _Look:
    """One look at what is remembered of everybody, and what it comes to."""

    def __init__(self, office: Office) -> None:
        self._office, self.now = office, office.clock.now()
        self.latest = self.now  # that anything was recorded
        self.unreadable: list[str] = []
        self.overdue: list[dict[str, Any]] = []
        self.ahead: list[datetime] = []  # when each manager is to be visited next

    def facts(self, name: str) -> list[Fact]:
        try:
            facts = self._office.store.load(name)
        except StoreError:
            self.unreadable.append(name)
            return []
        self.latest = max([self.latest, *(fact.at for fact in facts[-1:])])
        return facts

    def visit(self, blind: Iterable[str]) -> None:
        """Plan for everybody, deciding nothing of the series that are `blind`."""
        unseen = set(blind)
        for name, team in everyone(self._office.config.teams, self._office.store).items():
            facts = self.facts(name)
            if name not in self.unreadable:
                self._plan(team, facts, unseen)

    def _plan(self, team: Team, facts: list[Fact], blind: set[str]) -> None:
        wanted, earlier = (
            plan(team, fold(facts), moment, blind=blind, foresee=False) for moment in (self.now, self.now - A_WHILE)
        )
        self.ahead.append(self.now if wanted.due else wanted.wake_at)
        # What could have been done a while ago, and is still to be done.
        waiting = {w.key for action in earlier.due for w in action.wanted}
        for w in (w for action in wanted.due for w in action.wanted if w.key in waiting):
            due = min(w.due, self.now - A_WHILE)
            self.overdue.append({"manager": team.manager.email, "key": opaque(w.key), "kind": w.kind, "due": due})


def _trouble(fact: Fact) -> dict[str, Any]:
    """A trouble by its cause, which is named as in the logs: who talks to whom is not a monitor's business."""
    head = fact.key.partition("/")[0]
    plainly = fact.key == head or fact.key.startswith((PROVIDER, INBOX))
    return {
        "cause": fact.key if plainly else opaque(fact.key),
        "manager": fact.data.get("manager", head),
        "since": fact.at,
        "due": datetime.fromisoformat(fact.data["due"]),  # from when on the admin is told of it
    }


def _problems(found: dict[str, Any], now: datetime) -> Iterator[str]:
    for name in found["unreadable"]:
        yield f"The facts of {name} cannot be read. See: careermail status"
    if one := found["overdue"]:
        since = _utc(one["due"])
        yield f"Overdue since {since}: {one['kind']} {one['key']} of {one['manager']}. Is careermail running?"
    for trouble in found["troubles"]:
        if trouble["due"] <= now:
            yield f"Trouble since {_utc(trouble['since'])}: {trouble['cause']}. See: careermail status"
    if found["disk_free"] is not None and found["disk_free"] < LITTLE:
        yield f"The disk is nearly full: {found['disk_free'] // 2**20} MB are left for what is remembered."
    if found["clock_behind"] > A_MOMENT.total_seconds():
        yield f"The clock is {found['clock_behind']:.0f} seconds behind what was recorded by it: it was set back."


def _utc(moment: datetime) -> str:
    return f"{day(moment)} {moment:%H:%M} UTC"
