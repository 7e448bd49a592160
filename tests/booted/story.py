"""The life of a service on a machine of its own, from the installation to the removal: `make booted`.

One story in the order of the file, each step standing on those before. The machine is real (its PID 1 is systemd's),
the package is the one that `make deb` builds, and what is done is what docs/install.md says.
"""

import json
import os
import re
import subprocess
import time
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest
from machine import SITE, Machine, absent, made

REASON = absent()
pytestmark = pytest.mark.skipif(bool(REASON), reason=REASON)

BUILD = Path(os.environ.get("CAREERMAIL_BUILD", Path(__file__).parents[2] / "build"))
SOON = date.today() + timedelta(days=2)  # noqa: DTZ011 (the service lives in the present)
# Always at work, so that nothing waits for the morning; two days before a session, its first two mails are due.
CONFIG = """include = ["managers.d/*.toml"]

[service]
address = "careermail@example.com"
admin = "it@example.com"
{service}
[provider]
{provider}
[defaults]
working_days = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
working_hours = "00:00-23:59"
"""
LOCAL = 'kind = "local"\nroot = "/var/lib/careermail/world"\n'
TEAM = """name = "{manager}"
email = "{manager}@example.com"

[[report]]
name = "{report}"
email = "{report}@example.com"
first = {day}T{hour:02}:00:00
"""
ETC = "/etc/careermail"
WORLD = "/var/lib/careermail/world"
HASTE = "[Service]\nWatchdogSec=4s\nRestartSec=2s\n"
PYTHON = {"PYTHONPATH": f"/repo/tests:/repo:{SITE}"}


@pytest.fixture(scope="module")
def box(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machine]:
    """The machine of this story."""
    root = tmp_path_factory.mktemp("booted") / "root"
    with Machine(root, made(BUILD), BUILD.absolute()) as machine:
        yield machine


def package(version: str = "") -> str:
    """The package, as the machine sees it; or a later version of it."""
    (found,) = BUILD.glob(f"careermail_{version or '0.1.0'}_*.deb")
    return f"/shared/{found.name}"


def team(manager: str = "maya", report: str = "jonas", hour: int = 10) -> str:
    """A manager's file."""
    return TEAM.format(manager=manager, report=report, day=SOON, hour=hour)


def shown(box: Machine, *names: str, unit: str = "careermail") -> dict[str, str]:
    """Properties of a unit."""
    said = box.says("systemctl", "show", unit, f"--property={','.join(names)}")
    return dict(line.split("=", 1) for line in said.splitlines())


def is_active(box: Machine) -> bool:
    return box.says("systemctl", "is-active", "careermail").strip() == "active"


def status(box: Machine) -> str:
    """What the service says of itself."""
    return shown(box, "StatusText")["StatusText"]


def journal(box: Machine, *options: str) -> str:
    return box.says("journalctl", "--unit=careermail", "--no-pager", *options)


def mails(box: Machine, world: str = WORLD) -> dict[str, int]:
    """Each mail that lies in somebody's mailbox, and when it was put there (nanoseconds)."""
    found = box.file(world).glob("mail/*/new/*")
    return {str(path.relative_to(box.root)): path.stat().st_mtime_ns for path in found}


def configure(box: Machine, provider: str = LOCAL, service: str = "", **teams: str) -> None:
    """Write the configuration, and the files of these managers alone."""
    for old in box.file(f"{ETC}/managers.d").iterdir():
        old.unlink()
    for name, text in teams.items():
        box.write(f"{ETC}/managers.d/{name}.toml", text)
    box.write(f"{ETC}/careermail.toml", CONFIG.format(provider=provider, service=service))


def drop_in(box: Machine, text: str, unit: str = "careermail.service", name: str = "test") -> None:
    """What `systemctl edit` writes."""
    box.write(f"/etc/systemd/system/{unit}.d/{name}.conf", text)
    box.run("systemctl", "daemon-reload")


def undo(box: Machine, *names: str, unit: str = "careermail.service") -> None:
    for name in names:
        box.file(f"/etc/systemd/system/{unit}.d/{name}.conf").unlink(missing_ok=True)
    box.run("systemctl", "daemon-reload")


# --- install -------------------------------------------------------------------------------------


