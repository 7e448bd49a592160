"""What the tests of Google Calendar share: a calendar opened on a fake of the API, and the people around it."""

from collections.abc import Iterable
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Self

from fakes.google.agenda import Agenda
from fakes.google.calendar import CalendarRoom
from fakes.google.oauth import Accounts, Grant
from fakes.google.people import Browsers
from fakes.google.recurring import Item
from fakes.web import Request, Web
from provider_suite import MAYA, SERIES, YEAR, World, utc

from careermail.clock import VirtualClock
from careermail.model import Occurrence
from careermail.providers import Provider
from careermail.providers.google.api import Api
from careermail.providers.google.auth import CALENDAR
from careermail.providers.google.calendar import GoogleCalendar

NOW = utc(2027, 1, 1)


@dataclass(frozen=True)
class Token:
    token: str = field(repr=False)


class Tokens:
    """Access to whomever; `renewed` tells for whom it was renewed."""

    def __init__(self) -> None:
        self.renewed, self.owner = list[str](), "maya@example.com"

    def __call__(self, address: str) -> Token:
        return Token(address)

    def renew(self, address: str) -> Token:
        self.renewed.append(address)
        return self(address)


class Google:
    """A context manager: Maya's, Jonas' and Ana's calendars, and careermail's view of them."""

    def __init__(self, *, meet: bool = False) -> None:
        self.agenda = Agenda(maya="Europe/Stockholm", jonas="Europe/Berlin", ana="America/Sao_Paulo")
        self.accounts = Accounts(*self.agenda.books)
        self.accounts.access |= {who: Grant(who, frozenset(CALENDAR)) for who in self.agenda.books}
        self.room, self.hands = CalendarRoom(self.agenda, self.accounts), Browsers(self.agenda)
        self.web, self.clock, self.access = Web(self.room), VirtualClock(NOW), Tokens()
        self.meet, self.undo = meet, ExitStack()

    def __enter__(self) -> Self:
        self.undo.enter_context(self.web)
        self.api = Api("calendar", "v3", self.access, self.clock, self.web.url)  # type: ignore[arg-type]
        self.undo.callback(self.api.close)
        self.calendar = GoogleCalendar(self.api, meet=self.meet)
        return self

    def __exit__(self, *_: object) -> None:
        self.undo.close()

    @property
    def world(self) -> World:
        return World(Provider("google", self.calendar, None, None), self.hands)  # type: ignore[arg-type]

    def sessions(self) -> dict[str, Occurrence]:
        """Maya's with Jonas, as careermail reads them."""
        return {o.recurrence_id: o for o in self.calendar.occurrences(MAYA, SERIES.marker, YEAR)}

    def held(self) -> list[Item]:
        """The events that Maya organizes and that stand, without single instances."""
        items = self.agenda.books[MAYA.email].events.values()
        return [i for i in items if i["status"] != "cancelled" and "recurringEventId" not in i]

    def told(self) -> list[tuple[str, str]]:
        """Whom Google told of what since this was last asked."""
        told, self.agenda.told = self.agenda.told, []
        return [(notice.to.partition("@")[0], notice.kind) for notice in told]

    def asked(self, *methods: str) -> list[Request]:
        """What was asked of the API since this was last asked; all of it, if no method is named."""
        log = [r for r in self.web.log if not methods or r.method in methods]
        self.web.log.clear()
        return log


def lines(requests: Iterable[Request]) -> list[str]:
    """Methods, and the last step of paths."""
    return [f"{r.method} {r.steps[-1]}" for r in requests]
