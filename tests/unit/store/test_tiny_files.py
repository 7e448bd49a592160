"""What is on disk, and what of it is remembered."""

import gc
import json
import os
import stat
from pathlib import Path

import pytest
from tiny_world import FIRST, MAYA, NINE, SECOND, THIRD, fact
from tinydb import TinyDB

from careermail.model import Fact
from careermail.store.tiny import TinyStore


def test_a_file_is_what_the_docstring_says(store: TinyStore, file: Path):
    store.append(MAYA, [FIRST])
    store.append(MAYA, [SECOND])
    assert file.read_text("utf-8") == (
        '{"schema":1,"facts":{'
        '"1":{"at":"2027-01-12T09:01:00+00:00","kind":"done","key":"maya@example.com/jonas@example.com/1","data":{}},'
        '"2":{"at":"2027-01-12T09:02:00+00:00","kind":"done","key":"maya@example.com/jonas@example.com/2",'
        '"data":{"to":"Zoë"}}}}'
    )


def test_tinydb_itself_reads_it(store: TinyStore, file: Path):
    store.append(MAYA, [FIRST, SECOND])
    with TinyDB(file, access_mode="r") as database:
        assert [document["data"] for document in database.table("facts")] == [{}, {"to": "Zoë"}]


def test_looking_makes_no_folder(store: TinyStore, root: Path):
    assert (store.managers(), store.load(MAYA), store.changed()) == ([], [], set())
    assert not root.exists()


@pytest.mark.parametrize("umask", [0, 0o077, 0o777])
def test_files_are_their_owners_alone_whatever_the_umask(store: TinyStore, root: Path, umask: int):
    before = os.umask(umask)
    try:
        store.replace(MAYA, [FIRST], [SECOND])
        store.announce(MAYA)
    finally:
        os.umask(before)
    modes = {str(p.relative_to(root)): stat.S_IMODE(p.stat().st_mode) for p in (root, *root.rglob("*"))}
    assert modes == {
        ".": 0o700,
        "archive": 0o700,
        f"archive/{MAYA}.json": 0o600,
        "changed": 0o700,
        f"changed/{MAYA}": 0o600,
        "locks": 0o700,
        f"locks/{MAYA}.lock": 0o600,
        "managers": 0o700,
        f"managers/{MAYA}.json": 0o600,
    }


def test_no_address_leaves_its_folder(store: TinyStore, root: Path):
    odd = ["../../etc/passwd@x", "a/b@x", "%2F@x", ".", "..", "x.json", "x.json.unreadable-1", "søren@x", "a\0b"]
    for manager in odd:
        store.append(manager, [FIRST])
        store.announce(manager)
    assert store.managers() == sorted(odd)
    assert store.changed() == set(odd)
    assert {p.parent.name for p in root.rglob("*") if p.is_file()} == {"managers", "locks"}


def test_a_forgotten_manager_leaves_nothing_on_disk(store: TinyStore, root: Path, file: Path):
    store.replace(MAYA, [FIRST], [SECOND])
    store.announce(MAYA)
    for rubbish in (".tmp", ".unreadable-1", ".unreadable-9"):
        file.with_name(file.name + rubbish).write_text("Jonas")
        (root / "archive" / (file.name + rubbish)).write_text("Jonas")
    with store.lock(MAYA):
        store.replace(MAYA, [], [])
    assert [p for p in root.rglob("*") if p.is_file()] == []


def test_what_a_later_version_added_is_kept(store: TinyStore, root: Path, file: Path):
    """Fields of a document, and whole tables: through appending, settling, and back."""
    store.append(MAYA, [FIRST, SECOND])
    tables = json.loads(file.read_text())
    tables["facts"]["1"]["by"] = "Maya"
    tables["notes"] = {"1": {"text": "kept"}}
    file.write_text(json.dumps(tables))

    store.append(MAYA, [THIRD])
    store.replace(MAYA, store.load(MAYA)[1:], store.load(MAYA)[:1])
    archive = json.loads((root / "archive" / file.name).read_text())
    assert archive["facts"]["1"]["by"] == "Maya"
    store.replace(MAYA, [FIRST], [])
    live = json.loads(file.read_text())
    assert live["facts"]["1"]["by"] == "Maya"
    assert live["notes"] == {"1": {"text": "kept"}}


def test_facts_that_json_cannot_hold_change_nothing(store: TinyStore):
    store.append(MAYA, [FIRST])
    with pytest.raises(TypeError):
        store.append(MAYA, [SECOND, fact(3, day=NINE)])
    with pytest.raises(TypeError):
        store.replace(MAYA, [fact(3, day=NINE)], [FIRST])
    assert store.load(MAYA) == [FIRST]


def test_a_file_changed_by_hand_is_seen(store: TinyStore, file: Path):
    store.append(MAYA, [FIRST, SECOND])
    file.write_text(file.read_text().replace('"done"', '"held"'))
    assert [fact.kind for fact in store.load(MAYA)] == ["held", "held"]


def test_a_version_is_later_than_the_last_even_if_the_clock_was_set_back(store: TinyStore, file: Path):
    """Inode numbers come back: the time of change is what tells a version from one of the same size long ago."""
    store.append(MAYA, [FIRST])
    os.utime(file, ns=(4_000_000_000_000_000_000, 4_000_000_000_000_000_000))
    store.append(MAYA, [SECOND])
    assert file.stat().st_mtime_ns == 4_000_000_000_000_000_001
    store.replace(MAYA, [SECOND], [])
    assert file.stat().st_mtime_ns == 4_000_000_000_000_000_002


def test_only_a_few_managers_are_kept_in_memory(shm: Path):
    store = TinyStore(shm)
    for n in range(100):
        store.append(f"{n}@example.com", [fact(n, only="here")])
    for n in range(100):
        assert store.load(f"{n}@example.com") == [fact(n, only="here")]
    gc.collect()
    alive = [thing for thing in gc.get_objects() if isinstance(thing, Fact) and "only" in thing.data]
    assert 0 < len(alive) < 30
