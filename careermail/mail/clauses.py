"""An answer taken apart: its lines, and in each line the clauses that may say something by themselves."""

# ruff: noqa: RUF001 (people type en dashes and curly apostrophes)

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from careermail.mail.sayings import Sayings
from careermail.model import Person

_MOST_CLAUSES = 80  # of a short answer; whoever writes more tells something else
_MOST_LETTERS = 4000
_TICKS = re.compile("[✅✔☑🗸🗹]\ufe0f?")
_DOUBTFUL = frozenset("❌✖👎🚫❓❔🤔🤷🙄😡🤬🙃⛔")
_APOSTROPHES = re.compile("[’‘ʼ´`]")
_DASHES = re.compile("[‐‑‒–—−]")
_BULLET = re.compile(r"\s*(?:[-*•·–—]\s+)?")
_EDGES = ' \t,.;:!?…()-–—"“”„«»*_'


@dataclass(frozen=True)
class Clause:
    """A stretch of a line, with what tells how it is meant: where it stands, and the mark after it."""

    line: str  # as written, of which this is [start:end]
    start: int
    end: int
    number: int  # of its line, from 1
    paragraph: int
    mark: str = ""  # what follows it, up to the next clause
    opens: bool = True  # a sentence
    caused: bool = False  # "because …"

    @property
    def asks(self) -> bool:
        """Whether it is a question."""
        return "?" in self.mark


def read(text: str, sayings: Sayings) -> list[Clause]:
    """The clauses of an answer in their order; none where there is more than a short answer has."""
    if len(text) > _MOST_LETTERS:
        return []
    clauses = [clause for numbered in _lines(text) for clause in _split(*numbered, sayings)]
    return clauses if len(clauses) <= _MOST_CLAUSES else []


def joined(clauses: list[Clause]) -> str:
    """Neighbours of one line as they were written."""
    return clauses[0].line[clauses[0].start : clauses[-1].end].strip()


@lru_cache(maxsize=1024)
def folded(text: str) -> str:
    """A clause as sayings are written: without case, emoji, curly marks and what stands at its edges; a tick is ✓."""
    text = _DASHES.sub("-", _APOSTROPHES.sub("'", _TICKS.sub(" ✓ ", unicodedata.normalize("NFC", text))))
    text = "".join(c for c in text if c in _DOUBTFUL or c in "✓^`+=<>|~$" or not _is_decoration(c)).casefold()
    return " ".join(text.split()).strip(_EDGES)


def _is_decoration(character: str) -> bool:
    return unicodedata.category(character) in {"So", "Sk", "Cf", "Mn", "Me", "Cc", "Cs", "Co"} and character != "\t"


def _lines(text: str) -> Iterator[tuple[str, int, int]]:
    """Each line that is not quoted, with its number and its paragraph's."""
    paragraph = 0
    for number, line in enumerate(re.split(r"\r\n|\r|\n", text), 1):
        if not line.strip():
            paragraph += 1
        elif not line.lstrip().startswith(">"):
            yield line, number, paragraph


def _split(line: str, number: int, paragraph: int, sayings: Sayings) -> Iterator[Clause]:
    start = found.end() if (found := _BULLET.match(line)) else 0
    opens, caused = True, False
    for cut in (*_cuts(sayings).finditer(line, start), None):
        end, mark = (cut.start(), cut[0]) if cut else (len(line), "")
        if line[start:end].strip():
            yield Clause(line, start, end, number, paragraph, mark, opens, caused)
            opens = bool(re.search(r"[.!?…;]", mark))
        start, caused = (cut.end(), bool(cut["because"])) if cut else (end, False)


@lru_cache
def _cuts(sayings: Sayings) -> re.Pattern[str]:
    """What stands between clauses: marks, dashes, brackets, and the words that join them."""
    marks = r"[.!?…,;:]+[)\"”]*(?:\s+|$)|\s+[-–—]+\s+|(?<!\d)\s*[()]+\s*|…|\s+(?=\d\d?[.)]\s)"
    because = rf"(?P<because>(?:{sayings.because})\s+)"
    return re.compile(rf"(?:{marks}|\s+(?={sayings.because}\s)){because}?|\s+(?={sayings.joint}\s)", re.IGNORECASE)


def is_courtesy(clause: str, sayings: Sayings, person: Person) -> bool:
    """Whether a folded clause only greets, thanks or signs."""
    return (
        not clause
        or any(re.fullmatch(form, clause) for form in (sayings.greeting, sayings.thanks))
        or signs(clause, sayings, person)
    )


def signs(clause: str, sayings: Sayings, person: Person) -> bool:
    """Whether a folded clause closes a mail, as "Best" does, or the writer's name."""
    return bool(re.fullmatch(sayings.farewell, clause)) or clause in {folded(person.name), folded(person.first_name)}
