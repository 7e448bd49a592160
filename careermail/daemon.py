"""The loop: an agenda of who is to be visited when, the rounds that keep it, and the signals that end it."""

import logging
import os
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from pathlib import Path

import schedule

from careermail.agenda import Agenda
from careermail.clock import Clock
from careermail.config import Config
from careermail.errors import CareermailError, ConfigError, TryLater
from careermail.model import Team
from careermail.notify import Supervisor
from careermail.plan.planner import CHECKS, INBOX, SERVICE, inbox_of
from careermail.runner import Runner, everyone
from careermail.signals import Signals
from careermail.watch.lookout import Lookout
from careermail.watch.timekeeper import Timekeeper

log = logging.getLogger("careermail")

ROUND = timedelta(minutes=15)  # how often each manager's calendars are read, due or not
SOON = timedelta(minutes=5)
A_MOMENT, A_MINUTE = timedelta(seconds=20), timedelta(minutes=1)
A_LOOK = timedelta(seconds=0.25)  # into one of many mailboxes: all of them together leave time for everything else
NOTICE = timedelta(seconds=5)  # how often commands' announcements and edited files are looked for


class Daemon:
    """Runs until it is told to stop; a reload that fails leaves everything as it was."""

    def __init__(
        self,
        load: Callable[[], Config],
        hire: Callable[[Config], Runner],
        clock: Clock,
        supervisor: Supervisor | None = None,
    ) -> None:
        """`load` reads the configuration (ConfigError), `hire` makes the runner that serves it."""
        self._load, self._hire, self._clock = load, hire, clock
        self._supervisor = supervisor or Supervisor({})
        self._agenda, self._rounds = Agenda(), schedule.Scheduler()
        self._due: dict[str, datetime] = {}  # by name, when something is due next, as its last visit found
        self._refused = False
        self._stopping = self._reloading = self._mail_came = False
        self._unwatch: Callable[[], None] | None = None
        self._timekeeper, self._lookout = Timekeeper(clock), Lookout(clock)
        self._files: tuple[str, ...] = ()  # which tell that the configuration was edited
        self._take_up(load())
        self._marks = self._last_marks = _marks(self._files)
        self._arm()

    def run(self, signals: Signals) -> None:
        """Serve until SIGTERM or SIGINT; reload on SIGHUP, and when the configuration's files were edited."""
        signals.pass_to(self.stop, self.reload)
        log.info("ready", extra={"managers": len(self._teams)})
        self._supervisor.ready()
        self._tell_monitors()
        while not self._stopping:
            self.turn()
        self._let_go()
        log.info("stopped")

    def turn(self) -> None:
        """Do what is next, or wait for it."""
        self._supervisor.alive()
        self._keep_time()
        if self._reloading:
            self._try_reload()
        self._rounds.run_pending()
        if self._mail_came:
            self._mail_came = False
            self._agenda.enter(INBOX, self._clock.now())
        if not self.visit_next():
            self._tell_status()
            self._clock.wait(self._next())

    def stop(self) -> None:
        """End after the action under way; safe at any moment."""
        self._stopping = self._runner.stopping = True
        self._supervisor.stopping()
        self._clock.wake()

    def reload(self) -> None:
        """Read the configuration again as soon as may be; safe at any moment."""
        self._reloading = True
        self._clock.wake()

    # --- time ------------------------------------------------------------------------------------

    def _arm(self) -> None:
        self._rounds.clear()
        self._rounds.every(int(ROUND.total_seconds())).seconds.do(self._visit_all, spread=ROUND)
        self._rounds.every(int(NOTICE.total_seconds())).seconds.do(self._notice)
        self._rounds.every(int(A_MINUTE.total_seconds())).seconds.do(self._tell_monitors)

    def _next(self) -> datetime:
        idle = timedelta(seconds=max(self._rounds.idle_seconds or 0, 0))
        coming = self._clock.now() + min(idle, self._supervisor.pulse or idle)
        return min(coming, self._agenda.next() or coming)

    def _keep_time(self) -> None:
        """Where a clock went back, what was to come by it would come late: begin anew."""
        if jump := self._timekeeper.jump():
            way = "forward" if jump > timedelta(0) else "back"
            log.warning("the clock was set %s", way, extra={"by": abs(jump)})
            self._lookout.jumped(jump)
            if way == "back":
                self._begin()
                self._arm()
        # `schedule` goes by local time, which autumn sets back by an hour.
        if (self._rounds.idle_seconds or 0) > NOTICE.total_seconds():
            self._arm()

    # --- visits ----------------------------------------------------------------------------------

    def visit_next(self) -> bool:
        """Do all that is due for one manager who is due; False if nobody is."""
        name = self._agenda.take(self._clock.now())
        if name is not None:
            self._due[name] = self._visit(name)
            self._agenda.enter(name, self._due[name])
        return name is not None

    def _visit(self, name: str) -> datetime:
        """Do all that is due for one manager, and return when to come back; one's trouble is not the others'."""
        try:
            if name in self._inboxes:
                return self._read_inbox(self._inboxes[name])
            if name == CHECKS:
                return self._runner.selfcheck.step(team.manager for team in self._config.teams)
            return self._runner.tick_service(self._teams) if name == SERVICE else self._runner.tick(self._teams[name])
        except TryLater as busy:
            log.info("busy", extra={"manager": name, "reason": str(busy)})
            self._runner.failed(name, busy)
            return self._clock.now() + A_MOMENT
        except Exception as error:  # noqa: BLE001 (as above)
            said = self._runner.failed(name, error)
            log.error("cannot", extra={"manager": name, "reason": str(said)})  # noqa: TRY400 (the place is told already)
            return self._clock.now() + SOON

    def _read_inbox(self, mailbox: str) -> datetime:
        """Take in what people wrote, and have those visited whom it concerns."""
        teams = [self._teams[mailbox]] if mailbox else self._config.teams
        concerned, again = self._runner.tick_inbox(teams, mailbox)
        for name in concerned & self._teams.keys():
            self._agenda.enter(name, self._clock.now())
        return max(again, self._clock.now() + A_LOOK * len(self._inboxes))

    def _mail(self) -> None:
        """Something came, says a thread of the inbox's own."""
        self._mail_came = True
        self._clock.wake()

    def _begin(self) -> None:
        """Visit everybody now."""
        self._agenda.clear()
        self._due.clear()
        self._visit_all()
        for name in (SERVICE, CHECKS):
            self._agenda.enter(name, self._clock.now() + A_MOMENT)
        for n, name in enumerate(self._inboxes):
            self._agenda.enter(name, self._clock.now() + A_LOOK * n)

    def _tell_status(self) -> None:
        """Say when something is due next; never what two people have to do with each other."""
        if not self._supervisor.listens:
            return
        due = self._next_work()
        rest = f"; nothing is due before {due:%a %d %b %H:%M} UTC" if due else ""
        refused = "; a configuration was refused, the one before runs on" if self._refused else ""
        self._supervisor.status(f"managers: {len(self._teams)}{rest}{refused}")

    def _tell_monitors(self) -> None:
        """Say that the loop comes round, and how far behind it is."""
        now = self._clock.now()
        late = now - min(self._agenda.next() or now, now)
        self._lookout.tell(next_=self._next_work(), late=late, refused=self._refused)

    def _next_work(self) -> datetime | None:
        """When something is due; a look into an inbox and the self-check are not what anybody waits for."""
        work = (when for name, when in self._due.items() if name != CHECKS and name not in self._inboxes)
        return min(work, default=None)

    def _visit_all(self, spread: timedelta = timedelta(0)) -> None:
        now = self._clock.now()
        for n, name in enumerate(self._teams):
            self._agenda.enter(name, now + spread * n / len(self._teams))

    def _notice(self) -> None:
        """Take up what was edited, and visit those whose facts a command has changed."""
        try:
            if self._edited():
                return  # what a command did since is looked at by the same configuration that it went by
            for name in self._runner.store.changed():
                if name in self._teams or name == SERVICE:
                    self._agenda.enter(name, self._clock.now())
        except CareermailError as error:
            log.error("cannot", extra={"reason": str(error)})  # noqa: TRY400 (it says what to do)

    # --- configuration ---------------------------------------------------------------------------

    def _edited(self) -> bool:
        """Reload where files were edited, once they rest and are not half written; tell whether they do not yet."""
        before, self._last_marks = self._last_marks, _marks(self._files)
        if self._last_marks != self._marks and self._last_marks == before:
            self._try_reload(only_if_new=True)
        return self._last_marks != before

    def _try_reload(self, *, only_if_new: bool = False) -> None:
        self._supervisor.reloading()
        self._read_again(only_if_new=only_if_new)
        self._supervisor.ready()

    def _read_again(self, *, only_if_new: bool) -> None:
        self._reloading, files, self._marks = False, self._files, _marks(self._files)
        try:
            config = self._load()
            self._refused = False
            if only_if_new and config == self._config:
                return
            self._take_up(config)
            log.info("reloaded", extra={"managers": len(self._teams)})
        except ConfigError as error:
            self._files = _with_folders([*self._config.files, *(problem.file for problem in error.problems)])
            self._refuse(*(str(problem) for problem in error.problems))
        except Exception as error:  # noqa: BLE001 (whatever is wrong with it, what was running goes on)
            self._refuse(str(self._runner.failed(SERVICE, error)))
        if self._files != files:
            self._marks = self._last_marks = _marks(self._files)

    def _let_go(self) -> None:
        """Leave the servers that the running configuration had us connected to."""
        if self._unwatch:
            self._unwatch()
        if hasattr(self, "_runner"):
            self._runner.close()

    def _refuse(self, *reasons: str) -> None:
        for reason in reasons:
            log.error("refused", extra={"reason": reason})
        log.error("kept the configuration that was running")
        self._refused = True

    def _take_up(self, config: Config) -> None:
        runner = self._hire(config)
        runner.alive = self._supervisor.alive
        self._let_go()
        self._unwatch = runner.watch(self._mail)
        self._teams: dict[str, Team] = everyone(config.teams, runner.store)
        self._inboxes = {inbox_of(mailbox): mailbox for mailbox in runner.mailboxes(config.teams)}
        self._config, self._runner, self._files = config, runner, _with_folders(config.files)
        self._lookout.follow(config, runner)
        self._begin()


def _with_folders(files: Iterable[Path]) -> tuple[str, ...]:
    """The files, the configuration's own first, and the folders in which others may come to be included."""
    main, *included = files
    return tuple(sorted({str(path) for path in (main, *included, *(file.parent for file in included))}))


def _marks(paths: Iterable[str]) -> int:
    """Something that changes when any of these files and folders does."""
    return hash(tuple(map(_mark, paths)))


def _mark(path: str) -> tuple[int, ...]:
    try:
        status = os.stat(path)  # noqa: PTH116 (there may be 10,000, every few seconds)
    except OSError:
        return ()
    return status.st_mtime_ns, status.st_size, status.st_ino
