"""What is stuck: effects that failed or are held, and the troubles that the admin is told about."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from careermail.cli.office import Office
from careermail.errors import StoreError
from careermail.model import Effect
from careermail.plan.history import History, fold, pair
from careermail.plan.planner import SERVICE
from careermail.runner import everyone


@dataclass(frozen=True)
class Stuck:
    """One thing that could not be done, so far or for good."""

    key: str  # of the effect, or the trouble's cause
    kind: str
    state: str  # failed (tried again at `retry_at`), held (until somebody mends it), trouble
    reason: str
    since: datetime | None = None
    retry_at: datetime | None = None


def stuck(office: Office, only: str = "") -> list[Stuck]:
    """All that is stuck, or what concerns the series with this key alone, in the order that it came up."""
    found = [one for name in _names(office, only) for one in _of_manager(office, name)]
    effects = {one.key for one in found}
    found += [one for one in _of_manager(office, SERVICE) if one.key not in effects]
    return [one for one in found if not only or _concerns(one, only)]


def _names(office: Office, only: str) -> list[str]:
    return [only.partition("/")[0]] if only else sorted(everyone(office.config.teams, office.store))


def _concerns(one: Stuck, series: str) -> bool:
    # What keeps a provider or a manager's whole file from working keeps every series from it.
    return pair(one.key) == series or one.key.startswith("provider/") or one.key == series.partition("/")[0]


def _of_manager(office: Office, name: str) -> list[Stuck]:
    try:
        return list(stuck_in(fold(office.store.load(name))))
    except StoreError as error:
        return [Stuck(name, "store", "trouble", str(error))]


def stuck_in(history: History) -> Iterator[Stuck]:
    """What is stuck in one manager's history, or in careermail's own."""
    for key, effect in history.effects.items():
        if effect.state in {"failed", "held"}:
            yield Stuck(key, _kind(effect), effect.state, effect.reason, effect.at, effect.retry_at)
    for cause, fact in history.troubles.items():
        yield Stuck(cause, "trouble", "trouble", str(fact.data["note"]), fact.at)


def _kind(effect: Effect) -> str:
    return str(effect.data.get("kind", ""))


def doubtful(history: History) -> Iterator[tuple[str, Effect]]:
    """The mails that may have been sent twice under one Message-ID, since nothing could tell after a crash."""
    return ((key, effect) for key, effect in history.effects.items() if effect.data.get("doubt"))


def history_of(office: Office, name: str) -> History:
    """What stands for a manager; nothing where it cannot be read, which is told among what is stuck."""
    try:
        return fold(office.store.load(name))
    except StoreError:
        return History()


def cut_off(office: Office, since: datetime) -> bool:
    """Whether nobody can be reached: effects fail, or no calendar can be read, and nothing was done since (UTC)."""
    troubles = history_of(office, SERVICE).troubles
    failing = any(cause.startswith("provider/") for cause in troubles)
    blind = [cause for cause in troubles if cause.endswith("/calendar")]
    if not (failing or blind):
        return False
    histories = [history_of(office, name) for name in office.store.managers() if name != SERVICE]
    done = any(e.state == "done" and e.at >= since for history in histories for e in history.effects.values())
    series = [key for history in histories for key, standing in history.series.items() if standing.bookings]
    return not done and (failing or len(blind) >= len(series))
