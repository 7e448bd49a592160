"""What a date phrase means: "12 Feb", "next Friday", "end of March", "Q2", always forward from a given day.

dateparser counts "in two weeks"; the rest is ours. Left to itself, dateparser reads "12" and "may" as dates, puts
"12 Feb" a year ahead when it is written on that very day, and knows neither "end of March" nor "Q2".
"""

# ruff: noqa: RUF001 (people type en dashes and curly apostrophes)

import re
from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from typing import NamedTuple

from careermail.mail.words import locale_of, words_of

NO_SUCH_DAY = "a day that exists: no calendar has this one"
TWO_READINGS = "which day: this date falls on another weekday"

_YEARS = range(1900, 2200)
_DECEMBER = 12
_MONTHS = {"month": 1, "quarter": 3, "year": 12}


class Span(NamedTuple):
    """The days that a phrase means; `full` where its year was written too."""

    first: date
    last: date
    full: bool = False


class NoDateError(Exception):
    """What looks like a date is none; the message names what is missing."""


class Shape(NamedTuple):
    """One shape of date, and the least that it needs before it: nothing (""), "on", "in" or "by"."""

    pattern: re.Pattern[str]
    days: Callable[[re.Match[str], date, str], Span]
    after: str


@lru_cache(maxsize=4096)
def read(phrase: str, on: date, language: str = "en") -> Span:
    """The days that a phrase means when it is written on the day `on`. Raises NoDateError where there are none."""
    shape = shape_of(phrase, language)
    match = shape and shape.pattern.fullmatch(phrase)
    if not shape or not match:
        raise NoDateError(NO_SUCH_DAY)
    try:
        span = shape.days(match, on, language)
    except (KeyError, ValueError, OverflowError):
        raise NoDateError(NO_SUCH_DAY) from None
    if span.first.year not in _YEARS or span.last.year not in _YEARS:
        raise NoDateError(NO_SUCH_DAY)
    return span


@lru_cache(maxsize=4096)
def shape_of(phrase: str, language: str) -> Shape | None:
    """The first shape that a phrase has as a whole."""
    return next((shape for shape in shapes(language) if shape.pattern.fullmatch(phrase)), None)


@lru_cache
def shapes(language: str) -> tuple[Shape, ...]:
    """Every shape of date in a language, those that begin like others before them."""
    words, counted = _vocabulary(language), words_of(language).dates.counted
    shapes = [(pattern % words, days, after) for pattern, days, after in _SHAPES]
    shapes += [(pattern, _counted, "") for pattern, _ in counted]
    return tuple(Shape(re.compile(pattern, re.IGNORECASE), days, after) for pattern, days, after in shapes)


@lru_cache
def month_pattern(language: str) -> str:
    """A regular expression for a month that is named alone, with or without its year; it has no groups."""
    return nameless(f"{_MONTH}|{_RUNNING_MONTH}" % _vocabulary(language))


def nameless(pattern: str) -> str:
    """The same regular expression without its named groups, so that it can stand in one several times."""
    return re.sub(r"\((?:\?P<\w+>)", "(?:", pattern)


@lru_cache
def _names(locale: str) -> tuple[dict[str, int], dict[str, int]]:
    """Months (January is 1) and weekdays (Monday is 0) by their names and by what these unmistakably begin with."""
    from babel.dates import get_day_names, get_month_names  # loaded when a date is first read

    return _beginnings(get_month_names("wide", locale=locale)), _beginnings(get_day_names("wide", locale=locale))


def _beginnings(names: Mapping[int, str]) -> dict[str, int]:
    found: dict[str, set[int]] = {}
    for number, name in names.items():
        for end in range(3, len(name) + 1):
            found.setdefault(name[:end].casefold(), set()).add(number)
    return {beginning: numbers.pop() for beginning, numbers in found.items() if len(numbers) == 1}


def _either(names: Iterable[str]) -> str:
    return "|".join(re.escape(name) for name in sorted(names, key=len, reverse=True))


