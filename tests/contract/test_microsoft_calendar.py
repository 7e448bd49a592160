"""The calendar of Microsoft 365 promises what every provider does; people act in Outlook."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import datetime
from itertools import pairwise

import pytest
from graph_office import Office
from provider_suite import MAYA, CalendarSuite, World


class TestMicrosoftCalendar(CalendarSuite):
    @pytest.fixture
    def new_world(self) -> Iterator[Callable[[], World]]:
        with ExitStack() as undo:
            yield lambda: undo.enter_context(Office()).world

    def lets(self, sessions: dict[str, datetime], at: str, start: datetime) -> bool:
        """Outlook lets none come to the day of the one before or after it."""
        days = [start if one == at else sessions[one] for one in sorted(sessions)]
        return all(one < two for one, two in pairwise(day.astimezone(MAYA.zone).date() for day in days))
