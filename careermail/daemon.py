"""The loop: an agenda of who is to be visited when, the rounds that keep it, and the signals that end it."""

import heapq
import logging
import signal
from collections.abc import Callable
from datetime import datetime, timedelta
from types import FrameType

import schedule

from careermail.clock import Clock
from careermail.config import Config
from careermail.errors import CareermailError, ConfigError, StoreError, TryLater
from careermail.model import Team
from careermail.plan.planner import SERVICE
from careermail.runner import Runner, everyone

log = logging.getLogger("careermail")

ROUND = timedelta(minutes=15)  # how often each manager's calendars are read, due or not
SOON = timedelta(minutes=5)
A_MOMENT = timedelta(seconds=20)


class Agenda:
    """Who is to be visited when: asking for the next costs the same for ten managers as for ten thousand."""

    def __init__(self) -> None:
        self._heap: list[tuple[datetime, str]] = []
        self._when: dict[str, datetime] = {}

    def enter(self, name: str, when: datetime) -> None:
        """Visit `name` at `when`, or earlier if that stands already."""
        if name not in self._when or when < self._when[name]:
            self._when[name] = when
            heapq.heappush(self._heap, (when, name))

    def next(self) -> datetime | None:
        """When somebody is to be visited next; None for never."""
        while self._heap and self._when.get(self._heap[0][1]) != self._heap[0][0]:
            heapq.heappop(self._heap)  # superseded by an earlier entry
        return self._heap[0][0] if self._heap else None

    def take(self, now: datetime) -> str | None:
        """Strike out and return somebody who is due at `now`; None if nobody is."""
        when = self.next()
        if when is None or when > now:
            return None
        _, name = heapq.heappop(self._heap)
        del self._when[name]
        return name

    def clear(self) -> None:
        """Forget everybody."""
        self._heap.clear()
        self._when.clear()


class Daemon:
    """Runs until it is told to stop; a reload that fails leaves everything as it was."""

    def __init__(self, load: Callable[[], Config], hire: Callable[[Config], Runner], clock: Clock) -> None:
        """`load` reads the configuration (ConfigError), `hire` makes the runner that serves it."""
        self._load, self._hire, self._clock = load, hire, clock
        self._agenda = Agenda()
        self._stopping = self._reloading = False
        self._take_up(load())

    def run(self) -> None:
        """Serve until SIGTERM or SIGINT; reload on SIGHUP."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._stop)
        signal.signal(signal.SIGHUP, self._reload)
        rounds = schedule.Scheduler()
        rounds.every(int(ROUND.total_seconds())).seconds.do(self._visit_all, spread=ROUND)
        rounds.every(5).seconds.do(self._notice)
        log.info("ready", extra={"managers": len(self._teams)})
        while not self._stopping:
            if self._reloading:
                self._try_reload()
            rounds.run_pending()
            if not self.visit_next():
                self._clock.wait(self._next(rounds))
        log.info("stopped")

    def _next(self, rounds: schedule.Scheduler) -> datetime:
        now = self._clock.now()
        coming = now + timedelta(seconds=max(rounds.idle_seconds or 0, 0))
        return min(coming, self._agenda.next() or coming)

    # --- visits ----------------------------------------------------------------------------------

    def visit_next(self) -> bool:
        """Do all that is due for one manager who is due; False if nobody is."""
        name = self._agenda.take(self._clock.now())
        if name is None:
            return False
        try:
            again = self._runner.tick_service() if name == SERVICE else self._runner.tick(self._teams[name])
        except TryLater as busy:
            log.info("busy", extra={"manager": name, "reason": str(busy)})
            again = self._clock.now() + A_MOMENT
        except CareermailError as error:
            log.error("cannot", extra={"manager": name, "reason": str(error)})  # noqa: TRY400 (it says what to do)
            again = self._clock.now() + SOON
        self._agenda.enter(name, again)
        return True

    def _visit_all(self, spread: timedelta = timedelta(0)) -> None:
        now = self._clock.now()
        for n, name in enumerate(self._teams):
            self._agenda.enter(name, now + spread * n / len(self._teams))

    def _notice(self) -> None:
        """Visit those whose facts a command has changed."""
        try:
            for name in self._runner.store.changed():
                if name in self._teams or name == SERVICE:
                    self._agenda.enter(name, self._clock.now())
        except StoreError as error:
            log.error("cannot", extra={"reason": str(error)})  # noqa: TRY400

    # --- signals and configuration ---------------------------------------------------------------

    def _stop(self, number: int, frame: FrameType | None) -> None:  # noqa: ARG002
        self._stopping = self._runner.stopping = True
        self._clock.wake()

    def _reload(self, number: int, frame: FrameType | None) -> None:  # noqa: ARG002
        self._reloading = True
        self._clock.wake()

    def _try_reload(self) -> None:
        self._reloading = False
        try:
            self._take_up(self._load())
            log.info("reloaded", extra={"managers": len(self._teams)})
        except ConfigError as error:
            for problem in error.problems:
                log.error("refused", extra={"reason": str(problem)})  # noqa: TRY400
            log.error("kept the configuration that was running")  # noqa: TRY400

    def _take_up(self, config: Config) -> None:
        runner = self._hire(config)
        self._teams: dict[str, Team] = everyone(config.teams, runner.store)
        self._runner = runner
        self._agenda.clear()
        self._visit_all()
        self._agenda.enter(SERVICE, self._clock.now() + A_MOMENT)
