"""Whatever goes wrong between careermail and Google, nothing is lost, and nobody hears of anything twice."""

import os
from collections import Counter
from contextlib import suppress
from datetime import date, datetime
from pathlib import Path

import pytest
from fakes.google.discovery import error
from fakes.web import Answer
from mishaps import Fate, Mishap
from on_google import OnGoogle
from scene import MAYA
from test_faults_on_servers import BEGIN, PAIR, play

from careermail.errors import ProviderError
from careermail.model import Occurrence
from careermail.postman import POLL
from careermail.providers.google import transport

SEED = int(os.environ.get("CAREERMAIL_SEED", "1"))
QUARTERS = int(os.environ.get("CAREERMAIL_EXAMPLES", "1"))
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


class Perilous(OnGoogle):
    """Something goes wrong at every other visit, for careermail alone: people's browsers work at all times."""

    fate: Fate | None = None
    visits = 0

    def calm(self) -> None:
        self.office.web.calm()
        self.fate = None

    def tick(self) -> datetime:
        """As the daemon goes about it: what could not be fetched is asked for before anybody is visited again."""
        if self.fate:
            self.fate.turn()
            self.visits += 1
            if self.visits % 10 == 0:
                self.office.accounts.forget()  # so that tokens are asked for
        _, again = self.runner.tick_inboxes([self.team])
        wake = min(self.runner.tick(self.team), self.runner.tick_service())
        return min(wake, again) if again > self.now + POLL else wake

    def session(self, when: datetime) -> Occurrence:
        while True:
            with suppress(ProviderError):
                return super().session(when)


def letters(world: Perilous) -> Counter[tuple[str, ...]]:
    """How often each mail came, but for alarms: who can mend something hears of it while it lasts."""
    return Counter((mail.to, mail.kind, mail.subject, mail.text) for mail in world.mails if mail.kind != "alarm")


def end(world: Perilous) -> dict[str, object]:
    """How a quarter ends, however it went."""
    world.calm()
    return {
        "letters": Counter((to, kind, subject) for to, kind, subject, _ in letters(world)),
        "told by Google": Counter((notice.to, notice.kind) for notice in world.agenda.told),
        "sessions": world.booked(until=(2028, 1, 1)),
        "maya": world.shows(MAYA),
        "amara": world.shows(PAIR.report),
        "reminders": world.reminders(),
        "events": len([e for e in world.agenda.books[MAYA.email].events.values() if "recurringEventId" not in e]),
        "drafts": [name for who in world.people for name in world.office.gmail.boxes[who].drafts],
        "commitments": [(c.id, c.due, c.state) for c in world.standing.contract.commitments],
        "effects": world.effects(),
        "troubles": world.troubles(),
    }


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transport, "SECONDS", PATIENCE)


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
        world.fate = fate = Fate(world.office.web, MISHAPS, seed, OFTEN)
        play(world)
        ended = end(world)
        for name, expected in unbroken.items():
            assert ended[name] == expected, name
        assert set(letters(world).values()) == {1}
        assert fate.happened.total() >= 40, fate.happened


class ShutOut(Perilous):
    """For most of a day on which something is due, Google knows the manager no more."""

    def run(self, *until: int) -> None:
        if until[:3] == (2027, 2, 10):
            super().run(2027, 2, 9, 8)
            self.office.accounts.people.discard(MAYA.email)
            self.office.accounts.forget()
            super().run(2027, 2, 9, 15)
            assert {(m.kind, m.to) for m in self.mails if m.sent.date() == date(2027, 2, 9)} == {("alarm", "it")}
            self.office.accounts.people.add(MAYA.email)
        super().run(*until)


def test_while_google_does_not_let_us_in_nothing_is_lost_and_the_admin_knows(
    tmp_path: Path, unbroken: dict[str, object]
):
    with ShutOut(tmp_path, BEGIN, PAIR) as world:
        play(world)
        assert "Google gives no access to maya@example.com" in world.mail("alarm").text
        assert end(world) == unbroken
