"""The outbox over SMTP (RFC 5321): what was sent, what surely was not, and what nobody knows."""

import logging
from collections.abc import Mapping
from datetime import timedelta
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import getaddresses
from typing import Any, Protocol

from careermail.clock import Clock
from careermail.errors import ProviderError
from careermail.providers import Found, Probe
from careermail.providers.standards.refusals import DoubtError
from careermail.providers.standards.submission import Submission

log = logging.getLogger("careermail")

ANSWER = 60.0  # seconds
# Whoever gives up earlier than this on the word that a mail was taken sends it twice (RFC 5321, 4.5.3.2.6).
ACCEPTANCE = 600.0
IDLE = timedelta(seconds=20)  # a session that lay longer is not worth trying
REMEMBERED = 1000  # mails whose fate is kept in memory


class SentFolder(Protocol):
    """Where copies of what was sent are kept. Both methods may raise ProviderError."""

    def keep(self, message: EmailMessage) -> None:
        """Put a copy into the folder, as read."""
        ...

    def holds(self, message_id: str) -> bool:
        """Whether it holds a copy of the mail with this Message-ID, angle brackets included."""
        ...


class SmtpOutbox:
    """Sends from `sender`, careermail's own address, so that bounces come back to it.

    `settings` is the configuration's [provider.outbox]; copies go to `sent`, where there is such a folder; `answer` and
    `acceptance` are the seconds that the server may take for a command, and to say that it has taken a mail. Nothing is
    reached before the first mail.
    """

    def __init__(  # noqa: PLR0913 (the last two are for tests, and named)
        self,
        settings: Mapping[str, Any],
        sender: str,
        clock: Clock,
        sent: SentFolder | None = None,
        *,
        answer: float = ANSWER,
        acceptance: float = ACCEPTANCE,
    ) -> None:
        self._settings, self._sender, self._clock, self._sent = settings, sender, clock, sent
        self._session = Submission(settings, sender, answer, acceptance)
        self._used = clock.now()
        # Whether a mail left, by Message-ID and address: a refusal is certain, a connection that broke is not.
        self._left: dict[tuple[str, str], bool | None] = {}

    def send(self, message: EmailMessage) -> None:
        """As Outbox.send; a copy is kept in Sent as well as may be.

        Raises ProviderError: permanent where the server refuses this mail or its recipient for good, urgent where it
        refuses us until somebody mends it, else temporary. Where the connection broke before the server said whether it
        took the mail, it may be on its way all the same: ask `find`.
        """
        to = _recipient(message)
        key = str(message["Message-ID"]).strip(), to
        self._note(key, self._left.get(key, False))
        content = message.as_bytes(policy=_POLICY.clone(utf8=not f"{self._sender}{to}".isascii()))
        if self._clock.now() - self._used > IDLE:
            self._session.close()
        try:
            self._session.announce(to, len(content))
            self._session.address(to)
            self._session.hand_over(to, content)
        except DoubtError:
            self._note(key, None)
            raise
        self._note(key, True)
        self._used = self._clock.now()
        self._keep(message, to)

    def find(self, message_id: str, to: str) -> bool | None:
        """As Outbox.find: True by a copy in Sent or our own memory, False where the server surely refused it."""
        known = self._left.setdefault((message_id.strip(), to), None)
        if known is None and self._sent and self._sent.holds(message_id):
            return True
        return known

    def probes(self) -> list[Probe]:
        """The one login, which also asks whether we may send as ourselves; nothing is sent."""
        user = self._settings["user"]
        return [Probe(f"{self._session.where}{f' as {user}' if user else ''}", self._look)]

    def close(self) -> None:
        """End the connection; the next mail opens one again."""
        self._session.close()

    def _look(self) -> Found:
        self._session.close()
        try:
            return self._session.offers()
        finally:
            self._session.close()

    def _note(self, key: tuple[str, str], left: bool | None) -> None:
        self._left.pop(key, None)
        self._left[key] = left
        if len(self._left) > REMEMBERED:
            del self._left[next(iter(self._left))]

    def _keep(self, message: EmailMessage, to: str) -> None:
        if not self._sent:
            return
        try:
            self._sent.keep(message)
        except ProviderError as error:
            log.warning("no copy in Sent", extra={"to": to, "reason": str(error)})
        except Exception:  # (the mail has left: whatever fails now must not have it sent again)
            log.warning("no copy in Sent", extra={"to": to}, exc_info=True)


# Lines end in CRLF, and no part needs 8BITMIME of a server: what passes everywhere arrives as it was sent.
_POLICY = SMTP.clone(cte_type="7bit")


def _recipient(message: EmailMessage) -> str:
    fields = [str(value) for name in ("To", "Cc", "Bcc") for value in message.get_all(name, [])]
    addresses = [address for _, address in getaddresses(fields) if address]
    if not message["Message-ID"] or not message["To"] or len(addresses) != 1:
        raise ProviderError("a mail needs a Message-ID and exactly one address in To, Cc and Bcc.", permanent=True)
    return addresses[0]
