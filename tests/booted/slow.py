"""A mail server that takes its time: slow.py FOLDER.

It keeps each mail in FOLDER, so many seconds after it came as FOLDER/seconds says, and only then tells that it did.
"""

import sys
import time
from pathlib import Path
from typing import Any

from aiosmtpd.controller import Controller

FOLDER = Path(sys.argv[1])


def keep(content: bytes) -> None:
    (FOLDER / "began").touch()
    time.sleep(float((FOLDER / "seconds").read_text()))
    (FOLDER / f"{len(list(FOLDER.glob('*.eml'))):03}.eml").write_bytes(content)


class Slow:
    """Sleeps within DATA, one mail after the other."""

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802 (aiosmtpd's name)
        keep(envelope.content)
        return "250 OK"


Controller(Slow(), hostname="127.0.0.1", port=2500).start()
(FOLDER / "ready").touch()
time.sleep(10**6)
