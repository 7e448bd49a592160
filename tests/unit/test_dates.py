"""Due dates as people write them. The table is the documentation: a line, the day it is written, and its answer."""

# ruff: noqa: RUF001 (people type en dashes and curly apostrophes)
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from careermail.mail.dates import PAST, UNDATED, Due, take, take_month, written
from careermail.mail.phrases import NO_SUCH_DAY, TWO_READINGS

TUESDAY = date(2027, 1, 12)

# On Tuesday 12 January 2027, "Shadow the rota" and this is due on that day.
DUE = {
    # day and month
    "by 12 Feb": date(2027, 2, 12),
    "by 12 February": date(2027, 2, 12),
    "by Feb 12": date(2027, 2, 12),
    "by february 12th": date(2027, 2, 12),
    "by the 12th of February": date(2027, 2, 12),
    "by 1st March": date(2027, 3, 1),
    "by 2nd of mar": date(2027, 3, 2),
    "by 12 Sept.": date(2027, 9, 12),
    "by 12 FEB": date(2027, 2, 12),
    "by 11 January": date(2028, 1, 11),
    "by 12 January": date(2027, 1, 12),
    "by 13 January": date(2027, 1, 13),
    "by 29 February": date(2028, 2, 29),
    "by Fri 12 Feb": date(2027, 2, 12),
    "by Friday, 12 February": date(2027, 2, 12),
    "by Friday the 12th of February": date(2027, 2, 12),
    "by the 15th": date(2027, 1, 15),
    "by the 10th": date(2027, 2, 10),
    "by the 31st": date(2027, 1, 31),
    # with its year
    "by 12 February 2027": date(2027, 2, 12),
    "by February 12, 2028": date(2028, 2, 12),
    "by 12 Feb '28": date(2028, 2, 12),
    "by 12 Feb 28": date(2028, 2, 12),
    "by 2027-02-12": date(2027, 2, 12),
    "by 2027/02/12": date(2027, 2, 12),
    # in figures, the day first
    "by 12/02": date(2027, 2, 12),
    "by 12/2": date(2027, 2, 12),
    "by 12/02/2027": date(2027, 2, 12),
    "by 12/02/27": date(2027, 2, 12),
    "by 12.02.2027": date(2027, 2, 12),
    "by 12.2.": date(2027, 2, 12),
    "by 12.2.27": date(2027, 2, 12),
    "by 02/13": date(2027, 2, 13),
    # weekdays
    "by Wednesday": date(2027, 1, 13),
    "by Friday": date(2027, 1, 15),
    "by fri": date(2027, 1, 15),
    "by this Friday": date(2027, 1, 15),
    "by next Friday": date(2027, 1, 22),
    "by Friday next week": date(2027, 1, 22),
    "by Friday of next week": date(2027, 1, 22),
    "by Monday": date(2027, 1, 18),
    "by Tuesday": date(2027, 1, 19),
    "by Friday 5pm": date(2027, 1, 15),
    "by Friday at 17:00": date(2027, 1, 15),
    "by EOD Friday": date(2027, 1, 15),
    # counted
    "by today": date(2027, 1, 12),
    "by tomorrow": date(2027, 1, 13),
    "by the day after tomorrow": date(2027, 1, 14),
    "in two weeks": date(2027, 1, 26),
    "in 10 days": date(2027, 1, 22),
    "in a fortnight": date(2027, 1, 26),
    "in three months": date(2027, 4, 12),
    "in two weeks' time": date(2027, 1, 26),
    "within two weeks": date(2027, 1, 26),
    "within the next month": date(2027, 2, 12),
    "over the next two months": date(2027, 3, 12),
    "two weeks from now": date(2027, 1, 26),
    "a week from today": date(2027, 1, 19),
    # months, weeks, quarters and years, and parts of them
    "by end of March": date(2027, 3, 31),
    "by the end of February": date(2027, 2, 28),
    "by end of February 2028": date(2028, 2, 29),
    "by end March": date(2027, 3, 31),
    "in March": date(2027, 3, 31),
    "by March": date(2027, 3, 31),
    "in January": date(2027, 1, 31),
    "by mid-April": date(2027, 4, 15),
    "by the middle of April": date(2027, 4, 15),
    "by mid January": date(2027, 1, 15),
    "by the start of May": date(2027, 5, 1),
    "by the beginning of January": date(2028, 1, 1),
    "by the end of the month": date(2027, 1, 31),
    "by end of month": date(2027, 1, 31),
    "by EOM": date(2027, 1, 31),
    "next month": date(2027, 2, 28),
    "this month": date(2027, 1, 31),
    "by the end of the week": date(2027, 1, 15),
    "this week": date(2027, 1, 15),
    "next week": date(2027, 1, 22),
    "by the end of next week": date(2027, 1, 22),
    "by Q2": date(2027, 6, 30),
    "in Q1": date(2027, 3, 31),
    "by end of Q2": date(2027, 6, 30),
    "by Q2 2028": date(2028, 6, 30),
    "by the end of the quarter": date(2027, 3, 31),
    "next quarter": date(2027, 6, 30),
    "by the end of the year": date(2027, 12, 31),
    "by year end": date(2027, 12, 31),
    "by end of 2028": date(2028, 12, 31),
    "by Christmas": date(2027, 12, 25),
    # how it is introduced, and where it ends
    "before 3 May": date(2027, 5, 2),
    "before April": date(2027, 3, 31),
    "until 3 May": date(2027, 5, 3),
    "till 3 May": date(2027, 5, 3),
    "on 3 May": date(2027, 5, 3),
    "no later than 3 May": date(2027, 5, 3),
    "due 3 May": date(2027, 5, 3),
    "due: 3 May": date(2027, 5, 3),
    "3 May": date(2027, 5, 3),
    "Friday": date(2027, 1, 15),
    "12/02": date(2027, 2, 12),
    "tomorrow": date(2027, 1, 13),
    "end of March": date(2027, 3, 31),
    "(3 May)": date(2027, 5, 3),
    "(by 3 May)": date(2027, 5, 3),
    "[by Friday]": date(2027, 1, 15),
    "(March)": date(2027, 3, 31),
    "- 3 May": date(2027, 5, 3),
    "– Friday": date(2027, 1, 15),
    "— Q2": date(2027, 6, 30),
    ", by 3 May.": date(2027, 5, 3),
    "by 3 May!": date(2027, 5, 3),
    "BY  3   MAY": date(2027, 5, 3),
}


