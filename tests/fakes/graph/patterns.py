"""On which days an Outlook series has sessions: MS-OXOCAL, 2.2.1.44, in the words of a patternedRecurrence."""

import json
from calendar import monthrange
from collections.abc import Iterator
from datetime import date, timedelta
from functools import lru_cache
from itertools import count, islice, takewhile
from typing import Any

NAMES = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
NTH = {"first": 0, "second": 1, "third": 2, "fourth": 3, "last": -1}
NEEDED = {
    "daily": set(),
    "weekly": {"daysOfWeek", "firstDayOfWeek"},
    "absoluteMonthly": {"dayOfMonth"},
    "relativeMonthly": {"daysOfWeek"},
    "absoluteYearly": {"dayOfMonth", "month"},
    "relativeYearly": {"daysOfWeek", "month"},
}
LAST = date(2034, 12, 31)  # of a series without end: nobody here looks any further


def flaw(recurrence: dict[str, Any], start: date) -> str:
    """What Graph would refuse of it; "" for nothing."""
    pattern, limits = recurrence.get("pattern") or {}, recurrence.get("range") or {}
    kind, given = pattern.get("type"), set(pattern) - {"type", "interval"}
    if kind not in NEEDED or not 1 <= pattern.get("interval", 0) <= (999 if kind == "daily" else 99):
        return "type and interval"
    if not NEEDED[kind] <= given or not given <= NEEDED[kind] | ({"index"} if kind.startswith("relative") else set()):
        return f"the fields of {kind}"
    if limits.get("type") not in {"noEnd", "endDate", "numbered"} or limits.get("startDate") != start.isoformat():
        return "the range"
    return "" if start in days(recurrence)[:1] else "start is none of its days"


def days(recurrence: dict[str, Any]) -> tuple[date, ...]:
    """The days, in order."""
    return _days(json.dumps(recurrence))


@lru_cache
def _days(said: str) -> tuple[date, ...]:
    recurrence = json.loads(said)
    pattern, limits = recurrence["pattern"], recurrence["range"]
    begin = date.fromisoformat(limits["startDate"])
    found = (day for day in _unending(pattern, begin) if day >= begin)
    last = date.fromisoformat(limits["endDate"]) if limits["type"] == "endDate" else LAST
    number = limits["numberOfOccurrences"] if limits["type"] == "numbered" else None
    return tuple(takewhile(lambda day: day <= last, islice(found, number)))


def _unending(pattern: dict[str, Any], begin: date) -> Iterator[date]:
    kind, interval = pattern["type"], pattern["interval"]
    if kind == "daily":
        yield from (begin + timedelta(days=n * interval) for n in count())
    elif kind == "weekly":
        first = NAMES.index(pattern["firstDayOfWeek"])
        week = begin - timedelta(days=(begin.weekday() - first) % 7)
        for n in count():
            monday = week + timedelta(weeks=n * interval)
            yield from (
                day for d in range(7) if NAMES[(day := monday + timedelta(days=d)).weekday()] in pattern["daysOfWeek"]
            )
    else:
        yearly = kind.endswith("Yearly")
        months = begin.year * 12 + (pattern["month"] if yearly else begin.month) - 1
        for n in count():
            year, month = divmod(months + n * interval * (12 if yearly else 1), 12)
            yield _of_month(pattern, year, month + 1)


def _of_month(pattern: dict[str, Any], year: int, month: int) -> date:
    last = monthrange(year, month)[1]
    if pattern["type"].startswith("absolute"):
        return date(year, month, min(pattern["dayOfMonth"], last))
    every = (date(year, month, day) for day in range(1, last + 1))
    fitting = [day for day in every if NAMES[day.weekday()] in pattern["daysOfWeek"]]
    return fitting[NTH[pattern.get("index", "first")]]
