"""The inbox and the Sent folder on a real Dovecot, with a proxy in between where something is to go wrong."""

import re
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from imaplib import Time2Internaldate
from itertools import count
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from provider_suite import InboxSuite, World, answer, mail, subjects
from servers.ca import CA
from servers.dovecot import ABSENT, PASSWORD, Dovecot
from servers.proxy import ANSWERED_THEN_CUT, HANG, SENT_THEN_CUT, Fault, Proxy, line

from careermail.clock import SystemClock
from careermail.credentials import Secret
from careermail.errors import ProviderError
from careermail.model import Service
from careermail.providers import Provider, one_inbox
from careermail.providers.standards import idle, imap
from careermail.providers.standards.imap import ImapInbox, SentFolder

pytestmark = pytest.mark.skipif(ABSENT is not None, reason=str(ABSENT))

OURS = "0123456789abcdef0123456789abcdef@example.com"
MAIL = "apxqhzs6wotcpcjjvnsdp3yo7y.f0b0cc7b8492@example.com"  # as mails of ours are named that are no invitations


@pytest.fixture(scope="session")
def ca(tmp_path_factory: pytest.TempPathFactory) -> CA:
    return CA(tmp_path_factory.mktemp("ca"))


@pytest.fixture(scope="session")
def dovecot(ca: CA) -> Iterator[Dovecot]:
    with Dovecot(ca.good) as server:
        yield server


@dataclass(frozen=True)
class Box:
    """A mailbox of careermail's on a Dovecot, and who delivers to it and reads in it."""

    dovecot: Dovecot
    settings: dict[str, Any]
    service: Service
    later: ExitStack

    def inbox(self, seconds: float = 10, kind: type[ImapInbox] = ImapInbox, **changes: object) -> ImapInbox:
        inbox = kind(self.settings | changes, self.service, SystemClock(), seconds=seconds)
        self.later.callback(inbox.close)
        return inbox

    def sent(self, seconds: float = 10, **changes: object) -> SentFolder:
        sent = SentFolder(self.settings | {"sent": "Sent"} | changes, self.service, seconds=seconds)
        self.later.callback(sent.close)
        return sent

    def drop(self, *messages: bytes) -> None:
        self.dovecot.deliver(*messages, to=self.settings["user"])

    def by_hand(self, *commands: tuple[str, ...]) -> list[Any]:
        """What somebody does there with a mail program of their own; the last answer."""
        with self.dovecot.client(self.settings["user"]) as client:
            client.select()
            for command, *arguments in commands:
                done, said = getattr(client, command)(*arguments)
                assert done == "OK", said
        return cast("list[Any]", said)


@pytest.fixture(scope="session")
def numbers() -> Iterator[int]:
    return count(1)


@pytest.fixture
def later() -> Iterator[ExitStack]:
    """What is to be ended after a test."""
    with ExitStack() as stack:
        yield stack


@pytest.fixture
def new_box(dovecot: Dovecot, tmp_path: Path, numbers: Iterator[int], later: ExitStack) -> Callable[..., Box]:
    """Opens an empty mailbox of careermail's own each time it is called."""
    (tmp_path / "password").write_text(PASSWORD)
    (tmp_path / "password").chmod(0o600)

    def make(server: Dovecot = dovecot) -> Box:
        login = f"careermail@box{next(numbers)}.example.com"
        settings = {"host": "127.0.0.1", "port": server.port, "tls": "none", "user": login, "folder": "INBOX"}
        secret = Secret(file=tmp_path / "password")
        settings |= {"password": secret, "sent": "", "ca": None, "insecure": False}
        return Box(server, settings, Service(address="careermail@example.com"), later)

    return make


@pytest.fixture
def box(new_box: Callable[[], Box]) -> Box:
    return new_box()


@pytest.fixture
def proxy(dovecot: Dovecot) -> Iterator[Proxy]:
    with Proxy(dovecot.port) as between:
        yield between


@pytest.fixture
def wakings() -> threading.Semaphore:
    return threading.Semaphore(0)


class TestInbox(InboxSuite):
    @pytest.fixture
    def new_world(self, new_box: Callable[[], Box]) -> Callable[[], World]:
        def make() -> World:
            box = new_box()
            provider = Provider("standards", cast("Any", None), cast("Any", None), one_inbox(box.inbox()))
            return World(provider, cast("Any", SimpleNamespace(drop=box.drop)))

        return make


