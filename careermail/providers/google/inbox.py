"""Answers in a Gmail mailbox. Nothing in it is ever changed, and no other mail is opened.

Of what is new, only WATCHED headers are asked for: whom it is addressed to and what it answers. The whole of a mail is
read if these say that it answers one of ours, or is addressed to careermail; a report's answer to what is between two
people is not. https://developers.google.com/workspace/gmail/api/guides/sync.
"""

from __future__ import annotations

import re
from base64 import urlsafe_b64decode
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

from careermail.clock import Clock
from careermail.mail.addressed import DESK
from careermail.mail.authenticity import vouch
from careermail.model import Service
from careermail.providers import A_BATCH, LONGEST
from careermail.providers.google.headers import MARK, WATCHED, Head, names_us, to_itself
from careermail.providers.google.trail import GONE, Trail
from careermail.providers.shelf.sent import Sent

if TYPE_CHECKING:
    from careermail.providers.google.api import Api

INVALID = 400
LOOK_BACK = timedelta(days=31)
A_DAY = timedelta(days=1)
AT_ONCE = 200  # heads that one fetch reads at most, so that a long backlog goes on from where it was left
PAGE = 500  # as many as Gmail lists at once
HIDDEN = {"DRAFT", "SPAM", "TRASH", "CHAT"}
_HEAD = "id,threadId,labelIds,internalDate,payload/headers"
_CURSOR = re.compile(r"(\d+)(?:@(\d+)\.(\w*))?")
Json = dict[str, Any]


class _Place(NamedTuple):
    """How far a mailbox was read anew: a moment in milliseconds, and of the mails of that moment, which."""

    at: int = 0
    id: str = ""


