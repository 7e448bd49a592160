"""The rows of the table of mails one by one, and what becomes of them when careermail was down."""

from dataclasses import replace
from datetime import date, datetime, time
from pathlib import Path

import pytest
from hands import cancel_one
from scene import JONAS, MAYA, PAIR, TUESDAY, World

from careermail.model import Conversation, Person, Series

BOTH = """
Jonas's commitments
- Shadow the platform on-call rota by {0}
- Write up the incident review format by {1}
"""


def at_the_session(root: Path, contract: str, series: Series = PAIR) -> World:
    """An hour after the first session, with this contract."""
    world = World(root, datetime(2027, 1, 4, 8), series)
    world.run(2027, 1, 12, 12)
    world.contract(contract)
    return world


# --- after downtime ------------------------------------------------------------------------------


def test_what_was_missed_is_sent_once_if_it_is_still_useful(tmp_path: Path):
    """Down from Wednesday to the Monday before Tuesday's session, over `prepare` and `prompt`."""
    world = World(tmp_path, datetime(2027, 1, 4, 8), PAIR)
    world.run(2027, 1, 6, 12)
    world.sleep(2027, 1, 11, 14)
    world.run(2027, 1, 12, 10)
    assert world.briefs() == ["Mon 2027-01-11 14:00 prompt jonas", "Mon 2027-01-11 14:00 prepare maya"]


def test_what_was_missed_waits_for_working_hours_if_it_can(tmp_path: Path):
    world = World(tmp_path, datetime(2027, 1, 4, 8), PAIR)
    world.run(2027, 1, 6, 12)
    world.sleep(2027, 1, 10, 20)
    world.run(2027, 1, 12, 10)
    assert world.briefs() == ["Mon 2027-01-11 09:00 prompt jonas", "Mon 2027-01-11 09:00 prepare maya"]


def test_a_prompt_leaves_working_hours_rather_than_come_too_late(tmp_path: Path):
    """Back at seven on the day: two hours before the session at ten it would be useless, and work begins at nine."""
    world = World(tmp_path, datetime(2027, 1, 4, 8), PAIR)
    world.run(2027, 1, 6, 12)
    world.sleep(2027, 1, 12, 7)
    world.run(2027, 1, 12, 10)
    assert world.briefs() == ["Tue 2027-01-12 07:00 prompt jonas", "Tue 2027-01-12 09:00 prepare maya"]


def test_what_came_too_late_is_recorded_as_skipped_with_its_reason(tmp_path: Path):
    world = World(tmp_path, datetime(2027, 1, 4, 8), PAIR)
    world.run(2027, 1, 6, 12)
    world.sleep(2027, 1, 13, 12)
    world.run(2027, 1, 13, 18)
    assert world.briefs() == ["Wed 2027-01-13 12:00 summary maya"]
    late = "it was due on {}, could not be sent, and was of no use after {}"
    assert world.skipped() == {
        "20270112T090000Z/prepare": late.format("Thu 07 Jan 2027 08:00 UTC", "Tue 12 Jan 2027 09:00 UTC"),
        "20270112T090000Z/prompt": late.format("Fri 08 Jan 2027 08:00 UTC", "Tue 12 Jan 2027 07:00 UTC"),
        "20270112T090000Z/summary-nudge": "summary says it at the same time",
    }


def test_several_that_were_missed_are_one_mail(tmp_path: Path):
    """Two dates in a row, both missed: one mail. Their reviews and warnings likewise."""
    world = at_the_session(tmp_path, BOTH.format("26 January 2027", "27 January 2027"))
    world.run(2027, 1, 20, 12)
    world.sleep(2027, 1, 28, 10)
    world.run(2027, 1, 28, 12)
    assert world.briefs(since=date(2027, 1, 20)) == ["Thu 2027-01-28 10:00 due jonas"]
    text = world.mail("due").text
    assert "This was for Tuesday 26 January, and it could not reach you on the day itself." in text
    assert "1. Shadow the platform on-call rota (Tuesday 26 January)\n" in text
    assert "2. Write up the incident review format (Wednesday 27 January)\n" in text


