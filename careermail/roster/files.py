"""One manager's file as text: written anew, or edited where the people in it changed and nowhere else."""

import json
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from operator import itemgetter
from typing import TYPE_CHECKING, Any

from careermail.roster.people import Row

if TYPE_CHECKING:
    from tree_sitter import Node

MARK = "# careermail import"  # a file that begins with it is an import's to write
HEAD = f"{MARK}: who is in this file comes from the list of people. Other keys, and comments, are yours.\n"
Table = Mapping[str, Any]


def written(manager: Row, reports: Iterable[Row], text: str = "", known: Mapping[str, Table] | None = None) -> str:
    """Return a manager's file (TOML), the former `text` changed only where people did.

    `known` says of each address what else stands about that person elsewhere, for those who join this manager.
    """
    known, left = known or {}, {row.email: row for row in reports}
    head, *pieces = _pieces(text) if text else [HEAD + _lines(manager.keys)]
    kept = [_edited(head, manager)]
    for piece in pieces:
        (email,) = [table["email"].lower() for table in tomllib.loads(piece).get("report", ())] or [""]
        if not email:
            kept.append(piece)
        elif email in left:
            kept.append(_edited(piece, left.pop(email)))
    kept += ["\n[[report]]\n" + _lines({**known.get(row.email, {}), **row.keys}) for row in left.values()]
    return "".join(f"{piece}\n" if piece and not piece.endswith("\n") else piece for piece in kept)


def _lines(table: Table) -> str:
    # JSON's strings and lists of them are TOML's, as long as what is not ASCII stays as it is.
    first = [key for key in ("name", "email") if key in table]
    keys = dict.fromkeys([*first, *table])
    return "".join(f"{key} = {json.dumps(table[key], ensure_ascii=False)}\n" for key in keys)


def _root(text: str) -> "Node":
    import tree_sitter_toml
    from tree_sitter import Language, Parser

    return Parser(Language(tree_sitter_toml.language())).parse(text.encode()).root_node


def _pieces(text: str) -> Iterator[str]:
    """The keys at the top, then each table with the comments right above it, and the blank lines above those."""
    lines = text.encode().splitlines(keepends=True)
    tables = [node for node in _root(text).named_children if node.type in ("table", "table_array_element")]
    begin = 0
    for end in [*(_above(lines, node.start_point[0]) for node in tables), len(lines)]:
        yield b"".join(lines[begin:end]).decode()
        begin = end


def _above(lines: list[bytes], line: int) -> int:
    while line and lines[line - 1].lstrip().startswith(b"#"):
        line -= 1
    while line and not lines[line - 1].strip():
        line -= 1
    return line


def _edited(piece: str, row: Row) -> str:
    """Let a piece say of its person what the row says."""
    pairs = dict(_pairs(piece))
    content, changes = piece.encode(), []
    for key, value in row.keys.items():
        new = json.dumps(value, ensure_ascii=False).encode()
        if key not in pairs:
            end = content.find(b"\n", pairs["email"].end_byte)
            end = len(content) if end < 0 else end
            changes.append((end, end, f"\n{key} = ".encode() + new))
        elif _value(pairs[key]) != value:
            changes.append((pairs[key].start_byte, pairs[key].end_byte, new))
    changes.reverse()  # the last one first, for the others' places; what comes to one place keeps its order
    for begin, end, new in sorted(changes, key=itemgetter(0), reverse=True):
        content = content[:begin] + new + content[end:]
    return content.decode()


def _pairs(piece: str) -> Iterator[tuple[str, "Node"]]:
    root = _root(piece)
    table = next((node for node in root.named_children if node.type == "table_array_element"), root)
    for node in table.named_children:
        if node.type == "pair":
            key, value, *_ = (child for child in node.named_children if child.type != "comment")
            yield (key.text or b"").decode().strip("\"'"), value


def _value(node: "Node") -> Any:
    value = tomllib.loads(f"value = {(node.text or b'').decode()}")["value"]
    return value.lower() if "@" in value else value
