"""Contracts as people type them, and what becomes of them. The tables are the documentation."""

# ruff: noqa: RUF001 (people type en dashes and curly apostrophes)
import json
from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from careermail.mail import contract as contracts
from careermail.mail.contract import (
    WHICH_HEADING,
    WHICH_PART,
    WHOSE,
    Changes,
    Question,
    amend,
    changes,
    form,
    parse,
    render,
)
from careermail.mail.dates import PAST, UNDATED
from careermail.mail.phrases import NO_SUCH_DAY
from careermail.model import Commitment, Contract, Person, Review, Series
from careermail.plan.history import contract_of, to_data

TUESDAY = date(2027, 1, 12)
FRIDAY, FEBRUARY, MARCH = date(2027, 1, 15), date(2027, 2, 12), date(2027, 3, 31)
MAYA = Person("Maya Lindqvist", "maya@example.com")
JONAS = Person("Jonas Weber", "jonas@example.com")
PAIR = Series(MAYA, JONAS)

DESIGNED = """\
Jonas's commitments
- Shadow the platform on-call rota by 12 February 2027
- Write up the incident review format by end of March

Maya's commitments
- Introduce Jonas to Dana Ortiz by Friday

What we will review
- In April: how the on-call weeks felt

The open question
- Whether a staff role is realistic within two years
"""
AGREED = Contract(
    commitments=(
        Commitment("report", "Shadow the platform on-call rota", FEBRUARY),
        Commitment("report", "Write up the incident review format", MARCH),
        Commitment("manager", "Introduce Jonas to Dana Ortiz", FRIDAY),
    ),
    reviews=(Review("how the on-call weeks felt", date(2027, 4, 1)),),
    questions=("Whether a staff role is realistic within two years",),
)
PLAYBOOK = """\
Their commitments:
- Shadow the platform on-call rota by 12 February
- Write up the incident review format by end of March
Manager's commitments:
- Introduce Jonas to Dana Ortiz by Friday
What we will review:
- In April, how the on-call weeks felt
The open question we are sitting with:
- Whether a staff role is realistic within two years
"""
MARKED = """\
# Development contract

## **Jonas’ commitments**
1. [ ] Shadow the platform on-call rota (12 Feb)
2. [ ] Write up the incident review format (31 March)

__MY COMMITMENTS__
* Introduce Jonas to Dana Ortiz – by Friday

### 3. To review:
• April: how the on-call weeks felt

Open Questions
==============
+ Whether a staff role is realistic within two years
"""
QUOTED = "".join(f"> {line}\n" for line in DESIGNED.splitlines())
INDENTED = "".join(f"    {line}\r\n" for line in DESIGNED.splitlines())
TYPED = """\
jonas commitments   \n\
shadow the platform on-call rota by 12 feb\t
write up the incident review format by end of march

my commitments
introduce jonas to dana ortiz by friday

review
in april: how the on-call weeks felt

open question
whether a staff role is realistic within two years"""
ON_A_PHONE = """\
jonas: shadow the platform on-call rota by 12 feb
write up the incident review format by end of march
me: introduce jonas to dana ortiz by friday
review: in april: how the on-call weeks felt
open question: whether a staff role is realistic within two years"""
SAID = """\
Jonas will shadow the platform on-call rota by 12 Feb
Jonas will write up the incident review format by end of March
I'll introduce Jonas to Dana Ortiz by Friday
What we will review: In April: how the on-call weeks felt
Open question - whether a staff role is realistic within two years"""
WRAPPED = """\
Jonas Weber's commitments
- Shadow the platform
  on-call rota
  by 12 February
- Write up the incident review format by end of
  March
Maya Lindqvist's commitments
- Introduce Jonas to Dana Ortiz
  by Friday
What we will review
- In April: how the on-call weeks
  felt
The open question
- Whether a staff role is realistic within two
  years"""


def lowered(contract: Contract) -> Contract:
    """The contract without its letters' case, which is the writer's."""
    return Contract(
        tuple(replace(c, text=c.text.lower()) for c in contract.commitments),
        tuple(replace(r, text=r.text.lower()) for r in contract.reviews),
        tuple(q.lower() for q in contract.questions),
    )


