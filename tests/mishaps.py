"""What goes wrong between careermail and a fake of a vendor's API, one thing after the other, as chance chooses."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import quarter
from fate import Beset, Fate
from vendor import OnVendor

from careermail.errors import ProviderError
from careermail.model import Occurrence


@dataclass(frozen=True)
class Mishap:
    """Something that goes wrong once, and does not last; `how` is as Web.fail takes it."""

    name: str
    pattern: str
    how: dict[str, Any] = field(default_factory=dict)


class Unlucky(Beset, OnVendor):
    """It goes wrong for careermail alone: people's own programs work at all times."""

    def beset(self, mishaps: Mapping[str, Sequence[Mishap]], seed: int, often: Mapping[str, float]) -> Fate:
        """Let it go wrong from now on, until all is calmed."""
        self.fate = Fate(mishaps, self._arm, seed, often)
        return self.fate

    def _arm(self, _: str, mishap: Mishap) -> Callable[[], bool]:
        fault = self.there.site.web.fail(mishap.pattern, **mishap.how)
        return lambda: fault.happened > 0

    def calm(self) -> None:
        self.there.site.web.calm()
        self.fate = None

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