def test_a_week_after_its_date_only_the_reminder_that_it_is_overdue_is_left(tmp_path: Path):
    world = at_the_session(tmp_path, BOTH.format("26 January 2027", "31 March 2027"))
    world.run(2027, 1, 20, 12)
    world.sleep(2027, 2, 3, 10)
    world.run(2027, 2, 4, 12)
    assert world.briefs(since=date(2027, 1, 20)) == ["Wed 2027-02-03 10:00 overdue jonas"]
    assert world.skipped().keys() == {"jonas-1/due", "jonas-1/due-soon"}


# --- commitments ---------------------------------------------------------------------------------


def test_commitments_of_one_day_are_one_mail(tmp_path: Path):
    world = at_the_session(tmp_path, BOTH.format("26 February 2027", "26 February 2027"))
    world.run(2027, 3, 8)
    assert world.briefs("due-soon", "due", "overdue") == [
        "Tue 2027-02-23 09:00 due-soon jonas",
        "Fri 2027-02-26 09:00 due jonas",
        "Fri 2027-03-05 09:00 overdue jonas",
    ]
    for kind in ("due-soon", "due", "overdue"):
        assert ["\n1. " in world.mail(kind).text, "\n2. " in world.mail(kind).text] == [True, True]


@pytest.mark.parametrize(
    ("wish", "sent", "words"),
    [
        (
            "before",
            "Fri 2027-02-26 09:00 due jonas",
            "Sunday 28 February is a day off, so this reaches you on the last",
        ),
        ("after", "Mon 2027-03-01 09:00 due jonas", "This was for Sunday 28 February"),
        ("same", "Sun 2027-02-28 09:00 due jonas", "Today is the day for this."),
    ],
)
def test_a_date_on_a_day_off_is_mailed_as_configured_and_says_so(tmp_path: Path, wish: str, sent: str, words: str):
    series = replace(PAIR, conversation=replace(TUESDAY, on_day_off=wish))
    world = at_the_session(tmp_path, BOTH.format("28 February 2027", "31 March 2027"), series)
    world.run(2027, 3, 2)
    assert world.briefs("due") == [sent]
    assert words in world.mail("due").text


def test_what_is_done_dropped_or_moved_is_not_mailed_on_its_old_date(tmp_path: Path):
    world = at_the_session(tmp_path, BOTH.format("26 February 2027", "26 February 2027"))
    world.contract(BOTH.format("26 February 2027", "26 February 2027") + "- Read the book by 26 February 2027\n")
    world.run(2027, 2, 25, 12)
    world.done("jonas-1")
    world.move("jonas-2", date(2027, 3, 10))
    world.drop("jonas-3", "It is out of print")
    world.run(2027, 3, 18)
    assert world.briefs("due-soon", "due", "overdue") == [
        "Tue 2027-02-23 09:00 due-soon jonas",
        "Fri 2027-03-05 09:00 due-soon jonas",  # moved 13 days ahead: three working days before the new date
        "Wed 2027-03-10 09:00 due jonas",
        "Wed 2027-03-17 09:00 overdue jonas",
    ]


def test_what_was_agreed_ten_days_before_its_date_needs_no_warning(tmp_path: Path):
    world = at_the_session(tmp_path, BOTH.format("22 January 2027", "25 January 2027"))
    world.run(2027, 1, 26)
    assert world.briefs("due-soon", "due") == [
        "Wed 2027-01-20 09:00 due-soon jonas",  # for the 25th
        "Fri 2027-01-22 09:00 due jonas",
        "Mon 2027-01-25 09:00 due jonas",
    ]


