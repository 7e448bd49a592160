"""What can go wrong, and the exit code that each kind of it ends the process with (sysexits.h)."""

from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path


class CareermailError(Exception):
    """Something happened that a person must hear of: says what, where, and what to do."""

    exit_code = 1


class UsageError(CareermailError):
    """The command was called in a way that cannot be carried out."""

    exit_code = 64


class StoreError(CareermailError):
    """What is remembered cannot be read or written; nothing was overwritten."""

    exit_code = 1


class TryLater(CareermailError):  # noqa: N818 (it is the name of sysexits.h: EX_TEMPFAIL says to try later)
    """Somebody else holds what is needed, for now."""

    exit_code = 75


class ProviderError(CareermailError):
    """A calendar or mail server refused or could not be reached.

    `permanent` tells whether trying again could help; `urgent` that it could, but only once somebody has mended it
    (a wrong password), so that they should hear of it at once; `retry_after` is the server's own wish; `owner` is the
    address of the one person who can mend it, where it lies in what is theirs.
    """

    def __init__(
        self,
        message: str,
        *,
        permanent: bool = False,
        urgent: bool = False,
        retry_after: timedelta | None = None,
        owner: str = "",
    ) -> None:
        super().__init__(message)
        self.owner = owner
        self.permanent = permanent
        self.urgent = urgent
        self.retry_after = retry_after

    exit_code = 69


@dataclass(frozen=True)
class Problem:
    """One thing wrong in a configuration, where it stands and how to mend it."""

    file: Path
    line: int
    key: str
    message: str
    hint: str = ""

    def __str__(self) -> str:
        """The problem on one line, as editors and people read it: file:line: key: message (hint)."""
        hint = f" ({self.hint})" if self.hint else ""
        return f"{self.file}:{self.line}: {self.key}: {self.message}{hint}"


class ConfigError(CareermailError):
    """Every problem of a configuration at once."""

    exit_code = 78

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__("\n".join(str(problem) for problem in problems))
        self.problems = problems
