"""What people answer, and what they mean. The tables are the documentation: a text, and what is understood of it.

It is Wednesday 13 January 2027, 11:00 in Stockholm; the session was on Tuesday at 10:00.
"""

# ruff: noqa: RUF001 (people type en dashes and curly apostrophes)
from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from careermail.mail.answers import Asked, Said, Understood, understand
from careermail.mail.contract import TOO_LONG, form, parse, render
from careermail.mail.dates import PAST, UNDATED
from careermail.mail.hours import PASSED, TODAY_OR_IN_A_WEEK, WHICH_DAY, WHICH_TIME, WHICH_YEAR, time_of
from careermail.mail.listening import CONTRADICTORY, DOUBTFUL
from careermail.mail.phrases import NO_SUCH_DAY, TWO_READINGS
from careermail.mail.referring import WHICH, WHOM
from careermail.mail.telling import Telling
from careermail.model import Commitment, Contract, Review, Series, resolve
from tests.samples import AGREED, INTRODUCE, JONAS, MAYA, SHADOW, TUESDAY, WITH_AMARA, WITH_JONAS, WRITE

NOW = datetime(2027, 1, 13, 10, tzinfo=UTC)
SUMMARY = Asked("summary", MAYA, (WITH_JONAS,), (), TUESDAY.start, NOW, AGREED)
ONE = Asked("due", MAYA, (WITH_JONAS,), ((WITH_JONAS, INTRODUCE),), None, NOW, AGREED)
OWN = replace(ONE, kind="overdue", person=JONAS, commitments=((WITH_JONAS, SHADOW),))
MANY = replace(ONE, kind="review", commitments=tuple((WITH_JONAS, c) for c in (SHADOW, WRITE, INTRODUCE)))
TWO_TEAMS = replace(
    ONE,
    series=(WITH_JONAS, WITH_AMARA),
    commitments=((WITH_JONAS, INTRODUCE), (WITH_AMARA, Commitment("manager", "Find Amara a mentor", id="amara-1"))),
)
NEW = Asked("", MAYA, (WITH_JONAS, WITH_AMARA), (), None, NOW, None)


def brief(said: Said, asked: Asked) -> str:
    """What was understood, in short: the verb, which one of several, its dates and its reason."""
    numbers = {commitment: str(n) for n, (_, commitment) in enumerate(asked.commitments, 1)}
    which = numbers.get(said.commitment, "?") if said.commitment and len(numbers) > 1 else ""
    whom = said.series.report.first_name if len(asked.series) > 1 else ""
    local = said.moment.astimezone(asked.person.zone) if said.moment else None
    dates = (
        f"{said.day or ''}",
        f"until {said.until}" if said.until else "",
        f"{local:%a %d %b %H:%M}" if local else "",
    )
    return " ".join(
        word for word in (said.verb, whom, which, *dates, f"({said.reason})" if said.reason else "") if word
    )


def briefly(text: str, asked: Asked, subject: str = "") -> list[str]:
    return [brief(said, asked) for said in understand(text, asked, subject).said]


