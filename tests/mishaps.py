"""What goes wrong between careermail and a fake of a vendor's API, one thing after the other, as chance chooses."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from random import Random
from typing import Any

from fakes.web import Fault, Web
from scene import World

from careermail.postman import POLL


@dataclass(frozen=True)
class Mishap:
    """Something that goes wrong once, and does not last; `how` is as Web.fail takes it."""

    name: str
    pattern: str
    how: dict[str, Any] = field(default_factory=dict)


class Fate:
    """Lets mishaps happen, of each kind one after the other: before each visit chance says whether another is to come.

    `often` says how likely that is for a kind; `happened` counts them by kind and name.
    """

    def __init__(
        self, web: Web, mishaps: Mapping[str, Sequence[Mishap]], seed: int, often: Mapping[str, float]
    ) -> None:
        self._web, self._random, self._often = web, Random(seed), often  # noqa: S311 (it chooses what goes wrong)
        self._coming = {kind: self._shuffled(some) for kind, some in mishaps.items()}
        self._armed = dict[str, tuple[Mishap, Fault]]()
        self.happened = Counter[str]()

    def _shuffled(self, mishaps: Sequence[Mishap]) -> Iterator[Mishap]:
        while True:
            yield from self._random.sample(mishaps, len(mishaps))

    def turn(self) -> None:
        """Count what happened, and arm what is to happen."""
        for kind, coming in self._coming.items():
            if kind in self._armed:
                mishap, fault = self._armed[kind]
                if not fault.happened:
                    continue
                self.happened[f"{kind}: {mishap.name}"] += 1
                del self._armed[kind]
            if self._random.random() < self._often[kind]:
                mishap = next(coming)
                self._armed[kind] = mishap, self._web.fail(mishap.pattern, **mishap.how)


class Unlucky(World):
    """Something goes wrong at some visits, for careermail alone: people's own programs work at all times."""

    fate: Fate | None = None

    @property
    def web(self) -> Web:
        """The server between whose rooms and careermail it happens."""
        raise NotImplementedError

    def calm(self) -> None:
        self.web.calm()
        self.fate = None

    def tick(self) -> datetime:
        """As the daemon goes about it: what could not be fetched is asked for before anybody is visited again."""
        if self.fate:
            self.fate.turn()
        _, again = self.runner.tick_inboxes([self.team])
        wake = min(self.runner.tick(self.team), self.runner.tick_service())
        return min(wake, again) if again > self.now + POLL else wake


def letters(world: World) -> Counter[tuple[str, ...]]:
    """How often each mail came, but for alarms: that something has lasted for hours, the admin hears, as it should be.

    Nothing tells two copies of one mail from two mails but what is in them.
    """
    return Counter((mail.to, mail.kind, mail.subject, mail.text) for mail in world.mails if mail.kind != "alarm")


def ended(world: Any) -> dict[str, object]:
    """How a quarter ends, however it went; for an Unlucky world with the hands of people."""
    world.calm()
    manager, report = world.series.manager, world.series.report
    return {
        "letters": Counter((to, kind, subject) for to, kind, subject, _ in letters(world)),
        "sessions": world.booked(until=(2028, 1, 1)),
        "manager": world.shows(manager),
        "report": world.shows(report),
        "reminders": world.reminders(),
        "commitments": [(c.id, c.due, c.state) for c in world.standing.contract.commitments],
        # Whether a cancellation of which nobody heard was noticed in the calendar, or asked for again, is all the same.
        "effects": {key: state for key, state in world.effects().items() if not key.endswith("/cancel")},
        "troubles": world.troubles(),
    }
