"""What happens, told as it happens: who, when on their own clock, what and why."""

from datetime import datetime
from email import message_from_bytes
from email.policy import default
from pathlib import Path

import click

from careermail.cli.office import Office
from careermail.cli.show import both, console, moment
from careermail.mail.escape import plain
from careermail.model import Effect, Occurrence, Person, Series, resolve
from careermail.plan.history import History, fold, pair
from careermail.plan.planner import ORDER

MAIL, CALENDAR, PERSON, NOTICED, SKIPPED, STUCK = "cyan", "green", "bold yellow", "magenta", "dim", "red"
# What careermail does to calendars, in words; {hour} is the hour that was found.
DEEDS = {
    "book": "books the sessions with {report}, first on {hour}",
    "single": "books a session with {report} on {hour}",
    "move": "moves the session with {report} to {hour}",
    "reshape": "changes the sessions with {report}, from {hour} on",
    "cancel": "takes the session with {report} out of both calendars",
    "end": "ends the sessions with {report}",
    "note": "puts a commitment to {report} into Maya's calendar",
    "unnote": "takes a commitment to {report} out of Maya's calendar",
}


class Timeline:
    """Prints what the engine records, and the mails that it sends."""

    def __init__(self, office: Office) -> None:
        self._office = office
        (self._team,) = office.config.teams
        self._series = {s.key: s for s in self._team.series}
        self._people = {p.email: p for s in self._team.series for p in (s.manager, s.report)}
        self._known = History()
        self._console = console()

    def scene(self, who: str, at: datetime, what: str) -> None:
        """Tell what a person does, by their first name."""
        person = next(p for p in self._people.values() if p.first_name == who)
        self._line(PERSON, moment(at, person), who, what, "")

    def catch_up(self) -> None:
        """Tell what was recorded since this was last called."""
        now = fold(self._office.store.load(self._team.manager.email))
        for key, standing in now.series.items():
            before = self._known.of(key).occurrences
            for occurrence in standing.occurrences.values():
                if occurrence.id in before and occurrence != before[occurrence.id]:
                    self._noticed(self._series[key], before[occurrence.id], occurrence, now)
        changed = {k: e for k, e in now.effects.items() if self._known.effects.get(k) != e and e.state != "intent"}
        for effects in _mails(changed):
            self._effect(effects)
        self._known = now

    def _noticed(self, series: Series, before: Occurrence, after: Occurrence, now: History) -> None:
        """Tell what people did to a session; what careermail did is told by its effect."""
        key, stood = f"{series.key}/{after.id}", both(before.start, series)
        if after.status != before.status and not now.state(f"{key}/cancel"):
            what = f"notices: the session with {series.report.first_name} on {stood} was {after.status}"
        elif after.start != before.start and now.state(f"{key}/move") != "done":
            what = f"notices: the session with {series.report.first_name} now stands on {both(after.start, series)}"
        else:
            return
        self._careermail(NOTICED, series, self._office.clock.now(), what, "the calendar is the truth about when")

    def _effect(self, effects: dict[str, Effect]) -> None:
        """Tell of one mail, or of one effect on a calendar."""
        key, effect = next(iter(effects.items()))
        kind, series = str(effect.data["kind"]), self._series[pair(key)]
        because = "; ".join(dict.fromkeys(str(e.data["because"]) for e in effects.values()))
        if effect.state == "skipped":
            self._careermail(SKIPPED, series, effect.at, f"leaves out {kind}", effect.reason)
        elif effect.state in {"failed", "held"}:
            self._careermail(STUCK, series, effect.at, f"cannot do {kind}", effect.reason)
        elif kind in ORDER:
            words = {"hour": _hour(effect, series), "report": series.report.first_name}
            self._careermail(CALENDAR, series, effect.at, DEEDS[kind].format(**words), because)
        else:
            person = self._people[effect.data["intent"]["to"]]
            what = f"gets {kind}: {self._subject(effect.data['intent']['message_id'], person)}"
            self._line(MAIL, moment(effect.at, person), person.first_name, what, because)

    def _subject(self, message_id: str, person: Person) -> str:
        folder = Path(self._office.config.provider["root"]) / "mail" / person.email / "new"
        for path in sorted(folder.iterdir(), key=lambda p: -p.stat().st_mtime_ns):
            message = message_from_bytes(path.read_bytes(), policy=default)
            if message["Message-ID"] == message_id:
                return str(message["Subject"])
        return ""

    def _careermail(self, style: str, series: Series, at: datetime, what: str, why: str) -> None:
        """Tell what careermail does for a pair, on the manager's clock."""
        self._line(style, moment(at, series.manager), "careermail", what, why)

    def _line(self, style: str, when: str, who: str, what: str, why: str) -> None:
        from rich.table import Table
        from rich.text import Text

        row = Table.grid(padding=(0, 2))
        for width in (21, 10, None):
            row.add_column(width=width)
        row.add_row(when, who, Text.assemble(plain(what), "  ", (plain(why), "dim")), style=style)
        with self._console.capture() as captured:
            self._console.print(row)
        click.echo("\n".join(line.rstrip() for line in captured.get().splitlines()))


def _mails(effects: dict[str, Effect]) -> list[dict[str, Effect]]:
    """The effects one by one, those of one mail together."""
    groups: dict[str, dict[str, Effect]] = {}
    for key, effect in effects.items():
        groups.setdefault(str(effect.data.get("intent", {}).get("message_id", key)), {})[key] = effect
    return list(groups.values())


def _hour(effect: Effect, series: Series) -> str:
    intent = effect.data["intent"]
    if "target" in intent:
        return both(datetime.fromisoformat(intent["target"]), series)
    if "booked" not in intent:
        return ""
    return both(resolve(datetime.fromisoformat(intent["booked"]["start"]), series.manager.zone), series)
