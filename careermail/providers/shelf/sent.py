"""What left people's own mailboxes, by our Message-ID: a file per mail, for servers that give mails names of their own.

Below a folder: `<mailbox>/<recipient>/<opaque Message-ID>.json`, written before the mail leaves and again after. It
holds no word of the mail. By it a mail is found after a crash, a thread stays a thread, and an answer that names the
server's Message-ID is known to answer ours.
"""

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from pathlib import Path
from urllib.parse import unquote

from careermail.clock import Clock
from careermail.mail.tokens import manager_of, mark
from careermail.model import A_DAY, Service, opaque
from careermail.providers.shelf.files import make_folder, safe, told, write

KEPT = timedelta(days=400)  # no mail of ours can be answered for longer (mail/compose.py), and a year is a thread
LOOK_BACK = timedelta(days=31)  # within which a mail is looked for that nobody remembers
_IDS = re.compile(rb"<[^<>\s]{1,900}>")
_HEAD = re.compile(rb"\r?\n\r?\n")


@dataclass(frozen=True, slots=True)
class Entry:
    """One mail of ours. Addresses are in lower case; Message-IDs have their angle brackets."""

    mailbox: str  # from which it is sent
    to: str
    message_id: str  # as we named it
    private: bool = False  # what answers it is between two people, and never opened
    draft: str = ""  # what the server calls it before it leaves
    real: str = ""  # the Message-ID under which it left
    thread: str = ""  # what the server calls its thread
    root: str = ""  # the Message-ID that it refers to, as we named it; mails with the same are one thread
    at: str = ""  # when this was kept, in ISO 8601; `keep` says so

    @property
    def left(self) -> bool:
        """Whether it is known to have left."""
        return bool(self.real)

    @property
    def mark(self) -> str:
        """What marks it in whatever mailbox it lies; nobody reads from it what it is about."""
        return opaque(f"{self.message_id}\n{self.to}")


