"""`careermail auth microsoft` and `check --live` by the command line, against a Microsoft 365 of the tests' own."""

import json
import os
import stat
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from fakes.graph.guard import CALENDARS, MAIL, SEND
from fakes.graph.login import CLIENT
from fakes.graph.schema import listed
from fakes.web import Answer, Request
from tenants import SECRET, Tenant, tenant

from careermail.cli import main
from careermail.clock import VirtualClock

COMMAND = Path(sys.executable).with_name("careermail")
NOW = "2027-01-12T09:00Z"
ALONE = """\
[service]
address = "maya@example.com"

[provider]
kind = "microsoft"
tenant = "example.com"
client_id = "00000000-aaaa-bbbb-cccc-000000000000"
authority = "{url}"
graph = "{url}/v1.0"

[[manager]]
name = "Maya Lindqvist"
email = "maya@example.com"
"""
MANY = (
    ALONE.replace("maya@example.com", "careermail@example.com", 1).replace(
        "authority", 'secret = {{ file = "app.secret" }}\nsecret_expires = 2027-06-30\nauthority'
    )
    + '\n[[manager]]\nname = "Ana Souza"\nemail = "ana@example.com"\n'
)
APP = f"Microsoft app {CLIENT}"
OWN = "Microsoft 365, mailbox of its own, careermail@example.com"
MAYAS, ANAS = (f"Microsoft 365, mailbox {who}@example.com" for who in ("maya", "ana"))


def calendars(request: Request) -> Answer | None:
    """Empty ones."""
    return listed("event", []) if request.steps[-1] == "events" else None


@dataclass
class Desk:
    """A folder with a configuration, and a tenant."""

    tenant: Tenant
    root: Path
    capsys: pytest.CaptureFixture[str]

    def configure(self, text: str) -> None:
        (self.root / "careermail.toml").write_text(text.format(url=self.tenant.web.url))
        self.tenant.secret()

    @property
    def kept(self) -> Path:
        return self.root / "state" / "microsoft" / "signed-in" / "maya@example.com.json"

    def call(self, *arguments: str) -> tuple[int, str]:
        code = main(["--config", str(self.root / "careermail.toml"), *arguments])
        out, err = self.capsys.readouterr()
        return code, out + err

    def check(self) -> tuple[int, dict[str, dict[str, Any]]]:
        code, said = self.call("check", "--live", "--json")
        assert SECRET not in said
        return code, {one["name"]: one for one in json.loads(said)["servers"]}


@pytest.fixture
def desk(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    monkeypatch.setenv("CAREERMAIL_NOW", NOW)
    with tenant(tmp_path, VirtualClock(datetime(2027, 1, 12, 9, tzinfo=UTC)), calendars) as made:
        made.login.hurried = "maya@example.com"
        desk = Desk(made, tmp_path, capsys)
        desk.configure(ALONE)
        yield desk


# --- a manager signs in ---------------------------------------------------------------------------


def test_a_manager_signs_in_by_a_code_and_every_login_works(desk: Desk):
    arguments = [COMMAND, "--config", desk.root / "careermail.toml", "auth", "microsoft"]
    env = {"PATH": os.environ["PATH"], "CAREERMAIL_NOW": NOW}
    run = subprocess.run(arguments, env=env, text=True, capture_output=True, check=False)
    assert (run.returncode, run.stderr) == (0, "")
    first, *rest = run.stdout.splitlines()
    assert first == (
        "Open https://login.microsoft.com/device in any browser, enter the code C00000001, sign in as"
        " maya@example.com, and allow what is asked."
    )
    assert rest[0] == "Signed in as maya@example.com."
    assert rest[1] == f"All that careermail needs is granted. It is kept in {desk.kept}, for its own eyes."
    assert rest[2].endswith("check --live")
    assert stat.S_IMODE(desk.kept.stat().st_mode) == 0o600
    code, found = desk.check()
    assert code == 0
    assert list(found) == [MAYAS]
    assert found[MAYAS]["offers"] == [CALENDARS, MAIL, SEND]
    assert found[MAYAS]["owner"] == "maya@example.com"


def test_nothing_is_sent_and_nothing_changed_by_looking(desk: Desk):
    desk.call("auth", "microsoft")
    desk.check()
    assert desk.tenant.sends() == 0
    assert [box.changes for box in desk.tenant.mail.boxes.values()] == [[]] * 5


def test_who_did_not_sign_in_yet_is_told_how(desk: Desk):
    code, found = desk.check()
    assert code == 69
    assert found[MAYAS]["error"].endswith("nobody has signed in; do so: careermail auth microsoft")


def test_whoever_refuses_is_told_so_and_nothing_is_kept(desk: Desk):
    desk.tenant.login.refuse = 65004, "User declined to consent to access the app."
    code, said = desk.call("auth", "microsoft")
    assert code == 69
    assert "consent was refused (AADSTS65004)" in said
    assert not desk.kept.exists()


def test_what_was_not_allowed_is_named_and_nothing_is_kept(desk: Desk):
    desk.tenant.login.allows = frozenset({MAIL})
    code, said = desk.call("auth", "microsoft")
    assert code == 69
    assert f"{CALENDARS} and {SEND} is not granted here; allow all that is asked for when you sign in" in said
    assert not desk.kept.exists()


def test_somebody_else_who_signs_in_is_not_taken_for_the_manager(desk: Desk):
    desk.tenant.login.hurried = "jonas@example.com"
    code, said = desk.call("auth", "microsoft")
    assert code == 69
    assert "Signed in as jonas@example.com." in said
    assert f"{CALENDARS} and {MAIL} and {SEND} is not granted here" in said
    assert not desk.kept.exists()


def test_a_sign_in_that_died_is_told_with_its_cause_and_whose_it_is(desk: Desk):
    desk.call("auth", "microsoft")
    desk.tenant.login.forget()
    code, said = desk.call("check", "--live")
    assert code == 69
    assert f"{MAYAS}: fails, which only maya@example.com can mend" in said
    assert "all sessions revoked (AADSTS50173); sign in again:" in " ".join(said.split())


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (MANY, "The app has a certificate or a secret of its own, and nobody need sign in: check --live."),
        (
            '[provider]\nkind = "local"\nroot = "world"\n[[manager]]\nname = "M"\nemail = "maya@example.com"\n',
            '[provider] has kind = "local"; this is for kind = "microsoft"',
        ),
    ],
)
def test_where_nobody_need_sign_in_it_says_so(desk: Desk, text: str, words: str):
    desk.configure(text)
    code, said = desk.call("auth", "microsoft")
    assert code == 64
    assert words in said


