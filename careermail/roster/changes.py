"""What an import changes: the people and the files that there are in, what to tell and what to write out. Pure."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from careermail.roster.files import written
from careermail.roster.people import Row

Table = Mapping[str, Any]
THEIRS = ("timezone", "language", "working_days", "working_hours", "holidays", "send_at")  # not what managers decide


class ManagerFile(NamedTuple):
    """A file that an import wrote, as it is now: its text, and the table of its manager."""

    path: Path
    text: str
    table: Table

    @property
    def manager(self) -> str:
        """The manager's address."""
        return str(self.table["email"]).lower()


@dataclass
class Known:
    """One person as the files have them: as a report, as a manager or as both."""

    email: str
    tables: list[Table] = field(default_factory=list)
    manager: str = ""
    report: Table = field(default_factory=dict)  # as a report

    @property
    def name(self) -> str:
        """What they are called."""
        return str(self.tables[0]["name"])

    def differs(self, row: Row) -> dict[str, tuple[str, str]]:
        """What the row says otherwise: key -> (before, now)."""
        found = {}
        for key, value in row.keys.items():
            before = [str(table.get(key, "")) for table in self.tables]
            if key != "email" and (others := [one for one in before if one != value]):
                found[key] = (others[0], value)
        return found


@dataclass(frozen=True)
class Changes:
    """What an import would do."""

    joined: list[Row]
    left: list[Known]
    moved: list[tuple[Row, str]]  # and the address of the manager before; "" for none
    changed: list[tuple[Row, dict[str, tuple[str, str]]]]
    alone: list[Row]  # neither manage nor are managed
    known: int
    writes: dict[Path, str]
    removals: list[Path]

    @property
    def files(self) -> dict[Path, str | None]:
        """Every file that changes, with its text; None for one that goes."""
        return {**self.writes, **dict.fromkeys(self.removals)}

    @property
    def parted(self) -> int:
        """How many people leave, or lose the manager whom they talk with."""
        return len(self.left) + sum(bool(before) for _, before in self.moved)

    @property
    def drastic(self) -> bool:
        """Whether that is more than a third of all: it may well be a list that is cut off, or a wrong column."""
        return 3 * self.parted > self.known


def changes(rows: Sequence[Row], files: Sequence[ManagerFile], place: Callable[[str], Path]) -> Changes:
    """Compare the people with the files of former imports; `place` names the file of a new manager's address."""
    teams: dict[str, list[Row]] = {}
    for row in rows:
        if row.manager:
            teams.setdefault(row.manager, []).append(row)
    listed = {row.email: row for row in rows if row.manager or row.email in teams}
    known = _known(files)
    both = [(row, known[email]) for email, row in listed.items() if email in known]
    return Changes(
        joined=[row for email, row in listed.items() if email not in known],
        left=[one for email, one in known.items() if email not in listed],
        moved=[(row, one.manager) for row, one in both if row.manager != one.manager],
        changed=[(row, differs) for row, one in both if (differs := one.differs(row))],
        alone=[row for row in rows if row.email not in listed],
        known=len(known),
        writes=_writes(teams, listed, files, known, place),
        removals=[file.path for file in files if file.manager not in teams],
    )


def _known(files: Iterable[ManagerFile]) -> dict[str, Known]:
    known: dict[str, Known] = {}
    for file in files:
        known.setdefault(file.manager, Known(file.manager)).tables.append(file.table)
        for report in file.table.get("report", ()):
            email = str(report["email"]).lower()
            one = known.setdefault(email, Known(email))
            one.tables.append(report)
            one.manager, one.report = file.manager, report
    return known


def _writes(
    teams: Mapping[str, list[Row]],
    listed: Mapping[str, Row],
    files: Iterable[ManagerFile],
    known: Mapping[str, Known],
    place: Callable[[str], Path],
) -> dict[Path, str]:
    """The text of each file that changes. What a former manager decided about somebody stays behind."""
    theirs = {email: {key: one.report[key] for key in THEIRS if key in one.report} for email, one in known.items()}
    there = {file.manager: file for file in reversed(list(files))}
    writes = {}
    for manager, reports in teams.items():
        file = there.get(manager)
        text = written(listed[manager], reports, file.text if file else "", theirs)
        if not file or text != file.text:
            writes[file.path if file else place(manager)] = text
    return writes
