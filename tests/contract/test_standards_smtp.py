"""The outbox on a real Postfix, with a proxy in between where something is to go wrong."""

import logging
import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from provider_suite import OutboxSuite, World, mail
from samples import AGREED, JONAS, TUESDAY, WITH_JONAS
from servers.ca import CA
from servers.postfix import ABSENT, PASSWORD, USER, Postfix
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
    after,
    answer,
    line,
)

from careermail.clock import VirtualClock
from careermail.credentials import Secret
from careermail.errors import ProviderError
from careermail.mail.bounces import Bounce, bounce
from careermail.mail.compose import KINDS, compose
from careermail.mail.samples import samples
from careermail.model import Person, Service, Topic
from careermail.providers import Provider
from careermail.providers.standards.smtp import SmtpOutbox

pytestmark = pytest.mark.skipif(ABSENT is not None, reason=str(ABSENT))

TO = "jonas@example.com"
OURS = "<prompt-1@careermail.example.com>"
START = datetime(2027, 1, 12, 9, tzinfo=UTC)


@pytest.fixture(scope="session")
def ca(tmp_path_factory: pytest.TempPathFactory) -> CA:
    return CA(tmp_path_factory.mktemp("ca"))


@pytest.fixture(scope="session")
def server(ca: CA) -> Iterator[Postfix]:
    with Postfix(ca) as server:
        yield server


@pytest.fixture
def postfix(server: Postfix) -> Postfix:
    server.empty()
    return server


@pytest.fixture
def proxy(postfix: Postfix) -> Iterator[Proxy]:
    with Proxy(postfix.port) as proxy:
        yield proxy


@dataclass
class Sent:
    """A folder for copies; `fails` is what happens when one is to be kept."""

    held: list[str] = field(default_factory=list)
    fails: Exception | None = None

    def keep(self, message: EmailMessage) -> None:
        if self.fails:
            raise self.fails
        self.held.append(message["Message-ID"])

    def holds(self, message_id: str) -> bool:
        return message_id in self.held


@dataclass
class Desk:
    """Who opens outboxes, and sees to it that they are closed."""

    ca: CA
    secret: Secret
    later: ExitStack
    clock: VirtualClock

    def outbox(
        self, port: int, *, sent: Sent | None = None, seconds: float = 10, sender: str = USER, **changes: object
    ) -> SmtpOutbox:
        settings = {"host": "localhost", "port": port, "tls": "starttls", "user": USER, "password": self.secret}
        settings |= {"ca": self.ca.file, "insecure": False, **changes}
        outbox = SmtpOutbox(settings, sender, self.clock, sent, answer=seconds, acceptance=seconds)
        self.later.callback(outbox.close)
        return outbox

    def plain(self, proxy: Proxy, *, sent: Sent | None = None, seconds: float = 10) -> SmtpOutbox:
        """In the clear, so that the proxy understands."""
        return self.outbox(proxy.port, sent=sent, seconds=seconds, tls="none", user="")


@pytest.fixture
def desk(ca: CA, tmp_path: Path) -> Iterator[Desk]:
    (tmp_path / "password").write_text(PASSWORD)
    (tmp_path / "password").chmod(0o600)
    with ExitStack() as later:
        yield Desk(ca, Secret(file=tmp_path / "password"), later, VirtualClock(START))


class TestOutbox(OutboxSuite):
    @pytest.fixture
    def new_world(self, postfix: Postfix, desk: Desk) -> Callable[[], World]:
        def received(person: Person) -> list[EmailMessage]:
            return [cast("EmailMessage", parsed(raw)) for raw in postfix.received(person.email)]

        def make() -> World:
            provider = Provider("standards", cast("Any", None), desk.outbox(postfix.port), cast("Any", None))
            return World(provider, cast("Any", SimpleNamespace(received=received)))

        return make


def parsed(raw: bytes) -> EmailMessage:
    return cast("EmailMessage", message_from_bytes(raw, policy=policy.default))


def refused(outbox: SmtpOutbox, message: EmailMessage) -> ProviderError:
    with pytest.raises(ProviderError) as told:
        outbox.send(message)
    return told.value


def kind(error: ProviderError) -> str:
    return "permanent" if error.permanent else "urgent" if error.urgent else "temporary"


# --- what arrives ---


def contract() -> EmailMessage:
    service, topic = Service(address=USER), Topic(WITH_JONAS, TUESDAY, contract=AGREED)
    return compose(service, "contract", JONAS, [topic], message_id=OURS, key="k", now=START)


