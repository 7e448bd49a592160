"""Time zones as Windows and Outlook write them, in whichever language, as zones that we know.

A server names the zone of a meeting as the program did that made it. Where that name means nothing to us, what comes
with it often says how the zone's clocks run, and a zone whose clocks run the same will do.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import Any, NamedTuple

from exchangelib import EWSTimeZone
from exchangelib.errors import UnknownTimeZone
from exchangelib.fields import TimeZoneField
from exchangelib.winzone import MS_TIMEZONE_TO_IANA_MAP

_TYPES = {"t": "http://schemas.microsoft.com/exchange/services/2006/types"}
_ANY_YEAR = 2026
_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_LENGTH = re.compile(r"(-?)PT?(?:(\d+)H)?(?:(\d+)M)?")
# Names that Windows has in other languages, and that were seen to come without their clocks.
_SEEN = {
    "Mitteleuropäische Zeit": "Europe/Berlin",
    "Mitteleuropäische Normalzeit": "Europe/Berlin",
    "Westeuropäische Normalzeit": "Europe/Berlin",  # an hour ahead of UTC, whatever the words say
    "Paris, Madrid": "Europe/Paris",
    "Västeuropa, normaltid": "Europe/Berlin",
    "West-Europa (standaardtijd)": "Europe/Berlin",
    "ora solare Europa occidentale": "Europe/Berlin",
    "Hora estándar romance": "Europe/Paris",
    "Środkowoeuropejski czas stand.": "Europe/Warsaw",
    "Hora oficial do Brasil": "America/Sao_Paulo",
}


class Shift(NamedTuple):
    """A yearly change of clocks: in a month, on its nth such weekday (-1 the last) or on a day; local time; to what."""

    month: int
    nth: int
    weekday: int  # Monday is 0; -1 where `nth` is the day itself
    at: timedelta
    to: timedelta  # the offset from UTC after it


class Clocks(NamedTuple):
    """How a zone's clocks run within a year: its usual offset from UTC, and its changes."""

    usual: timedelta
    shifts: tuple[Shift, ...] = ()


def named(name: str) -> EWSTimeZone:
    """The zone of an IANA name; where Windows has none of that name, one whose clocks run the same."""
    try:
        return EWSTimeZone(name)
    except UnknownTimeZone:
        from zoneinfo import ZoneInfo

        return _alike(_sampled(ZoneInfo(name), _ANY_YEAR), _ANY_YEAR) or EWSTimeZone("UTC")


def told(element: Any, year: int) -> EWSTimeZone | None:
    """The zone that a StartTimeZone or EndTimeZone means in a year; None where nothing can tell."""
    name = element.get("Id") or element.get("Name") or ""
    known = MS_TIMEZONE_TO_IANA_MAP.get(name)
    if known or "/" in name:
        try:
            return EWSTimeZone(known or name)
        except UnknownTimeZone:
            pass
    if clocks := _clocks(element, year):
        return _alike(tuple(_offset(clocks, moment) for moment in _samples(year)), year)
    return _by_words(name)


# --- by name -------------------------------------------------------------------------------------


def _by_words(name: str) -> EWSTimeZone | None:
    """A name that was seen before, or one that lists cities: "(UTC+01:00) Amsterdam, Berlin, Bern, Rom"."""
    words = re.sub(r"^\((?:UTC|GMT)[^)]*\)\s*", "", name)
    if words in _SEEN:
        return EWSTimeZone(_SEEN[words])
    cities = {city.strip() for city in words.split(",")}
    found = (zone for zone in EWSTimeZone.IANA_TO_MS_MAP if zone.rpartition("/")[2].replace("_", " ") in cities)
    return next((EWSTimeZone(zone) for zone in sorted(found)), None)


# --- by clocks -----------------------------------------------------------------------------------


