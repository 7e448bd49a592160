"""Which recurrences Outlook's calendars do not know, told by `check` and not by the first booking."""

from collections.abc import Iterable, Iterator
from datetime import datetime

from careermail.config.cascade import Cascade
from careermail.config.source import shown
from careermail.errors import Problem
from careermail.model import Conversation, Series, Team
from careermail.plan.recurrence import rule

KINDS = {"microsoft", "exchange"}


def unrepeatable(teams: Iterable[Team], cascade: Cascade) -> Iterator[Problem]:
    """A problem for each manager or report whose recurrence could not be booked."""
    from careermail.providers.shelf.patterns import pattern

    told: set[Conversation] = set()
    for series in (one for team in teams for one in team.series if one.conversation.rrule):
        talk = series.conversation
        first = talk.first or datetime.combine(cascade.now.date(), talk.between[0])
        try:
            pattern(rule(talk, first), first)
        except ValueError as error:
            if talk not in told:
                yield _problem(series, cascade, str(error))
            told.add(talk)


def _problem(series: Series, cascade: Cascade, why: str) -> Problem:
    own = cascade.reports[series.report.email].at("rrule")
    theirs = cascade.managers[series.manager.email].at("conversation", "rrule")
    place = own if own.stands else theirs
    _, _, mend = why.partition(". ")
    return place.problem(f"found {shown(series.conversation.rrule)}, expected a rule that Outlook has", mend)
