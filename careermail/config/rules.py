"""The rules that span several keys of a conversation.

Each is judged where one of its keys is given, with what holds there, so that a problem is told once, in its own place.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime, time
from typing import Any, NamedTuple

from careermail.config.rrule import comes
from careermail.config.source import shown
from careermail.config.values import WEEKDAYS
from careermail.model import Conversation


class Flaw(NamedTuple):
    """What is wrong with which key."""

    key: str
    message: str


def flaws(given: Mapping[str, Any], talk: Conversation, week: frozenset[int], now: datetime) -> Iterator[Flaw]:
    """Judge the keys given in one table; `talk` is what results there, `week` the days worked, `now` in UTC."""
    if {"every", "rrule"} <= given.keys():
        yield Flaw("rrule", "found beside `every`, expected one of the two")
    if given.keys() & {"rrule", "first"} and not comes(talk, now):
        yield _never(given, talk)
    if given.keys() & {"between", "minutes"} and _minutes(*talk.between) < talk.minutes:
        yield _tight(given, talk)
    if "days" in given and week and not talk.days <= week:
        yield Flaw("days", f"found {named(talk.days - week)}, expected working days: {named(week)}")


def named(days: frozenset[int]) -> str:
    """Return weekdays as the file has them."""
    return ", ".join(WEEKDAYS[day] for day in sorted(days))


def _never(given: Mapping[str, Any], talk: Conversation) -> Flaw:
    key = "rrule" if "rrule" in given else "first"
    found = talk.rrule if key == "rrule" else talk.first
    return Flaw(key, f"found {shown(found)}, expected a session within the next ten years")


def _tight(given: Mapping[str, Any], talk: Conversation) -> Flaw:
    begin, end = talk.between
    room = f"{begin:%H:%M}-{end:%H:%M}"
    if "between" in given:
        return Flaw("between", f'found "{room}", expected room for the {talk.minutes} minutes of a session')
    return Flaw("minutes", f"found {talk.minutes}, expected what fits `between`, {room}")


def _minutes(begin: time, end: time) -> int:
    return (end.hour - begin.hour) * 60 + end.minute - begin.minute
