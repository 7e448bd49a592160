"""A contract as plain text, as both read it and the manager writes it; and what becomes of it from version to version.

The four parts are the playbook's (What a Development Contract Looks Like); the form is that of DESIGN.md 10.
"""

from dataclasses import dataclass, field, fields, replace
from datetime import date
from difflib import SequenceMatcher
from typing import TypeVar

from careermail.mail import lines
from careermail.mail.dates import take, take_month, written
from careermail.mail.lines import Item
from careermail.mail.words import Words, words_of
from careermail.model import Commitment, Contract, Owner, Review, Series

WHOSE = "whose it is: a heading above it, such as “Jonas's commitments”"
WHICH_PART = "what it belongs to: no heading above it tells"
WHICH_HEADING = "which part this heading opens, and whose it is"
TOO_LONG = "a shorter list: from this line on nothing was read"

T = TypeVar("T")

_LINES, _LETTERS = 300, 20_000  # of a contract that both can keep in mind, and many times over
_ANY_DAY = date(2024, 1, 1)  # what is written out in full reads the same on every day
_NEARLY = 0.8  # how alike the words of a correction are to what it corrects
_QUOTED = 200  # characters of a line that is not read
_BOXES = {"open": "", "done": "[x] ", "dropped": "[-] "}


@dataclass(frozen=True)
class Question:
    """A line that was not fully understood: as it was written, where it stands (from 1), and what is missing."""

    line: str
    number: int
    missing: str


@dataclass(frozen=True)
class Parsed:
    """What was understood of a text, and what must be asked about it."""

    contract: Contract
    questions: tuple[Question, ...] = ()


@dataclass(frozen=True)
class Changes:
    """What sets a version of a contract apart from the one before; a moved commitment is (before, after)."""

    added: tuple[Commitment, ...] = ()
    removed: tuple[Commitment, ...] = ()
    moved: tuple[tuple[Commitment, Commitment], ...] = ()
    settled: tuple[Commitment, ...] = ()
    questions_added: tuple[str, ...] = ()
    questions_removed: tuple[str, ...] = ()
    reviews_added: tuple[Review, ...] = ()
    reviews_removed: tuple[Review, ...] = ()

    def __bool__(self) -> bool:
        return any(getattr(self, f.name) for f in fields(self))


def parse(text: str, series: Series, on: date, *, language: str | None = None) -> Parsed:
    """The contract that a text holds, its dates resolved forward from the day `on` (local to the manager).

    `language` is the locale of whoever wrote it, the manager's unless given. Any text can be parsed: a line that is
    not understood is asked about and loses nothing of the others, and so is the first of too many. A commitment
    without a date is kept, undated. The report's commitments come before the manager's, each side's in the order they
    were written.
    """
    reading = _Reading(on, language or series.manager.language)
    short, beyond = _shortened(text)
    for item in lines.read(short, series):
        reading.add(item)
    return Parsed(reading.contract(), (*reading.asked, *beyond))


def _shortened(text: str) -> tuple[str, tuple[Question, ...]]:
    """As many whole lines as are read, and a question about the next one."""
    rows = text[: _LETTERS + 1].splitlines(keepends=True)
    kept = rows[:_LINES] if len(text) <= _LETTERS else rows[: min(len(rows) - 1, _LINES)]
    short = "".join(kept)
    beyond = text[len(short) :].lstrip()[:_QUOTED].splitlines() if len(short) < len(text) else []
    return short, tuple(Question(line.strip(), len(kept) + 1, TOO_LONG) for line in beyond[:1])


