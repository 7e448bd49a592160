"""What goes wrong between us and Google: nothing is lost, nothing comes twice, and errors say who can mend them."""

import logging
from dataclasses import dataclass, replace
from datetime import timedelta
from threading import Thread
from types import SimpleNamespace

import pytest
from fakes.google.discovery import error
from fakes.google.oauth import Grant, not_enabled
from fakes.web import Answer, Fault, Request
from google_calendars import NOW, Google, lines
from provider_suite import APRIL, JONAS, JULY, MAYA, SERIES, YEAR, utc

from careermail.clock import VirtualClock
from careermail.errors import ProviderError
from careermail.providers.google import transport
from careermail.providers.google.api import AGAIN, BUDGET, Api, Budget

STARTS = [utc(2027, 1, 12, 9), utc(2027, 4, 13, 8), utc(2027, 7, 13, 8), utc(2027, 10, 12, 8)]
INSERT, PATCH, DELETE = "POST .*/events", "PATCH", "DELETE"


@pytest.fixture
def booked(google: Google) -> Google:
    google.calendar.put(SERIES)
    google.told()
    google.asked()
    return google


def put(google: Google) -> ProviderError:
    with pytest.raises(ProviderError) as told:
        google.calendar.put(SERIES)
    return told.value


# --- what Google says ---


MODERN = {"error": {"code": 403, "message": "Insufficient scopes.", "status": "PERMISSION_DENIED", "details": [
    {"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": "ACCESS_TOKEN_SCOPE_INSUFFICIENT"}]}}  # fmt: skip


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (error(401, "authError", "Invalid Credentials"), "does not take our token; .*careermail auth google"),
        (error(403, "insufficientPermissions", "Insufficient Permission"), "too narrow: careermail auth google"),
        (Answer(403, MODERN), "too narrow: careermail auth google"),
        (error(403, "forbiddenForServiceAccounts", "They cannot invite."), "delegate domain-wide authority"),
        (error(403, "notACalendarUser", "The user must be signed up."), "maya@example.com has no Google Calendar"),
        (error(403, "domainPolicy", "Disabled by the administrator."), "administrator lets no such app in"),
        (error(403, "requiredAccessLevel", "You need writer access."), "maya@example.com may not write"),
        (error(403, "forbidden", "Forbidden"), r"it refuses \(403 forbidden: Forbidden\)"),
        (not_enabled("calendar-json.googleapis.com", "Google Calendar API"),
         "not enabled in the Google Cloud project: https://console.developers.google.com/apis/api/calendar-json"),
    ],
)  # fmt: skip
def test_what_somebody_has_to_mend_is_said_at_once(google: Google, answer: Answer, words: str):
    fault = google.web.fail(answer=answer, times=99)
    refused = put(google)
    assert refused.urgent
    assert not refused.permanent
    assert str(refused).startswith("Google Calendar, asked for maya@example.com: ")
    with pytest.raises(ProviderError, match=words):
        raise refused
    assert fault.happened <= 4  # each put asks once, a refused token twice
    google.web.calm()
    google.calendar.put(SERIES)
    assert google.told() == [("jonas", "invitation")]


@pytest.mark.parametrize("reason", ["rateLimitExceeded", "userRateLimitExceeded"])
@pytest.mark.parametrize("status", [403, 429])
def test_too_many_requests_are_tried_again_within_seconds_then_later(google: Google, status: int, reason: str):
    google.web.fail(answer=error(status, reason, "Rate Limit Exceeded", "usageLimits"), times=AGAIN)
    google.calendar.put(SERIES)
    assert timedelta(seconds=3) < google.clock.now() - NOW < timedelta(seconds=10)
    google.web.fail(answer=error(status, reason, "Rate Limit Exceeded", "usageLimits"), times=99)
    with pytest.raises(ProviderError) as told:
        google.sessions()
    assert told.value.retry_after == timedelta(minutes=1)
    assert (told.value.permanent, told.value.urgent) == (False, False)


