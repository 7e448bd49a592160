"""Mail on disk: a Maildir per person for what leaves, and one for what comes in (https://cr.yp.to/proto/maildir.html)."""

import json
from collections.abc import Callable, Iterator
from email.message import EmailMessage
from email.utils import getaddresses
from pathlib import Path

from careermail.errors import ProviderError
from careermail.model import opaque
from careermail.providers import A_BATCH, LONGEST
from careermail.providers.shelf.files import make_folder, safe, told, write

SEEN_IN = ("new", "cur")


class LocalOutbox:
    """Delivers into `<root>/mail/<address>/`."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def send(self, message: EmailMessage) -> None:
        """As Outbox.send. A Message-ID that is there already, read or unread, is not delivered a second time.

        Raises ProviderError: permanent without a Message-ID or without exactly one recipient.
        """
        message_id = str(message["Message-ID"] or "").strip()
        recipients = [address for _, address in getaddresses(message.get_all("To", [])) if address]
        if not message_id or len(recipients) != 1:
            raise ProviderError("a mail needs a Message-ID and exactly one address in To.", permanent=True)
        folder = self._folder(recipients[0])
        if not self.find(message_id, recipients[0]):
            for part in ("tmp", *SEEN_IN):
                make_folder(folder / part)
            write(folder / "new" / _name(message_id), message.as_bytes(), by_way_of=folder / "tmp")

    def find(self, message_id: str, to: str) -> bool:
        """As Outbox.find; a disk can always tell."""
        folder, name = self._folder(to), _name(message_id)
        with told(folder):
            return (folder / "new" / name).exists() or any((folder / "cur").glob(f"{name}*"))

    def _folder(self, address: str) -> Path:
        return self._root / "mail" / safe(address.lower())


def _name(message_id: str) -> str:
    """The same file for the same mail. Ends before ":2,", where a Maildir keeps its flags."""
    return f"{opaque(message_id.strip())}.careermail"


class LocalInbox:
    """Reads `<root>/inbox/`, and leaves every message where it is."""

    def __init__(self, root: Path) -> None:
        self._folder = root / "inbox"

    def fetch(self, cursor: str) -> tuple[list[bytes], str]:
        """As Inbox.fetch. The cursor names what was shown, so that a message put there with an old date is not missed.

        What is gone is forgotten only when it is missed twice: a mail program that renames a file at this moment would
        else have it shown again. Raises ProviderError where the inbox that was read before is missing.
        """
        shown = _shown(cursor)
        if shown is None:
            for part in ("tmp", *SEEN_IN):
                make_folder(self._folder / part)
        seen, gone = shown or (set(), set())
        present = {_base(path): path for path in self._files()}
        new = sorted((path for name, path in present.items() if name not in seen), key=_arrival)
        new = new[:A_BATCH]
        messages = [self._read(path) for path in new]
        lacking = seen - present.keys()
        known = seen | {_base(path) for path in new}
        state = [sorted(known - (gone & lacking)), sorted(lacking - gone)]
        return messages, json.dumps(state, separators=(",", ":"))

    def watch(self, wake: Callable[[], None]) -> None:  # noqa: ARG002
        """As Inbox.watch: a folder tells nobody."""
        return

    def _files(self) -> Iterator[Path]:
        with told(self._folder):
            for part in SEEN_IN:
                for path in (self._folder / part).iterdir():
                    if not path.name.startswith(".") and path.stat().st_size > 0:  # else it is still being written
                        yield path

    @staticmethod
    def _read(path: Path) -> bytes:
        with told(path), path.open("rb") as file:
            return file.read(LONGEST)


def _shown(cursor: str) -> tuple[set[str], set[str]] | None:
    """What a cursor names; None for none, and for that of another provider from which the world moved here."""
    try:
        match json.loads(cursor):
            case [[*seen], [*gone]]:
                return set(seen), set(gone)
    except ValueError:
        pass
    return None


def _base(path: Path) -> str:
    """What stays of a name when a mail program moves the file and sets flags; shortened, since cursors are kept."""
    return opaque(path.name.partition(":")[0])[:16]


def _arrival(path: Path) -> tuple[int, str]:
    return path.stat().st_mtime_ns, path.name