class GmailInbox:
    """As Inbox, on one mailbox, be it our `own`; `stamp` is Provider.stamp, for what its owner sent themself.

    The cursor is a history id, which Gmail knows for about a week. Without one, or where it has forgotten it, what came
    in the last LOOK_BACK is looked through, in several fetches: "7@6.x" is the place up to which it was, and the
    history id from which to go on then. What was shown already may be shown again; whoever acts on it knows it.
    """

    def __init__(  # noqa: PLR0913 (each is a thing of its own; the last are named)
        self,
        gmail: Api,
        mailbox: str,
        sent: Sent,
        service: Service,
        clock: Clock,
        *,
        stamp: str = "",
        own: bool = False,
    ) -> None:
        self._gmail, self._mailbox, self._sent, self._service = gmail, mailbox, sent, service
        self._clock, self._stamp, self._own, self._trail = clock, stamp, own, Trail(gmail, sent)

    def fetch(self, cursor: str) -> tuple[list[bytes], str]:
        """As Inbox.fetch. Raises ProviderError."""
        known = _CURSOR.fullmatch(cursor)
        if known and known[2] is None and (page := self._history(known[1])) is not None:
            found, after = self._since(known[1], page)
        elif known and known[2]:
            found, after = self._anew(known[1], _Place(int(known[2]), known[3]))
        else:
            found, after = self._anew(self._number(), _Place())
        return [raw for head in found if (raw := self._raw(head))], after

    def watch(self, wake: Callable[[], None]) -> Callable[[], None] | None:  # noqa: ARG002
        """As Inbox.watch: Gmail tells nobody without a server of their own."""
        return None

    # --- what happened since ---

    def _since(self, cursor: str, page: Json) -> tuple[list[Head], str]:
        """Answers among what has come since the cursor, of which `page` is the first that was told."""
        found, since, looked = dict[str, Head](), cursor, 0
        while True:
            for record in page.get("history", ()):
                heads = [self._head(one) for one in _arrived(record) if one not in found]
                ours = {head.id: head for head in heads if head and self._is_ours(head)}
                if found and len(found) + len(ours) > A_BATCH:
                    return list(found.values()), cursor
                found, cursor, looked = found | ours, str(record["id"]), looked + len(heads)
                if looked >= AT_ONCE:
                    return list(found.values()), cursor
            if "nextPageToken" not in page:
                return list(found.values()), str(page["historyId"])
            page = self._history(since, pageToken=page["nextPageToken"]) or {"historyId": cursor}

    def _history(self, since: str, **page: str) -> Json | None:
        """What has come into the mailbox, a page of it; None where Gmail does not remember that long, or never did."""
        how = {"startHistoryId": since, "historyTypes": ["messageAdded", "labelRemoved"], "maxResults": PAGE, **page}
        found: Json | None = self._ask(lambda users: users.history().list(userId="me", **how), fine=[GONE, INVALID])
        return found

    # --- what there is ---

    def _anew(self, number: str, place: _Place) -> tuple[list[Head], str]:
        """Answers among what came lately, after `place`; `number` is the history id from which to go on at the end."""
        found: list[Head] = []
        for n, head in enumerate(self._lately(place), 1):
            found += [head] if self._is_ours(head) else []
            if len(found) == A_BATCH or n == AT_ONCE:
                return found, f"{number}@{head.at}.{head.id}"
        return found, number

    def _lately(self, place: _Place) -> Iterator[Head]:
        """What came after `place`, oldest first; of mails of the same moment, some may come again."""
        newest_first = list(self._listed(self._query(place)))
        heads = (self._head(one) for one in reversed(newest_first))
        return (head for head in heads if head and head.at >= place.at and head.id != place.id)

    def _query(self, place: _Place) -> str:
        """The narrowest search that finds every answer: from before our first mail, only what is addressed to us."""
        since, first = self._clock.now() - LOOK_BACK, self._sent.since(self._mailbox)
        after = max(since, first - A_DAY) if first else since
        narrow = "" if first or self._own else f" {_addressed(self._service, self._mailbox)}"
        return f"after:{max(int(after.timestamp()), place.at // 1000)} -in:drafts -in:chats{narrow}"

    def _listed(self, query: str) -> Iterator[str]:
        page: Json = {}
        while not page or "nextPageToken" in page:
            more = {"pageToken": page["nextPageToken"]} if page else {}
            page = self._list(q=query, maxResults=PAGE, **more)
            yield from (one["id"] for one in page.get("messages", ()))

    def _number(self) -> str:
        """A history id after which nothing is that the search does not know yet: that of the latest mail that it finds.

        Where Gmail forgot that, or may soon, the mailbox's own.
        """
        for one in self._list(maxResults=1).get("messages", ()):
            told = self._get(id=one["id"], format="minimal", fields="historyId,internalDate")
            fresh = told and int(told["internalDate"]) / 1000 > (self._clock.now() - A_DAY).timestamp()
            if told and fresh and self._history(told["historyId"]) is not None:
                return str(told["historyId"])
        return str(self._ask(lambda users: users.getProfile(userId="me", fields="historyId"))["historyId"])

    def _list(self, **how: Any) -> Json:
        how["fields"] = "messages(id),nextPageToken"
        found: Json = self._ask(lambda users: users.messages().list(userId="me", **how))
        return found or {"messages": []}

    # --- a message ---

    def _get(self, **how: Any) -> Json | None:
        """A message, as far as it is asked for; None where it is gone."""
        found: Json | None = self._ask(lambda users: users.messages().get(userId="me", **how), fine=[GONE])
        return found

    def _head(self, identity: str) -> Head | None:
        """What is asked of every mail; None where it is gone. Without `fields`, a line of its text would come along."""
        told = self._get(id=identity, format="metadata", metadataHeaders=list(WATCHED), fields=_HEAD)
        return Head(told) if told else None

    def _is_ours(self, head: Head) -> bool:
        if head.labels & HIDDEN or head.first(MARK):  # a mail of our own is no answer
            return False
        if names_us(head, self._service, self._mailbox, own=self._own):
            return True
        if "SENT" in head.labels and "INBOX" not in head.labels and not to_itself(head, self._mailbox):
            return False  # the owner's word to somebody else; what they write to themselves may be archived at once
        answered = self._sent.answered(self._mailbox, head.thread_ids, head.thread)
        if head.is_report:
            return answered is not None or self._sent.holds(self._mailbox, head.thread)
        return answered is not None and not answered.private

    def _raw(self, head: Head) -> bytes | None:
        told = self._get(id=head.id, format="raw", fields="raw")
        if not told:
            return None
        for entry in self._sent.unnamed(self._mailbox):
            if entry.thread == head.thread:
                self._trail.found(entry)
        raw = self._sent.ours(self._mailbox, urlsafe_b64decode(told["raw"]), whole=head.is_report)
        if self._stamp and "SENT" in head.labels and head.addresses("From") == [self._mailbox]:
            raw = vouch(raw, self._stamp, self._mailbox)
        return raw[:LONGEST]

    def _ask(self, make: Callable[[Any], Any], **how: Any) -> Any:
        return self._gmail.ask(self._mailbox, lambda gmail: make(gmail.users()), **how)


def _arrived(record: Mapping[str, Any]) -> Iterable[str]:
    """The messages that a record of the history says have come, or have turned out to be no spam."""
    came = [one["message"] for one in record.get("messagesAdded", ())]
    came += [one["message"] for one in record.get("labelsRemoved", ()) if "SPAM" in one.get("labelIds", ())]
    return dict.fromkeys(str(one["id"]) for one in came if not HIDDEN.intersection(one.get("labelIds", ())))


def _addressed(service: Service, mailbox: str) -> str:
    name, _, domain = mailbox.rpartition("@")
    return f"to:{name}+{DESK}@{domain}" if service.tags else f"subject:{DESK}"
