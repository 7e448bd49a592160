"""What is remembered: facts, one file per manager. The protocol that every store keeps."""

from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager
from typing import Protocol

from careermail.model import Fact


class Store(Protocol):
    """Facts by manager (the key is the manager's mail address; `_service` is careermail's own).

    Every method raises StoreError where the store cannot be read or written, having changed nothing.
    """

    def managers(self) -> list[str]:
        """All keys that have facts, sorted."""
        ...

    def load(self, manager: str, *, archived: bool = False) -> list[Fact]:
        """The facts of one manager in the order they were appended; the archive's instead, if asked."""
        ...

    def append(self, manager: str, facts: Iterable[Fact]) -> None:
        """Add facts, all or none of them; durable on return."""
        ...

    def replace(self, manager: str, live: Sequence[Fact], archive: Sequence[Fact]) -> None:
        """Let these be all the facts of a manager, live and archived; with none of either the manager is forgotten.

        A crash in between may leave a fact in both, never in neither.
        """
        ...

    def lock(self, manager: str) -> AbstractContextManager[None]:
        """Exclusive over processes and threads. Raises TryLater when it is held for too long by another."""
        ...

    def announce(self, manager: str) -> None:
        """Tell a running daemon that this manager's facts have changed."""
        ...

    def changed(self) -> set[str]:
        """The managers announced since this was last asked."""
        ...
