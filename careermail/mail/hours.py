"""Times of the day as people write them, and the moments that they make with a day."""

import re
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import lru_cache

from careermail.mail.phrases import Span, nameless, read, shape_of
from careermail.mail.sayings import sayings_of
from careermail.mail.words import words_of
from careermail.model import Person, resolve

WHICH_DAY = "the day, such as “Thursday” or “12 February”"
WHICH_TIME = "the time, such as “14:00” or “2 pm”"
WHICH_YEAR = "the year: this day is nearly a year away, or just past"
TODAY_OR_IN_A_WEEK = "the date: today, or in a week?"
PASSED = "a time to come: this one has passed"

_NOON, _A_DAYS_HOURS = 12, 24
_FAR = timedelta(days=330)
_WAKING = range(7, 22)  # hours that are meant as written, if they were written as a clock shows them


@dataclass(frozen=True)
class Moment:
    """A moment that was said, in UTC; or what is missing of it."""

    at: datetime | None = None
    problem: str = ""


def days_of(phrase: str, on: date, language: str, *, alone: bool = False) -> tuple[str, Span] | None:
    """The days that a whole phrase means, written on the day `on`, and whether "by" or "before" introduces it.

    None where it is no date by its shape; `alone`, figures such as "1/2" are none. Raises NoDateError where it looks
    like a date and there is no such day.
    """
    phrase = phrase.strip(" ,.;!")
    match = _introduced(language).fullmatch(phrase)
    shape = match and shape_of(match["phrase"], language)
    if not match or not shape:
        counted = shape_of(phrase, language)  # "in two weeks" opens as other phrases are introduced
        return ("", read(phrase, on, language)) if counted and not counted.after else None
    if alone and shape.after == "by" and not match["lead"] and not re.search(r"[^\W\d_]", phrase):
        return None
    lead = "before" if match["before"] else "by" if match["by"] else ""
    return lead, read(match["phrase"].lower(), on, language)


def has_time(phrase: str, language: str) -> bool:
    """Whether a phrase names a time of the day."""
    return bool(_apart(phrase, language)[1])


def too_far(span: Span, on: date) -> bool:
    """Whether a day that was said without its year is so far ahead that the last one may have been meant."""
    return not span.full and span.last - on > _FAR


def moment_of(phrase: str, person: Person, now: datetime, session: datetime | None) -> Moment | None:
    """The moment that a phrase means for a person; None where it names neither a day nor a time.

    A time without a day is today's, if that is the session's day. Raises NoDateError as `days_of` does.
    """
    language, today = person.language, now.astimezone(person.zone).date()
    day_said, clock = _apart(phrase, language)
    found = days_of(day_said, today, language) if day_said else None
    if not (found if day_said else clock):
        return None
    at = time_of(clock, person) if clock else None
    if at is None:
        return Moment(problem=WHICH_TIME)
    if not found:
        same_day = session and session.astimezone(person.zone).date() == today
        return _ahead(today, at, person, now) if same_day else Moment(problem=WHICH_DAY)
    return _on(found[1], day_said, at, person, now)


def _on(span: Span, said: str, at: time, person: Person, now: datetime) -> Moment:
    today = now.astimezone(person.zone).date()
    if span.first != span.last:
        return Moment(problem=WHICH_DAY)
    if too_far(span, today):
        return Moment(problem=WHICH_YEAR)
    if said.isalpha() and span.first - today == timedelta(days=7):  # a weekday, on that very weekday
        return Moment(problem=TODAY_OR_IN_A_WEEK)
    return _ahead(span.first, at, person, now)


def _ahead(day: date, at: time, person: Person, now: datetime) -> Moment:
    moment = resolve(datetime.combine(day, at), person.zone)
    return Moment(moment) if moment > now else Moment(problem=PASSED)


def time_of(said: str, person: Person) -> time | None:
    """The time that is certainly meant: of two that a clock's face leaves open, the one in their working hours."""
    sayings = sayings_of(person.language)
    match = next((m for form in sayings.clock if (m := re.fullmatch(form, said))), None)
    if not match:
        return None
    named = {name: value for name, value in match.groupdict().items() if value}
    if "noon" in named:
        return time(_NOON)
    word = named.get("hour") or named.get("word", "")
    hour = sayings.hours.index(word) + 1 if word in sayings.hours else int(word) if word.isdecimal() else -1
    minute = int(named.get("minute", 0)) + 30 * ("half" in named) + 15 * ("past" in named)
    hour, minute = ((hour - 2) % _NOON + 1, 45) if "to" in named else (hour, minute)
    return _certain(hour, minute, word, named, person)


def _certain(hour: int, minute: int, word: str, named: dict[str, str], person: Person) -> time | None:
    if "am" in named or "pm" in named:
        return time(hour % _NOON + _NOON * ("pm" in named), minute) if hour in range(1, _NOON + 1) else None
    if hour not in range(_A_DAYS_HOURS):
        return None
    if hour == 0 or hour >= _NOON:
        return time(hour, minute)
    start, end = person.working_hours
    either = [time(hour, minute)] + [time(hour + _NOON, minute)] * (not word.startswith("0"))
    at_work = [at for at in either if start <= at <= end]
    if len(at_work) == 1:
        return at_work[0]
    return either[0] if "minute" in named and hour in _WAKING else None


def _apart(phrase: str, language: str) -> tuple[str, str]:
    """A phrase's day and its time, "" for what is not in it: a time stands at either end, and may be a range."""
    sayings, phrase = sayings_of(language), phrase.strip(" ,.;!")
    for where in _ends(language):
        if match := where.fullmatch(phrase):
            day = re.sub(rf"^{sayings.on} ", "", match["day"] or "")
            return day.strip(" ,"), re.sub(rf"^(?:{sayings.at}) ?+(?!\d\d?$)", "", match["clock"])
    return phrase, ""


@lru_cache
def _ends(language: str) -> tuple[re.Pattern[str], re.Pattern[str]]:
    sayings = sayings_of(language)
    time_ = f"(?:{'|'.join(nameless(form) for form in sayings.clock)})"
    clock = rf"(?P<clock>(?:(?:{sayings.at}) ?)?{time_})(?: ?- ?{time_})?"
    return re.compile(rf"(?:(?P<day>.+?)(?:,? +|,|t))?{clock}"), re.compile(rf"{clock},? (?P<day>.+)")


@lru_cache
def _introduced(language: str) -> re.Pattern[str]:
    w = words_of(language).dates
    lead = rf"(?P<lead>(?P<before>{w.before})|(?P<by>{w.by})|{w.on}|{w.within}|from)"
    hour = rf"(?:,? (?:{w.hour}|{sayings_of(language).part_of_day}))?"
    return re.compile(rf"(?:{lead}:? )?(?:(?:{w.filler}) )?(?P<phrase>.+?){hour}", re.IGNORECASE)
