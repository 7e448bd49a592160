"""The commands as people and programs call them, on real files in a temporary folder."""

import io
import json
import logging
import mailbox
import os
import pty
import pwd
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest
from fakes import servers

from careermail.cli import COMMANDS, main
from careermail.cli.logs import Logfmt
from careermail.cli.office import Office
from careermail.model import Fact
from careermail.providers import PROVIDERS
from careermail.store.tiny import TinyStore

CONFIG = """\
[service]
address = "careermail@example.com"
admin = "it@example.com"

[provider]
kind = "local"
root = "world"

[[manager]]
name = "Maya Lindqvist"
email = "maya@example.com"
timezone = "Europe/Stockholm"

[[manager.report]]
name = "Jonas Weber"
email = "jonas@example.com"
first = 2027-01-12T10:00:00

[[manager.report]]
name = "Priya Nair"
email = "priya@example.com"
timezone = "Asia/Kolkata"
first = 2027-01-26T10:00:00
"""

SIGNED_IN = """\
[service]
address = "WHO"

[provider]
kind = "microsoft"
tenant = "example.com"
client_id = "00000000-0000-0000-0000-000000000000"

[[manager]]
name = "Omar Haddad"
email = "WHO"
"""
OTHER_MANAGER = """
[[manager]]
name = "Omar Haddad"
email = "omar@example.com"

[[manager.report]]
name = "Jonas Weber"
email = "jonas@example.org"
first = 2027-01-14T10:00:00
"""

AGREED = """\
Jonas's commitments
- Shadow the platform on-call rota by 12 February
- Learn something

Maya's commitments
- Introduce Jonas to Dana Ortiz by Friday

What we will review
- In April: how the on-call weeks felt

The open question
- Whether a staff role is realistic
"""

BEFORE, AFTER_TALK = "2027-01-04T08:00Z", "2027-01-12T10:30Z"


@dataclass
class Result:
    code: int
    out: str
    err: str

    @property
    def data(self) -> list | dict:
        return json.loads(self.out)


class Shell:
    """Somebody at a prompt, in a folder with a configuration, at a moment of their choice."""

    def __init__(self, root: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture) -> None:
        self.root, self._patch, self._capsys = root, monkeypatch, capsys
        monkeypatch.chdir(root)
        monkeypatch.delenv("CAREERMAIL_CONFIG", raising=False)
        monkeypatch.setenv("HOME", str(root))
        self.at(BEFORE)
        self.configure(CONFIG)

    def at(self, now: str) -> None:
        self._patch.setenv("CAREERMAIL_NOW", now)

    def configure(self, text: str) -> None:
        (self.root / "careermail.toml").write_text(text)

    def __call__(self, *args: str, stdin: str = "") -> Result:
        self._patch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin.encode())))
        self._capsys.readouterr()
        code = main(args)
        return Result(code, *self._capsys.readouterr())

    def ok(self, *args: str, stdin: str = "") -> str:
        result = self(*args, stdin=stdin)
        assert result.code == 0, result
        return result.out

    def mails(self, who: str) -> list[mailbox.MaildirMessage]:
        folder = self.root / "world" / "mail" / f"{who}@example.com"
        return list(mailbox.Maildir(folder, create=False)) if folder.exists() else []

    def kinds(self, who: str) -> list[str]:
        return sorted(mail["X-Careermail-Kind"] for mail in self.mails(who))

    def calendar(self, who: str) -> str:
        files = sorted((self.root / "world" / "calendars" / f"{who}@example.com").glob("*.ics"))
        return "".join(path.read_text() for path in files)

    def talked(self) -> None:
        """Maya and Jonas have had their first session, half an hour ago."""
        self.ok("once")
        self.at(AFTER_TALK)
        self.ok("once")


@pytest.fixture
def shell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture) -> Iterator[Shell]:
    logger = logging.getLogger("careermail")
    before = logger.handlers[:], logger.level, logger.propagate
    yield Shell(tmp_path, monkeypatch, capsys)
    logger.handlers[:], logger.level, logger.propagate = before


class TestHelp:
    def test_lists_every_command_and_loads_none(self):
        heavy = "rich pydantic icalendar babel jinja2 tinydb holidays dateparser careermail.config careermail.plan"
        code = (
            "import sys; from careermail.cli import main; main(['--help']); "
            f"sys.exit(' '.join(set({heavy.split()!r}) & set(sys.modules)))"
        )
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
        assert done.stderr.strip() == ""
        assert all(f"\n  {name} " in done.stdout for name in COMMANDS)

    @pytest.mark.parametrize("command", COMMANDS)
    def test_every_command_explains_itself(self, shell: Shell, command: str):
        assert f"Usage: careermail {command}" in shell.ok(command, "--help")

    @pytest.mark.parametrize(
        "args", [["nonsense"], ["plan", "--nonsense"], ["done"], ["move", "jonas-1"], ["book", "jonas"]]
    )
    def test_a_wrong_call_is_usage(self, shell: Shell, args: list[str]):
        result = shell(*args)
        assert result.code == 64
        assert "Try 'careermail" in result.err

    def test_the_installed_command_passes_its_exit_code_on(self, tmp_path: Path):
        command = Path(sys.executable).with_name("careermail")
        done = subprocess.run([command, "status"], cwd=tmp_path, env={}, capture_output=True, text=True, check=False)
        assert done.returncode == 64
        assert done.stderr.startswith("No configuration found; looked for\n")
        assert "Traceback" not in done.stderr


