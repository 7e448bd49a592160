"""The quarter of on_servers.py in Microsoft 365: careermail in processes that are killed, the tenant in the test's.

What people do they do there: `answer` asks the tenant for it, which does the same thing once however often it is asked.
"""

import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import on_servers
import requests
from on_servers import AMARA, STEPS, Saying, Stage

from careermail.credentials import Secret
from careermail.model import Service
from careermail.providers.microsoft import open_provider

DECLINE = "decline"  # a session, instead of answering a mail
SESSION = "2027-04-13T08:00:00+00:00"
MICROSOFT = "careermail.providers.microsoft"
TENANT, CLIENT = "example.com", "00000000-aaaa-bbbb-cccc-000000000000"


def settings(root: Path, place: dict[str, Any]) -> dict[str, Any]:
    """What [provider] says, of the tenant that the test has opened."""
    service = Service(
        "careermail", "careermail@example.com", "it@example.com", root / "state", secret=b"ours", as_manager=True
    )
    app = {"tenant": TENANT, "client_id": CLIENT, "certificate": None, "secret": Secret(file=root / "secret")}
    where = {"authority": place["url"], "graph": f"{place['url']}/v1.0"}
    return {"kind": "microsoft", "service": service, "secret_expires": None, **app, **where}


def answer(root: Path, place: dict[str, Any], now: datetime, saying: Saying) -> None:
    """Somebody answers a mail in their mailbox, or declines a session."""
    del root
    who, kind, words = saying
    said = {"who": who.email, "kind": kind, "words": words, "at": now.isoformat()}
    requests.post(f"{place['url']}/people", json=said, timeout=60).raise_for_status()


LATE = ("auth", "agenda", "calendar", "graph", "inbox", "outbox", "probes", "schedule", "series")
STAGE = Stage(
    settings,
    open_provider,
    answer,
    (*(f"{MICROSOFT}.{name}" for name in LATE), "msal", "requests", "tzlocal.windows_tz"),
    (*STEPS, (datetime(2027, 2, 24, 11, tzinfo=UTC), (AMARA, DECLINE, SESSION))),
)

if __name__ == "__main__":
    on_servers.main(STAGE, *sys.argv[1:])
