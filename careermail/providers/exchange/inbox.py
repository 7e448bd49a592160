"""Answers in an Exchange mailbox, by SyncFolderItems: what is new is asked for its names, and what is ours is opened.

In a manager's own mailbox a message is ours if it answers a mail of ours (providers/shelf/sent.py), has our token or
address, or reports that a mail of ours came back; what answers a private mail is never opened. The service's own
mailbox holds nothing but what is for us. Nothing in it is changed.
https://learn.microsoft.com/exchange/client-developer/web-service-reference/syncfolderitems-operation
"""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from email.utils import parseaddr
from typing import TYPE_CHECKING, Any, NamedTuple

from careermail.mail.addressed import addressed
from careermail.mail.authenticity import vouch
from careermail.providers import A_BATCH, LONGEST
from careermail.providers.exchange.outbox import Post
from careermail.providers.shelf.sent import Entry

if TYPE_CHECKING:
    from exchangelib import Account, Message
    from exchangelib.folders import Folder

log = logging.getLogger("careermail")

LOOK_BACK = timedelta(days=31)
AT_ONCE = 512  # changes, the most that a server tells in one answer
# All that is asked of a message that is not known to be ours. Of a text the server tells 255 characters.
SEEN = ("item_class", "subject", "message_id", "in_reply_to", "references", "conversation_id",
        "datetime_received", "careermail_key")  # fmt: skip
REPORT = "REPORT."  # the classes of reports that Exchange writes about a mail: REPORT.IPM.Note.NDR
_ID = re.compile(r"<[^<>\s]+>")
_HEAD = re.compile(rb"\r?\n\r?\n")
_THREADED = re.compile(rb"^(?:in-reply-to|references):", re.IGNORECASE | re.MULTILINE)
# Exchange's word that whoever sent a mail had logged in; it takes it from what comes from outside (header firewall).
_INTERNAL = re.compile(rb"^X-MS-Exchange-Organization-AuthAs:[ \t]*Internal[ \t]*\r?$", re.IGNORECASE | re.MULTILINE)
_FROM = re.compile(rb"^From:([^\r\n]*(?:\r?\n[ \t][^\r\n]*)*)", re.IGNORECASE | re.MULTILINE)
_ADDRESS = re.compile(r"[^\s;\"()<>,\\]+@[^\s;\"()<>,\\]+")
LONGEST_FROM = 1000  # characters of it that are looked at


class Place(NamedTuple):
    """Up to where a mailbox was looked through: the server's word for it, and what was found and not opened yet."""

    state: str = ""
    rest: tuple[str, ...] = ()

    def __str__(self) -> str:
        return json.dumps([self.state, *self.rest], separators=(",", ":"))