def test_a_mail_arrives_byte_for_byte(postfix: Postfix, desk: Desk):
    """Below what servers put on top; a Maildir ends lines with LF."""
    message = contract()
    desk.outbox(postfix.port).send(message)
    (received,) = postfix.received(TO)
    assert received.endswith(message.as_bytes().replace(b"\r\n", b"\n"))
    assert received.startswith(b"Return-Path: <careermail@example.com>\n")


TEXTS = {
    "dots": "one\n.\n.two\n..\n",
    "bare CR": "a\rb\r.\r\nc\n",
    "a long line": f"{'x' * 3000}\n",
    "From": "From here\n-- \nYou\n",
    "Unicode": "Grüße aus 東京\n",
}


@pytest.mark.parametrize("cte", ["quoted-printable", "base64", None])
@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_a_text_arrives_as_it_was_written(postfix: Postfix, desk: Desk, text: str, cte: str | None):
    message = mail()
    message.set_content(text, cte=cte)
    desk.outbox(postfix.port).send(message)
    (received,) = postfix.received(TO)
    assert parsed(received).get_content().splitlines() == text.splitlines()


def test_no_server_need_take_8_bits(postfix: Postfix, desk: Desk):
    message = mail()
    message.set_content(TEXTS["Unicode"], cte="8bit")
    desk.outbox(postfix.port).send(message)
    (received,) = postfix.received(TO)
    assert received.isascii()
    assert parsed(received).get_content() == TEXTS["Unicode"]


@pytest.mark.parametrize("field", ["Cc", "Bcc"])
def test_a_mail_goes_to_one_address_alone(postfix: Postfix, desk: Desk, field: str):
    message = mail()
    message[field] = "maya@example.com"
    assert refused(desk.outbox(postfix.port), message).permanent
    assert refused(desk.outbox(postfix.port), mail(to="jonas@example.com, maya@example.com")).permanent
    assert postfix.received(TO) == postfix.received("maya@example.com") == []


def test_an_address_outside_ascii_is_written_to(postfix: Postfix, desk: Desk):
    desk.outbox(postfix.port).send(mail(to="Jürgen <jürgen@example.com>"))
    (received,) = postfix.received("jürgen@example.com")
    assert parsed(received).get_content() == "Wie geht's?\n"


def test_a_server_that_takes_no_such_address_is_named(postfix: Postfix, proxy: Proxy, desk: Desk):
    proxy.on(line("EHLO"), answer("250-mail.example.com", "250 SIZE 1000"))
    outbox = desk.plain(proxy)
    error = refused(outbox, mail(to="jürgen@example.com"))
    assert kind(error) == "permanent"
    assert re.search(r"localhost:\d+ takes no mail .*SMTPUTF8.*: jürgen@example.com", str(error))
    outbox.send(mail())
    assert len(postfix.received(TO)) == 1


@pytest.mark.parametrize("name", KINDS)
def test_every_mail_of_ours_is_such_as_servers_and_filters_like(name: str):
    """RFC 5322 (2.1.1, 3.6), 2045 (6.7), 2047 (2), 3834 (5)."""
    for sample in samples(name, "en"):
        raw = compose(Service(address=USER), *sample, message_id=OURS, key="k", now=START).as_bytes(policy=policy.SMTP)
        assert raw.isascii()
        assert not re.search(rb"(?<!\r)\n|\r(?!\n)", raw)
        assert max(map(len, raw.split(b"\r\n"))) <= 78
        assert all(len(word) <= 75 for word in re.findall(rb"=\?[^?]+\?[bq]\?[^?]*\?=", raw))
        names = re.findall(rb"^([\w-]+):", raw.partition(b"\r\n\r\n")[0], re.MULTILINE)
        once = {b"From", b"To", b"Subject", b"Date", b"Message-ID", b"MIME-Version", b"Auto-Submitted", b"Content-Type"}
        assert all(names.count(field) == 1 for field in once)
        assert not {b"List-Unsubscribe", b"Precedence", b"Bcc", b"X-Mailer", b"Return-Path"} & set(names)


# --- one connection ---


def test_a_run_of_mails_takes_one_connection(postfix: Postfix, proxy: Proxy, desk: Desk):
    outbox = desk.plain(proxy)
    for _ in range(3):
        outbox.send(mail())
    outbox.close()
    (passed,) = proxy.connections
    counts = {verb: len(passed.commands(verb)) for verb in ("EHLO", "MAIL FROM:<careermail@", "NOOP", "RSET", "QUIT")}
    assert counts == {"EHLO": 1, "MAIL FROM:<careermail@": 3, "NOOP": 0, "RSET": 0, "QUIT": 1}
    assert len(postfix.received(TO)) == 3


