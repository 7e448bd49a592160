"""The world of scene.py on an Exchange Server: everybody has a mailbox and a calendar there, and uses Outlook."""

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from datetime import date, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Self

from fakes.ews.house import House
from fakes.ews.people import People
from fakes.ews.recurring import zone_of
from programs import WithPrograms

from careermail.model import Series
from careermail.providers import Provider


class OnExchange(WithPrograms):
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
        self.house = self.undo.enter_context(House(self.root, self.clock))
        self.house.settle([*self.people, self.service.admin])
        self.house.mail.tags = True
        self.program = People(self.house.diaries, self.team.manager)
        self.service = replace(self.service, state=self.root / "state", as_manager=True)
        return self.house.provider(service=self.service)

    # --- mail ---

    def received(self, address: str = "*") -> Iterator[tuple[str, EmailMessage]]:
        for one in (*self.people, self.service.admin) if address == "*" else [address]:
            found = self.house.mail.received(one)
            yield from ((one, mail) for mail in found if mail["X-Careermail-Kind"])

    def arrive(self, message: EmailMessage | bytes) -> None:
        raw = message if isinstance(message, bytes) else message.as_bytes()
        to = message_from_bytes(raw, policy=policy.default)["To"].addresses[0].addr_spec
        self.house.mail.drop(to, raw)

    # --- calendars ---

    def reminders(self) -> list[date]:
        held = self.house.diaries.own[self.team.manager.email].values()
        return sorted(one.start.astimezone(zone_of(one.zone)).date() for one in held if one.all_day)
