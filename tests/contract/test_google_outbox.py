"""What leaves Gmail, once: drafts, crashes, names that Gmail gives, and threads."""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from fakes.google.discovery import error
from fakes.google.organisation import Organisation
from fakes.web import Fault, Request

from careermail.clock import VirtualClock
from careermail.errors import ProviderError
from careermail.mail.tokens import message_id
from careermail.model import opaque
from careermail.providers import Outbox

MAYA, JONAS = "maya@example.com", "jonas@example.com"
ROOT = "<0123456789abcdef0123456789abcdef@example.com>"
DRAFTED, SENT = r"POST /gmail/v1/users/me/drafts$", r"POST /gmail/v1/users/me/drafts/send$"
THE_DRAFT = r"GET /gmail/v1/users/me/drafts/r-"


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Organisation]:
    with Organisation(tmp_path, clock=VirtualClock(datetime(2027, 1, 12, 9, tzinfo=UTC))) as opened:
        yield opened


def letter(
    name: str = "one", text: str = "Wie geht's?", *, to: str = JONAS, sender: str = MAYA, **more: str
) -> EmailMessage:
    message = EmailMessage()
    message["Subject"] = more.pop("Subject", "After your talk")
    message["From"], message["To"] = f"Somebody <{sender}>", to
    message["Message-ID"] = name if name.startswith("<") else f"<{name}@example.com>"
    for header, value in more.items():
        message[header.replace("_", "-")] = value
    message.set_content(text)
    return message


def follow_up(name: str, **more: str) -> EmailMessage:
    return letter(name, In_Reply_To=ROOT, References=ROOT, **more)


def outbox(office: Organisation) -> Outbox:
    """As after a restart."""
    return office.provider().outbox


def texts(office: Organisation, address: str = JONAS) -> list[str]:
    return [str(mail.parsed.get_payload(decode=True).decode()).strip() for mail in office.gmail.got(address)]


def drafts(office: Organisation) -> int:
    return sum(len(box.drafts) for box in office.gmail.boxes.values())


# --- what leaves ---------------------------------------------------------------------------------


def test_a_mail_leaves_from_the_mailbox_that_it_names(office: Organisation):
    box = outbox(office)
    box.send(letter("one"))
    box.send(letter("two", sender="ana@example.com"))
    assert [mail.header("From") for mail in office.gmail.got(JONAS)] == [
        "Somebody <maya@example.com>",
        "Somebody <ana@example.com>",
    ]
    assert (len(office.gmail.sent(MAYA)), len(office.gmail.sent("ana@example.com")), drafts(office)) == (1, 1, 0)


def test_gmail_names_it_anew_and_it_is_found_by_our_name_all_the_same(office: Organisation):
    outbox(office).send(letter("one"))
    assert office.gmail.got(JONAS)[0].header("Message-ID").endswith("@mail.gmail.com>")
    assert outbox(office).find("<one@example.com>", JONAS) is True
    outbox(office).send(letter("one"))
    assert texts(office) == ["Wie geht's?"]


def test_a_mail_keeps_its_name_where_gmail_leaves_it(office: Organisation):
    """That Gmail replaces it is said, and not written down."""
    office.gmail.renames = False
    outbox(office).send(letter("one"))
    assert office.gmail.got(JONAS)[0].header("Message-ID") == "<one@example.com>"
    assert outbox(office).find("<one@example.com>", JONAS) is True


def test_what_left_after_a_backup_that_was_put_back_is_found_in_the_mailbox(office: Organisation):
    service = office.settings()["service"]
    old, lost, other = (message_id(service, [key], MAYA) for key in ("old", "lost", "other"))
    outbox(office).send(letter(old))
    outbox(office).send(letter(lost))
    (file,) = office.root.rglob(f"{opaque(lost)}.json")
    file.unlink()
    again = outbox(office)
    assert [again.find(name, JONAS) for name in (old, lost, other)] == [True, True, False]
    assert again.find(lost, "ana@example.com") is False


def test_the_same_mail_to_two_people_is_two(office: Organisation):
    box = outbox(office)
    box.send(letter("one"))
    assert box.find("<one@example.com>", MAYA) is False
    box.send(letter("one", to=MAYA))
    assert (len(office.gmail.got(JONAS)), len(office.gmail.got(MAYA))) == (1, 1)


def test_a_mail_to_oneself_is_one_message_that_was_sent_and_came(office: Organisation):
    outbox(office).send(letter("one", to=MAYA))
    (mail,) = office.gmail.boxes[MAYA].mails.values()
    assert {"SENT", "INBOX"} <= mail.labels


def test_no_two_people_write_one_mail(office: Organisation):
    message = letter("one")
    message.replace_header("From", "maya@example.com, ana@example.com")
    with pytest.raises(ProviderError, match="one address in From") as told:
        outbox(office).send(message)
    assert told.value.permanent


