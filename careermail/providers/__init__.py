"""How the world is reached: the protocols that every provider keeps, and the table that finds one."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from email.message import EmailMessage
from importlib import import_module
from typing import Any, Protocol

from careermail.model import Busy, Event, Occurrence, Person

Window = tuple[datetime, datetime]

# Which module a kind of provider lives in; it is imported when it is first used.
PROVIDERS = {"local": "careermail.providers.local"}


class Calendar(Protocol):
    """Calendars of organizers and attendees. Every method may raise ProviderError."""

    def put(self, event: Event) -> None:
        """Create the event, or let it replace the one of the same UID; attendees are told once.

        Occurrences that stood elsewhere than the rule puts them keep standing there while start and rule stay the same.
        """
        ...

    def occurrences(self, organizer: Person, marker: str, window: Window) -> list[Occurrence]:
        """Every session of the series with this marker that starts in the window, whatever event holds it.

        Cancelled and declined ones are listed while the calendar still knows of them; `id` is left empty.
        """
        ...

    def move(self, organizer: Person, occurrence: Occurrence, start: datetime, end: datetime) -> None:
        """Let one occurrence stand elsewhere (an exception with RECURRENCE-ID); attendees are told once."""
        ...

    def cancel(self, organizer: Person, uid: str, *, recurrence_id: str = "", since: datetime | None = None) -> None:
        """Cancel one occurrence; or, without recurrence_id, all of the event from `since` on, leaving the past."""
        ...

    def busy(self, people: Iterable[Person], window: Window) -> list[Busy]:
        """What is taken of these people's time. People whose calendar cannot be seen are simply absent from it."""
        ...

    def find(self, organizer: Person, uid: str) -> Event | None:
        """The event as it stands in the organizer's calendar, or None where there is none or it was cancelled."""
        ...


class Outbox(Protocol):
    """Where mails leave. Every method may raise ProviderError."""

    def send(self, message: EmailMessage) -> None:
        """Hand over one mail to its one recipient; on return it is on its way for good."""
        ...

    def find(self, message_id: str, to: str) -> bool | None:
        """Whether a mail with this Message-ID left for this address; None where nothing can tell."""
        ...


class Inbox(Protocol):
    """Where answers arrive. Every method may raise ProviderError."""

    def fetch(self, cursor: str) -> tuple[list[bytes], str]:
        """The raw messages that came since the cursor ("" for the beginning), oldest first, and the next cursor."""
        ...


@dataclass(frozen=True)
class Provider:
    """One way to reach the world."""

    name: str
    calendar: Calendar
    outbox: Outbox
    inbox: Inbox


def open_provider(settings: Mapping[str, Any]) -> Provider:
    """The provider that the [provider] table of a config asks for; `kind` is one of PROVIDERS."""
    module = import_module(PROVIDERS[settings["kind"]])
    provider: Provider = module.open_provider(settings)
    return provider
