"""How Exchange lets us in, whom we trust, and what is told, to whom, where it does not."""

import logging
import ssl
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import datetime, timedelta
from pathlib import Path
from time import monotonic, time
from types import SimpleNamespace

import pytest
from fakes.ews.house import PASSWORD, USER, House
from fakes.ews.logins import Ntlm, Tokens
from fakes.ews.soap import PATH, FaultError
from fakes.web import Answer, Room, Web
from oauthlib.oauth2.rfc6749.clients import base
from provider_suite import ANA, JONAS, MAYA, mail
from servers.ca import CA, Certificate

from careermail.errors import ProviderError
from careermail.providers import Found, Provider
from careermail.providers.exchange import discover
from careermail.providers.exchange.account import Mailboxes
from careermail.providers.exchange.auth import Login

Make = Callable[..., House]
BUILD = ("Exchange 15.2 (build 15.2.1544.4)",)


@pytest.fixture(scope="session")
def ca(tmp_path_factory: pytest.TempPathFactory) -> CA:
    return CA(tmp_path_factory.mktemp("ca"))


@pytest.fixture
def make(tmp_path: Path) -> Iterator[Make]:
    with ExitStack() as later:
        yield lambda **how: later.enter_context(House(tmp_path, **how))


@pytest.fixture
def house(make: Make) -> House:
    return make()


def looks(provider: Provider) -> list[Found]:
    return [probe.look() for probe in provider.probes([MAYA])]


def refused(provider: Provider) -> ProviderError:
    """What the first mailbox's probe tells."""
    with pytest.raises(ProviderError) as told:
        provider.probes([MAYA])[0].look()
    return told.value


# --- who acts for whom ---------------------------------------------------------------------------


def test_each_mailbox_is_proved_with_one_read(house: House):
    probes = house.provider().probes([MAYA, ANA])
    assert [probe.name.partition(" as ")[2] for probe in probes] == [
        r"EXAMPLE\careermail, mailbox careermail@example.com",
        r"EXAMPLE\careermail, mailbox maya@example.com",
        r"EXAMPLE\careermail, mailbox ana@example.com",
    ]
    assert [probe.look() for probe in probes] == [Found(BUILD)] * 3
    assert house.soap.asked() == ["FindItem"] * 3
    assert [call.who for call in house.soap.log] == ["careermail@example.com", "maya@example.com", "ana@example.com"]
    assert [probe.owner for probe in probes] == ["", "", ""]


def test_with_a_managers_own_login_there_is_one_mailbox_and_nobody_is_impersonated(house: House):
    house.soap.passwords = {"maya@example.com": PASSWORD}
    house.soap.own, house.soap.impersonators = {"maya@example.com": "maya@example.com"}, set()
    provider = house.provider(user="maya@example.com", impersonate=False, mailbox="maya@example.com")
    (probe,) = provider.probes([MAYA])
    assert (probe.look(), probe.owner) == (Found(BUILD), "maya@example.com")
    provider.outbox.send(mail(sender="careermail@example.com"))
    assert [one["From"] for one in house.mail.received("jonas@example.com")] == ["maya@example.com"]


def test_a_login_that_may_not_act_for_others_is_told_which_role_it_lacks(house: House):
    house.soap.impersonators.clear()
    told = refused(house.provider())
    assert "ApplicationImpersonation" in str(told)
    assert (told.urgent, told.permanent) == (True, False)


def test_a_mailbox_that_is_not_there_keeps_no_other_from_being_proved(house: House):
    house.soap.addresses.remove("maya@example.com")
    service, maya, ana = house.provider().probes([MAYA, ANA])
    with pytest.raises(ProviderError, match=r"has no mailbox maya@example\.com"):
        maya.look()
    assert [service.look(), ana.look()] == [Found(BUILD)] * 2


def test_ews_that_is_disabled_is_told_with_where_it_is_enabled(house: House):
    house.web.fail(answer=Answer(403, b""))
    assert "is EWS enabled for the mailbox, and careermail on its EwsAllowList?" in str(refused(house.provider()))


