"""What a Recurrence of Exchange's means: the starts of its sessions, worked out from the pattern's own words."""

from collections.abc import Iterator
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from dateutil.relativedelta import relativedelta
from dateutil.rrule import DAILY, FR, MO, MONTHLY, SA, SU, TH, TU, WE, WEEKLY, YEARLY, rrule
from exchangelib.winzone import MS_TIMEZONE_TO_IANA_MAP
from fakes.ews.soap import Element, local, text

DAYS = {"Monday": MO, "Tuesday": TU, "Wednesday": WE, "Thursday": TH, "Friday": FR, "Saturday": SA, "Sunday": SU}
SETS = {"Day": list(DAYS.values()), "Weekday": [MO, TU, WE, TH, FR], "WeekendDay": [SA, SU]}
NTH = {"First": 1, "Second": 2, "Third": 3, "Fourth": 4, "Last": -1}
MONTHS = ["January", "February", "March", "April", "May", "June", "July", "August", "September", "October",
          "November", "December"]  # fmt: skip


def zone_of(name: str) -> ZoneInfo:
    """A zone by its Windows name."""
    return ZoneInfo(MS_TIMEZONE_TO_IANA_MAP[name])


def starts(recurrence: Element, first: datetime, zone: ZoneInfo, until: datetime) -> list[datetime]:
    """Where the pattern puts sessions up to a moment, in UTC; `first` is the start of the series."""
    pattern, boundary = recurrence
    local_first, found = first.astimezone(zone).replace(tzinfo=None), []
    end, number = text(boundary, "t:EndDate"), int(text(boundary, "t:NumberOfOccurrences") or 0)
    for when in _days(pattern, local_first):
        start = when.replace(tzinfo=zone).astimezone(UTC)
        if start > until or (end and when.date() > date.fromisoformat(end[:10])) or (number and len(found) >= number):
            break
        found.append(start)
    return found


def _days(pattern: Element, first: datetime) -> Iterator[datetime]:
    interval, index = int(text(pattern, "t:Interval", "1")), text(pattern, "t:DayOfWeekIndex")
    days = [d for name in text(pattern, "t:DaysOfWeek").split() for d in SETS.get(name, [DAYS.get(name)])]
    month = {"bymonth": MONTHS.index(text(pattern, "t:Month")) + 1} if text(pattern, "t:Month") else {}
    match local(pattern):
        case "DailyRecurrence":
            return iter(rrule(DAILY, first, interval=interval))
        case "WeeklyRecurrence":
            return iter(rrule(WEEKLY, first, interval=interval, byweekday=days, wkst=MO))
        case "RelativeMonthlyRecurrence":
            return iter(rrule(MONTHLY, first, interval=interval, byweekday=days, bysetpos=NTH[index]))
        case "RelativeYearlyRecurrence":
            return iter(rrule(YEARLY, first, byweekday=days, bysetpos=NTH[index], **month))
    return _day_of_month(int(text(pattern, "t:DayOfMonth")), first, interval, month.get("bymonth"))


def _day_of_month(day: int, first: datetime, interval: int, month: int | None) -> Iterator[datetime]:
    """That day, or the last of a month that has fewer."""
    begin = first.replace(day=1, **({"month": month} if month else {}))
    for n in range(10_000):
        when = begin + relativedelta(months=n * (12 if month else interval))
        when += relativedelta(day=day)
        if when >= first:
            yield when
