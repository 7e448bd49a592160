"""Microsoft 365 in the configuration: what the provider is told, and what is refused with its mend."""

# ruff: noqa: E501 (a problem is one line, as people see it)

from datetime import UTC, datetime
from pathlib import Path

import pytest
from configured import LENA, MAYA, SERVICE, problems, provider

from careermail.config import microsoft
from careermail.credentials import Secret
from careermail.model import Service

APP = """\
[provider]
kind = "microsoft"
tenant = "Example.com"
client_id = "00000000-AAAA-bbbb-cccc-000000000000"
"""
CERTIFICATE = 'certificate = { credential = "app" }\n'


def test_an_app_with_a_certificate_sends_from_the_managers_own_mailboxes(tmp_path: Path):
    address, state = "careermail@example.com", tmp_path / "state"
    assert provider(tmp_path, SERVICE, APP, CERTIFICATE, MAYA, LENA) == {
        "kind": "microsoft",
        "service": Service(address=address, state=state, as_manager=True),
        "tenant": "example.com",
        "client_id": "00000000-aaaa-bbbb-cccc-000000000000",
        "certificate": Secret(credential="app"),
        "secret": None,
        "secret_expires": None,
        "authority": "https://login.microsoftonline.com",
        "graph": "https://graph.microsoft.com/v1.0",
    }


def test_a_secret_may_say_when_it_ends(tmp_path: Path):
    file = tmp_path / "app.secret"
    file.touch(mode=0o600)
    found = provider(tmp_path, SERVICE, APP, 'secret = { file = "app.secret" }\nsecret_expires = 2027-06-30\n', MAYA)
    assert (found["secret"], found["secret_expires"]) == (Secret(file=file), datetime(2027, 6, 30, tzinfo=UTC))


def test_a_single_manager_signs_in_where_the_app_has_nothing_to_prove_itself_by(tmp_path: Path):
    found = provider(tmp_path, SERVICE.replace("careermail@", "maya@"), APP, MAYA)
    assert (found["certificate"], found["secret"]) == (None, None)
    assert found["service"].as_manager


def test_mails_may_leave_from_a_mailbox_of_careermails_own_and_addresses_have_no_tags(tmp_path: Path):
    found = provider(tmp_path, SERVICE, APP, CERTIFICATE, 'send_as = "service"\nplus_addresses = false\n', MAYA)
    assert (found["service"].as_manager, found["service"].tags) == (False, False)


@pytest.mark.parametrize(
    ("cloud", "authority", "graph"),
    [
        ("us-gov", "https://login.microsoftonline.us", "https://graph.microsoft.us/v1.0"),
        ("us-dod", "https://login.microsoftonline.us", "https://dod-graph.microsoft.us/v1.0"),
        ("china", "https://login.chinacloudapi.cn", "https://microsoftgraph.chinacloudapi.cn/v1.0"),
    ],
)
def test_a_national_cloud_has_places_of_its_own(tmp_path: Path, cloud: str, authority: str, graph: str):
    found = provider(tmp_path, SERVICE, APP, CERTIFICATE, f'cloud = "{cloud}"\n', MAYA)
    assert (found["authority"], found["graph"]) == (authority, graph)


def test_both_places_may_be_others(tmp_path: Path):
    said = 'authority = "https://login.example.org/"\ngraph = "http://127.0.0.1:8080/v1.0"\n'
    found = provider(tmp_path, SERVICE, APP, CERTIFICATE, said, MAYA)
    assert (found["authority"], found["graph"]) == ("https://login.example.org", "http://127.0.0.1:8080/v1.0")


FOUR = '{ file = "app.%s" }, { credential = "app" }, { env = "…" } or { command = ["…"] }'
PLACE = "(the file says where a secret is, never the secret)"


