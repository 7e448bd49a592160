"""Tokens from Microsoft Entra: asked for when they are needed, kept for nobody else to read, and refused in words."""

import json
import logging
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID
from fakes.graph.login import CLIENT, DOMAIN, Login
from fakes.web import Answer, Web
from ledger import utc

from careermail.clock import VirtualClock
from careermail.credentials import Secret
from careermail.errors import ProviderError
from careermail.model import Service
from careermail.providers.microsoft.auth import PersonalTokens, Tokens, open_tokens
from careermail.providers.microsoft.sign_in import sign_in

MAYA = "maya@example.com"
ENDS = utc(2028, 6, 30)


@dataclass
class Entra:
    """The login, and a folder in which careermail keeps what it needs."""

    web: Web
    login: Login
    clock: VirtualClock
    root: Path

    def tokens(self, **settings: Any) -> Tokens:
        usual = {"certificate": None, "secret": None, "secret_expires": None, "tenant": DOMAIN, "client_id": CLIENT}
        where = {"authority": self.web.url, "graph": f"{self.web.url}/v1.0", "service": Service(state=self.root)}
        return open_tokens({**usual, **where, **settings}, self.clock)

    def secret(self, words: str) -> Secret:
        file = self.root / "app.secret"
        file.touch(mode=0o600)
        file.write_text(words)
        return Secret(file=file)

    def personal(self, **settings: Any) -> PersonalTokens:
        found = self.tokens(**settings)
        assert isinstance(found, PersonalTokens)
        return found

    def signed_in(self) -> PersonalTokens:
        tokens = self.personal()
        sign_in(tokens, MAYA, lambda _, code: self.login.enter(code, MAYA), fine)
        return tokens


def fine(account: str) -> None:
    """All that is needed was granted."""
    assert account == MAYA


@pytest.fixture
def entra(tmp_path: Path) -> Iterator[Entra]:
    clock = VirtualClock(utc(2027, 1, 12, 9))
    login = Login(clock.now)
    login.apps[CLIENT].secret = "correct horse"  # noqa: S105 (it opens nothing)
    with Web(login) as web:
        yield Entra(web, login, clock, tmp_path)


def certified(key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey, ends: datetime = ENDS) -> str:
    """A certificate that its key has signed itself, and that key, as one PEM text."""
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "careermail")])
    made = x509.CertificateBuilder(name, name, key.public_key(), 7, utc(2026, 1, 1), ends).sign(key, SHA256())
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return (private + made.public_bytes(Encoding.PEM)).decode()


@pytest.fixture(scope="module")
def key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(65537, 2048)


def refused(tokens: Tokens, mailbox: str = MAYA) -> ProviderError:
    with pytest.raises(ProviderError) as told:
        tokens.token(mailbox)
    return told.value


# --- the app ---


def test_an_app_with_a_secret_has_one_token_for_all_until_shortly_before_it_ends(entra: Entra):
    tokens = entra.tokens(secret=entra.secret("correct horse"))
    first = tokens.token(MAYA)
    assert tokens.token("jonas@example.com") == first
    entra.clock.wait(entra.clock.now() + timedelta(minutes=54))
    assert tokens.token(MAYA) == first
    entra.clock.wait(entra.clock.now() + timedelta(minutes=2))
    assert tokens.token(MAYA) != first
    assert len(entra.login.asked) == 2
    assert {form["scope"] for form in entra.login.asked} == {f"{entra.web.url}/.default"}


def test_an_app_with_a_certificate_proves_itself_by_it(entra: Entra, key: rsa.RSAPrivateKey):
    pem = certified(key)
    entra.login.apps[CLIENT].upload(pem.partition("-----BEGIN CERT")[2].join(("-----BEGIN CERT", "")).encode())
    tokens = entra.tokens(certificate=entra.secret(pem))
    assert tokens.token(MAYA)
    assert tokens.expires() == ENDS
    assert "client_secret" not in entra.login.asked[0]


