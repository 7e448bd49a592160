"""Microsoft 365 with the calendars of a few people in it, and careermail's own calendar before it."""

from dataclasses import dataclass, field
from typing import Any, Self

from fakes.graph.calendar import Calendars
from fakes.graph.exchange import Exchange
from fakes.graph.people import Outlook
from fakes.web import Web
from provider_suite import ANA, JONAS, MAYA, World, utc

from careermail.clock import VirtualClock
from careermail.providers import Provider
from careermail.providers.microsoft.calendar import GraphCalendar
from careermail.providers.microsoft.graph import Graph

NOW = utc(2027, 1, 4, 8)


@dataclass
class Office:
    """A context manager. The app may open the mailboxes of managers alone: Maya's, and Ana's, which is empty."""

    clock: VirtualClock = field(default_factory=lambda: VirtualClock(NOW))

    def __enter__(self) -> Self:
        self.exchange = Exchange({person.email: person.timezone for person in (MAYA, JONAS, ANA)})
        self.calendars = Calendars(self.exchange, closed=frozenset({JONAS.email}))
        self.web = Web(self.calendars).__enter__()
        self.outlook = Outlook(self.exchange)
        self.begin()
        return self

    def __exit__(self, *_: object) -> None:
        self.graph.close()
        self.web.__exit__()

    def begin(self) -> None:
        """Careermail starts, knowing nothing of what it did before."""
        self.graph = Graph(f"{self.web.url}/v1.0", lambda mailbox: f"for {mailbox}", self.clock)
        self.calendar = GraphCalendar(self.graph, self.clock)

    @property
    def world(self) -> World:
        nobody: Any = None
        return World(Provider("microsoft", self.calendar, nobody, nobody), self.outlook)

    def written(self) -> list[str]:
        """What careermail has asked for that changes something, as "METHOD last-step"."""
        asked = [one for one in self.web.log if one.method != "GET" and one.steps[-1] != "getSchedule"]
        return [f"{one.method} {'event' if one.steps[-1].startswith('AAkA') else one.steps[-1]}" for one in asked]
