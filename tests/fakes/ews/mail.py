"""Messages in Exchange's mailboxes: drafts, what is sent, what arrives, and what has changed in a folder since."""

import json
from base64 import b64decode, b64encode
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from email.utils import getaddresses

from fakes.ews.items import Items, item_id, shaped
from fakes.ews.letter import Folder, Letter, drafted, promoted, sealed
from fakes.ews.soap import NAMES, Call, Element, RefusedError, first, m, respond, t, text
from lxml import etree

FROM_INSIDE = "X-MS-Exchange-Organization-AuthAs"


@dataclass
class Mail:
    """The kind Message, and the operations that are its alone. The faults of a server are its fields."""

    items: Items
    now: Callable[[], datetime]
    message_ids: str = "kept"  # or "refused" (with an error), or "replaced" (without a word)
    refuses: set[str] = field(default_factory=set)  # elements of a draft that may not be set: "InReplyTo"
    strips: bool = False  # headers of a client's own are taken away when a mail is sent
    transport: bool = True  # False: what is sent lies in Drafts, submitted, until `deliver`
    copies_late: bool = False  # the copy in Sent Items comes with `deliver`
    tags: bool = False  # name+tag@ reaches name@
    refused: set[str] = field(default_factory=set)  # recipients that the server does not take
    held: list[Letter] = field(default_factory=list)
    outside: list[tuple[str, EmailMessage]] = field(default_factory=list)  # what left the house, and to whom
    _log: dict[Folder, list[tuple[str, Letter]]] = field(default_factory=dict)
    _late: list[Letter] = field(default_factory=list)
    _life: int = 1

    def __post_init__(self) -> None:
        self.items.kinds["Message"] = _Kind(self)
        self.items.soap.operations |= {"SendItem": self.send_item, "SyncFolderItems": self.sync_folder_items}

    # --- what people and servers do ---

    def drop(self, to: str, raw: bytes, *, at: datetime | None = None, kind: str = "IPM.Note") -> Letter:
        """A mail arrives from outside."""
        return self._deliver(to, b"Received: from outside\r\n" + raw, at or self.now(), kind)

    def within(self, who: str, folder: str) -> list[Letter]:
        """The messages in a folder, the oldest first."""
        return sorted((one for one in self.held if one.folder == (who, folder)), key=lambda one: one.at)

    def received(self, who: str) -> list[EmailMessage]:
        """What came for somebody, in this house or outside, the oldest first."""
        return [letter.mail for letter in self.within(who, "inbox")] + [one for to, one in self.outside if to == who]

    def move(self, letter: Letter, folder: str) -> None:
        """Somebody moves a message: it has another id from then on."""
        self.remove(letter)
        self.put(Letter((letter.folder[0], folder), letter.mail, letter.raw, letter.at))

    def look(self, who: str) -> None:
        """Somebody reads all that is in their Inbox, and flags it."""
        for letter in self.within(who, "inbox"):
            letter.key += 1
            self._log[letter.folder] += [("Read", letter), ("Update", letter)]

    def deliver(self) -> None:
        """The transport goes on: what waited leaves, and copies come to where they belong."""
        waiting, self._late = self._late, []
        for letter in [one for one in self.held if one.submitted]:
            self._leave(letter)
        for copy in waiting:
            self.put(copy)

    def forget_states(self) -> None:
        """A mailbox was restored or moved: no sync state is valid any more."""
        self._life += 1

    def raw(self, who: str, folder: str) -> list[bytes]:
        """All that lies in a folder, as it is, to see whether anything was touched."""
        return [etree.tostring(one.whole()) for one in self.within(who, folder)]

    # --- operations ---

    def send_item(self, call: Call) -> Element:
        def send(name: Element) -> Iterator[Element]:
            letter = self._draft(call, name)
            if self.refused.intersection(address for _, address in getaddresses([str(letter.mail["To"])])):
                raise RefusedError("ErrorInvalidRecipients", "At least one recipient isn't valid.")
            letter.submitted = True
            if self.transport:
                self._leave(letter)
            return iter(())

        return respond("SendItem", first(call.body, "m:ItemIds"), send)

    def sync_folder_items(self, call: Call) -> Element:
        def changes(asked: Element) -> Iterator[Element]:
            folder = self.items.folder(call, first(asked, "m:SyncFolderId")[0])
            begin, end = self._since(folder, text(asked, "m:SyncState")), len(self._log.get(folder, []))
            stop = min(end, begin + int(text(asked, "m:MaxChangesReturned")))
            yield m("SyncState", self._state(folder, stop))
            yield m("IncludesLastItemInRange", str(stop == end).lower())
            yield m("Changes", *self._changes(folder, begin, stop, first(asked, "m:ItemShape")))

        answer = respond("SyncFolderItems", [call.body], changes)
        for message in answer.findall("m:ResponseMessages/*[@ResponseClass='Error']", NAMES):
            message.extend([m("SyncState"), m("IncludesLastItemInRange", "true")])  # as the real one's are documented
        return answer

    # --- within ---

    def _draft(self, call: Call, name: Element) -> Letter:
        letter = self.named(call.who, name)
        if not name.get("ChangeKey"):
            raise RefusedError("ErrorChangeKeyRequiredForWriteOperations", "The change key is required.")
        if name.get("ChangeKey") != letter.change_key:
            raise RefusedError("ErrorIrresolvableConflict", "The send or update operation could not be performed.")
        if not letter.draft or letter.submitted:
            raise RefusedError("ErrorInvalidOperation", "The item was sent already.")
        return letter

    def named(self, who: str, name: Element) -> Letter:
        for letter in self.held:
            if letter.id == name.get("Id") and letter.folder[0] == who:
                return letter
        raise RefusedError("ErrorItemNotFound", "The specified object was not found in the store.")

    def put(self, letter: Letter) -> None:
        self.held.append(letter)
        self._log.setdefault(letter.folder, []).append(("Create", letter))

    def remove(self, letter: Letter) -> None:
        self.held.remove(letter)
        self._log[letter.folder].append(("Delete", letter))

    def _leave(self, letter: Letter) -> None:
        """A draft becomes the copy in Sent Items, and reaches whom it is for."""
        self.remove(letter)
        mail = sealed(letter, self.now(), strips=self.strips, own_id=self.message_ids != "kept")
        who, raw = letter.folder[0], mail.as_bytes(policy=policy.SMTP)
        copy = Letter((who, "sentitems"), mail, raw, self.now(), properties=letter.properties)
        (self._late.append if self.copies_late else self.put)(copy)
        for _, to in getaddresses([str(mail["To"])]):
            self._deliver(to.lower(), f"{FROM_INSIDE}: Internal\r\n".encode() + raw, self.now(), "IPM.Note")

    def _deliver(self, to: str, raw: bytes, at: datetime, kind: str) -> Letter:
        mail = message_from_bytes(raw, policy=policy.default)
        name, _, domain = to.rpartition("@")
        to = f"{name.partition('+')[0]}@{domain}" if self.tags else to
        letter = Letter((to, "inbox"), mail, raw, at, kind=kind, properties=promoted(mail))
        if to in self.items.soap.addresses:
            self.put(letter)
        else:
            self.outside.append((to, mail))
        return letter

    def _state(self, folder: Folder, number: int) -> str:
        """A sync state; as long as a real one is, which has some bytes for each item."""
        said = {"folder": folder, "life": self._life, "number": number, "ballast": "x" * (1000 + number)}
        return b64encode(json.dumps(said).encode()).decode()

    def _since(self, folder: Folder, state: str) -> int:
        if not state:
            return 0
        try:
            said = json.loads(b64decode(state, validate=True))
        except ValueError:
            said = {}
        if (said.get("folder"), said.get("life")) != (list(folder), self._life):
            raise RefusedError("ErrorInvalidSyncStateData", "Synchronization state data is corrupt.")
        return int(said["number"])

    def _changes(self, folder: Folder, begin: int, stop: int, shape: Element) -> Iterator[Element]:
        log = self._log.get(folder, [])
        for what, letter in log[begin:stop]:
            known, name = ("Create", letter) in log[:begin], item_id(letter.id, letter.change_key)
            match what:
                case "Create" if letter in self.held:
                    yield t("Create", shaped(letter.brief(), shape))
                case "Update" if letter in self.held and known:
                    yield t("Update", shaped(letter.brief(), shape))
                case "Read" if letter in self.held and known:
                    yield t("ReadFlagChange", name, t("IsRead", "true"))
                case "Delete" if known:
                    yield t("Delete", name)


