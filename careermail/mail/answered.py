"""The form that we sent, as it comes back in an answer: filled in between its lines, or edited where it stands."""

# ruff: noqa: RUF001 (people type en dashes)

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache

from careermail.mail.lines import folded
from careermail.mail.quoting import Line
from careermail.mail.words import WORDS

_BULLET = re.compile(r"\s*(?:[-*•·◦‣+–—]|\d{1,3}[.)])(?:\s+|$)")
_LONGEST = 120  # characters of a heading
_WRAPPED = 60  # characters after which mail programs break a line, at the least


def form_in(lines: Iterable[Line]) -> tuple[str, bool, list[Line]]:
    """Our form as it stands in an answer, unquoted; whether something new stands between its lines; the rest.

    It is the contract as whoever answered left it: what they did not touch is in it as much as what they changed, since
    some mail programs mark nothing and let people type into what they quote. Whether anything was changed is seen by
    comparing it with what stood in it. "" where an answer quotes no form, or one with nothing in it. Of several, as in
    a long thread, it is the first. A form begins with the first heading that we write, and ends with the first line
    after its lists that is quoted and neither heading nor item.
    """
    form, seen, beside = list[Line](), set[str](), list[Line]()
    within, above = False, ""  # whether we are in it, and the line above
    for line in lines:
        heading = _heading(line)
        within = bool(heading) or (within and (not line.quoted or _goes_on(line.text, above)))
        within = within and heading not in seen
        (form if within else beside).append(line)
        seen |= {heading} - {""}
        above = line.text
    return _filled(form), any(not line.quoted and line.text.strip() for line in form), beside


def _goes_on(text: str, above: str) -> bool:
    """Whether a quoted line is an item, or goes on with what stands above it."""
    if not text.strip() or _BULLET.match(text):
        return True
    broken = len(above) >= _WRAPPED or not _BULLET.match(above)
    return bool(above.strip()) and broken


def _heading(line: Line) -> str:
    """A quoted heading of ours, folded; "" for any other line."""
    text = folded(line.text[:_LONGEST]).strip(" *:") if line.quoted else ""
    return text if _headings().fullmatch(text) else ""


def _filled(form: list[Line]) -> str:
    """The form as text, without its empty items and with a blank above each heading; "" where no item is left."""
    said = [line for line in form if line.text.strip() and not _BULLET.fullmatch(line.text)]
    texts = [f"\n{line.text.strip(' *')}" if _heading(line) else line.text for line in said]
    return "\n".join(texts).strip() + "\n" if any(not _heading(line) for line in said) else ""


@cache
def _headings() -> re.Pattern[str]:
    """What a form's headings look like in every language (contract.form)."""
    said = [(w.person[0], w.report[0], w.manager[0], w.review[0], w.question[0]) for w in WORDS.values()]
    return re.compile("|".join(re.escape(folded(h)).replace(r"\{\}", ".{1,60}") for row in said for h in row))
