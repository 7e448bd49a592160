"""A small world for acceptance tests: the real engine over files in a temporary folder, and people who act in them."""

import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path
from shutil import copytree

from icalendar import Calendar

from careermail import desk
from careermail.clock import VirtualClock
from careermail.model import Commitment, Conversation, Fact, Occurrence, Person, Series, Service, Team, Wanted, resolve
from careermail.plan.history import Standing, fold
from careermail.plan.planner import SERVICE
from careermail.providers import Provider
from careermail.providers.local import open_provider
from careermail.runner import Runner, everyone
from careermail.store import Store
from careermail.store.memory import MemoryStore

MAYA = Person("Maya Lindqvist", "maya@example.com", "Europe/Stockholm")
JONAS = Person("Jonas Weber", "jonas@example.com", "Europe/Berlin")
TUESDAY = Conversation(first=datetime(2027, 1, 12, 10))
PAIR = Series(MAYA, JONAS, TUESDAY)


@dataclass(frozen=True)
class Mail:
    """A mail as it lies in somebody's Maildir."""

    sent: datetime  # on the clock of whoever got it, naive
    kind: str
    to: str  # the part of the address before the @
    subject: str
    text: str

    @property
    def row(self) -> str:
        """The mail as one line of a literal table."""
        return f"{self.sent:%a %Y-%m-%d %H:%M} {self.kind} {self.to}: {self.subject}"

    @property
    def brief(self) -> str:
        """The same without the subject, for tests about when."""
        return f"{self.sent:%a %Y-%m-%d %H:%M} {self.kind} {self.to}"


