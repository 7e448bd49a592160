"""Real servers in the configuration: what the provider is told, what is refused, and that no secret is ever repeated."""

# ruff: noqa: E501 (a problem is one line, as people see it)

import re
import socket
import sys
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest
from configured import DOCS, LENA, MAYA, OURS, SERVICE, load, problems, provider
from hypothesis import given
from hypothesis import strategies as st

from careermail import config
from careermail.config import servers
from careermail.config.standards import is_here
from careermail.credentials import Secret
from careermail.errors import ConfigError
from careermail.model import Service

PROVIDER = '[provider]\nkind = "standards"\npassword = { env = "MAIL" }\n'


# --- what the provider is told -------------------------------------------------------------------


def test_a_password_is_enough_where_dns_tells_the_rest(tmp_path: Path):
    login = {"user": "careermail@example.com", "password": Secret(env="MAIL"), "ca": None, "insecure": False}
    assert provider(tmp_path, SERVICE, PROVIDER, MAYA) == {
        "kind": "standards",
        "service": Service(address="careermail@example.com", state=tmp_path / "state"),
        "calendar": {"url": "", **login, "name": ""},
        "managers": {},
        "outbox": {"host": "", "port": 0, "tls": "", **login},
        "inbox": {"host": "", "port": 0, "tls": "", **login, "folder": "INBOX", "sent": "auto"},
    }


def test_each_server_may_be_another_with_another_login(tmp_path: Path):
    for name in ("ca.pem", "dav.secret"):
        (tmp_path / name).touch(mode=0o600)
    found = provider(
        tmp_path,
        SERVICE,
        PROVIDER + 'user = "robot"\n',
        '[provider.outbox]\nhost = "SMTP.example.com"\nport = 465\nuser = ""\n',
        '[provider.inbox]\nhost = "imap.example.net"\ntls = "starttls"\nfolder = "Careermail"\nsent = ""\n',
        'ca = "ca.pem"\npassword = { command = ["pass", "show", "imap"] }\n',
        '[provider.calendar]\nurl = "https://dav.example.org/{email}/"\nuser = "{user}"\nname = "Work"\n',
        'insecure = true\npassword = { file = "dav.secret" }\n',
        MAYA,
    )
    assert found["outbox"] == {
        "host": "smtp.example.com",
        "port": 465,
        "tls": "tls",
        "user": "",
        "password": None,
        "ca": None,
        "insecure": False,
    }
    assert found["inbox"] == {
        "host": "imap.example.net",
        "port": 143,
        "tls": "starttls",
        "user": "robot",
        "password": Secret(command=("pass", "show", "imap")),
        "ca": tmp_path / "ca.pem",
        "insecure": False,
        "folder": "Careermail",
        "sent": "",
    }
    assert found["calendar"] == {
        "url": "https://dav.example.org/{email}/",
        "user": "{user}",
        "password": Secret(file=tmp_path / "dav.secret"),
        "name": "Work",
        "ca": None,
        "insecure": True,
    }


@pytest.mark.parametrize(
    ("server", "said", "port", "tls"),
    [
        ("outbox", "", 587, "starttls"),
        ("outbox", 'tls = "tls"', 465, "tls"),
        ("outbox", "port = 465", 465, "tls"),
        ("outbox", "port = 25", 25, "starttls"),
        ("outbox", 'port = 2525\ntls = "tls"', 2525, "tls"),
        ("outbox", 'tls = "none"\ninsecure = true', 25, "none"),
        ("inbox", "", 993, "tls"),
        ("inbox", 'tls = "starttls"', 143, "starttls"),
        ("inbox", "port = 143", 143, "starttls"),
        ("inbox", "port = 993", 993, "tls"),
    ],
)
def test_port_and_tls_follow_from_each_other(tmp_path: Path, server: str, said: str, port: int, tls: str):
    table = f'[provider.{server}]\nhost = "x.example.com"\n{said}\n'
    found = provider(tmp_path, SERVICE, PROVIDER, table, MAYA)[server]
    assert (found["port"], found["tls"]) == (port, tls)


