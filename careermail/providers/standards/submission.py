"""A session with a submission server (RFC 6409): opened, verified, logged in, and kept for a run of mails."""

import smtplib
import ssl
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any

from careermail.errors import ProviderError
from careermail.providers import Found
from careermail.providers.standards.locate import located
from careermail.providers.standards.refusals import CLOSING, DoubtError, Reply, failure, for_good, refusal, words
from careermail.providers.standards.tls import tls_context

LEAVE = 5.0  # seconds that the answer to QUIT is waited for
_OFFERS = ("auth", "size", "8bitmime", "smtputf8", "pipelining", "dsn")
_LACKS = {
    "smtputf8": "SMTPUTF8 (mail to addresses outside ASCII)",
    "dsn": "DSN (bounces without the mail's text)",
}


class Submission:
    """Hands over mails from `sender`, one after the other in one session, which is opened when it is first needed.

    `settings` is the configuration's [provider.outbox], where a server that it does not name is looked for in the
    sender's domain; `answer` and `acceptance` are the seconds that the server may take for a command, and for its word
    that it has taken a mail. What it refuses is a ProviderError: urgent where it refuses us, permanent where it refuses
    the mail or its recipient for good.
    """

    def __init__(self, settings: Mapping[str, Any], sender: str, answer: float, acceptance: float) -> None:
        self._settings, self._found, self._sender = settings, settings, sender
        self._answer, self._acceptance = answer, acceptance
        self._smtp: smtplib.SMTP | None = None

    @property
    def where(self) -> str:
        """The server, as errors and probes name it; where nobody said which it is, with how it was found."""
        if not (host := self._found["host"]):
            return f"SMTP of {self._domain}"
        how = self._found.get("how", "")
        return f"SMTP {host}:{self._found['port']}{f' ({how})' if how else ''}"

    @property
    def _domain(self) -> str:
        return self._sender.rpartition("@")[2]

    def announce(self, to: str, size: int) -> None:
        """MAIL. A session that ended while it lay idle is opened anew, for nothing of the mail had passed in it."""
        reply = self._announced_again(to, size)
        if not reply:
            self._smtp = self._open()
            with self._talking() as smtp:
                reply = self._mail(smtp, to, size)
        self._demand(reply, refusal(reply, self.where, to, sender=self._sender))

    def address(self, to: str) -> None:
        """RCPT."""
        with self._talking() as smtp:
            reply = smtp.rcpt(to)
        self._demand(reply, refusal(reply, self.where, to))

    def hand_over(self, to: str, content: bytes) -> None:
        """DATA, and the content, whose lines end in CRLF. Raises DoubtError where nobody knows whether it was taken."""
        try:
            with self._talking() as smtp:
                reply = self._data(smtp, content)
        except ProviderError as error:
            raise DoubtError(f"{error}; whether the mail to {to} was taken is not known") from error
        self._demand(reply, refusal(reply, self.where, to))

    def offers(self) -> Found:
        """What the server says in answer to EHLO that matters to us, once it lets us send as ourselves."""
        self.announce(self._sender, 0)
        with self._talking() as smtp:
            smtp.rset()
            features = smtp.esmtp_features
            tls = smtp.sock.version() if isinstance(smtp.sock, ssl.SSLSocket) else None
        extensions = [" ".join([name.upper(), *features[name].split()]) for name in _OFFERS if name in features]
        lacks = [lack for name, lack in _LACKS.items() if name not in features]
        return Found((*([tls] if tls else []), *extensions), (*([] if tls else ["TLS"]), *lacks))

    def close(self) -> None:
        """Take leave of the server; the next mail opens a session again."""
        if self._smtp and self._smtp.sock:
            with suppress(OSError):
                self._smtp.sock.settimeout(LEAVE)
                self._smtp.quit()
        self._drop()

    # --- within ----------------------------------------------------------------------------------

    def _open(self) -> smtplib.SMTP:
        self._found = located("submission", self._settings, self._domain)
        password = self._found["password"].value() if self._found["user"] else ""
        try:
            smtp = self._connected()
        except OSError as error:
            raise failure(error, self.where) from error
        try:
            self._log_in(smtp, password)
        except OSError as error:
            smtp.close()
            raise failure(error, self.where) from error
        except ProviderError:
            smtp.close()
            raise
        return smtp

    def _connected(self) -> smtplib.SMTP:
        settings, name = self._found, self._domain.encode("idna").decode()
        host, port, wait = settings["host"], settings["port"], self._answer
        if settings["tls"] == "tls":
            return smtplib.SMTP_SSL(host, port, name, timeout=wait, context=self._context())
        return smtplib.SMTP(host, port, name, timeout=wait)

    def _context(self) -> ssl.SSLContext:
        return tls_context(self._found["ca"], insecure=self._found["insecure"])

    def _log_in(self, smtp: smtplib.SMTP, password: str) -> None:
        if self._found["tls"] == "starttls":
            smtp.starttls(context=self._context())
        smtp.ehlo_or_helo_if_needed()
        if not (user := self._found["user"]):
            return
        try:
            smtp.login(user, password)
        except smtplib.SMTPAuthenticationError as error:
            if not for_good(error.smtp_code):
                raise
            said = words(error.smtp_code, error.smtp_error)
            mend = f"mend `user`, or what {self._found['password']} holds"
            raise ProviderError(f"{self.where} refuses the login of {user}: {said}; {mend}", urgent=True) from None
        except UnicodeEncodeError:  # without its cause, which quotes the secret
            mend = f"give {user} another password"
            raise ProviderError(f"a login at {self.where} is ASCII alone; {mend}", urgent=True) from None

    def _announced_again(self, to: str, size: int) -> Reply | None:
        """The answer to MAIL in the session that we have, None where it has ended."""
        if not self._smtp:
            return None
        with suppress(OSError):
            reply = self._mail(self._smtp, to, size)
            if reply[0] != CLOSING:
                return reply
        self._drop()
        return None

    def _mail(self, smtp: smtplib.SMTP, to: str, size: int) -> Reply:
        options = [f"SIZE={size}"] if smtp.has_extn("size") else []
        if smtp.has_extn("dsn"):
            options.append("RET=HDRS")  # so that a bounce need not carry what people agreed (RFC 3461, 4.3)
        if not f"{self._sender}{to}".isascii():
            if not smtp.has_extn("smtputf8"):
                problem = (
                    f"{self.where} takes no mail to addresses outside ASCII (it offers no SMTPUTF8, RFC 6531): {to}"
                )
                raise ProviderError(problem, permanent=True)
            options.append("SMTPUTF8")
        return smtp.mail(self._sender, options)

    def _data(self, smtp: smtplib.SMTP, content: bytes) -> Reply:
        if smtp.sock:
            smtp.sock.settimeout(self._acceptance)
        try:
            reply: Reply = smtp.data(content)
        except smtplib.SMTPDataError as error:  # it would not even listen
            reply = error.smtp_code, error.smtp_error
        if smtp.sock:
            smtp.sock.settimeout(self._answer)
        return reply

    @contextmanager
    def _talking(self) -> Iterator[smtplib.SMTP]:
        """The session; whatever breaks it ends it, and is told."""
        if not self._smtp:
            raise ProviderError(f"{self.where} is not connected")
        try:
            yield self._smtp
        except OSError as error:
            self._drop()
            raise failure(error, self.where) from error

    def _demand(self, reply: Reply, refused: ProviderError | None) -> None:
        """Raise what was refused, and leave the session such that the next mail can begin."""
        if not refused:
            return
        if reply[0] == CLOSING:
            self._drop()
        elif self._smtp:
            try:
                self._smtp.rset()
            except OSError:
                self._drop()
        raise refused

    def _drop(self) -> None:
        if self._smtp:
            self._smtp.close()
        self._smtp = None