@lru_cache
def _vocabulary(language: str) -> dict[str, str]:
    """What the shapes below are made of, in one language."""
    w = words_of(language).dates
    months, weekdays = _names(locale_of(language))
    return {
        "year": r"(?P<year>\d{4})",
        "short": r"(?P<short>\d\d)",
        "number": r"(?P<number>\d\d?)",
        "one": r"(?P<one>0?[1-9]|[12]\d|3[01])",
        "two": r"(?P<two>0?[1-9]|[12]\d|3[01])",
        "day": rf"(?P<day>\d\d?)(?:{w.ordinal}|\.)?",
        "nth": rf"(?P<day>\d\d?)(?:{w.ordinal})",
        "month": rf"(?P<month>{_either(months)})\.?",
        "weekday": rf"(?P<weekday>{_either(weekdays)})\.?",
        "whole_weekday": rf"(?P<weekday>{_either(n for n in weekdays if _is_whole(n, weekdays))})",
        "edge": rf"(?:(?P<end>{w.end})|(?P<middle>{w.middle})|(?P<start>{w.start}))[ -](?:{w.the} )?",
        "running": rf"(?:(?P<next>{w.next})|{w.this})",
        "next": rf"(?P<next>{w.next})",
        "of": w.of,
        "the": w.the,
        "alias": _either(w.alias) or "(?!)",
        "unit": "|".join(f"(?P<{name}>{word})" for name, word in w.units.items()),
    } | {f"a_{name}": word for name, word in w.units.items()}


def _is_whole(name: str, names: Iterable[str]) -> bool:
    return not any(other.startswith(name) and other != name for other in names)


# What each shape means.


def _day(match: re.Match[str], on: date, language: str) -> Span:
    said = {name: value for name, value in match.groupdict().items() if value}
    day, month = _day_and_month(said, language)
    year = int(said.get("year") or 2000 + int(said.get("short", 0)))
    full = "year" in said or "short" in said
    found = date(year, month, day) if full else _coming(month, day, on)
    if "weekday" in said and _names(locale_of(language))[1][said["weekday"].casefold()] != found.weekday():
        raise NoDateError(TWO_READINGS)
    return Span(found, found, full)


def _day_and_month(said: dict[str, str], language: str) -> tuple[int, int]:
    if "one" not in said:
        month = said.get("month")
        number = _names(locale_of(language))[0][month.casefold()] if month else int(said["number"])
        return int(said["day"]), number
    one, two = int(said["one"]), int(said["two"])
    day, month_ = (two, one) if _month_first(locale_of(language)) else (one, two)
    return (month_, day) if month_ > _DECEMBER else (day, month_)


@lru_cache
def _month_first(locale: str) -> bool:
    from babel import Locale  # loaded when a date is first read

    return str(Locale.parse(locale).date_formats["short"]).startswith("M")


def _coming(month: int, day: int, on: date) -> date:
    """The next day of this date, today included; 29 February is up to eight years away."""
    for year in range(on.year, on.year + 9):
        try:
            found = date(year, month, day)
        except ValueError:
            continue
        if found >= on:
            return found
    raise NoDateError(NO_SUCH_DAY)


def _day_of_month(match: re.Match[str], on: date, _language: str) -> Span:
    index = on.year * 12 + on.month - 1
    for first, last, _ in (_months(index + ahead, 1) for ahead in range(3)):
        found = first + timedelta(days=int(match["day"]) - 1)
        if on <= found <= last:
            return Span(found, found)
    raise NoDateError(NO_SUCH_DAY)


def _weekday(match: re.Match[str], on: date, language: str) -> Span:
    """A weekday is the next of its name, a week ahead on the day itself; "next" is the one of next week."""
    weekday = _names(locale_of(language))[1][match["weekday"].casefold()]
    ahead = (weekday - on.weekday() - 1) % 7 + 1
    found = on + timedelta(days=7 + weekday - on.weekday() if match.groupdict().get("next") else ahead)
    return Span(found, found)


def _month(match: re.Match[str], on: date, language: str) -> Span:
    month = _names(locale_of(language))[0][match["month"].casefold()]
    return _of_year(match, on, month - 1, 1)


def _quarter(match: re.Match[str], on: date, _language: str) -> Span:
    return _of_year(match, on, int(match["quarter"]) * 3 - 3, 3)


def _year(match: re.Match[str], on: date, _language: str) -> Span:
    return _of_year(match, on, 0, 12)


def _of_year(match: re.Match[str], on: date, start: int, count: int) -> Span:
    """A month, a quarter or a whole year, or an edge of it: in the year that was written, else the next to come."""
    if match["year"]:
        first, last, _ = _at_edge(_months(int(match["year"]) * 12 + start, count), match)
        return Span(first, last, full=True)
    return _first_to_come(
        (_at_edge(_months(year * 12 + start, count), match) for year in range(on.year, on.year + 2)), on
    )


