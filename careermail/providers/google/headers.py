"""The few headers by which mails are known: those of ours, and those that answer us. Pure."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from email.utils import getaddresses
from typing import Any

from careermail.mail.addressed import addressed
from careermail.mail.tokens import read
from careermail.model import Service, opaque

MARK = "X-Careermail-Mail"  # Gmail gives each mail a Message-ID of its own, and leaves this one alone
# All that is asked for of a mail before it is known to be for us.
WATCHED = ("From", "To", "Cc", "Subject", "Message-ID", "In-Reply-To", "References", "Content-Type", MARK)
_ID = re.compile(r"<[^<>\s]{1,900}>")


class Head:
    """What Gmail told of a message, in `format=metadata`, as far as it was asked."""

    def __init__(self, told: Mapping[str, Any]) -> None:
        self._headers: defaultdict[str, list[str]] = defaultdict(list)
        for header in told.get("payload", {}).get("headers", ()):
            self._headers[header["name"].lower()].append(header["value"])
        self.id, self.thread = str(told["id"]), str(told.get("threadId", ""))
        self.labels = frozenset(told.get("labelIds", ()))
        self.at = int(told.get("internalDate", 0))  # milliseconds since 1970

    def first(self, name: str) -> str:
        """A header's value; "" where there is none."""
        return next(iter(self._headers[name.lower()]), "").strip()

    def addresses(self, *names: str) -> list[str]:
        """The bare addresses in these headers, in lower case."""
        return addresses(value for name in names for value in self._headers[name.lower()])

    @property
    def thread_ids(self) -> list[str]:
        """The Message-IDs that it refers to, the nearest last."""
        return _ID.findall(" ".join([*self._headers["references"], *self._headers["in-reply-to"]]))

    @property
    def is_report(self) -> bool:
        """Whether a mail server wrote it, about a mail that it could not deliver (RFC 6522)."""
        kind = self.first("Content-Type").lower()
        return kind.startswith("multipart/report") and "delivery-status" in kind


def mark_of(message_id: str, to: str) -> str:
    """What marks a mail of ours, in whatever mailbox it lies."""
    return opaque(f"{message_id} {to.lower()}")


def addresses(fields: Iterable[str]) -> list[str]:
    """The bare addresses in headers' values, in lower case."""
    return [address.lower() for _, address in getaddresses(list(fields)) if address]


def is_private(reply_to: Iterable[str], service: Service) -> bool:
    """Whether an answer to a mail of ours goes from one person to another: by whom its Reply-To names."""
    return any(read(service, address.rpartition("@")[0].rpartition("+")[2]) is None for address in reply_to)


def names_us(head: Head, service: Service, mailbox: str, *, own: bool) -> bool:
    """Whether a mail is addressed to us, in a manager's mailbox or in our `own`."""
    recipients = head.addresses("To", "Cc")
    if own and any(_untagged(one) == service.address for one in recipients):
        return True
    return addressed(service, mailbox, recipients, head.first("Subject"))


def to_itself(head: Head, mailbox: str) -> bool:
    """Whether a mail is addressed to this mailbox, with a tag or without."""
    return any(_untagged(one) == mailbox for one in head.addresses("To", "Cc"))


def _untagged(address: str) -> str:
    name, _, domain = address.rpartition("@")
    return f"{name.partition('+')[0]}@{domain}"
