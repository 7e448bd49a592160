"""status --health: what a monitor is told."""

import json
import logging
from collections.abc import Iterator
from pathlib import Path

import pytest
from test_cli import AFTER_TALK, Shell

from careermail.cli import health


@pytest.fixture
def shell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture) -> Iterator[Shell]:
    logger = logging.getLogger("careermail")
    before = logger.handlers[:], logger.level, logger.propagate
    yield Shell(tmp_path, monkeypatch, capsys)
    logger.handlers[:], logger.level, logger.propagate = before


def test_all_is_well_when_all_is_done(shell: Shell):
    shell.ok("once")
    assert shell.ok("status", "--health") == "Healthy.\nNext: Tue 5 Jan 2027 08:00 UTC\n"
    data = shell("status", "--health", "--json").data
    assert data.pop("disk_free") > 0
    assert data == {
        "healthy": True, "problems": [], "unreadable": [], "overdue": None, "next": "2027-01-05T08:00:00+00:00",
        "troubles": [], "mail_taken_in": "2027-01-04T08:00:00+00:00", "clock_behind": 0.0,
    }  # fmt: skip


def test_what_is_due_is_overdue_after_an_hour_in_which_nobody_did_it(shell: Shell):
    """Jonas's session is on 12 January: `prepare` is due five days before, at nine in the morning in Stockholm."""
    shell.ok("once")
    shell.at("2027-01-07T08:59Z")
    assert shell("status", "--health").code == 0
    shell.at("2027-01-07T09:01Z")
    result = shell("status", "--health", "--json")
    assert (result.code, result.data["healthy"]) == (1, False)
    overdue = result.data["overdue"]
    assert (overdue["kind"], overdue["manager"], overdue["due"]) == (
        "prepare", "maya@example.com", "2027-01-07T08:00:00+00:00",
    )  # fmt: skip
    assert result.data["problems"] == [
        f"Overdue since Thu 7 Jan 2027 08:00 UTC: prepare {overdue['key']} of maya@example.com. Is careermail running?"
    ]
    shell.ok("once")
    assert shell("status", "--health").code == 0


def test_a_trouble_counts_from_when_the_admin_is_told_of_it_and_names_no_report(shell: Shell):
    shell.ok("once")
    world = shell.root / "world"
    world.rename(shell.root / "elsewhere")
    world.write_text("no folder")
    shell.at("2027-01-07T08:00Z")
    shell("once")
    early = shell("status", "--health", "--json")
    assert (early.code, {t["manager"] for t in early.data["troubles"]}) == (0, {"maya@example.com", "_inbox"})
    shell.at("2027-01-07T12:01Z")
    late = shell("status", "--health")
    assert (late.code, "Trouble since Thu 7 Jan 2027 08:00 UTC: " in late.out) == (1, True)
    assert "jonas" not in early.out + late.out


def test_facts_that_cannot_be_read_are_told(shell: Shell):
    shell.ok("once")
    (file,) = (shell.root / "state" / "managers").glob("maya*.json")
    file.write_text("{")
    result = shell("status", "--health")
    assert (result.code, result.out.splitlines()[0]) == (
        1, "The facts of maya@example.com cannot be read. See: careermail status",
    )  # fmt: skip


def test_a_clock_that_was_set_back_is_seen_by_what_was_recorded(shell: Shell):
    shell.ok("once")
    shell.at("2027-01-04T07:00Z")
    result = shell("status", "--health", "--json")
    assert (result.code, result.data["clock_behind"]) == (1, 3600)


def test_a_disk_that_is_nearly_full_is_told(shell: Shell, monkeypatch: pytest.MonkeyPatch):
    shell.ok("once")
    monkeypatch.setattr(health, "LITTLE", 2**62)
    result = shell("status", "--health")
    assert (result.code, result.out.startswith("The disk is nearly full: ")) == (1, True)


def test_before_its_first_run_nothing_is_made_up(shell: Shell):
    data = shell("status", "--health", "--json").data
    assert (data["disk_free"], data["mail_taken_in"], data["overdue"]["kind"]) == (None, None, "book")
    assert not (shell.root / "state").exists()


def test_is_about_no_single_report(shell: Shell):
    assert shell("status", "jonas", "--health").code == 64


def test_logs_as_json_are_an_object_a_line_with_the_fields_of_the_text_and_no_content(shell: Shell):
    shell.talked()
    shell.ok("contract", "jonas", stdin="My commitments\n- Introduce Jonas to Dana by Friday\n")
    shell.at(AFTER_TALK.replace("12T", "15T"))
    lines = [json.loads(line) for line in shell("once", "--log-format", "json").err.splitlines()]
    done = next(line for line in lines if line["event"] == "done")
    assert set(done) == {"at", "level", "event", "manager", "kind", "key", "to"}
    assert (done["level"], done["manager"], "Dana" in json.dumps(lines)) == ("info", "maya@example.com", False)


def test_what_once_has_to_say_is_an_object_too(shell: Shell):
    shell.ok("once")
    (shell.root / "state" / "managers").chmod(0o700)
    for file in (shell.root / "state" / "managers").glob("maya*.json"):
        file.write_text("{")
    result = shell("once", "--log-format", "json")
    assert result.code == 1
    said = [json.loads(line) for line in result.err.splitlines()]
    assert any(line["event"] == "cannot" and "maya@example.com" in line["reason"] for line in said)
