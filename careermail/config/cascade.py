"""The cascade [defaults] < manager < conversation < report: judged tables in, teams out."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from datetime import datetime
from typing import Any

from careermail.config.rules import flaws, named
from careermail.config.source import Place, shown
from careermail.config.tables import NOBODY
from careermail.errors import Problem
from careermail.model import Conversation, Person, Series, Team

Table = Mapping[str, Any]
PERSON = {f.name for f in fields(Person)}
CONVERSATION = {f.name for f in fields(Conversation)}


@dataclass
class Cascade:
    """Builds teams, one after the other, and collects the problems that only show then; `now` is in UTC."""

    now: datetime
    problems: list[Problem] = field(default_factory=list)
    person: Table = field(default_factory=dict)
    talk: Table = field(default_factory=dict)
    managers: dict[str, Place] = field(default_factory=dict)
    reports: dict[str, Place] = field(default_factory=dict)
    calendars: dict[str, tuple[Place, Table]] = field(default_factory=dict)  # a manager's own table, by their address

    def defaults(self, place: Place, table: Table) -> None:
        """Take what holds for everybody who says nothing else."""
        self.person = _pick(table, PERSON)
        week = Person("", "", **self.person).working_days
        self.talk = self._talk(place, {}, _pick(table, CONVERSATION), week)
        self.talk = self._talk(place.at("conversation"), self.talk, table.get("conversation", {}), week)

    def team(self, place: Place, table: Table) -> Team:
        """Build one manager's team."""
        manager = Person(**{**self.person, **_pick(table, PERSON)})
        week, given = manager.working_days, table.get("conversation", {})
        self._manages_once(place, manager)
        if "calendar" in table:
            self.calendars[manager.email] = (place.at("calendar"), table["calendar"])
        talk = self._talk(place.at("conversation"), self.talk, given, week)
        talk = self._workable(place, talk, manager, manager)
        usual = _conversation(talk, week)
        series = []
        for n, report in enumerate(table.get("report", ())):
            series.append(self._series(place.at("report", n), report, Series(manager, manager, usual), talk))
        return Team(manager, tuple(series))

    def _series(self, place: Place, table: Table, usual: Series, talk: Table) -> Series:
        manager, given = usual.manager, _pick(table, CONVERSATION)
        report = replace(manager, **_pick(table, PERSON))
        self._reports_once(place, report, manager)
        week = manager.working_days & report.working_days
        if not given and usual.conversation.days <= week:
            return Series(manager, report, usual.conversation)  # most series of a manager share one conversation
        talk = self._talk(place, talk, given, week)
        talk = self._workable(place, talk, manager, report)
        return Series(manager, report, _conversation(talk, week))

    def _talk(self, place: Place, below: Table, given: Table, week: frozenset[int]) -> Table:
        if not given:
            return below
        talk = {**below, "rrule": "", **given} if "every" in given else {**below, **given}
        for key, message in flaws(given, Conversation(**talk), week, self.now):
            self.problems.append(place.at(key).problem(message))
            if key == "days":  # told once is enough
                del talk["days"]
        return talk

    def _workable(self, place: Place, talk: Table, manager: Person, person: Person) -> Table:
        """Drop days for the conversation on none of which the manager and this person work."""
        wished = talk.get("days", manager.working_days)
        if wished & manager.working_days & person.working_days:
            return talk
        message = f"found {named(person.working_days)}, expected a day for the conversation among them: {named(wished)}"
        self.problems.append(place.at("working_days").problem(message))
        return {key: talk[key] for key in talk if key != "days"}

    def _manages_once(self, place: Place, manager: Person) -> None:
        first = self.managers.setdefault(manager.email, place)
        if first is not place and manager.email != NOBODY["email"]:
            self._twice(place, first, manager, "each manager once")

    def _reports_once(self, place: Place, report: Person, manager: Person) -> None:
        if report.email == NOBODY["email"]:
            return
        if report.email == manager.email:
            message = f"found {shown(report.email)}, expected somebody else than the manager"
            self.problems.append(place.at("email").problem(message))
        first = self.reports.setdefault(report.email, place)
        if first is not place:
            self._twice(place, first, report, "each report once, under one manager")

    def _twice(self, place: Place, first: Place, person: Person, expected: str) -> None:
        message = f"found {shown(person.email)} again, expected {expected}"
        self.problems.append(place.at("email").problem(message, f"the first is {first.at('email')}"))


def _pick(table: Table, keys: set[str]) -> dict[str, Any]:
    return {key: table[key] for key in table if key in keys}


def _conversation(talk: Table, week: frozenset[int]) -> Conversation:
    """Make the conversation, on those of its days that are worked; where nobody named days, on any that is."""
    days = talk.get("days", Conversation.days) & week or week or Conversation.days
    return Conversation(**{**talk, "days": days})
