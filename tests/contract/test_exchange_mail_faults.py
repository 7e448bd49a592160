"""Whatever breaks between us and Exchange, and wherever we are killed: each mail leaves once, each answer is shown."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from email.message import EmailMessage
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from dying import KILLED, attempt, killed, passing
from fakes.ews.house import House
from fakes.ews.soap import FaultError, RefusedError
from fakes.web import Answer
from hypothesis import given, settings
from hypothesis import strategies as st
from provider_suite import MAYA, mail, subjects

from careermail.errors import ProviderError

BOX, TO = "maya@example.com", "jonas@example.com"
SENDING = ["CreateItem", "GetItem", "SendItem", "FindItem", "DeleteItem"]
READING = ["SyncFolderItems", "GetItem"]
WAYS = ["cut before", "cut after", "busy", "conflict", "down"]
SERVERS = st.sampled_from(["kept", "refused", "replaced"])


def breaks(house: House, operation: str, how: str) -> None:
    """One thing goes wrong with the next such operation, or with the next request whatever it is."""
    match how:
        case "cut before" | "cut after":
            house.cut(operation, after=how == "cut after")
        case "busy":
            house.soap.trouble(operation, FaultError("ErrorServerBusy", BackOffMilliseconds="2000"))
        case "conflict":
            house.soap.trouble(operation, RefusedError("ErrorIrresolvableConflict"))
        case "down":
            house.web.fail(answer=Answer(503, b""))


def mended(house: House) -> None:
    house.web.calm()
    house.web.__dict__.pop("serve", None)
    house.soap.troubles.clear()


@contextmanager
def trouble(house: House, what: tuple[Any, ...]) -> Iterator[None]:
    """A request fails, or we are killed."""
    if what[0] == "killed":
        with killed(*what[1:]):
            yield
    else:
        breaks(house, *what)
        yield
        mended(house)


def letter(number: int) -> EmailMessage:
    message = mail(sender=BOX)
    message.replace_header("Message-ID", f"<mail-{number}@careermail.example.com>")
    message["X-Careermail-Key"] = str(number)
    return message


def again(house: House, message: EmailMessage) -> bool:
    """An attempt in a process of its own."""
    house.clock.wait(house.clock.now() + timedelta(minutes=16))
    return attempt(house.provider().outbox, message)


@settings(max_examples=15, deadline=None)
@given(st.lists(st.one_of(st.tuples(st.sampled_from(SENDING), st.sampled_from(WAYS)), KILLED), max_size=8), SERVERS)
def test_each_mail_leaves_once(troubles: list[tuple[Any, ...]], server: str):
    with TemporaryDirectory() as root, House(Path(root)) as house:
        house.mail.message_ids = server
        letters = [letter(1), letter(2)]
        for what in troubles:
            with trouble(house, what):
                done = again(house, letters[0])
            letters = letters[1:] if done and len(letters) > 1 else letters
        for message in letters:
            assert again(house, message)
            assert again(house, message)
        assert [one["X-Careermail-Key"] for one in house.mail.received(TO)] == ["1", "2"]
        assert house.mail.within(BOX, "drafts") == []


EVENTS = st.one_of(
    st.just("arrives"), st.just("is read"), st.tuples(st.sampled_from(READING), st.sampled_from(WAYS[:3]))
)


@settings(max_examples=15, deadline=None)
@given(st.lists(EVENTS, max_size=12))
def test_each_answer_is_shown_once(events: list[Any]):
    with TemporaryDirectory() as root, House(Path(root)) as house:
        cursor, shown, came = "", list[str](), 0
        house.provider().outbox.send(letter(1))
        for event in [*events, "the end"]:
            match event:
                case "arrives":
                    came += 1
                    answer = f"From: {TO}\r\nSubject: {came}\r\nIn-Reply-To: {letter(1)['Message-ID']}\r\n\r\nyes\r\n"
                    house.mail.drop(BOX, answer.encode())
                    house.mail.drop(BOX, b"From: ana@example.com\r\nSubject: lunch\r\n\r\nhungry?\r\n")
                case "is read":
                    house.mail.look(BOX)
                case (operation, how):
                    breaks(house, operation, how)
            try:
                messages, cursor = house.provider().inboxes([MAYA])[BOX].fetch(cursor)
                shown += subjects(messages)
            except ProviderError as failed:
                passing(failed)
            mended(house)
        assert shown == [str(number) for number in range(1, came + 1)]