# --- an app for many ------------------------------------------------------------------------------


def test_an_app_that_may_more_than_it_has_to_is_told_so(desk: Desk):
    desk.configure(MANY)
    code, found = desk.check()
    assert code == 0
    assert list(found) == [APP, OWN, MAYAS, ANAS]
    assert found[APP]["lacks"] == [
        f"a limit: {CALENDARS}, {MAIL}, {SEND} hold in every mailbox of the tenant (docs/microsoft.md)"
    ]
    assert found[OWN]["offers"] == [MAIL, SEND]


def limited(desk: Desk, **mailboxes: list[str]) -> None:
    """The app may nothing by its token, and this by RBAC for Applications."""
    desk.configure(MANY)
    desk.tenant.login.apps[CLIENT].granted = frozenset()
    for permission, names in {CALENDARS: "calendars", MAIL: "mail", SEND: "send"}.items():
        desk.tenant.guard.scoped[permission] = {f"{who}@example.com" for who in mailboxes[names]}


def test_an_app_that_is_limited_to_some_mailboxes_lacks_nothing(desk: Desk):
    all_ = ["maya", "ana", "careermail"]
    limited(desk, calendars=all_, mail=all_, send=all_)
    code, found = desk.check()
    assert code == 0
    assert [one["lacks"] for one in found.values()] == [[], [], [], []]


def test_each_permission_that_is_missing_is_named_by_mailbox_and_the_others_work(desk: Desk):
    limited(desk, calendars=["maya"], mail=["maya", "ana", "careermail"], send=["maya", "careermail"])
    code, found = desk.check()
    assert code == 69
    assert [name for name, one in found.items() if not one["ok"]] == [ANAS]
    assert found[ANAS]["error"] == (
        f'{ANAS}: {CALENDARS} and {SEND} is not granted here; assign "Application {CALENDARS}", "Application {SEND}"'
        " to the app in Exchange Online, for a scope that this mailbox is in (docs/microsoft.md)"
    )
    assert found[ANAS]["owner"] is None


def test_a_mailbox_that_is_none_is_told_as_such(desk: Desk):
    desk.configure(MANY.replace("ana@", "nobody@"))
    code, found = desk.check()
    assert code == 69
    assert "there is no such mailbox in Microsoft 365" in found["Microsoft 365, mailbox nobody@example.com"]["error"]


def test_a_secret_that_has_expired_is_told_with_its_mend(desk: Desk):
    desk.configure(MANY)
    desk.tenant.login.refuse = 7000222, "The provided client secret keys for app are expired."
    code, found = desk.check()
    assert code == 69
    assert found[APP]["error"].startswith(f"{APP}: the client secret has expired (AADSTS7000222); make a new one in")
