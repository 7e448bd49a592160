"""One person's calendar: a vdir, a folder with one .ics file per event (the storage of vdirsyncer and khal)."""

from __future__ import annotations

import os
import re
from collections import defaultdict
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar
from zoneinfo import ZoneInfo

from careermail.errors import ProviderError
from careermail.mail.expand import Instance, expand
from careermail.mail.invite import SERIES, parse, text
from careermail.providers.shelf.files import Reader, make_folder, safe, told, understood, write
from careermail.providers.shelf.reconcile import Summary, summaries

if TYPE_CHECKING:
    from icalendar import Calendar

T = TypeVar("T")
File = tuple[str, os.stat_result]
MARKED = re.compile(SERIES.encode() + rb"[^:\r\n]*:?([^\r\n]*)", re.IGNORECASE)


@dataclass
class Copy:
    """An event in somebody's calendar: its file, and what the file holds (None: there is none yet)."""

    path: Path
    calendar: Calendar | None
    content: bytes


class Vdir:
    """The events in one folder, which is listed once and again after a `save`: made anew for each thing to be done.

    Every method may raise ProviderError, which names the file.
    """

    def __init__(self, path: Path, reader: Reader) -> None:
        self.path = path
        self._reader = reader
        self._listed: list[File] | None = None

    def check(self) -> None:
        """Raise ProviderError where there is no such calendar: a disk that is not mounted is no empty calendar."""
        if not self.path.is_dir():
            raise ProviderError(f"{self.path}: no such calendar. Is the disk mounted? Nothing is taken as cancelled.")

    def files(self) -> list[File]:
        """Its event files in order of their names; none where there is no folder."""
        if self._listed is None:
            self._listed = self._list()
        return self._listed

    def _list(self) -> list[File]:
        with told(self.path):
            try:
                entries = list(os.scandir(self.path))
            except FileNotFoundError:
                return []
            found = []
            for entry in entries:
                with suppress(FileNotFoundError):  # gone since
                    if entry.name.endswith(".ics") and not entry.name.startswith("."):
                        found.append((entry.path, entry.stat()))
        return sorted(found)

    def held(self, marker: str) -> dict[str, Summary]:
        """The events of a series by UID, whatever file holds them."""
        return {uid: one for uid, (_, one) in self._ours(marker).items() if one.marker == marker}

    def summary(self, uid: str) -> Summary | None:
        """One event of ours, of whatever series."""
        return self._ours().get(uid, ("", None))[1]

    def markers(self) -> set[str]:
        """The series that have an event here."""
        return {one.marker for _, one in self._ours().values()}

    def _ours(self, marker: str = "") -> dict[str, tuple[str, Summary]]:
        """Each event of ours with its one file; of the copies that programs make in conflicts, none counts."""
        copies: defaultdict[str, list[tuple[File, Summary]]] = defaultdict(list)
        for file in self.files():
            for one in self._summaries(file, marker):
                copies[one.uid].append((file, one))
        found = {}
        for uid, both in copies.items():
            (file, one), *others = sorted(both, key=lambda each: each[0][0] != str(self._place(uid)))
            found[uid] = file[0], one
            for other, _ in others:
                self._reader.tell(*other, f"holds an event of careermail's that {file[0]} holds too")
        return found

    def _summaries(self, file: File, marker: str) -> tuple[Summary, ...]:
        """The events of ours in a file. One that is broken counts for nothing, unless it may hold this series."""
        marked = self._reader.view_if_whole(*file, _markers) or ()
        if marker and any(marker.startswith(start) for start in marked):
            return self._reader.view(*file, _summarised) or ()
        return (self._reader.view_if_whole(*file, _summarised) or ()) if marked else ()

    def instances(self, window: tuple[datetime, datetime], zone: ZoneInfo) -> list[Instance]:
        """What takes place around a window (UTC), as far as its files are whole; more than asked for."""
        years = window[0].year, window[1].year
        return [i for file in self.files() for i in self._reader.view_if_whole(*file, _instances, *years, zone) or ()]

    def sessions(self, window: tuple[datetime, datetime], zone: ZoneInfo, marker: str) -> list[Instance]:
        """What takes place of one series around a window (UTC)."""
        years = window[0].year, window[1].year
        places = {(path, uid) for uid, (path, one) in self._ours(marker).items() if one.marker == marker}
        files = [file for file in self.files() if file[0] in {path for path, _ in places}]
        found = [(file[0], one) for file in files for one in self._reader.view(*file, _instances, *years, zone) or ()]
        return [one for path, one in found if (path, one.uid) in places]

    def _place(self, uid: str) -> Path:
        return self.path / f"{safe(uid)}.ics"

    def open(self, uid: str) -> Copy:
        """The file of an event, read anew; or the file that would hold it."""
        path = self._place(uid)
        if not path.exists() and uid in (ours := self._ours()):
            path = Path(ours[uid][0])
        try:
            calendar, content = understood(path, lambda content: (parse(content), content))
        except FileNotFoundError:
            return Copy(path, None, b"")
        return Copy(path, calendar, content)

    def save(self, copy: Copy, calendar: Calendar) -> None:
        """Let the file hold this calendar, unless it does so already.

        Raises ProviderError where somebody wrote it since it was opened, and lets them have their way.
        """
        content = text(calendar)
        if content == copy.content:
            return
        make_folder(self.path)
        with told(copy.path):
            now = copy.path.read_bytes() if copy.path.exists() else b""
        if now != copy.content:
            raise ProviderError(f"{copy.path}: edited by somebody at this moment. It will be read again and followed.")
        write(copy.path, content)
        self._listed = None
        copy.calendar, copy.content = calendar, content


def _markers(content: bytes) -> frozenset[str]:
    """The series that a file names, be it whole or not; most in a calendar name none, and need not be parsed."""
    unfolded = re.sub(rb"\r?\n[ \t]", b"", content)
    return frozenset(value.decode(errors="replace").strip() for value in MARKED.findall(unfolded))


def _summarised(content: bytes) -> tuple[Summary, ...]:
    return summaries(parse(content))


def _instances(content: bytes, first: int, last: int, zone: ZoneInfo) -> tuple[Instance, ...]:
    return tuple(
        expand(parse(content), (datetime(first, 1, 1, tzinfo=UTC), datetime(last + 1, 1, 1, tzinfo=UTC)), zone)
    )


def naming(folder: Path, address: str) -> list[Path]:
    """The files below a folder of vdirs that are somebody's own, or speak of them."""
    named = address.lower().encode()
    with told(folder):
        return [
            path
            for path in sorted(folder.rglob("*"))
            if path.is_file() and (path.parent.name == safe(address.lower()) or named in _unfolded(path))
        ]


def _unfolded(path: Path) -> bytes:
    return re.sub(rb"\r?\n[ \t]", b"", path.read_bytes()).lower()
