"""What a server that schedules, and one that does not, write beside an attendee (RFC 6638, 7). Pure."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC
from typing import TYPE_CHECKING

from careermail.mail.invite import number
from careermail.mail.vevent import (
    address,
    all_parts,
    answers,
    excluded,
    instance_of,
    is_opaque,
    key,
    organizer,
    parts,
    sequence,
    starts,
)

if TYPE_CHECKING:
    from icalendar import Calendar

STATUS, FORCE, AGENT = "SCHEDULE-STATUS", "SCHEDULE-FORCE-SEND", "SCHEDULE-AGENT"
UNREACHED = ("3.7", "3.8", "5.")  # not a user, no right to invite them, could not be delivered (3.2.9)


def plain(calendar: Calendar) -> Calendar:
    """The calendar (changed in place) without what is said of the delivery of its invitations.

    Nor with a TRANSP that says what goes without saying: Cyrus 3.6 would write it twice into attendees' copies, and
    then refuse what their programs make of them.
    """
    for one in calendar.events:
        if is_opaque(one):
            one.pop("TRANSP", None)
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


def drops(held: Calendar, made: Calendar, uid: str) -> bool:
    """Whether exceptions are gone, and not by being cancelled: the series has other times, and nothing is left of them.

    Then `made` is numbered as what follows a cancellation.
    """
    kept = {str(instance_of(one)) for one in all_parts(made, uid)}
    lost = [one for one in parts(held, uid)[1] if str(instance_of(one)) not in kept]
    master = parts(made, uid)[0]
    if master is None or not any(
        key(instance_of(one) or starts(one), UTC) not in excluded(master, UTC) for one in lost
    ):
        return False
    for one in all_parts(made, uid):
        number(one, sequence(one) + 1)
    return True


def begun(calendar: Calendar, uid: str) -> Calendar:
    """The calendar (changed in place), its SEQUENCE beginning at 1.

    Cyrus 3.6 invites to a new event as if it began there, and would not announce a first change that is no higher.
    """
    for one in all_parts(calendar, uid):
        if not sequence(one):
            number(one, 1)
    return calendar


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
