"""A configuration that is read from a folder: what the provider is told then, or what is found wrong with it."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from careermail import config
from careermail.errors import ConfigError

OURS = Path(__file__).parents[2] / "config" / "careermail.toml"
DOCS = Path(__file__).parents[2] / "docs"
NOW = datetime(2027, 1, 1, tzinfo=UTC)
SERVICE = '[service]\naddress = "careermail@example.com"\n'
MAYA = '[[manager]]\nname = "Maya"\nemail = "maya@example.com"\n'
LENA = '[[manager]]\nname = "Lena"\nemail = "lena@example.com"\n'


def load(folder: Path, *said: str) -> config.Config:
    file = folder / "careermail.toml"
    file.write_text("".join(said))
    return config.load(file, now=NOW)


def provider(folder: Path, *said: str) -> dict[str, Any]:
    return dict(load(folder, *said).provider)


def problems(folder: Path, *said: str) -> list[str]:
    """Each with its line, and without the file."""
    with pytest.raises(ConfigError) as refused:
        load(folder, *said)
    return [str(problem).removeprefix(f"{folder}/careermail.toml:") for problem in refused.value.problems]
