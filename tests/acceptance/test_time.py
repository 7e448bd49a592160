"""Time as people have it: weekends, changes of the clocks, far zones, leap days and the ends of months."""

from dataclasses import replace
from datetime import date, datetime, time
from pathlib import Path

from scene import JONAS, MAYA, World

from careermail.model import Conversation, Person, Series


def talks(
    root: Path, start: datetime, first: datetime, manager: Person = MAYA, report: Person = JONAS, **how: object
) -> World:
    """A world whose series has this first session, on the manager's clock."""
    return World(root, start, Series(manager, report, Conversation(first=first, **how)))


# --- 48 hours ------------------------------------------------------------------------------------


def test_a_fridays_session_and_its_48_hours(tmp_path: Path):
    """Four to five on Friday: no working hour is left before the deadline on Sunday at five, so one call comes then."""
    world = talks(tmp_path, datetime(2027, 1, 4, 8), datetime(2027, 1, 15, 16))
    world.run(2027, 2, 1)
    assert world.briefs(since=date(2027, 1, 15)) == [
        "Fri 2027-01-15 17:00 summary maya",
        "Sun 2027-01-17 13:00 summary-nudge maya",
        "Mon 2027-01-18 09:00 summary-overdue maya",
        "Tue 2027-01-19 09:00 summary-overdue maya",
        "Wed 2027-01-20 09:00 summary-overdue maya",
    ]
    assert "by Sunday 17 January at 17:00" in world.mail("summary-nudge").text


def test_a_fridays_contract_reaches_both_within_the_48_hours(tmp_path: Path):
    """Recorded on Saturday: Monday morning would be too late."""
    world = talks(tmp_path, datetime(2027, 1, 4, 8), datetime(2027, 1, 15, 16))
    world.run(2027, 1, 16, 11)
    world.contract("Jonas's commitments\n- Find a mentor by 12 February 2027\n")
    world.run(2027, 1, 20)
    assert world.briefs(since=date(2027, 1, 15)) == [
        "Fri 2027-01-15 17:00 summary maya",
        "Sat 2027-01-16 11:00 contract jonas",
        "Sat 2027-01-16 11:00 contract maya",
    ]


def test_a_thursdays_session_and_its_48_hours(tmp_path: Path):
    """Half way is Friday at five; four hours before Saturday's deadline is nobody's working hour any more."""
    world = talks(tmp_path, datetime(2027, 1, 4, 8), datetime(2027, 1, 14, 16))
    world.run(2027, 2, 1)
    assert world.briefs(since=date(2027, 1, 14)) == [
        "Thu 2027-01-14 17:00 summary maya",
        "Fri 2027-01-15 17:00 summary-nudge maya",
        "Mon 2027-01-18 09:00 summary-overdue maya",
        "Tue 2027-01-19 09:00 summary-overdue maya",
        "Wed 2027-01-20 09:00 summary-overdue maya",
    ]


def test_48_hours_are_48_hours_when_the_clocks_change_in_between(tmp_path: Path):
    """From Friday at five to Sunday at six in summer time."""
    world = talks(tmp_path, datetime(2027, 3, 1, 8), datetime(2027, 3, 26, 16))
    world.run(2027, 3, 29)
    assert world.briefs("summary-nudge") == ["Sun 2027-03-28 14:00 summary-nudge maya"]
    assert "by Sunday 28 March at 18:00" in world.mail("summary-nudge").text


# --- changes of the clocks -----------------------------------------------------------------------

NIGHT = replace(MAYA, working_hours=(time(0), time(6)), working_days=frozenset(range(7)), send_at=time(1))
OWL = replace(JONAS, working_hours=(time(0), time(6)), working_days=frozenset(range(7)), send_at=time(1))


def test_a_session_in_the_hour_that_the_clocks_leave_out(tmp_path: Path):
    """At 02:30 on the last Sunday of March it is 03:00; every other time it stays 02:30."""
    world = talks(tmp_path, datetime(2027, 2, 1, 1), datetime(2027, 2, 28, 2, 30), NIGHT, OWL, every="1 month")
    world.run(2027, 3, 28, 5)
    assert world.booked(until=(2027, 5, 1)) == ["Sun 2027-02-28 02:30", "Sun 2027-03-28 03:00", "Sun 2027-04-25 02:30"]
    assert world.briefs("prepare", "prompt", "summary", since=date(2027, 3, 10)) == [
        "Tue 2027-03-23 01:00 prepare maya",
        "Thu 2027-03-25 01:00 prompt jonas",
        "Sun 2027-03-28 04:00 summary maya",
    ]
    assert "on Sunday 28 March at 03:00" in world.mail("prompt").text


