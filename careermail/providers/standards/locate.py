"""Where a domain's servers are: what the settings leave out is asked of DNS when the server is first reached.

Mail by RFC 6186 with RFC 8314 (3.3, 5.1): TLS from the first byte goes before STARTTLS. Calendars by RFC 6764 (4, 6).
"""

from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from careermail.errors import ProviderError

if TYPE_CHECKING:
    from dns.resolver import Answer

Service = Literal["submission", "imap", "caldav"]

DNS_SECONDS = 10.0


class Way(NamedTuple):
    """One way to a service: its SRV label and what that says of TLS."""

    label: str
    tls: str
    port: int


# In the order of preference. What stands last is also the usual port where DNS says nothing of mail.
WAYS: dict[str, tuple[Way, ...]] = {
    "submission": (Way("_submissions", "tls", 465), Way("_submission", "starttls", 587)),
    "imap": (Way("_imaps", "tls", 993), Way("_imap", "starttls", 143)),
    "caldav": (Way("_caldavs", "tls", 443),),
}
USUAL: dict[str, Way] = {
    "submission": Way("smtp", "starttls", 587),
    "imap": Way("imap", "tls", 993),
    "caldav": Way("caldav", "tls", 443),
}
TABLE = {"submission": "outbox", "imap": "inbox", "caldav": "calendar"}
WELL_KNOWN = "/.well-known/caldav"  # RFC 6764, 5: redirects to where the calendars are


class Spot(NamedTuple):
    """A server, and how it was found."""

    host: str
    port: int
    tls: str
    path: str
    how: str


def located(service: Service, settings: Mapping[str, Any], domain: str) -> Mapping[str, Any]:
    """The settings of one server with `host`, `port` and `tls` (mail) or `url` (calendars) filled in.

    What the settings say stands; the rest is what DNS says of the domain, else the usual names and ports. `how` is
    added: words for the admin about how it was found, "" where the settings said it all. Raises ProviderError where
    DNS cannot be asked, says that the domain has no such server, or points out of the domain: who can forge an answer
    could have our password sent to a server of theirs (RFC 6186, 6), so that one has to be named in the settings.
    """
    if settings["url" if service == "caldav" else "host"]:
        return {**settings, "how": ""}
    spot = _in_dns(service, settings, domain) or _by_custom(service, settings, domain)
    if service == "caldav":
        port = "" if spot.port == USUAL["caldav"].port else f":{spot.port}"
        return {**settings, "url": f"https://{spot.host}{port}{spot.path}", "how": spot.how}
    said = {key: settings[key] for key in ("port", "tls") if settings[key]}
    return {**settings, "host": spot.host, "port": spot.port, "tls": spot.tls, **said, "how": spot.how}


def _ways(service: Service, settings: Mapping[str, Any]) -> Iterator[Way]:
    return (way for way in WAYS[service] if settings.get("tls", "") in ("", way.tls))


def _in_dns(service: Service, settings: Mapping[str, Any], domain: str) -> Spot | None:
    refused = []
    for way in _ways(service, settings):
        name = f"{way.label}._tcp.{domain}"
        for record in _first(name):
            host = record.target.to_text(omit_final_dot=True)
            if host == ".":
                refused.append(name)
                continue
            _within(domain, host, name, service)
            path = _path(name) if service == "caldav" else ""
            return Spot(host, record.port, way.tls, path, f"as {name} says in DNS")
    if refused:
        none = f"{' and '.join(refused)} in DNS say that {domain} has no such server"
        raise ProviderError(f"{none}; name one in {_table(service)}", urgent=True)
    return None


def _first(name: str) -> list[Any]:
    """The SRV record to use, by priority and weight (RFC 2782), if there is one."""
    answer = _asked(name, "SRV")
    return answer.rrset.processing_order()[:1] if answer and answer.rrset else []


def _within(domain: str, host: str, name: str, service: Service) -> None:
    if f".{host}".lower().endswith(f".{domain}".lower()):
        return
    key = f'url = "https://{host}/"' if service == "caldav" else f'host = "{host}"'
    raise ProviderError(
        f"{name} in DNS points out of {domain}, to {host}; if that is right, say so: {key} in {_table(service)}",
        urgent=True,
    )


def _path(name: str) -> str:
    for record in _asked(name, "TXT") or ():
        for text in record.strings:
            key, _, value = text.decode(errors="replace").partition("=")
            if key.lower() == "path" and value.startswith("/"):
                return str(value)
    return WELL_KNOWN


def _by_custom(service: Service, settings: Mapping[str, Any], domain: str) -> Spot:
    """The usual names: the first of them that has an address."""
    usual = USUAL[service]
    names = [f"{usual.label}.{domain}", domain if service == "caldav" else f"mail.{domain}"]
    host = next((name for name in names if _asked(name, "A") or _asked(name, "AAAA")), names[0])
    way = next((way for way in _ways(service, settings) if settings.get("tls")), usual)
    asked = ", ".join(f"{way.label}._tcp.{domain}" for way in _ways(service, settings))
    how = f"a guess, since DNS has no {asked}; to be sure, name it in {_table(service)}"
    return Spot(host, way.port, way.tls, WELL_KNOWN, how)


def _table(service: Service) -> str:
    return f"[provider.{TABLE[service]}]"


def _asked(name: str, kind: str) -> "Answer | None":
    """What DNS says; None where it says that there is nothing. Raises ProviderError where it says nothing at all."""
    from dns import exception, resolver

    try:
        return resolver.resolve(name, kind, lifetime=DNS_SECONDS)
    except (resolver.NXDOMAIN, resolver.NoAnswer, resolver.YXDOMAIN):
        return None
    except exception.DNSException as error:
        with suppress(exception.DNSException):
            resolver.reset_default_resolver()  # another network may have other name servers
        raise ProviderError(f"DNS cannot be asked for {name}: {type(error).__name__}") from error
