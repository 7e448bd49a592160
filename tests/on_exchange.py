"""An Exchange Server: everybody has a mailbox and a calendar there, and uses Outlook."""

from datetime import date
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import SMTP

from fakes.ews.house import House
from fakes.ews.people import People
from fakes.ews.recurring import zone_of
from vendor import Vendor


class Exchange(Vendor):
    """A service account may act as anybody."""

    def open(self) -> None:
        self.site = self.undo.enter_context(House(self.root, self.clock))
        self.site.settle(self.addresses)
        self.site.mail.tags = True
        self.program = People(self.site.diaries, self.manager)

    def received(self, address: str) -> list[EmailMessage]:
        return self.site.mail.received(address)

    def arrive(self, raw: bytes) -> None:
        to = message_from_bytes(raw, policy=SMTP)["To"].addresses[0].addr_spec
        self.site.mail.drop(to, raw)

    def drafts(self) -> list[str]:
        return [str(one.mail["Subject"]) for who in self.people for one in self.site.mail.within(who, "drafts")]

    def told(self) -> list[tuple[str, ...]]:
        return [(notice.to, notice.kind) for notice in self.site.diaries.notices]

    def events(self) -> int:
        return len(self.site.diaries.own[self.manager.email])

    def reminders(self) -> list[date]:
        held = self.site.diaries.own[self.manager.email].values()
        return sorted(one.start.astimezone(zone_of(one.zone)).date() for one in held if one.all_day)
