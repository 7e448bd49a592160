"""Exchange Online, which is not to be reached this way any more."""

from urllib.parse import urlsplit

from careermail.errors import ProviderError

# https://learn.microsoft.com/exchange/clients-and-mobile-in-exchange-online/deprecation-of-ews-exchange-online
CLOSED = (
    "Exchange Online has blocked EWS since 1 October 2026 unless an administrator allow-listed the app, and ends it for"
    ' good on 1 April 2027; reach Microsoft 365 through Graph: kind = "microsoft" (docs/microsoft.md)'
)
# Where Microsoft's own Exchange answers, its national clouds included.
_HOSTS = (
    "outlook.com",
    "office.com",
    "office365.com",
    "office365.us",
    "office.de",
    "outlook.cn",
    "office365.cn",
    "apps.mil",
    "onmicrosoft.com",
)


def is_online(host: str) -> bool:
    """Whether a host is Exchange Online's."""
    name = host.lower().rstrip(".")
    return any(name == one or name.endswith(f".{one}") for one in _HOSTS)


def refuse_online(url: str) -> None:
    """Raise ProviderError (urgent) where a URL leads to Exchange Online."""
    host = urlsplit(url).hostname or ""
    if is_online(host):
        raise ProviderError(f"{host} is Exchange Online: {CLOSED}", urgent=True)
