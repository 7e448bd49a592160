"""What happens in the demo's quarter: who is there, what stands in their calendars, and what they do."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from careermail import desk
from careermail.cli.office import Office
from careermail.cli.people import find_commitment, find_series
from careermail.cli.record import record
from careermail.mail import edits, invite
from careermail.model import Occurrence, Series
from careermail.plan.history import fold
from careermail.plan.sessions import Row

if TYPE_CHECKING:
    from icalendar import Calendar

START = datetime(2027, 1, 4, 7, tzinfo=UTC)
END = datetime(2027, 4, 30, 15, tzinfo=UTC)

CONFIG = """\
# The world of `careermail demo`: one manager, two reports.
[service]
address = "careermail@example.com"
admin = "it@example.com"
state = "state"

[provider]
kind = "local"
root = "."

[[manager]]
name = "Maya Lindqvist"
email = "maya@example.com"
timezone = "Europe/Stockholm"
holidays = "SE"

[[manager.report]]
name = "Jonas Weber"
email = "jonas@example.com"
timezone = "Europe/Berlin"
holidays = "DE-BE"

[[manager.report]]
name = "Priya Nair"
email = "priya@example.com"
timezone = "Asia/Kolkata"
holidays = "IN"
first = 2027-01-26T11:00:00
"""

# In Maya's calendar before careermail comes: Tuesdays begin with it.
PLANNING = """\
BEGIN:VCALENDAR
VERSION:2.0
PRODID:-//careermail//demo
BEGIN:VEVENT
UID:planning@example.com
DTSTAMP:20270104T070000Z
DTSTART;TZID=Europe/Stockholm:20270105T090000
DTEND;TZID=Europe/Stockholm:20270105T110000
RRULE:FREQ=WEEKLY
SUMMARY:Planning
END:VEVENT
END:VCALENDAR
"""

WITH_JONAS = """\
Jonas's commitments
- Shadow the platform on-call rota by 12 February
- Write up the incident review format by end of February

Maya's commitments
- Introduce Jonas to Dana Ortiz by 22 January

What we will review
- In March: how the on-call weeks felt

The open question
- Whether a staff role is realistic within two years
"""

WITH_PRIYA = """\
Priya's commitments
- Present the search migration to the platform guild by 19 March

Maya's commitments
- Ask for a seat in the architecture forum for Priya by 12 March

The open question
- People or platform
"""


ANEW_WITH_JONAS = """\
Jonas's commitments
- Write up the incident review format by 14 May
- Lead the next incident review by 25 June

The open question
- Whether a staff role is realistic within two years
"""

ANEW_WITH_PRIYA = """\
Priya's commitments
- Mentor one of the new joiners by end of June

Maya's commitments
- Find the budget for a conference by 28 May
"""


@dataclass(frozen=True)
class Scene:
    """Something that a person does."""

    at: datetime  # UTC
    who: str
    what: str
    act: Callable[[Office], None]


def furnish(world: Path) -> None:
    """Put into the world what was there before careermail came."""
    calendar = world / "calendars" / "maya@example.com"
    calendar.mkdir(parents=True)
    (calendar / "planning.ics").write_bytes(PLANNING.replace("\n", "\r\n").encode())
    (world / "careermail.toml").write_text(CONFIG)


def _moved(office: Office) -> None:
    series, session = _next_with(office, "jonas")
    start = session.start + timedelta(days=1)

    def change(calendar: "Calendar") -> None:
        at = (start, start + (session.end - session.start))
        edits.move(calendar, session.uid, session.recurrence_id, at, series.manager.zone)

    _edit(office, series, session, change)


def _cancelled(office: Office) -> None:
    series, session = _next_with(office, "priya")
    _edit(
        office,
        series,
        session,
        lambda calendar: edits.cancel(calendar, session.uid, session.recurrence_id, series.manager.zone),
    )


def _next_with(office: Office, report: str) -> tuple[Series, Occurrence]:
    team, series = find_series(office.config, report)
    standing, now = fold(office.store.load(team.manager.email)).of(series.key), office.clock.now()
    return series, next(o for o in Row(series, standing, now).confirmed if o.start > now)


def _edit(office: Office, series: Series, session: Occurrence, change: Callable[["Calendar"], None]) -> None:
    """Change a session in the manager's calendar as a calendar program would: in the file."""
    path = Path(office.config.provider["root"]) / "calendars" / series.manager.email / f"{session.uid}.ics"
    calendar = invite.parse(path.read_bytes())
    change(calendar)
    path.write_bytes(invite.text(calendar))


def _agreed(report: str, text: str) -> Callable[[Office], None]:
    def act(office: Office) -> None:
        team, series = find_series(office.config, report)
        record(office, team, series, lambda standing, now: desk.record_contract(series, standing, text, now)[0])

    return act


def _done(name: str) -> Callable[[Office], None]:
    def act(office: Office) -> None:
        team, series, commitment = find_commitment(office.config, office.store, name)
        record(office, team, series, lambda _, now: [desk.settle(series, commitment, "done", now)])

    return act


def _later(name: str, due: date) -> Callable[[Office], None]:
    def act(office: Office) -> None:
        team, series, commitment = find_commitment(office.config, office.store, name)
        record(office, team, series, lambda _, now: [desk.move(series, commitment, due, now)])

    return act


def _utc(month: int, day: int, hour: int, minute: int = 0) -> datetime:
    return datetime(2027, month, day, hour, minute, tzinfo=UTC)


SCENES = (
    Scene(_utc(1, 8, 10), "Maya", "drags the session with Jonas to the next day", _moved),
    Scene(_utc(1, 13, 15), "Maya", "hands in what she and Jonas agreed", _agreed("jonas", WITH_JONAS)),
    Scene(_utc(1, 20, 14), "Maya", "has introduced Jonas to Dana", _done("jonas-3")),
    Scene(_utc(1, 25, 8), "Maya", "deletes the session with Priya from her calendar", _cancelled),
    Scene(_utc(2, 5, 14), "Maya", "hands in what she and Priya agreed, two days later", _agreed("priya", WITH_PRIYA)),
    Scene(_utc(2, 9, 12), "Jonas", "needs two weeks more for the on-call rota", _later("jonas-1", date(2027, 2, 26))),
    Scene(_utc(2, 26, 13), "Jonas", "has shadowed the rota", _done("jonas-1")),
    Scene(_utc(3, 11, 9), "Maya", "has asked for Priya's seat", _done("priya-2")),
    Scene(_utc(3, 18, 9), "Priya", "has presented the search migration", _done("priya-1")),
    Scene(_utc(4, 13, 11), "Maya", "hands in the new contract with Jonas", _agreed("jonas", ANEW_WITH_JONAS)),
    Scene(_utc(4, 27, 12), "Maya", "hands in the new contract with Priya", _agreed("priya", ANEW_WITH_PRIYA)),
)
