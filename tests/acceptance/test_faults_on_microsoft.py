"""Whatever goes wrong between careermail and Microsoft 365, nothing is lost, and nobody hears of anything twice."""

import os
from collections import Counter
from datetime import datetime
from pathlib import Path

import pytest
from fakes.graph.schema import error
from fakes.web import Answer
from mishaps import Fate, Mishap
from on_microsoft import OnMicrosoft
from scene import MAYA
from test_faults_on_servers import AMARA, BEGIN, PAIR, play

from careermail.postman import POLL
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


class Perilous(OnMicrosoft):
    """Something goes wrong at every other visit, for careermail alone: people's Outlook works at all times."""

    fate: Fate | None = None

    def calm(self) -> None:
        self.tenant.web.calm()
        self.fate = None

    def tick(self) -> datetime:
        """As the daemon goes about it: what could not be fetched is asked for before anybody is visited again."""
        if self.fate:
            self.fate.turn()
        _, again = self.runner.tick_inboxes([self.team])
        wake = min(self.runner.tick(self.team), self.runner.tick_service())
        return min(wake, again) if again > self.now + POLL else wake


def letters(world: Perilous) -> Counter[tuple[str, ...]]:
    """How often each mail came: nothing tells two copies of one apart from two mails but what is in them.

    That something has lasted for hours, the admin hears, as it should be.
    """
    return Counter((mail.to, mail.kind, mail.subject, mail.text) for mail in world.mails if mail.kind != "alarm")


def end(world: Perilous) -> dict[str, object]:
    """How a quarter ends, however it went."""
    world.calm()
    return {
        "letters": Counter((to, kind, subject) for to, kind, subject, _ in letters(world)),
        "told by Exchange": Counter(world.exchange.told),
        "sessions": world.booked(until=(2028, 1, 1)),
        "maya": world.shows(MAYA),
        "amara": world.shows(AMARA),
        "reminders": world.reminders(),
        "events": len(world.exchange.of(MAYA.email)),
        "drafts": [one.subject for box in world.tenant.mail.boxes.values() for one in box.within("drafts")],
        "commitments": [(c.id, c.due, c.state) for c in world.standing.contract.commitments],
        # Whether a cancellation of which nobody heard was noticed in the calendar, or asked for again, is all the same.
        "effects": {key: state for key, state in world.effects().items() if not key.endswith("/cancel")},
        "troubles": world.troubles(),
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
        world.fate = fate = Fate(world.tenant.web, MISHAPS, seed, OFTEN)
        play(world)
        ended = end(world)
        for name, expected in unbroken.items():
            assert ended[name] == expected, name
        assert set(letters(world).values()) == {1}
        assert fate.happened.total() >= 40, fate.happened
