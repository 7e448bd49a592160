"""Answers in Gmail: what is opened, what never is, and that nothing of it is lost."""

from base64 import urlsafe_b64decode
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from email import message_from_bytes
from email.message import EmailMessage, Message
from pathlib import Path

import pytest
from fakes.google.discovery import error
from fakes.google.mailboxes import Mail
from fakes.google.organisation import Organisation
from provider_suite import JONAS, MAYA, answer, subjects

from careermail.clock import VirtualClock
from careermail.errors import ProviderError
from careermail.mail.authenticity import verdict
from careermail.mail.tokens import issue, message_id
from careermail.model import Person, Service
from careermail.providers import Inbox, Provider
from careermail.providers.google import inbox as module
from careermail.providers.google.headers import WATCHED

DESK = "maya+careermail@example.com"
ANA = Person("Ana Souza", "ana@example.com")
ROOT = "<0123456789abcdef0123456789abcdef@example.com>"
NAME = "<due-1@example.com>"


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Organisation]:
    with Organisation(tmp_path, clock=VirtualClock(datetime(2027, 1, 12, 9, tzinfo=UTC))) as opened:
        yield opened


@pytest.fixture
def provider(office: Organisation) -> Provider:
    return office.provider()


def inbox(provider: Provider, manager: Person = MAYA) -> Inbox:
    return provider.inboxes([manager])[manager.email]


def read(provider: Provider, cursor: str = "") -> tuple[list[Message], str]:
    """All that there is to read, however many fetches it takes."""
    found: list[Message] = []
    while True:
        messages, after = inbox(provider).fetch(cursor)
        found += [message_from_bytes(raw) for raw in messages]
        if after == cursor:
            return found, after
        cursor = after


def said(messages: list[Message]) -> list[str]:
    return [str(message["Subject"]) for message in messages]


def sent(
    provider: Provider, office: Organisation, *, to: Person = JONAS, private: bool = False, name: str = NAME
) -> Mail:
    """A mail of ours to somebody, as it lies in their mailbox."""
    message = EmailMessage()
    message["Subject"], message["From"], message["To"] = "Due today", MAYA.email, to.email
    message["Message-ID"], message["In-Reply-To"], message["References"] = name, ROOT, ROOT
    if private:
        message["Reply-To"] = MAYA.email
    message.set_content("Is it done?")
    provider.outbox.send(message)
    return office.gmail.got(to.email)[-1]


def reply(office: Organisation, mail: Mail, *, by: str = JONAS.email, to: str = MAYA.email, text: str = "done") -> Mail:
    """Somebody answers a mail in Gmail."""
    name = mail.header("Message-ID")
    head = f"From: {by}\r\nTo: {to}\r\nSubject: Re: {mail.subject}\r\nIn-Reply-To: {name}\r\nReferences: {name}\r\n"
    return office.gmail.send(by, f"{head}\r\n{text}\r\n".encode(), mail.thread)


def stranger(office: Organisation, subject: str = "Lunch?", to: str = MAYA.email) -> Mail:
    return office.gmail.receive(answer(subject, b"Between the two of us.\n", to), MAYA.email)[0]


def opened(office: Organisation) -> set[str]:
    """The messages of which more was asked than their WATCHED headers."""
    gets = [r for r in office.web.log if r.method == "GET" and "/messages/" in r.path]
    modest = [r for r in gets if r.first("format") in ("metadata", "minimal") and _is_modest(r.query)]
    return {r.steps[5] for r in gets if r not in modest}


def _is_modest(query: dict[str, list[str]]) -> bool:
    told = set(query["fields"][0].split(","))
    return set(query.get("metadataHeaders", ())) <= set(WATCHED) and not told & {"snippet", "raw", "payload"}


def looked_at(office: Organisation) -> set[str]:
    """The messages whose addresses and threads were asked for."""
    gets = [r for r in office.web.log if r.first("format") == "metadata" and "/messages/" in r.path]
    return {r.steps[5] for r in gets if "In-Reply-To" in r.query["metadataHeaders"]}


def fields(message: Message) -> list[tuple[str, str]]:
    return [(name.lower(), str(value)) for name, value in message.items()]


# --- what is for us ------------------------------------------------------------------------------