def test_another_certificate_than_the_apps_is_told_with_its_mend(entra: Entra, key: rsa.RSAPrivateKey):
    error = refused(entra.tokens(certificate=entra.secret(certified(key))))
    assert (error.urgent, error.owner) == (True, "")
    assert str(error) == (
        f"Microsoft app {CLIENT}: the certificate is not the app's, or has expired (AADSTS700027);"
        " upload it in Certificates & secrets of the app registration"
    )


@pytest.mark.parametrize(
    ("pem", "because"),
    [
        ("correct horse", "a private key without a passphrase is missing; it takes both, as PEM"),
        ("{key}", "a certificate is missing; it takes both, as PEM"),
        ("{certificate}", "a private key without a passphrase is missing; it takes both, as PEM"),
        ("{key}{other}", "the key is not the certificate's; put both of a pair there"),
        ("{curve}", "Microsoft takes RSA keys alone; make a certificate with one"),
        ("{key}-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----", "the PEM cannot be read"),
    ],
)
def test_what_is_no_certificate_with_its_key_is_told_before_anybody_is_asked(
    entra: Entra, key: rsa.RSAPrivateKey, pem: str, because: str
):
    mine, other = certified(key), certified(rsa.generate_private_key(65537, 2048))
    private, begin, certificate = mine.partition("-----BEGIN CERT")
    parts = {"key": private, "certificate": begin + certificate, "other": begin + other.partition(begin)[2]}
    text = pem.format(**parts, curve=certified(ec.generate_private_key(ec.SECP256R1())))
    error = refused(entra.tokens(certificate=entra.secret(text)))
    assert error.urgent
    assert because in str(error)
    assert "MII" not in str(error)
    assert entra.login.asked == []


def test_a_certificate_that_has_ended_is_told_with_its_day(entra: Entra, key: rsa.RSAPrivateKey):
    error = refused(entra.tokens(certificate=entra.secret(certified(key, utc(2026, 12, 31)))))
    assert "ended on 2026-12-31; make another, upload it" in str(error)


def test_a_secret_is_read_anew_when_it_was_put_right(entra: Entra):
    place = entra.secret("wrong horse")
    tokens = entra.tokens(secret=place)
    error = refused(tokens)
    assert "the client secret is wrong (AADSTS7000215)" in str(error)
    assert "horse" not in str(error)
    entra.secret("correct horse")
    assert tokens.token(MAYA)


def test_when_a_secret_ends_is_what_the_configuration_says(entra: Entra):
    assert entra.tokens(secret=entra.secret("correct horse"), secret_expires=ENDS).expires() == ENDS
    assert entra.tokens(secret=entra.secret("correct horse")).expires() is None


def test_to_renew_is_to_ask_whatever_is_held(entra: Entra):
    tokens = entra.tokens(secret=entra.secret("correct horse"))
    held = tokens.token(MAYA)
    renewed = tokens.renew(MAYA)
    assert renewed.token == tokens.token(MAYA) != held
    assert renewed.granted == {"Calendars.ReadWrite", "Mail.ReadWrite", "Mail.Send"}
    assert renewed.until == utc(2027, 1, 12, 9, 55)


# --- what goes wrong ---


@pytest.mark.parametrize(
    ("code", "words"),
    [
        (7000222, "the client secret has expired (AADSTS7000222); make a new one in Certificates & secrets"),
        (65001, "nobody has consented to what the app asks for (AADSTS65001); grant consent in the app's API permiss"),
        (53003, "a Conditional Access policy forbids it (AADSTS53003); the sign-in log in the Microsoft Entra admin"),
        (700024, "our signature is too old or too new (AADSTS700024); set this machine's clock"),
        (7000112, "the app is disabled (AADSTS7000112); enable it under Enterprise applications"),
        (99999, "Microsoft gives no token: AADSTS99999: In words"),
    ],
)
def test_a_refusal_names_the_cause_and_the_mend(entra: Entra, code: int, words: str):
    entra.login.refuse = code, "In words"
    error = refused(entra.tokens(secret=entra.secret("correct horse")))
    assert (error.urgent, error.permanent, error.owner) == (True, False, "")
    assert words in str(error)
    assert "Trace ID" not in str(error)


