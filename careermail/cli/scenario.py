"""What happens in the demo's quarter: who is there, what stands in their calendars, and what they do."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from typing import TYPE_CHECKING

from careermail.cli.office import Office
from careermail.cli.people import find_series
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


def _answers(who: str, kind: str, words: str) -> Callable[[Office], None]:
    """Somebody answers the latest mail of a kind that they got, as a mail program would: a message in the inbox."""

    def act(office: Office) -> None:
        root = Path(office.config.provider["root"])
        asked = _latest(root / "mail" / f"{who}@example.com" / "new", kind)
        answer = EmailMessage()
        answer["From"], answer["To"] = asked["To"], asked["Reply-To"]
        answer["Subject"], answer["Date"] = f"Re: {asked['Subject']}", office.clock.now()
        answer["Message-ID"] = f"<{office.clock.now():%Y%m%d%H%M}@phone.example.com>"
        answer["In-Reply-To"] = asked["Message-ID"]
        answer.set_content(words)
        arrived = root / "inbox" / "new" / f"{office.clock.now():%Y%m%d%H%M}.{who}"
        arrived.parent.mkdir(parents=True, exist_ok=True)
        arrived.write_bytes(answer.as_bytes())

    return act


def _latest(mailbox: Path, kind: str) -> EmailMessage:
    mails = [message_from_bytes(path.read_bytes(), policy=default) for path in mailbox.iterdir()]
    of_kind = (mail for mail in mails if mail["X-Careermail-Kind"] == kind)
    return max(of_kind, key=lambda mail: mail["Date"].datetime)


def _utc(month: int, day: int, hour: int, minute: int = 0) -> datetime:
    return datetime(2027, month, day, hour, minute, tzinfo=UTC)


SCENES = (
    Scene(_utc(1, 8, 10), "Maya", "drags the session with Jonas to the next day", _moved),
    Scene(_utc(1, 13, 15), "Maya", "replies with what they agreed", _answers("maya", "summary", WITH_JONAS)),
    Scene(_utc(1, 20, 14), "Maya", 'replies: "The introduction to Dana Ortiz is done"',
          _answers("maya", "contract", "The introduction to Dana Ortiz is done")),
    Scene(_utc(1, 25, 8), "Maya", "deletes the session with Priya from her calendar", _cancelled),
    Scene(_utc(2, 5, 14), "Maya", "replies with what she and Priya agreed, two days late",
          _answers("maya", "summary-overdue", WITH_PRIYA)),
    Scene(_utc(2, 9, 12), "Jonas", 'replies: "by 26 February"', _answers("jonas", "due-soon", "by 26 February")),
    Scene(_utc(2, 26, 13), "Jonas", 'replies: "1 done"', _answers("jonas", "due", "1 done")),
    Scene(_utc(3, 11, 9), "Maya", 'replies: "Done!"', _answers("maya", "due-soon", "Done!")),
    Scene(_utc(3, 18, 9), "Priya", 'replies: "yes, done"', _answers("priya", "due-soon", "yes, done")),
    Scene(_utc(4, 13, 11), "Maya", "replies with the new contract", _answers("maya", "summary", ANEW_WITH_JONAS)),
    Scene(_utc(4, 27, 12), "Maya", "replies with the new contract", _answers("maya", "summary", ANEW_WITH_PRIYA)),
)  # fmt: skip
