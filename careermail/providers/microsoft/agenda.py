"""One manager's events of ours in Microsoft 365: found, read session by session, and written. Graph tells attendees."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from urllib.parse import quote

from careermail.mail.expand import Instance
from careermail.model import A_DAY, Person
from careermail.providers import Window
from careermail.providers.microsoft import event as writing
from careermail.providers.microsoft.failures import GraphError
from careermail.providers.microsoft.graph import Graph, Json, text
from careermail.providers.microsoft.marks import NOTES, RESTORE, SERIES, UID, called, marked, named, shown, uid
from careermail.providers.microsoft.reading import Held, cancelled, session, span

# Outlook lets no session past the one before or after it: no further than this is any from where its rule has it, but
# where sessions are years apart.
FARTHEST = timedelta(days=366)
A_PAGE = "200"
FIELDS = ("id", "changeKey", "iCalUId", "transactionId", "createdDateTime", "type", "subject", "body", "start", "end",
          "isAllDay", "isCancelled", "recurrence", "attendees")  # fmt: skip
_SESSION = ("id", "type", "originalStart", "start", "end", "isAllDay", "isCancelled", "attendees")
_VIEW = ("id", "iCalUId", "seriesMasterId", "start", "end", "isAllDay", "isCancelled", "showAs")
_MASTER = "seriesMaster"
_TAKEN = "ErrorDuplicateTransactionId"

Sessions = list[tuple[Held, Instance]]
Lost = dict[str, tuple[str, list[Instance]]]


class Agenda:
    """The events that careermail keeps for one manager, in whatever calendar of theirs they are now.

    `lost` remembers the sessions that were cancelled one by one, by their event's id and changeKey: lists lack them.
    """

    def __init__(self, graph: Graph, owner: Person, lost: Lost) -> None:
        self._graph, self.owner, self._mailbox, self._lost = graph, owner, owner.email.lower(), lost

    # --- reading ---

    def find(self, name: str) -> Json | None:
        """The event that we call so, all of it; None where there is none."""
        tests = [marked(UID, "eq", name)]
        if "@" not in name:  # no UID of ours, but one of Outlook's
            tests.append(f"iCalUId eq {text(name)}")
        found = (held for test in tests for held in self._listed(test) if name in {uid(held), held["iCalUId"]})
        first = next(found, None)
        return self._whole(called(first, name)) if first else None

    def of_series(self, marker: str) -> list[Json]:
        """All events with this marker: the one that we made, and what people have split off it."""
        return self._listed(marked(SERIES, "eq", marker))

    def all_sessions(self) -> list[Json]:
        """All events of ours with any marker."""
        return self._listed(marked(SERIES, "ne", "-"))

    def _listed(self, test: str) -> list[Json]:
        query = {"$filter": test, "$expand": shown(UID, SERIES, NOTES), "$select": ",".join(FIELDS), "$top": A_PAGE}
        found = self._graph.every(self._mailbox, "events", query)
        return named(held for held in found if not held.get("isCancelled"))

    def _whole(self, held: Held) -> Json | None:
        """An event with what lists leave out or cut short; None where it has gone in between."""
        fields = ",".join((*FIELDS, "cancelledOccurrences"))
        query = {"$select": fields, "$expand": shown(UID, SERIES, NOTES, RESTORE)}
        try:
            return called(self._graph.get(self._mailbox, _place(held), query), uid(held))
        except GraphError as error:
            if error.gone:
                return None
            raise

    def sessions(self, held: Held, window: Window) -> Sessions:
        """Those of an event that touch the window, and those that were moved into it or out of it."""
        if not recurs(held):
            return [(held, session(held, held, self.owner))]
        wide = (window[0] - FARTHEST, window[1] + FARTHEST)
        query = {**_edges(wide), "$select": ",".join(_SESSION), "$top": A_PAGE}
        found = self._graph.every(self._mailbox, f"{_place(held)}/instances", query)
        return [(one, session(one, held, self.owner)) for one in found if not one.get("isCancelled")]

    def session(self, held: Held, recurrence_id: str) -> tuple[Held, Instance] | None:
        """One of an event's sessions."""
        at = datetime.fromisoformat(recurrence_id) if recurrence_id else span(held, self.owner)[0]
        near = self.sessions(held, (at - A_DAY, at + A_DAY))
        return next((pair for pair in near if pair[1].recurrence_id == recurrence_id), None)

    def instances(self, marker: str, window: Window) -> Iterator[Instance]:
        """All sessions of a series, cancelled ones too while Outlook knows of them."""
        for held in self.of_series(marker):
            yield from (one for _, one in self.sessions(held, window))
            if recurs(held):
                yield from self._cancelled(held)

    def _cancelled(self, held: Held) -> list[Instance]:
        known = self._lost.get(held["id"])
        if known is None or known[0] != held["changeKey"]:
            whole = self._whole(held)
            known = self._lost[held["id"]] = held["changeKey"], cancelled(whole, self.owner) if whole else []
        return known[1]

    def view(self, window: Window) -> Iterator[Held]:
        """Whatever stands in the owner's default calendar, session by session: when it is, and whether it counts."""
        query = {**_edges(window), "$select": ",".join(_VIEW), "$top": A_PAGE}
        return self._graph.every(self._mailbox, "calendar/calendarView", query)

    def free_busy(self, addresses: list[str], window: Window, slot: timedelta) -> list[Json]:
        """What Exchange tells the owner of other people's time: a scheduleInformation each."""
        edges = writing.at(*window)
        body = {"Schedules": addresses, "StartTime": edges["start"], "EndTime": edges["end"],
                "AvailabilityViewInterval": int(slot.total_seconds()) // 60}  # fmt: skip
        answer = self._graph.post(self._mailbox, "calendar/getSchedule", body, again=True)
        return list(answer["value"])

    # --- writing ---

    def make(self, body: Json) -> None:
        """A new event. What Graph has made already by the same transaction it does not make again.

        Where that is not there any more, somebody took it away, which is theirs to decide.
        """
        try:
            self._graph.post(self._mailbox, "calendar/events", body, again=True)
        except GraphError as error:
            if error.code != _TAKEN:
                raise

    def change(self, held: Held, body: Json) -> None:
        """Change an event, or one session of a series."""
        self._graph.patch(self._mailbox, _place(held), body)

    def cancel(self, held: Held) -> None:
        """Take an event, or one session, out of everybody's calendar. What has gone in between is cancelled enough."""
        try:
            if held.get("attendees"):
                self._graph.post(self._mailbox, f"{_place(held)}/cancel", {})
            else:
                self._graph.delete(self._mailbox, _place(held))
        except GraphError as error:
            if not error.gone:
                raise


def recurs(held: Held) -> bool:
    """Whether an event is a series."""
    return bool(held["type"] == _MASTER)


def _edges(window: Window) -> dict[str, str]:
    return {
        "startDateTime": f"{window[0]:%Y-%m-%dT%H:%M:%SZ}",
        "endDateTime": f"{window[1]:%Y-%m-%dT%H:%M:%SZ}",
    }


def _place(held: Held) -> str:
    return f"events/{quote(held['id'], safe='')}"
