"""Exchange Server in the configuration: what the provider is told, what is refused, and that no secret is repeated."""

# ruff: noqa: E501 (a problem is one line, as people see it)

import re
from pathlib import Path

import pytest
from configured import DOCS, LENA, MAYA, OURS, SERVICE, load, problems, provider

from careermail.config import exchange
from careermail.credentials import Secret
from careermail.model import Service

LOGIN = "user = 'EXAMPLE\\careermail'\npassword = { env = \"EXCHANGE\" }\n"
URL = 'url = "https://mail.example.com/EWS/Exchange.asmx"\n'
KIND = SERVICE + '[provider]\nkind = "exchange"\n'
PROVIDER = KIND + URL + LOGIN


# --- what the provider is told -------------------------------------------------------------------


def test_an_endpoint_and_a_login_are_enough(tmp_path: Path):
    found = load(tmp_path, PROVIDER, MAYA, LENA)
    service = Service(address="careermail@example.com", state=tmp_path / "state", as_manager=True, tags=False)
    assert dict(found.provider) == {
        "kind": "exchange",
        "service": service,
        "url": "https://mail.example.com/EWS/Exchange.asmx",
        "user": "EXAMPLE\\careermail",
        "password": Secret(env="EXCHANGE"),
        "auth": "ntlm",
        "tenant": "",
        "scope": "",
        "token_url": "",
        "version": "2016",
        "impersonate": True,
        "mailbox": "",
        "ca": None,
        "insecure": False,
    }
    assert found.service == service


def test_a_server_alone_means_its_ews(tmp_path: Path):
    for written in ("https://mail.example.com", "https://mail.example.com/"):
        told = provider(tmp_path, KIND, f'url = "{written}"\n', LOGIN, MAYA)
        assert told["url"] == "https://mail.example.com/EWS/Exchange.asmx"


def test_mail_from_a_mailbox_of_its_own_is_for_the_asking(tmp_path: Path):
    service = provider(tmp_path, PROVIDER, 'send_as = "service"\nplus_addresses = true\n', MAYA)["service"]
    assert (service.as_manager, service.tags) == (False, True)


def test_one_managers_own_login_reaches_their_mailbox(tmp_path: Path):
    told = provider(tmp_path, PROVIDER, "impersonate = false\n", MAYA)
    assert (told["impersonate"], told["mailbox"]) == (False, "maya@example.com")


def test_autodiscover_is_asked_only_where_it_is_said(tmp_path: Path):
    assert provider(tmp_path, KIND, "autodiscover = true\n", LOGIN, MAYA)["url"] == ""


def test_an_app_of_a_tenant(tmp_path: Path):
    told = provider(tmp_path, PROVIDER, 'auth = "oauth"\ntenant = "example.com"\n', MAYA)
    assert (told["auth"], told["tenant"], told["token_url"]) == ("oauth", "example.com", "")


# --- what is refused -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("said", "told"),
    [
        (
            KIND + LOGIN,
            '3: provider.url: missing, expected url = "https://mail.example.com/EWS/Exchange.asmx" (or autodiscover = true, if nobody knows it)',
        ),
        (
            PROVIDER + "autodiscover = true\n",
            "8: provider.autodiscover: found beside `url`, expected one of the two",
        ),
        (
            KIND + URL + 'password = { env = "EXCHANGE" }\n',
            "3: provider.user: missing, expected user = 'EXAMPLE\\careermail'",
        ),
        (
            KIND + URL + "user = 'EXAMPLE\\careermail'\n",
            '3: provider.password: missing, expected password = { credential = "mail" }',
        ),
        (
            KIND + URL.replace("https", "http") + LOGIN,
            "5: provider.url: found http, expected https (passwords would travel in the clear; insecure = true if that is meant)",
        ),
        (
            KIND + 'url = "mail.example.com"\n' + LOGIN,
            '5: provider.url: found "mail.example.com", expected a web address without a login, such as url = "https://mail.example.com/EWS/Exchange.asmx"',
        ),
        (
            KIND + 'url = "https://maya:pw@mail.example.com"\n' + LOGIN,
            '5: provider.url: found "https://…@mail.example.com", expected a web address without a login, such as url = "https://mail.example.com/EWS/Exchange.asmx"',
        ),
        (PROVIDER + 'auth = "digest"\n', '8: provider.auth: found "digest", expected ntlm, basic, kerberos or oauth'),
        (
            PROVIDER + 'version = "2007"\n',
            '8: provider.version: found "2007", expected 2010, 2013, 2016, 2019 or SE (did you mean 2010?)',
        ),
        (PROVIDER + 'usr = "x"\n', "8: provider.usr: unknown key (did you mean user?)"),
        (PROVIDER + 'password_file = "x"\n', "8: provider.password_file: unknown key (did you mean password?)"),
        (
            PROVIDER + 'auth = "oauth"\n',
            '3: provider.tenant: missing, expected tenant = "example.com", or token_url for one of yours',
        ),
        (
            PROVIDER + 'tenant = "example.com"\n',
            '8: provider.tenant: found with auth = "ntlm", expected tenant, scope or token_url with oauth alone',
        ),
        (
            KIND + "autodiscover = true\n" + LOGIN + 'auth = "oauth"\ntenant = "example.com"\n',
            '3: provider.url: missing with auth = "oauth", expected url = "https://mail.example.com/EWS/Exchange.asmx" (tokens are for one server)',
        ),
        (
            PROVIDER + 'impersonate = false\nsend_as = "service"\n',
            '9: provider.send_as: found "service" with impersonate = false, expected the manager, whose login it is',
        ),
    ],
)
def test_what_cannot_be_is_told_where_it_stands(tmp_path: Path, said: str, told: str):
    assert problems(tmp_path, said, MAYA) == [told]


