"""The year of one pair on an Exchange Server is the year on disk: mail for mail, session for session."""

from pathlib import Path

from on_exchange import OnExchange
from test_year_on_servers import AMARA, BEGIN, MANAGER, PAIR, SESSIONS, SHOWN, OnDisk, on_disk, play

__all__ = ["on_disk"]


def test_the_same_year_is_played_on_exchange(on_disk: OnDisk, tmp_path: Path):
    with OnExchange(tmp_path, BEGIN, PAIR) as world:
        play(world)
        assert [mail.row for mail in world.mails] == [mail.row for mail in on_disk.mails]
        assert world.booked(until=(2028, 5, 1)) == SESSIONS
        for person in (MANAGER, AMARA):
            assert [f"{start:%d %b %H:%M}" for start in world.shows(person)] == SHOWN
        assert world.reminders() == on_disk.reminders()
        assert world.standing.contracts == on_disk.standing.contracts
        assert world.effects() == on_disk.effects()
        assert (world.skipped(), world.troubles()) == ({}, [])
