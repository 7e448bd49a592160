"""The embedded store against the reference, in histories that nobody thought of."""

import tempfile
from datetime import UTC
from pathlib import Path

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule
from tiny_world import MAYA, SHM

from careermail.model import Fact
from careermail.store.memory import MemoryStore
from careermail.store.tiny import TinyStore

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)
FACTS = st.lists(
    st.builds(
        Fact,
        at=st.datetimes(timezones=st.just(UTC)),
        kind=st.sampled_from(["intent", "done", "dreamt"]),
        key=st.text(max_size=5),
        data=st.dictionaries(st.text(), JSON, max_size=2),
    ),
    max_size=3,
)
MANAGERS = st.sampled_from([MAYA, "liam+a/b@example.com", "_service"])


class TinyIsMemory(RuleBasedStateMachine):
    """Whatever is done, through whichever of two stores on one root, tiny answers as the reference does."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory(dir=SHM)
        self.memory = MemoryStore()
        self.tiny = [TinyStore(Path(self.folder.name)), TinyStore(Path(self.folder.name))]

    def teardown(self):
        self.folder.cleanup()

    @rule(which=st.booleans(), manager=MANAGERS, facts=FACTS)
    def append(self, which: bool, manager: str, facts: list[Fact]):
        self.memory.append(manager, facts)
        self.tiny[which].append(manager, facts)

    @rule(which=st.booleans(), manager=MANAGERS, live=FACTS, archive=FACTS)
    def replace(self, which: bool, manager: str, live: list[Fact], archive: list[Fact]):
        self.memory.replace(manager, live, archive)
        self.tiny[which].replace(manager, live, archive)

    @rule(which=st.booleans(), manager=MANAGERS, at=st.integers(0, 5))
    def settle(self, which: bool, manager: str, at: int):
        for store in (self.memory, self.tiny[which]):
            live, archive = store.load(manager), store.load(manager, archived=True)
            store.replace(manager, live[at:], archive + live[:at])

    @rule(which=st.booleans(), manager=MANAGERS)
    def forget(self, which: bool, manager: str):
        self.memory.replace(manager, [], [])
        self.tiny[which].replace(manager, [], [])

    @rule(which=st.booleans(), manager=MANAGERS)
    def announce(self, which: bool, manager: str):
        self.memory.announce(manager)
        self.tiny[which].announce(manager)

    @rule(which=st.booleans())
    def ask_for_changes(self, which: bool):
        assert self.memory.changed() == self.tiny[which].changed()

    @invariant()
    def all_know_the_same(self):
        for tiny in self.tiny:
            assert self.memory.managers() == tiny.managers()
            for manager in self.memory.managers():
                for archived in (False, True):
                    assert self.memory.load(manager, archived=archived) == tiny.load(manager, archived=archived)


TestTinyIsMemory = TinyIsMemory.TestCase
TestTinyIsMemory.settings = settings(max_examples=50, stateful_step_count=20, deadline=None)
