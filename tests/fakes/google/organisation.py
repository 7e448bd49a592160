"""A whole Google for an organisation: accounts, mailboxes, calendars, and a provider on it."""

from contextlib import ExitStack
from pathlib import Path
from typing import Any, Self

from fakes.google.gmail import Gmail
from fakes.google.oauth import SCOPE, Accounts
from fakes.web import Web

from careermail.clock import Clock, SystemClock
from careermail.credentials import Secret
from careermail.model import Service
from careermail.providers import Provider, open_provider

SCOPES = [f"{SCOPE}{name}" for name in ("gmail.readonly", "gmail.compose")]
SCOPES += [f"{SCOPE}{name}" for name in ("calendar.events.owned", "calendar.events.freebusy")]
PEOPLE = ("maya@example.com", "jonas@example.com", "ana@example.com", "careermail@example.com")
ROBOT = "careermail@p-1.iam.gserviceaccount.com"


class Organisation:
    """A context manager. Files that providers want are below `root`, and go with it."""

    def __init__(self, root: Path, *rooms: Any, people: tuple[str, ...] = PEOPLE, clock: Clock | None = None) -> None:
        self.root, self.clock = root, clock or SystemClock()
        self.accounts = Accounts(*people)
        self.gmail = Gmail(self.accounts, self.clock.now)
        self.web = Web(self.accounts, self.gmail, *rooms)
        self._later = ExitStack()

    def __enter__(self) -> Self:
        self._later.enter_context(self.web)
        self.robot = self.accounts.robot(ROBOT, *SCOPES)
        return self

    def __exit__(self, *_: object) -> None:
        self._later.close()

    def secret(self, name: str, text: str) -> Secret:
        """A file with a secret."""
        file = self.root / name
        file.touch(mode=0o600)
        file.write_text(text)
        return Secret(file=file)

    def settings(self, *, as_manager: bool = True, **more: Any) -> dict[str, Any]:
        """What a provider is told that has the key of a service account."""
        service = Service(
            address="careermail@example.com", state=self.root / "state", as_manager=as_manager, secret=b"s3cret"
        )
        key = self.secret("key.json", self.accounts.key(self.robot, self.web.url))
        told = {"client": None, "token": None, "service_account": key, "impersonate": "", "meet": False}
        return {"kind": "google", "service": service, "endpoint": self.web.url, **told, **more}

    def provider(self, **settings: Any) -> Provider:
        """A provider on all of it."""
        opened = open_provider(self.settings(**settings), self.clock)
        self._later.callback(opened.close)
        return opened

    def asked(self, pattern: str) -> list[str]:
        """Which requests had this in their method, path and query."""
        lines = [f"{r.method} {r.path}?{r.query}" for r in self.web.log]
        return [line for line in lines if pattern in line]
