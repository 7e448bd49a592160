"""The provider `google`: Google Calendar and Gmail, for one manager by their consent, or for an organisation's."""

from collections.abc import Iterable, Mapping
from hashlib import blake2b
from typing import Any

from careermail.clock import Clock
from careermail.model import Person, Service
from careermail.providers import Inbox, Probe, Provider, boxes


def open_provider(settings: Mapping[str, Any], clock: Clock) -> Provider:
    """Google as a [provider] table means it that careermail.config.google has judged. Nothing is reached.

    What left which mailbox is kept in the service's state folder, below `google/sent`.
    """
    from careermail.providers.google.api import Api
    from careermail.providers.google.auth import Access
    from careermail.providers.google.calendar import GoogleCalendar
    from careermail.providers.google.inbox import GmailInbox
    from careermail.providers.google.outbox import GmailOutbox
    from careermail.providers.google.probes import probes
    from careermail.providers.shelf.sent import Sent

    service: Service = settings["service"]
    access, endpoint = Access(settings), settings["endpoint"]
    gmail, events = (Api(*api, access, clock, endpoint) for api in (("gmail", "v1"), ("calendar", "v3")))
    sent, stamp = Sent(service.state / "google" / "sent", clock), _stamp(service)

    def inboxes(managers: Iterable[Person]) -> dict[str, Inbox]:
        found = boxes(service, managers).items()
        return {name: GmailInbox(gmail, box, sent, service, clock, stamp=stamp, own=not name) for name, box in found}

    def look(managers: Iterable[Person]) -> list[Probe]:
        return probes(managers, service, access, gmail, events)

    def close() -> None:
        gmail.close()
        events.close()

    calendar = GoogleCalendar(events, meet=settings["meet"])
    outbox = GmailOutbox(gmail, sent, service)
    return Provider(
        "google",
        calendar,
        outbox,
        inboxes,
        probes=look,
        stamp=stamp,
        kept=sent.kept,
        consents=access.consents,
        close=close,
    )


def _stamp(service: Service) -> str:
    """Under which name our inboxes vouch for what their owners sent; "" without a secret that would make it ours."""
    named = blake2b(b"google", key=service.secret, person=b"stamp", digest_size=16).hexdigest()
    return f"{named}.careermail" if service.secret else ""
