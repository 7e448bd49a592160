"""Google in the configuration: what the provider is told, what is refused, and that no secret is ever repeated."""

# ruff: noqa: E501 (a problem is one line, as people see it)

import re
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest
from configured import DOCS, LENA, MAYA, OURS, SERVICE, load, problems, provider

from careermail.credentials import Secret
from careermail.model import Service

ALONE = '[service]\naddress = "maya@example.com"\n'
CLIENT = '[provider]\nkind = "google"\nclient = { env = "GOOGLE_CLIENT" }\n'
MANY = '[provider]\nkind = "google"\nservice_account = { credential = "google" }\n'
KEYLESS = '[provider]\nkind = "google"\nimpersonate = "careermail@p-1.iam.gserviceaccount.com"\n'


# --- what the provider is told -------------------------------------------------------------------


def test_one_manager_needs_a_client_and_no_more(tmp_path: Path):
    found = load(tmp_path, ALONE, CLIENT, MAYA)
    service = Service(
        address="maya@example.com", state=tmp_path / "state", as_manager=True, authserv_ids=("mx.google.com",)
    )
    assert dict(found.provider) == {
        "kind": "google",
        "service": service,
        "client": Secret(env="GOOGLE_CLIENT"),
        "token": Secret(file=tmp_path / "state" / "google" / "token.json"),
        "service_account": None,
        "impersonate": "",
        "meet": False,
        "endpoint": "",
    }
    assert found.service == service


@pytest.mark.parametrize(
    ("said", "token"),
    [
        ('token = "maya.json"\n', lambda folder: Secret(file=folder / "maya.json")),
        ('token = { file = "maya.json" }\n', lambda folder: Secret(file=folder / "maya.json")),
        ('token = { credential = "maya" }\n', lambda _: Secret(credential="maya")),
    ],
)
def test_a_token_is_where_it_is_said_be_it_there_or_not(tmp_path: Path, said: str, token: Any):
    assert provider(tmp_path, ALONE, CLIENT, said, MAYA)["token"] == token(tmp_path)


def test_an_organisation_has_a_service_account_with_a_key_or_without(tmp_path: Path):
    keyed, keyless = provider(tmp_path, SERVICE, MANY, MAYA, LENA), provider(tmp_path, SERVICE, KEYLESS, MAYA, LENA)
    assert (keyed["service_account"], keyed["impersonate"], keyed["token"]) == (Secret(credential="google"), "", None)
    assert (keyless["service_account"], keyless["impersonate"]) == (None, "careermail@p-1.iam.gserviceaccount.com")
    assert keyed["service"].as_manager
    assert keyless["service"].as_manager


def test_what_may_be_said_besides(tmp_path: Path):
    said = 'send_as = "service"\nmeet = true\nplus_addresses = false\nendpoint = "http://127.0.0.1:8080/"\n'
    trusted = 'authserv_ids = ["mx.example.com"]\n'
    found = provider(tmp_path, SERVICE, trusted, MANY, said, MAYA)
    assert (found["service"].as_manager, found["service"].tags, found["meet"]) == (False, False, True)
    assert (found["service"].authserv_ids, found["endpoint"]) == (("mx.example.com",), "http://127.0.0.1:8080")


# --- what is refused -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("said", "problem"),
    [
        (
            (SERVICE, '[provider]\nkind = "google"\n', MAYA),
            '3: provider.client: missing, expected client = { file = "client.json" }, { credential = "client" }, { env = "…" } or { command = ["…"] }, for one manager (or service_account or impersonate, for an organisation: docs/google-admin.md)',
        ),
        (
            (SERVICE, MANY, 'impersonate = "a@p.iam.gserviceaccount.com"\n', MAYA),
            "6: provider.impersonate: found beside service_account, expected one of client, service_account or impersonate",
        ),
        (
            (SERVICE, MANY, 'token = "maya.json"\n', MAYA),
            "6: provider.token: found without client, expected it for one manager's own consent alone",
        ),
        (
            (ALONE, CLIENT, MAYA, LENA),
            "5: provider.client: found with 2 managers, expected one (for several, use service_account or impersonate: docs/google-admin.md)",
        ),
        (
            (SERVICE, CLIENT, MAYA),
            '2: service.address: found "careermail@example.com", expected "maya@example.com" (with `client`, everything is done in that manager\'s name)',
        ),
        (
            (ALONE, CLIENT, 'send_as = "service"\n', MAYA),
            '6: provider.send_as: found "service" beside client, expected "manager" (for a mailbox of careermail\'s own, use service_account or impersonate)',
        ),
        (
            (ALONE, MANY, 'send_as = "service"\n', MAYA),
            '2: service.address: found maya@example.com, the address of a manager, expected one of careermail\'s own (with send_as = "service", all that comes to it is read)',
        ),
        (
            (SERVICE, '[provider]\nkind = "google"\nimpersonate = "careermail@example.com"\n', MAYA),
            '5: provider.impersonate: found "careermail@example.com", expected a service account such as careermail@project.iam.gserviceaccount.com',
        ),
        (
            (SERVICE, MANY, 'endpoint = "http://google.example.com"\n', MAYA),
            '6: provider.endpoint: found "http://google.example.com", expected an address of this machine such as http://127.0.0.1:8080, where tests have a Google of their own',
        ),
        ((SERVICE, MANY, 'send_as = "me"\n', MAYA), '6: provider.send_as: found "me", expected manager or service'),
        ((SERVICE, MANY, "scopes = []\n", MAYA), "6: provider.scopes: unknown key"),
        (
            (SERVICE, '[provider]\nkind = "google"\nservice_account = { file = "nowhere.json" }\n', MAYA),
            "5: provider.service_account.file: the file cannot be read: No such file or directory",
        ),
    ],
)
def test_what_cannot_be_is_told_with_its_line_and_a_hint(tmp_path: Path, said: tuple[str, ...], problem: str):
    assert problems(tmp_path, *said) == [problem]


