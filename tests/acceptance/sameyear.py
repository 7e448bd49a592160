"""A year of one pair, and what it was like wherever it was played: the same on disk and on everybody's servers."""

import re
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

from hands import decline, move_one
from icalendar import Calendar
from letters import reply
from scene import MAYA, TUESDAY, Mail, World

from careermail.model import Person, Series

AMARA = Person("Amara Obi", "amara@example.com", "Europe/London", holidays="GB-ENG")
PAIR = Series(replace(MAYA, holidays="SE"), AMARA, TUESDAY)
MANAGER = PAIR.manager

JANUARY = """\
Amara's commitments
- Shadow the platform on-call rota by 12 February 2027
- Write up the incident review format by 29 March 2027

Maya's commitments
- Introduce Amara to Dana Ortiz by 29 January 2027
- Put Amara forward for the architecture forum by 26 February 2027

The open question
- Whether a staff role is realistic within two years
"""
APRIL = """\
Amara's commitments
- Write up the incident review format by 30 April 2027
- Lead the design of the new queue by 25 June 2027

Maya's commitments
- Talk to Ines about a staff role by 24 May 2027
"""
JULY = """\
Amara's commitments
- Give the talk on queues by 27 August 2027

Maya's commitments
- Write to Ines about the next opening by 30 July 2027
"""

BEGIN = datetime(2027, 1, 4, 8)
UNTIL = (2028, 5, 1)
MARKS = re.compile(r"(?m)^\s*(?:[-*]|\d+\.)\s+|:? *<?mailto:\S+")  # of lists, and of buttons


class OnDisk(World):
    """The same people with the provider `local`."""

    def shift(self, when: datetime, to: datetime) -> None:
        with self.edit(MANAGER) as calendar:
            move_one(calendar, when, to)

    def refuse(self, when: datetime) -> None:
        with self.edit(AMARA) as calendar:
            decline(calendar, when)

    def shows(self, who: Person) -> list[datetime]:
        window = (datetime(2027, 1, 1, tzinfo=UTC), datetime(2028, 1, 1, tzinfo=UTC))
        return sorted(b.start for b in self.provider.calendar.busy([who], window))

    def reminders(self) -> list[date]:
        events = [e for path in self.files(MANAGER) for e in Calendar.from_ical(path.read_bytes()).events]
        held = (e for e in events if e.get("STATUS") != "CANCELLED")
        return sorted(e.start for e in held if not isinstance(e.start, datetime))


def play(world: Any) -> None:
    """A year in which nobody does anything but to answer mails and to use their calendar."""
    world.run(2027, 1, 13, 14)
    reply(world, "summary", MANAGER, JANUARY)
    world.run(2027, 1, 29, 12)
    reply(world, "due", MANAGER, "done")
    world.run(2027, 2, 10, 15)
    reply(world, "due-soon", AMARA, "done")
    world.run(2027, 3, 10, 12)
    reply(world, "overdue", MANAGER, "done")
    world.run(2027, 3, 25, 15)
    reply(world, "due", AMARA, "by 30 April")
    world.run(2027, 4, 13, 15)
    reply(world, "summary", MANAGER, APRIL)
    world.run(2027, 4, 30, 12)
    reply(world, "due", AMARA, "done")
    world.run(2027, 5, 24, 12)
    reply(world, "due", MANAGER, "drop: Ines has left")
    world.run(2027, 6, 14, 12)
    world.shift(datetime(2027, 7, 13, 10), datetime(2027, 7, 6, 14))
    world.run(2027, 6, 24, 12)
    reply(world, "due-soon", AMARA, "done")
    world.run(2027, 7, 8, 9, 30)
    reply(world, "summary-nudge", MANAGER, JULY)
    world.run(2027, 7, 30, 12)
    reply(world, "due", MANAGER, "done")
    world.run(2027, 8, 27, 12)
    reply(world, "due", AMARA, "done")
    world.run(2027, 10, 5, 12)
    world.refuse(datetime(2027, 10, 12, 10))
    world.run(2028, 1, 10)


def words(mail: Mail) -> list[str]:
    """What a mail says. Exchange makes the text of a mail out of its HTML, and marks lists and links in its own way."""
    return re.findall(r"[^\s<>]+", MARKS.sub(" ", mail.text))


def year(world: Any) -> dict[str, Any]:
    """All that people can tell of it but of invitations, and what careermail remembers."""
    mails = [mail for mail in world.mails if mail.kind != "invitation"]
    return {
        "mails": [mail.row for mail in mails],
        "words": [words(mail) for mail in mails],
        "sessions": world.booked(until=UNTIL),
        "shown": [[f"{start:%d %b %H:%M}" for start in world.shows(person)] for person in (MANAGER, AMARA)],
        "reminders": world.reminders(),
        "contracts": world.standing.contracts,
        "effects": world.effects(),
        "skipped": world.skipped(),
        "troubles": world.troubles(),
    }
