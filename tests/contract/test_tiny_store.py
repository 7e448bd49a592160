from pathlib import Path

import pytest
from store_suite import StoreSuite

from careermail.store import Store
from careermail.store.tiny import TinyStore


class TestTinyStore(StoreSuite):
    @pytest.fixture
    def store(self, tmp_path: Path) -> Store:
        return TinyStore(tmp_path / "state", timeout=0.1)

    @pytest.fixture
    def other(self, tmp_path: Path) -> Store:
        return TinyStore(tmp_path / "state", timeout=0.1)