def stranger(subject: str) -> bytes:
    return answer(subject, b"Between the two of us.\n").replace(b"careermail@", b"maya@")


def flags(box: Box) -> list[Any]:
    with box.dovecot.client(box.settings["user"]) as client:
        client.select(readonly=True)
        return client.fetch("1:*", "(FLAGS)")[1]


# --- what is ours, and what is not ---


def test_what_is_addressed_to_careermail_is_read_whatever_else_there_is(box: Box):
    addressed = {
        "plain": "To: careermail@example.com",
        "named": 'To: "Maya Lindqvist via careermail" <careermail@example.com>',
        "plus": "To: careermail+k4mz7.w_x-y@example.com",
        "loud": "To: CareerMail@Example.COM",
        "copy": "To: jonas@example.com\nCc: Maya <maya@example.com>,\n careermail+tok@example.com",
        "blind": "To: undisclosed-recipients:;\nDelivered-To: careermail+tok@example.com",
        "relayed": "To: all@example.com\nX-Original-To: careermail@example.com",
        "report": "To: maya@example.com",
        "longer": "To: anticareermail@example.com",
        "dashed": "To: not-careermail@example.com",
        "beyond": "To: careermail@example.com.evil.example",
        "within": "To: careermail@sub.example.com",
        "subject": "To: maya@example.com\nX-Subject: careermail@example.com",
        "nobody": "X-Nothing: 1",
    }
    box.dovecot.fill(
        (f"Subject: {name}\n{lines}\n\nYes.\n".encode() for name, lines in addressed.items()), box.settings["user"]
    )
    assert subjects(box.inbox().fetch("")[0]) == ["plain", "named", "plus", "loud", "copy", "blind", "relayed"]


@pytest.mark.parametrize(("user", "read"), [("careermail", ["thread", "reply"]), ("maya", [])])
def test_a_mail_in_a_thread_of_ours_is_read_in_a_mailbox_of_our_own_alone(
    dovecot: Dovecot, box: Box, user: str, read: list[str]
):
    """A report's answer to a prompt reaches the manager, and is between the two of them."""
    login = f"{user}@{box.settings['user'].partition('@')[2]}"
    headers = {"thread": f"References: <x@y>\n <{OURS}>", "reply": f"In-Reply-To: <{MAIL}>"}
    headers |= {"other": "In-Reply-To: <CAF=x7@example.com>", "forged": f"In-Reply-To: <{OURS}.org>"}
    written = [f"Subject: {name}\nTo: maya@example.com\n{line}\n\nYes.\n".encode() for name, line in headers.items()]
    dovecot.fill(written, login)
    assert subjects(box.inbox(user=login).fetch("")[0]) == read


def test_of_other_peoples_mail_nothing_but_addresses_passes_and_nothing_is_changed(box: Box, proxy: Proxy):
    box.drop(stranger("Salary"), answer("one"), stranger("Notice"))
    before = flags(box)
    messages, _ = box.inbox(port=proxy.port).fetch("")
    assert subjects(messages) == ["one"]
    (passed,) = proxy.connections
    assert b"maya@example.com" in passed.server
    for word in (b"Salary", b"Notice", b"Between"):
        assert word not in passed.server
    said = [" ".join(command.split()[1:3]).upper() for command in passed.commands() if command]
    assert [s for s in said if not s.startswith(("LOGIN", "CAPABILITY"))] == [
        'EXAMINE "INBOX"',
        "UID SEARCH",
        "UID FETCH",
        "UID FETCH",
    ]
    assert len(re.findall(rb"BODY\.PEEK", passed.client)) == 2
    assert flags(box) == before == [rb"1 (FLAGS (\Recent))", rb"2 (FLAGS (\Recent))", rb"3 (FLAGS (\Recent))"]


def test_five_thousand_mails_of_other_peoples_are_passed_over_by_their_addresses(box: Box, proxy: Proxy):
    letter = answer("Minutes", b"As we said on Monday, the numbers are fine.\n" * 100).replace(b"careermail@", b"all@")
    box.dovecot.fill([letter] * 5000, box.settings["user"])
    box.drop(answer("one"))
    inbox = box.inbox(port=proxy.port)
    messages, cursor = inbox.fetch("")
    assert subjects(messages) == ["one"]
    (passed,) = proxy.connections
    first = len(passed.server)
    assert first < 5000 * 200  # where the letters are 4,500 bytes each
    box.drop(answer("two"))
    messages, cursor = inbox.fetch(cursor)
    assert subjects(messages) == ["two"]
    assert inbox.fetch(cursor) == ([], cursor)
    assert len(passed.server) - first < 4000


