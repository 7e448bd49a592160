"""What each attendee was last told by mail, kept on disk, so that everybody is told what changed, and once."""

from __future__ import annotations

import logging
import re
from collections import defaultdict
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote
from zoneinfo import ZoneInfo

from careermail.clock import Clock
from careermail.errors import ProviderError
from careermail.mail import answering, itip
from careermail.mail.expand import Instance
from careermail.mail.invitation import invitation
from careermail.mail.invite import SERIES, parse, text
from careermail.mail.itip import Change
from careermail.model import A_DAY, Rsvp, Service
from careermail.providers import Outbox, Window
from careermail.providers.shelf.files import Reader, make_folder, rename, safe, told, understood, write
from careermail.providers.shelf.reconcile import SYNCED, Summary, summary
from careermail.providers.shelf.vdir import Vdir

if TYPE_CHECKING:
    from icalendar import Calendar

log = logging.getLogger("careermail")

AGAIN = ".again"  # ends the name of a note that a mail about a copy was sent once more, and perhaps twice
TELLING = ".telling"  # ends the name of a copy that is being mailed
_SEAL = re.compile(rb"^%s:(.*?)\r?$" % SYNCED.encode(), re.MULTILINE)


@contextmanager
def refusals_borne() -> Iterator[None]:
    """Let somebody who takes no mail be told nothing: what stands is to be seen all the same.

    The admin hears of the address by the effect that booked or changed the session, and by the next mail to it.
    """
    try:
        yield
    except ProviderError as error:
        if not error.permanent:
            raise
        log.warning("not told", extra={"reason": str(error)})


