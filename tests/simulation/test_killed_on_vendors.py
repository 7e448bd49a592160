"""Killed with SIGKILL tens of times over a quarter at a vendor's, it ends as an unbroken quarter does."""

import json
import os
import pickle
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path
from typing import Any

import on_vendors
import pytest
from fakes.web import Answer, Request
from letters import answer, dated
from on_exchange import Exchange
from on_google import Google
from on_microsoft import Microsoft
from on_servers import AMARA, BEGIN, MAYA, TEAM
from scene import outcomes
from vendor import Vendor
from year import Position

from careermail.clock import VirtualClock
from careermail.model import Fact, Occurrence, Service, stamp
from careermail.plan.history import fold
from careermail.store.tiny import TinyStore

SEED = os.environ.get("CAREERMAIL_SEED", "1")
TIMES = os.environ.get("CAREERMAIL_EXAMPLES", "16")
INVITED, CANCELLED = (AMARA.email, "invitation"), (AMARA.email, "cancellation")
TOLD = {
    Google: {INVITED: 2, CANCELLED: 1},
    Microsoft: {(AMARA.email, "request"): 2, (AMARA.email, "cancel"): 1},
    Exchange: {(AMARA.email, "request"): 2, CANCELLED: 1, (MAYA.email, "answer"): 1},
}


class TheirClock(VirtualClock):
    """The vendor's: as far as the process that plays has come."""

    def __init__(self, root: Path) -> None:
        super().__init__(BEGIN)
        self.root = root

    def now(self) -> datetime:
        return Position.load(self.root).now if (self.root / "position").exists() else BEGIN


def facts(root: Path) -> list[Fact]:
    return TinyStore(root / "state").load(MAYA.email)


def mails(there: Vendor, who: str) -> list[EmailMessage]:
    """What careermail has sent to somebody."""
    return [mail for mail in there.received(who) if mail["X-Careermail-Kind"]]


@dataclass
class People:
    """The room where they act, each thing once."""

    there: Vendor
    done: set[str] = field(default_factory=set)

    def __call__(self, request: Request) -> Answer | None:
        if request.steps != ["people"]:
            return None
        if (said := request.json)["at"] not in self.done:
            (self.decline if said["kind"] == on_vendors.DECLINE else self.answer)(**said)
            self.done.add(said["at"])
        return Answer(204)

    def answer(self, who: str, kind: str, words: str, at: str) -> None:
        """Answer the latest mail of a kind."""
        latest = [mail for mail in mails(self.there, who) if mail["X-Careermail-Kind"] == kind][-1]
        reply = dated(answer(latest, self.there.people[who], words, quote=False), datetime.fromisoformat(at))
        self.there.arrive(reply.as_bytes(policy=SMTP))

    def decline(self, who: str, words: str, **_: str) -> None:
        """Decline a session of the series."""
        start = datetime.fromisoformat(words)
        series = fold(facts(self.there.root)).of(TEAM.series[0].key).series
        session = Occurrence(series.uid, stamp(start), start, start)
        self.there.program.decline_one(session, by=self.there.people[who])


@contextmanager
def opened(vendor: type[Vendor], root: Path) -> Iterator[Vendor]:
    """The vendor's servers, with empty mailboxes and calendars; careermail is told below `root` of them."""
    root.mkdir()
    own = Service(
        "careermail", "careermail@example.com", "it@example.com", root / "state", secret=b"s", as_manager=True
    )
    with vendor(root, TheirClock(root), MAYA, AMARA) as there:
        there.site.web.rooms.append(People(there))
        (root / "place").write_text(json.dumps({"url": there.site.web.url}))
        (root / "settings").write_bytes(pickle.dumps(there.site.settings(service=own)))
        yield there


def played(there: Vendor, *killed: str) -> dict[str, Any]:
    """What a quarter leaves: how often each mail came is told by what is in it."""
    kind = there.site.settings()["kind"]
    subprocess.run([sys.executable, on_vendors.__file__, kind, there.root, *killed], check=True)
    came = [(who, mail) for who in there.people for mail in mails(there, who)]
    return {
        "letters": Counter((who, str(m["X-Careermail-Kind"]), str(m["Subject"])) for who, m in came),
        "told": Counter(there.told()),
        "events": there.events(),
        "drafts": there.drafts(),
        # A cancellation of which nobody heard may be noticed instead.
        "effects": {k: state for k, state in outcomes(facts(there.root)).items() if not k.endswith("/cancel")},
    }


@pytest.mark.parametrize("vendor", TOLD)
def test_a_killed_quarter_leaves_what_an_unbroken_one_leaves(vendor: type[Vendor], tmp_path: Path):
    """Nothing is lost, and nothing comes twice."""
    with opened(vendor, tmp_path / "unbroken") as there:
        expected = played(there)
    assert Counter(tuple(one[:2]) for one in expected["told"].elements()) == TOLD[vendor]
    with opened(vendor, tmp_path / "killed") as there:
        assert played(there, SEED, TIMES) == expected