def test_what_had_come_long_before_us_is_not_ours_to_answer(box: Box):
    came = {"ancient": 400, "old": 60, "recent": 20}
    dates = {subject: Time2Internaldate(datetime.now(UTC) - timedelta(days=days)) for subject, days in came.items()}
    box.by_hand(*(("append", "INBOX", None, date, answer(subject)) for subject, date in dates.items()))
    messages, cursor = box.inbox().fetch("")
    assert subjects(messages) == ["recent"]
    assert box.inbox().fetch(cursor) == ([], cursor)


def test_a_mailbox_full_of_old_mail_is_not_looked_through_again(box: Box, proxy: Proxy):
    long_ago = Time2Internaldate(datetime.now(UTC) - timedelta(days=60))
    box.by_hand(*[("append", "INBOX", None, long_ago, answer("old"))] * 3)
    inbox = box.inbox(port=proxy.port)
    _, cursor = inbox.fetch("")
    box.drop(answer("one"))
    assert subjects(inbox.fetch(cursor)[0]) == ["one"]
    assert not any(b"Subject: old" in passed.server for passed in proxy.connections)


def test_a_header_of_a_megabyte_neither_passes_nor_keeps_us_busy(box: Box, proxy: Proxy):
    """At ten Dovecot itself dies; but no MTA hands on what is longer than this one (Postfix stops at 100 kB)."""
    bomb = b"To: " + b",careermail+" * 90_000 + b"\nSubject: bomb\n\nYes.\n"
    box.dovecot.fill([bomb, answer("one")], box.settings["user"])
    assert subjects(box.inbox(port=proxy.port).fetch("")[0]) == ["one"]
    assert len(proxy.connections[0].server) < 60_000


@pytest.mark.parametrize(
    "said",
    [
        [(b"1 (UID 7 BODY[]<0> {4}", b"Yes."), b")"],
        [(b"1 (BODY[]<0> {4}", b"Yes."), b" UID 7)"],
        [b"2 (UID 9 FLAGS (\\Seen))", (b"1 (FLAGS () UID 7 BODY[]<0> {4}", b"Yes."), b")", b"1 (UID 7 FLAGS ())"],
        [(b"1 (UID 7 BODY[]<0> {4}", b"Yes."), b" FLAGS ())", b"8 (UID 8 BODY[]<0> NIL)"],
    ],
)
def test_servers_may_order_their_answers_as_they_like(said: list[Any]):
    """RFC 3501, 7.4.2: and may tell of what others do at the same time."""
    client = SimpleNamespace(uid=lambda *_: ("OK", said))
    assert imap._fetched(cast("Any", SimpleNamespace(client=client)), [7, 8], "BODY.PEEK[]") == {7: b"Yes."}  # noqa: SLF001


# --- where we were ---


def test_in_another_life_of_the_folder_all_is_looked_through_again(box: Box):
    """It was deleted and made anew: its UIDs begin again, and mean other mails."""
    box.by_hand(("create", "Answers"), *[("append", "Answers", None, None, answer(s)) for s in ("one", "two")])
    inbox = box.inbox(folder="Answers")
    _, cursor = inbox.fetch("")
    box.by_hand(("delete", "Answers"), ("create", "Answers"), ("append", "Answers", None, None, answer("three")))
    messages, cursor = inbox.fetch(cursor)
    assert subjects(messages) == ["three"]
    box.by_hand(("append", "Answers", None, None, answer("four")))
    assert subjects(inbox.fetch(cursor)[0]) == ["four"]


@pytest.mark.parametrize("cursor", ["[[],[]]", "never", "1:", "-1:2"])
def test_a_cursor_of_another_provider_is_none(box: Box, cursor: str):
    box.drop(answer("one"))
    assert subjects(box.inbox().fetch(cursor)[0]) == ["one"]


def test_a_cursor_beyond_the_end_is_of_another_mailbox(box: Box):
    """Some servers give every mailbox the same UIDVALIDITY."""
    box.drop(answer("one"))
    validity = box.inbox().fetch("")[1].partition(":")[0]
    assert subjects(box.inbox().fetch(f"{validity}:4711")[0]) == ["one"]


