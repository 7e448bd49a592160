"""The embedded store: one TinyDB file per manager.

    <root>/managers/<manager>.json   the facts that still matter
    <root>/archive/<manager>.json    what is settled
    <root>/locks/<manager>.lock      held by whoever writes, with the number of that process in it
    <root>/changed/<manager>         empty: these facts have changed, and the daemon has not looked yet
    <root>/before-schema-N/          the files as they were before they were migrated (migrations.py)

TinyDB writes a file whole, so a write costs what its file holds. One file per manager keeps that flat as the
organisation grows, and makes a person's data one thing to read, move or erase. The archive keeps it flat as the years
go by: what is settled moves there (`replace`), and is not written again with every fact that follows.

Nothing is ever written in place: a temporary file is filled, forced to disk and renamed over the old one, so that a
power cut leaves the one or the other. Every write is under the manager's lock; reading needs none.

A file that cannot be read is set aside under a new name, and its manager's facts stay refused until a person has
restored or deleted it: with no history, careermail would book and mail everything again.
"""

import os
import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote, unquote
from weakref import WeakValueDictionary

from tinydb import TinyDB
from tinydb.storages import Storage

from careermail.errors import TryLater
from careermail.model import Fact
from careermail.store import aside, disk
from careermail.store.disk import Stamp, told
from careermail.store.migrations import Tables, copies, keep_copy, newest
from careermail.store.schema import (
    TABLE,
    Document,
    UnreadableError,
    decode,
    documents,
    encode,
    essence,
    facts_of,
)

if TYPE_CHECKING:
    from filelock import FileLock

_KEPT = 16  # managers in memory: a mail takes several loads of one, then the daemon goes on to the next
_FILE = re.compile(r"(.+)\.json(\.unreadable-\d)?")


@dataclass(frozen=True, slots=True)
class _Content:
    """What one file holds: TinyDB's tables as they stand in it, and its facts made of them."""

    stamp: Stamp | None = None  # None: there is no file
    tables: Tables = field(default_factory=dict)
    facts: tuple[Fact, ...] = ()


class _OneWrite(Storage):
    """TinyDB's view of one file: it reads what has been read already, and writes it whole or not at all."""

    def __init__(self, path: Path, content: _Content) -> None:
        self._path = path
        self.stamp = content.stamp
        self.tables = content.tables

    def read(self) -> Tables:
        """The tables; a copy, for TinyDB changes them before it writes."""
        return dict(self.tables)

    def write(self, data: Tables) -> None:
        """Put the tables on disk, durable on return. Raises StoreError."""
        tables = {"schema": 0, **data} | {"schema": newest()}
        with told(self._path, "written"):
            keep_copy(self._path, self.tables)
            self.stamp = disk.write_file(self._path, encode(tables), after=self.stamp)
        self.tables = tables

    def put(self, documents: Iterable[Document]) -> None:
        """Let these be all the documents of the table of facts. Raises StoreError."""
        self.write({**self.tables, TABLE: {str(n): document for n, document in enumerate(documents, 1)}})


