"""Time zones as calendars carry them (RFC 5545, 3.6.5): by rule, as every program reads them. Pure.

icalendar's own VTIMEZONE lists each change of the clocks as an RDATE, which Outlook passes over, and dates the spring
one by the clock that it begins, an hour late.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from functools import cache
from typing import TYPE_CHECKING, NamedTuple
from zoneinfo import ZoneInfo

from careermail.model import A_DAY

if TYPE_CHECKING:
    from icalendar import Timezone, TimezoneDaylight, TimezoneStandard

YEARS_ALIKE = 6  # of the same changes are a rule
_DAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")


class Shift(NamedTuple):
    """One change of the clocks: what they showed, the offset from UTC before and after, and the new time's name."""

    onset: datetime
    before: timedelta
    after: timedelta
    name: str
    summer: bool


@cache
def timezone(name: str, year: int) -> Timezone | None:
    """The VTIMEZONE of a zone, right from `year` on; None for a name that is nobody's but its writer's."""
    from icalendar import Timezone

    try:
        zone = ZoneInfo(name)
        years = [list(_shifts(zone, y)) for y in range(year - 1, year - 1 + YEARS_ALIKE)]
    except (KeyError, ValueError, OSError):
        return None
    made = Timezone()
    made.add("TZID", name)
    if not any(years):
        made.add_component(_observance(_unchanging(zone, year)))
        return made
    rules = [_rule([shifts[n] for shifts in years]) for n in range(2)] if {len(s) for s in years} == {2} else [""]
    if not all(rules):
        return Timezone.from_tzid(name, first_date=date(year, 1, 1))
    for shift, rule in zip(years[0], rules, strict=True):
        made.add_component(_observance(shift, rule))
    return made


def _shifts(zone: ZoneInfo, year: int) -> Iterator[Shift]:
    day = datetime(year, 1, 1, tzinfo=UTC)
    while day.year == year:
        if day.astimezone(zone).utcoffset() != (day + A_DAY).astimezone(zone).utcoffset():
            yield _shift(zone, day)
        day += A_DAY


def _shift(zone: ZoneInfo, day: datetime) -> Shift:
    """The change that comes within a day of a moment, to the minute."""
    before = day.astimezone(zone).utcoffset() or timedelta()
    low, high = 0, 24 * 60
    while high - low > 1:
        middle = (low + high) // 2
        same = (day + timedelta(minutes=middle)).astimezone(zone).utcoffset() == before
        low, high = (middle, high) if same else (low, middle)
    moment = day + timedelta(minutes=high)
    local = moment.astimezone(zone)
    after = local.utcoffset() or timedelta()
    return Shift((moment + before).replace(tzinfo=None), before, after, str(local.tzname()), after > before)


def _unchanging(zone: ZoneInfo, year: int) -> Shift:
    local = datetime(year, 1, 1, tzinfo=zone)
    offset = local.utcoffset() or timedelta()
    return Shift(datetime(1970, 1, 1), offset, offset, str(local.tzname()), summer=False)  # noqa: DTZ001 (local)


def _rule(shifts: list[Shift]) -> str:
    """The yearly rule that all of these follow; "" where they follow none."""
    first = shifts[0]
    alike = {(s.onset.month, s.onset.weekday(), s.onset.time(), s.before, s.after) for s in shifts}
    last = all((s.onset + 7 * A_DAY).month != s.onset.month for s in shifts)
    nth = {(s.onset.day - 1) // 7 + 1 for s in shifts}
    if len(alike) > 1 or not (last or len(nth) == 1):
        return ""
    return f"FREQ=YEARLY;BYMONTH={first.onset.month};BYDAY={-1 if last else nth.pop()}{_DAYS[first.onset.weekday()]}"


def _observance(shift: Shift, rule: str = "") -> TimezoneStandard | TimezoneDaylight:
    from icalendar import TimezoneDaylight, TimezoneStandard, vRecur

    one = TimezoneDaylight() if shift.summer else TimezoneStandard()
    one.add("DTSTART", shift.onset)
    one.add("TZOFFSETFROM", shift.before)
    one.add("TZOFFSETTO", shift.after)
    one.add("TZNAME", shift.name)
    if rule:
        one.add("RRULE", vRecur.from_ical(rule))
    return one
