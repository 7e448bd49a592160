"""Heavy libraries are imported where they are used: who does not use a vendor starts without its libraries."""

import subprocess
import sys
from pathlib import Path
from textwrap import dedent

import pytest

VENDORS = {
    "google": {"googleapiclient", "google_auth_oauthlib", "google_auth_httplib2"},
    "microsoft": {"msal"},
    "exchange": {"exchangelib", "requests_ntlm", "requests_oauthlib", "spnego"},
}
SHARED = {"requests", "cryptography", "oauthlib", "lxml"}
HEAVY = set[str]().union(SHARED, *VENDORS.values())
MANAGER = '[[manager]]\nname = "Maya"\nemail = "maya@example.com"\n'
OPENED = """
    import sys
    from datetime import UTC, datetime
    from pathlib import Path
    from careermail import config
    from careermail.clock import VirtualClock
    from careermail.providers import open_provider

    now = datetime(2027, 1, 1, tzinfo=UTC)
    open_provider(config.load(Path(sys.argv[1]), now=now).provider, VirtualClock(now))
"""
HELPED = """
    from careermail.cli import main

    main(["--help"])
"""
CONFIGS = {
    "local": 'kind = "local"\nroot = "world"\n',
    "standards": 'kind = "standards"\npassword = { env = "MAIL" }\n',
    "exchange": 'kind = "exchange"\nurl = "https://mail.example.com"\nuser = \'x\'\npassword = { env = "MAIL" }\n',
}


def imported(script: str, *arguments: str) -> set[str]:
    """The heavy libraries that a fresh process has imported after a script."""
    told = dedent(script) + "\nimport sys\nprint('imported:', *sorted({name.split('.')[0] for name in sys.modules}))"
    run = subprocess.run([sys.executable, "-c", told, *arguments], capture_output=True, text=True, check=True)
    return set(run.stdout.rpartition("imported:")[2].split()) & HEAVY


def written(folder: Path, kind: str) -> str:
    file = folder / "careermail.toml"
    file.write_text(f"[provider]\n{CONFIGS[kind]}{MANAGER}")
    return str(file)


def test_help_is_told_without_any():
    assert imported(HELPED) == set()


@pytest.mark.parametrize("kind", ["local", "standards"])
def test_who_has_no_vendor_has_no_vendors_libraries(tmp_path: Path, kind: str):
    assert imported(OPENED, written(tmp_path, kind)) == set()


def test_exchange_is_opened_without_its_library(tmp_path: Path):
    """It takes half a second and 58 MB, and a command that only shows the plan needs none of it."""
    assert imported(OPENED, written(tmp_path, "exchange")) == set()


@pytest.mark.parametrize("kind", ["local", "standards"])
def test_what_this_test_looks_for_would_be_seen(tmp_path: Path, kind: str):
    assert imported(OPENED + "\n    import exchangelib, msal\n", written(tmp_path, kind)) >= {"exchangelib", "msal"}
