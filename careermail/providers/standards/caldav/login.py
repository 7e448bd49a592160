"""Who logs in where, for whom: the settings of one person's calendar."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from careermail.credentials import Secret
from careermail.model import Person
from careermail.providers.standards.locate import located


@dataclass(frozen=True)
class Login:
    """One way into a calendar server."""

    person: str  # the mail address of whoever's calendar is wanted
    url: str
    user: str
    password: Secret
    name: str = ""  # the calendar's display name; "" for the default one
    ca: Path | None = None
    insecure: bool = False
    own: bool = False  # whether only this person can mend it
    exact: bool = False  # whether the url names this person, so that no other calendar will do
    how: str = ""  # how the url was found, where the settings do not say it

    @property
    def host(self) -> str:
        """The server, as it is named to people."""
        return urlsplit(self.url).netloc

    @property
    def owner(self) -> str:
        """ProviderError.owner of what goes wrong with it."""
        return self.person if self.own else ""


def login(settings: Mapping[str, Any], person: Person) -> Login:
    """The login for one person: settings["calendar"], and over it what settings["managers"] says of them.

    {email} and {user} stand for their address and its local part. Raises ProviderError where the url is left to DNS,
    and DNS cannot tell.
    """
    own = settings.get("managers", {}).get(person.email, {})
    said = {"url": "", "name": "", "ca": None, "insecure": False, **settings["calendar"], **own}
    url, domain = _filled(said["url"], person), person.email.rpartition("@")[2]
    if "://" not in url:
        url, domain = "", url or domain
    found = located("caldav", {**said, "url": url}, domain)
    return Login(
        person=person.email,
        url=found["url"],
        user=_filled(said["user"], person),
        password=said["password"],
        name=said["name"],
        ca=said["ca"],
        insecure=said["insecure"],
        own="password" in own,
        exact="{" in said["url"],
        how=found["how"],
    )


def names(settings: Mapping[str, Any], person: Person) -> bool:
    """Whether the settings lead to this very person's calendar, and not to one of whoever logs in."""
    calendar = settings["calendar"]
    return person.email in settings.get("managers", {}) or "{" in calendar.get("url", "") + calendar.get("user", "")


def _filled(pattern: str, person: Person) -> str:
    return pattern.replace("{email}", person.email).replace("{user}", person.email.rpartition("@")[0])
