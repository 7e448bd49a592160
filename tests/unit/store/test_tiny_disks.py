"""Disks that refuse, and what reaches them in which order."""

import os
import resource
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from tiny_world import FIRST, MAYA, SECOND, fact, files

from careermail.errors import StoreError
from careermail.store.tiny import TinyStore


def test_a_write_cut_short_by_the_system_changes_nothing(store: TinyStore, root: Path, file: Path):
    """A limit on file sizes fails a write halfway, as a full disk does, and needs no rights to set up."""
    store.append(MAYA, [FIRST])
    before = file.read_bytes()
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, hard))
    try:
        for attempt in (
            lambda: store.append(MAYA, [fact(2, words="long " * 1000)]),
            lambda: store.replace(MAYA, [fact(2, words="long " * 1000)], []),
        ):
            with pytest.raises(StoreError, match=rf"{MAYA}.json cannot be written: File too large. .*Make room"):
                attempt()
            assert store.load(MAYA) == TinyStore(root).load(MAYA) == [FIRST]
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert file.read_bytes() == before
    assert [name for name in files(root) if "tmp" in name] == []
    store.append(MAYA, [SECOND])
    assert TinyStore(root).load(MAYA) == [FIRST, SECOND]


ON_A_DISK_OF_ITS_OWN = """
import errno, pathlib, subprocess, sys
from datetime import UTC, datetime
from careermail.errors import StoreError
from careermail.model import Fact
from careermail.store.tiny import TinyStore

root = pathlib.Path(sys.argv[1])
store = TinyStore(root / "state")
at = datetime(2027, 1, 12, 9, tzinfo=UTC)
facts = [Fact(at, "done", str(n), {"words": "long " * 20}) for n in range(999)]
path = root / "state" / "managers" / "maya@example.com.json"

def refused(attempt, *expected):
    before = {p: p.read_bytes() for p in root.rglob("*") if p.is_file()}
    try:
        attempt()
    except StoreError as error:
        assert all(words in str(error) for words in expected), error
    else:
        raise AssertionError("nothing was raised")
    assert {p: p.read_bytes() for p in root.rglob("*") if p.is_file()} == before
"""

FULL = """
kept = 0
try:
    for kept, fact in enumerate(facts):
        store.append("maya@example.com", [fact])
except StoreError as error:
    assert str(path) + " cannot be written: No space left on device." in str(error), error
    assert "Make room" in str(error)
assert 10 < kept < 900, kept
try:
    (root / "rest").write_bytes(bytes(65536))
except OSError as error:
    assert error.errno == errno.ENOSPC
with store.lock("liam@example.com"):
    pass
refused(lambda: store.append("maya@example.com", facts[kept:]), "No space left")
refused(lambda: store.replace("maya@example.com", facts, facts), "No space left")
refused(lambda: store.append("liam@example.com", facts), "liam@example.com", "No space left")
assert store.load("maya@example.com") == TinyStore(root / "state").load("maya@example.com") == facts[:kept]
subprocess.run(["mount", "-o", "remount,size=1m", str(root)], check=True)
store.append("maya@example.com", facts[kept:kept + 1])
assert TinyStore(root / "state").load("maya@example.com") == facts[:kept + 1]
"""

READ_ONLY = """
store.append("maya@example.com", facts[:2])
store.announce("maya@example.com")
(path.parent / "garbled@example.com.json").write_text("{")
subprocess.run(["mount", "-o", "remount,ro", str(root)], check=True)
advice = "Read-only file system", "Let the user that careermail runs as"
refused(lambda: store.append("maya@example.com", facts[2:3]), "maya@example.com", *advice)
refused(lambda: store.append("liam@example.com", facts[2:3]), "liam@example.com", *advice)
refused(lambda: store.replace("maya@example.com", [], []), "maya@example.com", *advice)
refused(lambda: store.announce("liam@example.com"), "liam@example.com", *advice)
refused(lambda: store.changed(), "changed/maya@example.com", *advice)
refused(lambda: store.load("garbled@example.com"), "cannot be read: it is no file of facts", *advice)
assert store.load("maya@example.com") == facts[:2]
subprocess.run(["mount", "-o", "remount,rw", str(root)], check=True)
assert store.changed() == {"maya@example.com"}
store.append("maya@example.com", facts[2:3])
assert store.load("maya@example.com") == facts[:3]
"""


@pytest.mark.parametrize("script", [FULL, READ_ONLY], ids=["full", "read-only"])
def test_a_disk_that_refuses_is_told_and_nothing_is_lost(tmp_path: Path, script: str):
    """On a real disk of 64 kB of its own, in a mount namespace that ends with the process."""
    alone = ["unshare", "--user", "--map-root-user", "--mount"]
    if not shutil.which("unshare") or subprocess.run([*alone, "true"], check=False, capture_output=True).returncode:
        pytest.skip("this machine lets us mount nothing, not even in a namespace of our own")
    mount = f"mount -t tmpfs -o size=64k tmpfs {tmp_path}"
    run = f'{mount} && exec "$0" -W error -c "$1" {tmp_path}'
    command = [*alone, "sh", "-c", run, sys.executable, ON_A_DISK_OF_ITS_OWN + script]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_a_folder_without_the_right_to_write_is_told(shm: Path):
    """As another user where we are root, whom nothing is forbidden."""
    TinyStore(shm).append(MAYA, [FIRST])
    (shm / "managers").chmod(0o500)
    child = os.fork()
    if not child:
        status = 1
        try:
            _give_up_being_root(shm)
            with pytest.raises(StoreError, match=rf"{MAYA}\.json cannot be written: Permission denied.*Let the user"):
                TinyStore(shm).append(MAYA, [SECOND])
            status = 0 if TinyStore(shm).load(MAYA) == [FIRST] else 2
        finally:
            os._exit(status)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    (shm / "managers").chmod(0o700)
    assert TinyStore(shm).load(MAYA) == [FIRST]
    assert files(shm) == [f"managers/{MAYA}.json"]


def _give_up_being_root(root: Path) -> None:
    if os.geteuid() == 0:
        for path in (root.parent, root, *root.rglob("*")):
            os.chown(path, 65534, 65534)
        os.setgroups([])
        os.setgid(65534)
        os.setuid(65534)


@pytest.mark.skipif(not shutil.which("strace"), reason="what reaches the disk is only seen with strace")
def test_a_file_is_forced_to_disk_before_its_name_and_its_name_before_the_answer(tmp_path: Path):
    script = (
        "import sys, datetime as d; from pathlib import Path; from careermail.store.tiny import TinyStore, Fact\n"
        "TinyStore(Path(sys.argv[1])).append('m', [Fact(d.datetime.now(d.UTC), 'done', 'k')]); print('answered')"
    )
    trace = ["strace", "-y", "-e", "trace=fsync,rename,write", sys.executable, "-c", script, str(tmp_path)]
    done = subprocess.run(trace, check=True, capture_output=True, text=True)
    calls = [line for line in done.stderr.splitlines() if str(tmp_path / "managers") in line or "answered" in line]
    steps = [line.partition("(")[0] + (" name" if "managers>" in line else "") for line in calls]
    assert steps == ["write", "fsync", "rename", "fsync name", "write"]
