"""Recurrence rules (RFC 5545, 3.3.10) as Exchange says them, and back.

Exchange knows fewer: one weekday or one day of the month at a time, and no set positions but those of a day, a weekday
or a day of the weekend. Where it could only say something else than the rule does, the rule is refused.
https://learn.microsoft.com/exchange/client-developer/exchange-web-services/recurrence-patterns-and-ews
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from exchangelib import recurrence as ews
from icalendar import vRecur

from careermail.errors import ProviderError
from careermail.model import resolve

_DAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
_NAMES = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_ORDER = ("First", "Second", "Third", "Fourth")
_SETS = {"Day": _DAYS, "Weekday": _DAYS[:5], "WeekendDay": _DAYS[5:]}
_MONTHS = ("January", "February", "March", "April", "May", "June", "July", "August", "September", "October",
           "November", "December")  # fmt: skip
_EVERY_MONTH = 28  # the last day that all months have
_LAST = 31  # as Exchange says it: a month that has fewer days ends with its last
_LONGEST = {"DAILY": 999, "WEEKLY": 99, "MONTHLY": 99, "YEARLY": 8}  # yearly rules are said in months
_MOST = 999  # sessions of a rule with COUNT
_MAY_SAY = {
    "DAILY": set[str](),
    "WEEKLY": {"BYDAY"},
    "MONTHLY": {"BYDAY", "BYMONTHDAY", "BYSETPOS"},
    "YEARLY": {"BYDAY", "BYMONTHDAY", "BYSETPOS", "BYMONTH"},
}
_ALWAYS = {"FREQ", "INTERVAL", "COUNT", "UNTIL", "WKST"}


def recurrence(rrule: str, start: datetime | date, zone: ZoneInfo) -> ews.Recurrence:
    """What Exchange is to be told of a rule from `start` on (local to `zone`, naive).

    Raises ProviderError (permanent) where it cannot say the same.
    """
    rule = _read(rrule)
    boundary = _boundary(rule, start.date() if isinstance(start, datetime) else start, zone)
    return ews.Recurrence(pattern=_pattern(rule, start, rrule), boundary=boundary)


def rrule(recurrence: ews.Recurrence, zone: ZoneInfo) -> str:
    """The rule that Exchange holds, its end in UTC as of `zone`."""
    rule = vRecur({**_said(recurrence.pattern), **_ending(recurrence.boundary, zone)})
    return str(rule.to_ical().decode())  # type: ignore[no-untyped-call]


def ended(recurrence: ews.Recurrence, last: date) -> ews.Recurrence:
    """The same recurrence with this as its last day, local."""
    boundary = ews.EndDatePattern(start=_date(recurrence.boundary.start), end=_date(last))
    return ews.Recurrence(pattern=recurrence.pattern, boundary=boundary)


def begin(rrule: str, start: datetime) -> datetime:
    """The first session of a rule, local: `start` itself, or, where the rule leaves that out, the next one after it.

    Exchange leaves it out too, where iCalendar (3.8.5.3) has the first stand beside the rule.
    """
    from dateutil.rrule import rrulestr

    found: datetime | None = rrulestr(rrule, dtstart=start, ignoretz=True).after(start, inc=True)
    return found or start


# --- to Exchange ---------------------------------------------------------------------------------


def _read(rrule: str) -> Mapping[str, list[Any]]:
    try:
        rule = vRecur.from_ical(rrule)
    except ValueError:
        raise _refused(rrule, "cannot be understood") from None
    freq = str(rule.get("FREQ", [""])[0])
    if freq not in _MAY_SAY:
        raise _refused(rrule, "comes round too often: at most daily")
    if extra := rule.keys() - _ALWAYS - _MAY_SAY[freq]:
        raise _refused(rrule, f"says {', '.join(sorted(extra))}, which it cannot")
    if _interval(rule) > _LONGEST[freq]:
        raise _refused(rrule, f"has too long an INTERVAL: {_LONGEST[freq]} at most")
    if rule.get("COUNT", [1])[0] > _MOST:
        raise _refused(rrule, f"has too high a COUNT: {_MOST} at most")
    return {name: list(values) if isinstance(values, (list, tuple)) else [values] for name, values in rule.items()}


def _refused(rrule: str, why: str) -> ProviderError:
    words = f"Exchange cannot hold the recurrence {rrule!r}: it {why}. Say `every`, or a simpler `rrule`"
    return ProviderError(words, permanent=True)


def _interval(rule: Mapping[str, list[Any]]) -> int:
    return int(rule.get("INTERVAL", [1])[0])


def _pattern(rule: Mapping[str, list[Any]], start: datetime | date, rrule: str) -> ews.Pattern:
    interval = _interval(rule)
    match rule["FREQ"][0]:
        case "DAILY":
            return ews.DailyPattern(interval=interval)
        case "WEEKLY":
            return _weekly(rule, start, rrule)
        case "YEARLY":
            if [int(month) for month in rule.get("BYMONTH", [start.month])] != [start.month]:
                raise _refused(rrule, "names another BYMONTH than its first session's")
            interval *= 12
    if "BYDAY" in rule:
        number, weekday = _nth(rule, rrule)
        return ews.RelativeMonthlyPattern(interval=interval, weekday=weekday, week_number=number)
    return ews.AbsoluteMonthlyPattern(interval=interval, day_of_month=_day(rule, start, rrule))


def _weekly(rule: Mapping[str, list[Any]], start: datetime | date, rrule: str) -> ews.Pattern:
    days = [str(day) for day in rule.get("BYDAY", [_DAYS[start.weekday()]])]
    if not set(days) <= set(_DAYS):
        raise _refused(rrule, "counts the weekdays of a week")
    first = _DAYS.index(str(rule.get("WKST", ["MO"])[0])) + 1
    weekdays = sorted(_DAYS.index(day) + 1 for day in days)
    return ews.WeeklyPattern(interval=_interval(rule), weekdays=weekdays, first_day_of_week=first)


def _nth(rule: Mapping[str, list[Any]], rrule: str) -> tuple[str, str]:
    """Which one of which days of a month."""
    days, positions = [str(day) for day in rule["BYDAY"]], [int(p) for p in rule.get("BYSETPOS", [])]
    if not positions and len(days) == 1:
        days, positions = [days[0][-2:]], [int(days[0][:-2] or 0)]
    names = {**{frozenset([day]): name for day, name in zip(_DAYS, _NAMES, strict=True)},
             **{frozenset(of): name for name, of in _SETS.items()}}  # fmt: skip
    if "BYMONTHDAY" in rule or len(positions) != 1 or frozenset(days) not in names:
        raise _refused(rrule, "names other days of a month than one, as 2TU is")
    if positions[0] not in {1, 2, 3, 4, -1}:
        raise _refused(rrule, "counts the days of a month in a way it does not: first to fourth, or last (-1)")
    return "Last" if positions[0] < 0 else _ORDER[positions[0] - 1], names[frozenset(days)]


def _day(rule: Mapping[str, list[Any]], start: datetime | date, rrule: str) -> int:
    days = [int(day) for day in rule.get("BYMONTHDAY", [start.day])]
    if len(days) != 1 or "BYSETPOS" in rule:
        raise _refused(rrule, "names more days of a month than one")
    if days[0] == -1:
        return _LAST
    if not 1 <= days[0] <= _EVERY_MONTH:
        raise _refused(rrule, "leaves out the months without such a day; say BYMONTHDAY=-1 for the last of each")
    return days[0]


def _boundary(rule: Mapping[str, list[Any]], first: date, zone: ZoneInfo) -> ews.Boundary:
    if "COUNT" in rule:
        return ews.NumberedPattern(start=_date(first), number=int(rule["COUNT"][0]))
    if "UNTIL" in rule:
        until = rule["UNTIL"][0]
        last = (until.astimezone(zone) if until.tzinfo else until).date() if isinstance(until, datetime) else until
        return ews.EndDatePattern(start=_date(first), end=_date(last))
    return ews.NoEndPattern(start=_date(first))


def _date(day: date) -> Any:
    """A day as the library has it, which makes a midnight of one that it reads."""
    from exchangelib import EWSDate

    return EWSDate(day.year, day.month, day.day)


# --- from Exchange -------------------------------------------------------------------------------


def _said(pattern: Any) -> dict[str, Any]:
    match pattern:
        case ews.DailyPattern():
            return {"FREQ": "DAILY", "INTERVAL": pattern.interval}
        case ews.WeeklyPattern():
            first = _DAYS[_index(_NAMES, pattern.first_day_of_week)]
            days = [_DAYS[_index(_NAMES, day)] for day in pattern.weekdays]
            return {"FREQ": "WEEKLY", "INTERVAL": pattern.interval, "BYDAY": days, "WKST": first}
        case ews.AbsoluteMonthlyPattern():
            return {"FREQ": "MONTHLY", "INTERVAL": pattern.interval, **_of_month(pattern.day_of_month)}
        case ews.RelativeMonthlyPattern():
            return {"FREQ": "MONTHLY", "INTERVAL": pattern.interval, **_nth_of_month(pattern)}
        case ews.AbsoluteYearlyPattern():
            of = _of_month(pattern.day_of_month)
        case ews.RelativeYearlyPattern():
            of = _nth_of_month(pattern)
        case _:
            kind = type(pattern).__name__
            raise ProviderError(f"a series in Exchange recurs in a way that is not understood ({kind})")
    return {"FREQ": "YEARLY", "BYMONTH": _index(_MONTHS, pattern.month) + 1, **of}


def _index(names: tuple[str, ...], value: int | str) -> int:
    """Where a name stands, which the library gives as a number from 1 on or as it is."""
    return value - 1 if isinstance(value, int) else names.index(value)


def _of_month(day: int) -> dict[str, Any]:
    """A day of the month; or the month's last, where it has fewer."""
    if day <= _EVERY_MONTH:
        return {"BYMONTHDAY": day}
    return {"BYMONTHDAY": -1} if day == _LAST else {"BYMONTHDAY": list(range(_EVERY_MONTH, day + 1)), "BYSETPOS": -1}


def _nth_of_month(pattern: Any) -> dict[str, Any]:
    number = _index((*_ORDER, "Last"), pattern.week_number) + 1
    position = -1 if number > len(_ORDER) else number
    day = _index((*_NAMES, *_SETS), pattern.weekday)
    if day < len(_NAMES):
        return {"BYDAY": f"{position}{_DAYS[day]}"}
    return {"BYDAY": list(list(_SETS.values())[day - len(_NAMES)]), "BYSETPOS": position}


def _ending(boundary: Any, zone: ZoneInfo) -> dict[str, Any]:
    match boundary:
        case ews.NumberedPattern():
            return {"COUNT": boundary.number}
        case ews.EndDatePattern():
            midnight = datetime.combine(boundary.end, time()) + timedelta(days=1)
            return {"UNTIL": resolve(midnight, zone).astimezone(UTC) - timedelta(seconds=1)}
    return {}