def test_a_session_in_the_hour_that_comes_twice(tmp_path: Path):
    """02:30 on the last Sunday of October is the first of the two: it ends an hour later, when it is 02:30 again."""
    world = talks(tmp_path, datetime(2027, 10, 1, 1), datetime(2027, 10, 31, 2, 30), NIGHT, OWL)
    world.run(2027, 10, 31, 6)
    (session,) = world.sessions(until=(2027, 12, 1))
    assert (f"{session.start:%H:%M}", f"{session.end:%H:%M}") == ("00:30", "01:30")  # UTC
    assert world.briefs("summary") == ["Sun 2027-10-31 02:30 summary maya"]
    assert len([f for f in world.facts if f.kind == "done" and f.key.endswith("/summary")]) == 1


def test_ten_oclock_stays_ten_oclock_through_the_year(tmp_path: Path):
    world = talks(tmp_path, datetime(2027, 1, 4, 8), datetime(2027, 1, 12, 10), every="1 month")
    world.tick()
    assert {s.partition(" ")[2][-5:] for s in world.booked()} == {"10:00"}


# --- far zones -----------------------------------------------------------------------------------

LUIS = Person("Luis Ortega", "luis@example.com", "America/Los_Angeles")
TAMA = Person("Tama Ngata", "tama@example.com", "Pacific/Auckland")


def test_a_manager_in_los_angeles_and_a_report_in_auckland(tmp_path: Path):
    """Two in the afternoon on Tuesday there is eleven on Wednesday here; each reads at nine of their own day."""
    world = World(tmp_path, datetime(2027, 1, 4, 8), Series(LUIS, TAMA))
    world.run(2027, 1, 13)
    first = world.sessions()[0].start
    assert f"{first.astimezone(LUIS.zone):%a %d %H:%M}" == "Tue 12 14:00"
    assert f"{first.astimezone(TAMA.zone):%a %d %H:%M}" == "Wed 13 11:00"
    assert world.briefs() == [
        "Thu 2027-01-07 09:00 prepare luis",
        "Fri 2027-01-08 09:00 prompt tama",  # the 10th is a Sunday
        "Tue 2027-01-12 15:00 summary luis",
    ]
    assert "Tuesday 12 January at 14:00 your time" in world.mail("prepare").text
    assert "Wednesday 13 January at 11:00 your time" in world.mail("prompt").text


def test_the_hour_for_far_zones_lies_in_both_peoples_working_hours_all_year(tmp_path: Path):
    """The distance changes between 21, 20 and 19 hours."""
    world = World(tmp_path, datetime(2027, 1, 4, 8), Series(LUIS, TAMA, Conversation(every="1 month")))
    world.tick()
    for session in world.sessions():
        for person in (LUIS, TAMA):
            local, end = session.start.astimezone(person.zone), session.end.astimezone(person.zone)
            assert time(9) <= local.time() < end.time() <= time(17), f"{local} of {person.first_name}"
            assert local.weekday() < 5


def test_a_date_is_its_owners_date(tmp_path: Path):
    """Due on Friday the 12th: in Auckland that begins, and is mailed, on Los Angeles' Thursday."""
    first = datetime(2027, 1, 12, 14)
    world = World(tmp_path, datetime(2027, 1, 4, 8), Series(LUIS, TAMA, Conversation(first=first, on_conflict="keep")))
    world.run(2027, 1, 12, 16)
    both = "Tama's commitments\n- Find a mentor by {0}\n\nLuis's commitments\n- Talk to Dana by {0}\n"
    world.contract(both.format("12 February 2027"))
    world.run(2027, 2, 12, 18)
    assert world.briefs("due") == ["Fri 2027-02-12 09:00 due tama", "Fri 2027-02-12 09:00 due luis"]


def test_a_zone_without_summer_time(tmp_path: Path):
    phoenix = replace(MAYA, timezone="America/Phoenix")
    world = talks(tmp_path, datetime(2027, 1, 4, 8), datetime(2027, 1, 12, 10), phoenix, replace(JONAS, timezone="UTC"))
    world.run(2027, 7, 14)
    assert world.booked(until=(2027, 8, 1)) == ["Tue 2027-01-12 10:00", "Tue 2027-04-13 10:00", "Tue 2027-07-13 10:00"]
    assert {f"{o.start:%H:%M}" for o in world.sessions()} == {"17:00"}


