"""Organisations of any size for the benchmarks: one manager's year played by the engine, and copied."""

import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

from careermail.clock import VirtualClock
from careermail.config import load
from careermail.desk import record_contract
from careermail.model import Service, Team, opaque
from careermail.plan.history import fold
from careermail.providers import open_provider
from careermail.runner import Runner
from careermail.store.tiny import TinyStore

START = datetime(2027, 1, 4, 8, tzinfo=UTC)
DUE = datetime(2027, 3, 5, 8, tzinfo=UTC)  # 09:00 in Stockholm, when the commitment below is mailed
PATTERN = "m00000"
CONTRACT = "Maya's commitments\n- Introduce Jonas to Dana Ortiz by 5 March 2027\n"
MANAGER = """name = "Maya Lindqvist"
email = "{name}@example.com"
timezone = "Europe/Stockholm"
holidays = "SE"

[[report]]
name = "Jonas Weber"
email = "r{name}@example.com"
timezone = "Europe/Berlin"
"""
SERVICE = """include = ["managers.d/*.toml"]

[service]
address = "careermail@example.com"
admin = "it@example.com"
state = "state"

[provider]
kind = "local"
root = "world"
"""


def write_config(root: Path, count: int) -> Path:
    """The files of an organisation of so many managers with one report each."""
    folder = root / "managers.d"
    folder.mkdir(parents=True)
    for n in range(count):
        (folder / f"m{n:05}.toml").write_text(MANAGER.format(name=f"m{n:05}"))
    path = root / "careermail.toml"
    path.write_text(SERVICE)
    return path


def runner(root: Path, clock: VirtualClock) -> Runner:
    """The engine on the embedded default, in this folder."""
    provider = open_provider({"kind": "local", "root": root / "world"}, clock)
    return Runner(service(root), provider, TinyStore(root / "state"), clock)


def service(root: Path) -> Service:
    """What the configuration above says of the service."""
    return Service(address="careermail@example.com", admin="it@example.com", state=root / "state")


def play(engine: Runner, team: Team, until: datetime, *, contracts: bool = False) -> None:
    """Let the engine's clock run to a moment; with a contract after each session, if asked."""
    clock = engine.clock
    while clock.now() < until:
        clock.wait(min(engine.tick(team), until))
        if contracts:
            _agree(engine, team)


def agree(engine: Runner, team: Team, text: str = CONTRACT) -> None:
    """Record a contract for a manager's only report."""
    (series,) = team.series
    standing = fold(engine.store.load(team.manager.email)).of(series.key)
    facts, _ = record_contract(series, standing, text, engine.clock.now())
    engine.store.append(team.manager.email, facts)


def _agree(engine: Runner, team: Team) -> None:
    (series,) = team.series
    standing = fold(engine.store.load(team.manager.email)).of(series.key)
    now = engine.clock.now()
    over = [o for o in standing.occurrences.values() if o.status == "confirmed" and o.end <= now]
    agreed = {c.occurrence for c in standing.contracts}
    if over and max(over, key=lambda o: o.start).id not in agreed:
        days = [(now + timedelta(days=n)).date() for n in (20, 40, 60)]
        agree(engine, team, "".join(f"{who}: Thing {n} by {n}\n" for who in ("Maya", "Jonas") for n in days))


def organisation(root: Path, count: int) -> list[Team]:
    """Managers who have all met and agreed, with a commitment of each due at DUE and nothing before."""
    config = load(write_config(root, count), now=START)
    first = config.teams[0]
    engine = runner(root, VirtualClock(START))
    play(engine, first, datetime(2027, 1, 12, 12, tzinfo=UTC))
    agree(engine, first)
    play(engine, first, DUE - timedelta(hours=1))
    for n in range(1, count):
        _copy(root, f"m{n:05}")
    return list(config.teams)


def _copy(root: Path, name: str) -> None:
    """All that there is of the first manager and report, under other addresses and the keys made of them."""

    def renamed(text: str) -> str:
        return text.replace(_marker(PATTERN), _marker(name)).replace(PATTERN, name)

    calendars, mail = root / "world/calendars", root / "world/mail"
    for pattern in (f"{PATTERN}@example.com", f"r{PATTERN}@example.com"):
        (calendars / renamed(pattern)).mkdir(parents=True)
        for file in (calendars / pattern).glob("*.ics"):
            (calendars / renamed(pattern) / file.name).write_text(renamed(file.read_text()))
        if (mail / pattern).exists():
            shutil.copytree(mail / pattern, mail / renamed(pattern))
    for file in (root / "state/managers").glob(f"*{PATTERN}*.json"):
        copy = file.with_name(renamed(file.name))
        copy.write_text(renamed(file.read_text()))
        copy.chmod(0o600)


def _marker(name: str) -> str:
    return opaque(f"{name}@example.com/r{name}@example.com")
