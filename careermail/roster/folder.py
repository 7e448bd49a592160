"""The folder with a file per manager: what is in it, and how it is changed as a whole."""

import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import datetime
from fcntl import LOCK_EX, LOCK_NB, flock
from pathlib import Path
from typing import Any, NamedTuple

from careermail.config.loading import UNDER_WAY, imagined, included
from careermail.config.source import Place, read, shown
from careermail.config.tables import judged
from careermail.errors import ConfigError, Problem, TryLater, UsageError
from careermail.roster.changes import Changes, ManagerFile
from careermail.roster.files import MARK
from careermail.roster.people import Row

BROKEN_OFF = "# An import is writing the files beside this one, or was broken off; then import again.\n"


class Folder(NamedTuple):
    """Where the managers' files are, by the first pattern of `include` that can name one for each."""

    config: Path
    pattern: Path

    @property
    def path(self) -> Path:
        """The folder itself."""
        return self.pattern.parent

    @property
    def marker(self) -> Path:
        """The file that says, while it is there, that this folder is in between."""
        return self.called(UNDER_WAY)

    def called(self, name: str) -> Path:
        """Return the path that a file has by this name."""
        return self.path / self.pattern.name.replace("*", name)

    def place(self, email: str) -> Path:
        """Return a path for the file of a manager that nobody has taken."""
        name = f"_{email}" if email.startswith(".") else email  # no pattern finds what begins with a dot
        while self.called(name).exists():
            name += "_"
        return self.called(name)


def folder_of(config: Path) -> Folder:
    """Return the folder that a configuration includes. Raises ConfigError where it includes none."""
    main, raw = read(config.absolute())
    for pattern in raw.get("include", ()):
        head, name = os.path.split(str(pattern))
        if name.count("*") == 1 and not set(head + name.replace("*", "")) & set("*?["):
            return Folder(config, config.absolute().parent / head / name)
    missing = 'expected include = ["managers.d/*.toml"], the place for a file per manager'
    raise ConfigError([main.at("include").problem(missing)])


Progress = Callable[[Sequence[Path]], Iterable[Path]]


def imported(folder: Folder, progress: Progress = iter) -> list[ManagerFile]:
    """Return the files that are an import's to write. Raises ConfigError where one cannot be understood."""
    problems: list[Problem] = []
    found = []
    for path in progress(sorted(folder.path.glob(folder.pattern.name))):
        if path != folder.marker and not path.name.startswith(".") and _is_ours(path):
            source, raw = read(path)
            problems += judged(source, raw, "manager")[1]
            found.append(ManagerFile(path, source.text, raw))
    if problems:
        raise ConfigError(problems)
    return found


def _is_ours(path: Path) -> bool:
    with suppress(OSError), path.open("rb") as file:  # what cannot be read is told of as a stranger's
        return file.read(len(MARK)) == MARK.encode()
    return False


def refuse_strangers(file: Path, rows: Iterable[Row], folder: Folder) -> None:
    """Raise ConfigError where somebody in the list stands in a part of the configuration that people write."""
    managers, reports = _strangers(folder)
    rows = list(rows)
    managing = {row.manager for row in rows}
    problems = []
    for row in rows:
        place = (row.manager and reports.get(row.email)) or (row.email in managing and managers.get(row.email))
        if place:
            message = f"found {shown(row.email)}, expected nobody who stands in {place} already"
            hint = f'take them out here or there; or let that file begin with "{MARK}", and imports will write it'
            problems.append(Problem(file, row.line, "email", message, hint))
    if problems:
        raise ConfigError(problems)


def _strangers(folder: Folder) -> tuple[dict[str, Place], dict[str, Place]]:
    main, raw = read(folder.config.absolute())
    tables: list[tuple[Place, Mapping[str, Any]]] = [
        (main.at("manager", n), table) for n, table in enumerate(_tables(raw, "manager"))
    ]
    for path in included(main.at("include"), list(raw["include"]), [], {folder.marker: None}):
        if not _is_ours(path):
            source, raw = read(path)
            tables.append((source.at(), raw))
    managers: dict[str, Place] = {}
    reports: dict[str, Place] = {}
    for place, table in tables:
        managers[str(table.get("email", "")).lower()] = place.at("email")
        for n, report in enumerate(_tables(table, "report")):
            reports[str(report.get("email", "")).lower()] = place.at("report", n, "email")
    return managers, reports


def _tables(raw: Mapping[str, Any], key: str) -> list[Mapping[str, Any]]:
    found = raw.get(key)
    return [table for table in found if isinstance(table, dict)] if isinstance(found, list) else []


def refuse_unsound(folder: Folder, changes: Changes, now: datetime, environ: Mapping[str, str]) -> None:
    """Raise ConfigError where `check` would refuse what an import makes of the configuration; `now` is in UTC."""
    texts = {**changes.files, folder.marker: None}
    imagined(folder.config.absolute(), now, environ, templates=False, texts=texts)


@contextmanager
def held(folder: Folder) -> Iterator[None]:
    """Be the only import at work. Raises TryLater where there is another, UsageError where we may not."""
    with _told(folder.path):
        folder.path.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(folder.path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        _lock(descriptor, folder.path)
        yield
    finally:
        os.close(descriptor)


def _lock(descriptor: int, path: Path) -> None:
    try:
        flock(descriptor, LOCK_EX | LOCK_NB)
    except BlockingIOError:
        raise TryLater(f"Another import is at work in {path}. Try again when it has ended.") from None


def apply(folder: Folder, changes: Changes, progress: Progress = iter) -> None:
    """Let the folder be as `changes` wants it; the caller holds it. Raises UsageError where it cannot be written.

    All that is new is on the disk before the first file changes. From then until the last has, a marker keeps every
    reader off: a daemon goes on with what it knew. Killed in between, the marker stays until the next import.
    """
    with _told(folder.path):
        for left in folder.path.glob(".*.import"):
            left.unlink()
        staged = [(_stage(path, changes.writes[path], folder), path) for path in progress(list(changes.writes))]
        _stage(folder.marker, BROKEN_OFF, folder).replace(folder.marker)
        _sync(folder.path)
        for temporary, path in staged:
            temporary.replace(path)
        for path in changes.removals:
            path.unlink(missing_ok=True)
        _sync(folder.path)
        folder.marker.unlink()
        _sync(folder.path)


def _stage(path: Path, text: str, folder: Folder) -> Path:
    """Write the next version of a file beside it, for whoever may read the one before it or the configuration."""
    temporary = path.with_name(f".{path.name}.import")
    like = (path if path.exists() else folder.config).stat()
    with temporary.open("xb") as file:
        file.write(text.encode())
        os.fchmod(file.fileno(), like.st_mode & 0o777)
        if os.geteuid() == 0:
            os.fchown(file.fileno(), like.st_uid, like.st_gid)
        file.flush()
        os.fsync(file.fileno())
    return temporary


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def _told(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise UsageError(f"{error.filename or path}: {error.strerror}. Mend that, and import again.") from error
