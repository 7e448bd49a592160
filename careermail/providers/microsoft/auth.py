"""Tokens for Graph from Microsoft Entra: those of the app itself, or of a manager who signed in.

msal asks for them, but how long one is used is told by our clock. What a token says stands in no log and no repr.
Only what is in use is asked for: for an app, all that it was granted (`.default`); for a person, SCOPES.
"""

import base64
import json
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from careermail.clock import Clock
from careermail.errors import ProviderError
from careermail.providers.microsoft.certificate import Certificate
from careermail.providers.microsoft.entra import Web, entra
from careermail.providers.microsoft.refusals import AGAIN, refusal
from careermail.providers.shelf.files import make_folder, safe, told, write

if TYPE_CHECKING:
    from msal import ClientApplication, SerializableTokenCache

SCOPES = ("Calendars.ReadWrite", "Mail.ReadWrite", "Mail.Send")
EARLY = timedelta(minutes=5)  # before its end a token is not used any more


@dataclass(frozen=True)
class Access:
    """A token, and until when it is used."""

    token: str = field(repr=False)
    until: datetime

    @property
    def granted(self) -> frozenset[str] | None:
        """The permissions in it: an app's for the whole tenant, or a person's; None where it cannot be read.

        What an app was granted for some mailboxes alone (RBAC for Applications) is not among them.
        """
        try:
            said = json.loads(base64.urlsafe_b64decode(self.token.split(".")[1] + "=="))
            return frozenset([*said.get("roles", ()), *said.get("scp", "").split()])
        except (IndexError, ValueError, AttributeError, TypeError):
            return None


class Tokens(ABC):
    """The tokens of a table [provider], as careermail.config.microsoft makes it. Nothing is reached before the first.

    It may be asked by several threads.
    """

    def __init__(self, settings: Mapping[str, Any], clock: Clock) -> None:
        self.settings, self.clock = settings, clock
        self.root = "{0.scheme}://{0.netloc}".format(urlsplit(settings["graph"]))  # whose permissions are asked for
        self._held: dict[str, Access] = {}
        self._lock = Lock()

    def token(self, mailbox: str) -> str:
        """A token for somebody's mailbox and calendar, by address; asked for anew a little before it ends.

        Raises ProviderError: urgent where somebody must mend it, with their address as `owner` where only they can.
        """
        with self._lock:
            held = self._held.get(self.whose(mailbox))
            return held.token if held and self.clock.now() < held.until else self._fresh(mailbox).token

    def renew(self, mailbox: str) -> Access:
        """A token that was asked for just now, whatever is held: proof that there is one. Raises as `token`."""
        with self._lock:
            return self._fresh(mailbox)

    @abstractmethod
    def who(self, mailbox: str) -> str:
        """The login, as errors and probes name it."""

    @abstractmethod
    def whose(self, mailbox: str) -> str:
        """The mailbox that the token of another is good for too; "" for that of all."""

    @abstractmethod
    def expires(self) -> datetime | None:
        """When the login ends by itself, where that can be known. Raises ProviderError."""

    @abstractmethod
    def ask(self, mailbox: str) -> Mapping[str, Any] | None:
        """What Entra answers (RFC 6749, 5); None where nobody signed in. Raises ProviderError, ValueError."""

    def _fresh(self, mailbox: str) -> Access:
        with entra(self.who(mailbox), self.owner(mailbox)):
            said = self.ask(mailbox)
        if said is None:
            what = f"{self.who(mailbox)}: nobody has signed in; do so: {AGAIN}"
            raise ProviderError(what, urgent=True, owner=mailbox)
        return self.hold(mailbox, said)

    def hold(self, mailbox: str, said: Mapping[str, Any]) -> Access:
        """Keep the token that Entra gave. Raises ProviderError where it gave none."""
        if "access_token" not in said:
            words = str(said.get("error_description") or said.get("error") or "")
            raise refusal(self.who(mailbox), words, mailbox=self.owner(mailbox))
        until = self.clock.now() + timedelta(seconds=int(said.get("expires_in", 0))) - EARLY
        self._held[self.whose(mailbox)] = access = Access(said["access_token"], until)
        return access

    def owner(self, mailbox: str) -> str:
        """Who alone can mend the login, where it is one person's."""
        return self.whose(mailbox)

    def kept(self, address: str) -> list[Path]:  # noqa: ARG002
        """The files of a login that are about somebody with this address."""
        return []

    @property
    def authority(self) -> dict[str, Any]:
        """What every application of msal's is told; each is made anew, since msal holds on to refusals for a minute."""
        base = urlsplit(f"{self.settings['authority']}/{self.settings['tenant']}")
        return {
            "client_id": self.settings["client_id"],
            "authority": base._replace(scheme="https").geturl(),
            "instance_discovery": False,  # the configuration says where to ask, and nobody else need be asked
            "http_client": Web(self.clock, plain=base.scheme == "http"),
        }


