"""The provider `exchange`: Exchange Server on premises, through EWS; each mailbox by one login that may act for it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from secrets import token_hex
from typing import Any

from careermail.clock import Clock
from careermail.model import Person
from careermail.providers import Inbox, Probe, Provider, boxes


def open_provider(settings: Mapping[str, Any], clock: Clock) -> Provider:
    """The provider on a server of the table [provider], as careermail.config.exchange makes it. Nothing is reached.

    What left each mailbox is remembered in the service's state folder, below `exchange`.
    """
    from careermail.providers.exchange.account import Mailboxes
    from careermail.providers.exchange.auth import Login
    from careermail.providers.exchange.calendar import ExchangeCalendar
    from careermail.providers.exchange.inbox import ExchangeInbox
    from careermail.providers.exchange.outbox import ExchangeOutbox, Post
    from careermail.providers.exchange.probe import probes_of
    from careermail.providers.shelf.sent import Sent

    service, mailboxes = settings["service"], Mailboxes(Login(settings, clock))
    sent = Sent(service.state / "exchange" / "sent", clock)
    post = Post(mailboxes, sent, service, clock, f"{token_hex(16)}.invalid")
    outbox = ExchangeOutbox(post)

    def inboxes(managers: Iterable[Person]) -> dict[str, Inbox]:
        found = boxes(service, managers).items()
        return {name: ExchangeInbox(post, box, outbox.name, own=not name) for name, box in found}

    def probes(managers: Iterable[Person]) -> list[Probe]:
        return probes_of(mailboxes, settings, managers)

    return Provider(
        "exchange",
        ExchangeCalendar(mailboxes),
        outbox,
        inboxes,
        probes=probes,
        stamp=post.stamp,
        kept=sent.kept,
        close=mailboxes.close,
    )
