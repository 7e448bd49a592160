"""What `careermail check --live` tells of a manager's calendar; nothing is written."""

from collections.abc import Mapping
from contextlib import closing
from typing import Any
from urllib.parse import urlsplit

from careermail.clock import Clock
from careermail.model import Person
from careermail.providers import Found, Probe
from careermail.providers.standards.caldav.account import Account, discover
from careermail.providers.standards.caldav.login import Login, login
from careermail.providers.standards.caldav.web import Web

CLASSES = ("calendar-access", "calendar-auto-schedule")


def of(settings: Mapping[str, Any], manager: Person, clock: Clock) -> Probe:
    """The login for one manager's calendar."""
    said = {**settings["calendar"], **(own := settings.get("managers", {}).get(manager.email, {}))}
    # Where the url is left to DNS, only a look can tell the server.
    server = urlsplit(said.get("url", "")).netloc or said.get("url") or manager.email.rpartition("@")[2]

    def look() -> Found:
        entry = login(settings, manager)
        with closing(Web(entry, clock)) as web:
            return _found(discover(web), entry)

    return Probe(f"CalDAV {server} for {manager.email}", look, manager.email if "password" in own else "")


def _found(account: Account, entry: Login) -> Found:
    where = f"{account.server or 'a server'} at {entry.host}" + (f", {entry.how}" if entry.how else "")
    classes = ", ".join(name for name in CLASSES if name in account.classes) or "no CalDAV classes"
    calendar = f"the calendar {account.name or account.calendar} ({account.calendar})"
    offers, lacks = [where, f"DAV: {classes}", calendar], []
    if account.schedules(entry.person):
        offers.append("it invites attendees by itself (RFC 6638)")
    elif account.advertises:
        lacks.append(f"it does not know {entry.person} as its user's address: careermail mails the invitations")
    else:
        lacks.append("it does not schedule: careermail mails the invitations")
    if not (account.advertises and account.outbox):
        lacks.append("free/busy of others is not visible, but in calendars that this login may read")
    return Found(tuple(offers), tuple(lacks))
