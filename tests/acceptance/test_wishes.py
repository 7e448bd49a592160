"""What an edit of the configuration does to what is booked, and what the manager asks for beside it."""

from dataclasses import replace
from datetime import date, datetime
from pathlib import Path

import pytest
from hands import master, move_one
from scene import JONAS, MAYA, PAIR, TUESDAY, World, booked

from careermail.model import Person, Series

AMARA = Person("Amara Obi", "amara@example.com", "Europe/London")


# --- the configuration is edited -----------------------------------------------------------------


def revision(world: World, person: Person = JONAS) -> tuple[str, int, str]:
    with world.edit(person) as calendar:
        one = master(calendar)
    return str(one["UID"]), one["SEQUENCE"], f"{one.start:%Y-%m-%d %H:%M} {one.duration.seconds // 60}"


def edited(world: World, **changes: object) -> None:
    series = world.series
    world.configure(replace(series, conversation=replace(series.conversation, **changes)))
    world.tick()


def test_another_length_updates_the_event(tmp_path: Path):
    world = booked(tmp_path, PAIR)
    uid, *_ = revision(world)
    edited(world, minutes=90)
    assert revision(world) == (uid, 1, "2027-01-12 10:00 90")
    assert len(world.files(JONAS)) == 1


def test_another_time_updates_the_event_while_nothing_has_taken_place(tmp_path: Path):
    world = booked(tmp_path, PAIR)
    uid, *_ = revision(world)
    world.run(2027, 1, 8)
    edited(world, first=datetime(2027, 1, 14, 13))
    assert revision(world) == (uid, 1, "2027-01-14 13:00 60")
    world.run(2027, 1, 14, 15)
    assert world.briefs() == [
        "Thu 2027-01-07 09:00 prepare maya",  # sent before the edit, and not a second time
        "Mon 2027-01-11 09:00 prompt jonas",
        "Thu 2027-01-14 14:00 summary maya",
    ]


def test_another_time_leaves_in_the_calendar_what_has_taken_place(tmp_path: Path):
    world = booked(tmp_path, PAIR)
    world.run(2027, 2, 1)
    edited(world, first=datetime(2027, 1, 14, 13))
    expected = ["Tue 2027-01-12 10:00", "Thu 2027-04-08 13:00", "Thu 2027-07-08 13:00"]
    assert world.booked(until=(2027, 8, 1)) == expected
    world.run(2027, 4, 8, 15)
    assert world.briefs("displaced") == []  # it was our own doing
    assert world.briefs("prepare", "prompt", "summary", since=date(2027, 2, 1)) == [
        "Fri 2027-04-02 09:00 prepare maya",
        "Mon 2027-04-05 09:00 prompt jonas",
        "Thu 2027-04-08 14:00 summary maya",
    ]


def test_another_rhythm_begins_with_the_next_session(tmp_path: Path):
    world = booked(tmp_path, PAIR)
    world.run(2027, 2, 1)
    edited(world, every="6 weeks")
    assert world.booked(until=(2027, 8, 1)) == [
        "Tue 2027-01-12 10:00",
        "Tue 2027-04-13 10:00",
        "Tue 2027-05-25 10:00",
        "Tue 2027-07-06 10:00",
    ]


@pytest.mark.parametrize("day", [5, 15])  # before the first session, when the event stays; and after it
def test_a_series_taken_away_since_it_comes_more_often_is_booked_anew(tmp_path: Path, day: int):
    """What was booked for years that are no longer read must not pass for sessions still to come."""
    world = booked(tmp_path, replace(PAIR, conversation=replace(TUESDAY, every="1 years")))
    world.run(2027, 1, day)
    edited(world, every="3 months")
    coming = world.sessions(until=(2029, 1, 1))[-4:]
    for path in world.files(MAYA):
        path.unlink()
    world.run(2027, 1, day + 5)
    anew = world.sessions(until=(2029, 1, 1))
    assert [o.start for o in anew][-4:] == [o.start for o in coming]
    assert len({o.uid for o in anew}) == 1
    assert "they are booked anew" in world.mail("displaced").text


def test_a_series_that_comes_less_often_has_longer_quarters(tmp_path: Path):
    """April's session is none any more: January's, moved to May, is not too late."""
    world = booked(tmp_path, PAIR)
    edited(world, every="6 months")
    with world.edit(MAYA) as calendar:
        move_one(calendar, datetime(2027, 1, 12, 10), datetime(2027, 5, 4, 10))
    world.run(2027, 5, 3)
    assert world.booked(until=(2027, 8, 1)) == ["Tue 2027-05-04 10:00", "Tue 2027-07-13 10:00"]
    assert world.briefs("displaced") == []


