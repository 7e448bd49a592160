"""Which line of a contract is what: headings, items, and lines that go on, as people type and paste them."""

# ruff: noqa: RUF001 (people type en dashes and curly apostrophes)

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, replace
from textwrap import dedent
from typing import Literal

from careermail.mail.words import WORDS
from careermail.model import Series

Part = Literal["report", "manager", "review", "question", ""]  # "" is none that could be told
State = Literal["open", "done", "dropped"]

_QUOTED = re.compile(r"\s*(?:>\s?)+")
_UNSEEN = "\ufeff\u200b\u200e\u200f\u202a\u202b\u2066\u2067\u2068"  # a byte order mark, and marks of direction
_BULLET = re.compile(r"(?:[-*•·◦‣+–—]|(?P<number>\d{1,3}[.)]))(?:\s+|$)|[-•–—](?=[^\W\d_])")
_BOXES = re.compile(r"(?:\[(?P<mark>[ xX✓✔-]?)\](?!\()\s*)+")
_STATES: dict[str, State] = {"x": "done", "✓": "done", "✔": "done", "-": "dropped"}
_RULE = re.compile(r"[=\-_~*–—]{2,}")
_NUMBER = re.compile(r"\d{1,2}[.)]\s*")
_LEAD_IN = re.compile(r"(?P<who>[^:]{1,80}?)(?::(?!//)| [-–—] )[*_\s]*(?P<what>\S.*)", re.DOTALL)
_SENTENCE = re.compile(r"(?P<who>.{1,80}?)(?: will|['’]ll) (?P<what>\S.*)", re.IGNORECASE | re.DOTALL)
_HEADING = 120  # characters: whatever is longer is no heading
_FEW_WORDS = 5  # of a heading; more are a sentence
_WRAPPED = 60  # characters after which mail programs break a line, at the least


@dataclass(frozen=True)
class Item:
    """One item of a contract, as it was written, and the number of its first line (from 1).

    A `heading` is one that nobody knows.
    """

    part: Part
    text: str
    line: str
    number: int
    bulleted: bool = False
    state: State = "open"
    heading: bool = False


def read(text: str, series: Series) -> list[Item]:
    """The items of a contract in their order, each with the part under whose heading it stands."""
    reader = _Reader(series)
    for number, line in enumerate(_lines(text), 1):
        reader.read(line, number)
    return [replace(item, text=" ".join(texts), line=" ".join((item.line, *texts[1:]))) for item, texts in reader.items]


def headings(text: str, series: Series) -> list[tuple[int, bool]]:
    """The numbers of the lines (from 1) that open a part, and whether each is more than a name."""
    names = _names(series)
    known = _headings(names)
    found = ((number, line.strip()) for number, line in enumerate(_lines(text), 1))
    bare = [(n, _bare(line), line) for n, line in found if not _BULLET.match(line) or _NUMBER.match(line)]
    return [(n, head not in names or line.endswith(":")) for n, head, line in bare if known.get(head)]


def unboxed(text: str) -> str:
    """A text without the tick boxes before it."""
    boxes = _BOXES.match(text)
    return text[boxes.end() :] if boxes else text


def folded(text: str) -> str:
    """A text as it is compared: without case, accents, curly apostrophes and the width of spaces."""
    text = re.sub("[’‘ʼ´`]", "'", text).casefold()
    if not text.isascii():
        text = "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c))
    return " ".join(text.split())


def people(series: Series) -> dict[str, Part]:
    """The folded names that tell the two apart: full ones, and first ones where these differ."""
    report, manager = folded(series.report.name), folded(series.manager.name)
    if report == manager:
        return {}
    names: dict[str, Part] = {}
    if report.split(" ")[0] != manager.split(" ")[0]:
        names |= {report.split(" ")[0]: "report", manager.split(" ")[0]: "manager"}
    names |= {report: "report", manager: "manager"}
    return {name: part for name, part in names.items() if name}


def _lines(text: str) -> Iterator[str]:
    """Lines as editors count them, without quote marks and what cannot be seen."""
    for line in re.split(r"\r\n|\r|\n", dedent(text)):
        quoted = _QUOTED.match(line)
        yield line[quoted.end() if quoted else 0 :].lstrip(_UNSEEN)


