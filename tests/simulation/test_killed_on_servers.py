"""Killed with SIGKILL tens of times over a quarter on real servers, it ends as an unbroken quarter does."""

import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import on_servers
import pytest
from scene import outcomes
from servers import dovecot, postfix, radicale
from town import ABSENT, Town

from careermail.cli.trouble import doubtful
from careermail.plan.history import fold
from careermail.store.tiny import TinyStore

SEED = os.environ.get("CAREERMAIL_SEED", "1")
TIMES = os.environ.get("CAREERMAIL_EXAMPLES", "16")
PLAY = [sys.executable, on_servers.__file__]


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    if ABSENT:
        pytest.skip(ABSENT)
    with Town(tmp_path_factory.mktemp("town")) as town:
        yield town


def place(root: Path, town: Town, *, caldav: bool) -> Path:
    """Empty mailboxes and calendars, and where they are."""
    town.postfix.settle()
    town.dovecot.empty()
    server = town.calendars(radicale.Radicale)
    server.welcome("careermail", "maya", "amara")
    root.mkdir()
    for name, words in (("smtp", postfix.PASSWORD), ("imap", dovecot.PASSWORD), ("dav", radicale.PASSWORD)):
        (root / name).touch(mode=0o600)
        (root / name).write_text(words)
    ports = {"smtp": town.postfix.port, "imap": town.dovecot.port, "dav": server.port if caldav else 0}
    (root / "place").write_text(json.dumps(ports))
    return root


def end(root: Path, town: Town) -> tuple[dict[str, Any], set[str]]:
    """What a quarter left, and which mails came twice."""
    town.postfix.settle()
    mails = [(who, m) for who in ("maya", "amara") for m in town.mailbox(f"{who}@example.com")]
    times = Counter((who, str(m["Message-ID"])) for who, m in mails)
    letters = {(who, str(m["X-Careermail-Kind"]), str(m["Subject"]), str(m["Message-ID"])) for who, m in mails}
    facts = TinyStore(root / "state").load("maya@example.com")
    # That an invitation came twice is an effect beside the others.
    effects = {key: state for key, state in outcomes(facts).items() if "/invitation/" not in key}
    doubts = {effect.data["intent"]["message_id"] for _, effect in doubtful(fold(facts))}
    twice = {name for (_, name), n in times.items() if n > 1}
    events = [str(e) for e in sorted((root / "state").rglob("calendars/**/*.ics"))]
    ended = {"letters": Counter(one[:3] for one in letters), "effects": effects, "events": len(events)}
    return ended, twice - doubts


@pytest.mark.parametrize("caldav", [True, False])
def test_a_killed_quarter_leaves_what_an_unbroken_one_leaves(town: Town, tmp_path: Path, *, caldav: bool):
    """With a calendar on Radicale, and with `imip`; what came twice has one Message-ID, and `status` tells of it."""
    root = place(tmp_path / "unbroken", town, caldav=caldav)
    subprocess.run([*PLAY, root], check=True)
    expected, twice = end(root, town)
    assert twice == set()
    root = place(tmp_path / "killed", town, caldav=caldav)
    subprocess.run([*PLAY, root, SEED, TIMES], check=True)
    found, unnoticed = end(root, town)
    assert found == expected
    assert unnoticed == set()
