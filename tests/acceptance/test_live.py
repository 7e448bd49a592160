"""`careermail check --live` on real servers: a Postfix, a Dovecot and a Radicale, each with another kind of secret."""

import json
import re
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest
from servers import dovecot, postfix, radicale
from servers.ca import CA
from servers.names import name_server

from careermail.cli import main

ABSENT = dovecot.ABSENT or postfix.ABSENT or radicale.ABSENT
pytestmark = pytest.mark.skipif(ABSENT is not None, reason=str(ABSENT))

CONFIG = """\
[service]
address = "careermail@example.com"

[provider]
kind = "standards"
user = "careermail@example.com"
password = {{ file = "mail.secret" }}

[provider.outbox]
host = "localhost"
port = {smtp}
tls = "starttls"
ca = "{ca}"
password = {{ command = ["printf", "{password}"] }}

[provider.inbox]
host = "localhost"
port = {imap}
tls = "tls"
ca = "{ca}"

[provider.calendar]
url = "{url}{{user}}/"
user = "careermail"
password = {{ credential = "dav" }}
ca = "{ca}"

[[manager]]
name = "Maya Lindqvist"
email = "maya@example.com"
"""

# What is taken out of it, so that DNS has to tell, and the service's address, which is to be another.
UNNAMED = (
    *('host = "localhost"\nport = {smtp}\ntls = "starttls"\n', ""),
    *('host = "localhost"\nport = {imap}\ntls = "tls"\n', ""),
    'address = "careermail@example.com',
)


@dataclass
class Servers:
    postfix: postfix.Postfix
    dovecot: dovecot.Dovecot
    radicale: radicale.Radicale
    ca: CA

    def held(self) -> dict[str, bytes]:
        """Every mail and every event there is, by its file's name, flags included."""
        folders = [*self.dovecot.root.glob("mail/*/Maildir/**/cur"), *self.dovecot.root.glob("mail/*/Maildir/**/new")]
        mails = [file for folder in folders for file in folder.iterdir()]
        events = self.radicale.root.glob("collections/collection-root/**/*.ics")
        sent = (self.postfix.root / "mail").rglob("new/*")
        return {str(file): file.read_bytes() for file in (*mails, *events, *sent)}


@pytest.fixture(scope="module")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Servers]:
    ca = CA(tmp_path_factory.mktemp("ca"))
    with ExitStack() as running:
        found = Servers(
            running.enter_context(postfix.Postfix(ca)),
            running.enter_context(dovecot.Dovecot(ca.good)),
            running.enter_context(radicale.Radicale(tmp_path_factory.mktemp("radicale"), ca.good)),
            ca,
        )
        found.radicale.welcome("maya")
        found.dovecot.deliver(
            b"From: maya@example.com\r\nTo: careermail@example.com\r\nSubject: an answer\r\n\r\nyes\r\n"
        )
        yield found


@dataclass
class Desk:
    """A folder with a configuration for these servers."""

    servers: Servers
    root: Path
    capsys: pytest.CaptureFixture[str]

    def check(self, *change: str) -> tuple[int, dict[str, dict[str, object]]]:
        """The exit code, and what is told of each server by the first word of its name."""
        text = CONFIG
        for before, after in zip(change[::2], change[1::2], strict=True):
            assert before in text
            text = text.replace(before, after)
        text = text.format(
            smtp=self.servers.postfix.port,
            imap=self.servers.dovecot.tls_port,
            url=self.servers.radicale.url,
            ca=self.servers.ca.file,
            password=postfix.PASSWORD,
        )
        (self.root / "careermail.toml").write_text(text)
        code = main(["--config", str(self.root / "careermail.toml"), "check", "--live", "--json"])
        self.out, err = self.capsys.readouterr()
        assert err == ""
        return code, {one["name"].split()[0]: one for one in json.loads(self.out)["servers"]}


@pytest.fixture
def desk(servers: Servers, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Desk:
    (tmp_path / "mail.secret").touch(mode=0o600)
    (tmp_path / "mail.secret").write_text(dovecot.PASSWORD)
    (tmp_path / "credentials").mkdir()
    (tmp_path / "credentials" / "dav").write_text(radicale.PASSWORD)
    (tmp_path / "credentials" / "wrong").write_text("hunter2")
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path / "credentials"))
    return Desk(servers, tmp_path, capsys)


