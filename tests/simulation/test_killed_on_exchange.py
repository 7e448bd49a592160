"""Killed with SIGKILL tens of times over a quarter on an Exchange Server, it ends as an unbroken quarter does."""

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

import on_ews
from fakes.ews.house import House
from fakes.ews.people import People as Outlook
from letters import answer, dated
from on_servers import AMARA, MAYA
from there import People, TheirClock

from careermail.plan.history import fold
from careermail.store.tiny import TinyStore

SEED = os.environ.get("CAREERMAIL_SEED", "1")
TIMES = os.environ.get("CAREERMAIL_EXAMPLES", "24")
PLAY = [sys.executable, on_ews.__file__]
PEOPLE = {person.email: person for person in (MAYA, AMARA)}


@dataclass
class Office:
    """What people do there."""

    house: House

    def answer(self, who: str, kind: str, words: str, at: datetime) -> None:
        """Answer the latest mail of a kind."""
        name = f"<{at:%Y%m%d}@people.example.com>"
        inbox = self.house.mail.within(MAYA.email, "inbox")
        if any(letter.mail["Message-ID"] == name for letter in inbox):
            return
        mails = [mail for mail in self.house.mail.received(who) if mail["X-Careermail-Kind"] == kind]
        reply = dated(answer(mails[-1], PEOPLE[who], words, quote=False), at)
        reply.replace_header("Message-ID", name)
        self.house.mail.drop(MAYA.email, reply.as_bytes())

    def decline(self, who: str, original: datetime) -> None:
        """Decline a session of the series."""
        (series,) = [one for one in self.house.diaries.own[MAYA.email].values() if one.recurrence is not None]
        if original not in series.changed and original not in series.gone:
            Outlook(self.house.diaries, MAYA).answer(series.uid, original, "Decline", by=PEOPLE[who])


@contextmanager
def opened(root: Path) -> Iterator[House]:
    """A server with empty mailboxes and calendars; `root` says where it is."""
    root.mkdir()
    house = House(root, TheirClock(root))
    house.settle([*PEOPLE, "it@example.com"])
    house.mail.tags = True
    office = Office(house)
    house.web.rooms.append(People(office.answer, office.decline))
    with house:
        (root / "place").write_text(json.dumps({"url": house.web.url, "ews": house.url}))
        yield house


def end(house: House) -> dict[str, Any]:
    """What a quarter left: how often each mail came is told by what is in it."""
    mails = [(who, mail) for who in PEOPLE for mail in house.mail.received(who) if mail["X-Careermail-Kind"]]
    history = fold(TinyStore(house.root / "state").load(MAYA.email))
    # When an answer was heard is part of some keys. A cancellation of which nobody heard may be noticed instead.
    states = ((re.sub("/(heard|told)/[0-9a-fTZ]+/", r"/\1/", key), e.state) for key, e in history.effects.items())
    return {
        "letters": Counter((who, str(m["X-Careermail-Kind"]), str(m["Subject"])) for who, m in mails),
        "told": Counter((notice.to, notice.kind) for notice in house.diaries.notices),
        "events": len(house.diaries.own[MAYA.email]),
        "drafts": [str(one.mail["Subject"]) for who in PEOPLE for one in house.mail.within(who, "drafts")],
        "effects": {key: state for key, state in states if not key.endswith("/cancel")},
    }


def test_a_killed_quarter_leaves_what_an_unbroken_one_leaves(tmp_path: Path):
    """Nothing is lost, and nothing comes twice."""
    with opened(tmp_path / "unbroken") as house:
        subprocess.run([*PLAY, house.root], check=True)
        expected = end(house)
    assert expected["told"] == {
        ("amara@example.com", "request"): 2,
        ("amara@example.com", "cancellation"): 1,
        ("maya@example.com", "answer"): 1,
    }
    with opened(tmp_path / "killed") as house:
        subprocess.run([*PLAY, house.root, SEED, TIMES], check=True)
        assert end(house) == expected
