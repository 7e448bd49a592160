"""Topics -> a mail: the rendered words as an EmailMessage, with the headers that DESIGN.md, 9 asks for."""

from collections.abc import Sequence
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from typing import Any

from careermail.mail.check import template_problems
from careermail.mail.escape import plain
from careermail.mail.render import render
from careermail.mail.templates import KINDS
from careermail.model import Person, Service, Topic, opaque

__all__ = ["KINDS", "compose", "template_problems"]


def compose(  # noqa: PLR0913 (each is a thing of its own; the last three are named)
    service: Service, kind: str, to: Person, topics: Sequence[Topic], *, message_id: str, key: str, now: datetime
) -> EmailMessage:
    """The mail of this kind to one person about these topics, ready to be handed to an outbox.

    `message_id` is the whole header with its angle brackets, `key` the effect's own key, `now` aware. The same
    arguments make the same mail, byte for byte. Raises ConfigError where a template does not render.
    """
    words = render(service, kind, to, topics, now)
    message = EmailMessage(policy=SMTP)
    for name, value in _headers(service, kind, to, topics).items():
        message[name] = value
    message["Subject"] = words.subject
    message["Date"] = now
    message["Message-ID"] = message_id
    message["X-Careermail-Key"] = opaque(key)
    # Quoted-printable because it passes every server unchanged and is still readable on disk.
    message.set_content(words.text, cte="quoted-printable")
    message.add_alternative(words.html, subtype="html", cte="quoted-printable")
    message["Content-Language"] = words.language  # only now: new content takes the old Content- headers away
    message.set_boundary(f"=_{opaque(message_id)}")
    return message


def _headers(service: Service, kind: str, to: Person, topics: Sequence[Topic]) -> dict[str, Any]:
    """From, To, Reply-To, the thread, and what tells other machines that this is one (RFC 3834, 5)."""
    headers: dict[str, Any] = {
        "From": _sender(service, kind, topics),
        "To": _address(to.name, to.email),
        "Auto-Submitted": "auto-generated",
        "X-Careermail-Kind": kind,
    }
    if managers := _answered_by(kind, to, topics):
        headers["Reply-To"] = [_address(manager.name, manager.email) for manager in managers]
    if root := _root(service, topics):
        headers |= {"In-Reply-To": root, "References": root}
    return headers


def _address(name: str, email: str) -> Address:
    return Address(display_name=plain(name).strip(), addr_spec=email)


def _sender(service: Service, kind: str, topics: Sequence[Topic]) -> Address:
    managers = {topic.series.manager.name for topic in topics}
    single = kind != "alarm" and len(managers) == 1
    return _address(f"{managers.pop()} via {service.name}" if single else service.name, service.address)


def _answered_by(kind: str, to: Person, topics: Sequence[Topic]) -> list[Person]:
    """Whom an answer reaches: a report's goes to their manager, so that a human being reads it."""
    if kind == "alarm":
        return []
    return list(dict.fromkeys(t.series.manager for t in topics if t.series.report.email == to.email))


def _root(service: Service, topics: Sequence[Topic]) -> str:
    """The Message-ID that all mails about one session refer to, never sent: so they are a thread (RFC 5322, 3.6.4)."""
    sessions = {f"{topic.series.key}/{topic.occurrence.id}" for topic in topics if topic.occurrence}
    one = len(sessions) == 1 and all(topic.occurrence for topic in topics)
    return f"<{opaque(sessions.pop())}@{service.domain}>" if one else ""
