"""`careermail auth google` and `check --live` by the command line, against a Google of the tests' own."""

import json
import os
import socket
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import urlopen

import pytest
from fakes.google.agenda import Agenda
from fakes.google.calendar import CalendarRoom
from fakes.google.oauth import A_WEEK, SCOPE
from fakes.google.organisation import PEOPLE, SCOPES, Organisation

from careermail.cli import main

COMMAND = Path(sys.executable).with_name("careermail")
ALONE = """\
[service]
address = "maya@example.com"

[provider]
kind = "google"
client = {{ file = "client.json" }}
endpoint = "{endpoint}"
"""
MANY = """\
[service]
address = "careermail@example.com"

[provider]
kind = "google"
service_account = {{ file = "key.json" }}
endpoint = "{endpoint}"

[[manager]]
name = "Ana Souza"
email = "ana@example.com"
"""
MAYA = """
[[manager]]
name = "Maya Lindqvist"
email = "maya@example.com"
"""


@dataclass
class Desk:
    """A folder with a configuration, and a Google."""

    office: Organisation
    root: Path
    capsys: pytest.CaptureFixture[str]

    def configure(self, text: str = ALONE, *changes: str) -> None:
        for before, after in zip(changes[::2], changes[1::2], strict=True):
            assert before in text
            text = text.replace(before, after)
        (self.root / "careermail.toml").write_text(text.format(endpoint=self.office.web.url) + MAYA)
        self.office.secret("client.json", self.office.accounts.client(self.office.web.url))
        self.office.secret("key.json", self.office.accounts.key(self.office.robot, self.office.web.url))

    @property
    def token(self) -> Path:
        return self.root / "state" / "google" / "token.json"

    def consent(self, *, visit: bool = True, **caller: str) -> tuple[int, str]:
        """Call the command and follow its link, as whoever is signed in there; the exit code, and all that it said."""
        arguments = [COMMAND, "--config", self.root / "careermail.toml", "auth", "google", "--port", str(_free_port())]
        env = {"PATH": os.environ["PATH"], "OAUTHLIB_INSECURE_TRANSPORT": "1", "PYTHONUNBUFFERED": "1", **caller}
        with subprocess.Popen(arguments, env=env, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as run:
            assert run.stdout is not None
            said = ""
            for line in run.stdout:
                said += line
                if visit and line.strip().startswith("http://"):
                    with suppress(HTTPError):
                        urlopen(line.strip(), timeout=20).close()  # noqa: S310 (on this machine)
        return run.returncode, said

    def check(self) -> tuple[int, list[dict[str, Any]]]:
        code = main(["--config", str(self.root / "careermail.toml"), "check", "--live", "--json"])
        self.out, self.err = self.capsys.readouterr()
        return code, json.loads(self.out)["servers"]


@pytest.fixture
def desk(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Iterator[Desk]:
    with Organisation(tmp_path) as office:
        agenda = Agenda(**{address.partition("@")[0]: "Europe/Berlin" for address in PEOPLE})
        office.web.rooms.append(CalendarRoom(agenda, office.accounts))
        desk = Desk(office, tmp_path, capsys)
        desk.configure()
        yield desk


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


# --- consent -------------------------------------------------------------------------------------


def test_consent_is_given_on_a_headless_server_and_kept_for_its_owners_eyes(desk: Desk):
    code, said = desk.consent()
    assert code == 0, said
    assert "sign in as maya@example.com" in said
    assert "ssh -L" in said
    kept = json.loads(desk.token.read_text())
    assert kept["account"] == "maya@example.com"
    assert set(kept["scopes"]) == set(SCOPES)
    assert stat.S_IMODE(desk.token.stat().st_mode) == 0o600
    assert stat.S_IMODE(desk.token.parent.stat().st_mode) == 0o700
    assert [file.name for file in desk.token.parent.iterdir()] == ["token.json"]
    for secret in (kept["refresh_token"], "shhh-the-client", "4/code", "ya29."):
        assert secret not in said


def test_the_way_back_is_by_the_login_of_whoever_called_sudo(desk: Desk):
    _, said = desk.consent(SUDO_USER="anna", LOGNAME="careermail")
    assert " anna@" in next(line for line in said.splitlines() if "ssh -L" in line)


def test_a_port_that_is_taken_is_told_with_what_helps(desk: Desk):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = str(taken.getsockname()[1])
        taken.listen()
        code = main(["--config", str(desk.root / "careermail.toml"), "auth", "google", "--port", port])
    assert code == 64
    said = desk.capsys.readouterr().err
    assert f"port {port} of this machine: Address already in use; try another with --port, or wait a minute" in said


def test_what_was_given_works(desk: Desk):
    desk.consent()
    code, (found,) = desk.check()
    assert code == 0, found
    assert found["name"] == "Google as maya@example.com"
    assert found["owner"] == "maya@example.com"
    assert found["offers"] == ["mail", "calendar in Europe/Berlin"]


def test_what_was_kept_is_replaced_and_closed_to_others(desk: Desk):
    desk.consent()
    before = desk.token.read_text()
    desk.token.chmod(0o644)
    code, said = desk.consent()
    assert code == 0, said
    assert desk.token.read_text() != before
    assert stat.S_IMODE(desk.token.stat().st_mode) == 0o600


def test_only_what_is_used_is_asked_for(desk: Desk):
    desk.consent()
    (asked,) = (request for request in desk.office.web.log if request.path == "/o/oauth2/auth")
    assert set(asked.first("scope").split()) == set(SCOPES)


def test_an_app_whose_tokens_die_in_a_week_is_refused(desk: Desk):
    desk.office.accounts.lifetime = A_WEEK
    code, said = desk.consent()
    assert code == 64
    assert "Google would end this consent after 7 days, because the app is in Testing. Nothing was kept." in said
    assert 'Google Auth Platform > Audience, choose user type "Internal", or "Publish app"' in said
    assert not desk.token.exists()


def test_a_consent_for_a_time_is_kept_with_its_end_and_reminded_of(desk: Desk):
    desk.office.accounts.lifetime = 15551999
    code, said = desk.consent()
    assert code == 0, said
    end = datetime.fromisoformat(json.loads(desk.token.read_text())["expires"])
    assert timedelta(days=179) < end - datetime.now(UTC) < timedelta(days=181)
    assert f"It ends on {end:%d %B %Y}" in said
    _, (found,) = desk.check()
    assert f"until {end:%Y-%m-%d}" in found["offers"]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"unticked": {f"{SCOPE}gmail.compose"}}, "missing: gmail.compose. Nothing was kept"),
        ({"signed_in": "jonas@example.com"}, "jonas@example.com gave consent, but the configuration is for maya@"),
        ({"signed_in": "nobody@example.com"}, "Access was not allowed in the browser. Nothing was kept"),
        (
            {"disabled": {"gmail.googleapis.com"}},
            "the API is not enabled in the Google Cloud project: https://console.",
        ),
    ],
)
def test_half_a_consent_is_none(desk: Desk, change: dict[str, Any], said: str):
    for name, value in change.items():
        setattr(desk.office.accounts, name, value)
    code, told = desk.consent()
    assert code in (64, 69)
    assert said in told
    assert "Traceback" not in told
    assert not desk.token.exists()


