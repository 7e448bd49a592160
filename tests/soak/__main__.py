"""`make soak`: ten years of 200 managers on the real daemon, killed and failed, measured each month.

    python -m tests.soak [YEARS [MANAGERS [SEED]]]

Ends with 1 if anything was lost, sent twice, or grew without a reason.
"""

import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from random import Random
from statistics import mean, median
from tempfile import TemporaryDirectory

import psutil

ROOT = Path(__file__).parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "tests"), str(ROOT / "tests/simulation"), str(Path(__file__).parent)]
os.environ["PYTHONPATH"] = os.pathsep.join(sys.path[:4])  # for every process of this tree

from audit import faults  # noqa: E402 (the tests' folders are no packages)
from engine import BEGIN  # noqa: E402
from staff import Staff  # noqa: E402

MEMORY = Path("/dev/shm")  # noqa: S108 (what SIGKILL leaves there is the same as on a disk)
KILLS, STOPS, CLOCKS = 0.03, 0.01, 0.005  # how often a day ends so, in the first years and the last ones
OURS = 400_000  # bytes; troubles are tidied up from 400 facts on
QUIET = 2  # years at either end in which the process is killed; in between it lives on, so that what leaks shows


@dataclass(frozen=True)
class Sample:
    """What the process and its files measure on one day."""

    day: datetime
    rss: int
    descriptors: int
    threads: int
    live: float  # bytes of a manager's file, on average
    archive: int
    calendars: int
    ours: int  # bytes of what is about no manager: troubles, and how far inboxes were read

    @classmethod
    def of(cls, process: psutil.Process, root: Path, day: datetime) -> "Sample":
        with process.oneshot():
            rss, descriptors, threads = process.memory_info().rss, process.num_fds(), process.num_threads()
        live = [path.stat().st_size for path in (root / "state/managers").glob("*@*.json")]
        ours = sum(path.stat().st_size for path in (root / "state/managers").glob("_*.json"))
        sizes = (sum(_sizes(root / folder)) for folder in ("state/archive", "world/calendars"))
        return cls(day, rss, descriptors, threads, mean(live), *sizes, ours)

    def __str__(self) -> str:
        return (
            f"{self.day:%Y-%m-%d}  {self.rss / 2**20:6.1f} MiB  {self.descriptors:3} fds  {self.threads} threads  "
            f"{self.live / 1024:6.1f} KiB a manager  archive {self.archive / 2**20:6.1f} MiB  "
            f"calendars {self.calendars / 2**20:5.1f} MiB  ours {self.ours / 1024:5.1f} KiB"
        )


def _sizes(folder: Path) -> list[int]:
    return [path.stat().st_size for path in folder.rglob("*") if path.is_file()]


class Soak:
    """One organisation, its daemon's process, and the days that pass."""

    def __init__(self, root: Path, years: float, managers: int, seed: str) -> None:
        self.root, self.seed, self.random = root, seed, Random(f"soak {seed}")  # noqa: S311 (it makes up days)
        self.staff = Staff(root, Random(f"staff {seed}"), managers)  # noqa: S311
        self.end = BEGIN + timedelta(days=365 * years)
        self.kills = self.stops = 0
        self.samples: list[Sample] = []
        self.staff.found()
        self.start()

    def start(self) -> None:
        """Let there be a process."""
        command = [sys.executable, str(Path(__file__).with_name("engine.py")), str(self.root), self.seed]
        self.log = (self.root / "log").open("a")
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self.log, text=True
        )
        self.measured = psutil.Process(self.process.pid)

    def run(self) -> datetime:
        """Let the years pass; the last noon."""
        now = BEGIN
        while now < self.end:
            said = self.process.stdout.readline()
            if not said:
                raise SystemExit(
                    f"the daemon ended with {self.process.wait()}: {(self.root / 'log').read_text()[-3000:]}"
                )
            now = datetime.fromisoformat(said.strip())
            self.noon(now)
        self.process.stdin.close()
        self.process.wait(60)
        return now

    def noon(self, now: datetime) -> None:
        """The world's turn."""
        self.staff.day(now)
        if now.day == 1:
            if now.month in {3, 9}:
                self.staff.churn()
                self.process.send_signal(signal.SIGHUP)
            self.samples.append(Sample.of(self.measured, self.root, now))
            print(self.samples[-1], flush=True)
            os.truncate(self.root / "log", 0)
        luck = self.random.random()
        self.tell("back 5400" if luck > 1 - CLOCKS else "go")
        if now < BEGIN + QUIET * timedelta(days=365) or now > self.end - QUIET * timedelta(days=365):
            self.strike(luck)

    def tell(self, words: str) -> None:
        self.process.stdin.write(f"{words}\n")
        self.process.stdin.flush()

    def strike(self, luck: float) -> None:
        """Now and then this was the process's last day."""
        if luck >= KILLS + STOPS:
            return
        time.sleep(self.random.uniform(0, 0.4))
        self.process.send_signal(signal.SIGKILL if luck < KILLS else signal.SIGTERM)
        self.process.stdin.close()
        code = self.process.wait(60)
        self.kills += luck < KILLS
        self.stops += luck >= KILLS
        if code not in {0, -signal.SIGKILL}:
            raise SystemExit(f"the daemon ended with {code}: {(self.root / 'log').read_text()[-3000:]}")
        self.start()


def growth(samples: list[Sample]) -> list[str]:
    """What is not flat between the third year and the last before the end's kills, as the same process measures it."""
    middle = [s for s in samples if samples[0].day + timedelta(days=365 * (QUIET + 1)) < s.day]
    middle = [s for s in middle if s.day < samples[-1].day - timedelta(days=365 * QUIET)]
    if len(middle) < 24:
        return []
    early, late = middle[:12], middle[-12:]
    found = []
    for name, allowed in (("rss", 1.05), ("descriptors", 1.0), ("threads", 1.0), ("live", 1.15)):
        before, after = (median(getattr(s, name) for s in part) for part in (early, late))
        print(f"{name}: {before:,.0f} in the fourth year, {after:,.0f} in the last of the same process")
        if after > before * allowed:
            found.append(f"{name} grows: {before:,.0f} to {after:,.0f}")
    largest = max(s.ours for s in samples)
    return [*found, *([f"what is ours grew to {largest:,} bytes"] if largest > OURS else [])]


def main(years: str = "10", managers: str = "200", seed: str = "1") -> int:
    """Play, then audit; the exit code."""
    with TemporaryDirectory(dir=MEMORY if MEMORY.is_dir() else None) as folder:
        soak = Soak(Path(folder), float(years), int(managers), seed)
        end = soak.run()
        found = [*growth(soak.samples), *faults(soak.root, soak.staff, end)]
        print(f"{len(soak.staff.delivered):,} mails; killed {soak.kills} times, stopped {soak.stops} times")
        print(", ".join(f"{what} {count:,}" for what, count in sorted(soak.staff.did.items())))
    print("\n".join(found[:50]))
    print(f"{len(found)} fault(s)")
    return bool(found)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
