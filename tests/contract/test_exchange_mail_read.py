"""What is read of an Exchange mailbox: what answers us and nothing else, once, and nothing there is changed."""

import json
from collections.abc import Iterator
from datetime import timedelta
from email import message_from_bytes
from pathlib import Path

import pytest
from fakes.ews.house import NOW, House
from fakes.ews.letter import Letter
from fakes.ews.soap import NAMES, FaultError, RefusedError
from provider_suite import ANA, MAYA, mail, subjects

from careermail.errors import ProviderError
from careermail.mail.authenticity import verdict
from careermail.mail.mime import read
from careermail.providers import A_BATCH, Inbox, Provider
from careermail.providers.exchange import inbox as exchange_inbox

BOX, OTHER = "maya@example.com", "ana@example.com"
NAME, PROMPT = "<prompt-1@careermail.example.com>", "<private@careermail.example.com>"
TOKEN = f"[{'a' * 11}{'0' * 12}0000{'b' * 16}]"


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    with House(tmp_path) as house:
        yield house


@pytest.fixture
def provider(house: House) -> Provider:
    """One that has sent a mail from Maya's mailbox to Jonas, and one to which he answers her alone."""
    provider = house.provider()
    provider.outbox.send(mail(sender=BOX))
    private = mail(subject="Something to think about", sender=BOX)
    private.replace_header("Message-ID", PROMPT)
    private["Reply-To"] = "Maya Lindqvist <maya@example.com>"
    provider.outbox.send(private)
    house.soap.log.clear()
    return provider


@pytest.fixture
def inbox(provider: Provider) -> Inbox:
    return provider.inboxes([MAYA])[BOX]


def written(subject: str, *headers: str, sender: str = "jonas@example.com", body: str = "Yes.") -> bytes:
    lines = [f"From: {sender}", "To: maya@example.com", f"Subject: {subject}", *headers]
    return "\r\n".join([*lines, "", body, ""]).encode()


def answering(subject: str, name: str = NAME) -> bytes:
    return written(subject, f"In-Reply-To: {name}")


def opened(house: House) -> set[str]:
    """The ids of the messages of which more was asked than SyncFolderItems tells."""
    asked = (one for call in house.soap.log if call.operation == "GetItem" for one in call.body.iter("{*}ItemId"))
    return {one.get("Id") for one in asked}


# --- what is ours --------------------------------------------------------------------------------


def test_of_a_managers_mailbox_only_what_answers_us_is_opened(house: House, inbox: Inbox):
    ours = [
        house.mail.drop(BOX, answering("by In-Reply-To")),
        house.mail.drop(BOX, written("by References", f"References: <x@example.com> {NAME}")),
        house.mail.drop(BOX, written(f"Re: by token {TOKEN}")),
        house.mail.drop(BOX, written("careermail: of her own accord", sender=BOX)),
    ]
    house.mail.drop(BOX, written("lunch"))
    house.mail.drop(BOX, written("Re: lunch", "In-Reply-To: <lunch@example.com>"))
    house.mail.drop(BOX, written("for the hour with careermail in the subject"))
    messages, _ = inbox.fetch("")
    assert len(messages) == 4
    assert opened(house) == {letter.id for letter in ours}


def test_what_is_told_of_the_others_is_what_tells_whether_they_are_ours(house: House, inbox: Inbox):
    inbox.fetch("")
    (sync,) = (call.body for call in house.soap.log if call.operation == "SyncFolderItems")
    shape = sync.find("m:ItemShape", NAMES)
    assert shape.findtext("t:BaseShape", None, NAMES) == "IdOnly"
    asked = {one.get("FieldURI") or one.get("PropertyName") for one in shape.iter("{*}FieldURI", "{*}ExtendedFieldURI")}
    assert asked == {
        "item:ItemClass",
        "item:Subject",
        "item:InReplyTo",
        "item:ConversationId",
        "item:DateTimeReceived",
        "message:InternetMessageId",
        "message:References",
        "X-Careermail-Key",
    }


def test_what_a_report_answers_between_the_two_of_them_is_never_opened(house: House, inbox: Inbox):
    house.mail.drop(BOX, answering("Re: Something to think about", PROMPT))
    house.mail.drop(BOX, written("Re: Something", f"References: {NAME} {PROMPT}"))
    assert inbox.fetch("")[0] == []
    assert opened(house) == set()


def test_not_even_with_a_token(house: House, inbox: Inbox):
    house.mail.drop(BOX, written(f"Re: Something {TOKEN}", f"In-Reply-To: {PROMPT}"))
    assert inbox.fetch("")[0] == []


