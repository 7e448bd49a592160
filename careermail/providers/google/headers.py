"""The few headers by which mails are known: those of ours, and those that answer us. Pure."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping
from email.utils import getaddresses
from typing import Any

from careermail.mail.addressed import addressed
from careermail.model import Service

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
        said = [value for name in names for value in self._headers[name.lower()]]
        return [address.lower() for _, address in getaddresses(said) if address]

    @property
    def thread_ids(self) -> list[str]:
        """The Message-IDs that it refers to, the nearest last."""
        return _ID.findall(" ".join([*self._headers["references"], *self._headers["in-reply-to"]]))

    @property
    def is_report(self) -> bool:
        """Whether a mail server wrote it, about a mail that it could not deliver (RFC 6522)."""
        kind = self.first("Content-Type").lower()
        return kind.startswith("multipart/report") and "delivery-status" in kind


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