@dataclass
class Cut(Fault):
    """From a request on, nothing comes through."""

    first: int = 0
    passed: int = 0

    def meets(self, request: Request) -> bool:
        self.passed += 1
        return self.passed > self.first and super().meets(request)


# --- crashes -------------------------------------------------------------------------------------


def stopped(office: Organisation, pattern: str, message: EmailMessage, **how: Any) -> None:
    """Let a mail be sent while this goes wrong, as often as it is tried."""
    fault = office.web.fail(pattern, times=9, **how)
    with pytest.raises(ProviderError) as told:
        outbox(office).send(message)
    assert fault.happened
    assert not told.value.permanent
    office.web.calm()


@pytest.mark.parametrize(
    ("pattern", "after", "left"),
    [
        (DRAFTED, False, False),
        (DRAFTED, True, False),  # a draft that nobody heard of
        (SENT, False, False),
        (SENT, True, True),  # it left, and nobody heard of it
    ],
)
def test_a_mail_that_was_cut_off_leaves_once(office: Organisation, pattern: str, *, after: bool, left: bool):
    stopped(office, pattern, letter("one"), after=after)
    assert outbox(office).find("<one@example.com>", JONAS) is left
    outbox(office).send(letter("one"))
    assert (texts(office), drafts(office)) == (["Wie geht's?"], 0)
    assert outbox(office).find("<one@example.com>", JONAS) is True


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("request_number", range(7))
def test_whichever_request_is_the_last_a_mail_leaves_once(office: Organisation, request_number: int, *, after: bool):
    """Of a mail in a thread, whose first draft is lost as well: every way of sending is on the way."""
    outbox(office).send(follow_up("zero"))
    stopped(office, DRAFTED, follow_up("one"), after=True)
    cut = Cut(after=after, times=999, first=request_number)
    office.web.faults.append(cut)
    with suppress(ProviderError):
        outbox(office).send(follow_up("one", text="Now"))
    office.web.calm()
    if not outbox(office).find("<one@example.com>", JONAS):
        outbox(office).send(follow_up("one", text="Now"))
    assert (texts(office), drafts(office)) == (["Wie geht's?", "Now"], 0)
    assert len({mail.thread for mail in office.gmail.sent(MAYA)}) == 1


def test_nothing_is_posted_twice_though_nobody_answers(office: Organisation):
    stopped(office, SENT, letter("one"))
    assert len(office.asked("POST /gmail/v1/users/me/drafts/send")) == 1
    stopped(office, DRAFTED, letter("two"))
    assert len(office.asked("POST /gmail/v1/users/me/drafts?")) == 2


def test_what_is_said_after_a_crash_is_what_leaves(office: Organisation):
    stopped(office, SENT, letter("one", "by Friday"))
    outbox(office).send(letter("one", "by Thursday"))
    assert texts(office) == ["by Thursday"]


def test_a_lost_draft_is_told_from_the_drafts_of_others(office: Organisation):
    box = office.gmail.boxes[MAYA]
    stopped(office, DRAFTED, letter("one"), after=True)
    mine = box.add(letter("mine", "private").as_bytes(), "DRAFT")
    box.drafts["r-mine"] = mine.id
    outbox(office).send(letter("one"))
    assert (texts(office), list(box.drafts)) == (["Wie geht's?"], ["r-mine"])
    assert not [line for line in office.asked(mine.id) if "X-Careermail-Mail" not in line]


def test_a_draft_that_somebody_threw_away_is_sent_again_and_said_so(office: Organisation):
    stopped(office, SENT, letter("one"))
    box = office.gmail.boxes[MAYA]
    ((draft, identity),) = box.drafts.items()
    del box.drafts[draft]
    box.remove(box.mails[identity])
    assert outbox(office).find("<one@example.com>", JONAS) is None
    outbox(office).send(letter("one"))
    assert texts(office) == ["Wie geht's?"]


def test_a_draft_that_somebody_sent_by_hand_has_left(office: Organisation):
    stopped(office, SENT, letter("one"))
    box = office.gmail.boxes[MAYA]
    ((draft, identity),) = box.drafts.items()
    raw = box.mails[identity].raw
    del box.drafts[draft]
    box.remove(box.mails[identity])
    office.gmail.send(MAYA, raw)  # in another thread than the draft's
    assert outbox(office).find("<one@example.com>", JONAS) is True
    outbox(office).send(letter("one"))
    assert texts(office) == ["Wie geht's?"]


def test_that_its_name_cannot_be_read_back_does_not_send_it_again(office: Organisation):
    office.web.fail(r"GET /gmail/v1/users/me/messages/", error(503, "backendError", "Backend Error"), times=9)
    outbox(office).send(letter("one"))
    office.web.calm()
    assert outbox(office).find("<one@example.com>", JONAS) is True
    outbox(office).send(letter("one"))
    assert texts(office) == ["Wie geht's?"]


