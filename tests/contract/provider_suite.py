"""What every provider promises (careermail/providers/__init__.py). A provider's own test inherits this, and opens it.

What is one part of a provider only inherits the suite of that part: CalendarSuite, OutboxSuite or InboxSuite. They
speak through the protocols, and through `Hands`: what people do in their own calendar and mail programs.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from email import message_from_bytes
from email.message import EmailMessage
from typing import Protocol

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from careermail.errors import ProviderError
from careermail.model import Event, Occurrence, Person
from careermail.providers import A_BATCH, LONGEST, Inbox, Provider

MAYA = Person("Maya Lindqvist", "maya@example.com", "Europe/Stockholm")
JONAS = Person("Jonas Weber", "jonas@example.com", "Europe/Berlin")
ANA = Person("Ana Souza", "ana@example.com", "America/Sao_Paulo")

SERIES = Event(
    uid="c0ffee-0@careermail.example.com",
    organizer=MAYA,
    attendees=(JONAS,),
    summary="Jonas and Maya",
    description="An hour set aside, not a 1:1 and not a review.",
    start=datetime(2027, 1, 12, 10),
    minutes=60,
    rrule="FREQ=MONTHLY;INTERVAL=3;BYDAY=2TU",
    marker="5e41e5",
)
SINGLE = replace(SERIES, uid="decaf-1@careermail.example.com", start=datetime(2027, 2, 3, 14), rrule="")

YEAR = (datetime(2027, 1, 1, tzinfo=UTC), datetime(2028, 1, 1, tzinfo=UTC))
JANUARY, APRIL, JULY, OCTOBER = "20270112T090000Z", "20270413T080000Z", "20270713T080000Z", "20271012T080000Z"


def utc(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)  # type: ignore[misc, arg-type]


class CalendarHands(Protocol):
    """What people do in calendars. Times are UTC; `by` is whose program is used, the organizer's or the attendee's."""

    def move_one(self, occurrence: Occurrence, start: datetime, *, by: Person = MAYA) -> None: ...

    def cancel_one(self, occurrence: Occurrence, *, by: Person = MAYA) -> None:
        """Delete one session in the organizer's calendar, or from the attendee's."""

    def decline_one(self, occurrence: Occurrence, *, by: Person = JONAS) -> None: ...

    def decline_all(self, uid: str, *, by: Person = JONAS) -> None: ...

    def move_all(self, uid: str, by_hours: int, *, by: Person = MAYA) -> None: ...

    def split(self, uid: str, since: Occurrence, by_hours: int, *, by: Person = MAYA) -> None:
        """This session and all following: at another hour."""

    def delete_all(self, uid: str, *, by: Person = MAYA) -> None: ...

    def add_busy(self, person: Person, start: datetime | date, end: datetime | date, *, free: bool = False) -> str:
        """Put something else into somebody's calendar; its UID. Naive times and days are the person's own."""

    def sees(self, person: Person, uid: str) -> list[datetime]:
        """When the sessions of an event start that this person's calendar shows as taking place, in 2027."""


class OutboxHands(Protocol):
    def received(self, person: Person) -> list[EmailMessage]:
        """What came for this person, oldest first."""


class InboxHands(Protocol):
    def drop(self, message: bytes) -> None:
        """A mail for careermail arrives."""


class Hands(CalendarHands, OutboxHands, InboxHands, Protocol):
    """What people do. A suite of one part needs the hands of that part alone."""


@dataclass(frozen=True)
class World:
    """A provider and the people around it. Where a server is one part only, the provider's others are never asked."""

    provider: Provider
    hands: Hands

    @property
    def inbox(self) -> Inbox:
        """Maya's, or that of all."""
        return next(iter(self.provider.inboxes([MAYA]).values()))


def held(world: World, event: Event = SERIES, window: tuple[datetime, datetime] = YEAR) -> dict[str, Occurrence]:
    """The sessions of a series by RECURRENCE-ID, each of which may be listed only once."""
    found = world.provider.calendar.occurrences(event.organizer, event.marker, window)
    by_id = {o.recurrence_id: o for o in found}
    assert len(found) == len(by_id), found
    return by_id


