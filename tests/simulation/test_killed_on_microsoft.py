"""Killed with SIGKILL tens of times over a quarter in Microsoft 365, it ends as an unbroken quarter does."""

import json
import os
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import on_graph
from fakes.graph.calendar import Calendars
from fakes.graph.exchange import Exchange
from fakes.graph.mailbox import Mailbox
from fakes.web import Answer, Request
from letters import answer, dated
from on_servers import AMARA, BEGIN, MAYA
from tenants import SECRET, Tenant, tenant
from year import Position

from careermail.clock import VirtualClock
from careermail.plan.history import fold
from careermail.store.tiny import TinyStore

SEED = os.environ.get("CAREERMAIL_SEED", "1")
TIMES = os.environ.get("CAREERMAIL_EXAMPLES", "24")
PLAY = [sys.executable, on_graph.__file__]
PEOPLE = {person.email: person for person in (MAYA, AMARA)}


class TheirClock(VirtualClock):
    """The tenant's: as far as the process that plays has come."""

    def __init__(self, root: Path) -> None:
        super().__init__(BEGIN)
        self.root = root

    def now(self) -> datetime:
        return Position.load(self.root).now if (self.root / "position").exists() else BEGIN


@dataclass
class Office:
    """The room where people act, each thing once."""

    exchange: Exchange
    tenant: Tenant | None = None

    def __call__(self, request: Request) -> Answer | None:
        if request.steps != ["people"]:
            return None
        said = request.json
        if said["kind"] == on_graph.DECLINE:
            self._decline(said["who"], datetime.fromisoformat(said["words"]))
        else:
            self._answer(said["who"], said["kind"], said["words"], datetime.fromisoformat(said["at"]))
        return Answer(204)

    def _decline(self, who: str, original: datetime) -> None:
        meeting = next(one for one in self.exchange.of(MAYA.email) if one.recurs)
        session = next(one for one in meeting.sessions() if one.original == original)
        if not session.cancelled:
            self.exchange.answer(meeting, who, "declined", session)

    def _answer(self, who: str, kind: str, words: str, at: datetime) -> None:
        assert self.tenant is not None
        name = f"<{at:%Y%m%d}@people.example.com>"
        if any(one.internet_id == name for one in self.tenant.mail.boxes[MAYA.email].messages):
            return
        mails = [m for m in self.tenant.received(PEOPLE[who]) if m["X-Careermail-Kind"] == kind]
        reply = dated(answer(mails[-1], PEOPLE[who], words, quote=False), at)
        reply.replace_header("Message-ID", name)
        self.tenant.drop(reply.as_bytes())


@contextmanager
def opened(root: Path) -> Iterator[Tenant]:
    """A tenant with empty mailboxes and calendars; `root` says where it is."""
    root.mkdir()
    exchange = Exchange({person.email: person.timezone for person in PEOPLE.values()})
    office = Office(exchange)
    calendars, clock = Calendars(exchange, closed=frozenset({AMARA.email})), TheirClock(root)
    with tenant(root, clock, calendars, office) as office.tenant:
        boxes = office.tenant.mail.boxes
        boxes |= {one.email: Mailbox(one.email, one.name, clock.now) for one in PEOPLE.values()}
        (root / "secret").touch(mode=0o600)
        (root / "secret").write_text(SECRET)
        (root / "place").write_text(json.dumps({"url": office.tenant.web.url}))
        yield office.tenant


def end(root: Path, there: Tenant) -> dict[str, Any]:
    """What a quarter left: how often each mail came is told by what is in it, since no two have one Message-ID."""
    received = ((who, mail) for who, person in PEOPLE.items() for mail in there.received(person))
    mails = [(who, mail) for who, mail in received if mail["X-Careermail-Kind"]]
    exchange = next(room for room in there.web.rooms if isinstance(room, Calendars)).exchange
    history = fold(TinyStore(root / "state").load(MAYA.email))
    # When an answer was heard is part of some keys. A cancellation of which nobody heard may be noticed instead.
    states = ((re.sub("/(heard|told)/[0-9a-fTZ]+/", r"/\1/", key), e.state) for key, e in history.effects.items())
    drafts = [one.subject for box in there.mail.boxes.values() for one in box.within("drafts")]
    return {
        "letters": Counter((who, str(m["X-Careermail-Kind"]), str(m["Subject"])) for who, m in mails),
        "told": Counter(exchange.told),
        "events": len(exchange.of(MAYA.email)),
        "drafts": drafts,
        "effects": {key: state for key, state in states if not key.endswith("/cancel")},
    }


def test_a_killed_quarter_leaves_what_an_unbroken_one_leaves(tmp_path: Path):
    """Nothing is lost, and nothing comes twice."""
    with opened(tmp_path / "unbroken") as there:
        subprocess.run([*PLAY, there.root], check=True)
        expected = end(there.root, there)
    assert Counter(what for _, what, _ in expected["told"].elements()) == {"request": 2, "cancel": 1}
    with opened(tmp_path / "killed") as there:
        subprocess.run([*PLAY, there.root, SEED, TIMES], check=True)
        assert end(there.root, there) == expected
