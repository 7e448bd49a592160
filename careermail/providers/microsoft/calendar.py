"""The protocol Calendar on Microsoft 365. Exchange Online invites, and hears of answers by itself."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime

from careermail.clock import Clock
from careermail.errors import ProviderError
from careermail.mail.expand import sessions
from careermail.model import Busy, Event, Occurrence, Person, Rsvp
from careermail.providers import Window
from careermail.providers.microsoft import event as writing
from careermail.providers.microsoft import schedule, series
from careermail.providers.microsoft.agenda import Agenda, Lost
from careermail.providers.microsoft.graph import Graph
from careermail.providers.microsoft.reading import read


class GraphCalendar:
    """The calendars of managers in Microsoft 365; what is booked is put into their default one."""

    def __init__(self, graph: Graph, clock: Clock) -> None:
        self._graph, self._clock = graph, clock
        self._chairs: dict[str, Person] = {}  # in whose name somebody's time is asked for, by mail address
        self._lost: Lost = {}

    def put(self, event: Event) -> None:
        """As Calendar.put. Raises ProviderError (permanent) where Outlook cannot recur like that."""
        self._chairs |= {person.email: event.organizer for person in event.attendees}
        try:
            body = writing.made(event)
        except ValueError as error:
            raise ProviderError(f"the calendar of {event.organizer.email}: {error}", permanent=True) from error
        with self._agenda(event.organizer) as agenda:
            held = agenda.find(event.uid)
            if held is None:
                agenda.make(body)
            else:
                series.revise(agenda, held, event, self._clock.now())

    def occurrences(self, organizer: Person, marker: str, window: Window) -> list[Occurrence]:
        """As Calendar.occurrences."""
        with self._agenda(organizer) as agenda:
            found = {(one.uid, one.recurrence_id): one for one in agenda.instances(marker, window)}
        return sessions(found.values(), window)

    def move(self, organizer: Person, occurrence: Occurrence, start: datetime, end: datetime) -> None:
        """As Calendar.move. Raises ProviderError (permanent) where there is no such session any more.

        Nor may one of a series come to the day of the one before or after it, or past that: Outlook refuses it.
        """
        with self._agenda(organizer) as agenda:
            held = agenda.find(occurrence.uid)
            found = agenda.session(held, occurrence.recurrence_id) if held else None
            if found is None:
                what = f"the calendar of {organizer.email} has no session {occurrence.recurrence_id or occurrence.uid}"
                raise ProviderError(f"{what}. Somebody may have changed the series.", permanent=True)
            if (found[1].start, found[1].end) != (start, end):
                agenda.change(found[0], writing.at(start, end))

    def cancel(self, organizer: Person, uid: str, *, recurrence_id: str = "", since: datetime | None = None) -> None:
        """As Calendar.cancel. What is gone already is cancelled enough."""
        with self._agenda(organizer) as agenda:
            held = agenda.find(uid)
            if held and not recurrence_id:
                series.end(agenda, held, since)
            elif held and (found := agenda.session(held, recurrence_id)):
                agenda.cancel(found[0])

    def busy(self, people: Iterable[Person], window: Window) -> list[Busy]:
        """As Calendar.busy. The first of several organizes: their calendar is read, the others' time asked as them.

        Raises ProviderError where theirs cannot be read.
        """
        asked = list(people)
        first = asked[0]
        chair = first if len(asked) > 1 else self._chairs.get(first.email, first)
        others = [person for person in asked if person.email != chair.email]
        try:
            with self._agenda(chair) as agenda:
                known = schedule.diary(agenda, window)
                taken = [*schedule.others(agenda, others, window, known)]
        except ProviderError as error:
            if others or not (error.urgent or error.permanent):
                raise
            return []  # a calendar that is not ours to see
        return schedule.in_order([*taken, *(known.taken if chair in asked else ())])

    def find(self, organizer: Person, uid: str) -> Event | None:
        """As Calendar.find."""
        with self._agenda(organizer) as agenda:
            held = agenda.find(uid)
            return read(held, organizer) if held else None

    def answer(self, rsvp: Rsvp) -> bool:  # noqa: ARG002 (it is the protocol's)
        """As Calendar.answer: Exchange hears of answers by itself."""
        return False

    @contextmanager
    def _agenda(self, owner: Person) -> Iterator[Agenda]:
        """Their events; what is not as Graph promises is told of, since it may be so again the next time."""
        try:
            yield Agenda(self._graph, owner, self._lost)
        except (KeyError, ValueError, TypeError) as error:
            what = f"Microsoft 365, calendar of {owner.email}: an answer cannot be understood ({type(error).__name__})"
            raise ProviderError(what) from error
