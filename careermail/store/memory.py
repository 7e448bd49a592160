"""The reference: what every store must do, in as few words as can be. Nothing outlives the process."""

import threading
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager

from careermail.errors import TryLater
from careermail.model import Fact


class MemoryStore:
    """Facts in lists, for tests and the demo.

    `timeout` is how many seconds `lock` waits for another thread before it raises TryLater.
    """

    def __init__(self, *, timeout: float = 10.0) -> None:
        self._live: defaultdict[str, list[Fact]] = defaultdict(list)
        self._archive: defaultdict[str, list[Fact]] = defaultdict(list)
        self._locks: dict[str, threading.RLock] = {}
        self._changed: set[str] = set()
        self._timeout = timeout

    def managers(self) -> list[str]:
        """All keys that have facts, sorted."""
        return sorted({key for facts in (self._live, self._archive) for key in facts if facts[key]})

    def load(self, manager: str, *, archived: bool = False) -> list[Fact]:
        """The facts of one manager in the order they were appended; the archive's instead, if asked."""
        facts = self._archive if archived else self._live
        return list(facts.get(manager, ()))

    def append(self, manager: str, facts: Iterable[Fact]) -> None:
        """Add facts, all or none of them."""
        added = list(facts)
        with self.lock(manager):
            self._live[manager] += added

    def replace(self, manager: str, live: Sequence[Fact], archive: Sequence[Fact]) -> None:
        """Let these be all the facts of a manager, live and archived; with none of either the manager is forgotten."""
        with self.lock(manager):
            self._live[manager] = list(live)
            self._archive[manager] = list(archive)
            if not live and not archive:
                self._changed.discard(manager)

    @contextmanager
    def lock(self, manager: str) -> Iterator[None]:
        """Exclusive over threads, and re-entrant within one. Raises TryLater after `timeout` seconds."""
        lock = self._locks.setdefault(manager, threading.RLock())
        if not lock.acquire(timeout=self._timeout):
            raise TryLater(f"Another thread holds the facts of {manager}; try again in a moment.")
        try:
            yield
        finally:
            lock.release()

    def announce(self, manager: str) -> None:
        """Tell a running daemon that this manager's facts have changed."""
        self._changed.add(manager)

    def changed(self) -> set[str]:
        """The managers announced since this was last asked."""
        changed, self._changed = self._changed, set()
        return changed