def test_a_commitment_without_a_date_is_reviewed_and_not_mailed(tmp_path: Path):
    world = at_the_session(tmp_path, "Jonas's commitments\n- Find a mentor\n")
    world.run(2027, 2, 13)
    assert world.briefs(since=date(2027, 1, 13)) == ["Fri 2027-02-12 09:00 review maya"]
    assert "- Open, without a date: Find a mentor\n" in world.mail("review").text


def test_what_stayed_open_is_carried_into_the_review_and_into_the_next_session(tmp_path: Path):
    world = at_the_session(tmp_path, "Maya's commitments\n- Introduce Jonas to Dana Ortiz by 22 January 2027\n")
    world.run(2027, 4, 9)
    for kind in ("review", "prepare"):
        assert (
            "What you took on\n- Not yet, due Friday 22 January: Introduce Jonas to Dana Ortiz" in world.mail(kind).text
        )


# --- the written summary -------------------------------------------------------------------------


def test_without_a_contract_the_summary_is_asked_for_and_after_48_hours_three_times_more(tmp_path: Path):
    world = World(tmp_path, datetime(2027, 1, 4, 8), PAIR)
    world.run(2027, 4, 9)
    assert world.briefs(since=date(2027, 1, 12)) == [
        "Tue 2027-01-12 11:00 summary maya",
        "Wed 2027-01-13 11:00 summary-nudge maya",
        "Thu 2027-01-14 11:00 summary-overdue maya",
        "Fri 2027-01-15 09:00 summary-overdue maya",
        "Mon 2027-01-18 09:00 summary-overdue maya",
        "Thu 2027-04-08 09:00 prepare maya",
    ]
    assert "Nothing was written down after the last time." in world.mail("prepare").text


def test_an_afternoon_session_has_its_second_nudge_four_hours_before_the_deadline(tmp_path: Path):
    series = replace(PAIR, conversation=Conversation(first=datetime(2027, 1, 12, 15)))
    world = World(tmp_path, datetime(2027, 1, 4, 8), series)
    world.run(2027, 1, 15)
    assert world.briefs(since=date(2027, 1, 12)) == [
        "Tue 2027-01-12 16:00 summary maya",
        "Wed 2027-01-13 16:00 summary-nudge maya",
        "Thu 2027-01-14 12:00 summary-nudge maya",
        "Thu 2027-01-14 16:00 summary-overdue maya",
    ]


def test_no_summary_is_asked_for_of_a_session_that_did_not_happen(tmp_path: Path):
    """Cancelled at the hour itself: nothing about it leaves any more."""
    world = World(tmp_path, datetime(2027, 1, 4, 8), PAIR)
    world.run(2027, 1, 12, 10, 30)
    with world.edit(MAYA) as calendar:
        cancel_one(calendar, datetime(2027, 1, 12, 10))
    world.run(2027, 1, 12, 18)
    assert world.briefs("summary", "summary-nudge") == []


def test_a_changed_contract_is_mailed_to_both_with_what_changed(tmp_path: Path):
    world = at_the_session(tmp_path, BOTH.format("26 February 2027", "31 March 2027"))
    world.run(2027, 1, 13, 12)
    world.contract(
        "Jonas's commitments\n- Shadow the platform on-call rota by 5 March 2027\n- Read the book by May 2027\n"
    )
    world.run(2027, 1, 13, 18)
    assert world.briefs("contract") == [
        "Tue 2027-01-12 12:00 contract jonas",
        "Tue 2027-01-12 12:00 contract maya",
        "Wed 2027-01-13 12:00 contract jonas",
        "Wed 2027-01-13 12:00 contract maya",
    ]
    changed = (
        "What changed\n"
        "- New: Read the book, by Monday 31 May\n"
        "- Moved to Friday 5 March: Shadow the platform on-call rota\n"
        "- No longer there: Write up the incident review format\n\n"
    )
    assert all(changed in m.text for m in world.mails[-2:])


