"""Microsoft 365: everybody has a mailbox and a calendar there, and uses Outlook."""

from datetime import date
from email.message import EmailMessage

from fakes.graph import exchange
from fakes.graph.calendar import Calendars
from fakes.graph.mailbox import Mailbox
from fakes.graph.people import Outlook
from tenants import tenant
from vendor import Vendor

from careermail.model import Person


class Microsoft(Vendor):
    """An app may open the manager's calendar alone."""

    def open(self) -> None:
        people = self.people.values()
        self.exchange = exchange.Exchange({one.email: one.timezone for one in people})
        closed = frozenset(self.people) - {self.manager.email}
        self.site = self.undo.enter_context(tenant(self.root, self.clock, Calendars(self.exchange, closed)))
        self.site.mail.boxes |= {one.email: Mailbox(one.email, one.name, self.clock.now) for one in people}
        self.program = Outlook(self.exchange)

    def received(self, address: str) -> list[EmailMessage]:
        return self.site.received(self.people.get(address) or Person("IT", address))

    def arrive(self, raw: bytes) -> None:
        self.site.drop(raw)

    def drafts(self) -> list[str]:
        return [one.subject for box in self.site.mail.boxes.values() for one in box.within("drafts")]

    def told(self) -> list[tuple[str, ...]]:
        return list(self.exchange.told)

    def events(self) -> int:
        return len(self.exchange.of(self.manager.email))

    def reminders(self) -> list[date]:
        held = (one.said for one in self.exchange.of(self.manager.email))
        return sorted(exchange.naive(said["start"]).date() for said in held if said.get("isAllDay"))
