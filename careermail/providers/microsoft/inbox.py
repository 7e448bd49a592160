"""Answers in a manager's own mailbox, through Graph: what is new there is asked for its names, and what is ours opened.

Looked through are the Inbox, where people put away what they have read, and in Sent Items what managers write to
themselves: answers to mails that they have from themselves. Asked for of every new message is what SEEN says; a message
is opened only if it is in a conversation of ours, has our address or token, or reports that a mail of ours came back. A
conversation is ours by what left the mailbox (providers/shelf/sent.py), and what answers a private mail is never
opened. Nothing is changed in the mailbox.
"""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from urllib.parse import quote

from careermail.clock import Clock
from careermail.mail.addressed import addressed
from careermail.mail.authenticity import disown, vouch
from careermail.model import Service, opaque
from careermail.providers import A_BATCH, LONGEST
from careermail.providers.microsoft.failures import GraphError
from careermail.providers.microsoft.graph import PREFER, Graph, Json
from careermail.providers.shelf.sent import Sent

LOOK_BACK = timedelta(days=31)
SENT = "sentitems"
# By their well-known names (https://learn.microsoft.com/graph/api/resources/mailfolder).
FOLDERS = ("inbox", "archive", "deleteditems", SENT)
SEEN = "internetMessageId,conversationId,from,toRecipients,ccRecipients,subject,receivedDateTime,isDraft"
PAGE = "odata.maxpagesize=200"
REMEMBERED = 200  # messages that were shown, so that none is shown again when it changes
FORGOTTEN = (400, 410)  # what Graph says of a link that it knows no more, or never did
# Who tells that a mail came back: Exchange itself, and other servers (RFC 3464).
_MACHINES = re.compile(r"(?:mailer-daemon|postmaster|microsoftexchange[0-9a-f]+)@.*", re.IGNORECASE)
_THREADED = re.compile(rb"^(?:in-reply-to|references):", re.IGNORECASE | re.MULTILINE)
# Exchange's word that whoever sent a mail had logged in; it takes it from what comes from outside (header firewall).
_INTERNAL = re.compile(rb"^X-MS-Exchange-Organization-AuthAs:\s*Internal\s*$", re.IGNORECASE | re.MULTILINE)
# Its stamp on what comes from outside (https://learn.microsoft.com/defender-office-365/message-headers-eop-mdo). It has
# no name, so that anybody can write one: what speaks for a sender is not believed, and what speaks against them is.
_STAMP = re.compile(rb"^Authentication-Results:\s*[\w-]+=(?:[^\r\n]|\r?\n[ \t])*", re.IGNORECASE | re.MULTILINE)
_FAILED = re.compile(rb"\bdmarc=fail\b", re.IGNORECASE)
_LET_IN = re.compile(rb"\bcompauth=(?:soft)?pass\b", re.IGNORECASE)  # all in all, it is from whom it says


@dataclass(frozen=True)
class _Cursor:
    """Up to where each folder was looked through (a deltaLink), and what was shown lately, by marks of Message-IDs."""

    links: dict[str, str]
    shown: tuple[str, ...] = ()

    def __str__(self) -> str:
        return json.dumps([self.links, self.shown], separators=(",", ":"))


