"""What a person's reply means: strict, so that nothing happens which nobody said.

What comes in is what they newly wrote, without quotes and signature. A clause counts if it is one of the sayings as a
whole. What stands beside it may be a courtesy or a reason; doubts, questions and contradictions hold back what they
stand beside, and are asked about. Where nothing was said that is known, nothing comes out.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Literal, cast

from careermail.mail import clauses as parts
from careermail.mail.asked import Asked
from careermail.mail.clauses import Clause, folded
from careermail.mail.contract import Question, form, parse
from careermail.mail.escape import plain
from careermail.mail.filling import Heard
from careermail.mail.handed import Handed, in_bullets, under_headings
from careermail.mail.hearing import hear
from careermail.mail.referring import WHOM, Which
from careermail.mail.sayings import sayings_of
from careermail.model import Commitment, Series

__all__ = ["Asked", "Said", "Understood", "understand"]

DOUBTFUL = "what to make of it: it leaves a doubt, and nothing was changed"
CONTRADICTORY = "which of the two is meant: they contradict each other"

Verb = Literal[
    "contract", "missed", "moved", "no-contract", "later", "done", "not-yet", "move", "drop", "book", "pause",
    "resume", "stop", "changed", "thanks",
]  # fmt: skip

_NEIGHBOURS = 6  # clauses that may be one saying: "by Friday, 12 March, 5 pm"
_REASONED = frozenset({"missed", "not-yet", "drop", "no-contract", "later", "changed", "book"})
_SHORT = 200  # characters of a line or reason that is kept
_LONG_TALK = 400  # characters beside an answer from which on it is a letter to a person
_REPLIED = re.compile(r"\s*[\w-]{2,5}\s*:", re.IGNORECASE)  # "Re:", "AW:", "Fwd:"


@dataclass(frozen=True)
class Said:
    """One thing that was said."""

    verb: Verb
    series: Series
    commitment: Commitment | None = None
    day: date | None = None  # move: the new date; book: the first day wished for
    moment: datetime | None = None  # moved: in UTC
    until: date | None = None  # pause: excluded; later: the day to ask again; book: the last day wished for
    reason: str = ""
    line: str = ""  # as it was written; of a contract its whole text


@dataclass(frozen=True)
class Understood:
    """All that was said, in its order, and each line that must be asked about."""

    said: tuple[Said, ...] = ()
    unclear: tuple[Question, ...] = ()


def understand(text: str, asked: Asked, subject: str = "") -> Understood:
    """What a person's new words mean in answer to a mail; any text can be understood, if only as nothing.

    `text` is without quotes and signature. The subject counts in a new mail alone, or where there is no text.
    """
    subject = "" if _REPLIED.match(subject) else plain(subject)[:_SHORT]
    if not asked.series:
        return Understood()
    if handed := under_headings(text, asked, subject):
        return _contract(handed, asked)
    said = _Listener(asked).listen(f"{subject}\n\n{text}" if not asked.kind or not text.strip() else text)
    if not said.said and not said.unclear and (handed := in_bullets(text, asked)):
        return _contract(handed, asked)
    return said


def _contract(handed: Handed, asked: Asked) -> Understood:
    """A contract, and what was said above it. "Didn't happen" above the form as it was sent is just that."""
    if not handed.series:
        return Understood((), (_question(handed.text.strip().splitlines()[0], 1, WHOM),))
    above = _Listener(asked).listen(handed.before) if handed.before.strip() else Understood()
    denied = [said for said in above.said if said.verb in {"missed", "no-contract", "later"}]
    if denied and _as_sent(handed, asked):
        return above
    if denied:
        return Understood((), (_question(denied[0].line, 1, CONTRADICTORY),))
    text = handed.text if above.said or not handed.before.strip() else f"{handed.before}\n{handed.text}"
    if not _holds_any(text, handed.series, asked):
        return above
    told = tuple(said for said in above.said if said.verb != "thanks")
    return Understood((*told, Said("contract", handed.series, line=text)), above.unclear)


def _as_sent(handed: Handed, asked: Asked) -> bool:
    series = cast(Series, handed.series)
    sent = parse(form(asked.contract, series), series, asked.today).contract
    return parse(handed.text, series, asked.today).contract == sent


def _holds_any(text: str, series: Series, asked: Asked) -> bool:
    contract = parse(text, series, asked.today).contract
    return bool(contract.commitments or contract.reviews or contract.questions)


@dataclass
class _Found:
    """A clause that says something, and the reason that gathers behind it."""

    heard: Heard
    clause: Clause
    beside: list[Clause] = field(default_factory=list)
    doubted: bool = False

    @property
    def reason(self) -> str:
        return plain(", ".join(filter(None, (self.heard.reason, *_runs(self.beside)))))[:_SHORT]


def _runs(clauses: list[Clause]) -> Iterator[str]:
    """Clauses as they were written, those of one line together."""
    by_line: dict[int, list[Clause]] = {}
    for clause in clauses:
        by_line.setdefault(clause.number, []).append(clause)
    yield from map(parts.joined, by_line.values())


class _Listener:
    """Goes through an answer clause by clause; what one means may depend on those before it."""

    def __init__(self, asked: Asked) -> None:
        self._asked, self._sayings = asked, sayings_of(asked.person.language)
        self._found: list[_Found] = []
        self._unclear: list[Question] = []
        self._doubts: list[Clause] = []
        self._remarks = 0  # their letters
        self._interrupted = False  # the sentence has said something else before
        self._polite = False

    def listen(self, text: str) -> Understood:
        clauses = list(self._until_signed(parts.read(text, self._sayings)))
        at = 0
        while at < len(clauses):
            at += self._hear(clauses[at : at + _NEIGHBOURS])
        return self._understood(bool(clauses))

    def _until_signed(self, clauses: list[Clause]) -> Iterator[Clause]:
        """The clauses up to the signature; what is below it counts only as a postscript."""
        signed = spoken = False
        for clause in clauses:
            said = folded(parts.joined([clause]))
            alone = folded(clause.line) == said
            signed = (signed or (spoken and alone and parts.signs(said, self._sayings, self._asked.person))) and not (
                re.match(self._sayings.postscript, said)
            )
            spoken = spoken or not parts.is_courtesy(said, self._sayings, self._asked.person)
            if not signed:
                yield clause

    def _hear(self, ahead: list[Clause]) -> int:
        """Hear the longest saying that begins here, or take one clause as something else; return how many were."""
        if ahead[0].opens:
            self._interrupted = False
        ahead = [clause for clause in ahead if clause.number == ahead[0].number]
        for count in range(len(ahead), 0, -1):
            said = folded(parts.joined(ahead[:count]))
            heard = hear(said, self._asked, self._mentioned())
            if heard and not (heard.weak and self._interrupted and not heard.named):
                self._take(heard, said, ahead[:count])
                return count
        self._remark(ahead[0])
        return 1

    def _mentioned(self) -> list[Which]:
        return [pair for found in self._found for pair in found.heard.commitments]

    def _take(self, heard: Heard, said: str, clauses: list[Clause]) -> None:
        if clauses[-1].asks and not re.match(self._sayings.polite, said):
            self._doubt(clauses[0])
        elif self._goes_on(heard):
            self._found[-1].beside += clauses
        elif heard.problem:
            self._unclear.append(_question(clauses[0].line, clauses[0].number, heard.problem))
        else:
            self._found.append(_Found(heard, clauses[0]))

    def _goes_on(self, heard: Heard) -> bool:
        """Whether it only says again, as its reason, what was said before: "drop it: it is obsolete"."""
        last = self._found[-1].heard if self._found else None
        return bool(last and last.verb == heard.verb and last.verb in _REASONED and not heard.named)

    def _remark(self, clause: Clause) -> None:
        said = folded(parts.joined([clause]))
        if parts.is_courtesy(said, self._sayings, self._asked.person) and not clause.asks:
            return
        self._interrupted = True
        self._remarks += len(said)
        last = self._found[-1] if self._found else None
        if clause.asks or self._doubtful(said, clause, last):
            self._doubt(clause)
        elif last and (clause.paragraph == last.clause.paragraph or last.heard.verb == "book"):
            last.beside.append(clause)

    def _doubtful(self, said: str, clause: Clause, last: _Found | None) -> bool:
        reason = clause.caused or (last and last.heard.verb in _REASONED)
        told = last and last.heard.verb == "book" and re.search(self._sayings.told, said)
        doubts = self._sayings.hedge if reason else f"{self._sayings.hedge}|{self._sayings.denial}"
        return bool(told or re.search(doubts, said))

    def _doubt(self, clause: Clause) -> None:
        """Hold back what was said in this line, and whatever does not name what it is about."""
        self._doubts.append(clause)

    def _understood(self, anything: bool) -> Understood:
        if not self._found and not self._unclear:
            thanked = anything and not self._remarks and not self._doubts
            return Understood((Said("thanks", self._asked.series[0]),)) if thanked else Understood()
        self._hold_back()
        said = [one for found in self._found if not found.doubted for one in self._said(found)]
        return self._without_contradictions(said)

    def _hold_back(self) -> None:
        lines = {clause.number for clause in self._doubts}
        for found in self._found:
            found.doubted = (bool(lines) and not found.heard.named) or found.clause.number in lines
        if self._remarks > _LONG_TALK:
            for found in self._found:
                found.doubted = True
        for clause in self._doubts or [f.clause for f in self._found if f.doubted]:
            self._unclear.append(_question(clause.line, clause.number, DOUBTFUL))

    def _said(self, found: _Found) -> Iterator[Said]:
        heard, line = found.heard, plain(found.clause.line)[:_SHORT]
        about = heard.commitments or tuple((series, None) for series in heard.series)
        for series, commitment in about:
            yield Said(
                cast(Verb, heard.verb), series, commitment, heard.day, heard.moment, heard.until, found.reason, line
            )

    def _without_contradictions(self, said: list[Said]) -> Understood:
        """What was said, each thing once; of what contradicts itself nothing, but a question."""
        kept: list[Said] = []
        for one in said:
            against = next((k for k in kept if (k.series, k.commitment) == (one.series, one.commitment)), None)
            if against is None or {against.verb, one.verb} == {"missed", "moved"}:
                kept.append(one)
            elif {against.verb, one.verb} == {"not-yet", "move"}:
                kept[kept.index(against)] = one if one.verb == "move" else against
            elif (against.verb, against.day, against.until, against.moment) != (
                one.verb,
                one.day,
                one.until,
                one.moment,
            ):
                kept.remove(against)
                self._unclear.append(_question(one.line, 1, CONTRADICTORY))
        return Understood(tuple(kept), tuple(dict.fromkeys(self._unclear)))


def _question(line: str, number: int, missing: str) -> Question:
    return Question(plain(line.strip())[:_SHORT], number, missing)