def test_an_answer_that_is_typed_into_the_thread_names_our_mail_by_our_name(office: Organisation, provider: Provider):
    _, cursor = read(provider)
    reply(office, sent(provider, office))
    ((message,), _) = read(provider, cursor)
    assert (message["In-Reply-To"], message["References"]) == (NAME, NAME)
    assert message["From"] == "jonas@example.com"


def test_an_answer_to_a_token_or_to_the_desk_or_with_a_token_in_its_subject_is_for_us(
    office: Organisation, provider: Provider
):
    service = Service(address="careermail@example.com", secret=b"s3cret")
    name = message_id(service, ["key"], MAYA.email)
    token = issue(service, name, JONAS.email, "due", date(2027, 6, 1))
    _, cursor = read(provider)
    stranger(office, "one", f"maya+{token}@example.com")
    stranger(office, "two", f"Maya <{DESK}>")
    stranger(office, f"Re: three [{token}]")
    stranger(office, "four", "maya+shopping@example.com")
    messages, _ = read(provider, cursor)
    assert said(messages) == ["one", "two", f"Re: three [{token}]"]


def test_a_managers_own_answer_is_one_message_and_vouched_for(office: Organisation, provider: Provider):
    ours = sent(provider, office, to=MAYA)
    _, cursor = read(provider)
    reply(office, ours, by=MAYA.email, to=DESK)
    ((message,), _) = read(provider, cursor)
    assert verdict(fields(message), MAYA.email, [provider.stamp]) == "pass"
    assert len(provider.stamp) > 32


@pytest.mark.parametrize("to", [MAYA.email, "Maya <maya+hours@example.com>"])
def test_a_managers_own_answer_that_is_archived_at_once_is_not_lost(office: Organisation, provider: Provider, to: str):
    mine = sent(provider, office, to=MAYA)
    _, cursor = read(provider)
    answered = reply(office, mine, by=MAYA.email, to=to)
    answered.labels.discard("INBOX")
    assert said(read(provider, cursor)[0]) == ["Re: Due today"]


def test_nobody_else_is_vouched_for(office: Organisation, provider: Provider):
    _, cursor = read(provider)
    office.gmail.receive(answer("forged", to=DESK).replace(b"jonas@", b"maya@"), MAYA.email)
    ((message,), _) = read(provider, cursor)
    assert verdict(fields(message), MAYA.email, [provider.stamp]) == "unknown"


def test_our_own_mails_are_no_answers(office: Organisation, provider: Provider):
    _, cursor = read(provider)
    sent(provider, office, to=MAYA)
    assert read(provider, cursor)[0] == []
    assert read(provider)[0] == []


# --- what is nobody's business -------------------------------------------------------------------


def test_what_a_report_answers_to_what_is_private_is_never_opened(office: Organisation, provider: Provider):
    prompt = sent(provider, office, private=True)
    _, cursor = read(provider)
    said_by = reply(office, prompt, text="I would rather lead a team")
    (came,) = (mail for mail in office.gmail.got(MAYA.email) if mail.header("From") == JONAS.email)
    again = reply(office, came, by=MAYA.email, to=JONAS.email)
    assert read(provider, cursor)[0] == []
    assert read(provider)[0] == []
    assert not opened(office) & {came.id, again.id, said_by.id}


def test_nor_is_it_where_its_name_is_not_known_yet_and_what_came_before_it_is_read(
    office: Organisation, provider: Provider
):
    sent(provider, office)
    office.web.fail("GET .*/messages/", error(503, "backendError", "for a moment"), times=4)
    private = sent(provider, office, private=True, name="<prompt-1@example.com>")
    _, cursor = read(provider)
    names = f"{private.header('References')} {private.header('Message-ID')}"
    head = f"From: {JONAS.email}\r\nTo: {MAYA.email}\r\nReferences: {names}\r\n"
    answered = office.gmail.send(JONAS.email, f"{head}\r\nI have been thinking.\r\n".encode(), private.thread)
    assert read(provider, cursor)[0] == []
    assert answered.id not in opened(office)


def test_no_other_mail_is_opened_nor_anything_changed(office: Organisation, provider: Provider):
    sent(provider, office)
    _, cursor = read(provider)
    came = [stranger(office) for _ in range(3)]
    before = {mail.id: (set(mail.labels), mail.history) for mail in office.gmail.boxes[MAYA.email].mails.values()}
    assert read(provider, cursor)[0] == []
    office.gmail.boxes[MAYA.email].forget()
    assert read(provider, cursor)[0] == []
    assert not opened(office) & {mail.id for mail in came}
    after = {mail.id: (set(mail.labels), mail.history) for mail in office.gmail.boxes[MAYA.email].mails.values()}
    assert after == before


