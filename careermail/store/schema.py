"""What a file of facts holds: JSON that TinyDB reads too, {"schema": 1, "facts": {"1": {at, kind, key, data}, …}}.

What this version does not know, be it a field, a table or a kind of fact, is kept as it is.
"""

import json
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import Any

from careermail.errors import StoreError
from careermail.model import Fact
from careermail.store.migrations import FIRST, Tables, migrated, newest

TABLE = "facts"

Document = dict[str, Any]

_MALFORMED = (LookupError, TypeError, ValueError, AttributeError, RecursionError)


class UnreadableError(Exception):
    """These bytes are no file of facts; not a word of them is in here."""


def encode(value: Any, *, sort_keys: bool = False) -> bytes:
    """JSON in UTF-8, on one line. Lone surrogates pass, for people's mails hold them. Raises TypeError."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), sort_keys=sort_keys)
    return text.encode("utf-8", "surrogatepass")


def documents(facts: Iterable[Fact]) -> list[Document]:
    """Facts as they will be read back: through JSON, so that memory and disk say the same. Raises TypeError."""
    plain: list[Document] = json.loads(encode([_document(fact) for fact in facts]))
    return plain


def essence(fact: Fact) -> bytes:
    """What two facts share if they are the same, however they came here."""
    return encode(_document(fact), sort_keys=True)


def decode(content: bytes, path: Path) -> tuple[Tables, tuple[Fact, ...]]:
    """TinyDB's tables in a file's content, and the facts in them; from an older schema, as if of this one.

    `schema` in the tables is what the file says.

    Raises StoreError where a newer careermail wrote them, and UnreadableError where they are not of this shape.
    """
    tables, schema = _tables(content)
    if FIRST <= schema <= newest():
        tables = migrated(tables)  # whose own faults are no fault of the file's
        try:
            return tables, _facts(tables[TABLE])
        except _MALFORMED:
            raise UnreadableError from None
    if schema > newest():
        raise StoreError(
            f"{path} was written by a newer careermail (schema {schema}; this one knows {newest()}). "
            "Nothing was changed. Install that version again, or restore a backup of before it."
        )
    raise UnreadableError


def _tables(content: bytes) -> tuple[Tables, int]:
    """What a file holds, and the schema that it names."""
    try:
        tables: Tables = json.loads(content)
        schema = tables["schema"]
    except _MALFORMED:
        raise UnreadableError from None
    return tables, schema if type(schema) is int else 0


def facts_of(plain: Iterable[Document]) -> tuple[Fact, ...]:
    """The facts in these documents. Raises one of LookupError, TypeError, ValueError and AttributeError."""
    return tuple(map(_fact, plain))


def _facts(table: dict[str, Document]) -> tuple[Fact, ...]:
    for name in table:
        int(name)  # TinyDB counts on
    return facts_of(table.values())


def _document(fact: Fact) -> Document:
    return {"at": fact.at.isoformat(), "kind": fact.kind, "key": fact.key, "data": fact.data}


def _fact(document: Document) -> Fact:
    at, kind, key, data = (
        datetime.fromisoformat(document["at"]),
        document["kind"],
        document["key"],
        document["data"],
    )
    if at.tzinfo and isinstance(kind, str) and isinstance(key, str) and isinstance(data, dict):
        return Fact(at, kind, key, data)
    raise TypeError