# What is answered to `summary` and its nudges.
THE_SUMMARY = {
    # it did not happen
    "didn't happen": ["missed"],
    "Didn’t happen": ["missed"],
    "didnt happen": ["missed"],
    "DID NOT HAPPEN!!": ["missed"],
    "It didn't happen.": ["missed"],
    "it did not happen this time": ["missed"],
    "Sorry, it didn't happen": ["missed"],
    "Didn't happen\n\nJonas's commitments\n- \n\nMaya's commitments\n- \n\nThe open question\n- \n": ["missed"],
    "Hi,\n\nit didn't happen.\n\nBest,\nMaya": ["missed"],
    "Didn't happen. Thanks!": ["missed"],
    "did not meet": ["missed"],
    "We didn't meet": ["missed"],
    "we did not meet": ["missed"],
    "we didn’t meet this time, sorry": ["missed"],
    "We didn't talk": ["missed"],
    "we skipped it": ["missed"],
    "We skipped this one.": ["missed"],
    "skipped": ["missed"],
    "It hasn't happened yet": ["missed"],
    "haven't met yet": ["missed"],
    "The session didn't happen": ["missed"],
    "No, didn't happen": ["missed"],
    "didn't take place": ["missed"],
    "It was cancelled": ["missed"],
    "We had to cancel it": ["missed"],
    "never happened": ["missed"],
    "did'nt happen": ["missed"],
    "didn't happen 😕": ["missed"],
    "Hi, we didn't get round to it, sorry": ["missed"],
    "It fell through, Jonas is ill": ["missed (Jonas is ill)"],
    "Didn't happen, Jonas was ill": ["missed (Jonas was ill)"],
    "Jonas was ill, so it didn't happen": ["missed (Jonas was ill)"],
    "Didn't happen because Jonas was not in": ["missed (Jonas was not in)"],
    "We didn't meet. Jonas was ill.": ["missed (Jonas was ill)"],
    # it moved
    "moved to Thursday 14:00": ["moved Thu 14 Jan 14:00"],
    "Moved to thursday 14.00": ["moved Thu 14 Jan 14:00"],
    "Moved to 14/1 14:00": ["moved Thu 14 Jan 14:00"],
    "moved to 14.1. 14:00": ["moved Thu 14 Jan 14:00"],
    "moved to 3pm tomorrow": ["moved Thu 14 Jan 15:00"],
    "We will meet on Thursday at 14:00 instead": ["moved Thu 14 Jan 14:00"],
    "moved to Thursday, 14:00": ["moved Thu 14 Jan 14:00"],
    "Moved to Thursday at 2pm.": ["moved Thu 14 Jan 14:00"],
    "moved to thursday 2 pm": ["moved Thu 14 Jan 14:00"],
    "moved to Thursday at 2 p.m.": ["moved Thu 14 Jan 14:00"],
    "moved to thu 2.30 pm": ["moved Thu 14 Jan 14:30"],
    "moved to Thursday 14h": ["moved Thu 14 Jan 14:00"],
    "moved to Thursday 14h30": ["moved Thu 14 Jan 14:30"],
    "moved to Thursday at half past two": ["moved Thu 14 Jan 14:30"],
    "moved to Thursday at quarter past two": ["moved Thu 14 Jan 14:15"],
    "moved to Thursday at quarter to three": ["moved Thu 14 Jan 14:45"],
    "moved to Thursday at 2": ["moved Thu 14 Jan 14:00"],
    "moved to Thursday at 3 o'clock": ["moved Thu 14 Jan 15:00"],
    "moved to Thursday at noon": ["moved Thu 14 Jan 12:00"],
    "moved to 2pm on Thursday": ["moved Thu 14 Jan 14:00"],
    "it's now on 14 Feb at 3pm": ["moved Sun 14 Feb 15:00"],
    "It’s now on 14 Feb at 3pm": ["moved Sun 14 Feb 15:00"],
    "its now on 14 feb at 3pm": ["moved Sun 14 Feb 15:00"],
    "It is on 15 February, 15:00": ["moved Mon 15 Feb 15:00"],
    "It has been moved to Mon 15 Feb, 15:00": ["moved Mon 15 Feb 15:00"],
    "we moved it to tomorrow 10:00": ["moved Thu 14 Jan 10:00"],
    "Moved it to tomorrow at 9": ["moved Thu 14 Jan 09:00"],
    "moved to 2027-02-15 14:00": ["moved Mon 15 Feb 14:00"],
    "moved to 15/02 at 14:00": ["moved Mon 15 Feb 14:00"],
    "moved to next Thursday at 10": ["moved Thu 21 Jan 10:00"],
    "moved to 14:00 today": ["moved Wed 13 Jan 14:00"],
    "Rescheduled to Thursday 14:00-15:00": ["moved Thu 14 Jan 14:00"],
    "postponed to 15 Feb at 10am": ["moved Mon 15 Feb 10:00"],
    "Pushed to Friday 10:30": ["moved Fri 15 Jan 10:30"],
    "new time: Friday 10:30": ["moved Fri 15 Jan 10:30"],
    "Please move it to Friday 10:30": ["moved Fri 15 Jan 10:30"],
    "Could you move it to Friday 10:30?": ["moved Fri 15 Jan 10:30"],
    "We moved it to Friday at 10:30, Jonas was ill": ["moved Fri 15 Jan 10:30 (Jonas was ill)"],
    "moved to 29 July 14:00": ["moved Thu 29 Jul 14:00"],
    "Didn't happen. Moved to Thursday 14:00": ["missed", "moved Thu 14 Jan 14:00"],
    "didn't happen, moved to thursday 2pm": ["missed", "moved Thu 14 Jan 14:00"],
    "Didn't happen\nMoved to Thursday 14:00\nThanks": ["missed", "moved Thu 14 Jan 14:00"],
    "We didn't meet and moved it to Thursday 14:00": ["missed", "moved Thu 14 Jan 14:00"],
    # there is no contract
    "no contract this time": ["no-contract"],
    "No contract.": ["no-contract"],
    "no contract this time, thanks": ["no-contract"],
    "No contract this time. We only talked about her year.": ["no-contract (We only talked about her year)"],
    "No commitments this time": ["no-contract"],
    "nothing to write down": ["no-contract"],
    "Nothing agreed this time": ["no-contract"],
    "we didn't agree on anything": ["no-contract"],
    "No summary this time": ["no-contract"],
    # later
    "later": ["later"],
    "Later!": ["later"],
    "later please": ["later"],
    "Later today": ["later until 2027-01-13"],
    "tomorrow": ["later until 2027-01-14"],
    "Tomorrow 👍": ["later until 2027-01-14"],
    "tomorrow, thanks": ["later until 2027-01-14"],
    "tomorrow morning": ["later until 2027-01-14"],
    "Will send tomorrow morning": ["later until 2027-01-14"],
    "This evening": ["later until 2027-01-13"],
    "on Monday": ["later until 2027-01-18"],
    "Monday": ["later until 2027-01-18"],
    "next week": ["later until 2027-01-18"],
    "in two days": ["later until 2027-01-15"],
    "I'll do it tomorrow": ["later until 2027-01-14"],
    "I’ll send it on Monday": ["later until 2027-01-18"],
    "Will do it tomorrow": ["later until 2027-01-14"],
    "Will do tomorrow": ["later until 2027-01-14"],
    "I will send it tomorrow, sorry!": ["later until 2027-01-14"],
    "Sorry, tomorrow": ["later until 2027-01-14"],
    "Not yet. Tomorrow!": ["later until 2027-01-14"],
    "remind me on Monday": ["later until 2027-01-18"],
    "Please remind me again tomorrow": ["later until 2027-01-14"],
    "ask me again next week": ["later until 2027-01-18"],
    "not yet": ["later"],
    "Not now": ["later"],
    "I need more time": ["later"],
    # nothing to do
    "Thanks!": ["thanks"],
    "ok": ["thanks"],
    "Got it, thank you": ["thanks"],
    "👍": ["thanks"],
    "Will do": ["thanks"],
}