def test_kerberos_needs_what_is_not_here_and_no_login(tmp_path: Path):
    assert problems(tmp_path, PROVIDER, 'auth = "kerberos"\n', MAYA) == [
        '6: provider.user: found with auth = "kerberos", expected none: the ticket is the login',
        '7: provider.password: found with auth = "kerberos", expected none: the ticket is the login',
        "8: provider.auth: found \"kerberos\", which needs requests-gssapi and Kerberos itself, neither part of careermail (pip install 'exchangelib[kerberos]')",
    ]


def test_without_impersonation_there_is_one_manager(tmp_path: Path):
    assert problems(tmp_path, PROVIDER, "impersonate = false\n", MAYA, LENA) == [
        "8: provider.impersonate: found false with 2 managers, expected a login that may act as each of them (without it, one manager's own login serves that manager alone)"
    ]


def test_a_managers_mailbox_is_never_read_as_careermails_own(tmp_path: Path):
    manager = MAYA.replace("maya@", "careermail@")
    assert problems(tmp_path, PROVIDER, 'send_as = "service"\n', manager) == [
        '2: service.address: found careermail@example.com, the address of a manager, expected one of careermail\'s own (with send_as = "service", all that comes to it is read)'
    ]
    assert provider(tmp_path, PROVIDER, manager)["service"].as_manager


@pytest.mark.parametrize(
    "host",
    ["outlook.office365.com", "Outlook.Office.com", "example-com.mail.protection.outlook.com", "outlook.office365.us"],
)
def test_exchange_online_is_refused_with_the_dates_and_what_to_do_instead(tmp_path: Path, host: str):
    (told,) = problems(tmp_path, KIND, f'url = "https://{host}/EWS/Exchange.asmx"\n', LOGIN, MAYA)
    assert told == (
        f"5: provider.url: found {host.lower()}, expected an Exchange Server of your own (Exchange Online has blocked EWS since 1 October 2026"
        " unless an administrator allow-listed the app, and ends it for good on 1 April 2027; reach Microsoft 365 through Graph:"
        ' kind = "microsoft" (docs/microsoft.md))'
    )


@pytest.mark.parametrize("host", ["mail.example.com", "outlook.example.com", "notoutlook.com", "office365.com.example"])
def test_a_server_that_is_only_called_alike_is_not(tmp_path: Path, host: str):
    assert provider(tmp_path, KIND, f'url = "https://{host}/EWS/Exchange.asmx"\n', LOGIN, MAYA)


def test_a_secret_in_the_file_is_refused_and_not_repeated(tmp_path: Path):
    (told,) = problems(tmp_path, KIND, URL, "user = 'x'\npassword = \"correct horse\"\n", MAYA)
    assert "found something else, expected password = { credential" in told
    assert "horse" not in told


def test_what_exchangelib_is_missing_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(exchange, "find_spec", lambda _: None)
    (told,) = problems(tmp_path, PROVIDER, MAYA)
    assert told == "4: provider.kind: found \"exchange\", which needs exchangelib (pip install 'careermail[exchange]')"


def test_a_managers_own_calendar_table_is_for_other_servers(tmp_path: Path):
    (told,) = problems(tmp_path, PROVIDER, MAYA, '[manager.calendar]\nurl = "https://dav.example.com/"\n')
    assert 'found with kind = "exchange" in [provider]' in told


# --- our own example, and the guide --------------------------------------------------------------


def test_our_own_example_is_good_and_has_every_key(tmp_path: Path):
    (block,) = (block for block in OURS.read_text().split("\n\n") if 'kind = "exchange"' in block)
    example = "".join(re.findall(r"(?m)^#     ((?!# ).*\n?)", block)) + "\n"
    assert provider(tmp_path, SERVICE, example, MAYA)["user"] == "EXAMPLE\\careermail"
    for key in exchange.Table.__annotations__:
        assert re.search(rf"(?m)^#     (?:# )?{key} = ", block), key


def test_the_guide_has_every_key(tmp_path: Path):
    guide = (DOCS / "exchange.md").read_text()
    for key in exchange.Table.__annotations__:
        assert f"`{key}`" in guide, key
    (example,) = re.findall(r"(?s)```toml\n(.*?)```", guide)[:1]
    (tmp_path / "exchange.secret").touch(mode=0o600)
    assert provider(tmp_path, example.replace("/etc/careermail/", ""), MAYA)["kind"] == "exchange"
