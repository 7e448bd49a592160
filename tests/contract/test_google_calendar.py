"""The calendar on Google, as Google's documentation has it: on a fake of its API that is held against Google's own."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass

import pytest
from fakes.google.agenda import Agenda
from fakes.google.calendar import CalendarRoom
from fakes.google.oauth import Accounts, Grant
from fakes.google.people import Browsers
from fakes.web import Web
from provider_suite import JONAS, MAYA, CalendarSuite, World, utc

from careermail.clock import VirtualClock
from careermail.model import Busy
from careermail.providers import Provider
from careermail.providers.google.api import Api
from careermail.providers.google.auth import CALENDAR
from careermail.providers.google.calendar import GoogleCalendar


@dataclass(frozen=True)
class Token:
    token: str


class Tokens:
    """Access to everybody, whose tokens are their addresses."""

    def __init__(self, accounts: Accounts) -> None:
        self.accounts = accounts

    def __call__(self, address: str) -> Token:
        self.accounts.access[address] = Grant(address, frozenset(CALENDAR))
        return Token(address)

    renew = __call__


@pytest.fixture
def web() -> Iterator[Web]:
    with Web() as web:
        yield web


@pytest.fixture
def undo() -> Iterator[ExitStack]:
    with ExitStack() as undo:
        yield undo


class TestGoogleCalendar(CalendarSuite):
    @pytest.fixture
    def new_world(self, web: Web, undo: ExitStack) -> Callable[[], World]:
        def make() -> World:
            undo.close()
            agenda, accounts = (
                Agenda(maya="Europe/Stockholm", jonas="Europe/Berlin", ana="America/Sao_Paulo"),
                Accounts(),
            )
            web.rooms[:] = [CalendarRoom(agenda, accounts)]
            api = Api("calendar", "v3", Tokens(accounts), VirtualClock(utc(2027, 1, 1)), web.url)
            undo.callback(api.close)
            return World(Provider("google", GoogleCalendar(api), None, None), Browsers(agenda))

        return make

    def test_other_business_takes_up_time(self, booked: World):
        """Of others, free/busy tells when they are busy, and not with what."""
        booked.hands.add_busy(JONAS, utc(2027, 3, 2, 8), utc(2027, 3, 2, 9))
        (busy,) = booked.provider.calendar.busy([MAYA, JONAS], (utc(2027, 3, 1), utc(2027, 4, 1)))
        assert busy == Busy("jonas@example.com", utc(2027, 3, 2, 8), utc(2027, 3, 2, 9))