class Invitations:
    """`<folder>/<address>/<uid>.ics`: an event as this attendee knows it from our mails, with their answers.

    An organizer's calendar goes through three steps, in this order: `follow` before anything is changed in it, so that
    answers are about the times that they answered; then the change, written for good; then `tell`. A reader of it
    does the same: follow, write if that changed anything, tell. So whatever a crash left untold is told at the next
    reading, and nothing twice.

    A copy that is being mailed stands beside the one that it will replace. After a crash the outbox is asked about that
    one mail; where it cannot tell, the mail is sent again under the same Message-ID. Methods raise ProviderError.
    """

    def __init__(self, folder: Path, outbox: Outbox, service: Service, clock: Clock) -> None:
        self._folder, self._outbox, self._service, self._clock = folder, outbox, service, clock
        self._reader = Reader()
        self._told: defaultdict[str, set[tuple[str, str]]] | None = None  # by marker: UIDs with who was told of them
        self._refused: dict[Path, tuple[bytes, datetime, ProviderError]] = {}
        self._again: defaultdict[str, dict[Path, tuple[str, str]]] | None = None  # see Provider.resent
        self._handed: dict[str, tuple[Path, ...]] = {}

    def in_step(self, ours: Summary) -> bool:
        """Whether every attendee knows what stands, and no answer waits: a look at the files' times is enough."""
        return not self._behind(ours)

    def tell(self, ours: Calendar, uid: str) -> None:
        """Mail each attendee of the event what they do not know yet.

        `ours` is the organizer's calendar as it stands; it is not changed. Whoever cannot be reached keeps nobody else
        from hearing of it, and is told by a later `tell`; the first such ProviderError is raised at the end.
        """
        mine = summary(ours, uid)
        behind = self._behind(mine)
        now = itip.public(ours, uid, self._service.address) if behind else ours
        failed: list[ProviderError] = []
        for who in behind:
            try:
                self._tell(now, mine, who)
            except ProviderError as error:
                failed.append(error)
        if failed:
            raise failed[0]

    def withdraw(self, uid: str, who: str) -> None:
        """Mail somebody who is asked no longer that it is cancelled for them; before the organizer's calendar says so.

        `who` is a mail address.
        """
        held = self._settled(who.lower(), uid)
        if held is not None and not itip.is_over(held, uid):
            self._bring(held, held, uid, who.lower(), Change("CANCEL"))

    def recall(self, marker: str, there: Collection[str]) -> None:
        """Withdraw what was told of a series and the organizer's calendar holds no more; `there` are the UIDs it does.

        An organizer's calendar that could not be read holds nothing that is known: do not ask then.
        """
        if self._told is None:
            self._told = defaultdict(set)
            for path in self._folder.glob("*/*.ics"):
                held, uid = understood(path, _about)
                self._told[held].add((uid, unquote(path.parent.name)))
        for uid, who in sorted(self._told[marker]):
            if uid not in there:
                self.withdraw(uid, who)
                self._told[marker].discard((uid, who))

    def follow(self, ours: Calendar, uid: str) -> bool:
        """Let the organizer's calendar (changed in place) show what attendees answered; whether that changed anything.

        Where it gives a session another time than an attendee was told, they are asked anew: their answer was about
        another hour.
        """
        copies = {who: self._settled(who, uid) for who in self._behind(summary(ours, uid))}
        news = [answering.follow(ours, copy, uid, who) for who, copy in copies.items() if copy is not None]
        return any(news)

    def answer(self, rsvp: Rsvp) -> bool:
        """As Calendar.answer, for what we mailed: keep the answer until `follow` takes it over."""
        copy = self._settled(rsvp.attendee, rsvp.uid)
        if copy is None:
            return False
        if not rsvp.partstat:
            return answering.asked_about(copy, rsvp.uid, rsvp) is not None
        if not answering.take(copy, rsvp.uid, rsvp):
            return False
        copy.pop(SYNCED, None)
        write(self._path(rsvp.attendee, rsvp.uid), text(copy))
        return True

    def instances(self, who: str, window: Window, zone: ZoneInfo) -> list[Instance]:
        """What we invited somebody to around a window (UTC); floating times and days are those of `zone`."""
        return Vdir(self._folder / safe(who.lower()), self._reader).instances(window, zone)

    def resent(self, about: str) -> list[tuple[str, str]]:
        """As Provider.resent. It is on disk until it is asked for once more: by then whoever asked has kept it."""
        held = self._sent_again()[about]
        for path in self._handed.pop(about, ()):
            _drop(path)
            held.pop(path, None)
        if held:
            self._handed[about] = tuple(held)
        return list(held.values())

    def held(self, who: str, uid: str) -> Calendar | None:
        """An attendee's copy as it was last told, None where they were told nothing."""
        return _read(self._path(who, uid))

    # --- one attendee ---

    def _behind(self, ours: Summary) -> list[str]:
        """Who was not told yet of what stands, or has answered since."""
        return [who for who in ours.attendees if self._seal(who, ours.uid) != str(ours.state)]

    def _tell(self, now: Calendar, mine: Summary, who: str) -> None:
        held = self._settled(who, mine.uid)
        for change in itip.changes(held, now, mine.uid):
            held = self._bring(held, now, mine.uid, who, change)
        if held is not None and held.get(SYNCED) != str(mine.state):
            held[SYNCED] = str(mine.state)
            write(self._path(who, mine.uid), text(held))

    def _bring(self, held: Calendar | None, now: Calendar, uid: str, who: str, change: Change) -> Calendar:
        """Tell an attendee of one change; their copy after that."""
        copy, path = itip.brought(held, now, uid, change), self._path(who, uid)
        copy.pop(SYNCED, None)
        content = text(copy)
        self._check_refused(path, content)
        make_folder(path.parent)
        write(_telling(path), content)
        try:
            if itip.is_news(held, copy, uid, change, who):
                self._outbox.send(invitation(self._service, itip.message(held, copy, uid, change), who, self._now()))
        except ProviderError as error:
            if error.permanent:
                self._refused[path] = content, self._now() + A_DAY, error
                _drop(_telling(path))
            raise
        rename(_telling(path), path)
        if self._told is not None:
            self._told[_about(content)[0]].add((uid, who))
        return copy

    def _check_refused(self, path: Path, content: bytes) -> None:
        """Raise again what a server said for good, at most a day ago, about the same: it is not asked at every poll."""
        refused, until, error = self._refused.get(path, (b"", None, None))
        if error is not None and until is not None and refused == content and self._now() < until:
            raise error

    def _settled(self, who: str, uid: str) -> Calendar | None:
        """An attendee's copy, once what a crash left half-way is known to be done or not."""
        path = self._path(who, uid)
        held, copy = _read(path), _read(_telling(path))
        if copy is None:
            return held
        for change in itip.changes(held, copy, uid):
            if itip.is_news(held, copy, uid, change, who) and not self._sent(held, copy, uid, who, change):
                _drop(_telling(path))
                return held
        rename(_telling(path), path)
        return copy

    def _sent(self, held: Calendar | None, copy: Calendar, uid: str, who: str, change: Change) -> bool:
        """Whether a mail has left; where the outbox cannot tell, it leaves again under the same Message-ID."""
        mail = invitation(self._service, itip.message(held, copy, uid, change), who, self._now())
        found = self._outbox.find(str(mail["Message-ID"]), who)
        if found is None:
            note, about, name = self._path(who, uid), _about(text(copy))[0] or who, str(mail["Message-ID"])
            note = note.with_name(note.name + AGAIN)
            write(note, f"{about}\n{name}\n{who}".encode())
            self._sent_again()[about][note] = name, who
            self._outbox.send(mail)
        return found is not False

    def _sent_again(self) -> defaultdict[str, dict[Path, tuple[str, str]]]:
        if self._again is None:
            self._again = defaultdict(dict)
            for path in self._folder.glob(f"*/*{AGAIN}"):
                about, name, who = understood(path, bytes.decode).split("\n")
                self._again[about][path] = name, who
        return self._again

    def _now(self) -> datetime:
        return self._clock.now()

    def _path(self, who: str, uid: str) -> Path:
        return self._folder / safe(who) / f"{safe(uid)}.ics"

    def _seal(self, who: str, uid: str) -> str:
        path = self._path(who, uid)
        with told(path):
            try:
                status = path.stat()
            except FileNotFoundError:
                return ""
        return "" if _telling(path).exists() else self._reader.view(str(path), status, _sealed) or ""


def _telling(path: Path) -> Path:
    return path.with_name(path.name + TELLING)


def _drop(path: Path) -> None:
    with told(path):
        path.unlink(missing_ok=True)


def _read(path: Path) -> Calendar | None:
    try:
        return understood(path, parse)
    except FileNotFoundError:
        return None


def _about(content: bytes) -> tuple[str, str]:
    """The series that a copy belongs to, and its UID."""
    unfolded = re.sub(rb"\r?\n[ \t]", b"", content)
    found = (re.search(rb"^%s:(.*?)\r?$" % name, unfolded, re.MULTILINE) for name in (SERIES.encode(), b"UID"))
    marker, uid = (one[1].decode() if one else "" for one in found)
    return marker, uid


def _sealed(content: bytes) -> str:
    found = _SEAL.search(content)
    return found[1].decode() if found else ""
