"""Made-up years, at volume in memory and at length on disk: whatever happens, the promise holds."""

import os
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from fakes.disk import DiskWorld
from fakes.perils import Perils
from fakes.world import FakeWorld
from hypothesis import HealthCheck, settings
from machine import Years

from careermail.store.memory import MemoryStore
from careermail.store.tiny import TinyStore

MEMORY = Path("/dev/shm")  # noqa: S108 (a disk that is quick to sync)
EXAMPLES = int(os.environ.get("CAREERMAIL_EXAMPLES", "0"))
USUAL = settings(
    max_examples=EXAMPLES or 7,
    stateful_step_count=24,
    deadline=None,
    derandomize=not EXAMPLES,
    print_blob=True,
    suppress_health_check=list(HealthCheck),
)


class InMemory(Years):
    """Servers that keep one truth, and a store that keeps it all."""

    @staticmethod
    def make(_: Perils) -> Any:
        store = MemoryStore()
        return FakeWorld(), lambda: store, lambda: None


TestInMemory = InMemory.TestCase
TestInMemory.settings = USUAL


class OnDisk(Years):
    """Files all the way down: calendars that people edit in either copy, Maildirs, and a store of TinyDB."""

    @staticmethod
    def make(perils: Perils) -> Any:
        folder = TemporaryDirectory(dir=MEMORY if MEMORY.is_dir() else None)
        root = Path(folder.name)
        world = DiskWorld(root / "world", perils)

        def tidy() -> None:
            world.close()
            folder.cleanup()

        return world, lambda: TinyStore(root / "state"), tidy


TestOnDisk = OnDisk.TestCase
TestOnDisk.settings = settings(USUAL, max_examples=max(EXAMPLES // 10, 3), stateful_step_count=16)