def test_a_package_is_all_it_takes_and_nothing_is_started_before_it_was_told_what_to_do(box: Machine):
    box.run("dpkg", "--install", package())
    assert box.says("careermail", "--version") == "careermail 0.1.0\n"
    assert box.run("getent", "passwd", "careermail").stdout.split(":")[5:] == [
        "/var/lib/careermail",
        "/usr/sbin/nologin\n",
    ]
    assert (
        box.says("stat", "--format=%A %U %G", ETC, f"{ETC}/managers.d").splitlines()
        == ["drwxr-x--- root careermail"] * 2
    )
    assert shown(box, "ActiveState", "UnitFileState") == {"ActiveState": "inactive", "UnitFileState": "disabled"}


def verdict(box: Machine, folder: str) -> str:
    """What systemd thinks of our units."""
    units = ("careermail.service", "careermail-once.service", "careermail-once.timer", "careermail-failed@.service")
    return box.says("systemd-analyze", "verify", *(f"{folder}/{unit}" for unit in units))


def test_systemd_has_nothing_to_say_about_the_units_and_finds_little_to_attack(box: Machine):
    assert verdict(box, "/lib/systemd/system") == ""
    for unit in ("careermail.service", "careermail-once.service"):
        box.run("systemd-analyze", "security", "--threshold=12", "--no-pager", unit)


def test_the_manual_and_what_completes_commands_come_along(box: Machine):
    manual = box.says("man", "--pager=cat", "careermail")
    assert "careermail - career conversations, booked and followed through" in manual
    assert "erase [OPTIONS] PERSON" in manual
    ask = 'source /usr/share/bash-completion/bash_completion; COMP_WORDS=(careermail st); COMP_CWORD=1; COMP_LINE="careermail st"; _completion_loader careermail; _careermail_completion careermail; echo "${COMPREPLY[@]}"'  # noqa: E501
    assert box.says("bash", "-c", ask) == "status\n"


def test_what_was_installed_and_not_edited_is_refused_with_what_is_missing(box: Machine):
    said = box.careermail("check", check=False)
    assert "careermail.toml:1: manager: missing, expected [[manager]], or a file to include" in said
    box.run("systemctl", "start", "careermail", check=False)
    assert shown(box, "ExecMainStatus", "NRestarts", "ActiveState") == {
        "ExecMainStatus": "78", "NRestarts": "0", "ActiveState": "failed",
    }  # fmt: skip
    box.run("systemctl", "reset-failed")


# --- start and reload ----------------------------------------------------------------------------


def test_started_it_is_ready_and_says_what_is_next(box: Machine):
    configure(box, maya=team())
    box.careermail("check")
    box.run("systemctl", "enable", "--now", "careermail")  # which returns once it is ready
    assert is_active(box)
    box.until(lambda: "managers: 1; nothing is due before" in status(box))
    assert len(mails(box)) == 2  # to prepare, and to think
    assert "jonas" not in status(box).lower()


def test_a_good_reload_takes_what_was_edited_and_a_bad_one_is_refused_and_changes_nothing(box: Machine):
    process = shown(box, "MainPID")
    box.write(f"{ETC}/managers.d/ana.toml", team("ana", "raj", 12))
    box.run("systemctl", "reload", "careermail")
    box.until(lambda: "managers: 2" in status(box))
    box.write(f"{ETC}/managers.d/ana.toml", "nonsense")
    box.run("systemctl", "reload", "careermail")
    box.until(lambda: "a configuration was refused, the one before runs on" in status(box))
    assert "managers: 2" in status(box)
    assert f"{ETC}/managers.d/ana.toml:1:" in journal(box)
    box.write(f"{ETC}/managers.d/ana.toml", team("ana", "raj", 12))
    box.until(lambda: "refused" not in status(box))  # it notices by itself
    assert shown(box, "MainPID") == process
    assert is_active(box)


# --- what goes wrong -----------------------------------------------------------------------------


def test_a_loop_that_hangs_is_ended_by_the_watchdog_and_begun_again(box: Machine):
    """It waits for a file that nobody writes, while the process and its other threads could go on."""
    before = mails(box)
    drop_in(box, HASTE)
    box.run("systemctl", "restart", "careermail")
    os.mkfifo(box.file(f"{ETC}/managers.d/hang.toml"))
    box.run("systemctl", "reload", "careermail")
    box.until(lambda: "Watchdog timeout" in journal(box))
    box.file(f"{ETC}/managers.d/hang.toml").unlink()
    box.until(lambda: shown(box, "NRestarts")["NRestarts"] == "1" and is_active(box))
    box.until(lambda: "managers: 2" in status(box))
    assert mails(box) == before


def test_killed_it_is_begun_again_and_does_nothing_twice(box: Machine):
    before = mails(box)
    box.run("systemctl", "kill", "--signal=KILL", "careermail")
    box.until(lambda: shown(box, "NRestarts")["NRestarts"] == "2" and is_active(box))
    box.until(lambda: "managers: 2" in status(box))
    assert mails(box) == before


