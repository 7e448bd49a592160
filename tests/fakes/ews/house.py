"""An Exchange with mailboxes for everybody and an account that may act as anybody, and careermail's way to it."""

from collections.abc import Callable, Iterable
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from ssl import SSLContext
from typing import Any, Self

from fakes.ews.calendar import CalendarItems
from fakes.ews.diary import Diaries, Notice
from fakes.ews.items import Items
from fakes.ews.mail import Mail
from fakes.ews.soap import PATH, Soap
from fakes.web import Answer, Request, Room, Web

from careermail.clock import VirtualClock
from careermail.credentials import Secret
from careermail.model import Service
from careermail.providers import Provider
from careermail.providers.exchange import open_provider

USER, PASSWORD = "EXAMPLE\\careermail", "correct horse"
PEOPLE = ("careermail@example.com", "maya@example.com", "jonas@example.com", "ana@example.com")
NOW = datetime(2027, 1, 4, 9, tzinfo=UTC)


@dataclass
class House:
    """A context manager. `door` makes of the server's room what stands before the world, such as another login."""

    root: Path
    clock: VirtualClock = field(default_factory=lambda: VirtualClock(NOW))
    door: Callable[[Room], Room] = lambda room: room
    tls: SSLContext | None = None

    def __post_init__(self) -> None:
        self.soap = Soap(set(PEOPLE), {USER: PASSWORD}, impersonators={USER})
        self.items = Items(self.soap, {})
        self.mail = Mail(self.items, self.clock.now)
        self.diaries = Diaries({who: {} for who in PEOPLE}, unseen={"ana@example.com"})
        self.diaries.post = self._deliver
        CalendarItems(self.items, self.diaries)
        self.web, self._later = Web(self.door(self.soap), tls=self.tls), ExitStack()
        self.secret = self.root / "exchange.secret"
        self.secret.touch(mode=0o600)
        self.secret.write_text(PASSWORD)

    def _deliver(self, notice: Notice) -> None:
        """An answer to an invitation lies in the organizer's Inbox, where it is none of ours."""
        if notice.kind == "answer":
            raw = f"From: somebody@example.com\r\nTo: {notice.to}\r\nSubject: Declined\r\n\r\nSorry.\r\n".encode()
            self.mail.drop(notice.to, raw, kind="IPM.Schedule.Meeting.Resp.Neg")

    def settle(self, addresses: Iterable[str]) -> None:
        """Give these people mailboxes and calendars."""
        for who in addresses:
            self.soap.addresses.add(who)
            self.diaries.own.setdefault(who, {})

    def __enter__(self) -> Self:
        self._later.enter_context(self.web)
        return self

    def __exit__(self, *_: object) -> None:
        self._later.close()
        assert self.soap.invalid == [], "what was asked or answered is not what the published schema allows"

    @property
    def url(self) -> str:
        return self.web.url + PATH

    def cut(self, operation: str, *, after: bool = True) -> None:
        """Let the connection end at the next such operation: after it was carried out, or before."""
        serve, asked = self.web.serve, f":{operation} ".encode()

        def cutting(request: Request) -> Answer | None:
            if asked not in request.body.replace(b">", b" "):
                return serve(request)
            self.web.serve = serve  # type: ignore[method-assign]
            if after:
                serve(request)
            return None

        self.web.serve = cutting  # type: ignore[method-assign]

    def service(self, *, as_manager: bool = True, tags: bool = False) -> Service:
        return Service(address=PEOPLE[0], state=self.root / "state", as_manager=as_manager, tags=tags)

    def settings(self, **changes: Any) -> dict[str, Any]:
        """As careermail.config.exchange makes them."""
        return {
            "kind": "exchange",
            "service": self.service(),
            "url": self.url,
            "user": USER,
            "password": Secret(file=self.secret),
            "auth": "basic",
            **dict.fromkeys(("tenant", "scope", "token_url", "mailbox"), ""),
            "version": "2016",
            "impersonate": True,
            "ca": None,
            "insecure": False,
            **changes,
        }

    def provider(self, **changes: Any) -> Provider:
        """Careermail's provider, as after a start: what it knows is on disk."""
        provider = open_provider(self.settings(**changes), self.clock)
        self._later.callback(provider.close)
        return provider