def confirmed(world: World) -> list[datetime]:
    return sorted(o.start for o in world.provider.calendar.occurrences(MAYA, "5e41e5", YEAR) if o.status == "confirmed")


class Suite:
    """What the three parts have in common: where their worlds come from."""

    @pytest.fixture
    def new_world(self) -> Callable[[], World]:
        """Opens an empty world each time it is called."""
        raise NotImplementedError

    @pytest.fixture
    def world(self, new_world: Callable[[], World]) -> World:
        return new_world()


class CalendarSuite(Suite):
    def lets(self, sessions: dict[str, datetime], at: str, start: datetime) -> bool:  # noqa: ARG002
        """Whether this calendar lets one of these sessions (those that take place) be moved there."""
        return True

    @pytest.fixture
    def booked(self, world: World) -> World:
        world.provider.calendar.put(SERIES)
        return world

    # --- what we do ---

    def test_a_series_stands_in_both_calendars(self, booked: World):
        starts = [utc(2027, 1, 12, 9), utc(2027, 4, 13, 8), utc(2027, 7, 13, 8), utc(2027, 10, 12, 8)]
        assert confirmed(booked) == starts
        assert booked.hands.sees(MAYA, SERIES.uid) == starts
        assert booked.hands.sees(JONAS, SERIES.uid) == starts

    def test_a_session_ends_after_its_minutes(self, booked: World):
        assert held(booked)[APRIL].end == utc(2027, 4, 13, 9)

    def test_what_was_put_is_found(self, booked: World):
        found = booked.provider.calendar.find(MAYA, SERIES.uid)
        assert found is not None
        assert (found.uid, found.summary, found.description) == (SERIES.uid, SERIES.summary, SERIES.description)
        assert (found.start, found.minutes, found.marker) == (SERIES.start, 60, "5e41e5")
        assert [p.email for p in found.attendees] == ["jonas@example.com"]

    def test_what_was_not_put_is_not_found(self, booked: World):
        assert booked.provider.calendar.find(MAYA, SINGLE.uid) is None
        assert booked.provider.calendar.find(ANA, SERIES.uid) is None

    def test_putting_the_same_twice_is_putting_it_once(self, booked: World):
        before = held(booked)
        booked.provider.calendar.put(SERIES)
        assert held(booked) == before

    def test_a_single_event_has_no_recurrence_id(self, world: World):
        world.provider.calendar.put(SINGLE)
        assert held(world)[""].start == utc(2027, 2, 3, 13)

    def test_another_series_is_not_listed(self, booked: World):
        booked.provider.calendar.put(replace(SINGLE, marker="other"))
        assert held(booked).keys() == {JANUARY, APRIL, JULY, OCTOBER}

    def test_a_moved_session_stands_elsewhere_in_both_calendars(self, booked: World):
        calendar = booked.provider.calendar
        for _ in range(2):
            calendar.move(MAYA, held(booked)[APRIL], utc(2027, 4, 15, 12), utc(2027, 4, 15, 13))
            assert held(booked)[APRIL].start == utc(2027, 4, 15, 12)
            assert held(booked)[APRIL].moved
            assert booked.hands.sees(JONAS, SERIES.uid)[1] == utc(2027, 4, 15, 12)

    def test_a_moved_session_is_listed_where_it_was_and_where_it_is(self, booked: World):
        booked.provider.calendar.move(MAYA, held(booked)[APRIL], utc(2027, 6, 1, 8), utc(2027, 6, 1, 9))
        april = held(booked, window=(utc(2027, 4, 1), utc(2027, 5, 1)))
        june = held(booked, window=(utc(2027, 6, 1), utc(2027, 7, 1)))
        assert april == june
        assert april.keys() == {APRIL}
        assert held(booked, window=(utc(2027, 5, 1), utc(2027, 6, 1))) == {}

    def test_a_single_event_is_moved(self, world: World):
        world.provider.calendar.put(SINGLE)
        world.provider.calendar.move(MAYA, held(world)[""], utc(2027, 2, 4, 9), utc(2027, 2, 4, 10))
        assert held(world)[""].start == utc(2027, 2, 4, 9)

    def test_moving_what_is_gone_is_refused_for_good(self, booked: World):
        gone = replace(held(booked)[APRIL], uid="nothing@careermail.example.com")
        with pytest.raises(ProviderError) as told:
            booked.provider.calendar.move(MAYA, gone, utc(2027, 4, 15, 12), utc(2027, 4, 15, 13))
        assert told.value.permanent

    def test_a_cancelled_session_takes_place_in_neither_calendar(self, booked: World):
        for _ in range(2):
            booked.provider.calendar.cancel(MAYA, SERIES.uid, recurrence_id=JULY)
            assert confirmed(booked) == [utc(2027, 1, 12, 9), utc(2027, 4, 13, 8), utc(2027, 10, 12, 8)]
            assert utc(2027, 7, 13, 8) not in booked.hands.sees(JONAS, SERIES.uid)

    def test_a_moved_session_can_be_cancelled(self, booked: World):
        booked.provider.calendar.move(MAYA, held(booked)[APRIL], utc(2027, 4, 15, 12), utc(2027, 4, 15, 13))
        booked.provider.calendar.cancel(MAYA, SERIES.uid, recurrence_id=APRIL)
        assert confirmed(booked) == [utc(2027, 1, 12, 9), utc(2027, 7, 13, 8), utc(2027, 10, 12, 8)]

    def test_a_series_ends_and_its_past_stays(self, booked: World):
        for _ in range(2):
            booked.provider.calendar.cancel(MAYA, SERIES.uid, since=utc(2027, 7, 1))
            assert confirmed(booked) == [utc(2027, 1, 12, 9), utc(2027, 4, 13, 8)]
            assert booked.hands.sees(JONAS, SERIES.uid) == [utc(2027, 1, 12, 9), utc(2027, 4, 13, 8)]

    def test_a_session_that_was_held_early_stays_when_the_series_ends(self, booked: World):
        booked.provider.calendar.move(MAYA, held(booked)[JULY], utc(2027, 6, 15, 8), utc(2027, 6, 15, 9))
        booked.provider.calendar.cancel(MAYA, SERIES.uid, since=utc(2027, 7, 1))
        assert confirmed(booked) == [utc(2027, 1, 12, 9), utc(2027, 4, 13, 8), utc(2027, 6, 15, 8)]

    def test_a_session_put_off_beyond_the_end_of_the_series_is_cancelled(self, booked: World):
        booked.provider.calendar.move(MAYA, held(booked)[APRIL], utc(2027, 7, 5, 8), utc(2027, 7, 5, 9))
        booked.provider.calendar.cancel(MAYA, SERIES.uid, since=utc(2027, 7, 1))
        assert confirmed(booked) == [utc(2027, 1, 12, 9)]

    @pytest.mark.parametrize("since", [None, utc(2027, 1, 12, 9), utc(2020, 1, 1)])
    def test_with_nothing_before_it_the_whole_event_is_cancelled(self, booked: World, since: datetime | None):
        for _ in range(2):
            booked.provider.calendar.cancel(MAYA, SERIES.uid, since=since)
            assert booked.provider.calendar.find(MAYA, SERIES.uid) is None
            assert confirmed(booked) == []
            assert booked.hands.sees(JONAS, SERIES.uid) == []

    def test_cancelling_what_is_not_there_is_no_error(self, booked: World):
        booked.provider.calendar.cancel(MAYA, "nothing@careermail.example.com")
        booked.provider.calendar.cancel(MAYA, SERIES.uid, recurrence_id="20270113T090000Z")
        assert len(confirmed(booked)) == 4

    def test_a_cancelled_event_can_be_put_again(self, booked: World):
        booked.provider.calendar.cancel(MAYA, SERIES.uid)
        booked.provider.calendar.put(replace(SERIES, sequence=2))
        assert len(confirmed(booked)) == 4
        assert len(booked.hands.sees(JONAS, SERIES.uid)) == 4

    def test_another_length_keeps_what_was_moved(self, booked: World):
        booked.provider.calendar.move(MAYA, held(booked)[APRIL], utc(2027, 4, 15, 12), utc(2027, 4, 15, 13))
        booked.provider.calendar.put(replace(SERIES, minutes=90, sequence=1))
        sessions = held(booked)
        assert (sessions[APRIL].start, sessions[APRIL].end) == (utc(2027, 4, 15, 12), utc(2027, 4, 15, 13, 30))
        assert (sessions[JULY].start, sessions[JULY].end) == (utc(2027, 7, 13, 8), utc(2027, 7, 13, 9, 30))

    def test_another_time_leaves_nothing_of_what_was_moved(self, booked: World):
        booked.provider.calendar.move(MAYA, held(booked)[APRIL], utc(2027, 4, 15, 12), utc(2027, 4, 15, 13))
        booked.provider.calendar.put(replace(SERIES, start=datetime(2027, 1, 12, 14), sequence=1))
        starts = [utc(2027, 1, 12, 13), utc(2027, 4, 13, 12), utc(2027, 7, 13, 12), utc(2027, 10, 12, 12)]
        assert confirmed(booked) == starts
        assert booked.hands.sees(JONAS, SERIES.uid) == starts

    # --- what people do ---

    def test_what_the_organizer_moves_is_followed(self, booked: World):
        booked.hands.move_one(held(booked)[APRIL], utc(2027, 4, 20, 11))
        assert held(booked)[APRIL].start == utc(2027, 4, 20, 11)
        assert booked.hands.sees(JONAS, SERIES.uid)[1] == utc(2027, 4, 20, 11)

    def test_what_the_organizer_cancels_is_cancelled(self, booked: World):
        booked.hands.cancel_one(held(booked)[APRIL])
        assert confirmed(booked) == [utc(2027, 1, 12, 9), utc(2027, 7, 13, 8), utc(2027, 10, 12, 8)]
        assert utc(2027, 4, 13, 8) not in booked.hands.sees(JONAS, SERIES.uid)

    def test_what_the_attendee_declines_is_declined(self, booked: World):
        booked.hands.decline_one(held(booked)[APRIL])
        assert {at: o.status for at, o in held(booked).items()} == {
            JANUARY: "confirmed",
            APRIL: "declined",
            JULY: "confirmed",
            OCTOBER: "confirmed",
        }

    def test_a_declined_session_that_we_move_is_asked_for_anew(self, booked: World):
        booked.hands.decline_one(held(booked)[APRIL])
        booked.provider.calendar.move(MAYA, held(booked)[APRIL], utc(2027, 4, 15, 12), utc(2027, 4, 15, 13))
        assert held(booked)[APRIL].status == "confirmed"

    def test_declining_the_series_declines_each_session(self, booked: World):
        booked.hands.decline_all(SERIES.uid)
        assert {o.status for o in held(booked).values()} == {"declined"}

    def test_a_decline_outlasts_another_wording(self, booked: World):
        booked.hands.decline_all(SERIES.uid)
        held(booked)
        booked.provider.calendar.put(replace(SERIES, summary="Maya and Jonas", sequence=1))
        assert {o.status for o in held(booked).values()} == {"declined"}

    def test_a_series_that_the_organizer_moves_is_followed(self, booked: World):
        booked.hands.move_all(SERIES.uid, 3)
        starts = [utc(2027, 1, 12, 12), utc(2027, 4, 13, 11), utc(2027, 7, 13, 11), utc(2027, 10, 12, 11)]
        assert confirmed(booked) == starts
        assert booked.hands.sees(JONAS, SERIES.uid) == starts

    def test_a_series_that_the_organizer_splits_is_followed(self, booked: World):
        booked.hands.split(SERIES.uid, held(booked)[JULY], 2)
        assert confirmed(booked) == [
            utc(2027, 1, 12, 9),
            utc(2027, 4, 13, 8),
            utc(2027, 7, 13, 10),
            utc(2027, 10, 12, 10),
        ]

    def test_both_halves_of_a_split_series_can_be_ended(self, booked: World):
        booked.hands.split(SERIES.uid, held(booked)[JULY], 2)
        for uid in {o.uid for o in held(booked).values()}:
            booked.provider.calendar.cancel(MAYA, uid, since=utc(2027, 4, 1))
        assert confirmed(booked) == [utc(2027, 1, 12, 9)]

    def test_a_series_that_the_organizer_deletes_is_gone_from_both(self, booked: World):
        booked.hands.delete_all(SERIES.uid)
        assert confirmed(booked) == []
        assert booked.provider.calendar.find(MAYA, SERIES.uid) is None
        assert booked.hands.sees(JONAS, SERIES.uid) == []

    def test_a_series_that_the_attendee_deletes_is_declined(self, booked: World):
        booked.hands.delete_all(SERIES.uid, by=JONAS)
        assert confirmed(booked) == []
        assert booked.provider.calendar.find(MAYA, SERIES.uid) is not None

    # Several providers run it, and each has worlds of its own.
    @settings(
        max_examples=25,
        deadline=None,
        suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.differing_executors],
    )
    @given(
        edits=st.lists(
            st.tuples(
                st.sampled_from(["move", "cancel", "move by hand", "cancel by hand", "decline", "read", "put"]),
                st.sampled_from([JANUARY, APRIL, JULY, OCTOBER]),
                st.integers(-40 * 24, 40 * 24),
            ),
            max_size=5,
        )
    )
    def test_whatever_is_edited_each_session_is_listed_once(  # noqa: C901 (one case for each thing that can be done)
        self, new_world: Callable[[], World], edits: list[tuple[str, str, int]]
    ):
        """Sessions are where they were last put, by us or by people; only cancelled ones may be missing."""
        world = new_world()
        calendar, hands = world.provider.calendar, world.hands
        calendar.put(SERIES)
        wide = (YEAR[0] - timedelta(days=60), YEAR[1] + timedelta(days=10))
        expected = {at: (o.start, "confirmed") for at, o in held(world, window=wide).items()}
        for verb, at, hours in edits:
            now = held(world, window=wide)
            start, status = expected[at]
            if status != "confirmed":
                continue
            standing = {one: where for one, (where, became) in expected.items() if became != "cancelled"}
            if verb.startswith("move"):
                start += timedelta(hours=hours)
                if not self.lets(standing, at, start):
                    continue
            match verb:
                case "move":
                    calendar.move(MAYA, now[at], start, start + timedelta(hours=1))
                case "move by hand":
                    hands.move_one(now[at], start)
                case "cancel":
                    calendar.cancel(MAYA, SERIES.uid, recurrence_id=at)
                    status = "cancelled"
                case "cancel by hand":
                    hands.cancel_one(now[at])
                    status = "cancelled"
                case "decline":
                    hands.decline_one(now[at])
                    status = "declined"
                case "put":
                    calendar.put(replace(SERIES, summary="Maya and Jonas", sequence=1))
            expected[at] = (start, status)
        there = {at: (o.start, o.status) for at, o in held(world, window=wide).items()}
        kept = {at: what for at, what in expected.items() if what[1] != "cancelled"}
        assert {at: what for at, what in there.items() if what[1] != "cancelled"} == kept
        assert there.keys() <= expected.keys()

    # --- what is taken ---

    def test_a_meeting_of_ours_takes_up_the_time_of_both(self, booked: World):
        busy = booked.provider.calendar.busy([MAYA, JONAS], (utc(2027, 4, 1), utc(2027, 5, 1)))
        assert [(b.email, b.start, b.end, b.uid) for b in busy] == [
            ("jonas@example.com", utc(2027, 4, 13, 8), utc(2027, 4, 13, 9), SERIES.uid),
            ("maya@example.com", utc(2027, 4, 13, 8), utc(2027, 4, 13, 9), SERIES.uid),
        ]

    def test_other_business_takes_up_time(self, booked: World):
        uid = booked.hands.add_busy(JONAS, utc(2027, 3, 2, 8), utc(2027, 3, 2, 9))
        (busy,) = booked.provider.calendar.busy([MAYA, JONAS], (utc(2027, 3, 1), utc(2027, 4, 1)))
        assert (busy.email, busy.start, busy.end, busy.uid) == (
            "jonas@example.com",
            utc(2027, 3, 2, 8),
            utc(2027, 3, 2, 9),
            uid,
        )

    def test_what_overlaps_the_edge_of_the_window_is_told(self, booked: World):
        booked.hands.add_busy(JONAS, utc(2027, 3, 2, 8), utc(2027, 3, 2, 9))
        assert booked.provider.calendar.busy([JONAS], (utc(2027, 3, 2, 8, 30), utc(2027, 3, 2, 8, 40)))
        assert booked.provider.calendar.busy([JONAS], (utc(2027, 3, 2, 9), utc(2027, 3, 2, 10))) == []

    def test_what_is_marked_as_free_takes_up_none(self, booked: World):
        booked.hands.add_busy(JONAS, utc(2027, 3, 2, 8), utc(2027, 3, 2, 9), free=True)
        assert booked.provider.calendar.busy([JONAS], (utc(2027, 3, 1), utc(2027, 4, 1))) == []

    def test_a_day_off_is_the_persons_own_day(self, booked: World):
        booked.hands.add_busy(JONAS, date(2027, 3, 2), date(2027, 3, 3))
        (busy,) = booked.provider.calendar.busy([JONAS], (utc(2027, 3, 1), utc(2027, 4, 1)))
        assert (busy.start, busy.end) == (utc(2027, 3, 1, 23), utc(2027, 3, 2, 23))

    def test_a_cancelled_session_takes_up_none(self, booked: World):
        booked.provider.calendar.cancel(MAYA, SERIES.uid, recurrence_id=APRIL)
        assert booked.provider.calendar.busy([MAYA, JONAS], (utc(2027, 4, 1), utc(2027, 5, 1))) == []

    def test_a_declined_session_takes_up_the_organizers_time_alone(self, booked: World):
        booked.hands.decline_one(held(booked)[APRIL])
        held(booked)
        busy = booked.provider.calendar.busy([MAYA, JONAS], (utc(2027, 4, 1), utc(2027, 5, 1)))
        assert [b.email for b in busy] == ["maya@example.com"]

    def test_a_reminder_takes_up_none(self, world: World):
        note = Event("note@careermail.example.com", MAYA, (), "Introduce Jonas", "", start=date(2027, 3, 2))
        world.provider.calendar.put(note)
        assert world.provider.calendar.busy([MAYA], (utc(2027, 3, 1), utc(2027, 4, 1))) == []
        found = world.provider.calendar.find(MAYA, note.uid)
        assert found is not None
        assert (found.start, found.attendees) == (date(2027, 3, 2), ())

    def test_a_reminder_can_be_moved_and_cancelled(self, world: World):
        note = Event("note@careermail.example.com", MAYA, (), "Introduce Jonas", "", start=date(2027, 3, 2))
        world.provider.calendar.put(note)
        world.provider.calendar.put(replace(note, start=date(2027, 3, 9), sequence=1))
        found = world.provider.calendar.find(MAYA, note.uid)
        assert found is not None
        assert found.start == date(2027, 3, 9)
        world.provider.calendar.cancel(MAYA, note.uid, since=utc(2000, 1, 1))
        assert world.provider.calendar.find(MAYA, note.uid) is None

    def test_somebody_without_a_calendar_is_not_said_to_be_free_or_busy(self, booked: World):
        assert booked.provider.calendar.busy([ANA], YEAR) == []


