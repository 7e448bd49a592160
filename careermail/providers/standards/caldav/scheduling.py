"""What a server that schedules, and one that does not, write beside an attendee (RFC 6638, 7). Pure."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from careermail.mail.vevent import address, all_parts, answers, organizer

if TYPE_CHECKING:
    from icalendar import Calendar

STATUS, FORCE, AGENT = "SCHEDULE-STATUS", "SCHEDULE-FORCE-SEND", "SCHEDULE-AGENT"
UNREACHED = ("3.7", "3.8", "5.")  # not a user, no right to invite them, could not be delivered (3.2.9)


def plain(calendar: Calendar) -> Calendar:
    """The calendar (changed in place) without what is said of the delivery of its invitations."""
    for one in calendar.events:
        for attendee in one.attendees:
            for name in (STATUS, FORCE, AGENT):
                attendee.params.pop(name, None)
    return calendar


def attendees(calendar: Calendar | None, uid: str) -> set[str]:
    """The mail addresses of those who are asked to come."""
    both = all_parts(calendar, uid) if calendar is not None else []
    return {who for one in both for who in answers(one) if who != organizer(one)}


def unreached(calendar: Calendar, uid: str) -> dict[str, str]:
    """The attendees whom the server could not tell, by mail address, with the status that it gives."""
    said = {
        address(attendee): str(attendee.params.get(STATUS, "")).split(",")[-1].strip()
        for one in all_parts(calendar, uid)
        for attendee in one.attendees
    }
    return {who: status for who, status in said.items() if status.startswith(UNREACHED)}


def forced(calendar: Calendar, uid: str, whom: Iterable[str]) -> Calendar:
    """The calendar, asking the server to tell these attendees though nothing has changed for them (7.2)."""
    return _saying(calendar, uid, FORCE, "REQUEST", set(whom))


def by_client(calendar: Calendar, uid: str) -> Calendar:
    """The calendar, telling all servers to leave its attendees to us (7.1).

    So nobody is told twice where the calendar moves to a server that schedules, or its server learns to.
    """
    return _saying(calendar, uid, AGENT, "CLIENT", attendees(calendar, uid))


def _saying(calendar: Calendar, uid: str, name: str, value: str, whom: set[str]) -> Calendar:
    made = calendar.copy(recursive=True) if whom else calendar
    for one in all_parts(made, uid) if whom else ():
        for attendee in one.attendees:
            if address(attendee) in whom:
                attendee.params[name] = value
    return made
