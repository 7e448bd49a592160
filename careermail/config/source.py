"""One file of the configuration: its text, and where in it something stands."""

import json
import re
import tomllib
from collections import Counter
from dataclasses import dataclass
from datetime import date, time
from functools import cached_property, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from careermail.errors import ConfigError, Problem

if TYPE_CHECKING:
    from tree_sitter import Node

Loc = tuple[str | int, ...]  # ("manager", 0, "report", 1, "timezone")
HUGE = 10**18
LONG = 60


@dataclass
class Source:
    """A file that is TOML; what stands where in it is only asked when something is wrong."""

    file: Path
    text: str

    def line(self, loc: Loc) -> int:
        """Where this stands, from 1; for what is not there, where the nearest table around it begins."""
        while loc and loc not in self._lines:
            loc = loc[:-1]
        return self._lines[loc]

    def holds(self, loc: Loc) -> bool:
        """Whether this stands in the file."""
        return loc in self._lines

    def at(self, *loc: str | int) -> "Place":
        """Return the place of a key in this file."""
        return Place(self, loc)

    @cached_property
    def _lines(self) -> dict[Loc, int]:
        return lines(self.text)


class Place(NamedTuple):
    """Where something stands, or should."""

    source: Source
    loc: Loc = ()

    def at(self, *loc: str | int) -> "Place":
        """Return a place inside this one."""
        return Place(self.source, self.loc + loc)

    def problem(self, message: str, hint: str = "") -> Problem:
        """Something is wrong here."""
        return Problem(self.source.file, self.source.line(self.loc), dotted(self.loc), message, hint)

    @property
    def stands(self) -> bool:
        """Whether there is anything at this place."""
        return self.source.holds(self.loc)

    def __str__(self) -> str:
        return f"{self.source.file}:{self.source.line(self.loc)}"


def read(file: Path, text: str | None = None) -> tuple[Source, dict[str, Any]]:
    """Return a file and its tables, as if it had `text` if that is given.

    Raises ConfigError where it cannot be read or is not TOML.
    """
    try:
        text = file.read_bytes().decode() if text is None else text
        return Source(file, text), tomllib.loads(text)
    except OSError as error:
        problem = Problem(file, 1, "file", f"cannot be read: {error.strerror or error}")
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        problem = Problem(file, line, "toml", f"found the byte 0x{error.object[error.start]:02x}, expected UTF-8")
    except (ValueError, RecursionError) as error:
        problem = _syntax(file, text or "", str(error))
    raise ConfigError([problem])


def _syntax(file: Path, text: str, error: str) -> Problem:
    message, _, place = error.partition(" (at ")
    line = re.match(r"line (\d+), column (\d+)", place)
    if not line:  # at the end of the document, or beyond what Python reads at all
        return Problem(file, len(text.splitlines()) or 1, "toml", message)
    return Problem(file, int(line[1]), "toml", message, f"column {line[2]}")


def dotted(loc: Loc) -> str:
    """Return a place as people write it: manager[0].report[1].timezone."""
    key = ""
    for step in loc:
        key += f"[{step}]" if isinstance(step, int) else f".{_bare(step)}"
    return key.removeprefix(".")


def _bare(key: str) -> str:
    return key if re.fullmatch(r"[A-Za-z0-9_-]+", key) else json.dumps(key, ensure_ascii=False)


def shown(value: Any) -> str:
    """Return a value as the file has it, in short."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        value = re.sub(r"//[^/@]*@", "//…@", value)  # a login in a URL is nobody's to read
        return json.dumps(value if len(value) <= LONG else value[:LONG] + "…", ensure_ascii=False)
    if isinstance(value, date | time):  # a datetime is a date
        return value.isoformat()
    if isinstance(value, int) and abs(value) > HUGE:
        return "a huge number"
    if isinstance(value, dict | list):
        return "a table" if isinstance(value, dict) else "a list"
    return str(value)


# --- lines ---------------------------------------------------------------------------------------


def lines(text: str) -> dict[Loc, int]:
    """Return the line, from 1, of every table, key and element that a text of valid TOML holds."""
    import tree_sitter_toml
    from tree_sitter import Language, Parser

    root = Parser(Language(tree_sitter_toml.language())).parse(text.encode()).root_node
    found: dict[Loc, int] = {(): 1}
    tables: Counter[Loc] = Counter()
    for node in root.named_children:
        if node.type == "pair":
            _pairs([node], (), found)
        elif node.type in ("table", "table_array_element"):
            header, *pairs = (child for child in node.named_children if child.type != "comment")
            loc = _table(_path(header), tables, is_array=node.type != "table")
            for depth in range(1, len(loc) + 1):  # a header may open several tables at once
                found.setdefault(loc[:depth], _line(node))
            _pairs(pairs, loc, found)
    return found


def _line(node: "Node") -> int:
    return node.start_point[0] + 1


def _path(key: "Node") -> Loc:
    return _steps((key.text or b"").decode())


@lru_cache(1024)  # files have the same keys
def _steps(key: str) -> Loc:
    """Read a key, dotted and quoted as it may be, by reading it as TOML."""
    path: Loc = ()
    table = tomllib.loads(f"{key} = 0")
    while isinstance(table, dict):
        [(name, table)] = table.items()
        path += (name,)
    return path


def _table(header: Loc, tables: "Counter[Loc]", *, is_array: bool) -> Loc:
    """Return the place that a header opens: inside a list of tables, it means the last one so far."""
    loc: Loc = ()
    for step in header[:-1]:
        loc += (step,)
        loc += (tables[loc] - 1,) if loc in tables else ()
    loc += header[-1:]
    if is_array:
        tables[loc] += 1
        loc += (tables[loc] - 1,)
    return loc


def _pairs(pairs: "list[Node]", table: Loc, found: dict[Loc, int]) -> None:
    todo = [(pair, table) for pair in pairs]
    while todo:
        node, loc = todo.pop()
        if node.type == "pair" and len(node.named_children) > 1:
            key, node = node.named_children[0], node.named_children[-1]
            loc += _path(key)
        found.setdefault(loc, _line(node))
        inner = [child for child in node.named_children if child.type != "comment"]
        if node.type == "inline_table":
            todo += [(pair, loc) for pair in inner]
        elif node.type == "array":
            todo += [(child, (*loc, n)) for n, child in enumerate(inner)]
