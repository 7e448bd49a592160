"""A world whose people act in calendar programs of their own, and not in files."""

from datetime import UTC, date, datetime
from typing import Protocol

from scene import World

from careermail.model import Occurrence, Person


class Program(Protocol):
    """What they do there."""

    def move_one(self, occurrence: Occurrence, start: datetime, *, by: Person) -> None: ...

    def decline_one(self, occurrence: Occurrence, *, by: Person) -> None: ...

    def sees(self, person: Person, uid: str) -> list[datetime]: ...


class WithPrograms(World):
    """Whoever inherits this says which programs, and what reminders they show."""

    program: Program
    refused: set[datetime]  # the hours that were declined, which a program may still show

    def session(self, when: datetime) -> Occurrence:
        """The one that starts then, local to the manager."""
        start = when.replace(tzinfo=self.team.manager.zone).astimezone(UTC)
        return next(o for o in self.sessions() if o.start == start)

    def shift(self, when: datetime, to: datetime) -> None:
        """The manager moves a session by hand."""
        start = to.replace(tzinfo=self.team.manager.zone).astimezone(UTC)
        self.program.move_one(self.session(when), start, by=self.team.manager)

    def refuse(self, when: datetime) -> None:
        """The report declines one."""
        one = self.session(when)
        self.refused.add(one.start)
        self.program.decline_one(one, by=self.series.report)

    def shows(self, who: Person) -> list[datetime]:
        """When in 2027 somebody's own calendar program has them meet, in UTC."""
        booked = [b.uid for b in self.standing.bookings.values()]
        return sorted({start for uid in booked for start in self.program.sees(who, uid)} - self.refused)

    def reminders(self) -> list[date]:
        """The all-day events in the manager's calendar program."""
        raise NotImplementedError
