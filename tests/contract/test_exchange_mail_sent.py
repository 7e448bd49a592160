"""What leaves an Exchange mailbox: once, whatever breaks; under our names or the server's; with nothing left behind."""

from collections.abc import Iterator
from datetime import timedelta
from email.message import EmailMessage
from pathlib import Path

import pytest
from fakes.ews.house import NOW, House
from fakes.ews.soap import FaultError, RefusedError
from fakes.web import Answer
from provider_suite import MAYA, mail
from samples import AGREED, JONAS, TUESDAY, WITH_JONAS

from careermail.errors import ProviderError
from careermail.mail.compose import compose, hand_on
from careermail.mail.replies import receive
from careermail.mail.tokens import message_id
from careermail.model import Person, Topic, opaque
from careermail.providers import Outbox

FROM_MAYA = "maya@example.com"
NAME, TO = "<prompt-1@careermail.example.com>", "jonas@example.com"
SETTLED = timedelta(minutes=15)


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    with House(tmp_path) as house:
        yield house


def named(number: int) -> EmailMessage:
    message = mail(sender=FROM_MAYA)
    message.replace_header("Message-ID", f"<mail-{number}@careermail.example.com>")
    return message


def composed(house: House, kind: str, to: Person) -> EmailMessage:
    service = house.service()
    topic = Topic(WITH_JONAS, occurrence=TUESDAY, contract=AGREED, commitments=AGREED.of("report"), deadline=NOW)
    name = message_id(service, [kind], MAYA.email)
    return compose(service, kind, to, [topic], message_id=name, key=kind, now=house.clock.now())


def fails(outbox: Outbox, message: EmailMessage) -> ProviderError:
    with pytest.raises(ProviderError) as told:
        outbox.send(message)
    return told.value


def again(house: House, message: EmailMessage) -> None:
    """What the runner does about a mail of which it does not know whether it left: a new process looks, then sends."""
    outbox = house.provider().outbox
    if outbox.find(str(message["Message-ID"]), str(message["To"].addresses[0].addr_spec)) is not True:
        outbox.send(message)


def came(house: House, to: str = TO) -> list[str]:
    return [str(one["Message-ID"]) for one in house.mail.received(to)]


def left_behind(house: House) -> int:
    return len(house.mail.within(FROM_MAYA, "drafts"))


# --- what arrives --------------------------------------------------------------------------------


def test_it_leaves_the_mailbox_that_from_names_and_a_copy_stays_there(house: House):
    house.provider().outbox.send(mail(sender=FROM_MAYA))
    assert came(house) == [NAME]
    assert len(house.mail.within(FROM_MAYA, "sentitems")) == 1
    assert left_behind(house) == 0
    assert {call.who for call in house.soap.log} == {FROM_MAYA}
    assert house.soap.asked() == ["CreateItem", "GetItem", "SendItem", "FindItem", "GetItem"]


def test_once_our_message_ids_were_seen_to_last_a_mail_takes_three_requests(house: House):
    outbox = house.provider().outbox
    outbox.send(named(1))
    before = len(house.soap.log)
    outbox.send(named(2))
    assert house.soap.asked()[before:] == ["CreateItem", "GetItem", "SendItem"]


def test_a_mail_of_ours_arrives_with_its_thread_its_words_and_what_marks_it(house: House):
    sent = composed(house, "due", JONAS)
    house.provider().outbox.send(sent)
    (got,) = house.mail.received(TO)
    for header in ("Subject", "Message-ID", "In-Reply-To", "References", "X-Careermail-Kind", "X-Careermail-Key"):
        assert str(got[header]) == str(sent[header]), header
    assert got["From"].addresses[0].display_name == "Maya Lindqvist"
    html = sent.get_body(("html",)).get_content()
    assert got.get_body(("html",)).get_content().split() == html.split()
    assert "Shadow the platform on-call rota" in got.get_body(("plain",)).get_content()


def test_what_is_handed_on_has_the_original_beside_it(house: House):
    raw = b"From: jonas@example.com\r\nTo: maya@example.com\r\nSubject: a note\r\n\r\nNot for machines.\r\n"
    note = receive(raw, address=FROM_MAYA)
    service, now = house.service(), house.clock.now()
    passed = hand_on(service, WITH_JONAS, note, raw, proven=True, message_id=NAME, now=now)
    house.provider().outbox.send(passed)
    (got,) = house.mail.received(FROM_MAYA)
    assert [(one.get_filename(), one.get_content()) for one in got.iter_attachments()] == [("note.eml", raw)]


def test_a_mail_to_the_manager_themself_reaches_them(house: House):
    message = composed(house, "summary", MAYA)
    house.provider().outbox.send(message)
    assert came(house, FROM_MAYA) == [str(message["Message-ID"])]


def test_headers_that_a_server_strips_are_missed_by_nothing(house: House):
    house.mail.strips = True
    message = composed(house, "due", JONAS)
    house.provider().outbox.send(message)
    (got,) = house.mail.received(TO)
    assert got["X-Careermail-Key"] is None
    assert house.provider().outbox.find(str(message["Message-ID"]), TO) is True


