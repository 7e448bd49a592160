"""How Exchange is reached and as whom: the login, its secrets, whom it trusts, and what is told where it is refused.

A service account acts as each manager by impersonation (ExchangeImpersonation, ConnectingSID:
https://learn.microsoft.com/exchange/client-developer/exchange-web-services/impersonation-and-ews-in-exchange), or one
manager's own login reaches their own mailbox.
"""

from __future__ import annotations

import logging
import re
import ssl
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from careermail.clock import Clock
from careermail.errors import ProviderError
from careermail.model import opaque
from careermail.providers.exchange.online import refuse_online
from careermail.providers.standards.tls import tls_context, untrusted

if TYPE_CHECKING:
    from exchangelib import Account, Configuration
    from exchangelib.credentials import BaseCredentials
    from exchangelib.protocol import Protocol

SECONDS = 60.0  # for one answer; the library's own 120 hold whatever else it is told
BUILDS = {"2010": (14, 3), "2013": (15, 0, 847), "2016": (15, 1), "2019": (15, 2), "SE": (15, 2)}
BARRED = timedelta(minutes=15)  # two tries in half an hour: no usual policy locks an account for that
_PASSING = ("temporarily_unavailable", "server_error")  # RFC 6749, 4.1.2.1
_LOCALE = "en_US"  # folders are asked for by what they are, never by name
_AADSTS = re.compile(r"AADSTS\d+")
# What Entra ID means by its codes (https://learn.microsoft.com/entra/identity-platform/reference-error-codes).
_MEANINGS = {
    "AADSTS7000215": "the secret is wrong; {password} must hold its value, not its id",
    "AADSTS7000222": "the secret has expired; make a new one for the app, and put it where {password} is",
    "AADSTS700016": "there is no such app in the tenant; mend `user` or `tenant`",
    "AADSTS90002": "there is no such tenant; mend `tenant`",
    "AADSTS500011": "the tenant knows no such Exchange; register its URL there (hybrid modern authentication)",
}


@dataclass(frozen=True)
class _Refused:
    """A login that was refused: until when it is not tried again with the same secret, and what is told meanwhile."""

    secret: str = field(repr=False)  # a digest
    until: datetime
    told: str

    def holds(self, secret: str, now: datetime) -> bool:
        """Whether the same login would be refused again."""
        return now < self.until and opaque(secret) == self.secret


