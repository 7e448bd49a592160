"""`make bench`: what careermail costs, each figure as a ratio to something measured in the same run.

Times are medians of runs that take turns, so that a noisy machine disturbs both sides alike. The table is printed and
put into the README, between its two bench marks. `python -m tests.bench 1000` uses that many managers for "many".
"""

import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median

import psutil
from rich.progress import Progress

from careermail.clock import VirtualClock
from careermail.config import load
from careermail.daemon import Daemon
from careermail.model import Team
from careermail.runner import Runner
from tests.bench import booking, post, seed

ROOT = Path(__file__).parents[2]
CAREERMAIL = Path(sys.executable).with_name("careermail")
FEW = 10
SAMPLES = 25


@dataclass
class Row:
    """One line of the table."""

    what: str
    ratio: float
    figures: str
    aim: str

    def __str__(self) -> str:
        return f"| {self.what} | {self.ratio:.2f} | {self.figures} | {self.aim} |"


def timed(work: Callable[[], object]) -> float:
    """Seconds that one call takes."""
    begin = time.perf_counter()
    work()
    return time.perf_counter() - begin


def in_turns(one: Callable[[], object], other: Callable[[], object], samples: int = SAMPLES) -> tuple[float, float]:
    """Median seconds of each, taken in turns after one call of each that does not count."""
    one(), other()
    pairs = [(timed(one), timed(other)) for _ in range(samples)]
    return median(p[0] for p in pairs), median(p[1] for p in pairs)


def milliseconds(one: float, other: float) -> str:
    """Two times in words."""
    return f"{one * 1000:.3g} ms against {other * 1000:.3g} ms"


# --- the engine in this process ------------------------------------------------------------------


def settled(root: Path, count: int) -> tuple[Daemon, Runner, list[Team]]:
    """A daemon that has visited everybody, an hour before a commitment of each is due."""
    teams = seed.organisation(root, count)
    clock = VirtualClock(seed.DUE - timedelta(hours=1))
    runner = seed.runner(root, clock)
    daemon = Daemon(lambda: load(root / "careermail.toml", now=clock.now()), lambda _: runner, clock)
    while daemon.visit_next():
        pass
    return daemon, runner, teams


def scale(folder: Path, many: int) -> Iterator[Row]:
    """A tick and a mail, in a small organisation and in a large one."""
    small, few, few_teams = settled(folder / "few", FEW + SAMPLES)
    large, lots, lots_teams = settled(folder / "many", many)
    a, b = in_turns(
        lambda: [large.visit_next() for _ in range(1000)], lambda: [small.visit_next() for _ in range(1000)]
    )
    yield Row(
        f"a tick with nothing due: {many:,} managers against {FEW}",
        a / b,
        f"{a * 1e3:.2g} µs against {b * 1e3:.2g} µs",
        "2",
    )
    for runner in (few, lots):
        runner.clock.wait(seed.DUE)
    one, other = iter(lots_teams), iter(few_teams)
    a, b = in_turns(lambda: lots.tick(next(one)), lambda: few.tick(next(other)))
    yield Row(f"a commitment mailed, end to end: {many:,} managers against {FEW}", a / b, milliseconds(a, b), "1.5")


def sending(folder: Path) -> Iterator[Row]:
    """Commitment mails through SMTP, each durable before and after, against smtplib's own loop."""
    if post.ABSENT:
        print(f"no mails through SMTP: {post.ABSENT}", file=sys.stderr)
        return
    for distance, where in ((0.0, "on loopback"), (0.01, "20 ms away")):
        root = folder / f"sending-{distance}"
        _, runner, teams = settled(root, SAMPLES + 2)
        with post.posting(root / "ca", runner, teams, distance) as (ours, bare):
            a, b = in_turns(ours, bare)
        figures = f"{1 / a:.0f} against {1 / b:.0f} a second"
        yield Row(f"commitment mails by SMTP, Postfix {where}, against bare smtplib", b / a, figures, "0.7")


def series(folder: Path) -> Iterator[Row]:
    """Series booked over CalDAV, against a bare loop of PUTs."""
    servers = {"Radicale, which does not invite": booking.on_radicale, "Cyrus, which invites": booking.on_cyrus}
    if booking.ABSENT:
        print(f"no series on Cyrus: {booking.ABSENT}", file=sys.stderr)
        servers.popitem()
    for number, (name, server) in enumerate(servers.items()):
        root = folder / f"series-{number}"
        root.mkdir()
        with server(root) as (ours, bare):
            a, b = in_turns(ours, bare, booking.SERIES)
        yield Row(f"a series of {booking.SERIES} booked on {name}, against a bare PUT", a / b, milliseconds(a, b), "")


