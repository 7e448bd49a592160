"""The mail of Microsoft 365 as Graph shows it, and what of it traps clients.

The id of a draft is another once it is sent. Headers other than x- are refused, and more than five of those. A reply
quotes what it answers. Lists of changes tell that things were removed that were not, in an order of their own, and
forget where one stood. A mailbox sends thirty mails a minute. What is sent is delivered to the other mailboxes here.
"""

import json
import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections import defaultdict
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from fakes.graph.mailbox import WELL_KNOWN, Mailbox, Message, recipient
from fakes.graph.schema import asked, error, listed, told
from fakes.web import Answer, Request

PAGE = 10  # as Graph's own, where nobody asks for another
MOST_HEADERS, IN_A_MINUTE = 5, 30
_NAMED = re.compile(r"internetMessageId eq '((?:[^']|'')*)'")
_MARKED = re.compile(
    r"singleValueExtendedProperties/Any\((\w+): \1/id eq '((?:[^']|'')*)' and \1/value eq '((?:[^']|'')*)'\)"
)
_SINCE = re.compile(r"receivedDateTime ge (\S+)")


class Mail:
    """The room, below `/v1.0/users/{address}/`; `now` is the time there."""

    def __init__(self, now: Callable[[], datetime], **people: str) -> None:
        self.now = now
        self.boxes = {
            f"{name}@example.com": Mailbox(f"{name}@example.com", called, now) for name, called in people.items()
        }
        self.outside = defaultdict[str, list[bytes]](list)  # what left for whom has no mailbox here
        self.opened = list[str]()  # the subjects of what was read in full
        self.accepted: dict[str, str] = {}  # headers of a 202
        self.late = timedelta()  # until what was sent lies in Sent Items
        self.lies = True  # delta tells of removals that never were
        self._sends = defaultdict[str, list[datetime]](list)

    def __call__(self, request: Request) -> Answer | None:
        version, users, address, *rest = (*request.steps, "", "", "")
        rest = [step for step in rest if step]
        if (version, users) != ("v1.0", "users") or rest[:1] not in (["messages"], ["mailFolders"]):
            return None
        if (box := self.boxes.get(address.lower())) is None:
            return Answer(404, error("ErrorInvalidUser", f"The requested user '{address}' is invalid."))
        return (
            self._folders(request, box, rest[1:])
            if rest[0] == "mailFolders"
            else self._messages(request, box, rest[1:])
        )

    # --- what people do ---

    def arrives(self, raw: bytes) -> None:
        """A mail reaches whom it is addressed to, by To and Cc."""
        from email import message_from_bytes
        from email.utils import getaddresses

        mail = message_from_bytes(raw)
        for _, address in getaddresses([*mail.get_all("To", []), *mail.get_all("Cc", [])]):
            self._deliver(address.lower(), raw)

    def forget(self) -> None:
        """No link of delta is known any more."""
        for box in self.boxes.values():
            box.oldest = len(box.changes) + 1

    # --- messages ---

    def _messages(self, request: Request, box: Mailbox, rest: list[str]) -> Answer:
        if not rest:
            made = {"GET": self._list, "POST": self._create}.get(request.method)
            return made(request, box) if made else _no_such(request)
        if (message := box.get(rest[0])) is None:
            return Answer(404, error("ErrorItemNotFound", "The specified object was not found in the store."))
        done = {
            "GET": self._show,
            "GET $value": self._open,
            "PATCH": self._change,
            "POST createReply": self._reply,
            "POST send": self._send,
        }.get(" ".join((request.method, *rest[1:])))
        return done(request, box, message) if done else _no_such(request)

    def _show(self, request: Request, box: Mailbox, message: Message) -> Answer:  # noqa: ARG002
        return told("message", shown(message, request.first("$select")))

    def _open(self, request: Request, box: Mailbox, message: Message) -> Answer:  # noqa: ARG002
        self.opened.append(message.subject)
        return Answer(200, message.mime(), {"Content-Type": "text/plain"})

    def _create(self, request: Request, box: Mailbox) -> Answer:
        body = request.json if request.headers.get("content-type") == "application/json" else {}
        files = body.pop("attachments", [])
        if wrong := _wrong(body, files) or asked("message", _with(request, body)):
            return wrong
        made = box.add(folder="drafts", draft=True, sender=(box.name, box.address), attachments=files)
        _fill(made, body)
        made.headers = body.get("internetMessageHeaders", [])
        return told("message", shown(made), 201)

    def _list(self, request: Request, box: Mailbox) -> Answer:
        rule = request.first("$filter")
        seen = (one for one in box.messages if one.shown_from is None or one.shown_from <= self.now())
        if named := _NAMED.fullmatch(rule):
            found = [one for one in seen if one.internet_id == named[1].replace("''", "'")]
        elif marked := _MARKED.fullmatch(rule):
            found = [one for one in seen if one.properties.get(marked[2]) == marked[3]]
        else:
            return Answer(400, error("ErrorInvalidUrlQueryFilter", f"not understood: {rule}"))
        return listed("message", [shown(one, request.first("$select")) for one in found])

    def _change(self, request: Request, box: Mailbox, message: Message) -> Answer:
        if wrong := asked("message", request):
            return wrong
        if not message.draft or "internetMessageHeaders" in request.json:
            return Answer(400, error("ErrorInvalidPropertySet", "The property set is not valid for this item."))
        _fill(message, request.json)
        box.changed(message)
        return told("message", shown(message))

    def _reply(self, request: Request, box: Mailbox, message: Message) -> Answer:
        """A draft that quotes what it answers, is addressed to its sender, and keeps little of what else was said."""
        if wrong := asked("graph.message.createReply", request):
            return wrong
        given = request.json.get("Message", {})
        if wrong := _wrong(given, []):
            return wrong
        made = box.add(folder="drafts", draft=True, sender=(box.name, box.address), conversation=message.conversation)
        made.references = (*message.references, message.internet_id)
        _fill(made, {key: given[key] for key in given if key in {"body", "singleValueExtendedProperties"}})
        made.headers = given.get("internetMessageHeaders", [])
        made.body = {**made.body, "content": f"{made.body['content']}\n\nFrom: {message.sender[1]}\n{message.subject}"}
        made.subject, made.to = f"RE: {message.subject}", message.reply_to or [recipient(*message.sender)]
        return told("message", shown(made), 201)

    def _send(self, request: Request, box: Mailbox, message: Message) -> Answer:  # noqa: ARG002
        if not message.draft:
            return Answer(400, error("ErrorInvalidOperation", "It was sent already."))
        times = [at for at in self._sends[box.address] if at > self.now() - timedelta(minutes=1)]
        if len(times) >= IN_A_MINUTE:
            return Answer(429, error("ErrorExceededMessageLimit", "Too many messages a minute."))
        self._sends[box.address] = [*times, self.now()]
        message.draft, message.received = False, self.now()
        message.shown_from = self.now() + self.late if self.late else None
        box.move(message, "sentitems")
        for person in (*message.to, *message.cc):
            self._deliver(person["emailAddress"]["address"].lower(), message.mime())
        return Answer(202, None, self.accepted)

    def _deliver(self, address: str, raw: bytes) -> None:
        name, _, domain = address.rpartition("@")
        box = self.boxes.get(f"{name.partition('+')[0]}@{domain}")
        if box:
            box.deliver(raw)
        else:
            self.outside[address].append(raw)

    # --- folders ---

    def _folders(self, request: Request, box: Mailbox, rest: list[str]) -> Answer:
        if not rest or rest[0] not in WELL_KNOWN:
            return Answer(404, error("ErrorFolderNotFound", "The specified folder could not be found in the store."))
        match request.method, rest[1:]:
            case "GET", []:
                held = sum(1 for _ in box.within(rest[0]))
                return told("mailFolder", {"id": f"folder-{rest[0]}", "totalItemCount": held})
            case "GET", ["messages", "delta"]:
                return self._delta(request, box, rest[0])
        return _no_such(request)

    def _delta(self, request: Request, box: Mailbox, folder: str) -> Answer:
        """A page of a round. A token holds what is left to tell, and the change up to which the round tells."""
        token = request.first("$skiptoken") or request.first("$deltatoken")
        if token:
            state = json.loads(urlsafe_b64decode(token))
            if state["upto"] < box.oldest:
                return Answer(410, error("syncStateNotFound", "The sync state generation is not found; resync."))
        else:
            state = self._first_round(request, box, folder)
        if request.first("$deltatoken"):
            news = dict.fromkeys(name for at, name in box.changes[state["upto"] :] if at == folder)
            state = {**state, "left": [*news], "upto": len(box.changes)}
        return self._page(request, box, folder, state)

    def _first_round(self, request: Request, box: Mailbox, folder: str) -> dict[str, Any]:
        since = _SINCE.fullmatch(request.first("$filter"))
        after = datetime.fromisoformat(since[1]) if since else None
        left = [one.id for one in box.within(folder) if after is None or one.received >= after]
        return {"left": left, "upto": len(box.changes), "select": request.first("$select")}

    def _page(self, request: Request, box: Mailbox, folder: str, state: dict[str, Any]) -> Answer:
        wish = re.search(r"odata\.maxpagesize=(\d+)", request.headers.get("prefer", ""))
        size = int(wish[1]) if wish else PAGE
        now, left = state["left"][-size:][::-1], state["left"][:-size]  # the newest first
        items = [_told_of(box.get(name), name, folder, state["select"]) for name in now]
        if self.lies:
            items += [{"@removed": {"reason": "deleted"}, "id": one.id} for one in [*box.within(folder)][:1]]
        kind = "skiptoken" if left else "deltatoken"
        packed = urlsafe_b64encode(json.dumps({**state, "left": left}).encode()).decode()
        link = f"http://{request.headers['host']}{request.path}?${kind}={packed}"
        return listed("message", items, **{"nextLink" if left else "deltaLink": link})