class Sent:
    """The entries below a folder, which is made when the first is kept. Every method may raise ProviderError."""

    def __init__(self, folder: Path, clock: Clock) -> None:
        self._folder, self._clock = folder, clock
        self._swept: datetime | None = None
        self._listed: dict[Path, tuple[int, list[Entry]]] = {}  # by a recipient's folder, while that is unchanged

    def get(self, message_id: str, to: str) -> Entry | None:
        """The mail with this Message-ID of ours to this address, from whichever mailbox."""
        with told(self._folder):
            found = self._folder.glob(f"*/{_escaped(safe(to.lower()))}/{opaque(message_id)}.json")
            return next((entry for path in found if (entry := _read(path))), None)

    def keep(self, entry: Entry) -> None:
        """Have this known of a mail, for good, in place of what was known before; the oldest is forgotten."""
        now = self._clock.now()
        folder = self._folder / safe(entry.mailbox.lower()) / safe(entry.to.lower())
        make_folder(folder)
        self._listed.pop(folder, None)  # two changes within a tick of the disk's clock look like one
        content = json.dumps({**asdict(entry), "at": now.isoformat()}, separators=(",", ":"))
        write(folder / f"{opaque(entry.message_id)}.json", content.encode())
        self._forget(now)

    def forgotten(self, service: Service, message_id: str, to: str) -> Entry | None:
        """Where to look for a mail that may have left and is not known here: after a restore, of what left since.

        By its Message-ID, from the mailbox that it names; None where nothing is known of any such mailbox. What else
        there is to know of the mail is not in here, so that it is not to be kept.
        """
        since, whose = self._clock.now() - LOOK_BACK, manager_of(message_id, service)
        mailbox = self._mailbox_of(whose) if service.as_manager else service.address
        return Entry(mailbox, to.lower(), message_id, at=since.isoformat()) if whose and mailbox else None

    def answered(self, mailbox: str, ids: Iterable[str], thread: str = "") -> Entry | None:
        """The mail from this mailbox that a mail answers which names these Message-IDs, the nearest last.

        Where none of them is known, the latest of the server's own thread; none if anything in there is private.
        """
        entries = list(self._of(mailbox))
        names = {name: entry for entry in entries for name in (entry.message_id, entry.real) if name}
        named = next((names[one] for one in reversed(list(ids)) if one in names), None)
        if named or not thread:
            return named
        threaded = sorted((e for e in entries if e.thread == thread), key=lambda e: e.at)
        return threaded[-1] if threaded and not any(e.private for e in threaded) else None

    def holds(self, mailbox: str, thread: str) -> bool:
        """Whether a mail from this mailbox, be it private, is in this thread of the server's."""
        return bool(thread) and any(entry.thread == thread for entry in self._of(mailbox))

    def since(self, mailbox: str) -> datetime | None:
        """When the first mail of which this is remembered left this mailbox, or was about to."""
        first = min((e.at for e in self._of(mailbox)), default="")
        return datetime.fromisoformat(first) if first else None

    def before(self, mailbox: str, to: str, root: str) -> Entry | None:
        """The latest mail from this mailbox to this address that left and is in the thread of a Message-ID of ours."""
        thread = (e for e in self._of(mailbox) if e.left and e.to == to.lower() and root in (e.root, e.message_id))
        return max(thread, key=lambda e: e.at, default=None) if root else None

    def real(self, mailbox: str, message_id: str) -> Entry | None:
        """The latest mail from this mailbox with this Message-ID of ours, to whomever."""
        found = (entry for entry in self._of(mailbox) if entry.message_id == message_id)
        return max(found, key=lambda e: e.at, default=None)

    def unnamed(self, mailbox: str) -> list[Entry]:
        """The mails from this mailbox that were ready to leave, and of which nobody knows under which name they did."""
        return [entry for entry in self._of(mailbox) if entry.draft and not entry.left]

    def ours(self, mailbox: str, raw: bytes, *, whole: bool = False) -> bytes:
        """A received mail, its header naming our mails by our own Message-IDs; all of it where `whole` is said.

        That is for delivery reports, in whose body the header of what failed comes back.
        """
        names = {e.real.encode(): e.message_id.encode() for e in self._of(mailbox) if e.real}
        head = None if whole else _HEAD.search(raw)
        end = head.start() if head else len(raw)
        return _IDS.sub(lambda one: names.get(one[0], one[0]), raw[:end]) + raw[end:]

    def kept(self, address: str) -> list[Path]:
        """The files about somebody with this address."""
        name = _escaped(safe(address.lower()))
        with told(self._folder):
            return sorted({*self._folder.glob(f"{name}/*/*.json"), *self._folder.glob(f"*/{name}/*.json")})

    def _mailbox_of(self, whose: str) -> str:
        with told(self._folder):
            names = [unquote(home.name) for home in self._folder.iterdir()] if self._folder.is_dir() else []
        return next((name for name in names if mark(name) == whose), "")

    def _of(self, mailbox: str) -> Iterator[Entry]:
        home = self._folder / safe(mailbox.lower())
        with told(home):
            for folder in sorted(home.iterdir()) if home.is_dir() else ():
                changed = folder.stat().st_mtime_ns
                if self._listed.get(folder, (0, []))[0] != changed:
                    self._listed[folder] = changed, [e for p in folder.glob("*.json") if (e := _read(p))]
                yield from self._listed[folder][1]

    def _forget(self, now: datetime) -> None:
        """Let go, once a day, of what is too old, be it of people who are mailed no more."""
        if self._swept and now - self._swept < A_DAY:
            return
        self._swept, before = now, now - KEPT
        with told(self._folder):
            for path in self._folder.glob("*/*/*.json"):
                if path.stat().st_mtime < before.timestamp() and (entry := _read(path)) and entry.at < str(before):
                    path.unlink(missing_ok=True)


def _escaped(name: str) -> str:
    return re.sub(r"([\[*?])", r"[\1]", name)


def _read(path: Path) -> Entry | None:
    """What a file says; None where it is gone, or no such entry."""
    try:
        return Entry(**json.loads(path.read_bytes()))
    except (FileNotFoundError, ValueError, TypeError):
        return None
