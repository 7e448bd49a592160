"""Events that recur, as Google expands them: by the rule in the event's own zone, with the instances that were changed.

Times are what the API writes: {"dateTime": …, "timeZone": …} or {"date": …}.
"""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from itertools import islice
from typing import Any
from zoneinfo import ZoneInfo

from dateutil.rrule import rrulestr

MOST = 730  # instances that Google expands at most
Item = dict[str, Any]
Window = tuple[datetime | None, datetime | None]


def moment(when: Item, zone: str) -> datetime:
    """A start or an end, in UTC; days are those of the calendar's zone."""
    if "date" in when:
        return datetime.combine(date.fromisoformat(when["date"]), time(), ZoneInfo(zone)).astimezone(UTC)
    at = datetime.fromisoformat(when["dateTime"])
    return (at if at.tzinfo else at.replace(tzinfo=ZoneInfo(when["timeZone"]))).astimezone(UTC)


def shown(when: Item, zone: str) -> Item:
    """The same in the zone that is asked for."""
    if "date" in when:
        return when
    return {**when, "dateTime": moment(when, zone).astimezone(ZoneInfo(zone)).isoformat()}


def shifted(when: Item, by: timedelta) -> Item:
    """So much later on the wall clock."""
    if "date" in when:
        return {"date": (date.fromisoformat(when["date"]) + by).isoformat()}
    zone = ZoneInfo(when["timeZone"])
    local = moment(when, "UTC").astimezone(zone).replace(tzinfo=None) + by
    return {"dateTime": local.replace(tzinfo=zone).isoformat(), "timeZone": when["timeZone"]}


def within(item: Item, window: Window, zone: str) -> bool:
    """Whether an event ends after the window's begin and starts before its end, as the API has it."""
    begin, end = (moment(item[name], zone) for name in ("start", "end"))
    return (window[0] is None or end > window[0]) and (window[1] is None or begin < window[1])


def name_of(master: Item, at: datetime) -> str:
    """The id of an instance."""
    stamp = f"{at:%Y%m%d}" if "date" in master["start"] else f"{at:%Y%m%dT%H%M%SZ}"
    return f"{master['id']}_{stamp}"


def originals(master: Item, window: Window) -> Iterator[datetime]:
    """Where the rule puts instances that touch a window, in UTC."""
    zone = ZoneInfo(master["start"].get("timeZone", "UTC"))
    first = moment(master["start"], "UTC").astimezone(zone).replace(tzinfo=None)
    length = moment(master["end"], "UTC") - moment(master["start"], "UTC")
    (line,) = master["recurrence"]
    for local in islice(rrulestr(_local(line, zone), dtstart=first), MOST):
        at = local.replace(tzinfo=zone).astimezone(UTC)
        if window[1] is not None and at >= window[1]:
            return
        if window[0] is None or at + length > window[0]:
            yield at


def _local(line: str, zone: ZoneInfo) -> str:
    """A rule whose end is a time of the wall clock, as its start is to dateutil."""
    parts = line.removeprefix("RRULE:").split(";")
    return ";".join(_until(part, zone) if part.startswith("UNTIL=") else part for part in parts)


def _until(part: str, zone: ZoneInfo) -> str:
    stamp = part.removeprefix("UNTIL=")
    if not stamp.endswith("Z"):
        return part
    local = datetime.strptime(stamp, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC).astimezone(zone)
    return f"UNTIL={local:%Y%m%dT%H%M%S}"


def instance(master: Item, at: datetime) -> Item:
    """An instance that nobody has changed."""
    made = {name: value for name, value in master.items() if name not in ("recurrence", "id")}
    zone = master["start"].get("timeZone", "UTC")
    length = moment(master["end"], zone) - moment(master["start"], zone)
    for name, when in (("start", at), ("end", at + length), ("originalStartTime", at)):
        made[name] = {"dateTime": when.astimezone(ZoneInfo(zone)).isoformat(), "timeZone": zone}
    return {**made, "id": name_of(master, at), "recurringEventId": master["id"]}