class _Reader:
    """Reads line by line; what a line is depends on those above it."""

    def __init__(self, series: Series) -> None:
        self.items: list[tuple[Item, list[str]]] = []  # each with its text, line by line
        self._names = _names(series)
        self._headings = _headings(self._names)
        self._nouns = tuple(folded(words.noun) for words in WORDS.values())
        self._part: Part = ""
        self._headed = False  # under a real heading a bullet such as "Jonas: …" is an item like any other
        self._above: str | None = None  # the line of the item above, as long as that may go on
        self._last = ""  # the line above

    def read(self, raw: str, number: int) -> None:
        line = raw.strip()
        if not line:
            self._above = None
        elif not _RULE.fullmatch(line):
            self._read(raw, line, number)
            self._last = line

    def _read(self, raw: str, line: str, number: int) -> None:
        bullet, box = _BULLET.match(line), _BOXES.match(line)
        part = None if (bullet and not bullet["number"]) or len(line) > _HEADING else self._heading(line)
        if part is not None:
            self._enter(part, headed=bool(part))
        elif bullet or box:
            self._add(Item(self._part, line[bullet.end() if bullet else 0 :], line, number, bulleted=True), raw)
        elif self._goes_on(raw):
            self.items[-1][1].append(line)
        elif self._like_a_heading(line):
            self._enter("", headed=False)
            self.items.append((Item("", line, line, number, heading=True), [line]))
        else:
            self._add(Item(self._part, line, line, number), raw)

    def _heading(self, line: str) -> Part | None:
        """The part that a heading opens, or None where the line is none."""
        return self._headings.get(_bare(line))

    def _enter(self, part: Part, *, headed: bool) -> None:
        self._part, self._headed, self._above = part, headed, None

    def _goes_on(self, raw: str) -> bool:
        """Whether a line continues the item above: set further in, or broken off by a mail program."""
        if self._above is None:
            return False
        return _indent(raw) > _indent(self._above) or (len(self._last) >= _WRAPPED and raw[:1].islower())

    def _like_a_heading(self, line: str) -> bool:
        marked = line.startswith("#") or re.fullmatch(r"(\*\*|__).+\1:?", line)
        named = len(line.split()) <= _FEW_WORDS and (line.endswith(":") or _bare(line).endswith(self._nouns))
        return len(line) <= _HEADING and bool(marked or named)

    def _add(self, item: Item, raw: str) -> None:
        boxes = _BOXES.match(item.text)
        state = _STATES.get(boxes["mark"].lower(), "open") if boxes else "open"
        item = self._led_in(replace(item, text=unboxed(item.text), state=state))
        if item.text.strip():
            self.items.append((item, [item.text]))
            self._above = raw

    def _led_in(self, item: Item) -> Item:
        """The item without its "Jonas:", "me:", "I will", which tell whose it and what follows is."""
        if self._headed and (item.bulleted or self._part not in ("report", "manager")):
            return item
        lead, known = _LEAD_IN.match(item.text), self._headings
        if not self._headed and not (lead and _bare(lead["who"]) in known):
            lead, known = _SENTENCE.match(item.text), self._names
        part = known.get(_bare(lead["who"])) if lead else None
        if not lead or not part:
            return item
        self._enter(part, headed=False)
        return replace(item, part=part, text=lead["what"])


def _names(series: Series) -> dict[str, Part]:
    """The names that tell the two apart, and how a manager speaks of themselves."""
    return people(series) | {name: "manager" for words in WORDS.values() for name in words.me}


def _headings(names: dict[str, Part]) -> dict[str, Part]:
    """Every heading in every language, folded; a bare name is one too."""
    headings: dict[str, Part] = {}
    for words in WORDS.values():
        headings |= {form.format(name): part for name, part in names.items() for form in words.person}
        parts: tuple[tuple[Part, tuple[str, ...]], ...] = (
            ("report", words.report),
            ("manager", words.manager),
            ("review", words.review),
            ("question", words.question),
            ("", words.title),
        )
        headings |= {phrase: part for part, phrases in parts for phrase in phrases}
    return headings | names


def _bare(line: str) -> str:
    """A heading without its marks, numbers and colon, folded."""
    if len(line) > _HEADING:
        return ""
    return folded(_NUMBER.sub("", line.strip("#>*_ \t"), count=1).strip("#*_: \t"))


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip())