class ExchangeInbox:
    """As Inbox, on one mailbox.

    The cursor is a Place. A sync state takes about 1.2 kB and a byte for each message in the Inbox. Without one, and
    where the server does not know it any more, what came in the last LOOK_BACK is looked through. What was shown
    already is then shown again; whoever acts on it knows the Message-ID.
    """

    def __init__(self, post: Post, mailbox: str, learn: Callable[[str], None], *, own: bool = False) -> None:
        """`learn` is called before each look: what left the mailbox gets the names under which it did.

        In our `own` mailbox, all is for us.
        """
        self._mailboxes, self._sent, self._service, self._clock = post.mailboxes, post.sent, post.service, post.clock
        self._mailbox, self._stamp, self._learn, self._own = mailbox.lower(), post.stamp, learn, own

    def fetch(self, cursor: str) -> tuple[list[bytes], str]:
        """As Inbox.fetch. Raises ProviderError."""
        place = _read(cursor)
        if not place.rest:
            self._learn(self._mailbox)
            place = self._looked(place)
        now, later = place.rest[:A_BATCH], place.rest[A_BATCH:]
        with self._mailboxes.open(self._mailbox) as account:
            messages = [raw for name in now if (raw := self._opened(account, name))]
        return messages, str(Place(place.state, later))

    def watch(self, wake: Callable[[], None]) -> None:  # noqa: ARG002
        """As Inbox.watch: it is asked every minute, and that has to do."""
        return

    # --- what is new ---

    def _looked(self, place: Place) -> Place:
        """What came since a place and is ours, the oldest first; nothing new is the place itself."""
        from exchangelib.errors import ErrorInvalidSyncStateData

        with self._mailboxes.open(self._mailbox) as account:
            try:
                return self._since(account, place.state) or place
            except ErrorInvalidSyncStateData:  # the mailbox was moved or restored
                log.info("looked through anew", extra={"mailbox": self._mailbox})
                return self._since(account, "") or place

    def _since(self, account: Account, state: str) -> Place | None:
        """What came since a sync state, or since LOOK_BACK without one; None where nothing has changed.

        The new state counts only once all changes were read.
        """
        from exchangelib.folders import Inbox

        from careermail.providers.exchange.letters import folder

        inbox, seen, first = folder(account, Inbox), False, self._clock.now() - LOOK_BACK
        came: list[Message] = []
        for what, one in inbox.sync_items(sync_state=state or None, only_fields=SEEN, max_changes_returned=AT_ONCE):
            seen = True
            if what == "create" and _is_message(one) and (state or one.datetime_received > first):
                came.append(one)
        ours = sorted(self._ours(account, inbox, came), key=lambda one: one.datetime_received)
        return Place(inbox.item_sync_state, tuple(one.id for one in ours)) if seen or not state else None

    def _ours(self, account: Account, inbox: Folder, came: list[Message]) -> Iterator[Message]:
        """Those that are for us, by what SEEN says of them; their recipients are asked for only where they may tell."""
        told = [(one, self._for_us(one)) for one in came]
        yield from (one for one, ours in told if ours)
        others = [one for one, ours in told if ours is None]
        if others and self._service.tags:
            more = account.fetch(others, folder=inbox, only_fields=["to_recipients", "cc_recipients"])
            addresses = zip(others, map(_recipients, more), strict=True)
            yield from (one for one, to in addresses if addressed(self._service, self._mailbox, to, ""))

    def _for_us(self, one: Message) -> bool | None:
        """Whether a message is ours, private ones being nobody's but theirs; None where its recipients might tell."""
        if one.careermail_key or self._sent.answered(self._mailbox, [one.message_id or ""]):
            return False  # we wrote it ourselves: managers get mails from their own mailbox
        if self._own:
            return True
        entry = self._answered(one)
        if (one.item_class or "").startswith(REPORT):
            return entry is not None or self._sent.holds(self._mailbox, _thread(one))
        if entry:
            return not entry.private
        return addressed(self._service, self._mailbox, (), one.subject or "") or None

    def _answered(self, one: Message) -> Entry | None:
        """The mail of ours that it answers, by what it names; by its conversation alone where it names nothing."""
        ids = _ID.findall(f"{one.references or ''} {one.in_reply_to or ''}")
        return self._sent.answered(self._mailbox, ids, "" if ids else _thread(one))

    # --- what is opened ---

    def _opened(self, account: Account, name: str) -> bytes:
        """A message as it came, naming our mails by our own names; b"" if it is gone from the Inbox, or is broken."""
        from exchangelib import ItemId
        from exchangelib.errors import ErrorItemNotFound
        from exchangelib.folders import Inbox

        from careermail.providers.exchange.letters import BROKEN, folder, sound

        what = ("mime_content", "item_class", "conversation_id", "in_reply_to", "references")
        (one,) = account.fetch([ItemId(id=name)], folder=folder(account, Inbox), only_fields=what)
        if isinstance(one, (ErrorItemNotFound, *BROKEN)):
            if isinstance(one, BROKEN):
                log.warning("an answer cannot be read", extra={"mailbox": self._mailbox, "reason": type(one).__name__})
            return b""
        whole = (sound(one).item_class or "").startswith(REPORT)
        raw = self._sent.ours(self._mailbox, one.mime_content or b"", whole=whole)
        return self._stamped(self._in_its_thread(raw, one))[:LONGEST]

    def _in_its_thread(self, raw: bytes, one: Message) -> bytes:
        """The message with our name for what it answers, where its conversation alone tells, as some programs do."""
        entry = None if _THREADED.search(_head(raw)) else self._answered(one)
        return f"In-Reply-To: {entry.message_id}\r\n".encode() + raw if entry else raw

    def _stamped(self, raw: bytes) -> bytes:
        """The message with our word for its sender, where Exchange says that they had logged in to send it."""
        head = _head(raw)
        said = _FROM.search(head) if _INTERNAL.search(head) else None
        _, sender = parseaddr(said[1][:LONGEST_FROM].decode(errors="replace")) if said else ("", "")
        return vouch(raw, self._stamp, sender.lower()) if _ADDRESS.fullmatch(sender) else raw


def _read(cursor: str) -> Place:
    """What a cursor says; nothing where it is another provider's, from which the mailbox moved here."""
    try:
        state, *rest = json.loads(cursor or "null")
    except (ValueError, TypeError):
        return Place()
    return Place(state, tuple(rest)) if all(isinstance(one, str) for one in (state, *rest)) else Place()


def _head(raw: bytes) -> bytes:
    return _HEAD.split(raw, maxsplit=1)[0]


def _is_message(item: Any) -> bool:
    """Whether it is a mail, and neither an invitation nor an answer to one: those are the calendar's."""
    from exchangelib import Message

    return isinstance(item, Message)


def _thread(one: Message) -> str:
    return one.conversation_id.id if one.conversation_id else ""


def _recipients(one: Any) -> list[str]:
    """The addresses of a message; none of one that is gone."""
    boxes = [*(getattr(one, "to_recipients", None) or ()), *(getattr(one, "cc_recipients", None) or ())]
    return [box.email_address or "" for box in boxes]
