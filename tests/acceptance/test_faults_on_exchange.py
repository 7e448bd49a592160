"""Whatever goes wrong between careermail and Exchange, nothing is lost, and nobody hears of anything twice."""

from pathlib import Path
from typing import Any

import pytest
from fakes.ews.soap import FaultError, RefusedError, answer
from fakes.web import Answer
from mishaps import Mishap, Unlucky
from on_exchange import Exchange
from quarter import BEGIN, PAIR, seeds

from careermail.providers.exchange.auth import Login

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


MISHAPS = {kind: mishaps(kind) for kind in PLACES}


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(Login.__init__.__kwdefaults__, "seconds", PATIENCE)


@pytest.fixture(scope="module")
def unbroken(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    with Unlucky(Exchange, tmp_path_factory.mktemp("unbroken"), BEGIN, PAIR) as world:
        return world.quarter()


@pytest.mark.parametrize("seed", seeds(1))
def test_whatever_goes_wrong_for_a_moment_the_quarter_ends_as_it_would_have(
    tmp_path: Path, unbroken: dict[str, Any], seed: int
):
    with Unlucky(Exchange, tmp_path, BEGIN, PAIR) as world:
        fate = world.beset(MISHAPS, seed, OFTEN)
        assert world.quarter() == unbroken
        assert fate.happened.total() >= 20, fate.happened
