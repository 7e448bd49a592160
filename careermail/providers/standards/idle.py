"""Hearing of new mail as it comes: IDLE (RFC 2177), from a thread and a connection of its own."""

import random
import threading
from collections.abc import Callable
from typing import Any

from careermail.errors import ProviderError
from careermail.providers.standards.mailbox import Mailbox, capabilities

# An IDLE is renewed after ten minutes at the latest: servers may end one after 29, and many a router forgets earlier.
HEARKENINGS = 5
HEARKENING_SECONDS = 120.0
SHORTEST_WAIT = 5.0
LONGEST_WAIT = 900.0
GOODBYE_SECONDS = 2.0


class Watch:
    """Calls `wake` whenever something may have come into the folder, until it is told to end."""

    def __init__(self, mailbox: Mailbox, folder: str, wake: Callable[[], None]) -> None:
        self._mailbox, self._folder, self._wake = mailbox, folder, wake
        self._ended, self._failures = threading.Event(), 0
        self._thread = threading.Thread(target=self._run, name="careermail-idle", daemon=True)

    def start(self) -> None:
        """Begin, in the background."""
        self._thread.start()

    def end(self) -> None:
        """Stop calling `wake`; takes moments, even where the server does not answer."""
        self._ended.set()
        self._mailbox.interrupt()
        self._thread.join(GOODBYE_SECONDS)

    def _run(self) -> None:
        while not self._ended.wait(self._pause()):
            try:
                self._hearken()
            except ProviderError:  # whoever fetches meets the same trouble, and tells of it
                self._failures += 1
            else:
                return

    def _pause(self) -> float:
        """How long to wait after so many failures in a row, in seconds; jittered, since others may wait as well."""
        if not self._failures:
            return 0
        wait: float = min(SHORTEST_WAIT * 2 ** min(self._failures - 1, 10), LONGEST_WAIT)
        return wait * random.uniform(0.75, 1.25)  # noqa: S311 (it spreads load, it hides nothing)

    def _hearken(self) -> None:
        """One connection's life; returns where it is to end, or the server turns out to lack IDLE."""
        with self._mailbox.session(self._folder) as box:
            able = "IDLE" in capabilities(box)
            while able and not self._ended.is_set():
                self._idle(box.idle)
        self._mailbox.close()

    def _idle(self, idle: Any) -> None:
        """One IDLE: until there is news, or it is to be renewed."""
        idle.start()
        self._failures = 0
        self._wake()  # each time: something may have come while the server was not listening for us
        for _ in range(HEARKENINGS):
            news = idle.poll(HEARKENING_SECONDS)
            if self._ended.is_set():
                return
            if any(b"EXISTS" in line for line in news):
                break
        idle.stop()