@pytest.mark.parametrize("fault", [CUT, SENT_THEN_CUT, answer("421 4.4.2 Idle for too long", cut=True)])
def test_a_connection_that_died_while_idle_is_opened_anew(postfix: Postfix, proxy: Proxy, desk: Desk, fault: Fault):
    outbox = desk.plain(proxy)
    outbox.send(mail())
    proxy.on(line("MAIL"), fault)
    outbox.send(mail())
    assert len(postfix.received(TO)) == len(proxy.connections) == 2


def test_a_connection_that_lay_for_long_is_left_politely(postfix: Postfix, proxy: Proxy, desk: Desk):
    outbox = desk.plain(proxy)
    outbox.send(mail())
    desk.clock.wait(START + timedelta(minutes=1))
    outbox.send(mail())
    assert [len(passed.commands("QUIT")) for passed in proxy.connections] == [1, 0]
    assert len(postfix.received(TO)) == 2


def test_an_outbox_may_be_used_again_once_it_was_closed(postfix: Postfix, desk: Desk):
    outbox = desk.outbox(postfix.port)
    for _ in range(2):
        outbox.send(mail())
        outbox.close()
    outbox.close()
    assert len(postfix.received(TO)) == 2


# --- what a server refuses ---

REFUSALS = {
    "answer-421": ("temporary", "does not take the mail to answer-421@example.com for now: 421 4.7.0 .*Too many mails"),
    "answer-450": ("temporary", "does not take the mail to answer-450@example.com for now: 450 4.2.0 .*Greylisted"),
    "answer-452": ("temporary", r"answer-452@example.com for now: the mailbox is full \(452 4.2.2 .*Over quota\)"),
    "answer-550": ("permanent", "refuses the mail to answer-550@example.com: 550 5.7.1 .*You may not write to them"),
    "answer-552": ("permanent", r"answer-552@example.com: the mailbox is full \(552 5.2.2 .*Over quota\)"),
    "nobody": ("permanent", r"nobody@example.com: there is no such mailbox \(550 5.1.1 .*User unknown"),
}


@pytest.mark.parametrize(("name", "expected"), REFUSALS.items(), ids=REFUSALS)
def test_a_refusal_is_told_and_stops_nobody_else(postfix: Postfix, desk: Desk, name: str, expected: tuple[str, str]):
    outbox = desk.outbox(postfix.port)
    error = refused(outbox, mail(to=f"{name}@example.com"))
    assert (kind(error), error.retry_after) == (expected[0], None)
    assert re.search(expected[1], str(error))
    outbox.send(mail())
    assert len(postfix.received(TO)) == 1
    assert outbox.find(OURS, f"{name}@example.com") is False


def test_a_refusal_does_not_cost_the_connection(postfix: Postfix, proxy: Proxy, desk: Desk):
    outbox = desk.plain(proxy)
    refused(outbox, mail(to="answer-550@example.com"))
    outbox.send(mail())
    assert len(proxy.connections) == len(postfix.received(TO)) == 1


def test_a_mail_that_is_too_large_is_refused_before_it_is_sent(postfix: Postfix, proxy: Proxy, desk: Desk):
    message = mail()
    message.set_content("word " * 50_000)
    error = refused(desk.plain(proxy), message)
    assert kind(error) == "permanent"
    assert "the mail to jonas@example.com: the mail is too large for the server (552 5.3.4 " in str(error)
    assert proxy.connections[0].commands("DATA") == postfix.received(TO) == []


SCRIPTED = {
    "452 on DATA": ("DATA", "452 4.3.1 Insufficient system storage", "temporary", "the server's disk is full (452"),
    "552 without more": ("RCPT", "552 no", "permanent", "the mail is too large, or the mailbox is full (552 no)"),
    "452 without more": ("RCPT", "452 no", "temporary", "the server or the mailbox is full (452 no)"),
    "554 on DATA": (
        "DATA",
        "554 5.7.1 Looks like spam",
        "permanent",
        "refuses the mail to jonas@example.com: 554 5.7.1",
    ),
    "530": ("RCPT", "530 5.7.0 Authentication required", "urgent", "asks for a login: 530"),
    "550 on MAIL": ("MAIL", "550 5.7.1 No", "urgent", "will not let us send as careermail@example.com: 550"),
    "451 on MAIL": ("MAIL", "451 4.3.0 Try again", "temporary", "for now: 451 4.3.0 Try again"),
    "554 on EHLO": ("EHLO", "554 5.7.1 Go away", "urgent", "refuses us: 554 5.7.1 Go away"),
    "gibberish": ("RCPT", "\x1b[31m\u202e?", "temporary", "jonas@example.com for now: -1 "),
}


