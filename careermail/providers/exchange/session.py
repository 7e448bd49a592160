"""What exchangelib lacks: connections that trust whom we trust, and tokens of a tenant and a server of one's own."""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from contextlib import suppress
from typing import Any
from urllib.parse import urlsplit

from exchangelib import BASIC, GSSAPI, NTLM, OAUTH2, Configuration, OAuth2Credentials
from exchangelib.credentials import BaseCredentials
from exchangelib.protocol import Protocol
from exchangelib.transport import get_auth_instance
from requests.adapters import HTTPAdapter

LOGIN_URL = "https://login.microsoftonline.com/{tenant}/oauth2/v2.0/token"
AUTH_TYPES = {"ntlm": NTLM, "basic": BASIC, "kerberos": GSSAPI, "oauth": OAUTH2}


class Adapter(HTTPAdapter):
    """Verifies servers by a context of our own, where requests would ask certifi's authorities alone."""

    def __init__(self, context: ssl.SSLContext, **how: Any) -> None:
        self._context = context
        super().__init__(**how)

    def init_poolmanager(self, *args: Any, **how: Any) -> None:
        """The context goes with each connection."""
        super().init_poolmanager(*args, ssl_context=self._context, **how)

    def proxy_manager_for(self, proxy: str, **how: Any) -> Any:
        """The same through a proxy."""
        return super().proxy_manager_for(proxy, ssl_context=self._context, **how)

    def build_connection_pool_key_attributes(self, request: Any, verify: Any, cert: Any = None) -> Any:
        """Whether anything is verified is the context's to say."""
        del verify
        verified = self._context.verify_mode == ssl.CERT_REQUIRED
        return super().build_connection_pool_key_attributes(request, verified, cert)

    def cert_verify(self, conn: Any, url: Any, verify: Any, cert: Any) -> None:
        """No other authorities beside the context's."""


def authenticator(auth: str, credentials: BaseCredentials | None) -> Any:
    """What logs in with a request beside the library's own."""
    if credentials is None:
        return get_auth_instance(AUTH_TYPES[auth])
    return get_auth_instance(AUTH_TYPES[auth], username=credentials.username, password=credentials.password)


def protocol(config: Configuration, context: ssl.SSLContext, seconds: float) -> Protocol:
    """The library's way to a server, with one connection, which waits so many seconds for an answer."""

    class Ours(Protocol):  # type: ignore[misc]
        TIMEOUT = seconds
        USERAGENT = "careermail"  # a server may let in some programs only (EwsAllowList)

        @classmethod
        def get_adapter(cls) -> Adapter:
            return Adapter(context, pool_block=True, pool_connections=1, pool_maxsize=1, max_retries=0)

    with suppress(KeyError):
        del Protocol[config]  # it is kept by URL and login alone, and another's may trust others
    return Ours(config=config)


class AppCredentials(OAuth2Credentials):  # type: ignore[misc]
    """An app's own login (client credentials, RFC 6749, 4.4) for an Exchange Server, in hybrid modern authentication.

    Its audience is the server's own URL, where the library's would be Exchange Online.
    """

    def __init__(self, settings: Mapping[str, Any], url: str) -> None:
        tenant, secret = settings["tenant"], settings["password"].value()
        super().__init__(client_id=settings["user"], client_secret=secret, tenant_id=tenant)
        self._where = settings["token_url"] or LOGIN_URL.format(tenant=tenant)
        self._audience = settings["scope"] or f"https://{urlsplit(url).hostname}/.default"

    @property
    def token_url(self) -> str:
        """Where tokens are had."""
        return str(self._where)

    @property
    def scope(self) -> list[str]:
        """What they are for."""
        return [self._audience]

    def session_params(self) -> dict[str, Any]:
        """Nothing that would renew a token by itself: an app has no refresh token, it asks for a new one."""
        return {"token": self.access_token}
