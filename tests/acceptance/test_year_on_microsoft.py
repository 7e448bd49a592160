"""The year of one pair in Microsoft 365 is the year on disk: mail for mail, session for session, word for word."""

import re
from collections import Counter
from pathlib import Path

import pytest
from on_microsoft import OnMicrosoft
from scene import Mail
from test_year_on_servers import AMARA, BEGIN, MANAGER, PAIR, SESSIONS, SHOWN, OnDisk, play

MARKS = re.compile(r"(?m)^\s*(?:[-*]|\d+\.)\s+|:? *<?mailto:\S+")  # of lists, and of buttons


def words(mail: Mail) -> list[str]:
    """What a mail says. Exchange makes the text of a mail out of its HTML, and marks lists and links in its own way."""
    return re.findall(r"[^\s<>]+", MARKS.sub(" ", mail.text))


@pytest.fixture(scope="module")
def on_disk(tmp_path_factory: pytest.TempPathFactory) -> OnDisk:
    """The year as it is without a server."""
    world = OnDisk(tmp_path_factory.mktemp("disk"), BEGIN, PAIR)
    play(world)
    return world


def test_the_same_year_is_played_in_microsoft_365(on_disk: OnDisk, tmp_path: Path):
    with OnMicrosoft(tmp_path, BEGIN, PAIR) as world:
        play(world)
        mails = world.mails
        assert [mail.row for mail in mails] == [mail.row for mail in on_disk.mails]
        assert [words(mail) for mail in mails] == [words(mail) for mail in on_disk.mails]
        assert world.booked(until=(2028, 5, 1)) == SESSIONS
        for person in (MANAGER, AMARA):
            assert [f"{start:%d %b %H:%M}" for start in world.shows(person)] == SHOWN
        assert world.reminders() == on_disk.reminders()
        assert world.standing.contracts == on_disk.standing.contracts
        assert world.effects() == on_disk.effects()
        assert (world.skipped(), world.troubles()) == ({}, [])
        assert Counter(what for _, what, _ in world.exchange.told) == {"request": 2, "update": 1, "cancel": 1}
        assert not [one for one in world.tenant.web.log if "calendarView/delta" in one.path]