@pytest.mark.parametrize(("verb", "said", "expected", "words"), SCRIPTED.values(), ids=SCRIPTED)
def test_a_reply_is_told_for_what_it_is(  # noqa: PLR0913, PLR0917 (three fixtures, and a row)
    postfix: Postfix, proxy: Proxy, desk: Desk, verb: str, said: str, expected: str, words: str
):
    proxy.on(line(verb), answer(said), times=2 if verb == "EHLO" else 1)
    if verb == "EHLO":
        proxy.on(line("HELO"), answer(said))
    outbox = desk.plain(proxy)
    error = refused(outbox, mail())
    assert kind(error) == expected
    assert words in str(error)
    assert "\x1b" not in str(error)
    assert outbox.find(OURS, TO) is False
    outbox.send(mail())
    assert len(postfix.received(TO)) == 1


# --- what breaks ---

EARLY = {
    "at once": (CONNECT, CUT),
    "no greeting": (CONNECT, HANG),
    "421 as greeting": (CONNECT, answer("421 4.3.2 Shutting down", cut=True)),
    "at MAIL": (line("MAIL"), SENT_THEN_CUT),
    "silence after MAIL": (line("MAIL"), SENT_THEN_HANG),
    "at RCPT": (line("RCPT"), SENT_THEN_CUT),
    "silence after RCPT": (line("RCPT"), HANG),
}


@pytest.mark.parametrize(("pattern", "fault"), EARLY.values(), ids=EARLY)
def test_what_breaks_before_the_mail_was_handed_over_is_tried_again_without_a_doubt(
    postfix: Postfix, proxy: Proxy, desk: Desk, pattern: bytes, fault: Fault
):
    proxy.on(pattern, fault)
    outbox = desk.plain(proxy, seconds=0.5)
    error = refused(outbox, mail())
    assert kind(error) == "temporary"
    assert f"SMTP localhost:{proxy.port}" in str(error)
    assert outbox.find(OURS, TO) is False
    outbox.send(mail())
    assert len(postfix.received(TO)) == 1


LATE = {
    "within the text": (after(400), SENT_THEN_CUT, 0),
    "before its end": (END_OF_DATA, CUT, 0),
    "before it was accepted": (END_OF_DATA, SENT_THEN_CUT, 1),
    "after it was accepted": (END_OF_DATA, ANSWERED_THEN_CUT, 1),
    "in silence": (END_OF_DATA, SENT_THEN_HANG, 1),
}


@pytest.mark.parametrize(("pattern", "fault", "arrived"), LATE.values(), ids=LATE)
def test_what_breaks_after_that_is_not_known_and_told_so(  # noqa: PLR0913, PLR0917 (three fixtures, and a row)
    postfix: Postfix, proxy: Proxy, desk: Desk, pattern: bytes, fault: Fault, arrived: int
):
    """The one case in which a mail may come twice: then under one Message-ID."""
    message = mail()
    message.set_content("word\n" * 200)
    proxy.on(pattern, fault)
    outbox = desk.plain(proxy, seconds=0.5)
    error = refused(outbox, message)
    assert kind(error) == "temporary"
    assert str(error).endswith("; whether the mail to jonas@example.com was taken is not known")
    assert outbox.find(OURS, TO) is None
    outbox.send(message)
    assert [parsed(raw)["Message-ID"] for raw in postfix.received(TO)] == [OURS] * (arrived + 1)
    assert outbox.find(OURS, TO) is True


def test_a_refusal_does_not_end_an_earlier_doubt(postfix: Postfix, proxy: Proxy, desk: Desk):
    proxy.on(END_OF_DATA, ANSWERED_THEN_CUT)
    outbox = desk.plain(proxy)
    refused(outbox, mail())
    proxy.on(line("RCPT"), answer("450 4.2.0 Later"))
    refused(outbox, mail())
    assert outbox.find(OURS, TO) is None
    assert len(postfix.received(TO)) == 1


