"""Secrets, by where they are kept: the configuration holds the place, and nothing but a login ever holds the words."""

import os
import stat
import subprocess
from dataclasses import dataclass
from pathlib import Path

from careermail.errors import ProviderError

COMMAND_SECONDS = 30


@dataclass(frozen=True)
class Secret:
    """One of the four references of the configuration; exactly one of its fields is set.

    It is read anew at each login, so that a password that was changed is taken up without a restart.
    """

    credential: str = ""  # the name of a systemd credential (systemd.exec(5), LoadCredential=)
    env: str = ""
    file: Path | None = None  # absolute, and nobody else's to read
    command: tuple[str, ...] = ()  # its standard output, without the line's end

    def __str__(self) -> str:
        """The reference, as an error names it."""
        kinds = {"credential": self.credential, "env": self.env, "file": self.file, "command": self.command}
        return next(f"{kind} {value}" for kind, value in kinds.items() if value)

    def value(self) -> str:
        """The secret itself. Raises ProviderError (urgent), which names the reference and what to do."""
        try:
            found = self._read().rstrip("\r\n")
        except (OSError, ValueError, KeyError, subprocess.SubprocessError) as error:
            # Without its cause: what a command printed may be half a password.
            raise ProviderError(f"the secret of {self} cannot be had: {_told(error)}", urgent=True) from None
        if not found:
            raise ProviderError(f"the secret of {self} is empty", urgent=True)
        return found

    def _read(self) -> str:
        if self.env:
            return os.environ[self.env]
        if self.command:
            run = subprocess.run(  # noqa: S603 (the admin's own command, without a shell)
                self.command, capture_output=True, check=True, timeout=COMMAND_SECONDS, stdin=subprocess.DEVNULL
            )
            return run.stdout.decode()
        if self.credential:
            return (Path(os.environ["CREDENTIALS_DIRECTORY"]) / self.credential).read_text()
        return _guarded(self.file or Path())


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
    with file.open(encoding="utf-8") as opened:
        if what := _unguarded(os.fstat(opened.fileno())):  # of what was opened, whatever stands there now
            raise ValueError(what)
        return opened.read()


def _told(error: Exception) -> str:
    if isinstance(error, KeyError):
        return f"${error.args[0]} is not set"
    if isinstance(error, subprocess.CalledProcessError):
        return f"the command ended with {error.returncode}"
    if isinstance(error, UnicodeDecodeError):
        return "it is no text in UTF-8"
    return str(error.strerror if isinstance(error, OSError) and error.strerror else error)
