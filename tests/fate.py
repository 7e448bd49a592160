"""Things that go wrong one after the other, as chance chooses, and a daemon that lives through them."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from random import Random
from typing import Any

from scene import World

from careermail.postman import POLL


class Fate:
    """Of each kind one after the other: before each visit chance says whether another is to come.

    `mishaps` have names. `arm` lets one of a kind happen, and returns what tells whether it did; `often` says how
    likely each kind is. `happened` counts them by kind and name.
    """

    def __init__(
        self,
        mishaps: Mapping[str, Sequence[Any]],
        arm: Callable[[str, Any], Callable[[], bool]],
        seed: int,
        often: Mapping[str, float],
    ) -> None:
        self._arm, self._random, self._often = arm, Random(seed), often  # noqa: S311 (it chooses what goes wrong)
        self._coming = {kind: self._shuffled(some) for kind, some in mishaps.items()}
        self._armed = dict[str, tuple[str, Callable[[], bool]]]()
        self.happened = Counter[str]()

    def _shuffled(self, mishaps: Sequence[Any]) -> Iterator[Any]:
        while True:
            yield from self._random.sample(mishaps, len(mishaps))

    def turn(self) -> None:
        """Count what happened, and arm what is to happen."""
        for kind, coming in self._coming.items():
            if kind in self._armed:
                name, happened = self._armed[kind]
                if not happened():
                    continue
                self.happened[f"{kind}: {name}"] += 1
                del self._armed[kind]
            if self._random.random() < self._often[kind]:
                mishap = next(coming)
                self._armed[kind] = mishap.name, self._arm(kind, mishap)


class Beset(World):
    """Something goes wrong at some visits."""

    fate: Fate | None = None

    def tick(self) -> datetime:
        """As the daemon goes about it: what could not be fetched is asked for before anybody is visited again."""
        if self.fate:
            self.fate.turn()
        _, again = self.runner.tick_inboxes([self.team])
        wake = min(self.runner.tick(self.team), self.runner.tick_service())
        return min(wake, again) if again > self.now + POLL else wake
