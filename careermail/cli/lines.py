"""A line of the log as people read it, on a terminal and in `journalctl`: what became of what, for whom, and why."""

import logging
import os
import sys
from collections.abc import Iterator, Mapping
from datetime import datetime
from types import TracebackType

import click

from careermail.mail.escape import plain

_KNOWN = set(logging.makeLogRecord({}).__dict__) | {"message", "asctime"}
_TOLD = {"kind", "to", "manager", "reason", "key"}  # each has its place in the sentence
_COLOURS = {"done": "green", "ready": "green", "failed": "yellow", "held": "red", "skipped": "yellow"}
_LEVELS = {"WARNING": "yellow", "ERROR": "red", "CRITICAL": "red"}


def fields(record: logging.LogRecord) -> dict[str, object]:
    """What a record tells beside its event and its level."""
    told = {name: value for name, value in record.__dict__.items() if name not in _KNOWN and value != ""}
    if record.exc_info and record.exc_info[0]:
        # Where, and of what type; never its words, which may quote what people wrote.
        told |= {"fault": record.exc_info[0].__name__, "where": " < ".join(_places(record.exc_info[2]))}
    return told


def _places(trace: TracebackType | None) -> list[str]:
    places = []
    while trace:
        code = trace.tb_frame.f_code
        places.append(f"{trace.tb_frame.f_globals.get('__name__')}:{trace.tb_lineno}:{code.co_name}")
        trace = trace.tb_next
    return places[::-1]


def sentence(record: logging.LogRecord) -> str:
    """The record as one line: `done prepare to maya@example.com [key]: reason`."""
    told = fields(record)
    head = " ".join(_head(record, told))
    return plain(f"{head}: {told['reason']}" if "reason" in told else head)


def _head(record: logging.LogRecord, told: Mapping[str, object]) -> Iterator[str]:
    yield record.getMessage()
    if "kind" in told:
        yield str(told["kind"])
    if "to" in told:
        yield f"to {told['to']}"
    if "manager" in told and told["manager"] != told.get("to"):
        yield f"for {told['manager']}"
    yield from (f"{name}={value}" for name, value in told.items() if name not in _TOLD)
    if "key" in told:
        yield f"[{told['key']}]"


class Line(logging.Formatter):
    """09:00:01 done prepare to maya@example.com [key], by the clock on the wall; in colours, if asked."""

    def __init__(self, *, colour: bool) -> None:
        super().__init__()
        self._colour = colour

    def format(self, record: logging.LogRecord) -> str:
        """One record on one line; a level that is to be noticed stands in front of it."""
        words, level = sentence(record), record.levelname.lower() if record.levelname in _LEVELS else ""
        at = f"{datetime.fromtimestamp(record.created):%H:%M:%S}"  # noqa: DTZ006 (the reader's own)
        if not self._colour:
            return " ".join(filter(None, (at, level, words)))
        event = plain(record.getMessage())
        colour = _LEVELS.get(record.levelname) or _COLOURS.get(event)
        return f"{click.style(at, dim=True)} {click.style(event, fg=colour, bold=bool(colour))}{words[len(event) :]}"


def coloured(environ: Mapping[str, str] | None = None) -> bool:
    """Whether stderr shows colours: a terminal that can, and nobody who has said no (https://no-color.org)."""
    said = os.environ if environ is None else environ
    return sys.stderr.isatty() and not said.get("NO_COLOR") and said.get("TERM") != "dumb"