@pytest.mark.parametrize("text", [DESIGNED, PLAYBOOK, MARKED, QUOTED, INDENTED, WRAPPED, "\ufeff" + DESIGNED])
def test_however_it_is_written_the_contract_is_the_same(text: str):
    parsed = parse(text, PAIR, TUESDAY)
    assert parsed.contract == AGREED
    assert parsed.questions == ()


@pytest.mark.parametrize("text", [TYPED, ON_A_PHONE, SAID, DESIGNED.upper()])
def test_however_hastily_it_is_typed_the_contract_is_the_same(text: str):
    parsed = parse(text, PAIR, TUESDAY)
    assert lowered(parsed.contract) == lowered(AGREED)
    assert parsed.questions == ()


@pytest.mark.parametrize(
    ("owner", "headings"),
    [
        ("report", ["Jonas's commitments", "Jonas' commitments", "Jonas commitments", "Jonass commitments"]),
        ("report", ["Jonas’s commitments", "Jonas Weber's commitments", "JONAS WEBER’S COMMITMENTS:", "Jonas:"]),
        ("report", ["Their commitments", "The report's commitments", "Jonas will", "Commitments: Jonas", "Jonas"]),
        ("report", ["# Their commitments", "**Jonas's commitments**", "**Jonas's commitments:**", "__Jonas__:"]),
        ("report", ["1. Their commitments", "> Their commitments", "2) *Jonas's commitments*", "Jónas's commitments"]),
        ("manager", ["Maya's commitments", "Mayas commitments", "Maya commitments", "Maya Lindqvist’s commitments :"]),
        ("manager", ["Manager's commitments", "Managers commitments", "My commitments", "MY COMMITMENTS", "I will"]),
        ("manager", ["I'll", "I’ll:", "I will:", "Me", "me:", "## **My commitments**", "Commitments of Maya"]),
    ],
)
def test_a_heading_tells_whose_the_commitments_are(owner: str, headings: list[str]):
    for heading in headings:
        parsed = parse(f"{heading}\n- Give a talk by Friday", PAIR, TUESDAY)
        assert parsed == contracts.Parsed(Contract((Commitment(owner, "Give a talk", FRIDAY),))), heading


@pytest.mark.parametrize(
    "heading",
    [
        *(
            "What we will review",
            "what we'll review:",
            "**What we will review**",
            "Review",
            "To review",
            "We will review",
        ),
        *("# WHAT WE WILL REVIEW", "3. What we will review:"),
    ],
)
def test_a_heading_opens_the_reviews(heading: str):
    assert parse(f"{heading}\n- the rota", PAIR, TUESDAY).contract == Contract(reviews=(Review("the rota"),))


@pytest.mark.parametrize(
    "heading",
    [
        *("The open question", "The open question we are sitting with", "The open question we’re sitting with:"),
        *("Open questions", "the open questions", "**Open question**"),
    ],
)
def test_a_heading_opens_the_open_questions(heading: str):
    assert parse(f"{heading}\n- Staff role?", PAIR, TUESDAY).contract == Contract(questions=("Staff role?",))


@pytest.mark.parametrize(
    "bullet",
    ["- ", "* ", "• ", "– ", "— ", "+ ", "1. ", "1) ", "12. ", "", "[ ] ", "- [ ] ", "-", "•", "  - ", "\t* ", "-\t"],
)
def test_an_item_is_one_with_any_bullet_and_with_none(bullet: str):
    parsed = parse(f"My commitments\n{bullet}Give a talk by Friday\n{bullet}Rest by Friday", PAIR, TUESDAY)
    assert [c.text for c in parsed.contract.commitments] == ["Give a talk", "Rest"]


@pytest.mark.parametrize("line", ["-", "- ", "•", "1.", "[ ]", "- [ ] ", "---", "=====", "***", " \t "])
def test_an_empty_bullet_and_a_rule_are_nothing(line: str):
    assert parse(f"My commitments\n{line}\n", PAIR, TUESDAY) == contracts.Parsed(Contract())


def test_a_ticked_item_is_done_and_a_crossed_one_dropped():
    parsed = parse("My commitments\n- [x] Give a talk by Friday\n- [-] Find a mentor", PAIR, TUESDAY)
    assert parsed == contracts.Parsed(
        Contract(
            (
                Commitment("manager", "Give a talk", FRIDAY, state="done", settled=TUESDAY),
                Commitment("manager", "Find a mentor", state="dropped", settled=TUESDAY),
            )
        )
    )


