"""import: people come, go and change managers as a list says, and never because an import was broken off."""

import io
import os
import shutil
import subprocess
import sys
import threading
import time
from datetime import UTC, datetime, timedelta
from itertools import cycle, islice
from pathlib import Path

import pytest
from test_cli import AGREED, CONFIG, Shell
from test_cli import shell as shell  # noqa: PLC0414 (a fixture)

from careermail import config
from careermail.cli.show import with_progress
from careermail.clock import VirtualClock
from careermail.errors import ConfigError, TryLater
from careermail.roster.changes import changes
from careermail.roster.folder import apply, folder_of, imported
from careermail.roster.people import read_people

MAIN = 'include = ["managers.d/*.toml"]\n' + CONFIG.partition("[[manager]]")[0]
PEOPLE = """\
name,mail,manager,zone
Vera Holm,vera@example.com,,Europe/Stockholm
Maya Lindqvist,maya@example.com,vera@example.com,Europe/Stockholm
Omar Haddad,omar@example.com,vera@example.com,Europe/Berlin
Jonas Weber,jonas@example.com,maya@example.com,Europe/Berlin
Priya Nair,priya@example.com,maya@example.com,Asia/Kolkata
Ana Sousa,ana@example.com,omar@example.com,Europe/Lisbon
"""
MOVED = PEOPLE.replace("jonas@example.com,maya@", "jonas@example.com,omar@")
NOW = datetime(2027, 1, 4, 8, tzinfo=UTC)


class Desk:
    """Somebody who imports lists of people."""

    def __init__(self, shell: Shell) -> None:
        self.shell, self.folder = shell, shell.root / "managers.d"
        shell.configure(MAIN)

    def keep(self, people: str) -> str:
        (self.shell.root / "people.csv").write_text(people)
        return "people.csv"

    def imports(self, people: str, *options: str) -> str:
        return self.shell.ok("import", self.keep(people), "--apply", *options)

    def texts(self) -> dict[str, str]:
        return {path.name: path.read_text() for path in self.folder.iterdir()}

    def pairs(self) -> set[str]:
        teams = config.load(self.shell.root / "careermail.toml", now=NOW).teams
        return {series.key.replace("@example.com", "") for team in teams for series in team.series}


@pytest.fixture
def desk(shell: Shell) -> Desk:
    return Desk(shell)


