"""What left a mailbox is known by our Message-ID, and what answers it by the server's."""

import os
import stat
from dataclasses import replace
from pathlib import Path

import pytest
from ledger import utc

from careermail.clock import VirtualClock
from careermail.mail.tokens import message_id
from careermail.model import Service
from careermail.providers.shelf.sent import Entry, Sent

DUE = Entry("maya@example.com", "jonas@example.com", "<due@ours>", real="<CAF1@mail.gmail.com>", thread="t1")
PROMPT = Entry(
    "maya@example.com", "jonas@example.com", "<prompt@ours>", private=True, real="<CAF2@mail.gmail.com>", thread="t2"
)


@pytest.fixture
def sent(tmp_path: Path) -> Sent:
    kept = Sent(tmp_path / "sent", VirtualClock(utc(2027, 1, 12)))
    kept.keep(DUE)
    kept.keep(PROMPT)
    return kept


def test_a_mail_is_found_by_its_name_and_whom_it_went_to(sent: Sent):
    found = sent.get("<due@ours>", "Jonas@example.com")
    assert found == replace(DUE, at="2027-01-12T00:00:00+00:00")
    assert found.left
    assert sent.get("<due@ours>", "maya@example.com") is None


def test_what_is_known_later_replaces_what_was_known(sent: Sent):
    sent.keep(replace(DUE, real="<CAF3@mail.gmail.com>"))
    assert sent.get("<due@ours>", "jonas@example.com").real == "<CAF3@mail.gmail.com>"
    assert sent.answered("maya@example.com", ["<CAF1@mail.gmail.com>"]) is None


@pytest.mark.parametrize(
    ("ids", "thread", "answers"),
    [
        (["<CAF1@mail.gmail.com>"], "", "<due@ours>"),
        (["<due@ours>"], "", "<due@ours>"),
        (["<CAF2@mail.gmail.com>", "<CAF1@mail.gmail.com>"], "", "<due@ours>"),
        (["<CAF1@mail.gmail.com>", "<CAF2@mail.gmail.com>"], "", "<prompt@ours>"),
        ([], "t1", "<due@ours>"),
        (["<foreign@example.com>"], "t1", "<due@ours>"),
        ([], "t2", None),  # what is private in a thread keeps all of it so
        ([], "t3", None),
        ([], "", None),
    ],
)
def test_an_answer_is_known_by_the_nearest_mail_that_it_names_or_by_its_thread(
    sent: Sent, ids: list[str], thread: str, answers: str | None
):
    found = sent.answered("maya@example.com", ids, thread)
    assert (found.message_id if found else None) == answers
    assert sent.answered("bob@example.com", ids, thread) is None


def test_two_changes_in_one_tick_of_the_disks_clock_are_both_seen(tmp_path: Path, sent: Sent):
    folder = tmp_path / "sent" / "maya@example.com" / "jonas@example.com"
    assert sent.answered("maya@example.com", ["<CAF3@mail.gmail.com>"]) is None
    before = folder.stat().st_mtime_ns
    sent.keep(replace(DUE, real="<CAF3@mail.gmail.com>"))
    os.utime(folder, ns=(before, before))
    assert sent.answered("maya@example.com", ["<CAF3@mail.gmail.com>"]).message_id == "<due@ours>"


def test_where_a_forgotten_mail_would_lie_its_name_tells(sent: Sent):
    service = Service(address="careermail@example.com", as_manager=True, secret=b"s")
    maya, bob = (message_id(service, ["key"], address) for address in ("maya@example.com", "bob@example.com"))
    found = Entry("maya@example.com", "jonas@example.com", maya, at="2026-12-12T00:00:00+00:00")
    assert sent.forgotten(service, maya, "Jonas@example.com") == found
    assert sent.forgotten(service, bob, "jonas@example.com") is None
    assert sent.forgotten(service, "<due@ours>", "jonas@example.com") is None
    shared = sent.forgotten(replace(service, as_manager=False), bob, "jonas@example.com")
    assert shared.mailbox == "careermail@example.com"


