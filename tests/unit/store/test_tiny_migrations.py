"""Files that an older careermail wrote: read as if of today, written so with the next fact, and kept as they were."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tiny_world import FIRST, MAYA, SECOND, THIRD

from careermail.errors import StoreError
from careermail.model import Fact
from careermail.store import migrations
from careermail.store.tiny import TinyStore

Tables = dict[str, Any]
Learn = Callable[..., None]


def renamed(tables: Tables) -> Tables:
    """A step that changes facts: of each kind, the name is another."""
    facts = {n: {**fact, "kind": f"{fact['kind']}-anew"} for n, fact in tables["facts"].items()}
    return {**tables, "facts": facts}


def marked(tables: Tables) -> Tables:
    """A step that adds a table of its own."""
    return {**tables, "marks": {"1": {"of": len(tables["facts"])}}}


@pytest.fixture
def learn(monkeypatch: pytest.MonkeyPatch) -> Learn:
    """Let the store be of the version after these steps."""
    return lambda *steps: monkeypatch.setattr(migrations, "MIGRATIONS", list(steps))


def anew(fact: Fact, times: int = 1) -> Fact:
    return Fact(fact.at, fact.kind + times * "-anew", fact.key, fact.data)


def copy_of(file: Path, schema: int) -> Path:
    return file.parent.parent / f"before-schema-{schema}" / file.parent.name / file.name


def test_what_is_there_today_needs_no_step():
    assert migrations.newest() == 1 + len(migrations.MIGRATIONS)
    assert [step for step in migrations.MIGRATIONS if not step.__doc__] == []


def test_reading_shows_the_new_form_and_writes_nothing(store: TinyStore, root: Path, file: Path, learn: Learn):
    store.append(MAYA, [FIRST, SECOND])
    before = file.read_bytes()
    learn(renamed)
    assert TinyStore(root).load(MAYA) == [anew(FIRST), anew(SECOND)]
    assert file.read_bytes() == before
    assert not copy_of(file, 2).exists()


def test_the_next_fact_is_written_in_the_new_form_and_the_old_file_is_kept(
    store: TinyStore, root: Path, file: Path, learn: Learn
):
    store.append(MAYA, [FIRST])
    before = file.read_bytes()
    learn(renamed, marked)
    TinyStore(root).append(MAYA, [SECOND])
    assert TinyStore(root).load(MAYA) == [anew(FIRST), SECOND]
    held = json.loads(file.read_bytes())
    assert (held["schema"], held["marks"]) == (3, {"1": {"of": 1}})
    assert copy_of(file, 3).read_bytes() == before
    assert copy_of(file, 3).stat().st_mode & 0o777 == 0o600
    TinyStore(root).append(MAYA, [THIRD])
    assert copy_of(file, 3).read_bytes() == before


def test_each_version_keeps_a_copy_of_its_own(store: TinyStore, root: Path, file: Path, learn: Learn):
    store.append(MAYA, [FIRST])
    learn(renamed)
    TinyStore(root).append(MAYA, [SECOND])
    between = file.read_bytes()
    learn(renamed, renamed)
    TinyStore(root).append(MAYA, [THIRD])
    assert TinyStore(root).load(MAYA) == [anew(FIRST, 2), anew(SECOND), THIRD]
    assert copy_of(file, 3).read_bytes() == between
    assert json.loads(copy_of(file, 2).read_bytes())["schema"] == 1


def test_the_archive_is_migrated_and_kept_as_well(store: TinyStore, root: Path, file: Path, learn: Learn):
    store.replace(MAYA, [SECOND], [FIRST])
    learn(renamed)
    again = TinyStore(root)
    assert again.load(MAYA, archived=True) == [anew(FIRST)]
    again.replace(MAYA, [], [*again.load(MAYA, archived=True), *again.load(MAYA)])
    assert again.load(MAYA, archived=True) == [anew(FIRST), anew(SECOND)]
    assert json.loads(copy_of(root / "archive" / file.name, 2).read_bytes())["schema"] == 1


def test_the_old_version_refuses_the_new_form_and_takes_the_copy(
    store: TinyStore, root: Path, file: Path, learn: Learn
):
    store.append(MAYA, [FIRST])
    learn(renamed)
    TinyStore(root).append(MAYA, [SECOND])
    learn()
    with pytest.raises(StoreError, match=r"written by a newer careermail \(schema 2; this one knows 1\)"):
        TinyStore(root).load(MAYA)
    copy_of(file, 2).replace(file)
    assert TinyStore(root).load(MAYA) == [FIRST]


@pytest.mark.parametrize("name", ["maya+x@example.com", "maya[1]*@example.com"])
def test_who_is_erased_is_erased_from_the_copies_too_and_nobody_else(
    store: TinyStore, root: Path, learn: Learn, name: str
):
    for manager in (name, "mayaXx@example.com"):
        store.replace(manager, [FIRST, SECOND], [THIRD])
    learn(renamed)
    again = TinyStore(root)
    for manager in (name, "mayaXx@example.com"):
        again.replace(manager, again.load(manager), again.load(manager, archived=True))
    assert len(list(root.glob("before-schema-2/*/*"))) == 4
    again.replace(name, again.load(name)[:1], again.load(name, archived=True))  # a report's facts are taken out
    assert {path.name for path in root.glob("before-schema-2/*/*")} == {"mayaXx@example.com.json"}
    again.replace("mayaXx@example.com", [], [])
    assert not list(root.glob("before-schema-2/*/*"))


def test_a_step_that_fails_is_told_and_nothing_is_set_aside(store: TinyStore, root: Path, file: Path, learn: Learn):
    store.append(MAYA, [FIRST])
    before = file.read_bytes()

    def wrong(_: Tables) -> Tables:
        raise KeyError(0)

    learn(wrong)
    with pytest.raises(KeyError):
        TinyStore(root).load(MAYA)
    assert file.read_bytes() == before