@dataclass
class _Reading:
    """A contract while it is being read."""

    on: date
    language: str
    commitments: list[Commitment] = field(default_factory=list)
    reviews: list[Review] = field(default_factory=list)
    questions: list[str] = field(default_factory=list)
    asked: list[Question] = field(default_factory=list)

    def contract(self) -> Contract:
        both = sorted(self.commitments, key=lambda c: c.owner == "manager")
        return Contract(tuple(both), tuple(self.reviews), tuple(self.questions))

    def add(self, item: Item) -> None:
        if item.heading:
            self._ask(item, WHICH_HEADING)
        elif item.part in ("manager", "report"):
            self._commit(item, item.part)
        elif item.part == "review":
            self.reviews.append(Review(*take_month(item.text, self.on, self.language)))
        elif item.part == "question":
            self.questions.append(_spaced(item.text))
        else:
            self._keep(item)

    def _commit(self, item: Item, owner: Owner) -> None:
        due = take(item.text, self.on, self.language)
        settled = None if item.state == "open" else self.on
        text = lines.unboxed(due.text) or due.text
        self.commitments.append(Commitment(owner, text, due.day, state=item.state, settled=settled))
        if due.problem and not settled:
            self._ask(item, due.problem)

    def _keep(self, item: Item) -> None:
        """Keep what stands under no heading: an item as an open question, so that both see it; a mere line as asked."""
        dated = take(item.text, self.on, self.language).day
        if item.bulleted or dated:
            self.questions.append(_spaced(item.text))
        self._ask(item, WHOSE if dated else WHICH_PART)

    def _ask(self, item: Item, missing: str) -> None:
        self.asked.append(Question(item.line, item.number, missing))


def render(contract: Contract, series: Series, *, language: str = "en", settled: bool = False) -> str:
    """A contract as text, dates written out in `language`; parts without an item are left out.

    What is done or dropped is left out too, or ticked and crossed ("[x]", "[-]") if `settled`.
    """
    parts = _parts(contract, series, language, settled=settled)
    return "\n\n".join("\n".join((heading, *items)) for heading, items in parts if items) + "\n"


def form(contract: Contract | None, series: Series) -> str:
    """What the manager fills in, in their language: what is still open, and an empty bullet where nothing is."""
    parts = _parts(contract or Contract(), series, series.manager.language)
    return "\n\n".join("\n".join((heading, *(items or ("- ",)))) for heading, items in parts) + "\n"


def _parts(contract: Contract, series: Series, language: str, *, settled: bool = False) -> list[tuple[str, list[str]]]:
    """The four parts in the playbook's order: each heading, and its items as bullets."""
    words = words_of(language)
    kept = [c for c in contract.commitments if settled or c.state == "open"]
    sides: tuple[Owner, ...] = ("report", "manager")
    parts = [(_heading(series, o, words), [_commitment(c, language) for c in kept if c.owner == o]) for o in sides]
    parts.append((words.review[0].capitalize(), [_review(review, language) for review in contract.reviews]))
    parts.append((words.question[0].capitalize(), [_spaced(question) for question in contract.questions]))
    return [(heading, [f"- {item}" for item in items]) for heading, items in parts]


def _heading(series: Series, owner: Owner, words: Words) -> str:
    """The shortest name that tells the two apart, in a heading; their roles where no name does."""
    person, names = series.owner(owner), lines.people(series)
    name = next((n for n in (person.first_name, person.name) if names.get(lines.folded(n)) == owner), None)
    roles = words.report if owner == "report" else words.manager
    return words.person[0].format(name) if name else roles[0].capitalize()


def _commitment(commitment: Commitment, language: str) -> str:
    """A commitment in the first way of writing it that reads back the same."""
    text, words = _spaced(commitment.text), words_of(language)
    ways = [text, f"{text} {words.undated}"]
    if commitment.due:
        by = words.by.format(written(commitment.due, language))
        ways = [f"{text} {by}", f"{text} ({by})"]
    read = ((way, take(way, _ANY_DAY, language)) for way in ways)
    return _BOXES[commitment.state] + next((w for w, r in read if (r.text, r.day) == (text, commitment.due)), ways[0])


def _review(review: Review, language: str) -> str:
    month = review.month and words_of(language).month.format(written(review.month, language, month=True))
    return f"{month or ''}{_spaced(review.text)}"


def _spaced(text: str) -> str:
    return " ".join(text.split())