def test_pauses_grow(google: Google):
    google.web.fail(answer=error(503, "backendError", "Backend Error"), times=99)
    pauses: list[timedelta] = []
    wait = google.clock.wait
    google.clock.wait = lambda until: (pauses.append(until - google.clock.now()), wait(until))[1]  # type: ignore[method-assign]
    put(google)
    assert len(pauses) == AGAIN
    assert all(timedelta(seconds=0.5 * 2**n) <= pause <= timedelta(seconds=2**n) for n, pause in enumerate(pauses))


@pytest.mark.parametrize(
    ("reason", "hours", "words"),
    [
        ("quotaExceeded", 1, "invite only so many others in a time"),
        ("dailyLimitExceeded", 1, "raise it in Google Cloud console"),
    ],
)
def test_a_quota_that_fills_slowly_is_not_asked_within_the_hour(google: Google, reason: str, hours: int, words: str):
    fault = google.web.fail(answer=error(403, reason, "Calendar usage limits exceeded.", "usageLimits"), times=99)
    refused = put(google)
    assert refused.retry_after == timedelta(hours=hours)
    assert (fault.happened, google.clock.now()) == (1, NOW)
    assert words in str(refused)


@pytest.mark.parametrize(
    ("said", "wait"), [("120", timedelta(minutes=2)), ("Fri, 01 Jan 2027 00:05:00 GMT", timedelta(minutes=5))]
)
@pytest.mark.parametrize("status", [429, 503])
def test_how_long_google_wishes_to_be_left_alone_is_kept(google: Google, status: int, said: str, wait: timedelta):
    refusal = error(status, "rateLimitExceeded" if status == 429 else "backendError", "No")
    fault = google.web.fail(answer=replace(refusal, headers={"Retry-After": said}), times=99)
    assert put(google).retry_after == wait
    assert fault.happened == 1


def test_a_wish_of_a_moment_is_waited_for(google: Google):
    refusal = error(429, "rateLimitExceeded", "No")
    google.web.fail(answer=replace(refusal, headers={"Retry-After": "3"}))
    google.calendar.put(SERIES)
    assert timedelta(seconds=3) <= google.clock.now() - NOW < timedelta(seconds=4)


@pytest.mark.parametrize("status", [302, 408, 500, 502, 503, 504])
def test_a_server_in_trouble_is_tried_again(google: Google, status: int):
    google.web.fail(answer=Answer(status, b"<html>Error</html>"))
    google.calendar.put(SERIES)
    google.web.fail(answer=Answer(status, b"<html>Error</html>"), times=99)
    with pytest.raises(ProviderError, match=f"it says {status}") as told:
        google.sessions()
    assert (told.value.permanent, told.value.urgent) == (False, False)


@pytest.mark.parametrize("answer", [error(400, "invalid", "Invalid Value"), error(404, "notFound", "Not Found")])
def test_what_google_will_never_take_is_refused_for_good(google: Google, answer: Answer):
    google.web.fail(INSERT, answer, times=99)
    refused = put(google)
    assert refused.permanent
    assert answer.body["error"]["message"] in str(refused)


def test_an_answer_that_is_none_is_asked_again(google: Google):
    google.web.fail(answer=Answer(200, b"<html>Log in to the hotel's network</html>"), times=99)
    assert "cannot be understood" in str(put(google))
    google.web.calm()
    google.calendar.put(SERIES)
    assert google.told() == [("jonas", "invitation")]


def test_an_answer_that_is_none_has_deleted_nothing(booked: Google):
    """What is deleted is answered with nothing at all."""
    booked.web.fail(DELETE, Answer(200, b"<html>Log in to the hotel's network</html>"))
    booked.calendar.cancel(MAYA, SERIES.uid, recurrence_id=JULY)
    assert booked.told() == [("jonas", "cancellation")]


@pytest.mark.parametrize(
    ("reason", "owner"),
    [("insufficientPermissions", "maya@example.com"), ("notACalendarUser", ""), ("domainPolicy", "")],
)
def test_who_alone_can_mend_it_is_named(google: Google, reason: str, owner: str):
    """Here it is she who gave consent; what is the administrator's is nobody else's."""
    google.web.fail(answer=error(403, reason, "No"))
    assert put(google).owner == owner


def test_a_token_that_is_refused_is_renewed_once(google: Google):
    google.web.fail(answer=error(401, "authError", "Invalid Credentials"))
    google.calendar.put(SERIES)
    assert google.access.renewed == ["maya@example.com"]
    assert google.told() == [("jonas", "invitation")]


