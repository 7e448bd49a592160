"""import: one file per manager, from a list of people that is kept elsewhere."""

import os
from collections.abc import Iterator, Mapping
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from careermail.cli.office import Office
from careermail.cli.show import as_json_option, called, emit, with_progress
from careermail.errors import UsageError
from careermail.mail.escape import plain

if TYPE_CHECKING:
    from careermail.roster.changes import Changes
    from careermail.roster.folder import Folder
    from careermail.roster.people import Row


@click.command("import")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--apply", "really", is_flag=True, help="Write it; otherwise it is only told.")
@click.option("--force", is_flag=True, help="Even if more than a third of all leave or change managers.")
@as_json_option
@click.pass_obj
def import_command(office: Office, file: Path, *, really: bool, force: bool, as_json: bool) -> None:
    """Write one file per manager from FILE, a CSV of all people; tell first who joins, leaves and moves.

    Its columns: name, mail, manager (their mail address), and if wanted zone and language. Without --apply nothing is
    written.
    """
    from careermail.roster.folder import apply, folder_of, held
    from careermail.roster.people import read_people

    rows = read_people(file, _content(file))
    folder = folder_of(office.path)
    with held(folder) if really else nullcontext():
        found = _changes(office, file, rows, folder)
        refused = found.drastic and not force
        if not as_json:
            click.echo("".join(f"{line}\n" for line in _lines(found)), nl=False)
        if really and refused:
            if as_json:
                emit({**_data(found), "applied": False})
            raise UsageError(_drastic(found))
        broken_off = folder.marker.exists()
        if really and (found.files or broken_off):
            apply(folder, found, lambda paths: with_progress(paths, "Files written", office.clock))
    if as_json:
        emit({**_data(found), "applied": really})
    else:
        if broken_off and not really:
            click.echo("An import was broken off before; --apply ends it.")
        click.echo(_end(found, file, refused=refused, really=really))


def _content(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise UsageError(f"{file}: {error.strerror}") from error


def _changes(office: Office, file: Path, rows: "list[Row]", folder: "Folder") -> "Changes":
    from careermail.roster.changes import changes
    from careermail.roster.folder import imported, refuse_strangers, refuse_unsound

    refuse_strangers(file, rows, folder)
    files = imported(folder, lambda paths: with_progress(paths, "Files read", office.clock))
    found = changes(rows, files, folder.place)
    refuse_unsound(folder, found, office.clock.now(), os.environ)
    return found


def _data(found: "Changes") -> dict[str, Any]:
    return {
        "joined": [{**row.keys, "manager": row.manager or None} for row in found.joined],
        "left": [{"name": one.name, "email": one.email, "manager": one.manager or None} for one in found.left],
        "moved": [{"email": row.email, "from": old or None, "to": row.manager or None} for row, old in found.moved],
        "changed": [
            {"email": row.email, **{key: {"from": old, "to": new} for key, (old, new) in keys.items()}}
            for row, keys in found.changed
        ],
        "alone": [row.email for row in found.alone],
        "known": found.known,
        "drastic": found.drastic,
        "written": list(found.writes),
        "removed": found.removals,
    }


def _lines(found: "Changes") -> Iterator[str]:
    """Who, each on a line, under what becomes of them."""
    parts = {
        "joined": [f"{row.name} <{row.email}>{_with(row.manager)}" for row in found.joined],
        "left": [f"{one.name} <{one.email}>{_with(one.manager)}" for one in found.left],
        "got another manager": [
            f"{row.name} <{row.email}>: {old or 'nobody'} -> {row.manager or 'nobody'}" for row, old in found.moved
        ],
        "changed": [f"{row.name} <{row.email}>: {_differences(keys)}" for row, keys in found.changed],
        "neither manage nor are managed": [f"{row.name} <{row.email}>" for row in found.alone],
    }
    for what, people in parts.items():
        if people:
            yield f"{len(people)} {what}:"
            yield from (f"  {plain(line)}" for line in people)


def _differences(keys: Mapping[str, tuple[str, str]]) -> str:
    return ", ".join(f"{key} {old or '(none)'} -> {new}" for key, (old, new) in keys.items())


def _with(manager: str) -> str:
    return f", with {manager}" if manager else ""


def _drastic(found: "Changes") -> str:
    return (
        f"{found.parted} of {found.known} people would leave or lose their manager, and those sessions would end: more "
        "than a third. Is the list whole, and the manager's column right? Nothing was written; if it is meant: --force"
    )


def _end(found: "Changes", file: Path, *, refused: bool, really: bool) -> str:
    if not found.files:
        return "Nothing to do: the files say all that already."
    written, removed = len(found.writes), len(found.removals)
    if really:
        return f"Wrote {written} file(s), removed {removed}. A running daemon takes them up by itself."
    if refused:
        return _drastic(found)
    return f"{written} file(s) to write, {removed} to remove. Nothing was written yet: {called()} import {file} --apply"
