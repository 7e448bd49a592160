"""A connection to an IMAP server (RFC 3501): opened when it is needed, and its troubles in an admin's words.

Nothing that came over it is ever part of an error but the one sentence with which the server itself refused.
"""

import imaplib
import re
import socket
import ssl
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

from careermail.errors import ProviderError
from careermail.providers.standards.locate import located
from careermail.providers.standards.tls import tls_context, untrusted

if TYPE_CHECKING:
    from imap_tools.mailbox import BaseMailBox

SECONDS = 30.0  # for one answer
PARTING_SECONDS = 2.0
# What passes without anybody's help (RFC 5530, 3); any other refusal waits for a person.
_PASSING = re.compile(r"\[(UNAVAILABLE|INUSE|LIMIT|SERVERBUG)\b")


class Mailbox:
    """One login to one mailbox, kept between two uses. Not for two threads at once, but for `interrupt`."""

    def __init__(self, settings: Mapping[str, Any], domain: str, *, seconds: float = SECONDS) -> None:
        """`settings` are those of the inbox; a server that they do not name is looked for in the domain."""
        self._settings, self._found, self._domain, self._seconds = settings, settings, domain, seconds
        self._box: BaseMailBox | None = None
        self.how = ""  # in which way the server was found, once it was

    @property
    def where(self) -> str:
        """The login, as errors and probes name it."""
        host, port = self._found["host"], self._found["port"]
        server = f"{host}:{port}{f' ({self.how})' if self.how else ''}" if host else f"of {self._domain}"
        return f"IMAP {server} as {self._settings['user']}"

    @contextmanager
    def session(self, folder: str = "") -> Iterator["BaseMailBox"]:
        """The server, logged in to; with `folder`, that one is open for reading only (EXAMINE).

        A connection that has died in the meantime is replaced by a new one; one that dies while it is used is not, and
        that is for the caller to say. Raises ProviderError; what other errors of the library arise inside becomes one.
        """
        try:
            with self._told():
                box = self._alive() or self._log_in()
                if folder:
                    self.examine(box, folder)
                yield box
        except BaseException:
            self.close()  # who knows where in the conversation it was
            raise

    def examine(self, box: "BaseMailBox", folder: str) -> None:
        """Open a folder for reading only. Raises ProviderError where there is none such, in a `session`."""
        from imap_tools.errors import MailboxFolderSelectError

        try:
            box.folder.set(folder, readonly=True)
        except MailboxFolderSelectError as error:
            mend = "make it, or name another in [provider.inbox]"
            raise self.refusal(error, f"the folder {folder!r} cannot be read", mend) from None

    def refusal(self, error: Exception, what: str, mend: str = "") -> ProviderError:
        """What to tell of a command that was refused, with the server's own words; urgent unless it will pass."""
        said = _said(error)
        told = f"{self.where}: {what}: {said}{f'; {mend}' if mend else ''}"
        return ProviderError(told, urgent=not _PASSING.search(said))

    def close(self) -> None:
        """End the connection, if there is one."""
        box, self._box = self._box, None
        if box:
            with suppress(OSError, imaplib.IMAP4.error):
                box.client.sock.settimeout(PARTING_SECONDS)
                box.client.logout()
            _hang_up(box)

    def interrupt(self) -> None:
        """From another thread: whatever is being waited for fails at once."""
        if box := self._box:
            with suppress(OSError):  # past SSLSocket.shutdown, which would take the TLS layer from under the reader
                socket.socket.shutdown(box.client.sock, socket.SHUT_RDWR)

    def _alive(self) -> "BaseMailBox | None":
        """The connection that stands, if it still answers."""
        if self._box:
            with suppress(OSError, imaplib.IMAP4.error):
                self._box.client.noop()
                return self._box
            self.close()
        return None

    def _log_in(self) -> "BaseMailBox":
        from imap_tools.errors import MailboxLoginError

        user, password = self._settings["user"], self._settings["password"].value()
        self._box = box = self._connect()
        try:
            if f"{user}{password}".isascii():
                return box.login(user, password, initial_folder=None)
            return box.login_utf8(user, password, initial_folder=None)
        except imaplib.IMAP4.abort:
            raise
        except (MailboxLoginError, imaplib.IMAP4.error) as error:
            raise self.refusal(error, "the login is refused", "check user and password in [provider.inbox]") from None

    def _connect(self) -> "BaseMailBox":
        from imap_tools import MailBox, MailBoxUnencrypted

        self._found = found = located("imap", self._settings, self._domain)
        self.how, host, port = found["how"], found["host"], found["port"]
        context = tls_context(found["ca"], insecure=found["insecure"])
        if found["tls"] == "tls":
            return MailBox(host, port, timeout=self._seconds, ssl_context=context)
        box = MailBoxUnencrypted(host, port, timeout=self._seconds)
        if found["tls"] == "starttls":
            self._encrypt(box, context)
        return box

    def _encrypt(self, box: "BaseMailBox", context: ssl.SSLContext) -> None:
        if "STARTTLS" not in box.client.capabilities:
            _hang_up(box)
            mend = 'try tls = "tls" with port 993 in [provider.inbox]'
            raise ProviderError(f"{self.where}: the server offers no STARTTLS; {mend}", urgent=True)
        try:
            box.client.starttls(context)
        except (OSError, imaplib.IMAP4.error):
            _hang_up(box)
            raise

    @contextmanager
    def _told(self) -> Iterator[None]:
        from imap_tools.errors import UnexpectedCommandStatusError

        try:
            yield
        except ssl.SSLError as error:
            raise untrusted(error, self.where) from error
        except TimeoutError:
            raise ProviderError(f"{self.where}: no answer within {self._seconds:g} seconds") from None
        except OSError as error:
            raise ProviderError(f"{self.where}: {error.strerror or 'the connection broke off'}") from None
        except imaplib.IMAP4.abort:  # its own words may hold a line of what was being read
            raise ProviderError(f"{self.where}: the server broke the connection off") from None
        except (imaplib.IMAP4.error, ValueError):  # a number that is none, for example
            raise ProviderError(f"{self.where}: the server did not understand, or was not understood") from None
        except UnexpectedCommandStatusError as error:
            raise ProviderError(f"{self.where}: the server refuses: {_said(error)}") from None


def capabilities(box: "BaseMailBox") -> set[str]:
    """What the server offers those who have logged in (RFC 3501, 7.2.1); it may be more than it told before."""
    _, data = box.client.capability()
    return set(data[-1].decode("ascii", "replace").upper().split())


def _hang_up(box: "BaseMailBox") -> None:
    with suppress(OSError):
        box.client.shutdown()


def _said(error: Exception) -> str:
    """The sentence with which the server refused a command: for people (RFC 3501, 7.1.2), not out of any mail."""
    result = getattr(error, "command_result", None)
    text = result[1][-1] if result and isinstance(result[1], list) else "" if result else str(error)
    if isinstance(text, bytes):
        text = text.decode("utf-8", "replace")
    return "".join(c for c in str(text) if c.isprintable())[:200] or "without a word"
