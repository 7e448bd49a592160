"""Topics -> a mail: the rendered words as an EmailMessage, with the headers that DESIGN.md, 9 asks for."""

import re
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from email.headerregistry import Address, BaseHeader, HeaderRegistry, UnstructuredHeader
from email.message import EmailMessage
from email.policy import SMTP, Policy
from functools import cache
from typing import TYPE_CHECKING, Any

from careermail.mail.check import template_problems
from careermail.mail.escape import plain
from careermail.mail.render import Answer, render
from careermail.mail.templates import KINDS
from careermail.mail.tokens import issue, tagged
from careermail.model import Person, Series, Service, Topic, opaque

if TYPE_CHECKING:
    from careermail.mail.replies import Received

__all__ = ["BETWEEN_THEM", "KINDS", "compose", "template_problems"]

_A_MONTH, _A_YEAR = timedelta(days=30), timedelta(days=365)
BETWEEN_THEM = {"prompt", "contract"}  # what a report answers to these is for the manager alone
_A_MESSAGE_ID = re.compile(r"<[!-;=?-~]{1,900}>")  # of somebody else's making: one line of ASCII, or it is not used


class _MessageIDs(UnstructuredHeader, BaseHeader):
    """Message-IDs, one to a line: the plain header encodes one that is too long for a line (RFC 2047), and tears it."""

    def fold(self, *, policy: Policy) -> str:
        return f"{self.name}: {f'{policy.linesep} '.join(self.split())}{policy.linesep}"


class _Headers(HeaderRegistry):
    """Header classes by name, each made once: the library makes one anew whenever it looks, 40 times a mail."""

    __getitem__ = cache(HeaderRegistry.__getitem__)


_HEADERS = _Headers()
_HEADERS.map_to_type("in-reply-to", _MessageIDs)
_HEADERS.map_to_type("references", _MessageIDs)
_POLICY = SMTP.clone(header_factory=_HEADERS)


def compose(  # noqa: PLR0913 (each is a thing of its own; the last three are named)
    service: Service, kind: str, to: Person, topics: Sequence[Topic], *, message_id: str, key: str, now: datetime
) -> EmailMessage:
    """The mail of this kind to one person about these topics, ready to be handed to an outbox.

    `message_id` is the whole header with its angle brackets, as `tokens` makes it; `key` the effect's own key; `now`
    aware. The same arguments make the same mail, byte for byte. Raises ConfigError where a template does not render.
    """
    desk = service.desk(topics[0].series.manager.email) if kind != "alarm" else service.address
    token = issue(service, message_id, to.email, kind, _last_day(topics, now))
    answer_to = tagged(service, desk, token)
    words = render(service, kind, to, topics, now, answer=Answer(answer_to, token if answer_to == desk else ""))
    message = EmailMessage(policy=_POLICY)
    for name, value in _headers(service, kind, to, topics, answer_to).items():
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


def hand_on(  # noqa: PLR0913 (the last three are named)
    service: Service, series: Series, mail: "Received", raw: bytes, *, proven: bool, message_id: str, now: datetime
) -> EmailMessage:
    """What a report wrote to us and meant for the manager: to be read as text, and beside it whole, as it came.

    It says so where it is not `proven` that they wrote it.
    """
    topic = Topic(series, subject=mail.subject, note=mail.text, what="" if proven else "unproven")
    message = compose(service, "forward", series.manager, [topic], message_id=message_id, key=message_id, now=now)
    # As a file, because what came may break every rule by which a message can hold another (RFC 2046, 5.2.1).
    message.add_attachment(raw, maintype="application", subtype="octet-stream", filename="note.eml")
    return message


def _last_day(topics: Sequence[Topic], now: datetime) -> date:
    """Until when the mail can be answered: a month into the time after the next session, and a year at most."""
    following = [topic.following or now + _A_YEAR for topic in topics]
    return min(now + _A_YEAR, max(*following, now) + _A_MONTH).date()


def _headers(service: Service, kind: str, to: Person, topics: Sequence[Topic], answer_to: str) -> dict[str, Any]:
    """From, To, Reply-To, the thread, and what tells other machines that this is one (RFC 3834, 5)."""
    headers: dict[str, Any] = {
        "From": _sender(service, kind, to, topics),
        "To": _address(to.name, to.email),
        "Auto-Submitted": "auto-generated",
        "X-Careermail-Kind": kind,
    }
    if kind != "alarm" and (reply_to := _reply_to(service, kind, to, topics[0], answer_to)):
        headers["Reply-To"] = reply_to
    if thread := _thread(service, topics):
        headers |= {"In-Reply-To": thread, "References": thread}
    return headers


def _address(name: str, email: str) -> Address:
    return Address(display_name=plain(name).strip(), addr_spec=email)


def _sender(service: Service, kind: str, to: Person, topics: Sequence[Topic]) -> Address:
    manager = topics[0].series.manager
    if kind == "alarm" or any(topic.series.manager != manager for topic in topics):
        return _address(service.name, service.address)
    if service.as_manager:
        return _address(service.name if to == manager else manager.name, manager.email)
    return _address(f"{manager.name} via {service.name}", service.address)


def _reply_to(service: Service, kind: str, to: Person, topic: Topic, answer_to: str) -> Address | None:
    """Whom an answer goes to; None for whoever sends it. Where it names a person, what answers it is never opened."""
    if person := _answered_by(kind, to, topic):
        return _address(person.name, person.email)
    return _address(service.name, answer_to) if answer_to != topic.series.manager.email else None


def _answered_by(kind: str, to: Person, topic: Topic) -> Person | None:
    """The one whom an answer reaches unread, where it is between the two of them; None where it is for us."""
    if kind == "forward":
        return topic.series.report
    return topic.series.manager if kind in BETWEEN_THEM and to.email == topic.series.report.email else None


def _thread(service: Service, topics: Sequence[Topic]) -> str:
    """The Message-ID of the mail that this one answers, or else of its session's thread; "" for none."""
    asked = topics[0].reply if len(topics) == 1 else ""
    return asked if _A_MESSAGE_ID.fullmatch(asked) else _root(service, topics)


def _root(service: Service, topics: Sequence[Topic]) -> str:
    """The Message-ID that all mails about one session refer to, never sent: so they are a thread (RFC 5322, 3.6.4)."""
    sessions = {f"{topic.series.key}/{topic.occurrence.id}" for topic in topics if topic.occurrence}
    one = len(sessions) == 1 and all(topic.occurrence for topic in topics)
    return f"<{opaque(sessions.pop())}@{service.domain}>" if one else ""
