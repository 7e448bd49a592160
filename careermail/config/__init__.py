"""The configuration: TOML files in, what careermail works with out; or every problem of theirs at once."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from types import MappingProxyType
from typing import Any

from careermail.credentials import Secret
from careermail.errors import UsageError
from careermail.model import Service, Team

NAME = "careermail.toml"
ETC, VAR = Path("/etc/careermail"), Path("/var/lib/careermail")  # a service's files and its facts (FHS 3.0, 3.7, 5.8)
NOTHING: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True)
class Monitors:
    """Where those who watch over careermail from outside find out how it is."""

    metrics: Path | None = None  # a textfile for Prometheus' node_exporter
    ping: Secret | None = None  # a URL that is asked for while all goes well
    ping_every: timedelta = timedelta(minutes=5)
    ping_fail: bool = False  # and the same with /fail at its end while it does not


@dataclass(frozen=True)
class Config:
    """What the files say, with every path absolute."""

    path: Path
    service: Service
    provider: Mapping[str, Any]  # [provider], with `root` as a Path
    teams: tuple[Team, ...]
    files: tuple[Path, ...]  # all that were read, `path` first
    monitors: Monitors = Monitors()


def find(explicit: Path | None, environ: Mapping[str, str], cwd: Path) -> Path:
    """Return the file to read: --config, $CAREERMAIL_CONFIG, or the first there is of the usual places.

    Raises UsageError where there is none, or not where it was said to be.
    """
    named = explicit or environ.get("CAREERMAIL_CONFIG")
    if named:
        return _there(cwd / named, "--config" if explicit else "$CAREERMAIL_CONFIG")
    homes = [Path(environ["HOME"]) / ".config/careermail"] if environ.get("HOME") else []
    places = [folder / NAME for folder in (cwd, *homes, ETC)]
    for place in places:
        if os.path.exists(place):  # noqa: PTH110 (unlike Path.exists, it takes a closed folder for a no)
            return place
    looked = "".join(f"\n  {place}" for place in places)
    raise UsageError(
        f"No configuration found; looked for{looked}\nName one with --config, or write one: careermail init"
    )


def _there(file: Path, by: str) -> Path:
    if os.path.exists(file):  # noqa: PTH110 (as above)
        return file
    raise UsageError(f"The configuration that {by} names is not there: {file}")


def load(path: Path, *, now: datetime, environ: Mapping[str, str] = NOTHING, templates: bool = False) -> Config:
    """Read a configuration with all that it includes.

    `now` (UTC) is what a recurrence must still come after; `environ` gives $STATE_DIRECTORY, which systemd sets;
    `templates` has our own templates tried too, not only where the configuration overrides some.
    Raises ConfigError with every problem of every file, in the order of the files and their lines.
    """
    from careermail.config.loading import loaded

    return Config(path, *loaded(path, now, environ, templates=templates))
