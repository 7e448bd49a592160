"""Mail through Graph keeps the contract, and falls into none of its traps."""

import json
import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from datetime import timedelta
from email.message import EmailMessage
from itertools import count
from pathlib import Path

import pytest
from fakes.graph.mailbox import Message
from fakes.graph.schema import error
from fakes.web import Answer
from ledger import utc
from provider_suite import ANA, JONAS, MAYA, InboxSuite, OutboxSuite, World
from tenants import Tenant, tenant

from careermail.clock import VirtualClock
from careermail.errors import ProviderError
from careermail.mail.automatic import reason
from careermail.mail.mime import read
from careermail.mail.replies import receive
from careermail.mail.tokens import message_id
from careermail.model import opaque
from careermail.providers import Outbox
from careermail.providers.microsoft import inbox as inbox_module
from careermail.providers.shelf.sent import Entry, Sent

NOW = utc(2027, 1, 12, 9)
ROOT = "<5e551017@example.com>"
DUE = "<due@example.com>"
A_SEND = r"POST .*/send$"


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock(NOW)


@pytest.fixture
def microsoft(tmp_path: Path, clock: VirtualClock) -> Iterator[Tenant]:
    with tenant(tmp_path, clock) as made:
        yield made


@pytest.fixture
def outbox(microsoft: Tenant) -> Outbox:
    return microsoft.provider().outbox


class _Worlds:
    @pytest.fixture
    def new_world(self, tmp_path: Path, clock: VirtualClock) -> Iterator[Callable[[], World]]:
        with ExitStack() as undo:
            numbers = count()

            def new() -> World:
                root = tmp_path / str(next(numbers))
                root.mkdir()
                made = undo.enter_context(tenant(root, clock))
                return World(made.provider(), made)  # type: ignore[arg-type]  # (it has hands for mail alone)

            yield new


class TestOutbox(_Worlds, OutboxSuite):
    sender = "maya@example.com"


class TestInbox(_Worlds, InboxSuite):
    address = "maya+careermail@example.com"


def mail(name: str = DUE, to: str = JONAS.email, **headers: str) -> EmailMessage:
    """A mail of ours about a commitment, as compose makes it: what answers it is for us."""
    message = EmailMessage()
    usual = {
        "From": "Maya Lindqvist <maya@example.com>",
        "To": f"Somebody <{to}>",
        "Subject": "Shadow the on-call rota",
        "Message-ID": name,
        "Auto-Submitted": "auto-generated",
        "X-Careermail-Kind": "due",
        "X-Careermail-Key": "0ff1ce",
    }
    for field, value in {**usual, **{field.replace("_", "-"): value for field, value in headers.items()}}.items():
        message[field] = value
    message.set_content("It is due today.")
    message.add_alternative("<p>It is due <b>today</b>.</p>", subtype="html")
    return message


def prompt(**headers: str) -> EmailMessage:
    """A mail whose answer is between two people."""
    return mail("<prompt@example.com>", Reply_To="Maya Lindqvist <maya@example.com>", **headers)


def kept(microsoft: Tenant, name: str = DUE, to: str = JONAS.email) -> Entry:
    found = Sent(microsoft.service.state / "microsoft" / "sent", microsoft.clock).get(name, to)
    assert found is not None
    return found


def drafts(microsoft: Tenant) -> list[Message]:
    return [*microsoft.mail.boxes[MAYA.email].within("drafts")]


def refused(call: Callable[[], object]) -> ProviderError:
    with pytest.raises(ProviderError) as told:
        call()
    return told.value


