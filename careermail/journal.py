"""journald's own protocol, in which a line of the log keeps its fields (https://systemd.io/JOURNAL_NATIVE_PROTOCOL/)."""

import os
import socket
from collections.abc import Mapping
from contextlib import suppress

SOCKET = "/run/systemd/journal/socket"
A_MOMENT = 1.0  # seconds that a journal with its hands full is waited for
PRIORITIES = {"DEBUG": 7, "INFO": 6, "WARNING": 4, "ERROR": 3, "CRITICAL": 2}  # of syslog(3), by logging's names


def is_journal(environ: Mapping[str, str], descriptor: int) -> bool:
    """Whether what is written to a descriptor goes to the journal: $JOURNAL_STREAM (systemd.exec(5)) names its file."""
    with suppress(OSError):
        status = os.fstat(descriptor)
        return environ.get("JOURNAL_STREAM") == f"{status.st_dev}:{status.st_ino}"
    return False


class Journal:
    """journald, at a socket's path. Whether it can be reached is found out with each entry anew."""

    def __init__(self, path: str = SOCKET) -> None:
        self._path = path

    def take(self, entry: Mapping[str, str]) -> bool:
        """Hand over one entry, its fields in capitals; False where it was not taken, and is to be said elsewhere."""
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as teller:
                teller.settimeout(A_MOMENT)
                teller.sendto(encode(entry), self._path)
        except OSError:  # not there, closed to us, or the entry is longer than a datagram may be
            return False
        return True


def encode(entry: Mapping[str, str]) -> bytes:
    """The entry as a datagram: NAME=value, or where a value has lines, its length and then itself."""
    return b"".join(_field(name.encode(), value.encode(errors="replace")) for name, value in entry.items())


def _field(name: bytes, value: bytes) -> bytes:
    if b"\n" in value:
        return name + b"\n" + len(value).to_bytes(8, "little") + value + b"\n"
    return name + b"=" + value + b"\n"
