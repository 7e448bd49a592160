"""Files that are whole or not there, and what was read from them for as long as they stay as they are."""

import logging
import os
import stat
import tempfile
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import quote, unquote

from careermail.errors import ProviderError
from careermail.mail.vevent import CalendarError
from careermail.model import opaque

log = logging.getLogger("careermail")
T = TypeVar("T")
Stamp = tuple[int, int, int]
TEMPORARY = ".careermail-{}.tmp"
LONG_AGO = 3600 * 10**9  # ns: no write takes an hour
OF_ONE_FILE = 12
LONGEST = 200  # bytes of a file name; file systems stop at 255, and a Maildir adds its flags


def safe(name: str) -> str:
    """A mail address or a UID as the name of one file or folder, never hidden and never a way out of its folder."""
    quoted = quote(name, safe="@+=,~ ")
    if quoted.startswith("."):
        quoted = "%2E" + quoted[1:]
    return quoted if 0 < len(quoted) <= LONGEST else f"{quoted[:100]}~{opaque(name)}"


@contextmanager
def told(path: Path) -> Iterator[None]:
    """Let a failing disk be heard of as ProviderError, which says where and what to do."""
    try:
        yield
    except OSError as error:
        raise ProviderError(f"{path}: {error.strerror}. Is the disk mounted, writable and not full?") from error


def make_folder(path: Path) -> None:
    """Let the folder be there, for good and for its owner only."""
    with told(path):
        for one in reversed([p for p in (path, *path.parents) if not p.exists()]):
            one.mkdir(mode=0o700, exist_ok=True)
            sync_folder(one.parent)


def sync_folder(path: Path) -> None:
    """Let what was renamed into or out of the folder outlast a power cut."""
    handle = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def write(path: Path, content: bytes, *, by_way_of: Path | None = None) -> None:
    """Let the file hold this, all of it and for good, or be as it was. `by_way_of` is a folder on the same disk.

    A file that was there keeps its mode and, as far as we may say so, its owner and group; a new one is its owner's.
    """
    folder, (before, after) = by_way_of or path.parent, TEMPORARY.split("{}")
    with told(path):
        handle, temporary = tempfile.mkstemp(dir=folder, prefix=before, suffix=after)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(content)
                file.flush()
                _keep_access(path, handle)
                os.fsync(handle)
                _sweep(folder, os.fstat(handle).st_mtime_ns - LONG_AGO)
            Path(temporary).replace(path)
        except BaseException:
            Path(temporary).unlink(missing_ok=True)
            raise
        sync_folder(path.parent)


def rename(path: Path, to: Path) -> None:
    """Let a file stand under another name, in the same folder and for good."""
    with told(path):
        path.replace(to)
        sync_folder(to.parent)


def _keep_access(path: Path, handle: int) -> None:
    """Let those who could read or write the file be able to do so again."""
    with suppress(FileNotFoundError):
        was = path.stat()
        with suppress(PermissionError):  # only root gives files away, and others only to groups of theirs
            os.fchown(handle, was.st_uid if os.geteuid() == 0 else -1, was.st_gid)
        os.fchmod(handle, stat.S_IMODE(was.st_mode))


def _sweep(folder: Path, before: int) -> None:
    """Remove what writes that were killed half-way have left, as long as it is older than this (ns)."""
    for left in folder.glob(TEMPORARY.format("*")):
        with suppress(OSError):  # swept by somebody else, or somebody else's: no reason not to write
            if left.stat().st_mtime_ns < before:
                left.unlink()


class Reader:
    """Reads files, and reads none twice while time of change, size and inode stay.

    Holds the latest answers about each of the latest `bound` files: of one file a dozen, for what is asked of it in one
    year is not asked of it in the next.
    """

    def __init__(self, bound: int = 100_000) -> None:  # some 20 files of each of 5,000 managers
        self._bound = bound
        self._held: OrderedDict[str, tuple[Stamp, OrderedDict[tuple[Any, ...], Any]]] = OrderedDict()
        self._told: dict[str, Stamp] = {}

    def view(self, path: str, status: os.stat_result, look: Callable[..., T], *how: Any) -> T | None:
        """What `look(content, *how)` makes of a file; None if it is gone.

        Raises ProviderError where it cannot be read, or not be understood.
        """
        answers = self._answers(path, _stamp(status))
        name = look, *how
        if name not in answers:
            try:
                answers[name] = understood(Path(path), look, *how)
            except FileNotFoundError:
                del self._held[path]
                return None
            if len(answers) > OF_ONE_FILE:
                answers.popitem(last=False)
        answers.move_to_end(name)
        seen: T = answers[name]
        return seen

    def _answers(self, path: str, stamp: Stamp) -> OrderedDict[tuple[Any, ...], Any]:
        """The answers about this version of a file."""
        held = self._held.get(path)
        if held is None or held[0] != stamp:
            self._held[path] = held = stamp, OrderedDict()
            if len(self._held) > self._bound:
                self._held.popitem(last=False)
        self._held.move_to_end(path)
        return held[1]

    def view_if_whole(self, path: str, status: os.stat_result, look: Callable[..., T], *how: Any) -> T | None:
        """The same, but None too for a file that cannot be understood: the log names it, and the others count."""
        try:
            return self.view(path, status, look, *how)
        except ProviderError:
            self.tell(path, status, "cannot be read or understood")
            return None

    def tell(self, path: str, status: os.stat_result, why: str) -> None:
        """Let the log name a file that is left out, once for each version of it."""
        if self._told.get(path) != _stamp(status):
            self._told[path] = _stamp(status)
            log.warning("%s is left out: it %s", path, why)


def _stamp(status: os.stat_result) -> Stamp:
    return status.st_mtime_ns, status.st_size, status.st_ino


def understood(path: Path, look: Callable[..., T], *how: Any) -> T:
    """What `look(content, *how)` makes of a file. Raises ProviderError, FileNotFoundError."""
    try:
        return look(path.read_bytes(), *how)
    except FileNotFoundError:
        raise
    except OSError as error:
        raise ProviderError(f"{path}: {error.strerror}. Let careermail's user read and write this file.") from error
    except CalendarError as error:
        words = f"{path}: not understood ({error}). Mend the file, or remove it."
        raise ProviderError(words, owner=unquote(path.parent.name)) from error
    except Exception:  # noqa: BLE001
        # What calendar programs leave behind breaks the libraries in many ways, and their words would quote it.
        words = f"{path}: no calendar that can be understood. Mend the file, or remove it."
        raise ProviderError(words, owner=unquote(path.parent.name)) from None