class TestWhatLeaves:
    def test_it_leaves_from_the_mailbox_that_from_names(self, microsoft: Tenant, outbox: Outbox):
        outbox.send(mail())
        outbox.send(mail(From="careermail <careermail@example.com>", To="it@example.com", Message_ID="<alarm@x>"))
        assert [
            len([*microsoft.mail.boxes[f"{who}@example.com"].within("sentitems")]) for who in ("maya", "careermail")
        ] == [1, 1]
        (received,) = microsoft.received(JONAS)
        assert received["From"] == "Maya Lindqvist <maya@example.com>"

    def test_its_names_are_kept_before_it_leaves(self, microsoft: Tenant, outbox: Outbox):
        microsoft.web.fail(A_SEND)
        refused(lambda: outbox.send(mail()))
        (draft,) = drafts(microsoft)
        entry = kept(microsoft)
        assert (entry.draft, entry.thread) == (f"{draft.id} {draft.internet_id}", draft.conversation)
        assert not entry.left
        outbox.send(mail())
        assert kept(microsoft).real == draft.internet_id
        assert microsoft.sends() == 1

    @pytest.mark.parametrize("after", [True, False])
    @pytest.mark.parametrize("step", [r"POST .*/messages$", A_SEND])
    def test_a_connection_that_ends_at_any_moment_sends_neither_twice_nor_never(
        self, microsoft: Tenant, step: str, after: bool
    ):
        fault = microsoft.web.fail(step, after=after)
        assert not refused(lambda: microsoft.provider().outbox.send(mail())).permanent
        assert fault.happened == 1
        again = microsoft.provider().outbox  # nothing but what is on disk and in the mailbox is known any more
        found = again.find(DUE, JONAS.email)
        assert found == (after and step == A_SEND)
        if not found:
            again.send(mail())
        assert again.find(DUE, JONAS.email)
        assert len(microsoft.received(JONAS)) == 1
        assert (drafts(microsoft), microsoft.sends()) == ([], 1)

    def test_to_send_again_what_left_is_to_do_nothing(self, microsoft: Tenant, outbox: Outbox):
        microsoft.web.fail(A_SEND, after=True)
        refused(lambda: outbox.send(mail()))
        outbox.send(mail())
        outbox.send(mail())
        assert microsoft.sends() == 1

    def test_what_left_after_a_backup_that_was_put_back_is_found_in_the_mailbox(
        self, microsoft: Tenant, outbox: Outbox
    ):
        old, lost, other = (message_id(microsoft.service, [key], MAYA.email) for key in ("old", "lost", "other"))
        outbox.send(mail(old))
        outbox.send(mail(lost))
        (file,) = microsoft.root.rglob(f"{opaque(lost)}.json")
        file.unlink()
        again = microsoft.provider().outbox
        assert [again.find(name, JONAS.email) for name in (old, lost, other)] == [True, True, False]
        assert again.find(lost, ANA.email) is False

    def test_the_id_of_a_draft_is_another_once_it_was_sent(self, microsoft: Tenant, outbox: Outbox):
        microsoft.web.fail(A_SEND, after=True)
        refused(lambda: outbox.send(mail()))
        (sent,) = microsoft.mail.boxes[MAYA.email].within("sentitems")
        assert sent.id != kept(microsoft).draft.split(" ")[0]
        assert outbox.find(DUE, JONAS.email) is True
        assert kept(microsoft).real == sent.internet_id

    def test_a_202_is_done_whatever_wait_it_wishes_for(self, microsoft: Tenant, outbox: Outbox):
        microsoft.mail.accepted = {"Retry-After": "30"}
        outbox.send(mail())
        assert sum(bool(re.search(A_SEND, f"{r.method} {r.path}")) for r in microsoft.web.log) == 1
        assert microsoft.clock.now() == NOW
        assert kept(microsoft).left

    def test_sent_items_that_come_late_are_waited_for(self, microsoft: Tenant, outbox: Outbox, clock: VirtualClock):
        microsoft.mail.late = timedelta(minutes=5)
        microsoft.web.fail(A_SEND, after=True)
        refused(lambda: outbox.send(mail()))
        error = refused(lambda: outbox.find(DUE, JONAS.email))
        assert (error.permanent, error.urgent, error.retry_after) == (False, False, timedelta(minutes=3))
        assert refused(lambda: outbox.send(mail())).retry_after
        clock.wait(NOW + timedelta(minutes=6))
        assert outbox.find(DUE, JONAS.email) is True
        assert microsoft.sends() == 1

    def test_a_draft_that_is_gone_without_a_trace_is_in_doubt_once(
        self, microsoft: Tenant, outbox: Outbox, clock: VirtualClock
    ):
        microsoft.web.fail(A_SEND)
        refused(lambda: outbox.send(mail()))
        microsoft.mail.boxes[MAYA.email].remove(*drafts(microsoft))
        refused(lambda: outbox.find(DUE, JONAS.email))
        clock.wait(NOW + timedelta(minutes=20))
        assert outbox.find(DUE, JONAS.email) is None
        outbox.send(mail())
        assert outbox.find(DUE, JONAS.email) is True
        assert microsoft.sends() == 1

    def test_a_draft_that_vanishes_at_the_last_moment_is_looked_for_again(self, microsoft: Tenant, outbox: Outbox):
        microsoft.web.fail(A_SEND, Answer(404, error("ErrorItemNotFound", "not found")))
        assert not refused(lambda: outbox.send(mail())).permanent
        outbox.send(mail())
        assert microsoft.sends() == 1

    def test_what_somebody_typed_into_a_draft_that_waited_does_not_leave(self, microsoft: Tenant, outbox: Outbox):
        microsoft.web.fail(A_SEND)
        refused(lambda: outbox.send(mail()))
        (draft,) = drafts(microsoft)
        draft.subject, draft.body = "Huh?", {"contentType": "text", "content": "What is this?"}
        outbox.send(mail())
        (received,) = microsoft.received(JONAS)
        assert received["Subject"] == "Shadow the on-call rota"
        assert "It is due" in received.get_body(("plain",)).get_content()

    def test_it_says_what_it_is_in_headers_that_pass(self, microsoft: Tenant, outbox: Outbox):
        """Auto-Submitted does not, and Graph refuses what does not begin with x-."""
        outbox.send(mail(Reply_To="careermail <maya+t0ken@example.com>"))
        (received,) = microsoft.received(JONAS)
        assert (received["X-Careermail-Kind"], received["X-Careermail-Key"]) == ("due", "0ff1ce")
        assert received["Auto-Submitted"] is None
        assert reason(read(received.as_bytes()), "maya@example.com") == "ours"
        assert "maya+t0ken@example.com" in received["Reply-To"]
        assert received.get_body(("html",)).get_content().strip() == "<p>It is due <b>today</b>.</p>"

    def test_of_many_headers_the_first_five_go_along(self, microsoft: Tenant, outbox: Outbox):
        outbox.send(mail(**{f"X_Extra_{n}": str(n) for n in range(9)}))
        (received,) = microsoft.received(JONAS)
        extra = [name for name in received if name.startswith("X-Extra")]
        assert extra == ["X-Extra-0", "X-Extra-1", "X-Extra-2"]

    def test_a_file_goes_along_whole(self, microsoft: Tenant, outbox: Outbox):
        message = mail()
        message.add_attachment(b"\x00note\xff", maintype="application", subtype="octet-stream", filename="note.eml")
        outbox.send(message)
        (received,) = microsoft.received(JONAS)
        (file,) = received.iter_attachments()
        assert (file.get_filename(), file.get_content()) == ("note.eml", b"\x00note\xff")

    def test_thirty_a_minute_leave_a_mailbox_and_the_next_waits(self, microsoft: Tenant, outbox: Outbox):
        for n in range(31):
            outbox.send(mail(f"<{n}@example.com>"))
        assert microsoft.clock.now() == NOW + timedelta(minutes=1)
        outbox.send(mail("<other@example.com>", From="careermail@example.com"))
        assert microsoft.clock.now() == NOW + timedelta(minutes=1)
        assert microsoft.sends() == 32

    @pytest.mark.parametrize("headers", [{}, {"Retry-After": "soon"}, {"Retry-After": "99999999"}])
    def test_too_many_requests_are_a_wait_also_where_none_or_an_absurd_one_is_named(
        self, microsoft: Tenant, outbox: Outbox, headers: dict[str, str]
    ):
        microsoft.web.fail(r"POST .*/messages$", Answer(429, error("ApplicationThrottled", "busy"), headers))
        told = refused(lambda: outbox.send(mail()))
        assert (told.permanent, told.urgent) == (False, False)
        assert told.retry_after is None or told.retry_after <= timedelta(hours=1)
        outbox.send(mail())
        assert microsoft.sends() == 1

    def test_a_token_that_was_revoked_is_asked_for_anew_at_once(self, microsoft: Tenant, outbox: Outbox):
        outbox.send(mail())
        microsoft.login.revoke()
        outbox.send(mail("<next@example.com>"))
        assert microsoft.sends() == 2

    def test_a_mail_to_the_manager_themself_arrives_and_is_no_answer(self, microsoft: Tenant):
        provider = microsoft.provider()
        provider.outbox.send(mail(to=MAYA.email))
        assert provider.outbox.find(DUE, MAYA.email)
        assert len(microsoft.received(MAYA)) == 1
        assert provider.inboxes([MAYA])[MAYA.email].fetch("")[0] == []
        assert microsoft.mail.opened == []

    def test_a_mail_to_two_is_refused_for_good(self, outbox: Outbox):
        assert refused(lambda: outbox.send(mail(To="jonas@example.com, ana@example.com"))).permanent

    def test_when_the_login_ends_is_found_when_it_is_tried(self, microsoft: Tenant):
        provider = microsoft.provider(secret_expires=utc(2027, 6, 30))
        app, own = provider.probes(())
        assert (app.look().expires, own.look().expires) == (utc(2027, 6, 30), None)

    def test_what_is_kept_of_somebody_is_found(self, microsoft: Tenant):
        provider = microsoft.provider()
        provider.outbox.send(mail())
        (file,) = provider.kept(JONAS.email)
        assert file.name.endswith(".json")
        assert "due today" not in file.read_text()
        assert provider.kept("ana@example.com") == []


