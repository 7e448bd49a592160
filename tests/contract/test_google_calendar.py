"""The calendar on Google, as Google documents it: on a fake of its API that is held against Google's own document."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest
from google_calendars import Google
from provider_suite import JONAS, MAYA, CalendarSuite, World, utc

from careermail.model import Busy


class TestGoogle(CalendarSuite):
    """Where a filter finds what was deleted, and what was moved stays where its series ends before it."""

    documented = True

    @pytest.fixture
    def undo(self) -> Iterator[ExitStack]:
        with ExitStack() as undo:
            yield undo

    @pytest.fixture
    def new_world(self, undo: ExitStack) -> Callable[[], World]:
        def make() -> World:
            undo.close()
            google = undo.enter_context(Google())
            google.agenda.shows_tombstones = google.agenda.keeps_orphans = self.documented
            google.room.page = 250 if self.documented else 2
            return google.world

        return make

    def test_other_business_takes_up_time(self, booked: World):
        """Of others, free/busy tells when they are busy, and not with what."""
        booked.hands.add_busy(JONAS, utc(2027, 3, 2, 8), utc(2027, 3, 2, 9))
        (busy,) = booked.provider.calendar.busy([MAYA, JONAS], (utc(2027, 3, 1), utc(2027, 4, 1)))
        assert busy == Busy("jonas@example.com", utc(2027, 3, 2, 8), utc(2027, 3, 2, 9))


class TestGoogleOtherwise(TestGoogle):
    """The same where it is the other way round, as far as the documentation lets it be; and page by page."""

    documented = False