@pytest.mark.parametrize("lacking", ["From", "To"])
def test_a_mail_from_or_to_nobody_is_refused_for_good(house: House, lacking: str):
    message = mail(sender=FROM_MAYA)
    del message[lacking]
    assert fails(house.provider().outbox, message).permanent
    assert house.web.log == []


# --- names that a server does not let us set -----------------------------------------------------


def test_a_server_that_refuses_our_message_id_gives_its_own_which_is_read_from_sent_items(house: House):
    house.mail.message_ids = "refused"
    outbox = house.provider().outbox
    outbox.send(named(1))
    (real,) = came(house)
    assert real.endswith("@exchange.example.com>")
    assert house.soap.asked("CreateItem") == ["CreateItem"] * 2
    outbox.send(named(2))
    assert house.soap.asked("CreateItem") == ["CreateItem"] * 3  # what it refuses is remembered
    assert len(came(house)) == 2
    assert house.provider().outbox.find("<mail-1@careermail.example.com>", TO) is True


def test_a_server_that_refuses_all_names_gets_the_mail_without(house: House):
    house.mail.refuses = {"InternetMessageId", "InReplyTo", "References", "From"}
    house.provider().outbox.send(composed(house, "due", JONAS))
    (got,) = house.mail.received(TO)
    assert (got["In-Reply-To"], got["References"]) == (None, None)
    assert got["X-Careermail-Kind"] == "due"


def test_a_server_that_gives_its_own_message_id_without_a_word_is_noticed(house: House):
    house.mail.message_ids = "replaced"
    provider = house.provider()
    provider.outbox.send(mail(sender=FROM_MAYA))
    (real,) = came(house)
    assert real.endswith("@exchange.example.com>")
    answer = f"From: jonas@example.com\r\nTo: maya@example.com\r\nSubject: Re: x\r\nIn-Reply-To: {real}\r\n\r\nyes\r\n"
    house.mail.drop(FROM_MAYA, answer.encode())
    ((shown,), _) = provider.inboxes([MAYA])[FROM_MAYA].fetch("")
    assert f"In-Reply-To: {NAME}".encode() in shown


def test_a_copy_that_comes_late_gives_its_name_when_the_mailbox_is_next_looked_into(house: House):
    house.mail.message_ids, house.mail.copies_late = "replaced", True
    house.provider().outbox.send(mail(sender=FROM_MAYA))
    (real,) = came(house)
    house.mail.deliver()
    house.mail.drop(FROM_MAYA, f"From: {TO}\r\nSubject: Re: x\r\nIn-Reply-To: {real}\r\n\r\nyes\r\n".encode())
    ((shown,), _) = house.provider().inboxes([MAYA])[FROM_MAYA].fetch("")
    assert f"In-Reply-To: {NAME}".encode() in shown


# --- once, whatever breaks -----------------------------------------------------------------------


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("operation", ["CreateItem", "GetItem", "SendItem", "FindItem"])
def test_a_connection_that_ends_loses_nothing_and_sends_nothing_twice(house: House, operation: str, after: bool):
    """At each step of a first mail, before or after the server did what it was asked."""
    message, outbox = mail(sender=FROM_MAYA), house.provider().outbox
    house.cut(operation, after=after)
    if operation == "FindItem":  # it has left by then; its name is learned later
        outbox.send(message)
    else:
        told = fails(outbox, message)
        assert (told.permanent, told.urgent) == (False, False)
    again(house, message)
    assert came(house) == [NAME]
    assert left_behind(house) == 0


@pytest.mark.parametrize(
    "wrong",
    [
        Answer(503, b"", {"Retry-After": "120"}),
        Answer(500, b"Server Error in '/EWS' Application"),
        Answer(502, b""),
    ],
)
def test_what_fails_is_not_posted_a_second_time_by_itself(house: House, wrong: Answer):
    house.web.fail(answer=wrong, after=True)
    outbox = house.provider().outbox
    told = fails(outbox, mail(sender=FROM_MAYA))
    assert (told.permanent, told.urgent) == (False, False)
    assert house.soap.asked() == ["CreateItem"]
    again(house, mail(sender=FROM_MAYA))
    assert came(house) == [NAME]
    assert left_behind(house) == 0


def test_a_busy_server_is_left_alone_for_as_long_as_it_says(house: House):
    house.soap.trouble("SendItem", FaultError("ErrorServerBusy", BackOffMilliseconds="90000"))
    outbox = house.provider().outbox
    assert fails(outbox, mail(sender=FROM_MAYA)).retry_after == timedelta(seconds=90)
    again(house, mail(sender=FROM_MAYA))
    assert came(house) == [NAME]


def test_a_draft_that_did_not_leave_is_taken_away_when_it_is_looked_for(house: House):
    """It may never be wanted again, and would stand in the manager's Drafts for ever."""
    house.soap.trouble("SendItem", FaultError("ErrorInternalServerError"))
    fails(house.provider().outbox, mail(sender=FROM_MAYA))
    assert left_behind(house) == 1
    assert house.provider().outbox.find(NAME, TO) is False
    assert left_behind(house) == 0
    assert came(house) == []