def _running(match: re.Match[str], on: date, _language: str) -> Span:
    """This or the next week, month, quarter or year, or an edge of it."""
    unit = next(name for name in ("week", *_MONTHS) if match.groupdict().get(name))
    if match["next"]:
        return _at_edge(_unit(unit, on, 1), match)
    return _first_to_come((_at_edge(_unit(unit, on, ahead), match) for ahead in range(2)), on)


def _unit(unit: str, on: date, ahead: int) -> Span:
    if unit == "week":
        monday = on + timedelta(days=7 * ahead - on.weekday())
        return Span(monday, monday + timedelta(days=4))  # the working week: Friday is its end
    count = _MONTHS[unit]
    return _months(((on.year * 12 + on.month - 1) // count + ahead) * count, count)


def _months(start: int, count: int) -> Span:
    """So many months from a month on, which is counted from the year 0."""
    end = start + count
    return Span(date(start // 12, start % 12 + 1, 1), date(end // 12, end % 12 + 1, 1) - timedelta(days=1))


def _at_edge(span: Span, match: re.Match[str]) -> Span:
    said = match.groupdict()
    if said.get("end"):
        return Span(span.last, span.last)
    if said.get("middle"):
        length = (span.last - span.first).days + 1
        middle = span.first + timedelta(days=14 if length in range(28, 32) else length // 2)
        return Span(middle, middle)
    return Span(span.first, span.first) if said.get("start") else span


def _first_to_come(spans: Iterable[Span], on: date) -> Span:
    return next(span for span in spans if span.last >= on)


def _alias(match: re.Match[str], on: date, language: str) -> Span:
    return read(words_of(language).dates.alias[match[0].casefold()], on, language)


def _counted(match: re.Match[str], on: date, language: str) -> Span:
    from dateparser import parse  # takes a third of a second to load; most contracts need none

    shape = next(ask for pattern, ask in words_of(language).dates.counted if pattern == match.re.pattern)
    settings = {"RELATIVE_BASE": datetime.combine(on, time())}
    found = parse(match.expand(shape), languages=[locale_of(language).partition("_")[0]], settings=settings)
    if not found:
        raise NoDateError(NO_SUCH_DAY)
    return Span(found.date(), found.date())


_MONTH = r"%(month)s(?:,? %(year)s)?"
_RUNNING_MONTH = r"%(running)s %(a_month)s"
_SHAPES = (
    (r"%(year)s[-/.]%(number)s[-/.]%(day)s", _day, ""),
    (r"%(one)s[-/.]%(two)s[-/.]%(year)s", _day, ""),
    (r"%(one)s/%(two)s/%(short)s", _day, ""),
    (r"%(one)s[-.]%(two)s[-.]%(short)s", _day, "by"),
    (r"(?P<one>[0-3]\d)/(?P<two>[0-3]\d)", _day, ""),
    (r"%(one)s/%(two)s", _day, "by"),
    (r"%(one)s\.%(two)s\.?", _day, "by"),
    (r"(?:%(weekday)s,? (?:%(the)s )?)?%(day)s(?: %(of)s)? %(month)s ['’]?%(short)s", _day, ""),
    (r"(?:%(weekday)s,? (?:%(the)s )?)?%(day)s(?: %(of)s)? %(month)s(?:,? (?:%(of)s )?%(year)s)?", _day, ""),
    (r"(?:%(weekday)s,? (?:%(the)s )?)?%(month)s (?:%(the)s )?%(day)s(?:,? %(year)s)?", _day, ""),
    (r"%(nth)s", _day_of_month, "on"),
    (r"%(weekday)s(?: %(of)s)? %(next)s %(a_week)s", _weekday, ""),
    (r"(?:%(running)s )?%(whole_weekday)s", _weekday, ""),
    (r"(?:%(running)s )?%(weekday)s", _weekday, "on"),
    (r"%(edge)s(?:%(running)s )?(?:%(unit)s)", _running, ""),
    (r"%(running)s (?:%(unit)s)", _running, ""),
    (r"%(edge)s" + _MONTH, _month, ""),
    (r"%(edge)sQ(?P<quarter>[1-4])(?:[ /]%(year)s)?", _quarter, ""),
    (r"%(edge)s%(year)s", _year, ""),
    (_MONTH, _month, "in"),
    (r"Q(?P<quarter>[1-4])(?:[ /]%(year)s)?", _quarter, "in"),
    (r"%(alias)s", _alias, "by"),
)