def test_a_line_that_a_mail_program_broke_is_one_item():
    text = "My commitments\n- Introduce Jonas to Dana Ortiz, who made the very same move two\nyears ago, by Friday"
    commitment = Commitment(
        "manager", "Introduce Jonas to Dana Ortiz, who made the very same move two years ago", FRIDAY
    )
    assert parse(text, PAIR, TUESDAY).contract == Contract((commitment,))


def test_each_side_keeps_its_order_and_the_report_comes_first():
    parsed = parse("me: rest by friday\njonas: give a talk by friday\nme: find dana by friday", PAIR, TUESDAY)
    assert [(c.owner, c.text) for c in parsed.contract.commitments] == [
        ("report", "give a talk"),
        ("manager", "rest"),
        ("manager", "find dana"),
    ]


def test_a_box_after_the_date_is_no_part_of_the_text():
    parsed = parse("My commitments\n- By Friday: [ ] Give a talk", PAIR, TUESDAY)
    assert parsed.contract == Contract((Commitment("manager", "Give a talk", FRIDAY),))


def test_under_a_heading_a_bullet_that_begins_with_a_name_is_an_item_of_that_heading():
    parsed = parse("Maya's commitments\n- Jonas: find him a mentor by Friday", PAIR, TUESDAY)
    assert parsed.contract == Contract((Commitment("manager", "Jonas: find him a mentor", FRIDAY),))


# A text, the one thing that is asked about it (line, number, what is missing), and what stands in the contract.
ASKED = [
    (
        "My commitments\n\n- Give a talk",
        ("- Give a talk", 3, UNDATED),
        Contract((Commitment("manager", "Give a talk"),)),
    ),
    (
        "My commitments\n- Give a talk by 31 February",
        ("- Give a talk by 31 February", 2, NO_SUCH_DAY),
        Contract((Commitment("manager", "Give a talk by 31 February"),)),
    ),
    (
        "My commitments\n- Give a talk by 12 February 2026",
        ("- Give a talk by 12 February 2026", 2, PAST),
        Contract((Commitment("manager", "Give a talk", date(2026, 2, 12)),)),
    ),
    (
        "My commitments\n- by Friday",
        ("- by Friday", 2, UNDATED),
        Contract((Commitment("manager", "by Friday"),)),
    ),
    ("- Give a talk by Friday", ("- Give a talk by Friday", 1, WHOSE), Contract(questions=("Give a talk by Friday",))),
    ("give a talk by friday", ("give a talk by friday", 1, WHOSE), Contract(questions=("give a talk by friday",))),
    ("- Give a talk", ("- Give a talk", 1, WHICH_PART), Contract(questions=("Give a talk",))),
    ("That was a good talk.", ("That was a good talk.", 1, WHICH_PART), Contract()),
    ("Dana's commitments", ("Dana's commitments", 1, WHICH_HEADING), Contract()),
    ("My commitments\nNext steps:\n", ("Next steps:", 2, WHICH_HEADING), Contract()),
]


@pytest.mark.parametrize(("text", "asked", "contract"), ASKED)
def test_what_is_missing_is_asked_about_and_the_rest_is_kept(
    text: str, asked: tuple[str, int, str], contract: Contract
):
    assert parse(text, PAIR, TUESDAY) == contracts.Parsed(contract, (Question(*asked),))


def test_a_line_that_is_not_understood_loses_nothing_of_the_others():
    parsed = parse(DESIGNED.replace("\nWhat we", "- Find a mentor by Easter\n\nWhat we"), PAIR, TUESDAY)
    mentor = Commitment("manager", "Find a mentor by Easter")
    assert parsed.contract == replace(AGREED, commitments=(*AGREED.commitments, mentor))
    assert parsed.questions == (Question("- Find a mentor by Easter", 7, UNDATED),)


def test_items_under_an_unknown_heading_are_given_to_nobody():
    parsed = parse("My commitments\n- Rest by Friday\nDana's commitments\n- Give a talk by Friday", PAIR, TUESDAY)
    assert parsed.contract == Contract((Commitment("manager", "Rest", FRIDAY),), questions=("Give a talk by Friday",))
    assert [q.missing for q in parsed.questions] == [WHICH_HEADING, WHOSE]