class World:
    """One manager's pairs from `start` (local to the manager) on."""

    def __init__(self, root: Path, start: datetime, *series: Series, store: Store | None = None) -> None:
        self.root = root
        self.people: dict[str, Person] = {}
        self.team = Team(series[0].manager, series)
        self._meet()
        self.clock = VirtualClock(resolve(start, self.team.manager.zone))
        self.store = store or MemoryStore()
        self.service = Service("careermail", "careermail@example.com", "it@example.com", secret=b"only ours")
        self.provider = self.hire()
        self.runner = Runner(self.service, self.provider, self.store, self.clock)

    def hire(self) -> Provider:
        """How this world is reached."""
        return open_provider({"root": self.root}, self.clock)

    def _meet(self) -> None:
        for series in self.team.series:
            for person in (series.manager, series.report):
                self.people[person.email] = person
                (self.root / "calendars" / person.email).mkdir(parents=True, exist_ok=True)

    def twin(self, root: Path) -> "World":
        """Another world that stands where this one does."""
        copytree(self.root, root, dirs_exist_ok=True)
        local = self.now.astimezone(self.team.manager.zone).replace(tzinfo=None)
        twin = World(root, local, *self.team.series)
        twin.store.append(self.team.manager.email, self.facts)
        return twin

    # --- time ---

    @property
    def now(self) -> datetime:
        return self.clock.now()

    def tick(self) -> datetime:
        """Let careermail look once, for everybody."""
        self.runner.tick_inboxes([self.team])
        teams = everyone([self.team], self.store).values()
        return min([*(self.runner.tick(team) for team in teams), self.runner.tick_service()])

    def run(self, *until: int) -> None:
        """Let careermail work up to a moment, local to the manager; the moment itself excluded."""
        end = self.at(*until)
        while (wake := self.tick()) < end:
            self.clock.wait(wake)
        self.clock.wait(end)

    def sleep(self, *until: int) -> None:
        """Let careermail be down up to a moment, local to the manager."""
        self.clock.wait(self.at(*until))

    def at(self, *moment: int) -> datetime:
        """The UTC moment of the manager's wall-clock time."""
        return resolve(datetime(*moment), self.team.manager.zone)

    # --- what people say ---

    def configure(self, *series: Series) -> None:
        """Edit the configuration."""
        self.team = Team(self.team.manager if not series else series[0].manager, series)
        self._meet()

    @property
    def series(self) -> Series:
        return self.team.series[0]

    @property
    def standing(self) -> Standing:
        return fold(self.facts).of(self.series.key)

    @property
    def facts(self) -> list[Fact]:
        return self.store.load(self.team.manager.email)

    def _tell(self, *facts: Fact) -> None:
        self.store.append(self.team.manager.email, facts)

    def contract(self, text: str, series: Series | None = None) -> None:
        """The manager hands in what was agreed."""
        series = series or self.series
        facts, parsed = desk.record_contract(series, fold(self.facts).of(series.key), text, self.now)
        assert facts, parsed
        self._tell(*facts)

    def commitment(self, name: str) -> Commitment:
        standing = fold(self.facts).series.values()
        return next(c for s in standing if s.contract for c in s.contract.commitments if c.id == name)

    def done(self, name: str) -> None:
        self._tell(desk.settle(self.series, self.commitment(name), "done", self.now))

    def drop(self, name: str, reason: str) -> None:
        self._tell(desk.settle(self.series, self.commitment(name), "dropped", self.now, reason=reason))

    def move(self, name: str, due: date) -> None:
        self._tell(desk.move(self.series, self.commitment(name), due, self.now))

    def ask(self, reason: str) -> None:
        self._tell(desk.ask(self.series, self.standing, reason, self.now))

    def pause(self, until: date | None = None) -> None:
        self._tell(desk.pause(self.series, until, self.now))

    def resume(self) -> None:
        self._tell(desk.resume(self.series, self.now))

    # --- mail ---

    @property
    def mails(self) -> list[Mail]:
        """All that was sent, in order."""
        return [mail for _, mail in sorted(self._mails(), key=lambda each: (each[0], each[1].to, each[1].kind))]

    def received(self, address: str = "*") -> Iterator[tuple[str, EmailMessage]]:
        """What careermail sent to somebody, or to all, in no order; with the mailbox that it came to."""
        for path in self.root.glob(f"mail/{address}/new/*"):
            yield path.parts[-3], message_from_bytes(path.read_bytes(), policy=SMTP)

    def arrive(self, message: EmailMessage | bytes) -> None:
        """A mail to careermail comes in."""
        folder = self.root / "inbox" / "new"
        for part in ("tmp", "new", "cur"):
            (folder.parent / part).mkdir(parents=True, exist_ok=True)
        number = len(list(folder.iterdir()))
        (folder / f"{number:06}.host").write_bytes(message if isinstance(message, bytes) else message.as_bytes())

    def _mails(self) -> Iterator[tuple[datetime, Mail]]:
        for address, message in self.received():
            person = self.people.get(address, MAYA)
            sent, text = message["Date"].datetime, message.get_body(("plain",)).get_content().replace("\r\n", "\n")
            to, kind = address.partition("@")[0], message["X-Careermail-Kind"]
            yield sent, Mail(sent.astimezone(person.zone).replace(tzinfo=None), kind, to, message["Subject"], text)

    def briefs(self, *kinds: str, to: str = "", since: date | None = None) -> list[str]:
        """When which mails of these kinds (all, if none is named) went to whom."""
        chosen = (m for m in self.mails if (not kinds or m.kind in kinds) and to in m.to)
        return [m.brief for m in chosen if since is None or m.sent.date() >= since]

    def mail(self, kind: str, n: int = -1) -> Mail:
        return [m for m in self.mails if m.kind == kind][n]

    def foreseen(self, kind: str) -> list[Wanted]:
        """What is wanted of one kind as things stand, sent or not."""
        return [w for w in self.runner.foresee(self.team).wanted if w.kind == kind]

    def skipped(self) -> dict[str, str]:
        """What was wanted and not done, with the reason: by key without the pair."""
        effects = fold(self.facts).effects.items()
        return {key.split("/", 2)[2]: e.reason for key, e in effects if e.state == "skipped"}

    def effects(self) -> dict[str, str]:
        return outcomes(self.facts)

    def troubles(self) -> list[str]:
        return [str(f.data["note"]) for f in fold(self.store.load(SERVICE)).troubles.values()]

    # --- calendars ---

    def files(self, who: Person) -> list[Path]:
        return sorted((self.root / "calendars" / who.email).glob("*.ics"))

    def calendar(self, who: Person, role: str = "series") -> Path:
        """The file of the one event that has this role."""
        bookings = [b for b in self.standing.bookings.values() if b.role == role and not b.ended]
        return self.root / "calendars" / who.email / f"{bookings[-1].uid}.ics"

    @contextmanager
    def edit(self, who: Person, path: Path | None = None) -> Iterator[Calendar]:
        """Open an event in somebody's calendar program; what is changed is saved."""
        path = path or self.calendar(who)
        calendar = Calendar.from_ical(path.read_bytes())
        yield calendar
        path.write_bytes(calendar.to_ical())

    def sessions(self, series: Series | None = None, *, until: tuple[int, ...] = ()) -> list[Occurrence]:
        """What the calendars hold of a series, a year before and after now."""
        series = series or self.series
        end = self.at(*until) if until else self.now + timedelta(days=366)
        window = (self.now - timedelta(days=366), end)
        return self.provider.calendar.occurrences(series.manager, series.marker, window)

    def booked(self, series: Series | None = None, *, until: tuple[int, ...] = ()) -> list[str]:
        """When the sessions that take place are, on the manager's clock."""
        zone = self.team.manager.zone
        sessions = self.sessions(series, until=until)
        return [f"{o.start.astimezone(zone):%a %Y-%m-%d %H:%M}" for o in sessions if o.status == "confirmed"]

    def taken(self, who: Person, *, until: tuple[int, ...]) -> list[str]:
        """What takes up somebody's time this year, on the manager's clock."""
        window, zone = (datetime(2027, 1, 1, tzinfo=UTC), self.at(*until)), self.team.manager.zone
        starts = (b.start.astimezone(zone) for b in self.provider.calendar.busy([who], window))
        return [f"{start:%a %Y-%m-%d %H:%M}" for start in sorted(starts)]

    def both_hold(self, *sessions: str, until: tuple[int, ...] = (2027, 11, 1)) -> None:
        """These are the sessions, for both people: those that take up time in their own calendars too."""
        assert self.booked(until=until) == list(sessions)
        for person in self.people.values():
            assert self.taken(person, until=until) == list(sessions)

    def busy(self, who: Person, start: datetime, minutes: int = 60, name: str = "") -> None:
        """Let something else stand in somebody's calendar; `start` on their own clock."""
        begin = start.replace(tzinfo=who.zone).astimezone(UTC)
        name = name or f"busy-{begin:%Y%m%dT%H%M}"
        end = begin + timedelta(minutes=minutes)
        (self.root / "calendars" / who.email / f"{name}.ics").write_text(
            "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//people//EN\r\nBEGIN:VEVENT\r\n"
            f"UID:{name}@elsewhere\r\nDTSTAMP:20270101T000000Z\r\n"
            f"DTSTART:{begin:%Y%m%dT%H%M%SZ}\r\nDTEND:{end:%Y%m%dT%H%M%SZ}\r\nSUMMARY:Something else\r\n"
            "END:VEVENT\r\nEND:VCALENDAR\r\n"
        )


def outcomes(facts: Iterable[Fact]) -> dict[str, str]:
    """What became of all that was wanted, by key; without which mail it answered, and when that was heard."""
    effects = fold(facts).effects.items()
    return {re.sub("/(heard|told)/[0-9a-fTZ]+/", r"/\1/", key): effect.state for key, effect in effects}


def booked(root: Path, *series: Series, **busy: list[tuple[datetime, int]]) -> World:
    """A world on 4 January, in which these people's time is taken: maya=[(start on their clock, minutes)]."""
    world = World(root, datetime(2027, 1, 4, 8), *series)
    for person in world.people.values():
        for start, minutes in busy.get(person.first_name.lower(), ()):
            world.busy(person, start, minutes)
    world.tick()
    return world
