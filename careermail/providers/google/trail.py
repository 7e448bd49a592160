"""What became of a draft: where what left lies, and under which name. Of other mails, one header is looked at."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from careermail.providers.google.headers import MARK, Head
from careermail.providers.shelf.sent import Entry, Sent

if TYPE_CHECKING:
    from careermail.providers.google.api import Api

GONE = 404
LATEST = 100  # mails to one person among which one is looked for
A_DAY = timedelta(days=1)
_HEAD = "id,threadId,labelIds,payload/headers"


class Trail:
    """The trail that mails of ours leave in mailboxes. Every method may raise ProviderError."""

    def __init__(self, gmail: Api, sent: Sent) -> None:
        self._gmail, self._sent = gmail, sent

    def found(self, entry: Entry) -> bool:
        """Whether a mail lies among what was sent; under which name, is kept."""
        for heads in (self._in_thread, self._lately):  # one after the other: the second is asked if it must be
            for head in heads(entry):
                if "SENT" in head.labels and head.first(MARK) == entry.mark:
                    self.named(replace(entry, thread=head.thread), head.id)
                    return True
        return False

    def lies(self, entry: Entry) -> bool:
        """Whether a mail lies among what was sent of late; nothing is kept of it."""
        return any("SENT" in head.labels and head.first(MARK) == entry.mark for head in self._lately(entry))

    def named(self, entry: Entry, identity: str) -> None:
        """Keep of a mail that it left, where it lies, and under which name."""
        self._sent.keep(entry)
        head = self._head(entry.mailbox, identity, "Message-ID")
        real = head.first("Message-ID") if head else ""
        self._sent.keep(replace(entry, draft="", real=real or entry.message_id))

    def mark(self, mailbox: str, identity: str) -> str:
        """What marks a message as ours; "" for any other."""
        head = self._head(mailbox, identity)
        return head.first(MARK) if head else ""

    def _in_thread(self, entry: Entry) -> Iterable[Head]:
        how = {"id": entry.thread, "format": "metadata", "metadataHeaders": [MARK], "fields": f"messages({_HEAD})"}
        thread = self._ask(entry.mailbox, lambda users: users.threads().get(userId="me", **how), fine=[GONE])
        return [Head(one) for one in (thread or {}).get("messages", ())]

    def _lately(self, entry: Entry) -> Iterable[Head]:
        since = int((datetime.fromisoformat(entry.at) - A_DAY).timestamp())
        how = {"q": f"in:sent to:{entry.to} after:{since}", "maxResults": LATEST, "fields": "messages(id)"}
        listed = self._ask(entry.mailbox, lambda users: users.messages().list(userId="me", **how))
        heads = (self._head(entry.mailbox, one["id"]) for one in (listed or {}).get("messages", ()))
        return (head for head in heads if head)

    def _head(self, mailbox: str, identity: str, header: str = MARK) -> Head | None:
        how = {"id": identity, "format": "metadata", "metadataHeaders": [header], "fields": _HEAD}
        told = self._ask(mailbox, lambda users: users.messages().get(userId="me", **how), fine=[GONE])
        return Head(told) if told else None

    def _ask(self, mailbox: str, make: Callable[[Any], Any], **how: Any) -> Any:
        return self._gmail.ask(mailbox, lambda gmail: make(gmail.users()), **how)