@pytest.mark.parametrize(("phrase", "day"), DUE.items())
def test_a_date_is_taken_off_the_end_of_a_line(phrase: str, day: date):
    assert take(f"Shadow the rota {phrase}", TUESDAY) == Due("Shadow the rota", day)


# Written on this day, this is due on that day: always forward.
FORWARD = [
    ("by 12 Feb", date(2027, 2, 12), date(2027, 2, 12)),
    ("by 12 Feb", date(2027, 2, 13), date(2028, 2, 12)),
    ("by 29 February", date(2028, 2, 29), date(2028, 2, 29)),
    ("by 29 February", date(2096, 3, 1), date(2104, 2, 29)),
    ("by Friday", date(2027, 1, 15), date(2027, 1, 22)),
    ("by this Friday", date(2027, 1, 16), date(2027, 1, 22)),
    ("by next Friday", date(2027, 1, 15), date(2027, 1, 22)),
    ("by next Friday", date(2027, 1, 17), date(2027, 1, 22)),
    ("by the end of the week", date(2027, 1, 15), date(2027, 1, 15)),
    ("by the end of the week", date(2027, 1, 16), date(2027, 1, 22)),
    ("by end of the month", date(2027, 1, 31), date(2027, 1, 31)),
    ("next month", date(2027, 1, 31), date(2027, 2, 28)),
    ("next month", date(2027, 12, 31), date(2028, 1, 31)),
    ("in a month", date(2027, 1, 31), date(2027, 2, 28)),
    ("by end of March", date(2027, 3, 31), date(2027, 3, 31)),
    ("by end of March", date(2027, 4, 1), date(2028, 3, 31)),
    ("by mid-April", date(2027, 4, 16), date(2028, 4, 15)),
    ("by Q1", date(2027, 4, 1), date(2028, 3, 31)),
    ("next quarter", date(2027, 12, 31), date(2028, 3, 31)),
    ("by the 31st", date(2027, 2, 1), date(2027, 3, 31)),
    ("in two weeks", date(2027, 12, 25), date(2028, 1, 8)),
    ("by tomorrow", date(2028, 2, 28), date(2028, 2, 29)),
]