def test_two_versions_in_a_minute_are_one_mail_each(tmp_path: Path):
    world = at_the_session(tmp_path, BOTH.format("26 February 2027", "31 March 2027"))
    world.contract(BOTH.format("26 February 2027", "30 April 2027"))
    world.run(2027, 1, 12, 18)
    assert world.briefs("contract") == ["Tue 2027-01-12 12:00 contract jonas", "Tue 2027-01-12 12:00 contract maya"]
    assert "30 April 2027" in world.mail("contract").text
    first, *_ = world.foreseen("contract")
    assert first.unless == "version 2 was recorded before it was sent"


def test_a_contract_recorded_at_night_reaches_both_when_they_work(tmp_path: Path):
    world = World(tmp_path, datetime(2027, 1, 4, 8), PAIR)
    world.run(2027, 1, 12, 22)
    world.contract(BOTH.format("26 February 2027", "31 March 2027"))
    world.run(2027, 1, 13, 18)
    assert world.briefs("contract") == ["Wed 2027-01-13 09:00 contract jonas", "Wed 2027-01-13 09:00 contract maya"]


# --- before a session ----------------------------------------------------------------------------


def test_two_sessions_prepared_on_one_day_are_one_mail(tmp_path: Path):
    other = Person("Amara Obi", "amara@example.com", "Europe/London")
    second = Series(MAYA, other, Conversation(first=datetime(2027, 1, 12, 13)))
    world = World(tmp_path, datetime(2027, 1, 4, 8), PAIR, second)
    world.run(2027, 1, 9)
    assert [m.row for m in world.mails] == [
        "Thu 2027-01-07 09:00 prepare maya: Your talks with Jonas and Amara",
        "Fri 2027-01-08 09:00 prompt jonas: Before we talk on Tuesday",
        "Fri 2027-01-08 09:00 prompt amara: Before we talk on Tuesday",
    ]


def test_days_and_hours_are_those_of_whoever_is_mailed(tmp_path: Path):
    """Maya begins at seven and works from Sunday to Thursday; Jonas, in Lisbon, reads at half past eight."""
    maya = replace(MAYA, working_days=frozenset({6, 0, 1, 2, 3}), send_at=time(7))
    jonas = replace(JONAS, timezone="Europe/Lisbon", send_at=time(8, 30))
    world = World(tmp_path, datetime(2027, 1, 4, 8), Series(maya, jonas, Conversation(first=datetime(2027, 1, 13, 11))))
    world.run(2027, 1, 13, 18)
    assert world.briefs() == [
        "Thu 2027-01-07 07:00 prepare maya",  # the 8th is a Friday
        "Fri 2027-01-08 08:30 prompt jonas",  # the 10th is a Sunday
        "Wed 2027-01-13 12:00 summary maya",
    ]


def test_prepare_and_prompt_days_are_configured(tmp_path: Path):
    conversation = replace(TUESDAY, prepare_days=8, prompt_days=1)
    world = World(tmp_path, datetime(2027, 1, 1, 8), replace(PAIR, conversation=conversation))
    world.run(2027, 1, 12, 10)
    assert world.briefs() == ["Mon 2027-01-04 09:00 prepare maya", "Mon 2027-01-11 09:00 prompt jonas"]


def test_a_prompt_that_the_day_after_would_be_too_late_for_goes_before(tmp_path: Path):
    """What falls on the Sunday before would go out on the Monday at nine, an hour before the session itself."""
    conversation = Conversation(first=datetime(2027, 1, 11, 10), prompt_days=1, on_day_off="after")
    world = World(tmp_path, datetime(2027, 1, 4, 8), replace(PAIR, conversation=conversation))
    world.run(2027, 1, 11, 10)
    assert world.briefs("prompt") == ["Fri 2027-01-08 09:00 prompt jonas"]


def test_never_reviewed_if_configured_so(tmp_path: Path):
    series = replace(PAIR, conversation=replace(TUESDAY, review_every="never"))
    world = at_the_session(tmp_path, "Jonas's commitments\n- Find a mentor\n", series)
    world.run(2027, 4, 1)
    assert world.briefs("review") == []
