"""How Graph is asked: what is repeated, how long is waited, and what a refusal tells whom."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Thread
from time import monotonic, sleep

import pytest
from fakes.graph.schema import error
from fakes.web import Answer, Request, Web

from careermail.clock import VirtualClock
from careermail.errors import ProviderError
from careermail.providers.microsoft import graph as client
from careermail.providers.microsoft.failures import GraphError
from careermail.providers.microsoft.graph import Graph

MAYA = "maya@example.com"
NOW = datetime(2027, 1, 4, 8, tzinfo=UTC)
BUSY = error("ApplicationThrottled", "too much")


def room(request: Request) -> Answer:
    """Whatever is asked is there, on three pages."""
    if request.method != "GET":
        return Answer(202, headers={"Retry-After": "120"})
    page = int(request.first("page", "1"))
    host = f"http://{request.headers['host']}"
    link = {"@odata.nextLink": f"{host}/v1.0/users/x/events?page={page + 1}"} if page < 3 else {}
    return Answer(200, {"value": [{"id": f"{page}a"}, {"id": f"{page}b"}], **link})


@pytest.fixture
def web() -> Iterator[Web]:
    with Web(room) as server:
        yield server


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock(NOW)


@pytest.fixture
def graph(web: Web, clock: VirtualClock) -> Iterator[Graph]:
    opened = Graph(f"{web.url}/v1.0", lambda mailbox: f"token of {mailbox}", clock)
    yield opened
    opened.close()


def test_each_request_is_for_one_mailbox_with_its_own_token(graph: Graph, web: Web):
    graph.get(MAYA, "calendar/events", {"$filter": "subject eq 'a & b'", "$top": "5"})
    (asked,) = web.log
    assert (asked.path, asked.first("$filter")) == (
        "/v1.0/users/maya@example.com/calendar/events",
        "subject eq 'a & b'",
    )
    assert asked.headers["authorization"] == "Bearer token of maya@example.com"
    assert 'outlook.timezone="UTC"' in asked.headers["prefer"]


def test_a_login_for_this_host_in_netrc_is_nobodys(
    graph: Graph, web: Web, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login maya password hunter2\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    graph.get(MAYA, "events")
    assert web.log[0].headers["authorization"].startswith("Bearer ")


def test_all_pages_are_read(graph: Graph):
    assert [one["id"] for one in graph.every(MAYA, "events")] == ["1a", "1b", "2a", "2b", "3a", "3b"]


def test_a_link_to_another_host_is_not_followed(graph: Graph, web: Web):
    with pytest.raises(GraphError, match=r"away to elsewhere\.example"):
        graph.get(MAYA, "https://elsewhere.example/v1.0/users/x/events?page=2")
    web.fail("GET", Answer(302, headers={"Location": "https://elsewhere.example/"}))
    with pytest.raises(GraphError):
        graph.get(MAYA, "events")
    assert len(web.log) == 1


@pytest.mark.parametrize(
    ("said", "waited"),
    [
        ("7", 7),
        ("", 1),
        ("0", 1),
        ("-5", 1),
        ("soon", 1),
        ("Mon, 04 Jan 2027 08:00:03 GMT", 3),
        ("Mon, 04 Jan 2027 07:00:00 GMT", 1),
    ],
)
@pytest.mark.parametrize("status", [429, 503, 504, 500])
def test_what_is_read_is_asked_for_again_after_as_long_as_graph_says(  # noqa: PLR0913, PLR0917
    graph: Graph, web: Web, clock: VirtualClock, status: int, said: str, waited: int
):
    web.fail("GET", Answer(status, BUSY, {"Retry-After": said} if said else {}))
    assert graph.get(MAYA, "events?page=3")["value"]
    assert clock.now() - NOW == timedelta(seconds=waited)
    assert len(web.log) == 2


@pytest.mark.parametrize(("said", "wish"), [("300", 300), ("86400000", 3600), ("Fri, 01 Jan 2100 00:00:00 GMT", 3600)])
def test_a_long_wait_is_for_who_asked_and_has_a_bound(
    graph: Graph, web: Web, clock: VirtualClock, said: str, wish: int
):
    web.fail("GET", Answer(429, BUSY, {"Retry-After": said}))
    with pytest.raises(ProviderError) as told:
        graph.get(MAYA, "events")
    assert (told.value.permanent, told.value.urgent, told.value.retry_after) == (False, False, timedelta(seconds=wish))
    assert (clock.now(), len(web.log)) == (NOW, 1)


def test_it_is_not_asked_for_ever(graph: Graph, web: Web):
    web.fail("GET", Answer(503), times=100)
    with pytest.raises(ProviderError) as told:
        graph.get(MAYA, "events")
    assert not told.value.permanent
    assert len(web.log) == 3


@pytest.mark.parametrize("how", [{"answer": Answer(503)}, {"answer": Answer(429, BUSY)}, {}, {"after": True}])
@pytest.mark.parametrize("method", ["POST", "PATCH", "DELETE"])
def test_what_is_written_is_not_sent_twice(graph: Graph, web: Web, method: str, how: dict[str, object]):
    """Nobody knows whether it was done, but by looking."""
    web.fail(method, **how)
    with pytest.raises(ProviderError) as told:
        graph.ask(method, MAYA, "events", body={"subject": "Jonas and Maya"})
    assert (told.value.permanent, told.value.urgent) == (False, False)
    assert len(web.log) == 1


def test_what_graph_knows_again_may_be_sent_twice(graph: Graph, web: Web):
    web.fail("POST", after=True)
    graph.post(MAYA, "events", {"transactionId": "one"}, again=True)
    assert [one.json for one in web.log] == [{"transactionId": "one"}] * 2


def test_202_is_done_whatever_it_says_of_coming_back(graph: Graph, web: Web, clock: VirtualClock):
    assert graph.post(MAYA, "events/x/cancel", {}, again=True) == {}
    assert (len(web.log), clock.now()) == (1, NOW)


def test_what_does_not_answer_is_given_up(graph: Graph, web: Web, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(client, "SECONDS", 0.1)
    web.fail("PATCH", hang=True)
    with pytest.raises(ProviderError, match="no answer") as told:
        graph.patch(MAYA, "events/x", {})
    assert not told.value.permanent


@pytest.mark.parametrize("cut", [b"<html>Bad gateway</html>", b'{"value": [{"id"'])
def test_an_answer_that_is_none_is_no_answer(graph: Graph, web: Web, cut: bytes):
    web.fail("GET", Answer(200, cut))
    with pytest.raises(ProviderError, match="no JSON") as told:
        graph.get(MAYA, "events")
    assert not told.value.permanent


def test_of_a_long_answer_only_the_beginning_is_read(graph: Graph, web: Web):
    web.fail("GET", Answer(200, b"x" * 3_000_000))
    assert len(graph.ask("GET", MAYA, "messages/x/$value", most=1_000_000).body) == 1_000_000


def test_four_are_asked_at_once_for_a_mailbox(graph: Graph, web: Web):
    web.fail("maya", hang=True, times=8)

    def ask() -> None:
        with pytest.raises(ProviderError):
            graph.delete(MAYA, "x")

    threads = [Thread(target=ask) for _ in range(6)]
    for thread in threads:
        thread.start()
    began = monotonic()
    while len(web.log) < 4 and monotonic() - began < 10:
        sleep(0.01)
    sleep(0.2)
    assert len(web.log) == 4
    assert graph.get("ana@example.com", "events?page=3")["value"]  # and each mailbox has four of its own
    web.__exit__()
    for thread in threads:
        thread.join(10)


@pytest.mark.parametrize(
    ("status", "code", "words", "kind"),
    [
        (401, "InvalidAuthenticationToken", "check --live", "urgent"),
        (403, "ErrorAccessDenied", r"Calendars\.ReadWrite.*role", "urgent"),
        (403, "SomethingNew", r"Calendars\.ReadWrite", "urgent"),
        (404, "MailboxNotEnabledForRESTAPI", 'kind = "exchange"', "urgent"),
        (404, "ErrorInvalidUser", "no such mailbox", "urgent"),
        (404, "ErrorItemNotFound", "not there any more", "permanent"),
        (400, "ErrorOccurrenceCrossingBoundary", "the one before or after", "permanent"),
        (400, "SomethingNew", "refuses", "permanent"),
        (403, "ErrorQuotaExceeded", "full", "owner"),
        (507, "", "full", "owner"),
        (409, "ErrorIrresolvableConflict", "somebody else", ""),
        (429, "ApplicationThrottled", "too much", ""),
        (429, "", "for now", ""),
        (503, "ErrorMailboxMoveInProgress", "being moved", ""),
        (504, "UnknownError", "for now", ""),
    ],
)
def test_a_refusal_names_the_mend_and_who_can_do_it(  # noqa: PLR0913, PLR0917
    graph: Graph, web: Web, status: int, code: str, words: str, kind: str
):
    body = {"error": {"code": code, "message": "about 'Put Amara forward'", "innerError": {"request-id": "4711"}}}
    web.fail("PATCH", Answer(status, body if code else b"oops"))
    with pytest.raises(GraphError, match=words) as told:
        graph.patch(MAYA, "events/x", {})
    assert (told.value.permanent, told.value.urgent) == (kind == "permanent", kind in {"urgent", "owner"})
    assert told.value.owner == (MAYA if kind == "owner" else "")
    assert f"{MAYA}" in str(told.value)
    assert ("request 4711" in str(told.value)) == bool(code)


def test_an_error_holds_nothing_of_what_was_sent(graph: Graph, web: Web):
    """Graph's own words quote it."""
    web.fail("PATCH", Answer(400, error("ErrorInvalidRequest", "Cannot read 'Put Amara forward'")))
    with pytest.raises(GraphError) as told:
        graph.patch(MAYA, "events/x", {"subject": "Put Amara forward"})
    assert "Amara" not in str(told.value)
    assert "token of" not in f"{told.value!r}{told.value.__cause__!r}{graph!r}"


def test_the_deeper_code_tells_more(graph: Graph, web: Web):
    body = {"error": {"code": "UnknownError", "message": "", "innerError": {"code": "MailboxConcurrency"}}}
    web.fail("PATCH", Answer(429, json.dumps(body).encode()))
    with pytest.raises(GraphError, match="MailboxConcurrency"):
        graph.patch(MAYA, "events/x", {})