NAMESAKES = Series(replace(MAYA, name="Jonas Lindqvist"), JONAS)
TWINS = Series(replace(MAYA, name="Jonas Weber"), JONAS)


@pytest.mark.parametrize(
    ("series", "heading", "owner"),
    [
        (NAMESAKES, "Jonas Lindqvist's commitments", "manager"),
        (NAMESAKES, "Jonas Weber's commitments", "report"),
        (NAMESAKES, "My commitments", "manager"),
        (TWINS, "Their commitments", "report"),
        (TWINS, "Manager's commitments", "manager"),
    ],
)
def test_with_one_first_name_full_names_decide_or_roles(series: Series, heading: str, owner: str):
    parsed = parse(f"{heading}\n- Rest by Friday", series, TUESDAY)
    assert parsed == contracts.Parsed(Contract((Commitment(owner, "Rest", FRIDAY),)))


@pytest.mark.parametrize(
    ("series", "heading"),
    [(NAMESAKES, "Jonas's commitments"), (TWINS, "Jonas's commitments"), (TWINS, "Jonas Weber's commitments")],
)
def test_a_name_that_both_have_is_asked_about(series: Series, heading: str):
    parsed = parse(f"{heading}\n- Rest by Friday", series, TUESDAY)
    assert parsed.contract == Contract(questions=("Rest by Friday",))
    assert parsed.questions[0] == Question(heading, 1, WHICH_HEADING)


def test_the_language_of_the_writer_tells_how_figures_are_read():
    text = "My commitments\n- Rest by 12/02"
    american = Series(replace(MAYA, language="en_US"), JONAS)
    due = [
        parse(text, american, TUESDAY).contract.commitments[0].due,
        parse(text, american, TUESDAY, language="en_GB").contract.commitments[0].due,
        parse(text, PAIR, TUESDAY).contract.commitments[0].due,
    ]
    assert due == [date(2027, 12, 2), date(2027, 2, 12), date(2027, 2, 12)]


def test_the_form_is_that_of_the_design():
    assert render(AGREED, PAIR) == (
        DESIGNED.replace("end of March", "31 March 2027")
        .replace("Friday", "15 January 2027")
        .replace("April", "April 2027")
    )


def test_an_empty_part_is_left_out_of_the_text_and_has_an_empty_bullet_in_the_form():
    contract = Contract((Commitment("manager", "Rest", FRIDAY),))
    assert render(contract, PAIR) == "Maya's commitments\n- Rest by 15 January 2027\n"
    assert form(contract, PAIR) == (
        "Jonas's commitments\n- \n\nMaya's commitments\n- Rest by 15 January 2027\n\n"
        "What we will review\n- \n\nThe open question\n- \n"
    )


def test_the_form_holds_what_is_still_open_and_the_text_marks_the_rest_if_asked():
    contract = Contract(
        (
            Commitment("report", "Rest", FRIDAY, state="done"),
            Commitment("report", "Find a mentor", state="dropped"),
            Commitment("report", "Give a talk", FRIDAY),
        )
    )
    still_open = "Jonas's commitments\n- Give a talk by 15 January 2027\n"
    assert form(contract, PAIR).startswith(still_open)
    assert render(contract, PAIR) == still_open
    assert render(contract, PAIR, settled=True) == (
        "Jonas's commitments\n- [x] Rest by 15 January 2027\n- [-] Find a mentor\n- Give a talk by 15 January 2027\n"
    )


@pytest.mark.parametrize("series", [PAIR, NAMESAKES, TWINS, Series(replace(MAYA, language="en_US"), JONAS)])
def test_an_empty_form_is_an_empty_contract(series: Series):
    assert parse(form(None, series), series, TUESDAY) == contracts.Parsed(Contract())


def test_headings_name_people_as_briefly_as_tells_them_apart():
    headings = [render(AGREED, series).splitlines()[0] for series in (PAIR, NAMESAKES, TWINS)]
    assert headings == ["Jonas's commitments", "Jonas Weber's commitments", "Their commitments"]


@pytest.mark.parametrize(
    ("commitment", "line"),
    [
        (Commitment("report", "Rest by Friday"), "- Rest by Friday (no date)"),
        (Commitment("report", "Rest by Friday", FRIDAY), "- Rest by Friday by 15 January 2027"),
        (Commitment("report", "Rest,", FRIDAY), "- Rest, (by 15 January 2027)"),
        (Commitment("report", "Pay what is due", FRIDAY), "- Pay what is due (by 15 January 2027)"),
        (Commitment("report", "Rest by\nEaster"), "- Rest by Easter"),
    ],
)
def test_a_text_that_could_be_misread_is_written_so_that_it_is_not(commitment: Commitment, line: str):
    assert render(Contract((commitment,)), PAIR).splitlines()[1] == line


