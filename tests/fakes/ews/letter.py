"""One message in an Exchange mailbox: as EWS tells of it, as a client drafts it, and as it leaves."""

from base64 import b64decode, b64encode
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from email.utils import format_datetime, formataddr, getaddresses, parseaddr
from hashlib import sha256

from fakes.ews.items import item_id, new_id
from fakes.ews.soap import NAMES, Element, first, t, text
from fakes.ews.words import as_text
from lxml import etree

Folder = tuple[str, str]  # a mailbox's address, and a distinguished name
SHORT = 255  # characters of a text that FindItem and SyncFolderItems tell
LONG_TEXTS = ("InReplyTo", "References", "Subject", "InternetMessageId")
GET_ITEM_ALONE = ("MimeContent", "ToRecipients", "ReplyTo", "Body", "Attachments")
HEADERS = "InternetHeaders"


@dataclass(eq=False)
class Letter:
    """One message: what a client gave of a draft, or as it came."""

    folder: Folder
    mail: EmailMessage
    raw: bytes
    at: datetime
    id: str = field(default_factory=lambda: new_id("mail"))
    key: int = 1
    properties: list[Element] = field(default_factory=list)
    draft: bool = False
    submitted: bool = False
    kind: str = "IPM.Note"
    thread: str = ""  # its conversation, where that is known by something else than its header

    @property
    def change_key(self) -> str:
        return f"CQ/{self.key}=="

    @property
    def conversation(self) -> str:
        if self.thread:
            return self.thread
        named = (self.mail["References"] or self.mail["In-Reply-To"] or self.mail["Message-ID"] or self.id).split()
        return f"AAQk{sha256(named[0].encode()).hexdigest()[:20]}="

    def whole(self) -> Element:
        """All that GetItem tells of it."""
        mail, at = self.mail, self.at.strftime("%Y-%m-%dT%H:%M:%SZ")
        texts = {
            "ItemClass": self.kind,
            "Subject": mail["Subject"],
            "DateTimeReceived": at,
            "DateTimeCreated": at,
            "Size": str(len(self.raw)),
            "InReplyTo": mail["In-Reply-To"],
            "IsSubmitted": str(self.submitted).lower(),
            "IsDraft": str(self.draft).lower(),
            "InternetMessageId": mail["Message-ID"],
            "References": mail["References"],
        }
        to = [address for _, address in getaddresses([str(v) for v in mail.get_all("To", []) + mail.get_all("Cc", [])])]
        boxes = (t("Mailbox", t("Name", one), t("EmailAddress", one), t("RoutingType", "SMTP")) for one in to)
        return t(
            "MeetingResponse" if self.kind.startswith("IPM.Schedule.Meeting.Resp") else "Message",
            t("MimeContent", b64encode(self.raw).decode(), CharacterSet="UTF-8"),
            item_id(self.id, self.change_key),
            *(t(tag, str(said)) for tag, said in texts.items() if said is not None),
            *(etree.fromstring(etree.tostring(one)) for one in self.properties),
            t("ConversationId", Id=self.conversation),
            t("ToRecipients", *boxes),
        )

    def brief(self) -> Element:
        """What FindItem and SyncFolderItems tell of it: no recipients, and only the beginning of a text."""
        one = self.whole()
        for child in list(one):
            tag = etree.QName(child).localname
            if tag in GET_ITEM_ALONE:
                one.remove(child)
            elif tag in LONG_TEXTS:
                child.text = child.text[:SHORT]
        return one


def promoted(mail: EmailMessage) -> list[Element]:
    """The X- headers of what arrives, as properties."""
    ours = [(name, str(value)) for name, value in mail.items() if name.lower().startswith("x-careermail-")]
    return [t("ExtendedProperty", _header(name), t("Value", value)) for name, value in ours]


def _header(name: str) -> Element:
    kind = {"DistinguishedPropertySetId": HEADERS, "PropertyName": name, "PropertyType": "String"}
    return t("ExtendedFieldURI", **kind)


def drafted(given: Element) -> EmailMessage:
    """The message that a client made, with the headers of its own among them."""
    mail = EmailMessage(policy=policy.SMTP)
    named = {"Subject": "t:Subject", "Message-ID": "t:InternetMessageId", "In-Reply-To": "t:InReplyTo"}
    for header, path in {**named, "References": "t:References"}.items():
        if said := text(given, path):
            mail[header] = said
    for header, path in (("From", "t:From"), ("To", "t:ToRecipients"), ("Reply-To", "t:ReplyTo")):
        if (boxes := first(given, path)) is not None:
            people = ((text(box, "t:Name"), text(box, "t:EmailAddress")) for box in boxes)
            mail[header] = ", ".join(formataddr(person) for person in people)
    for one in given.findall("t:ExtendedProperty", NAMES):
        if one[0].get("DistinguishedPropertySetId") == HEADERS:
            mail[one[0].get("PropertyName")] = text(one, "t:Value")
    _fill(mail, given)
    return mail


def _fill(mail: EmailMessage, given: Element) -> None:
    """The body, of which the server makes the plain text itself, and what is attached."""
    body = first(given, "t:Body")
    if body is not None and body.get("BodyType") == "HTML":
        mail.set_content(as_text(body.text or ""))
        mail.add_alternative(body.text or "", subtype="html")
    else:
        mail.set_content("" if body is None else body.text or "")
    for one in given.findall("t:Attachments/t:FileAttachment", NAMES):
        kind, _, subtype = text(one, "t:ContentType", "application/octet-stream").partition("/")
        content = b64decode(text(one, "t:Content"))
        mail.add_attachment(content, maintype=kind, subtype=subtype, filename=text(one, "t:Name"))


def sealed(letter: Letter, now: datetime, *, strips: bool, own_id: bool) -> EmailMessage:
    """A draft as it leaves: from its mailbox, dated, named; only X- headers of a client's own go along."""
    mail = message_from_bytes(letter.raw, policy=policy.SMTP)
    ours = {one[0].get("PropertyName") for one in letter.properties}
    for name in ours & set(mail.keys()):
        if strips or not name.lower().startswith("x-"):
            del mail[name]
    name, _ = parseaddr(str(mail["From"] or ""))
    del mail["From"]
    mail["From"], mail["Date"] = formataddr((name, letter.folder[0])), format_datetime(now.astimezone(UTC))
    if own_id or not mail["Message-ID"]:
        del mail["Message-ID"]
        mail["Message-ID"] = f"<{sha256(letter.id.encode()).hexdigest()[:16]}@exchange.example.com>"
    return mail
