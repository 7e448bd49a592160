"""What calendar programs send back by mail (RFC 5546, 3.2.3 and 3.2.7; RFC 6047), of whatever make. Pure.

Anybody can write to us, so nothing here trusts what it reads: whatever is odd is no answer, and nothing raises.
"""

from __future__ import annotations

import re
import warnings
from contextlib import suppress
from datetime import UTC, datetime, timedelta, tzinfo
from email.message import EmailMessage, Message
from email.utils import parseaddr
from itertools import islice
from typing import TYPE_CHECKING, Any

from careermail.mail.escape import plain
from careermail.mail.vevent import address, instance_of, is_timed, moment, sequence, span, starts, uid
from careermail.model import A_DAY, Rsvp, stamp

if TYPE_CHECKING:
    from icalendar import Event as Component

CALENDARS = {"text/calendar", "application/ics", "text/x-vcalendar"}
LONGEST = 200_000  # bytes of a calendar part: an answer has a few thousand
MOST_PARTS = 30  # of a mail: an answer has three or four
LONGEST_COMMENT = 2000
YEARS = range(2000, 2200)  # that a meeting can be in
PARTSTATS = {"ACCEPTED", "DECLINED", "TENTATIVE", "DELEGATED", "NEEDS-ACTION"}
# A zone's rule as programs write it: one day a year. Others would be worked out for centuries, and keep us busy.
_TAME = re.compile(r"(?:;?(?:FREQ=YEARLY|(?:INTERVAL|BYMONTH)=1?\d|BYDAY=[-+]?\d[A-Z]{2}|UNTIL=\w+|WKST=[A-Z]{2}))+")
_ZONE = re.compile(r"BEGIN:VTIMEZONE.*?END:VTIMEZONE\r?\n?", re.DOTALL | re.IGNORECASE)
_RULE = re.compile(r"^RRULE[^:\n]*:(.*?)\r?$", re.MULTILINE | re.IGNORECASE)
_MOST_RULES = 40


def rsvp(message: EmailMessage) -> Rsvp | None:
    """What a mail answers to an invitation of ours: a REPLY, or a COUNTER; None for any other mail.

    `attendee` is whom the calendar part says to answer: it counts only if the mail comes from that address, which the
    reader of the mailbox checks along with where the mail really comes from. A RECURRENCE-ID without a zone is left as
    it is written ("20270413T100000", "20270413"): in the zone of the event, which the answer does not tell.
    """
    try:
        sender = parseaddr(str(message.get("From", "")))[1].lower()
        return next((found for part in islice(message.walk(), MOST_PARTS) if (found := _of_part(part, sender))), None)
    except Exception:  # noqa: BLE001 (what strangers send breaks the libraries in more ways than can be listed)
        return None


def _of_part(part: Message, sender: str) -> Rsvp | None:
    name = str(part.get_filename() or "").lower()
    if part.is_multipart() or not (part.get_content_type() in CALENDARS or name.endswith(".ics")):
        return None
    content = part.get_payload(decode=True)
    if not isinstance(content, bytes) or len(content) > LONGEST:
        return None
    try:
        text = content.decode(part.get_content_charset("utf-8"), "replace")
    except LookupError:  # no such charset
        text = content.decode("utf-8", "replace")
    with suppress(Exception):  # one part that cannot be read must not hide another: the same is often sent twice
        return _of_calendar(text, str(part.get_param("method", "")), sender)
    return None


def _of_calendar(text: str, method: str, sender: str) -> Rsvp | None:
    from icalendar import Calendar

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of guesses at what names of zones mean
        calendar = Calendar.from_ical(_ZONE.sub(lambda zone: zone[0] if _is_tame(zone[0]) else "", text))
    method = str(calendar.get("METHOD", method)).upper()
    events = sorted(calendar.events, key=lambda one: instance_of(one) is not None)
    if method not in {"REPLY", "COUNTER"} or not events:
        return None
    one = events[0]  # of several, the one that speaks for the whole
    who = _answering(one, sender)
    partstat = str(who.params.get("PARTSTAT", "")).upper() if who is not None else ""
    unclear = any(name == "RECURRENCE-ID" for name, _ in one.errors)  # then it would pass for an answer to all
    if who is None or not uid(one) or unclear or (method == "REPLY" and partstat not in PARTSTATS):
        return None
    return Rsvp(
        attendee=address(who),
        uid=uid(one),
        recurrence_id=_instance(one),
        partstat=partstat if method == "REPLY" else "",
        sequence=max(sequence(one), 0),
        stamp=_stamp(one),
        comment=_comment(one, who),
        proposed=_proposed(one) if method == "COUNTER" else None,
    )


def _is_tame(zone: str) -> bool:
    rules = _RULE.findall(re.sub(r"\r?\n[ \t]", "", zone))
    return len(rules) <= _MOST_RULES and all(_TAME.fullmatch(rule.upper()) for rule in rules)


def _answering(one: Component, sender: str) -> Any:
    """The ATTENDEE who answers: the sender, where a program lists others too."""
    own = [attendee for attendee in one.attendees if address(attendee) == sender]
    both = own or list(one.attendees)
    return both[0] if len(both) == 1 or own else None


def _instance(one: Component) -> str:
    when = instance_of(one)
    if when is None:
        return ""
    if not isinstance(when, datetime):
        return f"{when:%Y%m%d}"
    zone = when.tzinfo or _zone(one)
    return stamp(moment(when, zone)) if zone else f"{when:%Y%m%dT%H%M%S}"


def _zone(one: Component) -> tzinfo | None:
    """What a time without a zone is most likely meant in: DTSTART's."""
    zone = getattr(getattr(_value(one, "DTSTART"), "dt", None), "tzinfo", None)
    return zone if isinstance(zone, tzinfo) and str(zone) != "UTC" else None


def _value(one: Component, name: str) -> Any:
    return one.get(name)


def _stamp(one: Component) -> str:
    said = getattr(_value(one, "DTSTAMP"), "dt", None)
    return stamp(moment(said, UTC)) if isinstance(said, datetime) else ""


def _comment(one: Component, who: Any) -> str:
    """What they wrote with it, on one line."""
    said = one.get("COMMENT", "")
    lines = [str(part) for part in said] if isinstance(said, list) else [str(said)]
    return plain(" ".join([*lines, str(who.params.get("X-RESPONSE-COMMENT", ""))])).strip()[:LONGEST_COMMENT]


def _proposed(one: Component) -> tuple[datetime, datetime] | None:
    """The time that a COUNTER asks for, in UTC; None where it names no hour of ours, or no zone that we know."""
    if "DTSTART" not in one or not is_timed(one):
        return None
    zone = getattr(starts(one), "tzinfo", None)
    if zone is None:
        return None
    start, length = span(one, zone)
    return (start, start + length) if timedelta() < length <= A_DAY and start.year in YEARS else None
