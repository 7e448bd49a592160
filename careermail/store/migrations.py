"""How files of facts that an older careermail wrote become what this one writes, and the copy that is kept of them.

A change of the schema is one function below, decorated, which takes the tables of the version before it and returns
those of its own. Nothing is asked of anybody: a file is read as if it were of today's schema, and written so with the
next fact. Before that first write the old file gets a second name below `before-schema-N/`, where it stays as it was,
for whoever wants the old version back; who is erased is erased there too.
"""

import os
from collections.abc import Callable
from glob import escape
from pathlib import Path
from typing import Any

from careermail.store import disk

Tables = dict[str, Any]
Migration = Callable[[Tables], Tables]
MIGRATIONS: list[Migration] = []  # the first makes schema 2 of schema 1
FIRST = 1


def migration(change: Migration) -> Migration:
    """Let this be the step to the next schema: tables in, tables out; the documents in them may be changed."""
    MIGRATIONS.append(change)
    return change


def newest() -> int:
    """The schema that is written now."""
    return FIRST + len(MIGRATIONS)


def migrated(tables: Tables) -> Tables:
    """These tables as they would be written now; `schema` still says what they were."""
    found = tables
    for step in MIGRATIONS[tables["schema"] - FIRST :]:
        found = step(found)
    return {**found, "schema": tables["schema"]}


def keep_copy(path: Path, tables: Tables) -> None:
    """Give the file at `path`, about to be replaced, a name that stays if an older version wrote it. Raises OSError."""
    if tables.get("schema", newest()) == newest():
        return
    copy = path.parent.parent / f"before-schema-{newest()}" / path.parent.name / path.name
    if not copy.exists():
        disk.make_folder(copy.parent)
        os.link(path, copy)
        disk.sync(copy.parent)


def copies(path: Path) -> list[Path]:
    """What is kept of the older versions of a file."""
    return sorted(path.parent.parent.glob(f"before-schema-*/{path.parent.name}/{escape(path.name)}"))
