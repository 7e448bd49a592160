"""The log as journald takes it: its own protocol, the fields of each entry, and stderr where it cannot be reached."""

import logging
import os
import socket
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from careermail.cli.logs import ToJournal
from careermail.journal import Journal, encode, is_journal

DONE = {"manager": "maya@example.com", "kind": "prepare", "key": "a1b2", "to": "maya@example.com"}


class FakeJournal:
    """A socket of journald's kind, and the entries that it took."""

    def __init__(self, root: Path) -> None:
        self.path = str(root / "socket")
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(self.path)
        self._socket.settimeout(1)

    def entry(self) -> dict[str, str]:
        """The next entry, parsed as the protocol says (https://systemd.io/JOURNAL_NATIVE_PROTOCOL/, Data Format)."""
        rest, found = self._socket.recv(1 << 20), dict[str, str]()
        while rest:
            line, _, rest = rest.partition(b"\n")
            name, equals, value = line.partition(b"=")
            if not equals:
                size = int.from_bytes(rest[:8], "little")
                value, rest = rest[8 : 8 + size], rest[8 + size + 1 :]
            found[name.decode()] = value.decode()
        return found

    def close(self) -> None:
        self._socket.close()


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[FakeJournal]:
    found = FakeJournal(tmp_path)
    yield found
    found.close()


def record(event: str, level: str = "INFO", **fields: object) -> logging.LogRecord:
    return logging.makeLogRecord({"levelname": level, "msg": event, **fields})


def test_a_value_with_lines_is_sent_by_its_length():
    assert encode({"MESSAGE": "done", "CAREERMAIL_REASON": "two\nlines"}) == (
        b"MESSAGE=done\nCAREERMAIL_REASON\n\x09\x00\x00\x00\x00\x00\x00\x00two\nlines\n"
    )


def test_what_became_of_an_action_is_a_line_to_read_and_fields_to_ask_for(journal: FakeJournal):
    ToJournal(Journal(journal.path)).emit(record("done", **DONE))
    assert journal.entry() == {
        "MESSAGE": "done prepare to maya@example.com [a1b2]",
        "PRIORITY": "6",
        "SYSLOG_IDENTIFIER": "careermail",
        "CAREERMAIL_EVENT": "done",
        "CAREERMAIL_RESULT": "done",
        "CAREERMAIL_KIND": "prepare",
        "CAREERMAIL_MANAGER": "maya@example.com",
        "CAREERMAIL_TO": "maya@example.com",
        "CAREERMAIL_KEY": "a1b2",
    }


@pytest.mark.parametrize(("level", "priority"), [("WARNING", "4"), ("ERROR", "3"), ("CRITICAL", "2")])
def test_a_level_is_a_priority(journal: FakeJournal, level: str, priority: str):
    ToJournal(Journal(journal.path)).emit(record("cannot", level, reason="the disk\nis full"))
    entry = journal.entry()
    assert (entry["PRIORITY"], entry["MESSAGE"]) == (priority, "cannot: the disk is full")
    assert entry["CAREERMAIL_REASON"] == "the disk\nis full"


def test_a_fault_is_told_by_its_place_and_never_by_its_words(journal: FakeJournal):
    try:
        {}["Shadow the on-call rota"]
    except KeyError:
        ToJournal(Journal(journal.path)).emit(record("fault", "ERROR", exc_info=sys.exc_info()))
    entry = journal.entry()
    assert (entry["CAREERMAIL_FAULT"], entry["CAREERMAIL_WHERE"].partition(":")[0]) == ("KeyError", "test_journal")
    assert "rota" not in str(entry)


@pytest.mark.parametrize("reason", ["short", "longer than a datagram may be" * 100_000])
def test_what_journald_does_not_take_is_said_on_stderr_with_its_priority(
    journal: FakeJournal, reason: str, capsys: pytest.CaptureFixture[str]
):
    path = journal.path if len(reason) > 9 else f"{journal.path}-gone"
    ToJournal(Journal(path)).emit(record("cannot", "ERROR", key="a1b2", reason=reason))
    assert capsys.readouterr().err.startswith(f"<3>level=error event=cannot key=a1b2 reason={reason[:1]}"[:40])


def test_a_journal_that_comes_back_is_told_again(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    handler = ToJournal(Journal(str(tmp_path / "socket")))
    handler.emit(record("ready"))
    late = FakeJournal(tmp_path)
    handler.emit(record("stopped"))
    assert (late.entry()["MESSAGE"], capsys.readouterr().err) == ("stopped", "<6>level=info event=ready\n")
    late.close()


def test_stderr_is_the_journal_only_if_it_is_the_very_file_that_systemd_names(tmp_path: Path):
    with (tmp_path / "one").open("w") as one, (tmp_path / "other").open("w") as other:
        status = os.fstat(one.fileno())
        environ = {"JOURNAL_STREAM": f"{status.st_dev}:{status.st_ino}"}
        assert is_journal(environ, one.fileno())
        assert not is_journal(environ, other.fileno())
        assert not is_journal({}, one.fileno())
    assert not is_journal(environ, one.fileno() if not one.closed else 12345)