class _Kind:
    """Messages as Items asks for them."""

    def __init__(self, mail: Mail) -> None:
        self._mail = mail

    def create(self, call: Call, who: str, folder: str, given: Element) -> Element:
        if call.body.get("MessageDisposition") != "SaveOnly":
            raise RefusedError("ErrorInvalidRequest", "this fake takes drafts alone")
        refuses = self._mail.refuses | ({"InternetMessageId"} if self._mail.message_ids == "refused" else set())
        if any(first(given, f"t:{name}") is not None for name in refuses):
            raise RefusedError("ErrorInvalidPropertySet", "Set action is invalid for property.")
        properties = given.findall("t:ExtendedProperty", NAMES)
        letter = Letter((who, folder), drafted(given), b"", self._mail.now(), properties=properties, draft=True)
        if self._mail.message_ids == "replaced":
            del letter.mail["Message-ID"]
        letter.raw = letter.mail.as_bytes(policy=policy.SMTP)
        self._mail.put(letter)
        return t("Message", item_id(letter.id, letter.change_key))

    def held(self, who: str, folder: str) -> list[Element]:
        return [one.brief() for one in self._mail.within(who, folder)]

    def view(self, who: str, folder: str, start: datetime, end: datetime) -> list[Element]:
        del who, folder, start, end
        return []

    def get(self, who: str, item_id: Element) -> Element | None:
        known = (one for one in self._mail.held if (one.folder[0], one.id) == (who, item_id.get("Id")))
        return next((one.whole() for one in known), None)

    def update(self, call: Call, who: str, change: Element) -> Element:
        del call, who, change
        raise RefusedError("ErrorInvalidRequest", "this fake changes no message")

    def delete(self, call: Call, who: str, item_id: Element) -> None:
        del call
        self._mail.remove(self._mail.named(who, item_id))