def amend(old: Contract | None, new: Contract, series: Series, on: date, *, number: int) -> Contract:
    """The new version of a contract with its ids, "jonas-1": what stood in the old one keeps what is known of it.

    The same commitment is one of the same owner and words; with another date it is moved, as agreed `on` that day.
    What was settled and is agreed again for another date is a new commitment; one that has its id already (`mend`) is
    that one whatever its words. `number` is the first number that no commitment of the series ever had.
    """
    named = {commitment.id: commitment for commitment in old.commitments} if old else {}
    known: dict[tuple[Owner, str], list[Commitment]] = {}
    for commitment in old.commitments if old else ():
        known.setdefault(_same(commitment), []).append(commitment)
    commitments = []
    for commitment in new.commitments:
        before = named.get(commitment.id) or _take_known(known, commitment)
        commitments.append(_carried(before, commitment, on) if before else _first(commitment, series, on, number))
        number += before is None
    return replace(new, commitments=tuple(commitments), version=(old.version if old else 0) + 1)


def mend(old: Contract, new: Contract) -> Contract:
    """What a correction makes of a contract: it speaks of some of it, and all else stays.

    A commitment of the same owner and nearly the same words is the one that it corrects.
    """
    corrected = {meant.id: replace(c, id=meant.id) for c in new.commitments if (meant := _meant(old, c))}
    texts = {c.text for c in corrected.values()}
    return replace(
        new,
        commitments=(
            *(corrected.get(c.id, c) for c in old.commitments),
            *(c for c in new.commitments if c.text not in texts),
        ),
        reviews=(*old.reviews, *_missing(old.reviews, new.reviews)),
        questions=(*old.questions, *_missing(old.questions, new.questions)),
    )


def _meant(old: Contract, new: Commitment) -> Commitment | None:
    """The commitment that a correction speaks of, as far as its words tell: of several like it, none but the same."""
    own = [c for c in old.open if c.owner == new.owner]
    like = [c for c in own if _same(c) == _same(new)] or [c for c in own if _alike(c.text, new.text) > _NEARLY]
    return like[0] if len(like) == 1 else None


def _alike(one: str, other: str) -> float:
    return SequenceMatcher(None, one.casefold(), other.casefold()).ratio()


def _same(commitment: Commitment) -> tuple[Owner, str]:
    return commitment.owner, _spaced(commitment.text).casefold().rstrip(" .,;:!")


def _take_known(known: dict[tuple[Owner, str], list[Commitment]], new: Commitment) -> Commitment | None:
    """The old commitment that this one continues, each only once: of several the one of the same date."""
    candidates = known.get(_same(new), [])
    fitting = [c for c in candidates if c.due == new.due] + [c for c in candidates if c.state == "open"]
    if not fitting:
        return None
    candidates.remove(fitting[0])
    return fitting[0]


def _carried(old: Commitment, new: Commitment, on: date) -> Commitment:
    kept = replace(old, text=new.text, due=new.due)
    if old.due != new.due:
        kept = replace(kept, moves=old.moves + 1, agreed=on)
    return kept if new.state == "open" else replace(kept, state=new.state, settled=new.settled)


def _first(commitment: Commitment, series: Series, on: date, number: int) -> Commitment:
    return replace(commitment, id=f"{series.report.email.partition('@')[0]}-{number}", agreed=on)


def changes(old: Contract | None, new: Contract) -> Changes:
    """What sets an amended contract apart from the one before; of a first contract, all is added."""
    old = old or Contract()
    before, after = {c.id: c for c in old.commitments}, {c.id: c for c in new.commitments}
    pairs = [(before[c.id], c) for c in new.commitments if c.id in before]
    return Changes(
        added=tuple(c for c in new.commitments if c.id not in before),
        removed=tuple(c for c in old.open if c.id not in after),
        moved=tuple((b, c) for b, c in pairs if b.due != c.due),
        settled=tuple(c for b, c in pairs if b.state == "open" != c.state),
        questions_added=_missing(old.questions, new.questions),
        questions_removed=_missing(new.questions, old.questions),
        reviews_added=_missing(old.reviews, new.reviews),
        reviews_removed=_missing(new.reviews, old.reviews),
    )


def _missing(known: tuple[T, ...], items: tuple[T, ...]) -> tuple[T, ...]:
    return tuple(item for item in items if item not in known)
