"""The year of one pair on an Exchange Server is the year on disk: mail for mail, session for session, word for word."""

from pathlib import Path

import pytest
from on_exchange import OnExchange
from sameyear import words
from test_year_on_servers import AMARA, BEGIN, MANAGER, PAIR, SESSIONS, SHOWN, OnDisk, play


@pytest.fixture(scope="module")
def on_disk(tmp_path_factory: pytest.TempPathFactory) -> OnDisk:
    """The year as it is without a server."""
    world = OnDisk(tmp_path_factory.mktemp("disk"), BEGIN, PAIR)
    play(world)
    return world


def test_the_same_year_is_played_on_exchange(on_disk: OnDisk, tmp_path: Path):
    with OnExchange(tmp_path, BEGIN, PAIR) as world:
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
        told = [notice.kind for notice in world.house.diaries.notices if notice.to == AMARA.email]
        assert told == ["request", "request", "cancellation", "request"]
