"""Files and secrets that a configuration names: relative to its own folder, and there."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from careermail.config.source import Place, shown
from careermail.credentials import Secret, flaw
from careermail.errors import Problem


def beside(place: Place) -> Path:
    """The folder of the file in which something stands, absolute."""
    return place.source.file.absolute().parent


def secret(place: Place, said: Mapping[str, Any], problems: list[Problem]) -> Secret:
    """The reference that a SecretTable at `place` means; a file that will not do becomes a problem."""
    if "command" in said:
        return Secret(command=tuple(said["command"]))
    if "file" not in said:
        return Secret(**said)
    file = beside(place) / said["file"]
    if what := flaw(file):
        _tell(problems, place.at("file").problem(what))
    return Secret(file=file)


def file(place: Place, said: str | None, problems: list[Problem], what: str = "certificates") -> Path | None:
    """The file at `place`, None where none is said; one that is not there becomes a problem."""
    if said is None:
        return None
    found = beside(place) / said
    if not os.path.isfile(found):  # noqa: PTH113 (unlike Path.is_file, it never raises)
        _tell(problems, place.problem(f"found {shown(said)}, expected a file of {what} that is there"))
    return found


def _tell(problems: list[Problem], problem: Problem) -> None:
    if problem not in problems:  # one password may be that of three servers
        problems.append(problem)
