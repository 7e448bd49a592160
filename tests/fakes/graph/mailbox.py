"""One mailbox of Exchange Online: messages in folders, conversations, and what changed in which order."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from email.utils import format_datetime, getaddresses
from html import unescape
from itertools import count
from typing import Any

WELL_KNOWN = ("inbox", "sentitems", "drafts", "deleteditems", "archive")
A_SECOND = timedelta(seconds=1)  # between two messages, so that it can be told which came first
_IDS = re.compile(r"<[^<>\s]+>")
_numbers = count(1)


@dataclass
class Message:
    """A message; `raw` is its MIME as it came, where it did not arise here."""

    id: str
    folder: str
    internet_id: str
    conversation: str
    received: datetime
    subject: str = ""
    body: dict[str, str] = field(default_factory=lambda: {"contentType": "text", "content": ""})
    sender: tuple[str, str] = ("", "")
    to: list[dict[str, Any]] = field(default_factory=list)
    cc: list[dict[str, Any]] = field(default_factory=list)
    reply_to: list[dict[str, Any]] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    properties: dict[str, str] = field(default_factory=dict)
    attachments: list[dict[str, str]] = field(default_factory=list)
    draft: bool = False
    read: bool = False
    references: tuple[str, ...] = ()
    raw: bytes = b""
    shown_from: datetime | None = None  # it is there, but no list tells so before

    def mime(self) -> bytes:
        """All of it (RFC 5322). Auto-Submitted never is: Exchange strips it."""
        return self.raw or self._made().as_bytes(policy=policy.SMTP)

    def _made(self) -> EmailMessage:
        made = EmailMessage()
        made["From"] = f"{self.sender[0]} <{self.sender[1]}>" if self.sender[0] else self.sender[1]
        for name, people in (("To", self.to), ("Cc", self.cc), ("Reply-To", self.reply_to)):
            if people:
                made[name] = ", ".join(_written(one) for one in people)
        made["Subject"], made["Message-ID"] = self.subject, self.internet_id
        made["Date"] = format_datetime(self.received)
        if self.references:
            made["In-Reply-To"], made["References"] = self.references[-1], " ".join(self.references)
        for one in self.headers:
            made[one["name"]] = one["value"]
        self._fill(made)
        return made

    def _fill(self, made: EmailMessage) -> None:
        content = self.body["content"]
        if self.body["contentType"] == "html":
            made.set_content(as_text(content))
            made.add_alternative(content, subtype="html")
        else:
            made.set_content(content)
        for one in self.attachments:
            made.add_attachment(
                b64(one["contentBytes"]), maintype="application", subtype="octet-stream", filename=one["name"]
            )


@dataclass
class Mailbox:
    """The messages of one address, and a log of which changed, by their folders."""

    address: str
    name: str
    now: Callable[[], datetime]
    messages: list[Message] = field(default_factory=list)
    changes: list[tuple[str, str]] = field(default_factory=list)  # folder and id
    oldest: int = 0  # the first change that delta tokens may still speak of

    def add(self, **what: Any) -> Message:
        """A new message, with names of Exchange's own."""
        number = next(_numbers)
        last = max((one.received for one in self.messages), default=self.now() - A_SECOND)
        usual = {
            "received": max(self.now(), last + A_SECOND),
            "id": f"AAMkAG{number:06d}-_Q=",
            "internet_id": f"<DB9P{number:06d}@EURP190.PROD.OUTLOOK.COM>",
        }
        made = Message(**{**usual, "conversation": f"AAQkAG{number:06d}=", **what})
        self.messages.append(made)
        self.changed(made)
        return made

    def changed(self, message: Message) -> None:
        self.changes.append((message.folder, message.id))

    def deliver(self, raw: bytes, *, folder: str = "inbox") -> Message:
        """What comes from outside or from a colleague: its conversation is that of what it answers."""
        mail = message_from_bytes(raw, policy=policy.default)
        references = tuple(_IDS.findall(f"{mail['References'] or ''} {mail['In-Reply-To'] or ''}"))
        told = {"internet_id": str(mail["Message-ID"]).strip()} if mail["Message-ID"] else {}
        known = self.conversation_of(references)
        ((name, sender), *_) = getaddresses([str(mail["From"])])
        return self.add(
            folder=folder,
            subject=str(mail["Subject"] or ""),
            sender=(name, sender),
            to=_people(mail, "To"),
            cc=_people(mail, "Cc"),
            reply_to=_people(mail, "Reply-To"),
            references=references,
            raw=raw,
            **told,
            **({"conversation": known} if known else {}),
        )

    def conversation_of(self, references: tuple[str, ...]) -> str:
        return next((one.conversation for one in self.messages if one.internet_id in references), "")

    def get(self, name: str) -> Message | None:
        return next((one for one in self.messages if one.id == name), None)

    def within(self, folder: str) -> Iterator[Message]:
        return (one for one in self.messages if one.folder == folder)

    def remove(self, message: Message) -> None:
        self.messages.remove(message)
        self.changed(message)

    def move(self, message: Message, folder: str) -> None:
        """Somebody files it; the id changes."""
        self.changed(message)
        message.id, message.folder = f"AAMkAG{next(_numbers):06d}-_Q=", folder
        self.changed(message)


def as_text(html: str) -> str:
    """The text part that Exchange makes of an HTML body, roughly."""
    body = re.sub(r"(?is)<(style|head)\b.*?</\1>", "", html)
    body = re.sub(r"(?is)<a\b[^>]*href=\"([^\"]*)\"[^>]*>(.*?)</a>", r"\2<\1>", body)
    body = re.sub(r"(?i)<li\b[^>]*>", "\n* ", body)
    body = re.sub(r"(?i)</?(?:p|div|br|h[1-6]|tr|ul|ol|table|blockquote|hr)\b[^>]*>", "\n", body)
    return unescape(re.sub(r"\n{3,}", "\n\n", re.sub(r"(?s)<(?!mailto:)[^>]*>", "", body))).strip() + "\n"


def recipient(name: str, address: str) -> dict[str, Any]:
    return {"emailAddress": {"name": name or address, "address": address}}


def b64(text: str) -> bytes:
    from base64 import b64decode

    return b64decode(text)


def _people(mail: EmailMessage, field: str) -> list[dict[str, Any]]:
    return [recipient(name, address) for name, address in getaddresses([str(v) for v in mail.get_all(field, [])])]


def _written(person: dict[str, Any]) -> str:
    one = person["emailAddress"]
    name = str(one.get("name", "")).replace('"', "")
    return f'"{name}" <{one["address"]}>' if name else str(one["address"])
