"""The demo plays the same quarter each time, and leaves a world that other programs can open."""

import io
import mailbox
import re
from contextlib import redirect_stdout
from pathlib import Path

import pytest
from icalendar import Calendar

from careermail.cli import main
from careermail.cli.show import called

# ruff: noqa: E501 (a line of the timeline is one line)

TIMELINE = """\
Mon 4 Jan 2027 08:00 careermail books the sessions with Priya, first on Tue 26 Jan 2027 11:00 (15:30 for Priya)
Mon 4 Jan 2027 08:00 careermail books the sessions with Jonas, first on Tue 12 Jan 2027 11:00
Mon 4 Jan 2027 08:00 careermail moves the session with Priya to Wed 27 Jan 2027 11:00 (15:30 for Priya)
Thu 7 Jan 2027 09:00 Maya gets prepare
Fri 8 Jan 2027 09:00 Jonas gets prompt
Fri 8 Jan 2027 11:00 Maya drags the session with Jonas to the next day
Fri 8 Jan 2027 11:00 careermail notices: the session with Jonas now stands on Wed 13 Jan 2027 11:00
Wed 13 Jan 2027 12:00 Maya gets summary
Wed 13 Jan 2027 16:00 Maya replies with what they agreed
Wed 13 Jan 2027 16:00 careermail puts a commitment to Jonas into Maya's calendar
Wed 13 Jan 2027 16:00 Jonas gets contract
Wed 13 Jan 2027 16:00 Maya gets contract
Wed 20 Jan 2027 15:00 Maya replies: "The introduction to Dana Ortiz is done"
Wed 20 Jan 2027 15:00 careermail takes a commitment to Jonas out of Maya's calendar
Fri 22 Jan 2027 09:00 Priya gets prompt
Fri 22 Jan 2027 09:00 Maya gets prepare
Mon 25 Jan 2027 09:00 Maya deletes the session with Priya from her calendar
Mon 25 Jan 2027 09:00 careermail notices: the session with Priya on Wed 27 Jan 2027 11:00 (15:30 for Priya) was cancelled
Mon 25 Jan 2027 09:00 careermail books a session with Priya on Tue 2 Feb 2027 11:00 (15:30 for Priya)
Mon 25 Jan 2027 09:00 Maya gets displaced
Thu 28 Jan 2027 09:00 Maya gets prepare
Fri 29 Jan 2027 09:00 Priya gets prompt
Tue 2 Feb 2027 12:00 Maya gets summary
Wed 3 Feb 2027 12:00 Maya gets summary-nudge
Thu 4 Feb 2027 12:00 Maya gets summary-overdue
Fri 5 Feb 2027 09:00 Maya gets summary-overdue
Fri 5 Feb 2027 15:00 Maya replies with what she and Priya agreed, two days late
Fri 5 Feb 2027 15:00 careermail puts a commitment to Priya into Maya's calendar
Fri 5 Feb 2027 15:00 Maya gets contract
Mon 8 Feb 2027 09:00 Priya gets contract
Tue 9 Feb 2027 09:00 Jonas gets due-soon
Tue 9 Feb 2027 13:00 Jonas replies: "by 26 February"
Tue 9 Feb 2027 13:00 Jonas gets answer
Tue 9 Feb 2027 13:00 Maya gets told
Fri 12 Feb 2027 09:00 Maya gets review
Tue 23 Feb 2027 09:00 Jonas gets due-soon
Wed 24 Feb 2027 09:00 Jonas gets due-soon
Fri 26 Feb 2027 09:00 Jonas gets due
Fri 26 Feb 2027 14:00 Jonas replies: "1 done"
Tue 2 Mar 2027 09:00 Maya gets review
Tue 9 Mar 2027 09:00 Jonas gets overdue
Tue 9 Mar 2027 09:00 Maya gets due-soon
Thu 11 Mar 2027 10:00 Maya replies: "Done!"
Thu 11 Mar 2027 10:00 careermail takes a commitment to Priya out of Maya's calendar
Fri 12 Mar 2027 09:00 Maya gets review
Tue 16 Mar 2027 09:00 Priya gets due-soon
Thu 18 Mar 2027 14:30 Priya replies: "yes, done"
Thu 8 Apr 2027 09:00 Maya gets prepare
Fri 9 Apr 2027 09:00 Jonas gets prompt
Tue 13 Apr 2027 12:00 Maya gets summary
Tue 13 Apr 2027 13:00 Maya replies with the new contract
Tue 13 Apr 2027 13:00 Jonas gets contract
Tue 13 Apr 2027 13:00 Maya gets contract
Thu 22 Apr 2027 09:00 Maya gets prepare
Fri 23 Apr 2027 09:00 Priya gets prompt
Tue 27 Apr 2027 12:00 Maya gets summary
Tue 27 Apr 2027 14:00 Maya replies with the new contract
Tue 27 Apr 2027 14:00 careermail puts a commitment to Priya into Maya's calendar
Tue 27 Apr 2027 14:00 Maya gets contract
Wed 28 Apr 2027 09:00 Priya gets contract
""".splitlines()


