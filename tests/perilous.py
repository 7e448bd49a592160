"""A town between whose servers and careermail something goes wrong, at a moment that chance chooses."""

from collections import Counter, defaultdict
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import vobject
from fate import Beset, Fate
from servers.proxy import (
    ANSWERED_THEN_CUT,
    CONNECT,
    CUT,
    END_OF_DATA,
    HANG,
    SENT_THEN_CUT,
    SENT_THEN_HANG,
    Fault,
    Proxy,
    answer,
    line,
)
from town import OnRadicale, Town

from careermail.cli.trouble import doubtful
from careermail.model import Occurrence, Series
from careermail.plan.history import fold

PUT = rb"(?s)PUT .*?END:VCALENDAR\r\n"
ASKED = rb"(?s)(?:PROPFIND|REPORT|GET|OPTIONS) .*?\r\n\r\n"


def says(status: str, *headers: str) -> Fault:
    """An HTTP answer in the server's place."""
    return answer(f"HTTP/1.1 {status}", *headers, "Content-Length: 0", "Connection: close", "", cut=True)


@dataclass(frozen=True)
class Peril:
    """Something that goes wrong once, and does not last."""

    name: str
    pattern: bytes
    fault: Fault
    server: bool = False


SMTP = [
    Peril("cut at once", CONNECT, CUT),
    Peril("no greeting", CONNECT, HANG),
    Peril("421 for a greeting", CONNECT, answer("421 4.3.2 Too many connections", cut=True)),
    Peril("cut at EHLO", line("EHLO"), CUT),
    Peril("454 at login", line("AUTH"), answer("454 4.7.0 Temporary authentication failure")),
    Peril("535 at login", line("AUTH"), answer("535 5.7.8 Authentication failed")),
    Peril("421 at MAIL", line("MAIL"), answer("421 4.3.2 Going down", cut=True)),
    Peril("452 at MAIL", line("MAIL"), answer("452 4.3.1 Out of disk")),
    Peril("hang after MAIL", line("MAIL"), SENT_THEN_HANG),
    Peril("421 at RCPT", line("RCPT"), answer("421 4.7.0 Too many mails", cut=True)),
    Peril("450 at RCPT", line("RCPT"), answer("450 4.2.0 Greylisted")),
    Peril("451 at RCPT", line("RCPT"), answer("451 4.3.0 Try again")),
    Peril("452 at RCPT", line("RCPT"), answer("452 4.2.2 Over quota")),
    Peril("cut at RCPT", line("RCPT"), CUT),
    Peril("cut at DATA", line("DATA"), SENT_THEN_CUT),
    Peril("451 at DATA", line("DATA"), answer("451 4.3.0 Try again")),
    Peril("cut within the mail", rb"\r\nDATA\r\n(?s:.{700})", CUT),
    Peril("cut before the end of the mail", END_OF_DATA, CUT),
    Peril("cut once the mail is there", END_OF_DATA, SENT_THEN_CUT),
    Peril("cut after the mail was accepted", END_OF_DATA, ANSWERED_THEN_CUT),
    Peril("silence once the mail is there", END_OF_DATA, SENT_THEN_HANG),
]
IMAP = [
    Peril("cut at once", CONNECT, CUT),
    Peril("no greeting", CONNECT, HANG),
    Peril("a farewell for a greeting", CONNECT, answer("* BYE Too many connections", cut=True)),
    Peril("cut at login", rb"LOGIN ", CUT),
    Peril("cut at EXAMINE", rb"EXAMINE ", CUT),
    Peril("silence at EXAMINE", rb"EXAMINE ", HANG),
    Peril("a farewell at EXAMINE", rb"EXAMINE ", answer("* BYE Shutting down", cut=True)),
    Peril("cut at SEARCH", rb"UID SEARCH ", CUT),
    Peril("cut within headers", rb"HEADER.FIELDS", CUT, server=True),
    Peril("cut within a mail", rb"BODY\[\]<0> \{\d+\}\r\n(?s:.{200})", CUT, server=True),
    Peril("cut at APPEND", rb"APPEND ", CUT),
    Peril("cut after APPEND", rb"(?s)APPEND .*?\r\n.{900}", SENT_THEN_CUT),
]
DAV = [
    Peril("cut at once", CONNECT, CUT),
    Peril("silence", ASKED, HANG),
    Peril("cut at a question", ASKED, CUT),
    Peril("cut within an answer", rb"HTTP/1.1 207 (?s:.{100})", CUT, server=True),
    Peril("429", ASKED, says("429 Too Many Requests", "Retry-After: 90")),
    Peril("500", ASKED, says("500 Internal Server Error")),
    Peril("503", ASKED, says("503 Service Unavailable")),
    Peril("503 with Retry-After", ASKED, says("503 Service Unavailable", "Retry-After: 600")),
    Peril("401", ASKED, says("401 Unauthorized", 'WWW-Authenticate: Basic realm="r"')),
    Peril("412 at PUT", PUT, says("412 Precondition Failed")),
    Peril("429 at PUT", PUT, says("429 Too Many Requests")),
    Peril("503 at PUT", PUT, says("503 Service Unavailable", "Retry-After: 120")),
    Peril("507 at PUT", PUT, says("507 Insufficient Storage")),
    Peril("cut at PUT", PUT, CUT),
    Peril("cut once the PUT is there", PUT, SENT_THEN_CUT),
    Peril("cut after the PUT was taken", PUT, ANSWERED_THEN_CUT),
    Peril("silence after the PUT", PUT, SENT_THEN_HANG),
]


