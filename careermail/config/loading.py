"""From the file to what it means: reading, including, judging, and every problem on the way."""

import os
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from glob import glob
from importlib import import_module
from pathlib import Path
from types import MappingProxyType
from typing import Any

from careermail.config import ETC, VAR, Monitors, outlook
from careermail.config.cascade import Cascade
from careermail.config.monitors import MonitorsTable, monitors
from careermail.config.schema import VENDORS, Document
from careermail.config.source import Place, read
from careermail.config.tables import judged
from careermail.errors import ConfigError, Problem, TryLater
from careermail.model import Service, Team

# Among the included files, this one says that the others are being written, or were when somebody pulled the plug.
UNDER_WAY = "import-under-way"
TIMES_READ = 5
Texts = Mapping[Path, str | None]
NOTHING_ELSE: Texts = MappingProxyType({})
Loaded = tuple[Service, dict[str, Any], tuple[Team, ...], tuple[Path, ...], Monitors]


def loaded(path: Path, now: datetime, environ: Mapping[str, str], *, templates: bool) -> Loaded:
    """Return what Config holds beside its path; raises ConfigError with every problem at once (see `load`).

    Files that are written meanwhile are read again: half of a change would look as if people had left.
    """
    for _ in range(TIMES_READ):
        before = _state(path)
        try:
            found = imagined(path, now, environ, templates=templates)
        except ConfigError:
            if _state(path) == before:
                raise
        else:
            if _state(path) == before:
                return found
    raise TryLater(f"The files that {path} includes change while they are read. Try again when that has ended.")


def _state(path: Path) -> object:
    """Something that changes when an included file comes, goes or is replaced."""
    _, raw = read(path)
    include = raw.get("include")
    patterns = [p for p in include if isinstance(p, str) and "\0" not in p] if isinstance(include, list) else []
    names = [name for pattern in patterns for name in glob(pattern, root_dir=path.parent, recursive=True)]  # noqa: PTH207
    folders = {path.parent / folder for folder in {os.path.dirname(name) for name in names}}  # noqa: PTH120 (10,000 names)
    return sorted(names), [folder.stat().st_mtime_ns for folder in sorted(folders) if folder.is_dir()]


def imagined(
    path: Path, now: datetime, environ: Mapping[str, str], *, templates: bool, texts: Texts = NOTHING_ELSE
) -> Loaded:
    """Load as if the included files in `texts` had these, those with None being gone and others having come."""
    main, raw = read(path)
    document, problems = judged(main, raw, "document")
    sound = not any(problem.key.startswith("provider") for problem in problems)
    top = Place(main)
    cascade = Cascade(now, problems)
    cascade.defaults(top.at("defaults"), document.get("defaults", {}))
    teams = [cascade.team(top.at("manager", n), table) for n, table in enumerate(document.get("manager", ()))]
    files = included(top.at("include"), document.get("include", ()), problems, texts)
    teams += [team for file in files for team in _team(file, cascade, texts.get(file))]
    if not (teams or files or any(problem.key.startswith(("manager", "include")) for problem in problems)):
        problems.append(top.at("manager").problem("missing, expected [[manager]], or a file to include"))
    service = _service(path, document.get("service", {}), environ)
    watched = monitors(top.at("service"), document.get("service", {}), problems)
    problems += _template_problems(top.at("service", "templates"), service, teams, ours=templates)
    provider = _provider(top.at("provider"), document["provider"], service, cascade) if sound else {}
    if provider.get("kind") in outlook.KINDS:
        problems += outlook.unrepeatable(teams, cascade)
    if problems:
        raise ConfigError(_in_order(problems, [path, *files]))
    return provider.get("service", service), provider, tuple(teams), (path, *files), watched


def _beside(path: Path) -> Path:
    return path.absolute().parent


def included(place: Place, patterns: Iterable[str], problems: list[Problem], texts: Texts) -> list[Path]:
    """Return the files that the patterns mean, each once; a pattern without a wildcard must mean one."""
    main, found = place.source.file, []
    for n, pattern in enumerate(patterns):
        names = sorted(glob(pattern, root_dir=main.parent, recursive=True))  # noqa: PTH207 (patterns may be absolute)
        if not names and not set(pattern) & set("*?["):
            problems.append(place.at(n).problem(f'found "{pattern}", expected a file that is there'))
        found += [main.parent / name for name in names]
    found += [file for file, text in texts.items() if text is not None]
    return [file for file in dict.fromkeys(found) if file != main and texts.get(file, "") is not None]


def _team(file: Path, cascade: Cascade, text: str | None) -> Iterator[Team]:
    if file.stem == UNDER_WAY:
        hint = "import again: careermail import FILE --apply"
        message = "found an import under way, or one that was broken off, expected one that has ended"
        cascade.problems.append(Problem(file, 1, "file", message, hint))
        return
    try:
        source, raw = read(file, text)
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
    paths = {"state": _beside(path) / (table.get("state") or usual_state(path, environ))}
    if "templates" in table:
        paths["templates"] = _beside(path) / table["templates"]
    ours = {key: value for key, value in table.items() if key not in MonitorsTable.__annotations__}
    return Service(**{**ours, **paths})


def usual_state(path: Path, environ: Mapping[str, str]) -> Path:
    """Where facts are kept if nobody says: where systemd wants it, else the same place for a service, else beside."""
    if given := environ.get("STATE_DIRECTORY", "").partition(":")[0]:  # systemd may set several
        return Path(given)
    return VAR if path.absolute().is_relative_to(ETC) else Path("state")


def _provider(place: Place, table: dict[str, Any], service: Service, cascade: Cascade) -> dict[str, Any]:
    if table["kind"] == "standards":
        from careermail.config.standards import Servers

        return Servers(place, table, service, cascade.problems).settings(cascade.managers, cascade.calendars)
    kind = table["kind"]
    for own, _ in cascade.calendars.values():
        cascade.problems.append(
            own.problem(f'found with kind = "{kind}" in [provider], expected it with standards alone')
        )
    if kind in VENDORS:
        found: dict[str, Any] = import_module(VENDORS[kind]).settings(
            place, table, service, cascade.managers, cascade.problems
        )
        return found
    return {**table, "root": _beside(place.source.file) / table["root"]}


def _template_problems(place: Place, service: Service, teams: Iterable[Team], *, ours: bool) -> list[Problem]:
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
