"""What is mailed because somebody wrote: to the writer, to the other side, to the manager in between."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import date, datetime

from careermail.model import A_DAY, Fact, Occurrence, Person, Series, Team, Topic, Wanted
from careermail.plan.history import Change, History, Standing, pair
from careermail.plan.recurrence import working_moment
from careermail.plan.sessions import Row

USEFUL = 14 * A_DAY
_BULLET = re.compile(r"^\s*(?:[-*•\u2013]|\d+[.)])\s+")


def present(team: Team, history: History) -> Team:
    """The team as it works: with the absences that people's own mail programs told of."""
    if not history.away:
        return team

    def now_away(person: Person) -> Person:
        spans = history.away.get(person.email)
        return replace(person, away=spans) if spans else person

    series = (replace(s, manager=now_away(s.manager), report=now_away(s.report)) for s in team.series)
    return Team(now_away(team.manager), tuple(series))


def wanted_answers(team: Team, history: History, now: datetime) -> Iterator[Wanted]:
    """Every mail that answers, passes on or asks about what somebody wrote; of whoever left, none."""
    pairs = {series.key: series for series in (Series(team.manager, team.manager), *team.series)}
    wanted: dict[str, Wanted] = {}
    for fact in history.heard.values():
        if (series := pairs.get(pair(fact.key))) is None:
            continue
        row = Row(series, history.of(series.key), now)
        for answer in fact.data.get("answers", ()):
            one = _answer(row, fact, answer)
            wanted.setdefault(one.key, one)
    yield from wanted.values()


def _answer(row: Row, fact: Fact, answer: dict[str, str]) -> Wanted:
    series, kind, data = row.series, answer["kind"], fact.data
    to = series.report if answer["to"] == series.report.email else series.manager
    # Who wrote just now is there to read; whom it is passed on to may be asleep.
    own = answer["to"] == data.get("who")
    # One such mail to one person a day, whatever they write: it is made of identity and the day alone.
    key = f"{pair(fact.key)}/{kind}/{data['day']}/{to.email}" if kind in ("help", "refused") else f"{fact.key}/{kind}"
    return Wanted(
        key=key,
        kind=kind,
        due=fact.at if own else working_moment(to, fact.at, "after"),
        until=fact.at + USEFUL,
        topic=_topic(row, fact, answer, thanks=own),
        to=to,
        because=f"a mail of {fact.at:%d %B} from {data.get('who', 'somebody')} is answered",
    )


def _topic(row: Row, fact: Fact, answer: dict[str, str], *, thanks: bool) -> Topic:
    data, contract = fact.data, row.standing.contract
    named = data.get("commitments", ())
    return Topic(
        row.series,
        _occurrence(row, data.get("occurrence", "")),
        following=row.next_start,
        contract=contract,
        commitments=tuple(c for c in contract.commitments if c.id in named) if contract else (),
        what=answer["what"],
        note=data.get("note", ""),
        stand_in=datetime.fromisoformat(data["start"]) if "start" in data else None,
        until=date.fromisoformat(data["until"]) if data.get("until") else None,
        questions=questions(data.get("questions", ())),
        thanks=thanks,
        reply=data.get("mail", "") if thanks else "",
        subject=data.get("subject", "") if thanks else "",
    )


def questions(unclear: Iterable[Sequence[str]]) -> tuple[tuple[str, str], ...]:
    """What is to be asked, of a fact: each line without its bullet, with what is missing of it."""
    return tuple((_BULLET.sub("", line), missing) for line, missing in unclear)


def _occurrence(row: Row, name: str) -> Occurrence | None:
    """The session that was spoken of; of an ad hoc conversation, the hour that was found."""
    if name.startswith("ad-hoc/"):
        reason = row.standing.asked[f"{row.series.key}/{name}"].at
        booked = [b.uid for b in row.standing.bookings.values() if b.role == "ad-hoc" and b.at >= reason]
        return next((o for o in row.confirmed if o.uid in booked), None)
    return row.standing.occurrences.get(name)


def wanted_changes(row: Row) -> Iterator[Wanted]:
    """What one side moved or dropped, told to the other in one mail."""
    series, standing = row.series, row.standing
    for change in standing.changes.values():
        other = series.report if change.by == series.manager.email else series.manager
        yield Wanted(
            key=f"{series.key}/told/{change.at:%Y%m%dT%H%M%SZ}/{other.email}",
            kind="told",
            due=working_moment(other, change.at, "after"),
            until=change.at + USEFUL,
            topic=Topic(
                series, following=row.next_start, contract=change.after, previous=change.before, note=_reason(change)
            ),
            to=other,
            because=f"commitments were changed on {change.at:%d %B} by {change.by}",
            unless=_outdated(standing, change),
        )


def _reason(change: Change) -> str:
    """Why something was dropped, where the owner said so."""
    before = {c.id: c.state for c in change.before.commitments}
    reasons = (c.reason for c in change.after.commitments if c.state == "dropped" and before.get(c.id) != "dropped")
    return "; ".join(dict.fromkeys(filter(None, reasons)))


def _outdated(standing: Standing, change: Change) -> str:
    newer = standing.contract is not None and standing.contract.version > change.after.version
    return "a newer contract tells it" if newer else ""
