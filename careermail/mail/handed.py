"""A contract within a mail: whether there is one, with whom it is, and where it begins and ends."""

# ruff: noqa: RUF001 (people type en dashes)

import re
from collections import Counter
from dataclasses import dataclass

from careermail.mail import lines
from careermail.mail.asked import Asked
from careermail.mail.clauses import folded, is_courtesy, signs
from careermail.mail.dates import take
from careermail.mail.referring import whose
from careermail.mail.sayings import sayings_of
from careermail.model import Series

_SHORT = 200  # characters of a line that may be a courtesy or a title


@dataclass(frozen=True)
class Handed:
    """A contract's text, and what stands before it. Without a series nobody can tell with whom it is."""

    text: str
    before: str = ""
    series: Series | None = None


def under_headings(text: str, asked: Asked, subject: str) -> Handed | None:
    """The contract that a manager wrote under the headings of one; None where there is none."""
    rows = _unsigned(text.split("\n"), asked)
    named = _named(rows, asked, subject)
    choices = [s for s in asked.series if s.manager.email == asked.person.email and named in (None, s)]
    begun = {series: begin for series in choices if (begin := _begins("\n".join(rows), series))}
    if not begun:
        return None
    series = _the_one("\n".join(rows), list(begun))
    begin = begun[series or next(iter(begun))]
    before = [row for row in rows[: begin - 1] if named is None or not _names_one(row, asked)]
    return Handed("\n".join(rows[begin - 1 :]), "\n".join(before), series)


def in_bullets(text: str, asked: Asked) -> Handed | None:
    """The contract that was written without headings, in bullets or as "Jonas: … by Friday"; None where none is."""
    rows = _unsigned(text.split("\n"), asked)
    if len(asked.series) != 1 or not (asked.about_a_session or asked.kind == "answer"):
        return None
    series = asked.series[0]
    items = lines.read("\n".join(rows), series)
    dated = [i for i in items if (i.bulleted or i.part) and take(i.text, asked.today, asked.person.language).day]
    bulleted = [i for i in items if i.bulleted]
    told = any(i.bulleted for i in dated) or len(dated) > 1 or len(bulleted) > 1
    return Handed("\n".join(rows), "", series) if told and series.manager.email == asked.person.email else None


def without_headings(text: str, series: tuple[Series, ...]) -> str:
    """A text without the headings of a form that nobody filled in."""
    rows = text.split("\n")
    heads = {number for one in series for number, whole in lines.headings(text, one) if whole}
    return "\n".join("" if number in heads else row for number, row in enumerate(rows, 1))


def _unsigned(rows: list[str], asked: Asked) -> list[str]:
    """The lines without the thanks and the signature below the contract, and the greeting above it."""
    for number, row in enumerate(rows):
        if _closes(row, asked) and _any(rows[:number]) and not any(_goes_on(r) for r in rows[number + 1 :]):
            rows = rows[:number]
            break
    while rows and (not rows[-1].strip() or _is_thanks(rows[-1], asked)):
        rows = rows[:-1]
    while rows and (not rows[0].strip() or _is_thanks(rows[0], asked)):
        rows = rows[1:]
    return rows


def _any(rows: list[str]) -> bool:
    return any(row.strip() for row in rows)


def _closes(row: str, asked: Asked) -> bool:
    sayings = sayings_of(asked.person.language)
    return not _goes_on(row) and signs(folded(row[:_SHORT]), sayings, asked.person)


def _is_thanks(row: str, asked: Asked) -> bool:
    """Whether a line is nothing but a greeting or thanks; a bullet is an item whatever it says."""
    sayings, said = sayings_of(asked.person.language), folded(row[:_SHORT])
    return bool(said) and not _goes_on(row) and not _closes(row, asked) and is_courtesy(said, sayings, asked.person)


def _goes_on(row: str) -> bool:
    return bool(re.match(r"\s*(?:>\s*)*(?:[-*•+–]\s|\d{1,2}[.)]\s|\[[ x-]?\])", row)) or row.rstrip().endswith(":")


def _begins(text: str, series: Series) -> int | None:
    """The line on which a contract begins: a heading with an item under it, a bare name only with a bullet."""
    rows, items = text.split("\n"), lines.read(text, series)
    for number, whole in lines.headings(text, series):
        following = next((row for row in rows[number:] if row.strip()), "")
        if (whole or _goes_on(following)) and any(item.part and item.number > number for item in items):
            return number
    return None


def _the_one(text: str, choices: list[Series]) -> Series | None:
    """The series that a contract is about: the one whose report it names."""
    known = Counter({s: sum(i.part == "report" for i in lines.read(text, s)) for s in choices})
    (best, most), *others = known.most_common()
    return None if others and others[0][1] == most else best


def _named(rows: list[str], asked: Asked, subject: str) -> Series | None:
    """The series that a new mail names: "Contract with Jonas:", in its subject or in a line of its own."""
    found = {series for row in (subject, *rows) if (series := _names_one(row, asked))}
    return found.pop() if len(found) == 1 else None


def _names_one(row: str, asked: Asked) -> Series | None:
    about = sayings_of(asked.person.language).about.replace("<name>", "(?P<name>.{1,100})")
    match = re.fullmatch(about, folded(row[:_SHORT]))
    found, rest = whose(match["name"], asked.series) if match else ((), "")
    return found[0] if len(found) == 1 and not rest else None