def test_every_server_is_named_with_what_it_offers_and_lacks_and_nothing_is_written(desk: Desk):
    before = desk.servers.held()
    code, found = desk.check()
    assert code == 0, found
    assert found["SMTP"]["name"] == f"SMTP localhost:{desk.servers.postfix.port} as careermail@example.com"
    assert "TLSv1.3" in found["SMTP"]["offers"]
    assert found["IMAP"]["name"] == f"IMAP localhost:{desk.servers.dovecot.tls_port} as careermail@example.com"
    assert {"1 messages in 'INBOX'", "IDLE"} <= set(found["IMAP"]["offers"])
    assert re.fullmatch(r"CalDAV (localhost|127\.0\.0\.1):\d+ for maya@example\.com", found["CalDAV"]["name"])
    assert "it does not schedule: careermail mails the invitations" in found["CalDAV"]["lacks"]
    assert desk.servers.held() == before
    assert not (desk.root / "state").exists()


@pytest.mark.parametrize(
    ("server", "change", "because"),
    [
        ("SMTP", ("{password}", "hunter2"), "refuses the login of careermail@example.com"),
        ("IMAP", ('file = "mail.secret"', 'env = "NO_SUCH_VARIABLE"'), "$NO_SUCH_VARIABLE is not set"),
        ("CalDAV", ('"dav"', '"none"'), "credential none cannot be had: No such file or directory"),
        ("CalDAV", ('"dav"', '"wrong"'), "it refuses the login as careermail; mend `user` or `password`"),
        ("IMAP", ("port = {imap}", "port = 1"), "Connection refused"),
    ],
)
def test_what_fails_is_told_with_its_reason_and_the_others_all_the_same(
    desk: Desk, server: str, change: tuple[str, ...], because: str
):
    code, found = desk.check(*change)
    assert code == 69
    assert [name for name, one in found.items() if not one["ok"]] == [server]
    assert because in str(found[server]["error"])
    assert "hunter2" not in desk.out


def test_a_certificate_that_is_not_trusted_is_refused_everywhere(desk: Desk):
    code, found = desk.check('ca = "{ca}"\n', "")
    assert code == 69
    assert ["certificate" in str(one["error"]) for one in found.values()] == [True, True, True]


def test_servers_that_nobody_names_are_found_in_dns_and_it_is_told_how(desk: Desk):
    zone = {
        ("_imaps._tcp.localhost", "SRV"): [f"0 1 {desk.servers.dovecot.tls_port} localhost."],
        ("_submission._tcp.localhost", "SRV"): [f"0 1 {desk.servers.postfix.port} localhost."],
    }
    with name_server(zone):
        code, found = desk.check(*UNNAMED, 'address = "careermail@localhost')
    assert code == 0
    smtp, imap = desk.servers.postfix.port, desk.servers.dovecot.tls_port
    assert [found["SMTP"]["name"], found["IMAP"]["name"]] == [
        f"SMTP localhost:{smtp} (as _submission._tcp.localhost says in DNS) as careermail@example.com",
        f"IMAP localhost:{imap} (as _imaps._tcp.localhost says in DNS) as careermail@example.com",
    ]


def test_a_guess_that_fails_is_told_as_one(desk: Desk):
    with name_server({}):
        _, found = desk.check(*UNNAMED, 'address = "careermail@nowhere.invalid')
    smtp, imap = str(found["SMTP"]["error"]), str(found["IMAP"]["error"])
    assert smtp.startswith(
        "SMTP smtp.nowhere.invalid:587 (a guess, since DNS has no _submissions._tcp.nowhere.invalid,"
        " _submission._tcp.nowhere.invalid; to be sure, name it in [provider.outbox]) cannot be reached: "
    )
    assert imap.startswith("IMAP imap.nowhere.invalid:993 (a guess, since DNS has no _imaps._tcp.nowhere.invalid")