def test_before_our_first_mail_only_what_is_addressed_to_us_is_looked_at(office: Organisation, provider: Provider):
    private, ours = stranger(office), stranger(office, "a wish", DESK)
    assert said(read(provider)[0]) == ["a wish"]
    assert looked_at(office) == {ours.id}
    assert private.id not in opened(office)


def test_what_a_manager_writes_to_others_is_left_alone_be_it_in_a_thread_of_ours(
    office: Organisation, provider: Provider
):
    ours = sent(provider, office)
    _, cursor = read(provider)
    reply(office, ours, by=JONAS.email)
    (came,) = (mail for mail in office.gmail.got(MAYA.email) if mail.header("From") == JONAS.email)
    thanks = reply(office, came, by=MAYA.email, to=JONAS.email, text="Great!")
    assert len(read(provider, cursor)[0]) == 1
    assert thanks.id not in opened(office)


def test_drafts_spam_and_trash_are_left_alone(office: Organisation, provider: Provider):
    _, cursor = read(provider)
    box = office.gmail.boxes[MAYA.email]
    for label in ("DRAFT", "SPAM", "TRASH"):
        box.add(answer(label, to=DESK), label)
    assert read(provider, cursor)[0] == []
    assert read(provider)[0] == []


# --- nothing is lost -----------------------------------------------------------------------------


def test_what_turns_out_to_be_no_spam_has_come(office: Organisation, provider: Provider):
    _, cursor = read(provider)
    box = office.gmail.boxes[MAYA.email]
    mail = box.add(answer("one", to=DESK), "SPAM")
    messages, cursor = read(provider, cursor)
    assert messages == []
    box.label(mail, add="INBOX", remove="SPAM")
    assert said(read(provider, cursor)[0]) == ["one"]


def test_history_that_gmail_has_forgotten_is_read_anew(office: Organisation, provider: Provider):
    mail = sent(provider, office)
    _, cursor = read(provider)
    reply(office, mail)
    stranger(office)
    office.gmail.boxes[MAYA.email].forget()
    messages, after = read(provider, cursor)
    assert said(messages) == ["Re: Due today"]
    stranger(office, "later", DESK)
    assert said(read(provider, after)[0]) == ["later"]


def test_what_is_older_than_a_month_is_not_looked_through(office: Organisation, provider: Provider):
    sent(provider, office)
    stranger(office, "old", DESK)
    office.clock.wait(office.clock.now() + timedelta(days=40))
    new = stranger(office, "new", DESK)
    assert said(read(provider)[0]) == ["new"]
    assert looked_at(office) == {new.id}