def test_whether_it_left_is_not_guessed_while_gmail_is_silent(office: Organisation):
    stopped(office, SENT, letter("one"), after=True)
    office.web.fail(THE_DRAFT, error(503, "backendError", "Backend Error"), times=9)
    with pytest.raises(ProviderError):
        outbox(office).find("<one@example.com>", JONAS)
    with pytest.raises(ProviderError):
        outbox(office).send(letter("one"))
    office.web.calm()
    assert texts(office) == ["Wie geht's?"]


def test_a_mail_that_was_begun_in_another_mailbox_leaves_from_the_one_that_is_named_now(office: Organisation):
    stopped(office, SENT, letter("one"))
    outbox(office).send(letter("one", sender="ana@example.com"))
    assert [mail.header("From") for mail in office.gmail.got(JONAS)] == ["Somebody <ana@example.com>"]


@pytest.mark.parametrize(
    "reason", ["userRateLimitExceeded", "rateLimitExceeded", "quotaExceeded", "dailyLimitExceeded"]
)
def test_a_quota_is_waited_for_and_nothing_leaves_twice(office: Organisation, reason: str):
    status = 429 if reason == "userRateLimitExceeded" else 403
    office.web.fail(SENT, error(status, reason, "Limit Exceeded"), times=9)
    with pytest.raises(ProviderError) as told:
        outbox(office).send(letter("one"))
    assert told.value.retry_after is not None
    assert not told.value.permanent
    assert not told.value.urgent
    office.web.calm()
    outbox(office).send(letter("one"))
    assert (texts(office), drafts(office)) == (["Wie geht's?"], 0)


# --- threads -------------------------------------------------------------------------------------


def test_mails_about_one_session_refer_to_each_other_by_gmails_names(office: Organisation):
    for name in ("one", "two", "three"):
        office.clock.wait(office.clock.now() + timedelta(hours=1))
        outbox(office).send(follow_up(name))
    one, two, three = office.gmail.got(JONAS)
    assert one.header("In-Reply-To") == ROOT
    assert (two.header("In-Reply-To"), two.refers) == (one.header("Message-ID"), {ROOT, one.header("Message-ID")})
    assert three.header("In-Reply-To") == two.header("Message-ID")
    assert one.thread == two.thread == three.thread
    assert len({mail.thread for mail in office.gmail.sent(MAYA)}) == 1


def test_a_mail_of_another_subject_says_so_and_refers_to_the_thread_all_the_same(office: Organisation):
    """Gmail keeps only mails of one subject together; the words of a subject are the reader's, and stay."""
    outbox(office).send(follow_up("one"))
    outbox(office).send(follow_up("two", Subject="Due today"))
    one, two = office.gmail.got(JONAS)
    assert (two.header("Subject"), two.header("In-Reply-To")) == ("Due today", one.header("Message-ID"))


def test_what_goes_to_one_is_no_thread_of_what_goes_to_another(office: Organisation):
    outbox(office).send(follow_up("one", to=MAYA))
    outbox(office).send(follow_up("prompt", Reply_To=MAYA))
    (prompt,) = office.gmail.got(JONAS)
    assert prompt.header("In-Reply-To") == ROOT
    assert len({mail.thread for mail in office.gmail.boxes[MAYA].mails.values()}) == 2


def test_an_answer_to_an_answer_is_in_its_thread(office: Organisation):
    outbox(office).send(follow_up("one", to=MAYA))
    (ours,) = office.gmail.got(MAYA)
    said = letter("r", to="maya+token@example.com", Subject="Re: After your talk")
    said["References"] = ours.header("Message-ID")
    reply = office.gmail.send(MAYA, said.as_bytes())
    name = reply.header("Message-ID")
    outbox(office).send(letter("two", to=MAYA, Subject="Re: After your talk", In_Reply_To=name, References=name))
    assert {mail.thread for mail in office.gmail.boxes[MAYA].mails.values()} == {ours.thread}


def test_a_thread_that_was_deleted_does_not_keep_a_mail_from_leaving(office: Organisation):
    outbox(office).send(follow_up("one"))
    (mail,) = office.gmail.sent(MAYA)
    office.gmail.boxes[MAYA].remove(mail)
    outbox(office).send(follow_up("two"))
    assert len(office.gmail.got(JONAS)) == 2


def test_what_is_kept_of_a_mail_is_no_word_of_it(office: Organisation):
    outbox(office).send(letter("one", "a secret"))
    kept = office.provider().kept(JONAS)
    assert len(kept) == 1
    assert "secret" not in kept[0].read_text()