class TestThreads:
    def test_mails_of_one_session_to_one_person_are_one_conversation(self, microsoft: Tenant, outbox: Outbox):
        outbox.send(mail("<one@x>", In_Reply_To=ROOT, References=ROOT))
        outbox.send(mail("<two@x>", In_Reply_To=ROOT, References=ROOT))
        outbox.send(mail("<three@x>", In_Reply_To=ROOT, References=ROOT))
        one, two, three = microsoft.mail.boxes[MAYA.email].within("sentitems")
        assert one.conversation == two.conversation == three.conversation
        assert (one.references, two.references) == ((), (one.internet_id,))
        assert three.references == (one.internet_id, two.internet_id)
        last = microsoft.received(JONAS)[-1]
        assert (last["Subject"], str(last["To"])) == ("Shadow the on-call rota", "Somebody <jonas@example.com>")
        assert last.get_body(("html",)).get_content().strip() == "<p>It is due <b>today</b>.</p>"
        assert last["X-Careermail-Key"] == "0ff1ce"

    def test_another_session_and_another_person_are_conversations_of_their_own(self, microsoft: Tenant, outbox: Outbox):
        outbox.send(mail("<one@x>", In_Reply_To=ROOT))
        outbox.send(mail("<two@x>", In_Reply_To="<another@example.com>"))
        outbox.send(mail("<three@x>", to=MAYA.email, In_Reply_To=ROOT))
        conversations = {one.conversation for one in microsoft.mail.boxes[MAYA.email].within("sentitems")}
        assert len(conversations) == 3

    def test_what_is_private_is_in_no_thread_with_what_is_read(self, microsoft: Tenant, outbox: Outbox):
        outbox.send(prompt(In_Reply_To=ROOT))
        outbox.send(mail(In_Reply_To=ROOT))
        private, due = microsoft.mail.boxes[MAYA.email].within("sentitems")
        assert private.conversation != due.conversation
        assert [kept(microsoft, name).private for name in ("<prompt@example.com>", DUE)] == [True, False]

    def test_an_answer_to_what_somebody_wrote_stands_beneath_it(self, microsoft: Tenant, outbox: Outbox):
        microsoft.drop(letter("maya+careermail@example.com", "Book an hour", name="<ask@example.com>"))
        outbox.send(mail("<answer@x>", In_Reply_To="<ask@example.com>"))
        asked = next(microsoft.mail.boxes[MAYA.email].within("inbox"))
        sent = next(microsoft.mail.boxes[MAYA.email].within("sentitems"))
        assert sent.conversation == asked.conversation
        assert [one["emailAddress"]["address"] for one in sent.to] == ["jonas@example.com"]

    def test_a_mail_leaves_by_itself_where_it_can_be_no_reply(self, microsoft: Tenant, outbox: Outbox):
        outbox.send(mail("<one@x>", In_Reply_To=ROOT))
        refusal = error("ErrorInvalidRequest", "internetMessageHeaders cannot be set here.")
        microsoft.web.fail("createReply", Answer(400, refusal))
        outbox.send(mail("<two@x>", In_Reply_To=ROOT))
        assert microsoft.sends() == 2

    @pytest.mark.parametrize("step", ["createReply", "PATCH", A_SEND])
    @pytest.mark.parametrize("after", [True, False])
    def test_a_reply_too_leaves_once_and_whole(self, microsoft: Tenant, outbox: Outbox, step: str, after: bool):
        outbox.send(mail("<one@x>", In_Reply_To=ROOT))
        microsoft.web.fail(step, after=after)
        refused(lambda: outbox.send(mail("<two@x>", In_Reply_To=ROOT)))
        again = microsoft.provider().outbox
        if not again.find("<two@x>", JONAS.email):
            again.send(mail("<two@x>", In_Reply_To=ROOT))
        assert [len(microsoft.received(JONAS)), microsoft.sends()] == [2, 2]
        assert microsoft.received(JONAS)[-1]["Subject"] == "Shadow the on-call rota"


