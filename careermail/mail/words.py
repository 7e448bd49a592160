"""The words that contracts and dates are written in: one row per language that careermail speaks.

A language is added by adding its row. Months, weekdays and the order of a written date are Babel's.
"""

# ruff: noqa: RUF001 (people type en dashes and curly apostrophes)

from dataclasses import dataclass


@dataclass(frozen=True)
class DateWords:
    """How a language speaks of dates, as regular expressions that are matched in any case."""

    by: str
    before: str
    on: str
    within: str  # before a month or a quarter
    filler: str  # what may stand between those and the date
    the: str
    of: str
    ordinal: str
    next: str
    this: str
    end: str
    middle: str
    start: str
    units: dict[str, str]  # week, month, quarter and year, each with its word
    hour: str  # what may follow a date and is not kept: commitments have days
    alias: dict[str, str]  # a short word for a date, and the phrase that it stands for
    none: str  # said in brackets: no date is wanted
    counted: tuple[tuple[str, str], ...]  # a shape, and how dateparser is asked about it
    never: frozenset[str]  # after one of these words a date that ends a line is no due date


@dataclass(frozen=True)
class Words:
    """One language: a contract's headings, the first of each being the one that is written, and its dates.

    `person` is filled with a name. All are compared without case, accents and curly apostrophes.
    """

    person: tuple[str, ...]
    me: tuple[str, ...]  # how a manager, who writes the contract, speaks of themselves
    report: tuple[str, ...]
    manager: tuple[str, ...]
    review: tuple[str, ...]
    question: tuple[str, ...]
    title: tuple[str, ...]  # what may stand over it all
    noun: str  # what a heading of somebody's commitments ends with
    by: str  # how a due date is written
    month: str  # how a review's month is written
    undated: str  # how it is written that no date is wanted, where that would be misread
    dates: DateWords


_NEVER = (
    *("every", "each", "last", "since", "from", "after", "of", "for", "about", "to", "and", "or", "past", "than"),
    *("with", "a", "an", "the", "between", "around", "early", "late", "at", "not"),
)
_COUNT = r"(?:[0-9]{1,3}|an?|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|twenty|thirty)"
_UNIT = r"(?:day|week|fortnight|month|year)"

ENGLISH = Words(
    person=(
        "{}'s commitments",
        "{}' commitments",
        "{} commitments",
        "{}s commitments",
        "{}'s commitment",
        "{}' commitment",
        "{} commitment",
        "commitments of {}",
        "commitments by {}",
        "commitments: {}",
        "{} will",
        "{} commits to",
    ),
    me=("me", "i"),
    report=(
        "their commitments",
        "report's commitments",
        "reports commitments",
        "the report's commitments",
        "her commitments",
        "his commitments",
        "they will",
    ),
    manager=(
        "manager's commitments",
        "managers commitments",
        "manager commitments",
        "the manager's commitments",
        "my commitments",
        "my commitment",
        "i'll",
    ),
    review=(
        "what we will review",
        "what we'll review",
        "what we review",
        "what to review",
        "we will review",
        "we'll review",
        "to review",
        "review",
        "reviews",
    ),
    question=(
        "the open question",
        "the open questions",
        "the open question we are sitting with",
        "the open questions we are sitting with",
        "the open question we're sitting with",
        "the open questions we're sitting with",
        "the question we are sitting with",
        "open question",
        "open questions",
    ),
    title=("development contract", "the development contract", "our development contract", "contract"),
    noun="commitments",
    by="by {}",
    month="In {}: ",
    undated="(no date)",
    dates=DateWords(
        by=r"due(?: by| on)?|by|until|till|(?:no|not) later than|deadline",
        before=r"before|ahead of",
        on=r"on",
        within=r"in|during",
        filler=r"the|(?:eod|cob|end of day|close of business|close of play)(?:,? on)?",
        the=r"the",
        of=r"of",
        ordinal=r"st|nd|rd|th",
        next=r"next",
        this=r"this coming|this|coming",
        end=r"(?:the )?end(?: of)?|(?:the )?close of",
        middle=r"mid|(?:the )?middle of",
        start=r"(?:the )?(?:start|beginning) of",
        units={"week": "week", "month": "month", "quarter": "quarter", "year": "year"},
        hour=r"(?:at )?(?:\d\d?[:.]\d\d(?: ?[ap]m)?|\d\d? ?[ap]m|noon|midday|eod|cob)",
        alias={
            "eow": "end of week",
            "eom": "end of month",
            "month end": "end of month",
            "eoq": "end of quarter",
            "eoy": "end of year",
            "year end": "end of year",
            "christmas": "25 December",
            "new year": "1 January",
        },
        none=r"no date|no date yet|undated",
        counted=(
            (rf"(?:in|within|over)(?: the next)? ({_COUNT} {_UNIT}s?)(?:[’']? time)?", r"in \1"),
            (rf"(?:in|within|over) the next ({_UNIT})", r"in 1 \1"),
            (rf"({_COUNT} {_UNIT}s?) from (?:now|today)", r"in \1"),
            (r"(today|tonight|tomorrow|(?:the )?day after tomorrow)", r"\1"),
        ),
        never=frozenset(_NEVER),
    ),
)

WORDS = {"en": ENGLISH}


def words_of(language: str) -> Words:
    """The row that serves a locale such as "en", "en_US" or "en-GB": its language's, else English."""
    return WORDS.get(language.replace("-", "_").partition("_")[0].lower(), ENGLISH)


def locale_of(language: str) -> str:
    """The locale by Babel's name, for a language of WORDS. English without a country puts the day first."""
    from babel import Locale, UnknownLocaleError  # loaded when a date is first written or read

    language = language.replace("-", "_")
    if words_of(language) is ENGLISH and not language.lower().startswith("en_"):
        return "en_GB"
    try:
        return str(Locale.parse(language))
    except (UnknownLocaleError, ValueError):
        return "en_GB"