@pytest.mark.parametrize(("said", "port", "tls"), [("port = 465", 465, "tls"), ('tls = "tls"', 0, "tls")])
def test_what_is_said_without_a_host_is_kept_for_when_dns_is_asked(tmp_path: Path, said: str, port: int, tls: str):
    found = provider(tmp_path, SERVICE, PROVIDER, f"[provider.outbox]\n{said}\n", MAYA)["outbox"]
    assert (found["host"], found["port"], found["tls"]) == ("", port, tls)


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "127.8.8.8", "::1"])
def test_what_never_crosses_a_network_needs_no_tls(tmp_path: Path, host: str):
    assert is_here(host)
    said = f'[provider.outbox]\nhost = "{host}"\ntls = "none"\n[provider.calendar]\nurl = "http://localhost:5232/"\n'
    found = provider(tmp_path, SERVICE, PROVIDER, said, MAYA)
    assert (found["outbox"]["tls"], found["calendar"]["url"]) == ("none", "http://localhost:5232/")


def test_invitations_by_mail_alone_need_no_calendar_server(tmp_path: Path):
    assert provider(tmp_path, SERVICE, PROVIDER + 'calendar = "imip"\n', MAYA)["calendar"] == "imip"


def test_a_manager_may_have_a_calendar_of_their_own_and_be_its_user(tmp_path: Path):
    own = 'calendar = { url = "https://dav.example.net/", password = { env = "MAYA" } }\n'
    lena = 'calendar = { user = "lena-l", password = { env = "LENA" }, name = "Work" }\n'
    assert provider(tmp_path, SERVICE, PROVIDER, MAYA + own, LENA + lena)["managers"] == {
        "maya@example.com": {
            "url": "https://dav.example.net/",
            "user": "maya@example.com",
            "password": Secret(env="MAYA"),
        },
        "lena@example.com": {"user": "lena-l", "password": Secret(env="LENA"), "name": "Work"},
    }


def test_the_user_of_all_calendars_is_also_the_user_of_one_with_a_password_of_its_own(tmp_path: Path):
    calendar = '[provider.calendar]\nuser = "{user}"\n'
    own = 'calendar = { password = { env = "MAYA" } }\n'
    managers = provider(tmp_path, SERVICE, PROVIDER, calendar, MAYA + own)["managers"]
    assert managers["maya@example.com"]["user"] == "{user}"


def test_where_every_manager_has_a_password_none_for_all_is_needed(tmp_path: Path):
    said = '[provider]\nkind = "standards"\n[provider.outbox]\nuser = ""\n[provider.inbox]\npassword = { env = "IN" }\n'
    own = 'calendar = { password = { env = "OWN" } }\n'
    assert provider(tmp_path, SERVICE, said, MAYA + own)["calendar"]["password"] is None
    assert problems(tmp_path, SERVICE, said, MAYA + own, LENA) == [
        '3: provider.calendar.password: missing, expected password = { credential = "mail" } (or one in the calendar table of every manager)'
    ]


def test_an_included_manager_has_them_too_with_files_beside_that_file(tmp_path: Path):
    (tmp_path / "managers.d").mkdir()
    (tmp_path / "managers.d" / "maya.secret").touch(mode=0o600)
    text = MAYA.removeprefix("[[manager]]\n") + '[calendar]\npassword = { file = "maya.secret" }\n'
    (tmp_path / "managers.d" / "maya.toml").write_text(text)
    found = load(tmp_path, 'include = ["managers.d/*.toml"]\n', PROVIDER).provider["managers"]
    assert found["maya@example.com"]["password"] == Secret(file=tmp_path / "managers.d" / "maya.secret")


def test_loading_it_twice_gives_equals_and_another_password_gives_another(tmp_path: Path):
    assert load(tmp_path, SERVICE, PROVIDER, MAYA) == load(tmp_path, SERVICE, PROVIDER, MAYA)
    assert load(tmp_path, PROVIDER, MAYA) != load(tmp_path, PROVIDER.replace("MAIL", "OTHER"), MAYA)


def test_receiving_servers_that_are_believed_are_said_in_the_service(tmp_path: Path):
    found = load(tmp_path, SERVICE, 'authserv_ids = ["MX.example.com", "mx2.example.com"]\n', PROVIDER, MAYA)
    assert found.service.authserv_ids == ("mx.example.com", "mx2.example.com")
    assert load(tmp_path, SERVICE, PROVIDER, MAYA).service.authserv_ids == ()


