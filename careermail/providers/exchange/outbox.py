"""Mail through EWS, from the mailbox that From names: a draft, whose id is kept on disk, then SendItem.

`send_and_save` would take one request, but returns no id, and one that is carried out after nobody waits for it any
more sends a mail that nobody finds in time. A draft can only leave once, whatever happens to the requests about it: the
worst that a lost answer leaves behind is a draft that never left, which is taken away when the mail is looked for.
"""

from __future__ import annotations

import logging
from collections import defaultdict
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from email.message import EmailMessage
from typing import TYPE_CHECKING

from careermail.clock import Clock
from careermail.errors import ProviderError
from careermail.model import Service
from careermail.providers.exchange.account import Mailboxes
from careermail.providers.shelf.leaving import entry_of, without_trace
from careermail.providers.shelf.sent import Entry, Sent

if TYPE_CHECKING:
    from exchangelib import Message
    from exchangelib.folders import Folder

log = logging.getLogger("careermail")

GIVEN_UP = timedelta(days=2)  # a copy that is not there by then will not come any more


@dataclass(frozen=True)
class Post:
    """What the outbox and the inboxes stand on."""

    mailboxes: Mailboxes
    sent: Sent  # what left each mailbox
    service: Service
    clock: Clock
    stamp: str  # Provider.stamp


class ExchangeOutbox:
    """As Outbox."""

    def __init__(self, post: Post) -> None:
        self._mailboxes, self._sent, self._service, self._clock = post.mailboxes, post.sent, post.service, post.clock
        # By mailbox, since behind one address may be servers of several ages: what we are not let set, and where mails
        # were seen to leave under the Message-IDs that we give them.
        self._unsettable, self._kept = defaultdict[str, set[str]](set), set[str]()

    def send(self, message: EmailMessage) -> None:
        """As Outbox.send. What has left already is not sent a second time.

        Raises ProviderError: permanent where the server refuses the mail or its recipient for good, urgent where
        somebody must mend it, else temporary; then `find` tells whether it left all the same.
        """
        entry = entry_of(message, self._service)
        if self._sent.get(entry.message_id, entry.to) and self.find(entry.message_id, entry.to):
            return
        self._sent.keep(entry)  # before anything is asked of the server: what is not in here was never handed over
        draft = self._drafted(message, entry)
        entry = replace(entry, draft=draft.id, thread=_thread(draft))
        self._sent.keep(entry)
        self._dispatch(draft, entry)
        self._note(entry)

    def find(self, message_id: str, to: str) -> bool | None:
        """As Outbox.find: by what is kept of it, and where that does not tell, by what lies in the mailbox.

        A draft that has not left is taken away, so that none stays there that nobody wants any more. Of one that is
        gone without a trace nothing is said for a while, since Sent Items may come late: that raises a temporary
        ProviderError.
        """
        entry = self._sent.get(message_id.strip(), to)
        if entry is None:
            forgotten = self._sent.forgotten(self._service, message_id.strip(), to)
            return bool(forgotten and self._copy(forgotten))
        if entry.left:
            return True
        drafts = self._drafts(entry)
        if any(draft.is_submitted for draft in drafts):
            return True
        if drafts and self._taken_away(drafts, entry):
            return False
        return self._named(entry) or without_trace(entry, self._sent, self._clock, self._mailboxes.login.where)

    def name(self, mailbox: str) -> None:
        """Learn under which Message-IDs the latest mails of a mailbox left, where that is still unknown."""
        since = self._clock.now() - GIVEN_UP
        for entry in self._sent.unnamed(mailbox):
            if datetime.fromisoformat(entry.at) > since:
                self._named(entry)

    # --- before it leaves ---

    def _drafted(self, message: EmailMessage, entry: Entry) -> Message:
        """The mail as a draft, with what the server calls it and its conversation."""
        from exchangelib.folders import Drafts

        from careermail.providers.exchange.letters import folder, sound

        with self._mailboxes.open(entry.mailbox) as account:
            drafts = folder(account, Drafts)
            draft = self._saved(drafts, message, entry)
            (found,) = account.fetch([draft], folder=drafts, only_fields=["conversation_id", "changekey"])
            return sound(found)

    def _saved(self, drafts: Folder, message: EmailMessage, entry: Entry) -> Message:
        """The draft; what this server does not let us set is left to it, and of a draft with that nothing was made."""
        from exchangelib.errors import ErrorInvalidPropertySet

        from careermail.providers.exchange.letters import draft_of, refused_setting

        without = self._unsettable[entry.mailbox]
        while True:
            try:
                return draft_of(drafts, message, entry, without=without).save()
            except ErrorInvalidPropertySet as error:
                if not (name := refused_setting(error, without)):
                    raise
                without.add(name)

    def _dispatch(self, draft: Message, entry: Entry) -> None:
        """SendItem; a draft that will never leave is taken away."""
        from exchangelib.folders import SentItems

        from careermail.providers.exchange.letters import folder

        try:
            with self._mailboxes.open(entry.mailbox) as account:
                draft.account = account
                draft.send(copy_to_folder=folder(account, SentItems))
        except ProviderError as error:
            if error.permanent:
                self._taken_away([draft], entry)
            raise

    # --- after it left ---

    def _note(self, entry: Entry) -> None:
        """Keep under which Message-ID it left: the one that we gave, once that was seen to last."""
        if entry.mailbox in self._kept:
            self._sent.keep(replace(entry, real=entry.message_id))
            return
        with suppress(ProviderError):  # it has left; its name is learned when it is next asked for
            self._named(entry)

    def _copy(self, entry: Entry) -> str:
        """The name under which the mail lies in Sent Items; "" where it does not."""
        from exchangelib.folders import SentItems

        from careermail.providers.exchange.letters import folder, marked, sound

        with self._mailboxes.open(entry.mailbox) as account:
            place = folder(account, SentItems)
            copies = account.fetch(marked(place, entry), folder=place, only_fields=["message_id"])
            copy = next(iter(copies), None)
            return sound(copy).message_id or entry.message_id if copy else ""

    def _named(self, entry: Entry) -> bool:
        """Whether the mail lies in Sent Items; then the name under which it left is kept."""
        if real := self._copy(entry):
            (self._kept.add if real == entry.message_id else self._kept.discard)(entry.mailbox)
            self._sent.keep(replace(entry, real=real))
        return bool(real)

    def _drafts(self, entry: Entry) -> list[Message]:
        """What lies in Drafts and is this mail, be it on its way already."""
        from exchangelib.folders import Drafts

        from careermail.providers.exchange.letters import folder, marked

        with self._mailboxes.open(entry.mailbox) as account:
            return marked(folder(account, Drafts), entry, "is_submitted")

    def _taken_away(self, drafts: list[Message], entry: Entry) -> bool:
        """Delete drafts of ours that did not leave; False where one is gone by itself, so that it may have left."""
        from exchangelib.errors import ErrorItemNotFound

        from careermail.providers.exchange.letters import sound

        with self._mailboxes.open(entry.mailbox) as account:
            told = account.bulk_delete(drafts)
            if any(isinstance(one, ErrorItemNotFound) for one in told):
                return False
            for one in told:
                sound(one)
        self._sent.keep(replace(entry, draft=""))
        return True


def _thread(message: Message) -> str:
    return message.conversation_id.id if message.conversation_id else ""
