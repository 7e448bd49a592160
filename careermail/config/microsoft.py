"""The table of Microsoft 365: what it may say, and what `careermail.providers.microsoft` is opened with."""

import re
from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, time
from importlib.util import find_spec
from typing import Annotated, Any, NamedTuple
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator
from typing_extensions import TypedDict

from careermail.config import references, values
from careermail.config.servers import EXACT, SecretTable
from careermail.config.source import Place
from careermail.config.standards import is_here
from careermail.config.values import wrong
from careermail.errors import Problem
from careermail.model import Service

LIBRARIES = ("msal", "requests")
_FOUR_WAYS = '{{ file = "app.{0}" }}, {{ credential = "app" }}, {{ env = "…" }} or {{ command = ["…"] }}'
_GUID = r"[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}"
_DOMAIN = r"(?:[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?\.)+[A-Za-z][A-Za-z0-9-]+"


class Cloud(NamedTuple):
    """Where a national cloud signs in and where its Graph is (https://learn.microsoft.com/graph/deployments)."""

    authority: str
    graph: str


CLOUDS = {
    "global": Cloud("https://login.microsoftonline.com", "https://graph.microsoft.com/v1.0"),
    "us-gov": Cloud("https://login.microsoftonline.us", "https://graph.microsoft.us/v1.0"),
    "us-dod": Cloud("https://login.microsoftonline.us", "https://dod-graph.microsoft.us/v1.0"),
    "china": Cloud("https://login.chinacloudapi.cn", "https://microsoftgraph.chinacloudapi.cn/v1.0"),
}


def _tenant(text: str) -> str:
    if not re.fullmatch(f"{_GUID}|{_DOMAIN}", text):
        raise wrong("the directory's ID, or one of its domains such as example.com")
    return text.lower()


def _client(text: str) -> str:
    if not re.fullmatch(_GUID, text):
        raise wrong("the app's Application (client) ID: 32 digits and letters in five groups")
    return text.lower()


def _base(text: str) -> str:
    parts = urlsplit(text)
    if parts.scheme not in ("https", "http") or not parts.hostname or not text.isprintable() or "@" in parts.netloc:
        raise wrong("a URL such as https://graph.microsoft.com/v1.0")
    return text.rstrip("/")


def _secret_at(key: str) -> BeforeValidator:
    """Accept where a secret is, and never the secret itself."""

    def check(said: Any) -> Any:
        if isinstance(said, dict) and len(said) == 1:
            return said
        raise wrong(f"{key} = {_FOUR_WAYS.format(key)}", "the file says where a secret is, never the secret")

    return BeforeValidator(check)


def _day(said: Any) -> date:
    if type(said) is not date:
        raise wrong("a day such as 2027-06-30, without quotes")
    return said


@EXACT
class Table(TypedDict, total=False):
    """An app registered with Microsoft Entra, for one organization's mailboxes."""

    kind: str
    tenant: Annotated[str, AfterValidator(_tenant)]
    client_id: Annotated[str, AfterValidator(_client)]
    certificate: Annotated[SecretTable, _secret_at("certificate")]
    secret: Annotated[SecretTable, _secret_at("secret")]
    secret_expires: Annotated[date, BeforeValidator(_day)]
    send_as: Annotated[str, values.one_of("manager", "service")]
    plus_addresses: bool
    cloud: Annotated[str, values.one_of(*CLOUDS)]
    authority: Annotated[str, AfterValidator(_base)]
    graph: Annotated[str, AfterValidator(_base)]


SUBTABLES: dict[str, Any] = {}


def settings(
    place: Place, table: Mapping[str, Any], service: Service, managers: Collection[str], problems: list[Problem]
) -> dict[str, Any]:
    """All that the provider is told; what is missing, or does not go together, becomes a problem."""
    problems += [*_missing(place, table), *_at_odds(place, table), *_mailboxes(place, table, service, managers)]
    cloud, expires = CLOUDS[table.get("cloud", "global")], table.get("secret_expires")
    as_manager = table.get("send_as", "manager") == "manager"
    return {
        "kind": "microsoft",
        "service": replace(service, as_manager=as_manager, tags=table.get("plus_addresses", True)),
        "tenant": table.get("tenant", ""),
        "client_id": table.get("client_id", ""),
        **{key: _secret(place.at(key), table.get(key), problems) for key in ("certificate", "secret")},
        "secret_expires": expires and datetime.combine(expires, time(), UTC),
        "authority": table.get("authority", cloud.authority),
        "graph": table.get("graph", cloud.graph),
    }


def _secret(place: Place, said: Mapping[str, Any] | None, problems: list[Problem]) -> Any:
    return references.secret(place, said, problems) if said else None


def _missing(place: Place, table: Mapping[str, Any]) -> list[Problem]:
    lacking = [name for name in LIBRARIES if find_spec(name) is None]
    what, mend = f'found "microsoft", which needs {" and ".join(lacking)}', "pip install 'careermail[microsoft]'"
    found = [place.at("kind").problem(what, mend)] if lacking else []
    expected = {"tenant": "example.com", "client_id": "00000000-0000-0000-0000-000000000000"}
    hint = "the Overview of the app registration shows both"
    return found + [
        place.at(key).problem(f'missing, expected {key} = "{example}"', hint)
        for key, example in expected.items()
        if key not in table
    ]


def _at_odds(place: Place, table: Mapping[str, Any]) -> list[Problem]:
    """What only shows between keys."""
    found = []
    if "certificate" in table and "secret" in table:
        found.append(place.at("secret").problem("found beside certificate, expected one of the two"))
    if "secret_expires" in table and "secret" not in table:
        found.append(place.at("secret_expires").problem("found without secret, expected it with one alone"))
    for key in ("authority", "graph"):
        url = urlsplit(table.get(key, ""))
        if url.scheme == "http" and not is_here(url.hostname or ""):
            found.append(place.at(key).problem("found http, expected https", "tokens would travel in the clear"))
    return found


def _mailboxes(place: Place, table: Mapping[str, Any], service: Service, managers: Collection[str]) -> list[Problem]:
    """Whose mailboxes are used: that of who signs in, or all; and never a manager's as if it were careermail's own."""
    at_service, as_service = place.source.at("service", "address"), table.get("send_as") == "service"
    if "certificate" in table or "secret" in table:
        what = f"found {service.address}, the address of a manager, expected one of careermail's own"
        hint = 'with send_as = "service", all that comes to it is read'
        return [at_service.problem(what, hint)] if as_service and service.address in managers else []
    if len(managers) > 1:
        what = f"missing, expected certificate or secret for {len(managers)} managers"
        return [place.at("certificate").problem(what, "without one, a single manager signs in")]
    found = []
    if as_service:
        what = 'found "service" without certificate or secret, expected "manager"'
        found.append(place.at("send_as").problem(what, "who signs in sends as themself"))
    if (alone := next(iter(managers), service.address)) != service.address:
        what, hint = f"found {service.address}, expected {alone}", "who signs in sends all in their own name"
        found.append(at_service.problem(what, hint))
    return found
