"""What providers tell as facts: what people did in their calendars since they were read, and what was mailed twice."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime

from careermail.effects import reading_window
from careermail.model import A_DAY, Busy, Fact, Occurrence, Series, Team
from careermail.plan.history import Standing, reconcile, to_data
from careermail.plan.slots import FOUR_WEEKS
from careermail.providers import Calendar, Provider

Places = Mapping[tuple[str, str], Occurrence]


def resent(provider: Provider, team: Team, now: datetime) -> list[Fact]:
    """What a provider mailed by itself, perhaps twice, as effects that were done in doubt."""
    manager = team.manager.email
    sources = {series.marker: series.key for series in team.series} | {manager: f"{manager}/{manager}"}
    again = ((key, name, to) for source, key in sources.items() for name, to in provider.resent(source))
    data = {"kind": "invitation", "until": (now + A_DAY).isoformat(), "doubt": True}
    return [
        Fact(now, "done", f"{key}/invitation/{name}", {**data, "intent": {"message_id": name, "to": to}})
        for key, name, to in again
    ]


def read_calendar(
    calendar: Calendar, series: Series, standing: Standing, now: datetime, *, ours: bool = False
) -> list[Fact]:
    """What has changed in the sessions of a series, as `seen` facts. Raises ProviderError.

    With `ours` the change was our own doing: what is gone was superseded, and nobody need be told.
    """
    been = [o.start for o in standing.occurrences.values() if o.status == "confirmed" and o.start <= now]
    window = reading_window(series, now, max(been, default=now))
    seen = calendar.occurrences(series.manager, series.marker, window)
    places = {(o.uid, o.recurrence_id): o for o in standing.occurrences.values()}
    seen = _with_busy(calendar, series, seen, places, now)
    changes = _as_it_was(reconcile(standing.occurrences, seen, window), standing, now)
    if ours:
        changes = [replace(o, status="superseded") if o.status == "cancelled" else o for o in changes]
    return [Fact(now, "seen", f"{series.key}/{o.id}", to_data(o)) for o in changes]


def _as_it_was(changes: list[Occurrence], standing: Standing, now: datetime) -> list[Occurrence]:
    """Let the past be: a change of the whole series shifts what has been only on paper, and adds nothing to it."""
    known = standing.occurrences
    return [o for o in (_still(o, known.get(o.id), now) for o in changes) if o and o != known.get(o.id)]


def _still(seen: Occurrence, known: Occurrence | None, now: datetime) -> Occurrence | None:
    if known is None:
        return seen if seen.end > now - 2 * A_DAY else None
    if seen.end > now or known.end > now:
        return seen
    # Whether it did happen is for people to say, and not for a calendar that nobody tidies up.
    status = "missed" if known.status == "missed" else seen.status
    return replace(seen, start=known.start, end=known.end, status=status)


def _with_busy(
    calendar: Calendar, series: Series, seen: list[Occurrence], places: Places, now: datetime
) -> list[Occurrence]:
    """Mark the sessions that something else overlaps: each when it is first seen, and again as it comes near.

    In between people's diaries fill and empty around it, which is theirs to arrange.
    """
    asked = [o for o in seen if o.status == "confirmed" and o.start > now and _to_be_asked(o, places, now)]
    if not asked:
        return [_as_known(o, places) for o in seen]
    window = (min(o.start for o in asked), max(o.end for o in asked))
    busy = calendar.busy((series.manager, series.report), window)
    return [replace(o, busy=_overlapped(o, busy)) if o in asked else _as_known(o, places) for o in seen]


def _to_be_asked(occurrence: Occurrence, places: Places, now: datetime) -> bool:
    known = places.get((occurrence.uid, occurrence.recurrence_id))
    return known is None or occurrence.start < now + FOUR_WEEKS * A_DAY


def _as_known(occurrence: Occurrence, places: Places) -> Occurrence:
    known = places.get((occurrence.uid, occurrence.recurrence_id))
    return replace(occurrence, busy=known.busy) if known else occurrence


def _overlapped(occurrence: Occurrence, busy: Iterable[Busy]) -> bool:
    return any(b.uid != occurrence.uid and b.start < occurrence.end and b.end > occurrence.start for b in busy)