def test_what_another_process_may_have_sent_is_not_known(postfix: Postfix, desk: Desk):
    outbox = desk.outbox(postfix.port)
    assert outbox.find(OURS, "answer-450@example.com") is None
    refused(outbox, mail(to="answer-450@example.com"))
    assert outbox.find(OURS, "answer-450@example.com") is None


def test_a_server_that_is_away_is_written_to_when_it_is_back(postfix: Postfix, proxy: Proxy, desk: Desk):
    outbox = desk.plain(proxy)
    outbox.send(mail())
    with proxy.away():
        for _ in range(3):
            error = refused(outbox, mail())
            assert kind(error) == "temporary"
            assert re.fullmatch(r"SMTP localhost:\d+ cannot be reached: Connection refused", str(error))
    outbox.send(mail())
    assert len(postfix.received(TO)) == 2


# --- whom we trust, and who trusts us ---


def test_tls_from_the_first_byte(postfix: Postfix, desk: Desk):
    desk.outbox(postfix.tls_port, tls="tls").send(mail())
    assert len(postfix.received(TO)) == 1


def test_a_certificate_may_be_left_unverified_on_request(postfix: Postfix, desk: Desk):
    desk.outbox(postfix.wrong_host_port, ca=None, insecure=True).send(mail())
    assert len(postfix.received(TO)) == 1


UNTRUSTED = {
    "expired": (
        "expired_port",
        {},
        "the certificate of SMTP localhost:.* is refused: certificate has expired; renew it",
    ),
    "of another host": ("wrong_host_port", {}, "refused: Hostname mismatch.*; set `host` to a name"),
    "of nobody we know": ("port", {"ca": None}, "refused: .*; if the server is yours, name .* in `ca`"),
    "without TLS": ("bare_port", {}, "offers too little: STARTTLS .*Nothing is sent without it"),
    "without a login": ("bare_port", {"tls": "none"}, "offers too little: SMTP AUTH .*Nothing is sent without it"),
    "as somebody else": ("port", {"sender": "boss@example.com"}, "will not let us send as boss@example.com: 553 5.7.1"),
    "with no such certificates": ("port", {"ca": Path("/no/such.pem")}, "/no/such.pem cannot be read: No such file"),
}


@pytest.mark.parametrize(("port", "changes", "words"), UNTRUSTED.values(), ids=UNTRUSTED)
def test_where_somebody_must_mend_something_they_are_told_at_once(
    postfix: Postfix, desk: Desk, port: str, changes: dict[str, Any], words: str
):
    outbox = desk.outbox(getattr(postfix, port), **changes)
    error = refused(outbox, mail())
    assert kind(error) == "urgent"
    assert re.search(words, str(error))
    assert outbox.find(OURS, TO) is False
    assert postfix.received(TO) == []


def test_starttls_that_somebody_on_the_way_takes_out_is_missed(proxy: Proxy, desk: Desk):
    proxy.on(line("EHLO"), answer("250-mail.example.com", "250-AUTH PLAIN LOGIN", "250 8BITMIME"))
    error = refused(desk.outbox(proxy.port), mail())
    assert kind(error) == "urgent"
    assert proxy.connections[0].commands("AUTH") == proxy.connections[0].commands("MAIL") == []


@pytest.mark.parametrize(
    ("said", "expected"), [("454 4.7.0 TLS not available", "temporary"), ("502 5.5.1 No", "urgent")]
)
def test_starttls_that_is_refused_ends_the_attempt(proxy: Proxy, desk: Desk, said: str, expected: str):
    proxy.on(line("STARTTLS"), answer(said))
    assert kind(refused(desk.outbox(proxy.port), mail())) == expected
    assert proxy.connections[0].commands("AUTH") == proxy.connections[0].commands("MAIL") == []


def test_a_handshake_that_breaks_off_is_tried_again(proxy: Proxy, desk: Desk):
    proxy.on(after(200), CUT)
    assert kind(refused(desk.outbox(proxy.port), mail())) == "temporary"
    desk.outbox(proxy.port).send(mail())


@pytest.mark.parametrize("password", ["battery staple", "Pferdebatterieheftklammerüberzug"])
def test_a_wrong_password_is_told_at_once_with_what_to_mend(
    postfix: Postfix, desk: Desk, tmp_path: Path, password: str, caplog: pytest.LogCaptureFixture
):
    (tmp_path / "password").write_text(password)
    caplog.set_level(logging.DEBUG)
    error = refused(desk.outbox(postfix.port), mail())
    assert kind(error) == "urgent"
    assert f"SMTP localhost:{postfix.port}" in str(error)
    assert USER in str(error)
    seen: BaseException | None = error
    while seen:
        assert password not in f"{seen!r} {caplog.text}"
        assert not isinstance(seen, UnicodeError)
        seen = seen.__cause__ or (None if seen.__suppress_context__ else seen.__context__)


