"""What can go wrong between careermail and the world: it is killed at any step, and servers fail in every way."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from careermail.errors import ProviderError
from careermail.providers import Provider


class Crash(BaseException):
    """The process is gone."""


@dataclass
class Perils:
    """What is to go wrong, and when."""

    crash_in: int = 0  # before the so-manieth step from now; 0 for never
    failing: str = ""  # "temporary", "permanent", or "after": it came about, and was said to have failed
    failures: int = 0  # how many calls are still to fail

    @property
    def none(self) -> bool:
        return not self.crash_in and not self.failures

    def step(self) -> None:
        """A moment at which a process may die."""
        if self.crash_in:
            self.crash_in -= 1
            if not self.crash_in:
                raise Crash

    @contextmanager
    def asleep(self) -> Iterator[None]:
        """Nothing goes wrong in between; what was to come is still to come."""
        coming, self.crash_in = self.crash_in, 0
        try:
            yield
        finally:
            self.crash_in = coming

    def calm(self) -> None:
        """Nothing goes wrong any more."""
        self.crash_in = self.failures = 0

    def call(self, method: Callable[..., Any], *args: Any, **named: Any) -> Any:
        """A call of a server, with all that may befall it."""
        self.step()
        fails = bool(self.failures)
        self.failures -= fails
        if fails and self.failing != "after":
            raise ProviderError("the server is on fire", permanent=self.failing == "permanent")
        answer = method(*args, **named)
        self.step()
        if fails:
            raise ProviderError("the connection was lost")
        return answer


class Perilous:
    """Anything whose methods of these names are called in peril; `first` hears of each call before it is made."""

    def __init__(self, target: Any, perils: Perils, names: set[str], first: Callable[..., None] | None = None) -> None:
        self._target, self._perils, self._names, self._first = target, perils, names, first

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._target, name)
        if name not in self._names:
            return method

        def called(*args: Any, **named: Any) -> Any:
            if self._first and name == "send":
                self._first(*args)
            return self._perils.call(method, *args, **named)

        return called


class Mortal(Perilous):
    """A store: a process may die before and after each write; the writes themselves are whole."""

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._target, name)
        if name not in self._names:
            return method

        def called(*args: Any, **named: Any) -> Any:
            self._perils.step()
            answer = method(*args, **named)
            self._perils.step()
            return answer

        return called


def in_peril(provider: Provider, perils: Perils, before_send: Callable[..., None]) -> Provider:
    """The provider, every call of which may fail or be the last."""
    calendar = Perilous(provider.calendar, perils, {"put", "occurrences", "move", "cancel", "busy", "find"})
    outbox = Perilous(provider.outbox, perils, {"send", "find"}, before_send)
    return Provider(provider.name, calendar, outbox, provider.inbox)
