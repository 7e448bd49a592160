"""Whatever goes wrong between careermail and Google, nothing is lost, and nobody hears of anything twice."""

from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest
from fakes.google.discovery import error
from fakes.web import Answer
from mishaps import Mishap, Unlucky
from on_google import Google
from quarter import BEGIN, PAIR, seeds
from scene import MAYA

from careermail.providers.google import transport

PATIENCE = 0.4  # seconds: a hang is to be short, and nothing that is only slow is to be taken for one

CALENDAR = {
    "calendar": "GET .*/calendars/primary/events$",
    "event": "GET .*/calendars/primary/events/",
    "free/busy": "POST .*/freeBusy",
    "others": "GET .*/calendars/amara",
    "book": "POST .*/events$",
    "change": "PATCH .*/events/",
    "cancel": "DELETE .*/events/",
}
MAIL = {
    "search": "GET .*/messages$",
    "mail": "GET .*/(messages|threads)/",
    "history": "GET .*/history",
    "profile": "GET .*/profile",
    "draft": "POST .*/drafts$",
    "send": "POST .*/drafts/send",
}


def limit(status: int, reason: str, wish: str = "") -> dict[str, Answer]:
    body = error(status, reason, "Rate Limit Exceeded", "usageLimits").body
    return {"answer": Answer(status, body, {"Retry-After": wish} if wish else {})}


HOW = {
    "cut": {},
    "403 rateLimitExceeded": limit(403, "rateLimitExceeded"),
    "403 userRateLimitExceeded": limit(403, "userRateLimitExceeded"),
    "403 insufficientPermissions": limit(403, "insufficientPermissions"),
    "429": limit(429, "rateLimitExceeded", "90"),
    "500": {"answer": Answer(500, error(500, "backendError", "Backend Error").body)},
    "503": {"answer": Answer(503, b"<html>Unavailable</html>", {"Retry-After": "20"})},
    "a page of HTML": {"answer": Answer(200, b"<html>Log in to the hotel's network</html>")},
}
DONE = {
    "silence": {"hang": True},
    "cut after it was done": {"after": True},
    "silence after it was done": {"after": True, "hang": True},
    "503 after it was done": {"after": True, "answer": error(503, "backendError", "Backend Error")},
}
DEAD = Answer(400, {"error": "invalid_grant", "error_description": "Token has been expired or revoked."})
TOKEN = {"cut": {}, "silence": {"hang": True}, "invalid_grant": {"answer": DEAD}}
WRITING = ("book", "change", "cancel", "draft", "send")
QUOTA = {"403 quotaExceeded": limit(403, "quotaExceeded")}  # the next hour is soon enough, where nobody waits for it
MISHAPS = {
    "token": [Mishap(name, "POST /token", how) for name, how in TOKEN.items()],
    **{
        kind: [Mishap(name, pattern, how) for name, how in (HOW | more | (DONE if kind in WRITING else {})).items()]
        for places, more in ((CALENDAR, QUOTA), (MAIL, {}))
        for kind, pattern in places.items()
    },
}

# What is asked at every visit need not go wrong at each; and mails are to be there when people answer them.
OFTEN = dict.fromkeys(MISHAPS, 0.9) | dict.fromkeys(("draft", "send", "mail"), 0.5)
OFTEN |= dict.fromkeys(("calendar", "history", "search", "profile"), 0.1)


class Perilous(Unlucky):
    """Tokens are soon over, so that they are asked for."""

    visits = 0

    def tick(self) -> datetime:
        self.visits += 1
        if self.fate and self.visits % 10 == 0:
            self.there.site.accounts.forget()
        return super().tick()

    def end(self) -> dict[str, Any]:
        """Here what became of cancellations is always the same."""
        return {**super().end(), "effects": self.effects()}


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transport, "SECONDS", PATIENCE)


@pytest.fixture(scope="module")
def unbroken(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    with Perilous(Google, tmp_path_factory.mktemp("unbroken"), BEGIN, PAIR) as world:
        return world.quarter()


@pytest.mark.parametrize("seed", seeds(1))
def test_whatever_goes_wrong_for_a_moment_the_quarter_ends_as_it_would_have(
    tmp_path: Path, unbroken: dict[str, Any], seed: int
):
    with Perilous(Google, tmp_path, BEGIN, PAIR) as world:
        fate = world.beset(MISHAPS, seed, OFTEN)
        assert world.quarter() == unbroken
        assert fate.happened.total() >= 40, fate.happened


class ShutOut(Perilous):
    """For most of a day on which something is due, Google knows the manager no more."""

    def run(self, *until: int) -> None:
        if until[:3] == (2027, 2, 10):
            super().run(2027, 2, 9, 8)
            self.there.site.accounts.people.discard(MAYA.email)
            self.there.site.accounts.forget()
            super().run(2027, 2, 9, 15)
            assert {(m.kind, m.to) for m in self.mails if m.sent.date() == date(2027, 2, 9)} == {("alarm", "it")}
            self.there.site.accounts.people.add(MAYA.email)
        super().run(*until)


def test_while_google_does_not_let_us_in_nothing_is_lost_and_the_admin_knows(tmp_path: Path, unbroken: dict[str, Any]):
    with ShutOut(Google, tmp_path, BEGIN, PAIR) as world:
        assert world.quarter() == unbroken
        assert "Google gives no access to maya@example.com" in world.mail("alarm").text
