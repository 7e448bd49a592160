"""The house stands as drawn: who may import whom, who may read the clock, and who may print."""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import careermail

ROOT = Path(careermail.__file__).parent
MODULES = {
    ".".join(path.relative_to(ROOT.parent).with_suffix("").parts).removesuffix(".__init__"): path
    for path in ROOT.rglob("*.py")
}
GROUND = {"errors", "model"}
# What each part of the house may import of the others; itself and the ground always.
# fmt: off
MAY_IMPORT = {
    "__init__": set(),
    "errors": set(),
    "model": set(),
    "clock": set(),
    "signals": set(),
    "notify": {"clock"},
    "journal": set(),
    "plan": set(),
    "mail": set(),
    "config": {"credentials", "mail", "plan", "providers"},
    "roster": {"config"},
    "store": set(),
    "credentials": set(),
    "providers": {"clock", "credentials", "mail"},
    "desk": {"plan", "mail"},
    "replies": {"desk", "plan", "mail"},
    "claims": {"plan", "mail"},
    "mailroom": {"claims", "replies", "plan", "mail"},
    "postman": {"clock", "mail", "mailroom", "plan", "providers", "store", "troubles"},
    "effects": {"plan", "mail", "providers"},
    "collect": {"effects", "plan", "providers"},
    "troubles": {"plan", "store"},
    "selfcheck": {"clock", "plan", "providers", "store", "troubles"},
    "visit": {"plan", "troubles"},
    "runner": {"clock", "collect", "effects", "plan", "mail", "postman", "store", "providers", "selfcheck", "troubles",
               "visit"},
    "watch": {"clock", "config", "credentials", "plan", "runner", "selfcheck"},
    "agenda": set(),
    "daemon": {"agenda", "clock", "config", "notify", "runner", "plan", "signals", "watch"},
    "cli": {"clock", "collect", "config", "daemon", "desk", "effects", "journal", "mail", "notify", "plan", "providers",
            "roster", "runner", "selfcheck", "signals", "store", "troubles", "watch"},
}
# fmt: on
PURE = {
    "babel",
    "dateparser",
    "dateutil",
    "holidays",
    "icalendar",
    "jinja2",
    "markdown_it",
    "markupsafe",
    "mailparser_reply",
    "pydantic",
    "recurring_ical_events",
}  # fmt: skip
WORLDLY = {"io", "logging", "os", "random", "shutil", "socket", "ssl", "subprocess", "tempfile", "threading", "urllib"}
CLOCKS = {("datetime", "now"), ("datetime", "utcnow"), ("datetime", "today"), ("date", "today"), ("time", "time"),
          ("time", "monotonic"), ("time", "monotonic_ns"), ("time", "time_ns"),
          ("time", "sleep"), ("time", "localtime")}  # fmt: skip


def imports(path: Path) -> Iterator[str]:
    """The full names of all that a module imports, at its top or later."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: imports are absolute"
            yield node.module or ""
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def part(module: str) -> str:
    """The part of the house that a module of ours belongs to."""
    return [*module.split("."), "__init__"][1]


def every(*parts: str) -> list[object]:
    return [pytest.param(n, p, id=n) for n, p in sorted(MODULES.items()) if not parts or part(n) in parts]


@pytest.mark.parametrize(("name", "path"), every())
def test_nothing_is_imported_upward_nor_across(name: str, path: Path):
    own = part(name)
    used = {part(i) for i in imports(path) if i.startswith("careermail.") and i in MODULES}
    assert used <= {own} | GROUND | MAY_IMPORT[own]


@pytest.mark.parametrize(("name", "path"), every("plan", "mail"))
def test_plan_and_mail_import_only_pure_libraries(name: str, path: Path):
    del name
    foreign = {i.split(".")[0] for i in imports(path) if not i.startswith("urllib.parse")} - {"careermail"}
    assert not foreign & WORLDLY
    assert foreign - sys.stdlib_module_names <= PURE


@pytest.mark.parametrize(("name", "path"), every())
def test_only_the_clock_reads_the_clock(name: str, path: Path):
    reads = [
        node.lineno
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and (node.value.id, node.attr) in CLOCKS
    ]
    assert not reads or name == "careermail.clock"


@pytest.mark.parametrize(("name", "path"), every())
def test_only_the_command_line_prints(name: str, path: Path):
    called = [n.func for n in ast.walk(ast.parse(path.read_text())) if isinstance(n, ast.Call)]
    prints = [f.lineno for f in called if isinstance(f, ast.Name) and f.id in {"print", "exit"}]
    assert not prints or part(name) == "cli"


def test_every_part_of_the_house_is_on_the_plan():
    assert {part(name) for name in MODULES} == set(MAY_IMPORT)