def _clocks(element: Any, year: int) -> Clocks | None:
    """What a TimeZoneDefinition says of a year; None where it says nothing.

    https://learn.microsoft.com/exchange/client-developer/web-service-reference/timezonedefinition
    """
    periods = {p.get("Id"): -_length(p.get("Bias")) for p in element.findall("t:Periods/t:Period", _TYPES)}
    group = _group(element, year)
    if not periods or group is None:
        return None
    shifts = [_shift(one, periods) for one in group if one.find("t:Month", _TYPES) is not None]
    first = periods[group[0].findtext("t:To", namespaces=_TYPES)]
    return Clocks(max(shifts, key=lambda s: s.month).to if shifts else first, tuple(sorted(shifts)))


def _group(element: Any, year: int) -> Any:
    """The TransitionsGroup that a year belongs to: they follow each other, and the last to have begun holds."""
    groups = {one.get("Id"): one for one in element.findall("t:TransitionsGroups/t:TransitionsGroup", _TYPES)}
    holds = None
    for one in element.findall("t:Transitions/*", _TYPES):
        since = one.findtext("t:DateTime", namespaces=_TYPES)
        if since is None or int(since[:4]) <= year:
            holds = groups.get(one.findtext("t:To", namespaces=_TYPES), holds)
    return holds if holds is not None else next(iter(groups.values()), None)


def _shift(one: Any, periods: dict[str, timedelta]) -> Shift:
    def said(tag: str) -> str:
        return str(one.findtext(f"t:{tag}", "", _TYPES))

    day = said("DayOfWeek")
    weekday = _DAYS.index(day) if day in _DAYS else -1
    nth = said("Occurrence") if weekday >= 0 else said("Day")
    return Shift(int(said("Month")), int(nth), weekday, _length(said("TimeOffset")), periods[said("To")])


def _length(written: str) -> timedelta:
    """An xs:duration of hours and minutes: "-PT1H30M"."""
    match = _LENGTH.match(written)
    sign, hours, minutes = match.groups() if match else ("", None, None)
    length = timedelta(hours=int(hours or 0), minutes=int(minutes or 0))
    return -length if sign else length


def _offset(clocks: Clocks, moment: datetime) -> timedelta:
    """The offset at a moment (UTC): that of the last change before it, in January of the last of the year before."""
    offset = clocks.usual
    for shift in clocks.shifts:
        local = datetime.combine(_day(shift, moment.year), datetime.min.time(), UTC) + shift.at
        if local - offset <= moment:
            offset = shift.to
    return offset


def _day(shift: Shift, year: int) -> date:
    first = date(year, shift.month, 1)
    if shift.weekday < 0:
        return first.replace(day=shift.nth)
    days = [first + timedelta(days=n) for n in range((shift.weekday - first.weekday()) % 7, 31, 7)]
    within = [day for day in days if day.month == shift.month]
    return within[-1] if shift.nth < 0 else within[min(shift.nth, len(within)) - 1]


def _samples(year: int) -> Iterator[datetime]:
    return (datetime(year, 1, 1, 12, tzinfo=UTC) + timedelta(days=n) for n in range(365))


def _sampled(zone: Any, year: int) -> tuple[timedelta | None, ...]:
    return tuple(moment.astimezone(zone).utcoffset() for moment in _samples(year))


@lru_cache(maxsize=32)
def _alike(offsets: tuple[timedelta | None, ...], year: int) -> EWSTimeZone | None:
    """A zone that Windows knows and whose clocks show this on each day of a year."""
    from zoneinfo import ZoneInfo

    known = dict.fromkeys(MS_TIMEZONE_TO_IANA_MAP.values())
    return next((EWSTimeZone(name) for name in known if _sampled(ZoneInfo(name), year) == offsets), None)


# --- within the library --------------------------------------------------------------------------


def _from_xml(field: Any, elem: Any, account: Any) -> Any:
    """As TimeZoneField.from_xml, but it knows more names; and where it does not, it takes the account's for it.

    The library's own warns where we must be silent, and returns None, which then means the zone of this machine.
    """
    found = elem.find(field.response_tag())
    if found is None:
        return field.default
    year = elem.findtext("t:Start", "", _TYPES)[:4]
    return told(found, int(year) if year.isdigit() else _ANY_YEAR) or account.default_timezone


TimeZoneField.from_xml = _from_xml
