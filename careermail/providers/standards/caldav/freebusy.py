"""What is taken of somebody's time: read in their calendars, or asked of the organizer's server (RFC 6638, 5)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from xml.etree.ElementTree import ParseError, fromstring

from careermail.errors import ProviderError
from careermail.mail.expand import expand
from careermail.mail.invite import PRODID, parse
from careermail.mail.vevent import CalendarError
from careermail.model import Busy, Person, opaque, stamp
from careermail.providers import Window
from careermail.providers.standards.caldav.account import MULTISTATUS
from careermail.providers.standards.caldav.collection import XML
from careermail.providers.standards.caldav.xml import OK, document, element, tag

if TYPE_CHECKING:
    from careermail.providers.standards.caldav.desk import Desk

REFUSED = frozenset({400, 403, 404, 405, 410, 501})
# All that is read of other events: when they are and whether they count. Never what they are about.
_WHEN = ("UID", "DTSTART", "DTEND", "DURATION", "RRULE", "RDATE", "EXDATE", "RECURRENCE-ID", "STATUS", "TRANSP",
         "ATTENDEE", "ORGANIZER", "SEQUENCE")  # fmt: skip


class UnseenError(Exception):
    """Their calendar may not be looked into."""


def looked(open_desk: Callable[[], Desk], window: Window) -> set[Busy]:
    """The same as `read` in a calendar that may not be ours to read. Raises UnseenError where it is not."""
    try:
        return read(open_desk(), window)
    except ProviderError as error:
        if error.urgent or error.permanent:
            raise UnseenError from error
        raise


def read(desk: Desk, window: Window) -> set[Busy]:
    """What is taken of the time of a calendar's owner: not cancelled, not free, not declined by them."""
    return _within(window, (busy for url in desk.account.all for busy in _in_calendar(desk, url, window)))


def known(desk: Desk, person: Person, window: Window, *, asked: bool) -> set[Busy]:
    """What an organizer knows of somebody else's time: our sessions with them, and what the server tells if `asked`."""
    desk.collection.refresh()
    own = {
        (i.start, i.end): i
        for item in desk.collection.items()
        if person.email.lower() in item.attendees
        for i in item.instances(window, desk.person.zone)
        if i.opaque and not i.cancelled and person.email.lower() not in i.declined
    }
    taken = [Busy(person.email, i.start, i.end, i.uid) for i in own.values()]
    # Free/busy does not name events, and ours must be known to make room for themselves.
    told = _asked(desk, person, window) if asked else []
    return _within(window, [*taken, *(Busy(person.email, *one) for one in told if one not in own)])


def _within(window: Window, taken: Iterable[Busy]) -> set[Busy]:
    return {busy for busy in taken if busy.start < window[1] and busy.end > window[0]}


def _in_calendar(desk: Desk, url: str, window: Window) -> Iterator[Busy]:
    answer = desk.web.ask("REPORT", url, _query(window), {**XML, "Depth": "1"}, fine=MULTISTATUS | REFUSED)
    if answer.status not in MULTISTATUS:
        yield from _told(desk, url, window)
        return
    who = desk.person.email.lower()
    for one in desk.web.understood(answer)[0]:
        try:
            instances = expand(parse(one.text("C:calendar-data").encode()), window, desk.person.zone)
        except CalendarError:
            continue  # somebody's event that no program can place
        for i in instances:
            if i.opaque and not i.cancelled and who not in i.declined:
                yield Busy(who, i.start, i.end, i.uid)


def _query(window: Window) -> bytes:
    """A calendar-query (RFC 4791, 7.8) for what touches the window."""
    events = element("C:comp", *(f'<C:prop name="{name}"/>' for name in _WHEN), attributes='name="VEVENT"')
    zones = element("C:comp", "<C:allprop/>", "<C:allcomp/>", attributes='name="VTIMEZONE"')
    data = element("C:comp", '<C:prop name="VERSION"/>', events, zones, attributes='name="VCALENDAR"')
    times = element("C:comp-filter", _range(window), attributes='name="VEVENT"')
    found = element("C:filter", element("C:comp-filter", times, attributes='name="VCALENDAR"'))
    return document("C:calendar-query", element("D:prop", element("C:calendar-data", data)), found)


def _range(window: Window) -> str:
    return f'<C:time-range start="{stamp(window[0])}" end="{stamp(window[1])}"/>'


def _told(desk: Desk, url: str, window: Window) -> list[Busy]:
    """The same by free-busy-query (7.10), where we may know when, but not what."""
    asked = document("C:free-busy-query", _range(window))
    answer = desk.web.ask("REPORT", url, asked, {**XML, "Depth": "1"}, fine=frozenset({OK}) | REFUSED)
    if answer.status != OK:
        raise UnseenError
    return [Busy(desk.person.email, *one) for one in _periods(answer.body.decode(errors="replace"))]


def _asked(desk: Desk, person: Person, window: Window) -> list[tuple[datetime, datetime]]:
    """What the organizer's server says of somebody else's time; nothing where it does not know them."""
    if not desk.account.advertises or not desk.account.outbox:
        return []
    headers = {"Content-Type": "text/calendar; charset=utf-8; component=VFREEBUSY; method=REQUEST"}
    request = _request(desk.person, person, window, desk.clock.now())
    answer = desk.web.ask("POST", desk.account.outbox, request, headers, fine=frozenset({OK}) | REFUSED)
    return _answered(answer.body) if answer.status == OK else []


def _request(organizer: Person, person: Person, window: Window, now: datetime) -> bytes:
    """A VFREEBUSY REQUEST (RFC 5546, 3.3.2)."""
    first, last = stamp(window[0]), stamp(window[1])
    lines = [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        f"PRODID:{PRODID}",
        "METHOD:REQUEST",
        "BEGIN:VFREEBUSY",
        f"UID:{opaque(f'{organizer.email}/{person.email}/{first}/{last}')}",
        f"DTSTAMP:{stamp(now)}",
        f"DTSTART:{first}",
        f"DTEND:{last}",
        f"ORGANIZER:mailto:{organizer.email}",
        f"ATTENDEE:mailto:{person.email}",
        "END:VFREEBUSY",
        "END:VCALENDAR",
        "",
    ]
    return "\r\n".join(lines).encode()


def _answered(body: bytes) -> list[tuple[datetime, datetime]]:
    """The periods of a schedule-response (RFC 6638, 10.2); none where the server does not know whom we ask about."""
    try:
        tree = fromstring(body)  # noqa: S314 (expat bounds what entities may grow to since 2.4.1)
    except ParseError:
        return []
    told = [one for one in tree.iter(tag("C:response")) if one.findtext(tag("C:request-status"), "").startswith("2")]
    return [period for one in told for period in _periods(one.findtext(tag("C:calendar-data"), ""))]


def _periods(said: str) -> list[tuple[datetime, datetime]]:
    """The periods that VFREEBUSYs name as taken (RFC 5545, 3.8.2.6)."""
    try:
        parts = parse(said.encode()).walk("VFREEBUSY")
    except CalendarError:
        return []
    found: list[tuple[datetime, datetime]] = []
    for one in parts:
        held = one.get("FREEBUSY", [])
        for line in held if isinstance(held, list) else [held]:
            if str(line.params.get("FBTYPE", "BUSY")).upper() != "FREE":
                found += [_period(*each.dt) for each in getattr(line, "dts", [line])]
    return found


def _period(start: datetime, end: datetime | timedelta) -> tuple[datetime, datetime]:
    return start.astimezone(UTC), (start + end if isinstance(end, timedelta) else end).astimezone(UTC)
