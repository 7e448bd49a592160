"""The year of one pair in Microsoft 365 is the year on disk: mail for mail, session for session, word for word."""

from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from on_microsoft import OnMicrosoft
from sameyear import year
from test_year_on_servers import BEGIN, PAIR, OnDisk, play


@pytest.fixture(scope="module")
def on_disk(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The year as it is without a server."""
    world = OnDisk(tmp_path_factory.mktemp("disk"), BEGIN, PAIR)
    play(world)
    return year(world)


def test_the_same_year_is_played_in_microsoft_365(on_disk: dict[str, Any], tmp_path: Path):
    with OnMicrosoft(tmp_path, BEGIN, PAIR) as world:
        play(world)
        played = year(world)
        for name, expected in on_disk.items():
            assert played[name] == expected, name
        assert Counter(what for _, what, _ in world.exchange.told) == {"request": 2, "update": 1, "cancel": 1}
        assert not [one for one in world.tenant.web.log if "calendarView/delta" in one.path]
