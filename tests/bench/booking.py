"""500 series booked over CalDAV, against a bare loop that PUTs the same iCalendar over one connection.

The servers are Cyrus, which invites and so has the larger share of the work on both sides; and Radicale, where the
invitations are ours: there they go to an outbox that takes them and no more, since mails are measured elsewhere. The
bare loop PUTs the like into somebody else's calendar, with all bodies ready.
"""

import sys
from base64 import b64encode
from collections.abc import Callable, Generator, Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from email.message import EmailMessage
from http import HTTPStatus
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlsplit

from careermail.clock import SystemClock
from careermail.credentials import Secret
from careermail.mail.invite import build, text
from careermail.model import Event, Person, Service
from careermail.providers.standards.caldav import CalDavCalendar
from careermail.providers.standards.invitations import Invitations

sys.path.insert(0, str(Path(__file__).parents[1]))  # the test servers are imported as pytest finds them

from servers.cyrus import ABSENT, PASSWORD, Cyrus
from servers.radicale import Radicale

__all__ = ["ABSENT", "SERIES", "on_cyrus", "on_radicale"]

Work = Callable[[], object]
SERIES = 500
MAYA, JONAS = (Person(name.title(), f"{name}@example.com", "Europe/Stockholm") for name in ("maya", "jonas"))


class Taken:
    """An outbox that takes every mail."""

    def send(self, message: EmailMessage) -> None:
        """It is on its way."""

    def find(self, message_id: str, to: str) -> bool:  # noqa: ARG002 (it is the protocol's)
        """Nobody asks."""
        return True


def event(number: int) -> Event:
    """One of many series."""
    start = datetime(2027, 1, 12, 10) + timedelta(days=number)
    return Event(
        f"bench-{number}@example.com", MAYA, (JONAS,), "Jonas and Maya", "An hour.", start, 60,
        "FREQ=MONTHLY;INTERVAL=3;BYDAY=2TU", marker=f"{number:032x}",
    )  # fmt: skip


def bare(url: str) -> Generator[None, None, None]:
    """PUTs each series into Jonas's calendar, and looks whether it was taken; all that can be ready before is."""
    place = urlsplit(url)
    login = b64encode(f"jonas:{PASSWORD}".encode()).decode()
    headers = {"Authorization": f"Basic {login}", "Content-Type": "text/calendar", "If-None-Match": "*"}
    mirrored = [replace(event(n), uid=f"bare-{n}", organizer=JONAS, attendees=(MAYA,)) for n in range(SERIES + 1)]
    bodies = [(f"{place.path}{one.uid}.ics", text(build(one))) for one in mirrored]
    with closing(HTTPConnection(place.netloc)) as connection:
        for path, body in bodies:
            connection.request("PUT", path, body, headers)
            answer = connection.getresponse()
            answer.read()
            assert answer.status == HTTPStatus.CREATED, answer.status
            yield


@contextmanager
def on_cyrus(folder: Path) -> Iterator[tuple[Work, Work]]:
    """Two things to measure: one more series booked by careermail, and one more PUT."""
    with Cyrus() as server:
        server.welcome("maya", "jonas")
        maya, jonas = (f"{server.url}calendars/user/{user}/Default/" for user in ("maya", "jonas"))
        with booking(folder, maya, jonas) as both:
            yield both


@contextmanager
def on_radicale(folder: Path) -> Iterator[tuple[Work, Work]]:
    """The same, where the server does not schedule."""
    with Radicale(folder / "radicale") as server:
        server.welcome("maya", "jonas")
        with booking(folder, f"{server.url}maya/work/", f"{server.url}jonas/work/") as both:
            yield both


@contextmanager
def booking(folder: Path, own: str, other: str) -> Iterator[tuple[Work, Work]]:
    """The two things, at the urls of two people's calendars."""
    file = folder / "password"
    file.touch(mode=0o600)
    file.write_text(PASSWORD)
    service, clock = Service(state=folder), SystemClock()
    invitations = Invitations(folder / "invitations", Taken(), service, clock)
    said = {"url": own, "user": "maya", "password": Secret(file=file)}
    calendar = CalDavCalendar({"calendar": said, "managers": {}}, service, clock, invitations)
    series, puts = iter(range(SERIES + 1)), bare(other)
    yield lambda: calendar.put(event(next(series))), lambda: next(puts)
    calendar.close()
    puts.close()
