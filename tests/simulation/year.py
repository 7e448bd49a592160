"""A year of one team on disk: played by the engine, interrupted by people, and at times by SIGKILL.

    year.py ROOT              plays the year below ROOT in one go
    year.py ROOT SEED TIMES   plays it in processes of which so many are killed, at random moments of the year

The virtual clock's position is the only thing kept beside what the engine keeps. Whatever people do is done again if
the harness is killed before it could note that it was done, and changes nothing the second time.
"""

import os
import signal
import sys
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from datetime import time as hour
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

import byhand

from careermail import desk
from careermail.clock import VirtualClock
from careermail.model import A_DAY, Conversation, Fact, Person, Series, Service, Team
from careermail.plan.history import Standing, fold
from careermail.providers import open_provider
from careermail.runner import Runner, everyone
from careermail.store.tiny import TinyStore

MAYA = Person("Maya Lindqvist", "maya@example.com", "Europe/Stockholm", holidays="SE")
JONAS = Person("Jonas Weber", "jonas@example.com", "Europe/Berlin", holidays="DE-BE")
TAMA = Person("Tama Ngata", "tama@example.com", "Asia/Kolkata", holidays="IN")
RITA = Person("Rita Souza", "rita@example.com", "America/Sao_Paulo", working_hours=(hour(7), hour(15)))

WITH_JONAS = Series(MAYA, JONAS, Conversation(first=datetime(2027, 1, 12, 10)))
WITH_TAMA = Series(MAYA, TAMA, Conversation(every="4 months", format="three", between=(hour(9), hour(17))))
WITH_RITA = Series(MAYA, RITA, Conversation(every="2 months", on_conflict="ask", review_every="never"))
BEGIN, END = datetime(2027, 1, 1, 12, tzinfo=UTC), datetime(2028, 1, 1, 12, tzinfo=UTC)
LONGEST = 0.06  # seconds from the beginning of a visit to its killing; most take less
SERVICE = Service(address="careermail@example.com", admin="it@example.com", secret=b"only ours")

CONTRACT = """Jonas's commitments
- Shadow the platform on-call rota by 12 February 2027
- Write up the incident review format by end of March

Maya's commitments
- Introduce Jonas to Dana Ortiz by 22 January 2027
- Find a forum for the review format by 14 March 2027

The open question
- Whether a staff role is realistic within two years
"""
AMENDED = """Maya's commitments
- Ask Priya about a mentor by 3 June 2027

Jonas's commitments
- Lead the June review by 24 June 2027
"""


REFLECTION = "I keep thinking about leaving, and I do not know whom to tell."


def team(now: datetime) -> Team:
    """Who is configured at this time: one report's sessions grow longer, another joins and leaves."""
    jonas = WITH_JONAS if now < datetime(2027, 5, 20, tzinfo=UTC) else _longer(WITH_JONAS)
    with_rita = datetime(2027, 2, 1, tzinfo=UTC) <= now < datetime(2027, 9, 15, tzinfo=UTC)
    return Team(MAYA, (jonas, WITH_TAMA, *([WITH_RITA] if with_rita else [])))


def _longer(series: Series) -> Series:
    return replace(series, conversation=replace(series.conversation, minutes=90))


# --- what people do ------------------------------------------------------------------------------


class Scene:
    """What people reach: the files below the root."""

    def __init__(self, root: Path) -> None:
        self.root, self.world = root, root / "world"
        self.store = TinyStore(root / "state")

    def calendar(self, person: Person) -> Path:
        """Somebody's folder of events."""
        return self.world / "calendars" / person.email

    def standing(self, series: Series) -> Standing:
        """What stands between two people."""
        return fold(self.store.load(MAYA.email)).of(series.key)

    def say(self, facts: list[Fact]) -> None:
        """Record what somebody said, unless that was done before."""
        with self.store.lock(MAYA.email):
            known = {(fact.at, fact.kind) for fact in self.store.load(MAYA.email)}
            self.store.append(MAYA.email, [fact for fact in facts if (fact.at, fact.kind) not in known])


Deed = Callable[[Scene, datetime], None]


