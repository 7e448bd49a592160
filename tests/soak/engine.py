"""The real daemon, on a clock that jumps: engine.py ROOT SEED. It tells each noon, and waits to be told to go on.

    out  2027-03-05T12:00:00+00:00          the day's work is done
    in   go                                 whatever people did today lies in the files
         back 5400                          the machine's clock is set back by so many seconds, and on

It is killed at any moment, and goes on from `position` below ROOT. Its servers fail now and then, for a call or for
days.
"""

import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

from fakes.perils import Perils, in_peril

from careermail.cli.logs import log_to_stderr
from careermail.cli.office import hire
from careermail.clock import VirtualClock
from careermail.config import Config, load
from careermail.daemon import CHECKS, Daemon
from careermail.errors import ProviderError
from careermail.runner import Runner
from careermail.signals import Signals

BEGIN = datetime(2027, 1, 1, 12, tzinfo=UTC)
LONGEST = timedelta(hours=6)  # the clock's longest jump
EACH, AFTER = 0.003, 0.001  # how often a call fails, before and after it did what was asked


class Days(VirtualClock):
    """Jumps to when somebody is due; at noon the world has its turn."""

    def __init__(self, root: Path) -> None:
        self._position = root / "position"
        super().__init__(datetime.fromisoformat(self._position.read_text()) if self._position.exists() else BEGIN)
        self.due: Callable[[], datetime | None] = lambda: None
        self.noon: Callable[[], None] = lambda: None

    def wait(self, until: datetime) -> None:
        now = self.now()
        stop = now.replace(hour=12, minute=0, second=0, microsecond=0)
        stop += timedelta(days=stop <= now)
        super().wait(min(stop, max(until, min(self.due() or stop, now + LONGEST))))
        self._keep()
        if self.now() == stop:
            self.noon()

    def set_back(self, seconds: int) -> None:
        self._now -= timedelta(seconds=seconds)
        self._keep()

    def _keep(self) -> None:
        temporary = self._position.with_suffix(".tmp")
        temporary.write_text(self.now().isoformat())
        temporary.replace(self._position)


class Weather(Perils):
    """What befalls the servers: an outage of hours each year, and single failures."""

    def __init__(self, root: Path, seed: str, clock: Days) -> None:
        super().__init__()
        self._clock, self._random = clock, Random(f"{seed} {clock.now()}")  # noqa: S311 (made-up bad luck)
        self._sent = (root / "sent").open("a")
        outages = Random(seed)  # noqa: S311 (the same in every process)
        begins = [BEGIN + timedelta(days=365 * year + outages.uniform(60, 360)) for year in range(10)]
        self._outages = [(begin, begin + timedelta(hours=outages.uniform(1, 10))) for begin in begins]

    def call(self, method: Callable[..., Any], *args: Any, **named: Any) -> Any:
        luck = self._random.random()
        if luck < EACH or any(begin <= self._clock.now() < end for begin, end in self._outages):
            raise ProviderError("the server is on fire")
        answer = method(*args, **named)
        if method.__name__ == "send":
            (message,) = args
            names = (message["Message-ID"], message["To"].addresses[0].addr_spec, message["X-Careermail-Key"])
            self._sent.write(f"{self._clock.now():%Y-%m-%dT%H:%M} {' '.join(names)}\n")
            self._sent.flush()
        if luck > 1 - AFTER:
            raise ProviderError("the connection was lost")
        return answer


class Watched(Daemon):
    """The daemon, seen from within."""

    def due(self) -> datetime | None:
        """When something is to be done that is no routine."""
        quiet = {CHECKS, *self._inboxes}
        return min((when for name, when in self._due.items() if name not in quiet), default=None)

    def notice(self) -> None:
        """What comes round every five seconds, and is rare on a clock that jumps."""
        self._notice()


def main(root: Path, seed: str) -> None:
    """Serve until told to stop."""
    signals = Signals()
    log_to_stderr("json")
    clock = Days(root)
    weather = Weather(root, seed, clock)

    def hired(config: Config) -> Runner:
        runner = hire(config, clock)
        provider = in_peril(runner.provider, weather, lambda _: None)
        return Runner(runner.service, provider, runner.store, clock)

    def noon() -> None:
        sys.stdout.write(f"{clock.now().isoformat()}\n")
        sys.stdout.flush()
        words = sys.stdin.readline().split()
        if not words:
            daemon.stop()
        if words[:1] == ["back"]:
            clock.set_back(int(words[1]))
        daemon.notice()

    daemon = Watched(lambda: load(root / "careermail.toml", now=clock.now()), hired, clock)
    clock.due, clock.noon = daemon.due, noon
    daemon.run(signals)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
