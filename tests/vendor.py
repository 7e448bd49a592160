"""The world of scene.py at a vendor's, where everybody has a mailbox and a calendar, and programs of their own."""

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, date, datetime
from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path
from typing import Any, Protocol, Self

from fakes.web import Web
from scene import World

from careermail.clock import Clock
from careermail.model import Occurrence, Person, Series
from careermail.providers import Provider


class Site(Protocol):
    """The vendor's servers, as careermail reaches them."""

    web: Web

    def settings(self, **changes: Any) -> dict[str, Any]: ...

    def provider(self, **changes: Any) -> Provider: ...


class Program(Protocol):
    """What people do in their calendars there."""

    def move_one(self, occurrence: Occurrence, start: datetime, *, by: Person) -> None: ...

    def decline_one(self, occurrence: Occurrence, *, by: Person) -> None: ...

    def sees(self, person: Person, uid: str) -> list[datetime]: ...


class Vendor:
    """A context manager: the vendor's servers, with these people and an admin. Whoever inherits this says which."""

    site: Site
    program: Program

    def __init__(self, root: Path, clock: Clock, manager: Person, *others: Person) -> None:
        self.root, self.clock, self.manager, self.undo = root, clock, manager, ExitStack()
        self.people = {person.email: person for person in (manager, *others)}
        self.addresses = (*self.people, "it@example.com")
        self.open()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.undo.close()

    def open(self) -> None:
        """Start the servers, until `undo` is closed."""
        raise NotImplementedError

    def received(self, address: str) -> list[EmailMessage]:
        """What has come to somebody, the oldest first."""
        raise NotImplementedError

    def arrive(self, raw: bytes) -> None:
        """Somebody sends a mail, and it arrives."""
        raise NotImplementedError

    def drafts(self) -> list[str]:
        """What lies in anybody's drafts."""
        raise NotImplementedError

    def told(self) -> list[tuple[str, ...]]:
        """What the calendars mailed by themselves: to whom, what, and perhaps about what."""
        raise NotImplementedError

    def events(self) -> int:
        """How many events are in the manager's calendar, each series being one."""
        raise NotImplementedError

    def reminders(self) -> list[date]:
        """The all-day events in the manager's calendar program."""
        raise NotImplementedError


class OnVendor(World):
    """A context manager. One account acts as the manager; mails leave from the manager's own mailbox."""

    def __init__(self, vendor: type[Vendor], root: Path, start: datetime, *series: Series) -> None:
        self.vendor = vendor
        self.refused = set[datetime]()  # the hours that were declined, which a program may still show
        super().__init__(root, start, *series)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.runner.close()
        self.there.undo.close()

    def hire(self) -> Provider:
        self.there = self.vendor(self.root, self.clock, *self.people.values())
        self.service = replace(self.service, state=self.root / "state", as_manager=True)
        return self.there.site.provider(service=self.service)

    def received(self, address: str = "*") -> Iterator[tuple[str, EmailMessage]]:
        for one in self.there.addresses if address == "*" else [address]:
            yield from ((one, mail) for mail in self.there.received(one) if mail["X-Careermail-Kind"])

    def arrive(self, message: EmailMessage | bytes) -> None:
        self.there.arrive(message if isinstance(message, bytes) else message.as_bytes(policy=SMTP))

    # --- people's calendars ---

    def session(self, when: datetime) -> Occurrence:
        """The one that starts then, local to the manager."""
        start = when.replace(tzinfo=self.team.manager.zone).astimezone(UTC)
        return next(o for o in self.sessions() if o.start == start)

    def shift(self, when: datetime, to: datetime) -> None:
        """The manager moves a session by hand."""
        start = to.replace(tzinfo=self.team.manager.zone).astimezone(UTC)
        self.there.program.move_one(self.session(when), start, by=self.team.manager)

    def refuse(self, when: datetime) -> None:
        """The report declines one."""
        one = self.session(when)
        self.refused.add(one.start)
        self.there.program.decline_one(one, by=self.series.report)

    def shows(self, who: Person) -> list[datetime]:
        """When in 2027 somebody's own calendar program has them meet, in UTC."""
        booked = [b.uid for b in self.standing.bookings.values()]
        return sorted({start for uid in booked for start in self.there.program.sees(who, uid)} - self.refused)

    def reminders(self) -> list[date]:
        return self.there.reminders()