def test_a_client_that_google_does_not_know_is_told_of(desk: Desk):
    desk.office.accounts.clients = {"client-1.apps.googleusercontent.com": "another"}
    code, told = desk.consent()
    assert code == 64
    assert "Google does not know the OAuth client (invalid_client): download its JSON anew" in told


def test_what_is_no_client_of_a_desktop_app_is_told_of(desk: Desk):
    desk.office.secret("client.json", '{"web": {"client_secret": "hunter2"}}')
    code, told = desk.consent()
    assert code == 69
    assert 'make an OAuth client of the type "Desktop app"' in told
    assert "hunter2" not in told


def test_a_credential_of_systemd_is_made_by_hand(desk: Desk):
    desk.configure(ALONE, "endpoint =", 'token = {{ credential = "google-token" }}\nendpoint =')
    code, said = desk.consent()
    assert code == 0, said
    assert f"systemd-creds encrypt --name=google-token {desk.token} " in said
    assert "LoadCredentialEncrypted=google-token" in said


def test_an_organisation_needs_nobodys_consent(desk: Desk):
    desk.configure(MANY)
    code, said = desk.consent(visit=False)
    assert code == 64
    assert "A service account needs nobody's consent" in said


def test_another_provider_is_not_googles(desk: Desk):
    desk.configure('[provider]\nkind = "local"\nroot = "world"\n')
    code, said = desk.consent(visit=False)
    assert code == 64
    assert 'kind = "local"; this is for kind = "google"' in said


# --- check --live --------------------------------------------------------------------------------


def test_a_manager_without_consent_is_told_the_command(desk: Desk):
    code, (found,) = desk.check()
    assert code == 69
    assert found["owner"] == "maya@example.com"
    assert found["error"] == "Google: there is no consent of maya@example.com; give it: careermail auth google"


def test_a_dead_token_is_told_with_its_likely_cause_and_the_command(desk: Desk):
    desk.consent()
    desk.office.accounts.die("maya@example.com")
    code, (found,) = desk.check()
    assert code == 69
    for words in (
        "in Testing, where a consent ends after 7 days",
        "the password was changed",
        "six months",
        "over 100",
    ):
        assert words in found["error"]
    assert found["error"].endswith("To mend it, give it again: careermail auth google")


def test_each_manager_of_an_organisation_is_tried_and_nothing_is_written(desk: Desk):
    desk.configure(MANY)
    before = {address: dict(box.mails) for address, box in desk.office.gmail.boxes.items()}
    code, found = desk.check()
    assert code == 0, found
    assert [one["name"] for one in found] == [f"Google as {who}@example.com" for who in ("ana", "maya", "careermail")]
    assert all(one["offers"] == ["mail", "calendar in Europe/Berlin"] for one in found)
    assert {address: dict(box.mails) for address, box in desk.office.gmail.boxes.items()} == before
    assert not (desk.root / "state").exists()


def test_the_scope_that_is_missing_is_named_with_where_it_goes(desk: Desk):
    desk.configure(MANY)
    desk.office.robot.delegated.discard(f"{SCOPE}gmail.compose")
    code, found = desk.check()
    assert code == 69
    assert (
        "Manage Domain Wide Delegation: the client ID 10000 must have the OAuth scopes"
        " https://www.googleapis.com/auth/gmail.compose"
    ) in found[0]["error"]
    assert "gmail.readonly" not in found[0]["error"]


def test_one_manager_who_cannot_be_reached_does_not_hide_the_others(desk: Desk):
    desk.configure(MANY)
    desk.office.accounts.people.discard("ana@example.com")
    code, found = desk.check()
    assert (code, [one["ok"] for one in found]) == (69, [False, True, True])
    assert "The organisation has no such user" in found[0]["error"]