def test_what_is_deleted_while_it_is_read_is_passed_over(box: Box):
    class Interrupted(ImapInbox):
        def _answers(self, *looked_at: Any) -> Iterator[int]:
            yield from list(super()._answers(*looked_at))
            box.by_hand(("store", "2", "+FLAGS", r"(\Deleted)"), ("expunge",))

    box.drop(answer("one"), answer("two"), answer("three"))
    messages, cursor = box.inbox(kind=Interrupted).fetch("")
    assert subjects(messages) in (["one", "three"], ["one", "two", "three"])  # Dovecot may keep it until we leave
    assert box.inbox().fetch(cursor) == ([], cursor)


STEP = st.one_of(
    st.tuples(st.just("arrive"), st.integers(1, 4)),
    st.tuples(st.just("others"), st.integers(1, 2)),
    st.tuples(st.just("delete"), st.integers(0, 9)),
    st.tuples(st.sampled_from(["look", "look", "restart", "cut"]), st.just(0)),
)


@settings(max_examples=20)
@given(steps=st.lists(STEP, min_size=3, max_size=14), batch=st.integers(1, 3))
def test_whatever_happens_in_between_each_answer_is_shown_once_and_in_order(
    new_box: Callable[[], Box],
    proxy: Proxy,
    monkeypatch: pytest.MonkeyPatch,
    steps: list[tuple[str, int]],
    batch: int,
):
    """Arrivals, other people's mail, deletions, restarts of ours and broken connections; in batches of any size."""
    monkeypatch.setattr(imap, "A_BATCH", batch)
    monkeypatch.setattr(imap, "HEADERS_AT_ONCE", 2)
    box = new_box()
    inbox, cursor = box.inbox(port=proxy.port), ""
    there, shown, deleted, named = list[str](), list[str](), set[str](), count()
    for what, number in [*steps, *[("look", 0)] * 60]:
        match what:
            case "arrive":
                there += (new := [str(next(named)) for _ in range(number)])
                box.drop(*(answer(subject) for subject in new))
            case "others":
                there += ["private"] * number
                box.drop(*[stranger("private")] * number)
            case "delete" if number < len(there):
                deleted.add(there.pop(number))
                box.by_hand(("store", str(number + 1), "+FLAGS", r"(\Deleted)"), ("expunge",))
            case "look":
                messages, cursor = inbox.fetch(cursor)
                assert len(messages) <= batch
                shown += subjects(messages)
            case "restart":
                inbox.close()
                inbox = box.inbox(port=proxy.port)
            case "cut":
                proxy.cut()
    inbox.close()
    assert shown == sorted(set(shown), key=int)
    assert set(there) - {"private"} <= set(shown) <= (set(there) | deleted) - {"private"}


# --- what goes wrong ---


def refused(inbox: ImapInbox) -> ProviderError:
    with pytest.raises(ProviderError) as told:
        inbox.fetch("")
    assert not told.value.permanent
    return told.value


def test_a_wrong_password_is_urgent_and_not_repeated_to_anybody(box: Box, tmp_path: Path):
    (tmp_path / "wrong").write_text("incorrect donkey")
    (tmp_path / "wrong").chmod(0o600)
    error = refused(box.inbox(password=Secret(file=tmp_path / "wrong")))
    assert error.urgent
    assert re.search(r"IMAP 127\.0\.0\.1:\d+ as careermail@box.*login is refused.*check user and password", str(error))
    assert "donkey" not in str(error)


def test_a_password_of_any_letters_will_do(box: Box, tmp_path: Path):
    (tmp_path / "wrong").write_text('Grüße "\\ 🔑')
    (tmp_path / "wrong").chmod(0o600)
    assert "login is refused" in str(refused(box.inbox(password=Secret(file=tmp_path / "wrong"))))


def test_a_missing_folder_is_urgent(box: Box):
    error = refused(box.inbox(folder="Nowhere"))
    assert error.urgent
    assert re.search(r"the folder 'Nowhere' cannot be read: .*exist.*make it, or name another", str(error))


