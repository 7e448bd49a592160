"""status --health: what a monitor is told."""

import json
import logging
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import timedelta
from functools import partial
from pathlib import Path

import pytest
from ledger import utc
from test_cli import AFTER_TALK, Shell

from careermail.cli import health
from careermail.errors import ProviderError
from careermail.model import Person
from careermail.providers import Found, Probe, local
from careermail.watch.pulse import NAME, Disk, Pulse, put, text

NOW = utc(2027, 1, 4, 8)  # where a shell's clock stands at first


@pytest.fixture
def shell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture) -> Iterator[Shell]:
    logger = logging.getLogger("careermail")
    before = logger.handlers[:], logger.level, logger.propagate
    yield Shell(tmp_path, monkeypatch, capsys)
    logger.handlers[:], logger.level, logger.propagate = before


def test_all_is_well_when_all_is_done(shell: Shell):
    shell.ok("once")
    assert shell.ok("status", "--health") == (
        "Healthy.\nNext: Tue 5 Jan 2027 08:00 UTC\nLast round: Mon 4 Jan 2027 08:00 UTC\n"
    )
    data = shell("status", "--health", "--json").data
    assert data.pop("disk_free") > 0
    assert data.pop("inodes_free") is None or data["healthy"]
    assert data == {
        "healthy": True, "problems": [], "warnings": [], "unreadable": [], "overdue": None,
        "next": "2027-01-05T08:00:00+00:00", "last_done": "2027-01-04T08:00:00+00:00", "troubles": [],
        "undelivered": [], "mail_taken_in": "2027-01-04T08:00:00+00:00", "logins": [], "self_check": None,
        "process": {
            "command": "once", "since": "2027-01-04T08:00:00+00:00", "last_round": "2027-01-04T08:00:00+00:00",
            "late": 0.0, "refused": False,
        },
        "inbox_read": "2027-01-04T08:00:00+00:00", "pinged": None, "clock_set": None, "clock_behind": 0.0,
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


def test_a_disk_that_takes_no_more_files_is_told(shell: Shell, monkeypatch: pytest.MonkeyPatch):
    shell.ok("once")
    monkeypatch.setattr(health, "disk", lambda _: Disk(2**40, 7))
    result = shell("status", "--health")
    assert (result.code, result.out.splitlines()[0]) == (1, "The disk is nearly full: only 7 more files fit on it.")


def test_before_its_first_run_nothing_is_made_up(shell: Shell):
    data = shell("status", "--health", "--json").data
    assert (data["disk_free"], data["mail_taken_in"], data["overdue"]["kind"]) == (None, None, "book")
    assert (data["process"], data["logins"], data["last_done"]) == (None, [], None)
    assert not (shell.root / "state").exists()


# --- the process that serves ---------------------------------------------------------------------


def told(shell: Shell, **changed: object) -> None:
    """Let the process that serves have told this of itself."""
    put(shell.root / "state" / NAME, text(replace(Pulse(NOW, since=NOW), **changed)), 0o600)


@pytest.mark.parametrize(("minutes", "code"), [(34, 0), (36, 1)])
def test_a_loop_that_does_not_come_round_is_told(shell: Shell, minutes: int, code: int):
    shell.ok("once")
    told(shell, at=NOW - timedelta(minutes=minutes))
    result = shell("status", "--health")
    assert result.code == code
    said = "The loop has not come round since Mon 4 Jan 2027 07:24 UTC. Does it run, or hang? See: "
    assert result.out.startswith(said) == bool(code)


def test_once_need_not_come_round(shell: Shell):
    shell.ok("once")
    told(shell, at=NOW - timedelta(hours=9), by="once")
    assert shell("status", "--health").code == 0


def test_a_configuration_that_is_not_served_is_told(shell: Shell):
    shell.ok("once")
    told(shell, refused=True)
    assert shell("status", "--health", "--json").data["problems"] == [
        "An edited configuration is refused, the one before is served. See: careermail check"
    ]


def test_a_clock_that_was_set_is_shown_for_a_day(shell: Shell):
    shell.ok("once")
    told(shell, jumps=3, jumped=NOW - timedelta(hours=23), by_how_much=-7200.0)
    result = shell("status", "--health", "--json")
    assert (result.code, result.data["warnings"]) == (
        0, ["The clock was set back by 7200 seconds, Sun 3 Jan 2027 09:00 UTC."],
    )  # fmt: skip
    assert result.data["clock_set"] == {"times": 3, "last": "2027-01-03T09:00:00+00:00", "by": -7200.0}
    told(shell, jumps=3, jumped=NOW - timedelta(hours=25), by_how_much=-7200.0)
    assert shell("status", "--health", "--json").data["warnings"] == []


# --- logins --------------------------------------------------------------------------------------


@pytest.fixture
def answers(monkeypatch: pytest.MonkeyPatch) -> dict[str, Found | ProviderError]:
    """What logins answer, by their names: the provider gets one for each."""
    found: dict[str, Found | ProviderError] = {}
    opened = local.open_provider

    def look(name: str) -> Found:
        answer = found[name]
        if isinstance(answer, ProviderError):
            raise answer
        return answer

    def probes(managers: Iterable[Person]) -> list[Probe]:
        names = [f"CalDAV for {m.email}" for m in managers]
        return [
            Probe(name, partial(look, name), name.partition(" for ")[2]) for name in ("SMTP mx.example.com", *names)
        ]

    monkeypatch.setattr(local, "open_provider", lambda *given: replace(opened(*given), probes=probes))
    found |= {"SMTP mx.example.com": Found(), "CalDAV for maya@example.com": Found()}
    return found


def test_each_login_is_told_with_its_last_success(shell: Shell, answers: dict[str, Found | ProviderError]):
    shell.ok("once")
    answers["CalDAV for maya@example.com"] = ProviderError("dav.example.com does not answer")
    shell.at("2027-01-05T10:00Z")
    shell("once")
    result = shell("status", "--health", "--json")
    assert result.data["logins"] == [
        {
            "name": "SMTP mx.example.com", "owner": None, "works": True, "tried": "2027-01-05T10:00:00+00:00",
            "last_success": "2027-01-05T10:00:00+00:00", "expires": None,
        },
        {
            "name": "CalDAV for maya@example.com", "owner": "maya@example.com", "works": False,
            "tried": "2027-01-05T10:00:00+00:00", "last_success": "2027-01-04T08:00:00+00:00", "expires": None,
        },
    ]  # fmt: skip
    assert "Logins: 1 of 2 work; last tried Tue 5 Jan 2027 10:00 UTC" in shell("status", "--health").out
    assert (result.code, result.data["troubles"][0]["cause"]) == (0, "check/maya@example.com/CalDAV")
    shell.at("2027-01-05T14:01Z")
    assert shell("status", "--health").code == 1


@pytest.mark.parametrize(
    ("days", "code", "where"), [(20, 0, None), (13, 0, "warnings"), (4, 0, "warnings"), (2, 1, "problems")]
)
def test_a_login_that_ends_is_told_beforehand(
    shell: Shell, answers: dict[str, Found | ProviderError], days: int, code: int, where: str | None
):
    answers["SMTP mx.example.com"] = Found(expires=NOW + timedelta(days=days))
    assert shell("once").code == 0  # nothing is stuck by it
    result = shell("status", "--health", "--json")
    words = [words for kind in ("warnings", "problems") for words in result.data[kind]]
    assert (result.code, len(words)) == (code, int(where is not None))
    if where:
        (said,) = result.data[where]
        assert said.startswith("SMTP mx.example.com: this login ends by itself on ")
        assert result.data["logins"][0]["expires"] == (NOW + timedelta(days=days)).isoformat()


def test_what_a_login_says_of_a_manager_goes_with_them(shell: Shell, answers: dict[str, Found | ProviderError]):
    shell.ok("once")
    assert len(answers) == len(shell("status", "--health", "--json").data["logins"])
    kept = json.loads(shell.ok("export", "maya"))["facts"]
    assert [fact["key"] for fact in kept if fact["kind"] == "checked"] == ["maya@example.com/CalDAV"]


# --- logs ----------------------------------------------------------------------------------------


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
