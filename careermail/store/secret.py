"""The key under which our Message-IDs and reply addresses are made: drawn once, kept beside the facts."""

import os
from pathlib import Path

from careermail.errors import StoreError
from careermail.store.disk import read_file, told, write_file

BYTES = 32


def secret_of(state: Path) -> bytes:
    """The service's secret, drawn at the first call for this folder. Raises StoreError.

    Whoever loses it makes every mail that is out unanswerable, so one that is broken is never drawn anew in silence.
    """
    path = state / "secret"
    with told(path, "read"):
        held = read_file(path)
        found = held.content if held else _draw(path)
    if len(found) != BYTES:
        raise StoreError(
            f"{path} is not the secret that careermail wrote. Restore it from a backup; or delete it, and the answers "
            "to mails sent so far will be refused."
        )
    return found


def _draw(path: Path) -> bytes:
    """Write a new secret, unless another process was quicker; the one that stands."""
    temporary = path.with_name(f".{path.name}-{os.getpid()}")
    write_file(temporary, os.urandom(BYTES), after=None)
    try:
        os.link(temporary, path)
    except FileExistsError:
        pass
    finally:
        temporary.unlink()
    return path.read_bytes()
