"""Answers by mail, end to end: what people write, what careermail makes of it, and what it writes back."""

from datetime import date, datetime
from pathlib import Path

import pytest
from letters import answer, drop, last, reply, write
from scene import JONAS, MAYA, PAIR, World

AGREED = """\
Jonas's commitments
- Shadow the platform on-call rota by 12 February

Maya's commitments
- Introduce Jonas to Dana Ortiz by Friday

The open question
- Whether a staff role is realistic within two years
"""


@pytest.fixture
def world(tmp_path: Path) -> World:
    """Tuesday at noon, an hour after the first session."""
    made = World(tmp_path, datetime(2027, 1, 4, 8), PAIR)
    made.run(2027, 1, 12, 12)
    return made


@pytest.fixture
def agreed(world: World) -> World:
    reply(world, "summary", MAYA, AGREED)
    return world


def dues(world: World) -> dict[str, date | None]:
    return {c.id: c.due for c in world.standing.contract.open}


# --- the contract --------------------------------------------------------------------------------


def test_a_contract_by_reply_is_recorded_and_mailed_to_both(agreed: World):
    assert dues(agreed) == {"jonas-1": date(2027, 2, 12), "jonas-2": date(2027, 1, 15)}
    assert agreed.briefs("contract") == ["Tue 2027-01-12 12:00 contract jonas", "Tue 2027-01-12 12:00 contract maya"]
    said = agreed.mail("contract")
    assert said.subject == "Re: After your talk with Jonas"
    assert "Thank you.\n" in said.text
    assert "- Introduce Jonas to Dana Ortiz by 15 January 2027\n" in said.text
    agreed.run(2027, 1, 16, 12)
    assert agreed.briefs("summary-nudge", "summary-overdue", "answer") == []


def test_what_was_not_understood_is_asked_about_and_a_further_reply_amends(world: World):
    reply(world, "summary", MAYA, AGREED.replace("by 12 February", "some day"))
    assert '- "Shadow the platform on-call rota some day": ' in world.mail("contract").text
    assert dues(world) == {"jonas-1": None, "jonas-2": date(2027, 1, 15)}
    reply(world, "contract", MAYA, "Jonas's commitments\n- Shadow the platform on-call rota by 12 February\n")
    assert dues(world) == {"jonas-1": date(2027, 2, 12), "jonas-2": date(2027, 1, 15)}


def test_an_answer_that_comes_twice_counts_once(world: World):
    message = reply(world, "summary", MAYA, AGREED)
    drop(world, message)
    world.tick()
    assert len(world.standing.contracts) == 1
    assert len(world.briefs("contract")) == 2


def test_a_summary_written_to_the_report_with_careermail_in_copy_is_the_contract(world: World):
    write(world, MAYA, "What we agreed", AGREED, to="jonas@example.com, careermail@example.com")
    assert dues(world) == {"jonas-1": date(2027, 2, 12), "jonas-2": date(2027, 1, 15)}
    assert world.briefs("contract") == ["Tue 2027-01-12 12:00 contract maya"]


# --- short answers to the summary ----------------------------------------------------------------


def test_what_did_not_happen_is_booked_again_within_its_quarter(world: World):
    reply(world, "summary", MAYA, "Didn't happen")
    world.run(2027, 1, 20, 12)
    assert world.briefs("summary-nudge", "summary-overdue") == ["Wed 2027-01-20 11:00 summary-nudge maya"]  # of the new
    assert world.briefs("displaced") == ["Tue 2027-01-12 12:00 displaced maya"]
    assert "You and Jonas did not meet on Tuesday 12 January at 10:00. It is booked again for" in (
        world.mail("displaced").text
    )
    assert len(world.booked(until=(2027, 4, 1))) == 2


def test_a_session_that_moved_is_asked_about_after_its_new_hour(world: World):
    reply(world, "summary", MAYA, "moved to Thursday 14:00")
    assert "Your talk with Jonas is on Thursday 14 January at 14:00" in world.mail("answer").text
    assert world.booked(until=(2027, 2, 1))[-1] == "Thu 2027-01-14 14:00"
    world.run(2027, 1, 14, 16)
    assert world.briefs("summary", "displaced") == [
        "Tue 2027-01-12 11:00 summary maya",
        "Thu 2027-01-14 15:00 summary maya",
    ]