@pytest.mark.parametrize(
    ("said", "managers", "expected"),
    [
        (
            '[provider]\nkind = "microsoft"\n',
            MAYA.replace("maya@", "careermail@"),
            [
                '3: provider.tenant: missing, expected tenant = "example.com" (the Overview of the app registration shows both)',
                '3: provider.client_id: missing, expected client_id = "00000000-0000-0000-0000-000000000000" (the Overview of the app registration shows both)',
            ],
        ),
        (
            APP.replace('"Example.com"', '"common"') + CERTIFICATE,
            MAYA,
            [
                '5: provider.tenant: found "common", expected the directory\'s ID, or one of its domains such as example.com'
            ],
        ),
        (
            APP.replace("00000000-AAAA", "careermail") + CERTIFICATE,
            MAYA,
            [
                '6: provider.client_id: found "careermail-bbbb-cccc-000000000000", expected the app\'s Application (client) ID: 32 digits and letters in five groups'
            ],
        ),
        (
            APP + 'secret = "hunter2"\n',
            MAYA,
            [f"7: provider.secret: found something else, expected secret = {FOUR % 'secret'} {PLACE}"],
        ),
        (
            APP + 'certificate = { file = "a", env = "b" }\n',
            MAYA,
            [f"7: provider.certificate: found something else, expected certificate = {FOUR % 'certificate'} {PLACE}"],
        ),
        (
            APP + 'certificate = { fiel = "app.pem" }\n',
            MAYA,
            ["7: provider.certificate.fiel: unknown key (did you mean file?)"],
        ),
        (
            APP + 'certificate = { file = "app.pem" }\n',
            MAYA,
            ["7: provider.certificate.file: the file cannot be read: No such file or directory"],
        ),
        (
            APP + CERTIFICATE + 'secret = { env = "S" }\n',
            MAYA,
            ["8: provider.secret: found beside certificate, expected one of the two"],
        ),
        (
            APP + CERTIFICATE + "secret_expires = 2027-06-30\n",
            MAYA,
            ["8: provider.secret_expires: found without secret, expected it with one alone"],
        ),
        (
            APP + 'secret = { env = "S" }\nsecret_expires = "June"\n',
            MAYA,
            ['8: provider.secret_expires: found "June", expected a day such as 2027-06-30, without quotes'],
        ),
        (
            APP,
            MAYA + LENA,
            [
                "3: provider.certificate: missing, expected certificate or secret for 2 managers (without one, a single manager signs in)"
            ],
        ),
        (
            APP,
            MAYA,
            [
                "2: service.address: found careermail@example.com, expected maya@example.com (who signs in sends all in their own name)"
            ],
        ),
        (
            APP + 'send_as = "service"\n',
            MAYA.replace("maya@", "careermail@"),
            [
                '7: provider.send_as: found "service" without certificate or secret, expected "manager" (who signs in sends as themself)'
            ],
        ),
        (
            APP + CERTIFICATE + 'send_as = "service"\n',
            MAYA.replace("maya@", "careermail@"),
            [
                '2: service.address: found careermail@example.com, the address of a manager, expected one of careermail\'s own (with send_as = "service", all that comes to it is read)'
            ],
        ),
        (
            APP + CERTIFICATE + 'graph = "http://graph.example.com/v1.0"\n',
            MAYA,
            ["8: provider.graph: found http, expected https (tokens would travel in the clear)"],
        ),
        (
            APP + CERTIFICATE + 'authority = "login"\n',
            MAYA,
            ['8: provider.authority: found "login", expected a URL such as https://graph.microsoft.com/v1.0'],
        ),
        (
            APP + CERTIFICATE + 'cloud = "us_gov"\n',
            MAYA,
            ['8: provider.cloud: found "us_gov", expected global, us-gov, us-dod or china (did you mean us-gov?)'],
        ),
        (
            APP + CERTIFICATE + 'root = "world"\n',
            MAYA,
            ["8: provider.root: unknown key"],
        ),
    ],
)
def test_what_is_wrong_is_told_with_its_place_and_its_mend(
    tmp_path: Path, said: str, managers: str, expected: list[str]
):
    found = problems(tmp_path, SERVICE, said, managers)
    assert found == expected
    assert "hunter2" not in "".join(found)


def test_a_library_that_is_missing_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(microsoft, "LIBRARIES", ("msal_of_tomorrow",))
    assert problems(tmp_path, SERVICE, APP, CERTIFICATE, MAYA) == [
        "4: provider.kind: found \"microsoft\", which needs msal_of_tomorrow (pip install 'careermail[microsoft]')"
    ]


@pytest.mark.parametrize(
    ("where", "place"),
    [
        ("[manager.conversation]\nrrule = RULE\n[[manager.report]]\nTHEM", "10: manager[0].conversation.rrule"),
        ("[[manager.report]]\nTHEMrrule = RULE\n", "12: manager[0].report[0].rrule"),
    ],
)
def test_what_outlook_cannot_repeat_is_told_by_check(tmp_path: Path, where: str, place: str):
    rule, them = '"FREQ=MONTHLY;INTERVAL=3;BYDAY=TU,TH"', 'name = "Jonas"\nemail = "jonas@example.com"\n'
    said = where.replace("RULE", rule).replace("THEM", them)
    (found,) = problems(tmp_path, APP, CERTIFICATE, MAYA, said)
    assert found.startswith(f"{place}: found {rule}, expected a rule that Outlook has (It has every so many days;")
    good = said.replace("BYDAY=TU,TH", "BYDAY=2TU")
    assert provider(tmp_path, APP, CERTIFICATE, MAYA, good)["kind"] == "microsoft"
