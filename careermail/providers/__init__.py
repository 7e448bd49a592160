"""How the world is reached: the protocols that every provider keeps, and the table that finds one."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from email.message import EmailMessage
from importlib import import_module
from pathlib import Path
from typing import Any, Protocol

from careermail.clock import Clock
from careermail.model import Busy, Event, Occurrence, Person, Rsvp, Service

Window = tuple[datetime, datetime]

# A received message is read up to here, in bytes: the rest of it can only be attachments, or meant to choke us.
LONGEST = 1_000_000
A_BATCH = 100  # the messages that one `fetch` returns at most

# Which module a kind of provider lives in; it is imported when it is first used.
PROVIDERS = {kind: f"careermail.providers.{kind}" for kind in ("local", "standards", "google", "microsoft", "exchange")}


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

    def answer(self, rsvp: Rsvp) -> bool:
        """Take in what an attendee answered by mail, once however often it comes.

        False where nothing is to be taken in: the event is not ours, the answer is older than the invitation, or this
        calendar hears of answers by itself. A proposal (COUNTER) changes nothing; True where it is about ours.
        """
        ...


class Outbox(Protocol):
    """Where mails leave. Every method may raise ProviderError."""

    def send(self, message: EmailMessage) -> None:
        """Hand over one mail to its one recipient; on return it is on its way for good.

        Where each mailbox has an outbox of its own, the address in From says whose it is.
        """
        ...

    def find(self, message_id: str, to: str) -> bool | None:
        """Whether a mail with this Message-ID left for this address; None where nothing can tell."""
        ...


class Inbox(Protocol):
    """Where answers arrive. Every method may raise ProviderError."""

    def fetch(self, cursor: str) -> tuple[list[bytes], str]:
        """The raw messages that came since the cursor ("" for the beginning), oldest first, and the next cursor.

        A_BATCH of them at most, each up to LONGEST: whoever got any asks again with the next cursor. Nothing in the
        mailbox is changed by it.
        """
        ...

    def watch(self, wake: Callable[[], None]) -> Callable[[], None] | None:
        """Have `wake` called, from a thread of the inbox's own, whenever something may have come.

        Returns what ends it; None where the server cannot tell. It is a hint: whoever misses one polls all the same.
        """
        ...


@dataclass(frozen=True)
class Found:
    """What a server was found to offer and to lack, in words for the admin."""

    offers: tuple[str, ...] = ()
    lacks: tuple[str, ...] = ()
    expires: datetime | None = None  # when the login ends by itself, where that is known


@dataclass(frozen=True)
class Probe:
    """One login that can be tried without changing anything."""

    name: str  # for the admin: "SMTP smtp.example.com:587 as careermail@example.com"
    look: Callable[[], Found]  # raises ProviderError
    owner: str = ""  # the manager's address, where only theirs depends on it


def boxes(service: Service, managers: Iterable[Person]) -> dict[str, str]:
    """The addresses of the mailboxes in which answers arrive, by the names of their inboxes, for a mail service.

    Where mails leave from managers' own, careermail's own is read too: what comes to it answers an alarm, or a mail
    from before.
    """
    own = {one.email: one.email for one in managers} if service.as_manager else {}
    return own if service.address in own else {**own, "": service.address}


def one_inbox(inbox: Inbox) -> Callable[[Iterable[Person]], Mapping[str, Inbox]]:
    """The inboxes of a provider that has one for all managers."""
    return lambda managers: {"": inbox}  # noqa: ARG005 (it is the same for whomever)


def no_probes(managers: Iterable[Person]) -> list[Probe]:  # noqa: ARG001 (there is nothing to log in to)
    """The logins of a provider that has none."""
    return []


def nothing_kept(address: str) -> list[Path]:  # noqa: ARG001
    """What a provider keeps about somebody that keeps nothing by itself."""
    return []


def nothing_resent(about: str) -> list[tuple[str, str]]:  # noqa: ARG001
    """What a provider sent again that mails nothing by itself."""
    return []


def nothing_open() -> None:
    """What closes a provider that holds nothing open."""


@dataclass(frozen=True)
class Provider:
    """One way to reach the world."""

    name: str
    calendar: Calendar
    outbox: Outbox
    # Where answers arrive: by the address of their manager, where each has a mailbox of their own, or one under "".
    inboxes: Callable[[Iterable[Person]], Mapping[str, Inbox]]
    probes: Callable[[Iterable[Person]], list[Probe]] = no_probes
    vouched: bool = False  # its inbox itself proves who wrote: nobody but the machine's own people can put a mail there
    stamp: str = ""  # the authserv-id, not to be guessed, under which its inboxes themselves vouch (authenticity.vouch)
    kept: Callable[[str], list[Path]] = nothing_kept  # the files of its own that are about somebody with this address
    consents: Callable[[str], list[Path]] = nothing_kept  # those by which it acts as them: erased, and never shown
    # Message-ID and address of each mail of its own that it sent again since it was last asked, because nothing could
    # tell whether it had left; of those about the series with this marker, or, about none, to this address.
    resent: Callable[[str], list[tuple[str, str]]] = nothing_resent
    close: Callable[[], None] = nothing_open  # ends connections; the provider may be used again all the same


def open_provider(settings: Mapping[str, Any], clock: Clock) -> Provider:
    """The provider that the [provider] table of a config asks for; `kind` is one of PROVIDERS. Nothing is reached yet.

    The clock is for waits, and for the Date of what a provider mails by itself.
    """
    module = import_module(PROVIDERS[settings["kind"]])
    provider: Provider = module.open_provider(settings, clock)
    return provider
