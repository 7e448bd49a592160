"""What people do in Outlook with the meetings that they are in, which is not always what Graph would let an app do."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from fakes.graph.exchange import Exchange, Meeting, Session, naive
from scene import JONAS, MAYA

from careermail.model import Occurrence, Person

THE_YEAR = (datetime(2027, 1, 1, tzinfo=UTC), datetime(2028, 1, 1, tzinfo=UTC))


@dataclass
class Outlook:
    """The hands of everybody who has a mailbox. An event is found by our UID, or by Outlook's own."""

    exchange: Exchange

    def move_one(self, occurrence: Occurrence, start: datetime, *, by: Person = MAYA) -> None:
        meeting, session = self._session(occurrence, by)
        edges = {"start": start, "end": start + (occurrence.end - occurrence.start)}
        body = {name: {"dateTime": f"{at:%Y-%m-%dT%H:%M:%S}", "timeZone": "UTC"} for name, at in edges.items()}
        if session and meeting.recurs:
            self.exchange.change_one(meeting, session, body)
        else:
            self.exchange.change(meeting, body)

    def cancel_one(self, occurrence: Occurrence, *, by: Person = MAYA) -> None:
        meeting, session = self._session(occurrence, by)
        if by.email == meeting.organizer:
            self.exchange.cancel(meeting, session if meeting.recurs else None)
        else:
            self.exchange.answer(meeting, by.email, "declined", session)

    def decline_one(self, occurrence: Occurrence, *, by: Person = JONAS) -> None:
        meeting, session = self._session(occurrence, by)
        self.exchange.answer(meeting, by.email, "declined", session)

    def propose(self, occurrence: Occurrence, start: datetime, response: str, *, by: Person = JONAS) -> None:
        """Propose another time for one session: "declined", or "tentativelyAccepted"."""
        meeting, session = self._session(occurrence, by)
        self.exchange.answer(meeting, by.email, response, session)
        session.proposed[by.email] = (start, start + (session.end - session.start))

    def decline_all(self, uid: str, *, by: Person = JONAS) -> None:
        self.exchange.answer(self.meeting(uid), by.email, "declined")

    def accept_all(self, uid: str, *, by: Person = JONAS) -> None:
        self.exchange.answer(self.meeting(uid), by.email, "accepted")

    def move_all(self, uid: str, by_hours: int, *, by: Person = MAYA) -> None:
        meeting = self.meeting(uid)
        assert by.email == meeting.organizer
        edges = {name: naive(meeting.said[name]) + timedelta(hours=by_hours) for name in ("start", "end")}
        times = {name: {**meeting.said[name], "dateTime": at.isoformat()} for name, at in edges.items()}
        self.exchange.change(meeting, times)

    def split(self, uid: str, since: Occurrence, by_hours: int, *, by: Person = MAYA) -> None:  # noqa: ARG002
        meeting, session = self._session(since, by)
        assert session is not None
        self.exchange.split(meeting, session, timedelta(hours=by_hours))

    def delete_all(self, uid: str, *, by: Person = MAYA) -> None:
        meeting = self.meeting(uid)
        if by.email == meeting.organizer:
            self.exchange.cancel(meeting)
        else:
            self.exchange.answer(meeting, by.email, "declined")

    def add_busy(self, person: Person, start: datetime | date, end: datetime | date, *, free: bool = False) -> str:
        """Something else in somebody's calendar; "" for its UID, which Exchange tells nobody but its owner."""
        made = self.exchange.appointment(person.email, start, end, "free" if free else "busy")
        return made.ical if person.email == MAYA.email else ""

    def sees(self, person: Person, uid: str) -> list[datetime]:
        there = ((meeting, one) for meeting, one, _ in self.exchange.taken(person.email))
        return sorted(
            one.start for meeting, one in there if uid in _names(meeting) and THE_YEAR[0] <= one.start < THE_YEAR[1]
        )

    def meeting(self, uid: str) -> Meeting:
        found = [one for one in self.exchange.meetings if uid in _names(one) and not one.gone]
        return min(found, key=lambda one: one.number)

    def _session(self, occurrence: Occurrence, by: Person) -> tuple[Meeting, Session]:
        meeting = self.meeting(occurrence.uid)
        assert by.email in {meeting.organizer, *meeting.attendees}
        at = datetime.fromisoformat(occurrence.recurrence_id) if occurrence.recurrence_id else None
        return meeting, next(one for one in meeting.sessions() if at in {None, one.original})


def _names(meeting: Meeting) -> set[str]:
    """What an event is called, by us and by Outlook; a part that was split off bears our UID too."""
    ours = {value for name, value in meeting.properties.items() if name.endswith("-uid")}
    return {meeting.ical, *ours}
