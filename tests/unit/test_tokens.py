import re
from dataclasses import replace
from datetime import date

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from letters import reply_address

from careermail.mail.tokens import LONGEST_NAME, Token, holds, manager_of, mark, message_id, read
from careermail.model import Service

OURS = Service("careermail", "careermail@example.com", secret=b"of this service alone")
MAYA, JONAS = "maya@example.com", "jonas@example.com"
MAIL = message_id(OURS, ["a", "b"], MAYA)
LAST_DAY = date(2027, 5, 13)
ADDRESS = reply_address(OURS, MAIL, MAYA, "due", LAST_DAY)
TOKEN = ADDRESS.removeprefix("careermail+").removesuffix("@example.com")

emails = st.emails().map(str.lower)
days = st.dates(date(2026, 1, 1), date(2200, 1, 1))
kinds = st.sampled_from(["prepare", "summary", "summary-nudge", "due", "due-soon", "review"])


def test_a_message_id_is_made_of_the_keys_in_any_order_and_of_the_secret():
    assert message_id(OURS, ["b", "a"], MAYA) == MAIL
    assert re.fullmatch(r"<[a-z2-7]{26}\.[0-9a-f]{12}@example\.com>", MAIL)
    others = {
        message_id(OURS, ["a"], MAYA),
        message_id(OURS, ["ab"], MAYA),
        message_id(OURS, ["a", "b"], JONAS),
        message_id(replace(OURS, secret=b"of another"), ["a", "b"], MAYA),
        message_id(replace(OURS, secret=b""), ["a", "b"], MAYA),
    }
    assert len(others - {MAIL}) == 5


def test_a_message_id_tells_us_whose_it_is_and_others_nothing():
    assert manager_of(MAIL, OURS) == manager_of(f" {MAIL}\r\n", OURS) == mark(MAYA)
    assert manager_of(MAIL.replace("example.com", "EXAMPLE.com"), OURS) == mark(MAYA)
    assert "maya" not in MAIL


@pytest.mark.parametrize(
    "foreign",
    [
        "",
        "<1@example.com>",
        "<0cc7b8492010cc7b8492010cc7b84920@example.com>",  # the root of a session's thread, which anybody can make
        MAIL.replace("example.com", "example.org"),
        MAIL.replace("@", "@evil.org@"),
        MAIL.strip("<>"),
        f"{MAIL} {MAIL}",
        MAIL.upper(),
    ],
)
def test_any_other_message_id_is_nobodys(foreign: str):
    assert manager_of(foreign, OURS) == ""


def test_a_mail_without_a_message_id_of_ours_is_answered_at_the_plain_address():
    assert reply_address(OURS, "<1@example.com>", MAYA, "due", LAST_DAY) == "careermail@example.com"


@given(to=emails, kind=kinds, day=days, keys=st.lists(st.text(max_size=30), min_size=1), secret=st.binary(max_size=64))
def test_what_is_issued_is_read_back_and_holds(to: str, kind: str, day: date, keys: list[str], secret: bytes):
    service = replace(OURS, secret=secret)
    mail = message_id(service, keys, MAYA)
    address = reply_address(service, mail, to, kind, day)
    token = read(service, address)
    assert token is not None
    assert mail.startswith(f"<{token.mail}")
    assert (token.manager, token.expires) == (mark(MAYA), day)
    assert holds(service, token, to, kind, on=day)
    assert holds(service, address, to.upper(), kind)


@given(name=st.from_regex(rf"[a-z]{{1,{LONGEST_NAME}}}", fullmatch=True), to=emails, kind=kinds, day=days)
def test_the_address_fits_into_every_mail_system(name: str, to: str, kind: str, day: date):
    """RFC 5321, 4.5.3.1.1: a local part of 64 octets; and nothing in it that changes when case is folded."""
    service = replace(OURS, address=f"{name}@example.com")
    address = reply_address(service, message_id(service, ["k"], MAYA), to, kind, day)
    local, at = address.split("@")
    assert (len(local) <= 64, at) == (True, "example.com")
    assert re.fullmatch(rf"{name}\+[a-z0-9]{{43}}", local)


@pytest.mark.parametrize("sent_to", [TOKEN, ADDRESS, ADDRESS.upper(), f" {ADDRESS}\n", ADDRESS.title()])
def test_a_token_is_read_in_whatever_case_and_with_or_without_its_address(sent_to: str):
    assert read(OURS, sent_to) == read(OURS, TOKEN)
    assert holds(OURS, sent_to, MAYA, "due")


@given(at=st.integers(0, 42), by=st.characters(codec="utf-8"))
def test_a_token_of_which_one_character_changed_does_not_hold(at: int, by: str):
    changed = TOKEN[:at] + by + TOKEN[at + 1 :]
    assume(changed.lower() != TOKEN)
    assert not holds(OURS, changed, MAYA, "due")


def test_a_letter_that_only_folds_into_ours_is_not_ours():
    """U+212A, the Kelvin sign, is "k" in lower case."""
    assert "k" in TOKEN
    assert read(OURS, TOKEN.replace("k", "\u212a", 1)) is None


@given(other=emails)
def test_a_token_holds_for_nobody_else(other: str):
    assert not holds(OURS, TOKEN, other, "due")


@given(secret=st.binary(max_size=64))
def test_a_token_of_another_service_does_not_hold(secret: bytes):
    assert not holds(replace(OURS, secret=secret), TOKEN, MAYA, "due")


@pytest.mark.parametrize("kind", ["due-soon", "overdue", "summary", "", "Due"])
def test_a_token_holds_for_no_other_kind_of_mail(kind: str):
    assert not holds(OURS, TOKEN, MAYA, kind)


def test_a_token_holds_up_to_its_last_day():
    assert holds(OURS, TOKEN, MAYA, "due", on=LAST_DAY)
    assert not holds(OURS, TOKEN, MAYA, "due", on=date(2027, 5, 14))


def test_no_token_lives_longer_for_saying_so():
    token = read(OURS, TOKEN)
    assert token is not None
    assert not holds(OURS, replace(token, expires=date(2099, 1, 1)), MAYA, "due")
    assert not holds(OURS, replace(token, manager=mark(JONAS)), MAYA, "due")
    assert not holds(OURS, Token(token.mail, token.manager, token.expires), MAYA, "due")


@given(junk=st.text())
def test_whatever_stands_in_an_address_is_read_as_a_token_or_as_none(junk: str):
    assert not holds(OURS, junk, MAYA, "due")
    assert not holds(OURS, f"careermail+{junk}@example.com", MAYA, "due")


@pytest.mark.parametrize(
    "address", ["careermail@example.com", f"other+{TOKEN}@example.com", f"{TOKEN}@example.org", ""]
)
def test_an_address_that_is_not_ours_has_no_token(address: str):
    assert read(OURS, address) is None


def test_neither_a_secret_nor_a_macs_value_is_shown():
    assert "of this service alone" not in repr(OURS)
    assert TOKEN[-16:] not in repr(read(OURS, TOKEN))
