"""Whether the app or a manager is let in, and may do in each mailbox what careermail does there. Nothing is changed."""

from collections.abc import Callable, Iterable, Mapping
from functools import partial

from careermail.errors import ProviderError
from careermail.model import Person, Service
from careermail.providers import Found, Probe
from careermail.providers.microsoft.auth import SCOPES, Tokens
from careermail.providers.microsoft.failures import GraphError
from careermail.providers.microsoft.graph import Graph
from careermail.providers.microsoft.refusals import AGAIN

FORBIDDEN, PASSED = 403, (400, 404)
NOTHING = "AAMkADcareermailNothingAtAll="  # a message that there is not
DOCS = "docs/microsoft.md"
CALENDARS, MAIL, SEND = SCOPES


class Probes:
    """Called with managers, their logins that can be tried: the app's own, and each mailbox."""

    def __init__(self, graph: Graph, tokens: Tokens, service: Service) -> None:
        self._graph, self._tokens, self._service = graph, tokens, service

    def __call__(self, managers: Iterable[Person]) -> list[Probe]:
        """As Provider.probes."""
        needed = SCOPES if self._service.as_manager else (CALENDARS,)
        found = [self._probe(f"mailbox {person.email}", person.email, needed) for person in managers]
        if self._tokens.owner(self._service.address):  # who signed in: there is no app by itself, nor another mailbox
            return found
        own = self._probe(f"mailbox of its own, {self._service.address}", self._service.address, (MAIL, SEND))
        return [Probe(self._tokens.who(""), self._app), own, *found]

    def _probe(self, name: str, address: str, needed: Iterable[str]) -> Probe:
        name = f"Microsoft 365, {name}"
        return Probe(name, partial(self._mailbox, name, address, needed), self._tokens.owner(address))

    def _app(self) -> Found:
        """A token of this moment, when the login ends, and what the app may do everywhere: more than it has to."""
        granted = sorted(self._tokens.renew("").granted or ())
        wide = f"a limit: {', '.join(granted)} hold in every mailbox of the tenant ({DOCS})"
        return Found(("a token",), (wide,) if granted else (), self._tokens.expires())

    def _mailbox(self, name: str, address: str, needed: Iterable[str]) -> Found:
        if self._tokens.owner(address):
            self._tokens.renew(address)
        return self.prove(name, address, needed)

    def prove(self, name: str, address: str, needed: Iterable[str] = SCOPES) -> Found:
        """That all of this is granted in a mailbox. Raises ProviderError, which says what is not."""
        lacking = [permission for permission in needed if not self._allowed(address, permission)]
        if lacking:
            raise self._lacks(name, address, lacking)
        return Found(tuple(needed))

    def _allowed(self, address: str, permission: str) -> bool:
        """Whether Graph lets us; raises GraphError where it fails for another reason."""
        tries: Mapping[str, Callable[[], object]] = {
            CALENDARS: lambda: self._graph.get(address, "events", {"$select": "id", "$top": "1"}),
            MAIL: lambda: self._graph.get(address, "mailFolders/inbox", {"$select": "id"}),
            # Nothing can be read to learn whether one may send; to send what is not there is refused either way.
            SEND: lambda: self._graph.ask("POST", address, f"messages/{NOTHING}/send"),
        }
        try:
            tries[permission]()
        except GraphError as error:
            if error.status == FORBIDDEN:
                return False
            if permission != SEND or error.status not in PASSED or error.urgent:
                raise
        return True

    def _lacks(self, name: str, address: str, lacking: list[str]) -> ProviderError:
        owner, what = self._tokens.owner(address), " and ".join(lacking)
        if owner:
            mend = f"allow all that is asked for when you sign in: {AGAIN}"
        else:
            roles = ", ".join(f'"Application {permission}"' for permission in lacking)
            mend = f"assign {roles} to the app in Exchange Online, for a scope that this mailbox is in ({DOCS})"
        return ProviderError(f"{name}: {what} is not granted here; {mend}", urgent=True, owner=owner)