def test_a_wrong_tenant_and_a_wrong_app_are_told_apart(entra: Entra):
    place = entra.secret("correct horse")
    assert "there is no such tenant (AADSTS90002)" in str(refused(entra.tokens(secret=place, tenant="example.org")))
    other = CLIENT.replace("0", "9")
    assert "there is no such app in this tenant (AADSTS700016)" in str(
        refused(entra.tokens(secret=place, client_id=other))
    )


@pytest.mark.parametrize("step", ["openid-configuration", "oauth2/v2.0/token"])
def test_what_passes_by_itself_is_no_refusal(entra: Entra, step: str):
    tokens = entra.tokens(secret=entra.secret("correct horse"))
    entra.web.fail(step, Answer(503, {"error": "temporarily_unavailable"}, {"Retry-After": "90"}))
    error = refused(tokens)
    assert (error.urgent, error.permanent, error.retry_after) == (False, False, timedelta(seconds=90))
    assert tokens.token(MAYA)


@pytest.mark.parametrize("step", ["openid-configuration", "oauth2/v2.0/token"])
def test_a_connection_that_ends_is_tried_again_later(entra: Entra, step: str):
    tokens = entra.tokens(secret=entra.secret("correct horse"))
    entra.web.fail(step)
    error = refused(tokens)
    assert (error.urgent, error.permanent) == (False, False)
    assert "cannot be reached: ConnectionError" in str(error)
    assert "horse" not in str(error)
    assert tokens.token(MAYA)


@pytest.mark.parametrize("step", ["openid-configuration", "oauth2/v2.0/token"])
def test_a_page_of_somebody_in_between_is_no_refusal(entra: Entra, step: str):
    entra.web.fail(step, Answer(200, b"<html>Log in to the hotel's network</html>"))
    error = refused(entra.tokens(secret=entra.secret("correct horse")))
    assert not error.urgent
    assert "answers with no JSON; what stands between it and us, a proxy?" in str(error)