def test_a_wrong_configuration_at_the_start_is_not_tried_again_and_root_is_mailed_by_another_road(box: Machine):
    box.write("/usr/sbin/sendmail", "#!/bin/sh\ncat >/var/lib/careermail/sendmail.eml\n", 0o755)
    drop_in(box, "[Unit]\nOnFailure=careermail-failed@%n.service\n", name="mail")
    box.write(f"{ETC}/managers.d/ana.toml", "nonsense")
    box.run("systemctl", "restart", "careermail", check=False)
    assert shown(box, "ExecMainStatus", "ActiveState", "NRestarts") == {
        "ExecMainStatus": "78", "ActiveState": "failed", "NRestarts": "0",
    }  # fmt: skip
    letter = box.file("/var/lib/careermail/sendmail.eml")
    box.until(lambda: letter.exists() and "managers.d/ana.toml:1:" in letter.read_text())
    assert letter.read_text().startswith("To: root\nSubject: careermail.service has failed on ")
    letter.unlink()
    box.write(f"{ETC}/managers.d/ana.toml", team("ana", "raj", 12))
    undo(box, "mail", "test")
    box.run("systemctl", "start", "careermail")


def test_after_a_reboot_it_is_there_and_does_nothing_twice(box: Machine):
    before = mails(box)
    box.reboot()
    box.until(lambda: "managers: 2" in status(box))
    assert mails(box) == before


# --- the other way: a timer ----------------------------------------------------------------------


def test_a_timer_does_the_same_and_takes_the_daemons_place(box: Machine):
    before = mails(box)
    box.run("systemctl", "disable", "careermail")
    box.run("systemctl", "enable", "--now", "careermail-once.timer")
    box.until(lambda: not is_active(box))
    box.write(f"{ETC}/managers.d/tama.toml", team("tama", "rita", 14))
    box.run("systemctl", "start", "careermail-once.service")  # as the timer does
    assert shown(box, "Result", unit="careermail-once.service") == {"Result": "success"}
    assert len(mails(box)) == len(before) + 2
    assert before.items() < mails(box).items()
    box.run("systemctl", "disable", "--now", "careermail-once.timer")
    box.run("systemctl", "enable", "--now", "careermail")


# --- upgrade and back ----------------------------------------------------------------------------


def later(folder: Path) -> str:
    """The next version of the package: another number, and facts in another form. Returns it as the machine sees it."""
    subprocess.run(["dpkg-deb", "--raw-extract", BUILD / Path(package()).name, folder], check=True)
    library = folder / "usr/lib/careermail/careermail"
    step = '\n\n@migration\ndef _marked(tables: Tables) -> Tables:\n    return {**tables, "since": "0.1.1"}\n'
    for path, old, new in (
        (folder / "DEBIAN/control", "Version: 0.1.0", "Version: 0.1.1"),
        (library / "__init__.py", '"0.1.0"', '"0.1.1"'),
        (library / "store/migrations.py", "\n\ndef newest", f"{step}\n\ndef newest"),
    ):
        text = path.read_text()
        assert old in text
        path.write_text(text.replace(old, new))
        for compiled in (path.parent / "__pycache__").glob(f"{path.stem}.*"):
            compiled.unlink()
    made_of = BUILD / "careermail_0.1.1_all.deb"
    subprocess.run(["dpkg-deb", "--build", "-Znone", folder, made_of], check=True, capture_output=True)
    return f"/shared/{made_of.name}"


def test_an_upgrade_goes_on_where_the_old_version_stopped_and_keeps_a_copy_of_what_it_rewrites(
    box: Machine, tmp_path: Path
):
    before, facts = mails(box), box.file("/var/lib/careermail/managers/ana@example.com.json")
    old = facts.read_bytes()
    box.run("dpkg", "--install", later(tmp_path / "later"))
    assert box.says("careermail", "--version") == "careermail 0.1.1\n"
    assert is_active(box)
    box.until(lambda: "managers: 3" in status(box))
    assert mails(box) == before
    box.careermail("contract", "raj", given=f"Ana's commitments\n- Ask Priya by {SOON + timedelta(days=20)}\n")
    assert json.loads(facts.read_bytes())["schema"] == 2
    copy = box.file("/var/lib/careermail/before-schema-2/managers/ana@example.com.json")
    assert copy.read_bytes() == old