# What is answered to `due` and its kin about one commitment.
THE_ONE = {
    "done": ["done"],
    "Done": ["done"],
    "Done.": ["done"],
    "DONE!!!": ["done"],
    "done, thanks": ["done"],
    "Done ✅": ["done"],
    "✅": ["done"],
    "✔️": ["done"],
    "Done 🎉": ["done"],
    "Done\n\nSent with greetings from my train": ["done"],
    "Hi!\nDone.\nCheers,\nMaya": ["done"],
    "Hello,\n\nDone.\n\nKind regards\nMaya Lindqvist\nHead of Platform, does not do phones": ["done"],
    "yes done": ["done"],
    "Yes, done!": ["done"],
    "yep, it's done": ["done"],
    "It is done": ["done"],
    "It’s done.": ["done"],
    "This is done": ["done"],
    "that's done now": ["done"],
    "all done": ["done"],
    "already done": ["done"],
    "Done already": ["done"],
    "done yesterday": ["done"],
    "Done last week": ["done"],
    "finished": ["done"],
    "Finished it this morning": ["done"],
    "completed": ["done"],
    "Did it": ["done"],
    "I did it yesterday": ["done"],
    "I've done it": ["done"],
    "I have done this": ["done"],
    "I've already done that.": ["done"],
    "Please mark it as done": ["done"],
    "Done ;-)": ["done"],
    "done :)": ["done"],
    "Done - Dana and Jonas met on Tuesday.": ["done (Dana and Jonas met on Tuesday)"],
    "done, see https://example.com/doc?x=1": ["done (see https://example.com/doc?x=1)"],
    "Done, they had lunch on Monday": ["done (they had lunch on Monday)"],
    "Done. I introduced them at lunch.": ["done (I introduced them at lunch)"],
    "Talked to Dana this morning. Done!": ["done (Talked to Dana this morning)"],
    # not yet
    "not yet": ["not-yet"],
    "Not yet!": ["not-yet"],
    "no, not yet": ["not-yet"],
    "not done": ["not-yet"],
    "Not done yet": ["not-yet"],
    "not finished": ["not-yet"],
    "still working on it": ["not-yet"],
    "I'm still working on it": ["not-yet"],
    "I’m on it": ["not-yet"],
    "in progress": ["not-yet"],
    "almost done": ["not-yet"],
    "Nearly there": ["not-yet"],
    "I haven't done it yet": ["not-yet"],
    "haven't got to it": ["not-yet"],
    "Not yet, I am waiting for Dana": ["not-yet (I am waiting for Dana)"],
    "Not yet. Dana isn't in this week.": ["not-yet (Dana isn't in this week)"],
    # another date
    "by Friday": ["move 2027-01-15"],
    "By friday.": ["move 2027-01-15"],
    "Friday": ["move 2027-01-15"],
    "on Friday": ["move 2027-01-15"],
    "tomorrow": ["move 2027-01-14"],
    "next week": ["move 2027-01-22"],
    "in two weeks": ["move 2027-01-27"],
    "end of the month": ["move 2027-01-31"],
    "by the end of the month": ["move 2027-01-31"],
    "end of March": ["move 2027-03-31"],
    "in March": ["move 2027-03-31"],
    "by March": ["move 2027-03-31"],
    "12 March": ["move 2027-03-12"],
    "12 Mar.": ["move 2027-03-12"],
    "by 12/03": ["move 2027-03-12"],
    "2027-03-12": ["move 2027-03-12"],
    "Q2": ["move 2027-06-30"],
    "before 12 March": ["move 2027-03-11"],
    "by the 20th": ["move 2027-01-20"],
    "by Friday, 12 March": ["move 2027-03-12"],
    "move to 12 March": ["move 2027-03-12"],
    "move it to 12 March": ["move 2027-03-12"],
    "Please move this to 12 March": ["move 2027-03-12"],
    "moved to 12 March": ["move 2027-03-12"],
    "Can you move it to 12 March?": ["move 2027-03-12"],
    "Could you please move this to Friday? Thanks!": ["move 2027-01-15"],
    "push it to next week": ["move 2027-01-22"],
    "postpone to April": ["move 2027-04-30"],
    "new date: 12 March": ["move 2027-03-12"],
    "I need until Friday": ["move 2027-01-15"],
    "Give me until the end of the month": ["move 2027-01-31"],
    "I'll do it by Friday": ["move 2027-01-15"],
    "I’ll do it tomorrow": ["move 2027-01-14"],
    "will be done by Friday": ["move 2027-01-15"],
    "I will finish it next week": ["move 2027-01-22"],
    "Sorry, not yet. Will do by Friday.": ["move 2027-01-15"],
    "let's say Friday": ["move 2027-01-15"],
    "push back to 20 January": ["move 2027-01-20"],
    "Not yet, by Friday": ["move 2027-01-15"],
    "Not yet. By Friday!": ["move 2027-01-15"],
    "not done, move to Friday": ["move 2027-01-15"],
    "by Friday, Dana is away": ["move 2027-01-15 (Dana is away)"],
    "Move to Friday because Dana is not in": ["move 2027-01-15 (Dana is not in)"],
    # dropped
    "drop": ["drop"],
    "drop it": ["drop"],
    "Please drop this.": ["drop"],
    "dropped": ["drop"],
    "drop: the team was dissolved": ["drop (the team was dissolved)"],
    "Drop - the team was dissolved": ["drop (the team was dissolved)"],
    "drop, the team was dissolved": ["drop (the team was dissolved)"],
    "dropped because the team was dissolved": ["drop (the team was dissolved)"],
    "Dropped because the team and the product are gone.": ["drop (the team and the product are gone)"],
    "drop it (Dana left)": ["drop (Dana left)"],
    "Drop. Dana has left, so it's not needed.": ["drop (Dana has left, so it's not needed)"],
    "The team was dissolved. Drop it.": ["drop (The team was dissolved)"],
    "drop it because it is obsolete": ["drop (it is obsolete)"],
    "no longer relevant": ["drop (no longer relevant)"],
    "This is no longer relevant": ["drop (no longer relevant)"],
    "It's no longer needed, Dana left": ["drop (no longer needed, Dana left)"],
    "not relevant any more": ["drop (not relevant any more)"],
    "Obsolete": ["drop (obsolete)"],
    # goals
    "changed": ["changed"],
    "goals have changed": ["changed"],
    "Goals changed": ["changed"],
    "My goals have changed.": ["changed"],
    "Our plans have changed": ["changed"],
    # pause and stop
    "pause": ["pause"],
    "Pause until May": ["pause until 2027-05-01"],
    "please pause until 3 May": ["pause until 2027-05-03"],
    "pause for two weeks": ["pause until 2027-01-27"],
    "pause it until further notice": ["pause"],
    "resume": ["resume"],
    "stop": ["stop"],
    "STOP": ["stop"],
    "please stop": ["stop"],
    "unsubscribe": ["stop"],
    "Stop sending me these mails": ["stop"],
    # nothing to do
    "thanks": ["thanks"],
    "Thank you!": ["thanks"],
    "👍🏻": ["thanks"],
}

