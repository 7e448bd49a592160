"""A mail as Exchange's type Message, and the properties by which ours are found again.

Exchange keeps one body of a mail and makes the text part of an HTML body by itself. Headers of ours go along in the
property set InternetHeaders; what begins with X- arrives, of the others nobody can be sure.
https://learn.microsoft.com/exchange/client-developer/web-service-reference/message-ex15websvcsotherref
"""

from __future__ import annotations

from collections.abc import Container
from email.message import EmailMessage
from email.utils import getaddresses
from typing import Any

from exchangelib import Account, Body, ExtendedProperty, FileAttachment, HTMLBody, Mailbox, Message
from exchangelib.errors import ErrorCorruptData, ErrorItemCorrupt, ErrorMimeContentConversionFailed
from exchangelib.folders import Folder, Root
from exchangelib.properties import DistinguishedFolderId

from careermail.mail.escape import plain
from careermail.providers.exchange.properties import SET
from careermail.providers.shelf.sent import Entry

BROKEN = (ErrorCorruptData, ErrorItemCorrupt, ErrorMimeContentConversionFailed)  # what will never be read
LONGEST_SUBJECT = 255  # characters that the library lets pass
HEADERS = {
    "X-Careermail-Kind": "careermail_kind",
    "X-Careermail-Key": "careermail_key",
    "Auto-Submitted": "careermail_auto",
}
# What a server may not let us set, by what it calls it.
SETTABLE = {
    "message:InternetMessageId": "message_id",
    "item:InReplyTo": "in_reply_to",
    "message:References": "references",
    "message:From": "author",
}


class Mark(ExtendedProperty):  # type: ignore[misc]
    """What tells a mail of ours, in Drafts and in Sent Items; it stays in the mailbox."""

    property_set_id = SET
    property_name = "careermail-mail"
    property_type = "String"


def _header(name: str) -> type[ExtendedProperty]:
    kind = {"distinguished_property_set_id": "InternetHeaders", "property_name": name, "property_type": "String"}
    return type("Header", (ExtendedProperty,), kind)


Message.register("careermail_mail", Mark)
for _name, _attribute in HEADERS.items():
    Message.register(_attribute, _header(_name))


def folder(account: Account, kind: type[Folder]) -> Folder:
    """One of the folders that every mailbox has, by what it is; nothing is asked of the server for it."""
    box = Mailbox(email_address=account.primary_smtp_address)
    root = Root(account=account, _distinguished_id=DistinguishedFolderId(id="root", mailbox=box))
    return kind(root=root, _distinguished_id=DistinguishedFolderId(id=kind.DISTINGUISHED_FOLDER_ID, mailbox=box))


def marked(place: Folder, entry: Entry, *fields: str) -> list[Message]:
    """What lies in a folder and is this mail; of its other properties, FindItem tells only the shorter."""
    return list(place.filter(careermail_mail=entry.mark).only("id", "changekey", *fields))


def sound(answer: Any) -> Any:
    """What the library returned; raises what it returned in its place."""
    if isinstance(answer, Exception):
        raise answer
    return answer


def draft_of(drafts: Folder, message: EmailMessage, entry: Entry, *, without: Container[str]) -> Message:
    """The mail as a draft that is not there yet; what is `without`, of the SETTABLE, is left to the server."""
    return Message(
        folder=drafts,
        subject=plain(message["Subject"] or "")[:LONGEST_SUBJECT],
        body=_body(message),
        to_recipients=_people(message, "To"),
        reply_to=_people(message, "Reply-To") or None,
        attachments=_files(message),
        careermail_mail=entry.mark,
        **{HEADERS[name]: str(message[name]) for name in HEADERS if message[name]},
        **{name: said for name, said in _settable(drafts, message, entry).items() if said and name not in without},
    )


def _settable(drafts: Folder, message: EmailMessage, entry: Entry) -> dict[str, Any]:
    (author,) = _people(message, "From")
    return {
        "message_id": entry.message_id,
        "in_reply_to": _ids(message, "In-Reply-To"),
        "references": _ids(message, "References"),
        # The name that people see; whose mailbox it is, nobody may say but the login.
        "author": author if author.email_address.lower() == drafts.account.primary_smtp_address.lower() else None,
    }


def refused_setting(error: Exception, without: Container[str]) -> str:
    """Which of the SETTABLE a server will not have set: the one that it names, or else the next; "" for none."""
    named = [ours for theirs, ours in SETTABLE.items() if theirs in str(error)]
    return next((ours for ours in [*named, *SETTABLE.values()] if ours not in without), "")


def _ids(message: EmailMessage, field: str) -> str:
    return " ".join(str(message[field] or "").split())


def _people(message: EmailMessage, field: str) -> list[Mailbox]:
    named = getaddresses([str(value) for value in message.get_all(field, [])])
    return [Mailbox(name=name or None, email_address=address) for name, address in named if address]


def _body(message: EmailMessage) -> Body | HTMLBody:
    part = message.get_body(("html", "plain"))
    if part is None:
        return Body("")
    content: Any = part.get_content()
    return HTMLBody(content) if part.get_content_subtype() == "html" else Body(content)


def _files(message: EmailMessage) -> list[FileAttachment]:
    return [
        FileAttachment(
            name=part.get_filename() or "file", content_type=part.get_content_type(), content=_bytes(part.get_content())
        )
        for part in message.iter_attachments()
    ]


def _bytes(content: str | bytes) -> bytes:
    return content.encode() if isinstance(content, str) else content