@pytest.mark.parametrize("key", ["client", "service_account", "token"])
@pytest.mark.parametrize("said", ['{ key = "hunter2" }', '"hunter2"', '{ file = "a", env = "hunter2" }', "[]"])
def test_a_secret_in_the_file_is_not_repeated(tmp_path: Path, key: str, said: str):
    if (key, said) == ("token", '"hunter2"'):
        return  # the name of a file
    told = problems(tmp_path, ALONE, f'[provider]\nkind = "google"\n{key} = {said}\n', MAYA)
    assert told
    assert not any("hunter2" in line for line in told)


def test_a_key_that_others_may_read_is_none(tmp_path: Path):
    (tmp_path / "key.json").touch()
    (tmp_path / "key.json").chmod(0o644)
    (told,) = problems(
        tmp_path, SERVICE, '[provider]\nkind = "google"\nservice_account = { file = "key.json" }\n', MAYA
    )
    assert "provider.service_account.file: others may read or change it (mode 0644); chmod 600 mends that" in told


def test_what_has_to_be_installed_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("careermail.config.google.LIBRARIES", {"google-api-python-client": "no_such_library"})
    (told,) = problems(tmp_path, SERVICE, MANY, MAYA)
    assert (
        told
        == "4: provider.kind: found \"google\", which needs google-api-python-client (pip install 'careermail[google]')"
    )


# --- what is written about it --------------------------------------------------------------------


def _block(text: str) -> str:
    """The commented-out block on Google, as a table of its own."""
    (found,) = re.findall(r'(?m)^#     \[provider\]\n#     kind = "google"\n(?:#     .*\n)*', text)
    return re.sub(r"(?m)^#     ", "", found)


def test_every_key_is_in_our_configuration_with_a_word_on_it(tmp_path: Path):
    from careermail.config.google import Table

    block = _block(OURS.read_text())
    for key in set(Table.__annotations__) - {"endpoint"}:
        assert re.search(rf"(?m)^(?:# )?{key} = ", block), key
    for name in ("client.json", "key.json"):
        (tmp_path / name).touch(mode=0o600)
    assert load(tmp_path, ALONE, block, MAYA).provider["kind"] == "google"


@pytest.mark.parametrize("page", ["google-manager.md", "google-admin.md"])
def test_every_piece_of_configuration_in_the_documentation_is_good(tmp_path: Path, page: str):
    (tmp_path / "client.json").touch(mode=0o600)
    (piece,) = re.findall(r"(?m)^ *```toml\n([^`]*)```", (DOCS / page).read_text())
    said = dedent(piece)
    assert load(tmp_path, said, "" if "[[manager]]" in said else MAYA).provider["kind"] == "google"


def test_every_key_and_every_scope_is_documented():
    from careermail.config.google import Table
    from careermail.providers.google.auth import CALENDAR, MAIL

    admin, manager = ((DOCS / page).read_text() for page in ("google-admin.md", "google-manager.md"))
    assert [key for key in Table.__annotations__ if key != "kind" and f"`{key}`" not in admin] == []
    assert [scope for scope in (*MAIL, *CALENDAR) if f"`{scope}`" not in admin] == []
    assert [scope for scope in (*MAIL, *CALENDAR) if f"`{scope.rpartition('/')[2]}`" not in manager] == []