def test_a_coming_session_is_moved_by_a_reply(world: World):
    world.run(2027, 4, 9, 12)
    reply(world, "prepare", MAYA, "Moved to Thursday 15 April 14:00")
    assert world.booked(until=(2027, 5, 1))[-1] == "Thu 2027-04-15 14:00"


def test_no_contract_this_time_ends_the_chase(world: World):
    reply(world, "summary", MAYA, "No contract this time")
    world.run(2027, 4, 9, 12)
    assert world.briefs("summary-nudge", "summary-overdue", "answer") == []
    assert "never" not in world.mail("prepare").text


def test_tomorrow_is_one_more_nudge_then(world: World):
    reply(world, "summary", MAYA, "tomorrow")
    world.run(2027, 1, 14, 9)
    assert world.briefs("summary-nudge", "summary-overdue") == ["Wed 2027-01-13 09:00 summary-nudge maya"]


# --- commitments ---------------------------------------------------------------------------------


def test_done_is_left_in_peace(agreed: World):
    agreed.run(2027, 1, 15, 12)
    before = len(agreed.mails)
    reply(agreed, "due", MAYA, "Done")
    assert agreed.commitment("jonas-2").state == "done"
    assert len(agreed.mails) == before


def test_another_date_is_told_to_the_other_side_in_one_mail(agreed: World):
    agreed.run(2027, 2, 12, 12)
    reply(agreed, "due", JONAS, "by end of March")
    assert dues(agreed)["jonas-1"] == date(2027, 3, 31)
    assert agreed.briefs("told", "answer") == ["Fri 2027-02-12 12:00 answer jonas", "Fri 2027-02-12 12:00 told maya"]
    assert "- Moved to Wednesday 31 March: Shadow the platform on-call rota\n" in agreed.mail("told").text


def test_what_is_dropped_is_told_with_its_reason(agreed: World):
    agreed.run(2027, 2, 12, 12)
    reply(agreed, "due", JONAS, "drop: the team was dissolved")
    assert agreed.commitment("jonas-1").state == "dropped"
    assert "Why: the team was dissolved\n" in agreed.mail("told").text


def test_several_are_answered_by_number(agreed: World):
    agreed.run(2027, 2, 12, 12)
    reply(agreed, "review", MAYA, "1 done, 2 by end of March")
    assert agreed.commitment("jonas-2").state == "done"
    assert dues(agreed) == {"jonas-1": date(2027, 3, 31)}


# --- goals, ad hoc, pause ------------------------------------------------------------------------


def test_changed_goals_are_met_with_the_playbook_and_the_form(agreed: World):
    agreed.run(2027, 2, 12, 12)
    reply(agreed, "review", MAYA, "changed")
    assert "This is not a failure - it is growth" in agreed.mail("answer").text
    assert "- Shadow the platform on-call rota by 12 February 2027\n" in agreed.mail("answer").text
    reply(agreed, "answer", MAYA, "Jonas's commitments\n- Visit the design team by 30 March\n")
    told = agreed.mail("contract", -2).text
    assert "- New: Visit the design team, by Tuesday 30 March\n" in told
    assert "- No longer there: Shadow the platform on-call rota\n" in told


def test_a_conversation_is_asked_for_by_mail_and_its_reason_stays(world: World):
    write(world, MAYA, "career conversation with Jonas next week, he has an offer", "")
    assert "It is in your calendars. The reason stays with you." in world.mail("answer").text
    assert len(world.booked(until=(2027, 2, 1))) == 2
    assert "offer" not in "".join(path.read_text() for path in world.files(JONAS))
    assert world.mail("prepare").text.count("he has an offer") == 1


def test_pause_and_resume_by_mail(world: World):
    reply(world, "summary", MAYA, "pause until May")
    assert "rest until Saturday 1 May" in world.mail("answer").text
    assert world.standing.paused
    reply(world, "answer", MAYA, "resume")
    assert not world.standing.paused


