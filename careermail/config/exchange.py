"""The table [provider] of Exchange Server, judged: what `careermail.providers.exchange` is opened with comes out."""

from collections.abc import Collection, Mapping
from dataclasses import replace
from importlib.util import find_spec
from typing import Annotated, Any, NamedTuple
from urllib.parse import urlsplit

from pydantic import AfterValidator
from typing_extensions import TypedDict

from careermail.config import references, values
from careermail.config.servers import EXACT, PathText, SecretPlace
from careermail.config.source import Place
from careermail.config.standards import IN_THE_CLEAR, LACKING, is_here
from careermail.config.values import listed, wrong
from careermail.errors import Problem
from careermail.model import Service
from careermail.providers.exchange.auth import BUILDS
from careermail.providers.exchange.online import CLOSED, is_online

PATH = "/EWS/Exchange.asmx"
AUTHS = ("ntlm", "basic", "kerberos", "oauth")
OF_OAUTH = ("tenant", "scope", "token_url")
AN_ENDPOINT = 'url = "https://mail.example.com/EWS/Exchange.asmx"'


def _url(text: str) -> str:
    """Return a web address; a server alone is that of its EWS."""
    try:
        parts = urlsplit(text)
        good = parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port or 1) > 0
    except ValueError:
        good = False
    if not good or not text.isprintable() or " " in text or "@" in parts.netloc:
        raise wrong(f"a web address without a login, such as {AN_ENDPOINT}")
    return text


def _endpoint(text: str) -> str:
    parts = urlsplit(_url(text))
    return parts._replace(path=PATH).geturl() if parts.path in ("", "/") else text


@EXACT
class Table(TypedDict, total=False):
    """Exchange Server on premises, through EWS."""

    kind: str
    url: Annotated[str, AfterValidator(_endpoint)]
    autodiscover: bool
    user: Annotated[str, AfterValidator(values.name)]
    password: SecretPlace
    auth: Annotated[str, values.one_of(*AUTHS)]
    tenant: Annotated[str, AfterValidator(values.name)]
    scope: Annotated[str, AfterValidator(values.name)]
    token_url: Annotated[str, AfterValidator(_url)]
    version: Annotated[str, values.one_of(*BUILDS)]
    impersonate: bool
    send_as: Annotated[str, values.one_of("manager", "service")]
    plus_addresses: bool
    ca: PathText
    insecure: bool


SUBTABLES: dict[str, Any] = {}


def settings(
    place: Place, table: Mapping[str, Any], service: Service, managers: Collection[str], problems: list[Problem]
) -> dict[str, Any]:
    """All that the provider is told; `problems` gets what only shows between keys.

    Mails leave from the managers' own mailboxes unless send_as says otherwise, and a token stands in the subject of an
    answer unless plus addresses are said to reach their mailbox.
    """
    judge = _Judge(place, table, problems)
    judge.libraries()
    judge.endpoint()
    judge.login()
    judge.mailboxes(service, managers)
    return {
        "kind": "exchange",
        "service": replace(
            service, as_manager=table.get("send_as") != "service", tags=table.get("plus_addresses", False)
        ),
        "url": table.get("url", ""),
        "user": table.get("user", ""),
        "password": judge.secret(),
        "auth": judge.auth,
        **{key: table.get(key, "") for key in OF_OAUTH},
        "version": table.get("version", "2016"),
        "impersonate": judge.impersonates,
        "mailbox": "" if judge.impersonates else next(iter(managers), ""),
        "ca": references.file(place.at("ca"), table.get("ca"), problems),
        "insecure": table.get("insecure", False),
    }


class _Judge(NamedTuple):
    """What the keys of the table at `place` have against one another, added to `problems`."""

    place: Place
    table: Mapping[str, Any]
    problems: list[Problem]

    @property
    def auth(self) -> str:
        return str(self.table.get("auth", "ntlm"))

    @property
    def impersonates(self) -> bool:
        return bool(self.table.get("impersonate", True))

    def libraries(self) -> None:
        """What is to be installed."""
        if find_spec("exchangelib") is None:
            what = 'found "exchange", which needs exchangelib'
            self._wrong("kind", what, "pip install 'careermail[exchange]'")
        if self.auth == "kerberos" and find_spec("requests_gssapi") is None:
            what = 'found "kerberos", which needs requests-gssapi and Kerberos itself, neither part of careermail'
            self._wrong("auth", what, "pip install 'exchangelib[kerberos]'")

    def endpoint(self) -> None:
        """Where the server is: said or discovered, never Exchange Online, and nothing in the clear."""
        discover = self.table.get("autodiscover", False)
        if "url" not in self.table:
            if not discover:
                self._wrong("url", f"missing, expected {AN_ENDPOINT}", "or autodiscover = true, if nobody knows it")
            elif self.auth == "oauth":
                self._wrong("url", f'missing with auth = "oauth", expected {AN_ENDPOINT}', "tokens are for one server")
            return
        if discover:
            self._wrong("autodiscover", "found beside `url`, expected one of the two")
        for key in ("url", "token_url"):
            self._safe(key)
        host = urlsplit(self.table["url"]).hostname or ""
        if is_online(host):
            self._wrong("url", f"found {host}, expected an Exchange Server of your own", CLOSED)

    def login(self) -> None:
        """Who logs in."""
        ticket = self.auth == "kerberos"
        for key, lacking in (("user", "user = 'EXAMPLE\\careermail'"), ("password", LACKING)):
            if ticket and key in self.table:
                self._wrong(key, 'found with auth = "kerberos", expected none: the ticket is the login')
            elif not ticket and key not in self.table:
                self._wrong(key, lacking if key == "password" else f"missing, expected {lacking}")
        if self.auth == "oauth" and not {"tenant", "token_url"} & self.table.keys():
            self._wrong("tenant", 'missing, expected tenant = "example.com", or token_url for one of yours')
        if self.auth != "oauth" and (stray := [key for key in OF_OAUTH if key in self.table]):
            self._wrong(stray[0], f'found with auth = "{self.auth}", expected {listed(OF_OAUTH)} with oauth alone')

    def mailboxes(self, service: Service, managers: Collection[str]) -> None:
        """Whose mailboxes the login reaches; and that none of a manager's is read as if it were careermail's own."""
        as_service = self.table.get("send_as") == "service"
        if self.impersonates and as_service and service.address in managers:
            what = f"found {service.address}, the address of a manager, expected one of careermail's own"
            hint = 'with send_as = "service", all that comes to it is read'
            self.problems.append(self.place.source.at("service", "address").problem(what, hint))
        if self.impersonates:
            return
        if len(managers) > 1:
            what = f"found false with {len(managers)} managers, expected a login that may act as each of them"
            self._wrong("impersonate", what, "without it, one manager's own login serves that manager alone")
        if as_service:
            self._wrong("send_as", 'found "service" with impersonate = false, expected the manager, whose login it is')

    def secret(self) -> Any:
        """Where the password is; None where there is none."""
        said = self.table.get("password")
        return references.secret(self.place.at("password"), said, self.problems) if said else None

    def _safe(self, key: str) -> None:
        url = urlsplit(self.table.get(key, ""))
        if url.scheme == "http" and not (self.table.get("insecure") or is_here(url.hostname or "")):
            self._wrong(key, "found http, expected https", IN_THE_CLEAR)

    def _wrong(self, key: str, message: str, hint: str = "") -> None:
        self.problems.append(self.place.at(key).problem(message, hint))