@pytest.mark.parametrize(("phrase", "on", "day"), FORWARD)
def test_a_date_lies_ahead_of_the_day_on_which_it_is_written(phrase: str, on: date, day: date):
    assert take(f"Shadow the rota {phrase}", on) == Due("Shadow the rota", day)


# What stays in the text: the line, its text and its day.
SENTENCES = [
    ("Read the 2026 report by Friday", "Read the 2026 report", date(2027, 1, 15)),
    ("Write up what happened on Monday by Friday", "Write up what happened on Monday", date(2027, 1, 15)),
    ("Sit by Dana by 3 May", "Sit by Dana", date(2027, 5, 3)),
    ("Prepare the May review by 3 May", "Prepare the May review", date(2027, 5, 3)),
    ("Introduce Jonas by Friday to Dana", "Introduce Jonas to Dana", date(2027, 1, 15)),
    ("Shadow the rota by 12 Feb, then tell the team", "Shadow the rota, then tell the team", date(2027, 2, 12)),
    ("Shadow the rota (by 12 Feb) with Dana", "Shadow the rota with Dana", date(2027, 2, 12)),
    ("By Friday: introduce Jonas to Dana", "introduce Jonas to Dana", date(2027, 1, 15)),
    ("12 Feb - give the talk", "give the talk", date(2027, 2, 12)),
    ("Give the Q2 talk in Q1", "Give the Q2 talk", date(2027, 3, 31)),
]


@pytest.mark.parametrize(("line", "text", "day"), SENTENCES)
def test_only_the_last_date_is_the_due_date_and_the_text_keeps_its_words(line: str, text: str, day: date):
    assert take(line, TUESDAY) == Due(text, day)


@pytest.mark.parametrize(
    "line",
    [
        "Shadow the rota",
        "Shadow the rota by the next session",
        "Shadow the rota by Easter",
        "Shadow the rota soon",
        "Shadow the rota in early May",
        "Shadow the rota after 3 May",
        "Shadow the rota in the week of 3 May",
        "Shadow the rota 1-3 May",
        "Run the stand-up every Friday",
        "Read the 2026 report",
        "Upgrade the service to Python 3.11",
        "Get the service running on 3.11",
        "Be on call 24/7",
        "Split the work 50/50",
        "Read chapters 1 to 12",
        "Plan Q2",
        "Ask May",
        "Talk to April and June",
        "Read the paper by May and Jones",
        "Join Friday's meeting",
        "See https://example.com/2027/02/12",
        "Grow the team by 2",
        "by Friday",
        "",
    ],
)
def test_a_sentence_without_a_due_date_stays_as_it_is(line: str):
    assert take(line, TUESDAY) == Due(line, None, UNDATED)


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("Shadow the rota by 31 February", NO_SUCH_DAY),
        ("Shadow the rota by 29 February 2027", NO_SUCH_DAY),
        ("Shadow the rota by 31/04", NO_SUCH_DAY),
        ("Shadow the rota by 2027-13-01", NO_SUCH_DAY),
        ("Shadow the rota by 12 February 9999", NO_SUCH_DAY),
        ("Shadow the rota by the 32nd", NO_SUCH_DAY),
        ("Shadow the rota by Friday 13 February", TWO_READINGS),
        ("Shadow the rota before today", PAST),
    ],
)
def test_a_date_that_cannot_be_made_out_stays_in_the_text_and_is_a_problem(line: str, problem: str):
    assert take(line, TUESDAY) == Due(line, None, problem)