def ageing(folder: Path) -> Row:
    """The same days of mails, for a manager of ten years and for a new one."""
    runners, teams = [], []
    for name, years in (("old", 10), ("new", 0)):
        root = folder / name
        team = load(seed.write_config(root, 1), now=seed.START).teams[0]
        start = datetime(2037, 1, 5, 8, tzinfo=UTC)
        runner = seed.runner(root, VirtualClock(seed.START if years else start - timedelta(days=21)))
        seed.play(runner, team, start, contracts=True)
        days = [f"- Thing {n} by {(start + timedelta(days=n)).date()}" for n in range(1, 60)]
        seed.agree(runner, team, "Maya's commitments\n" + "\n".join(days))
        runners.append(runner)
        teams.append(team)

    def a_day(which: int) -> Callable[[], object]:
        def work() -> None:
            clock = runners[which].clock
            clock.wait(runners[which].tick(teams[which]))

        return work

    a, b = in_turns(a_day(0), a_day(1), 40)
    return Row("a commitment mailed: ten years of history against none", a / b, milliseconds(a, b), "1.5")


# --- the command as a process --------------------------------------------------------------------


def helping() -> Row:
    """The shortest thing that the command can do."""
    a, b = in_turns(
        lambda: subprocess.run([CAREERMAIL, "--help"], check=True, stdout=subprocess.DEVNULL),
        lambda: subprocess.run([sys.executable, "-c", "pass"], check=True),
    )
    return Row("`careermail --help` against `python -c pass`", a / b, milliseconds(a, b), "")


@contextmanager
def daemon(path: Path) -> Iterator[psutil.Process]:
    """`careermail run`, ready."""
    with subprocess.Popen([CAREERMAIL, "--config", path, "run"], stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        while "ready" not in process.stderr.readline():
            pass
        yield psutil.Process(process.pid)
        process.send_signal(signal.SIGTERM)
        process.stderr.read()


def starting(root: Path) -> Row:
    """Until the daemon says that it is ready, against merely parsing the same files."""
    parse = (
        "import sys, tomllib, pathlib\n"
        "for path in pathlib.Path(sys.argv[1]).glob('managers.d/*.toml'): tomllib.loads(path.read_text())"
    )

    def ready() -> None:
        with daemon(root / "careermail.toml"):
            pass

    count = sum(1 for _ in (root / "managers.d").iterdir())
    a, b = in_turns(ready, lambda: subprocess.run([sys.executable, "-c", parse, root], check=True), 3)
    return Row(f"start to ready, {count:,} managers, against parsing their files", a / b, milliseconds(a, b), "")


def resting(folder: Path, count: int) -> Row:
    """The memory of a daemon with nothing to do."""
    root = folder / f"resting-{count}"
    seed.organisation(root, count)
    with daemon(root / "careermail.toml") as process:
        before = -1
        while (now := process.cpu_times().user) != before:  # until it has visited everybody
            before = now
            time.sleep(3)
        ours = process.memory_info().rss
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as bare:
        time.sleep(0.5)
        theirs = psutil.Process(bare.pid).memory_info().rss
        bare.kill()
    figures = f"{ours / 2**20:.0f} MB against {theirs / 2**20:.0f} MB"
    who = "1 manager" if count == 1 else f"{count:,} managers"
    return Row(f"memory of the idle daemon, {who}, against bare Python", ours / theirs, figures, "")


def main() -> None:
    """Measure everything, print the table, and put it into the README."""
    many = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000
    with tempfile.TemporaryDirectory() as name, Progress(transient=True) as progress:
        folder = Path(name)
        task = progress.add_task("measuring", total=11)
        rows = []
        for row in _rows(folder, many):
            rows.append(row)
            progress.update(task, advance=1, description=row.what)
    table = "\n".join(["| what | ratio | medians | aim |", "|---|---|---|---|", *map(str, rows)])
    print(table)
    readme = ROOT / "README.md"
    marked = re.compile(r"(<!-- bench -->\n).*(<!-- end of bench -->)", re.DOTALL)
    readme.write_text(marked.sub(lambda found: f"{found[1]}{table}\n{found[2]}", readme.read_text()))


def _rows(folder: Path, many: int) -> Iterator[Row]:
    yield from scale(folder, many)
    yield from sending(folder)
    yield from series(folder)
    yield ageing(folder)
    yield starting(folder / "many")
    yield helping()
    for count in (1, min(many, 1000)):
        yield resting(folder, count)


if __name__ == "__main__":
    main()
