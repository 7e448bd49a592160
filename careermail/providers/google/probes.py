"""What can be tried at Google without changing anything: a new token for each person, and a look through each API."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from typing import TYPE_CHECKING

from careermail.model import Person, Service
from careermail.providers import Found, Probe
from careermail.providers.google.auth import CALENDAR, MAIL, Access

if TYPE_CHECKING:
    from careermail.providers.google.api import Api


def probes(managers: Iterable[Person], service: Service, access: Access, gmail: Api, calendar: Api) -> list[Probe]:
    """One for each manager, and one for the service's own mailbox."""
    people = dict.fromkeys([*(manager.email for manager in managers), service.address])
    look = partial(_look, access, gmail, calendar)
    return [Probe(f"Google as {address}", partial(look, address), access.way.owner) for address in people]


def _look(access: Access, gmail: Api, calendar: Api, address: str) -> Found:
    """A token is asked for even if there is one that holds: it is tomorrow's that matters."""
    access.renew(address)
    scopes, offers, lacks = access.scopes(address), [], []
    if set(MAIL) <= set(scopes):
        profile = gmail.ask(address, lambda gmail: gmail.users().getProfile(userId="me", fields="emailAddress"))
        offers.append("mail")
        if (found := profile["emailAddress"].lower()) != address:
            lacks.append(f"{address} is another name of {found}: mails would leave as {found}; configure that address")
    if set(CALENDAR) <= set(scopes):
        first = {"calendarId": "primary", "maxResults": 1, "fields": "timeZone"}
        told = calendar.ask(address, lambda calendar: calendar.events().list(**first))
        offers.append(f"calendar in {told.get('timeZone', 'no time zone')}")
    end = access.way.end()
    return Found((*offers, *(f"until {end:%Y-%m-%d}" for end in [end] if end)), tuple(lacks), end)
