"""The table [provider] of Google, judged: what `careermail.providers.google` is opened with comes out."""

import re
from collections.abc import Collection, Mapping
from dataclasses import replace
from importlib.util import find_spec
from typing import Annotated, Any, NamedTuple
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, WrapValidator
from pydantic import ValidatorFunctionWrapHandler as Inner
from typing_extensions import TypedDict

from careermail.config import references, values
from careermail.config.servers import EXACT, SecretTable
from careermail.config.source import Place, shown
from careermail.config.standards import is_here
from careermail.config.values import listed, wrong
from careermail.credentials import Secret
from careermail.errors import Problem
from careermail.model import Service

LIBRARIES = {"google-api-python-client": "googleapiclient", "google-auth-oauthlib": "google_auth_oauthlib"}
WAYS = ("client", "service_account", "impersonate")
RECEIVER = "mx.google.com"  # how Gmail signs its Authentication-Results
_FOUR_WAYS = '{{ file = "{0}.json" }}, {{ credential = "{0}" }}, {{ env = "…" }} or {{ command = ["…"] }}'
_ROBOT = re.compile(r"[a-z0-9-]+@[a-z0-9.-]+\.gserviceaccount\.com")


def _place_of(name: str) -> BeforeValidator:
    """Accept where a secret is, not the secret itself."""

    def check(said: Any) -> Any:
        if isinstance(said, dict) and len(said) == 1:
            return said
        raise wrong(f"{name} = {_FOUR_WAYS.format(name)}", "the file says where a secret is, never the secret")

    return BeforeValidator(check)


def _file_or_place(said: Any, place: Inner) -> Any:
    return place({"file": said} if isinstance(said, str) else said)


def _robot(text: str) -> str:
    if not _ROBOT.fullmatch(text):
        raise wrong("a service account such as careermail@project.iam.gserviceaccount.com")
    return text


def _endpoint(text: str) -> str:
    parts = urlsplit(text)
    if parts.scheme != "http" or not is_here(parts.hostname or "") or parts.path not in ("", "/"):
        raise wrong("an address of this machine such as http://127.0.0.1:8080, where tests have a Google of their own")
    return text.rstrip("/")


@EXACT
class Table(TypedDict, total=False):
    """Google Calendar and Gmail: one manager's own, or an organisation's."""

    kind: str
    client: Annotated[SecretTable, _place_of("client")]
    token: Annotated[SecretTable, _place_of("token"), WrapValidator(_file_or_place)]
    service_account: Annotated[SecretTable, _place_of("service_account")]
    impersonate: Annotated[str, AfterValidator(_robot)]
    send_as: Annotated[str, values.one_of("manager", "service")]
    plus_addresses: bool
    meet: bool
    endpoint: Annotated[str, AfterValidator(_endpoint)]


SUBTABLES: dict[str, Any] = {}


def settings(
    place: Place, table: Mapping[str, Any], service: Service, managers: Collection[str], problems: list[Problem]
) -> dict[str, Any]:
    """All that the provider is told; `problems` gets what only shows between keys.

    Mails leave from the managers' own mailboxes unless send_as says otherwise. Whether there is a token is not asked:
    `careermail auth google` makes it.
    """
    judge = _Judge(place, table, service, managers, problems)
    judge.libraries()
    judge.way()
    judge.mailboxes()
    as_manager = table.get("send_as") != "service"
    service = replace(service, as_manager=as_manager, tags=table.get("plus_addresses", True))
    return {
        "kind": "google",
        "service": replace(service, authserv_ids=service.authserv_ids or (RECEIVER,)),
        "client": judge.secret("client"),
        "token": judge.token(),
        "service_account": judge.secret("service_account"),
        "impersonate": table.get("impersonate", ""),
        "meet": table.get("meet", False),
        "endpoint": table.get("endpoint", ""),
    }


class _Judge(NamedTuple):
    """What the keys of the table at `place` have against one another and the rest, added to `problems`."""

    place: Place
    table: Mapping[str, Any]
    service: Service
    managers: Collection[str]
    problems: list[Problem]

    def libraries(self) -> None:
        """What is to be installed."""
        if missing := [name for name, found in LIBRARIES.items() if find_spec(found) is None]:
            self._wrong("kind", f'found "google", which needs {", ".join(missing)}', "pip install 'careermail[google]'")

    def way(self) -> None:
        """One way in, and what belongs to it."""
        ways = [name for name in WAYS if name in self.table]
        if not ways:
            hint = "or service_account or impersonate, for an organisation: docs/google-admin.md"
            what = f"missing, expected client = {_FOUR_WAYS.format('client')}, for one manager"
            self._wrong("client", what, hint)
        for other in ways[1:]:
            self._wrong(other, f"found beside {ways[0]}, expected one of {listed(WAYS)}")
        if "token" in self.table and "client" not in self.table:
            self._wrong("token", "found without client, expected it for one manager's own consent alone")

    def mailboxes(self) -> None:
        """Whose mailboxes are read: with one manager's consent that one's, and never a manager's as if it were ours."""
        if "client" in self.table:
            self._alone()
        elif self.table.get("send_as") == "service" and self.service.address in self.managers:
            what = f"found {self.service.address}, the address of a manager, expected one of careermail's own"
            self._at_service(what, 'with send_as = "service", all that comes to it is read')

    def _alone(self) -> None:
        if self.table.get("send_as") == "service":
            hint = "for a mailbox of careermail's own, use service_account or impersonate"
            self._wrong("send_as", 'found "service" beside client, expected "manager"', hint)
        if len(self.managers) > 1:
            hint = "for several, use service_account or impersonate: docs/google-admin.md"
            self._wrong("client", f"found with {len(self.managers)} managers, expected one", hint)
        elif (alone := next(iter(self.managers), "")) and alone != self.service.address:
            hint = "with `client`, everything is done in that manager's name"
            self._at_service(f"found {shown(self.service.address)}, expected {shown(alone)}", hint)

    def token(self) -> Secret | None:
        """Where the consent is kept; a file need not be there yet."""
        if "client" not in self.table:
            return None
        said = self.table.get("token", {"file": self.service.state / "google" / "token.json"})
        if "file" in said:
            return Secret(file=references.beside(self.place) / said["file"])
        return references.secret(self.place.at("token"), said, self.problems)

    def secret(self, name: str) -> Secret | None:
        """The reference that a key holds."""
        return references.secret(self.place.at(name), self.table[name], self.problems) if name in self.table else None

    def _wrong(self, key: str, message: str, hint: str = "") -> None:
        self.problems.append(self.place.at(key).problem(message, hint))

    def _at_service(self, message: str, hint: str) -> None:
        self.problems.append(self.place.source.at("service", "address").problem(message, hint))