class TestCheck:
    def test_says_what_it_read_and_where_it_would_write(self, shell: Shell):
        out = shell.ok("check")
        assert out.startswith("OK. 1 manager(s), 2 report(s).\n")
        assert str(shell.root / "world") in out
        assert str(shell.root / "state") in out

    def test_tells_every_problem_on_a_line_of_its_own(self, shell: Shell):
        shell.configure(CONFIG.replace("Europe/Stockholm", "Europe/Stokholm").replace("timezone =", "timezon ="))
        result = shell("check")
        assert result.code == 78
        assert result.out == ""
        assert [line.split(":")[1] for line in result.err.splitlines()] == ["12", "22"]
        assert "timezone" in result.err

    def test_says_who_lives_in_a_zone_that_nobody_said(self, shell: Shell):
        """Forgotten, it is a mistake that nothing else tells: sessions would be at ten in the morning in Accra."""
        assert "UTC" not in shell.ok("check")
        shell.configure(CONFIG.replace('timezone = "Europe/Stockholm"\n', ""))
        assert "\nIn UTC: Jonas Weber, Maya Lindqvist. If that is not meant: timezone =" in shell.ok("check")

    def test_for_programs(self, shell: Shell):
        assert shell("check", "--json").data["reports"] == 2
        shell.configure(CONFIG.replace('kind = "local"', 'kind = "lokal"'))
        result = shell("check", "--json")
        assert (result.code, result.data["ok"], result.data["problems"][0]["line"]) == (78, False, 6)

    def test_a_template_that_does_not_render_is_a_problem(self, shell: Shell):
        (shell.root / "mine").mkdir()
        (shell.root / "mine" / "prompt.md").write_text("Subject: {{ nothing.there }}\n\nHello\n")
        shell.configure(CONFIG.replace("[service]", '[service]\ntemplates = "mine"'))
        assert shell("check").code == 78

    def test_live_has_nothing_to_log_in_to_in_a_world_on_disk(self, shell: Shell):
        assert shell.ok("check", "--live").endswith("`local` has nothing to log in to.\n")
        assert shell("check", "--live", "--json").data["servers"] == []
        assert not (shell.root / "world").exists()


SERVERS = """[provider]
kind = "standards"
password = { env = "MAIL_PASSWORD" }
[provider.outbox]
host = "smtp.example.com"
[provider.inbox]
host = "imap.example.com"
[provider.calendar]
url = "https://dav.example.com/{user}/"
"""