def test_no_answer_is_waited_for_without_end(entra: Entra, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("careermail.providers.microsoft.entra.SECONDS", 0.2)
    entra.web.fail("oauth2/v2.0/token", hang=True)
    error = refused(entra.tokens(secret=entra.secret("correct horse")))
    assert "cannot be reached: ReadTimeout" in str(error)
    assert not error.urgent


def test_no_token_and_no_secret_stands_in_a_log_or_a_repr(entra: Entra, caplog: pytest.LogCaptureFixture):
    caplog.set_level(logging.DEBUG)
    tokens = entra.tokens(secret=entra.secret("correct horse"))
    access = tokens.renew(MAYA)
    signed = entra.signed_in()
    told = f"{caplog.text}{access!r}{tokens!r}{signed!r}{signed.renew(MAYA)!r}"
    assert access.token not in told
    assert "horse" not in told
    assert "refresh-" not in told


# --- somebody who signs in ---


def test_somebody_signs_in_by_a_code_and_stays_so_after_a_restart(entra: Entra):
    shown = list[tuple[str, str]]()
    tokens = entra.personal()

    def show(page: str, code: str) -> None:
        shown.append((page, code))
        entra.login.enter(code, MAYA)

    sign_in(tokens, MAYA, show, fine)
    assert shown == [("https://login.microsoft.com/device", "C00000001")]
    assert tokens.renew(MAYA).granted == {"Calendars.ReadWrite", "Mail.ReadWrite", "Mail.Send"}
    assert entra.personal().token(MAYA)
    asked = [form["scope"] for form in entra.login.asked if form["grant_type"] == "refresh_token"]
    ours = {f"{entra.web.url}/{name}" for name in ("Calendars.ReadWrite", "Mail.ReadWrite", "Mail.Send")}
    assert [set(scope.split()) for scope in asked] == [ours | {"openid", "profile", "offline_access"}] * 2


def test_what_is_kept_of_a_sign_in_is_for_the_service_alone(entra: Entra):
    entra.signed_in()
    file = entra.root / "microsoft" / "signed-in" / "maya@example.com.json"
    assert json.loads(file.read_text())["RefreshToken"]
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert [stat.S_IMODE(folder.stat().st_mode) for folder in file.parents[:2]] == [0o700, 0o700]


def test_a_refresh_token_that_was_replaced_is_kept_in_place_of_the_old(entra: Entra):
    tokens = entra.signed_in()
    file = entra.root / "microsoft" / "signed-in" / "maya@example.com.json"
    before = file.read_text()
    tokens.renew(MAYA)
    after = file.read_text()
    assert after != before
    assert len(json.loads(after)["RefreshToken"]) == 1


def test_entra_is_asked_every_few_seconds_until_the_code_was_entered(entra: Entra):
    codes = list[str]()
    entra.clock = _Entering(utc(2027, 1, 12, 9), lambda: entra.login.enter(codes[0], MAYA))
    entra.login.now = entra.clock.now
    sign_in(entra.personal(), MAYA, lambda _, code: codes.append(code), fine)
    assert entra.login.codes[f"device-{codes[0]}"].asked == 4
    assert entra.clock.now() == utc(2027, 1, 12, 9, 0, 20)


class _Entering(VirtualClock):
    """Somebody enters the code while it is waited for a fourth time."""

    def __init__(self, start: datetime, enter: Any) -> None:
        super().__init__(start)
        self._enter, self._waits = enter, 0

    def wait(self, until: datetime) -> None:
        super().wait(until)
        self._waits += 1
        if self._waits == 4:
            self._enter()


def test_a_code_that_nobody_enters_ends(entra: Entra):
    with pytest.raises(ProviderError) as told:
        sign_in(entra.personal(), MAYA, lambda *_: None, fine)
    assert "was not entered in time" in str(told.value)
    assert "careermail auth microsoft" in str(told.value)
    assert entra.clock.now() - utc(2027, 1, 12, 9) <= timedelta(minutes=15, seconds=5)


@pytest.mark.parametrize(
    ("what", "words", "owner"),
    [
        (
            "declined",
            "consent was refused (AADSTS65004); sign in again and accept, or have an admin grant it: caree",
            MAYA,
        ),
        ("confidential", "the app may not sign people in by a code (AADSTS7000218); allow public client flows in", ""),
    ],
)
def test_a_sign_in_that_fails_says_why_and_keeps_nothing(entra: Entra, what: str, words: str, owner: str):
    entra.login.apps[CLIENT].public = what != "confidential"
    with pytest.raises(ProviderError) as told:
        sign_in(entra.personal(), MAYA, lambda _, code: entra.login.decline(code), fine)
    assert words in str(told.value)
    assert told.value.owner == owner
    assert not (entra.root / "microsoft").exists()


def test_who_never_signed_in_is_told_how(entra: Entra):
    error = refused(entra.personal())
    assert (error.urgent, error.owner) == (True, MAYA)
    assert str(error).endswith("nobody has signed in; do so: careermail auth microsoft")


@pytest.mark.parametrize(
    ("code", "words", "owner"),
    [
        (50173, "the sign-in ended: the password was changed, or all sessions revoked (AADSTS50173)", MAYA),
        (700082, "the sign-in ended, unused for too long (AADSTS700082)", MAYA),
        (50076, "more than a password is asked for (AADSTS50076)", MAYA),
        (53003, "a Conditional Access policy forbids it (AADSTS53003)", ""),
    ],
)
def test_a_sign_in_that_died_is_for_its_owner_to_mend_where_nobody_else_can(
    entra: Entra, code: int, words: str, owner: str
):
    tokens = entra.signed_in()
    entra.login.refuse = code, "In words"
    entra.clock.wait(utc(2027, 1, 12, 12))
    error = refused(tokens)
    assert (error.urgent, error.owner) == (True, owner)
    assert words in str(error)
    assert ("; sign in again: careermail auth microsoft" in str(error)) == bool(owner)


def test_a_file_that_is_no_cache_is_told_and_not_overwritten(entra: Entra):
    tokens = entra.signed_in()
    file = tokens.file(MAYA)
    file.write_text("{")
    entra.clock.wait(utc(2027, 1, 12, 12))
    error = refused(tokens)
    assert f"{file} is damaged; remove it, then careermail auth microsoft" in str(error)
    assert file.read_text() == "{"
