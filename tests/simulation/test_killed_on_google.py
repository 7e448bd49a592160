"""Killed with SIGKILL tens of times over a quarter on Google, it ends as an unbroken quarter does."""

import json
import os
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path
from typing import Any

import on_workspace
from fakes.google.agenda import Agenda
from fakes.google.calendar import CalendarRoom
from fakes.google.organisation import Organisation
from fakes.google.recurring import name_of
from letters import answer, dated
from on_servers import AMARA, MAYA
from there import People, TheirClock

from careermail.plan.history import fold
from careermail.store.tiny import TinyStore

SEED = os.environ.get("CAREERMAIL_SEED", "1")
TIMES = os.environ.get("CAREERMAIL_EXAMPLES", "24")
PLAY = [sys.executable, on_workspace.__file__]
PEOPLE = {person.email: person for person in (MAYA, AMARA)}
EVERYBODY = (*PEOPLE, "it@example.com", "careermail@example.com")


@dataclass
class Office:
    """An organisation, and what people do there, each thing once."""

    google: Organisation
    agenda: Agenda = field(default_factory=lambda: Agenda(maya=MAYA.timezone, amara=AMARA.timezone))
    said: set[datetime] = field(default_factory=set)

    def mails(self, who: str) -> list[EmailMessage]:
        """What careermail has sent to somebody."""
        found = (message_from_bytes(mail.raw, policy=SMTP) for mail in self.google.gmail.got(who))
        return [mail for mail in found if mail["X-Careermail-Kind"]]

    def answer(self, who: str, kind: str, words: str, at: datetime) -> None:
        """Answer the latest mail of a kind."""
        if at not in self.said:
            self.said.add(at)
            latest = [mail for mail in self.mails(who) if mail["X-Careermail-Kind"] == kind][-1]
            reply = dated(answer(latest, PEOPLE[who], words, quote=False), at)
            self.google.gmail.send(who, reply.as_bytes(policy=SMTP))

    def decline(self, who: str, original: datetime) -> None:
        """Decline a session of the series."""
        (series,) = [one for one in self.agenda.stored(who) if "recurrence" in one]
        name = name_of(series, original)
        if name not in self.agenda.books[MAYA.email].events:
            self.agenda.respond(who, name, "declined")


@contextmanager
def opened(root: Path) -> Iterator[Office]:
    """An organisation with empty mailboxes and calendars; `root` says where it is."""
    root.mkdir()
    with Organisation(root, people=EVERYBODY, clock=TheirClock(root)) as google:
        office = Office(google)
        google.settings()  # which leaves the key of the service account below root
        google.web.rooms += [CalendarRoom(office.agenda, google.accounts), People(office.answer, office.decline)]
        (root / "place").write_text(json.dumps({"url": google.web.url}))
        yield office


def end(office: Office) -> dict[str, Any]:
    """What a quarter left: how often each mail came is told by what is in it."""
    mails = [(who, mail) for who in PEOPLE for mail in office.mails(who)]
    history = fold(TinyStore(office.google.root / "state").load(MAYA.email))
    # When an answer was heard is part of some keys. A cancellation of which nobody heard may be noticed instead.
    states = ((re.sub("/(heard|told)/[0-9a-fTZ]+/", r"/\1/", key), e.state) for key, e in history.effects.items())
    return {
        "letters": Counter((who, str(m["X-Careermail-Kind"]), str(m["Subject"])) for who, m in mails),
        "told": Counter((notice.to, notice.kind) for notice in office.agenda.told),
        "events": len([e for e in office.agenda.books[MAYA.email].events.values() if "recurringEventId" not in e]),
        "drafts": [name for who in PEOPLE for name in office.google.gmail.boxes[who].drafts],
        "effects": {key: state for key, state in states if not key.endswith("/cancel")},
    }


def test_a_killed_quarter_leaves_what_an_unbroken_one_leaves(tmp_path: Path):
    """Nothing is lost, and nothing comes twice."""
    with opened(tmp_path / "unbroken") as office:
        subprocess.run([*PLAY, office.google.root], check=True)
        expected = end(office)
    assert expected["told"] == {("amara@example.com", "invitation"): 2, ("amara@example.com", "cancellation"): 1}
    with opened(tmp_path / "killed") as office:
        subprocess.run([*PLAY, office.google.root, SEED, TIMES], check=True)
        assert end(office) == expected
