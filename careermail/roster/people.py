"""people.csv -> people, or every problem of it at once."""

import csv
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydantic_core import PydanticCustomError

from careermail.config import values
from careermail.config.source import shown
from careermail.errors import ConfigError, Problem

# What each column may be called, in letters alone: a keyboard's "E-Mail" and "e_mail" are "email".
COLUMNS = {
    "name": "name fullname displayname person employee employeename",
    "email": "mail email address mailaddress emailaddress",
    "manager": "manager managersmail managermail managersemail manageremail reportsto linemanager supervisor",
    "timezone": "zone timezone tz",
    "language": "language lang",
}
MUST = ("name", "email", "manager")
LONGEST = 200  # bytes of an address: it will be a file's name


@dataclass(frozen=True)
class Row:
    """One person as the table has them; "" where it says nothing (without a manager: the top of the house)."""

    line: int
    name: str
    email: str
    manager: str
    timezone: str = ""
    language: str = ""

    @property
    def keys(self) -> dict[str, str]:
        """What a manager's file says of them."""
        known = {key: getattr(self, key) for key in ("name", "email", "timezone", "language")}
        return {key: value for key, value in known.items() if value}


def read_people(file: Path, content: bytes) -> list[Row]:
    """Return everybody in a CSV file: UTF-8, with commas, semicolons or tabs, and a row of columns' names first.

    Raises ConfigError with every problem: its line, its column, what was found and what was expected.
    """
    return _Table(file).people(_lines(file, content))


def _lines(file: Path, content: bytes) -> list[tuple[int, list[str]]]:
    """The rows that are not blank, each with the line that it begins on."""
    try:
        text = content.decode("utf-8-sig")
        head = text.partition("\n")[0]
        reader = csv.reader(
            text.splitlines(keepends=True), delimiter=max(",;\t", key=head.count), strict=True, skipinitialspace=True
        )
        return list(_numbered(reader))
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        found = f"found the byte 0x{content[error.start]:02x}, expected UTF-8"
        raise ConfigError([Problem(file, line, "csv", found, 'spreadsheets call it "CSV UTF-8"')]) from None
    except csv.Error as error:
        line = reader.line_num
        raise ConfigError([Problem(file, line, "csv", str(error), "is a quotation mark not closed?")]) from None


def _numbered(reader: Any) -> Iterator[tuple[int, list[str]]]:
    line = 1
    for cells in reader:
        if any(cell.strip() for cell in cells):
            yield line, [cell.strip() for cell in cells]
        line = reader.line_num + 1


@dataclass
class _Table:
    file: Path
    problems: list[Problem] = field(default_factory=list)
    called: dict[str, str] = field(default_factory=dict)  # our column -> its name in the file

    def people(self, lines: list[tuple[int, list[str]]]) -> list[Row]:
        if not lines:
            raise ConfigError([Problem(self.file, 1, "csv", "found nothing, expected a row of columns' names")])
        (line, head), *rest = lines
        columns = self._columns(line, head)
        if self.problems:
            raise ConfigError(self.problems)
        rows = [self._row(line, cells, columns, len(head)) for line, cells in rest]
        self._once(rows)
        self._managers(rows)
        self._circles(rows)
        if self.problems:
            raise ConfigError(sorted(self.problems, key=lambda problem: problem.line))
        return rows

    def _columns(self, line: int, head: list[str]) -> dict[str, int]:
        columns: dict[str, int] = {}
        for n, cell in enumerate(head):
            ours = _meant(cell)
            if ours in columns:
                expected = f"one column for that, not also {shown(self.called[ours])}"
                self._problem(line, cell, f"found {shown(cell)}, expected {expected}")
            elif ours:
                columns[ours], self.called[ours] = n, cell
        for missing in [ours for ours in MUST if ours not in columns]:
            others = values.listed(shown(cell) for cell in head)
            hint = "the manager's mail address; empty for who has none" if missing == "manager" else ""
            self._problem(line, missing, f"found {others}, expected a column {shown(missing)}", hint)
        return columns

    def _row(self, line: int, cells: list[str], columns: Mapping[str, int], width: int) -> Row:
        if any(cells[width:]):
            hint = "is there a comma in a name, and no quotation marks around it?"
            self._problem(line, "csv", f"found {len(cells)} cells, expected {width}", hint)
        text = {ours: cells[n] if n < len(cells) else "" for ours, n in columns.items()}
        for ours, check in CHECKS.items():
            if text.get(ours) or ours in MUST:
                text[ours] = self._checked(line, ours, text[ours], check)
        return Row(line, **{**text, "manager": text["manager"].lower()})

    def _checked(self, line: int, ours: str, text: str, check: Callable[[str], str]) -> str:
        try:
            return check(text)
        except PydanticCustomError as error:
            hint = (error.context or {}).get("hint", "")
            self._problem(line, self.called[ours], f"found {shown(text)}, expected {error.message()}", hint)
            return ""

    def _once(self, rows: Iterable[Row]) -> None:
        first: dict[str, Row] = {}
        for row in rows:
            if row.email and first.setdefault(row.email, row) is not row:
                found = f"found {shown(row.email)} again, expected each address once"
                hint = f"the first is {self.file}:{first[row.email].line}"
                self._problem(row.line, self.called["email"], found, hint)

    def _managers(self, rows: Iterable[Row]) -> None:
        """Each manager has a row of their own: their name and their zone are needed too."""
        addresses = {row.email for row in rows}
        spellings = {row.name.lower(): row.email for row in rows}
        spellings |= {row.email.partition("@")[0]: row.email for row in rows}
        for row in rows:
            expected = ""
            if row.manager and row.manager == row.email:
                expected = "somebody else than the person, or nothing"
            elif row.manager and row.manager not in addresses:
                expected = "the mail address of somebody in the list"
            if expected:
                hint = "" if row.manager == row.email else values.did_you_mean(row.manager.partition("@")[0], spellings)
                self._problem(
                    row.line, self.called["manager"], f"found {shown(row.manager)}, expected {expected}", hint
                )

    def _circles(self, rows: Iterable[Row]) -> None:
        above = {row.email: row for row in rows if row.email and row.manager != row.email}
        seen: set[str] = set()
        for row in rows:
            chain: list[str] = []
            email = row.email
            while email in above and email not in seen:
                seen.add(email)
                chain.append(email)
                email = above[email].manager
            if email in chain:
                circle = " -> ".join([*chain[chain.index(email) :], email])
                found = f"found a circle, {circle}, expected that it ends with somebody who has no manager"
                self._problem(above[email].line, self.called["manager"], found)

    def _problem(self, line: int, key: str, message: str, hint: str = "") -> None:
        self.problems.append(Problem(self.file, line, key, message, hint))


def _meant(cell: str) -> str:
    letters = "".join(filter(str.isalpha, cell.casefold()))
    return next((ours for ours, names in COLUMNS.items() if letters in names.split()), "")


def _address(text: str) -> str:
    if len(text.encode()) > LONGEST:
        raise values.wrong(f"an address of at most {LONGEST} bytes")
    return values.address(text)


def _language(text: str) -> str:
    return values.language(text.lower())


CHECKS: Mapping[str, Callable[[str], str]] = {
    "name": values.name,
    "email": _address,
    "timezone": values.zone,
    "language": _language,
}