def test_loading_touches_no_network(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    for name in ("socket", "getaddrinfo", "create_connection"):
        monkeypatch.delattr(socket, name)
    assert provider(tmp_path, SERVICE, PROVIDER, MAYA)["kind"] == "standards"


def test_our_own_example_of_real_servers_is_good_and_has_every_key(tmp_path: Path):
    (block,) = (block for block in OURS.read_text().split("\n\n") if 'kind = "standards"' in block)
    example = "".join(re.findall(r"(?m)^#     (.*\n?)", block)).replace('calendar = "imip"', "#") + "\n"
    (tmp_path / "our-ca.pem").touch()
    assert provider(tmp_path, SERVICE, example, MAYA)["calendar"]["name"] == "Work"
    for table in (servers.StandardsTable, *servers.SUBTABLES.values()):
        assert [key for key in table.__annotations__ if not re.search(rf"\b{key}( =|\])", example)] == []


def test_every_piece_of_configuration_in_the_documentation_is_good(tmp_path: Path):
    (tmp_path / "mail.secret").touch(mode=0o600)
    (tmp_path / "maya.secret").touch(mode=0o600)
    pieces = re.findall(r"(?m)^ *```toml\n([^`]*)```", (DOCS / "standards.md").read_text())
    assert len(pieces) == 5
    for piece in map(dedent, pieces):
        said = piece if "[provider]" in piece else PROVIDER + piece
        said = said if "password" in said else said + 'password = { env = "MAIL" }\n'
        if piece.startswith("name"):
            said = PROVIDER + "[[manager]]\n" + piece.replace("[calendar]", "[manager.calendar]")
        assert load(tmp_path, said.replace('"imip"', '"imip"\nkind = "standards"'), LENA).teams


# --- what is refused -----------------------------------------------------------------------------

FOUR = 'expected password = { credential = "mail" }, { env = "MAIL_PASSWORD" }, { file = "mail.secret" } or { command = ["pass", "show", "mail"] } (the file says where a secret is, never the secret)'

# What stands in a file from its third line on, and what is said about it.
REFUSED = {
    '[provider.outbox]\nhost = "smtp.example.com:587"\n': '5: provider.outbox.host: found "smtp.example.com:587", expected a host such as mail.example.com (its port stands by itself: port = 587)',
    '[provider.outbox]\nhost = "https://smtp.example.com"\n': '5: provider.outbox.host: found "https://smtp.example.com", expected a host such as mail.example.com (its port stands by itself: port = 587)',
    "[provider.outbox]\nport = 0\n": "5: provider.outbox.port: found 0, expected 1 to 65535: a port",
    "[provider.outbox]\nport = 2525\n": "4: provider.outbox.tls: missing, expected starttls or tls, since 2525 is the usual port of neither",
    '[provider.outbox]\nhost = "smtp.example.com"\ntls = "none"\n': '6: provider.outbox.tls: found "none", expected starttls or tls (passwords would travel in the clear; insecure = true if that is meant)',
    '[provider.inbox]\ntls = "ssl"\n': '5: provider.inbox.tls: found "ssl", expected starttls, tls or none',
    '[provider.inbox]\nfolder = ""\n': '5: provider.inbox.folder: found "", expected a name on one line',
    '[provider.inbox]\ninsecure = "yes"\n': '5: provider.inbox.insecure: found "yes", expected true or false',
    '[provider.inbox]\nca = "none.pem"\n': '5: provider.inbox.ca: found "none.pem", expected a file of certificates that is there',
    '[provider.inbox]\nfoldr = ""\n': "5: provider.inbox.foldr: unknown key (did you mean folder?)",
    'host = "mail.example.com"\n': "4: provider.host: unknown key (it belongs in [provider.outbox] or [provider.inbox])",
    'root = "world"\n': "4: provider.root: unknown key",
    'calendar = "imap"\n': '4: provider.calendar: found "imap", expected "imip", for invitations by mail alone, or the table [provider.calendar]',
    "calendar = 3\n": "4: provider.calendar: found 3, expected a table",
    '[provider.calendar]\nurl = "http://dav.example.com/"\n': "5: provider.calendar.url: found http, expected https (passwords would travel in the clear; insecure = true if that is meant)",
    '[provider.calendar]\nurl = "dav.example.com"\n': '5: provider.calendar.url: found "dav.example.com", expected a URL such as https://dav.example.com/',
    '[provider.calendar]\nurl = "https://x:99999/"\n': '5: provider.calendar.url: found "https://x:99999/", expected a URL such as https://dav.example.com/',
    '[provider.calendar]\nuser = "{mail}"\n': '5: provider.calendar.user: found "{mail}", expected no other variables than {email}, the manager\'s address, and {user}, what stands before its @',
    "[provider.inbox]\npassword = {}\n": f"5: provider.inbox.password: found something else, {FOUR}",
    '[provider.inbox]\npassword = { env = "A", file = "b" }\n': f"5: provider.inbox.password: found something else, {FOUR}",
    "[provider.inbox]\npassword = { command = [] }\n": '5: provider.inbox.password.command: found something else, expected the words of a command: ["pass", "show", "mail"]',
    '[provider.inbox]\npassword = { credential = "../mail" }\n': "5: provider.inbox.password.credential: found something else, expected the name of a credential or of a variable",
    '[provider.inbox]\npassword = { file = "none" }\n': "5: provider.inbox.password.file: the file cannot be read: No such file or directory",
}  # fmt: skip


@pytest.mark.parametrize(("said", "told"), REFUSED.items(), ids=str)
def test_a_server_is_refused(tmp_path: Path, said: str, told: str):
    assert problems(tmp_path, PROVIDER, said, MAYA) == [told]


def test_a_server_without_a_password_is_told_in_each_table_that_needs_one(tmp_path: Path):
    missing = 'missing, expected password = { credential = "mail" }'
    assert problems(tmp_path, '[provider]\nkind = "standards"\n', MAYA) == [
        f"1: provider.calendar.password: {missing} (or one in the calendar table of every manager)",
        f'1: provider.outbox.password: {missing} (in [provider] it holds for every server; an outbox that asks for no login has user = "")',
        f"1: provider.inbox.password: {missing} (in [provider] it holds for every server)",
    ]


def test_a_file_of_a_secret_that_others_can_read_is_refused(tmp_path: Path):
    (tmp_path / "mail.secret").touch()
    (tmp_path / "mail.secret").chmod(0o644)
    said = PROVIDER.replace('env = "MAIL"', 'file = "mail.secret"')
    assert problems(tmp_path, said, MAYA) == [
        "3: provider.password.file: others may read or change it (mode 0644); chmod 600 mends that"
    ]


def test_a_calendar_of_ones_own_is_for_caldav_alone(tmp_path: Path):
    own = 'calendar = { name = "Work" }\n'
    assert problems(tmp_path, PROVIDER + 'calendar = "imip"\n', MAYA + own) == [
        '8: manager[0].calendar: found beside calendar = "imip" in [provider], expected it with CalDAV alone'
    ]
    assert problems(tmp_path, '[provider]\nkind = "local"\nroot = "world"\n', MAYA + own) == [
        '7: manager[0].calendar: found with kind = "local" in [provider], expected it with standards alone'
    ]


def test_libraries_that_are_not_installed_are_told_with_what_installs_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setitem(sys.modules, "imap_tools", None)
    assert problems(tmp_path, PROVIDER, MAYA) == [
        "2: provider.kind: found \"standards\", which needs imap-tools (pip install 'careermail[standards]')"
    ]


# --- that no secret is repeated ------------------------------------------------------------------


@pytest.mark.parametrize(
    "said",
    [
        'password = "hunter2"',
        'passwort = "hunter2"',
        'Password = "hunter2"',
        'secret = { value = "hunter2" }',
        'password = ["hunter2"]',
        'password = { text = "hunter2" }',
        'password = { command = "echo hunter2" }',
        'password = { command = ["echo", ["hunter2"]] }',
        'password = { env = "hunter2 with a space" }',
        'password = { file = "hunter2" }',
        'password = { file = ["hunter2"] }',
        'calendar = { password = "hunter2" }',
        'calendar = { url = "https://maya:hunter2@dav.example.com/" }',
        'calendar = { url = "ftp://maya:hunter2@dav.example.com/" }',
        'calendar = { url = "https://maya:hunter2@" }',
        'inbox = { host = "imap://maya:hunter2@imap.example.com" }',
        "password = hunter2",
        "password = \"hunter2'",
    ],
)  # fmt: skip
def test_a_secret_in_the_file_is_not_repeated(tmp_path: Path, said: str):
    main = SERVICE + '[provider]\nkind = "standards"\n'
    assert "hunter2" not in "".join(problems(tmp_path, main, f"{said}\n", MAYA)).replace(str(tmp_path), "")
    own = MAYA + (said if said.startswith("calendar") else f"calendar.{said}") + "\n"
    assert "hunter2" not in "".join(problems(tmp_path, main, own)).replace(str(tmp_path), "")


words = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=3)
plain = words | st.integers(-1, 70000) | st.booleans() | st.lists(words, max_size=2)
keys = st.sampled_from(
    sorted({key for table in (*servers.TABLES.values(), servers.StandardsTable) for key in table.__annotations__})
)
secret = st.dictionaries(keys, plain, max_size=2) | plain
table = st.dictionaries(keys, plain | secret, max_size=5)