def test_a_refusal_that_will_pass_is_not_urgent(box: Box, proxy: Proxy):
    box.drop(answer("one"))
    busy = Fault(answer=b"NO [INUSE] Mailbox is locked", then="go on")
    proxy.on(rb"OK \[READ-ONLY\] Examine completed[^\r]*", busy, server=True)
    inbox = box.inbox(port=proxy.port)
    error = refused(inbox)
    assert not error.urgent
    assert "Mailbox is locked" in str(error)
    assert subjects(inbox.fetch("")[0]) == ["one"]


@pytest.mark.parametrize("tls", ["starttls", "tls"])
def test_a_trusted_server_is_spoken_to_in_secret(box: Box, dovecot: Dovecot, ca: CA, tls: str):
    box.drop(answer("one"))
    with Proxy(dovecot.tls_port if tls == "tls" else dovecot.port) as proxy:
        inbox = box.inbox(tls=tls, port=proxy.port, ca=ca.file)
        assert subjects(inbox.fetch("")[0]) == ["one"]
        inbox.close()
        assert PASSWORD.encode() not in proxy.connections[0].client
        assert b"Yes." not in proxy.connections[0].server


@pytest.mark.parametrize("tls", ["starttls", "tls"])
def test_an_untrusted_server_gets_no_password(box: Box, dovecot: Dovecot, tls: str):
    port = dovecot.tls_port if tls == "tls" else dovecot.port
    error = refused(box.inbox(tls=tls, port=port))
    assert error.urgent
    assert "certificate" in str(error)
    assert box.inbox(tls=tls, port=port, insecure=True).fetch("")[0] == []


@pytest.mark.parametrize(("which", "told"), [("expired", "expired; renew"), ("wrong_host", "mismatch.*set `host`")])
def test_a_certificate_that_is_not_good_is_urgent(new_box: Callable[..., Box], ca: CA, which: str, told: str):
    with Dovecot(getattr(ca, which)) as server:
        box = new_box(server)
        error = refused(box.inbox(tls="tls", port=server.tls_port, ca=ca.file))
    assert error.urgent
    assert re.search(told, str(error))


def test_where_starttls_was_taken_away_nothing_is_sent_in_the_clear(box: Box, proxy: Proxy):
    proxy.on(rb"STARTTLS ", Fault(answer=b"", then="go on"), times=9, server=True)
    error = refused(box.inbox(tls="starttls", port=proxy.port))
    assert error.urgent
    assert "no STARTTLS" in str(error)
    assert b"LOGIN" not in proxy.connections[0].client


@pytest.mark.parametrize("command", ["LOGIN", "EXAMINE", "UID SEARCH", "UID FETCH"])
@pytest.mark.parametrize("fault", [HANG, SENT_THEN_CUT])
def test_after_a_fault_anywhere_all_is_read_the_next_time(box: Box, proxy: Proxy, command: str, fault: Fault):
    box.drop(answer("one"))
    proxy.on(rb"(?m)^\S+ " + command.encode(), fault)
    inbox = box.inbox(seconds=0.3, port=proxy.port)
    error = refused(inbox)
    assert not error.urgent
    assert ("no answer within 0.3 seconds" if fault is HANG else "broke") in str(error)
    messages, cursor = inbox.fetch("")
    assert subjects(messages) == ["one"]
    assert inbox.fetch(cursor)[0] == []


def test_a_connection_that_died_meanwhile_is_replaced_unnoticed(box: Box, proxy: Proxy):
    inbox = box.inbox(port=proxy.port)
    _, cursor = inbox.fetch("")
    box.drop(answer("one"))
    proxy.cut()
    messages, cursor = inbox.fetch(cursor)
    assert subjects(messages) == ["one"]
    _, cursor = inbox.fetch(cursor)
    assert len(proxy.connections) == 2


def test_a_server_that_is_away_is_asked_again(ca: CA, new_box: Callable[..., Box]):
    with Dovecot(ca.good) as server:
        box = new_box(server)
        inbox = box.inbox()
        _, cursor = inbox.fetch("")
        box.drop(answer("one"))
        server.stop()
        error = refused(inbox)
        server.start()
        messages, _ = inbox.fetch(cursor)
        inbox.close()
    assert not error.urgent
    assert "refused" in str(error)
    assert subjects(messages) == ["one"]


def test_no_word_of_a_mail_gets_into_an_error(box: Box, proxy: Proxy):
    box.drop(answer("one", b"I want to be CTO.\n"))
    proxy.on(rb"\* 1 FETCH \(UID 1 BODY\[\]", Fault(answer=b"I want to be CTO.\r\n", then="go on"), server=True)
    inbox = box.inbox(port=proxy.port)
    with pytest.raises(ProviderError) as told:
        inbox.fetch("")
    assert "CTO" not in str(told.value)
    assert told.value.__cause__ is None
    assert subjects(inbox.fetch("")[0]) == ["one"]