def _agree(text: str) -> Deed:
    def deed(scene: Scene, now: datetime) -> None:
        if all(contract.at != now for contract in scene.standing(WITH_JONAS).contracts):
            scene.say(desk.record_contract(WITH_JONAS, scene.standing(WITH_JONAS), text, now)[0])

    return deed


def _settle(number: int, state: str) -> Deed:
    def deed(scene: Scene, now: datetime) -> None:
        contract = scene.standing(WITH_JONAS).contract
        if contract is not None and (commitment := contract.commitments[number]).state == "open":
            scene.say([desk.settle(WITH_JONAS, commitment, state, now)])

    return deed


def _postpone(number: int, due: date) -> Deed:
    def deed(scene: Scene, now: datetime) -> None:
        contract = scene.standing(WITH_JONAS).contract
        if contract is not None and (commitment := contract.commitments[number]).due != due:
            scene.say([desk.move(WITH_JONAS, commitment, due, now)])

    return deed


def _write(who: Person, kind: str, words: str) -> Deed:
    """Somebody answers the latest mail of a kind that they got; or, where none is named, writes of their own accord."""

    def deed(scene: Scene, now: datetime) -> None:
        to, thread = _answered(scene, who, kind) if kind else (SERVICE.address, "")
        message = EmailMessage()
        message["From"], message["To"], message["Subject"] = who.email, to, "Re: your note"
        message["Message-ID"], message["In-Reply-To"] = f"<{now:%Y%m%d}.{who.email}>", thread
        message.set_content(words)
        folder = scene.world / "inbox" / "new"
        folder.mkdir(parents=True, exist_ok=True)
        (folder.parent / "new.part").write_bytes(message.as_bytes())
        (folder.parent / "new.part").replace(folder / f"{now:%Y%m%d}.{who.email}")

    return deed


def _answered(scene: Scene, who: Person, kind: str) -> tuple[str, str]:
    """Where the answer to the latest mail of a kind goes, and in which thread."""
    paths = (scene.world / "mail" / who.email / "new").iterdir()
    mails = [message_from_bytes(path.read_bytes(), policy=default) for path in paths]
    latest = max((m for m in mails if m["X-Careermail-Kind"] == kind), key=lambda m: m["Date"].datetime)
    return str(latest["Reply-To"]), str(latest["Message-ID"])


def _ask(scene: Scene, now: datetime) -> None:
    scene.say([desk.ask(WITH_JONAS, scene.standing(WITH_JONAS), "an offer from elsewhere", now)])


def _move_april(scene: Scene, _: datetime) -> None:
    change = byhand.moved_to(datetime(2027, 4, 15, 12, tzinfo=UTC))
    byhand.change_one(scene.calendar(MAYA), WITH_JONAS.marker, datetime(2027, 4, 1, tzinfo=UTC), change)


def _decline(scene: Scene, now: datetime) -> None:
    byhand.change_one(scene.calendar(TAMA), WITH_TAMA.marker, now, byhand.declined_by(TAMA.email))


def _strike_out_july(scene: Scene, _: datetime) -> None:
    path, event = byhand.masters(scene.calendar(MAYA), WITH_JONAS.marker)[0]
    byhand.strike_out(path, byhand.planned(event, datetime(2027, 7, 1, tzinfo=UTC)))


def _dentist(scene: Scene, now: datetime) -> None:
    start = byhand.planned(byhand.masters(scene.calendar(MAYA), WITH_TAMA.marker)[0][1], now)
    byhand.occupy(scene.calendar(TAMA), "dentist", start, timedelta(hours=1.5))


STEPS: tuple[tuple[datetime, Deed], ...] = tuple(
    (datetime(2027, month, day, 12, tzinfo=UTC), deed)
    for month, day, deed in (
        (1, 13, _write(MAYA, "summary", CONTRACT)),
        (1, 14, _write(JONAS, "", REFLECTION)),
        (1, 21, _settle(2, "done")),
        (2, 15, _write(JONAS, "due", "by 26 February")),
        (2, 20, _move_april),
        (3, 1, _decline),
        (3, 10, _postpone(3, date(2027, 4, 8))),
        (4, 16, _agree(AMENDED)),
        (5, 6, _ask),
        (6, 1, _strike_out_july),
        (6, 4, _write(MAYA, "due", "drop: Priya has left")),
        (6, 7, _write(MAYA, "review", "What is this?")),
        (6, 8, _write(MAYA, "due", "pause until 20 June")),
        (6, 24, _write(JONAS, "due", "stop")),
        (8, 1, lambda scene, now: scene.say([desk.pause(WITH_TAMA, None, now)])),
        (9, 5, lambda scene, now: scene.say([desk.resume(WITH_TAMA, now)])),
        (9, 20, _dentist),
    )
)
# The machine is off: nothing happens between these.
OUTAGES = ((datetime(2027, 2, 10, 6, tzinfo=UTC), 4 * A_DAY), (datetime(2027, 10, 11, 6, tzinfo=UTC), 9 * A_DAY))