def test_a_report_who_asks_to_stop_is_put_before_the_manager(agreed: World):
    agreed.run(2027, 2, 12, 12)
    reply(agreed, "due", JONAS, "stop")
    assert agreed.briefs("passed-on") == ["Fri 2027-02-12 12:00 passed-on maya"]
    assert not agreed.standing.paused


def test_what_a_report_writes_beside_an_answer_reaches_the_manager(agreed: World):
    agreed.run(2027, 2, 12, 12)
    reply(agreed, "due", JONAS, "Done, and I learned a lot from the platform team.")
    assert agreed.commitment("jonas-1").state == "done"
    assert agreed.briefs("forward") == ["Fri 2027-02-12 12:00 forward maya"]


def test_goals_that_changed_for_the_report_are_put_before_the_manager(agreed: World):
    agreed.run(2027, 2, 12, 12)
    reply(agreed, "due", JONAS, "my goals have changed")
    assert "Jonas wrote that Jonas's goals have changed" in agreed.mail("passed-on").text


def test_a_commitment_is_named_by_its_words_in_a_mail_of_its_own(agreed: World):
    write(agreed, MAYA, "Dana", "the introduction to Dana Ortiz is done")
    assert agreed.commitment("jonas-2").state == "done"


# --- anything else -------------------------------------------------------------------------------

REFLECTION = "I keep thinking about leaving, and I do not know whom to tell."


def test_a_reflection_is_handed_on_and_kept_nowhere(world: World, caplog: pytest.LogCaptureFixture):
    write(world, JONAS, "Before we meet", REFLECTION)
    assert world.briefs("forward") == ["Tue 2027-01-12 12:00 forward maya"]
    assert REFLECTION in world.mail("forward").text
    assert last(world, "forward", MAYA)["Reply-To"] == "Jonas Weber <jonas@example.com>"
    assert "leaving" not in repr(world.facts)
    assert "leaving" not in caplog.text
    world.tick()
    assert len(world.briefs("forward")) == 1


def test_what_is_not_understood_is_answered_once_a_day(world: World):
    for words in ("What is the weather like?", "Hello?", "Who are you?"):
        write(world, MAYA, "Question", words)
    assert world.briefs("help") == ["Tue 2027-01-12 12:00 help maya"]
    world.run(2027, 1, 13, 12)
    write(world, MAYA, "Question", "Still there?")
    assert len(world.briefs("help")) == 2


def test_an_answer_to_a_commitment_that_says_something_else_goes_to_the_manager(agreed: World):
    agreed.run(2027, 2, 12, 12)
    reply(agreed, "due", JONAS, "Can we talk about this tomorrow? I am not sure that I should do it at all.")
    assert agreed.commitment("jonas-1").state == "open"
    assert agreed.briefs("forward") == ["Fri 2027-02-12 12:00 forward maya"]


# --- nobody else ---------------------------------------------------------------------------------


def test_a_report_cannot_answer_for_the_manager(world: World):
    message = answer(last(world, "summary", MAYA), JONAS, AGREED)
    drop(world, message)
    world.tick()
    assert world.standing.contract is None
    assert world.briefs("refused", "forward") == ["Tue 2027-01-12 12:00 refused maya"]


def test_a_stranger_is_not_answered(world: World):
    mails = len(world.mails)
    write(world, MAYA.__class__("Eve", "eve@evil.example"), "Hello", AGREED)
    assert len(world.mails) == mails


def test_an_out_of_office_never_acts_and_lets_the_nudges_wait(world: World):
    message = answer(last(world, "summary", MAYA), MAYA, "I am away until Friday 15 January.\n\nDone.", quote=False)
    message["Auto-Submitted"] = "auto-replied"
    drop(world, message)
    world.run(2027, 1, 22, 12)
    assert world.briefs("summary-nudge", "summary-overdue", since=date(2027, 1, 13))[0][:14] == "Mon 2027-01-18"
    assert world.briefs("help", "answer") == []
