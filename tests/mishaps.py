"""What goes wrong between careermail and a fake of a vendor's API, one thing after the other, as chance chooses."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from random import Random
from typing import Any

import quarter
from fakes.web import Fault, Web
from vendor import OnVendor

from careermail.errors import ProviderError
from careermail.model import Occurrence
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


class Unlucky(OnVendor):
    """Something goes wrong at some visits, for careermail alone: people's own programs work at all times."""

    fate: Fate | None = None

    def calm(self) -> None:
        self.there.site.web.calm()
        self.fate = None

    def tick(self) -> datetime:
        """As the daemon goes about it: what could not be fetched is asked for before anybody is visited again."""
        if self.fate:
            self.fate.turn()
        _, again = self.runner.tick_inboxes([self.team])
        wake = min(self.runner.tick(self.team), self.runner.tick_service())
        return min(wake, again) if again > self.now + POLL else wake

    def session(self, when: datetime) -> Occurrence:
        while True:
            with suppress(ProviderError):
                return super().session(when)

    def quarter(self) -> dict[str, Any]:
        """Play it, and tell how it ends."""
        quarter.play(self)
        return self.end()

    def end(self) -> dict[str, Any]:
        """How a quarter ends, at the vendor's too."""
        ended = quarter.end(self)
        # Whether a cancellation of which nobody heard was noticed in the calendar, or asked for again, is all the same.
        effects = {key: state for key, state in ended["effects"].items() if not key.endswith("/cancel")}
        there = {"told": Counter(self.there.told()), "events": self.there.events(), "drafts": self.there.drafts()}
        return {**ended, **there, "letters": self._letters(), "effects": effects}

    def _letters(self) -> Counter[tuple[str, ...]]:
        """Each mail once, but for alarms: that something has lasted for hours, the admin hears, as it should be.

        Nothing tells two copies of one mail from two mails but what is in them.
        """
        mails = [mail for mail in self.mails if mail.kind != "alarm"]
        assert set(Counter((mail.to, mail.kind, mail.subject, mail.text) for mail in mails).values()) == {1}
        return Counter((mail.to, mail.kind, mail.subject) for mail in mails)
