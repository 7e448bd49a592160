"""The only place that reads the time; everything else is given it."""

import threading
from datetime import UTC, datetime
from typing import Protocol


class Clock(Protocol):
    """Where the time comes from: the system's clock, or a virtual one in `demo` and in tests."""

    def now(self) -> datetime:
        """The present moment, aware, in UTC."""
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
        self._woken = threading.Event()

    def now(self) -> datetime:
        """The present moment in UTC."""
        return datetime.now(UTC)

    def wait(self, until: datetime) -> None:
        """Sleep until `until`, or until woken."""
        # A day at most: the system's clock may be set while we sleep, and Event.wait counts in elapsed time.
        seconds = min((until - self.now()).total_seconds(), 86_400)
        if seconds > 0:
            self._woken.wait(seconds)
        self._woken.clear()

    def wake(self) -> None:
        """End a `wait` at once."""
        self._woken.set()


class VirtualClock:
    """A clock that stands still until it is waited on, and then jumps."""

    def __init__(self, start: datetime) -> None:
        self._now = start.astimezone(UTC)

    def now(self) -> datetime:
        """The moment that this clock stands at, in UTC."""
        return self._now

    def wait(self, until: datetime) -> None:
        """Jump to `until`; never back."""
        self._now = max(self._now, until.astimezone(UTC))

    def wake(self) -> None:
        """Nothing to end: a virtual wait takes no time."""