def test_our_own_mails_to_a_manager_are_no_answers(house: House, provider: Provider, inbox: Inbox):
    own = mail(subject="careermail: how did it go?", to=BOX, sender=BOX)
    own.replace_header("Message-ID", "<summary@careermail.example.com>")
    own["X-Careermail-Key"] = "c0ffee"
    provider.outbox.send(own)
    house.soap.log.clear()
    assert inbox.fetch("")[0] == []
    assert opened(house) == set()


def test_nor_are_they_where_the_server_gives_names_and_takes_headers_away(house: House):
    provider = house.provider()
    house.mail.message_ids, house.mail.strips = "replaced", True
    own = mail(subject="careermail: how did it go?", to=BOX, sender=BOX)
    own.replace_header("Message-ID", "<summary@careermail.example.com>")
    provider.outbox.send(own)
    assert provider.inboxes([MAYA])[BOX].fetch("")[0] == []


def test_what_a_manager_answers_to_a_mail_from_their_own_mailbox_is_an_answer(
    house: House, provider: Provider, inbox: Inbox
):
    own = mail(subject="How did it go?", to=BOX, sender=BOX)
    own.replace_header("Message-ID", "<summary@careermail.example.com>")
    provider.outbox.send(own)
    house.mail.drop(BOX, answering("Re: How did it go?", "<summary@careermail.example.com>"))
    assert subjects(inbox.fetch("")[0]) == ["Re: How did it go?"]


def test_an_answer_whose_references_are_longer_than_a_server_tells_is_known_by_what_it_answers(
    house: House, inbox: Inbox
):
    others = " ".join(f"<{number:030}@example.com>" for number in range(20))
    house.mail.drop(BOX, written("long", f"References: {others} {NAME}", f"In-Reply-To: {NAME}"))
    assert subjects(inbox.fetch("")[0]) == ["long"]


def in_conversation_of_ours(house: House, letter: Letter) -> None:
    """Let a message be in the conversation of the first mail that left, whatever its header says."""
    letter.thread = house.mail.within(BOX, "sentitems")[0].conversation


def test_an_answer_that_names_nothing_is_known_by_its_conversation(house: House, inbox: Inbox):
    in_conversation_of_ours(house, house.mail.drop(BOX, written("from a phone")))
    ((shown,), _) = inbox.fetch("")
    assert shown.startswith(f"In-Reply-To: {NAME}\r\n".encode())


def test_one_that_names_somebody_elses_mail_is_not_ours_whatever_its_conversation(house: House, inbox: Inbox):
    letter = house.mail.drop(BOX, written("between colleagues", "In-Reply-To: <hand-written@example.com>"))
    in_conversation_of_ours(house, letter)
    assert inbox.fetch("")[0] == []
    assert opened(house) == set()


def test_invitations_and_answers_to_them_are_the_calendars(house: House, inbox: Inbox):
    house.mail.drop(BOX, answering("Declined: Jonas and Maya"), kind="IPM.Schedule.Meeting.Resp.Neg")
    assert inbox.fetch("")[0] == []


def test_a_report_that_even_a_private_mail_came_back_is_opened_and_names_it_as_we_did(house: House):
    provider = house.provider()
    house.mail.message_ids = "replaced"
    private = mail(subject="Something", sender=BOX)
    private.replace_header("Message-ID", "<later@careermail.example.com>")
    private["Reply-To"] = BOX
    provider.outbox.send(private)
    real = str(house.mail.received("jonas@example.com")[-1]["Message-ID"])
    body = f"It could not be delivered.\r\n\r\nMessage-ID: {real}"
    report = written("Undeliverable: Something", f"In-Reply-To: {real}", sender="postmaster@example.com", body=body)
    house.mail.drop(BOX, report, kind="REPORT.IPM.Note.NDR")
    ((shown,), _) = provider.inboxes([MAYA])[BOX].fetch("")
    assert shown.count(b"<later@careermail.example.com>") == 2


def test_recipients_are_asked_for_only_where_a_plus_address_may_be_among_them(house: House, provider: Provider):
    del provider
    house.mail.drop(BOX, written("lunch"))
    untagged = house.provider()
    untagged.inboxes([MAYA])[BOX].fetch("")
    assert opened(house) == set()
    tagged = house.provider(service=house.service(tags=True))
    house.mail.tags = True
    house.mail.drop("maya+careermail@example.com", written("hello").replace(b"To: maya@", b"To: maya+careermail@"))
    assert subjects(tagged.inboxes([MAYA])[BOX].fetch("")[0]) == ["hello"]


