"""The provider `microsoft`: Microsoft 365 through Graph, with mail from each manager's own mailbox."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from careermail.clock import Clock
from careermail.model import Person
from careermail.providers import Inbox, Provider


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
    sent = Sent(service.state / "microsoft" / "sent", clock)

    def inboxes(managers: Iterable[Person]) -> Mapping[str, Inbox]:
        if not service.as_manager:
            return {"": GraphInbox(graph, service.address, sent, service, clock)}
        return {one.email: GraphInbox(graph, one.email, sent, service, clock) for one in managers}

    def kept(address: str) -> list[Path]:
        return [*sent.kept(address), *tokens.kept(address)]

    outbox, probes = GraphOutbox(graph, sent, service, clock), Probes(graph, tokens, service)
    return Provider(
        "microsoft", GraphCalendar(graph, clock), outbox, inboxes, probes=probes, kept=kept, close=graph.close
    )
