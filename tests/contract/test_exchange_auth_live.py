"""`careermail check --live` on an Exchange of the tests' own, by the command line, as an admin calls it."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from fakes.ews.house import House
from fakes.ews.soap import FaultError

from careermail.cli import main

CONFIG = """\
[service]
address = "careermail@example.com"

[provider]
kind = "exchange"
url = "{url}"
user = 'EXAMPLE\\careermail'
password = {{ file = "exchange.secret" }}
auth = "basic"

[[manager]]
name = "Maya Lindqvist"
email = "maya@example.com"

[[manager]]
name = "Ana Souza"
email = "ana@example.com"
"""
WORKS = "works\n  offers   Exchange 15.2 (build 15.2.1544.4)\n"


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    with House(tmp_path) as house:
        (tmp_path / "careermail.toml").write_text(CONFIG.format(url=house.web.url))
        yield house


def check(house: House, *options: str) -> int:
    return main(["--config", str(house.root / "careermail.toml"), "check", "--live", *options])


def where(house: House, mailbox: str) -> str:
    return f"Exchange {house.web.url.removeprefix('http://')} as EXAMPLE\\careermail, mailbox {mailbox}"


def test_each_mailbox_works_and_nothing_is_written(house: House, capsys: pytest.CaptureFixture[str]):
    assert check(house) == 0
    said = capsys.readouterr().out
    for mailbox in ("careermail@example.com", "maya@example.com", "ana@example.com"):
        assert f"{where(house, mailbox)}: {WORKS}" in said
    assert said.endswith("Every login works (3). Nothing was written.\n")
    assert set(house.soap.asked()) == {"FindItem"}
    assert list((house.root / "state").glob("exchange*")) == []


def test_a_password_that_is_refused_is_told_once_and_tried_once(house: House, capsys: pytest.CaptureFixture[str]):
    house.secret.write_text("wrong")
    assert check(house) == 69
    said = " ".join(capsys.readouterr().out.split())
    assert r"refuses the login of EXAMPLE\careermail; mend `user`, or what file" in said
    assert said.endswith("3 of 3 logins failed.")
    assert len(house.web.log) == 1


def test_a_missing_role_and_a_missing_mailbox_are_told_with_their_mends(
    house: House, capsys: pytest.CaptureFixture[str]
):
    house.soap.addresses.remove("ana@example.com")
    house.soap.trouble("FindItem", FaultError("ErrorImpersonateUserDenied"), times=1)
    assert check(house, "--json") == 69
    service, maya, ana = json.loads(capsys.readouterr().out)["servers"]
    assert (
        "does not let us act as careermail@example.com; grant our login the role ApplicationImpersonation"
        in (service["error"])
    )
    assert (maya["ok"], maya["owner"]) == (True, None)
    assert "has no mailbox ana@example.com; mend the address, or move the mailbox" in ana["error"]


def test_a_manager_whose_own_login_it_is_is_who_can_mend_it(house: House, capsys: pytest.CaptureFixture[str]):
    config = CONFIG.partition('\n[[manager]]\nname = "Ana')[0].replace("'EXAMPLE\\careermail'", '"maya@example.com"')
    text = config.format(url=house.web.url).replace('auth = "basic"', 'auth = "basic"\nimpersonate = false')
    (house.root / "careermail.toml").write_text(text)
    assert check(house) == 69
    assert "mailbox maya@example.com: fails, which only maya@example.com can mend" in capsys.readouterr().out


def test_what_is_no_fault_of_the_manager_is_not_laid_at_their_door(house: House, capsys: pytest.CaptureFixture[str]):
    config = CONFIG.partition('\n[[manager]]\nname = "Ana')[0].replace("'EXAMPLE\\careermail'", '"maya@example.com"')
    text = config.format(url="http://127.0.0.1:9/EWS/Exchange.asmx")
    text = text.replace('auth = "basic"', 'auth = "basic"\nimpersonate = false')
    (house.root / "careermail.toml").write_text(text)
    assert check(house) == 69
    said = capsys.readouterr().out
    assert "mailbox maya@example.com: fails\n" in said
    assert "cannot be reached" in said


def test_exchange_online_is_refused_by_check_itself(house: House, capsys: pytest.CaptureFixture[str]):
    text = (house.root / "careermail.toml").read_text()
    (house.root / "careermail.toml").write_text(text.replace(house.web.url, "https://outlook.office365.com"))
    assert check(house) == 78
    said = capsys.readouterr()
    assert "blocked EWS since 1 October 2026" in said.out + said.err
    assert house.web.log == []
