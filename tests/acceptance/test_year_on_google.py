"""The year of one pair on Google is the year on disk: mail for mail, session for session."""

from pathlib import Path

from on_google import OnGoogle
from test_year_on_servers import AMARA, BEGIN, MANAGER, PAIR, SESSIONS, SHOWN, OnDisk, on_disk, play

__all__ = ["on_disk"]


def test_the_same_year_is_played_on_google(on_disk: OnDisk, tmp_path: Path):
    with OnGoogle(tmp_path, BEGIN, PAIR) as world:
        play(world)
        assert [mail.row for mail in world.mails] == [mail.row for mail in on_disk.mails]
        assert world.booked(until=(2028, 5, 1)) == SESSIONS
        for person in (MANAGER, AMARA):
            assert [f"{start:%d %b %H:%M}" for start in world.shows(person)] == SHOWN
        assert world.reminders() == on_disk.reminders()
        assert world.standing.contracts == on_disk.standing.contracts
        assert world.effects() == on_disk.effects()
        assert (world.skipped(), world.troubles()) == ({}, [])
        told = [f"{notice.to.partition('@')[0]} {notice.kind}" for notice in world.agenda.told]
        assert told == ["amara invitation", "amara update", "amara cancellation", "amara invitation"]
