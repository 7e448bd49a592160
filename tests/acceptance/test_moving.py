"""Everything that is remembered goes to another machine, and careermail goes on there as if nothing had been."""

import json
import os
import pty
import shutil
import subprocess
import sys
from dataclasses import dataclass
from datetime import datetime
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path

import pytest

from careermail.store.tiny import TinyStore

COMMAND = str(Path(sys.executable).with_name("careermail"))
CONFIG = """include = ["managers.d/*.toml"]

[service]
address = "careermail@example.com"
admin = "it@example.com"

[provider]
kind = "local"
root = "state/world"

[defaults]
working_days = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
working_hours = "00:00-23:59"
"""
TEAM = """name = "{0}"
email = "{1}@example.com"

[[report]]
name = "{2}"
email = "{3}@example.com"
first = 2027-01-12T{4}:00:00
"""
CONTRACT = "Jonas's commitments\n- Shadow the platform on-call rota by 1 March 2027\n"
BEFORE, AT, AFTER = "2027-01-08T09:00Z", "2027-01-13T09:00Z", "2027-02-01T09:00Z"


@dataclass
class House:
    """A machine with a configuration in a folder."""

    root: Path

    def run(self, *words: str, now: str = AT, code: int | None = 0, given: bytes = b"") -> str:
        """What a command says at a moment; None for whatever exit code."""
        environ = {**os.environ, "CAREERMAIL_NOW": now}
        done = subprocess.run(
            [COMMAND, *words], cwd=self.root, env=environ, input=given, capture_output=True, check=False
        )
        said = (done.stdout + done.stderr).decode("utf-8", "surrogateescape")
        assert code in {None, done.returncode}, said
        return said

    def once(self, now: str = AT) -> None:
        """Do what is due; that a contract is late may be told, and is no matter."""
        self.run("once", now=now, code=None)

    def plan(self) -> str:
        return self.run("plan", "--json")

    @property
    def state(self) -> Path:
        return self.root / "state"

    def mails(self) -> dict[str, tuple[str, int]]:
        """Each mail by its file: its kind, and when it was written."""
        found = {}
        for path in sorted(self.state.glob("world/mail/*/new/*")):
            mail = message_from_bytes(path.read_bytes(), policy=default)
            found[f"{path.parts[-3]}/{path.name}"] = str(mail["X-Careermail-Kind"]), path.stat().st_mtime_ns
        return found

    def facts(self, manager: str = "maya@example.com") -> list[str]:
        """What is remembered of a manager, but for where it came from."""
        store = TinyStore(self.state)
        held = [*store.load(manager, archived=True), *store.load(manager)]
        return [f"{fact.kind} {fact.key}" for fact in held if fact.kind != "restored"]


def house(root: Path) -> House:
    (root / "managers.d").mkdir(parents=True)
    (root / "careermail.toml").write_text(CONFIG)
    for manager, report, hour in (("Maya", "Jonas", 10), ("Ana", "Raj", 12)):
        text = TEAM.format(manager, manager.lower(), report, report.lower(), hour)
        (root / "managers.d" / f"{manager.lower()}.toml").write_text(text)
    return House(root)


@pytest.fixture(scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory) -> House:
    """A house in which two sessions have been, and one contract was handed in."""
    old = house(tmp_path_factory.mktemp("old") / "house")
    old.once(BEFORE)
    old.once("2027-01-12T12:00Z")
    old.run("contract", "jonas", "-", given=CONTRACT.encode(), now="2027-01-12T13:00Z")
    old.once()
    return old


@pytest.fixture
def old(lived: House, tmp_path: Path) -> House:
    """That house, for one test alone."""
    shutil.copytree(lived.root, tmp_path / "old", symlinks=True)
    return House(tmp_path / "old")


def exported(old: House) -> Path:
    path = old.root / "careermail.jsonl"
    old.run("export", "--all", "--output", str(path))
    return path


def moved(old: House, root: Path) -> House:
    """A new house, with the same configuration and what was exported in the old one."""
    new = house(root)
    assert "Restored" in new.run("restore", str(exported(old)))
    return new


def test_the_same_plan_comes_of_it_and_nothing_is_done_twice(old: House, tmp_path: Path):
    new = moved(old, tmp_path / "new")
    assert new.plan() == old.plan() != "[]\n"
    assert new.facts() == old.facts() != []
    assert [kind for kind, _ in new.mails().values()] == [kind for kind, _ in old.mails().values()]
    before = new.mails()
    new.once()
    assert new.mails() == before
    assert new.plan() == old.plan()


def test_what_comes_later_comes_there_as_it_would_have_here(old: House, tmp_path: Path):
    new = moved(old, tmp_path / "new")
    for one in (old, new):
        one.once(AFTER)
        one.once("2027-02-27T09:00Z")
    kinds = [(name, kind) for name, (kind, _) in old.mails().items()]
    assert [(name, kind) for name, (kind, _) in new.mails().items()] == kinds
    assert "due-soon" in {kind for _, kind in kinds}