def test_lord_howe_changes_its_clocks_by_half_an_hour(tmp_path: Path):
    """On 4 April 2027 from 02:00 back to 01:30, on 3 October from 02:00 to 02:30."""
    howe = replace(MAYA, timezone="Australia/Lord_Howe")
    near = replace(JONAS, timezone="Australia/Sydney")
    world = talks(tmp_path, datetime(2027, 1, 4, 8), datetime(2027, 1, 12, 10), howe, near)
    world.run(2027, 4, 14)
    assert [f"{o.start:%Y-%m-%d %H:%M}" for o in world.sessions(until=(2027, 11, 1))] == [
        "2027-01-11 23:00",
        "2027-04-12 23:30",
        "2027-07-12 23:30",
        "2027-10-11 23:00",
    ]
    assert world.briefs("prompt") == ["Fri 2027-01-08 09:00 prompt jonas", "Fri 2027-04-09 09:00 prompt jonas"]
    assert "We meet on Tuesday 13 April at 10:00" not in world.mail("prompt").text  # half past nine in Sydney
    assert "We meet on Tuesday 13 April at 09:30 your time" in world.mail("prompt").text


# --- leap days and the ends of months ------------------------------------------------------------


def test_29_february_as_a_date(tmp_path: Path):
    world = talks(tmp_path, datetime(2028, 1, 3, 8), datetime(2028, 1, 11, 10))
    world.run(2028, 1, 11, 12)
    world.contract("Jonas's commitments\n- Find a mentor by 29 February\n")
    world.run(2028, 3, 10)
    assert world.briefs("due-soon", "due", "overdue") == [
        "Thu 2028-02-24 09:00 due-soon jonas",
        "Tue 2028-02-29 09:00 due jonas",
        "Tue 2028-03-07 09:00 overdue jonas",
    ]


def test_a_series_from_29_february(tmp_path: Path):
    """The fifth Tuesday of a month is its last, so that every quarter has one."""
    world = talks(tmp_path, datetime(2028, 2, 1, 8), datetime(2028, 2, 29, 10))
    world.run(2028, 3, 1)
    assert world.booked(until=(2029, 3, 31)) == [
        "Tue 2028-02-29 10:00",
        "Tue 2028-05-30 10:00",
        "Tue 2028-08-29 10:00",
        "Tue 2028-11-28 10:00",
        "Tue 2029-02-27 10:00",
    ]
    assert world.briefs() == [
        "Thu 2028-02-24 09:00 prepare maya",
        "Fri 2028-02-25 09:00 prompt jonas",
        "Tue 2028-02-29 11:00 summary maya",
    ]


def test_a_yearly_series_by_a_rule_of_its_own_on_29_february(tmp_path: Path):
    world = talks(
        tmp_path, datetime(2028, 2, 1, 8), datetime(2028, 2, 29, 10), rrule="FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29"
    )
    world.tick()
    # In 2032 it is a Sunday, and makes way.
    assert world.booked(until=(2032, 4, 1)) == ["Tue 2028-02-29 10:00", "Tue 2032-03-02 10:00"]


def test_a_quarter_that_starts_on_the_31st(tmp_path: Path):
    """The last Wednesday of March, June, September and December."""
    world = talks(tmp_path, datetime(2027, 3, 1, 8), datetime(2027, 3, 31, 10))
    world.run(2027, 7, 1)
    assert world.booked(until=(2028, 1, 31)) == [
        "Wed 2027-03-31 10:00",
        "Wed 2027-06-30 10:00",
        "Wed 2027-09-29 10:00",
        "Wed 2027-12-29 10:00",
    ]
    assert world.briefs("prepare") == ["Fri 2027-03-26 09:00 prepare maya", "Fri 2027-06-25 09:00 prepare maya"]


def test_reviews_every_month_from_the_31st(tmp_path: Path):
    """The 30th of April, the 31st of May, the 30th of June: the months' last days, not ever earlier ones."""
    world = talks(tmp_path, datetime(2027, 3, 1, 8), datetime(2027, 3, 31, 10), every="6 months")
    world.run(2027, 3, 31, 12)
    world.contract("Jonas's commitments\n- Find a mentor\n")
    world.run(2027, 9, 1)
    assert world.briefs("review") == [
        "Fri 2027-04-30 09:00 review maya",
        "Mon 2027-05-31 09:00 review maya",
        "Wed 2027-06-30 09:00 review maya",
        "Fri 2027-07-30 09:00 review maya",  # the 31st is a Saturday
        "Tue 2027-08-31 09:00 review maya",
    ]


def test_new_years_eve_and_the_year_after(tmp_path: Path):
    world = talks(tmp_path, datetime(2026, 12, 1, 8), datetime(2027, 1, 4, 10), replace(MAYA, holidays="SE"))
    world.run(2027, 1, 4, 12)
    assert world.briefs() == [
        "Wed 2026-12-30 09:00 prepare maya",
        "Fri 2027-01-01 09:00 prompt jonas",  # no holidays are configured for him
        "Mon 2027-01-04 11:00 summary maya",
    ]
