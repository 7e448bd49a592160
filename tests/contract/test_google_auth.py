"""As whom Google is reached, and what is told when it lets nobody in: who can mend it, and how."""

import json
import logging
import stat
import traceback
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from fakes.google.oauth import SCOPE, pem
from fakes.google.organisation import ROBOT, SCOPES, Organisation
from fakes.web import Answer

from careermail.credentials import Secret
from careermail.errors import ProviderError
from careermail.model import Person, Service
from careermail.providers.google.auth import CALENDAR, MAIL, Access
from careermail.providers.google.consent import Token, store

MAYA, JONAS, DESK = "maya@example.com", "jonas@example.com", "careermail@example.com"
PERSON = Person("Maya Lindqvist", MAYA)


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Organisation]:
    with Organisation(tmp_path) as opened:
        yield opened


def consent(office: Organisation, **more: Any) -> dict[str, Any]:
    """Settings with Maya's consent, as `careermail auth google` leaves it."""
    file = office.root / "token.json"
    if not file.exists():
        store(file, Token(MAYA, office.accounts.consent(MAYA, SCOPES), tuple(SCOPES)))
    service = Service(address=MAYA, state=office.root / "state", as_manager=True)
    client = office.secret("client.json", office.accounts.client(office.web.url))
    ways = {"client": client, "token": Secret(file=file), "service_account": None, "impersonate": ""}
    return office.settings() | {"service": service, **ways, **more}


def keyless(office: Organisation) -> dict[str, Any]:
    return office.settings(service_account=None, impersonate=ROBOT)


def refused(access: Access, address: str = MAYA) -> ProviderError:
    with pytest.raises(ProviderError) as told:
        access(address)
    _is_silent(told.value)
    return told.value


def _is_silent(error: ProviderError) -> None:
    """No secret is in an error, nor in what would be logged of it."""
    whole = "".join(traceback.format_exception(error)) + repr(error) + repr(error.__cause__) + repr(error.__context__)
    for secret in ("1//refresh", "shhh-the-client", "PRIVATE KEY", "ya29.", *pem()[0].splitlines()[1:3]):
        assert secret not in whole


# --- who gets in ---------------------------------------------------------------------------------


def test_one_token_is_asked_for_and_used_until_it_runs_out(office: Organisation):
    access = Access(office.settings())
    tokens = {access(MAYA).token for _ in range(3)}
    assert len(tokens) == 1
    assert len(office.asked("POST /token")) == 1
    assert access.renew(MAYA).token not in tokens


def test_each_person_is_acted_as_with_what_is_used_and_no_more(office: Organisation):
    access = Access(office.settings(as_manager=False))
    access(MAYA)
    access(DESK)
    granted = {grant.account: grant.scopes for grant in office.accounts.access.values()}
    assert granted == {MAYA: frozenset(CALENDAR), DESK: frozenset(MAIL)}


def test_none_of_the_scopes_lets_us_change_or_delete_a_mail_that_came():
    assert not {"gmail.modify", "mail.google.com", "gmail.labels"} & {s.rpartition("/")[2] for s in (*MAIL, *CALENDAR)}


def test_a_token_that_google_takes_no_more_is_asked_for_anew(office: Organisation):
    inbox = office.provider().inboxes([PERSON])[MAYA]
    inbox.fetch("")
    office.accounts.forget()
    assert inbox.fetch("")[0] == []


def test_a_consent_reaches_its_owner_alone(office: Organisation):
    access = Access(consent(office))
    assert access(MAYA).valid
    told = refused(access, JONAS)
    assert told.permanent
    assert str(told) == f"Google: the consent of {MAYA} does not reach {JONAS}"


def test_a_key_is_not_needed_where_this_machine_may_sign(office: Organisation, monkeypatch: pytest.MonkeyPatch):
    who = office.secret("adc.json", office.accounts.authorized_user("server@example.com", office.web.url))
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(who.file))
    office.accounts.people.add("server@example.com")
    office.robot.signers.add("server@example.com")
    access = Access(keyless(office))
    assert office.accounts.access[access(MAYA).token].account == MAYA


# --- what is kept of a consent -------------------------------------------------------------------


def test_a_new_refresh_token_takes_the_place_of_the_old_one(office: Organisation):
    settings = consent(office)
    before = settings["token"].file.read_text()
    Access(settings)(MAYA)
    assert settings["token"].file.read_text() == before
    office.accounts.rotates = True
    Access(settings)(MAYA)
    kept = json.loads(settings["token"].file.read_text())
    assert kept["refresh_token"] not in before
    assert stat.S_IMODE(settings["token"].file.stat().st_mode) == 0o600
    assert Access(settings)(MAYA).valid


def test_a_consent_that_is_given_again_is_taken_up_at_once(office: Organisation):
    settings = consent(office)
    access = Access(settings)
    office.accounts.die(MAYA)
    refused(access)
    office.accounts.dead.clear()
    office.accounts.refresh.clear()
    store(settings["token"].file, Token(MAYA, office.accounts.consent(MAYA, SCOPES), tuple(SCOPES)))
    assert access(MAYA).valid