# What is answered about three: the rota (1), the incident review format (2), the introduction to Dana (3).
THE_MANY = {
    "1 done": ["done 1"],
    "1. done": ["done 1"],
    "1) done": ["done 1"],
    "#1 done": ["done 1"],
    "1: done": ["done 1"],
    "1 - done": ["done 1"],
    "1 is done": ["done 1"],
    "No. 1 is done": ["done 1"],
    "number 1 done": ["done 1"],
    "1 ✅": ["done 1"],
    "done: 1": ["done 1"],
    "finished 1": ["done 1"],
    "1 done, 2 by Friday, 3 drop: obsolete": ["done 1", "move 2 2027-01-15", "drop 3 (obsolete)"],
    "1. done\n2) next week": ["done 1", "move 2 2027-01-22"],
    "1 and 3 done": ["done 1", "done 3"],
    "1, 2 and 3 done": ["done 1", "done 2", "done 3"],
    "1,2 done": ["done 1", "done 2"],
    "1 & 2 done": ["done 1", "done 2"],
    "1-3 done": ["done 1", "done 2", "done 3"],
    "all done": ["done 1", "done 2", "done 3"],
    "All three are done!": ["done 1", "done 2", "done 3"],
    "everything is done": ["done 1", "done 2", "done 3"],
    "first one done, second by March": ["done 1", "move 2 2027-03-31"],
    "the first is done and the third is done": ["done 1", "done 3"],
    "1 done, the rest by Friday": ["done 1", "move 2 2027-01-15", "move 3 2027-01-15"],
    "drop 3: Dana left, move 2 to 12 March": ["drop 3 (Dana left)", "move 2 2027-03-12"],
    "3 drop: Dana left, 2 by Friday": ["drop 3 (Dana left)", "move 2 2027-01-15"],
    "not yet": ["not-yet 1", "not-yet 2", "not-yet 3"],
    "Hi Jonas,\n\n2 is done.\n\nBest,\nMaya\n\nPS: 3 done too": ["done 2", "done 3"],
    "I haven't done 2": ["not-yet 2"],
    "The rota is not done": ["not-yet 1"],
    "1+3 done": ["done 1", "done 3"],
    "1) done 2) by Friday": ["done 1", "move 2 2027-01-15"],
    "1 => done": ["done 1"],
    "the 1st is done, the 2nd by Friday": ["done 1", "move 2 2027-01-15"],
    "2. Drop it, the team was dissolved.": ["drop 2 (the team was dissolved)"],
    "drop 2 because the team is gone and 3 by Friday": ["drop 2 (the team is gone)", "move 3 2027-01-15"],
    "1. Shadow the platform on-call rota - done\n2. Write up the incident review format - by Friday": [
        "done 1",
        "move 2 2027-01-15",
    ],
    "1 by 12/03, 2 by 15/03": ["move 1 2027-03-12", "move 2 2027-03-15"],
    "rota done, format by March": ["done 1", "move 2 2027-03-31"],
    "1 not yet": ["not-yet 1"],
    "1 not yet but 2 done": ["not-yet 1", "done 2"],
    "2 in two weeks": ["move 2 2027-01-27"],
    "move 1 and 2 to the end of March": ["move 1 2027-03-31", "move 2 2027-03-31"],
    "1 - 12 March": ["move 1 2027-03-12"],
    "jonas-1 done": ["done 1"],
    "[jonas-3] done": ["done 3"],
    "the on-call one is done": ["done 1"],
    "the on-call rota is done": ["done 1"],
    "On call rota: done": ["done 1"],
    "incident format: moved to April": ["move 2 2027-04-30"],
    "incident format by April": ["move 2 2027-04-30"],
    "drop the incident review format, the team was dissolved": ["drop 2 (the team was dissolved)"],
    "move the on-call one to 12 March": ["move 1 2027-03-12"],
    "finished the incident format": ["done 2"],
    "I introduced Jonas to Dana. 3 done": ["done 3 (I introduced Jonas to Dana)"],
    "the introduction to Dana is no longer relevant": ["drop 3 (no longer relevant)"],
    "The rota is done.\nThe incident format will be done by Friday.": ["done 1", "move 2 2027-01-15"],
    "> 1. Shadow the platform on-call rota\n1 done": ["done 1"],
    "- 1 done\n- 2 next week": ["done 1", "move 2 2027-01-22"],
    "Hi,\n1 done.\n2 next week.\nThanks, Maya": ["done 1", "move 2 2027-01-22"],
    "their goals have changed": ["changed"],
    "Jonas's goals have changed": ["changed"],
}

# A manager's new mail; both reports are known by name.
ANEW = {
    "career conversation with Jonas": ["book Jonas"],
    "Career conversation with Jonas, please": ["book Jonas"],
    "career conversation with Jonas next week, he has an offer": [
        "book Jonas 2027-01-18 until 2027-01-22 (he has an offer)"
    ],
    "Please book a career conversation with Jonas Weber tomorrow. He has an offer.": [
        "book Jonas 2027-01-14 until 2027-01-14 (He has an offer)"
    ],
    "book jonas@example.com": ["book Jonas"],
    "Book an hour with Jonas next week": ["book Jonas 2027-01-18 until 2027-01-22"],
    "I need to talk to Amara this week, she is not happy": [
        "book Amara 2027-01-13 until 2027-01-15 (she is not happy)"
    ],
    "I'd like a career conversation with Amara because she was passed over": ["book Amara (she was passed over)"],
    "Hi careermail,\nplease set up a talk with Jonas.\nHe has an offer.\nThanks\nMaya": [
        "book Jonas (He has an offer)"
    ],
    "Can you book an hour with Jonas tomorrow?": ["book Jonas 2027-01-14 until 2027-01-14"],
    "career conversation with Jonas before Friday": ["book Jonas 2027-01-13 until 2027-01-14"],
    "Jonas has an offer. Please book a career talk with Jonas this week.": [
        "book Jonas 2027-01-13 until 2027-01-15 (Jonas has an offer)"
    ],
    "pause everything until May": ["pause Jonas until 2027-05-01", "pause Amara until 2027-05-01"],
    "pause Jonas until May": ["pause Jonas until 2027-05-01"],
    "Please pause Jonas Weber until 3 May": ["pause Jonas until 2027-05-03"],
    "pause Jonas": ["pause Jonas"],
    "resume Jonas": ["resume Jonas"],
    "stop Jonas": ["stop Jonas"],
    "stop the talks with Amara": ["stop Amara"],
    "stop all": ["stop Jonas", "stop Amara"],
    "Amara's goals have changed": ["changed Amara"],
}


