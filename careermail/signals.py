"""What the system tells the process, heard from its first moment on."""

import signal
import sys
from collections.abc import Callable


class Signals:
    """Listens from when it is made: SIGTERM and SIGINT are to stop, SIGHUP is to reload.

    Until somebody takes them over nothing is under way: to stop is to end at once, with 0, and a reload is remembered.
    """

    def __init__(self) -> None:
        self._stop: Callable[[], None] = sys.exit
        self._reload: Callable[[], None] = self._remember
        self._remembered = False
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: self._stop())
        signal.signal(signal.SIGHUP, lambda *_: self._reload())

    def pass_to(self, stop: Callable[[], None], reload: Callable[[], None]) -> None:
        """From now on call these, which must be safe at any moment."""
        self._stop, self._reload = stop, reload
        if self._remembered:
            reload()

    def _remember(self) -> None:
        self._remembered = True
