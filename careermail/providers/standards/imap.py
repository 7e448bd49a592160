"""The inbox and the Sent folder on an IMAP server (RFC 3501). Only the Sent folder is ever written to.

What is read is what answers us, and nothing else. First only the addresses and the thread of what is new are asked
for; the rest of a mail only where it is addressed to careermail, plain or plus-addressed. Where the login is
careermail's own, a mail in a thread of ours is read too, whatever address it took. In somebody's own mailbox it is
not: there a report's answer to a `prompt` is between two people.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from datetime import timedelta
from email.message import EmailMessage
from email.policy import SMTP
from functools import partial
from itertools import islice, pairwise
from typing import TYPE_CHECKING, Any

from careermail.clock import Clock
from careermail.errors import ProviderError
from careermail.model import Service
from careermail.providers import A_BATCH, LONGEST, Found, Probe
from careermail.providers.standards.idle import Watch
from careermail.providers.standards.mailbox import SECONDS, Mailbox, capabilities

if TYPE_CHECKING:
    from imap_tools.mailbox import BaseMailBox

AUTO = "auto"
LOOK_BACK = timedelta(days=31)
HEADERS_AT_ONCE = 500  # keeps a command below the 8,000 characters that servers take (RFC 7162, 4)
HEADERS = "To Cc Resent-To Delivered-To X-Original-To Envelope-To In-Reply-To References"
LONGEST_HEADERS = 50_000  # bytes of them; more is no answer, and meant to choke us
_UID = re.compile(rb"\bUID (\d+)")
_CURSOR = re.compile(r"(\d+):(\d+)")
WORTH_NAMING = ("IDLE", "UIDPLUS", "CONDSTORE", "SPECIAL-USE", "LITERAL+")


class ImapInbox:
    """As Inbox, on one folder of one login.

    The cursor is "UIDVALIDITY:UID", up to which the folder was looked through. Without one, or where it speaks of
    another life of the folder (RFC 3501, 2.3.1.1), what came in the last LOOK_BACK is looked through: years of mail
    from before careermail are not ours to answer, while answers from before a folder was restored are not lost. What
    was shown already is then shown again; whoever acts on it knows the Message-ID.
    """

    def __init__(
        self, settings: Mapping[str, Any], service: Service, clock: Clock, *, seconds: float = SECONDS
    ) -> None:
        """`seconds` is how long to wait for an answer of the server's."""
        self._folder, self._sent, self._clock = settings["folder"], settings["sent"], clock
        self._ours = _pattern_of_ours(service, settings["user"])
        self._another = partial(Mailbox, settings, service.domain, seconds=seconds)
        self._mailbox = self._another()

    def fetch(self, cursor: str) -> tuple[list[bytes], str]:
        """As Inbox.fetch. Raises ProviderError: urgent where login, certificate or folder have to be mended."""
        with self._mailbox.session(self._folder) as box:
            validity, following = _number(box, "UIDVALIDITY"), _number(box, "UIDNEXT")
            seen = _seen(cursor, validity, following)
            if seen is not None and following == seen + 1:
                return [], cursor
            uids = self._arrived(box, seen)
            ours = list(islice(self._answers(box, uids), A_BATCH))
            last = ours[-1] if len(ours) == A_BATCH else max(following - 1, seen or 0, *uids)
            bodies = _fetched(box, ours, f"BODY.PEEK[]<0.{LONGEST}>") if ours else {}
            return [bodies[uid][:LONGEST] for uid in ours if uid in bodies], f"{validity}:{last}"

    def watch(self, wake: Callable[[], None]) -> Callable[[], None] | None:
        """As Inbox.watch, by IDLE. While the server is away it is tried again after growing waits, and nothing told."""
        with suppress(ProviderError), self._mailbox.session() as box:
            if "IDLE" not in capabilities(box):
                return None
        watch = Watch(self._another(), self._folder, wake)
        watch.start()
        return watch.end

    def probes(self) -> list[Probe]:
        """The one login; it also looks whether there is a folder for copies."""
        return [Probe(self._mailbox.where, self._look)]

    def close(self) -> None:
        """As Provider.close."""
        self._mailbox.close()

    def _arrived(self, box: "BaseMailBox", seen: int | None) -> list[int]:
        """The UIDs of what is new, oldest first."""
        from imap_tools import AND

        if seen is None:
            day = (self._clock.now() - LOOK_BACK).date()
            return sorted(int(uid) for uid in box.uids(AND(date_gte=day), charset=None))
        # "7:*" holds the newest mail even if that is the sixth (RFC 3501, 6.4.8).
        return sorted(int(uid) for uid in box.uids(f"UID {seen + 1}:*", charset=None) if int(uid) > seen)

    def _answers(self, box: "BaseMailBox", uids: list[int]) -> Iterator[int]:
        """Which of these are for us, by their addresses and threads alone."""
        for first in range(0, len(uids), HEADERS_AT_ONCE):
            some = uids[first : first + HEADERS_AT_ONCE]
            heads = _fetched(box, some, f"BODY.PEEK[HEADER.FIELDS ({HEADERS})]<0.{LONGEST_HEADERS}>")
            yield from (uid for uid in some if self._ours.search(heads.get(uid, b"")))

    def _look(self) -> Found:
        with self._mailbox.session(self._folder) as box:
            able, held = capabilities(box), _number(box, "EXISTS")
            offers = [f"{held} messages in {self._folder!r}", *(name for name in WORTH_NAMING if name in able)]
            lacks = [] if "IDLE" in able else ["IDLE: an answer is noticed when it is next asked for"]
            if self._mailbox.how:
                offers.append(self._mailbox.how)
            if self._sent:
                sent = _sent_folder(box, self._sent)
                named = repr(sent or self._sent) if self._sent != AUTO or sent else "Sent"
                (offers if sent else lacks).append(f"the folder {named} for copies of what is sent")
            return Found(tuple(offers), tuple(lacks))


