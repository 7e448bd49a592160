"""An iTIP message as a mail (RFC 6047): words for people, and the calendar twice, for programs of either habit."""

from __future__ import annotations

from datetime import UTC, datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from typing import TYPE_CHECKING

from careermail.mail.escape import plain
from careermail.mail.invite import text
from careermail.mail.render import render
from careermail.mail.vevent import address, instance_of, moment, organizer, span, starts
from careermail.model import Conversation, Occurrence, Person, Series, Service, Topic, opaque

if TYPE_CHECKING:
    from icalendar import Calendar
    from icalendar import Event as Component

KIND = "invitation"


def invitation(service: Service, message: Calendar, who: str, now: datetime) -> EmailMessage:
    """The mail that carries an iTIP message to one attendee (`who`: their address); `now` is its Date, aware.

    The same message to the same person has the same Message-ID. Raises ConfigError where the template does not render.
    """
    content = text(message)
    method = str(message["METHOD"])
    to, topic = _topic(message, who)
    words = render(service, KIND, to, [topic], now)
    mail = EmailMessage(policy=SMTP)
    for name, value in _headers(service, to, topic, opaque(f"{who}\n{content.decode()}")).items():
        mail[name] = value
    mail["Subject"], mail["Date"] = words.subject, now
    mail.set_content(words.text, cte="quoted-printable")
    mail.add_alternative(words.html, subtype="html", cte="quoted-printable")
    mail.add_alternative(content.decode(), subtype="calendar", params={"method": method}, cte="base64")
    mail.set_boundary(f"=_a{opaque(str(mail['Message-ID']))}")
    mail.add_attachment(
        content, maintype="application", subtype="ics", filename="invite.ics", params={"method": method}
    )
    mail.set_boundary(f"=_m{opaque(str(mail['Message-ID']))}")
    mail["Content-Language"] = words.language  # only now: new content takes the old Content- headers away
    return mail


def _headers(service: Service, to: Person, topic: Topic, name: str) -> dict[str, object]:
    uid = topic.occurrence.uid if topic.occurrence else ""
    root = f"<{opaque(uid)}@{service.domain}>"  # never sent: all mails about one event refer to it, and are a thread
    return {
        "From": Address(plain(f"{topic.series.manager.name} via {service.name}"), addr_spec=service.address),
        "To": Address(plain(to.name), addr_spec=to.email),
        "Message-ID": f"<{name}@{service.domain}>",
        "In-Reply-To": root,
        "References": root,
        "Auto-Submitted": "auto-generated",
        "X-Careermail-Kind": KIND,
    }


def _topic(message: Calendar, who: str) -> tuple[Person, Topic]:
    """Its reader, and what its words are about: the zone is the event's, since a calendar knows no other."""
    one = message.events[0]
    zone, language = _zone(one), str(one["SUMMARY"].params.get("LANGUAGE", "en")) if "SUMMARY" in one else "en"
    people = [Person(_name(a), address(a), zone, language) for a in one.attendees]
    chair = Person(str(one["ORGANIZER"].params.get("CN", "")) or organizer(one), organizer(one), zone, language)
    manager = next((person for person in people if person.name == chair.name), chair)
    to = next((person for person in people if person.email == who), Person(who, who, zone, language))
    report = to if to != manager else next((person for person in people if person != manager), manager)
    return to, Topic(
        Series(manager, report, Conversation(rrule=str(one["RRULE"]) if "RRULE" in one else "")),
        _session(one),
        what=_what(message, one),
        following=_end(one),
        subject=str(one.get("SUMMARY", "")),
        note=str(one.get("DESCRIPTION", "")),
    )


def _name(attendee: object) -> str:
    return plain(getattr(attendee, "params", {}).get("CN", "")).strip() or address(attendee)


def _zone(one: Component) -> str:
    first = starts(one)
    return str(getattr(first.tzinfo, "key", "UTC")) if isinstance(first, datetime) else "UTC"


def _session(one: Component) -> Occurrence:
    start, length = span(one, UTC)
    return Occurrence(str(one["UID"]), "", start, start + length)


def _end(one: Component) -> datetime | None:
    """From when on a series brings nothing more, if it ends."""
    ends = [when for rule in one.rrules for when in rule.get("UNTIL", [])]
    return moment(max(ends), UTC) if ends else None


def _what(message: Calendar, one: Component) -> str:
    """As Topic.what: cancelled, moved (one session), changed, or "" for what is new."""
    if str(message["METHOD"]) == "CANCEL":
        return "cancelled"
    if instance_of(one) is not None:
        return "moved"
    return "changed" if one.sequence else ""
