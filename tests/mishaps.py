"""What goes wrong between careermail and a fake of a vendor's API, one thing after the other, as chance chooses."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any

from fakes.web import Fault, Web


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
