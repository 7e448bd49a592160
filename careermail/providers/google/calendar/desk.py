"""One person's calendar as the API has it: read page by page, and changed only as long as it is what was read."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from itertools import count
from typing import Any

from careermail.providers.google.api import Api
from careermail.providers.google.calendar.wire import UID, Wire, event_id, is_cancelled, recurs, uid_of

GONE, TAKEN, CHANGED = frozenset({404, 410}), frozenset({409}), frozenset({404, 409, 410, 412})
A_PAGE = 2500  # events; Google gives no more at once
_TELL: dict[str, Any] = {"sendUpdates": "all", "conferenceDataVersion": 1}


class Desk:
    """The calendar of `whose`, their primary one, as `address` may see it. Every method may raise ProviderError.

    Whoever is invited is told of each change, by Google. A link to a meeting outlasts only changes that say which
    version of it they know (conferenceDataVersion).
    """

    def __init__(self, api: Api, address: str, whose: str = "primary") -> None:
        self._api, self._address, self._whose = api, address, whose

    # --- reading ---

    def get(self, name: str) -> Wire | None:
        """The event, or instance, with this id, deleted ones too; None where there is none."""
        return self._asked("get", fine=GONE, eventId=name)  # type: ignore[no-any-return]

    def listed(self, method: str = "list", **query: Any) -> Iterator[Wire]:
        """The events of a listing."""
        token = ""
        while True:
            more = {"pageToken": token} if token else {}
            page = self._asked(method, **{"maxResults": A_PAGE, **query, **more})
            yield from page.get("items", ())
            if not (token := page.get("nextPageToken", "")):
                return

    def instances(self, held: Wire, **query: Any) -> Iterator[Wire]:
        """What takes place of an event that recurs."""
        return (one for one in self.listed("instances", eventId=held["id"], **query) if not is_cancelled(one))

    def instance(self, held: Wire, recurrence_id: str) -> Wire | None:
        """The instance that the rule had put there; None where there is none, or it was deleted."""
        found = self.get(f"{held['id']}_{recurrence_id}")  # as Google names them, which it does not promise
        if found is None and recurs(held):
            at = datetime.fromisoformat(recurrence_id).isoformat()
            found = next(self.instances(held, originalStart=at), None)
        return found if found and not is_cancelled(found) else None

    def exceptions(self, held: Wire) -> list[Wire]:
        """The instances that were changed and take place, those that the rule knows no more too."""
        both = self.listed(iCalUID=held["iCalUID"])
        return [one for one in both if one.get("recurringEventId") == held["id"] and not is_cancelled(one)]

    def find(self, uid: str) -> tuple[Wire | None, int]:
        """The event with a UID of ours, or None and the generation to book next.

        What was deleted keeps its id, and is never brought back.
        """
        if "@" not in uid and (held := self.get(uid)) and not is_cancelled(held):
            return held, 0  # people made it of one of ours
        for generation in count():
            held = self.get(event_id(uid, generation))
            if held is None:
                break
            if not is_cancelled(held):
                return held, generation
        # What was deleted long ago is found no more, and what followed it is.
        later = self.listed(privateExtendedProperty=f"{UID}={uid}")
        held = next((one for one in later if "recurringEventId" not in one and _is(one, uid)), None)
        return held, generation

    # --- writing ---

    def insert(self, body: Wire) -> bool:
        """Put an event in, under an id of ours; False where that id is taken."""
        return self._asked("insert", fine=TAKEN, **_TELL, body=body) is not None

    def patch(self, held: Wire, changes: Wire) -> bool:
        """Change an event; False where somebody was faster. What concerns nobody else is told to nobody."""
        tell = _TELL if changes.keys() - {"extendedProperties"} else _TELL | {"sendUpdates": "none"}
        how = {"eventId": held["id"], "body": changes, **tell}
        return self._asked("patch", fine=CHANGED, etag=held["etag"], **how) is not None

    def delete(self, name: str) -> None:
        """Let an event, or an instance, be cancelled. What is gone is gone enough."""
        self._asked("delete", fine=GONE, eventId=name, sendUpdates="all")

    def _asked(self, method: str, *, fine: frozenset[int] = frozenset(), etag: str = "", **query: Any) -> Any:
        def make(calendar: Any) -> Any:
            return getattr(calendar.events(), method)(calendarId=self._whose, **query)

        return self._api.ask(self._address, make, fine=fine, etag=etag)


def _is(one: Wire, uid: str) -> bool:
    return uid_of(one) == uid and not is_cancelled(one)
