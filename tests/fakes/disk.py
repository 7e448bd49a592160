"""The world on disk, as people see it: the files of the local provider, and programs that edit them."""

import email.policy
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.message import EmailMessage
from functools import cache
from pathlib import Path

import byhand
import pytest
import recurring_ical_events
from fakes.perils import Perils
from icalendar import Calendar, Event

from careermail.clock import VirtualClock
from careermail.model import Occurrence, Person
from careermail.providers import Window, open_provider
from careermail.providers.local import post
from careermail.providers.shelf import vdir

EPOCH = datetime(2027, 1, 1, tzinfo=UTC)
Span = tuple[datetime, datetime]


class DiskWorld:
    """The provider over a folder. `perils` may end the process between any two files that it writes."""

    def __init__(self, root: Path, perils: Perils) -> None:
        self.root = root
        self.patch = pytest.MonkeyPatch()
        for module in (vdir, post):
            self.patch.setattr(module, "write", _mortal(module.write, perils))
        self.provider = open_provider({"kind": "local", "root": str(root)}, VirtualClock(EPOCH))
        self._business = 0

    def close(self) -> None:
        self.patch.undo()

    @property
    def mails(self) -> list[EmailMessage]:
        return [_mail(path) for path in sorted(self.root.glob("mail/*/new/*"))]

    def arrive(self, message: EmailMessage) -> None:
        folder = self.root / "inbox" / "new"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{len(list(folder.iterdir())):06}.host").write_bytes(message.as_bytes())

    def state(self) -> object:
        """Every file, with the time of its last writing."""
        return {path: path.stat().st_mtime_ns for path in self.root.rglob("*") if path.is_file()}

    def views(self, manager: Person, report: Person, marker: str, window: Window) -> tuple[list[Span], list[Span]]:
        """What takes place as each of the two sees it."""
        mine, theirs = (sorted(self._seen(p.email, report.email, marker, window)) for p in (manager, report))
        return mine, theirs

    def _seen(self, address: str, report: str, marker: str, window: Window) -> Iterator[Span]:
        for path in self._files(address):
            calendar = Calendar.from_ical(path.read_bytes())
            if byhand.master(calendar).get(byhand.SERIES) == marker and not _off(byhand.master(calendar), report):
                for one in recurring_ical_events.of(calendar).between(*window):
                    if not _off(one, report) and window[0] <= one.DTSTART < window[1]:
                        start = one.DTSTART.astimezone(UTC)
                        yield start, one.end.astimezone(UTC)

    def _files(self, address: str) -> list[Path]:
        return sorted((self.root / "calendars" / address).glob("[!.]*.ics"))

    # --- what people do in their own copy ---

    def _find(self, uid: str, *, mine: bool) -> tuple[Path, str] | None:
        for folder in sorted((self.root / "calendars").iterdir()):
            for path in self._files(folder.name):
                event = byhand.master(Calendar.from_ical(path.read_bytes()))
                if event["UID"] == uid and (str(event.get("ORGANIZER")) == f"mailto:{folder.name}") == mine:
                    return path, str(event.attendees[0]).removeprefix("mailto:")
        return None

    def move(self, one: Occurrence, start: datetime, *, mine: bool) -> None:
        if found := self._find(one.uid, mine=mine):
            with byhand.edited(found[0]) as calendar:
                byhand.moved_to(start)(byhand.instance(calendar, _original(one)))

    def cancel(self, one: Occurrence, *, mine: bool) -> None:
        if found := self._find(one.uid, mine=mine):
            byhand.strike_out(found[0], _original(one))

    def decline(self, one: Occurrence) -> None:
        if found := self._find(one.uid, mine=False):
            with byhand.edited(found[0]) as calendar:
                byhand.declined_by(found[1])(byhand.instance(calendar, _original(one)))

    def delete(self, one: Occurrence, *, mine: bool) -> None:
        if found := self._find(one.uid, mine=mine):
            found[0].unlink()

    def shift(self, one: Occurrence, hours: int) -> None:
        if found := self._find(one.uid, mine=True):
            byhand.shift(found[0], timedelta(hours=hours))

    def split(self, one: Occurrence, hours: int) -> None:
        if found := self._find(one.uid, mine=True):
            byhand.split(found[0], _original(one), timedelta(hours=hours))

    def stop(self, one: Occurrence) -> None:
        if found := self._find(one.uid, mine=True):
            byhand.end_before(found[0], _original(one))

    def occupy(self, person: Person, start: datetime, minutes: int) -> None:
        self._business += 1
        folder = self.root / "calendars" / person.email
        byhand.occupy(folder, f"business-{self._business}", start, timedelta(minutes=minutes))


def _original(one: Occurrence) -> datetime:
    if not one.recurrence_id:
        return one.start
    return datetime.strptime(one.recurrence_id, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)


def _off(event: Event, report: str) -> bool:
    answers = {str(a).removeprefix("mailto:"): a.params.get("PARTSTAT") for a in event.attendees}
    return event.get("STATUS") == "CANCELLED" or answers.get(report) == "DECLINED"


@cache
def _mail(path: Path) -> EmailMessage:
    return message_from_bytes(path.read_bytes(), policy=email.policy.default)


def _mortal(write: Callable[..., None], perils: Perils) -> Callable[..., None]:
    def written(path: Path, content: bytes, **named: object) -> None:
        with perils.around(path, content):
            write(path, content, **named)

    return written
