"""The quarter of on_servers.py on Exchange: careermail in processes that are killed, the server in the test's."""

import sys
from pathlib import Path
from typing import Any

import on_servers
from on_servers import Stage
from visiting import QUARTER, ask, service

from careermail.credentials import Secret
from careermail.providers.exchange import open_provider

EXCHANGE = "careermail.providers.exchange"
USER = "EXAMPLE\\careermail"


def settings(root: Path, place: dict[str, Any]) -> dict[str, Any]:
    """What [provider] says, of the server that the test has started."""
    login = {"user": USER, "password": Secret(file=root / "exchange.secret"), "auth": "basic", "impersonate": True}
    unsaid = dict.fromkeys(("tenant", "scope", "token_url", "mailbox"), "")
    where = {"url": place["ews"], "version": "2016", "ca": None, "insecure": False}
    return {"kind": "exchange", "service": service(root), **login, **unsaid, **where}


LATE = ("auth", "calendar", "calendar_items", "inbox", "outbox", "properties", "rules", "session", "windows")
STAGE = Stage(settings, open_provider, ask, (*(f"{EXCHANGE}.{name}" for name in LATE), "exchangelib"), QUARTER)

if __name__ == "__main__":
    on_servers.main(STAGE, *sys.argv[1:])
