"""What calendar programs do to an .ics file when somebody drags, deletes or answers; times are local and naive."""

from datetime import UTC, datetime, timedelta

from icalendar import Calendar, vCalAddress, vRecur
from icalendar import Event as Component
from scene import MAYA, World

from careermail.model import Person

ZONE = MAYA.zone
KEPT = ("UID", "SUMMARY", "DESCRIPTION", "DTSTAMP", "ORGANIZER", "ATTENDEE", "X-CAREERMAIL-SERIES")


def master(calendar: Calendar) -> Component:
    return next(one for one in calendar.events if "RECURRENCE-ID" not in one)


def exception(calendar: Calendar, when: datetime, to: datetime | None = None) -> Component:
    """One instance on its own, at another time if `to` is given."""
    one = Component({name: value for name, value in master(calendar).items() if name in KEPT})
    one.add("RECURRENCE-ID", when.replace(tzinfo=ZONE))
    one.add("DTSTART", (to or when).replace(tzinfo=ZONE))
    one.add("DURATION", timedelta(hours=1))
    calendar.add_component(one)
    return one


def move_one(calendar: Calendar, when: datetime, to: datetime) -> None:
    exception(calendar, when, to)


def move_following(calendar: Calendar, when: datetime, to: datetime) -> None:
    """As Outlook may write it: one exception that speaks for all that follows."""
    exception(calendar, when, to)["RECURRENCE-ID"].params["RANGE"] = "THISANDFUTURE"


def move_all(calendar: Calendar, start: datetime, rrule: str) -> None:
    _restart(master(calendar), start, rrule)


def _restart(one: Component, start: datetime, rrule: str) -> None:
    one.pop("DTSTART")
    one.add("DTSTART", start.replace(tzinfo=ZONE))
    one["RRULE"] = vRecur.from_ical(rrule)


def cancel_one(calendar: Calendar, when: datetime) -> None:
    master(calendar).add("EXDATE", when.replace(tzinfo=ZONE))


def cancel_by_status(calendar: Calendar, when: datetime | None = None) -> None:
    (exception(calendar, when) if when else master(calendar)).add("STATUS", "CANCELLED")


def end_before(calendar: Calendar, when: datetime) -> None:
    """This and all following are deleted."""
    master(calendar)["RRULE"]["UNTIL"] = [when.replace(tzinfo=ZONE).astimezone(UTC) - timedelta(seconds=1)]


def decline(calendar: Calendar, when: datetime | None = None) -> None:
    """The report says no to one session, or to all."""
    one = exception(calendar, when) if when else master(calendar)
    (asked,) = one.attendees
    answered = vCalAddress(str(asked))
    answered.params.update(asked.params)
    answered.params["PARTSTAT"] = "DECLINED"
    one["ATTENDEE"] = answered


def split(world: World, who: Person, when: datetime, start: datetime, rrule: str) -> None:
    """As Google and Thunderbird write "this and following": the series ends, and another begins under a new UID."""
    path = world.calendar(who)
    following = Calendar.from_ical(path.read_bytes())
    with world.edit(who) as calendar:
        end_before(calendar, when)
    one = master(following)
    one["UID"] = f"{one['UID']}_split"
    _restart(one, start, rrule)
    (path.parent / "split.ics").write_bytes(following.to_ical())
