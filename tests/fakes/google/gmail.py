"""Gmail's API as a room: the mailboxes of an organisation's people, between whom mails travel.

What is sent gets another Message-ID, as Gmail gives it; `renames` may be turned off. Each request and each answer is
held against the discovery document that comes with the client library.
"""

from collections.abc import Callable
from datetime import datetime
from itertools import count
from typing import Any

from fakes.google.discovery import Method, document, error
from fakes.google.mailboxes import Json, Mail, Mailbox, addresses, decoded, masked, renamed
from fakes.google.oauth import Accounts, not_enabled
from fakes.web import Answer, Request

KINDS = {"messageAdded": "messagesAdded", "labelRemoved": "labelsRemoved", "labelAdded": "labelsAdded"}


class Refused(Exception):  # noqa: N818 (it is an answer)
    """Ends a request."""

    def __init__(self, answer: Answer) -> None:
        self.answer = answer


NOT_FOUND = error(404, "notFound", "Requested entity was not found.")


class Gmail:
    """The room. `now` is when mails arrive."""

    def __init__(self, accounts: Accounts, now: Callable[[], datetime]) -> None:
        self.accounts, self.now = accounts, now
        self.boxes = {address: Mailbox(address, now) for address in accounts.people}
        self.off = set[str]()  # people without Gmail
        self.renames = True
        self.page = 500  # the most that one page holds
        self._names = count(1)

    # --- what people do ---

    def receive(self, raw: bytes, *recipients: str) -> list[Mail]:
        """A mail comes from somewhere; what there is of it in the mailboxes."""
        people = dict.fromkeys(map(_plain, recipients))
        return [self.boxes[one].add(raw, "INBOX", "UNREAD") for one in people if one in self.boxes]

    def send(self, sender: str, raw: bytes, thread: str = "") -> Mail:
        """Somebody sends a mail of their own, in Gmail itself."""
        return self._leave(self.boxes[sender], raw, thread)

    def sent(self, address: str) -> list[Mail]:
        """What has left a mailbox, oldest first."""
        return [mail for mail in self.boxes[address].mails.values() if "SENT" in mail.labels]

    def got(self, address: str) -> list[Mail]:
        """What has arrived there, oldest first."""
        return [mail for mail in self.boxes[address].mails.values() if "INBOX" in mail.labels]

    def _leave(self, box: Mailbox, raw: bytes, thread: str) -> Mail:
        if self.renames:
            raw = renamed(raw, f"<CAF{next(self._names)}+{box.number}@mail.gmail.com>")
        kept = box.add(raw, "SENT", thread=thread)
        recipients = [_plain(one) for one in kept.to]
        if box.address in recipients:  # one message is both what was sent and what came
            kept.labels |= {"INBOX", "UNREAD"}
        self.receive(raw, *(one for one in recipients if one != box.address))
        return kept

    # --- the room ---

    def __call__(self, request: Request) -> Answer | None:
        if not request.path.startswith("/gmail/"):
            return None
        method = document("gmail.v1").method(request)
        if method is None:
            return NOT_FOUND
        if flaws := method.flaws(request):
            return error(400, "invalidArgument", "; ".join(flaws))
        try:
            box = self._box(request, method)
            body = getattr(self, f"_{method.id.removeprefix('gmail.').replace('.', '_').lower()}")(box, request)
        except Refused as refused:
            return refused.answer
        answer = method.told(body)
        return answer if answer.status != 200 else Answer(200, masked(body, request.first("fields")))

    def _box(self, request: Request, method: Method) -> Mailbox:
        who = self.accounts.bearer(request)
        if who is None:
            raise Refused(error(401, "authError", "Request had invalid authentication credentials."))
        if "gmail.googleapis.com" in self.accounts.disabled:
            raise Refused(not_enabled("gmail.googleapis.com", "Gmail API"))
        if not method.allows(who.scopes):
            raise Refused(error(403, "insufficientPermissions", "Request had insufficient authentication scopes."))
        if who.robot or who.account in self.off:
            raise Refused(error(400, "failedPrecondition", "Mail service not enabled"))
        if method.steps["userId"] not in ("me", who.account):
            raise Refused(error(403, "forbidden", f"Delegation denied for {who.account}"))
        return self.boxes[who.account]

    def _users_getprofile(self, box: Mailbox, _: Request) -> Json:
        there = len(box.mails)
        told = {"emailAddress": box.address, "messagesTotal": there, "historyId": str(box.number)}
        return told | {"threadsTotal": len({mail.thread for mail in box.mails.values()})}

    def _users_messages_get(self, box: Mailbox, request: Request) -> Json:
        mail = _found(box.mails, request.steps[5])
        return mail.told(request.first("format", "full"), request.query.get("metadataHeaders", []))

    def _users_threads_get(self, box: Mailbox, request: Request) -> Json:
        thread = request.steps[5]
        form, headers = request.first("format", "full"), request.query.get("metadataHeaders", [])
        found = [mail.told(form, headers) for mail in box.mails.values() if mail.thread == thread]
        if not found:
            raise Refused(NOT_FOUND)
        return {"id": thread, "historyId": str(box.number), "messages": found}

    def _users_messages_list(self, box: Mailbox, request: Request) -> Json:
        found = box.search(request.first("q"))
        return self._paged("messages", [{"id": m.id, "threadId": m.thread} for m in found], request)

    def _users_history_list(self, box: Mailbox, request: Request) -> Json:
        since = int(request.first("startHistoryId"))
        if since < box.oldest or since > box.number:
            raise Refused(NOT_FOUND)
        kinds = [KINDS[kind] for kind in request.query.get("historyTypes", KINDS)]
        return self._paged("history", box.history(since, kinds), request) | {"historyId": str(box.number)}

    def _users_drafts_list(self, box: Mailbox, request: Request) -> Json:
        drafts = [{"id": d, "message": {"id": m, "threadId": box.mails[m].thread}} for d, m in box.drafts.items()]
        return self._paged("drafts", drafts[::-1], request)

    def _users_drafts_get(self, box: Mailbox, request: Request) -> Json:
        mail = box.mails[_found(box.drafts, request.steps[5])]
        return {"id": request.steps[5], "message": mail.told(request.first("format", "full"), [])}

    def _users_drafts_create(self, box: Mailbox, request: Request) -> Json:
        mail = self._written(box, request.json["message"])
        draft = f"r-{next(self._names)}{box.number}"
        box.drafts[draft] = mail.id
        return {"id": draft, "message": {"id": mail.id, "threadId": mail.thread, "labelIds": ["DRAFT"]}}

    def _users_drafts_send(self, box: Mailbox, request: Request) -> Json:
        asked = request.json
        draft = box.mails[_found(box.drafts, asked.get("id", ""))]
        new = asked.get("message", {})
        raw = self._from(box, decoded(new["raw"])) if "raw" in new else draft.raw
        if not addresses(Mail("", "", raw, set(), 0).parsed, "To"):
            raise Refused(error(400, "invalidArgument", "Recipient address required"))
        del box.drafts[asked["id"]]
        box.remove(draft)
        mail = self._leave(box, raw, new.get("threadId", draft.thread))
        return {"id": mail.id, "threadId": mail.thread, "labelIds": sorted(mail.labels)}

    def _written(self, box: Mailbox, message: Json) -> Mail:
        thread = message.get("threadId", "")
        if thread and not any(mail.thread == thread for mail in box.mails.values()):
            raise Refused(NOT_FOUND)
        return box.add(self._from(box, decoded(message["raw"])), "DRAFT", thread=thread, refer=False)

    def _from(self, box: Mailbox, raw: bytes) -> bytes:
        """Nobody writes in another's name."""
        assert addresses(Mail("", "", raw, set(), 0).parsed, "From") == [box.address], "Gmail would rewrite From"
        return raw

    def _paged(self, name: str, found: list[Json], request: Request) -> Json:
        start, most = int(request.first("pageToken", "0")), min(int(request.first("maxResults", "100")), self.page)
        told: Json = {name: found[start : start + most]} if found[start:] else {}
        if name != "history":
            told["resultSizeEstimate"] = len(found)
        return told | ({"nextPageToken": str(start + most)} if found[start + most :] else {})


def _found(table: dict[str, Any], name: str) -> Any:
    if name not in table:
        raise Refused(NOT_FOUND)
    return table[name]


def _plain(address: str) -> str:
    """Whose mailbox an address is, plus address or not."""
    name, _, domain = address.lower().rpartition("@")
    return f"{name.partition('+')[0]}@{domain}"
