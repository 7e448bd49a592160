"""The only place that reads the time; everything else is given it."""

import contextlib
import os
import select
import time
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Protocol

from careermail.errors import UsageError

LONGEST_SLEEP = 60.0  # seconds
NOW = "CAREERMAIL_NOW"
BOOT = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)  # the first counts while the machine sleeps, too


class Clock(Protocol):
    """Where the time comes from: the system's clock, or a virtual one in `demo` and in tests."""

    def now(self) -> datetime:
        """The present moment, aware, in UTC."""
        ...

    def elapsed(self) -> timedelta:
        """What has passed since some moment that stays the same, however the clock is set; sleep counts."""
        ...

    def wait(self, until: datetime) -> None:
        """Return at `until` (aware), or earlier where somebody called `wake`."""
        ...

    def wake(self) -> None:
        """End a `wait` at once; safe to call from a signal handler."""
        ...


class SystemClock:
    """The machine's clock."""

    def __init__(self) -> None:
        # A pipe, because a signal handler may write to one at any moment, where a lock could be held already.
        self._bed, self._alarm = os.pipe()
        os.set_blocking(self._bed, False)
        os.set_blocking(self._alarm, False)

    def now(self) -> datetime:
        """The present moment in UTC."""
        return datetime.now(UTC)

    def elapsed(self) -> timedelta:
        """What has passed since the machine was started."""
        return timedelta(seconds=time.clock_gettime(BOOT))

    def wait(self, until: datetime) -> None:
        """Sleep until `until`, or until woken."""
        # Never long at once: the clock may be set while we sleep, and select counts in elapsed time.
        seconds = min((until - self.now()).total_seconds(), LONGEST_SLEEP)
        if select.select([self._bed], [], [], max(seconds, 0))[0]:
            os.read(self._bed, 4096)

    def wake(self) -> None:
        """End a `wait` at once, the next one if none is under way."""
        with contextlib.suppress(BlockingIOError):  # a full pipe wakes just as well
            os.write(self._alarm, b"!")


class VirtualClock:
    """A clock that stands still until it is waited on, and then jumps."""

    def __init__(self, start: datetime) -> None:
        self._now = start.astimezone(UTC)

    def now(self) -> datetime:
        """The moment that this clock stands at, in UTC."""
        return self._now

    def elapsed(self) -> timedelta:
        """What has passed by this clock, which nobody sets."""
        return self._now - datetime.min.replace(tzinfo=UTC)

    def wait(self, until: datetime) -> None:
        """Jump to `until`; never back."""
        self._now = max(self._now, until.astimezone(UTC))

    def wake(self) -> None:
        """Nothing to end: a virtual wait takes no time."""


def monotonic_microseconds() -> int:
    """What CLOCK_MONOTONIC shows, in which a service manager and its service agree on when something began."""
    return time.monotonic_ns() // 1000


def system_or(environ: Mapping[str, str]) -> Clock:
    """The machine's clock; or one that stands at $CAREERMAIL_NOW, which is there for tests and rehearsals.

    It is a moment in ISO 8601, in UTC where it names no zone. Raises UsageError where it is none.
    """
    if not (said := environ.get(NOW)):
        return SystemClock()
    try:
        moment = datetime.fromisoformat(said)
    except ValueError:
        raise UsageError(f"${NOW} is {said!r}, expected a moment such as 2027-01-12T09:00Z") from None
    return VirtualClock(moment if moment.tzinfo else moment.replace(tzinfo=UTC))
