"""Whether an RRULE (RFC 5545, 3.3.10) can carry a series of sessions."""

import re
from collections.abc import Iterable
from datetime import datetime, timedelta
from functools import lru_cache

from careermail.model import Conversation

HORIZON = timedelta(days=3653)  # ten years: what has not come by then never does
_DAY = "([+-]?[1-5])?(MO|TU|WE|TH|FR|SA|SU)"  # dateutil trips over a 53rd Monday of a month
_NUMBER = "[+-]?[1-9][0-9]{0,2}"
# The largest number that a list of them may hold, last ones counted as -1.
LIMITS = {"BYMONTH": 12, "BYMONTHDAY": 31, "BYYEARDAY": 366, "BYWEEKNO": 53, "BYSETPOS": 366}
PARTS = {
    "FREQ": "YEARLY|MONTHLY|WEEKLY|DAILY",
    "INTERVAL": "[1-9][0-9]{0,3}",
    "BYDAY": f"{_DAY}(,{_DAY})*",
    "WKST": "MO|TU|WE|TH|FR|SA|SU",
    **dict.fromkeys(LIMITS, f"{_NUMBER}(,{_NUMBER})*"),
    "BYMONTH": "[0-9]{1,2}(,[0-9]{1,2})*",
}
REFUSED = {
    **dict.fromkeys(("COUNT", "UNTIL"), "a series has no end; to end it, remove the report or pause"),
    **dict.fromkeys(("BYHOUR", "BYMINUTE", "BYSECOND"), "the time of day is for `first` and `between` to say"),
}


def flaw(rule: str) -> str:
    """Say what is wrong with the text of a rule; "" if nothing is."""
    parts = _parts(rule)
    for name, value in parts.items():
        if name in REFUSED:
            return f"{name}: {REFUSED[name]}"
        if name not in PARTS or not re.fullmatch(PARTS[name], value) or _beyond(name, value):
            return f"not understood: {name}={value}"
    return _clash(rule, parts) or _refusal(rule)


def _clash(rule: str, parts: dict[str, str]) -> str:
    if "FREQ" not in parts:
        return "FREQ is missing"
    if len(parts) <= rule.count(";"):
        return "a part is there twice"
    # Every day of 8,000 years would be tried before such a rule is known never to come.
    if parts["FREQ"] == "DAILY" and (more := parts.keys() & LIMITS.keys()):
        return f"{min(more)} goes with YEARLY, MONTHLY or WEEKLY"
    return ""


def _beyond(name: str, value: str) -> bool:
    return name in LIMITS and any(abs(int(number)) > LIMITS[name] for number in value.split(","))


def _parts(rule: str) -> dict[str, str]:
    return dict(part.partition("=")[::2] for part in rule.split(";"))


def _refusal(rule: str) -> str:
    try:
        _parsed(rule, datetime(2000, 1, 1))  # noqa: DTZ001 (rules are expanded in local time)
    except (ValueError, TypeError, OverflowError) as error:
        return str(error)
    return ""


def _parsed(rule: str, start: datetime) -> Iterable[datetime]:
    from dateutil.rrule import rrulestr

    return rrulestr(rule, dtstart=start)


def comes(conversation: Conversation, now: datetime) -> bool:
    """Whether any session will come within ten years of `now` (UTC)."""
    today = now.replace(tzinfo=None)
    first = conversation.first or today
    if not conversation.rrule:
        return first <= today + HORIZON
    return _comes(conversation.rrule, first, today)


@lru_cache(1024)  # most series share their rule
def _comes(rule: str, first: datetime, today: datetime) -> bool:
    # Without an end, one that never comes would be sought until the year 9999.
    sessions = _parsed(f"{rule};UNTIL={today + HORIZON:%Y%m%dT%H%M%S}", first)
    return any(session >= today for session in sessions)
