"""The year of one pair on real servers is the year on disk: mail for mail, session for session, word for word."""

from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from hands import decline, move_one
from icalendar import Calendar
from letters import reply
from scene import MAYA, TUESDAY, World
from servers import cyrus
from town import ByMail, InTown, OnCyrus, OnRadicale, Town

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
MAILS = """
Thu 2027-01-07 09:00 prepare maya: Tuesday with Amara
Fri 2027-01-08 09:00 prompt amara: Before we talk on Tuesday
Tue 2027-01-12 11:00 summary maya: After your talk with Amara
Wed 2027-01-13 11:00 summary-nudge maya: After your talk with Amara
Wed 2027-01-13 13:00 contract amara: From your talk with Maya
Wed 2027-01-13 14:00 contract maya: Re: After your talk with Amara
Tue 2027-01-26 09:00 due-soon maya: Coming up on Friday
Fri 2027-01-29 09:00 due maya: Today, from your talk with Amara
Tue 2027-02-09 09:00 due-soon amara: Coming up on Friday
Fri 2027-02-12 09:00 review maya: Twenty minutes with Amara
Tue 2027-02-23 09:00 due-soon maya: Coming up on Friday
Fri 2027-02-26 09:00 due maya: Today, from your talk with Amara
Fri 2027-03-05 09:00 overdue maya: From your talk with Amara
Fri 2027-03-12 09:00 review maya: Twenty minutes with Amara
Tue 2027-03-23 09:00 due-soon amara: Coming up on Monday
Thu 2027-03-25 09:00 due amara: Monday, from your talk with Maya
Thu 2027-03-25 14:00 answer amara: Re: Monday, from your talk with Maya
Thu 2027-03-25 15:00 told maya: What Amara has changed
Thu 2027-04-08 09:00 prepare maya: Tuesday with Amara
Fri 2027-04-09 09:00 prompt amara: Before we talk on Tuesday
Tue 2027-04-13 11:00 summary maya: After your talk with Amara
Tue 2027-04-13 14:00 contract amara: From your talk with Maya
Tue 2027-04-13 15:00 contract maya: Re: After your talk with Amara
Tue 2027-04-27 09:00 due-soon amara: Coming up on Friday
Fri 2027-04-30 09:00 due amara: Today, from your talk with Maya
Thu 2027-05-13 09:00 review maya: Twenty minutes with Amara
Wed 2027-05-19 09:00 due-soon maya: Coming up on Monday
Mon 2027-05-24 09:00 due maya: Today, from your talk with Amara
Mon 2027-05-24 11:00 told amara: What Maya has changed
Fri 2027-06-11 09:00 review maya: Twenty minutes with Amara
Tue 2027-06-22 09:00 due-soon amara: Coming up on Friday
Thu 2027-07-01 09:00 prepare maya: Tuesday with Amara
Fri 2027-07-02 09:00 prompt amara: Before we talk on Tuesday
Tue 2027-07-06 15:00 summary maya: After your talk with Amara
Wed 2027-07-07 15:00 summary-nudge maya: After your talk with Amara
Thu 2027-07-08 09:30 contract maya: Re: After your talk with Amara
Thu 2027-07-08 09:00 contract amara: From your talk with Maya
Tue 2027-07-27 09:00 due-soon maya: Coming up on Friday
Fri 2027-07-30 09:00 due maya: Today, from your talk with Amara
Fri 2027-08-06 09:00 review maya: Twenty minutes with Amara
Tue 2027-08-24 09:00 due-soon amara: Coming up on Friday
Fri 2027-08-27 09:00 due amara: Today, from your talk with Maya
Tue 2027-10-05 12:00 displaced maya: Your talk with Amara
Fri 2027-10-08 09:00 prepare maya: Wednesday with Amara
Fri 2027-10-08 09:00 prompt amara: Before we talk on Wednesday
Wed 2027-10-13 11:00 summary maya: After your talk with Amara
Thu 2027-10-14 11:00 summary-nudge maya: After your talk with Amara
Fri 2027-10-15 11:00 summary-overdue maya: Still open: your talk with Amara
Mon 2027-10-18 09:00 summary-overdue maya: Your talk with Amara
Tue 2027-10-19 09:00 summary-overdue maya: A last word on your talk with Amara
Wed 2028-01-05 09:00 prepare maya: Tuesday with Amara
Fri 2028-01-07 09:00 prompt amara: Before we talk on Tuesday
"""
SESSIONS = [
    "Tue 2027-01-12 10:00",
    "Tue 2027-04-13 10:00",
    "Tue 2027-07-06 14:00",  # moved by hand
    "Wed 2027-10-13 10:00",  # booked for the Tuesday that was declined
    "Tue 2028-01-11 10:00",
    "Tue 2028-04-11 10:00",
]
SHOWN = ["12 Jan 09:00", "13 Apr 08:00", "06 Jul 12:00", "13 Oct 08:00"]  # in people's own programs, UTC
INVITATIONS = {
    ByMail: """
Mon 2027-01-04 07:00 invitation amara
Mon 2027-01-04 08:00 invitation maya
Wed 2027-01-13 14:00 invitation maya
Wed 2027-01-13 14:00 invitation maya
Fri 2027-01-29 12:00 invitation maya
Tue 2027-04-13 15:00 invitation maya
Mon 2027-05-24 12:00 invitation maya
Mon 2027-06-14 11:00 invitation amara
Mon 2027-06-14 12:00 invitation maya
Thu 2027-07-08 09:30 invitation maya
Fri 2027-07-30 12:00 invitation maya
Tue 2027-10-05 11:00 invitation amara
Tue 2027-10-05 12:00 invitation maya
Tue 2027-10-05 12:00 invitation maya
""",  # her own commitments are in Maya's calendar too
    OnRadicale: """
Mon 2027-01-04 07:00 invitation amara
Mon 2027-06-14 11:00 invitation amara
Tue 2027-10-05 11:00 invitation amara
""",
    OnCyrus: "",
}


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


