"""Whatever goes wrong between careermail and Exchange, nothing is lost, and nobody hears of anything twice."""

import os
from collections import Counter
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from fakes.ews.soap import FaultError, RefusedError, answer
from fakes.web import Answer
from mishaps import Fate, Mishap
from on_exchange import OnExchange
from scene import MAYA
from test_faults_on_servers import AMARA, BEGIN, PAIR, play

from careermail.errors import ProviderError
from careermail.model import Occurrence
from careermail.postman import POLL
from careermail.providers.exchange.auth import Login

SEED = int(os.environ.get("CAREERMAIL_SEED", "1"))
QUARTERS = int(os.environ.get("CAREERMAIL_EXAMPLES", "2"))
PATIENCE = 0.5  # seconds: a hang is to be short, and nothing that is only slow is to be taken for one

# What is asked of EWS, and by what each request is known.
PLACES = {
    "search": ("FindItem", "<m:FindItem"),
    "read": ("GetItem", "<m:GetItem"),
    "free/busy": ("GetUserAvailability", "<m:GetUserAvailabilityRequest"),
    "book": ("CreateItem", '="SendToAllAndSaveCopy"><m:SavedItemFolderId'),
    "remind": ("CreateItem", "<t:IsAllDayEvent>1"),
    "change": ("UpdateItem", "<m:UpdateItem"),
    "cancel": ("DeleteItem", "<m:DeleteItem"),
    "draft": ("CreateItem", "<t:Message>"),
    "send": ("SendItem", "<m:SendItem"),
    "look": ("SyncFolderItems", "<m:SyncFolderItems"),
}
RARELY = dict.fromkeys(("search", "read", "free/busy", "look"), 0.03) | dict.fromkeys(("draft", "send", "cancel"), 0.1)
OFTEN = dict.fromkeys(PLACES, 0.9) | RARELY


def page(status: int, **headers: str) -> dict[str, Answer]:
    return {"answer": Answer(status, b"<html>Something went wrong</html>", headers)}


def fault(code: str, **values: str) -> dict[str, Answer]:
    return {"answer": answer(FaultError(code, **values))}


HOW: dict[str, dict[str, Any]] = {
    "cut": {},
    "silence": {"hang": True},
    "503": {"answer": Answer(503, None, {"Retry-After": "90"})},
    "500": page(500),
    "a page of HTML": page(200),
    "somewhere else": {"answer": Answer(302, None, {"Location": "/owa/"})},
    "ErrorServerBusy": fault("ErrorServerBusy", BackOffMilliseconds="45000"),
    "ErrorServerBusy without a word": fault("ErrorServerBusy"),
    "ErrorImpersonateUserDenied": fault("ErrorImpersonateUserDenied"),
    "cut after it was done": {"after": True},
    "silence after it was done": {"after": True, "hang": True},
    "503 after it was done": {"after": True, "answer": Answer(503)},
}
REFUSED = ("ErrorMailboxStoreUnavailable", "ErrorInternalServerError", "ErrorTimeoutExpired")
MORE = {"change": ["ErrorIrresolvableConflict"], "draft": ["ErrorQuotaExceeded"], "look": ["ErrorInvalidSyncStateData"]}


def mishaps(kind: str) -> list[Mishap]:
    operation, within = PLACES[kind]
    by_code = [(code, {"answer": answer(RefusedError(code), operation)}) for code in (*REFUSED, *MORE.get(kind, ()))]
    codes = [] if kind == "free/busy" else by_code  # there each person has a code of their own
    return [Mishap(name, "", {"within": within, **how}) for name, how in (*HOW.items(), *codes)]


class Perilous(OnExchange):
    """Something goes wrong at every other visit, for careermail alone: people's Outlook works at all times."""

    fate: Fate | None = None

    def calm(self) -> None:
        self.house.web.calm()
        self.fate = None

    def tick(self) -> datetime:
        """As the daemon goes about it: what could not be fetched is asked for before anybody is visited again."""
        if self.fate:
            self.fate.turn()
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
    drafts = [one for who in world.people for one in world.house.mail.within(who, "drafts")]
    return {
        "letters": Counter((to, kind, subject) for to, kind, subject, _ in letters(world)),
        "told by Exchange": Counter((notice.to, notice.kind) for notice in world.house.diaries.notices),
        "sessions": world.booked(until=(2028, 1, 1)),
        "maya": world.shows(MAYA),
        "amara": world.shows(AMARA),
        "reminders": world.reminders(),
        "events": len(world.house.diaries.own[MAYA.email]),
        "drafts": [str(one.mail["Subject"]) for one in drafts],
        "commitments": [(c.id, c.due, c.state) for c in world.standing.contract.commitments],
        # That a session is cancelled may be seen before it is heard: then nothing is left to do, which is noted too.
        "effects": {key: state for key, state in world.effects().items() if not key.endswith("/cancel")},
        "troubles": world.troubles(),
    }


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(Login.__init__.__kwdefaults__, "seconds", PATIENCE)


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
        world.fate = fate = Fate(world.house.web, {kind: mishaps(kind) for kind in PLACES}, seed, OFTEN)
        play(world)
        ended = end(world)
        for name, expected in unbroken.items():
            assert ended[name] == expected, name
        assert set(letters(world).values()) == {1}
        assert fate.happened.total() >= 20, fate.happened
