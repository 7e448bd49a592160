"""What is logged, a line each: to journald with its fields, to people in words, to programs as logfmt or JSON.

logfmt (https://brandur.org/logfmt) is what a pipe or a file gets: the same fields as everywhere else, by their names.
"""

import json
import logging
import os
import re
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import TextIO

import click

from careermail.cli.lines import Line, coloured, fields, sentence
from careermail.journal import PRIORITIES, Journal, is_journal

log = logging.getLogger("careermail")
log_format_option = click.option(
    "--log-format",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    help="What is logged on stderr: lines to read, or an object each for programs.",
)
STDERR = 2
_PLAIN = re.compile(r"[^\s\"=\\]+")


class Logfmt(logging.Formatter):
    """level=info event=done manager=maya@example.com …; begins with the time where nothing else notes it."""

    def __init__(self, *, timed: bool) -> None:
        super().__init__()
        self._timed = timed

    def format(self, record: logging.LogRecord) -> str:
        """One record on one line."""
        return " ".join(f"{name}={_value(value)}" for name, value in self._fields(record))

    def _fields(self, record: logging.LogRecord) -> Iterator[tuple[str, object]]:
        if self._timed:
            yield "at", datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        yield "level", record.levelname.lower()
        yield "event", record.getMessage()
        yield from fields(record).items()


class JsonLines(Logfmt):
    """{"at": "2027-01-12T09:00:00.000+00:00", "level": "info", "event": "done", …}: the same fields, always timed."""

    def __init__(self) -> None:
        super().__init__(timed=True)

    def format(self, record: logging.LogRecord) -> str:
        """One record as one object on one line."""
        return json.dumps(dict(self._fields(record)), ensure_ascii=False, default=str)


class Prefixed(Logfmt):
    """<6>level=info event=done …: what journald takes for the priority of a line on stderr (sd-daemon(3))."""

    def __init__(self) -> None:
        super().__init__(timed=False)

    def format(self, record: logging.LogRecord) -> str:
        """One record on one line."""
        return f"<{_priority(record)}>{super().format(record)}"


class ToJournal(logging.StreamHandler[TextIO]):
    """Hands each record to journald with its fields, as CAREERMAIL_…; on stderr, which leads there too, if it must."""

    def __init__(self, journal: Journal) -> None:
        super().__init__()
        self.setFormatter(Prefixed())
        self._journal = journal

    def emit(self, record: logging.LogRecord) -> None:
        """One entry of the journal."""
        if not self._journal.take(entry(record)):
            super().emit(record)


def entry(record: logging.LogRecord) -> dict[str, str]:
    """A record as the journal keeps it; the event of an action is what became of it."""
    told = {"event": record.getMessage(), **fields(record)}
    if "kind" in told:
        told["result"] = told["event"]
    return {
        "MESSAGE": sentence(record),
        "PRIORITY": str(_priority(record)),
        "SYSLOG_IDENTIFIER": "careermail",
        **{f"CAREERMAIL_{name.upper()}": str(value) for name, value in told.items()},
    }


def _priority(record: logging.LogRecord) -> int:
    return PRIORITIES.get(record.levelname, PRIORITIES["INFO"])


def _value(value: object) -> str:
    text = str(value)
    if _PLAIN.fullmatch(text):
        return text
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'


def log_to_stderr(form: str = "text") -> None:
    """Let careermail's logs go to stderr: as "json", or as "text" in the form that whoever reads there needs.

    journald gets fields, a terminal words and the time, anything else logfmt.
    """
    log.handlers[:] = [_handler(form)]
    log.setLevel(logging.INFO)
    log.propagate = False


def _handler(form: str) -> logging.Handler:
    if form == "text" and is_journal(os.environ, STDERR):
        return ToJournal(Journal())
    handler = logging.StreamHandler()
    handler.setFormatter(_formatter(form))
    return handler


def _formatter(form: str) -> logging.Formatter:
    if form == "json":
        return JsonLines()
    return Line(colour=coloured()) if sys.stderr.isatty() else Logfmt(timed=False)


def tell(words: object) -> None:
    """Say something to whoever called, on stderr; as an object too where a program reads there."""
    if any(isinstance(handler.formatter, JsonLines) for handler in log.handlers):
        log.error("cannot", extra={"reason": str(words)})
    else:
        click.echo(words, err=True)
