"""Whatever goes wrong between careermail and Microsoft 365, nothing is lost, and nobody hears of anything twice."""

from pathlib import Path
from typing import Any

import pytest
from fakes.graph.schema import error
from fakes.web import Answer
from mishaps import Mishap, Unlucky
from on_microsoft import Microsoft
from quarter import BEGIN, PAIR, seeds

from careermail.providers.microsoft import entra, graph

PATIENCE = 0.5  # seconds: a hang is to be short

BUSY = error("ApplicationThrottled", "Application is over its limit.")
PLACES = {
    "read": "GET .*/events",
    "view": "GET .*/calendarView",
    "free/busy": "POST .*/getSchedule",
    "book": "POST .*/events$",
    "change": "PATCH .*/events/",
    "cancel": "POST .*/cancel$",
    "look": "GET .*/delta",
    "find": "GET .*/messages$",
    "draft": "POST .*/(messages|createReply)$",
    "send": "POST .*/send$",
}


def throttled(wish: str) -> dict[str, Answer]:
    return {"answer": Answer(429, BUSY, {"Retry-After": wish} if wish else {})}


HOW = {
    "cut": {},
    "silence": {"hang": True},
    "429": throttled("90"),
    "429 without a word": throttled(""),
    "429 for a month": throttled("2592000"),
    "429 for less than nothing": throttled("-5"),
    "503": {"answer": Answer(503, None, {"Retry-After": "20"})},
    "504": {"answer": Answer(504)},
    "cut after it was done": {"after": True},
    "silence after it was done": {"after": True, "hang": True},
    "504 after it was done": {"after": True, "answer": Answer(504)},
}
HTML = {"answer": Answer(200, b"<html>Sign in</html>", {"Content-Type": "text/html"})}
ACCEPTED = {"after": True, "answer": Answer(202, None, {"Retry-After": "120"})}
RESYNC = {"answer": Answer(410, error("syncStateNotFound", "resync"))}
MORE = {
    **{kind: {"a page of HTML": HTML} for kind in ("read", "view", "free/busy", "look")},
    **{kind: {"202, and a wish to wait": ACCEPTED} for kind in ("cancel", "send")},
}
MISHAPS = {
    **{kind: [Mishap(name, PLACES[kind], how) for name, how in (HOW | MORE.get(kind, {})).items()] for kind in PLACES},
    "delta": [Mishap("410", PLACES["look"], RESYNC)],
    "token": [
        Mishap("cut", "oauth2/v2.0/token", {}),
        Mishap("503", "oauth2/v2.0/token", {"answer": Answer(503)}),
        Mishap("over before its time", "v1.0", {"answer": Answer(401, error("InvalidAuthenticationToken", ""))}),
    ],
}
# What is seldom asked for goes wrong more often than what is asked for at each visit.
OFTEN = {kind: 0.2 if kind in {"book", "change", "cancel", "draft", "send"} else 0.1 for kind in MISHAPS}


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (graph, entra):
        monkeypatch.setattr(module, "SECONDS", PATIENCE)


@pytest.fixture(scope="module")
def unbroken(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    with Unlucky(Microsoft, tmp_path_factory.mktemp("unbroken"), BEGIN, PAIR) as world:
        return world.quarter()


@pytest.mark.parametrize("seed", seeds(1))
def test_whatever_goes_wrong_for_a_moment_the_quarter_ends_as_it_would_have(
    tmp_path: Path, unbroken: dict[str, Any], seed: int
):
    with Unlucky(Microsoft, tmp_path, BEGIN, PAIR) as world:
        fate = world.beset(MISHAPS, seed, OFTEN)
        assert world.quarter() == unbroken
        assert fate.happened.total() >= 40, fate.happened