WORDS = """
by before on in (by Friday) Friday 12 Feb February March 2026 Q2 end of the month next week due - – : , . ( ) 1. * [x]
Jonas: Jonas's commitments Maya me I will review the open question שלום عربى Ω é 🙂 İ a b (no date) by: >
"""
words = st.sampled_from(WORDS.split())
texts = st.lists(words, min_size=1, max_size=8).map(" ".join) | st.text(min_size=1)
days = st.dates(date(2000, 1, 1), date(2150, 12, 31))
months = days.map(lambda day: day.replace(day=1))
expressible = texts.map(lambda text: " ".join(text.split())).filter(lambda text: text and not text.startswith("["))
pairs = st.sampled_from([PAIR, NAMESAKES, TWINS])
agreements = st.builds(
    lambda report, manager, reviews, questions: Contract((*report, *manager), tuple(reviews), tuple(questions)),
    st.lists(st.builds(Commitment, st.just("report"), expressible, st.none() | days), max_size=3),
    st.lists(st.builds(Commitment, st.just("manager"), expressible, st.none() | days), max_size=3),
    st.lists(st.builds(Review, expressible, months), max_size=2),
    st.lists(expressible, max_size=2),
)


@given(agreements, pairs, days, st.sampled_from(["en", "en_US", "en-GB"]))
def test_what_is_written_reads_back_the_same(contract: Contract, series: Series, on: date, language: str):
    assert parse(render(contract, series, language=language), series, on, language=language).contract == contract


lines = st.lists(words | st.sampled_from(["\n", "\n- ", "\n  ", "\nMy commitments\n", "\nReview:\n"]), max_size=40)


@given(lines.map(" ".join) | st.text(), pairs, days)
def test_any_text_can_be_read_and_what_was_read_reads_back_the_same(text: str, series: Series, on: date):
    contract = parse(text, series, on).contract
    assert parse(render(contract, series, settled=True), series, on).contract == contract


@given(lines, st.integers(0, 40), pairs)
def test_no_line_is_lost(before: list[str], place: int, series: Series):
    """Whatever stands around it, a word that is no heading's is found again: in the contract, or in what is asked."""
    bits = [*before[:place], "Zanzibar", *before[place:]]
    parsed = parse(" ".join(bits), series, TUESDAY)
    assert "Zanzibar" in json.dumps(to_data(parsed.contract)) + "".join(q.line for q in parsed.questions)


@given(st.text(), st.dates(), st.sampled_from(["en", "en_US", "de", "", "x-y"]))
def test_no_text_makes_it_fail(text: str, on: date, language: str):
    parsed = parse(text, PAIR, on, language=language)
    assert all(text.splitlines() and question.number >= 1 for question in parsed.questions)


@pytest.mark.parametrize(
    "text", ["x" * 10**6, "by friday " * 10**5, " " * 10**6, "[ ] " * 10**5, "- a\n" + " b\n" * 10**4]
)
def test_a_huge_text_is_read_in_time(text: str):
    """The clock is not asked: with a cost that grew with the square, this would not end within the test run."""
    parsed = parse("My commitments\n" + text, PAIR, TUESDAY)
    assert len(parsed.contract.commitments) <= 1


FIRST = amend(None, AGREED, PAIR, TUESDAY, number=1)


def test_a_first_version_numbers_its_commitments():
    assert FIRST.version == 1
    assert [(c.id, c.agreed) for c in FIRST.commitments] == [
        ("jonas-1", TUESDAY),
        ("jonas-2", TUESDAY),
        ("jonas-3", TUESDAY),
    ]


APRIL = date(2027, 4, 13)


def test_a_commitment_of_the_same_words_is_the_same():
    """Case, spaces and the full stop at the end do not count; what is known of it is carried over."""
    old = replace(FIRST, commitments=(replace(FIRST.commitments[0], moves=2),))
    new = Contract((Commitment("report", "shadow the  platform on-call Rota.", FEBRUARY),))
    assert amend(old, new, PAIR, APRIL, number=4) == Contract(
        (Commitment("report", "shadow the  platform on-call Rota.", FEBRUARY, "jonas-1", TUESDAY, moves=2),), version=2
    )


