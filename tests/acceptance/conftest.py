"""A Monday in March, from which the tests about edited calendars start; a year; and a town of real servers."""

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest
import sameyear
from scene import PAIR, World
from town import ABSENT, Town


@pytest.fixture(scope="module")
def monday(tmp_path_factory: pytest.TempPathFactory) -> World:
    """Monday noon in March: January's session has been, April's is to come."""
    world = World(tmp_path_factory.mktemp("monday"), datetime(2027, 1, 4, 8), PAIR)
    world.run(2027, 1, 12, 12)
    world.contract("Jonas's commitments\n- Shadow the platform on-call rota by 1 March 2027\n")
    world.run(2027, 3, 1, 12)
    world.done("jonas-1")
    world.run(2027, 3, 15, 12)
    return world


@pytest.fixture
def world(monday: World, tmp_path: Path) -> World:
    return monday.twin(tmp_path)


@pytest.fixture(scope="session")
def on_disk(tmp_path_factory: pytest.TempPathFactory) -> sameyear.OnDisk:
    """The year as it is without a server."""
    world = sameyear.OnDisk(tmp_path_factory.mktemp("disk"), sameyear.BEGIN, sameyear.PAIR)
    sameyear.play(world)
    return world


@pytest.fixture(scope="session")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    if ABSENT:
        pytest.skip(ABSENT)
    with Town(tmp_path_factory.mktemp("town")) as town:
        yield town