def test_a_scope_too_few_is_named_by_the_fake_as_by_google(google: Google):
    google.accounts.access[MAYA.email] = Grant(
        MAYA.email, frozenset({"https://www.googleapis.com/auth/gmail.readonly"})
    )
    assert put(google).urgent


# --- what is cut ---


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("times", [1, 2, AGAIN + 1])
def test_an_insert_that_is_cut_comes_about_once(google: Google, times: int, *, after: bool):
    """Whether Google had it or not: the second time the id is taken, and what stands there is what was meant."""
    google.web.fail(INSERT, after=after, times=times)
    for _ in range(2):
        try:
            google.calendar.put(SERIES)
        except ProviderError as cut:
            assert (cut.permanent, cut.urgent) == (False, False)  # noqa: PT017 (it may raise or not)
    assert google.told() == [("jonas", "invitation")]
    assert len(google.held()) == 1
    assert [o.start for o in google.sessions().values()] == STARTS


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("times", [1, 2, AGAIN + 1])
def test_a_change_that_is_cut_comes_about_once(booked: Google, times: int, *, after: bool):
    """The second time the event has another etag; it is read again, and is as it is to be."""
    april = booked.sessions()[APRIL]
    booked.web.fail(PATCH, after=after, times=times)
    for _ in range(3):
        try:
            booked.calendar.move(MAYA, april, utc(2027, 4, 15, 12), utc(2027, 4, 15, 13))
        except ProviderError as cut:
            assert (cut.permanent, cut.urgent) == (False, False)  # noqa: PT017
    assert booked.told() == [("jonas", "update")]
    assert booked.sessions()[APRIL].start == utc(2027, 4, 15, 12)


@pytest.mark.parametrize("after", [False, True])
def test_a_deletion_that_is_cut_comes_about_once(booked: Google, *, after: bool):
    booked.web.fail(DELETE, after=after, times=2)
    for _ in range(2):
        booked.calendar.cancel(MAYA, SERIES.uid, recurrence_id=JULY)
    assert booked.told() == [("jonas", "cancellation")]


@dataclass
class From(Fault):
    """The connection ends at each request after the first `n`."""

    n: int = 0

    def meets(self, request: Request) -> bool:
        del request
        self.n -= 1
        return self.n < 0


@pytest.mark.parametrize("n", range(6))
def test_an_end_that_is_cut_anywhere_is_an_end_in_the_end(booked: Google, n: int):
    """With a session that was moved behind it, which may stay when the rule is cut short before it."""
    booked.hands.move_one(booked.sessions()[APRIL], utc(2027, 7, 5, 8))
    booked.web.faults.append(From(n=n))
    with pytest.raises(ProviderError):
        booked.calendar.cancel(MAYA, SERIES.uid, since=utc(2027, 7, 1))
    booked.web.calm()
    booked.calendar.cancel(MAYA, SERIES.uid, since=utc(2027, 7, 1))
    assert [o.start for o in booked.sessions().values() if o.status == "confirmed"] == STARTS[:1]
    assert booked.hands.sees(JONAS, SERIES.uid) == STARTS[:1]


@pytest.mark.parametrize("n", range(4))
def test_a_change_of_length_that_is_cut_anywhere_reaches_what_was_moved(booked: Google, n: int):
    booked.hands.move_one(booked.sessions()[APRIL], utc(2027, 4, 15, 12))
    longer = replace(SERIES, minutes=90, sequence=1)
    booked.web.faults.append(From(n=n))
    with pytest.raises(ProviderError):
        booked.calendar.put(longer)
    booked.web.calm()
    held = booked.calendar.find(MAYA, SERIES.uid)
    assert held is not None
    assert (held.sequence, held.minutes) == (0, 60)  # so that nobody takes it for done
    booked.calendar.put(longer)
    assert {o.end - o.start for o in booked.sessions().values()} == {timedelta(minutes=90)}
    assert booked.sessions()[APRIL].start == utc(2027, 4, 15, 12)