def test_what_lies_in_drafts_and_is_on_its_way_is_let_go(house: House):
    """Where the transport stands still, submitted mails lie in Drafts until it goes on."""
    house.mail.transport = False
    house.provider().outbox.send(mail(sender=FROM_MAYA))
    assert left_behind(house) == 1
    assert house.provider().outbox.find(NAME, TO) is True
    again(house, mail(sender=FROM_MAYA))
    house.mail.deliver()
    assert came(house) == [NAME]


def test_a_mail_that_left_and_has_no_copy_yet_is_not_sent_again(house: House):
    house.mail.copies_late = True
    house.cut("SendItem")
    fails(house.provider().outbox, mail(sender=FROM_MAYA))
    with pytest.raises(ProviderError, match="not in Sent Items yet") as told:
        house.provider().outbox.find(NAME, TO)
    assert (told.value.retry_after, told.value.urgent) == (timedelta(minutes=3), False)
    house.mail.deliver()
    assert house.provider().outbox.find(NAME, TO) is True
    assert came(house) == [NAME]


def test_of_a_draft_that_somebody_deleted_nothing_can_tell(house: House):
    house.soap.trouble("SendItem", FaultError("ErrorInternalServerError"))
    fails(house.provider().outbox, mail(sender=FROM_MAYA))
    (draft,) = house.mail.within(FROM_MAYA, "drafts")
    house.mail.remove(draft)
    with pytest.raises(ProviderError):
        house.provider().outbox.find(NAME, TO)
    house.clock.wait(house.clock.now() + SETTLED)
    assert house.provider().outbox.find(NAME, TO) is None
    again(house, mail(sender=FROM_MAYA))
    assert came(house) == [NAME]


def test_a_draft_that_leaves_while_it_is_taken_away_has_left(house: House):
    """The server took its time over SendItem: it comes before the deletion."""
    house.soap.trouble("SendItem", FaultError("ErrorTimeoutExpired"))
    fails(house.provider().outbox, mail(sender=FROM_MAYA))
    delete = house.soap.operations["DeleteItem"]

    def late(call: object) -> object:
        (draft,) = house.mail.within(FROM_MAYA, "drafts")
        draft.submitted = True
        house.mail.deliver()
        return delete(call)

    house.soap.operations["DeleteItem"] = late
    assert house.provider().outbox.find(NAME, TO) is True
    assert came(house) == [NAME]


def test_a_mail_that_is_changed_at_that_moment_is_tried_again(house: House):
    house.soap.trouble("SendItem", RefusedError("ErrorIrresolvableConflict"))
    told = fails(house.provider().outbox, mail(sender=FROM_MAYA))
    assert (told.permanent, told.urgent) == (False, False)
    again(house, mail(sender=FROM_MAYA))
    assert came(house) == [NAME]


def test_what_left_after_a_backup_that_was_put_back_is_found_in_the_mailbox(house: House):
    old, lost, other = (message_id(house.service(), [key], FROM_MAYA) for key in ("old", "lost", "other"))
    for name in (old, lost):
        message = mail(sender=FROM_MAYA)
        message.replace_header("Message-ID", name)
        house.provider().outbox.send(message)
    (file,) = house.root.rglob(f"{opaque(lost)}.json")
    file.unlink()
    again = house.provider().outbox
    assert [again.find(name, TO) for name in (old, lost, other)] == [True, True, False]
    assert again.find(lost, "ana@example.com") is False


def test_what_has_left_is_not_sent_again_by_whoever_asks(house: House):
    outbox = house.provider().outbox
    outbox.send(mail(sender=FROM_MAYA))
    before = len(house.soap.log)
    outbox.send(mail(sender=FROM_MAYA))
    house.provider().outbox.send(mail(sender=FROM_MAYA))
    assert came(house) == [NAME]
    assert len(house.soap.log) == before


# --- what will never leave -----------------------------------------------------------------------


def test_a_recipient_that_is_refused_is_refused_for_good_and_no_draft_is_left(house: House):
    house.mail.refused = {TO}
    told = fails(house.provider().outbox, mail(sender=FROM_MAYA))
    assert told.permanent
    assert left_behind(house) == 0


def test_a_full_mailbox_is_its_owners_to_mend(house: House):
    house.soap.trouble("CreateItem", RefusedError("ErrorQuotaExceeded"))
    told = fails(house.provider().outbox, mail(sender=FROM_MAYA))
    assert (told.urgent, told.permanent, told.owner) == (True, False, FROM_MAYA)


def test_what_left_is_kept_without_a_word_of_it(house: House):
    provider = house.provider()
    provider.outbox.send(composed(house, "due", JONAS))
    (path,) = provider.kept("jonas@example.com")
    assert provider.kept(FROM_MAYA) == [path]
    assert b"on-call" not in path.read_bytes()
    assert (path.stat().st_mode & 0o777, path.parent.stat().st_mode & 0o777) == (0o600, 0o700)
