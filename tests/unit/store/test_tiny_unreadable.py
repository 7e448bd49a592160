"""Files that cannot be read: kept, told, and never taken for no history."""

import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from tiny_world import FIRST, MAYA, SECOND, THIRD, files

from careermail.errors import StoreError
from careermail.store.tiny import TinyStore

GARBLED = {
    "empty": b"",
    "truncated": b'{"schema":1,"facts":{"1":{"at":"2027-01-12T09:01:0',
    "zeros": bytes(4096),
    "no UTF-8": b'{"schema":1,"facts":{"1":"\xff\xfe"}}',
    "a list": b"[]",
    "null": b"null",
    "no schema": b'{"facts":{}}',
    "an unheard-of schema": b'{"schema":0,"facts":{}}',
    "a schema in words": b'{"schema":"2","facts":{}}',
    "no facts": b'{"schema":1}',
    "facts in a list": b'{"schema":1,"facts":[]}',
    "a fact without a time": b'{"schema":1,"facts":{"1":{"kind":"done","key":"k","data":{}}}}',
    "a time of nowhere": b'{"schema":1,"facts":{"1":{"at":"2027-01-12T09:01:00","kind":"done","key":"","data":{}}}}',
    "a time in words": b'{"schema":1,"facts":{"1":{"at":"Tuesday","kind":"done","key":"k","data":{}}}}',
    "data in words": b'{"schema":1,"facts":{"1":{"at":"2027-01-12T09:01:00Z","kind":"done","key":"k","data":"d"}}}',
    "no number for a name": b'{"schema":1,"facts":{"x":{"at":"2027-01-12T09:01:00Z","kind":"","key":"","data":{}}}}',
    "too deep": b"[" * 100_000,
}


@pytest.mark.parametrize("content", GARBLED.values(), ids=GARBLED.keys())
def test_an_unreadable_file_is_set_aside_and_its_manager_refused(store: TinyStore, file: Path, content: bytes):
    store.append(MAYA, [FIRST])
    file.write_bytes(content)
    root = file.parent.parent
    for again in (store, store, TinyStore(root)):
        with pytest.raises(StoreError, match=r"maya@example\.com\.json could not be read.*as .*\.json\.unreadable-1\."):
            again.load(MAYA)
    with pytest.raises(StoreError, match="Put a backup back"):
        store.append(MAYA, [SECOND])
    with pytest.raises(StoreError, match="Or delete every"):
        store.replace(MAYA, [SECOND], [])
    assert files(root) == [f"managers/{MAYA}.json.unreadable-1"]
    assert file.with_name(f"{MAYA}.json.unreadable-1").read_bytes() == content
    assert store.managers() == [MAYA]


def test_no_word_of_a_damaged_file_is_in_the_error(store: TinyStore, file: Path):
    store.append(MAYA, [FIRST])
    file.write_text('{"schema":1,"facts":{"1":{"at":"a staff role","kind":"done","key":"k","data":{}}}}')
    with pytest.raises(StoreError) as caught:
        store.load(MAYA)
    error: BaseException | None = caught.value
    while error:
        assert "staff" not in str(error)
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)


def test_writing_to_an_unreadable_file_sets_it_aside_too(store: TinyStore, root: Path, file: Path):
    store.append(MAYA, [FIRST])
    file.write_text("{")
    with pytest.raises(StoreError, match="unreadable-1"):
        store.append(MAYA, [SECOND])
    assert files(root) == [f"managers/{MAYA}.json.unreadable-1"]


def test_a_backup_in_its_place_mends_it(store: TinyStore, file: Path):
    store.append(MAYA, [FIRST])
    backup = file.read_bytes()
    file.write_text("{")
    with pytest.raises(StoreError):
        store.load(MAYA)
    file.write_bytes(backup)
    store.append(MAYA, [SECOND])
    assert store.load(MAYA) == [FIRST, SECOND]


def test_a_file_that_is_mended_before_it_is_set_aside_stays(store: TinyStore, root: Path, file: Path):
    """The reader met the damage, and had to wait for the lock while somebody restored a backup."""
    store.append(MAYA, [FIRST])
    backup = file.read_bytes()
    with ThreadPoolExecutor(1) as reader, store.lock(MAYA):
        file.write_text("{")
        facts = reader.submit(TinyStore(root).load, MAYA)
        time.sleep(0.1)
        file.write_bytes(backup)
        store.append(MAYA, [SECOND])
        assert not facts.done()
    assert facts.result() == [FIRST, SECOND]
    assert files(root) == [f"managers/{MAYA}.json"]


def test_deleting_what_was_set_aside_begins_anew(store: TinyStore, file: Path):
    store.append(MAYA, [FIRST])
    file.write_text("{")
    with pytest.raises(StoreError):
        store.load(MAYA)
    file.with_name(f"{MAYA}.json.unreadable-1").unlink()
    assert store.load(MAYA) == []
    store.append(MAYA, [SECOND])
    assert store.load(MAYA) == [SECOND]


def test_nothing_set_aside_is_ever_overwritten(store: TinyStore, file: Path):
    """Nine times it finds a place; the tenth time the file stays where it is, and the error says so."""
    for n in range(1, 10):
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(f"damage {n}")
        with pytest.raises(StoreError, match=f"unreadable-{n}"):
            store.load(MAYA)
    file.write_text("damage 10")
    with pytest.raises(StoreError, match="9 unreadable versions of it already"):
        store.load(MAYA)
    assert file.read_text() == "damage 10"
    assert [file.with_name(f"{file.name}.unreadable-{n}").read_text() for n in range(1, 10)] == [
        f"damage {n}" for n in range(1, 10)
    ]


def test_an_unreadable_archive_is_never_written_over(store: TinyStore, root: Path):
    """The live facts go on meanwhile; only what needs the archive is refused."""
    store.replace(MAYA, [FIRST], [SECOND])
    (root / "archive" / f"{MAYA}.json").write_text("{")
    with pytest.raises(StoreError, match=rf"archive/{MAYA}.json could not be read"):
        store.replace(MAYA, [], [FIRST])
    store.append(MAYA, [THIRD])
    assert store.load(MAYA) == [FIRST, THIRD]
    assert (root / "archive" / f"{MAYA}.json.unreadable-1").read_text() == "{"


@pytest.mark.parametrize("folder", ["managers", "archive"])
def test_a_file_of_a_newer_version_is_refused_and_left_alone(store: TinyStore, root: Path, folder: str):
    store.replace(MAYA, [FIRST], [SECOND])
    newer = b'{"schema":2,"facts":["in some new shape"]}'
    path = root / folder / f"{MAYA}.json"
    path.write_bytes(newer)
    for attempt in (
        lambda: store.load(MAYA, archived=folder == "archive"),
        lambda: store.replace(MAYA, [THIRD], []),
    ):
        with pytest.raises(
            StoreError, match=r"\.json was written by a newer careermail \(schema 2; this one knows 1\)"
        ):
            attempt()
    if folder == "managers":
        with pytest.raises(StoreError, match="newer"):
            store.append(MAYA, [THIRD])
    assert path.read_bytes() == newer
    assert files(root) == [f"archive/{MAYA}.json", f"managers/{MAYA}.json"]


def test_a_folder_in_the_files_place_is_an_error_not_a_missing_file(store: TinyStore, file: Path):
    file.mkdir(parents=True)
    with pytest.raises(StoreError, match=r"maya@example\.com\.json cannot be read: Is a directory"):
        store.load(MAYA)
