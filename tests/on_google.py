"""A Google organisation: everybody has Gmail and a calendar there, and uses a browser."""

from datetime import date
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import SMTP

from fakes.google.agenda import Agenda
from fakes.google.calendar import CalendarRoom
from fakes.google.organisation import Organisation
from fakes.google.people import Browsers
from vendor import Vendor


class Google(Vendor):
    """A service account may act as anybody."""

    def open(self) -> None:
        people = (*self.addresses, "careermail@example.com")
        self.site = self.undo.enter_context(Organisation(self.root, people=people, clock=self.clock))
        self.agenda = Agenda(**{one.email.partition("@")[0]: one.timezone for one in self.people.values()})
        self.site.web.rooms.append(CalendarRoom(self.agenda, self.site.accounts))
        self.program = Browsers(self.agenda)

    def received(self, address: str) -> list[EmailMessage]:
        return [message_from_bytes(mail.raw, policy=SMTP) for mail in self.site.gmail.got(address)]

    def arrive(self, raw: bytes) -> None:
        sender = message_from_bytes(raw, policy=SMTP)["From"].addresses[0].addr_spec
        self.site.gmail.send(sender, raw)

    def drafts(self) -> list[str]:
        return [name for who in self.people for name in self.site.gmail.boxes[who].drafts]

    def told(self) -> list[tuple[str, ...]]:
        return [(notice.to, notice.kind) for notice in self.agenda.told]

    def events(self) -> int:
        return len([e for e in self.agenda.books[self.manager.email].events.values() if "recurringEventId" not in e])

    def reminders(self) -> list[date]:
        held = self.agenda.books[self.manager.email].events.values()
        days = (one["start"]["date"] for one in held if "date" in one["start"] and one["status"] != "cancelled")
        return sorted(date.fromisoformat(day) for day in days)
