"""Days and hours: when a series comes round, when people work, and when a mail should reach them.

Dates and naive datetimes are local to the person or zone named; aware ones are in UTC.
"""

import re
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Literal
from zoneinfo import ZoneInfo

from dateutil.relativedelta import relativedelta

from careermail.model import A_DAY, Conversation, Person, resolve

if TYPE_CHECKING:
    from holidays import HolidayBase

Direction = Literal["before", "after"]
WEEKDAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
# Nobody is off for longer in a row; past it, the day itself is as good as any.
LONGEST_LEAVE = 60


# --- how often -----------------------------------------------------------------------------------


@cache
def interval(every: str) -> relativedelta:
    """Read "3 months" or "6 weeks" as a calendar interval; ValueError where it is none."""
    match = re.fullmatch(r"\s*(\d+)\s+(day|week|month|year)s?\s*", every)
    if not match or not int(match[1]):
        raise ValueError(f"{every!r} is not a number of days, weeks, months or years")
    return relativedelta(**{f"{match[2]}s": int(match[1])})  # type: ignore[arg-type]


def rule(conversation: Conversation, first: datetime) -> str:
    """Build the RRULE (RFC 5545, 3.3.10) by which the conversation recurs from `first` (local).

    Months and years keep the weekday ("every third month's second Tuesday"), so that a session never drifts
    into a weekend; the fifth weekday of a month is its last, so that none is left out.
    """
    if conversation.rrule:
        return conversation.rrule.removeprefix("RRULE:")
    step = interval(conversation.every)
    if step.days:
        weeks, days = divmod(step.days, 7)
        return f"FREQ=DAILY;INTERVAL={days + 7 * weeks}" if days else f"FREQ=WEEKLY;INTERVAL={weeks}"
    nth = (first.day - 1) // 7 + 1
    byday = f"{-1 if nth == 5 else nth}{WEEKDAYS[first.weekday()]}"  # noqa: PLR2004
    return f"FREQ=MONTHLY;INTERVAL={step.months + 12 * step.years};BYDAY={byday}"


def starts(rrule: str, first: datetime, zone: ZoneInfo, window: tuple[datetime, datetime]) -> Iterator[datetime]:
    """Every start of the rule from `first` (local) within the window (UTC, end excluded), in UTC.

    Expanded as wall-clock time and only then resolved, so that 10:00 stays 10:00 across a clock change.
    """
    from dateutil.rrule import rrulestr

    begin, end = window
    rules = rrulestr(rrule, dtstart=first)
    for local in rules.xafter(begin.astimezone(zone).replace(tzinfo=None) - A_DAY, inc=True):
        moment = resolve(local, zone)
        if moment >= end:
            return
        if moment >= begin:
            yield moment


@lru_cache(maxsize=1024)
def after_one_period(conversation: Conversation, start: datetime, zone: ZoneInfo) -> datetime:
    """When the session after the one at `start` (UTC) would come by the rule alone, in UTC."""
    local = start.astimezone(zone).replace(tzinfo=None)
    window = (start + timedelta(minutes=1), start + timedelta(days=3660))
    following = next(starts(rule(conversation, local), local, zone, window), None)
    return following or start + timedelta(days=91)


# --- who works when ------------------------------------------------------------------------------


@cache
def _holidays(code: str) -> "HolidayBase":
    import holidays

    country, _, subdivision = code.partition("-")
    return holidays.country_holidays(country, subdiv=subdivision or None)


def holiday(person: Person, day: date) -> str:
    """Name the public holiday that this day is for the person, or say ""."""
    return str(_holidays(person.holidays).get(day, "")) if person.holidays else ""


def is_day_off(person: Person, day: date) -> bool:
    """Whether the person does not work on this day."""
    away = any(first <= day <= last for first, last in person.away)
    return away or day.weekday() not in person.working_days or bool(holiday(person, day))


def working_day(person: Person, day: date, towards: Literal["before", "after", "same"]) -> date:
    """Return the day itself, or the nearest working day on the side asked for; with "same" always itself."""
    if towards == "same":
        return day
    step = -A_DAY if towards == "before" else A_DAY
    days = (day + n * step for n in range(LONGEST_LEAVE))
    return next((d for d in days if not is_day_off(person, d)), day)


def count_working_days(person: Person, day: date, count: int) -> date:
    """Return the working day that lies `count` working days after the day (before it, if negative)."""
    towards: Direction = "after" if count > 0 else "before"
    for _ in range(abs(count)):
        day = working_day(person, day + (A_DAY if count > 0 else -A_DAY), towards)
    return day


def local_day(person: Person, moment: datetime) -> date:
    """Return the date in the person's zone at this moment."""
    return moment.astimezone(person.zone).date()


def send_time(person: Person, day: date, on_day_off: Literal["before", "after", "same"] = "before") -> datetime:
    """Return the UTC moment at which a mail due on this day goes out: the person's `send_at` on a working day."""
    return resolve(datetime.combine(working_day(person, day, on_day_off), person.send_at), person.zone)


def at_work(person: Person, moment: datetime) -> bool:
    """Whether the moment lies within the person's working hours, both ends included; `send_at` widens them."""
    local = moment.astimezone(person.zone)
    opens = min(person.working_hours[0], person.send_at)
    closes = max(person.working_hours[1], person.send_at)
    return not is_day_off(person, local.date()) and opens <= local.time() <= closes


def working_moment(person: Person, moment: datetime, towards: Direction) -> datetime:
    """Return the moment itself if the person is at work, else the nearest one on the side asked for."""
    if at_work(person, moment):
        return moment
    local = moment.astimezone(person.zone)
    opens, closes = person.working_hours
    edge = opens if towards == "after" else closes
    today_still = local.time() < opens if towards == "after" else local.time() > closes
    step = timedelta(0) if today_still else (A_DAY if towards == "after" else -A_DAY)
    day = working_day(person, local.date() + step, towards)
    return resolve(datetime.combine(day, edge), person.zone)


def add_intervals(day: date, every: str, times: int) -> date:
    """Return the day `times` intervals later; the 31st of a month that has none is its last day."""
    return day + interval(every) * times
