"""Whatever goes wrong between careermail and its servers, nothing is lost, and nothing comes twice unnoticed."""

import os
from datetime import datetime
from pathlib import Path

import pytest
from letters import answer, dated, last
from perilous import Fate, Perilous
from scene import MAYA, TUESDAY
from servers.proxy import ANSWERED_THEN_CUT, END_OF_DATA
from town import Town

from careermail.model import Person, Series
from careermail.providers.standards.caldav import web
from careermail.providers.standards.imap import ImapInbox, SentFolder
from careermail.providers.standards.smtp import SmtpOutbox

AMARA = Person("Amara Obi", "amara@example.com", "Europe/London")
PAIR = Series(MAYA, AMARA, TUESDAY)
BEGIN = datetime(2027, 1, 4, 8)
SEED = int(os.environ.get("CAREERMAIL_SEED", "1"))
QUARTERS = int(os.environ.get("CAREERMAIL_EXAMPLES", "2"))
PATIENCE = 1.0  # seconds: a hang is to be short, and nothing that is only slow is to be taken for one

AGREED = """\
Amara's commitments
- Shadow the platform on-call rota by 12 February 2027

Maya's commitments
- Introduce Amara to Dana Ortiz by 29 January 2027
"""


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    for kind in (SmtpOutbox, ImapInbox, SentFolder):
        for name in kind.__init__.__kwdefaults__:
            monkeypatch.setitem(kind.__init__.__kwdefaults__, name, PATIENCE)
    monkeypatch.setattr(web, "SECONDS", PATIENCE)


def say(world: Perilous, kind: str, who: Person, words: str) -> None:
    """Somebody answers; the same words at the same time are the same mail in every quarter."""
    message = dated(answer(last(world, kind, who), who, words, quote=False), world.now)
    message.replace_header("Message-ID", f"<{world.now:%Y%m%dT%H%M}@people.example.com>")
    world.arrive(message)


def play(world: Perilous) -> None:
    """A quarter with something of everything."""
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


def end(world: Perilous) -> dict[str, object]:
    """How a quarter ends, however it went."""
    world.calm()
    return {
        "letters": world.letters(),
        "invitations": set(world.invitations()),
        "sessions": world.booked(until=(2028, 1, 1)),
        "maya": world.shows(MAYA),
        "amara": world.shows(AMARA),
        "reminders": world.reminders(),
        "events": len(world.maya.files()),
        "commitments": [(c.id, c.due, c.state) for c in world.standing.contract.commitments],
        "effects": {key: state for key, state in world.effects().items() if "/invitation/" not in key},
        "troubles": world.troubles(),
    }


@pytest.fixture(scope="module")
def unbroken(town: Town, tmp_path_factory: pytest.TempPathFactory) -> dict[str, object]:
    with Perilous(tmp_path_factory.mktemp("unbroken"), BEGIN, PAIR, town=town) as world:
        play(world)
        assert not world.twice()
        return end(world)


@pytest.mark.parametrize("seed", range(SEED, SEED + QUARTERS))
def test_whatever_goes_wrong_for_a_moment_the_quarter_ends_as_it_would_have(
    town: Town, tmp_path: Path, unbroken: dict[str, object], seed: int
):
    """Every mail once; or twice under one Message-ID, where nothing could tell, and then `status` says so."""
    with Perilous(tmp_path, BEGIN, PAIR, town=town) as world:
        world.fate = fate = Fate(world, seed)
        play(world)
        world.fate = None
        ended = end(world)
        for name, expected in unbroken.items():
            assert ended[name] == expected, name
        assert all(len(names) == 1 for names in world.invitations().values())  # no state under two Message-IDs
        assert world.twice() <= world.doubts()
        assert fate.happened.total() >= 15, fate.happened


def test_an_invitation_that_may_have_come_twice_is_shown_in_status(town: Town, tmp_path: Path):
    """It is mailed by the calendar, not by an effect of its own; nothing could tell whether it had left."""
    with Perilous(tmp_path, BEGIN, PAIR, town=town) as world:
        world.smtp.on(END_OF_DATA, ANSWERED_THEN_CUT)
        world.run(2027, 1, 5, 8)
        (told,) = world.invitations().values()
        assert (list(told.values()), world.doubts()) == ([2], set(told))