def test_a_report_who_leaves_ends_the_series_and_the_past_stays(tmp_path: Path):
    other = Series(MAYA, AMARA, replace(TUESDAY, first=datetime(2027, 1, 12, 13)))
    world = booked(tmp_path, PAIR, other)
    world.run(2027, 1, 12, 12)
    world.contract("Jonas's commitments\n- Find a mentor by 26 January 2027\n")
    world.run(2027, 1, 15)
    world.configure(other)
    world.run(2027, 5, 1)
    assert world.booked(PAIR) == ["Tue 2027-01-12 10:00"]
    busy = world.provider.calendar.busy([JONAS], (world.at(2027, 1, 1), world.at(2028, 1, 1)))
    assert len(busy) == 1
    assert world.briefs(to="jonas", since=date(2027, 1, 15)) == []
    assert not any("Jonas" in m.subject for m in world.mails if m.sent.date() > date(2027, 1, 15))


def test_a_report_who_comes_back_is_booked_anew(tmp_path: Path):
    world = booked(tmp_path, PAIR, Series(MAYA, AMARA))
    world.run(2027, 1, 15)
    world.configure(Series(MAYA, AMARA))
    world.run(2027, 2, 15)
    world.configure(PAIR, Series(MAYA, AMARA))
    world.tick()
    assert world.booked(PAIR, until=(2027, 8, 1)) == [
        "Tue 2027-01-12 10:00",
        "Tue 2027-04-13 10:00",
        "Tue 2027-07-13 10:00",
    ]


def test_a_report_who_joins_is_booked_within_four_weeks_beside_the_others(tmp_path: Path):
    world = booked(tmp_path, PAIR)
    world.run(2027, 2, 1)
    joiner = Series(MAYA, AMARA)
    world.configure(PAIR, joiner)
    world.run(2027, 2, 11)
    assert world.booked(joiner)[0] == "Tue 2027-02-09 10:00"
    assert world.briefs(since=date(2027, 2, 1)) == [
        "Thu 2027-02-04 09:00 prepare maya",
        "Fri 2027-02-05 09:00 prompt amara",
        "Tue 2027-02-09 11:00 summary maya",
        "Wed 2027-02-10 11:00 summary-nudge maya",
    ]


# --- three conversations, pauses, and a conversation soon ----------------------------------------


def test_three_conversations_are_a_week_apart_and_one_contract_ends_them(tmp_path: Path):
    world = booked(tmp_path, replace(PAIR, conversation=replace(TUESDAY, format="three")))
    world.run(2027, 1, 27)
    assert world.booked(until=(2027, 4, 28)) == [
        "Tue 2027-01-12 10:00",
        "Tue 2027-01-19 10:00",
        "Tue 2027-01-26 10:00",
        "Tue 2027-04-13 10:00",
        "Tue 2027-04-20 10:00",
        "Tue 2027-04-27 10:00",
    ]
    assert world.briefs() == [
        "Thu 2027-01-07 09:00 prepare maya",
        "Fri 2027-01-08 09:00 prompt jonas",
        "Thu 2027-01-14 09:00 prepare maya",
        "Thu 2027-01-21 09:00 prepare maya",
        "Tue 2027-01-26 11:00 summary maya",
    ]


def test_the_second_and_third_follow_the_first_where_the_configuration_moves_it(tmp_path: Path):
    world = booked(tmp_path, replace(PAIR, conversation=replace(TUESDAY, format="three")))
    edited(world, first=datetime(2027, 2, 2, 13))
    assert world.booked(until=(2027, 4, 1)) == ["Tue 2027-02-02 13:00", "Tue 2027-02-09 13:00", "Tue 2027-02-16 13:00"]
    world.run(2027, 2, 3)
    assert world.briefs() == [
        "Thu 2027-01-28 09:00 prepare maya",
        "Fri 2027-01-29 09:00 prompt jonas",
    ]


def test_a_paused_series_rests_and_the_managers_own_commitments_do_not(tmp_path: Path):
    world = booked(tmp_path, PAIR)
    world.run(2027, 1, 12, 12)
    world.contract(
        "Jonas's commitments\n- Find a mentor by 16 February 2027\n"
        "Maya's commitments\n- Introduce Jonas to Dana Ortiz by 17 February 2027\n"
    )
    world.run(2027, 1, 20)
    world.pause()
    world.run(2027, 5, 1)
    assert world.briefs(since=date(2027, 1, 20)) == [
        "Fri 2027-02-12 09:00 due-soon maya",
        "Wed 2027-02-17 09:00 due maya",
        "Wed 2027-02-24 09:00 overdue maya",
    ]
    assert world.booked(until=(2027, 8, 1)) == ["Tue 2027-01-12 10:00", "Tue 2027-07-13 10:00"]