@pytest.mark.parametrize("text", THE_SUMMARY)
def test_an_answer_about_a_session(text: str):
    assert briefly(text, SUMMARY) == THE_SUMMARY[text]
    assert understand(text, SUMMARY).unclear == ()


@pytest.mark.parametrize("text", THE_ONE)
def test_an_answer_about_one_commitment(text: str):
    assert briefly(text, ONE) == briefly(text, OWN) == THE_ONE[text]
    assert understand(text, ONE).unclear == ()


@pytest.mark.parametrize("text", THE_MANY)
def test_an_answer_about_several_commitments(text: str):
    assert briefly(text, MANY) == THE_MANY[text]
    assert understand(text, MANY).unclear == ()


@pytest.mark.parametrize("text", ANEW)
def test_a_new_mail_of_a_manager(text: str):
    assert briefly(text, NEW) == ANEW[text]
    assert understand(text, NEW).unclear == ()


# What looks like an answer and is none: nobody acts on these, whatever they answer.
TRAPS = (
    "I have not done this and I am done with this company",
    "Done? I thought that was yours",
    "done?",
    "Is it done?",
    "Is this done already?",
    "Not done? I am sure it is",
    "can't be done by Friday",
    "It cannot be done",
    "this can’t be done",
    "I wish it were done",
    "If it were done I would tell you",
    "If Dana agrees, done",
    "Done if Dana agrees",
    "Done, I think",
    "I think it's done",
    "probably done",
    "Maybe done",
    "Done when Dana is back",
    "Once it's done I will tell you",
    "I will tell you when it's done",
    "it should be done",
    "That would be done by Dana",
    "Dana said it's done",
    "well done",
    "Well done!",
    "I'm done with Jonas",
    "I am done",
    "I'm done with this",
    "Jonas is done",
    "done deal",
    "Done. Just kidding",
    "Done... not!",
    "Done - or at least half of it",
    "Done, except for the last part",
    "Done but not as agreed",
    "over and done with it all",
    "What is to be done?",
    "Who has done this?",
    "Has this been done by Friday?",
    "by Friday?",
    "Not by Friday",
    "Not before Friday",
    "Friday was horrible",
    "By Friday I will know more",
    "Maybe by Friday",
    "Can I move it to Friday?",
    "Should we move it to Friday?",
    "I would move it to Friday if I could",
    "Jonas is moving to Berlin in March",
    "We moved to Berlin in March",
    "I want to move to another team by March",
    "Don't move it to Friday",
    "do not drop it",
    "Don't drop this",
    "never drop it",
    "Should I drop it?",
    "He dropped out",
    "drop me a line",
    "Drop by on Friday",
    "I dropped the ball on this",
    "It's not that it is no longer relevant",
    "Is this still relevant?",
    "It is still relevant",
    "don't stop",
    "Please don't stop",
    "I can't stop thinking about it",
    "stop by on Friday",
    "Don't pause",
    "pause for thought",
    "We did not meet the deadline",
    "It didn't happen as planned, but we talked on Monday",
    "Didn't it happen?",
    "What if it didn't happen?",
    "We didn't meet, did we?",
    "It happened",
    "We met yesterday",
    "no contract? why?",
    "There is no contract template in this mail",
    "When will it be moved to Thursday 14:00?",
    "See you later",
    "Talk to you tomorrow",
    "later on I was told that Jonas is unhappy",
    "Jonas is on leave tomorrow",
    "Nothing has changed",
    "Has anything changed?",
    "My address has changed",
    "The weather changed",
    "I don't think the goals have changed",
    "Hello Jonas, are you free for lunch?",
    "I do not want any of this. You never listen. I am tired and I have had enough, done and dusted.",
    "To be honest, I feel stuck, and I have not told anybody that I am thinking of leaving.",
    "12345",
    "+46 70 123 45 67",
    "1",
    "1 2 3",
    "yes",
    "no",
    "?",
    "",
    "   \n\t",
    "{{ 7 * 7 }}",
    "<b>done</b>",
    "BEGIN:VCALENDAR",
    "out of office until Friday",
    "I am away until Monday, 18 January",
    "I am on holiday. In urgent cases please ask Dana.",
    "Your message has been received. We will answer by Friday",
    "❌",
    "👎",
    "done 🤔",
    "all but 2 done",
    "all done except 2",
    "1 done, not 2",
    "done on Monday",
    "done by Friday",
    "Thursday 14:00?",
    "moved to Thursday 14:00 your time",
    "talk with Jonas next week",
    "I'll introduce them",
    'What does "done" mean?',
    "Let me know when it's done",
    "nothing done",
    "none of it is done",
    "undone",
    "done done done done but no",
    "I will introduce Jonas to Dana",
    "I did not introduce Jonas to Dana",
)


@pytest.mark.parametrize("asked", [SUMMARY, ONE, OWN, MANY, NEW], ids=["summary", "one", "own", "many", "new"])
@pytest.mark.parametrize("text", TRAPS)
def test_what_is_no_clear_answer_is_not_acted_upon(text: str, asked: Asked):
    assert understand(text, asked).said == ()


BOOKING_TRAPS = (
    "How was your career conversation with Jonas?",
    "I had a career conversation with Jonas yesterday",
    "The career conversation with Jonas went well",
    "career conversation with Jonas was great",
    "Don't book a career conversation with Jonas",
    "No career conversation with Jonas next week",
    "cancel the career conversation with Jonas",
    "If he wants, book a career conversation with Jonas",
    "Should I book a talk with Jonas?",
    "Why was a talk with Jonas booked?",
    "career conversation with Jonas, if he agrees",
    "career conversation with Jonas and Amara",
    "career conversation with Bob",
    "a career conversation",
    "pause",
    "stop",
    "resume",
    "Please don't pause Jonas",
    "Jonas wants to stop",
    "Jonas is done with the talks",
    "1 done",
    "Jonas",
)


@pytest.mark.parametrize("text", BOOKING_TRAPS)
def test_a_new_mail_that_is_no_clear_wish_is_not_acted_upon(text: str):
    assert understand(text, NEW).said == ()


BOTH = Asked("displaced", MAYA, (WITH_JONAS, WITH_AMARA), (), TUESDAY.start, NOW, None)