def test_a_folder_may_have_any_name(box: Box):
    box.by_hand(("create", '"Antworten f&APw-r F&APw-hrung"'))  # RFC 3501, 5.1.3
    box.by_hand(("append", '"Antworten f&APw-r F&APw-hrung"', None, None, answer("one")))
    assert subjects(box.inbox(folder="Antworten für Führung").fetch("")[0]) == ["one"]


# --- hearing of it at once ---


def test_an_answer_wakes_within_moments(box: Box, wakings: threading.Semaphore):
    end = box.inbox().watch(wakings.release)
    assert end is not None
    assert wakings.acquire(timeout=5)  # it listens
    for _ in range(2):
        while wakings.acquire(timeout=0.1):
            """Until nothing stirs any more."""
        box.drop(answer("one"))
        assert wakings.acquire(timeout=2)
    end()


def test_what_came_before_the_server_listened_wakes_too(box: Box, wakings: threading.Semaphore):
    box.drop(answer("one"))
    end = box.inbox().watch(wakings.release)
    assert end is not None
    assert wakings.acquire(timeout=5)
    end()


def test_after_its_end_nothing_wakes_any_more(box: Box, wakings: threading.Semaphore):
    end = box.inbox().watch(wakings.release)
    assert end is not None
    assert wakings.acquire(timeout=5)
    end()
    box.drop(answer("one"))
    assert not wakings.acquire(timeout=0.3)
    assert not [thread for thread in threading.enumerate() if thread.name == "careermail-idle"]


