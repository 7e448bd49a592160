"""An answer, clause by clause: what is said, what stands beside it, and what holds it back.

What stands beside a saying may be a courtesy or a reason. A doubt, a question or a contradiction holds back what it
stands beside, and is asked about.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Literal, cast

from careermail.mail import clauses as parts
from careermail.mail.asked import Asked
from careermail.mail.clauses import Clause, folded
from careermail.mail.contract import Question
from careermail.mail.escape import plain
from careermail.mail.filling import Heard
from careermail.mail.hearing import hear
from careermail.mail.referring import Which, whose
from careermail.mail.sayings import sayings_of
from careermail.model import Commitment, Series

DOUBTFUL = "what to make of it: it leaves a doubt, and nothing was changed"
CONTRADICTORY = "which of the two is meant: they contradict each other"

Verb = Literal[
    "contract", "missed", "moved", "no-contract", "later", "done", "not-yet", "move", "drop", "book", "pause",
    "resume", "stop", "changed", "thanks",
]  # fmt: skip

_NEIGHBOURS = 6  # clauses that may be one saying: "by Friday, 12 March, 5 pm"
_REASONED = frozenset({"missed", "not-yet", "drop", "no-contract", "later", "changed", "book"})
_SHORT = 200  # characters of a line that is quoted
_LONG_TALK = 400  # characters beside an answer; more are a letter to a person


@dataclass(frozen=True)
class Said:
    """One thing that was said."""

    verb: Verb
    series: Series
    commitment: Commitment | None = None
    day: date | None = None  # move: the new date; book: the first day wished for
    moment: datetime | None = None  # moved: in UTC
    until: date | None = None  # pause: excluded; later: the day to ask again; book: the last day wished for
    reason: str = ""  # whatever they wrote beside it
    line: str = ""  # as it was written; of a contract its whole text


@dataclass(frozen=True)
class Understood:
    """All that was said, in its order, and each line that must be asked about."""

    said: tuple[Said, ...] = ()
    unclear: tuple[Question, ...] = ()


def listen(asked: Asked, text: str) -> Understood:
    """What a text says in answer, but for a contract in it."""
    return _Listener(asked).listen(text)


def question(line: str, number: int, missing: str) -> Question:
    """A question about a line, which is quoted as far as it is short."""
    return Question(plain(line.strip())[:_SHORT], number, missing)


@dataclass
class _Found:
    """A clause that says something, and the reason that gathers behind it."""

    heard: Heard
    clause: Clause
    before: list[Clause]
    beside: list[Clause] = field(default_factory=list)
    doubted: bool = False

    @property
    def reason(self) -> str:
        return plain(", ".join(filter(None, (self.heard.reason, *_runs(self.before), *_runs(self.beside)))))[
            :_LONG_TALK
        ]


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
        self._ahead: list[Clause] = []  # remarks that may be the reason of what follows
        self._remarks = 0  # their letters
        self._thanked = False
        self._interrupted = False  # the sentence has said something else before

    def listen(self, text: str) -> Understood:
        clauses = list(self._until_signed(parts.read(text, self._sayings)))
        at = 0
        while at < len(clauses):
            at += self._hear(clauses[at : at + _NEIGHBOURS])
        return self._understood()

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
            self._doubts.append(clauses[0])
        elif self._goes_on(heard):
            self._found[-1].beside += clauses
        elif heard.problem:
            self._unclear.append(question(clauses[0].line, clauses[0].number, heard.problem))
        else:
            before = [clause for clause in self._ahead if clause.paragraph == clauses[0].paragraph]
            self._found.append(_Found(heard, clauses[0], before))
            self._ahead = []

    def _goes_on(self, heard: Heard) -> bool:
        """Whether it only says again, as its reason, what was said before: "drop it: it is obsolete"."""
        last = self._found[-1].heard if self._found else None
        return bool(last and last.verb == heard.verb and last.verb in _REASONED and not heard.named and not heard.until)

    def _remark(self, clause: Clause) -> None:
        said = folded(parts.joined([clause]))
        if parts.is_courtesy(said, self._sayings, self._asked.person) and not clause.asks:
            self._thanked = self._thanked or bool(said) or not clause.line.isascii()
            return
        self._interrupted = True
        self._remarks += len(said)
        last = self._found[-1] if self._found else None
        if clause.asks or self._doubtful(said, clause, last):
            self._doubts.append(clause)
        elif not last:
            self._ahead.append(clause)
        elif clause.paragraph == last.clause.paragraph or last.heard.verb == "book":
            last.beside.append(clause)

    def _doubtful(self, said: str, clause: Clause, last: _Found | None) -> bool:
        reason = clause.caused or (last and last.heard.verb in _REASONED)
        told = (
            last
            and last.heard.verb == "book"
            and (re.search(self._sayings.told, said) or self._names_another(said, last))
        )
        doubts = f"{self._sayings.hedge}|{self._sayings.acting if reason else self._sayings.denial}"
        return bool(told or self._refers(said) or re.search(doubts, said))

    def _refers(self, said: str) -> bool:
        """Whether it only tells which one is meant, and something must have been said of it."""
        every = re.fullmatch(f"{self._sayings.every}|{self._sayings.rest}|{self._sayings.both}", said)
        return bool(every) or bool(re.fullmatch(rf"(?:{self._sayings.label})?\d{{1,2}}", said))

    def _names_another(self, said: str, last: _Found) -> bool:
        said = re.sub(f"^{self._sayings.joint} ", "", said)
        return any(series not in last.heard.series for series in whose(said, self._asked.series)[0])

    def _understood(self) -> Understood:
        if not self._found and (self._doubts or not self._unclear):
            thanked = self._thanked and not self._remarks and not self._doubts
            return Understood((Said("thanks", self._asked.series[0]),)) if thanked else Understood()
        self._hold_back()
        said = [one for found in self._found if not found.doubted for one in self._said(found)]
        return self._without_contradictions(said)

    def _hold_back(self) -> None:
        """A doubt holds back what was said in its line, and whatever does not name what it is about."""
        lines = {clause.number for clause in self._doubts}
        for found in self._found:
            found.doubted = (bool(lines) and not found.heard.named) or found.clause.number in lines
        if self._remarks > _LONG_TALK:
            for found in self._found:
                found.doubted = True
        for clause in self._doubts or [f.clause for f in self._found if f.doubted]:
            self._unclear.append(question(clause.line, clause.number, DOUBTFUL))

    def _said(self, found: _Found) -> Iterator[Said]:
        heard, line = found.heard, plain(found.clause.line.strip())[:_SHORT]
        dates = (heard.day, heard.moment, heard.until)
        verb = cast(Verb, heard.verb)
        yield from (
            Said(verb, series, commitment, *dates, found.reason, line) for series, commitment in heard.commitments
        )
        yield from (Said(verb, series, None, *dates, found.reason, line) for series in heard.series)

    def _without_contradictions(self, said: list[Said]) -> Understood:
        """What was said, each thing once; of what contradicts itself nothing, but a question."""
        kept: list[Said] = []
        for one in said:
            other = next((k for k in kept if (k.series, k.commitment) == (one.series, one.commitment)), None)
            if other is None or {other.verb, one.verb} == {"missed", "moved"}:
                kept.append(one)
            elif better := _both(other, one):
                kept[kept.index(other)] = better
            else:
                kept.remove(other)
                self._unclear.append(question(one.line, 1, CONTRADICTORY))
        return Understood(tuple(kept), tuple(dict.fromkeys(self._unclear)))


def _both(one: Said, other: Said) -> Said | None:
    """Which of two sayings about one thing says what both do; None where they contradict each other."""
    if {one.verb, other.verb} == {"not-yet", "move"}:
        return one if one.verb == "move" else other
    if one.verb != other.verb or (_dates(one) and _dates(other) and _dates(one) != _dates(other)):
        return None
    return replace(one if _dates(one) else other, reason=one.reason or other.reason)


def _dates(said: Said) -> tuple[date, ...]:
    return tuple(filter(None, (said.day, said.until, said.moment)))
