"""Each minute the loop tells, of itself, those who watch over it: the pulse, the metrics, the ping.

None of them can fail it, and none is waited for: what cannot be told is said once in the log.
"""

import logging
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

from careermail.clock import Clock
from careermail.config import Config
from careermail.errors import CareermailError
from careermail.model import Fact
from careermail.plan.history import fold
from careermail.plan.planner import INBOX, SERVICE, begun
from careermail.runner import Runner
from careermail.selfcheck.alarms import is_warning
from careermail.watch.metrics import Known, render
from careermail.watch.ping import Ping
from careermail.watch.pulse import EVERYBODYS, NAME, OURS, Pulse, disk, put, read, text

log = logging.getLogger("careermail")

LATE = timedelta(hours=1)  # from then on it is no crowd any more, but a loop that cannot follow


class Lookout:
    """Tells how it goes with the runner that it follows."""

    def __init__(self, clock: Clock, *, by: str = "run") -> None:
        """`by` is the command: run or once."""
        self._clock = clock
        self.pulse = Pulse(clock.now(), by, clock.now())
        self._said: dict[Path, str] = {}  # which files could not be written, and why

    def follow(self, config: Config, runner: Runner) -> None:
        """From now on, tell of this one, as its configuration wants it."""
        self._config, self._runner, wanted = config, runner, config.monitors
        self._ping = Ping(wanted.ping, wanted.ping_every, self._clock, fail=wanted.ping_fail) if wanted.ping else None
        self.pulse = self.pulse.following(read(config.service.state))

    def tell(self, *, next_: datetime | None = None, late: timedelta = timedelta(0), refused: bool = False) -> None:
        """The loop has come round: when something is due next, and how long the oldest visit has been due."""
        now, troubles = self._clock.now(), self._runner.troubles.standing()
        unread = any(cause.startswith(INBOX) for cause in troubles)
        inbox = self.pulse.inbox if unread else self._runner.looked or self.pulse.inbox
        self.pulse = replace(self.pulse, at=now, next=next_, late=late.total_seconds(), refused=refused, inbox=inbox)
        well = is_well(self.pulse, troubles, now)
        if self._ping:
            self._ping.tell(well=well)
            self.pulse = replace(self.pulse, pinged=self._ping.taken or self.pulse.pinged)
        self._write(self._config.service.state / NAME, text(self.pulse), OURS)
        if metrics := self._config.monitors.metrics:
            self._write(metrics, render(self._known(troubles, healthy=well)), EVERYBODYS)

    def jumped(self, by: timedelta) -> None:
        """The clock was set by so much."""
        self.pulse = self.pulse.after_a_jump(by, self._clock.now())

    def part(self) -> None:
        """Let a ping that is under way end."""
        if self._ping:
            self._ping.wait()

    def _known(self, troubles: Mapping[str, Fact], *, healthy: bool) -> Known:
        config, runner = self._config, self._runner
        return Known(
            self.pulse,
            healthy,
            runner.provider.name,
            len(config.teams),
            sum(len(team.series) for team in config.teams),
            troubles,
            self._undelivered(),
            runner.selfcheck.logins,
            runner.tally,
            disk(config.service.state),
        )

    def _undelivered(self) -> int:
        try:
            return sum(map(begun, fold(self._runner.store.load(SERVICE)).effects.values()))
        except CareermailError:  # a trouble tells of it
            return 0

    def _write(self, path: Path, content: str, mode: int) -> None:
        wrong = ""
        try:
            put(path, content, mode)
        except OSError as error:
            wrong = f"{path}: {error.strerror}"
        if wrong and self._said.get(path) != wrong:
            log.warning("monitors cannot be told", extra={"reason": wrong})
        self._said[path] = wrong


def is_well(pulse: Pulse, troubles: Mapping[str, Fact], now: datetime) -> bool:
    """Whether nothing keeps careermail from its work: no trouble has outlasted patience, and no visit waits for long.

    What is only foretold (a credential's end) keeps it from nothing.
    """
    told = any(datetime.fromisoformat(one.data["due"]) <= now for one in troubles.values() if not is_warning(one))
    return not (told or pulse.refused or pulse.late >= LATE.total_seconds())