class TestCheckLive:
    @pytest.fixture(autouse=True)
    def _on_made_up_servers(self, shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setitem(PROVIDERS, "standards", "fakes.servers")
        self.closed = servers.CLOSED
        self.closed.clear()
        shell.configure(CONFIG.replace('[provider]\nkind = "local"\nroot = "world"\n', SERVERS))

    def failing(self, shell: Shell, host: str, now: str) -> None:
        file = shell.root / "careermail.toml"
        file.write_text(file.read_text().replace(host, now))

    def test_names_each_server_with_what_it_offers_and_lacks(self, shell: Shell):
        """And what a server says of itself is text alone, not colours for a terminal."""
        out = shell.ok("check", "--live")
        assert out.split("\n\n", 1)[1] == (
            "SMTP smtp.example.com:587: works\n"
            "  offers   TLSv1.3, SIZE 1000\n"
            "  lacks    IDLE[31m\n"
            "\n"
            "IMAP imap.example.com:993: works\n"
            "  offers   TLSv1.3, SIZE 1000\n"
            "  lacks    IDLE[31m\n"
            "\n"
            "CalDAV for maya@example.com: works\n"
            "\n"
            "Every login works (3). Nothing was written.\n"
        )
        assert self.closed == ["closed"]
        assert {path.name for path in shell.root.iterdir()} == {"careermail.toml"}

    def test_one_that_fails_is_told_with_its_mend_and_hides_nothing_of_the_others(self, shell: Shell):
        self.failing(shell, "smtp.", "down.")
        result = shell("check", "--live")
        assert result.code == 69
        assert "SMTP down.example.com:587: fails\n  because  down.example.com does not answer; is it" in result.out
        assert "IMAP imap.example.com:993: works" in result.out
        assert result.out.endswith("\n1 of 3 logins failed.\n")
        assert self.closed == ["closed"]

    def test_what_nobody_thought_of_is_told_too(self, shell: Shell, caplog: pytest.LogCaptureFixture):
        self.failing(shell, "imap.", "odd.")
        result = shell("check", "--live")
        assert (result.code, "an unexpected RuntimeError" in result.out) == (69, True)
        assert "no idea" in caplog.text

    def test_for_programs(self, shell: Shell):
        self.failing(shell, "smtp.", "down.")
        result = shell("check", "--live", "--json")
        assert (result.code, result.data["ok"], result.data["provider"]) == (69, False, "standards")
        assert result.data["servers"][0] == {
            "name": "SMTP down.example.com:587",
            "owner": None,
            "ok": False,
            "offers": [],
            "lacks": [],
            "error": "down.example.com does not answer; is it running?",
        }
        assert [one["ok"] for one in result.data["servers"]] == [False, True, True]
        assert result.data["servers"][2]["owner"] == "maya@example.com"

    def test_a_wrong_configuration_is_told_before_anything_is_reached(self, shell: Shell):
        self.failing(shell, "imap.example.com", "imap.example.com:993")
        assert (shell("check", "--live").code, self.closed) == (78, [])

    def test_without_it_nothing_is_reached(self, shell: Shell):
        self.failing(shell, "smtp.", "down.")
        assert shell.ok("check").endswith("reaches people through their servers (standards).\n")
        assert shell("check", "--json").data["ok"]


class TestOnce:
    def test_books_and_a_second_time_does_nothing(self, shell: Shell):
        shell.ok("once")
        first = shell.calendar("jonas")
        assert "SUMMARY;LANGUAGE=en:Maya and Jonas" in first
        result = shell("once")
        assert (result.code, result.err, shell.calendar("jonas")) == (0, "", first)

    def test_logs_one_line_for_each_action_and_no_word_of_what_was_agreed(self, shell: Shell):
        shell.talked()
        (shell.root / "agreed.txt").write_text(AGREED)
        shell.ok("contract", "jonas", "agreed.txt")
        shell.at("2027-02-12T09:00Z")
        err = shell("once").err
        assert "level=info event=done manager=maya@example.com kind=due key=" in err
        assert "to=jonas@example.com" in err
        assert "rota" not in err
        assert "Dana" not in err

    def test_nobody_reachable_is_69_and_made_good_later(self, shell: Shell):
        (shell.root / "world").write_text("no folder")
        result = shell("once")
        assert result.code == 69
        assert "Nobody could be reached" in result.err
        assert shell("status").code == 1
        (shell.root / "world").unlink()
        shell.at("2027-01-04T09:00Z")
        shell.ok("once")
        shell.ok("status")

    def test_one_manager_in_trouble_is_1_and_does_not_keep_the_other_waiting(self, shell: Shell):
        shell.configure(CONFIG + OTHER_MANAGER)
        no_folder = shell.root / "world" / "calendars" / "omar@example.com"
        no_folder.parent.mkdir(parents=True)
        no_folder.write_text("")
        result = shell("once")
        assert (result.code, "is stuck; see: careermail status" in result.err) == (1, True)
        assert "Maya and Priya" in shell.calendar("priya")
        result = shell("status")
        assert result.code == 1
        assert "Stuck: book omar@example.com/jonas@example.org/series/0/book (failed)" in result.out
        assert str(no_folder) in result.out
        assert {one["state"] for one in shell("status", "--json").data["stuck"]} >= {"failed"}
        assert shell("status", "priya").code == 1  # the provider's trouble may be theirs too

    def test_a_store_from_a_newer_version_is_left_alone(self, shell: Shell):
        shell.ok("once")
        path = shell.root / "state" / "managers" / "maya@example.com.json"
        newer = path.read_text().replace('"schema":1', '"schema":99')
        path.write_text(newer)
        result = shell("once")
        assert result.code == 1
        assert "newer" in result.err
        assert path.read_text() == newer

    def test_a_clock_that_cannot_be_read_is_usage(self, shell: Shell):
        shell.at("yesterday")
        result = shell("once")
        assert (result.code, result.err.startswith("$CAREERMAIL_NOW is 'yesterday'")) == (64, True)

    @pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a folder away")
    def test_root_is_sent_to_the_services_user_whose_files_they_are(self, shell: Shell):
        state = shell.root / "state"
        state.mkdir()
        os.chown(state, pwd.getpwnam("nobody").pw_uid, -1)
        result = shell("once")
        assert result.code == 64
        assert "sudo -u nobody careermail" in result.err
        assert list(state.iterdir()) == []


class TestPlan:
    def test_shows_a_year_before_anything_is_booked_and_writes_nothing(self, shell: Shell):
        rows = shell("plan", "--json").data
        sessions = [(row["local"], row["series"][0], row["because"]) for row in rows if row["kind"] == "session"]
        assert sessions[:3] == [
            ("2027-01-12T10:00:00+01:00", "maya@example.com/jonas@example.com", "to be booked"),
            ("2027-01-26T10:00:00+01:00", "maya@example.com/priya@example.com", "to be booked"),
            ("2027-04-13T10:00:00+02:00", "maya@example.com/jonas@example.com", "to be booked"),
        ]
        assert sorted(path.name for path in shell.root.iterdir()) == ["careermail.toml"]

    def test_tells_each_person_in_their_own_time_with_the_reason(self, shell: Shell):
        shell.ok("once")
        out = shell.ok("plan", "priya", "--until", "end of January")
        lines, of = [" ".join(line.split()) for line in out.splitlines()], "Tuesday 26 January 2027"
        assert lines[1:4] == [
            f"Thu 21 Jan 2027 09:00 Maya Lindqvist prepare 5 days before the session of {of}",
            f"Fri 22 Jan 2027 09:00 Priya Nair prompt 3 days before the session of {of}",
            "Tue 26 Jan 2027 10:00 (14:30 for Priya) Maya Lindqvist, Priya Nair session in the calendar",
        ]

    def test_what_was_sent_is_not_to_come(self, shell: Shell):
        shell.ok("once")
        shell.at("2027-01-08T12:00Z")
        shell.ok("once")
        kinds = [row["kind"] for row in shell("plan", "jonas", "--until", "2027-01-12", "--json").data]
        assert kinds == ["session", "summary"]

    def test_what_hangs_on_something_says_so(self, shell: Shell):
        shell.ok("once")
        row = next(row for row in shell("plan", "--json").data if row["kind"] == "summary-nudge")
        assert row["only_if"] == "unless the contract is recorded before"

    def test_past_the_calendars_known_year_sessions_come_by_the_rule(self, shell: Shell):
        shell.ok("once")
        rows = shell("plan", "jonas", "--until", "2028-12-31", "--json").data
        sessions = [(row["local"][:16], row["because"]) for row in rows if row["kind"] == "session"]
        assert sessions[3:] == [
            ("2027-10-12T10:00", "in the calendar"),
            ("2028-01-11T10:00", "in the calendar"),
            ("2028-04-11T10:00", "by the rule"),
            ("2028-07-11T10:00", "by the rule"),
            ("2028-10-10T10:00", "by the rule"),
        ]

    def test_two_series_of_one_manager_are_not_foreseen_in_the_same_hour(self, shell: Shell):
        shell.configure(CONFIG.replace("first = 2027-01-12T10:00:00", "").replace("first = 2027-01-26T10:00:00", ""))
        starts = [row["at"] for row in shell("plan", "--json").data if row["kind"] == "session"]
        shell.ok("once")
        assert [row["at"] for row in shell("plan", "--json").data if row["kind"] == "session"][: len(starts)] == starts
        assert len(set(starts)) == len(starts)

    def test_a_date_that_cannot_be_read_is_usage(self, shell: Shell):
        result = shell("plan", "--until", "whenever")
        assert result.code == 64
        assert "'whenever' is no date that can be read" in result.err


class TestContract:
    def test_is_shown_as_understood_and_mailed_to_both_at_once(self, shell: Shell):
        shell.talked()
        (shell.root / "agreed.txt").write_text(AGREED)
        assert shell.ok("contract", "jonas", "agreed.txt").splitlines() == [
            "Recorded as version 1, Maya Lindqvist with Jonas Weber:",
            "  jonas-1    Fri 12 Feb 2027  Jonas: Shadow the platform on-call rota",
            "  jonas-2    no date          Jonas: Learn something",
            "  jonas-3    Fri 15 Jan 2027  Maya: Introduce Jonas to Dana Ortiz",
            "  to review  April 2027: how the on-call weeks felt",
            "  question   Whether a staff role is realistic",
            "Not understood, line 3: “- Learn something”: missing is a date, such as “by 12 February”",
            "Mend these lines and record the whole again: what stays as it is keeps its number.",
            "Put into Maya's calendar.",
            "Mailed: contract to jonas@example.com.",
            "Mailed: contract to maya@example.com.",
        ]
        assert shell.kinds("jonas") == ["contract"]
        assert "DTSTART;VALUE=DATE:20270115" in shell.calendar("maya")

    @pytest.mark.parametrize("args", [[], ["-"]])
    def test_comes_from_standard_input_where_there_is_no_terminal(self, shell: Shell, args: list[str]):
        shell.talked()
        assert "jonas-3" in shell.ok("contract", "jonas", *args, stdin=AGREED)

    def test_the_same_again_is_nothing_new(self, shell: Shell):
        shell.talked()
        shell.ok("contract", "jonas", stdin=AGREED)
        assert shell.ok("contract", "jonas", stdin=AGREED) == "Nothing in it is new; the contract stands as it was.\n"
        assert shell.kinds("jonas") == ["contract"]

    def test_that_says_nothing_is_refused_with_an_example(self, shell: Shell):
        result = shell("contract", "jonas", stdin="We had a good talk.\n")
        assert result.code == 64
        assert "line 1: “We had a good talk.”" in result.err
        assert shell("status", "jonas", "--json").data["pairs"][0]["contract"] is None

    def test_a_file_that_is_not_there_is_usage(self, shell: Shell):
        result = shell("contract", "jonas", "nowhere.txt")
        assert (result.code, result.err) == (64, "nowhere.txt: No such file or directory\n")

    def test_in_the_evening_it_says_when_each_will_be_mailed(self, shell: Shell):
        shell.ok("once")
        shell.at("2027-01-12T18:00Z")
        shell.ok("once")
        out = shell.ok("contract", "jonas", stdin=AGREED)
        assert "To be mailed: contract to jonas@example.com, Wed 13 Jan 2027 09:00 their time.\n" in out
        assert shell.kinds("jonas") == []

    def test_is_recorded_even_while_nobody_can_be_reached(self, shell: Shell):
        shell.talked()
        world = shell.root / "world"
        world.rename(shell.root / "unmounted")
        world.write_text("")
        out = shell.ok("contract", "jonas", stdin=AGREED)
        assert "Recorded as version 1" in out
        assert "It is recorded; what could not be done now will be done by the daemon" in out
        world.unlink()
        (shell.root / "unmounted").rename(world)
        shell.at("2027-01-12T11:00Z")
        shell.ok("once")
        assert shell.kinds("jonas") == ["contract"]

    def test_while_somebody_else_is_at_it_is_75_and_nothing_is_half_done(
        self, shell: Shell, monkeypatch: pytest.MonkeyPatch
    ):
        shell.talked()
        monkeypatch.setattr(Office, "patience", 0.1)
        hold = (
            "import sys; from pathlib import Path; from careermail.store.tiny import TinyStore\n"
            "with TinyStore(Path(sys.argv[1])).lock('maya@example.com'):\n"
            "    print('held', flush=True); sys.stdin.read()"
        )
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
        with subprocess.Popen([sys.executable, "-c", hold, str(shell.root / "state")], **pipes) as holder:
            assert holder.stdout.readline() == "held\n"
            result = shell("contract", "jonas", stdin=AGREED)
            holder.communicate("")
        assert result.code == 75
        assert "holds the facts of maya@example.com" in result.err
        assert "jonas-1" in shell.ok("contract", "jonas", stdin=AGREED)


class TestEditor:
    """On a terminal, the form opens in $EDITOR."""

    def edited(self, shell: Shell, script: str) -> Result:
        editor = shell.root / "editor"
        editor.write_text(f"#!/bin/sh\n{script}\n")
        editor.chmod(0o700)
        master, terminal = pty.openpty()
        done = subprocess.run(
            [Path(sys.executable).with_name("careermail"), "contract", "jonas"],
            stdin=terminal, capture_output=True, text=True, check=False,
            env={**os.environ, "VISUAL": str(editor), "EDITOR": str(editor)},
        )  # fmt: skip
        os.close(master)
        os.close(terminal)
        return Result(done.returncode, done.stdout, done.stderr)

    def test_what_is_filled_in_is_recorded(self, shell: Shell):
        shell.talked()
        result = self.edited(shell, """sed -i "s/^Jonas's commitments$/&\\n- Shadow the rota by 12 February/" "$1" """)
        assert (result.code, result.err) == (0, "")
        assert "jonas-1    Fri 12 Feb 2027  Jonas: Shadow the rota" in result.out

    def test_left_as_it_is_records_nothing(self, shell: Shell):
        shell.talked()
        assert self.edited(shell, "true").code == 64
        assert shell("status", "jonas", "--json").data["pairs"][0]["contract"] is None

    def test_what_is_not_understood_is_kept_in_a_file(self, shell: Shell):
        shell.talked()
        result = self.edited(shell, 'echo "a good talk" > "$1"')
        (kept,) = shell.root.glob("contract-jonas-*.txt")
        assert result.code == 64
        assert f"What you wrote is kept in {kept}" in result.err
        assert kept.read_text() == "a good talk\n"
        assert kept.stat().st_mode & 0o777 == 0o600


class TestCommitments:
    @pytest.fixture(autouse=True)
    def agreed(self, shell: Shell):
        shell.talked()
        shell.ok("contract", "jonas", stdin=AGREED)

    def open(self, shell: Shell) -> list[tuple[str, str | None]]:
        return [(c["id"], c["due"]) for c in shell("status", "jonas", "--json").data["pairs"][0]["open"]]

    def test_done_and_dropped_are_not_mailed_about(self, shell: Shell):
        assert shell.ok("done", "jonas-1") == "jonas-1 is done.\n"
        assert shell.ok("drop", "JONAS-3", "--reason", "Dana has left") == (
            "Taken out of Maya's calendar.\nMailed: told to jonas@example.com.\njonas-3 is dropped.\n"
        )
        assert self.open(shell) == [("jonas-2", None)]
        shell.at("2027-02-12T09:00Z")
        shell.ok("once")
        assert shell.kinds("jonas") == ["contract", "told"]

    def test_moved_is_due_on_its_new_day(self, shell: Shell):
        assert shell.ok("move", "jonas-1", "end", "of", "March") == (
            "Mailed: told to jonas@example.com.\njonas-1 is due on Wed 31 Mar 2027.\n"
        )
        assert shell.ok("move", "jonas-2", "2027-02-01").endswith("jonas-2 is due on Mon 1 Feb 2027.\n")
        assert self.open(shell) == [("jonas-1", "2027-03-31"), ("jonas-2", "2027-02-01"), ("jonas-3", "2027-01-15")]

    @pytest.mark.parametrize(
        ("args", "words"),
        [
            (["done", "jonas-9"], "There is no commitment jonas-9"),
            (["done", "nonsense"], "There is no commitment nonsense"),
            (["move", "jonas-1", "2020-01-01"], "2020-01-01 has passed"),
            (["move", "jonas-1", "12 February"], "jonas-1 is due on 2027-02-12 already"),
            (["move", "jonas-1", "31 February"], "'31 February' is no date"),
        ],
    )
    def test_what_cannot_be_is_usage_and_changes_nothing(self, shell: Shell, args: list[str], words: str):
        before = self.open(shell)
        result = shell(*args)
        assert (result.code, words in result.err, self.open(shell)) == (64, True, before)

    def test_cannot_be_done_twice(self, shell: Shell):
        shell.ok("done", "jonas-1")
        assert shell("done", "jonas-1").err == "jonas-1 is done already, since 2027-01-12\n"

    def test_of_two_managers_is_named_by_manager(self, shell: Shell):
        shell.configure(CONFIG + OTHER_MANAGER)
        shell.ok("contract", "omar@example.com/jonas", stdin="Jonas's commitments\n- Present by 1 March\n")
        result = shell("done", "jonas-1")
        assert result.code == 64
        assert (
            "  maya@example.com/jonas@example.com/jonas-1\n  omar@example.com/jonas@example.org/jonas-1" in result.err
        )
        assert shell.ok("done", "omar/jonas-1").endswith("jonas-1 is done.\n")
        assert [c for c, _ in self.open_with(shell, "maya")] == ["jonas-1", "jonas-2", "jonas-3"]
        assert self.open_with(shell, "omar") == []

    def open_with(self, shell: Shell, manager: str) -> list[tuple[str, str | None]]:
        pairs = shell("status", "--json").data["pairs"]
        return [(c["id"], c["due"]) for p in pairs if p["manager"].startswith(manager) for c in p["open"]]


class TestWhom:
    """REPORT is an address or any unambiguous part of a name."""

    @pytest.mark.parametrize(
        "said", ["jonas@example.com", "Jonas Weber", "WEB", "maya@example.com/jonas", "Lindq/jonas"]
    )
    def test_found(self, shell: Shell, said: str):
        assert shell("status", said, "--json").data["pairs"][0]["report"] == "jonas@example.com"

    @pytest.mark.parametrize(
        ("said", "words"),
        [
            ("a", "'a' may mean several; say which:\n  maya@example.com/jonas@example.com  (Jonas Weber, with Maya"),
            ("Jonsa", "There is no report called 'Jonsa'; did you mean Jonas Weber?"),
            ("maya", "There is no report called 'maya'"),
            ("omar/jonas", "There is no report called 'omar/jonas'"),
            ("", "There is no report called ''"),
        ],
    )
    def test_not_found_or_not_clear(self, shell: Shell, said: str, words: str):
        result = shell("status", said)
        assert (result.code, words in result.err) == (64, True)

    def test_under_two_managers_both_are_listed(self, shell: Shell):
        shell.configure(CONFIG + OTHER_MANAGER)
        result = shell("pause", "Jonas Weber")
        assert result.code == 64
        assert "with Maya Lindqvist" in result.err
        assert "with Omar Haddad" in result.err


class TestBetween:
    def test_book_prints_the_hour_and_keeps_the_reason_from_the_report(self, shell: Shell):
        shell.ok("once")
        out = shell.ok("book", "jonas", "--reason", "Heard of an offer elsewhere")
        assert out == "Booked: Tue 5 Jan 2027 09:00.\n"
        shell.at("2027-01-05T06:00Z")
        shell.ok("once")
        seen = shell.calendar("jonas") + shell.calendar("maya") + "".join(map(str, shell.mails("jonas")))
        assert "elsewhere" not in seen

    def test_pause_and_resume(self, shell: Shell):
        shell.ok("once")
        assert shell.ok("pause", "jonas", "--until", "1 March") == (
            "The sessions with Jonas Weber rest until Mon 1 Mar 2027.\n"
        )
        assert "paused until Mon 1 Mar 2027" in shell.ok("status", "jonas")
        shell.at("2027-01-08T12:00Z")
        shell.ok("once")
        assert shell.kinds("jonas") == []
        # Its January session was taken out as it came near; there is still time for another.
        assert shell.ok("resume", "jonas").splitlines() == [
            "A session was booked.",
            "Mailed: prepare to maya@example.com.",
            "Mailed: prompt to jonas@example.com.",
            "The sessions with Jonas Weber go on; the next is Wed 13 Jan 2027 10:00.",
        ]
        assert "are not paused" in shell.ok("resume", "jonas")

    def test_pause_without_an_end_lasts_until_resume(self, shell: Shell):
        assert shell.ok("pause", "priya") == "The sessions with Priya Nair rest until they are resumed.\n"


class TestStatus:
    def test_before_and_after_a_talk(self, shell: Shell):
        assert "to be booked" in shell.ok("status")
        shell.talked()
        shell.ok("contract", "jonas", stdin=AGREED)
        shell.at("2027-01-20T12:00Z")
        shell.ok("once")
        rows = [" ".join(line.split()) for line in shell.ok("status").splitlines()]
        assert rows[1] == (
            "Jonas Weber Maya Lindqvist Tue 12 Jan 2027 10:00 Tue 13 Apr 2027 10:00 version 1, Tue 12 Jan 2027 "
            "jonas-1 Fri 12 Feb 2027, jonas-2 no date, jonas-3 overdue since Fri 15 Jan 2027"
        )
        assert rows[-1] == "Nothing is stuck."

    def test_shows_the_words_of_a_contract_for_one_report_only(self, shell: Shell):
        shell.talked()
        shell.ok("contract", "jonas", stdin=AGREED)
        assert "rota" not in shell.ok("status") + shell.ok("status", "--json") + shell.ok("status", "priya")
        assert "jonas-1 Fri 12 Feb 2027: Jonas, Shadow the platform on-call rota\n" in shell.ok("status", "jonas")


class TestWhy:
    def test_tells_of_each_mail_sent_skipped_and_not_wanted(self, shell: Shell):
        shell.talked()
        shell.ok("contract", "jonas", stdin=AGREED)
        by_kind = {reason["kind"]: reason for reason in shell("why", "jonas", "--json").data}
        assert by_kind["contract"]["because"] == "a contract was recorded: version 1"
        assert by_kind["prompt"]["state"] == "skipped"  # nobody was there to send it
        assert by_kind["prompt"]["reason"].startswith("it was due on Fri 08 Jan 2027 08:00 UTC, could not be sent")
        assert by_kind["summary-nudge"]["state"] == "unwanted"
        assert by_kind["summary-nudge"]["reason"] == "contract 1 was recorded 12 January"
        assert "But: contract 1 was recorded 12 January" in shell.ok("why", "jonas")

    def test_takes_the_key_that_stands_in_a_mail(self, shell: Shell):
        shell.talked()
        (mail,) = shell.mails("maya")
        for said in (mail["X-Careermail-Key"], mail["Message-ID"], mail["Message-ID"].strip("<>")):
            (reason,) = shell("why", said, "--json").data
            assert reason["key"] == "maya@example.com/jonas@example.com/20270112T090000Z/summary"
            assert [fact["kind"] for fact in reason["facts"]] == ["intent", "done"]
        assert "2027-01-12 10:30:00 UTC  done" in shell.ok("why", reason["key"])

    def test_of_something_unknown_is_usage(self, shell: Shell):
        result = shell("why", "0123456789abcdef")
        assert (result.code, "nor is there a mail or an event with this key" in result.err) == (64, True)

    def test_reaches_into_the_archive(self, shell: Shell):
        shell.talked()
        store = TinyStore(shell.root / "state")
        store.replace("maya@example.com", [], store.load("maya@example.com"))
        assert "summary" in {reason["kind"] for reason in shell("why", "jonas", "--json").data if reason["facts"]}


class TestPerson:
    def test_export_holds_what_concerns_them_and_nothing_else(self, shell: Shell):
        shell.talked()
        shell.ok("contract", "jonas", stdin=AGREED)
        facts = shell("export", "jonas").data["facts"]
        assert {fact["kind"] for fact in facts} >= {"booked", "seen", "contract", "done"}
        assert "priya" not in json.dumps(facts)
        everything = shell("export", "Maya Lindqvist").data["facts"]
        assert len(everything) > len(facts)
        assert shell("export", "nobody@example.com").data["facts"] == []

    def test_erase_comes_after_they_left_and_their_sessions_ended(self, shell: Shell):
        shell.talked()
        result = shell("erase", "jonas", "--yes")
        assert (result.code, "still in the configuration" in result.err) == (64, True)
        shell.configure(CONFIG.replace(CONFIG[CONFIG.index("[[manager.report]]") : CONFIG.rindex("[[manager")], ""))
        result = shell("erase", "jonas@example.com", "--yes")
        assert (result.code, "Let them be ended: careermail once" in result.err) == (75, True)
        shell.ok("once")
        assert shell("erase", "jonas@example.com", stdin="n\n").code == 130
        assert shell("export", "jonas@example.com").data["facts"] != []
        out = shell.ok("erase", "jonas@example.com", stdin="y\n")
        assert "from what is known of maya@example.com." in out
        assert "not careermail's to remove" in out
        assert shell("export", "jonas@example.com").data["facts"] == []
        assert "jonas" not in (shell.root / "state" / "managers" / "maya@example.com.json").read_text()
        assert shell("export", "priya").data["facts"] != []
        result = shell("once")
        assert (result.code, result.err) == (0, "")  # nothing is begun anew

    def test_a_sign_in_is_erased_and_never_shown(self, shell: Shell):
        file = shell.root / "state" / "microsoft" / "signed-in" / "maya@example.com.json"
        file.parent.mkdir(parents=True, mode=0o700)
        file.touch(mode=0o600)
        file.write_text('{"RefreshToken": "of great power"}')
        shell.configure(SIGNED_IN.replace("WHO", "omar@example.com"))
        assert "great power" not in shell.ok("export", "maya@example.com")
        out = shell.ok("erase", "maya@example.com", "--yes")
        assert "Removed the consent by which careermail acted for maya@example.com." in out
        assert not file.exists()

    def test_erase_reaches_into_mails_about_several_people(self, shell: Shell):
        jonas, priya = ("maya@example.com/jonas@example.com", "maya@example.com/priya@example.com")
        intent = {"message_id": "<a@b>", "to": "maya@example.com", "about": [f"{jonas}/jonas-1", f"{priya}/priya-1"]}
        data = {"kind": "due", "until": "2027-01-20T08:00:00+00:00", "because": "", "intent": intent}
        store = TinyStore(shell.root / "state")
        store.append(
            "maya@example.com", [Fact(datetime(2027, 1, 12, tzinfo=UTC), "done", f"{priya}/priya-1/due", data)]
        )
        shell.configure(CONFIG.replace(CONFIG[CONFIG.index("[[manager.report]]") : CONFIG.rindex("[[manager")], ""))
        shell.ok("once")
        store.append("maya@example.com", [Fact(datetime(2027, 1, 12, tzinfo=UTC), "solved", jonas)])
        shell.ok("erase", "jonas@example.com", "--yes")
        (fact,) = (f for f in store.load("maya@example.com") if f.key == f"{priya}/priya-1/due")
        assert fact.data["intent"]["about"] == ["", f"{priya}/priya-1"]

    def test_erase_of_a_manager_leaves_nothing(self, shell: Shell):
        shell.configure(CONFIG + OTHER_MANAGER)
        shell.ok("once")
        shell.configure(CONFIG)
        shell.ok("once")
        shell.ok("erase", "omar@example.com", "--yes")
        assert not list((shell.root / "state").rglob("omar*"))
        assert shell("erase", "omar@example.com", "--yes").err == "Nothing is held about omar@example.com.\n"


class TestInit:
    ANSWERS = (
        'Maya "May" Lindqvist\nmaya\nmaya@example.com\nEurope/Stokholm\nEurope/Stockholm\n'
        "Jonas Weber\nmaya@example.com\njonas@example.com\n\ny\nPriya\npriya@example.com\nAsia/Kolkata\nn\n\n\n\n"
    )

    def test_writes_what_check_accepts_and_asks_again_after_a_slip(self, shell: Shell):
        out = shell("--config", "etc/mine.toml", "init", stdin=self.ANSWERS)
        assert out.code == 0
        assert "did you mean Europe/Stockholm?" in out.out + out.err
        assert shell.ok("--config", "etc/mine.toml", "check").startswith("OK. 1 manager(s), 2 report(s).")
        rows = shell("--config", "etc/mine.toml", "plan", "--json").data
        assert {person for row in rows for person in row["to"]} == {
            "maya@example.com", "jonas@example.com", "priya@example.com",
        }  # fmt: skip

    def test_leaves_alone_what_is_there(self, shell: Shell):
        result = shell("init", stdin=self.ANSWERS)
        assert (result.code, "is there already" in result.err) == (64, True)
        assert (shell.root / "careermail.toml").read_text() == CONFIG


class TestLogs:
    def line(self, message: str, **fields: object) -> str:
        record = logging.makeLogRecord({"levelname": "INFO", "msg": message, **fields})
        return Logfmt(timed=False).format(record)

    def test_are_one_line_of_logfmt_whatever_is_in_them(self):
        assert self.line("done", key="a1", reason='a "word"\nand = more', to="") == (
            'level=info event=done key=a1 reason="a \\"word\\"\\nand = more"'
        )

    def test_tell_where_a_fault_was_and_never_its_words(self):
        try:
            {}["Shadow the on-call rota"]
        except KeyError:
            line = self.line("fault", exc_info=sys.exc_info())
        assert line.startswith("level=info event=fault fault=KeyError where=test_cli:")
        assert "rota" not in line

    def test_have_the_time_on_a_terminal(self):
        record = logging.makeLogRecord({"levelname": "INFO", "msg": "done", "created": 1799744400.25})
        assert Logfmt(timed=True).format(record) == "at=2027-01-12T09:00:00.250+00:00 level=info event=done"


def test_a_reader_that_has_seen_enough_ends_a_listing_quietly(shell: Shell):
    del shell
    command = Path(sys.executable).with_name("careermail")
    with subprocess.Popen([command, "plan", "--json"], stdout=subprocess.PIPE, stderr=subprocess.PIPE) as plan:
        plan.stdout.close()
        assert plan.stderr.read() == b""
    assert plan.returncode == 0