def test_a_request_that_may_not_be_repeated_is_sent_once(google: Google):
    """httplib2 by itself would send it again where no answer comes."""
    body = {"start": {"date": "2027-03-02"}, "end": {"date": "2027-03-03"}}
    google.web.fail(INSERT, after=True, times=9)
    with pytest.raises(ProviderError, match="cannot be reached"):
        google.api.ask(
            MAYA.email, lambda calendar: calendar.events().insert(calendarId="primary", body=body), again=False
        )
    assert lines(google.asked("POST")) == ["POST events"]
    assert len(google.held()) == 1


@pytest.mark.parametrize("reason", ["backendError", "rateLimitExceeded"])
def test_a_server_in_trouble_may_have_done_it_whatever_it_says(google: Google, reason: str):
    body = {"start": {"date": "2027-03-02"}, "end": {"date": "2027-03-03"}}
    google.web.fail(INSERT, error(503, reason, "Backend Error"), after=True, times=9)
    with pytest.raises(ProviderError, match="it says 503"):
        google.api.ask(
            MAYA.email, lambda calendar: calendar.events().insert(calendarId="primary", body=body), again=False
        )
    assert len(google.held()) == 1


def test_a_request_that_may_not_be_repeated_is_where_it_was_surely_refused(google: Google):
    body = {"start": {"date": "2027-03-02"}, "end": {"date": "2027-03-03"}}
    google.web.fail(INSERT, error(403, "rateLimitExceeded", "No"), times=2)
    google.api.ask(MAYA.email, lambda calendar: calendar.events().insert(calendarId="primary", body=body), again=False)
    assert len(google.asked("POST")) == 3
    assert len(google.held()) == 1


# --- the connection ---


def test_a_server_that_never_answers_is_asked_on_a_new_connection(google: Google, monkeypatch: pytest.MonkeyPatch):
    """A connection that has timed out is of no use any more."""
    monkeypatch.setattr(transport, "SECONDS", 0.2)
    google.web.fail(hang=True, times=AGAIN + 1)
    assert "does not answer" in str(put(google))
    google.calendar.put(SERIES)
    assert google.told() == [("jonas", "invitation")]


def test_a_server_that_cannot_be_reached_is_asked_again_later(booked: Google):
    nowhere = Api("calendar", "v3", booked.access, booked.clock, "http://127.0.0.1:9")  # type: ignore[arg-type]
    with pytest.raises(ProviderError, match="cannot be reached") as told:
        nowhere.ask(MAYA.email, lambda calendar: calendar.events().get(calendarId="primary", eventId="x12345"))
    assert not told.value.permanent
    nowhere.close()


def test_each_thread_has_a_connection_of_its_own(booked: Google):
    """httplib2 is not thread-safe."""
    found: list[int] = []

    def look() -> None:
        found.append(len(booked.calendar.occurrences(MAYA, SERIES.marker, YEAR)))
        booked.calendar.close()

    threads = [Thread(target=look) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [4] * 4


def test_after_it_was_closed_it_can_be_used_again(booked: Google):
    booked.calendar.close()
    assert len(booked.sessions()) == 4


def test_nothing_is_logged_by_the_library_of_what_was_said(booked: Google, caplog: pytest.LogCaptureFixture):
    booked.web.fail(answer=Answer(403, b"Oh no"), times=99)
    with caplog.at_level(logging.INFO), pytest.raises(ProviderError):
        booked.sessions()
    assert caplog.text == ""


# --- the budget ---


def test_a_mailbox_is_asked_only_so_often_in_a_minute():
    clock = VirtualClock(NOW)
    budget = Budget(clock)
    for n in range(BUDGET):
        clock.wait(NOW + timedelta(seconds=n / 10))
        budget.take("maya@example.com")
    with pytest.raises(ProviderError, match="400 times in a minute for maya") as told:
        budget.take("maya@example.com")
    assert told.value.retry_after == timedelta(seconds=60 - 39.9)
    budget.take("ana@example.com")
    clock.wait(NOW + timedelta(seconds=60))
    budget.take("maya@example.com")


def test_a_clock_that_was_set_back_makes_nobody_wait():
    moments = iter([NOW, NOW - timedelta(hours=1)])
    budget = Budget(SimpleNamespace(now=lambda: next(moments)), limit=1)  # type: ignore[arg-type]
    budget.take("maya@example.com")
    budget.take("maya@example.com")