class OutboxSuite(Suite):
    sender = "careermail@example.com"  # in whose name mails leave

    def mail(self, **how: str) -> EmailMessage:
        return mail(sender=self.sender, **how)

    def test_a_mail_is_received_as_it_was_sent(self, world: World):
        world.provider.outbox.send(self.mail(subject="Jonas, nächste Woche über Führung"))
        (received,) = world.hands.received(JONAS)
        assert received["Subject"] == "Jonas, nächste Woche über Führung"
        assert received.get_content().strip() == "Wie geht's?"

    def test_a_mail_that_was_sent_is_found(self, world: World):
        world.provider.outbox.send(self.mail())
        assert world.provider.outbox.find("<prompt-1@careermail.example.com>", "jonas@example.com") in {True, None}

    def test_a_mail_that_was_not_sent_is_not_found(self, world: World):
        world.provider.outbox.send(self.mail())
        assert not world.provider.outbox.find("<prompt-2@careermail.example.com>", "jonas@example.com")
        assert not world.provider.outbox.find("<prompt-1@careermail.example.com>", "maya@example.com")

    def test_a_mail_without_an_identity_is_refused_for_good(self, world: World):
        nameless = self.mail()
        del nameless["Message-ID"]
        with pytest.raises(ProviderError) as told:
            world.provider.outbox.send(nameless)
        assert told.value.permanent


