"""Mails that leave from people's own Gmail, each by way of a draft, so that a crash never sends one twice.

Gmail gives what leaves a Message-ID of its own, so that nothing can be found by ours. A draft that is gone has
left, and what has left lies in its thread, marked by a header of ours.
https://developers.google.com/workspace/gmail/api/guides/drafts and …/guides/threads.
"""

from __future__ import annotations

import logging
import re
from base64 import urlsafe_b64encode
from collections.abc import Callable
from copy import deepcopy
from dataclasses import replace
from email.message import EmailMessage
from email.policy import SMTP
from typing import TYPE_CHECKING, Any

from careermail.errors import ProviderError
from careermail.model import Service
from careermail.providers.google.headers import MARK
from careermail.providers.google.trail import GONE, Trail
from careermail.providers.shelf.leaving import entry_of
from careermail.providers.shelf.sent import Entry, Sent

if TYPE_CHECKING:
    from careermail.providers.google.api import Api

log = logging.getLogger("careermail")

LATEST = 100  # drafts among which one is looked for that was made right before a crash
_POLICY = SMTP.clone(cte_type="7bit")
Json = dict[str, Any]


class GmailOutbox:
    """As Outbox, from the mailbox that From names; `sent` remembers what left, and what was about to."""

    def __init__(self, gmail: Api, sent: Sent, service: Service) -> None:
        self._gmail, self._sent, self._service, self._trail = gmail, sent, service, Trail(gmail, sent)
        self._roots = re.compile(rf"<[0-9a-f]{{32}}@{re.escape(service.domain)}>")

    def send(self, message: EmailMessage) -> None:
        """As Outbox.send. Raises ProviderError; where it may have left all the same, `find` tells."""
        entry = entry_of(message, self._service)
        known = self._sent.get(entry.message_id, entry.to)
        left = self._has_left(known) if known else None
        if left:
            return
        held = self._held(known) if known and left is False and known.mailbox == entry.mailbox else None
        if not held:
            self._sent.keep(entry)  # so that after a crash a draft is looked for that was about to be made
        letter = self._letter(message, held or entry)
        entry = held or self._drafted(entry, letter)
        # What was drafted before a crash may be edited or out of date: what is said now is what leaves.
        body = {"id": entry.draft, **({"message": letter} if held else {})}
        gone = self._ask(entry, lambda users: users.drafts().send(userId="me", body=body), again=False)
        try:
            self._trail.named(replace(entry, thread=gone["threadId"]), gone["id"])
        except ProviderError as error:  # it has left all the same; whoever wants its name asks again
            log.warning("a mail left under a name that is not known yet", extra={"to": entry.to, "reason": str(error)})

    def find(self, message_id: str, to: str) -> bool | None:
        """As Outbox.find: None where there was a draft that is neither there nor among what was sent."""
        name = message_id.strip()
        if entry := self._sent.get(name, to):
            return self._has_left(entry)
        forgotten = self._sent.forgotten(self._service, name, to)
        return self._trail.lies(forgotten) if forgotten else False

    def _ask(self, entry: Entry, make: Callable[[Any], Any], **how: Any) -> Any:
        return self._gmail.ask(entry.mailbox, lambda gmail: make(gmail.users()), **how)

    # --- before it leaves ---

    def _letter(self, message: EmailMessage, entry: Entry) -> Json:
        """The mail as Gmail takes it: marked, and in its thread by the names that Gmail gave."""
        copy, thread = deepcopy(message), ""
        before = self._sent.before(entry.mailbox, entry.to, entry.root)
        # What is private refers to nothing that is read, by which an answer to it might be taken for an answer to us.
        if before and before.private == entry.private:
            thread = before.thread
            _set(copy, "In-Reply-To", before.real)
            _set(copy, "References", " ".join(dict.fromkeys([entry.root, before.real])))
        elif entry.root and not self._roots.fullmatch(entry.root):
            thread = self._thread_of(entry)
        _set(copy, MARK, entry.mark)
        raw = urlsafe_b64encode(copy.as_bytes(policy=_POLICY)).decode()
        return {"raw": raw, **({"threadId": thread} if thread else {})}

    def _thread_of(self, entry: Entry) -> str:
        """The thread of somebody's mail that this one answers; "" where it is not in the mailbox."""
        query = f"rfc822msgid:{entry.root.strip('<>')}"
        how = {"q": query, "maxResults": 1, "fields": "messages(id,threadId)"}
        found = self._ask(entry, lambda users: users.messages().list(userId="me", **how))
        return next((str(one["threadId"]) for one in found.get("messages", ())), "")

    def _drafted(self, entry: Entry, letter: Json) -> Entry:
        made = self._create(entry, letter, fine=[GONE])
        if made is None:  # the thread was deleted meanwhile
            made = self._create(entry, {"raw": letter["raw"]})
        return self._with_draft(entry, made)

    def _create(self, entry: Entry, letter: Json, **how: Any) -> Any:
        body = {"message": letter}
        return self._ask(entry, lambda users: users.drafts().create(userId="me", body=body), again=False, **how)

    def _with_draft(self, entry: Entry, draft: Json) -> Entry:
        entry = replace(entry, draft=draft["id"], thread=draft["message"]["threadId"])
        self._sent.keep(entry)
        return entry

    # --- after a crash ---

    def _has_left(self, entry: Entry) -> bool | None:
        if entry.left or not entry.draft:
            return entry.left
        how = {"id": entry.draft, "format": "minimal", "fields": "id"}
        if self._ask(entry, lambda users: users.drafts().get(userId="me", **how), fine=[GONE]):
            return False
        return True if self._trail.found(entry) else None

    def _held(self, entry: Entry) -> Entry | None:
        """A mail that did not leave, with its draft, even if nobody heard that one was made."""
        if entry.draft:
            return entry
        how = {"maxResults": LATEST, "fields": "drafts(id,message(id,threadId))"}
        drafts = self._ask(entry, lambda users: users.drafts().list(userId="me", **how)).get("drafts", ())
        ours = (one for one in drafts if self._trail.mark(entry.mailbox, one["message"]["id"]) == entry.mark)
        found = next(ours, None)
        return self._with_draft(entry, found) if found else None


def _set(message: EmailMessage, name: str, value: str) -> None:
    del message[name]
    message[name] = value
