"""A vendor's world in the test's process, while careermail plays a quarter in processes of its own that are killed.

What people do they do there: whoever plays asks for it at `/people`, and it is done once however often it is asked.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from fakes.web import Answer, Request
from on_servers import BEGIN
from visiting import DECLINE
from year import Position

from careermail.clock import VirtualClock


class TheirClock(VirtualClock):
    """The vendor's: as far as the process that plays has come."""

    def __init__(self, root: Path) -> None:
        super().__init__(BEGIN)
        self.root = root

    def now(self) -> datetime:
        return Position.load(self.root).now if (self.root / "position").exists() else BEGIN


@dataclass
class People:
    """The room where they act: `answer` a mail of a kind in words of theirs at some time, or `decline` a session."""

    answer: Callable[[str, str, str, datetime], None]
    decline: Callable[[str, datetime], None]

    def __call__(self, request: Request) -> Answer | None:
        if request.steps != ["people"]:
            return None
        said = request.json
        if said["kind"] == DECLINE:
            self.decline(said["who"], datetime.fromisoformat(said["words"]))
        else:
            self.answer(said["who"], said["kind"], said["words"], datetime.fromisoformat(said["at"]))
        return Answer(204)
