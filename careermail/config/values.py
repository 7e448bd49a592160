"""What a single value of a configuration must be: text of the file in, a value of model.py out.

What is refused is told as "expected …", with a hint where one can be guessed.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, time
from difflib import get_close_matches
from functools import cache, lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from pydantic import AfterValidator
from pydantic_core import PydanticCustomError

from careermail.providers import PROVIDERS

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_CLOCK = r"([01][0-9]|2[0-3]):[0-5][0-9]"
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]")
# What no address needs, and what would mean something else in a header, in a key or as a folder's name.
_ADDRESS = re.compile(r'[^@\s/\\<>()\[\],;:"]+@[^@\s/\\<>()\[\],;:"]+')


def wrong(expected: str, hint: str = "") -> PydanticCustomError:
    """Refuse a value, saying what was expected in its place."""
    return PydanticCustomError("wrong", "{expected}", {"expected": expected, "hint": hint})


def did_you_mean(word: str, spellings: Mapping[str, str]) -> str:
    """Guess which choice was meant, by what people write for it in lower case; "" where none is near."""
    word = word.lower()[:80]
    near = get_close_matches(word, spellings, n=1) or [s for s in spellings if s and word.startswith(s)]
    return f"did you mean {spellings[near[0]]}?" if near else ""


@lru_cache(1024)  # there are hundreds of these, and one mistake is often made in every file
def _guess(word: str, spellings: Callable[[], Mapping[str, str]]) -> str:
    return did_you_mean(word, spellings())


def listed(words: Iterable[str]) -> str:
    """Join words as a sentence does: a, b or c."""
    *most, last = words
    return f"{', '.join(most)} or {last}" if most else last


def one_of(*words: str) -> AfterValidator:
    """Accept one of these words."""

    def check(word: str) -> str:
        if word not in words:
            raise wrong(listed(words), did_you_mean(word, {w: w for w in words}))
        return word

    return AfterValidator(check)


def number(low: int, high: int, meaning: str) -> AfterValidator:
    """Accept a whole number in this range, both ends included; `meaning` says what it counts."""

    def check(number: int) -> int:
        if not low <= number <= high:
            raise wrong(f"{low} to {high}: {meaning}")
        return number

    return AfterValidator(check)


def name(text: str) -> str:
    """Accept what a person is called; it will stand in mail headers, so on one line."""
    if not text.strip() or _CONTROL.search(text):
        raise wrong("a name on one line")
    return text.strip()


def address(text: str) -> str:
    """Return a mail address in lower case, as addresses are compared."""
    if not _ADDRESS.fullmatch(text) or _CONTROL.search(text):
        raise wrong("a mail address such as maya@example.com")
    return text.lower()


def path(text: str) -> str:
    """Accept a path or a pattern of paths; whether anything is there is not asked."""
    if not text or "\0" in text:
        raise wrong("a path")
    return text


def authserv_id(name: str) -> str:
    """Return the name by which a receiving server signs its Authentication-Results (RFC 8601, 2.5), in lower case."""
    if not re.fullmatch(r"[A-Za-z0-9._-]+", name):
        raise wrong("an authserv-id such as mx.example.com, as Authentication-Results: has it in received mails")
    return name.lower()


def kind(kind: str) -> str:
    """Accept a kind of provider that exists."""
    if kind in PROVIDERS:
        return kind
    there = listed(PROVIDERS)
    raise wrong(there, did_you_mean(kind, {k: k for k in PROVIDERS}))


@cache
def zones() -> Mapping[str, str]:
    """Every IANA zone, also by its city alone."""
    names = sorted(available_timezones())
    cities = {name.rpartition("/")[2].lower(): name for name in names}
    return cities | {name.lower(): name for name in names}


@cache
def zone(name: str) -> str:
    """Accept an IANA time zone."""
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise wrong("an IANA time zone such as Europe/Berlin", _guess(name.replace(" ", "_"), zones)) from None
    return name


@cache
def languages() -> Mapping[str, str]:
    """Every language that careermail has templates for: the folders of templates/."""
    from careermail.mail.templates import ours

    return {folder.name: folder.name for folder in sorted(ours().iterdir()) if folder.is_dir()}


@cache
def language(code: str) -> str:
    """Accept a language that there are templates for."""
    if code not in languages():
        raise wrong(f"a language that careermail speaks: {listed(languages())}", _guess(code, languages))
    return code


@cache
def countries() -> Mapping[str, str]:
    """Every country whose holidays are known, by ISO 3166 code (two letters or three) and by name."""
    from holidays.registry import COUNTRIES

    names = {name.replace("_", " "): codes[1] for name, codes in COUNTRIES.items()}
    return names | {code.lower(): codes[1] for codes in COUNTRIES.values() for code in codes[1:]}


@cache
def holidays(code: str) -> str:
    """Accept a country whose holidays are known, or a part of one; "" for none."""
    import holidays

    country, dash, part = code.partition("-")
    if code and countries().get(country.lower()) != country:
        hint = _guess(country, countries)
        raise wrong('an ISO 3166 code such as "SE" or "DE-BY", or "" for none', hint)
    if dash and part not in (parts := getattr(holidays, country).subdivisions):
        raise wrong(f"a part of {country}: {listed(parts)}" if parts else f"{country} alone: it has no parts")
    return code


@cache
def span(text: str) -> tuple[time, time]:
    """Return "HH:MM-HH:MM" as its two local times."""
    if not re.fullmatch(f"{_CLOCK}-{_CLOCK}", text):
        raise wrong('"HH:MM-HH:MM" such as "09:00-17:00"')
    begin, end = map(time.fromisoformat, text.split("-"))
    if end <= begin:
        raise wrong("an end after the start")
    return begin, end


@cache
def clock(text: str) -> time:
    """Return "HH:MM" as a local time."""
    if not re.fullmatch(_CLOCK, text):
        raise wrong('"HH:MM" such as "09:00"')
    return time.fromisoformat(text)


@cache
def interval(text: str) -> str:
    """Accept "3 months" and its like, up to ten years."""
    match = re.fullmatch(r"([1-9][0-9]{0,3}) (day|week|month|year)s?", text)
    if not match:
        raise wrong('a number of days, weeks, months or years such as "3 months"')
    if int(match[1]) > {"day": 3650, "week": 520, "month": 120, "year": 10}[match[2]]:
        raise wrong("at most 10 years")
    return text


def review(text: str) -> str:
    """Accept an interval, or "never"."""
    try:
        return text if text == "never" else interval(text)
    except PydanticCustomError:
        raise wrong('"never", or an interval such as "1 month"') from None


def rrule(text: str) -> str:
    """Return an RRULE (RFC 5545, 3.3.10) in capitals, without the name in front."""
    from careermail.config.rrule import flaw

    rule = text.upper().removeprefix("RRULE:")
    if hint := flaw(rule):
        raise wrong("an RRULE such as FREQ=MONTHLY;INTERVAL=3;BYDAY=2TU", hint)
    return rule


def first(moment: datetime) -> datetime:
    """Accept a local time to the minute."""
    if moment.tzinfo or moment.second or moment.microsecond:
        raise wrong("a local time without seconds or an offset")
    return moment


_day_set = cache(frozenset[int])  # one object for all who work the same days


def days(days: list[str]) -> frozenset[int]:
    """Return the weekdays as numbers, Monday being 0."""
    if not days:
        raise wrong("at least one day")
    return _day_set(tuple(WEEKDAYS.index(day) for day in days))