def test_a_full_date_in_the_past_is_kept_and_is_a_problem():
    assert take("Shadow the rota by 12 February 2026", TUESDAY) == Due("Shadow the rota", date(2026, 2, 12), PAST)


def test_it_can_be_said_that_no_date_is_wanted():
    assert take("Keep a diary (no date)", TUESDAY) == Due("Keep a diary")


@pytest.mark.parametrize(
    ("language", "day"),
    [
        ("en", date(2027, 2, 12)),
        ("en_GB", date(2027, 2, 12)),
        ("en-GB", date(2027, 2, 12)),
        ("en_US", date(2027, 12, 2)),
        ("en-US", date(2027, 12, 2)),
        ("xx", date(2027, 2, 12)),
        ("", date(2027, 2, 12)),
    ],
)
def test_the_locale_tells_whether_the_day_or_the_month_comes_first(language: str, day: date):
    assert take("Shadow the rota by 12/02", TUESDAY, language) == Due("Shadow the rota", day)


@pytest.mark.parametrize(
    ("line", "text", "month"),
    [
        ("In April: how the weeks felt", "how the weeks felt", date(2027, 4, 1)),
        ("in april, we will check in on the rota", "we will check in on the rota", date(2027, 4, 1)),
        ("In April - how the weeks felt", "how the weeks felt", date(2027, 4, 1)),
        ("April: how the weeks felt", "how the weeks felt", date(2027, 4, 1)),
        ("In January: how the weeks felt", "how the weeks felt", date(2027, 1, 1)),
        ("In April 2028: how the weeks felt", "how the weeks felt", date(2028, 4, 1)),
        ("Next month: how the weeks felt", "how the weeks felt", date(2027, 2, 1)),
        ("How the weeks felt in April", "How the weeks felt in April", None),
        ("May I ask: how did it go", "May I ask: how did it go", None),
        ("In April", "In April", None),
    ],
)
def test_what_is_reviewed_may_begin_with_its_month(line: str, text: str, month: date | None):
    assert take_month(line, TUESDAY) == (text, month)


def test_a_date_is_written_out_as_its_reader_writes_it():
    days = [written(date(2027, 2, 12), language) for language in ("en", "en_US", "xx")]
    assert days == ["12 February 2027", "February 12, 2027", "12 February 2027"]
    assert written(date(2027, 4, 1), "en", month=True) == "April 2027"


def test_only_the_end_of_a_very_long_line_is_searched():
    line = "by 12 February 2027 " + "word " * 200_000
    assert take(line, TUESDAY) == Due(line.strip(), None, UNDATED)
    assert take(line + "by Friday", TUESDAY) == Due(line.strip(), date(2027, 1, 15))


phrases = st.sampled_from([phrase for phrase in DUE if not any(year in phrase for year in ("20", "27", "28"))])
days = st.dates(date(2000, 1, 1), date(2150, 12, 31))


@given(phrases, days)
def test_whatever_names_no_year_lies_ahead(phrase: str, on: date):
    """Never before the day itself; "before 3 May" on 3 May has no day left, and is asked about."""
    due = take(f"Shadow the rota {phrase}", on)
    assert due.problem in ("", PAST, TWO_READINGS)
    assert due.day is None or on <= due.day <= on + timedelta(days=8 * 366)


BITS = """
by before on in the end of mid next this Friday fri 12 31 3.5 12/02 2027-02-12 Feb March Q2 week two months from now ( )
[ ] - – — , : . 2027 '27 0 99 no date tomorrow 12th İ ſ ٣
"""
bits = st.sampled_from(BITS.split())


@given(st.lists(bits, max_size=12).map(" ".join) | st.text(), st.dates(), st.sampled_from(["en", "en_US", "de", ""]))
def test_no_text_on_no_day_makes_it_fail(text: str, on: date, language: str):
    due = take(text, on, language)
    assert due.text or not text.split()
    assert (due.day is not None) or due.problem or due.text != " ".join(text.split())
    take_month(text, on, language)
