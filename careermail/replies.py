"""What an understood answer does: sayings in, facts out. Pure; the mailroom has judged already whose they are."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from careermail import desk
from careermail.errors import UsageError
from careermail.mail.listening import Said, Understood
from careermail.model import A_DAY, Commitment, Fact, Occurrence, Person, Series
from careermail.plan.history import Standing, fold
from careermail.plan.recurrence import local_day
from careermail.plan.sessions import Row

Answers = list[dict[str, str]]


@dataclass(frozen=True)
class Letter:
    """A mail that may act: who wrote it, what it answers, and what is to be known to answer it."""

    person: Person
    digest: str  # what it is known by, should it come again
    now: datetime
    series: tuple[Series, ...]
    sessions: Mapping[str, str] = field(default_factory=dict)  # the occurrence that the mail was about, by series
    mail: str = ""  # its own Message-ID
    subject: str = ""
    copied: tuple[str, ...] = ()  # the reports who have it as well
    anew: bool = False  # a contract in it is a whole one, whatever stands

    def data(self) -> dict[str, Any]:
        """What its fact holds whatever it says."""
        day = local_day(self.person, self.now).isoformat()
        return {"who": self.person.email, "day": day, "mail": self.mail, "subject": self.subject}


@dataclass
class _Done:
    """What came of the sayings about one series."""

    facts: list[Fact] = field(default_factory=list)
    answers: Answers = field(default_factory=list)
    questions: list[tuple[str, str]] = field(default_factory=list)
    data: dict[str, Any] = field(default_factory=dict)

    def answer(self, kind: str, what: str, to: Person) -> None:
        """Want a mail of this kind, once."""
        if all(answer["kind"] != kind for answer in self.answers):
            self.answers.append({"kind": kind, "what": what, "to": to.email})


def act(letter: Letter, understood: Understood, known: Iterable[Fact]) -> list[Fact]:
    """What an answer does, as facts; `known` are the manager's, before it.

    The last is always `heard`: it tells that the mail was taken in, and what is to be answered.
    """
    facts, last = list(known), letter.series[0]
    before = len(facts)
    about = {said.series.key: said.series for said in understood.said} or {last.key: last}
    unclear = [(question.line, question.missing) for question in understood.unclear]
    for series in about.values():
        done = _Done(questions=unclear)
        for said in understood.said:
            if said.series.key == series.key:
                _say(letter, said, fold([*facts, *done.facts]).of(series.key), done)
        unclear = []
        facts += [*done.facts, _heard(letter, series, done)]
    return facts[before:]


def _heard(letter: Letter, series: Series, done: _Done) -> Fact:
    if done.questions and not any(answer["to"] == letter.person.email for answer in done.answers):
        done.answer("answer", "questions", letter.person)
    occurrence = done.data.get("occurrence", letter.sessions.get(series.key, ""))
    data = {**letter.data(), "occurrence": occurrence, **done.data, "questions": done.questions}
    return Fact(letter.now, "heard", f"{series.key}/heard/{letter.digest}", {**data, "answers": done.answers})


def _say(letter: Letter, said: Said, standing: Standing, done: _Done) -> None:
    whose = _MANAGERS if letter.person.email == said.series.manager.email else _REPORTS
    if said.verb not in whose:
        return
    try:
        whose[said.verb](letter, said, standing, done)
    except UsageError as error:
        done.questions.append((said.line, str(error)))


# --- contracts and sessions ----------------------------------------------------------------------


def _contract(letter: Letter, said: Said, standing: Standing, done: _Done) -> None:
    _refuse_earlier(letter, said, standing)
    copied = [said.series.report.email] if said.series.report.email in letter.copied else []
    data = {"who": letter.person.email, "mail": letter.mail, "subject": letter.subject, "copied": copied}
    facts, parsed = desk.record_contract(
        said.series, standing, said.line, letter.now, letter=data, correcting=not letter.anew
    )
    done.facts += facts
    if facts:
        return  # the mail that tells both of it thanks the manager, and asks what must be asked
    done.questions += [(question.line, question.missing) for question in parsed.questions]
    if not done.questions:
        done.answer("answer", "unchanged", letter.person)


def _refuse_earlier(letter: Letter, said: Said, standing: Standing) -> None:
    """A contract is that of the last session. Raises UsageError where the mail that it answers was about another."""
    named = standing.occurrences.get(letter.sessions.get(said.series.key, ""))
    begun = [o for o in Row(said.series, standing, letter.now).confirmed if o.start <= letter.now]
    if named and begun and named.start < begun[-1].start:
        raise UsageError(
            "you have talked again since; answer the latest mail, so that it is clear which talk it is from"
        )


def _changed(letter: Letter, said: Said, standing: Standing, done: _Done) -> None:
    del said, standing
    done.answer("answer", "changed", letter.person)


def _occurrence(letter: Letter, said: Said, standing: Standing) -> Occurrence:
    """The session that is spoken of: the one that the mail was about, or what was booked in its place; else the last.

    Raises UsageError where there is none.
    """
    row = Row(said.series, standing, letter.now)
    named = standing.occurrences.get(letter.sessions.get(said.series.key, ""))
    if named:
        return row.replaced(named) or named
    begun = [o for o in row.confirmed if o.start <= letter.now] or row.confirmed
    if not begun:
        raise UsageError(f"no talk with {said.series.report.first_name} is known that this could be about")
    return begun[-1]


def _missed(letter: Letter, said: Said, standing: Standing, done: _Done) -> None:
    done.facts.append(desk.missed(said.series, _occurrence(letter, said, standing), letter.now))


def _moved(letter: Letter, said: Said, standing: Standing, done: _Done) -> None:
    occurrence = _occurrence(letter, said, standing)
    if said.moment is None:
        raise UsageError("say the day and the hour, as in: moved to Thursday 14:00")
    done.facts += desk.moved(said.series, occurrence, said.moment, letter.now)
    done.data |= {"occurrence": occurrence.id, "start": said.moment.isoformat()}
    done.answer("answer", "moved", letter.person)


def _no_contract(letter: Letter, said: Said, standing: Standing, done: _Done) -> None:
    done.facts.append(desk.waive(said.series, _occurrence(letter, said, standing), letter.now))


def _later(letter: Letter, said: Said, standing: Standing, done: _Done) -> None:
    day = said.until or said.day or local_day(letter.person, letter.now) + A_DAY
    done.facts.append(desk.later(said.series, _occurrence(letter, said, standing), day, letter.now))
    if day > local_day(letter.person, letter.now) + A_DAY:
        done.data["until"] = day.isoformat()
        done.answer("answer", "later", letter.person)


# --- commitments ---------------------------------------------------------------------------------


def _commitment(said: Said, standing: Standing) -> Commitment:
    name = said.commitment.id if said.commitment else ""
    for commitment in standing.contract.commitments if standing.contract else ():
        if commitment.id == name:
            return commitment
    raise UsageError("that is not part of the contract any more")


def _done(letter: Letter, said: Said, standing: Standing, done: _Done) -> None:
    commitment = _commitment(said, standing)
    if commitment.state != "done":  # said twice, it is no less true
        by = letter.person.email
        done.facts.append(desk.settle(said.series, commitment, "done", letter.now, by=by))


def _drop(letter: Letter, said: Said, standing: Standing, done: _Done) -> None:
    commitment, by = _commitment(said, standing), letter.person.email
    if commitment.state != "dropped":
        done.facts.append(desk.settle(said.series, commitment, "dropped", letter.now, reason=said.reason, by=by))


def _move(letter: Letter, said: Said, standing: Standing, done: _Done) -> None:
    commitment = _commitment(said, standing)
    if said.day is None:
        raise UsageError("say by when, as in: by 12 February")
    done.facts.append(desk.move(said.series, commitment, said.day, letter.now, by=letter.person.email))
    done.data["commitments"] = [*done.data.get("commitments", ()), commitment.id]
    done.answer("answer", "dates", letter.person)


def _own(saying: "Saying") -> "Saying":
    """Let a report speak of their own commitments alone."""

    def own(letter: Letter, said: Said, standing: Standing, done: _Done) -> None:
        if said.commitment and said.commitment.owner != "report":
            raise UsageError(f"that is {said.series.manager.first_name}'s to say")
        saying(letter, said, standing, done)

    return own


# --- the series ----------------------------------------------------------------------------------


def _book(letter: Letter, said: Said, standing: Standing, done: _Done) -> None:
    fact = desk.ask(said.series, standing, said.reason, letter.now)
    done.facts.append(fact)
    done.data["occurrence"] = fact.key.removeprefix(f"{said.series.key}/")
    done.answer("answer", "booked", letter.person)


def _pause(letter: Letter, said: Said, standing: Standing, done: _Done) -> None:
    del standing
    done.facts.append(desk.pause(said.series, said.until, letter.now, stopped=said.verb == "stop"))
    done.data["until"] = said.until.isoformat() if said.until else ""
    done.answer("answer", "paused", letter.person)


def _resume(letter: Letter, said: Said, standing: Standing, done: _Done) -> None:
    if Row(said.series, standing, letter.now).paused:
        done.facts.append(desk.resume(said.series, letter.now))
    done.answer("answer", "resumed", letter.person)


def _wish_to_stop(letter: Letter, said: Said, standing: Standing, done: _Done) -> None:
    del letter, standing
    done.data["until"] = said.until.isoformat() if said.until else ""
    done.answer("passed-on", "stop", said.series.manager)


def _new_goals(letter: Letter, said: Said, standing: Standing, done: _Done) -> None:
    del letter, standing
    done.answer("passed-on", "changed", said.series.manager)


def _nothing(letter: Letter, said: Said, standing: Standing, done: _Done) -> None:
    """What needs no fact: it is open, and stays so."""
    del letter, said, standing, done


Saying = Callable[[Letter, Said, Standing, _Done], None]

_MANAGERS: dict[str, Saying] = {
    "contract": _contract,
    "changed": _changed,
    "missed": _missed,
    "moved": _moved,
    "no-contract": _no_contract,
    "later": _later,
    "done": _done,
    "not-yet": _nothing,
    "move": _move,
    "drop": _drop,
    "book": _book,
    "pause": _pause,
    "stop": _pause,
    "resume": _resume,
    "thanks": _nothing,
}
_REPORTS: dict[str, Saying] = {
    "done": _own(_done),
    "not-yet": _nothing,
    "move": _own(_move),
    "drop": _own(_drop),
    "changed": _new_goals,
    "pause": _wish_to_stop,
    "stop": _wish_to_stop,
    "thanks": _nothing,
}
THEIRS = frozenset(_REPORTS)  # what is a report's to say