def test_a_resumed_series_goes_on_as_it_was(tmp_path: Path):
    world = booked(tmp_path, PAIR)
    world.run(2027, 1, 20)
    world.pause(date(2027, 3, 1))
    world.run(2027, 4, 10)
    assert world.booked(until=(2027, 8, 1)) == ["Tue 2027-01-12 10:00", "Tue 2027-04-13 10:00", "Tue 2027-07-13 10:00"]
    assert world.briefs("prepare", "prompt", since=date(2027, 1, 20)) == [
        "Thu 2027-04-08 09:00 prepare maya",
        "Fri 2027-04-09 09:00 prompt jonas",
    ]


def test_a_session_that_a_pause_took_away_is_made_up_for_within_its_quarter(tmp_path: Path):
    world = booked(tmp_path, PAIR)
    world.run(2027, 3, 20)
    world.pause()
    world.run(2027, 5, 10, 12)
    world.resume()
    world.run(2027, 5, 20)
    assert world.booked(until=(2027, 8, 1)) == ["Tue 2027-01-12 10:00", "Tue 2027-05-18 10:00", "Tue 2027-07-13 10:00"]


REASON = "Jonas was approached by a competitor"


@pytest.fixture
def asked(tmp_path: Path) -> World:
    world = booked(tmp_path, PAIR)
    world.run(2027, 2, 3, 11)
    world.busy(MAYA, datetime(2027, 2, 4, 8), 600)
    world.ask(REASON)
    world.run(2027, 2, 12)
    return world


def test_a_conversation_asked_for_takes_the_first_free_hour_and_runs_the_same_loop(asked: World):
    assert asked.booked(until=(2027, 3, 1)) == ["Tue 2027-01-12 10:00", "Fri 2027-02-05 09:00"]
    assert asked.briefs(since=date(2027, 2, 1)) == [
        "Wed 2027-02-03 11:00 prompt jonas",
        "Wed 2027-02-03 11:00 prepare maya",
        "Fri 2027-02-05 10:00 summary maya",
        "Fri 2027-02-05 17:00 summary-nudge maya",
        "Mon 2027-02-08 09:00 summary-overdue maya",
        "Tue 2027-02-09 09:00 summary-overdue maya",
        "Wed 2027-02-10 09:00 summary-overdue maya",
    ]


def test_the_reason_reaches_the_manager_and_neither_the_report_nor_a_calendar(asked: World):
    assert f"Why you asked for it: {REASON}\n" in asked.mail("prepare").text
    raw = {path: path.read_text(errors="replace") for path in asked.root.rglob("*") if path.is_file()}
    telling = [path for path, text in raw.items() if "competitor" in text.replace("=\n", "").replace("\r\n ", "")]
    assert [path.parts[-3] for path in telling] == ["maya@example.com"]


def test_if_no_hour_is_free_within_five_working_days_the_manager_is_told(tmp_path: Path):
    world = booked(tmp_path, PAIR)
    world.run(2027, 2, 3, 11)
    for day in range(3, 11):
        world.busy(JONAS, datetime(2027, 2, day, 7), 720)
    world.ask(REASON)
    world.run(2027, 2, 20)
    assert world.briefs(since=date(2027, 2, 1)) == ["Wed 2027-02-03 11:00 displaced maya"]


def test_a_report_who_leaves_takes_the_reminders_along_that_the_manager_had_for_them(tmp_path: Path):
    world = World(tmp_path, datetime(2027, 1, 4, 8), PAIR)
    world.run(2027, 1, 12, 12)
    world.contract("Maya's commitments\n- Introduce Jonas to Dana Ortiz by 12 March 2027\n")
    world.run(2027, 1, 13, 12)
    assert any("20270312" in path.read_text() for path in world.files(MAYA))
    world.configure()
    world.run(2027, 1, 14, 12)
    standing = [path.read_text() for path in world.files(MAYA)]
    assert all("STATUS:CANCELLED" in text for text in standing if "20270312" in text)


def test_three_conversations_that_become_one_leave_the_first_and_ask_for_one_contract(tmp_path: Path):
    three = replace(PAIR, conversation=replace(PAIR.conversation, format="three"))
    world = World(tmp_path, datetime(2027, 1, 4, 8), three)
    world.run(2027, 1, 5, 12)
    assert world.booked(until=(2027, 2, 1)) == ["Tue 2027-01-12 10:00", "Tue 2027-01-19 10:00", "Tue 2027-01-26 10:00"]
    world.configure(PAIR)
    world.run(2027, 2, 1, 12)
    assert world.booked(until=(2027, 2, 1)) == ["Tue 2027-01-12 10:00"]
    assert world.briefs("summary", "displaced") == ["Tue 2027-01-12 11:00 summary maya"]
