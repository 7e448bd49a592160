"""Mail through Exchange: from the managers' own mailboxes or from the service's, on a fake that knows its ways."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from email.message import EmailMessage
from itertools import count
from pathlib import Path
from typing import Any, cast

import pytest
from fakes.ews.house import House
from provider_suite import InboxSuite, OutboxSuite, World

from careermail.model import Person


@dataclass(frozen=True)
class MailHands:
    """What people do in Outlook."""

    house: House
    mailbox: str

    def received(self, person: Person) -> list[EmailMessage]:
        return self.house.mail.received(person.email)

    def drop(self, message: bytes) -> None:
        self.house.mail.drop(self.mailbox, message)


class Opening:
    as_manager = False
    mailbox = "careermail@example.com"

    @pytest.fixture
    def new_world(self, tmp_path: Path) -> Iterator[Callable[[], World]]:
        numbers = count()
        with ExitStack() as later:

            def make() -> World:
                root = tmp_path / str(next(numbers))
                root.mkdir()
                house = later.enter_context(House(root))
                house.mail.tags = self.as_manager
                service = house.service(as_manager=self.as_manager, tags=self.as_manager)
                return World(house.provider(service=service), cast("Any", MailHands(house, self.mailbox)))

            yield make


class TestTheServicesMailbox(Opening, OutboxSuite, InboxSuite):
    """Mails leave from a mailbox of careermail's own, and answers come back there."""


class TestManagersMailboxes(Opening, OutboxSuite, InboxSuite):
    """Each mail leaves from its manager's mailbox, and answers come back there."""

    as_manager, sender, mailbox, address = True, "maya@example.com", "maya@example.com", "maya+careermail@example.com"
