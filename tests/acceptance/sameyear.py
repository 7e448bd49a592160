"""What a year of one pair was like, wherever it was played: the same on disk and on every vendor's servers."""

import re
from typing import Any

from scene import Mail
from test_year_on_servers import AMARA, MANAGER

MARKS = re.compile(r"(?m)^\s*(?:[-*]|\d+\.)\s+|:? *<?mailto:\S+")  # of lists, and of buttons


def words(mail: Mail) -> list[str]:
    """What a mail says. Exchange makes the text of a mail out of its HTML, and marks lists and links in its own way."""
    return re.findall(r"[^\s<>]+", MARKS.sub(" ", mail.text))


def year(world: Any) -> dict[str, Any]:
    """All that people can tell of it, and what careermail remembers; for a world of scene.py with people's hands."""
    mails = world.mails
    return {
        "mails": [mail.row for mail in mails],
        "words": [words(mail) for mail in mails],
        "sessions": world.booked(until=(2028, 5, 1)),
        "maya": world.shows(MANAGER),
        "amara": world.shows(AMARA),
        "reminders": world.reminders(),
        "contracts": world.standing.contracts,
        "effects": world.effects(),
        "skipped": world.skipped(),
        "troubles": world.troubles(),
    }
