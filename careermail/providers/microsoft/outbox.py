"""Mail through Graph, from the mailbox that From names: a draft, whose names are kept before it leaves, then sent."""

import logging
from collections import deque
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from email.message import EmailMessage
from urllib.parse import quote

from careermail.clock import Clock
from careermail.errors import ProviderError
from careermail.model import Service
from careermail.providers.microsoft.failures import GraphError
from careermail.providers.microsoft.graph import Graph, Json, text
from careermail.providers.microsoft.resource import MARKER, content, draft
from careermail.providers.shelf.leaving import entry_of, without_trace
from careermail.providers.shelf.sent import Entry, Sent

log = logging.getLogger("careermail")

A_MINUTE, IN_A_MINUTE = timedelta(minutes=1), 30  # https://learn.microsoft.com/office365/servicedescriptions
SHOWN = {"$select": "id,isDraft,internetMessageId,conversationId,toRecipients"}


class GraphOutbox:
    """As Outbox. `sent` remembers what left each mailbox."""

    def __init__(self, graph: Graph, sent: Sent, service: Service, clock: Clock) -> None:
        self._graph, self._sent, self._service, self._clock = graph, sent, service, clock
        self._paces: dict[str, deque[datetime]] = {}

    def send(self, message: EmailMessage) -> None:
        """As Outbox.send. What has left already is not sent a second time; a draft of it that is there is.

        Raises ProviderError: permanent where Graph refuses the mail or its recipient for good, urgent where somebody
        must mend it, else temporary; then `find` tells whether it left all the same.
        """
        entry = entry_of(message, self._service)
        if self._sent.get(entry.message_id, entry.to) is None:
            self._sent.keep(entry)
        elif self.find(entry.message_id, entry.to):
            return
        entry = self._sent.get(entry.message_id, entry.to) or entry
        drafted = self._rewritten if entry.draft else self._drafted
        entry = drafted(entry, message)
        self._pace(entry.mailbox)
        self._leave(entry)

    def find(self, message_id: str, to: str) -> bool | None:
        """As Outbox.find: by what is kept of it, and where that does not tell, by what lies in the mailbox.

        A draft that is there has not left; one that is gone and lies elsewhere has. Of one that is gone without a
        trace nothing is said for a while, since Sent Items may come late: that raises a temporary ProviderError.
        """
        entry = self._sent.get(message_id.strip(), to)
        if entry is None:
            return self._forgotten(message_id.strip(), to)
        if entry.left:
            return True
        found = self._found(entry)
        if found is None:
            return without_trace(entry, self._sent, self._clock, "Microsoft 365")
        entry = replace(entry, draft=_names(found), thread=found.get("conversationId") or "")
        self._sent.keep(entry if found["isDraft"] else replace(entry, real=_real(entry)))
        return not found["isDraft"]

    # --- within ----------------------------------------------------------------------------------

    def _drafted(self, entry: Entry, message: EmailMessage) -> Entry:
        """The mail as a draft whose names are kept. One whose names never reach us is found again by its marker."""
        body = draft(message, entry.mark)
        reply = self._reply(entry, body)
        made = reply or self._graph.post(entry.mailbox, "messages", body)
        entry = replace(entry, draft=_names(made), thread=made.get("conversationId") or "")
        self._sent.keep(entry)
        return self._rewritten(entry, message) if reply else entry

    def _rewritten(self, entry: Entry, message: EmailMessage) -> Entry:
        """A draft that may hold something else by now: what it answers, or what somebody typed into it."""
        self._graph.patch(entry.mailbox, _path(_id(entry)), content(message))
        return entry

    def _reply(self, entry: Entry, body: Json) -> Json | None:
        """The draft as a reply, so that it is one conversation with what went before; None where it cannot be one."""
        earlier = self._earlier(entry) if entry.root and "attachments" not in body else ""
        if not earlier:
            return None
        try:
            return self._graph.post(entry.mailbox, f"{_path(earlier)}/createReply", {"Message": body})
        except GraphError as error:
            if not error.permanent:
                raise
            log.warning("not in its thread", extra={"to": entry.to, "reason": str(error)})
            return None

    def _earlier(self, entry: Entry) -> str:
        """The id of what it is to be a reply to: the mail before in its thread, or what somebody wrote; "" for none."""
        before = self._sent.before(entry.mailbox, entry.to, entry.root)
        if before and before.private != entry.private:  # else private answers would lie in a thread that is read
            return ""
        found = self._by(entry.mailbox, f"internetMessageId eq {text(before.real if before else entry.root)}")
        return next((one["id"] for one in found if not one["isDraft"]), "")

    def _leave(self, entry: Entry) -> None:
        try:
            self._graph.ask("POST", entry.mailbox, f"{_path(_id(entry))}/send")
        except GraphError as error:
            if not error.gone:
                raise
            what = f"Microsoft 365, mailbox {entry.mailbox}: a draft of ours is gone before it was sent"
            raise ProviderError(f"{what}; it is looked for again") from error
        self._sent.keep(replace(entry, real=_real(entry)))

    def _found(self, entry: Entry) -> Json | None:
        """The mail as it lies in the mailbox: what left goes before a draft."""
        ways: list[Callable[[], list[Json]]] = [lambda: self._by(entry.mailbox, _marked(entry))]
        if entry.draft:
            named = f"internetMessageId eq {text(_real(entry))}"
            ways = [lambda: self._by_id(entry.mailbox, _id(entry)), lambda: self._by(entry.mailbox, named), *ways]
        for way in ways:
            # A draft is ours whatever it says by now; what left is, as long as it was not passed on to somebody else.
            if found := [one for one in way() if one["isDraft"] or _goes_to(one, entry.to)]:
                return min(found, key=lambda one: one["isDraft"])
        return None

    def _forgotten(self, message_id: str, to: str) -> bool:
        """Whether a mail left of which nothing is kept any more, by what lies in the mailbox."""
        entry = self._sent.forgotten(self._service, message_id, to)
        found = self._found(entry) if entry else None
        return found is not None and not found["isDraft"]

    def _by_id(self, mailbox: str, name: str) -> list[Json]:
        try:
            return [self._graph.get(mailbox, _path(name), SHOWN)]
        except GraphError as error:
            if error.gone:
                return []
            raise

    def _by(self, mailbox: str, rule: str) -> list[Json]:
        return list(self._graph.every(mailbox, "messages", {**SHOWN, "$filter": rule}))

    def _pace(self, mailbox: str) -> None:
        """Wait until the mailbox may send another mail: it may send so many a minute."""
        times = self._paces.setdefault(mailbox, deque(maxlen=IN_A_MINUTE))
        if len(times) == IN_A_MINUTE:
            while (free := times[0] + A_MINUTE) > self._clock.now():
                self._clock.wait(free)
        times.append(self._clock.now())


def _path(name: str) -> str:
    return f"messages/{quote(name, safe='=')}"


def _names(found: Json) -> str:
    """What Graph calls a draft: the id by which it is asked for, which changes once it is sent, and its Message-ID."""
    return f"{found['id']} {found['internetMessageId']}"


def _id(entry: Entry) -> str:
    return entry.draft.partition(" ")[0]


def _real(entry: Entry) -> str:
    return entry.draft.partition(" ")[2]


def _marked(entry: Entry) -> str:
    one = f"ep/id eq {text(MARKER)} and ep/value eq {text(entry.mark)}"
    return f"singleValueExtendedProperties/Any(ep: {one})"


def _goes_to(found: Json, to: str) -> bool:
    return any(one["emailAddress"].get("address", "").lower() == to for one in found.get("toRecipients", ()))
