"""What is taken of people's time: GetUserAvailability, which tells it of everybody in the organisation, and no more.

https://learn.microsoft.com/exchange/client-developer/web-service-reference/getuseravailability-operation
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from careermail.model import A_DAY, Busy, Person
from careermail.providers import Window
from careermail.providers.exchange.account import Mailboxes
from careermail.providers.exchange.calendar_held import Held, utc

if TYPE_CHECKING:
    from exchangelib import Account
    from exchangelib.properties import TimeZone

DAYS = 60  # a server refuses more than 62 at once
# What it answers about somebody whom it does not know, or whose time we may not see: no calendar, and no failure.
UNSEEN = {"ErrorMailRecipientNotFound", "ErrorNoFreeBusyAccess", "ErrorAccessDenied", "ErrorNonExistentMailbox"}
TAKEN = {"Tentative", "Busy", "OOF"}  # not Free, WorkingElsewhere or NoData


def taken(mailboxes: Mailboxes, people: list[Person], window: Window, organizer: str = "") -> Iterator[Busy]:
    """What takes up these people's time in a window. Whoever cannot be seen is absent. Raises ProviderError.

    It is what the organizer may see, if one is given by their mail address; else our own login.
    """
    first, parts = _day(window[0]), _parts(window)
    for part in parts if people else ():
        for one in _asked(mailboxes, people, part, organizer):
            told_before = one.start < part[0] != first
            if one.start < window[1] and one.end > window[0] and not told_before:
                yield one


def _day(when: datetime) -> datetime:
    return when.replace(hour=0, minute=0, second=0, microsecond=0)


def _parts(window: Window) -> list[Window]:
    """Whole days (UTC), as many at once as a server answers about."""
    start, end = _day(window[0]), _day(window[1] - timedelta.resolution) + A_DAY
    count = -(-(end - start) // (DAYS * A_DAY))
    starts = [start + n * DAYS * A_DAY for n in range(count)]
    return [(each, min(each + DAYS * A_DAY, end)) for each in starts]


def _asked(mailboxes: Mailboxes, people: list[Person], part: Window, organizer: str) -> Iterator[Busy]:
    with mailboxes.open(organizer or people[0].email) as account:
        answers = list(_call(account, [person.email for person in people], part, impersonate=bool(organizer)))
    for person, answer in zip(people, answers, strict=True):
        if isinstance(answer, Exception) and type(answer).__name__ not in UNSEEN:
            with mailboxes.told(person.email):
                raise answer
        for one in getattr(answer, "calendar_events", None) or ():
            if one.busy_type in TAKEN:
                yield Busy(person.email, utc(one.start), utc(one.end))


def _call(account: Account, addresses: list[str], part: Window, *, impersonate: bool) -> Iterator[Any]:
    """One answer for each: a FreeBusyView, or the library's error, of which one keeps nobody else's from being told."""
    from exchangelib import IMPERSONATION, UTC, EWSDateTime
    from exchangelib.errors import ResponseMessageError
    from exchangelib.properties import FreeBusyViewOptions, MailboxData, TimeWindow
    from exchangelib.services import GetUserAvailability

    class Availability(GetUserAvailability):  # type: ignore[misc]
        ERRORS_TO_CATCH_IN_RESPONSE = ResponseMessageError
        # The library asks for it as whoever has logged in, who may have no mailbox at all.
        if impersonate and account.access_type == IMPERSONATION:
            _account_to_impersonate = account.identity

    start, end = (EWSDateTime.from_datetime(when.replace(tzinfo=UTC)) for when in part)
    answers: Iterator[Any] = Availability(account.protocol).call(
        tzinfo=UTC,
        mailbox_data=[MailboxData(email=one, attendee_type="Required", exclude_conflicts=False) for one in addresses],
        timezone=_utc(),
        free_busy_view_options=FreeBusyViewOptions(
            time_window=TimeWindow(start=start, end=end), requested_view="FreeBusy"
        ),
    )
    return answers


def _utc() -> TimeZone:
    """UTC as this operation has zones: with two changes of the clocks a year, of no minutes."""
    from datetime import time

    from exchangelib.properties import DaylightTime, StandardTime, TimeZone

    at = {"bias": 0, "time": time(2), "weekday": "Sunday", "occurrence": 5}
    return TimeZone(
        bias=0, standard_time=StandardTime(iso_month=10, **at), daylight_time=DaylightTime(iso_month=3, **at)
    )


def labelled(found: Iterable[Busy], held: Iterable[Held], window: Window) -> Iterator[Busy]:
    """The same, with the UID of each session of ours: nothing but its hour tells which it is.

    One session stands for one hour in each person's calendar, so that something else at that hour is still seen.
    """
    ours = defaultdict[tuple[str, datetime, datetime], list[str]](list)
    for each in held:
        for session in each.instances(window):
            for who in (each.organizer.email.lower(), *each.asked):
                ours[who, session.start, session.end].append(each.uid)
    for one in found:
        uids = ours[one.email.lower(), one.start, one.end]
        yield replace(one, uid=uids.pop()) if uids else one
