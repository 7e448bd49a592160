"""What is read from files is held while they stay, and not for longer; nor does it grow with the years."""

import os
from pathlib import Path

import pytest

from careermail.errors import ProviderError
from careermail.providers.shelf.files import OF_ONE_FILE, Reader


class Look:
    """What is made of a file, and how often that was done."""

    def __init__(self) -> None:
        self.times = 0

    def __call__(self, content: bytes, *how: object) -> str:
        self.times += 1
        return f"{content.decode()} {how}"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    (tmp_path / "one.ics").write_text("first")
    return tmp_path / "one.ics"


def test_a_file_is_read_once_for_each_question_until_it_changes(file: Path):
    reader, look = Reader(), Look()
    for year in (2027, 2028, 2027, 2028):
        assert reader.view(str(file), file.stat(), look, year) == f"first ({year},)"
    assert look.times == 2
    file.write_text("second")
    assert reader.view(str(file), file.stat(), look, 2027) == "second (2027,)"
    assert look.times == 3


def test_the_answers_of_years_long_gone_are_forgotten(file: Path):
    reader, look = Reader(), Look()
    for year in range(1000):
        reader.view(str(file), file.stat(), look, year)
    for year in range(1000 - OF_ONE_FILE, 1000):
        reader.view(str(file), file.stat(), look, year)
    assert look.times == 1000
    reader.view(str(file), file.stat(), look, 0)
    assert look.times == 1001


def test_of_many_files_the_latest_are_remembered(tmp_path: Path):
    reader, look = Reader(bound=3), Look()
    paths = [tmp_path / f"{n}.ics" for n in range(5)]
    for path in paths:
        path.write_text(path.name)
        reader.view(str(path), path.stat(), look)
    for path in paths[2:]:
        reader.view(str(path), path.stat(), look)
    assert look.times == 5


def test_what_is_gone_is_none_and_what_cannot_be_understood_is_told_each_time(file: Path):
    reader, before = Reader(), file.stat()

    def confused(_: bytes) -> str:
        raise ValueError

    for _ in range(2):
        with pytest.raises(ProviderError):
            reader.view(str(file), before, confused)
    os.unlink(file)  # noqa: PTH108 (between the listing and the reading)
    assert reader.view(str(file), before, Look()) is None