class InboxSuite(Suite):
    address = "careermail@example.com"  # at which answers arrive

    def drop(self, world: World, subject: str, body: bytes = b"Yes.\n") -> bytes:
        """A mail for careermail arrives; what it is."""
        message = answer(subject, body, self.address)
        world.hands.drop(message)
        return message

    def test_an_answer_is_shown_once(self, world: World):
        inbox = world.inbox
        assert inbox.fetch("")[0] == []
        self.drop(world, "one")
        self.drop(world, "two")
        messages, cursor = inbox.fetch("")
        assert subjects(messages) == ["one", "two"]
        assert inbox.fetch(cursor)[0] == []
        self.drop(world, "three")
        messages, cursor = inbox.fetch(cursor)
        assert subjects(messages) == ["three"]
        assert inbox.fetch(cursor)[0] == []

    def test_an_answer_is_read_as_it_was_written(self, world: World):
        """Whatever headers the servers on its way put on top."""
        sent = self.drop(world, "one", "Wie geht's?\n.\nFrom here: Übung.\n".encode())
        ((message,), _) = world.inbox.fetch("")
        assert message.replace(b"\r\n", b"\n").endswith(sent)

    def test_what_comes_after_an_empty_look_is_not_missed(self, world: World):
        _, cursor = world.inbox.fetch("")
        self.drop(world, "one")
        assert subjects(world.inbox.fetch(cursor)[0]) == ["one"]

    def test_a_full_mailbox_comes_in_batches(self, world: World):
        for number in range(A_BATCH + 3):
            self.drop(world, str(number))
        first, cursor = world.inbox.fetch("")
        second, cursor = world.inbox.fetch(cursor)
        assert (len(first), len(second)) == (A_BATCH, 3)
        assert subjects([*first, *second]) == [str(n) for n in range(A_BATCH + 3)]
        assert world.inbox.fetch(cursor)[0] == []

    def test_of_an_oversized_message_only_the_beginning_is_read(self, world: World):
        self.drop(world, "huge", b"All work and no play.\n" * 150_000)
        self.drop(world, "one")
        messages, _ = world.inbox.fetch("")
        assert len(messages[0]) == LONGEST
        assert subjects(messages) == ["huge", "one"]


def answer(subject: str, body: bytes = b"Yes.\n", to: str = "careermail@example.com") -> bytes:
    """What somebody writes to careermail."""
    return b"From: jonas@example.com\nTo: %s\nSubject: %s\n\n%s" % (to.encode(), subject.encode(), body)


def subjects(messages: list[bytes]) -> list[str]:
    return [str(message_from_bytes(m)["Subject"]) for m in messages]


class ProviderSuite(CalendarSuite, OutboxSuite, InboxSuite):
    """All that a provider promises."""


def mail(
    subject: str = "Your hour on Tuesday",
    to: str = "Jonas Weber <jonas@example.com>",
    sender: str = "careermail@example.com",
) -> EmailMessage:
    message = EmailMessage()
    message["Subject"], message["To"] = subject, to
    message["From"] = f"careermail <{sender}>"
    message["Message-ID"] = "<prompt-1@careermail.example.com>"
    message.set_content("Wie geht's?")
    return message
