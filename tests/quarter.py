"""A quarter of one pair with something of everything, in which whatever goes wrong is to be made up for."""

import os
from datetime import datetime
from typing import Any

from letters import answer, dated, last
from scene import MAYA, TUESDAY

from careermail.model import Person, Series

AMARA = Person("Amara Obi", "amara@example.com", "Europe/London")
PAIR = Series(MAYA, AMARA, TUESDAY)
BEGIN = datetime(2027, 1, 4, 8)


def seeds(usual: int) -> range:
    """What chance begins with, for so many quarters if nobody wants more."""
    first = int(os.environ.get("CAREERMAIL_SEED", "1"))
    return range(first, first + int(os.environ.get("CAREERMAIL_EXAMPLES", usual)))


AGREED = """\
Amara's commitments
- Shadow the platform on-call rota by 12 February 2027

Maya's commitments
- Introduce Amara to Dana Ortiz by 29 January 2027
"""


def say(world: Any, kind: str, who: Person, words: str) -> None:
    """Somebody answers; the same words at the same time are the same mail in every quarter."""
    message = dated(answer(last(world, kind, who), who, words, quote=False), world.now)
    message.replace_header("Message-ID", f"<{world.now:%Y%m%dT%H%M}@people.example.com>")
    world.arrive(message)


def play(world: Any) -> None:
    """For a world of scene.py with people's hands, which can be calmed."""
    world.run(2027, 1, 13, 14)
    say(world, "summary", MAYA, AGREED)
    world.run(2027, 1, 29, 12)
    say(world, "due", MAYA, "done")
    world.run(2027, 2, 5, 12)
    world.shift(datetime(2027, 4, 13, 10), datetime(2027, 4, 15, 14))
    world.run(2027, 2, 10, 15)
    say(world, "due-soon", AMARA, "by 19 February")
    world.run(2027, 2, 19, 12)
    say(world, "due", AMARA, "done")
    world.run(2027, 2, 24, 12)
    world.refuse(datetime(2027, 7, 13, 10))
    world.run(2027, 3, 3)
    world.calm()
    world.run(2027, 3, 5)


def end(world: Any) -> dict[str, Any]:
    """How it ends, however it went; of mails and of what is done each world tells in its own way."""
    world.calm()
    return {
        "sessions": world.booked(until=(2028, 1, 1)),
        "maya": world.shows(MAYA),
        "amara": world.shows(AMARA),
        "reminders": world.reminders(),
        "commitments": [(c.id, c.due, c.state) for c in world.standing.contract.commitments],
        "effects": world.effects(),
        "troubles": world.troubles(),
    }
