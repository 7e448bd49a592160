"""What is to hold after years: nothing lost, nothing twice, and nothing that grows without a reason."""

from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

from staff import Staff

from careermail.plan.history import History, fold
from careermail.plan.planner import ORDER, of_nobody
from careermail.store.tiny import TinyStore

GRACE = timedelta(days=3)  # what is younger may be under way
OF_A_SESSION = ("prepare", "prompt", "summary")


def faults(root: Path, staff: Staff, now: datetime) -> Iterator[str]:
    """Everything that is not as it must be, in words; `now` is in UTC."""
    sent = [line.split() for line in (root / "sent").read_text().splitlines()]
    names = Counter((message, to) for _, message, to, _ in sent)
    yield from (f"sent twice: {name}" for name, count in names.items() if count > 1)
    keys = Counter((key, to) for (_, to), key in staff.delivered.items())
    yield from (f"two mails of one key: {key}" for key, count in keys.items() if count > 1)
    delivered = {message for message, _ in staff.delivered} | {message for message, _ in names}
    store = TinyStore(root / "state")
    told = set[str]()
    for manager in store.managers():
        history = fold([*store.load(manager, archived=True), *store.load(manager)])
        told |= {m for effect in history.effects.values() if (m := _message(effect.data))}
        yield from _of_manager(history, delivered, now)
        if not of_nobody(manager):
            yield from _of_sessions(history, now)
    handed_on = {m for (m, _), key in staff.delivered.items() if "forward" in key or key == "None"}
    yield from (f"sent, and not remembered: {message}" for message in delivered - told - handed_on)


def _message(data: dict[str, object]) -> str:
    intent = data.get("intent")
    return str(intent.get("message_id", "")) if isinstance(intent, dict) else ""


def _of_manager(history: History, delivered: set[str], now: datetime) -> Iterator[str]:
    for key, effect in history.effects.items():
        if effect.state in {"done", "skipped"}:
            message = _message(effect.data)
            if effect.state == "done" and message and message not in delivered and now - effect.at > GRACE:
                yield f"done, and never delivered: {key}"
        elif now - effect.at > GRACE and effect.data["kind"] not in ORDER:
            yield f"{effect.state} since {effect.at:%Y-%m-%d}: {key} ({effect.reason})"


def _of_sessions(history: History, now: datetime) -> Iterator[str]:
    """Of each session that took place, its mails were sent, or there is a reason why not."""
    for series, standing in history.series.items():
        for one in standing.occurrences.values():
            booking = standing.bookings.get(one.uid)
            over = booking and booking.ended and booking.ended < one.start  # who left is not looked after any more
            if one.status == "confirmed" and one.end < now - GRACE and one.id not in standing.lost and not over:
                for kind in OF_A_SESSION:
                    if not history.state(f"{series}/{one.id}/{kind}"):
                        yield f"no {kind}: {series} on {one.start:%Y-%m-%d}"