# --- the engine, from wherever it was left -------------------------------------------------------


@dataclass(frozen=True)
class Position:
    """How far the year has come: the moment, and how many of the steps are done."""

    now: datetime
    steps: int

    @classmethod
    def load(cls, root: Path) -> "Position":
        """As it was last kept, or the beginning."""
        try:
            now, steps = (root / "position").read_text().split()
        except FileNotFoundError:
            return cls(BEGIN, 0)
        return cls(datetime.fromisoformat(now), int(steps))

    def save(self, root: Path) -> None:
        """Keep it, all or nothing."""
        temporary = root / "position.tmp"
        temporary.write_text(f"{self.now.isoformat()} {self.steps}")
        temporary.replace(root / "position")


def play(root: Path, end: datetime = END, *, tell: Callable[[datetime], object] = lambda _: None) -> None:
    """Play on to the end, with the same visits that `careermail once` makes; `tell` hears of each moment."""
    scene, position = Scene(root), Position.load(root)
    clock = VirtualClock(position.now)
    runner = Runner(SERVICE, open_provider({"kind": "local", "root": str(scene.world)}, clock), scene.store, clock)
    while position.now < end:
        tell(position.now)
        at, deed = STEPS[position.steps] if position.steps < len(STEPS) else (END, None)
        if deed and at <= position.now:
            deed(scene, at)
            position = replace(position, steps=position.steps + 1)
        else:
            position = replace(position, now=min(_visit(runner, clock), max(at, position.now + timedelta(minutes=1))))
        position.save(root)
        clock.wait(position.now)


def _visit(runner: Runner, clock: VirtualClock) -> datetime:
    runner.tick_inboxes([team(clock.now())])
    teams = everyone([team(clock.now())], runner.store).values()
    wake = min([*(runner.tick(one) for one in teams), runner.tick_service()])
    return next((start + length for start, length in OUTAGES if start <= wake < start + length), wake)


def play_killed(root: Path, seed: int, times: int) -> None:
    """Play the year in processes of which so many are killed, each a random moment after its share of it began."""
    random = Random(seed)  # noqa: S311 (it chooses when to kill)
    with TemporaryDirectory() as elsewhere:  # imports what is imported on first use: what is killed is to be work
        play(Path(elsewhere), BEGIN + 20 * A_DAY)
    for n in range(times):
        if not _play_and_be_killed(root, BEGIN + (END - BEGIN) * n / (times + 20), random.uniform(0, LONGEST)):
            raise SystemExit(f"the engine failed after {n} kills, at {Position.load(root)}")
    play(root)


def _play_and_be_killed(root: Path, since: datetime, seconds: float) -> bool:
    """Play in a process that is killed so long after it has come to `since`; False if it ended by itself."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        with _exit():
            play(root, tell=lambda now: now >= since and os.write(writing, b"!"))
    os.close(writing)
    os.read(reading, 1)
    os.close(reading)
    time.sleep(seconds)
    os.kill(child, signal.SIGKILL)
    return os.WIFSIGNALED(os.waitpid(child, 0)[1])


@contextmanager
def _exit() -> Iterator[None]:
    """End this process without any of the cleaning up that is its parent's."""
    try:
        yield
    except BaseException:  # noqa: BLE001 (this process is at its end)
        traceback.print_exc()
    os._exit(1)


if __name__ == "__main__":
    place = Path(sys.argv[1])
    place.mkdir(parents=True, exist_ok=True)
    if len(sys.argv) == 2:
        play(place)
    else:
        play_killed(place, int(sys.argv[2]), int(sys.argv[3]))