class TestImport:
    def test_tells_first_and_writes_nothing(self, desk: Desk):
        out = desk.shell.ok("import", desk.keep(PEOPLE))
        assert out.startswith(
            "6 joined:\n  Vera Holm <vera@example.com>\n  Maya Lindqvist <maya@example.com>, with vera"
        )
        assert "3 file(s) to write, 0 to remove. Nothing was written yet: " in out
        assert not desk.folder.exists()

    def test_writes_a_file_per_manager_that_check_accepts(self, desk: Desk):
        assert desk.imports(PEOPLE).endswith("Wrote 3 file(s), removed 0. A running daemon takes them up by itself.\n")
        assert sorted(desk.texts()) == [f"{who}@example.com.toml" for who in ("maya", "omar", "vera")]
        assert desk.shell.ok("check").startswith("OK. 3 manager(s), 5 report(s).\n")
        assert desk.pairs() == {"vera/maya", "vera/omar", "maya/jonas", "maya/priya", "omar/ana"}

    def test_the_same_again_changes_nothing(self, desk: Desk):
        desk.imports(PEOPLE)
        before = [(path.stat().st_ino, path.stat().st_mtime_ns) for path in sorted(desk.folder.iterdir())]
        assert desk.imports(PEOPLE) == "Nothing to do: the files say all that already.\n"
        assert [(path.stat().st_ino, path.stat().st_mtime_ns) for path in sorted(desk.folder.iterdir())] == before

    def test_later_ones_tell_who_joins_leaves_moves_and_changes(self, desk: Desk):
        desk.imports(PEOPLE)
        later = MOVED.replace("Ana Sousa", "Ana Costa").replace("Priya Nair,priya", "Lin Wu,lin")
        out = desk.shell.ok("import", desk.keep(later))
        assert out.startswith(
            "1 joined:\n  Lin Wu <lin@example.com>, with maya@example.com\n"
            "1 left:\n  Priya Nair <priya@example.com>, with maya@example.com\n"
            "1 got another manager:\n  Jonas Weber <jonas@example.com>: maya@example.com -> omar@example.com\n"
            "1 changed:\n  Ana Costa <ana@example.com>: name Ana Sousa -> Ana Costa\n"
            "2 file(s) to write, 0 to remove."
        )
        data = desk.shell("import", "people.csv", "--apply", "--json").data
        assert (data["applied"], [one["email"] for one in data["left"]]) == (True, ["priya@example.com"])
        assert data["moved"] == [{"email": "jonas@example.com", "from": "maya@example.com", "to": "omar@example.com"}]

    def test_what_people_wrote_by_hand_stays(self, desk: Desk):
        desk.imports(PEOPLE)
        theirs = 'name = "Lin"\nemail = "lin@example.com"\n[[report]]\nname = "Bo"\nemail = "bo@example.com"\n'
        (desk.folder / "lin.toml").write_text(theirs)
        file = desk.folder / "maya@example.com.toml"
        file.write_text(file.read_text() + '\n# Fridays are full\n[conversation]\ndays = ["tue"]\n')
        file.chmod(0o600)
        desk.imports(MOVED)
        assert desk.texts()["lin.toml"] == theirs
        assert desk.texts()[file.name].endswith('\n# Fridays are full\n[conversation]\ndays = ["tue"]\n')
        assert file.stat().st_mode & 0o777 == 0o600

    def test_new_files_are_for_whom_the_configuration_is(self, desk: Desk):
        (desk.shell.root / "careermail.toml").chmod(0o640)
        desk.imports(PEOPLE)
        assert {path.stat().st_mode & 0o777 for path in desk.folder.iterdir()} == {0o640}

    def test_a_wrong_list_is_78_with_every_problem_and_writes_nothing(self, desk: Desk):
        result = desk.shell("import", desk.keep(PEOPLE.replace("Europe/B", "Europa/B").replace("ana@", "")), "--apply")
        assert result.code == 78
        assert [line.partition(": found")[0] for line in result.err.splitlines()] == [
            "people.csv:4: zone", "people.csv:5: zone", "people.csv:7: mail",
        ]  # fmt: skip
        assert not desk.folder.exists()

    def test_somebody_in_a_part_that_people_write_is_a_problem_with_both_places(self, desk: Desk):
        desk.shell.configure(MAIN + CONFIG[CONFIG.index("[[manager]]") :])
        result = desk.shell("import", desk.keep(PEOPLE))
        assert (result.code, len(result.err.splitlines())) == (78, 3)
        assert 'people.csv:3: email: found "maya@example.com", expected nobody who stands in ' in result.err
        assert f"{desk.shell.root}/careermail.toml:12 already" in result.err

    def test_a_file_that_is_handed_over_is_written_from_then_on(self, desk: Desk):
        desk.folder.mkdir()
        maya = desk.folder / "maya.toml"
        maya.write_text('# careermail import\nname = "M."\nemail = "maya@example.com"\nsend_at = "08:00"\n')
        desk.imports(PEOPLE)
        assert {"maya.toml", "omar@example.com.toml", "vera@example.com.toml"} == set(desk.texts())
        assert 'name = "Maya Lindqvist"' in maya.read_text()
        assert 'send_at = "08:00"' in maya.read_text()

    def test_a_file_that_cannot_be_read_is_a_problem(self, desk: Desk):
        (desk.folder / "lin.toml").mkdir(parents=True)
        result = desk.shell("import", desk.keep(PEOPLE), "--apply")
        assert (result.code, result.err) == (78, f"{desk.folder}/lin.toml:1: file: cannot be read: Is a directory\n")

    def test_what_check_would_refuse_is_not_written(self, desk: Desk):
        desk.imports(PEOPLE)
        before = desk.texts()
        desk.shell.configure(MAIN.replace("local", "lokal"))
        assert desk.shell("import", desk.keep(MOVED), "--apply").code == 78
        assert desk.texts() == before

    def test_a_list_that_is_cut_off_ends_nothing_unless_forced(self, desk: Desk):
        desk.imports(PEOPLE)
        before = desk.texts()
        result = desk.shell("import", desk.keep("\n".join(PEOPLE.splitlines()[:4])), "--apply")
        assert result.code == 64
        assert "3 left:\n" in result.out
        assert "3 of 6 people would leave" in result.err
        assert desk.texts() == before
        desk.imports("\n".join(PEOPLE.splitlines()[:4]), "--force")
        assert desk.pairs() == {"vera/maya", "vera/omar"}

    def test_a_configuration_that_includes_no_folder_says_how(self, desk: Desk):
        desk.shell.configure(CONFIG)
        result = desk.shell("import", desk.keep(PEOPLE))
        assert (result.code, 'expected include = ["managers.d/*.toml"]' in result.err) == (78, True)

    def test_a_file_that_is_not_there_is_usage(self, desk: Desk):
        result = desk.shell("import", "nowhere.csv")
        assert (result.code, result.err) == (64, "nowhere.csv: No such file or directory\n")