def essence(line: str) -> str:
    """When, who and what of a line, without a mail's subject and without the reason."""
    when, who, what, *_ = re.split(r"  +", line)
    return f"{when} {who} {what.partition(':')[0] if what.startswith('gets ') else what}"


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which a demo was played before, and somebody has put a file of their own."""
    world = tmp_path_factory.mktemp("demo") / "world"
    (world / "mail" / "old@example.com" / "new").mkdir(parents=True)
    (world / ".careermail-demo").touch()
    (world / "notes.txt").write_text("mine")
    return world


@pytest.fixture(scope="module")
def told(world: Path) -> str:
    out = io.StringIO()
    with redirect_stdout(out):
        assert main(["demo", "--world", str(world)]) == 0
    return out.getvalue()


def test_the_quarter_is_told_line_by_line(told: str):
    story, _ = told.split("\n\n", 1)
    assert [essence(line) for line in story.splitlines()] == TIMELINE


def test_what_careermail_does_has_a_reason(told: str):
    story = [re.split(r"  +", line) for line in told.split("\n\n", 1)[0].splitlines()]
    assert [line for line in story if len(line) < 4 and (line[1] == "careermail" or line[2].startswith("gets "))] == []
    assert story[2][3] == "Tuesday 26 January is Republic Day, a holiday of Priya's"


def test_it_leaves_a_world_that_other_programs_open(told: str, world: Path):
    del told
    boxes = {path.name: len(mailbox.Maildir(path, create=False)) for path in (world / "mail").iterdir()}
    gets = [line.split()[5] for line in TIMELINE if " gets " in line]
    assert boxes == {f"{who}@example.com": gets.count(who.capitalize()) for who in ("maya", "jonas", "priya")}
    events = [Calendar.from_ical(path.read_bytes()) for path in world.glob("calendars/*/*.ics")]
    assert {str(event["SUMMARY"]) for calendar in events for event in calendar.walk("VEVENT")} >= {
        "Maya and Jonas",
        "Maya and Priya",
        "Planning",
    }


def test_the_commands_that_it_names_work(
    told: str, world: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
):
    command = next(line for line in told.splitlines() if line.endswith(" status"))
    now, _, _, config, status = command.split()
    monkeypatch.setenv(*now.split("="))
    assert config == f"{world}/careermail.toml"
    assert main(["--config", config, status]) == 0
    assert "jonas-2 Fri 14 May 2027" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("argv", "path", "told"),
    [
        (".venv/bin/careermail", "/usr/bin", ".venv/bin/careermail"),
        ("{cwd}/.venv/bin/careermail", "/usr/bin", ".venv/bin/careermail"),
        ("{cwd}/.venv/bin/careermail", "{cwd}/.venv/bin", "careermail"),
        ("../bin/careermail", "/usr/bin", "../bin/careermail"),
        ("/opt/bin/careermail", "/usr/bin", "/opt/bin/careermail"),
        ("/opt/pytest", "/usr/bin", "careermail"),
    ],
)
def test_commands_are_named_as_a_shell_here_finds_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, argv: str, path: str, told: str
):
    (tmp_path / ".venv" / "bin").mkdir(parents=True)
    (tmp_path / ".venv" / "bin" / "careermail").touch(mode=0o755)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.argv", [argv.format(cwd=tmp_path)])
    monkeypatch.setenv("PATH", path.format(cwd=tmp_path))
    assert called() == told.format(cwd=tmp_path)


def test_it_clears_away_an_earlier_demo_and_nothing_else(told: str, world: Path):
    assert "world" in told
    assert not (world / "mail" / "old@example.com").exists()
    assert (world / "notes.txt").read_text() == "mine"


def test_a_folder_that_is_no_demos_is_left_alone(tmp_path: Path, capsys: pytest.CaptureFixture):
    (tmp_path / "mail").mkdir()
    (tmp_path / "mail" / "precious").write_text("mine")
    assert main(["demo", "--world", str(tmp_path)]) == 64
    assert "is there and is no demo's world" in capsys.readouterr().err
    assert (tmp_path / "mail" / "precious").read_text() == "mine"
