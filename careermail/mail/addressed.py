"""Which mails in a manager's own mailbox are for careermail, by their addresses and subject alone. Pure.

An answer in a thread of ours is known by its thread (providers/shelf/sent.py); what is here are the others: answers
that a button began, and what a manager writes of their own accord. Nothing else of a mail is asked for until one of
these says that it is for us, so that no other mail in the mailbox is opened.
"""

from collections.abc import Iterable

from careermail.mail.tokens import IN_SUBJECT, read
from careermail.model import Service

DESK = "careermail"  # name+careermail@example.com reaches careermail in a mailbox of somebody called name


def addressed(service: Service, mailbox: str, recipients: Iterable[str], subject: str) -> bool:
    """Whether a mail is for careermail. `mailbox` is the manager's address; recipients are bare addresses.

    Where plus addresses reach nobody (Service.tags), it is what names careermail first in its subject.
    """
    if IN_SUBJECT.search(subject) or (not service.tags and subject.strip().lower().startswith(DESK)):
        return True
    name, _, domain = mailbox.lower().rpartition("@")
    parted = (one.strip().lower().rpartition("@") for one in recipients)
    tags = (local.removeprefix(f"{name}+") for local, _, at in parted if at == domain and local.startswith(f"{name}+"))
    return any(tag == DESK or read(service, tag) is not None for tag in tags)
