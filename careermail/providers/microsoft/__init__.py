"""The provider `microsoft`: Microsoft 365 through Graph, with mail from each manager's own mailbox."""

from collections.abc import Iterable, Mapping
from hashlib import blake2b
from typing import Any

from careermail.clock import Clock
from careermail.model import Person, Service
from careermail.providers import Inbox, Provider, boxes


def open_provider(settings: Mapping[str, Any], clock: Clock) -> Provider:
    """The provider for a table [provider], as careermail.config.microsoft makes it. Nothing is reached.

    Below `microsoft` in the service's state folder it keeps what left each mailbox, and who signed in.
    """
    from careermail.providers.microsoft.auth import open_tokens
    from careermail.providers.microsoft.calendar import GraphCalendar
    from careermail.providers.microsoft.graph import Graph
    from careermail.providers.microsoft.inbox import GraphInbox
    from careermail.providers.microsoft.outbox import GraphOutbox
    from careermail.providers.microsoft.probes import Probes
    from careermail.providers.shelf.sent import Sent

    service, tokens = settings["service"], open_tokens(settings, clock)
    graph = Graph(settings["graph"], tokens.token, clock, tokens.renew)
    sent, stamp = Sent(service.state / "microsoft" / "sent", clock), _stamp(service)

    def inboxes(managers: Iterable[Person]) -> Mapping[str, Inbox]:
        found = boxes(service, managers).items()
        return {name: GraphInbox(graph, box, sent, service, clock, stamp=stamp, own=not name) for name, box in found}

    outbox, probes = GraphOutbox(graph, sent, service, clock), Probes(graph, tokens, service)
    calendar = GraphCalendar(graph, clock)
    return Provider(
        "microsoft",
        calendar,
        outbox,
        inboxes,
        probes=probes,
        stamp=stamp,
        kept=sent.kept,
        consents=tokens.kept,
        close=graph.close,
    )


def _stamp(service: Service) -> str:
    """The name under which inboxes vouch for who wrote; "" without a secret that would keep it from being guessed."""
    named = blake2b(b"microsoft", key=service.secret, person=b"stamp", digest_size=16).hexdigest()
    return f"{named}.careermail" if service.secret else ""
