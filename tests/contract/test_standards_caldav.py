"""The calendar over CalDAV, on two real servers: Cyrus, which invites by itself, and Radicale, for which we do."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from provider_suite import CalendarSuite, World, utc
from servers import cyrus as cyrus_server
from servers.cyrus import Cyrus
from servers.people import People, Program

from careermail.clock import VirtualClock
from careermail.credentials import Secret
from careermail.model import Service
from careermail.providers import Provider
from careermail.providers.standards.caldav import CalDavCalendar

NOW = utc(2027, 1, 1)


@pytest.fixture(scope="session")
def cyrus() -> Iterator[Cyrus]:
    if cyrus_server.ABSENT:
        pytest.skip(cyrus_server.ABSENT)
    with Cyrus() as server:
        server.welcome("maya", "jonas", "ana")
        yield server


class Nobody:
    """Invitations where none may be mailed."""

    def answer(self, rsvp):
        return False


@pytest.fixture
def password(tmp_path: Path) -> Secret:
    file = tmp_path / "password"
    file.write_text(cyrus_server.PASSWORD)
    file.chmod(0o600)
    return Secret(file=file)


class TestCyrus(CalendarSuite):
    @pytest.fixture
    def new_world(self, cyrus: Cyrus, password: Secret) -> Callable[[], World]:
        def make() -> World:
            programs = {
                f"{user}@example.com": Program(
                    f"{cyrus.url}calendars/user/{user}/Default/", user, cyrus_server.PASSWORD
                )
                for user in ("maya", "jonas")
            }
            for program in programs.values():
                program.wipe()
            settings = {"calendar": {"url": cyrus.url, "user": "{user}", "password": password}, "managers": {}}
            calendar = CalDavCalendar(settings, Service(), VirtualClock(NOW), Nobody())
            return World(Provider("standards", calendar, None, None), People(programs))

        return make
