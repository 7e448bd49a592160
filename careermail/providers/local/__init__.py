"""The embedded default: a small world of Maildirs and .ics files on disk, for any mail or calendar program to open."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from careermail.clock import Clock
from careermail.providers import Provider, one_inbox
from careermail.providers.local.calendar import LocalCalendar
from careermail.providers.local.post import LocalInbox, LocalOutbox


def open_provider(settings: Mapping[str, Any], clock: Clock) -> Provider:  # noqa: ARG001 (a disk has no waits)
    """The world under settings["root"]; folders are made when something is put into them."""
    root = Path(settings["root"])
    return Provider("local", LocalCalendar(root), LocalOutbox(root), one_inbox(LocalInbox(root)), vouched=True)