def standing(desk: Desk, who: str) -> tuple[int, int]:
    """How many series stand in somebody's calendar, and how many were cancelled there."""
    text = desk.shell.calendar(who)
    cancelled = text.count("STATUS:CANCELLED")
    return text.count("SUMMARY") - cancelled, cancelled


class TestSessions:
    def test_who_joins_is_booked_and_who_leaves_is_ended_kindly(self, desk: Desk):
        desk.imports(PEOPLE)
        desk.shell.ok("once")
        assert standing(desk, "priya") == (1, 0)
        desk.imports(PEOPLE.replace("Priya Nair,priya", "Lin Wu,lin"))
        desk.shell.ok("once")
        assert (standing(desk, "priya"), standing(desk, "lin"), standing(desk, "maya")) == ((0, 1), (1, 0), (3, 1))

    def test_a_manager_who_leaves_has_their_sessions_ended(self, desk: Desk):
        desk.imports(PEOPLE)
        desk.shell.ok("once")
        desk.imports("\n".join(line for line in MOVED.splitlines() if "maya" not in line), "--force")
        assert "maya@example.com.toml" not in desk.texts()
        desk.shell.ok("once")
        assert (standing(desk, "maya"), standing(desk, "priya"), standing(desk, "jonas")) == ((0, 3), (0, 1), (1, 1))

    def test_a_new_manager_is_handed_nothing_of_the_old_ones(self, desk: Desk):
        desk.imports(PEOPLE)
        desk.shell.ok("once")
        desk.shell.ok("contract", "maya/jonas", stdin=AGREED)
        desk.imports(MOVED)
        for now in ("2027-01-04T09:00Z", "2027-02-08T12:00Z", "2027-02-12T12:00Z", "2027-04-30T12:00Z"):
            desk.shell.at(now)
            desk.shell.ok("once")
        pair = desk.shell("status", "jonas", "--json").data["pairs"]
        assert [(one["manager"], one["contract"]) for one in pair] == [("omar@example.com", None)]
        assert desk.shell.kinds("omar")
        letters = "".join(mail.as_string() for mail in desk.shell.mails("omar")) + desk.shell.calendar("omar")
        assert "on-call" not in letters
        assert "Dana" not in letters


KILL = [shutil.which("strace") or "strace", "-f", "-o", os.devnull, "-e", "trace=rename,unlink"]


