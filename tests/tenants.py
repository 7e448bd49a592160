"""A tenant of Microsoft 365 on this machine: its login, its mailboxes, and providers that are opened on them."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any

from fakes.graph.guard import Guard
from fakes.graph.login import CLIENT, DOMAIN, Login
from fakes.graph.mail import Mail
from fakes.web import Room, Web

from careermail.clock import Clock
from careermail.credentials import Secret
from careermail.model import Person, Service
from careermail.providers import Provider, open_provider

SECRET = "correct horse"  # noqa: S105 (it opens nothing)
FOLK = {"maya": "Maya Lindqvist", "jonas": "Jonas Weber", "ana": "Ana Souza", "careermail": "careermail", "it": "IT"}


@dataclass
class Tenant:
    """The server and what is in it; `root` is a folder for what careermail keeps."""

    web: Web
    login: Login
    guard: Guard
    mail: Mail
    clock: Clock
    root: Path
    opened: list[Provider] = field(default_factory=list)

    @property
    def service(self) -> Service:
        return Service(address="careermail@example.com", state=self.root / "state", as_manager=True, secret=b"s")

    def settings(self, **other: Any) -> dict[str, Any]:
        """Those of an app with a secret, as careermail.config.microsoft makes them."""
        app = {
            "tenant": DOMAIN,
            "client_id": CLIENT,
            "certificate": None,
            "secret": self.secret(),
            "secret_expires": None,
        }
        where = {"authority": self.web.url, "graph": f"{self.web.url}/v1.0"}
        return {"kind": "microsoft", "service": self.service, **app, **where, **other}

    def provider(self, **other: Any) -> Provider:
        """A provider as after a start; it is closed with the tenant."""
        self.opened.append(open_provider(self.settings(**other), self.clock))
        return self.opened[-1]

    def secret(self, words: str = SECRET) -> Secret:
        file = self.root / "app.secret"
        file.touch(mode=0o600)
        file.write_text(words)
        return Secret(file=file)

    def received(self, person: Person) -> list[EmailMessage]:
        """What came for somebody, oldest first."""
        box = self.mail.boxes[person.email]
        return [message_from_bytes(one.mime(), policy=policy.default) for one in box.within("inbox")]

    def drop(self, message: bytes) -> None:
        """A mail arrives at whomever it is addressed to."""
        self.mail.arrives(message)

    def sends(self) -> int:
        """How many drafts were sent."""
        return sum(len([*box.within("sentitems")]) for box in self.mail.boxes.values())


@contextmanager
def tenant(root: Path, clock: Clock, *rooms: Room) -> Iterator[Tenant]:
    """A tenant with one app, which may all; `rooms` are what is in Graph beside mail."""
    login = Login(clock.now)
    login.apps[CLIENT].secret = SECRET
    guard, mail = Guard(login), Mail(clock.now, **FOLK)
    with Web(login, guard, mail, *rooms) as web:
        made = Tenant(web, login, guard, mail, clock, root)
        yield made
        for provider in made.opened:
            provider.close()
