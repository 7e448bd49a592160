"""One look at what is remembered of everybody, from outside of the daemon: no server is asked, nothing written."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from careermail.cli.office import Office
from careermail.errors import StoreError
from careermail.model import Effect, Fact, Team, opaque
from careermail.plan.history import fold
from careermail.plan.planner import plan
from careermail.runner import everyone

A_WHILE = timedelta(hours=1)  # the daemon takes seconds; `once` comes by a timer


class Look:
    """What it comes to, gathered name by name."""

    def __init__(self, office: Office) -> None:
        self._office, self.now = office, office.clock.now()
        self.latest = self.now  # that anything was recorded
        self.unreadable: list[str] = []
        self.overdue: list[dict[str, Any]] = []
        self.ahead: list[datetime] = []  # when each manager is to be visited next
        self.done: datetime | None = None  # when an action last came about

    def facts(self, name: str) -> list[Fact]:
        """What is remembered under a name; nothing where it cannot be read, which is noted."""
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
        history = fold(facts)
        wanted, earlier = (
            plan(team, history, moment, blind=blind, foresee=False) for moment in (self.now, self.now - A_WHILE)
        )
        self._count(history.effects.values())
        self.ahead.append(self.now if wanted.due else wanted.wake_at)
        # What could have been done a while ago, and is still to be done.
        waiting = {w.key for action in earlier.due for w in action.wanted}
        for w in (w for action in wanted.due for w in action.wanted if w.key in waiting):
            due = min(w.due, self.now - A_WHILE)
            self.overdue.append({"manager": team.manager.email, "key": opaque(w.key), "kind": w.kind, "due": due})

    def _count(self, effects: Iterable[Effect]) -> None:
        done = [effect.at for effect in effects if effect.state == "done"]
        self.done = max([*done, *([self.done] if self.done else [])], default=None)
