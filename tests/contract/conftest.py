"""Servers that are started once for a whole run, and what is opened on them."""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from caldavs import Opener
from fakes.ews.house import House
from google_calendars import Google
from servers import cyrus as cyrus_server
from servers import radicale as radicale_server
from servers.cyrus import Cyrus
from servers.radicale import Radicale


@pytest.fixture(scope="session")
def cyrus() -> Iterator[Cyrus]:
    if cyrus_server.ABSENT:
        pytest.skip(cyrus_server.ABSENT)
    with Cyrus() as server:
        server.welcome("maya", "jonas", "ana")
        yield server


@pytest.fixture(scope="session")
def radicale(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Radicale]:
    if radicale_server.ABSENT:
        pytest.skip(radicale_server.ABSENT)
    with Radicale(tmp_path_factory.mktemp("radicale")) as server:
        yield server


@pytest.fixture
def opener(tmp_path: Path) -> Iterator[Opener]:
    with ExitStack() as undo:
        yield Opener(tmp_path, undo)


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    """An Exchange Server."""
    with House(tmp_path) as house:
        yield house


@pytest.fixture
def google() -> Iterator[Google]:
    """Google Calendar."""
    with Google() as google:
        yield google
