"""What does not pass by itself: whoever can mend it hears of it, nothing is lost by then, and all goes on after."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from perilous import Perilous
from scene import MAYA, TUESDAY
from servers import dovecot, postfix, radicale
from servers.proxy import END_OF_DATA, answer, line
from town import Town

from careermail.model import Person, Series

AMARA = Person("Amara Obi", "amara@example.com", "Europe/London")
PAIR = Series(MAYA, AMARA, TUESDAY)

# Of the three days, the first two have a mail each; the others are those of the Tuesday.
MAILS = ["prepare maya", "prompt amara", "summary maya"]


class Sealed(Perilous):
    """Mail goes out in TLS, which the proxy only passes on."""

    def settings(self) -> dict[str, Any]:
        return super().settings() | {"outbox": self.town.outbox(port=self.smtp.port)}

    def tick(self) -> datetime:
        """Not every five minutes of three days: while something is wrong, it is looked at again after hours."""
        wake = super().tick()
        return max(wake, self.now + timedelta(hours=8)) if self.troubles() else wake

    def mistype(self, password: str) -> None:
        """Somebody writes another password into careermail's file."""
        self.town.secrets[password].file.write_text("something else")
        self.part()

    def remember(self, password: str) -> None:
        self.town.secrets[password].file.write_text(password)
        self.part()

    def part(self) -> None:
        """Whoever was connected has to connect again."""
        self.runner.close()


Lasting = Callable[[Sealed], Any]


def away(*names: str) -> Lasting:
    @contextmanager
    def lasting(world: Sealed) -> Iterator[None]:
        with ExitStack() as stack:
            for name in names:
                stack.enter_context(getattr(world, name).away())
            yield

    return lasting


def mistyped(password: str) -> Lasting:
    @contextmanager
    def lasting(world: Sealed) -> Iterator[None]:
        world.mistype(password)
        yield
        world.remember(password)

    return lasting


@contextmanager
def expired(world: Sealed) -> Iterator[None]:
    world.smtp.lead_to(world.town.postfix.expired_port)
    yield
    world.smtp.lead_to(world.town.postfix.port)


LASTING: dict[str, tuple[Lasting, str]] = {
    "SMTP is away": (away("smtp"), "SMTP localhost"),
    "IMAP is away": (away("imap"), "IMAP 127.0.0.1"),
    "CalDAV is away": (away("dav"), "cannot be reached"),
    "all are away": (away("smtp", "imap", "dav"), "Connection refused"),
    "wrong password for SMTP": (mistyped(postfix.PASSWORD), "refuses the login of careermail@example.com"),
    "wrong password for IMAP": (mistyped(dovecot.PASSWORD), "check user and password in [provider.inbox]"),
    "wrong password for CalDAV": (mistyped(radicale.PASSWORD), "mend `user` or `password`"),
    "expired certificate": (expired, "expired"),
}


@pytest.mark.parametrize("name", LASTING)
def test_three_days_lose_nothing_and_the_admin_hears_of_them(town: Town, tmp_path: Path, name: str):
    lasting, words = LASTING[name]
    with Sealed(tmp_path, datetime(2027, 1, 4, 8), PAIR, town=town) as world:
        world.run(2027, 1, 6, 12)
        with lasting(world):
            world.run(2027, 1, 9, 12)
            assert any(words in said for said in world.troubles()), world.troubles()
        world.run(2027, 1, 12, 12)
        mails = [mail for mail in world.mails if mail.kind not in {"alarm", "invitation"}]
        assert [f"{mail.kind} {mail.to}" for mail in mails] == MAILS
        assert (world.twice(), world.skipped(), world.troubles()) == (set(), {}, [])
        if "IMAP" in name or "CalDAV" in name:  # of the others `status` tells
            assert any(words in mail.text.replace("\n", " ") for mail in world.mails if mail.kind == "alarm")


REFUSALS = {
    "550 for one recipient": (line("RCPT TO:<amara"), answer("550 5.1.1 No such user")),
    "552 for the mail": (END_OF_DATA, answer("552 5.2.2 Over quota", cut=True)),
}


@pytest.mark.parametrize("name", REFUSALS)
def test_what_is_refused_for_good_is_told_at_once_and_tried_again_each_day(town: Town, tmp_path: Path, name: str):
    with Perilous(tmp_path, datetime(2027, 1, 4, 8), PAIR, town=town) as world:
        world.run(2027, 1, 8, 9)
        times = 1 if "mail" in name else 99
        world.smtp.on(*REFUSALS[name], times=times)
        world.run(2027, 1, 8, 12)
        world.calm()
        assert world.briefs("alarm", "prompt") == ["Fri 2027-01-08 10:00 alarm it"]
        assert "amara@example.com" in world.mail("alarm").text
        world.run(2027, 1, 11, 12)
        assert world.briefs("prompt") == ["Mon 2027-01-11 09:00 prompt amara"]
        assert world.troubles() == []


def test_a_full_mailbox_behind_the_mail_server_is_told_by_its_address(town: Town, tmp_path: Path):
    """Postfix takes the mail, Dovecot refuses it (5.2.2), and the bounce comes to careermail's mailbox."""
    with Perilous(tmp_path, datetime(2027, 1, 4, 8), PAIR, town=town) as world:
        world.run(2027, 1, 8, 9)
        town.dovecot.limit("amara@example.com", 1000)
        try:
            world.run(2027, 1, 8, 10, 1)  # London's morning
            town.postfix.settle()
            world.run(2027, 1, 8, 15)
        finally:
            town.dovecot.limit("amara@example.com", None)
        assert "a mail to amara@example.com came back (5.2.2)" in world.mail("alarm").text.replace("\n", " ")
        assert world.briefs("prompt") == []


def test_a_full_sent_folder_keeps_no_mail_from_leaving(town: Town, tmp_path: Path):
    town.dovecot.limit("careermail@example.com", 1000)
    try:
        with Perilous(tmp_path, datetime(2027, 1, 4, 8), PAIR, town=town) as world:
            world.run(2027, 1, 12, 12)
            assert [f"{m.kind} {m.to}" for m in world.mails if m.kind != "invitation"] == MAILS
            assert world.twice() == set()
    finally:
        town.dovecot.limit("careermail@example.com", None)
