"""What fills the slots of a saying: which commitments or series are meant, and which day or moment."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from careermail.mail.asked import PROMISED, Asked
from careermail.mail.dates import PAST, UNDATED
from careermail.mail.hours import WHICH_TIME, WHICH_YEAR, days_of, has_time, moment_of, too_far
from careermail.mail.phrases import NoDateError
from careermail.mail.referring import WHICH, WHOM, UnclearError, Which, by_words, numbered, whose
from careermail.mail.sayings import sayings_of
from careermail.model import A_DAY, Series


@dataclass(frozen=True)
class Heard:
    """What a clause says. Where `problem` names what is missing, nothing of it counts."""

    verb: str
    series: tuple[Series, ...] = ()
    commitments: tuple[Which, ...] = ()
    day: date | None = None
    moment: datetime | None = None
    until: date | None = None
    reason: str = ""
    named: bool = False  # it tells itself which one is meant
    weak: bool = False  # it counts only where it opens a sentence, or is named
    problem: str = ""


class _NoMatchError(Exception):
    """A saying fits by its words, and what fills it is something else."""


def fill(heard: Heard, said: Mapping[str, str], asked: Asked, mentioned: Sequence[Which]) -> Heard | None:
    """What a saying means with these words in its slots; None where they do not belong there.

    `heard` is what is known without them: the verb. `mentioned` are those commitments that were spoken of before it:
    "the rest" is without them.
    """
    heard = replace(heard, reason=said.get("why", ""), named=bool({"it", "one"} & set(said)))
    filling = _Filling(heard.verb, said, asked, mentioned)
    try:
        for complete in (filling.about, filling.dated):  # each to its end: what fits nowhere is not asked about
            try:
                heard = complete(heard)
            except (NoDateError, UnclearError) as problem:
                heard = replace(heard, problem=str(problem))
    except _NoMatchError:
        return None
    return heard


class _Filling:
    def __init__(self, verb: str, said: Mapping[str, str], asked: Asked, mentioned: Sequence[Which]) -> None:
        self._verb, self._said, self._asked, self._mentioned = verb, said, asked, mentioned
        self._sayings = sayings_of(asked.person.language)
        self._day = self._day_in(said)

    def about(self, heard: Heard) -> Heard:
        """With the commitments or the series that it is about."""
        if "name" in self._said:
            return replace(heard, series=self._named())
        if self._verb in PROMISED:
            return replace(heard, commitments=self._commitments())
        return replace(heard, series=self._only_series())

    def dated(self, heard: Heard) -> Heard:
        """With its days or its moment."""
        if self._verb == "moved":
            return self._at(heard)
        return self._by(heard) if self._day else self._undated(heard)

    def _day_in(self, said: Mapping[str, str]) -> str:
        return self._sayings.term.format(said["term"]) if said.get("term") else said.get("day") or ""

    def _commitments(self) -> tuple[Which, ...]:
        all_, phrase = self._asked.commitments, self._said.get("it") or self._said.get("one", "")
        if not phrase or re.fullmatch(self._sayings.pronoun, phrase):
            return self._only_commitment()
        if re.fullmatch(self._sayings.rest, phrase):
            return tuple(pair for pair in all_ if pair not in self._mentioned)
        found = numbered(phrase, all_, self._sayings) if self._asked.kind else None
        if not found and "it" in self._said:
            found = by_words(phrase, all_, self._sayings)
        if not found:
            raise _NoMatchError
        return found

    def _only_commitment(self) -> tuple[Which, ...]:
        """The one that the mail was about; of several nobody can tell which, but "not yet" is true of all."""
        all_ = self._asked.commitments
        if not self._asked.kind:
            raise _NoMatchError
        if len(all_) > 1 and self._verb != "not-yet":
            raise UnclearError(WHICH)
        return all_

    def _only_series(self) -> tuple[Series, ...]:
        if len(self._asked.series) > 1:
            raise UnclearError(WHOM)
        return self._asked.series

    def _named(self) -> tuple[Series, ...]:
        """The series whose report is named; a date may follow the name."""
        terms, said = self._sayings.terms, self._said["name"]
        said = re.sub(rf"^(?:{terms['talk']}|{terms['mails']})s?(?: with| to| about)? ", "", said)
        (series, rest), all_ = whose(said, self._asked.series), None
        if not series and (all_ := re.match(rf"(?:{self._sayings.every}|{self._sayings.pronoun})(?![^ ])", said)):
            every = re.fullmatch(self._sayings.every, all_[0])
            series, rest = self._asked.series if every else self._only_series(), said[all_.end() :]
        fits = re.fullmatch(self._sayings.named[self._verb], rest.strip(" ,"))
        if not fits or not series:
            raise _NoMatchError
        self._day = self._day_in(fits.groupdict())
        if len(series) > 1 and not all_:
            raise UnclearError(WHOM)
        return series

    def _undated(self, heard: Heard) -> Heard:
        if self._verb == "move":
            raise UnclearError(UNDATED)
        return replace(heard, until=self._asked.today) if "today" in self._said else heard

    def _by(self, heard: Heard) -> Heard:
        today = self._asked.today
        found = days_of(self._day, today, self._asked.person.language, alone=heard.weak)
        if not found or (self._verb == "later" and has_time(self._day, self._asked.person.language)):
            raise _NoMatchError
        lead, span = found
        day = span.first - A_DAY if lead == "before" else span.last
        if day < today:
            raise UnclearError(PAST)
        if too_far(span, today):
            raise UnclearError(WHICH_YEAR)
        return self._on(heard, today if lead and self._verb == "book" else span.first, day)

    def _on(self, heard: Heard, first: date, day: date) -> Heard:
        """What a day means for each verb: when it is due, when to ask again, up to when to rest, when to meet."""
        today = self._asked.today
        if self._verb == "move":
            return replace(heard, day=day)
        if self._verb == "later":
            return replace(heard, until=first if first > today else min(day, today + A_DAY))
        if self._verb == "pause":
            return replace(heard, until=max(first, today + A_DAY))
        return replace(heard, day=max(first, today), until=day)

    def _at(self, heard: Heard) -> Heard:
        if "moment" not in self._said:
            raise UnclearError(WHICH_TIME)
        moment = moment_of(self._said["moment"], self._asked.person, self._asked.now, self._asked.session)
        if moment is None:
            raise _NoMatchError
        return replace(heard, moment=moment.at, problem=heard.problem or moment.problem)
