"""What the tests of the embedded store share."""

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

from careermail.model import Fact

MAYA = "maya@example.com"
NINE = datetime(2027, 1, 12, 9, 0, tzinfo=UTC)
SHM = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None  # noqa: S108 (for speed: nothing is kept there)


def fact(n: int, **data: object) -> Fact:
    return Fact(NINE + timedelta(minutes=n), "done", f"{MAYA}/jonas@example.com/{n}", data)


FIRST, SECOND, THIRD = fact(1), fact(2, to="Zoë"), fact(3)


def files(root: Path) -> list[str]:
    """All files below the root but the locks, which tell nothing."""
    return sorted(str(p.relative_to(root)) for p in root.rglob("*") if p.is_file() and p.parent.name != "locks")
