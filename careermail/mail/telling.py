"""Dates and names as the reader of a mail would say them: the filters of the templates.

Imports babel, so it is itself imported by the first mail and not before.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

from babel import Locale
from babel.dates import format_date, format_time
from babel.lists import format_list

from careermail.model import A_DAY, Occurrence, Person, Topic

_BRITISH = Locale("en", "GB")


def _locale(language: str) -> Locale:
    """The locale of a tag such as "de-AT" or "pt_BR"; plain English is British, as the mails are."""
    return _BRITISH if language == "en" else Locale.parse(language.replace("_", "-"), sep="-")


@dataclass(frozen=True)
class Telling:
    """How one reader is told things at one moment: in the mail's language, and in their own zone.

    Every method raises babel.UnknownLocaleError or ValueError where CLDR does not know the language.
    """

    reader: Person
    now: datetime
    language: str

    @property
    def _english(self) -> bool:
        return _locale(self.language).language == "en"

    @property
    def today(self) -> date:
        """The reader's date."""
        return self._local(self.now)

    def _local(self, value: date) -> date:
        return value.astimezone(self.reader.zone).date() if isinstance(value, datetime) else value

    def _format(self, value: date, pattern: str) -> str:
        return format_date(self._local(value), pattern, locale=_locale(self.language))

    def _this_year(self, value: date) -> bool:
        return self._local(value).year == self.today.year

    def day(self, value: date) -> str:
        """The day of a moment or a date: "Tuesday 12 January 2027". In English, this year goes unsaid."""
        if not self._english:
            return self._format(value, "full")
        return self._format(value, "EEEE d MMMM" if self._this_year(value) else "EEEE d MMMM y")

    def weekday(self, value: date) -> str:
        """The name of a day less than a week ahead: "Tuesday"; of any other, the whole `day`."""
        ahead = self._local(value) - self.today
        return self._format(value, "EEEE") if 0 * A_DAY <= ahead < 7 * A_DAY else self.day(value)

    def clock(self, value: datetime) -> str:
        """The time of day: "10:00"."""
        return format_time(value.astimezone(self.reader.zone), "short", locale=_locale(self.language))

    def when(self, value: datetime) -> str:
        """Day and time: "Tuesday 12 January at 10:00"."""
        pattern = "{1} at {0}" if self._english else str(_locale(self.language).datetime_formats["full"])
        return pattern.format(self.clock(value), self.day(value))

    def month(self, value: date) -> str:
        """The month: "April", or "April 2028" where that is not this year."""
        return self._format(value, "LLLL" if self._this_year(value) else "LLLL y")

    def names(self, people: Iterable[Person]) -> str:
        """First names, each person once and in their order: "Jonas, Amara and Li"."""
        return format_list([person.first_name for person in dict.fromkeys(people)], locale=_locale(self.language))

    def other(self, topic: Topic) -> Person:
        """The one of the two in a topic who is not the reader."""
        return topic.series.manager if self.role(topic) == "report" else topic.series.report

    def role(self, topic: Topic) -> Literal["manager", "report"]:
        """Which of the two in a topic the reader is."""
        return "report" if self.reader.email == topic.series.report.email else "manager"


def minutes(occurrence: Occurrence) -> int:
    """How long a session is."""
    return int((occurrence.end - occurrence.start).total_seconds()) // 60


def apart(topic: Topic) -> bool:
    """Whether the session's start reads differently on the manager's clock and on the report's."""
    moment = topic.occurrence.start if topic.occurrence else topic.following
    if moment is None:
        return False
    clocks = {moment.astimezone(person.zone).utcoffset() for person in (topic.series.manager, topic.series.report)}
    return len(clocks) > 1
