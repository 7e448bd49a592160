"""How listings look: moments on people's own clocks, tables for people, JSON for programs."""

import json
import shutil
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from careermail.clock import Clock
from careermail.mail.escape import plain
from careermail.model import Person, Series

if TYPE_CHECKING:
    from rich.console import Console

as_json_option = click.option("--json", "as_json", is_flag=True, help="For programs.")
A_SECOND = timedelta(seconds=1)
Item = TypeVar("Item")
WIDEST = 10_000  # nothing is cut or wrapped where a program reads


def day(value: date) -> str:
    """A date with its weekday: Tue 12 Jan 2027."""
    return f"{value:%a} {value.day} {value:%b %Y}"


def moment(value: datetime, person: Person) -> str:
    """A moment (UTC) as the person's clock shows it: Tue 12 Jan 2027 10:00."""
    local = value.astimezone(person.zone)
    return f"{day(local)} {local:%H:%M}"


def both(value: datetime, series: Series) -> str:
    """A moment (UTC) on the manager's clock, and on the report's where that shows another hour."""
    mine, theirs = (value.astimezone(person.zone) for person in (series.manager, series.report))
    apart = mine.utcoffset() != theirs.utcoffset()
    there = f" ({theirs:%H:%M} for {series.report.first_name})" if apart else ""
    return f"{moment(value, series.manager)}{there}"


def local_iso(value: datetime, person: Person) -> str:
    """The same moment for programs: ISO 8601 with the person's offset."""
    return value.astimezone(person.zone).isoformat()


def called() -> str:
    """What to type to call careermail again: its name where a shell finds it so, else its path from here."""
    path = Path(sys.argv[0]).absolute()
    if path.name != "careermail" or shutil.which(path.name) == str(path):
        return "careermail"
    return str(path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path)


def emit(data: Any) -> None:
    """Print JSON; moments and dates in ISO 8601."""
    click.echo(as_text(data))


def as_text(data: Any) -> str:
    """JSON; moments and dates in ISO 8601."""
    return json.dumps(data, indent=2, ensure_ascii=False, default=_plainly)


def _plainly(value: Any) -> Any:
    if isinstance(value, date):
        return value.isoformat()
    return str(value)


def console() -> "Console":
    """Where tables and timelines are printed, as wide as the terminal; without colours where there is none."""
    from rich.console import Console

    found = Console(highlight=False, emoji=False)
    return found if found.is_terminal else Console(highlight=False, emoji=False, width=WIDEST, force_terminal=False)


def table(columns: Sequence[str], rows: Iterable[Sequence[str]], *, style: Callable[[int], str] | None = None) -> None:
    """Print rows under their columns' names; the first column is never broken. `style` gives a row's colour."""
    from rich import box
    from rich.table import Table
    from rich.text import Text

    out = console()
    grid = Table(box=box.SIMPLE_HEAD if out.is_terminal else None, pad_edge=False, header_style="bold")
    for n, column in enumerate(columns):
        grid.add_column(column, no_wrap=n == 0, overflow="fold")
    for n, row in enumerate(rows):
        grid.add_row(*(Text(plain(cell)) for cell in row), style=style(n) if style else None)
    with out.capture() as captured:
        out.print(grid)
    click.echo("\n".join(line.rstrip() for line in captured.get().splitlines()))


def with_progress(items: Sequence[Item], what: str, clock: Clock) -> Iterator[Item]:
    """The items one by one, with a bar on a terminal once it takes longer than a second."""
    if not sys.stderr.isatty():
        yield from items
        return
    from rich.console import Console
    from rich.progress import MofNCompleteColumn, Progress

    begun, bar = (
        clock.now(),
        Progress(*Progress.get_default_columns(), MofNCompleteColumn(), console=Console(stderr=True), transient=True),
    )
    task = bar.add_task(what, total=len(items))
    try:
        for item in items:
            if not bar.live.is_started and clock.now() - begun > A_SECOND:
                bar.start()
            yield item
            bar.advance(task)
    finally:
        bar.stop()