def test_a_password_is_read_anew_at_each_login(postfix: Postfix, desk: Desk, tmp_path: Path):
    (tmp_path / "password").write_text("battery staple")
    outbox = desk.outbox(postfix.port)
    refused(outbox, mail())
    (tmp_path / "password").write_text(PASSWORD)
    outbox.send(mail())
    assert len(postfix.received(TO)) == 1


def test_a_login_that_fails_for_now_is_tried_again(proxy: Proxy, desk: Desk):
    proxy.on(line("AUTH"), answer("454 4.7.0 Temporary authentication failure"), times=9)
    assert kind(refused(desk.outbox(proxy.port, tls="none"), mail())) == "temporary"


# --- what is offered ---


def test_a_login_is_tried_and_nothing_is_sent(postfix: Postfix, desk: Desk):
    (probe,) = desk.outbox(postfix.port).probes()
    assert probe.name == f"SMTP localhost:{postfix.port} as careermail@example.com"
    offers = ("TLSv1.3", "AUTH PLAIN LOGIN", "SIZE 200000", "8BITMIME", "SMTPUTF8", "PIPELINING", "DSN")
    assert (probe.look().offers, probe.look().lacks) == (offers, ())
    assert postfix.received(TO) == postfix.received(USER) == []


def test_what_a_server_lacks_is_said(proxy: Proxy, desk: Desk):
    proxy.on(line("EHLO"), answer("250-mail.example.com", "250 SIZE 1000"))
    (probe,) = desk.plain(proxy).probes()
    found = probe.look()
    assert found.offers == ("SIZE 1000",)
    assert found.lacks == ("TLS", "SMTPUTF8 (mail to addresses outside ASCII)", "DSN (bounces without the mail's text)")


def test_a_login_that_may_not_send_as_us_is_told(postfix: Postfix, desk: Desk):
    (probe,) = desk.outbox(postfix.port, sender="boss@example.com").probes()
    with pytest.raises(ProviderError, match=r"will not let us send as boss@example\.com"):
        probe.look()


# --- copies ---


def test_a_copy_is_kept_of_what_left(postfix: Postfix, desk: Desk):
    sent = Sent()
    outbox = desk.outbox(postfix.port, sent=sent)
    outbox.send(mail())
    refused(outbox, mail(to="answer-550@example.com"))
    assert sent.held == [OURS]


def test_a_copy_proves_that_a_mail_left(postfix: Postfix, desk: Desk):
    outbox = desk.outbox(postfix.port, sent=Sent([OURS]))
    assert outbox.find(OURS, TO) is True
    assert outbox.find("<prompt-2@careermail.example.com>", TO) is None


FAILURES = {
    "refused": (
        ProviderError("IMAP mail.example.com: the mailbox is full"),
        "IMAP mail.example.com: the mailbox is full",
    ),
    "a fault": (ValueError("Wie geht's?"), ""),
}


@pytest.mark.parametrize(("failure", "reason"), FAILURES.values(), ids=FAILURES)
def test_a_copy_that_cannot_be_kept_is_told_and_sends_nothing_twice(
    postfix: Postfix, desk: Desk, failure: Exception, reason: str, caplog: pytest.LogCaptureFixture
):
    outbox = desk.outbox(postfix.port, sent=Sent(fails=failure))
    outbox.send(mail())
    (record,) = [record for record in caplog.records if record.name == "careermail"]
    assert (record.levelname, record.getMessage(), record.__dict__["to"]) == ("WARNING", "no copy in Sent", TO)
    assert record.__dict__.get("reason", "") == reason
    assert outbox.find(OURS, TO) is True
    assert len(postfix.received(TO)) == 1


# --- what comes back ---


def test_a_bounce_tells_whom_a_mail_did_not_reach_and_nothing_that_was_in_it(postfix: Postfix, desk: Desk):
    desk.outbox(postfix.trusting_port).send(mail(to="nobody@example.com"))
    (raw,) = postfix.received(USER)
    assert bounce(raw) == Bounce("nobody@example.com", "5.1.1", True, OURS, 'unknown user: "nobody@example.com"')
    assert b"Wie geht" not in raw