class Login:
    """One way in to one server. It is made when it is first needed, and anew after `forget`.

    `settings` are those of [provider] as careermail.config.exchange makes them; `seconds` is how long to wait for an
    answer. A login that was refused is not tried again for a while with the same secret. What it raises beside
    ProviderError is the library's, to be told by `refusal`.
    """

    def __init__(self, settings: Mapping[str, Any], clock: Clock, *, seconds: float = SECONDS) -> None:
        self._settings, self._clock, self._seconds, self._url = settings, clock, seconds, str(settings["url"])
        self._protocol: Protocol | None = None
        self._refused: _Refused | None = None

    @property
    def now(self) -> datetime:
        """The present moment, in UTC."""
        return self._clock.now()

    @property
    def where(self) -> str:
        """The server, as errors and probes name it."""
        return f"Exchange {urlsplit(self._url).netloc}" if self._url else "Exchange by autodiscover"

    @property
    def who(self) -> str:
        """The login, as errors and probes name it."""
        return self._settings["user"] or "the Kerberos ticket"

    def mailbox(self, address: str) -> str:
        """The mailbox that stands for an address: its own, or with a manager's own login the only one there is."""
        return str(self._settings["mailbox"] or address)

    def account(self, address: str) -> Account:
        """The library's account of this address's mailbox; times without a zone are UTC."""
        from exchangelib import DELEGATE, IMPERSONATION, UTC, Account

        protocol = self._connected()
        account = Account(
            self.mailbox(address),
            access_type=IMPERSONATION if self._settings["impersonate"] else DELEGATE,
            config=protocol.config,
            locale=_LOCALE,
            default_timezone=UTC,
        )
        account.protocol = protocol  # the library's own would trust others, and wait longer
        return account

    def forget(self) -> None:
        """End what is open. The secret is read anew when it is next needed, and accounts have to be made anew."""
        protocol, self._protocol = self._protocol, None
        if protocol:
            with suppress(KeyError):
                del type(protocol)[protocol.config]
            protocol.close()

    def refusal(self, error: BaseException) -> ProviderError | None:
        """What to tell of an error that is about getting in; None of any other. Urgent is what somebody has to mend."""
        from exchangelib.errors import UnauthorizedError
        from oauthlib.oauth2 import OAuth2Error

        for one in _causes(error):
            match one:
                case ProviderError():
                    return one
                case ssl.SSLError():
                    return untrusted(one, self.where, key="url")
                case UnauthorizedError():
                    return self._barred(str(one))
                case OAuth2Error():
                    return ProviderError(self._no_token(str(one)), urgent=one.error not in _PASSING)
        # What breaks off on the way to EWS itself has a name of the library's.
        return ProviderError(f"{self.where}: its way in cannot be reached") if isinstance(error, OSError) else None

    # --- within ----------------------------------------------------------------------------------

    def _connected(self) -> Protocol:
        from careermail.providers.exchange.session import protocol

        if self._refused and self._refused.holds(self._secret(), self._clock.now()):
            raise ProviderError(
                self._refused.told, urgent=True
            )  # some wrong passwords, and a directory locks the account
        if not self._protocol:
            logging.getLogger("exchangelib").setLevel(logging.CRITICAL + 1)  # its logs quote what people wrote
            self._protocol = protocol(self._configured(), self._context(), self._seconds)
        return self._protocol

    def _configured(self) -> Configuration:
        from exchangelib import Build, Configuration, FailFast, Version
        from exchangelib.transport import AUTH_TYPE_MAP

        from careermail.providers.exchange.session import AUTH_TYPES

        if (kind := AUTH_TYPES[self._settings["auth"]]) not in AUTH_TYPE_MAP:
            raise ProviderError(f"{self.where}: Kerberos needs requests-gssapi, which is not installed", urgent=True)
        credentials = self._credentials()
        self._url = self._url or self._discovered(credentials)
        refuse_online(self._url)
        return Configuration(
            credentials=credentials,
            service_endpoint=self._url,
            auth_type=kind,
            version=Version(Build(*BUILDS[self._settings["version"]])),
            retry_policy=FailFast(),  # the other one posts again on a 503, and what it posted may have been done
            max_connections=1,
        )

    def _credentials(self) -> BaseCredentials | None:
        from exchangelib import Credentials

        from careermail.providers.exchange.session import AppCredentials

        match self._settings["auth"]:
            case "kerberos":
                return None  # a ticket, which is kept outside of us
            case "oauth":
                return AppCredentials(self._settings, self._url)
            case _:
                return Credentials(self._settings["user"], self._secret())

    def _secret(self) -> str:
        return self._settings["password"].value() if self._settings["password"] else ""

    def _discovered(self, credentials: BaseCredentials | None) -> str:
        from careermail.providers.exchange.discover import discovered
        from careermail.providers.exchange.session import authenticator

        address = self.mailbox(self._settings["service"].address)
        return discovered(address, authenticator(self._settings["auth"], credentials), self._context(), self._seconds)

    def _context(self) -> ssl.SSLContext:
        return tls_context(self._settings["ca"], insecure=self._settings["insecure"])

    def _barred(self, said: str) -> ProviderError:
        told = self._unauthorized(said)
        if self._settings["auth"] in ("ntlm", "basic"):
            self._refused = _Refused(opaque(self._secret()), self._clock.now() + BARRED, told)
        return ProviderError(told, urgent=True)

    def _unauthorized(self, said: str) -> str:
        refused = f"{self.where} refuses the login of {self.who}"
        if "locked out" in said:
            return f"{refused}: the account is locked out; unlock it in the directory"
        if self._settings["auth"] == "kerberos":
            return f"{refused}: there is none, or it has expired; renew it (kinit), or look at the keytab"
        if self._settings["auth"] == "oauth":
            return f"{refused}: it takes no token of this tenant, or none for its URL; see docs/exchange.md"
        mend = f"mend `user`, or what {self._settings['password']} holds"
        return f"{refused}; {mend}, or let `auth` be what the server offers"

    def _no_token(self, said: str) -> str:
        code = found[0] if (found := _AADSTS.search(said)) else ""
        meaning = _MEANINGS.get(code, "look at the app in Entra ID").format(**self._settings)
        return f"{self.where}: no token for the app {self.who}: {meaning} ({code or 'OAuth, without a reason'})"


def _causes(error: BaseException) -> Iterator[BaseException]:
    """An error and all that is behind it: requests and urllib3 put each other's into their arguments."""
    todo, seen = [error], set[int]()
    while todo:
        one = todo.pop(0)
        if id(one) not in seen:
            seen.add(id(one))
            yield one
            behind = (one.__cause__, one.__context__, getattr(one, "reason", None), *one.args)
            todo += [other for other in behind if isinstance(other, BaseException)]