def test_the_server_knows_us_by_name(house: House):
    looks(house.provider())
    assert {request.headers["user-agent"] for request in house.web.log} == {"careermail"}


# --- passwords -----------------------------------------------------------------------------------


def test_a_wrong_password_is_tried_once_for_all_mailboxes_and_not_again_for_a_while(house: House):
    """Directories lock an account after some wrong passwords."""
    house.secret.write_text("wrong")
    provider = house.provider()
    for probe in [*provider.probes([MAYA, JONAS, ANA]), *provider.probes([MAYA])]:
        with pytest.raises(ProviderError) as told:
            probe.look()
        assert told.value.urgent
        assert "mend `user`, or what file" in str(told.value)
    assert len(house.web.log) == 1
    house.clock.wait(house.clock.now() + timedelta(minutes=15))
    assert refused(provider).urgent
    assert len(house.web.log) == 2


def test_a_password_that_was_mended_is_taken_up_at_once_and_without_a_restart(house: House):
    provider = house.provider()
    house.secret.write_text("wrong")
    assert refused(provider).urgent
    house.secret.write_text(PASSWORD)
    assert looks(provider) == [Found(BUILD)] * 2


def test_a_password_that_is_changed_while_we_run_is_read_anew(house: House):
    provider = house.provider()
    assert looks(provider)
    house.soap.passwords[USER] = "changed"
    assert refused(provider).urgent
    house.secret.write_text("changed")
    assert looks(provider) == [Found(BUILD)] * 2


def test_an_account_that_is_locked_out_is_told_as_such(house: House):
    house.web.fail(answer=Answer(401, b"The referenced account is currently locked out and may not be logged on to."))
    assert "the account is locked out" in str(refused(house.provider()))


def test_no_secret_and_no_word_of_a_mail_is_in_an_error_or_a_log(house: House, caplog: pytest.LogCaptureFixture):
    caplog.set_level(logging.DEBUG)
    provider = house.provider()
    for wrong in (Answer(500, b"<nonsense"), Answer(418, b"Wie geht's?"), None):
        house.web.fail(answer=wrong)
        with pytest.raises(ProviderError) as told:
            provider.outbox.send(mail(sender="maya@example.com"))
        assert "geht" not in str(told.value)
    assert PASSWORD not in caplog.text
    assert "geht" not in caplog.text
    assert PASSWORD not in repr(provider)


# --- NTLM ----------------------------------------------------------------------------------------