@pytest.mark.parametrize(
    ("kept", "why"),
    [
        ("[1", "holds none that can be read"),
        ('{"account": "maya@example.com"}', "holds none that can be read"),
        (f'{{"account": "{JONAS}", "refresh_token": "x", "scopes": [], "expires": ""}}', f"is that of {JONAS}"),
    ],
)
def test_what_is_no_consent_of_theirs_is_asked_for_again(office: Organisation, kept: str, why: str):
    settings = consent(office)
    settings["token"].file.write_text(kept)
    told = refused(Access(settings))
    assert (told.urgent, told.owner) == (True, MAYA)
    assert why in str(told)
    assert str(told).endswith("give it: careermail auth google")


def test_a_consent_is_found_to_be_erased_by_whose_it_is(office: Organisation):
    """Also when the service has another owner by now."""
    settings = consent(office)
    file = settings["token"].file
    assert Access(settings).consents(MAYA) == [file]
    assert Access(settings).consents(JONAS) == []
    later = Access({**settings, "service": replace(settings["service"], address=JONAS)})
    assert later.consents(MAYA) == [file]
    assert Access(office.settings()).consents(MAYA) == []
    file.write_text("[]")
    assert Access(settings).consents(MAYA) == []


def test_a_consent_that_others_can_read_is_not_used(office: Organisation):
    settings = consent(office)
    settings["token"].file.chmod(0o644)
    assert "chmod 600 mends that" in str(refused(Access(settings)))


def test_a_consent_without_all_that_is_used_now_names_what_it_lacks(office: Organisation):
    settings = consent(office)
    store(settings["token"].file, Token(MAYA, office.accounts.consent(MAYA, MAIL), MAIL))
    told = refused(Access(settings))
    assert str(told) == (
        f"Google: the consent of {MAYA} does not cover calendar.events.owned, calendar.events.freebusy;"
        " give it again: careermail auth google"
    )
    assert not office.asked("POST /token")


# --- silent death --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        ({"error": "invalid_grant", "error_description": "Token has been expired or revoked."}, "in Testing, where"),
        ({"error": "invalid_grant", "error_description": "Account has been deleted"}, "The account is gone"),
        (
            {"error": "invalid_grant", "error_description": "reauth related error", "error_subtype": "invalid_rapt"},
            "Google Cloud session control",
        ),
        ({"error": "deleted_client", "error_description": "The OAuth client was deleted."}, "download its JSON anew"),
        ({"error": "invalid_client", "error_description": "Unauthorized"}, "download its JSON anew"),
        ({"error": "admin_policy_enforced", "error_description": "no"}, "Manage app access"),
        ({"error": "invalid_scope", "error_description": "Bad Request"}, "covers less than gmail.readonly"),
    ],
)
def test_a_dead_consent_is_told_to_its_owner_with_cause_and_mend(
    office: Organisation, answer: dict[str, str], words: str
):
    office.web.fail("POST /token", Answer(400, answer), times=9)
    told = refused(Access(consent(office)))
    assert (told.urgent, told.permanent, told.owner) == (True, False, MAYA)
    assert words in str(told)
    assert (
        "docs/" in str(told)
        or "careermail auth google" in str(told)
        or "[provider]" in str(told)
        or "gone" in str(told)
    )


@pytest.mark.parametrize(
    "way", [{}, {"answer": Answer(503, {"error": "internal_failure"})}, {"answer": Answer(502, b"<html>")}]
)
def test_a_network_that_is_down_is_no_dead_token(office: Organisation, way: dict[str, Any]):
    office.web.fail("POST /token", times=99, **way)
    told = refused(Access(consent(office)))
    assert (told.urgent, told.permanent, told.owner) == (False, False, "")
    office.web.calm()
    assert Access(consent(office))(MAYA).valid


def test_nothing_answers_at_all(office: Organisation):
    settings = consent(office)
    settings["client"].file.write_text(office.accounts.client("http://127.0.0.1:9"))
    told = refused(Access(settings))
    assert (told.urgent, told.permanent) == (False, False)
    assert "cannot be reached" in str(told)


# --- an organisation's own access ----------------------------------------------------------------


def test_the_missing_scopes_are_named_exactly(office: Organisation):
    office.robot.delegated -= {f"{SCOPE}gmail.compose", f"{SCOPE}calendar.events.freebusy"}
    told = refused(Access(office.settings()))
    assert (told.urgent, told.owner) == (True, "")
    assert str(told).endswith(
        "Admin console, Security > Access and data control > API controls > Manage Domain Wide Delegation: the client"
        f" ID 10000 must have the OAuth scopes {SCOPE}gmail.compose,{SCOPE}calendar.events.freebusy"
    )


def test_without_any_delegation_all_scopes_are_named(office: Organisation):
    office.robot.delegated.clear()
    assert str(refused(Access(office.settings()))).endswith(",".join(SCOPES))


def test_somebody_who_is_not_there_is_named(office: Organisation):
    told = refused(Access(office.settings()), "gone@example.com")
    assert "gone@example.com (invalid_grant: Invalid email or User ID). The organisation has no such user" in str(told)