def toml(value: object) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key} = {toml(inner)}" for key, inner in value.items()) + "}"
    if isinstance(value, list):
        return f"[{', '.join(map(toml, value))}]"
    return str(value).lower() if isinstance(value, bool | int) else "'" + str(value).replace("'", "") + "'"


@given(st.dictionaries(keys.filter(lambda key: key != "kind"), table | plain, max_size=5), table)
def test_no_servers_at_all_make_loading_do_anything_but_refuse(
    tmp_path_factory: pytest.TempPathFactory, said: dict[str, Any], own: dict[str, Any]
):
    lines = [f"{key} = {toml(value)}\n" for key, value in said.items()]
    with suppress(ConfigError):
        found = load(
            tmp_path_factory.mktemp("fuzz"),
            '[provider]\nkind = "standards"\n',
            *lines,
            MAYA,
            f"calendar = {toml(own)}\n",
        )
        assert found.provider["kind"] == "standards"


# --- who watches over it -------------------------------------------------------------------------


def test_monitors_are_told_where_they_find_out_how_it_is(tmp_path: Path):
    said = 'metrics = "m/careermail.prom"\nping = { credential = "ping" }\nping_minutes = 10\nping_fail = true\n'
    found = load(tmp_path, SERVICE, said, PROVIDER, MAYA).monitors
    assert found == config.Monitors(
        tmp_path / "m" / "careermail.prom", Secret(credential="ping"), timedelta(minutes=10), ping_fail=True
    )
    assert load(tmp_path, SERVICE, PROVIDER, MAYA).monitors == config.Monitors()