def play(world: OnDisk | InTown) -> None:
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


@pytest.fixture(scope="module")
def on_disk(tmp_path_factory: pytest.TempPathFactory) -> OnDisk:
    """The year as it is without a server."""
    world = OnDisk(tmp_path_factory.mktemp("disk"), BEGIN, PAIR)
    play(world)
    return world


def test_the_year_has_these_mails_and_these_sessions(on_disk: OnDisk):
    assert [mail.row for mail in on_disk.mails] == MAILS.strip().splitlines()
    assert on_disk.booked(until=(2028, 5, 1)) == SESSIONS
    assert [f"{start:%d %b %H:%M}" for start in on_disk.shows(AMARA)] == SHOWN
    assert on_disk.reminders() == [date(2027, 2, 26)]  # the others were settled by their date
    assert [(c.version, len(c.commitments)) for c in on_disk.standing.contracts] == [(1, 4), (2, 3), (3, 2)]


@pytest.mark.parametrize("kind", [ByMail, OnRadicale, OnCyrus])
def test_the_same_year_is_played_on_servers(kind: type[InTown], town: Town, on_disk: OnDisk, tmp_path: Path):
    """Mail for mail and word for word; but each change of a session is mailed, once, where no server tells it."""
    if kind is OnCyrus and cyrus.ABSENT:
        pytest.skip(cyrus.ABSENT)
    with kind(tmp_path, BEGIN, PAIR, town=town) as world:
        play(world)
        mails = world.mails
        assert [mail for mail in mails if mail.kind != "invitation"] == on_disk.mails
        assert [mail.brief for mail in mails if mail.kind == "invitation"] == INVITATIONS[kind].strip().splitlines()
        assert world.booked(until=(2028, 5, 1)) == SESSIONS
        for person in (MANAGER, AMARA):
            assert [f"{start:%d %b %H:%M}" for start in world.shows(person)] == SHOWN
        assert world.reminders() == on_disk.reminders()
        assert world.standing.contracts == on_disk.standing.contracts
        assert world.effects() == on_disk.effects()
        assert (world.skipped(), world.troubles()) == ({}, [])
