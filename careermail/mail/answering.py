"""What attendees answered, put where it belongs: into the copy that they were told, then the organizer's. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from careermail.mail import edits
from careermail.mail.expand import originals
from careermail.mail.itip import ANSWERED, ASKED, asked_times, before, instance, is_over, name_of
from careermail.mail.vevent import address, all_parts, answers, instance_of, moment, parts, recurs, starts
from careermail.model import A_DAY, Rsvp, stamp

if TYPE_CHECKING:
    from icalendar import Calendar
    from icalendar import Event as Component


def asked_about(told: Calendar, uid: str, rsvp: Rsvp) -> Component | None:
    """The VEVENT of a told copy that an answer is about, made if the rule alone speaks for it.

    None where there is none, or where the answer is older than the times that stand in it.
    """
    one = None if is_over(told, uid) else _named(told, uid, rsvp.recurrence_id)
    return one if one is not None and rsvp.sequence >= int(str(one.get(ASKED, 0))) else None


def take(told: Calendar, uid: str, rsvp: Rsvp) -> bool:
    """Put an answer into a told copy (changed in place); False where it is about nothing in it, or older than that."""
    one = asked_about(told, uid, rsvp)
    if one is None:
        return False
    # Whoever sends somebody else to such a conversation does not come.
    said = "DECLINED" if rsvp.partstat == "DELEGATED" else rsvp.partstat
    both = [one] if instance_of(one) is not None else all_parts(told, uid)
    fresh = [each for each in both if not rsvp.stamp or str(each.get(ANSWERED, "")) <= rsvp.stamp]
    for each in fresh:
        say(each, rsvp.attendee, said)
        each[ANSWERED] = rsvp.stamp
    return bool(fresh)


def say(one: Component, who: str, partstat: str) -> bool:
    """Let a VEVENT say what somebody answered; whether that is news."""
    mine = [attendee for attendee in one.attendees if address(attendee) == who]
    news = any(answers(one)[who] != partstat for _ in mine)
    for attendee in mine:
        attendee.params["PARTSTAT"] = partstat
    return news


def _named(calendar: Calendar, uid: str, name: str) -> Component | None:
    master, _ = parts(calendar, uid)
    if not name or (master is not None and not recurs(master)):
        return master
    exact = [name] if name.endswith("Z") else []
    with suppress(LookupError, ValueError, OverflowError):  # a stranger may name a day that no calendar has
        for candidate in dict.fromkeys((*exact, *_of_that_day(master, name))):
            if instance(calendar, uid, candidate) is not None:
                return edits.exception(calendar, uid, candidate, UTC)
    return None


def _of_that_day(master: Component | None, name: str) -> Iterator[str]:
    """The instance of the day that an answer names: programs write a floating time, or none but the day."""
    if master is None:
        return
    first = starts(master)
    zone = (first.tzinfo if isinstance(first, datetime) else None) or UTC
    shape = "%Y%m%d" if len(name) == len("20270413") else "%Y%m%dT%H%M%S"
    named = datetime.strptime(name.removesuffix("Z"), shape).replace(tzinfo=UTC if name.endswith("Z") else zone)
    window = (named.astimezone(UTC) - A_DAY, named.astimezone(UTC) + timedelta(days=2))
    for when in originals(master, window):
        at = moment(when, UTC)
        if at.astimezone(zone).date() == named.astimezone(zone).date():
            yield stamp(at)


def follow(ours: Calendar, told: Calendar, uid: str, who: str) -> bool:
    """Let the organizer's calendar (changed in place) say what an attendee answered; whether that changed anything.

    An answer is about the times that were told: where the organizer's calendar has others, there is none yet.
    """
    if is_over(ours, uid) or is_over(told, uid):
        return False
    news = [_follow(one, before(told, uid, one), who) for one in all_parts(ours, uid)]
    known = {name_of(one) for one in all_parts(ours, uid)}
    for theirs in all_parts(told, uid):
        mine = instance(ours, uid, name_of(theirs)) if name_of(theirs) not in known else None
        if mine is not None and answers(mine).get(who) != answers(theirs).get(who):
            news.append(_follow(edits.exception(ours, uid, name_of(theirs), UTC), theirs, who))
    return any(news)


def _follow(mine: Component, theirs: Component | None, who: str) -> bool:
    same = theirs is not None and asked_times(theirs) == asked_times(mine)
    said = answers(theirs).get(who, "NEEDS-ACTION") if same and theirs is not None else "NEEDS-ACTION"
    return say(mine, who, said)
