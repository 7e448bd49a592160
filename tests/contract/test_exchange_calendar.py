"""Calendars on Exchange keep the promises, on a fake that is checked against the published schema."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest
from fakes.ews.house import House
from fakes.ews.people import People
from provider_suite import MAYA, CalendarSuite, World


@dataclass(frozen=True)
class Office(World):
    """A provider, the people around it, and the Exchange that both are on."""

    house: House


class TestExchangeCalendar(CalendarSuite):
    @pytest.fixture
    def new_world(self, tmp_path: Path) -> Iterator[Callable[[], Office]]:
        with ExitStack() as stack:
            yield lambda: opened(stack, tmp_path)


def opened(stack: ExitStack, root: Path) -> Office:
    house = stack.enter_context(House(root))
    return Office(house.provider(), People(house.diaries, MAYA), house)
