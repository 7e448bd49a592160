"""A real Radicale in a folder of its own, as an ordinary process: CalDAV that does not schedule."""

import contextlib
import shutil
import socket
import subprocess
import sys
import time
from importlib.util import find_spec
from pathlib import Path
from typing import Self

from servers.ca import Certificate

PASSWORD = "correct-horse"  # noqa: S105 (of people who exist here alone)
ABSENT = None if find_spec("radicale") else "Radicale is not installed (radicale)"

CONFIG = """
[server]
hosts = 127.0.0.1:{port}
timeout = 120
{tls}
[auth]
type = htpasswd
htpasswd_filename = {root}/users
htpasswd_encryption = plain
delay = 0
[rights]
type = from_file
file = {root}/rights
[storage]
filesystem_folder = {root}/collections
[logging]
level = warning
"""
# Everybody their own; and one login that may look into and write every calendar.
RIGHTS = """
[root]
user: .+
collection:
permissions: R
[service]
user: careermail
collection: .*
permissions: RrWw
[principal]
user: .+
collection: {user}
permissions: RW
[calendars]
user: .+
collection: {user}/[^/]+
permissions: rw
"""


class Radicale:
    """A context manager. `url` is where everybody's folder is; whoever is `welcome`d has a calendar called Work."""

    def __init__(self, root: Path, certificate: Certificate | None = None) -> None:
        self.root, self._certificate = root, certificate
        self._users: list[str] = []

    def __enter__(self) -> Self:
        self.root.mkdir(parents=True, exist_ok=True)
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = free.getsockname()[1]
        tls = ""
        if self._certificate:
            tls = f"ssl = True\ncertificate = {self._certificate.chain}\nkey = {self._certificate.key}\n"
        (self.root / "config").write_text(CONFIG.format(root=self.root, port=self.port, tls=tls))
        (self.root / "rights").write_text(RIGHTS)
        self.welcome("careermail")
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def url(self) -> str:
        """The folder of all people's folders."""
        return f"http{'s' if self._certificate else ''}://127.0.0.1:{self.port}/"

    def start(self) -> None:
        """Begin to serve; returns when it does."""
        command = [sys.executable, "-m", "radicale", "--config", str(self.root / "config")]
        with (self.root / "log").open("a") as log:
            self._process = subprocess.Popen(
                ["setpriv", "--pdeathsig", "TERM", *command], stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )
        for _ in range(1000):
            if self._process.poll() is not None:
                raise RuntimeError(f"Radicale did not start: {(self.root / 'log').read_text()}")
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port), 5):
                return
            time.sleep(0.01)
        raise RuntimeError(f"Radicale does not listen: {(self.root / 'log').read_text()}")

    def stop(self) -> None:
        """Serve no longer."""
        self._process.kill()
        self._process.wait()

    def welcome(self, *users: str) -> None:
        """Accounts for people, each with an empty calendar."""
        self._users += [user for user in users if user not in self._users]
        (self.root / "users").write_text("".join(f"{user}:{PASSWORD}\n" for user in self._users))
        for user in users:
            calendar = self.root / "collections" / "collection-root" / user / "work"
            shutil.rmtree(calendar, ignore_errors=True)
            calendar.mkdir(parents=True)
            (calendar / ".Radicale.props").write_text(
                '{"tag": "VCALENDAR", "D:displayname": "Work", "C:supported-calendar-component-set": "VEVENT"}'
            )
