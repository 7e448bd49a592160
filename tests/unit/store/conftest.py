"""Roots and stores, each test its own."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from tiny_world import MAYA, SHM

from careermail.store.tiny import TinyStore


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "state"


@pytest.fixture
def store(root: Path) -> TinyStore:
    return TinyStore(root, timeout=0.1)


@pytest.fixture
def file(root: Path) -> Path:
    return root / "managers" / f"{MAYA}.json"


@pytest.fixture
def shm() -> Iterator[Path]:
    """A root on a disk in memory, for tests that write thousands of times."""
    with tempfile.TemporaryDirectory(dir=SHM) as folder:
        yield Path(folder) / "state"