def test_a_key_that_was_deleted_and_an_account_that_was(office: Organisation):
    office.robot.keyed = False
    assert "The key was deleted or disabled: make a new one" in str(refused(Access(office.settings())))
    office.accounts.robots.clear()
    assert "Was the service account 10000 deleted or disabled?" in str(refused(Access(office.settings())))


def test_a_clock_that_is_wrong_is_told(office: Organisation):
    words = "Invalid JWT: Token must be a short-lived token (60 minutes) and in a reasonable timeframe."
    office.web.fail("POST /token", Answer(400, {"error": "invalid_grant", "error_description": words}), times=9)
    assert "The clock of this machine is wrong." in str(refused(Access(office.settings())))


@pytest.mark.parametrize("key", ["", "[1", "{}", '{"type": "service_account", "private_key": "hunter2"}', "hunter2"])
def test_what_is_no_key_is_told_without_a_word_of_it(office: Organisation, key: str):
    told = refused(Access(office.settings(service_account=office.secret("odd.json", key))))
    assert told.urgent
    assert "odd.json" in str(told)
    assert "hunter2" not in "".join(traceback.format_exception(told))


# --- without a key -------------------------------------------------------------------------------


@pytest.fixture
def server(office: Organisation, monkeypatch: pytest.MonkeyPatch) -> str:
    """This machine's own identity."""
    who = office.secret("adc.json", office.accounts.authorized_user("server@example.com", office.web.url))
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(who.file))
    office.accounts.people.add("server@example.com")
    return "server@example.com"


@pytest.mark.usefixtures("server")
def test_who_may_not_sign_is_told_the_role(office: Organisation):
    told = str(refused(Access(keyless(office))))
    assert f"the role Service Account Token Creator on {ROBOT}" in told


def test_the_api_that_signs_has_to_be_enabled(office: Organisation, server: str):
    office.robot.signers.add(server)
    office.accounts.disabled.add("iamcredentials.googleapis.com")
    assert "Enable the IAM Service Account Credentials API" in str(refused(Access(keyless(office))))


def test_a_persons_session_that_has_ended_is_told(office: Organisation, server: str):
    office.robot.signers.add(server)
    office.accounts.die(server, "invalid_rapt")
    assert "a person's, whose session has ended" in str(refused(Access(keyless(office))))


def test_missing_scopes_are_named_without_a_key_too(office: Organisation, server: str):
    office.robot.signers.add(server)
    office.robot.delegated.discard(f"{SCOPE}gmail.compose")
    told = str(refused(Access(keyless(office))))
    assert f"the client ID (its unique ID) of {ROBOT} must have the OAuth scopes {SCOPE}gmail.compose" in told


def test_a_machine_without_an_identity_is_told_what_it_needs(
    office: Organisation, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
):
    monkeypatch.delenv("GOOGLE_APPLICATION_CREDENTIALS", raising=False)
    monkeypatch.setenv("NO_GCE_CHECK", "true")
    monkeypatch.setenv("CLOUDSDK_CONFIG", str(tmp_path))
    told = refused(Access(keyless(office)))
    assert told.urgent
    assert f"this machine has no identity that could sign for {ROBOT}" in str(told)


# --- what is tried every day ---------------------------------------------------------------------


def probe(office: Organisation, settings: dict[str, Any]) -> str:
    """What is told of the mailbox of Maya, whose calendar there is none of."""
    from careermail.providers import open_provider

    provider = open_provider(settings, office.clock)
    try:
        (found,) = (one for one in provider.probes([PERSON]) if one.name.endswith(MAYA))
        with pytest.raises(ProviderError) as told:
            found.look()
    finally:
        provider.close()
    _is_silent(told.value)
    return str(told.value)


def test_a_token_that_holds_is_no_proof(office: Organisation):
    """It is a new one that is asked for, since the old one may be the last."""
    settings = consent(office)
    Access(settings)(MAYA)
    office.accounts.dead[MAYA] = ""
    assert "Google gives no access to maya@example.com any more" in probe(office, settings)


def test_an_api_that_is_not_enabled_is_named_with_the_page(office: Organisation):
    office.accounts.disabled.add("gmail.googleapis.com")
    told = probe(office, office.settings())
    assert "https://console.developers.google.com/apis/api/gmail.googleapis.com/overview?project=1234" in told


def test_somebody_without_gmail_is_named(office: Organisation):
    office.gmail.off.add(MAYA)
    assert "maya@example.com has no Gmail, or it is switched off" in probe(office, office.settings())


# --- nothing of it is told -----------------------------------------------------------------------


def test_no_secret_is_in_a_repr_or_a_log(office: Organisation, caplog: pytest.LogCaptureFixture):
    settings = consent(office)
    with caplog.at_level(logging.DEBUG, logger="careermail"):
        access = Access(settings)
        access(MAYA)
    told = repr(settings) + repr(vars(access.way)) + caplog.text
    for secret in ("1//refresh", "shhh-the-client", "ya29."):
        assert secret not in told
