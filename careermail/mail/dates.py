"""Due dates in lines that people write: which words are the date, and what is left when it is taken out.

What a phrase such as "next Friday" means is `phrases`' business; where it stands in a sentence is decided here.
"""

# ruff: noqa: RUF001 (people type en dashes and curly apostrophes)

import re
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache

from careermail.mail.phrases import NoDateError, month_pattern, nameless, read, shape_of, shapes
from careermail.mail.words import locale_of, words_of

UNDATED = "a date, such as “by 12 February”"
PAST = "a date to come: this one is past"

_REACH = 400  # characters before a line's end that are searched: a due date stands late, and time is bounded
_SEPARATORS = " ,;:–—-"
_STOPS = " .,;!"
_FOLLOWED_BY_IT = {"": {""}, "on": {"", "on"}, "in": {"", "in"}}  # by "by", brackets and dashes: every shape


@dataclass(frozen=True)
class Due:
    """What is to be done and by when; `problem` names what is missing, "" where nothing is.

    A date that cannot be made out stays in the text. One that is past is kept, and is a problem too.
    """

    text: str
    day: date | None = None
    problem: str = ""


def take(text: str, on: date, language: str = "en") -> Due:
    """Take the due date out of a line that was written on the day `on`; it is resolved forward from there.

    `language` is a locale ("en", "en_US", "en-GB"), which decides between day first and month first. The due date
    is the last one that is introduced ("by", "before", "until", "on", brackets, a dash) or that ends the line.
    """
    text = " ".join(text.split())
    found = [m for m in _finder(language).finditer(text, max(0, len(text) - _REACH)) if _is_due(text, m, language)]
    rest = _without(text, found[-1]) if found else ""
    if not rest:
        return Due(text, None, UNDATED)
    if found[-1]["none"]:
        return Due(rest)
    return _dated(text, rest, found[-1], on, language)


def _dated(text: str, rest: str, found: re.Match[str], on: date, language: str) -> Due:
    try:
        span = read(found["phrase"].lower(), on, language)
    except NoDateError as problem:
        return Due(text, None, str(problem))
    day = span.first - timedelta(days=1) if found["before"] else span.last
    if day >= on:
        return Due(rest, day)
    return Due(rest, day, PAST) if span.full else Due(text, None, PAST)


def take_month(text: str, on: date, language: str = "en") -> tuple[str, date | None]:
    """Take the month off the front of what is to be reviewed: "In April: how it went" is ("how it went", 1 April).

    A month without its year is this one or the next of its name. Without a month, the text as it is.
    """
    text = " ".join(text.split())
    found = _month_first(language).match(text)
    try:
        return (found["rest"], read(found["phrase"] or found["alone"], on, language).first) if found else (text, None)
    except NoDateError:
        return text, None


def written(day: date, language: str, *, month: bool = False) -> str:
    """A date written out for the readers of a language, "12 February 2027"; or its month alone, "February 2027"."""
    from babel.dates import format_date, format_skeleton  # loaded when a date is first written

    locale = locale_of(language)
    return format_skeleton("yMMMM", day, locale=locale) if month else format_date(day, "long", locale=locale)


@lru_cache
def _finder(language: str) -> re.Pattern[str]:
    """Whatever in a line may be a date, with what introduces it."""
    w = words_of(language).dates
    lead = f"(?P<by>{w.by})|(?P<before>{w.before})|(?P<on>{w.on})|(?P<within>{w.within})"
    phrase = "|".join(nameless(shape.pattern.pattern) for shape in shapes(language))
    dated = f"(?:(?:{lead}):? (?:(?:{w.filler}) )?)?(?P<phrase>{phrase})(?:,? (?:{w.hour}))?"
    pattern = rf"(?<![\w./@’'–-])(?:{dated})(?![\w/%]|[.:’'–-]\w)|(?<=\()(?P<none>{w.none})(?=\))"
    return re.compile(pattern, re.IGNORECASE)


@lru_cache
def _month_first(language: str) -> re.Pattern[str]:
    w, month = words_of(language).dates, month_pattern(language)
    lead = f"(?:{w.within}|{w.by})"
    return re.compile(
        rf"(?:{lead} (?P<phrase>{month})(?: ?[:,–—]| -)|(?P<alone>{month}) ?:) ?(?P<rest>.+)", re.IGNORECASE
    )


def _is_due(text: str, found: re.Match[str], language: str) -> bool:
    """Whether a date that was found is the line's due date, and not part of what is to be done."""
    ends = not text[found.end() :].strip(_STOPS + ")]")
    if found["none"]:
        return ends
    lead, shape = _lead(text, found), shape_of(found["phrase"], language)
    if not shape or shape.after not in _FOLLOWED_BY_IT.get(lead, {shape.after}):
        return False
    if ends:
        return bool(lead) or not _belongs_to_the_sentence(text, found, language)
    if lead == "brackets" or _opens(text, found):
        return True
    return lead in {"by", "on"} and (not shape.after or text[found.end()] in ",;:")


def _lead(text: str, found: re.Match[str]) -> str:
    """What introduces a date: "by", "on", "in", "brackets", "dash", or "" for nothing."""
    if _bracketed(text, found):
        return "brackets"
    if found["by"] or found["before"]:
        return "by"
    if found["on"] or found["within"]:
        return "on" if found["on"] else "in"
    return "dash" if re.search(r" [–—-] $", text[max(0, found.start() - 3) : found.start()]) else ""


def _bracketed(text: str, found: re.Match[str]) -> bool:
    return text[: found.start()].endswith(("(", "[")) and text.startswith((")", "]"), found.end())


def _opens(text: str, found: re.Match[str]) -> bool:
    """Whether the date opens the line as a heading would: "By Friday: …"."""
    return found.start() == 0 and bool(re.match(r" ?[:,–—-] ", text[found.end() :]))


def _belongs_to_the_sentence(text: str, found: re.Match[str], language: str) -> bool:
    """Whether the word before it makes a date part of the sentence: "every Friday", "the week of 3 May"."""
    before = text[max(0, found.start() - 20) : found.start()].casefold().split()
    return bool(before) and before[-1] in words_of(language).dates.never


def _without(text: str, found: re.Match[str]) -> str:
    """The text without a date that was found in it, and without what joined the two."""
    before, after = text[: found.start()], text[found.end() :]
    if _bracketed(text, found):
        after = after[1:] if after[1:].strip(_STOPS) else ""
        return " ".join(f"{before[:-1]} {after}".split())
    if not after.strip(_STOPS):
        return before.rstrip(_SEPARATORS)
    return re.sub(r" +(?=[ ,.;:])", "", f"{before}{after}") if before else after.lstrip(_SEPARATORS)
