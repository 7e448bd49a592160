"""One event of ours as a CalDAV server holds it, and what was found out about it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from careermail.mail.expand import Instance, Window, expand
from careermail.mail.invite import SERIES, parse
from careermail.mail.vevent import CalendarError, uids
from careermail.providers.shelf.reconcile import Summary, summaries

if TYPE_CHECKING:
    from icalendar import Calendar

_MARKED = re.compile(SERIES + r"[^:\r\n]*:([^\r\n]*)", re.IGNORECASE)


@dataclass
class Item:
    """A resource of a calendar. What is asked for more than once is worked out once: an item never changes."""

    url: str
    etag: str
    text: str
    known: str = ""  # the series that it was known to belong to, should it not say so itself any more

    @cached_property
    def marker(self) -> str:
        """The series that it belongs to; most events in a calendar name none, and need not be parsed to tell."""
        named = _MARKED.findall(re.sub(r"\r?\n[ \t]", "", self.text))
        return named[0].strip() if named else self.known

    @cached_property
    def uids(self) -> tuple[str, ...]:
        """The events in it; none where it is broken."""
        try:
            return tuple(uids(self.calendar()))
        except CalendarError:
            return ()

    def calendar(self) -> Calendar:
        """What it holds, to be edited. Raises CalendarError."""
        return parse(self.text.encode())

    @cached_property
    def summaries(self) -> tuple[Summary, ...]:
        """What must be told of it. Raises CalendarError."""
        return summaries(self.calendar())

    @property
    def attendees(self) -> frozenset[str]:
        """The mail addresses of those who are asked to come. Raises CalendarError."""
        return frozenset(who for one in self.summaries for who in one.attendees)

    def instances(self, window: Window, zone: ZoneInfo) -> list[Instance]:
        """What takes place around a window, whole years of it; worked out once for each. Raises CalendarError."""
        years = window[0].year, window[1].year
        held = self.__dict__.setdefault("_expanded", {})
        if (years, zone.key) not in held:
            whole = datetime(years[0], 1, 1, tzinfo=UTC), datetime(years[1] + 1, 1, 1, tzinfo=UTC)
            held.clear()
            held[years, zone.key] = expand(self.calendar(), whole, zone)
        found: list[Instance] = held[years, zone.key]
        return found