def test_ntlm_shakes_hands_once_for_a_run_of_requests(make: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    doors: list[Ntlm] = []

    def door(room: Room) -> Room:
        doors.append(Ntlm(room, USER, PASSWORD, tmp_path, monkeypatch))
        return doors[0]

    house = make(door=door)
    assert looks(house.provider(auth="ntlm")) == [Found(BUILD)] * 2
    assert doors[0].attempts == 1
    assert PASSWORD.encode() not in b"".join(request.body for request in house.web.log)


def test_ntlm_is_spoken_through_tls(make: Make, ca: CA, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    house = make(door=lambda room: Ntlm(room, USER, PASSWORD, tmp_path, monkeypatch), tls=speaking(ca.good))
    assert looks(house.provider(auth="ntlm", ca=ca.file)) == [Found(BUILD)] * 2


def test_a_wrong_password_is_refused_by_ntlm_too(make: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    house = make(door=lambda room: Ntlm(room, USER, "another", tmp_path, monkeypatch))
    told = refused(house.provider(auth="ntlm"))
    assert told.urgent
    assert r"refuses the login of EXAMPLE\careermail" in str(told)


def test_a_server_without_the_way_that_is_said_is_told_of(house: House):
    """It offers Basic alone."""
    assert "or let `auth` be what the server offers" in str(refused(house.provider(auth="ntlm")))


# --- Kerberos ------------------------------------------------------------------------------------


def test_kerberos_says_what_it_lacks(house: House):
    told = refused(house.provider(auth="kerberos", user="", password=None))
    assert "Kerberos needs requests-gssapi, which is not installed" in str(told)
    assert told.urgent


# --- OAuth ---------------------------------------------------------------------------------------


@pytest.fixture
def tenant(make: Make, monkeypatch: pytest.MonkeyPatch) -> tuple[House, Tokens, Provider]:
    """A house that takes tokens alone; they travel in the clear, since it is on this machine."""
    monkeypatch.setenv("OAUTHLIB_INSECURE_TRANSPORT", "1")
    doors: list[Tokens] = []

    def door(room: Room) -> Room:
        doors.append(Tokens(room, USER, PASSWORD, datetime.now))
        return doors[0]

    house = make(door=door)
    house.secret.write_text("app-secret")
    provider = house.provider(auth="oauth", user="app-id", token_url=f"{house.web.url}/token")
    return house, doors[0], provider


def test_a_token_for_the_server_itself_lets_an_app_in(tenant: tuple[House, Tokens, Provider]):
    house, tokens, provider = tenant
    assert looks(provider) == [Found(BUILD)] * 2
    assert tokens.scopes == ["https://127.0.0.1/.default"]
    assert [call.who for call in house.soap.log] == ["careermail@example.com", "maya@example.com"]


def test_a_token_that_is_over_is_asked_for_anew(
    tenant: tuple[House, Tokens, Provider], monkeypatch: pytest.MonkeyPatch
):
    _, tokens, provider = tenant
    assert looks(provider) == [Found(BUILD)] * 2
    monkeypatch.setattr(base, "time", SimpleNamespace(time=lambda: time() + 3601))  # it reads the machine's own clock
    tokens.life = timedelta(hours=2)
    assert looks(provider) == [Found(BUILD)] * 2
    assert tokens.given == ["token-0", "token-1"]


def test_a_token_that_the_server_does_not_take_is_asked_for_anew(tenant: tuple[House, Tokens, Provider]):
    _, tokens, provider = tenant
    assert looks(provider)
    tokens.given.append("revoked")
    assert "it takes no token of this tenant" in str(refused(provider))
    assert looks(provider) == [Found(BUILD)] * 2


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (None, "the secret is wrong; file "),
        (("invalid_client", "AADSTS7000222: The provided client secret keys are expired."), "the secret has expired"),
        (("unauthorized_client", "AADSTS700016: Application not found."), "there is no such app in the tenant"),
        (("invalid_resource", "AADSTS500011: The resource principal was not found."), "register its URL there"),
        (("invalid_request", "AADSTS90002: Tenant not found."), "there is no such tenant; mend `tenant`"),
        (("invalid_scope", "AADSTS70011: Unknown."), "look at the app in Entra ID (AADSTS70011)"),
    ],
)
def test_what_gives_out_no_token_is_told_with_the_mend(
    tenant: tuple[House, Tokens, Provider], error: tuple[str, str] | None, said: str
):
    house, tokens, provider = tenant
    house.secret.write_text("app-secret" if error else "not a secret")
    tokens.error = error
    told = refused(provider)
    assert said in str(told)
    assert told.urgent
    assert "not a secret" not in str(told)


def test_an_endpoint_for_tokens_that_is_busy_is_nobodys_fault(tenant: tuple[House, Tokens, Provider]):
    _, tokens, provider = tenant
    tokens.error = ("temporarily_unavailable", "AADSTS90033: Later.")
    assert not refused(provider).urgent


def test_an_endpoint_for_tokens_that_is_away_is_tried_again(tenant: tuple[House, Tokens, Provider]):
    house, _, provider = tenant
    house.web.fail("/token")
    told = refused(provider)
    assert (told.urgent, told.permanent) == (False, False)
    assert looks(provider) == [Found(BUILD)] * 2


# --- TLS -----------------------------------------------------------------------------------------


def speaking(certificate: Certificate) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate.pem)
    return context


def test_a_certificate_of_an_authority_that_we_were_told_of_is_trusted(make: Make, ca: CA):
    assert looks(make(tls=speaking(ca.good)).provider(ca=ca.file)) == [Found(BUILD)] * 2


