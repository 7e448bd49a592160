"""Files that are there whole or not at all, for their owner's eyes alone, and errors that say what to do."""

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NamedTuple, Self

from careermail.errors import StoreError

_ROOM = "Make room on that disk"
_RIGHTS = "Let the user that careermail runs as read and write there"
_ADVICE = {
    **dict.fromkeys((errno.ENOSPC, errno.EDQUOT, errno.EFBIG), _ROOM),
    **dict.fromkeys((errno.EACCES, errno.EPERM, errno.EROFS), _RIGHTS),
}


class Stamp(NamedTuple):
    """What tells one version of a file from every other, as long as each is written by `write_file`."""

    device: int
    inode: int
    modified: int  # nanoseconds since 1970
    size: int  # bytes

    @classmethod
    def of(cls, status: os.stat_result) -> Self:
        """The stamp in what stat(2) answers."""
        return cls(status.st_dev, status.st_ino, status.st_mtime_ns, status.st_size)


class Found(NamedTuple):
    """What a file held when it was read, and the stamp of that very version."""

    stamp: Stamp
    content: bytes


@contextmanager
def told(path: Path, done: str) -> Iterator[None]:
    """Let the system's error about `path`, which cannot be `done` ("read", "written"), be a StoreError."""
    try:
        yield
    except OSError as error:
        advice = _ADVICE.get(error.errno or 0, "Look after that disk")
        raise StoreError(f"{path} cannot be {done}: {error.strerror}. Nothing was lost. {advice}.") from error


def stamp_of(path: Path) -> Stamp | None:
    """The stamp of the file at `path`, or None where there is none. Raises OSError."""
    try:
        return Stamp.of(os.stat(path))  # noqa: PTH116 (several times per mail, and half the time of Path.stat)
    except FileNotFoundError:
        return None


def read_file(path: Path) -> Found | None:
    """What the file at `path` holds, or None where there is none. Raises OSError."""
    try:
        with path.open("rb") as file:
            return Found(Stamp.of(os.fstat(file.fileno())), file.read())
    except FileNotFoundError:
        return None


def write_file(path: Path, content: bytes, *, after: Stamp | None) -> Stamp:
    """Let `content` replace the version `after`, durable on return; the new version's stamp. Raises OSError.

    Only one process may write to a path at a time. Killed in between, it leaves a temporary file, which the next
    write begins anew.
    """
    temporary = temporary_of(path)
    make_folder(path.parent)
    try:
        stamp = _fill(temporary, content, after)
        temporary.replace(path)
    except BaseException:
        with suppress(OSError):  # the one that is being raised says more
            temporary.unlink()
        raise
    sync(path.parent)
    return stamp


def temporary_of(path: Path) -> Path:
    """Where the next version of a file grows up."""
    return path.with_name(f"{path.name}.tmp")


def _fill(path: Path, content: bytes, after: Stamp | None) -> Stamp:
    with _create(path) as descriptor:
        with open(descriptor, "wb", closefd=False) as file:
            file.write(content)
        # An inode number may come back, and the kernel's clock stands still for milliseconds.
        if after and os.fstat(descriptor).st_mtime_ns <= after.modified:
            os.utime(descriptor, ns=(after.modified + 1, after.modified + 1))
        os.fsync(descriptor)
        return Stamp.of(os.fstat(descriptor))


@contextmanager
def _create(path: Path) -> Iterator[int]:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        os.fchmod(descriptor, 0o600)  # whatever the umask
        yield descriptor
    finally:
        os.close(descriptor)


def empty_file(path: Path) -> None:
    """Let there be an empty file at `path`. Raises OSError."""
    make_folder(path.parent)
    with _create(path):
        pass


def delete(path: Path) -> None:
    """Let there be no file at `path`, durable on return. Raises OSError."""
    if path.exists():
        path.unlink(missing_ok=True)
        sync(path.parent)


def make_folder(path: Path) -> None:
    """Let there be a folder, with all above it; those that are made are 0700. Raises OSError."""
    if path.is_dir():
        return
    make_folder(path.parent)
    path.mkdir(exist_ok=True)
    path.chmod(0o700)  # whatever the umask
    sync(path.parent)


def sync(folder: Path) -> None:
    """Force a folder's names to disk: a rename is not durable before (rename(2), fsync(2)). Raises OSError."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