class TinyStore:
    """Facts below the folder `root`, which is made at the first write, for its owner alone.

    `timeout` is how many seconds `lock` waits for another process or thread before it raises TryLater.
    Several stores, in any number of processes, may share a root.
    """

    def __init__(self, root: Path, *, timeout: float = 10.0) -> None:
        self._root = root
        self._timeout = timeout
        self._known: dict[Path, _Content] = {}
        self._locks = WeakValueDictionary[Path, "FileLock"]()  # those held or waited for: a visit takes its own again

    def managers(self) -> list[str]:
        """All keys that have facts, be they archived or set aside as unreadable; sorted."""
        names = self._names("managers") + self._names("archive")
        return sorted({unquote(match[1]) for match in map(_FILE.fullmatch, names) if match})

    def load(self, manager: str, *, archived: bool = False) -> list[Fact]:
        """The facts of one manager in the order they were appended; the archive's instead, if asked."""
        return list(self._content(manager, archived=archived).facts)

    def append(self, manager: str, facts: Iterable[Fact]) -> None:
        """Add facts, all or none of them; durable on return."""
        added = documents(facts)
        if not added:
            return
        with self.lock(manager):
            path, before = self._path(manager), self._content(manager)
            storage = _OneWrite(path, before)
            with TinyDB(storage=lambda: storage) as database:
                database.table(TABLE).insert_multiple(added)
            self._keep(path, _Content(storage.stamp, storage.tables, before.facts + facts_of(added)))

    def replace(self, manager: str, live: Sequence[Fact], archive: Sequence[Fact]) -> None:
        """Let these be all the facts of a manager, live and archived; with none of either the manager is forgotten.

        Whatever is cut off in between, a fact that is to stay is in at least one of the two files.
        """
        with self.lock(manager):
            if live or archive:
                self._rewrite(manager, live, archive)
            else:
                self._forget(manager)

    @contextmanager
    def lock(self, manager: str) -> Iterator[None]:
        """Exclusive over processes and threads, re-entrant within a thread. Raises TryLater after `timeout` seconds."""
        from filelock import Timeout  # 60 ms and 8 MB that reading can do without

        path = self._root / "locks" / f"{_quoted(manager)}.lock"
        with told(path, "locked"):
            lock = self._locks.get(path) or self._make_lock(path)
            try:
                lock.acquire(timeout=self._timeout)
            except Timeout:
                raise TryLater(f"{_holder(path)} holds the facts of {manager}. Try again when it is done.") from None
        try:
            yield
        finally:
            try:
                # Safe while it is held: whoever waits for it sees that it lost its name, and makes it anew.
                if lock.lock_counter == 1 and not self._remembers(manager):
                    path.unlink(missing_ok=True)
            finally:
                lock.release()

    def _make_lock(self, path: Path) -> "FileLock":
        from filelock import FileLock

        disk.make_folder(path.parent)
        # A singleton, for another store in this process may share the root.
        lock = FileLock(path, mode=0o600, poll_interval=0.01, is_singleton=True, on_acquired=_sign)
        return self._locks.setdefault(path, lock)

    def announce(self, manager: str) -> None:
        """Tell a running daemon that this manager's facts have changed."""
        path = self._announcement(manager)
        with told(path, "written"):
            disk.empty_file(path)

    def changed(self) -> set[str]:
        """The managers announced since this was last asked."""
        names = self._names("changed")
        for name in names:
            path = self._root / "changed" / name
            with told(path, "deleted"):
                path.unlink(missing_ok=True)
        return {unquote(name) for name in names}

    def _path(self, manager: str, *, archived: bool = False) -> Path:
        return self._root / ("archive" if archived else "managers") / f"{_quoted(manager)}.json"

    def _announcement(self, manager: str) -> Path:
        return self._root / "changed" / _quoted(manager)

    def _names(self, folder: str) -> list[str]:
        path = self._root / folder
        with told(path, "read"), suppress(FileNotFoundError):
            return os.listdir(path)  # noqa: PTH208 (names are wanted, and there may be 10,000)
        return []

    def _remembers(self, manager: str) -> bool:
        return self._path(manager).exists() or self._path(manager, archived=True).exists()

    def _content(self, manager: str, *, archived: bool = False) -> _Content:
        """What the file holds now, parsed again only if it is another version than the one known."""
        path = self._path(manager, archived=archived)
        with told(path, "read"):
            known = self._known.get(path)
            if known and known.stamp == disk.stamp_of(path):
                return known
            found = disk.read_file(path)
        if not found:
            self._known.pop(path, None)
            aside.refuse_to_begin_anew(path)
            return _Content()
        try:
            content = _Content(found.stamp, *decode(found.content, path))
        except UnreadableError:
            self._set_aside(manager, path, found.stamp)
            return self._content(manager, archived=archived)
        if not archived:
            self._keep(path, content)
        return content

    def _set_aside(self, manager: str, path: Path, stamp: Stamp) -> None:
        """Rename an unreadable file, unless somebody has mended it meanwhile."""
        with aside.explained(path), self.lock(manager), told(path, "renamed"):
            if disk.stamp_of(path) == stamp:
                aside.set_aside(path)

    def _keep(self, path: Path, content: _Content) -> None:
        self._known.pop(path, None)
        self._known[path] = content
        for oldest in list(self._known)[:-_KEPT]:
            self._known.pop(oldest, None)

    def _rewrite(self, manager: str, live: Sequence[Fact], archive: Sequence[Fact]) -> None:
        path, archive_path = self._path(manager), self._path(manager, archived=True)
        before, settled = self._content(manager), self._content(manager, archived=True)
        known = _by_essence(settled) | _by_essence(before)
        desk, shelf = _OneWrite(path, before), _OneWrite(archive_path, settled)
        stay = set(map(essence, live)) - set(map(essence, archive))
        leaving = [fact for fact in settled.facts if essence(fact) in stay]
        shelf.put(_documents([*archive, *leaving], known))
        desk.put(_documents(live, known))
        if leaving:
            shelf.put(_documents(archive, known))
        kept = copies(path) + copies(archive_path)
        if kept and not known.keys() <= {*map(essence, live), *map(essence, archive)}:  # somebody is erased
            _delete(kept)

    def _forget(self, manager: str) -> None:
        """Delete every file about a manager, the live facts last: until then, nothing is begun anew."""
        path, archive_path = self._path(manager), self._path(manager, archived=True)
        self._known.pop(path, None)
        for file in (archive_path, path):
            _delete([*copies(file), *aside.places(file), disk.temporary_of(file), file])
        _delete([self._announcement(manager)])


def _delete(paths: Iterable[Path]) -> None:
    for path in paths:
        with told(path, "deleted"):
            disk.delete(path)


def _quoted(manager: str) -> str:
    name = quote(manager, safe="@+")
    return f"%2E{name[1:]}" if name.startswith(".") else name  # no hidden file, and no folder's own name


def _by_essence(content: _Content) -> dict[bytes, Document]:
    return {essence(f): d for f, d in zip(content.facts, content.tables.get(TABLE, {}).values(), strict=True)}


def _documents(facts: Iterable[Fact], known: dict[bytes, Document]) -> list[Document]:
    """Documents of these facts: those on disk as they stand there, with all that only a later version knows."""
    return [known.get(essence(fact)) or documents([fact])[0] for fact in facts]


def _sign(descriptor: int) -> None:
    """Leave our number in the lock file, for whoever waits; on a full disk they will not know, and that is all."""
    with suppress(OSError):
        os.pwrite(descriptor, b"%-10d" % os.getpid(), 0)


def _holder(path: Path) -> str:
    with suppress(OSError):
        if number := path.read_text().strip():
            return f"Process {number}"
    return "Somebody else"
