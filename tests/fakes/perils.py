"""What can go wrong between careermail and the world: it is killed at any step, and servers fail in every way."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from email.message import Message
from typing import Any

from careermail.errors import ProviderError
from careermail.providers import Provider


class Crash(BaseException):
    """The process is gone."""


@dataclass
class Perils:
    """What is to go wrong, and when."""

    crash_in: int = 0  # before the so-manieth step from now; 0 for never
    relentless: bool = False  # at each step, the first time that it is taken
    failing: str = ""  # "temporary", "permanent", or "after": it came about, and was said to have failed
    failures: int = 0  # how many calls are still to fail
    survived: set[object] = field(default_factory=set)
    sleeping: bool = False

    @property
    def none(self) -> bool:
        return not self.crash_in and not self.failures and not self.relentless

    def step(self, what: object) -> None:
        """A moment at which a process may die; `what` tells it from other such moments."""
        if self.sleeping:
            return
        if self.crash_in:
            self.crash_in -= 1
            if not self.crash_in:
                raise Crash
        if self.relentless and what not in self.survived:
            self.survived.add(what)
            raise Crash

    @contextmanager
    def asleep(self) -> Iterator[None]:
        """Nothing goes wrong in between; what was to come is still to come."""
        self.sleeping = True
        try:
            yield
        finally:
            self.sleeping = False

    def calm(self) -> None:
        """Nothing goes wrong any more."""
        self.crash_in = self.failures = 0
        self.relentless = False

    @contextmanager
    def around(self, *what: object) -> Iterator[None]:
        """An effect: a process may die before it and after it."""
        name = tuple(_named(one) for one in what)
        self.step(("before", *name))
        yield
        self.step(("after", *name))

    def call(self, method: Callable[..., Any], *args: Any, **named: Any) -> Any:
        """A call of a server, with all that may befall it."""
        with self.around(method.__name__, *args, *named.values()):
            fails = bool(self.failures) and not self.sleeping
            self.failures -= fails
            if fails and self.failing != "after":
                raise ProviderError("the server is on fire", permanent=self.failing == "permanent")
            answer = method(*args, **named)
        if fails:
            raise ProviderError("the connection was lost")
        return answer


def _named(one: object) -> str:
    """An argument as it is the same in the next process."""
    if isinstance(one, Message):
        return str(one["Message-ID"])
    return " ".join(f"{f.kind} {f.key} {f.at}" for f in one) if isinstance(one, list) else repr(one)


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
            with self._perils.around(name, *map(list, args[1:])):
                return method(*args, **named)

        return called


def in_peril(provider: Provider, perils: Perils, before_send: Callable[..., None]) -> Provider:
    """The provider, every call of which may fail or be the last."""
    calendar = Perilous(provider.calendar, perils, {"put", "occurrences", "move", "cancel", "busy", "find"})
    outbox = Perilous(provider.outbox, perils, {"send", "find"}, before_send)
    inboxes = {name: Perilous(inbox, perils, {"fetch"}) for name, inbox in provider.inboxes([]).items()}
    return replace(provider, calendar=calendar, outbox=outbox, inboxes=lambda _: inboxes)
