"""One visit to a manager: which of their calendars are read, and what it shows to be over."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from careermail.model import A_DAY, Action, Fact, Team
from careermail.plan.history import History, pair
from careermail.plan.planner import INBOX, ORDER, begun
from careermail.troubles import BOUNCE, PROVIDER

TAKES_TIME = {"book", "reshape", "move", "single"}


@dataclass
class Visit:
    """What is known while one manager is visited: which calendars are freshly read, and which could not be."""

    team: Team
    fresh: set[str] = field(default_factory=set)
    blind: set[str] = field(default_factory=set)
    taken: bool = False  # whether we took up somebody's time since all were read

    def unsettled(self) -> bool:
        """Whether to read all once more: what one series took may be in the way of another's session."""
        taken, self.taken = self.taken, False
        if taken:
            self.fresh.clear()
        return taken

    def stale(self, action: Action) -> None:
        """An effect on a series, or a mail about a session: the calendar is read again before the next."""
        self.taken |= action.verb in TAKES_TIME
        self.fresh -= {w.topic.series.key for w in action.wanted if w.topic.occurrence or action.verb in ORDER}

    def over(self, history: History, now: datetime) -> Callable[[Fact], bool]:
        """Which troubles this visit, which went well, shows to be over; of other managers' none."""
        name, ours = self.team.manager.email, {series.key for series in self.team.series}

        def over(trouble: Fact) -> bool:
            cause, series = trouble.key, pair(trouble.key)
            if whose(trouble) != name or cause.startswith(INBOX):
                return False
            if cause.startswith(BOUNCE):
                return reachable(cause.removeprefix(BOUNCE), self.team, history, trouble.at, now)
            if cause.startswith(PROVIDER):
                return all(effect.state != "failed" for effect in history.effects.values())
            if cause == f"{series}/calendar":
                return series not in ours or not (series in self.blind or half_way(history, series, now))
            return not begun(history.effects.get(cause))

        return over


def whose(trouble: Fact) -> str:
    """The manager whose visit met with a trouble."""
    return str(trouble.data.get("manager", trouble.key.partition("/")[0]))


def half_way(history: History, series: str, now: datetime) -> bool:
    """Whether a change of ours to the series itself is not known to be complete: first that is found out."""
    return any(
        begun(effect) and not (effect.retry_at and effect.retry_at > now) and effect.data["kind"] in {"book", "reshape"}
        for key, effect in history.effects.items()
        if pair(key) == series
    )


def reachable(address: str, team: Team, history: History, since: datetime, now: datetime) -> bool:
    """Whether an address from which a mail came back is nobody's any more, or has taken another for a day."""
    people = {person.email for series in team.series for person in (series.manager, series.report)}
    took = (
        e.at
        for e in history.effects.values()
        if e.state == "done" and (e.data.get("intent") or {}).get("to") == address
    )
    return address not in people or any(since < at < now - A_DAY for at in took)
