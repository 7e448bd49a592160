"""Dates as people type them to a command: the same forms as in a contract (DESIGN.md, 10)."""

from datetime import date, datetime

from careermail.errors import UsageError
from careermail.mail.phrases import NoDateError, read
from careermail.model import Person
from careermail.plan.recurrence import local_day


def read_day(said: str, person: Person, now: datetime) -> date:
    """The day that a phrase means today, in the person's zone and language; the last of several ("in April").

    Raises UsageError where it means none.
    """
    try:
        return read(" ".join(said.split()), local_day(person, now), person.language).last
    except NoDateError:
        forms = "such as 12 February, 2027-02-12, next Friday or end of March"
        raise UsageError(f"{said!r} is no date that can be read; expected one {forms}") from None
