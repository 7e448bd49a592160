"""A quarter played in a vendor's world that another process keeps: what people do is asked for there."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import requests
from on_servers import AMARA, STEPS, Saying

from careermail.model import Service

DECLINE = "decline"  # a session, instead of answering a mail
SESSION = "2027-04-13T08:00:00+00:00"
QUARTER = (*STEPS, (datetime(2027, 2, 24, 11, tzinfo=UTC), (AMARA, DECLINE, SESSION)))


def ask(root: Path, place: dict[str, Any], now: datetime, saying: Saying) -> None:
    """Let somebody act, from the process that plays."""
    del root
    who, kind, words = saying
    said = {"who": who.email, "kind": kind, "words": words, "at": now.isoformat()}
    requests.post(f"{place['url']}/people", json=said, timeout=60).raise_for_status()


def service(root: Path) -> Service:
    """Who careermail is there: each mail leaves from its manager's own mailbox."""
    return Service(
        "careermail", "careermail@example.com", "it@example.com", root / "state", secret=b"ours", as_manager=True
    )
