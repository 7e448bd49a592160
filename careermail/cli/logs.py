"""Structured logs on stderr, a line each: logfmt (https://brandur.org/logfmt) for journald and people, or JSON."""

import json
import logging
import re
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from types import TracebackType

import click

log = logging.getLogger("careermail")
log_format_option = click.option(
    "--log-format",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    help="What is logged on stderr: lines to read, or an object each for programs.",
)
_PLAIN = re.compile(r"[^\s\"=\\]+")
_KNOWN = set(logging.makeLogRecord({}).__dict__) | {"message", "asctime"}


class Logfmt(logging.Formatter):
    """level=info event=done manager=maya@example.com …; begins with the time where nothing else notes it."""

    def __init__(self, *, timed: bool) -> None:
        super().__init__()
        self._timed = timed

    def format(self, record: logging.LogRecord) -> str:
        """One record on one line."""
        return " ".join(f"{name}={_value(value)}" for name, value in self._fields(record) if value != "")

    def _fields(self, record: logging.LogRecord) -> Iterator[tuple[str, object]]:
        if self._timed:
            yield "at", datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        yield "level", record.levelname.lower()
        yield "event", record.getMessage()
        yield from ((name, value) for name, value in record.__dict__.items() if name not in _KNOWN)
        if record.exc_info and record.exc_info[0]:
            # Where, and of what type; never its words, which may quote what people wrote.
            yield "fault", record.exc_info[0].__name__
            yield "where", " < ".join(_places(record.exc_info[2]))


class JsonLines(Logfmt):
    """{"at": "2027-01-12T09:00:00.000+00:00", "level": "info", "event": "done", …}: the same fields, always timed."""

    def __init__(self) -> None:
        super().__init__(timed=True)

    def format(self, record: logging.LogRecord) -> str:
        """One record as one object on one line."""
        fields = {name: value for name, value in self._fields(record) if value != ""}
        return json.dumps(fields, ensure_ascii=False, default=str)


def _places(trace: TracebackType | None) -> list[str]:
    places = []
    while trace:
        code = trace.tb_frame.f_code
        places.append(f"{trace.tb_frame.f_globals.get('__name__')}:{trace.tb_lineno}:{code.co_name}")
        trace = trace.tb_next
    return places[::-1]


def _value(value: object) -> str:
    text = str(value)
    if _PLAIN.fullmatch(text):
        return text
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'


def log_to_stderr(form: str = "text") -> None:
    """Let careermail's logs go to stderr: as "json", or as "text" with the time on a terminal; journald has its own."""
    handler = logging.StreamHandler()
    handler.setFormatter(JsonLines() if form == "json" else Logfmt(timed=sys.stderr.isatty()))
    log.handlers[:] = [handler]
    log.setLevel(logging.INFO)
    log.propagate = False


def tell(words: object) -> None:
    """Say something to whoever called, on stderr; as an object too where a program reads there."""
    if any(isinstance(handler.formatter, JsonLines) for handler in log.handlers):
        log.error("cannot", extra={"reason": str(words)})
    else:
        click.echo(words, err=True)