def test_the_url_of_a_ping_is_a_secret_and_not_repeated(tmp_path: Path):
    (only,) = problems(tmp_path, SERVICE, 'ping = "https://hc-ping.com/5c6c5a0e"\n', PROVIDER, MAYA)
    assert only == (
        '3: service.ping: found something else, expected ping = { credential = "ping" }, { env = "PING_URL" },'
        ' { file = "ping.url" } or { command = ["pass", "show", "ping"] } (who has the URL can say that all is well,'
        " so the file says where it is, never the URL)"
    )


@pytest.mark.parametrize(
    ("said", "told"),
    [
        (
            'metrics = "careermail.txt"',
            '3: service.metrics: found "careermail.txt", expected a file whose name ends in .prom (node_exporter reads no others)',
        ),
        (
            "ping_minutes = 0",
            "3: service.ping_minutes: found 0, expected 1 to 1440: the least minutes between two pings",
        ),
        ('ping = { file = "ping.url" }', "3: service.ping.file: the file cannot be read: No such file or directory"),
        ('ping = { crendential = "x" }', "3: service.ping.crendential: unknown key (did you mean credential?)"),
        ('pign = { credential = "x" }', "3: service.pign: unknown key (did you mean ping?)"),
    ],
)
def test_what_is_wrong_with_monitors_is_told(tmp_path: Path, said: str, told: str):
    assert problems(tmp_path, SERVICE, f"{said}\n", PROVIDER, MAYA)[0] == told


@pytest.mark.parametrize("said", ["ping_minutes = 5", "ping_fail = true"])
def test_how_to_ping_means_nothing_without_whom(tmp_path: Path, said: str):
    (only,) = problems(tmp_path, SERVICE, f"{said}\n", PROVIDER, MAYA)
    assert only.startswith(f"3: service.{said.split(maxsplit=1)[0]}: found without ping, expected both")
