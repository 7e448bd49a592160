import pytest
from store_suite import StoreSuite

from careermail.store import Store
from careermail.store.memory import MemoryStore


class TestMemoryStore(StoreSuite):
    @pytest.fixture
    def store(self) -> Store:
        return MemoryStore(timeout=0.1)
