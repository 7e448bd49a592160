"""Secrets, by where they are kept: the configuration holds the place, and nothing but a login ever holds the words."""

import os
import stat
import subprocess
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from careermail.errors import ProviderError

COMMAND_SECONDS = 30
CREDENTIALS = "CREDENTIALS_DIRECTORY"


@dataclass(frozen=True)
class Secret:
    """One of the four references of the configuration; exactly one of its fields is set.

    It is read anew at each login, so that a password that was changed is taken up without a restart.
    """

    credential: str = ""  # the name of a systemd credential (systemd.exec(5), LoadCredential=)
    env: str = ""
    file: Path | None = None  # absolute, and nobody else's to read
    command: tuple[str, ...] = field(default=(), repr=False)  # it writes the secret to standard output

    def __str__(self) -> str:
        """The reference, as an error names it: a command without its arguments, among which may be another secret."""
        kinds = {"credential": self.credential, "env": self.env, "file": self.file, "command": self.command[:1]}
        kind, value = next((kind, value) for kind, value in kinds.items() if value)
        return f"{kind} {value[0] if isinstance(value, tuple) else value}"

    def value(self) -> str:
        """The secret itself: the first line, since many a program and file tells more below it.

        Raises ProviderError (urgent), which names the reference and what to do, and holds nothing of what was read.
        """
        return self._had(_first_line, "the password")

    def text(self) -> str:
        """All of it, where it is a key or a certificate, which has many lines. Raises as `value` does."""
        return self._had(str, "the secret")

    def _had(self, part: Callable[[str], str], what: str) -> str:
        found, wrong = self._tried(part)
        if wrong:  # raised here, where no exception is at hand whose context could hold half a password
            raise ProviderError(f"{what} from {self} cannot be had: {wrong}", urgent=True)
        return found

    def _tried(self, part: Callable[[str], str]) -> tuple[str, str]:
        """The secret, or what is wrong."""
        try:
            found = part(self._read())
            found.encode()
        except (OSError, ValueError, KeyError, subprocess.SubprocessError) as error:
            return "", _told(error)
        return found, "" if found else "it is empty"

    def _read(self) -> str:
        if self.env:
            return os.environ[self.env]
        if self.command:
            run = subprocess.run(  # noqa: S603 (the admin's own command, without a shell)
                self.command, capture_output=True, check=True, timeout=COMMAND_SECONDS, stdin=subprocess.DEVNULL
            )
            return run.stdout.decode()
        if self.credential:
            return (Path(os.environ[CREDENTIALS]) / self.credential).read_text(encoding="utf-8")
        return _guarded(self.file or Path())


def _first_line(text: str) -> str:
    return text.partition("\n")[0].removesuffix("\r")


def flaw(file: Path) -> str:
    """What is wrong with a file of a secret, and its mend, without naming it; "" for nothing."""
    try:
        status = file.stat()
    except OSError as error:
        return f"the file cannot be read: {error.strerror or error}"
    return _unguarded(status)


def _unguarded(status: os.stat_result) -> str:
    mode = stat.S_IMODE(status.st_mode)
    if not stat.S_ISREG(status.st_mode):
        return "it is no file"
    if mode & 0o077:
        return f"others may read or change it (mode {mode:04o}); chmod 600 mends that"
    if status.st_uid not in (0, os.geteuid()):
        return "it belongs to somebody else, who could change it; chown mends that"
    return ""


def _guarded(file: Path) -> str:
    with open(file, encoding="utf-8", opener=_at_once) as opened:
        if what := _unguarded(os.fstat(opened.fileno())):  # of what was opened, whatever stands there now
            raise ValueError(what)
        return opened.read()


def _at_once(file: str, flags: int) -> int:
    return os.open(file, flags | os.O_NONBLOCK)  # a pipe in its place would be waited on for ever


def _told(error: Exception) -> str:
    if isinstance(error, KeyError):
        hint = " (systemd sets it for a unit with LoadCredential=)" if error.args[0] == CREDENTIALS else ""
        return f"${error.args[0]} is not set{hint}"
    if isinstance(error, subprocess.CalledProcessError):
        return f"it ended with {error.returncode}; try it by hand, as the user that careermail runs as"
    if isinstance(error, subprocess.TimeoutExpired):
        return f"it took longer than {COMMAND_SECONDS} seconds"
    if isinstance(error, UnicodeError):
        return "it is no text in UTF-8"
    return str(error.strerror if isinstance(error, OSError) and error.strerror else error)
