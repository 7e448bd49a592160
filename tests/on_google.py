"""The world of scene.py in a Google organisation: everybody has Gmail and a calendar there, and uses a browser."""

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from datetime import date, datetime
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path
from typing import Self

from fakes.google.agenda import Agenda
from fakes.google.calendar import CalendarRoom
from fakes.google.organisation import Organisation
from fakes.google.people import Browsers
from programs import WithPrograms

from careermail.model import Series
from careermail.providers import Provider


class OnGoogle(WithPrograms):
    """A context manager. A service account acts as the manager; mails leave from the manager's own mailbox."""

    def __init__(self, root: Path, start: datetime, *series: Series) -> None:
        self.undo, self.refused = ExitStack(), set[datetime]()
        super().__init__(root, start, *series)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.runner.close()
        self.undo.close()

    def hire(self) -> Provider:
        people = (*self.people, self.service.admin, self.service.address)
        self.office = self.undo.enter_context(Organisation(self.root, people=people, clock=self.clock))
        self.agenda = Agenda(**{p.email.partition("@")[0]: p.timezone for p in self.people.values()})
        self.office.web.rooms.append(CalendarRoom(self.agenda, self.office.accounts))
        self.program = Browsers(self.agenda)
        self.service = replace(self.service, state=self.root / "state", as_manager=True)
        return self.office.provider(service=self.service)

    # --- mail ---

    def received(self, address: str = "*") -> Iterator[tuple[str, EmailMessage]]:
        for one in (*self.people, self.service.admin) if address == "*" else [address]:
            found = (message_from_bytes(mail.raw, policy=SMTP) for mail in self.office.gmail.got(one))
            yield from ((one, mail) for mail in found if mail["X-Careermail-Kind"])

    def arrive(self, message: EmailMessage | bytes) -> None:
        raw = message if isinstance(message, bytes) else message.as_bytes(policy=SMTP)
        sender = message_from_bytes(raw, policy=SMTP)["From"].addresses[0].addr_spec
        self.office.gmail.send(sender, raw)

    # --- calendars ---

    def reminders(self) -> list[date]:
        held = self.agenda.books[self.team.manager.email].events.values()
        days = (one["start"]["date"] for one in held if "date" in one["start"] and one["status"] != "cancelled")
        return sorted(date.fromisoformat(day) for day in days)