def test_a_long_backlog_is_read_on_from_where_it_was_left(
    office: Organisation, provider: Provider, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(module, "AT_ONCE", 3)
    sent(provider, office)
    for number in range(10):
        stranger(office, f"noise {number}")
        if number % 4 == 0:
            stranger(office, f"ours {number}", DESK)
    messages, cursor = inbox(provider).fetch("")
    assert (subjects(messages), "@" in cursor) == (["ours 0"], True)
    found, cursor = read(office.provider(), cursor)
    assert (said(found), "@" in cursor) == (["ours 4", "ours 8"], False)
    for number in range(10):
        stranger(office, f"noise {number}")
        if number % 4 == 0:
            stranger(office, f"more {number}", DESK)
    assert said(read(provider, cursor)[0]) == ["more 0", "more 4", "more 8"]


def test_lists_come_in_pages(office: Organisation, provider: Provider):
    office.gmail.page = 2
    sent(provider, office)
    for number in range(5):
        stranger(office, str(number), DESK)
    messages, cursor = read(provider)
    assert said(messages) == ["0", "1", "2", "3", "4"]
    for number in range(5):
        stranger(office, str(number), DESK)
        stranger(office)
    assert said(read(provider, cursor)[0]) == ["0", "1", "2", "3", "4"]


def test_what_the_search_does_not_know_yet_is_not_missed(office: Organisation, provider: Provider):
    stranger(office, "before", DESK)
    late = stranger(office, "late", DESK)
    office.gmail.boxes[MAYA.email].unsearched.add(late.id)
    messages, cursor = inbox(provider).fetch("")
    assert subjects(messages) == ["before"]
    assert subjects(inbox(provider).fetch(cursor)[0]) == ["late"]


def test_what_is_deleted_while_it_is_read_is_passed_over(office: Organisation, provider: Provider):
    _, cursor = read(provider)
    mail = stranger(office, "one", DESK)
    stranger(office, "two", DESK)
    office.gmail.boxes[MAYA.email].remove(mail)
    assert said(read(provider, cursor)[0]) == ["two"]


def test_a_delivery_report_is_read_even_of_what_is_private_and_names_our_mail(office: Organisation, provider: Provider):
    prompt = sent(provider, office, private=True)
    _, cursor = read(provider)
    name = prompt.header("Message-ID")
    report = (
        f"From: Mail Delivery Subsystem <mailer-daemon@googlemail.com>\r\nTo: {MAYA.email}\r\nReferences: {name}\r\n"
        "Subject: Delivery Status Notification (Failure)\r\nContent-Type: multipart/report;\r\n"
        f' report-type=delivery-status; boundary="x"\r\n\r\n'
        f"--x\r\nContent-Type: message/rfc822\r\n\r\nMessage-ID: {name}\r\n\r\n--x--\r\n"
    )
    office.gmail.receive(report.encode(), MAYA.email)
    (raw,), _ = inbox(provider).fetch(cursor)
    assert raw.count(NAME.encode()) == 2
    assert name.encode() not in raw


def test_an_answer_tells_under_which_name_our_mail_left_that_could_not_be_read_then(
    office: Organisation, provider: Provider
):
    _, cursor = read(provider)
    office.web.fail(r"GET /gmail/v1/users/me/messages/", error(503, "backendError", "Backend Error"), times=9)
    mail = sent(provider, office)
    office.web.calm()
    reply(office, mail)
    ((message,), _) = read(provider, cursor)
    assert message["In-Reply-To"] == NAME


@pytest.mark.parametrize("cursor", ["7:12", "99999999", "x"])
def test_a_cursor_of_another_mailbox_is_no_cursor(office: Organisation, provider: Provider, cursor: str):
    stranger(office, "one", DESK)
    assert said(read(provider, cursor)[0]) == ["one"]


def test_a_history_id_that_gmail_calls_invalid_is_read_anew(office: Organisation, provider: Provider):
    stranger(office, "one", DESK)
    office.web.fail("GET .*/history", error(400, "invalidArgument", "Invalid startHistoryId"))
    assert said(read(provider, "1001")[0]) == ["one"]


# --- several mailboxes ---------------------------------------------------------------------------


def test_each_manager_has_a_mailbox_with_a_cursor_of_its_own_and_so_have_we(office: Organisation, provider: Provider):
    """In ours are answers to alarms, and to mails that left from there before managers' own mailboxes were used."""
    boxes = provider.inboxes([MAYA, ANA])
    cursors = {name: box.fetch("")[1] for name, box in boxes.items()}
    stranger(office, "for maya", DESK)
    office.gmail.receive(answer("for ana", to="ana+careermail@example.com"), ANA.email)
    office.gmail.receive(answer("lunch", to="all@example.com"), "careermail@example.com")
    office.gmail.receive(answer("for us", to="careermail+of-before@example.com"), "careermail@example.com")
    found = {name: subjects(box.fetch(cursors[name])[0]) for name, box in boxes.items()}
    assert found == {MAYA.email: ["for maya"], ANA.email: ["for ana"], "": ["for us"]}


def test_one_mailbox_that_cannot_be_read_does_not_hold_the_others(office: Organisation, provider: Provider):
    boxes = provider.inboxes([MAYA, ANA])
    office.accounts.people.discard(ANA.email)
    with pytest.raises(ProviderError, match="no such user") as told:
        boxes[ANA.email].fetch("")
    assert told.value.urgent
    assert boxes[MAYA.email].fetch("")[0] == []


def test_the_raw_message_is_what_gmail_holds(office: Organisation, provider: Provider):
    mail = stranger(office, "one", DESK)
    (raw,), _ = inbox(provider).fetch("")
    assert urlsafe_b64decode(mail.told("raw", [])["raw"]) == raw
