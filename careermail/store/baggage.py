"""All that is remembered, as lines of JSON: from one machine's state, and into another's that is empty.

    {"careermail": "0.1.0", "schema": 1, "at": "2027-02-01T12:00:00+00:00"}
    {"secret": "9f3c…"}                                       what answers to mails so far are known by (hexadecimal)
    {"manager": "maya@example.com", "live": […], "archive": […]}
    {"folder": "state", "file": "invitations/x.json", "content": "…"}    what a provider keeps by itself (base64)
    {"folder": "world", "empty": "inbox/new"}                 a folder in which there is nothing
    {"end": 4}                                                how many lines stand in between

What comes in is unpacked into `restoring/` first, whatever comes of it; only what turned out to be whole is renamed to
where it belongs. While that folder is there, nothing else is begun. Each manager's facts end with a `restored`, since
more may have been done than they know of: between the export and the end of the machine that it was made on.
"""

import base64
import json
import shutil
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from careermail.errors import StoreError
from careermail.model import Fact
from careermail.store import Store, disk
from careermail.store.disk import told
from careermail.store.migrations import FIRST, migrated, newest
from careermail.store.schema import TABLE, documents, facts_of
from careermail.store.tiny import TinyStore

RESTORING = "restoring"
SECRET = "secret"  # noqa: S105 (a file's name)
OURS = {"managers", "archive", "locks", "changed", SECRET, RESTORING}  # what the store keeps below the state folder
Line = dict[str, Any]


def packed(store: Store, managers: Iterable[str], places: Mapping[str, Path], head: Line) -> Iterator[Line]:
    """Everything as lines; `managers` are the store's, and of each folder in `places` all files go along.

    Each manager is read while nobody writes there; what the service does meanwhile to others may be in or not. Raises
    StoreError and TryLater.
    """
    count = 0
    yield {**head, "schema": newest()}
    for count, line in enumerate(_contents(store, managers, places), 1):  # noqa: B007 (it is asked for at the end)
        yield line
    yield {"end": count}


def _contents(store: Store, managers: Iterable[str], places: Mapping[str, Path]) -> Iterator[Line]:
    with told(places["state"] / SECRET, "read"):
        found = disk.read_file(places["state"] / SECRET)
    if found:
        yield {"secret": found.content.hex()}
    for manager in managers:
        with store.lock(manager):
            live, archive = store.load(manager), store.load(manager, archived=True)
        yield {"manager": manager, "live": documents(live), "archive": documents(archive)}
    for name, place in places.items():
        apart = {other for other in places.values() if other != place} | _kept_by_us(places["state"])
        for path in _files(place, apart):
            with told(path, "read"):
                yield {"folder": name, **_packed(path, path.relative_to(place))}


def _packed(path: Path, name: Path) -> Line:
    if path.is_dir():
        return {"empty": str(name)}
    return {"file": str(name), "content": base64.b64encode(path.read_bytes()).decode()}


def _kept_by_us(state: Path) -> set[Path]:
    return {state / name for name in OURS} | set(state.glob("before-schema-*"))


def _files(place: Path, apart: set[Path]) -> Iterator[Path]:
    """The files below a folder, in the order of their names, and the folders with none; but for what is kept apart."""
    for path in sorted(place.iterdir()) if place.is_dir() else ():
        if path in apart or path.is_symlink():
            continue
        yield from (_files(path, apart) if path.is_dir() and any(path.iterdir()) else [path])


def refuse_unless_empty(places: Mapping[str, Path]) -> None:
    """Raise StoreError where anything is remembered already."""
    ours = {"locks", "changed", SECRET, RESTORING}
    for place in places.values():
        held = {path.name for path in place.iterdir()} - ours if place.is_dir() else set()
        if held - {path.name for path in places.values() if path.parent == place and path != place}:
            raise StoreError(f"{place} is not empty: it holds {min(held)}. Restore where nothing is remembered yet.")


def unpack(lines: Iterable[bytes], state: Path, now: datetime) -> int:
    """Lay out what these lines hold below the state folder's `restoring/`; return how many files of facts those are.

    `now` (UTC) is what is remembered as the moment of it. Raises StoreError where the lines are not whole, or not of
    this version or an older one.
    """
    stage = state / RESTORING
    with told(stage, "written"):
        shutil.rmtree(stage, ignore_errors=True)
        disk.make_folder(stage)
        return _laid_out((_parsed(n, line) for n, line in enumerate(lines, 1)), stage, now)


def _parsed(number: int, line: bytes) -> Line:
    try:
        found = json.loads(line)
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise StoreError(f"Line {number} is none of an export: it was changed, or cut off. Nothing was restored.")
    return found


def _laid_out(lines: Iterator[Line], stage: Path, now: datetime) -> int:
    schema = _schema(next(lines, {}))
    seen = [_put(line, stage, schema, now) for line in lines]
    if not seen or seen.pop() != f"end {len(seen)}":
        raise StoreError("The export is not whole: its end is missing. Nothing was restored.")
    return seen.count("manager")


def _put(line: Line, stage: Path, schema: int, now: datetime) -> str:
    """Lay out what one line holds, and return what kind of line it is."""
    match line:
        case {"manager": manager, "live": live, "archive": archive}:
            restored = Fact(now, "restored", manager)
            TinyStore(stage).replace(manager, [*_facts(live, schema), restored], _facts(archive, schema))
        case {"secret": secret}:
            disk.write_file(stage / SECRET, bytes.fromhex(secret), after=None)
        case {"folder": folder, "file": name, "content": content}:
            disk.write_file(_inside(stage / "files" / folder, name), base64.b64decode(content), after=None)
        case {"folder": folder, "empty": name}:
            disk.make_folder(_inside(stage / "files" / folder, name))
        case {"end": count}:
            return f"end {count}"
    return next(iter(line), "")


def _schema(head: Line) -> int:
    schema = head.get("schema")
    if not isinstance(schema, int) or "careermail" not in head:
        raise StoreError("This is no export of careermail's: its first line says nothing of it. Nothing was restored.")
    if not FIRST <= schema <= newest():
        raise StoreError(
            f"careermail {head['careermail']} wrote this export, and this one is older (schema {schema}; it knows "
            f"{newest()}). Nothing was restored. Install that version, or a newer one."
        )
    return schema


def _facts(plain: list[Line], schema: int) -> tuple[Fact, ...]:
    tables = migrated({"schema": schema, TABLE: {str(n): document for n, document in enumerate(plain, 1)}})
    return facts_of(tables[TABLE].values())


def _inside(folder: Path, name: str) -> Path:
    """The path that a name has in a folder. Raises StoreError for one that would lead out of it."""
    if Path(name).is_absolute() or ".." in Path(name).parts:
        raise StoreError(f"The export names a file outside its folders: {name}. Nothing was restored.")
    return folder / name


def settle_in(places: Mapping[str, Path]) -> None:
    """Let what was unpacked be the state: each part by a rename, the live facts last. Raises StoreError."""
    stage = places["state"] / RESTORING
    with told(places["state"], "written"):
        shutil.rmtree(stage / "locks", ignore_errors=True)
        for name, place in places.items():
            for part in sorted((stage / "files" / name).glob("*")):
                disk.make_folder(place)
                shutil.move(part, place / part.name)
        for name in (SECRET, "archive", "managers"):
            if (stage / name).exists():
                (stage / name).rename(places["state"] / name)
        disk.sync(places["state"])
        shutil.rmtree(stage)