# --- once, and all of it -------------------------------------------------------------------------


def test_nothing_in_the_mailbox_is_changed(house: House, inbox: Inbox):
    house.mail.drop(BOX, answering("one"))
    house.mail.drop(BOX, written("lunch"))
    before = {folder: house.mail.raw(BOX, folder) for folder in ("inbox", "sentitems", "drafts")}
    _, cursor = inbox.fetch("")
    inbox.fetch(cursor)
    assert {folder: house.mail.raw(BOX, folder) for folder in ("inbox", "sentitems", "drafts")} == before
    assert set(house.soap.asked()) == {"SyncFolderItems", "GetItem"}


def test_answers_come_in_the_order_in_which_they_arrived(house: House, inbox: Inbox):
    house.mail.drop(BOX, answering("second"), at=NOW)
    house.mail.drop(BOX, answering("first"), at=NOW - timedelta(hours=1))
    assert subjects(inbox.fetch("")[0]) == ["first", "second"]


def test_what_is_read_and_flagged_meanwhile_is_not_shown_again(house: House, inbox: Inbox):
    house.mail.drop(BOX, answering("one"))
    _, cursor = inbox.fetch("")
    house.mail.look(BOX)
    messages, after = inbox.fetch(cursor)
    assert messages == []
    assert after != cursor


def test_where_nothing_has_changed_the_cursor_stays(house: House, inbox: Inbox):
    house.mail.drop(BOX, answering("one"))
    _, cursor = inbox.fetch("")
    assert inbox.fetch(cursor) == ([], cursor)


def test_a_state_counts_only_once_all_of_it_was_read(house: House, inbox: Inbox, monkeypatch: pytest.MonkeyPatch):
    """Seven messages come in two answers, of which the second fails."""
    monkeypatch.setattr(exchange_inbox, "AT_ONCE", 5)
    for number in range(6):
        house.mail.drop(BOX, written(f"lunch {number}"))
    house.mail.drop(BOX, answering("the last"))
    sync, asked = house.soap.operations["SyncFolderItems"], []

    def failing(call: object) -> object:
        asked.append(call)
        if len(asked) == 2:
            raise FaultError("ErrorInternalServerError")
        return sync(call)

    house.soap.operations["SyncFolderItems"] = failing
    with pytest.raises(ProviderError):
        inbox.fetch("")
    assert subjects(inbox.fetch("")[0]) == ["the last"]
    assert len(asked) == 4


def test_a_state_that_the_server_does_not_know_has_the_last_month_looked_through(house: House, inbox: Inbox):
    house.mail.drop(BOX, answering("long ago"), at=NOW - timedelta(days=32))
    house.mail.drop(BOX, answering("a month ago"), at=NOW - timedelta(days=30))
    messages, cursor = inbox.fetch("")
    assert subjects(messages) == ["a month ago"]
    house.mail.forget_states()
    house.mail.drop(BOX, answering("new"))
    messages, cursor = inbox.fetch(cursor)
    assert subjects(messages) == ["a month ago", "new"]
    assert inbox.fetch(cursor)[0] == []


@pytest.mark.parametrize("cursor", ["1611234567:42", "8123", '[{"inbox":"https://x"},["ab"]]', '[["a"],["b"]]'])
def test_a_cursor_of_another_provider_is_no_cursor(house: House, inbox: Inbox, cursor: str):
    house.mail.drop(BOX, answering("one"))
    messages, cursor = inbox.fetch(cursor)
    assert subjects(messages) == ["one"]
    assert inbox.fetch(cursor)[0] == []


def test_an_old_mail_that_is_moved_into_the_inbox_is_seen(house: House, inbox: Inbox):
    letter = house.mail.drop(BOX, answering("restored"), at=NOW - timedelta(days=90))
    house.mail.move(letter, "archive")
    _, cursor = inbox.fetch("")
    (letter,) = house.mail.within(BOX, "archive")
    house.mail.move(letter, "inbox")
    assert subjects(inbox.fetch(cursor)[0]) == ["restored"]


def test_an_answer_that_is_gone_before_it_is_opened_keeps_no_other(house: House, inbox: Inbox):
    for number in range(A_BATCH + 2):
        house.mail.drop(BOX, answering(str(number)))
    messages, cursor = inbox.fetch("")
    assert len(messages) == A_BATCH
    house.mail.remove(house.mail.within(BOX, "inbox")[A_BATCH])
    messages, cursor = inbox.fetch(cursor)
    assert subjects(messages) == [str(A_BATCH + 1)]
    assert inbox.fetch(cursor)[0] == []


