"""The world of scene.py on real servers: Postfix, Dovecot and a calendar, with people who use programs of their own."""

import smtplib
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path
from typing import Any, Self

from caldavs import cyrus_program, radicale_program
from letters import dated
from mailprogram import MailProgram
from scene import World
from servers import cyrus, dovecot, postfix, radicale
from servers.ca import CA
from servers.people import People, Program

from careermail.credentials import Secret
from careermail.model import Occurrence, Person, Series, opaque
from careermail.providers import Provider
from careermail.providers.standards import open_provider

ABSENT = postfix.ABSENT or dovecot.ABSENT or radicale.ABSENT
FOLK = ("careermail", "maya", "amara", "jonas", "it")


@dataclass
class Town:
    """A context manager: servers that are started when they are first asked for, and run until it ends."""

    root: Path
    undo: ExitStack = field(default_factory=ExitStack)

    def __enter__(self) -> Self:
        self.ca = CA(self.root / "ca")
        self.dovecot = self.undo.enter_context(dovecot.Dovecot(self.ca.good))
        people = [f"{who}@example.com" for who in FOLK]
        self.postfix = self.undo.enter_context(postfix.Postfix(self.ca, people=people, lmtp=self.dovecot.lmtp_port))
        self.secrets = {name: self._secret(name) for name in (postfix.PASSWORD, dovecot.PASSWORD)}
        return self

    def __exit__(self, *_: object) -> None:
        self.undo.close()

    def _secret(self, words: str) -> Secret:
        file = self.root / opaque(words)
        file.touch(mode=0o600)
        file.write_text(words)
        return Secret(file=file)

    def calendars(self, kind: type[Any]) -> Any:
        """The Radicale or the Cyrus of this town."""
        if not hasattr(self, kind.__name__):
            server = kind(self.root / "radicale") if kind is radicale.Radicale else kind()
            setattr(self, kind.__name__, self.undo.enter_context(server))
        return getattr(self, kind.__name__)

    def outbox(self, **changes: object) -> dict[str, Any]:
        """What [provider.outbox] says."""
        said = {"host": "localhost", "port": self.postfix.port, "tls": "starttls", "user": postfix.USER}
        return said | {"password": self.secrets[postfix.PASSWORD], "ca": self.ca.file, "insecure": False} | changes

    def inbox(self, **changes: object) -> dict[str, Any]:
        """What [provider.inbox] says."""
        said = {"host": "localhost", "port": self.dovecot.tls_port, "tls": "tls", "user": "careermail@example.com"}
        said |= {"password": self.secrets[dovecot.PASSWORD], "folder": "INBOX", "sent": "auto"}
        return said | {"ca": self.ca.file, "insecure": False} | changes

    def post(self, message: EmailMessage | bytes, to: str, sender: str) -> None:
        """Somebody sends a mail, and it arrives."""
        with smtplib.SMTP("127.0.0.1", self.postfix.port) as server:
            content = message if isinstance(message, bytes) else message.as_bytes(policy=SMTP)
            server.sendmail(sender, [to], content)
        self.postfix.settle()

    def mailbox(self, address: str) -> list[EmailMessage]:
        """What lies in somebody's inbox, oldest first, as their own mail program fetches it."""
        self.postfix.settle()
        with self.dovecot.client(address) as client:
            _, (count,) = client.select(readonly=True)
            _, found = client.fetch("1:*", "(BODY.PEEK[])") if int(count) else ("", [])
        return [message_from_bytes(one[1], policy=SMTP) for one in found if isinstance(one, tuple)]


class InTown(World):
    """A world whose mail goes through Postfix and Dovecot. Its calendar is for those who inherit this.

    A context manager: in the end careermail leaves the servers.
    """

    def __init__(self, root: Path, start: datetime, *series: Series, town: Town) -> None:
        self.town, self.refused = town, set[datetime]()
        town.postfix.settle()
        town.dovecot.empty()
        self.open_up([person.email.partition("@")[0] for one in series for person in (one.manager, one.report)])
        super().__init__(root, start, *series)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.runner.close()

    def open_up(self, users: list[str]) -> None:
        """Give people empty calendars."""

    def hire(self) -> Provider:
        self.service = replace(self.service, state=self.root / "state")
        return open_provider(self.settings(), self.clock)

    def settings(self) -> dict[str, Any]:
        """What [provider] says."""
        own = {"calendar": self.calendar_settings(), "managers": {}}
        return {"service": self.service, "outbox": self.town.outbox(), "inbox": self.town.inbox(), **own}

    def calendar_settings(self) -> Any:
        """What [provider.calendar] says."""
        return "imip"

    def received(self, address: str = "*") -> Iterator[tuple[str, EmailMessage]]:
        for one in (*self.people, self.service.admin) if address == "*" else [address]:
            yield from ((one, mail) for mail in self.town.mailbox(one))

    def arrive(self, message: EmailMessage | bytes) -> None:
        mail = message if isinstance(message, EmailMessage) else message_from_bytes(message, policy=SMTP)
        sender = mail["From"].addresses[0].addr_spec
        self.town.post(message, mail["To"].addresses[0].addr_spec, sender)

    # --- people's calendars ---

    def session(self, when: datetime) -> Occurrence:
        """The one that starts then, local to the manager."""
        start = when.replace(tzinfo=self.team.manager.zone).astimezone(UTC)
        return next(o for o in self.sessions() if o.start == start)

    def shift(self, when: datetime, to: datetime) -> None:
        """The manager moves a session by hand."""
        raise NotImplementedError

    def refuse(self, when: datetime) -> None:
        """The report declines one."""
        one = self.session(when)
        self.refused.add(one.start)
        self.decline(one)

    def decline(self, one: Occurrence) -> None:
        raise NotImplementedError

    def shows(self, who: Person) -> list[datetime]:
        """When in 2027 somebody's own calendar program has them meet, in UTC."""
        booked = [b.uid for b in self.standing.bookings.values()]
        return sorted({start for uid in booked for start in self.sees(who, uid)} - self.refused)

    def sees(self, who: Person, uid: str) -> list[datetime]:
        raise NotImplementedError

    def reminders(self) -> list[date]:
        """The all-day events in the manager's calendar program."""
        raise NotImplementedError


