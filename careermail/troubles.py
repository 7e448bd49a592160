"""What the admin must know, kept among careermail's own facts; keeping it never stops the work that it is about."""

import logging
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any

from careermail.errors import CareermailError, ProviderError, TryLater
from careermail.model import Fact
from careermail.plan.archive import forgotten
from careermail.plan.history import fold
from careermail.plan.planner import SERVICE
from careermail.store import Store

log = logging.getLogger("careermail")

# A temporary failure becomes the admin's business when it has lasted this long.
PATIENCE = timedelta(hours=4)
TIDY_FROM = 400  # facts; below that the file is small enough to be left as it is

PROVIDER = "provider/"  # begins the cause of what nothing can be done about until a server is back
BOUNCE = "bounce/"  # begins the cause of what nobody can be told any more at their address


class Troubles:
    """The troubles that stand, by cause: an effect's key, a series' calendar, a provider, or a manager's whole visit.

    They are read anew each time, so that the daemon and the commands see each other's. What cannot be written is kept
    in memory and tried again with the next; nothing in here raises a CareermailError.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._unwritten: dict[str, Fact] = {}
        self._said = ""

    def standing(self) -> dict[str, Fact]:
        """The troubles by cause; of those on disk none, where they cannot be read."""
        facts: list[Fact] = []
        try:
            facts = self._store.load(SERVICE)
        except CareermailError as error:
            self._say(error)
        return fold([*facts, *self._unwritten.values()]).troubles

    def arise(self, cause: str, error: CareermailError, now: datetime, **data: Any) -> None:
        """Note a trouble, unless it stands already; one that may pass is told when it has lasted."""
        if cause not in self.standing():
            at_once = permanent(error) or getattr(error, "urgent", False)
            due = now if at_once else now + PATIENCE
            self._tell(Fact(now, "trouble", cause, {"note": str(error), "due": due.isoformat(), **data}))

    def foretell(self, cause: str, note: str, now: datetime, *, again: Sequence[str], **data: Any) -> None:
        """Note what nothing is stuck by yet: it is told now, and `again` at these moments (ISO 8601), not daily."""
        told_at = {"due": now.isoformat(), "again": list(again)}
        self._tell(Fact(now, "trouble", cause, {"note": note, **told_at, **data}))

    def settle(self, now: datetime, over: Callable[[Fact], bool]) -> None:
        """Note as solved whatever `over` says so of; what has long been solved is forgotten."""
        solved = [cause for cause, trouble in self.standing().items() if over(trouble)]
        for cause in solved:
            self._tell(Fact(now, "solved", cause))
        if solved:
            self._forget(now)

    def _forget(self, now: datetime) -> None:
        """Every visit reads these facts, and every trouble writes them all: they must not grow with the years."""
        try:
            with self._store.lock(SERVICE):
                facts = self._store.load(SERVICE)
                kept = forgotten(facts, now)
                if len(facts) >= TIDY_FROM and len(kept) <= len(facts) / 2:
                    self._store.replace(SERVICE, kept, [])
        except CareermailError as error:
            self._say(error)

    def _tell(self, fact: Fact) -> None:
        self._unwritten[fact.key] = fact
        try:
            with self._store.lock(SERVICE):
                self._store.append(SERVICE, list(self._unwritten.values()))
            self._unwritten.clear()
            self._said = ""
            self._store.announce(SERVICE)
        except CareermailError as error:
            self._say(error)
            if fact.kind == "trouble":  # which nobody can be mailed, since nothing can be remembered of it
                log.error("alarm", extra={"reason": fact.data["note"]})  # noqa: TRY400 (it is no fault of ours)

    def _say(self, error: CareermailError) -> None:
        if str(error) != self._said:  # once, not at every visit
            log.error("cannot", extra={"manager": SERVICE, "reason": str(error)})
        self._said = str(error)


def permanent(error: CareermailError) -> bool:
    """Whether trying again by itself will not help."""
    return error.permanent if isinstance(error, ProviderError) else not isinstance(error, TryLater)


def told(error: Exception, **where: Any) -> CareermailError:
    """The error as people may hear of it: our own as it is; any other is a fault, which the log tells the place of."""
    if isinstance(error, CareermailError):
        return error
    log.error("fault", exc_info=error, extra=where)
    # Its words may quote what people wrote, which belongs neither in a log nor in a mail.
    return CareermailError(f"a fault in careermail ({type(error).__name__}); the log of this moment says where")