def test_the_old_version_refuses_what_it_does_not_know_and_takes_the_copy(box: Machine):
    """It knows then what it knew when it was replaced, and does nothing twice that it did by then."""
    before = mails(box)
    box.run("dpkg", "--install", "--force-downgrade", package())
    said = box.careermail("status", check=False)
    assert "was written by a newer careermail (schema 2; this one knows 1)" in said
    box.run("systemctl", "stop", "careermail")
    box.run("cp", "--archive", "/var/lib/careermail/before-schema-2/.", "/var/lib/careermail")
    box.run("rm", "-r", "/var/lib/careermail/before-schema-2")
    box.run("systemctl", "start", "careermail")
    box.until(lambda: "managers: 3" in status(box))
    assert "raj" in box.careermail("status")
    assert mails(box) == before


# --- another machine -----------------------------------------------------------------------------

MOVING = "/var/lib/moving/careermail.jsonl"


def test_on_an_empty_machine_the_same_plan_comes_of_an_export(box: Machine):
    plan, before = box.careermail("plan", "--json"), mails(box)
    box.run("systemctl", "stop", "careermail")
    box.run("install", "--directory", "--owner=careermail", "--mode=700", Path(MOVING).parent.as_posix())
    box.careermail("export", "--all", "--output", MOVING)
    box.run("mv", "/var/lib/careermail", "/var/lib/careermail.old")
    box.run("install", "--directory", "--owner=careermail", "--mode=700", "/var/lib/careermail")
    box.careermail("restore", MOVING)
    assert box.careermail("plan", "--json") == plan
    assert mails(box).keys() == before.keys()
    moved = mails(box)
    box.run("systemctl", "start", "careermail")
    box.until(lambda: "managers: 3" in status(box))
    assert mails(box) == moved
    box.run("rm", "-r", "/var/lib/careermail.old", MOVING)


# --- real servers --------------------------------------------------------------------------------

SERVERS = """kind = "standards"
calendar = "imip"

[provider.outbox]
{outbox}

[provider.inbox]
password = {{ credential = "imap" }}
"""
SECRETS = """[Service]
LoadCredential=smtp:/etc/careermail/smtp.secret
LoadCredentialEncrypted=imap:/etc/careermail/imap.cred
"""
SECOND = "/var/lib/careermail/second"
AUTHORITY = "/usr/local/share/ca-certificates/town.crt"


def probe(box: Machine, *words: str, command: str = "") -> str:
    """Run a command within the very walls of the service, and return what it prints; it must end well."""
    unit = box.run("systemctl", "cat", "careermail").stdout
    said = command or f"/usr/bin/careermail --config {ETC}/careermail.toml {' '.join(words)}"
    unit = re.sub(r"(?m)^ExecStart=.*$", f"ExecStart={said}", unit)
    unit = re.sub(r"(?m)^(Type|Restart|WatchdogSec|ExecReload)=.*$", "", unit).replace(
        "[Service]", "[Service]\nType=oneshot", 1
    )
    box.write("/etc/systemd/system/careermail-probe.service", unit)
    box.run("systemctl", "daemon-reload")
    done = box.run("systemctl", "start", "careermail-probe", check=False)
    told = box.says("journalctl", "--unit=careermail-probe", "--no-pager", "--output=cat", "--boot")
    assert done.returncode == 0, told
    return told


def serve(box: Machine, name: str, folder: str) -> None:
    """Have one of our own servers run in the machine."""
    box.run("systemd-run", f"--unit={name}", f"--setenv=PYTHONPATH={PYTHON['PYTHONPATH']}", "--property=KillMode=mixed",
            "/usr/bin/python3", "-B", f"/repo/tests/booted/{name}.py", folder)  # fmt: skip
    box.until(lambda: box.file(f"{folder}/ready").exists())


def mailbox(box: Machine, who: str) -> list[str]:
    """The kinds of the mails in somebody's Dovecot mailbox."""
    said = box.says("sh", "-c", f"grep -h ^X-Careermail-Kind: /tmp/dovecot-*/mail/{who}@example.com/Maildir/new/*")
    return sorted(line.split()[1] for line in said.splitlines() if line.startswith("X-"))