def letter(  # noqa: PLR0913 (each is a header)
    to: str, subject: str, body: str = "Yes.\n", *, name: str = "", sender: str = JONAS.email, answers: str = ""
) -> bytes:
    """A mail from somebody's own program."""
    names = f"Message-ID: {name}\n" if name else ""
    names += f"In-Reply-To: {answers}\nReferences: {answers}\n" if answers else ""
    return f"From: {sender}\nTo: {to}\nSubject: {subject}\n{names}\n{body}".encode()


def subjects(messages: list[bytes]) -> list[str]:
    return [found[1].decode() for raw in messages if (found := re.search(rb"^Subject: (.*?)\r?$", raw, re.MULTILINE))]


class TestWhatComes:
    @pytest.fixture
    def due(self, microsoft: Tenant, outbox: Outbox) -> str:
        """A mail of ours has left; the server's name for it."""
        outbox.send(mail())
        return kept(microsoft).real

    def fetch(self, microsoft: Tenant, cursor: str = "") -> tuple[list[bytes], str]:
        """As after a start."""
        return microsoft.provider().inboxes([MAYA])[MAYA.email].fetch(cursor)

    def test_an_answer_in_a_conversation_of_ours_names_our_mail_by_our_name(self, microsoft: Tenant, due: str):
        microsoft.drop(letter(MAYA.email, "done", answers=due))
        ((raw,), _) = self.fetch(microsoft)
        assert f"In-Reply-To: {DUE}\nReferences: {DUE}\n".encode() in raw
        assert due.encode() not in raw

    @pytest.mark.parametrize("folder", ["archive", "deleteditems"])
    def test_an_answer_that_was_put_away_before_we_looked_is_found_once(self, microsoft: Tenant, due: str, folder: str):
        _, cursor = self.fetch(microsoft)
        box = microsoft.mail.boxes[MAYA.email]
        microsoft.drop(letter(MAYA.email, "done", answers=due))
        box.move(box.messages[-1], folder)
        messages, cursor = self.fetch(microsoft, cursor)
        assert subjects(messages) == ["done"]
        microsoft.drop(letter(MAYA.email, "and another", answers=due))
        messages, cursor = self.fetch(microsoft, cursor)
        assert subjects(messages) == ["and another"]
        box.move(box.messages[-1], folder)
        assert self.fetch(microsoft, cursor)[0] == []

    def test_a_mailbox_without_an_archive_is_read_all_the_same(self, microsoft: Tenant, due: str):
        none = Answer(404, {"error": {"code": "ErrorFolderNotFound"}})
        microsoft.web.fail("GET .*/mailFolders/archive/", none, times=9)
        microsoft.drop(letter(MAYA.email, "done", answers=due))
        messages, cursor = self.fetch(microsoft)
        assert subjects(messages) == ["done"]
        assert self.fetch(microsoft, cursor) == ([], cursor)

    def test_what_comes_to_careermails_own_mailbox_is_read_too(self, microsoft: Tenant):
        """Answers to alarms; and to mails that left from there, before managers' own were used."""
        box = microsoft.mail.boxes[microsoft.service.address]
        box.deliver(letter("careermail+aaaaaaaaaaa0123456789ab0123aaaaaaaaaaaaaaaa@example.com", "done"))
        box.deliver(letter("all@example.com", "Lunch on Friday"))
        inboxes = microsoft.provider().inboxes([MAYA])
        assert inboxes.keys() == {MAYA.email, ""}
        assert subjects(inboxes[""].fetch("")[0]) == ["done"]

    def test_an_answer_that_names_nothing_is_known_by_its_conversation(self, microsoft: Tenant, outbox: Outbox):
        outbox.send(mail())
        microsoft.drop(letter(MAYA.email, "done"))
        mine, theirs = microsoft.mail.boxes[MAYA.email].messages
        theirs.conversation = mine.conversation
        ((raw,), _) = self.fetch(microsoft)
        assert raw.startswith(f"In-Reply-To: {DUE}\r\n".encode())

    @pytest.mark.parametrize(
        ("to", "subject", "tags", "ours"),
        [
            ("maya@example.com", "Lunch?", True, False),
            ("maya+careermail@example.com", "Book an hour", True, True),
            ("maya+holiday@example.com", "Booked", True, False),
            ("maya@example.com", "careermail: book an hour", True, False),
            ("maya@example.com", "careermail: book an hour", False, True),
            ("maya@example.com", "Re: done [aaaaaaaaaaa0123456789ab0123aaaaaaaaaaaaaaaa]", True, True),
            ("maya+aaaaaaaaaaa0123456789ab0123aaaaaaaaaaaaaaaa@example.com", "Re: done", True, True),
        ],
    )
    def test_what_is_addressed_to_us_is_opened_and_nothing_else(
        self, microsoft: Tenant, to: str, subject: str, *, tags: bool, ours: bool
    ):
        microsoft.drop(letter(to, subject))
        service = replace(microsoft.service, tags=tags)
        messages, _ = microsoft.provider(service=service).inboxes([MAYA])[MAYA.email].fetch("")
        assert subjects(messages) == microsoft.mail.opened == ([subject] if ours else [])

    def test_who_wrote_is_vouched_for_where_exchange_says_that_they_had_logged_in(self, microsoft: Tenant):
        inside = b"X-MS-Exchange-Organization-AuthAs: Internal\r\n" + letter("maya+careermail@example.com", "inside")
        microsoft.drop(inside)
        microsoft.drop(letter("maya+careermail@example.com", "outside"))
        provider = microsoft.provider()
        one, two = provider.inboxes([MAYA])[MAYA.email].fetch("")[0]
        trusted = [provider.stamp]
        assert receive(one, address=MAYA.email, trusted=trusted).authentic == "pass"
        assert receive(two, address=MAYA.email, trusted=trusted).authentic == "unknown"
        other = microsoft.provider(service=replace(microsoft.service, secret=b"another"))
        assert other.stamp != provider.stamp

    @pytest.mark.parametrize(
        ("stamp", "verdict"),
        [
            (
                "spf=fail smtp.mailfrom=example.com; dkim=none;dmarc=fail action=oreject\n header.from=example.com",
                "fail",
            ),
            ("spf=fail smtp.mailfrom=example.com; dkim=none;\n dmarc=fail action=none; compauth=fail", "fail"),
            ("spf=fail; dkim=fail; dmarc=fail action=none; compauth=pass reason=130", "unknown"),  # ARC speaks for it
            ("dkim=none header.d=none;dmarc=none action=none header.from=example.com", "unknown"),  # as within a tenant
            (
                "spf=pass smtp.mailfrom=example.com; dmarc=pass header.from=example.com",
                "unknown",
            ),  # anybody can write it
            ("mx.example.org; dmarc=fail", "unknown"),  # another server's
        ],
    )
    def test_what_exchange_found_to_be_forged_is_said_to_be_so(self, microsoft: Tenant, stamp: str, verdict: str):
        lines = f"Received: from a by b\nAuthentication-Results: {stamp}\nReceived: from c by a\n".encode()
        microsoft.drop(lines + letter("maya+careermail@example.com", "done"))
        provider = microsoft.provider()
        ((raw,), _) = provider.inboxes([MAYA])[MAYA.email].fetch("")
        assert receive(raw, address=MAYA.email, trusted=[provider.stamp]).authentic == verdict

    def test_what_answers_a_prompt_is_never_opened(self, microsoft: Tenant, outbox: Outbox):
        outbox.send(prompt())
        real = kept(microsoft, "<prompt@example.com>").real
        microsoft.drop(letter(MAYA.email, "I have been thinking", answers=real))
        assert self.fetch(microsoft)[0] == []
        assert microsoft.mail.opened == []

    def test_a_delivery_report_is_no_private_answer_and_names_our_mail_in_its_body_too(
        self, microsoft: Tenant, outbox: Outbox
    ):
        outbox.send(prompt())
        real = kept(microsoft, "<prompt@example.com>").real
        exchange = "MicrosoftExchange329e71ec88ae4615bbc36ab6ce41109e@example.com"
        body = f"Message-ID: {real}\n"
        microsoft.drop(letter(MAYA.email, "Undeliverable", body, sender=exchange, answers=real))
        microsoft.drop(letter(MAYA.email, "Undeliverable: lunch", sender="postmaster@example.org"))
        ((raw,), _) = self.fetch(microsoft)
        assert raw.endswith(b"Message-ID: <prompt@example.com>\n")

    def test_managers_answers_to_mails_from_themselves_are_shown_once(self, microsoft: Tenant, outbox: Outbox):
        """They lie in the Inbox and in Sent Items."""
        outbox.send(mail(to=MAYA.email))
        real = kept(microsoft, to=MAYA.email).real
        raw = letter(MAYA.email, "done", name="<reply@x>", sender=MAYA.email, answers=real)
        microsoft.mail.boxes[MAYA.email].deliver(raw, folder="sentitems")
        messages, cursor = self.fetch(microsoft)
        assert subjects(messages) == ["done"]
        microsoft.drop(raw)
        assert self.fetch(microsoft, cursor)[0] == []

    def test_what_managers_write_to_others_in_our_conversations_is_not_opened(self, microsoft: Tenant, due: str):
        raw = letter(JONAS.email, "Between us", sender=MAYA.email, answers=due)
        microsoft.mail.boxes[MAYA.email].deliver(raw, folder="sentitems")
        assert self.fetch(microsoft)[0] == []
        assert microsoft.mail.opened == []

    def test_what_we_sent_is_not_taken_for_an_answer(self, microsoft: Tenant, outbox: Outbox):
        outbox.send(mail(to=MAYA.email))
        assert self.fetch(microsoft)[0] == []

    def test_nothing_is_changed_in_the_mailbox(self, microsoft: Tenant, due: str):
        microsoft.drop(letter(MAYA.email, "done", answers=due))
        before, asked = len(microsoft.mail.boxes[MAYA.email].changes), len(microsoft.web.log)
        self.fetch(microsoft)
        assert len(microsoft.mail.boxes[MAYA.email].changes) == before
        assert {r.method for r in microsoft.web.log[asked:] if "/users/" in r.path} == {"GET"}

    def test_only_names_are_asked_for_of_what_is_new(self, microsoft: Tenant):
        self.fetch(microsoft)
        asked = {r.first("$select") for r in microsoft.web.log if r.path.endswith("delta") and r.first("$select")}
        names = "internetMessageId,conversationId,from,toRecipients,ccRecipients,subject,receivedDateTime,isDraft"
        assert asked == {names}

    def test_a_mailbox_is_read_page_by_page(self, microsoft: Tenant, monkeypatch: pytest.MonkeyPatch):
        monkeypatch.setattr(inbox_module, "PAGE", "odata.maxpagesize=2")
        for n in range(7):
            microsoft.drop(letter("maya+careermail@example.com" if n % 2 else MAYA.email, str(n)))
        messages, cursor = self.fetch(microsoft)
        assert subjects(messages) == ["1", "3", "5"]
        for n in range(7, 12):
            microsoft.drop(letter("maya+careermail@example.com", str(n)))
        assert subjects(self.fetch(microsoft, cursor)[0]) == ["7", "8", "9", "10", "11"]

    def test_where_graph_has_forgotten_where_we_were_all_is_looked_through_and_nothing_shown_twice(
        self, microsoft: Tenant
    ):
        microsoft.drop(letter("maya+careermail@example.com", "one"))
        _, cursor = self.fetch(microsoft)
        microsoft.drop(letter("maya+careermail@example.com", "two"))
        microsoft.mail.forget()
        messages, cursor = self.fetch(microsoft, cursor)
        assert subjects(messages) == ["two"]
        assert self.fetch(microsoft, cursor)[0] == []

    def test_links_that_expire_within_a_round_are_started_anew(
        self, microsoft: Tenant, monkeypatch: pytest.MonkeyPatch
    ):
        monkeypatch.setattr(inbox_module, "PAGE", "odata.maxpagesize=2")
        for n in range(5):
            microsoft.drop(letter("maya+careermail@example.com", str(n)))
        _, cursor = self.fetch(microsoft)
        for n in range(5, 10):
            microsoft.drop(letter("maya+careermail@example.com", str(n)))
        gone = Answer(410, error("syncStateNotFound", "The sync state is not found."))
        microsoft.web.fail("inbox/messages/delta", gone)
        assert subjects(self.fetch(microsoft, cursor)[0]) == ["5", "6", "7", "8", "9"]

    @pytest.mark.parametrize(
        "cursor", ["1611234567:42", "8123", "8123@17.ab", '["H4sIAA=="]', '["H4sIAA==","AAMk"]', '[["a"],["b"]]']
    )
    def test_a_cursor_of_another_provider_is_no_cursor(self, microsoft: Tenant, cursor: str):
        microsoft.drop(letter("maya+careermail@example.com", "one"))
        messages, cursor = self.fetch(microsoft, cursor)
        assert subjects(messages) == ["one"]
        assert self.fetch(microsoft, cursor)[0] == []

    def test_a_link_that_graph_does_not_understand_any_more_is_started_anew(self, microsoft: Tenant):
        _, cursor = self.fetch(microsoft)
        microsoft.drop(letter("maya+careermail@example.com", "one"))
        microsoft.web.fail("inbox/messages/delta", Answer(400, error("BadRequest", "Badly formed token.")))
        assert subjects(self.fetch(microsoft, cursor)[0]) == ["one"]

    def test_a_message_that_is_said_to_be_removed_and_is_not_loses_and_repeats_nothing(self, microsoft: Tenant):
        assert microsoft.mail.lies
        microsoft.drop(letter("maya+careermail@example.com", "one"))
        messages, cursor = self.fetch(microsoft)
        assert subjects(messages) == ["one"]
        microsoft.drop(letter("maya+careermail@example.com", "two"))
        messages, cursor = self.fetch(microsoft, cursor)
        assert subjects(messages) == ["two"]
        assert self.fetch(microsoft, cursor) == ([], cursor)

    def test_a_message_that_changes_is_not_shown_again(self, microsoft: Tenant):
        microsoft.drop(letter("maya+careermail@example.com", "one"))
        _, cursor = self.fetch(microsoft)
        box = microsoft.mail.boxes[MAYA.email]
        box.messages[0].read = True
        box.changed(box.messages[0])
        assert self.fetch(microsoft, cursor)[0] == []
        assert microsoft.mail.opened == ["one"]

    def test_where_nothing_is_new_the_cursor_stays(self, microsoft: Tenant):
        _, cursor = self.fetch(microsoft)
        assert self.fetch(microsoft, cursor) == ([], cursor)

    def test_what_is_older_than_careermail_is_left_alone(self, microsoft: Tenant, clock: VirtualClock):
        microsoft.drop(letter("maya+careermail@example.com", "long ago"))
        clock.wait(NOW + timedelta(days=40))
        microsoft.drop(letter("maya+careermail@example.com", "now"))
        assert subjects(self.fetch(microsoft)[0]) == ["now"]

    def test_a_message_that_is_deleted_before_it_is_opened_keeps_no_other_back(self, microsoft: Tenant):
        microsoft.drop(letter("maya+careermail@example.com", "gone"))
        microsoft.drop(letter("maya+careermail@example.com", "there"))
        microsoft.web.fail(r"\$value", Answer(404, error("ErrorItemNotFound", "not found")))
        messages, cursor = self.fetch(microsoft)
        assert subjects(messages) == ["there"]
        assert self.fetch(microsoft, cursor)[0] == []

    @pytest.mark.parametrize("step", ["inbox/messages/delta", "sentitems/messages/delta", r"\$value"])
    def test_what_could_not_be_read_is_read_the_next_time(self, microsoft: Tenant, step: str):
        _, cursor = self.fetch(microsoft)
        microsoft.drop(letter("maya+careermail@example.com", "one"))
        microsoft.web.fail(step, Answer(503, error("serviceNotAvailable", "down")), times=3)
        told = refused(lambda: self.fetch(microsoft, cursor))
        assert (told.permanent, told.urgent) == (False, False)
        assert subjects(self.fetch(microsoft, cursor)[0]) == ["one"]

    def test_each_manager_has_an_inbox_and_one_that_is_closed_keeps_no_other_back(self, microsoft: Tenant):
        microsoft.login.apps[next(iter(microsoft.login.apps))].granted = frozenset()
        microsoft.guard.scoped["Mail.ReadWrite"] = {MAYA.email}
        microsoft.drop(letter("maya+careermail@example.com", "one"))
        inboxes = microsoft.provider().inboxes([MAYA, JONAS])
        assert subjects(inboxes[MAYA.email].fetch("")[0]) == ["one"]
        told = refused(lambda: inboxes[JONAS.email].fetch(""))
        assert told.urgent
        assert "mailbox jonas@example.com" in str(told)

    def test_a_mailbox_of_careermails_own_is_read_for_all(self, microsoft: Tenant):
        service = replace(microsoft.service, as_manager=False)
        microsoft.drop(letter("careermail@example.com", "Book an hour"))
        provider = microsoft.provider(service=service)
        assert list(provider.inboxes([MAYA, JONAS])) == [""]
        assert subjects(provider.inboxes([MAYA])[""].fetch("")[0]) == ["Book an hour"]
        provider.outbox.send(
            mail(From="Maya via careermail <careermail@example.com>", Reply_To="careermail@example.com")
        )
        assert not kept(microsoft).private
        assert str(microsoft.received(JONAS)[0]["From"]) == "careermail <careermail@example.com>"

    def test_a_cursor_is_short_however_much_was_shown(self, microsoft: Tenant):
        cursor = ""
        for batch in range(5):
            for n in range(60):
                microsoft.drop(letter("maya+careermail@example.com", f"{batch}/{n}"))
            _, cursor = self.fetch(microsoft, cursor)
        assert len(json.loads(cursor)[1]) == 200