def shown(message: Message, select: str = "") -> dict[str, Any]:
    """The message as Graph's type of that name; with $select, only these."""
    found = {
        "internetMessageId": message.internet_id,
        "conversationId": message.conversation,
        "subject": message.subject,
        "body": message.body,
        "from": recipient(*message.sender) if message.sender[1] else None,
        "toRecipients": message.to,
        "ccRecipients": message.cc,
        "replyTo": message.reply_to,
        "isDraft": message.draft,
        "isRead": message.read,
        "receivedDateTime": message.received.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "parentFolderId": f"folder-{message.folder}",
    }
    wanted = select.split(",") if select else found
    return {"id": message.id, **{name: value for name, value in found.items() if name in wanted}}


def _no_such(request: Request) -> Answer:
    return Answer(405, error("Request_BadRequest", f"{request.method} is not for {request.path}"))


def _told_of(message: Message | None, name: str, folder: str, select: str) -> dict[str, Any]:
    if message is None or message.folder != folder:
        return {"@removed": {"reason": "deleted"}, "id": name}
    return shown(message, select)


def _wrong(body: dict[str, Any], files: list[dict[str, str]]) -> Answer | None:
    headers = body.get("internetMessageHeaders", [])
    if any(not one["name"].lower().startswith("x-") for one in headers):
        return Answer(400, error("InvalidInternetMessageHeader", "The names of headers should start with 'x-'."))
    if len(headers) > MOST_HEADERS:
        return Answer(400, error("InvalidInternetMessageHeaderCollection", "Maximum number of headers is 5."))
    kind = "#microsoft.graph.fileAttachment"
    if any(one.get("@odata.type") != kind or set(one) - _FILE for one in files):
        return Answer(400, error("RequestBodyRead", "no attachment"))
    return None


_FILE = {"@odata.type", "name", "contentType", "contentBytes", "isInline"}


def _with(request: Request, body: dict[str, Any]) -> Request:
    return Request(request.method, request.path, request.query, request.headers, json.dumps(body).encode())


def _fill(message: Message, body: dict[str, Any]) -> None:
    names = {"subject": "subject", "body": "body", "toRecipients": "to", "ccRecipients": "cc", "replyTo": "reply_to"}
    for said, name in names.items():
        if said in body:
            setattr(message, name, body[said])
    for one in body.get("singleValueExtendedProperties", []):
        message.properties[one["id"]] = one["value"]
