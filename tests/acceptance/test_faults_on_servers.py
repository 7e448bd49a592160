"""Whatever goes wrong between careermail and its servers, nothing is lost, and nothing comes twice unnoticed."""

from pathlib import Path
from typing import Any

import pytest
import quarter
from perilous import Perilous
from quarter import BEGIN, PAIR, play, seeds
from servers.proxy import ANSWERED_THEN_CUT, END_OF_DATA
from town import Town

from careermail.providers.standards.caldav import web
from careermail.providers.standards.imap import ImapInbox, SentFolder
from careermail.providers.standards.smtp import SmtpOutbox

PATIENCE = 1.0  # seconds: a hang is to be short, and nothing that is only slow is to be taken for one


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    for kind in (SmtpOutbox, ImapInbox, SentFolder):
        for name in kind.__init__.__kwdefaults__:
            monkeypatch.setitem(kind.__init__.__kwdefaults__, name, PATIENCE)
    monkeypatch.setattr(web, "SECONDS", PATIENCE)


def end(world: Perilous) -> dict[str, Any]:
    """How a quarter ends here; an invitation is sent whenever there is one more to tell somebody of."""
    ended = quarter.end(world)
    return {
        **ended,
        "letters": world.letters(),
        "invitations": set(world.invitations()),
        "events": len(world.maya.files()),
        "effects": {key: state for key, state in ended["effects"].items() if "/invitation/" not in key},
    }


@pytest.fixture(scope="module")
def unbroken(town: Town, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    with Perilous(tmp_path_factory.mktemp("unbroken"), BEGIN, PAIR, town=town) as world:
        play(world)
        assert not world.twice()
        return end(world)


@pytest.mark.parametrize("seed", seeds(1))
def test_whatever_goes_wrong_for_a_moment_the_quarter_ends_as_it_would_have(
    town: Town, tmp_path: Path, unbroken: dict[str, Any], seed: int
):
    """Every mail once; or twice under one Message-ID, where nothing could tell, and then `status` says so."""
    with Perilous(tmp_path, BEGIN, PAIR, town=town) as world:
        fate = world.beset(seed)
        play(world)
        world.fate = None
        assert end(world) == unbroken
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
