"""What those who watch over the service see of it on a machine of its own: pytest tests/booted/watched.py."""

import json
from collections.abc import Iterator

import pytest
from machine import Machine, absent, made
from story import BUILD, configure, drop_in, is_active, package, team

REASON = absent()
pytestmark = pytest.mark.skipif(bool(REASON), reason=REASON)

PROM = "/run/careermail/careermail.prom"
MONITORS = f'metrics = "{PROM}"\nping = {{ credential = "ping" }}\nping_minutes = 1\n'
# As docs/monitoring.md has it.
WATCHED = """[Service]
RuntimeDirectory=careermail
RuntimeDirectoryMode=0755
RuntimeDirectoryPreserve=yes
LoadCredential=ping:/etc/careermail/ping.url
"""
LISTENS = "import socket; socket.create_connection(('127.0.0.1', 8099)); print('listening')"
NOBODY = ("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups")


@pytest.fixture(scope="module")
def box(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machine]:
    with Machine(tmp_path_factory.mktemp("booted") / "root", made(BUILD), BUILD.absolute()) as machine:
        yield machine


def entries(box: Machine, *fields: str) -> list[dict[str, str]]:
    """What the journal holds of the service with these fields."""
    said = box.says("journalctl", "--unit=careermail", "--no-pager", "--output=json", *fields)
    return [json.loads(line) for line in said.splitlines() if line.startswith("{")]


def test_it_starts_with_all_that_watches_over_it(box: Machine):
    box.run("dpkg", "--install", package())
    configure(box, service=MONITORS, maya=team())
    box.write("/etc/careermail/ping.url", "http://127.0.0.1:8099/secret", 0o600)
    box.write("/srv/secret", "OK")
    box.run("systemd-run", "--unit=listener", "python3", "-m", "http.server", "8099", "--directory=/srv")
    box.until(lambda: "listening" in box.says("python3", "-c", LISTENS))
    drop_in(box, WATCHED)
    box.run("systemctl", "start", "careermail")
    assert is_active(box)


def test_the_journal_keeps_what_became_of_each_action_in_fields_and_no_report_is_named(box: Machine):
    box.until(lambda: entries(box, "CAREERMAIL_RESULT=done", "CAREERMAIL_KIND=book"))
    (booked,) = entries(box, "CAREERMAIL_RESULT=done", "CAREERMAIL_KIND=book")
    assert (booked["_TRANSPORT"], booked["PRIORITY"], booked["SYSLOG_IDENTIFIER"]) == ("journal", "6", "careermail")
    assert (booked["_SYSTEMD_UNIT"], booked["CAREERMAIL_MANAGER"]) == ("careermail.service", "maya@example.com")
    assert booked["MESSAGE"] == f"done book for maya@example.com [{booked['CAREERMAIL_KEY']}]"


def test_metrics_can_be_read_by_whoever_collects_them_and_the_state_cannot(box: Machine):
    box.until(lambda: "careermail_healthy" in box.says("cat", PROM))
    assert "careermail_healthy 1\n" in box.run(*NOBODY, "cat", PROM).stdout
    assert box.run(*NOBODY, "ls", "/var/lib/careermail", check=False).returncode != 0


def test_the_ping_reaches_its_monitor_through_the_walls_and_its_url_no_log(box: Machine):
    box.until(lambda: "GET /secret" in box.says("journalctl", "--unit=listener", "--no-pager"))
    assert "secret" not in json.dumps(entries(box))


def test_health_is_a_check(box: Machine):
    said = box.careermail("status", "--health")
    assert said.startswith("Healthy.\n")
    assert box.run(*NOBODY, "careermail", "status", "--health", check=False).returncode not in (0, 1)


def test_what_needs_somebody_stands_in_the_journal_as_an_error_in_the_words_of_the_mail(box: Machine):
    """What is known of Maya is damaged, and the admin's letterbox is no folder."""
    letterbox = box.file("/var/lib/careermail/world/mail/it@example.com")
    letterbox.parent.mkdir(exist_ok=True)
    letterbox.write_text("no folder")
    box.file("/var/lib/careermail/managers/maya@example.com.json").write_text("{")
    box.run("systemctl", "restart", "careermail")
    box.until(lambda: entries(box, "CAREERMAIL_EVENT=alarm"))
    cried = entries(box, "CAREERMAIL_EVENT=alarm")[-1]
    assert (cried["PRIORITY"], cried["CAREERMAIL_TO"]) == ("3", "it@example.com")
    assert "maya@example.com.json" in cried["CAREERMAIL_REASON"]
    assert cried["MESSAGE"] == f"alarm to it@example.com: {cried['CAREERMAIL_REASON']}"
    told = box.careermail("status", "--health", check=False)
    assert "An alarm could not be mailed" in told


def test_the_words_of_the_mail_are_those_of_the_journal(box: Machine):
    letterbox = box.file("/var/lib/careermail/world/mail/it@example.com")
    letterbox.unlink()
    box.run("systemctl", "restart", "careermail")
    box.until(lambda: list(letterbox.glob("new/*")), patience=180)  # it waits for a minute or two after a failure
    (mail,) = letterbox.glob("new/*")
    reason = entries(box, "CAREERMAIL_EVENT=alarm")[-1]["CAREERMAIL_REASON"]
    assert reason.split(":")[0] in "".join(mail.read_text().replace("=\n", "").split("\n"))
