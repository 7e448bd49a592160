"""The pulse: how the process that serves is, in a small file of the state folder, renewed each minute.

It is no fact: nothing is decided by it, and a backup can do without.
"""

import json
import logging
import os
from contextlib import suppress
from dataclasses import asdict, dataclass, fields, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

NAME = "pulse.json"
OURS, EVERYBODYS = 0o600, 0o644
log = logging.getLogger("careermail")


@dataclass(frozen=True)
class Pulse:
    """What the process that serves knew of itself when it last came round. Times are in UTC."""

    at: datetime  # when it came round
    by: str = "run"  # or "once"
    since: datetime | None = None  # when the process began
    next: datetime | None = None  # when something is due
    inbox: datetime | None = None  # when an inbox was last read without trouble
    pinged: datetime | None = None  # when the ping was last taken
    late: float = 0.0  # seconds that the oldest visit has been due
    refused: bool = False  # a configuration that was edited is not the one that is served
    jumps: int = 0  # how often the clock was seen to be set
    jumped: datetime | None = None  # and when last
    by_how_much: float = 0.0  # seconds, negative for back

    def following(self, before: "Pulse | None") -> "Pulse":
        """The same, with what outlasts a restart of an earlier one."""
        if before is None:
            return self
        return replace(
            self,
            inbox=self.inbox or before.inbox,
            pinged=self.pinged or before.pinged,
            jumps=max(self.jumps, before.jumps),
            jumped=self.jumped or before.jumped,
            by_how_much=self.by_how_much or before.by_how_much,
        )

    def after_a_jump(self, by: timedelta, now: datetime) -> "Pulse":
        """The same after the clock was set by so much, to `now`."""
        return replace(self, jumps=self.jumps + 1, jumped=now, by_how_much=by.total_seconds())


class Disk(NamedTuple):
    """What is left of a disk for those who are not root."""

    bytes: int
    inodes: int | None  # None where a file system makes them as it needs them


def disk(folder: Path) -> Disk | None:
    """The disk that a folder is on; None where there is no such folder yet."""
    with suppress(OSError):
        found = os.statvfs(folder)
        return Disk(found.f_bavail * found.f_frsize, found.f_favail if found.f_files else None)
    return None


def read(state: Path) -> Pulse | None:
    """The last pulse; None where there is none, or none that can be read."""
    try:
        said: dict[str, Any] = json.loads((state / NAME).read_text(encoding="utf-8"))
        known = {field.name: said[field.name] for field in fields(Pulse) if field.name in said}
        moments = {name: datetime.fromisoformat(value) for name, value in known.items() if _is_moment(name, value)}
        return Pulse(**{**known, **moments})
    except (OSError, ValueError, TypeError, LookupError):
        return None


def _is_moment(name: str, value: object) -> bool:
    return name in {"at", "since", "next", "inbox", "pinged", "jumped"} and value is not None


def text(pulse: Pulse) -> str:
    """The pulse as its file holds it."""
    return json.dumps(asdict(pulse), default=str, indent=1) + "\n"


def put(path: Path, content: str, mode: int) -> None:
    """Let a file hold this or what it held before, and nothing in between; of a power cut it knows nothing.

    Raises OSError. Its folder must be there.
    """
    temporary = path.with_name(f"{path.name}.tmp")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode)
    try:
        os.fchmod(descriptor, mode)  # whatever the umask
        with open(descriptor, "w", encoding="utf-8", closefd=False) as file:
            file.write(content)
    except BaseException:
        with suppress(OSError):
            temporary.unlink()
        raise
    finally:
        os.close(descriptor)
    temporary.replace(path)
