"""Processes that die, wait, and write at once."""

import os
import signal
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from tiny_world import FIRST, MAYA, NINE, SECOND, fact, files

from careermail.errors import TryLater
from careermail.model import Fact
from careermail.store.tiny import TinyStore


def killed(act: Callable[[Callable[[], int]], None], after: float) -> int:
    """Run `act(acknowledge)` in a process that is killed after so many seconds; how often it acknowledged."""
    reader, writer = os.pipe()
    child = os.fork()
    if not child:
        try:
            act(lambda: os.write(writer, b"."))
        finally:
            os._exit(1)
    os.close(writer)
    os.read(reader, 1)  # it is under way
    time.sleep(after)
    os.kill(child, signal.SIGKILL)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -signal.SIGKILL
    with os.fdopen(reader, "rb") as acknowledged:
        return 1 + len(acknowledged.read())


def test_what_was_acknowledged_survives_sigkill_at_any_moment(shm: Path):
    """Two hundred times over the same files: a prefix of what was appended, with all that was acknowledged."""
    TinyStore(shm).append(MAYA, [fact(0)])  # here first, for else each child would import what writing needs
    stood, torn = 1, 0
    for n in range(200):
        first = stood

        def append(acknowledge: Callable[[], int], first: int = first) -> None:
            store = TinyStore(shm)
            for k in range(first, 100_000, 2):
                store.append(MAYA, [fact(k), fact(k + 1)])
                acknowledge()

        acknowledged = killed(append, after=n % 61 / 20_000)
        torn += len(list(shm.rglob("*.tmp")))
        facts = TinyStore(shm).load(MAYA)
        assert facts == [fact(k) for k in range(len(facts))]
        stood = len(facts)
        assert stood in (first + 2 * acknowledged, first + 2 * acknowledged + 2)
        if stood > 200:
            TinyStore(shm).replace(MAYA, [], [])
            stood = 0
    assert torn, "it was never killed in the middle of a write"
    TinyStore(shm).append(MAYA, [fact(stood)])
    assert list(shm.rglob("*.tmp")) == []


def test_what_moves_between_the_files_is_never_in_neither(shm: Path):
    """Killed a hundred times while facts wander to the archive and back."""
    facts = [fact(n, words="long " * 50) for n in range(40)]
    TinyStore(shm).replace(MAYA, facts, [])
    for n in range(100):

        def wander(acknowledge: Callable[[], int]) -> None:
            store = TinyStore(shm)
            while True:
                store.replace(MAYA, facts[:20], facts[20:])
                acknowledge()
                store.replace(MAYA, facts[20:], facts[:20])

        killed(wander, after=n % 41 / 10_000)
        store = TinyStore(shm)
        keys = {fact.key for fact in store.load(MAYA) + store.load(MAYA, archived=True)}
        assert keys == {fact.key for fact in facts}


def test_processes_that_append_at_once_lose_nothing(shm: Path):
    children = []
    for name in "abc":
        children.append(os.fork())
        if not children[-1]:
            store = TinyStore(shm)
            try:
                for n in range(50):
                    with store.lock(MAYA):
                        seen = len(store.load(MAYA))
                        store.append(MAYA, [Fact(NINE, "done", f"{name}/{n}", {"after": seen})])
            finally:
                os._exit(store.load(MAYA)[-1].kind != "done")
    assert [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children] == [0, 0, 0]
    facts = TinyStore(shm).load(MAYA)
    assert [fact.data["after"] for fact in facts] == list(range(150))
    for name in "abc":
        assert [fact.key for fact in facts if fact.key[0] == name] == [f"{name}/{n}" for n in range(50)]


def test_a_waiter_is_told_which_process_holds_the_lock_until_that_dies(store: TinyStore, root: Path):
    store.append(MAYA, [FIRST])
    reader, writer = os.pipe()
    child = os.fork()
    if not child:
        with TinyStore(root).lock(MAYA):
            os.write(writer, b".")
            time.sleep(60)
    os.close(writer)
    os.read(reader, 1)
    os.close(reader)
    try:
        with pytest.raises(TryLater, match=f"Process {child} holds the facts of maya@example.com. Try again"):
            store.append(MAYA, [SECOND])
    finally:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
    store.append(MAYA, [SECOND])
    assert store.load(MAYA) == [FIRST, SECOND]


def test_no_two_hold_a_lock_whose_file_goes_and_comes(shm: Path):
    """A manager is met and forgotten all the time, so that the lock's file is made and deleted under its waiters."""
    shm.mkdir()
    children = []
    for _ in range(3):
        children.append(os.fork())
        if not children[-1]:
            status = 1
            try:
                for _ in range(60):
                    with TinyStore(shm).lock(MAYA):
                        os.close(os.open(shm / "inside", os.O_CREAT | os.O_EXCL))
                        TinyStore(shm).append(MAYA, [FIRST])
                        TinyStore(shm).replace(MAYA, [], [])
                        (shm / "inside").unlink()
                status = 0
            finally:
                os._exit(status)
    assert [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children] == [0, 0, 0]
    assert files(shm) == list((shm / "locks").iterdir()) == []
