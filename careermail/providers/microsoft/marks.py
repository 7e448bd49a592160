"""What of ours stands on an event of Outlook's, in extended properties. Pure.

Graph gives an event an id and a UID of its own; by these ours is found again. A property set is for ever: whoever
renames one loses every event that was booked before.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from careermail.providers.microsoft.graph import Json, text

_SET = "String {6e1f7d0c-93b5-4a6e-8d5a-1c0a5e7f2b64} Name careermail-"
UID, SERIES, NOTES, RESTORE = (f"{_SET}{name}" for name in ("uid", "series", "notes", "restore"))
_NAME = "@careermail.uid"  # beside what Graph tells of an event


@dataclass(frozen=True)
class Notes:
    """What we keep on an event that Graph has no place for: short, since lists may cut it after 255 characters."""

    transaction: str = ""  # by which it was made; a copy that people make of the event has another
    sequence: int = 0
    language: str = "en"
    words: str = ""  # a digest of the title and description that we gave it

    @classmethod
    def of(cls, held: Mapping[str, Any]) -> "Notes":
        """Those on an event as Graph has it."""
        return cls(**json.loads(properties(held).get(NOTES, "{}")))

    def property(self) -> Json:
        """The same as Graph has it."""
        return {"id": NOTES, "value": _text(vars(self))}


class Stand(NamedTuple):
    """Where one session of a series stands that is not where the rule has it. All as model.stamp."""

    recurrence_id: str
    start: str = ""  # "" where it was cancelled
    end: str = ""


def to_restore(held: Mapping[str, Any]) -> list[Stand]:
    """The sessions that are still to be put back into place after a change of their series."""
    return [Stand(*one) for one in json.loads(properties(held).get(RESTORE, "[]"))]


def restore(stands: Iterable[Stand]) -> Json:
    """The same as Graph has it."""
    return {"id": RESTORE, "value": _text(list(stands))}


def properties(held: Mapping[str, Any]) -> dict[str, str]:
    """Our properties of an event; their ids are compared as Graph does, which changes the case of a GUID."""
    said = {one["id"].lower(): one["value"] for one in held.get("singleValueExtendedProperties") or ()}
    return {name: said[name.lower()] for name in (UID, SERIES, NOTES, RESTORE) if name.lower() in said}


def named(events: Iterable[Json]) -> list[Json]:
    """The events, each knowing what we call it (`uid`), in the order in which they were made.

    The one that we made has our UID. What people split off it or copied bears that too, but was made by no transaction
    of ours, or by none that Graph tells of and later: it goes by Outlook's own.
    """
    found, taken = sorted(events, key=lambda held: held["createdDateTime"]), set()
    for held in found:
        name = properties(held).get(UID)
        ours = name not in taken and held.get("transactionId") in {None, Notes.of(held).transaction}
        held[_NAME] = name if name and ours else held["iCalUId"]
        taken.add(held[_NAME])
    return found


def called(held: Json, name: str) -> Json:
    """The event, knowing that we call it so."""
    return {**held, _NAME: name}


def uid(held: Mapping[str, Any]) -> str:
    """What we call an event that knows it."""
    return str(held[_NAME])


def marked(name: str, test: str, value: str) -> str:
    """The filter for events with this property. It works on lists of events, and fails on a calendarView."""
    return f"singleValueExtendedProperties/any(p: p/id eq {text(name)} and p/value {test} {text(value)})"


def shown(*names: str) -> str:
    """What lets an answer have these properties too."""
    wanted = " or ".join(f"id eq {text(name)}" for name in names)
    return f"singleValueExtendedProperties($filter={wanted})"


def _text(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"))