class GraphInbox:
    """As Inbox, on one mailbox, be it our `own`; `stamp` is Provider.stamp, for what somebody of the organization sent.

    Without a cursor, and for a folder whose link Graph does not know any more, what came in the last LOOK_BACK is
    looked through. What was shown already may then be shown again; whoever acts on it knows the Message-ID.
    """

    def __init__(  # noqa: PLR0913 (each is a thing of its own; the last are named)
        self,
        graph: Graph,
        mailbox: str,
        sent: Sent,
        service: Service,
        clock: Clock,
        *,
        stamp: str = "",
        own: bool = False,
    ) -> None:
        self._graph, self._mailbox, self._sent, self._service = graph, mailbox.lower(), sent, service
        self._clock, self._stamp, self._own = clock, stamp, own

    def fetch(self, cursor: str) -> tuple[list[bytes], str]:
        """As Inbox.fetch. Raises ProviderError, with the manager as `owner` where only they can mend it."""
        known = _read(cursor)
        new, links = self._new(known)
        if cursor and not new:
            return [], cursor  # its links hold, and whoever keeps cursors writes less
        ours = [one for one in new if _mark(one) not in known.shown and self._is_ours(one)]
        batch = ours[:A_BATCH]
        shown = known.shown + tuple(_mark(one) for one in batch)
        if len(ours) > A_BATCH:  # the rest is found again from where we are
            return self._opened(batch), str(_Cursor(known.links, shown))
        return self._opened(batch), str(_Cursor(links, shown[-REMEMBERED:]))

    def watch(self, wake: Callable[[], None]) -> Callable[[], None] | None:  # noqa: ARG002
        """As Inbox.watch: Graph tells only servers that it can reach."""
        return None

    # --- within ----------------------------------------------------------------------------------

    def _new(self, known: _Cursor) -> tuple[list[Json], dict[str, str]]:
        """What came or changed since, oldest first and each once, and where to go on from."""
        found, links = dict[str, Json](), {}
        for folder in FOLDERS:
            some, links[folder] = self._changes(folder, known.links.get(folder, ""))
            for one in some:
                if folder != SENT or self._to_itself(one):
                    found.setdefault(_mark(one), one)  # a mail to oneself lies in both folders
        return sorted(found.values(), key=lambda one: one["receivedDateTime"]), links

    def _changes(self, folder: str, link: str) -> tuple[list[Json], str]:
        try:
            return self._round(link) if link else self._round(self._start(folder))
        except GraphError as error:
            if error.gone and folder == "archive":  # there is none before something is put into it
                return [], ""
            if not link or error.status not in FORGOTTEN:
                raise
            return self._round(self._start(folder))

    def _start(self, folder: str) -> str:
        since = (self._clock.now() - LOOK_BACK).strftime("%Y-%m-%dT%H:%M:%SZ")
        query = f"$select={SEEN}&$filter={quote(f'receivedDateTime ge {since}')}"
        return f"mailFolders/{folder}/messages/delta?{query}"

    def _round(self, link: str) -> tuple[list[Json], str]:
        """All pages of one round of delta (https://learn.microsoft.com/graph/api/message-delta).

        That something was removed is not believed, and matters to nobody: what was shown was shown.
        """
        found = list[Json]()
        while True:
            page = self._graph.get(self._mailbox, link, prefer=(*PREFER, PAGE))
            found += [one for one in page["value"] if "@removed" not in one and one.get("receivedDateTime")]
            if "@odata.nextLink" not in page:
                return found, page["@odata.deltaLink"]
            link = page["@odata.nextLink"]

    def _to_itself(self, one: Json) -> bool:
        """Whether somebody wrote to their own mailbox, with a tag or without."""
        name, _, domain = self._mailbox.rpartition("@")
        parted = (address.rpartition("@") for address in _recipients(one))
        return any(local.partition("+")[0] == name and at == domain for local, _, at in parted)

    def _is_ours(self, one: Json) -> bool:
        """Whether it is an answer to us, by what SEEN says of it."""
        name, thread, to = one.get("internetMessageId") or "", one.get("conversationId") or "", _recipients(one)
        if one.get("isDraft") or self._sent.answered(self._mailbox, [name]):
            return False  # we wrote it ourselves
        if (self._own and self._mailbox in to) or addressed(self._service, self._mailbox, to, one.get("subject") or ""):
            return True
        if _MACHINES.fullmatch(_address(one.get("from"))):
            return self._sent.holds(self._mailbox, thread)
        return self._sent.answered(self._mailbox, [], thread) is not None

    def _opened(self, batch: list[Json]) -> list[bytes]:
        return [raw for one in batch if (raw := self._raw(one))]

    def _raw(self, one: Json) -> bytes:
        """The message as it came, naming our mails by our own names; b"" if it was deleted meanwhile."""
        path = f"messages/{quote(one['id'], safe='=')}/$value"
        try:
            answer = self._graph.ask("GET", self._mailbox, path, again=True, most=LONGEST)
        except GraphError as error:
            if error.gone:
                return b""
            raise
        sender = _address(one.get("from"))
        raw = self._sent.ours(self._mailbox, answer.body, whole=bool(_MACHINES.fullmatch(sender)))
        return self._stamped(self._in_its_thread(raw, one), sender)[:LONGEST]

    def _in_its_thread(self, raw: bytes, one: Json) -> bytes:
        """The message with our name for what it answers, where its conversation alone tells, as some programs do."""
        entry = self._sent.answered(self._mailbox, [], one.get("conversationId") or "")
        if entry is None or _THREADED.search(_head(raw)):
            return raw
        return f"In-Reply-To: {entry.message_id}\r\n".encode() + raw

    def _stamped(self, raw: bytes, sender: str) -> bytes:
        """The message with our word for its sender, or against it, where Exchange has one."""
        if self._stamp and _INTERNAL.search(_head(raw)):
            return vouch(raw, self._stamp, sender)
        return disown(raw, self._stamp) if self._stamp and _is_forged(_head(raw)) else raw


def _is_forged(head: bytes) -> bool:
    """Whether Exchange found that a mail is not from whom it says."""
    said = found[0] if (found := _STAMP.search(head)) else b""
    return bool(_FAILED.search(said)) and not _LET_IN.search(said)


def _read(cursor: str) -> _Cursor:
    """What a cursor says; nothing where it is another provider's, from which the mailbox moved here."""
    try:
        links, shown = json.loads(cursor or "null")
        return _Cursor(dict(links), tuple(shown))
    except (ValueError, TypeError):
        return _Cursor({})


def _head(raw: bytes) -> bytes:
    return re.split(rb"\r?\n\r?\n", raw, maxsplit=1)[0]


def _mark(one: Json) -> str:
    return opaque(one.get("internetMessageId") or one["id"])[:12]


def _address(person: Any) -> str:
    return str(((person or {}).get("emailAddress") or {}).get("address") or "").lower()


def _recipients(one: Json) -> list[str]:
    return [_address(person) for field in ("toRecipients", "ccRecipients") for person in one.get(field) or ()]
