"""Mail through Gmail: from the managers' own mailboxes or from the service's, on a fake that knows Gmail's ways."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from itertools import count
from pathlib import Path
from typing import Any, cast

import pytest
from fakes.google.organisation import Organisation
from provider_suite import InboxSuite, OutboxSuite, World

from careermail.model import Person


@dataclass(frozen=True)
class MailHands:
    """What people do in Gmail."""

    office: Organisation
    mailbox: str

    def received(self, person: Person) -> list[EmailMessage]:
        return [_read(mail.raw) for mail in self.office.gmail.got(person.email)]

    def drop(self, message: bytes) -> None:
        self.office.gmail.receive(message, self.mailbox)


def _read(raw: bytes) -> EmailMessage:
    return cast("EmailMessage", message_from_bytes(raw, policy=default))


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
                office = later.enter_context(Organisation(root))
                hands = MailHands(office, self.mailbox)
                return World(office.provider(as_manager=self.as_manager), cast("Any", hands))

            yield make


class TestTheServicesMailbox(Opening, OutboxSuite, InboxSuite):
    """Mails leave from a mailbox of careermail's own, and answers come back there."""


class TestManagersMailboxes(Opening, OutboxSuite, InboxSuite):
    """Each mail leaves from its manager's mailbox, and answers come back there."""

    as_manager, sender, mailbox, address = True, "maya@example.com", "maya@example.com", "maya+careermail@example.com"
