"""The quarter of on_servers.py on Google: careermail in processes that are killed, Google in the test's."""

import sys
from pathlib import Path
from typing import Any

import on_servers
from on_servers import Stage
from visiting import QUARTER, ask, service

from careermail.credentials import Secret
from careermail.providers.google import open_provider

GOOGLE = "careermail.providers.google"


def settings(root: Path, place: dict[str, Any]) -> dict[str, Any]:
    """What [provider] says, of the organisation that the test has opened."""
    way = {"client": None, "token": None, "service_account": Secret(file=root / "key.json"), "impersonate": ""}
    return {"kind": "google", "service": service(root), "endpoint": place["url"], "meet": False, **way}


LATE = ("api", "auth", "calendar", "inbox", "outbox", "probes", "transport")
LIBRARIES = ("googleapiclient.discovery", "google_auth_httplib2", "google.oauth2.service_account")
STAGE = Stage(settings, open_provider, ask, (*(f"{GOOGLE}.{name}" for name in LATE), *LIBRARIES), QUARTER)

if __name__ == "__main__":
    on_servers.main(STAGE, *sys.argv[1:])