@pytest.mark.skipif(not shutil.which("strace"), reason="only strace kills between two changes of a folder")
class TestBrokenOff:
    @pytest.mark.parametrize("step", ["rename:1", "rename:2", "rename:3", "rename:4", "unlink:1", "unlink:2"])
    def test_killed_at_any_step_nobody_has_left_and_importing_again_mends_it(self, desk: Desk, step: str):
        """The steps: the marker comes, three files change, one goes, the marker goes."""
        desk.imports(PEOPLE)
        old = desk.pairs()
        desk.shell.ok("once")
        booked = desk.shell.calendar("priya")
        desk.keep(MOVED.replace("omar@", "oz@").replace("jonas@example.com,oz", "jonas@example.com,vera"))
        call, nth = step.split(":")
        kill = [*KILL, "-e", f"inject={call}:signal=SIGKILL:when={nth}"]
        command = [Path(sys.executable).with_name("careermail"), "import", "people.csv", "--apply", "--force"]
        quiet = os.environ | {"PYTHONDONTWRITEBYTECODE": "1"}  # the only files that it touches are the managers'
        done = subprocess.run([*kill, *command], env=quiet, capture_output=True, check=False)
        assert done.returncode == -9, done
        if step == "rename:1":
            assert desk.pairs() == old
        else:
            assert desk.shell("once").code == 78
            assert "an import under way, or one that was broken off" in desk.shell("check").err
            assert "An import was broken off before; --apply ends it." in desk.shell.ok("import", "people.csv")
        assert desk.shell.calendar("priya") == booked
        desk.shell.ok("import", "people.csv", "--apply", "--force")
        assert desk.pairs() == {"vera/maya", "vera/oz", "vera/jonas", "maya/priya", "oz/ana"}
        assert sorted(desk.texts()) == [f"{who}@example.com.toml" for who in ("maya", "oz", "vera")]


def test_who_reads_while_an_import_writes_sees_all_of_it_or_none(desk: Desk):
    """Somebody whose manager changes would else be seen with neither, and their sessions be ended."""
    many = "".join(f"P{n},p{n}@example.com,{{}}@example.com,\n" for n in range(40))
    lists = [(PEOPLE + many).format(*cycle_of(who)) for who in ("maya", "omar")]
    path = desk.shell.root / "careermail.toml"
    desk.imports(lists[0])
    folder = folder_of(path)
    ended = threading.Event()

    def importing() -> None:
        for text in islice(cycle(reversed(lists)), 60):
            rows = read_people(Path("people.csv"), text.encode())
            apply(folder, changes(rows, imported(folder), folder.place))
        ended.set()

    writer = threading.Thread(target=importing)
    writer.start()
    seen = set()
    while not ended.is_set():
        try:
            seen.add(len(desk.pairs()))
        except (ConfigError, TryLater) as refused:
            seen.add(type(refused).__name__)
    writer.join()
    assert seen <= {45, "ConfigError", "TryLater"}
    assert 45 in seen | {len(desk.pairs())}


def cycle_of(who: str) -> list[str]:
    return [who] * 40


# --- many ----------------------------------------------------------------------------------------


def organisation(count: int, *, moved: int = 0) -> str:
    """So many people, of whom each manages eight; the first `moved` of those who manage nobody have another manager."""
    lines = ["name,mail,manager,zone,language"]
    for n in range(count):
        manager = (n - 1) // 8 - (count - moved <= n)
        lines.append(f"P{n} Weber,p{n}@example.com,{f'p{manager}@example.com' if n else ''},Europe/Berlin,en")
    return "\n".join(lines)


def compared(desk: Desk, count: int) -> float:
    """How long the processor is at work to write so many people, and to compare them with a later list."""
    began = time.process_time()
    desk.imports(organisation(count), "--force")
    said = desk.shell.ok("import", desk.keep(organisation(count, moved=5)))
    took = time.process_time() - began
    assert "5 got another manager:" in said
    return took


def test_two_thousand_people_and_their_differences_take_seconds(desk: Desk):
    """Ten times the people take some ten times as long, a second or two; by the square it were a hundred."""
    compared(desk, 20)
    assert compared(desk, 2000) < 20 * compared(desk, 200)


class Terminal(io.StringIO):
    """What a terminal was shown."""

    def isatty(self) -> bool:
        return True


class Slow(VirtualClock):
    """Two seconds pass between any two looks at it."""

    def now(self) -> datetime:
        self._now += timedelta(seconds=2)
        return self._now


def test_what_takes_longer_than_a_second_shows_how_far_it_is_on_a_terminal_and_nothing_elsewhere(
    monkeypatch: pytest.MonkeyPatch,
):
    for shown, expected in ((Terminal(), True), (io.StringIO(), False)):
        monkeypatch.setattr(sys, "stderr", shown)
        assert list(with_progress(range(250), "Files read", Slow(NOW))) == list(range(250))
        assert ("Files read" in shown.getvalue() and "/250" in shown.getvalue()) == expected
