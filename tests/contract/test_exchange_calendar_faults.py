"""What goes wrong between careermail and calendars on an Exchange Server, and what people hear of it."""

import logging
from datetime import timedelta

import pytest
from fakes.ews.house import House
from fakes.ews.people import People
from fakes.ews.soap import FaultError, RefusedError
from fakes.web import Answer
from provider_suite import APRIL, JULY, MAYA, SERIES, World, confirmed, held, utc

from careermail.errors import ProviderError
from careermail.providers.exchange.account import Mailboxes
from careermail.providers.exchange.auth import Login
from careermail.providers.exchange.calendar import ExchangeCalendar

SESSIONS = [utc(2027, 1, 12, 9), utc(2027, 4, 13, 8), utc(2027, 7, 13, 8), utc(2027, 10, 12, 8)]


@pytest.fixture
def world(house: House) -> World:
    return World(house.provider(), People(house.diaries, MAYA))


def test_what_was_done_and_not_heard_of_is_found_and_not_done_again(house: House, world: World):
    calendar = world.provider.calendar
    house.web.fail(within="<m:CreateItem", after=True)
    with pytest.raises(ProviderError, match="cannot be reached, or did not answer in time"):
        calendar.put(SERIES)
    assert calendar.find(MAYA, SERIES.uid) is not None
    calendar.put(SERIES)
    house.web.fail(within="<m:UpdateItem", after=True)
    with pytest.raises(ProviderError):
        calendar.move(MAYA, held(world)[APRIL], utc(2027, 4, 15, 12), utc(2027, 4, 15, 13))
    calendar.move(MAYA, held(world)[APRIL], utc(2027, 4, 15, 12), utc(2027, 4, 15, 13))
    house.web.fail(within="<m:DeleteItem", after=True)
    with pytest.raises(ProviderError):
        calendar.cancel(MAYA, SERIES.uid, recurrence_id=JULY)
    calendar.cancel(MAYA, SERIES.uid, recurrence_id=JULY)
    assert house.diaries.told("jonas@example.com") == ["request", "request", "cancellation"]
    assert house.soap.asked("CreateItem", "UpdateItem", "DeleteItem") == ["CreateItem", "UpdateItem", "DeleteItem"]


@pytest.mark.parametrize(
    ("written", "wait"),
    [
        ("7", timedelta(seconds=7)),
        ("999999", timedelta(hours=1)),
        ("Mon, 04 Jan 2027 09:00:50 GMT", timedelta(seconds=50)),
        ("soon", None),
        ("", None),
    ],
)
def test_a_server_out_of_order_is_asked_once_and_says_when_again(
    house: House, world: World, written: str, wait: timedelta | None
):
    """The library's own way of retrying posts twice; without it, it drops the Retry-After."""
    house.web.fail(answer=Answer(503, b"", {"Retry-After": written}), within="<m:CreateItem", times=9)
    with pytest.raises(ProviderError, match="out of order or busy") as told:
        world.provider.calendar.put(SERIES)
    assert (told.value.permanent, told.value.retry_after) == (False, wait)
    assert sum(b"<m:CreateItem" in one.body for one in house.web.log) == 1


def test_a_busy_server_says_when_it_is_to_be_asked_again(house: House, world: World):
    house.soap.trouble("CreateItem", FaultError("ErrorServerBusy", BackOffMilliseconds="297749"))
    with pytest.raises(ProviderError, match="is busy") as told:
        world.provider.calendar.put(SERIES)
    assert told.value.retry_after == timedelta(seconds=297.749)
    assert house.soap.asked("CreateItem") == ["CreateItem"]


def test_no_answer_is_waited_for_no_longer_than_we_say(house: House, world: World):
    """The library's own 120 seconds are a constant of a class of its own."""
    del world
    calendar = ExchangeCalendar(Mailboxes(Login(house.settings(), house.clock, seconds=0.2)))
    house.web.fail(within="<m:FindItem", hang=True)
    with pytest.raises(ProviderError, match="did not answer in time"):
        calendar.put(SERIES)


@pytest.mark.parametrize(
    ("error", "words", "owner"),
    [
        (FaultError("ErrorImpersonateUserDenied"), "act as maya@example.com; grant .* ApplicationImpersonation", ""),
        (FaultError("ErrorNonExistentMailbox"), "has no mailbox maya@example.com", ""),
        (RefusedError("ErrorAccessDenied"), "into maya@example.com's mailbox", ""),
        (RefusedError("ErrorQuotaExceeded"), "maya@example.com's mailbox is full; make room", "maya@example.com"),
        (RefusedError("ErrorAccountDisabled"), "the account is disabled", ""),
    ],
)
def test_what_somebody_has_to_mend_is_told_at_once_and_of_whose_mailbox(
    house: House, world: World, error: Exception, words: str, owner: str
):
    house.soap.trouble("CreateItem", error)
    with pytest.raises(ProviderError, match=words) as told:
        world.provider.calendar.put(SERIES)
    assert (told.value.urgent, told.value.permanent, told.value.owner) == (True, False, owner)


@pytest.mark.parametrize("code", ["ErrorMailboxStoreUnavailable", "ErrorInternalServerError", "ErrorTimeoutExpired"])
def test_what_passes_by_itself_is_tried_again(house: House, world: World, code: str):
    house.soap.trouble("CreateItem", RefusedError(code))
    with pytest.raises(ProviderError, match=code) as told:
        world.provider.calendar.put(SERIES)
    assert (told.value.urgent, told.value.permanent) == (False, False)
    world.provider.calendar.put(SERIES)
    assert confirmed(world) == SESSIONS


def test_what_is_no_answer_of_exchange_is_told_without_its_words(house: House, world: World):
    for answer in (Answer(200, b"<html>Maya's secret"), Answer(200, b"<a>Maya's secret</a>"), Answer(302, b"")):
        house.web.fail(answer=answer, within="<m:CreateItem")
        with pytest.raises(ProviderError) as told:
            world.provider.calendar.put(SERIES)
        assert "secret" not in str(told.value)


def test_no_word_of_what_is_said_gets_into_a_log(house: House, world: World, caplog: pytest.LogCaptureFixture):
    """The library logs whole requests and answers, and more where something fails."""
    caplog.set_level(logging.DEBUG)
    world.provider.calendar.put(SERIES)
    assert confirmed(world) == SESSIONS
    house.web.fail(answer=Answer(500, b"Something else"), within="<m:FindItem")
    with pytest.raises(ProviderError):
        held(world)
    assert "An hour set aside" not in caplog.text
    assert "Jonas and Maya" not in caplog.text
