"""The tables of real servers, judged: what `careermail.providers.standards` is opened with comes out."""

from collections.abc import Collection, Mapping
from importlib.util import find_spec
from ipaddress import ip_address
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from careermail.config import references
from careermail.config.source import Place
from careermail.credentials import Secret
from careermail.errors import Problem
from careermail.model import Service

Table = Mapping[str, Any]
Calendars = Mapping[str, tuple[Place, Table]]  # a manager's own table, by their address

LIBRARIES = {"imap-tools": "imap_tools", "dnspython": "dns"}
LACKING = 'missing, expected password = { credential = "mail" }'
IN_THE_CLEAR = "passwords would travel in the clear; insecure = true if that is meant"
TLS_OF = {25: "starttls", 143: "starttls", 465: "tls", 587: "starttls", 993: "tls"}
PORTS = {
    "outbox": {"starttls": 587, "tls": 465, "none": 25},
    "inbox": {"tls": 993, "starttls": 143, "none": 143},  # RFC 8314: the first is what holds unsaid
}


class Servers(NamedTuple):
    """Makes settings of the table [provider] at `place`, and adds to `problems` what only shows between keys."""

    place: Place
    table: Table
    service: Service
    problems: list[Problem]

    def settings(self, managers: Collection[str], calendars: Calendars) -> dict[str, Any]:
        """All that the provider is told; `host`, `port`, `tls` and `url` may be left for DNS to say ("" and 0)."""
        if missing := [name for name, found in LIBRARIES.items() if find_spec(found) is None]:
            what = f'found "standards", which needs {", ".join(missing)}'
            self._wrong(self.place.at("kind"), what, "pip install 'careermail[standards]'")
        own = {email: self._of_manager(email, *said) for email, said in calendars.items()}
        keyless = any("password" not in own.get(email, {}) for email in managers)
        inbox = self.table.get("inbox", {})
        return {
            "kind": "standards",
            "service": self.service,
            "calendar": "imip" if self._imip else self._calendar(keyless=keyless),
            "managers": own,
            "outbox": self._mail("outbox"),
            "inbox": {**self._mail("inbox"), "folder": inbox.get("folder", "INBOX"), "sent": inbox.get("sent", "auto")},
        }

    @property
    def _imip(self) -> bool:
        return bool(self.table.get("calendar") == "imip")

    def _wrong(self, place: Place, message: str, hint: str = "") -> None:
        problem = place.problem(message, hint)
        if problem not in self.problems:  # one password may be that of three servers
            self.problems.append(problem)

    def _mail(self, name: str) -> dict[str, Any]:
        place, table = self.place.at(name), self.table.get(name, {})
        server = {"host": table.get("host", ""), **self._port_and_tls(place, table, PORTS[name])}
        login = self._login(place, table)
        free = name == "outbox" and not login["user"]
        if free:
            login["password"] = None
        elif not login["password"]:
            hint = "in [provider] it holds for every server"
            hint += '; an outbox that asks for no login has user = ""' if name == "outbox" else ""
            self._wrong(place.at("password"), LACKING, hint)
        return {**server, **login}

    def _port_and_tls(self, place: Place, table: Table, ports: Mapping[str, int]) -> Table:
        host, port, tls = table.get("host", ""), table.get("port", 0), table.get("tls", "")
        if tls == "none" and not (table.get("insecure") or is_here(host)):
            self._wrong(place.at("tls"), 'found "none", expected starttls or tls', IN_THE_CLEAR)
        if port and not tls and port not in TLS_OF:
            self._wrong(
                place.at("tls"), f"missing, expected starttls or tls, since {port} is the usual port of neither"
            )
        tls = tls or TLS_OF.get(port, "") or (next(iter(ports)) if host else "")
        return {"port": port or (ports[tls] if host else 0), "tls": tls}

    def _login(self, place: Place, table: Table) -> dict[str, Any]:
        user = table.get("user", self.table.get("user", self.service.address))
        where, said = (place, table) if "password" in table else (self.place, self.table)
        password = self._secret(where.at("password"), said["password"]) if "password" in said else None
        trust = {"ca": self._ca(place.at("ca"), table.get("ca")), "insecure": table.get("insecure", False)}
        return {"user": user, "password": password, **trust}

    def _calendar(self, *, keyless: bool) -> dict[str, Any]:
        place, table = self.place.at("calendar"), self.table.get("calendar", {})
        self._safe(place.at("url"), table)
        login = self._login(place, table)
        if keyless and not login["password"]:
            self._wrong(place.at("password"), LACKING, "or one in the calendar table of every manager")
        return {"url": table.get("url", ""), **login, "name": table.get("name", "")}

    def _of_manager(self, email: str, place: Place, table: Table) -> dict[str, Any]:
        if self._imip:
            self._wrong(place, 'found beside calendar = "imip" in [provider], expected it with CalDAV alone')
            return {}
        general = self.table.get("calendar", {})
        self._safe(place.at("url"), {**general, **table})
        own = {key: table[key] for key in table if key not in ("password", "ca")}
        if "password" in table:
            own["password"] = self._secret(place.at("password"), table["password"])
            own.setdefault("user", general.get("user", email))  # whose password it is
        if "ca" in table:
            own["ca"] = self._ca(place.at("ca"), table["ca"])
        return own

    def _safe(self, place: Place, table: Table) -> None:
        url = urlsplit(table.get("url", ""))
        if url.scheme == "http" and not (table.get("insecure") or is_here(url.hostname or "")):
            self._wrong(place, "found http, expected https", IN_THE_CLEAR)

    def _secret(self, place: Place, said: Table) -> Secret:
        return references.secret(place, said, self.problems)

    def _ca(self, place: Place, said: str | None) -> Path | None:
        return references.file(place, said, self.problems)


def is_here(host: str) -> bool:
    """Whether a host is this machine, so that nothing said to it crosses a network."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