def test_it_listens_again_when_the_server_is_back(
    box: Box, proxy: Proxy, wakings: threading.Semaphore, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(idle, "SHORTEST_WAIT", 0.05)
    with ExitStack() as later:
        with proxy.away():
            end = box.inbox(port=proxy.port).watch(wakings.release)
            assert end is not None
            later.callback(end)
            assert not wakings.acquire(timeout=0.2)
        assert wakings.acquire(timeout=5)
        proxy.cut()
        assert wakings.acquire(timeout=5)
        box.drop(answer("one"))
        assert wakings.acquire(timeout=2)


def test_a_server_that_hangs_does_not_keep_us_from_ending(box: Box, proxy: Proxy, wakings: threading.Semaphore):
    end = box.inbox(port=proxy.port).watch(wakings.release)
    assert end is not None
    assert wakings.acquire(timeout=5)
    proxy.on(rb"", HANG, times=9)
    box.drop(answer("one"))
    began = datetime.now(UTC)
    end()
    assert datetime.now(UTC) - began < timedelta(seconds=4)


def test_an_idle_is_renewed(box: Box, proxy: Proxy, wakings: threading.Semaphore, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(idle, "HEARKENING_SECONDS", 0.02)
    end = box.inbox(port=proxy.port).watch(wakings.release)
    assert end is not None
    for _ in range(3):
        assert wakings.acquire(timeout=5)
    end()
    assert b"DONE" in proxy.connections[-1].client


def test_the_waits_between_two_attempts_grow_and_differ():
    watch = idle.Watch(cast("Any", None), "INBOX", lambda: None)
    waits = []
    for watch._failures in (0, 1, 2, 3, 99):  # noqa: SLF001
        waits.append((watch._pause(), watch._pause()))  # noqa: SLF001
    assert waits[0] == (0, 0)
    for (one, other), about in zip(waits[1:], (5, 10, 20, 900), strict=True):
        assert one != other
        assert about * 0.75 <= min(one, other) < max(one, other) <= about * 1.25


def test_a_server_without_idle_says_so(ca: CA, new_box: Callable[..., Box]):
    with Dovecot(ca.good, imap="imap_capability = IMAP4rev1 UIDPLUS") as server:
        box = new_box(server)
        assert box.inbox().watch(lambda: None) is None
        (probe,) = box.inbox().probes()
        found = probe.look()
        box.drop(answer("one"))
        assert subjects(box.inbox().fetch("")[0]) == ["one"]
    assert found.offers == ("0 messages in 'INBOX'", "UIDPLUS")
    assert found.lacks == ("IDLE: an answer is noticed when it is next asked for",)


# --- a login that is tried ---


def test_a_probe_says_what_there_is_and_changes_nothing(box: Box, proxy: Proxy):
    box.drop(answer("one"))
    (probe,) = box.inbox(port=proxy.port, sent="Sent").probes()
    assert proxy.connections == []
    assert probe.name == f"IMAP 127.0.0.1:{proxy.port} as {box.settings['user']}"
    assert probe.look().offers == (
        "1 messages in 'INBOX'",
        "IDLE",
        "UIDPLUS",
        "CONDSTORE",
        "SPECIAL-USE",
        "LITERAL+",
        "the folder 'Sent' for copies of what is sent",
    )
    assert not re.search(rb"(?i) (SELECT|STORE|APPEND|CREATE|EXPUNGE|COPY|MOVE) ", bytes(proxy.connections[0].client))


def test_a_probe_tells_of_a_missing_folder_for_copies(box: Box):
    (probe,) = box.inbox(sent="Gesendet").probes()
    assert probe.look().lacks == ("the folder 'Gesendet' for copies of what is sent",)


# --- copies of what is sent ---


@pytest.mark.parametrize("name", ["Sent", "auto"])
def test_a_copy_is_kept_as_read_and_found_again(box: Box, name: str):
    sent = box.sent(sent=name)
    assert not sent.holds("<prompt-1@careermail.example.com>")
    sent.keep(mail("Nächste Woche"))
    assert sent.holds("<prompt-1@careermail.example.com>")
    assert not sent.holds("<prompt-2@careermail.example.com>")
    with box.dovecot.client(box.settings["user"]) as client:
        client.select("Sent", readonly=True)
        ((head, copy), _) = client.fetch("1", "(FLAGS BODY.PEEK[])")[1]
    assert rb"\Seen" in head
    assert copy == mail("Nächste Woche").as_bytes().replace(b"\n", b"\r\n")


def test_copies_go_into_a_folder_of_any_name(box: Box):
    box.by_hand(("create", '"Gesendet f&APw-r Maya"'))
    sent = box.sent(sent="Gesendet für Maya")
    sent.keep(mail())
    assert sent.holds("<prompt-1@careermail.example.com>")


def test_without_a_mark_the_folder_called_sent_is_taken_and_with_neither_none(ca: CA, new_box: Callable[..., Box]):
    with Dovecot(ca.good, mark="") as unmarked, Dovecot(ca.good, sent="Outgoing", mark="") as without:
        for server, kept in ((unmarked, True), (without, False)):
            box = new_box(server)
            sent = box.sent(sent="auto")
            sent.keep(mail())
            assert sent.holds("<prompt-1@careermail.example.com>") == kept
            (probe,) = box.inbox(sent="auto").probes()
            assert probe.look().lacks == (() if kept else ("the folder Sent for copies of what is sent",))


@pytest.mark.parametrize("act", [lambda sent: sent.keep(mail()), lambda sent: sent.holds("<x@y>")])
def test_a_missing_folder_for_copies_is_urgent(box: Box, act: Callable[[SentFolder], object]):
    with pytest.raises(ProviderError, match="there is no folder 'Gesendet'; make it, or name another") as told:
        act(box.sent(sent="Gesendet"))
    assert told.value.urgent


def test_a_full_mailbox_is_urgent(box: Box):
    box.dovecot.limit(box.settings["user"], 300)
    large = mail()
    large.set_content("All work and no play.\n" * 100)
    with pytest.raises(ProviderError, match=r"no copy can be put into 'Sent': .*[Qq]uota") as told:
        box.sent().keep(large)
    assert told.value.urgent


def test_a_copy_that_nobody_acknowledged_is_found(box: Box, proxy: Proxy):
    proxy.on(rb"Wie geht's\?\r\n\r\n", ANSWERED_THEN_CUT)
    sent = box.sent(port=proxy.port)
    with pytest.raises(ProviderError):
        sent.keep(mail())
    assert sent.holds("<prompt-1@careermail.example.com>")


def test_a_copy_whose_way_was_cut_is_not_found(box: Box, proxy: Proxy):
    proxy.on(line("Subject"), SENT_THEN_CUT)
    sent = box.sent(port=proxy.port)
    with pytest.raises(ProviderError):
        sent.keep(mail())
    assert not sent.holds("<prompt-1@careermail.example.com>")