# What begins like an answer, the line that is asked about, and what is missing.
UNCLEAR = [
    (SUMMARY, "moved to Thursday", "moved to Thursday", WHICH_TIME),
    (SUMMARY, "Moved to", "Moved to", WHICH_TIME),
    (SUMMARY, "We postponed it.", "We postponed it.", WHICH_TIME),
    (SUMMARY, "moved to 14:00", "moved to 14:00", WHICH_DAY),
    (SUMMARY, "moved to next week 14:00", "moved to next week 14:00", WHICH_DAY),
    (SUMMARY, "moved to Thursday at half past eight", "moved to Thursday at half past eight", WHICH_TIME),
    (SUMMARY, "moved to Wednesday 14:00", "moved to Wednesday 14:00", TODAY_OR_IN_A_WEEK),
    (SUMMARY, "moved to 12 January 14:00", "moved to 12 January 14:00", WHICH_YEAR),
    (SUMMARY, "moved to 12 January 2027 14:00", "moved to 12 January 2027 14:00", PASSED),
    (SUMMARY, "moved to today 10:30", "moved to today 10:30", PASSED),
    (SUMMARY, "moved to Thursday 15 February 14:00", "moved to Thursday 15 February 14:00", TWO_READINGS),
    (SUMMARY, "moved to 31 February 14:00", "moved to 31 February 14:00", NO_SUCH_DAY),
    (SUMMARY, "Didn't happen, I think", "Didn't happen, I think", DOUBTFUL),
    (SUMMARY, "Tomorrow.\nNo contract this time.", "No contract this time.", CONTRADICTORY),
    (SUMMARY, "Didn't happen. Moved to the offsite.", "Didn't happen. Moved to the offsite.", DOUBTFUL),
    (ONE, "move to", "move to", UNDATED),
    (ONE, "Later", "Later", UNDATED),
    (ONE, "I need more time", "I need more time", UNDATED),
    (ONE, "by 31 February", "by 31 February", NO_SUCH_DAY),
    (ONE, "move to 12 January 2027", "move to 12 January 2027", PAST),
    (ONE, "by 12 January", "by 12 January", WHICH_YEAR),
    (ONE, "by Friday, 12 February 2026", "by Friday, 12 February 2026", TWO_READINGS),
    (ONE, "Done. Or maybe not.", "Done. Or maybe not.", DOUBTFUL),
    (ONE, "Done.\n\nWho checks that?", "Who checks that?", DOUBTFUL),
    (ONE, "done\nby Friday", "by Friday", CONTRADICTORY),
    (ONE, "Done. " + "It went very well and she was happy about it. " * 12, "Done. ", DOUBTFUL),
    (MANY, "done", "done", WHICH),
    (MANY, "It is done", "It is done", WHICH),
    (MANY, "by Friday", "by Friday", WHICH),
    (MANY, "drop it", "drop it", WHICH),
    (MANY, "4 done", "4 done", WHICH),
    (MANY, "0 done", "0 done", WHICH),
    (MANY, "both done", "both done", WHICH),
    (MANY, "2 later", "2 later", UNDATED),
    (MANY, "1 done, 1 drop", "1 done, 1 drop", CONTRADICTORY),
    (TWO_TEAMS, "pause", "pause", WHOM),
    (BOTH, "moved to Thursday 14:00", "moved to Thursday 14:00", WHOM),
]


@pytest.mark.parametrize(("asked", "text", "line", "missing"), UNCLEAR)
def test_what_is_missing_is_asked_about_and_nothing_is_done(asked: Asked, text: str, line: str, missing: str):
    understood = understand(text, asked)
    assert understood.said == ()
    assert [(q.line[: len(line)], q.missing) for q in understood.unclear] == [(line, missing)]


def test_what_is_clear_is_done_and_the_rest_is_asked_about():
    understood = understand("1 done\n2 by 31 February\n3 drop: she left", MANY)
    assert [brief(said, MANY) for said in understood.said] == ["done 1", "drop 3 (she left)"]
    assert [(q.line, q.number, q.missing) for q in understood.unclear] == [("2 by 31 February", 2, NO_SUCH_DAY)]


def test_a_doubt_holds_back_its_line_and_what_names_nothing_but_no_other_line():
    understood = understand("1 done\n2 done, I think", MANY)
    assert [brief(said, MANY) for said in understood.said] == ["done 1"]
    assert [q.line for q in understood.unclear] == ["2 done, I think"]


def test_two_with_the_same_telling_word_are_asked_about():
    talks = tuple((WITH_JONAS, Commitment("report", text, id=f"jonas-{n}")) for n, text in enumerate(TALKS))
    asked = replace(MANY, commitments=talks)
    assert [q.missing for q in understand("the talk is done", asked).unclear] == [WHICH]
    assert briefly("the Berlin talk is done", asked) == ["done 2"]


TALKS = ("Give a talk in Lisbon", "Give a talk in Berlin")


def test_commitments_of_several_people_are_told_apart_by_their_numbers():
    assert briefly("1 done, 2 next week", TWO_TEAMS) == ["done Jonas 1", "move Amara 2 2027-01-22"]


def test_in_a_new_mail_a_number_means_nothing_and_words_do():
    asked = replace(NEW, commitments=MANY.commitments)
    assert understand("1 done", asked) == understand("done", asked) == Understood()
    assert briefly("the on-call rota is done", asked) == ["done Jonas 1"]


def test_a_new_mails_subject_counts_as_its_first_line():
    wish = ["book Jonas (He has an offer)"]
    assert briefly("He has an offer.", NEW, "Career conversation with Jonas") == wish
    assert briefly("", NEW, "Career conversation with Jonas, he has an offer") == ["book Jonas (he has an offer)"]
    assert briefly("next week please", NEW, "Re: Career conversation with Jonas") == []


@pytest.mark.parametrize("told", ["It went really well", "We talked yesterday", "Cancelled", "Why?"])
def test_a_tale_of_having_met_is_no_wish_to_meet(told: str):
    assert understand(told, NEW, "Career conversation with Jonas").said == ()


def test_in_an_answer_the_subject_counts_only_where_there_is_no_text():
    assert briefly(" \n", ONE, "done") == ["done"]
    assert briefly("not yet", ONE, "done") == ["not-yet"]
    assert briefly("", ONE, "Re: done") == []