class SentFolder:
    """Copies of what was sent, in a folder of the same login.

    "auto" is the folder that is marked as such (RFC 6154), else the one called Sent; with neither, none are kept.
    """

    def __init__(self, settings: Mapping[str, Any], service: Service, *, seconds: float = SECONDS) -> None:
        """`settings` are those of the inbox; `seconds` is how long to wait for an answer of the server's."""
        self._name, self._found = settings["sent"], ""
        self._mailbox = Mailbox(settings, service.domain, seconds=seconds)

    def keep(self, message: EmailMessage) -> None:
        """Put a copy into the folder, marked as read.

        Raises ProviderError, urgent where the folder is missing or full. Where the connection broke off, `holds` tells
        whether the copy is there.
        """
        from imap_tools import MailMessageFlags
        from imap_tools.errors import MailboxAppendError

        copy = message.as_bytes(policy=SMTP)
        with self._mailbox.session() as box:
            if not (folder := self._folder(box)):
                return
            try:
                box.append(copy, folder, flag_set=MailMessageFlags.SEEN)
            except MailboxAppendError as error:
                self._found = ""
                mend = "make room there, or name another folder as `sent` in [provider.inbox]"
                raise self._mailbox.refusal(error, f"no copy can be put into {folder!r}", mend) from None

    def holds(self, message_id: str) -> bool:
        """Whether a copy of the mail with this Message-ID (with its angle brackets) is there. Raises ProviderError."""
        from imap_tools import AND, Header

        with self._mailbox.session() as box:
            if not (folder := self._folder(box)):
                return False
            self._mailbox.examine(box, folder)
            return bool(box.uids(AND(header=Header("Message-ID", message_id.strip())), charset=None))

    def close(self) -> None:
        """As Provider.close."""
        self._mailbox.close()

    def _folder(self, box: "BaseMailBox") -> str:
        self._found = self._found or _sent_folder(box, self._name)
        if self._found or self._name == AUTO:
            return self._found
        mend = "make it, or name another as `sent` in [provider.inbox]"
        raise ProviderError(f"{self._mailbox.where}: there is no folder {self._name!r}; {mend}", urgent=True)


def _sent_folder(box: "BaseMailBox", name: str) -> str:
    """The folder's name on this server; "" where it has none."""
    if name == AUTO:
        marked = (folder.name for folder in box.folder.list() if "\\Sent" in folder.flags)
        return next(marked, "") or _sent_folder(box, "Sent")
    return name if box.folder.exists(name) else ""


def _pattern_of_ours(service: Service, user: str) -> re.Pattern[bytes]:
    """What is found in the HEADERS of a mail that is for us: our address; in a mailbox of our own, our Message-IDs."""
    local, domain = (re.escape(part) for part in service.address.rsplit("@", 1))
    address = rf"(?<![^\s<>,;:\"'(\[]){local}(?:\+[^\s@<>]{{0,200}})?@{domain}(?![\w.-])"
    # Message-IDs of mails (mail/tokens.py), and of invitations.
    thread = rf"<(?:[a-z2-7]{{26}}\.[0-9a-f]{{12}}|[0-9a-f]{{32}})@{re.escape(service.domain)}>"
    login = user.rpartition("\\")[2].partition("@")[0]
    own = login.lower() == service.address.partition("@")[0].lower()
    return re.compile((f"{address}|{thread}" if own else address).encode(), re.IGNORECASE)


def _seen(cursor: str, validity: int, following: int) -> int | None:
    """The last UID that was looked at; None where this cannot be told of this folder as it is."""
    if not (known := _CURSOR.fullmatch(cursor)):
        return None
    of, seen = map(int, known.groups())
    return seen if of == validity and (not following or seen < following) else None


def _number(box: "BaseMailBox", what: str) -> int:
    """A number that the server told when the folder was opened (RFC 3501, 6.3.1); 0 where it did not."""
    _, data = box.client.response(what)
    return int(data[-1] or 0)


def _fetched(box: "BaseMailBox", uids: list[int], what: str) -> dict[int, bytes]:
    """A part of each of these messages by UID; those that have been deleted meanwhile are absent."""
    from imap_tools.errors import MailboxFetchError
    from imap_tools.utils import check_command_status

    answer = box.client.uid("FETCH", ",".join(map(str, uids)), f"(UID {what})")
    check_command_status(answer, MailboxFetchError)
    found = {}
    for item, rest in pairwise([*answer[1], b""]):
        if isinstance(item, tuple):  # a literal, between what stands before it and the `rest`; either may hold the UID
            uid = _UID.search(item[0]) or _UID.search(rest if isinstance(rest, bytes) else b"")
            if uid:
                found[int(uid[1])] = item[1]
    return found
