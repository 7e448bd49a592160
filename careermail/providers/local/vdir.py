"""One person's calendar: a vdir, a folder with one .ics file per event (the storage of vdirsyncer and khal)."""

from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar
from zoneinfo import ZoneInfo

from careermail.errors import ProviderError
from careermail.mail.expand import Instance, expand
from careermail.mail.invite import SERIES, parse, text
from careermail.providers.local.files import Reader, make_folder, safe, told, understood, write
from careermail.providers.local.reconcile import Summary, summaries

if TYPE_CHECKING:
    from icalendar import Calendar

T = TypeVar("T")
File = tuple[str, os.stat_result]


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
        return {uid: one for uid, (_, one) in self._ours().items() if one.marker == marker}

    def summary(self, uid: str) -> Summary | None:
        """One event of ours, of whatever series."""
        return self._ours().get(uid, ("", None))[1]

    def _ours(self) -> dict[str, tuple[str, Summary]]:
        found: dict[str, tuple[str, Summary]] = {}
        for file in self.files():
            for one in self._reader.view(*file, _summaries) or ():
                found.setdefault(one.uid, (file[0], one))
        return found

    def markers(self) -> set[str]:
        """The series that have an event here."""
        return {one.marker for _, one in self._ours().values()}

    def instances(self, window: tuple[datetime, datetime], zone: ZoneInfo, marker: str = "") -> list[Instance]:
        """What takes place around a window (UTC): all of it, or one series. More than asked for, to be remembered."""
        years, found = (window[0].year, window[1].year), []
        for file in self.files():
            uids = {one.uid for one in self._reader.view(*file, _summaries) or () if one.marker == marker}
            if uids or not marker:
                instances = self._reader.view(*file, _instances, *years, zone) or ()
                found += [i for i in instances if i.uid in uids or not marker]
        return found

    def open(self, uid: str) -> Copy:
        """The file of an event, read anew; or the file that would hold it."""
        path = self.path / f"{safe(uid)}.ics"
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


def _summaries(content: bytes) -> tuple[Summary, ...]:
    """Most files in a calendar are not ours, and these need not be parsed to know it."""
    if SERIES.encode() not in content.upper() and content.rstrip().upper().endswith(b"END:VCALENDAR"):
        return ()
    return summaries(parse(content))


def _instances(content: bytes, first: int, last: int, zone: ZoneInfo) -> tuple[Instance, ...]:
    return tuple(
        expand(parse(content), (datetime(first, 1, 1, tzinfo=UTC), datetime(last + 1, 1, 1, tzinfo=UTC)), zone)
    )
