"""Unreadable files, set aside under a name of their own: kept as they are, and in the way until somebody decides."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from careermail.errors import StoreError

_MOST = 9


def places(path: Path) -> list[Path]:
    """Where the unreadable versions of a file may lie, the first one first."""
    return [path.with_name(f"{path.name}.unreadable-{n}") for n in range(1, _MOST + 1)]


def set_aside(path: Path) -> None:
    """Rename an unreadable file to the first free place. The caller holds its lock. Raises OSError and StoreError."""
    free = [place for place in places(path) if not place.exists()]
    if not free:
        raise StoreError(
            f"{path.parent} holds {_MOST} unreadable versions of it already. Look after that disk, then put a backup "
            f"in the place of {path.name} and delete the unreadable ones."
        )
    path.rename(free[0])


def refuse_to_begin_anew(path: Path) -> None:
    """Raise StoreError if the file at `path` is missing for the one reason that it was set aside."""
    taken = [n for n in range(1, _MOST + 1) if os.path.exists(f"{path}.unreadable-{n}")]  # noqa: PTH110 (halves a start)
    if taken:
        raise StoreError(
            f"{path} could not be read; it is kept, unchanged, as {path.name}.unreadable-{taken[-1]}. Put a backup "
            f"back as {path.name}. Or delete every {path.name}.unreadable-* to begin anew: careermail then books and "
            "mails this manager's conversations as if for the first time."
        )


@contextmanager
def explained(path: Path) -> Iterator[None]:
    """Let an error about setting aside say first why that had to be."""
    try:
        yield
    except StoreError as error:
        raise StoreError(f"{path} cannot be read: it is no file of facts. It could not be set aside: {error}") from None
