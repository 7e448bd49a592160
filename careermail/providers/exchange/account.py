"""The mailboxes behind one login, each made when it is first asked for, and their troubles in an admin's words."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from careermail.errors import ProviderError
from careermail.providers.exchange.auth import Login
from careermail.providers.exchange.refusals import http_refusal, is_login, is_soap, refusal

if TYPE_CHECKING:
    from exchangelib import Account


class Mailboxes:
    """Every method may raise ProviderError. Whatever was asked may have been done all the same, and is looked up."""

    def __init__(self, login: Login) -> None:
        self.login = login
        self._accounts: dict[str, Account] = {}

    @contextmanager
    def open(self, address: str, zone: str = "UTC") -> Iterator[Account]:
        """The library's account of a mailbox, for the time of some requests.

        `zone` is where days and times without a zone are. What goes wrong inside becomes a ProviderError: keep to what
        is the library's.
        """
        with self.told(address):
            account = self._account(address)
            account.default_timezone = _named(zone)
            yield account

    @contextmanager
    def told(self, address: str = "") -> Iterator[None]:
        """Let what goes wrong inside be heard of as ProviderError; `address` is the mailbox that it is about."""
        try:
            yield
        except ProviderError:
            raise
        except Exception as error:  # noqa: BLE001 (what servers send breaks the library in many ways, and it quotes them)
            raise self._told(error, address) from None

    def close(self) -> None:
        """End the connection; it is opened anew when it is needed."""
        self._accounts.clear()
        self.login.forget()

    def _account(self, address: str) -> Account:
        if address not in self._accounts:
            account = self.login.account(address)
            account.protocol.config.retry_policy = _policy(self.login)
            self._accounts[address] = account
        return self._accounts[address]

    def _told(self, error: Exception, address: str) -> ProviderError:
        from exchangelib.errors import ErrorTimeoutExpired, RateLimitError, ResponseMessageError

        if told := self.login.refusal(error):
            self.close()  # the secret may be another one by the next time
            return told
        where, who = self.login.where, self.login.mailbox(address) if address else ""
        match error:
            case ErrorTimeoutExpired() if error.__context__ is not None:  # the library's own name for a lost connection
                return ProviderError(f"{where} cannot be reached, or did not answer in time")
            case ResponseMessageError():
                wait = getattr(error, "back_off", None)
                return refusal(type(error).__name__, where, who, wait=timedelta(seconds=wait) if wait else None)
            case RateLimitError():
                return refusal("ErrorServerBusy", where, who, wait=timedelta(seconds=error.wait))
        return ProviderError(f"{where} did not understand, or was not understood ({type(error).__name__})")


def _named(zone: str) -> Any:
    from careermail.providers.exchange.windows import named

    return named(zone)


def _policy(login: Login) -> Any:
    """What is done about an HTTP answer: it fails at once, and is told in our words with the wait that was asked for.

    The library's own either waits by itself and posts again what may have been done, or drops Retry-After.
    """
    from exchangelib import FailFast

    class Policy(FailFast):  # type: ignore[misc]
        def raise_response_errors(self, response: Any) -> None:
            if is_login(response):
                super().raise_response_errors(response)
            if not is_soap(response):
                raise http_refusal(response.status_code, response.headers, login.where, login.now)

    return Policy()
