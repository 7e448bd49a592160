"""The configuration: TOML files in, what careermail works with out; or every problem of theirs at once."""

import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from glob import glob
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from careermail.errors import ConfigError, Problem, UsageError
from careermail.model import Service, Team

if TYPE_CHECKING:
    from careermail.config.cascade import Cascade
    from careermail.config.source import Place

NAME = "careermail.toml"
NOTHING: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True)
class Config:
    """What the files say, with every path absolute."""

    path: Path
    service: Service
    provider: Mapping[str, Any]  # [provider], with `root` as a Path
    teams: tuple[Team, ...]
    files: tuple[Path, ...]  # all that were read, `path` first


def find(explicit: Path | None, environ: Mapping[str, str], cwd: Path) -> Path:
    """Return the file to read: --config, $CAREERMAIL_CONFIG, or the first there is of the usual places.

    Raises UsageError where there is none, or not where it was said to be.
    """
    named = explicit or environ.get("CAREERMAIL_CONFIG")
    if named:
        return _there(cwd / named, "--config" if explicit else "$CAREERMAIL_CONFIG")
    homes = [Path(environ["HOME"]) / ".config/careermail"] if environ.get("HOME") else []
    places = [folder / NAME for folder in (cwd, *homes, Path("/etc/careermail"))]
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
    from careermail.config.cascade import Cascade
    from careermail.config.source import Place, read
    from careermail.config.tables import judged

    main, raw = read(path)
    document, problems = judged(main, raw, "document")
    cascade = Cascade(now, problems)
    cascade.defaults(Place(main, ("defaults",)), document.get("defaults", {}))
    managers = enumerate(document.get("manager", ()))
    teams = [cascade.team(Place(main, ("manager", n)), manager) for n, manager in managers]
    files = _included(Place(main, ("include",)), document.get("include", ()), problems)
    teams += [team for file in files for team in _team(file, cascade)]
    if not (teams or files or any(problem.key.startswith(("manager", "include")) for problem in problems)):
        problems.append(Place(main).at("manager").problem("missing, expected [[manager]], or a file to include"))
    service = _service(main.file, document.get("service", {}), environ)
    problems += _template_problems(Place(main, ("service", "templates")), service, teams, ours=templates)
    if problems:
        raise ConfigError(_in_order(problems, [path, *files]))
    provider = {**document["provider"], "root": _beside(path) / document["provider"]["root"]}
    return Config(path, service, provider, tuple(teams), (path, *files))


def _beside(path: Path) -> Path:
    return path.absolute().parent


def _included(place: "Place", patterns: Iterable[str], problems: list[Problem]) -> list[Path]:
    """Return the files that the patterns mean, each once; a pattern without a wildcard must mean one."""
    main, found = place.source.file, []
    for n, pattern in enumerate(patterns):
        names = sorted(glob(pattern, root_dir=main.parent, recursive=True))  # noqa: PTH207 (patterns may be absolute)
        if not names and not set(pattern) & set("*?["):
            problems.append(place.at(n).problem(f'found "{pattern}", expected a file that is there'))
        found += [main.parent / name for name in names]
    return [file for file in dict.fromkeys(found) if file != main]


def _team(file: Path, cascade: "Cascade") -> Iterator[Team]:
    from careermail.config.schema import Document
    from careermail.config.source import Place, read
    from careermail.config.tables import judged

    try:
        source, raw = read(file)
    except ConfigError as error:
        cascade.problems += error.problems
        return
    if foreign := [key for key in raw if key in Document.__annotations__]:
        expected = "the keys of one manager at the top of the file"
        cascade.problems.append(Place(source, (foreign[0],)).problem(f"found {foreign[0]}, expected {expected}"))
        return
    table, problems = judged(source, raw, "manager")
    cascade.problems += problems
    yield cascade.team(Place(source), table)


def _service(path: Path, table: Mapping[str, Any], environ: Mapping[str, str]) -> Service:
    state = environ.get("STATE_DIRECTORY", "").partition(":")[0] or "state"  # systemd may set several
    paths = {"state": _beside(path) / table.get("state", state)}
    if "templates" in table:
        paths["templates"] = _beside(path) / table["templates"]
    return Service(**{**table, **paths})


def _template_problems(place: "Place", service: Service, teams: Iterable[Team], *, ours: bool) -> list[Problem]:
    if service.templates and not os.path.isdir(service.templates):  # noqa: PTH112 (unlike Path.is_dir, it never raises)
        return [place.problem(f"found {service.templates}, expected a folder that is there")]
    if not (service.templates or ours):
        return []
    from careermail.mail.compose import template_problems

    people = [person for team in teams for person in (team.manager, *(series.report for series in team.series))]
    try:
        return template_problems(service.templates, frozenset(person.language for person in people))
    except OSError as error:
        return [place.problem(f"cannot be read: {error}")]


def _in_order(problems: list[Problem], files: list[Path]) -> list[Problem]:
    order = {file: n for n, file in enumerate(files)}
    return sorted(problems, key=lambda problem: (order.get(problem.file, len(order)), problem.line))
