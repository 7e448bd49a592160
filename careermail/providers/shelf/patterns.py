"""Recurrence as Outlook's calendars know it, and as RFC 5545 (3.3.10) does. Pure.

Outlook has six kinds of it (https://learn.microsoft.com/graph/api/resources/recurrencepattern; MS-OXOCAL, 2.2.1.44),
and an RRULE can say far more. One is taken for the other only if both put the same sessions on the same days for years.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from itertools import islice, takewhile, zip_longest
from typing import Literal

Kind = Literal["daily", "weekly", "absoluteMonthly", "relativeMonthly", "absoluteYearly", "relativeYearly"]

DAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
LAST = -1
_MONTHS, _WEEK = 12, 7
_SHORTEST_MONTH = 28
_LONGEST_MONTH = 31
_MOST = {"daily": 999}  # of days in between; of anything else 99 (MS-OXWSCDATA, 3.1.1.3.2.1)
_COMPARED = (200, timedelta(days=30 * 366))  # sessions, and how long for


@dataclass(frozen=True)
class Pattern:
    """When something recurs. Which fields count depends on the kind."""

    kind: Kind
    interval: int  # in days, weeks, months or years
    days: tuple[str, ...] = ()  # of the week, as in DAYS
    nth: int = 0  # of these days in the month: 1 to 4, or LAST
    day: int = 0  # of the month; in a month without it, the last
    month: int = 0
    week_start: str = "MO"


@lru_cache(1024)  # a series is put and read many times
def pattern(rrule: str, first: datetime) -> Pattern:
    """The pattern that puts sessions where this rule does from `first` (local, naive) on.

    Raises ValueError, in words for whoever wrote the rule, where Outlook has none such.
    """
    wanted = list(_sessions(rrule, first))
    for one in _candidates(rrule, wanted):
        same = all(a == b for a, b in zip_longest(wanted, _sessions(written(one), wanted[0])))
        if same and one.interval <= _MOST.get(one.kind, 99):
            return one
    raise ValueError(
        f"Outlook has no such recurrence: {rrule} from {first:%d %B %Y}. It has every so many days; every so many weeks"
        " on some weekdays; and every so many months or years on a day from 1 to 28, on the last day, or on a first to"
        " fourth or last weekday"
    )


def begins(rrule: str, first: datetime) -> datetime:
    """When the first session of a rule is (local), from `first` on."""
    return next(_sessions(rrule, first), first)


def written(one: Pattern) -> str:
    """The RRULE that means the same."""
    head = {"daily": "DAILY", "weekly": "WEEKLY"}.get(one.kind, "YEARLY" if one.kind.endswith("Yearly") else "MONTHLY")
    month = f"BYMONTH={one.month}" if head == "YEARLY" else ""
    return ";".join(part for part in (f"FREQ={head}", f"INTERVAL={one.interval}", month, _which(one)) if part)


def _which(one: Pattern) -> str:
    """The days of a rule."""
    if one.kind == "daily":
        return ""
    days = ",".join(one.days)
    if one.kind == "weekly":
        return f"BYDAY={days}" + (f";WKST={one.week_start}" if one.week_start != "MO" else "")
    if one.kind.startswith("relative"):
        return f"BYDAY={one.nth}{days}" if len(one.days) == 1 else f"BYDAY={days};BYSETPOS={one.nth}"
    if one.day <= _SHORTEST_MONTH:
        return f"BYMONTHDAY={one.day}"
    up_to = ",".join(str(day) for day in range(_SHORTEST_MONTH, one.day + 1))
    return "BYMONTHDAY=-1" if one.day == _LONGEST_MONTH else f"BYMONTHDAY={up_to};BYSETPOS=-1"


def _sessions(rrule: str, first: datetime) -> Iterator[datetime]:
    from dateutil.rrule import rrulestr

    most, span = _COMPARED
    return islice(takewhile(lambda at: at < first + span, rrulestr(rrule, dtstart=first)), most)


def _candidates(rrule: str, sessions: list[datetime]) -> Iterator[Pattern]:
    """The patterns that the first sessions, and the words of the rule, give reason to try."""
    said = dict(part.partition("=")[::2] for part in rrule.removeprefix("RRULE:").split(";"))
    if len(sessions) < 2:  # noqa: PLR2004
        return
    one, two = sessions[:2]
    weeks = int(said.get("INTERVAL", "1")) if said["FREQ"] == "WEEKLY" else 1
    on = tuple(day for day in DAYS if day in {DAYS[at.weekday()] for at in sessions})
    daily = Pattern("daily", (two - one).days)
    weekly = Pattern("weekly", weeks, on, week_start=said.get("WKST", "MO"))
    yield from (daily, weekly) if said["FREQ"] == "DAILY" else (weekly, daily)
    if months := (two.year - one.year) * _MONTHS + two.month - one.month:
        yield from _monthly(months, said, sessions)


def _monthly(months: int, said: dict[str, str], sessions: list[datetime]) -> Iterator[Pattern]:
    first = sessions[0]
    years, yearly = months // _MONTHS, months % _MONTHS == 0
    interval, month = (years, first.month) if yearly else (months, 0)
    for day in {max(at.day for at in sessions), _LONGEST_MONTH}:
        yield Pattern("absoluteYearly" if yearly else "absoluteMonthly", interval, day=day, month=month)
    several = tuple(day for day in DAYS if day in said.get("BYDAY", "").split(","))
    for nth in (1, 2, 3, 4, LAST):
        for days in {(DAYS[first.weekday()],), several or (DAYS[first.weekday()],)}:
            yield Pattern("relativeYearly" if yearly else "relativeMonthly", interval, days, nth, month=month)