def test_a_thread_is_known_to_hold_a_mail_of_ours_be_it_private(sent: Sent):
    held = [sent.holds("maya@example.com", thread) for thread in ("t1", "t2", "t3", "")]
    assert held == [True, True, False, False]
    assert not sent.holds("bob@example.com", "t1")


def test_a_mailbox_is_ours_to_look_at_since_our_first_mail_from_it(tmp_path: Path, sent: Sent):
    Sent(tmp_path / "sent", VirtualClock(utc(2027, 2, 1))).keep(replace(DUE, message_id="<later@ours>"))
    assert sent.since("maya@example.com") == utc(2027, 1, 12)
    assert sent.since("bob@example.com") is None


def test_an_answer_gets_our_names_back_in_its_header_alone(sent: Sent):
    body = b"<CAF1@mail.gmail.com>"
    head, ours = (b"In-Reply-To: %s\r\nReferences: <x@y>\r\n %s" % (name, name) for name in (body, b"<due@ours>"))
    assert sent.ours("maya@example.com", head + b"\r\n\r\n" + body) == ours + b"\r\n\r\n" + body
    assert sent.ours("maya@example.com", head + b"\r\n\r\n" + body, whole=True) == ours + b"\r\n\r\n<due@ours>"


def test_a_thread_goes_on_from_the_latest_mail_to_the_same_person(tmp_path: Path, sent: Sent):
    sent.keep(replace(DUE, message_id="<one@ours>", root="<session@ours>", real="<CAF3@mail.gmail.com>"))
    later = Sent(tmp_path / "sent", VirtualClock(utc(2027, 1, 13)))
    later.keep(replace(DUE, message_id="<two@ours>", root="<session@ours>", real="<CAF4@mail.gmail.com>"))
    later.keep(replace(DUE, message_id="<three@ours>", root="<session@ours>", real=""))  # has not left
    found = later.before("maya@example.com", "Jonas@example.com", "<session@ours>")
    assert found is not None
    assert found.real == "<CAF4@mail.gmail.com>"
    assert later.before("maya@example.com", "jonas@example.com", "<due@ours>").real == "<CAF1@mail.gmail.com>"
    assert later.before("maya@example.com", "maya@example.com", "<session@ours>") is None


def test_it_is_its_owners_alone_and_all_of_somebody_is_found_and_removed(tmp_path: Path, sent: Sent):
    files = sent.kept("jonas@example.com")
    assert files == sent.kept("maya@example.com")
    assert [stat.S_IMODE(f.stat().st_mode) for f in files] == [0o600, 0o600]
    assert stat.S_IMODE((tmp_path / "sent").stat().st_mode) == 0o700
    files[0].unlink()
    files[1].unlink()
    assert sent.get("<due@ours>", "jonas@example.com") is None
    assert sent.answered("maya@example.com", ["<due@ours>"]) is None


def test_what_nobody_can_answer_any_more_is_forgotten(tmp_path: Path, sent: Sent):
    sent.keep(replace(DUE, to="gone@example.com"))
    sent.keep(replace(DUE, mailbox="left@example.com"))
    later = Sent(tmp_path / "sent", VirtualClock(utc(2028, 4, 1)))
    later.keep(replace(DUE, message_id="<new@ours>"))
    assert [p.exists() for p in sent.kept("jonas@example.com")] == [True]
    assert sent.kept("gone@example.com") == sent.kept("left@example.com") == []
    assert later.get("<new@ours>", "jonas@example.com") is not None


def test_a_file_that_is_none_of_ours_is_passed_over(tmp_path: Path, sent: Sent):
    (tmp_path / "sent" / "maya@example.com" / "jonas@example.com" / "odd.json").write_text("[1")
    assert sent.answered("maya@example.com", ["<due@ours>"]) is not None
