"""What happened while nobody looked, and what goes on although something cannot be read."""

from dataclasses import replace
from datetime import date, datetime
from pathlib import Path

import pytest
from hands import cancel_one, move_all
from scene import JONAS, MAYA, PAIR, World

from careermail.errors import UsageError
from careermail.model import Conversation, Series

JANUARY = datetime(2027, 1, 12, 10)
CONTRACT = "Jonas's commitments\n- Shadow the platform on-call rota by {}\n"


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path, datetime(2027, 1, 4, 8), PAIR)


def test_a_session_cancelled_during_an_outage_is_not_asked_about_but_booked_again(world: World):
    """Struck out on the Saturday before, noticed on the Friday after: no summary, and a new hour in its quarter."""
    world.run(2027, 1, 9, 12)
    with world.edit(MAYA) as calendar:
        cancel_one(calendar, JANUARY)
    world.sleep(2027, 1, 15, 12)
    world.run(2027, 1, 19, 12)
    assert world.briefs(since=date(2027, 1, 9)) == [
        "Fri 2027-01-15 12:00 prompt jonas",
        "Fri 2027-01-15 12:00 displaced maya",
        "Fri 2027-01-15 12:00 prepare maya",
    ]
    assert "Tuesday 19 January" in world.mail("displaced").text
    assert world.briefs("summary") == []


def test_a_session_whose_contract_is_recorded_was_held_whatever_is_tidied_up_later(world: World):
    world.run(2027, 1, 12, 12)
    world.contract(CONTRACT.format("12 February 2027"))
    world.run(2027, 1, 20, 12)
    with world.edit(MAYA) as calendar:
        cancel_one(calendar, JANUARY)
    world.run(2027, 2, 12, 10)
    kinds = [line.split()[3] for line in world.briefs(since=date(2027, 1, 20))]
    assert kinds == ["due-soon", "due", "review"]


def test_a_series_moved_to_more_often_adds_nothing_to_the_past(world: World):
    world.run(2027, 3, 15, 12)
    before = world.briefs()
    with world.edit(MAYA) as calendar:
        move_all(calendar, datetime(2027, 1, 12, 10), "FREQ=MONTHLY;BYDAY=2TU")
    world.run(2027, 3, 31, 12)
    assert world.briefs() == before


def test_a_commitment_is_mailed_on_its_date_though_the_calendar_cannot_be_read(world: World, tmp_path: Path):
    world.run(2027, 1, 12, 12)
    world.contract(CONTRACT.format("12 February 2027"))
    world.run(2027, 2, 8, 12)
    (series,) = [p for p in tmp_path.rglob("calendars/maya@example.com/*.ics") if "RRULE" in p.read_text()]
    series.write_text(series.read_text()[:-40])
    world.run(2027, 2, 12, 12)
    assert world.briefs(to="jonas", since=date(2027, 2, 8)) == [
        "Tue 2027-02-09 09:00 due-soon jonas",
        "Fri 2027-02-12 09:00 due jonas",
    ]
    # Only Maya can mend what is in her calendar: she is told when it has lasted, and then each morning.
    assert world.briefs("alarm", to="maya")[:2] == [
        "Mon 2027-02-08 16:00 alarm maya",
        "Tue 2027-02-09 10:00 alarm maya",
    ]


def test_a_date_before_long_holidays_is_told_of_after_them(tmp_path: Path):
    """Jonas works on Fridays only, and Good Friday is none of them."""
    jonas = replace(JONAS, working_days=frozenset({4}), holidays="DE")
    series = Series(MAYA, jonas, Conversation(first=datetime(2027, 1, 15, 10), on_day_off="after"))
    world = World(tmp_path, datetime(2027, 1, 4, 8), series)
    world.run(2027, 1, 15, 12)
    world.contract(CONTRACT.format("26 March 2027"))
    world.run(2027, 4, 3, 12)
    assert "Fri 2027-04-02 09:00 due jonas" in world.briefs()


def test_a_pause_takes_no_session_that_comes_after_it(world: World):
    world.run(2027, 4, 1, 12)
    world.pause(until=date(2027, 4, 11))
    world.run(2027, 4, 13, 12)
    assert "Tue 2027-04-13 11:00 summary maya" in world.briefs()


def test_a_pause_into_the_past_and_a_talk_during_one_are_refused(world: World):
    world.run(2027, 1, 12, 12)
    with pytest.raises(UsageError, match="is not ahead"):
        world.pause(until=date(2020, 1, 1))
    world.pause(until=None)
    with pytest.raises(UsageError, match="are paused; resume them first"):
        world.ask("an offer")


def test_a_second_try_keeps_working_hours(tmp_path: Path):
    """The outbox is down from Friday morning to Saturday at two: it is sent on Monday at nine."""
    world = World(tmp_path, datetime(2027, 1, 4, 8), PAIR)
    world.run(2027, 1, 12, 12)
    world.contract(CONTRACT.format("12 February 2027"))
    world.run(2027, 2, 12, 8)
    mailbox = next(tmp_path.rglob("mail/jonas@example.com"))
    away = mailbox.rename(mailbox.with_name("away"))
    mailbox.write_text("")
    world.run(2027, 2, 13, 2)
    mailbox.unlink()
    away.rename(mailbox)
    world.run(2027, 2, 16, 12)
    assert world.briefs("due", since=date(2027, 2, 11)) == ["Mon 2027-02-15 09:00 due jonas"]