def test_a_commitment_with_another_date_is_moved():
    new = Contract((Commitment("manager", "Introduce Jonas to Dana Ortiz", date(2027, 5, 3)),))
    assert amend(FIRST, new, PAIR, APRIL, number=4).commitments == (
        Commitment("manager", "Introduce Jonas to Dana Ortiz", date(2027, 5, 3), "jonas-3", APRIL, moves=1),
    )


def test_the_same_words_of_the_other_side_are_another_commitment():
    new = Contract((Commitment("report", "Introduce Jonas to Dana Ortiz", FRIDAY),))
    assert amend(FIRST, new, PAIR, APRIL, number=4).commitments[0].id == "jonas-4"


def test_a_number_is_given_once_even_to_twins():
    new = Contract((AGREED.commitments[0], AGREED.commitments[0], Commitment("report", "Rest", FRIDAY)))
    assert [c.id for c in amend(FIRST, new, PAIR, APRIL, number=4).commitments] == ["jonas-1", "jonas-4", "jonas-5"]


def test_what_was_done_stays_done_and_agreed_again_for_another_date_it_is_new():
    done = replace(FIRST.commitments[2], state="done", settled=FRIDAY)
    old = replace(FIRST, commitments=(done,))
    assert amend(old, Contract((AGREED.commitments[2],)), PAIR, APRIL, number=4).commitments == (done,)
    again = Commitment("manager", "Introduce Jonas to Dana Ortiz", date(2027, 5, 3))
    assert amend(old, Contract((again,)), PAIR, APRIL, number=4).commitments == (
        replace(again, id="jonas-4", agreed=APRIL),
    )


def test_a_tick_in_the_form_settles_a_commitment():
    new = parse("Jonas\n- [x] Shadow the platform on-call rota by 12 February 2027", PAIR, APRIL).contract
    second = amend(FIRST, new, PAIR, APRIL, number=4)
    assert second.commitments == (replace(FIRST.commitments[0], state="done", settled=APRIL),)
    assert changes(FIRST, second).settled == second.commitments


def test_what_sets_two_versions_apart_is_told():
    moved = replace(AGREED.commitments[0], due=date(2027, 5, 3))
    new = Contract(
        (moved, AGREED.commitments[2], Commitment("report", "Rest", FRIDAY)), (Review("the rota"),), ("A new question",)
    )
    second = amend(FIRST, new, PAIR, APRIL, number=4)
    assert changes(FIRST, second) == Changes(
        added=(second.commitments[2],),
        removed=(FIRST.commitments[1],),
        moved=((FIRST.commitments[0], second.commitments[0]),),
        questions_added=("A new question",),
        questions_removed=AGREED.questions,
        reviews_added=(Review("the rota"),),
        reviews_removed=AGREED.reviews,
    )


def test_of_a_first_version_all_is_added_and_of_the_same_one_nothing_is():
    assert changes(None, FIRST).added == FIRST.commitments
    assert not changes(FIRST, amend(FIRST, AGREED, PAIR, APRIL, number=4))


def test_what_was_done_is_not_told_as_removed():
    done = replace(FIRST, commitments=(replace(FIRST.commitments[0], state="done"),))
    assert changes(done, replace(done, commitments=())).removed == ()


moments = st.datetimes(datetime(2000, 1, 1), datetime(2150, 1, 1)).map(lambda moment: moment.replace(tzinfo=UTC))
states = st.sampled_from(["open", "done", "dropped"])
owners = st.sampled_from(["report", "manager"])
kept = st.builds(
    Commitment, owners, st.text(), st.none() | days, st.text(), st.none() | days, states, st.text(), st.integers(0, 9)
)
stored = st.builds(
    Contract,
    st.lists(kept).map(tuple),
    st.lists(st.builds(Review, st.text(), st.none() | days)).map(tuple),
    st.lists(st.text()).map(tuple),
    st.integers(0, 99),
    st.none() | moments,
    st.text(),
)


@given(stored)
def test_a_contract_survives_the_store(contract: Contract):
    assert contract_of(json.loads(json.dumps(to_data(contract)))) == contract