def test_with_credentials_names_from_dns_and_certificates_of_the_system_it_reaches_real_servers(box: Machine):
    box.run("systemctl", "stop", "careermail")
    box.write("/etc/resolv.conf", "nameserver 127.0.0.1\n")
    serve(box, "town", "/var/lib/town")
    box.run("cp", "/var/lib/town/ca.pem", AUTHORITY)
    box.run("update-ca-certificates")
    box.write(f"{ETC}/smtp.secret", "correct horse\n", 0o600)
    box.run("systemd-creds", "encrypt", "--name=imap", "-", f"{ETC}/imap.cred", given="correct-horse\n")
    drop_in(box, SECRETS)
    servers = SERVERS.format(outbox='password = { credential = "smtp" }')
    configure(box, servers, f'state = "{SECOND}"\n', maya=team())
    said = probe(box, "check", "--live")
    assert "mail.example.com" in said
    box.run("systemctl", "start", "careermail")
    box.until(lambda: mailbox(box, "jonas") == ["invitation", "prompt"])
    assert mailbox(box, "maya") == ["invitation", "prepare"]
    assert "correct" not in journal(box) + box.file(f"{ETC}/imap.cred").read_text()


def test_every_other_provider_logs_in_books_mails_and_reads_within_the_walls_too(box: Machine):
    """With the package's own libraries, over TLS, against the servers that their own tests have."""
    said = probe(
        box, command=f"/usr/bin/env PYTHONPATH=/repo/tests:{SITE} /usr/bin/python3 -B /repo/tests/booted/walls.py"
    )
    for vendor in ("Google", "Microsoft", "Exchange"):
        assert re.search(rf"(?m)^{vendor}: \d+ mails over TLS$", said), said
    assert re.search(r"(?m)^\d{3} time zones$", said)


def test_stopped_in_the_middle_of_a_booking_it_ends_that_and_begins_nothing_else(box: Machine):
    """A session is booked with two invitations; then come the mails to prepare and to think."""
    folder = box.file("/var/lib/slow")
    folder.mkdir()
    (folder / "seconds").write_text("3")
    serve(box, "slow", "/var/lib/slow")
    slow = 'host = "localhost"\nport = 2500\ntls = "none"\ninsecure = true\nuser = ""\n'
    box.run("systemctl", "stop", "careermail")
    configure(box, SERVERS.format(outbox=slow), f'state = "{SECOND}"\n', maya=team(), ana=team("ana", "raj", 12))
    box.run("systemctl", "start", "careermail")
    box.until((folder / "began").exists)
    begun = time.monotonic()
    box.run("systemctl", "stop", "careermail")
    assert time.monotonic() - begun > 2  # it was in the middle
    assert shown(box, "Result", "ExecMainStatus") == {"Result": "success", "ExecMainStatus": "0"}
    assert len(list(folder.glob("*.eml"))) == 2
    (folder / "seconds").write_text("0")
    box.run("systemctl", "start", "careermail")
    names = re.compile(rb"(?m)^Message-ID: (\S+)")
    box.until(lambda: len(list(folder.glob("*.eml"))) == 4)
    box.until(lambda: "nothing is due before" in status(box))
    sent = [names.findall(path.read_bytes())[0] for path in folder.glob("*.eml")]
    assert len(sent) == len(set(sent)) == 4


# --- removal -------------------------------------------------------------------------------------


def test_removed_it_leaves_what_people_wrote_and_what_it_remembers(box: Machine):
    undo(box, "test")
    configure(box, maya=team(), ana=team("ana", "raj", 12), tama=team("tama", "rita", 14))
    before = mails(box)
    box.run("dpkg", "--remove", "careermail")
    assert not is_active(box)
    assert "could not be found" in box.says("systemctl", "status", "careermail")
    assert box.file(f"{ETC}/careermail.toml").exists()
    assert len(list(box.file(f"{ETC}/managers.d").iterdir())) == 3
    assert mails(box) == before


def test_from_a_wheel_it_goes_on_and_can_be_removed_as_well(box: Machine):
    before = mails(box)
    wheels = {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": "/shared/wheels", "PIP_DISABLE_PIP_VERSION_CHECK": "1"}
    box.run("python3", "-m", "venv", "/opt/careermail")
    box.run("/opt/careermail/bin/pip", "install", "--quiet", "careermail[standards]", **wheels)
    box.run("/opt/careermail/bin/careermail", "install-service")
    assert "careermail - career" in box.says("man", "--pager=cat", "careermail")
    assert verdict(box, "/usr/local/lib/systemd/system") == ""
    box.run("systemctl", "enable", "--now", "careermail")
    box.until(lambda: "managers: 3" in status(box))
    assert mails(box) == before
    said = box.run("careermail", "install-service", "--remove").stdout
    assert "rm -r /etc/careermail /var/lib/careermail && userdel careermail" in said
    assert not is_active(box)
    assert mails(box) == before
    box.run("sh", "-c", said.splitlines()[-1])
    assert not box.file(ETC).exists()