def test_a_name_that_two_have_is_asked_about():
    other = Series(MAYA, replace(JONAS, name="Jonas Berg", email="berg@example.com"))
    asked = replace(NEW, series=(WITH_JONAS, other))
    assert [q.missing for q in understand("pause Jonas until May", asked).unclear] == [WHOM]
    assert [said.series for said in understand("pause Jonas Berg until May", asked).said] == [other]


@pytest.mark.parametrize(
    ("said", "at"),
    [
        *(("14:00", "14:00"), ("14.30", "14:30"), ("2pm", "14:00"), ("12am", "00:00"), ("12 pm", "12:00")),
        *(("9:30", "09:30"), ("8:00", "08:00"), ("18:30", "18:30"), ("2:30", "14:30"), ("at 9", "09:00")),
        *(("at 4", "16:00"), ("02:30", ""), ("at 8", ""), ("25:00", ""), ("13pm", ""), ("half past twelve", "12:30")),
        *(
            ("quarter to one", "12:45"),
            ("half past thirteen", ""),
            ("14h", "14:00"),
            ("noon", "12:00"),
            ("at 0", "00:00"),
        ),
    ],
)
def test_a_time_of_the_day_is_the_one_that_is_certain_or_none(said: str, at: str):
    found = time_of(said, MAYA)
    assert (f"{found:%H:%M}" if found else "") == at


def test_a_moment_is_meant_in_the_zone_of_whoever_says_it():
    asked = replace(SUMMARY, person=replace(MAYA, timezone="America/Los_Angeles"))
    assert understand("moved to 12 July 14:00", asked).said[0].moment == datetime(2027, 7, 12, 21, tzinfo=UTC)


HEADED = """\
Jonas's commitments
- Give a talk by 12 February
"""
TALK = Contract((Commitment("report", "Give a talk", date(2027, 2, 12)),))


@pytest.mark.parametrize(
    "text",
    [
        HEADED,
        f"Hi,\n\n{HEADED}\nThanks!\nMaya",
        f"{HEADED}\n\nBest regards\nMaya Lindqvist\nHead of Platform",
        f"{HEADED}\nMaya",
        "jonas: give a talk by 12 feb\nme: introduce him to Dana by Friday".replace(
            "me: introduce", "jonas: introduce"
        ),
        "Jonas\n- Give a talk by 12 February",
        "**Their commitments**\n1. Give a talk by 12 Feb",
    ],
)
@pytest.mark.parametrize("asked", [SUMMARY, replace(SUMMARY, kind="answer")], ids=["summary", "answer"])
def test_a_contract_is_one_however_it_is_handed_in(text: str, asked: Asked):
    said = understand(text, asked).said
    assert [(one.verb, one.series) for one in said] == [("contract", WITH_JONAS)]
    parsed = parse(said[0].line, WITH_JONAS, NOW.date())
    assert parsed.questions == ()
    assert parsed.contract.commitments[0].text.lower() == "give a talk"
    assert len(parsed.contract.questions) == 0


def test_bullets_without_a_heading_are_a_contract_where_one_was_asked_for():
    text = "- Give a talk by 12 February\n- Rest"
    assert [said.verb for said in understand(text, SUMMARY).said] == ["contract"]
    assert understand(text, MANY).said == ()


@pytest.mark.parametrize("kind", ["contract", "review", "prepare", "due", "displaced", "summary-overdue"])
def test_a_contract_under_its_headings_is_one_in_answer_to_whatever_mail(kind: str):
    assert [said.verb for said in understand(HEADED, replace(MANY, kind=kind)).said] == ["contract"]


def test_a_report_hands_in_no_contract():
    assert understand(HEADED, OWN).said == ()


def test_what_is_said_above_a_contract_counts_too():
    text = f"The goals have changed.\n\n{HEADED}"
    assert [said.verb for said in understand(text, MANY).said] == ["changed", "contract"]


def test_whatever_else_stands_above_a_contract_is_left_to_be_asked_about():
    said = understand(f"She cried.\n\n{HEADED}", SUMMARY).said
    assert [q.line for q in parse(said[0].line, WITH_JONAS, NOW.date()).questions] == ["She cried."]


def test_above_the_form_as_it_was_sent_a_short_answer_is_all_that_is_said():
    assert briefly(f"Didn't happen.\n\n{form(AGREED, WITH_JONAS)}", SUMMARY) == ["missed"]
    assert briefly(f"Tomorrow\n\n{form(None, WITH_JONAS)}", replace(SUMMARY, contract=None)) == [
        "later until 2027-01-14"
    ]


def test_no_session_and_a_new_contract_contradict_each_other():
    understood = understand(f"Didn't happen.\n\n{HEADED}", SUMMARY)
    assert understood.said == ()
    assert [q.missing for q in understood.unclear] == [CONTRADICTORY]


@pytest.mark.parametrize("series", [(WITH_JONAS,), (WITH_JONAS, WITH_AMARA)])
def test_an_empty_form_says_nothing(series: tuple[Series, ...]):
    assert understand(form(None, WITH_JONAS), replace(SUMMARY, series=series)).said == ()


@pytest.mark.parametrize(
    ("subject", "text"),
    [
        ("", f"Contract with Jonas:\n\n{HEADED}"),
        ("", "Contract with Jonas:\n\nTheir commitments\n- Give a talk by 12 February"),
        ("Contract with Jonas", "Their commitments\n- Give a talk by 12 February"),
        ("Summary of our talk with Jonas Weber", "My commitments\n- Give a talk by 12 February"),
        ("", HEADED),
    ],
)
def test_in_a_new_mail_a_contract_is_with_whom_it_names(subject: str, text: str):
    said = understand(text, NEW, subject).said
    assert [(one.verb, one.series) for one in said] == [("contract", WITH_JONAS)]
    assert parse(said[0].line, WITH_JONAS, NOW.date()).questions == ()


def test_a_contract_that_names_nobody_is_asked_about():
    understood = understand("My commitments\n- Give a talk by Friday", NEW)
    assert understood.said == ()
    assert [(q.line, q.missing) for q in understood.unclear] == [("My commitments", WHOM)]