@dataclass
class Reader:
    """A calendar program that lives on the invitations in somebody's mailbox."""

    world: InTown
    program: MailProgram
    read: int = 0

    def fetch(self) -> MailProgram:
        """Read what is new."""
        mails = self.world.town.mailbox(self.program.person.email)
        for mail in mails[self.read :]:
            if mail["X-Careermail-Kind"] == "invitation":
                self.program.receive(mail)
        self.read = len(mails)
        return self.program


def at(occurrence: Occurrence) -> datetime | None:
    return datetime.fromisoformat(occurrence.recurrence_id) if occurrence.recurrence_id else None


class ByMail(InTown):
    """The calendar is `imip`: both people know of it what they were mailed."""

    def open_up(self, users: list[str]) -> None:
        del users
        self.readers: dict[str, Reader] = {}

    def reader(self, who: Person) -> MailProgram:
        return self.readers.setdefault(who.email, Reader(self, MailProgram(who))).fetch()

    def shift(self, when: datetime, to: datetime) -> None:
        one, start = self.session(when), to.replace(tzinfo=self.team.manager.zone).astimezone(UTC)
        counter = self.reader(self.team.manager).counter(one.uid, start, start + (one.end - one.start), at(one))
        self.arrive(dated(counter, self.now))

    def decline(self, one: Occurrence) -> None:
        self.arrive(dated(self.reader(self.series.report).reply(one.uid, "DECLINED", at(one)), self.now))

    def sees(self, who: Person, uid: str) -> list[datetime]:
        return self.reader(who).sees(uid)

    def reminders(self) -> list[date]:
        held = self.reader(self.team.manager).events.values()
        days = (one.master.dtstart.value for one in held if one.master is not None and not one.over)
        return sorted(day for day in days if not isinstance(day, datetime))


class OnRadicale(ByMail):
    """The manager has a calendar on a server that does not invite: the report is mailed."""

    def open_up(self, users: list[str]) -> None:
        super().open_up(users)
        self.server = self.town.calendars(radicale.Radicale)
        self.server.welcome("careermail", *users)
        self.maya = radicale_program(self.server, "maya")

    def calendar_settings(self) -> Any:
        return {
            "url": f"{self.server.url}{{user}}/",
            "user": "careermail",
            "password": self.town.secrets[radicale.PASSWORD],
        }

    def shift(self, when: datetime, to: datetime) -> None:
        start = to.replace(tzinfo=self.team.manager.zone).astimezone(UTC)
        self.hands().move_one(self.session(when), start, by=self.team.manager)

    def hands(self) -> People:
        return People({self.team.manager.email: self.maya})

    def sees(self, who: Person, uid: str) -> list[datetime]:
        return self.hands().sees(who, uid) if who == self.team.manager else super().sees(who, uid)

    def reminders(self) -> list[date]:
        return all_days(self.maya)


class OnCyrus(InTown):
    """A server that invites by itself: both people have their calendars there."""

    def open_up(self, users: list[str]) -> None:
        self.server = self.town.calendars(cyrus.Cyrus)
        self.server.welcome(*users)
        self.programs = {f"{user}@example.com": cyrus_program(self.server, user) for user in users}
        for program in self.programs.values():
            program.wipe()

    def calendar_settings(self) -> Any:
        return {"url": self.server.url, "user": "{user}", "password": self.town.secrets[cyrus.PASSWORD]}

    def hands(self) -> People:
        return People(self.programs)

    def shift(self, when: datetime, to: datetime) -> None:
        start = to.replace(tzinfo=self.team.manager.zone).astimezone(UTC)
        self.hands().move_one(self.session(when), start, by=self.team.manager)

    def decline(self, one: Occurrence) -> None:
        self.hands().decline_one(one, by=self.series.report)

    def sees(self, who: Person, uid: str) -> list[datetime]:
        return self.hands().sees(who, uid)

    def reminders(self) -> list[date]:
        return all_days(self.programs[self.team.manager.email])


def all_days(program: Program) -> list[date]:
    events = [event for name in program.files() for event in program.get(name).events]
    return sorted(event.start for event in events if not isinstance(event.start, datetime))