class Perilous(Beset, OnRadicale):
    """A proxy stands before each server, for careermail alone: people reach theirs at all times."""

    def __init__(self, root: Path, start: datetime, *series: Series, town: Town) -> None:
        self.undo = ExitStack()
        self.smtp = self.undo.enter_context(Proxy(town.postfix.port))
        self.imap = self.undo.enter_context(Proxy(town.dovecot.port))
        super().__init__(root, start, *series, town=town)

    def open_up(self, users: list[str]) -> None:
        super().open_up(users)
        self.dav = self.undo.enter_context(Proxy(self.server.port))

    def __exit__(self, *_: object) -> None:
        super().__exit__()
        self.undo.close()

    def settings(self) -> dict[str, Any]:
        clear = {"host": "127.0.0.1", "tls": "none"}
        own = {"outbox": self.town.outbox(**clear, port=self.smtp.port)}
        return super().settings() | own | {"inbox": self.town.inbox(**clear, port=self.imap.port)}

    def calendar_settings(self) -> Any:
        return super().calendar_settings() | {"url": f"http://127.0.0.1:{self.dav.port}/{{user}}/"}

    def session(self, when: datetime) -> Occurrence:
        self.calm()
        return super().session(when)

    def beset(self, seed: int) -> Fate:
        """Let something go wrong on each server, from now on: a fault at every other visit."""
        self.fate = Fate(PERILS, self._arm, seed, dict.fromkeys(PERILS, 0.5))
        return self.fate

    def _arm(self, kind: str, peril: Peril) -> Callable[[], bool]:
        proxy = {"SMTP": self.smtp, "IMAP": self.imap, "CalDAV": self.dav}[kind]
        proxy.on(peril.pattern, peril.fault, server=peril.server)
        return lambda: not proxy.lurking

    def calm(self) -> None:
        """Nothing goes wrong any more."""
        for proxy in (self.smtp, self.imap, self.dav):
            proxy.behave()

    # --- what became of it ---

    def letters(self) -> Counter[tuple[str, ...]]:
        """How many mails of each kind and subject the two got, however often each of them."""
        mails = {
            (who, _kind(mail), str(mail["Subject"]), str(mail["Message-ID"]))
            for who, mail in self.received()
            if who in self.people and _kind(mail) != INVITATION
        }
        return Counter(one[:3] for one in mails)

    def invitations(self) -> dict[tuple[str, ...], Counter[str]]:
        """Of each state of each event, by whom it was mailed to: the Message-IDs of the mails that told it."""
        told = defaultdict[tuple[str, ...], Counter[str]](Counter)
        for who, mail in self.received():
            if _kind(mail) == INVITATION:
                (part,) = (p for p in mail.walk() if p.get_content_type() == "text/calendar")
                told[who, *_state(part.get_content())][str(mail["Message-ID"])] += 1
        return told

    def doubts(self) -> set[str]:
        """The Message-IDs of what `careermail status` says was perhaps sent twice."""
        return {effect.data["intent"]["message_id"] for _, effect in doubtful(fold(self.facts))}

    def twice(self) -> set[str]:
        """The Message-IDs of all that somebody did get twice, or more often."""
        got = Counter((who, str(mail["Message-ID"])) for who, mail in self.received())
        return {name for (_, name), times in got.items() if times > 1}


INVITATION = "invitation"


def _kind(mail: EmailMessage) -> str:
    return str(mail["X-Careermail-Kind"])


def _state(content: str) -> tuple[str, ...]:
    calendar = vobject.readOne(content)
    one = calendar.vevent
    instance = one.recurrence_id.value if hasattr(one, "recurrence_id") else ""
    return calendar.method.value, one.uid.value, str(instance), one.sequence.value


PERILS = {"SMTP": SMTP, "IMAP": IMAP, "CalDAV": DAV}
