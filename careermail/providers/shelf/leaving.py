"""A mail that is about to leave somebody's own mailbox, and one whose draft is gone: for every outbox that drafts."""

import logging
from dataclasses import replace
from datetime import datetime, timedelta
from email.message import EmailMessage
from email.utils import getaddresses

from careermail.clock import Clock
from careermail.errors import ProviderError
from careermail.mail.addressed import addressed
from careermail.model import Service
from careermail.providers.shelf.sent import Entry, Sent

log = logging.getLogger("careermail")

SETTLED = timedelta(minutes=15)  # by then Exchange shows a mail that was sent in Sent Items


def entry_of(message: EmailMessage, service: Service) -> Entry:
    """What is kept of a mail before anything is asked of a server.

    Raises ProviderError, permanent, where it has no Message-ID, or does not go from one mailbox to one recipient.
    """
    name, senders = str(message["Message-ID"] or "").strip(), addresses(message, "From")
    to = addresses(message, "To", "Cc", "Bcc")
    if not name or not message["To"] or len(senders) != 1 or len(to) != 1:
        words = "a mail needs a Message-ID, one address in From, and exactly one in To, Cc and Bcc."
        raise ProviderError(words, permanent=True)
    private = _is_private(service, senders[0], addresses(message, "Reply-To"))
    return Entry(senders[0], to[0], name, private=private, root=str(message["In-Reply-To"] or "").strip())


def without_trace(entry: Entry, sent: Sent, clock: Clock, where: str) -> bool | None:
    """As Outbox.find, of a mail that lies nowhere in its mailbox; `where` names the server in an error.

    Of a draft that is gone nothing is said for a while, since Sent Items may come late: that raises a temporary
    ProviderError.
    """
    if not entry.draft:
        return False  # it was never so much as a draft
    if clock.now() - datetime.fromisoformat(entry.at) < SETTLED:
        what = f"{where}, mailbox {entry.mailbox}: a draft of ours is gone and not in Sent Items yet"
        raise ProviderError(f"{what}; it is looked for again", retry_after=SETTLED / 5)
    log.warning("a draft is gone and was not sent", extra={"to": entry.to, "mailbox": entry.mailbox})
    sent.keep(replace(entry, draft=""))
    return None


def addresses(message: EmailMessage, *fields: str) -> list[str]:
    """The bare addresses in these headers, in lower case."""
    said = [str(value) for name in fields for value in message.get_all(name, [])]
    return [address.lower() for _, address in getaddresses(said) if address]


def _is_private(service: Service, mailbox: str, answered: list[str]) -> bool:
    """Whether what answers it is for a person: Reply-To names one, and no address of careermail's."""
    own = not service.as_manager and service.address.lower() in answered
    return bool(answered) and not (own or addressed(service, mailbox, answered, ""))
