"""Each login is tried once a day, at an hour of its own; what fails is tried again every hour.

Nothing is changed anywhere by a try (Probe): one that was cut off is simply made again.
"""

import logging
from collections import deque
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta

from careermail.clock import Clock
from careermail.errors import CareermailError
from careermail.model import A_DAY, Person, opaque
from careermail.plan.planner import CHECKS
from careermail.providers import Probe, Provider
from careermail.selfcheck.alarms import Alarms
from careermail.selfcheck.logins import Login, Logins, labelled, logins_of
from careermail.store import Store
from careermail.troubles import Troubles, told

log = logging.getLogger("careermail")

AGAIN = timedelta(hours=1)
A_BREATH = timedelta(seconds=2)  # between any two tries
SHARE = 9  # the parts of the loop's time that everything else has, for each that slow logins take
A_ROUND = timedelta(minutes=10)  # what `once` gives to it
PER_LOGIN = timedelta(seconds=0.5)  # what is kept of 10,000 logins is written every 83 minutes
MIDNIGHT = datetime(1970, 1, 1, tzinfo=UTC)


class SelfCheck:
    """Tries the logins of a provider: those that serve everybody together, and each manager's own."""

    def __init__(
        self, provider: Provider, store: Store, clock: Clock, troubles: Troubles, alive: Callable[[], None]
    ) -> None:
        """`alive` is called before each try, for whoever watches that we go on."""
        self._provider, self._store, self._clock, self._alive = provider, store, clock, alive
        self._alarms = Alarms(troubles)
        self._managers: dict[str, Person] = {}  # by address
        self._due: dict[str, datetime] = {}  # by whose logins they are; empty until somebody asks
        self._found: Logins = {}
        self._at_hand = deque[tuple[str, str, Probe]]()  # whose, its label, and it
        self._saved = self._shown = clock.now()
        self._changed = False

    @property
    def logins(self) -> list[Login]:
        """All logins that are known, as they were last found."""
        return [login for logins in self._found.values() for login in logins.values()]

    def step(self, managers: Iterable[Person]) -> datetime:
        """Try one login if one is due, and return when to come back (UTC, ahead).

        The first time, what was not well is due at once: whoever reloads or restarts has perhaps mended it.
        """
        begun = self._clock.now()
        self._begin(managers, begun, eager=True)
        if begun < self._shown:  # the clock was set back
            self._due = {whose: self._next(whose, begun) for whose in self._due}
        self._shown = begun
        tried = self._try_next(begun)
        now = self._clock.now()
        if abs(now - self._saved) >= PER_LOGIN * len(self.logins):
            self.save()
        pause = max(A_BREATH, SHARE * (now - begun)) if tried else A_BREATH
        return now + pause if self._at_hand else max(now + pause, min(self._due.values()))

    def round(self, managers: Iterable[Person]) -> None:
        """Try all that are due, for ten minutes at most; what is left has its turn the next time."""
        begun = self._clock.now()
        self._begin(managers, begun, eager=False)
        while self._clock.now() <= begun + A_ROUND and self._try_next(begun):
            pass
        self.save()

    def save(self) -> None:
        """Keep what was found until now. Where that fails it is tried again; what is lost is looked at once more."""
        if not self._changed:
            return
        facts = [login.fact(whose) for whose, logins in self._found.items() for login in logins.values()]
        self._saved = self._clock.now()
        try:
            self._store.replace(CHECKS, facts, [])
            self._changed = False
        except CareermailError as error:
            log.warning("the self-check is not kept", extra={"reason": str(error)})

    # --- what is due -----------------------------------------------------------------------------

    def _begin(self, managers: Iterable[Person], now: datetime, *, eager: bool) -> None:
        if self._due:
            return
        known, self._managers = self._known(), {manager.email: manager for manager in managers}
        of_their_own = len(self._provider.probes(self._managers.values())) > len(self._provider.probes(()))
        whose = [CHECKS, *(self._managers if of_their_own else ())]
        self._found = {name: known[name] for name in whose if name in known}
        self._changed = self._found != known
        self._due = {name: self._next(name, now, eager=eager) for name in whose}
        self._alarms.keep(self.logins, now)

    def _known(self) -> Logins:
        try:
            return logins_of(self._store.load(CHECKS))
        except CareermailError as error:
            log.warning("the self-check begins anew", extra={"reason": str(error)})
            return {}

    def _next(self, whose: str, now: datetime, *, eager: bool = False) -> datetime:
        """When somebody's logins are due: once a day at their hour, sooner where one fails."""
        logins = self._found.get(whose, {}).values()
        if not logins or (eager and not all(login.well(now) for login in logins)):
            return now
        last = min(now, *(login.at for login in logins))  # none was tried later than now, whatever clocks said
        return last + AGAIN if any(login.cause for login in logins) else _hour(whose, last + AGAIN)

    # --- one login -------------------------------------------------------------------------------

    def _try_next(self, now: datetime) -> bool:
        """Try one login of those due by `now`; False if there is none."""
        while not self._at_hand:
            when, whose = min((when, whose) for whose, when in self._due.items())
            if when > now:
                return False
            self._lay_out(whose, now)
        whose, label, probe = self._at_hand.popleft()
        self._alive()
        before = self._found[whose].get(label)
        found = self._found[whose][label] = self._tried(whose, label, probe, before)
        self._changed = True
        now = self._clock.now()
        if not self._at_hand:
            self._due[whose] = self._next(whose, now)
        if any(login and not login.well(now) for login in (before, found)):
            self._alarms.keep(self.logins, now)
        return True

    def _lay_out(self, whose: str, now: datetime) -> None:
        """Put somebody's logins at hand; forget those of theirs that are no more."""
        probes = self._probes(whose)
        self._at_hand.extend((whose, label, probe) for label, probe in probes.items())
        self._found[whose] = {label: one for label, one in self._found.get(whose, {}).items() if label in probes}
        if not probes:
            self._due[whose] = now + A_DAY

    def _probes(self, whose: str) -> dict[str, Probe]:
        everybodys = self._provider.probes(())
        if whose == CHECKS:
            return labelled(everybodys)
        names = {probe.name for probe in everybodys}
        return labelled(probe for probe in self._provider.probes([self._managers[whose]]) if probe.name not in names)

    def _tried(self, whose: str, label: str, probe: Probe, before: Login | None) -> Login:
        try:
            expires = probe.look().expires
        except Exception as error:  # noqa: BLE001 (whatever is wrong with one login, all else goes on)
            now, said = self._clock.now(), told(error, login=label)
            cause, good = self._alarms.fail(whose, label, probe, said, now), before.good if before else None
            return Login(label, probe.name, probe.owner, now, good, cause, before.expires if before else None)
        now = self._clock.now()
        return Login(label, probe.name, probe.owner, now, now, expires=expires)


def _hour(whose: str, after: datetime) -> datetime:
    """The first time after a moment that it is somebody's own hour: those of many are spread over the day."""
    first = MIDNIGHT + A_DAY * (int(opaque(whose)[:8], 16) / 2**32)
    return first + A_DAY * ((after - first) // A_DAY + 1)
