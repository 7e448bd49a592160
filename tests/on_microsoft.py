"""The world of scene.py in Microsoft 365: everybody has a mailbox and a calendar there, and uses Outlook."""

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, date, datetime
from email.message import EmailMessage
from pathlib import Path
from typing import Self

from fakes.graph.calendar import Calendars
from fakes.graph.exchange import Exchange, naive
from fakes.graph.mailbox import Mailbox
from fakes.graph.people import Outlook
from scene import World
from tenants import tenant

from careermail.model import Occurrence, Person, Series, stamp
from careermail.providers import Provider


class OnMicrosoft(World):
    """A context manager. The app may open the manager's mailbox alone, and mails leave from there."""

    def __init__(self, root: Path, start: datetime, *series: Series) -> None:
        self.undo, self.refused = ExitStack(), set[datetime]()
        super().__init__(root, start, *series)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.runner.close()
        self.undo.close()

    def hire(self) -> Provider:
        self.exchange = Exchange({person.email: person.timezone for person in self.people.values()})
        self.outlook = Outlook(self.exchange)
        closed = frozenset(self.people) - {self.team.manager.email}
        self.tenant = self.undo.enter_context(tenant(self.root, self.clock, Calendars(self.exchange, closed)))
        boxes = self.tenant.mail.boxes
        boxes |= {p.email: Mailbox(p.email, p.name, self.clock.now) for p in self.people.values()}
        self.service = replace(self.service, state=self.root / "state", as_manager=True)
        return self.tenant.provider(service=self.service)

    # --- mail ---

    def received(self, address: str = "*") -> Iterator[tuple[str, EmailMessage]]:
        for one in (*self.people, self.service.admin) if address == "*" else [address]:
            person = self.people.get(one) or Person("IT", one)
            yield from ((one, mail) for mail in self.tenant.received(person) if mail["X-Careermail-Kind"])

    def arrive(self, message: EmailMessage | bytes) -> None:
        self.tenant.drop(message if isinstance(message, bytes) else message.as_bytes())

    # --- people's calendars ---

    def session(self, when: datetime) -> Occurrence:
        """The one that starts then, local to the manager, as Outlook shows it."""
        start = when.replace(tzinfo=self.team.manager.zone).astimezone(UTC)
        there = self.exchange.taken(self.team.manager.email)
        event, one = next((event, one) for event, one, _ in there if one.start == start)
        return Occurrence(event.ical, stamp(one.original) if event.recurs else "", one.start, one.end)

    def shift(self, when: datetime, to: datetime) -> None:
        """The manager moves a session by hand."""
        start = to.replace(tzinfo=self.team.manager.zone).astimezone(UTC)
        self.outlook.move_one(self.session(when), start, by=self.team.manager)

    def refuse(self, when: datetime) -> None:
        """The report declines one."""
        one = self.session(when)
        self.refused.add(one.start)
        self.outlook.decline_one(one, by=self.series.report)

    def shows(self, who: Person) -> list[datetime]:
        """When in 2027 somebody's own calendar program has them meet, in UTC."""
        booked = [b.uid for b in self.standing.bookings.values()]
        return sorted({start for uid in booked for start in self.outlook.sees(who, uid)} - self.refused)

    def reminders(self) -> list[date]:
        """The all-day events in the manager's calendar program."""
        held = (one.said for one in self.exchange.of(self.team.manager.email))
        return sorted(naive(said["start"]).date() for said in held if said.get("isAllDay"))
