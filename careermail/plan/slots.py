"""Where an hour for two people is found: pure search over days, free time and working hours."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime, timedelta
from functools import cached_property

from careermail.model import A_DAY, Busy, Occurrence, Person, Series, resolve
from careermail.plan.recurrence import holiday, is_day_off, local_day, rule, starts, working_day

STEP = timedelta(minutes=30)
FOUR_WEEKS = 28
A_QUARTER = 91
A_YEAR = timedelta(days=366)

# What is wrong with an hour, worst first; each outweighs all that follow it together.
TAKEN, OFF, MANAGERS_EVENING, REPORTS_EVENING, UNLIKED_DAY, UNLIKED_HOUR = 1000, 400, 100, 40, 10, 10
UNLIKED = UNLIKED_DAY + UNLIKED_HOUR  # at most this is wrong where both are free and at work


class Diary:
    """The taken time of a series' two people, asked many times."""

    def __init__(self, busy: Iterable[Busy]) -> None:
        self._busy = sorted(busy, key=lambda b: b.start)

    @cached_property
    def _starts(self) -> list[datetime]:
        return [b.start for b in self._busy]

    @cached_property
    def _longest(self) -> timedelta:
        return max((b.end - b.start for b in self._busy), default=timedelta(0))

    def taken(self, start: datetime, end: datetime) -> bool:
        """Whether anything overlaps the stretch from start to end (UTC)."""
        low = bisect_left(self._starts, start - self._longest)
        high = bisect_right(self._starts, end)
        return any(b.start < end and b.end > start for b in self._busy[low:high])


def penalty(series: Series, diary: Diary, start: datetime) -> int:
    """Weigh what is wrong with a session at this moment (UTC); 0 is a good hour."""
    conversation, manager, report = series.conversation, series.manager, series.report
    end = start + timedelta(minutes=conversation.minutes)
    local, local_end = start.astimezone(manager.zone), end.astimezone(manager.zone)
    low, high = conversation.between
    liked_hour = low <= local.time() and local_end.time() <= high
    off = is_day_off(manager, local.date()) or is_day_off(report, local_day(report, start))
    return (
        TAKEN * diary.taken(start, end)
        + OFF * off
        + MANAGERS_EVENING * (not _at_work_throughout(manager, start, end))
        + REPORTS_EVENING * (not _at_work_throughout(report, start, end))
        + UNLIKED_DAY * (local.weekday() not in conversation.days)
        + UNLIKED_HOUR * (not liked_hour)
    )


def _at_work_throughout(person: Person, start: datetime, end: datetime) -> bool:
    opens, closes = person.working_hours
    local, local_end = start.astimezone(person.zone), end.astimezone(person.zone)
    return opens <= local.time() and local_end.time() <= closes and local.date() == local_end.date()


def find_first(series: Series, busy: Iterable[Busy], now: datetime, *, earliest: date | None = None) -> datetime:
    """Find the start (UTC) for a new series: free for both, and over the coming year in the way least often.

    Searched are the four weeks from `now`, or from `earliest`; a whole quarter, if both are never free in these.
    The first days are left out, so that there is time to prepare. Where nothing is good, the least bad is taken:
    the next session is always booked.
    """
    diary = Diary(busy)
    today = local_day(series.manager, now)
    lead = today + A_DAY * (series.conversation.prepare_days + 1)
    begin = max(lead, earliest or lead)
    for length in (FOUR_WEEKS, A_QUARTER):
        last = max((earliest or today) + A_DAY * length, begin + A_DAY * 7)
        candidates = [(penalty(series, diary, s), s) for day in _days(begin, last) for s in _half_hours(series, day)]
        best = min(candidates)[0]
        if best < OFF:
            break
    return min((collisions(series, diary, s), s) for p, s in candidates if p == best)[1]


def collisions(series: Series, diary: Diary, start: datetime) -> int:
    """Count the sessions of the coming year that would be in the way of something, with a series from `start`."""
    zone = series.manager.zone
    local = start.astimezone(zone).replace(tzinfo=None)
    recurring = starts(rule(series.conversation, local), local, zone, (start, start + A_YEAR))
    return sum(penalty(series, diary, moment) > UNLIKED for moment in recurring)


def find_near(
    series: Series, busy: Iterable[Busy], wish: datetime, window: tuple[datetime, datetime], *, but: Sequence[date] = ()
) -> datetime | None:
    """Find the start (UTC) of a single session near `wish`, within the window, on none of the days `but`.

    Nearest day first (the later of two), then the nearest hour. None where neither person has an hour left.
    """
    diary = Diary(busy)
    begin, end = window
    wished = local_day(series.manager, wish)
    days = [d for d in _days(local_day(series.manager, begin), local_day(series.manager, end)) if d not in but]
    days.sort(key=lambda d: (abs(d - wished), d < wished))
    for worst in (0, UNLIKED, UNLIKED + REPORTS_EVENING):
        for day in days:
            hours = [s for s in _half_hours(series, day) if begin <= s < end and penalty(series, diary, s) <= worst]
            if hours:
                return min(hours, key=lambda s: (abs(_clock(series, s) - _clock(series, wish)), s))
    return None


def _clock(series: Series, moment: datetime) -> timedelta:
    local = moment.astimezone(series.manager.zone)
    return timedelta(hours=local.hour, minutes=local.minute)


def find_soon(series: Series, busy: Iterable[Busy], now: datetime) -> datetime | None:
    """Find the start (UTC) of an ad hoc session: the first hour free for both in the manager's next five working days.

    Today counts only for later conversations: both need a moment to think.
    """
    diary = Diary(busy)
    manager = series.manager
    day = local_day(manager, now)
    days = [day := working_day(manager, day + A_DAY, "after") for _ in range(5)]
    hours = [(penalty(series, diary, s), s) for day in days for s in _half_hours(series, day)]
    # Days and hours that the manager likes matter less than how soon it is.
    good = [s for p, s in hours if p <= UNLIKED]
    return min(good, default=None)


def _days(first: date, last: date) -> list[date]:
    return [first + A_DAY * n for n in range((last - first).days + 1)]


def _half_hours(series: Series, day: date) -> Iterator[datetime]:
    # A day's candidates in the manager's zone: their working hours, widened by the hours they asked for.
    opens = min(series.manager.working_hours[0], series.conversation.between[0])
    closes = max(series.manager.working_hours[1], series.conversation.between[1])
    moment = datetime.combine(day, opens)
    last = datetime.combine(day, closes) - timedelta(minutes=series.conversation.minutes)
    while moment <= last:
        yield resolve(moment, series.manager.zone)
        moment += STEP


def conflict(series: Series, occurrence: Occurrence) -> str:
    """Say why a session cannot well take place where it stands: a holiday or other business; "" if it can."""
    for person in (series.manager, series.report):
        day = local_day(person, occurrence.start)
        if name := holiday(person, day):
            return f"{name}, a holiday of {person.first_name}'s"
        if is_day_off(person, day):
            return f"a day on which {person.first_name} does not work"
    return "other business of one of the two" if occurrence.busy else ""