def test_mails_from_before_are_answered_there(old: House, tmp_path: Path):
    """The secret goes along, by which an answer is known."""
    new = moved(old, tmp_path / "new")
    (asked,) = [
        message_from_bytes(path.read_bytes(), policy=default)
        for path in new.state.glob("world/mail/ana@example.com/new/*")
        if b"X-Careermail-Kind: summary\r" in path.read_bytes().replace(b"\n", b"\r")
    ]
    answer = EmailMessage()
    answer["From"], answer["To"], answer["Subject"] = "ana@example.com", str(asked["Reply-To"]), "Re: that"
    answer["Message-ID"], answer["In-Reply-To"] = "<1@phone>", str(asked["Message-ID"])
    answer.set_content("Raj's commitments\n- Learn to juggle by 5 March 2027\n")
    (new.state / "world/inbox/new/1.phone").write_bytes(answer.as_bytes())
    new.once()
    assert "Learn to juggle" in new.run("status", "raj")


def test_only_its_owner_reads_what_is_exported_and_what_is_restored(old: House, tmp_path: Path):
    path = exported(old)
    assert path.stat().st_mode & 0o777 == 0o600
    new = moved(old_again(old), tmp_path / "new")
    for found in new.state.rglob("*"):
        if "world" not in found.parts:
            assert found.stat().st_mode & 0o077 == 0, found


def old_again(old: House) -> House:
    (old.root / "careermail.jsonl").unlink()
    return old


def test_it_can_go_through_a_pipe(old: House, tmp_path: Path):
    new = house(tmp_path / "new")
    new.run("restore", "-", given=old.run("export", "--all").encode("utf-8", "surrogateescape"))
    assert new.plan() == old.plan()


def test_an_export_that_was_cut_off_changes_nothing_and_a_whole_one_goes_in_afterwards(old: House, tmp_path: Path):
    new, path = house(tmp_path / "new"), exported(old)
    whole = path.read_bytes()
    for cut in (whole[: len(whole) // 2], whole[: whole.rindex(b'{"end"')], whole[:-3], b"", b"[]\n", b"\xff\n"):
        path.write_bytes(cut)
        assert "Nothing was restored." in new.run("restore", str(path), code=1)
        assert "is being restored, or that was broken off" in new.run("plan", code=64)
    path.write_bytes(whole)
    new.run("restore", str(path))
    assert new.plan() == old.plan()


def test_what_a_newer_careermail_wrote_is_refused_in_words(old: House, tmp_path: Path):
    new, path = house(tmp_path / "new"), exported(old)
    head, rest = path.read_bytes().split(b"\n", 1)
    path.write_bytes(json.dumps({**json.loads(head), "schema": 99, "careermail": "9.0"}).encode() + b"\n" + rest)
    said = new.run("restore", str(path), code=1)
    assert "careermail 9.0 wrote this export, and this one is older (schema 99; it knows 1)" in said


def test_where_anything_is_remembered_nothing_is_restored(old: House, tmp_path: Path):
    new, path = house(tmp_path / "new"), exported(old)
    new.once(BEFORE)
    before = new.facts()
    assert "is not empty" in new.run("restore", str(path), code=1)
    assert new.facts() == before


@pytest.mark.parametrize("name", ["../../evil", "/evil"])
def test_a_file_that_would_lie_elsewhere_is_refused(old: House, tmp_path: Path, name: str):
    new, path = house(tmp_path / "new"), exported(old)
    lines = path.read_bytes().splitlines(keepends=True)
    line = json.dumps({"folder": "state", "file": name, "content": ""}).encode() + b"\n"
    path.write_bytes(b"".join([*lines[:-1], line, lines[-1]]))
    assert "names a file outside its folders" in new.run("restore", str(path), code=1)
    assert not list(tmp_path.rglob("evil"))


def test_a_backup_from_yesterday_sends_nothing_of_today_again(old: House, tmp_path: Path):
    """What was done after the backup is looked for before it is done: here, in people's own mailboxes."""
    new, path = house(tmp_path / "new"), exported(old)
    before = old.mails()
    old.once(AFTER)
    assert len(old.mails()) > len(before)
    lines = [line for line in path.read_bytes().splitlines(keepends=True) if b'"folder":"world"' not in line]
    path.write_bytes(b"".join(lines[:-1]) + json.dumps({"end": len(lines) - 2}).encode())
    new.run("restore", str(path), now=AFTER)
    shutil.copytree(old.state / "world", new.state / "world")  # what servers have, a backup has not
    before = new.mails()
    new.once(AFTER)
    assert new.mails() == before
    assert set(new.facts("ana@example.com")) == set(old.facts("ana@example.com"))


def test_secrets_are_not_shown_on_a_terminal(old: House):
    ours, theirs = pty.openpty()
    command = [COMMAND, "export", "--all"]
    done = subprocess.run(command, cwd=old.root, stdout=theirs, stderr=subprocess.PIPE, check=False)
    os.close(theirs)
    os.close(ours)
    assert (done.returncode, b"not for eyes" in done.stderr) == (64, True)


def test_all_or_one_and_never_neither(old: House):
    assert "export PERSON" in old.run("export", code=64)
    assert "export PERSON" in old.run("export", "jonas", "--all", code=64)


def test_times_are_kept_to_the_microsecond(old: House, tmp_path: Path):
    new = moved(old, tmp_path / "new")
    mine, theirs = (TinyStore(one.state).load("maya@example.com") for one in (old, new))
    assert theirs[:-1] == mine
    assert theirs[-1].at == datetime.fromisoformat("2027-01-13T09:00+00:00")
