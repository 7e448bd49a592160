"""What people do in Outlook: the organizer's own calendar is changed and they send, attendees answer."""

from copy import deepcopy
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from fakes.ews.diary import Diaries, Entry, midnight
from fakes.ews.items import new_id
from fakes.ews.soap import t
from lxml import etree

from careermail.model import Occurrence, Person


def at(occurrence: Occurrence) -> datetime | None:
    """The original start of a session of a series."""
    return datetime.fromisoformat(occurrence.recurrence_id) if occurrence.recurrence_id else None


@dataclass
class People:
    """The hands of CalendarHands on these diaries; `home` is whose events it is about."""

    diaries: Diaries
    home: Person

    # --- organizers ---

    def move_one(self, occurrence: Occurrence, start: datetime, *, by: Person | None = None) -> None:
        del by
        entry, when = self.entry(occurrence.uid), at(occurrence)
        one = deepcopy(self.diaries.session(entry, when)) if when else entry
        before = deepcopy(one)
        one.start, one.end = start, start + one.length
        self.diaries.settle(entry, before, when, one)
        self.diaries.tell(entry, when)

    def cancel_one(self, occurrence: Occurrence, *, by: Person | None = None) -> None:
        if by not in (None, self.home):
            self.decline_one(occurrence, by=by)
            return
        self.diaries.drop(self.home.email, self.entry(occurrence.uid), at(occurrence), tell=True)

    def move_all(self, uid: str, by_hours: int, *, by: Person | None = None) -> None:
        del by
        entry = self.entry(uid)
        before, shift = deepcopy(entry), timedelta(hours=by_hours)
        entry.start, entry.end = entry.start + shift, entry.end + shift
        self.diaries.settle(entry, before, None, entry)
        self.diaries.tell(entry)

    def split(self, uid: str, since: Occurrence, by_hours: int, *, by: Person | None = None) -> None:
        """This and all following at another hour: a copy with all its properties goes on where the series ends."""
        del by
        entry, when, shift = self.entry(uid), at(since) or since.start, timedelta(hours=by_hours)
        rest = deepcopy(entry)
        rest.id, rest.uid, rest.created = new_id("calendar"), "", entry.created + timedelta(days=1)
        rest.start, rest.end = when + shift, when + shift + entry.length
        rest.recurrence, rest.changed, rest.gone = _begun(entry, when), {}, set()
        before = deepcopy(entry)
        entry.recurrence = _ended(entry, when)
        self.diaries.settle(entry, before, None, entry)
        self.diaries.tell(entry)
        for one in rest.asked:
            one.said = "Unknown"
        self.diaries.make(self.home.email, rest, tell=True)

    def delete_all(self, uid: str, *, by: Person | None = None) -> None:
        if by not in (None, self.home):
            self.decline_all(uid, by=by)
            return
        self.diaries.drop(self.home.email, self.entry(uid), None, tell=True)

    def entry(self, uid: str) -> Entry:
        """The home's event, by the server's UID or ours."""
        own = sorted(self.diaries.own[self.home.email].values(), key=lambda e: e.created)
        return next(e for e in own if uid in (e.uid, e.property("careermail-uid")))

    # --- attendees ---

    def decline_one(self, occurrence: Occurrence, *, by: Person | None = None) -> None:
        self.answer(occurrence.uid, at(occurrence), "Decline", by=by)

    def decline_all(self, uid: str, *, by: Person | None = None) -> None:
        self.answer(uid, None, "Decline", by=by)

    def answer(self, uid: str, when: datetime | None, said: str, *, by: Person | None = None) -> None:
        """Answer to one session or to all; whoever is asked first, if it is not said who."""
        entry = self.entry(uid)
        self.diaries.respond(by.email if by else entry.asked[0].address, entry.uid, when, said)

    # --- everybody ---

    def add_busy(self, person: Person, start: datetime | date, end: datetime | date, *, free: bool = False) -> str:
        """What stands there is told of by its hour alone: no UID is."""
        zone = "W. Europe Standard Time"
        moments = [one if isinstance(one, datetime) else midnight(one, zone) for one in (start, end)]
        first, last = (one if one.tzinfo else one.replace(tzinfo=person.zone).astimezone(UTC) for one in moments)
        entry = Entry(first, last, zone, status="Free" if free else "Busy", all_day=not isinstance(start, datetime))
        self.diaries.make(person.email, entry, tell=False)
        return ""

    def sees(self, person: Person, uid: str) -> list[datetime]:
        return self.diaries.sees(person.email, uid)


def _ended(entry: Entry, when: datetime) -> etree._Element:
    """The series' recurrence, ended the day before."""
    copy = etree.fromstring(etree.tostring(entry.recurrence))
    begin = copy[1].findtext("{*}StartDate")
    last = f"{when - timedelta(days=1):%Y-%m-%d}"
    copy[1] = t("EndDateRecurrence", t("StartDate", begin), t("EndDate", last))
    return copy


def _begun(entry: Entry, when: datetime) -> etree._Element:
    copy = etree.fromstring(etree.tostring(entry.recurrence))
    copy[1].find("{*}StartDate").text = f"{when:%Y-%m-%d}"
    return copy