class AppTokens(Tokens):
    """Of the app itself, by a certificate or a secret (client credentials, RFC 6749, 4.4)."""

    def who(self, mailbox: str) -> str:  # noqa: ARG002 (it is the same for all)
        """As Tokens.who."""
        return f"Microsoft app {self.settings['client_id']}"

    def whose(self, mailbox: str) -> str:  # noqa: ARG002
        """As Tokens.whose."""
        return ""

    def expires(self) -> datetime | None:
        """As Tokens.expires: the certificate's end, or what the configuration says of the secret."""
        if place := self.settings["certificate"]:
            return Certificate(place.text(), str(place)).ends
        said: datetime | None = self.settings["secret_expires"]
        return said

    def ask(self, mailbox: str) -> Mapping[str, Any]:  # noqa: ARG002
        """As Tokens.ask."""
        from msal import ConfidentialClientApplication

        credential = self._credential()
        app = ConfidentialClientApplication(client_credential=credential, **self.authority)
        said: Mapping[str, Any] = app.acquire_token_for_client([f"{self.root}/.default"])
        return said

    def _credential(self) -> Any:
        if not (place := self.settings["certificate"]):
            return self.settings["secret"].value()
        found = Certificate(place.text(), str(place))
        if found.ends < self.clock.now():
            mend = "make another, upload it to the app registration, and put it there"
            raise ProviderError(f"the certificate in {place} ended on {found.ends:%Y-%m-%d}; {mend}", urgent=True)
        return {"private_key": found.key, "public_certificate": found.certificate}


class PersonalTokens(Tokens):
    """Of managers who signed in by a code (`sign_in`): each a file of msal's cache, below the service's state."""

    def who(self, mailbox: str) -> str:
        """As Tokens.who."""
        return f"Microsoft sign-in of {mailbox}"

    def whose(self, mailbox: str) -> str:
        """As Tokens.whose."""
        return mailbox

    def expires(self) -> datetime | None:
        """As Tokens.expires: it lasts for as long as it is used."""
        return None

    def ask(self, mailbox: str) -> Mapping[str, Any] | None:
        """As Tokens.ask."""
        app, cache = self.application(mailbox)
        if not (accounts := app.get_accounts()):
            return None
        said: Mapping[str, Any] | None = app.acquire_token_silent_with_error(
            self.scopes, accounts[0], force_refresh=True
        )
        self.save(mailbox, cache)
        return said

    @property
    def scopes(self) -> list[str]:
        """What a manager is asked to allow."""
        return [f"{self.root}/{scope}" for scope in SCOPES]

    def application(self, mailbox: str) -> "tuple[ClientApplication, SerializableTokenCache]":
        """msal, and what it remembers of this person."""
        from msal import PublicClientApplication, SerializableTokenCache

        cache, file = SerializableTokenCache(), self.file(mailbox)
        try:
            with told(file):
                cache.deserialize(file.read_text() if file.exists() else "")
        except ValueError:
            raise ProviderError(f"{file} is damaged; remove it, then {AGAIN}", urgent=True) from None
        return PublicClientApplication(token_cache=cache, **self.authority), cache

    def save(self, mailbox: str, cache: "SerializableTokenCache") -> None:
        """Keep what msal remembers, for the service alone to read, if it has changed."""
        if cache.has_state_changed:
            make_folder(self.file(mailbox).parent)
            write(self.file(mailbox), cache.serialize().encode())

    def kept(self, address: str) -> list[Path]:
        """As Tokens.kept."""
        return [file] if (file := self.file(address)).exists() else []

    def file(self, mailbox: str) -> Path:
        """Where it is kept."""
        state: Path = self.settings["service"].state
        return state / "microsoft" / "signed-in" / f"{safe(mailbox)}.json"


def open_tokens(settings: Mapping[str, Any], clock: Clock) -> Tokens:
    """The app's own tokens where it has a certificate or a secret, else those of who signed in."""
    kind = AppTokens if settings["certificate"] or settings["secret"] else PersonalTokens
    return kind(settings, clock)
