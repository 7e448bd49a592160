"""Whatever goes wrong between careermail and Microsoft 365, nothing is lost, and nobody hears of anything twice."""

import os
from collections import Counter
from pathlib import Path

import pytest
from fakes.graph.schema import error
from fakes.web import Answer, Web
from mishaps import Fate, Mishap, Unlucky, ended, letters
from on_microsoft import OnMicrosoft
from scene import MAYA
from test_faults_on_servers import BEGIN, PAIR, play

from careermail.providers.microsoft import entra, graph

SEED = int(os.environ.get("CAREERMAIL_SEED", "1"))
QUARTERS = int(os.environ.get("CAREERMAIL_EXAMPLES", "1"))
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


class Perilous(Unlucky, OnMicrosoft):
    """The tenant answers careermail badly, and people's Outlook as ever."""

    @property
    def web(self) -> Web:
        return self.tenant.web


def end(world: Perilous) -> dict[str, object]:
    """How a quarter ends, there too."""
    return {
        **ended(world),
        "told by Exchange": Counter(world.exchange.told),
        "events": len(world.exchange.of(MAYA.email)),
        "drafts": [one.subject for box in world.tenant.mail.boxes.values() for one in box.within("drafts")],
    }


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (graph, entra):
        monkeypatch.setattr(module, "SECONDS", PATIENCE)


@pytest.fixture(scope="module")
def unbroken(tmp_path_factory: pytest.TempPathFactory) -> dict[str, object]:
    with Perilous(tmp_path_factory.mktemp("unbroken"), BEGIN, PAIR) as world:
        play(world)
        assert set(letters(world).values()) == {1}
        return end(world)


@pytest.mark.parametrize("seed", range(SEED, SEED + QUARTERS))
def test_whatever_goes_wrong_for_a_moment_the_quarter_ends_as_it_would_have(
    tmp_path: Path, unbroken: dict[str, object], seed: int
):
    with Perilous(tmp_path, BEGIN, PAIR) as world:
        world.fate = fate = Fate(world.web, MISHAPS, seed, OFTEN)
        play(world)
        found = end(world)
        for name, expected in unbroken.items():
            assert found[name] == expected, name
        assert set(letters(world).values()) == {1}
        assert fate.happened.total() >= 40, fate.happened
