"""The mailboxes behind the fake of Gmail: messages, drafts, threads, labels, history, and searches."""

import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from email import message_from_bytes
from email.message import Message as Parsed
from email.utils import getaddresses
from itertools import count
from typing import Any

Json = dict[str, Any]
_PREFIX = re.compile(r"^(?:(?:re|fwd?|aw)\s*:\s*)+", re.IGNORECASE)
_HEAD = re.compile(rb"\r?\n\r?\n")
_MESSAGE_ID = re.compile(rb"^message-id:.*(?:\r?\n[ \t].*)*", re.IGNORECASE | re.MULTILINE)


@dataclass
class Mail:
    """One message in one mailbox."""

    id: str
    thread: str
    raw: bytes = field(repr=False)
    labels: set[str]
    at: int  # milliseconds since 1970
    history: int = 0

    @property
    def parsed(self) -> Parsed:
        return message_from_bytes(self.raw)

    def header(self, name: str) -> str:
        return str(self.parsed.get(name, ""))

    @property
    def subject(self) -> str:
        return _PREFIX.sub("", self.header("Subject")).strip()

    @property
    def refers(self) -> set[str]:
        return set(re.findall(r"<[^<>\s]+>", f"{self.header('References')} {self.header('In-Reply-To')}"))

    @property
    def to(self) -> list[str]:
        return addresses(self.parsed, "To", "Cc", "Bcc")

    def told(self, form: str, headers: list[str]) -> Json:
        """The resource, in one of its formats."""
        told: Json = {"id": self.id, "threadId": self.thread, "labelIds": sorted(self.labels)}
        told |= {"historyId": str(self.history), "internalDate": str(self.at), "sizeEstimate": len(self.raw)}
        told["snippet"] = str(self.parsed.get_payload())[:80]
        if form == "raw":
            return told | {"raw": urlsafe_b64encode(self.raw).decode()}
        if form in ("metadata", "full"):
            wanted = {name.lower() for name in headers}
            shown = [(n, str(v)) for n, v in self.parsed.items() if not wanted or n.lower() in wanted]
            payload: Json = {"mimeType": self.parsed.get_content_type()}
            told["payload"] = payload | {"headers": [{"name": n, "value": v} for n, v in shown]}
        return told


