"""A year of one pair, as the playbook has it: Maya in Stockholm and Amara in London, every mail with its date."""

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
from hands import cancel_one, move_one
from icalendar import Calendar
from scene import MAYA, TUESDAY, World

from careermail.model import Person, Series

AMARA = Person("Amara Obi", "amara@example.com", "Europe/London", holidays="GB-ENG")
PAIR = Series(replace(MAYA, holidays="SE"), AMARA, TUESDAY)

JANUARY = """
Amara's commitments
- Shadow the platform on-call rota by 12 February 2027
- Write up the incident review format by 29 March 2027

Maya's commitments
- Introduce Amara to Dana Ortiz by 29 January 2027
- Put Amara forward for the architecture forum by 26 February 2027

What we will review
- In April: how the on-call weeks felt

The open question
- Whether a staff role is realistic within two years
"""
APRIL = """
Amara's commitments
- Write up the incident review format by 30 April 2027
- Lead the design of the new queue by 25 June 2027

Maya's commitments
- Talk to Ines about a staff role by 24 May 2027

The open question
- Whether a staff role is realistic within two years
"""
JULY = """
Amara's commitments
- Give the talk on queues by 27 August 2027

Maya's commitments
- Write to Ines about the next opening by 30 July 2027
"""

MAILS = """
Thu 2027-01-07 09:00 prepare maya: Tuesday with Amara
Fri 2027-01-08 09:00 prompt amara: Before we talk on Tuesday
Tue 2027-01-12 11:00 summary maya: After your talk with Amara
Wed 2027-01-13 11:00 summary-nudge maya: After your talk with Amara
Wed 2027-01-13 13:00 contract amara: From your talk with Maya
Wed 2027-01-13 14:00 contract maya: From your talk with Amara
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
Thu 2027-04-08 09:00 prepare maya: Tuesday with Amara
Fri 2027-04-09 09:00 prompt amara: Before we talk on Tuesday
Tue 2027-04-13 11:00 summary maya: After your talk with Amara
Tue 2027-04-13 14:00 contract amara: From your talk with Maya
Tue 2027-04-13 15:00 contract maya: From your talk with Amara
Tue 2027-04-27 09:00 due-soon amara: Coming up on Friday
Fri 2027-04-30 09:00 due amara: Today, from your talk with Maya
Thu 2027-05-13 09:00 review maya: Twenty minutes with Amara
Wed 2027-05-19 09:00 due-soon maya: Coming up on Monday
Mon 2027-05-24 09:00 due maya: Today, from your talk with Amara
Fri 2027-06-11 09:00 review maya: Twenty minutes with Amara
Tue 2027-06-22 09:00 due-soon amara: Coming up on Friday
Thu 2027-07-01 09:00 prepare maya: Tuesday with Amara
Fri 2027-07-02 09:00 prompt amara: Before we talk on Tuesday
Tue 2027-07-06 15:00 summary maya: After your talk with Amara
Wed 2027-07-07 15:00 summary-nudge maya: After your talk with Amara
Thu 2027-07-08 09:30 contract maya: From your talk with Amara
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


@pytest.fixture(scope="module")
def year(tmp_path_factory: pytest.TempPathFactory) -> World:
    world = World(tmp_path_factory.mktemp("year"), datetime(2027, 1, 4, 8), PAIR)
    world.run(2027, 1, 13, 14)
    world.contract(JANUARY)
    world.run(2027, 1, 29, 12)
    world.done("amara-3")
    world.run(2027, 2, 10, 15)
    world.done("amara-1")
    world.run(2027, 3, 10, 12)  # due on 26 February
    world.done("amara-4")
    world.run(2027, 3, 25, 15)
    world.move("amara-2", date(2027, 4, 30))
    world.run(2027, 4, 13, 15)
    world.contract(APRIL)
    world.run(2027, 4, 30, 12)
    world.done("amara-2")
    world.run(2027, 5, 24, 12)
    world.done("amara-6")
    world.run(2027, 6, 14, 12)
    with world.edit(PAIR.manager) as calendar:
        move_one(calendar, datetime(2027, 7, 13, 10), datetime(2027, 7, 6, 14))
    world.run(2027, 6, 24, 12)
    world.done("amara-5")
    world.run(2027, 7, 8, 9, 30)
    world.contract(JULY)
    world.run(2027, 7, 30, 12)
    world.done("amara-8")
    world.run(2027, 8, 27, 12)
    world.done("amara-7")
    world.run(2027, 10, 5, 12)
    with world.edit(PAIR.manager) as calendar:
        cancel_one(calendar, datetime(2027, 10, 12, 10))
    world.run(2028, 1, 10)
    return world


def test_every_mail_of_the_year_is_on_its_day(year: World):
    assert [mail.row for mail in year.mails] == MAILS.strip().splitlines()


def test_both_calendars_hold_the_sessions_as_people_put_them(year: World):
    expected = [
        "Tue 2027-01-12 10:00",
        "Tue 2027-04-13 10:00",
        "Tue 2027-07-06 14:00",
        "Wed 2027-10-13 10:00",
        "Tue 2028-01-11 10:00",
        "Tue 2028-04-11 10:00",
    ]
    assert year.booked(until=(2028, 5, 1)) == expected
    window = (datetime(2027, 1, 1, tzinfo=UTC), datetime(2028, 5, 1, tzinfo=UTC))
    for person in (PAIR.manager, AMARA):
        taken = sorted(b.start.astimezone(MAYA.zone) for b in year.provider.calendar.busy([person], window))
        assert [f"{start:%a %Y-%m-%d %H:%M}" for start in taken] == expected


def test_the_managers_own_commitments_stand_in_their_calendar_alone_on_their_dates(year: World):
    def days(person: Person) -> list[tuple[str, str]]:
        events = [e for path in year.files(person) for e in Calendar.from_ical(path.read_bytes()).events]
        return sorted((f"{e.start}", str(e["TRANSP"])) for e in events if not isinstance(e.start, datetime))

    assert days(PAIR.manager) == [
        ("2027-01-29", "TRANSPARENT"),
        ("2027-02-26", "TRANSPARENT"),
        ("2027-05-24", "TRANSPARENT"),
        ("2027-07-30", "TRANSPARENT"),
    ]
    assert days(AMARA) == []


def test_nothing_was_skipped_and_nothing_is_stuck(year: World):
    assert (year.skipped(), year.troubles()) == ({}, [])


def test_the_contract_was_kept_in_its_versions(year: World):
    assert [(c.version, len(c.commitments)) for c in year.standing.contracts] == [(1, 4), (2, 3), (3, 2)]


def test_the_second_contract_says_what_changed(year: World):
    text = [m.text for m in year.mails if m.kind == "contract" and m.to == "amara"][1]
    assert "- New: Lead the design of the new queue, by Friday 25 June\n" in text
    assert "- No longer to look at: how the on-call weeks felt\n" in text


def test_a_date_on_a_holiday_is_mailed_on_the_working_day_before_and_says_so(year: World):
    (mail,) = [m for m in year.mails if m.row.startswith("Thu 2027-03-25 09:00 due")]
    assert "Monday 29 March is a day off, so this reaches you on the last working day before." in mail.text