def test_a_contract_is_read_as_far_as_anybody_could_keep_it():
    text = "My commitments\n" + "".join(f"- Read book {n} by Friday\n" for n in range(400))
    parsed = parse(text, WITH_JONAS, NOW.date())
    assert len(parsed.contract.commitments) == 299
    assert [(q.line, q.number, q.missing) for q in parsed.questions] == [("- Read book 299 by Friday", 301, TOO_LONG)]
    assert parse(understand(text, SUMMARY).said[0].line, WITH_JONAS, NOW.date()) == parsed


HOSTILE = [
    "<script>alert(1)</script>",
    "{{ topic.note }}{% raw %}",
    "x\x00y\x1b[31m",
    "a\rBcc: all@example.com",
    "a" * 390,
]


@pytest.mark.parametrize("text", HOSTILE)
def test_a_reason_is_one_short_line_of_text_whatever_it_holds(text: str):
    reason = understand(f"drop: {text}", ONE).said[0].reason
    assert len(reason) <= 400
    assert reason.isprintable()


def test_only_what_the_writer_wrote_is_in_the_reason():
    assert understand("drop: <b>Dana</b> & {{ she }} left", ONE).said[0].reason == "<b>Dana</b> & {{ she }} left"


WORDS = """done not yet by Friday 12 March Q2 move to drop: because 1 2, 3. all the rest on-call rota it ? ! . , - ( )
and but moved Thursday 14:00 2pm at half past pause until Jonas Maya's commitments - stop later tomorrow contract with
career conversation book thanks hi 👍 ✅ ’ שלום ſ İ ٣ 99 jonas-1 for weeks no new time: > [x] İst PS: -- Best
"""
LINES = ["\n", "\n\n", "\n- ", "\nJonas's commitments\n", "\x00", "\u2028", "\r"]
words = st.sampled_from([*WORDS.split(), *LINES])
askeds = st.sampled_from([SUMMARY, ONE, OWN, MANY, TWO_TEAMS, NEW, BOTH, replace(MANY, kind="answer", session=NOW)])


@given(st.lists(words, max_size=30).map(" ".join) | st.text(), askeds, st.text(max_size=20) | st.just("done"))
def test_no_text_makes_it_fail_and_all_that_it_says_is_about_what_was_asked(text: str, asked: Asked, subject: str):
    understood = understand(text, asked, subject)
    assert all(said.series in asked.series for said in understood.said)
    known = [*asked.commitments, *((series, None) for series in asked.series)]
    assert all((said.series, said.commitment) in known for said in understood.said)
    assert all(said.reason.isprintable() and len(said.reason) <= 400 for said in understood.said)
    assert all(q.missing and "\n" not in q.line for q in understood.unclear)


@given(st.lists(words, max_size=12).map(" ".join), st.datetimes(datetime(2001, 1, 1), datetime(2150, 1, 1)), askeds)
def test_every_date_that_is_understood_lies_ahead(text: str, now: datetime, asked: Asked):
    asked = replace(asked, now=now.replace(tzinfo=UTC))
    for said in understand(text, asked).said:
        assert said.moment is None or said.moment > asked.now
        assert said.day is None or said.day >= asked.today
        assert said.until is None or said.until >= asked.today


@given(st.datetimes(datetime(2027, 1, 15), datetime(2027, 11, 1)), st.sampled_from(["en", "en_US", "en_GB"]))
def test_a_moment_as_our_mails_write_it_is_understood(local: datetime, language: str):
    """What a button begins with "Moved to" and a time, and what is typed off a mail."""
    local = local.replace(hour=7 + local.hour % 14, second=0, microsecond=0)
    moment = resolve(local, MAYA.zone)
    asked = replace(SUMMARY, kind="passed-on", person=replace(MAYA, language=language))
    said = understand(f"Moved to {Telling(asked.person, NOW, language).when(moment)}", asked).said
    assert [(one.verb, one.moment) for one in said] == [("moved", moment)]


LONG = [
    "done, ",
    "1 done, ",
    "a, ",
    "not ",
    "yes ",
    "by ",
    "1 ",
    "- ",
    "? ",
    "\n",
    "> x\n",
    "jonas: x\n",
    "[x] ",
    "x",
    "( ",
]


@pytest.mark.parametrize("bit", [*LONG, "Their commitments\n- a by friday\n", "the 12th of march ", "moved to 1:1 "])
def test_a_huge_text_is_understood_in_time(bit: str):
    """The clock is not asked: with a cost that grew with the square, this would not end within the test run."""
    for asked in (SUMMARY, MANY, NEW):
        assert len(understand(bit * 300_000, asked).said) <= 1


@given(st.data())
def test_a_contract_that_is_written_comes_back_as_it_was(data: st.DataObject):
    """Whatever can be expressed: as the form that was filled in, as text, with words around it."""
    contract = data.draw(agreements)
    text = data.draw(st.sampled_from([form, render]))(contract, WITH_JONAS)
    above, below = (
        data.draw(st.sampled_from(["", "Hi,\n\n", "Thanks!\n"])),
        data.draw(st.sampled_from(["", "\nBest\nMaya"])),
    )
    said = understand(f"{above}{text}{below}", SUMMARY).said
    assert [one.verb for one in said] == ["contract"]
    assert parse(said[0].line, WITH_JONAS, NOW.date()).contract == contract


ITEMS = "rota talk by before Friday 12 Feb next week 1. [x] ( ) – , : Jonas Maya İ é שלום 🙂 thanks hi best"
items = st.lists(st.sampled_from(ITEMS.split()), min_size=1, max_size=6).map(" ".join)
texts = (
    (items | st.text(min_size=1))
    .map(lambda text: " ".join(text.split()))
    .filter(lambda text: text and not text.startswith("["))
)
days = st.dates(date(2000, 1, 1), date(2150, 12, 31))
agreements = st.builds(
    lambda report, manager, reviews, questions: Contract((*report, *manager), tuple(reviews), tuple(questions)),
    st.lists(st.builds(Commitment, st.just("report"), texts, st.none() | days), max_size=3),
    st.lists(st.builds(Commitment, st.just("manager"), texts, st.none() | days), max_size=3),
    st.lists(st.builds(Review, texts, days.map(lambda day: day.replace(day=1))), max_size=2),
    st.lists(texts, max_size=2),
).filter(lambda contract: contract.commitments or contract.reviews or contract.questions)