@dataclass
class Mailbox:
    """All that one account holds; what has happened in it counts up `number`, with gaps as Gmail's has."""

    address: str
    now: Callable[[], datetime]
    mails: dict[str, Mail] = field(default_factory=dict)
    drafts: dict[str, str] = field(default_factory=dict)  # the message's id, by the draft's
    events: list[tuple[int, str, str, list[str]]] = field(default_factory=list)
    number: int = 1000
    oldest: int = 0  # what happened before is told no more
    unsearched: set[str] = field(default_factory=set)  # messages that the search has not found yet
    numbers: Iterator[int] = field(default_factory=lambda: count(0x18F2))

    def add(self, raw: bytes, *labels: str, thread: str = "", refer: bool = True) -> Mail:
        """A message comes into the mailbox, into a thread of its own or one that it refers to."""
        identity = f"{next(self.numbers):016x}"
        at = int(self.now().timestamp() * 1000) + len(self.mails)
        mail = Mail(identity, identity, raw, set(labels), at)
        fits = self.thread_of(mail) if refer else ""
        mail.thread = thread if thread and self._same_subject(thread, mail) else fits or identity
        self.mails[identity] = mail
        self.happened("messagesAdded", mail)
        return mail

    def thread_of(self, mail: Mail) -> str:
        """Gmail's threads are made of references and of subjects that are the same."""
        for other in self.mails.values():
            if other.header("Message-ID") in mail.refers and other.subject == mail.subject:
                return other.thread
        return ""

    def _same_subject(self, thread: str, mail: Mail) -> bool:
        return any(m.subject == mail.subject for m in self.mails.values() if m.thread == thread)

    def remove(self, mail: Mail) -> None:
        del self.mails[mail.id]
        self.happened("messagesDeleted", mail)

    def label(self, mail: Mail, add: str = "", remove: str = "") -> None:
        """Somebody files it elsewhere."""
        mail.labels = (mail.labels | {add}) - {remove, ""}
        if add:
            self.happened("labelsAdded", mail, [add])
        if remove:
            self.happened("labelsRemoved", mail, [remove])

    def happened(self, what: str, mail: Mail, labels: list[str] | None = None) -> None:
        self.number += 7
        mail.history = self.number
        self.events.append((self.number, what, mail.id, labels or sorted(mail.labels)))

    def forget(self) -> None:
        """History starts anew: whoever asks for what was before is answered 404."""
        self.oldest = self.number + 1
        self.number += 7

    def history(self, since: int, kinds: list[str]) -> list[Json]:
        """The records after `since`, oldest first."""
        return [self._record(*event) for event in self.events if event[0] > since and event[1] in kinds]

    def _record(self, number: int, what: str, identity: str, labels: list[str]) -> Json:
        found = self.mails.get(identity)
        told: Json = {"id": identity, "threadId": found.thread if found else identity}
        told["labelIds"] = sorted(found.labels) if found and what != "messagesAdded" else labels
        one: Json = {"message": told}
        if what.startswith("labels"):
            one["labelIds"] = labels
        return {"id": str(number), "messages": [{"id": identity, "threadId": told["threadId"]}], what: [one]}

    def search(self, query: str) -> list[Mail]:
        """What a search finds, newest first. Spam and trash are left out, as they are unless one asks for them."""
        found = [m for m in self.mails.values() if not m.labels & {"SPAM", "TRASH"} and m.id not in self.unsearched]
        for term in query.split():
            found = [m for m in found if self._meets(m, term)]
        return sorted(found, key=lambda m: m.at, reverse=True)

    def _meets(self, mail: Mail, term: str) -> bool:
        name, _, value = term.partition(":")
        if name == "after" and value.isdigit():
            return mail.at >= int(value) * 1000
        if name == "to":
            return value.lower() in mail.to
        if name == "rfc822msgid":
            return mail.header("Message-ID").strip("<>") == value.strip("<>")
        if name == "-in":
            return {"drafts": "DRAFT", "chats": "CHAT"}[value] not in mail.labels
        if name == "in":
            return value.upper() in mail.labels
        if name == "subject":
            return value.lower() in mail.header("Subject").lower()
        raise AssertionError(f"the fake knows no such search: {term}")


def renamed(raw: bytes, message_id: str) -> bytes:
    """A message under another Message-ID."""
    end = found.start() if (found := _HEAD.search(raw)) else len(raw)
    head, new = raw[:end], f"Message-ID: {message_id}".encode()
    return (_MESSAGE_ID.sub(new, head) if _MESSAGE_ID.search(head) else new + b"\r\n" + head) + raw[end:]


def decoded(raw: str) -> bytes:
    return urlsafe_b64decode(raw + "=" * (-len(raw) % 4))


def addresses(mail: Parsed, *names: str) -> list[str]:
    """The bare addresses in some headers, in lower case."""
    fields = [str(value) for name in names for value in mail.get_all(name, [])]
    return [address.lower() for _, address in getaddresses(fields) if address]


def masked(body: Any, fields: str) -> Any:
    """What a partial answer holds: `fields` as "id,payload/headers,messages(id,threadId)"; "" is all."""
    if not fields or not isinstance(body, dict):
        return body
    found: Json = {}
    for name, inner in _fields(fields):
        if name in body and isinstance(body[name], list):
            found[name] = [masked(one, inner) for one in body[name]]
        elif name in body:
            found[name] = {**found.get(name, {}), **masked(body[name], inner)} if inner else body[name]
    return found


def _fields(fields: str) -> Iterator[tuple[str, str]]:
    depth, said = 0, [""]
    for sign in fields:
        depth += {"(": 1, ")": -1}.get(sign, 0)
        if sign == "," and not depth:
            said.append("")
        else:
            said[-1] += sign
    for one in said:
        name, _, inner = one.partition("/") if "(" not in one.partition("/")[0] else one[:-1].partition("(")
        yield name, inner
