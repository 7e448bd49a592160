"""What may leave the file that every write rewrites: facts that no plan will ask for again."""

from collections.abc import Callable
from datetime import datetime, timedelta

from careermail.model import Effect, Fact
from careermail.plan.history import EFFECTS, LONG_AGO, fold, pair

KEPT = timedelta(days=200)
REMEMBERED = timedelta(days=30)  # what went wrong and is over
SESSIONS = {"seen", "missed", "moved", "waived", "later"}
LETTERS = {"heard", "away"}


def settle(facts: list[Fact], now: datetime) -> tuple[list[Fact], list[Fact]]:
    """Part the facts into those that stay live and those for the archive: spent effects, past sessions, old contracts.

    A `settled` fact among the live ones tells how far it went, so that nothing older is ever wanted anew.
    """
    gone = _gone(facts, now - KEPT)
    live = [f for f in facts if not gone(f) and f.kind != "settled"]
    old = [f for f in facts if gone(f)]
    # Of effects alone: what people wrote may tell of an `until` too, which is a day of theirs.
    over = (datetime.fromisoformat(f.data["until"]) for f in old if f.kind in EFFECTS and "until" in f.data)
    horizon = max([fold(facts).horizon, *over])
    return [*live, Fact(now, "settled", "", {"horizon": horizon.isoformat()})], old


def forgotten(facts: list[Fact], now: datetime) -> list[Fact]:
    """What stays of careermail's own facts: troubles that stand or stood of late, and the alarms about these."""
    history, horizon = fold(facts), now - REMEMBERED
    spent = {key for key, effect in history.effects.items() if _spent(effect, horizon)}

    def stays(fact: Fact) -> bool:
        if fact.kind in EFFECTS:
            return fact.key not in spent
        return fact.kind not in {"trouble", "solved"} or fact.at >= horizon or history.troubles.get(fact.key) is fact

    return [fact for fact in facts if stays(fact)]


def _gone(facts: list[Fact], horizon: datetime) -> Callable[[Fact], bool]:
    history = fold(facts)
    spent = {key for key, effect in history.effects.items() if _spent(effect, horizon)}
    past = {f"{s}/{o.id}" for s, st in history.series.items() for o in st.occurrences.values() if o.end < horizon}
    current = {f"{s}/contract/{st.contract.version}" for s, st in history.series.items() if st.contract}
    since = {pair(f.key): f.at for f in facts if f.kind == "contract" and f.key in current}

    def gone(fact: Fact) -> bool:
        if fact.kind in EFFECTS:
            return fact.key in spent
        if fact.kind in SESSIONS:
            return fact.key in past
        if fact.kind in LETTERS:
            return fact.at < horizon
        if fact.kind == "contract":
            return fact.key not in current and fact.at < horizon
        # What befell a superseded contract's commitments; the current contract's are part of how it stands.
        return fact.kind == "commitment" and fact.at < min(horizon, since.get(pair(fact.key), LONG_AGO))

    return gone


def _spent(effect: Effect, horizon: datetime) -> bool:
    until: str = effect.data.get("until", "")
    over = effect.state in {"done", "skipped"} and effect.at < horizon
    return over and bool(until) and datetime.fromisoformat(until) < horizon