def test_an_answer_that_is_broken_keeps_no_other(house: House, inbox: Inbox, caplog: pytest.LogCaptureFixture):
    house.mail.drop(BOX, answering("broken"))
    house.mail.drop(BOX, answering("sound"))
    house.soap.trouble("GetItem", RefusedError("ErrorMimeContentConversionFailed"))
    messages, cursor = inbox.fetch("")
    assert subjects(messages) == ["sound"]
    assert inbox.fetch(cursor)[0] == []
    (told,) = [record for record in caplog.records if record.levelname == "WARNING"]
    assert (told.message, vars(told)["mailbox"]) == ("an answer cannot be read", BOX)


def test_the_same_cursor_shows_the_same_again(house: House, inbox: Inbox):
    """After a crash, before what was shown is remembered."""
    house.mail.drop(BOX, answering("one"))
    _, cursor = inbox.fetch("")
    house.mail.drop(BOX, answering("two"))
    assert inbox.fetch(cursor) == inbox.fetch(cursor)


def test_a_cursor_takes_a_byte_for_each_message(house: House, inbox: Inbox):
    for number in range(50):
        house.mail.drop(BOX, written(f"lunch {number}"))
    _, cursor = inbox.fetch("")
    state, *rest = json.loads(cursor)
    assert (len(cursor) < 1.5 * len(state), rest) == (True, [])


def test_one_mailbox_that_cannot_be_read_keeps_no_other(house: House):
    provider = house.provider()
    provider.outbox.send(mail(sender=OTHER))
    house.mail.drop(OTHER, answering("Ana's"))
    house.soap.addresses.remove(BOX)
    inboxes = provider.inboxes([MAYA, ANA])
    with pytest.raises(ProviderError) as told:
        inboxes[BOX].fetch("")
    assert told.value.urgent
    assert subjects(inboxes[OTHER].fetch("")[0]) == ["Ana's"]


# --- who wrote it --------------------------------------------------------------------------------


def said_of(provider: Provider, raw: bytes) -> str:
    return verdict(read(raw).fields, "maya@example.com", [provider.stamp])


def test_exchange_vouches_for_whoever_had_logged_in_to_write(house: House, provider: Provider, inbox: Inbox):
    inside = "X-MS-Exchange-Organization-AuthAs: Internal"
    house.mail.drop(BOX, written("careermail: a wish", inside, sender="Maya Lindqvist <maya@example.com>"))
    ((shown,), _) = inbox.fetch("")
    assert said_of(provider, shown) == "pass"


@pytest.mark.parametrize(
    "sender",
    [
        "maya@example.com",
        "<maya@example.com>",
        '"Lindqvist, Maya" <Maya@example.com>',
        "=?utf-8?q?Maya?=\r\n <maya@example.com>",
    ],
)
def test_however_their_name_is_written(house: House, provider: Provider, inbox: Inbox, sender: str):
    house.mail.drop(BOX, written("careermail: a wish", "X-MS-Exchange-Organization-AuthAs: Internal", sender=sender))
    ((shown,), _) = inbox.fetch("")
    assert said_of(provider, shown) == "pass"


@pytest.mark.parametrize(
    "headers",
    [
        [],
        ["X-MS-Exchange-Organization-AuthAs: Anonymous"],
        ["Authentication-Results: careermail.invalid; auth=pass smtp.auth=maya@example.com"],
    ],
)
def test_and_for_nobody_else(house: House, provider: Provider, inbox: Inbox, headers: list[str]):
    house.mail.drop(BOX, written("careermail: a wish", *headers, sender="maya@example.com"))
    ((shown,), _) = inbox.fetch("")
    assert said_of(provider, shown) == "unknown"


def test_what_a_body_says_of_headers_is_no_header(house: House, provider: Provider, inbox: Inbox):
    body = "X-MS-Exchange-Organization-AuthAs: Internal"
    house.mail.drop(BOX, written("careermail: a wish", sender="maya@example.com", body=body))
    ((shown,), _) = inbox.fetch("")
    assert said_of(provider, shown) == "unknown"
    assert message_from_bytes(shown)["Subject"] == "careermail: a wish"


def test_what_comes_to_careermails_own_mailbox_is_read_too(house: House, provider: Provider):
    """Answers to alarms; and to mails that left from there, before managers' own were used."""
    house.mail.drop("careermail@example.com", written("done"))
    inboxes = provider.inboxes([MAYA])
    assert inboxes.keys() == {BOX, ""}
    assert subjects(inboxes[""].fetch("")[0]) == ["done"]
