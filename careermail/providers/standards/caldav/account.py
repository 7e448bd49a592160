"""Where somebody's calendar is, and what its server can do: discovery by RFC 6764 (6), RFC 4791 (6.2) and RFC 6638."""

from collections.abc import Iterable
from dataclasses import dataclass

from careermail.providers.standards.caldav.web import Web
from careermail.providers.standards.caldav.xml import Resource, document, path_of, props
from careermail.providers.standards.locate import WELL_KNOWN

MULTISTATUS = frozenset({207})
NOT_HERE = frozenset({400, 403, 404, 405, 410})  # what a url that is no collection of calendars may answer
# Where no server says which is the default one: what servers call the one that they make by themselves.
USUAL = ("default", "calendar", "personal", "home", "work")
_LISTED = (
    "D:resourcetype",
    "D:displayname",
    "D:owner",
    "D:current-user-principal",
    "D:supported-report-set",
    "C:calendar-home-set",
    "C:supported-calendar-component-set",
    "C:schedule-calendar-transp",
)


@dataclass(frozen=True)
class Account:
    """Somebody's calendar, found."""

    calendar: str  # its url
    name: str
    all: tuple[str, ...]  # the urls of all calendars that tell when they are busy
    reports: frozenset[str]  # the REPORTs that it can, as ElementTree names them
    classes: frozenset[str]  # of DAV: (RFC 4918, 10.1), in lower case
    addresses: frozenset[str]  # the owner's mail addresses, as far as the server tells
    outbox: str  # where free/busy is asked (RFC 6638, 2.1); "" for nowhere
    server: str  # what it calls itself

    def schedules(self, address: str) -> bool:
        """Whether the server invites by itself when this address organizes.

        It does so only for addresses that it knows as the owner's (RFC 6638, 3.1).
        """
        known = not self.addresses or address.lower() in self.addresses
        return self.advertises and known

    @property
    def advertises(self) -> bool:
        """Whether the server says that it schedules (RFC 6638, 2)."""
        return "calendar-auto-schedule" in self.classes


def discover(web: Web) -> Account:
    """The calendar that a login asks for. Raises ProviderError (urgent) where there is none, or several it could be."""
    start, calendars = _calendars(web)
    if not calendars:
        raise web.failed(f"there is no calendar at {web.login.url}; mend `url`", urgent=True)
    owner = next((one.href("D:owner") for one in calendars if one.href("D:owner")), "") or start
    principal = _one(web, owner, "C:calendar-user-address-set", "C:schedule-outbox-URL", "C:schedule-inbox-URL")
    calendar = _chosen(web, calendars, principal)
    options = web.ask("OPTIONS", calendar.url, fine=frozenset({200, 204}))
    said = calendar.props.get("{DAV:}supported-report-set")
    return Account(
        calendar=_folder(calendar.url),
        name=calendar.text("D:displayname"),
        all=tuple(_folder(one.url) for one in calendars if not one.has("C:schedule-calendar-transp", "C:transparent")),
        reports=frozenset(one.tag for one in said.iter()) if said is not None else frozenset(),
        classes=frozenset(word.strip().lower() for word in options.header("DAV").split(",")),
        addresses=frozenset(_addresses(principal)),
        outbox=principal.href("C:schedule-outbox-URL") if principal else "",
        server=options.header("Server"),
    )


def _folder(url: str) -> str:
    return url if url.endswith("/") else f"{url}/"


def _addresses(principal: Resource | None) -> list[str]:
    said = principal.hrefs("C:calendar-user-address-set") if principal else []
    return [one.lower().removeprefix("mailto:") for one in said if one.lower().startswith("mailto:")]


def _calendars(web: Web) -> tuple[str, list[Resource]]:
    """The principal that we log in as ("" if unknown), and the calendars at the url, or at the principal's home."""
    exact = web.login.exact  # then our own principal's calendars are somebody else's
    listed = _listing(web, web.login.url) or (None if exact else _listing(web, WELL_KNOWN))
    if listed is None:
        return "", []
    here, found = listed
    principal = "" if exact else here.href("D:current-user-principal")
    if calendars := _events(found):
        return principal, calendars
    homes = here.hrefs("C:calendar-home-set")
    if not homes and (there := _one(web, principal, "C:calendar-home-set")):
        homes = there.hrefs("C:calendar-home-set")
    lists = (_listing(web, home) for home in homes)
    return principal, [one for listed in lists if listed for one in _events(listed[1])]


def _events(resources: Iterable[Resource]) -> list[Resource]:
    """The calendars that hold events."""
    return [one for one in resources if one.has("D:resourcetype", "C:calendar") and _holds_events(one)]


def _holds_events(one: Resource) -> bool:
    kinds = one.props.get("{urn:ietf:params:xml:ns:caldav}supported-calendar-component-set")
    return kinds is None or any(kind.get("name", "").upper() == "VEVENT" for kind in kinds)


def _listing(web: Web, url: str) -> tuple[Resource, list[Resource]] | None:
    """A collection and all that is in it, itself included; None where there is none."""
    answer = web.ask("PROPFIND", url, document("D:propfind", props(*_LISTED)), _depth(1), fine=MULTISTATUS | NOT_HERE)
    if answer.status in NOT_HERE:
        return None
    found, _ = web.understood(answer)
    here = next((one for one in found if one.key == path_of(answer.url)), None)
    return (here, found) if here else None


def _one(web: Web, url: str, *names: str) -> Resource | None:
    """Some properties of one resource; None where it cannot be read."""
    if not url:
        return None
    answer = web.ask("PROPFIND", url, document("D:propfind", props(*names)), _depth(0), fine=MULTISTATUS | NOT_HERE)
    found = web.understood(answer)[0] if answer.status in MULTISTATUS else []
    return next(iter(found), None)


def _depth(depth: int) -> dict[str, str]:
    return {"Depth": str(depth), "Content-Type": "application/xml; charset=utf-8"}


def _chosen(web: Web, calendars: list[Resource], principal: Resource | None) -> Resource:
    """The calendar of that name; without a name, the one that the server, its people or its makers think of first."""
    if name := web.login.name:
        named = [one for one in calendars if name in (one.text("D:displayname"), one.key.rpartition("/")[2])]
        if not named:
            there = ", ".join(sorted(one.text("D:displayname") or one.key for one in calendars))
            raise web.failed(f"it has no calendar {name!r}, but {there}; mend `name`", urgent=True)
        return named[0]
    default = path_of(_default(web, principal))
    places = {one.key: one for one in calendars}
    if default in places:
        return places[default]
    usual = (one for word in USUAL for one in calendars if one.key.rpartition("/")[2].lower() == word)
    return next(usual, calendars[0])


def _default(web: Web, principal: Resource | None) -> str:
    """The calendar that the server puts invitations into (RFC 6638, 9.2)."""
    inbox = _one(web, principal.href("C:schedule-inbox-URL"), "C:schedule-default-calendar-URL") if principal else None
    return inbox.href("C:schedule-default-calendar-URL") if inbox else ""
