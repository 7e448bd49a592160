"""The quarter of on_servers.py at a vendor's: careermail in processes that are killed, the vendor in the test's.

    on_vendors.py KIND ROOT [SEED TIMES]

ROOT/settings is what the provider is told. What people do they do there: whoever plays asks for it at /people, where it
is done once, however often it is asked for.
"""

import pickle
import sys
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules
from typing import Any

import on_servers
import requests
from on_servers import AMARA, STEPS, Saying, Stage

from careermail.providers import open_provider

DECLINE = "decline"  # a session, instead of answering a mail
SESSION = "2027-04-13T08:00:00+00:00"
QUARTER = (*STEPS, (datetime(2027, 2, 24, 11, tzinfo=UTC), (AMARA, DECLINE, SESSION)))
LIBRARIES = {
    "google": ("googleapiclient.discovery", "google_auth_httplib2", "google.oauth2.service_account"),
    "microsoft": ("msal", "tzlocal.windows_tz"),
    "exchange": ("exchangelib",),
}


def settings(root: Path, place: dict[str, Any]) -> dict[str, Any]:
    """What the provider is told."""
    del place
    return pickle.loads((root / "settings").read_bytes())  # noqa: S301 (the test has written it)


def ask(root: Path, place: dict[str, Any], now: datetime, saying: Saying) -> None:
    """Let somebody act."""
    del root
    who, kind, words = saying
    said = {"who": who.email, "kind": kind, "words": words, "at": now.isoformat()}
    requests.post(f"{place['url']}/people", json=said, timeout=60).raise_for_status()


def stage(kind: str) -> Stage:
    package = import_module(f"careermail.providers.{kind}")
    modules = [f"{package.__name__}.{module.name}" for module in iter_modules(package.__path__)]
    return Stage(settings, open_provider, ask, (*modules, *LIBRARIES[kind]), QUARTER, longest=0.5)


if __name__ == "__main__":
    on_servers.main(stage(sys.argv[1]), *sys.argv[2:])
