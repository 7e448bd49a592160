"""What the service manager is told of the process, by the protocol of sd_notify(3)."""

import logging
import os
import socket
from collections.abc import Mapping
from datetime import timedelta

from careermail.clock import monotonic_microseconds

log = logging.getLogger("careermail")

A_MOMENT = 1.0  # seconds that a service manager with its hands full is waited for


class Supervisor:
    """Whoever started the process and wants to hear how it is, as the environment says; else nothing is told.

    `pulse` is how often it is to hear that we are alive: three times in what $WATCHDOG_USEC allows
    (sd_watchdog_enabled(3) asks for two), None where nobody watches. That it cannot be reached is logged once,
    and stops nothing.
    """

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._address = _address(environ.get("NOTIFY_SOCKET", ""))
        self.pulse = _allowed(environ) if self._address else None
        self._status, self._reached = "", True

    @property
    def listens(self) -> bool:
        """Whether there is anybody to tell."""
        return bool(self._address)

    def ready(self) -> None:
        """We are at work, for the first time or after a reload, whichever configuration came out of it."""
        self._tell("READY=1")

    def reloading(self) -> None:
        """The configuration is read anew, from this moment on."""
        self._tell(f"RELOADING=1\nMONOTONIC_USEC={monotonic_microseconds()}")

    def stopping(self) -> None:
        """No new action is begun; safe in a signal handler."""
        self._tell("STOPPING=1")

    def alive(self) -> None:
        """A step was completed: to be called where the work is done, never by a timer or a thread of its own."""
        if self.pulse:
            self._tell("WATCHDOG=1")

    def status(self, words: str) -> None:
        """One line for `systemctl status`, told when it is another than before."""
        if words != self._status:
            self._status = words
            self._tell(f"STATUS={words}")

    def _tell(self, said: str) -> None:
        if not self._address:
            return
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as teller:
                teller.settimeout(A_MOMENT)
                teller.sendto(said.encode(), self._address)
        except OSError as error:
            if self._reached:
                log.warning("the service manager cannot be told", extra={"reason": str(error)})
            self._reached = False
        else:
            self._reached = True


def _address(named: str) -> str:
    """The socket's address: a path, or where it begins with @ an abstract one (unix(7)); "" for any other kind."""
    if named.startswith("@"):
        return f"\0{named[1:]}"
    return named if named.startswith("/") else ""


def _allowed(environ: Mapping[str, str]) -> timedelta | None:
    """A third of the time that the watchdog allows this process."""
    allowed = environ.get("WATCHDOG_USEC", "")
    if not allowed.isdecimal() or environ.get("WATCHDOG_PID", str(os.getpid())) != str(os.getpid()):
        return None
    return timedelta(microseconds=int(allowed)) / 3 or None