@pytest.mark.parametrize(
    ("which", "trusted", "said"),
    [
        ("good", False, "name its authority's certificate in `ca`"),
        ("expired", True, "renew it on the server"),
        ("wrong_host", True, "set `url` to a name that the certificate bears"),
    ],
)
def test_any_other_is_refused_before_a_password_is_shown(make: Make, ca: CA, which: str, trusted: bool, said: str):
    house = make(tls=speaking(getattr(ca, which)))
    told = refused(house.provider(ca=ca.file if trusted else None))
    assert said in str(told)
    assert told.urgent
    assert house.web.log == []


@pytest.mark.filterwarnings("ignore::urllib3.exceptions.InsecureRequestWarning")
def test_insecure_verifies_nothing(make: Make, ca: CA):
    assert looks(make(tls=speaking(ca.wrong_host)).provider(insecure=True)) == [Found(BUILD)] * 2


# --- autodiscover, and Exchange Online -----------------------------------------------------------


NAMED = """\
<Autodiscover xmlns="http://schemas.microsoft.com/exchange/autodiscover/responseschema/2006">
<Response xmlns="http://schemas.microsoft.com/exchange/autodiscover/outlook/responseschema/2006a"><Account>
<Protocol><Type>EXPR</Type><EwsUrl>https://outside.example.com/EWS/Exchange.asmx</EwsUrl></Protocol>
<Protocol><Type>EXCH</Type><EwsUrl>{url}</EwsUrl></Protocol></Account></Response></Autodiscover>"""


@pytest.fixture
def discovering(house: House, ca: CA, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[Answer], Provider]]:
    """A provider that was told no URL, and what autodiscover answers it."""
    with ExitStack() as later:

        def open_with(answer: Answer) -> Provider:
            web = later.enter_context(Web(lambda _: answer, tls=speaking(ca.good)))
            monkeypatch.setattr(discover, "PLACE", f"{web.url}/autodiscover/autodiscover.xml")
            return house.provider(url="", ca=ca.file)

        yield open_with


def test_autodiscover_says_where_the_server_is(house: House, discovering: Callable[[Answer], Provider]):
    provider = discovering(Answer(200, NAMED.format(url=house.url).encode()))
    assert looks(provider) == [Found(BUILD)] * 2


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (Answer(200, b"<html>Welcome"), "its answer has no EwsUrl"),
        (Answer(404, b""), "HTTP 404"),
        (Answer(302, b"", {"Location": "https://elsewhere.example.net/"}), "points to https://elsewhere.example.net/"),
        (Answer(200, NAMED.format(url="https://outlook.office365.com/EWS/Exchange.asmx").encode()), "1 April 2027"),
    ],
)
def test_what_it_says_is_not_followed_blindly(discovering: Callable[[Answer], Provider], answer: Answer, said: str):
    told = refused(discovering(answer))
    assert said in str(told)
    assert told.urgent


def test_exchange_online_is_refused_without_being_asked(house: House):
    told = refused(house.provider(url=f"https://outlook.office365.com{PATH}"))
    assert "blocked EWS since 1 October 2026" in str(told)
    assert 'kind = "microsoft"' in str(told)


# --- throttling ----------------------------------------------------------------------------------


def test_a_busy_server_is_asked_once_and_left_alone_for_as_long_as_it_says(house: House):
    house.soap.trouble("FindItem", FaultError("ErrorServerBusy", BackOffMilliseconds="20000"))
    told = refused(house.provider())
    assert (told.retry_after, told.urgent, told.permanent) == (timedelta(seconds=20), False, False)
    assert house.soap.asked() == ["FindItem"]


def test_a_server_that_does_not_answer_is_waited_for_as_long_as_we_say(house: House):
    """The library's own 120 seconds hold whatever else it is told."""
    house.web.fail(hang=True)
    mailboxes = Mailboxes(Login(house.settings(), house.clock, seconds=0.3))
    begun = monotonic()
    with pytest.raises(ProviderError, match="did not answer in time") as told, mailboxes.open(MAYA.email) as account:
        list(account.inbox.all().only("id"))
    assert monotonic() - begun < 10
    assert (told.value.urgent, told.value.permanent) == (False, False)
    assert len(house.web.log) == 1
