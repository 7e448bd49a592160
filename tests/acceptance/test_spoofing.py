"""Nobody else gets in: each attack, tried on a world whose inbox anybody can write to, and what came of it."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from email.message import EmailMessage
from pathlib import Path

import pytest
from letters import answer, drop, last, letter, reply, reply_address
from scene import JONAS, MAYA, PAIR, World

from careermail.model import Person
from careermail.providers import A_BATCH
from careermail.runner import Runner

EVE = Person("Eve", "eve@evil.example")
AGREED = "Jonas's commitments\n- Resign by Friday\n"
OURS = "mx.example.com"


@pytest.fixture
def world(tmp_path: Path) -> World:
    """Tuesday at noon, an hour after the first session; the mail comes from the internet, through mx.example.com."""
    made = World(tmp_path, datetime(2027, 1, 4, 8), PAIR)
    service = replace(made.service, authserv_ids=(OURS,))
    made.runner = Runner(service, replace(made.provider, vouched=False), made.store, made.clock)
    made.run(2027, 1, 12, 12)
    return made


def stamped(message: EmailMessage, results: str, server: str = OURS) -> EmailMessage:
    """As the receiving server stamps it: above all else (RFC 8601, 5)."""
    raw = f"Authentication-Results: {server}; {results}\r\n".encode() + message.as_bytes()
    from email import message_from_bytes
    from email.policy import SMTP

    return message_from_bytes(raw, policy=SMTP)  # type: ignore[return-value]


GOOD = "dmarc=pass header.from=example.com; spf=pass smtp.mailfrom=example.com"
BAD = "dmarc=fail header.from=example.com; spf=softfail smtp.mailfrom=evil.example"


def the_summary(world: World) -> EmailMessage:
    return last(world, "summary", MAYA)


def stolen_token(world: World) -> EmailMessage:
    return answer(the_summary(world), EVE, AGREED)


def spoofed_from(world: World) -> EmailMessage:
    return stamped(answer(the_summary(world), MAYA, AGREED), BAD)


def report_for_manager(world: World) -> EmailMessage:
    return stamped(answer(the_summary(world), JONAS, AGREED), GOOD)


def forwarded(world: World) -> EmailMessage:
    mail = the_summary(world)
    text = mail.get_body(("plain",)).get_content()
    message = letter(MAYA, "careermail@example.com", f"Fwd: {mail['Subject']}", "")
    message["References"] = mail["Message-ID"]
    message.set_content(
        f"\n---------- Forwarded message ---------\nFrom: Jonas <jonas@example.com>\n\n{text}\n{AGREED}"
    )
    return stamped(message, GOOD)


def made_up_token(world: World) -> EmailMessage:
    made_up = reply_address(
        replace(world.service, secret=b"a guess"),
        str(the_summary(world)["Message-ID"]),
        MAYA.email,
        "summary",
        datetime(2027, 12, 1).date(),
    )
    return letter(MAYA, made_up, "Re: After your talk with Jonas", AGREED)


def out_of_date_token(world: World) -> EmailMessage:
    stale = reply_address(
        world.service,
        str(the_summary(world)["Message-ID"]),
        MAYA.email,
        "summary",
        world.now.date() - timedelta(days=1),
    )
    return stamped(letter(MAYA, stale, "Re: After your talk with Jonas", AGREED), GOOD)


def guessed_thread(_: World) -> EmailMessage:
    message = letter(MAYA, "careermail@example.com", "Re: After your talk with Jonas", AGREED)
    message["In-Reply-To"] = "<aaaaaaaaaaaaaaaaaaaaaaaaaa.000000000000@example.com>"
    return message


def stamped_by_another(_: World) -> EmailMessage:
    return stamped(letter(MAYA, "careermail@example.com", "Contract", AGREED), GOOD, server="mx.evil.example")


def out_of_the_blue(_: World) -> EmailMessage:
    return letter(MAYA, "careermail@example.com", "career conversation with Jonas next week, he has an offer", "")


def two_senders(world: World) -> EmailMessage:
    message = answer(the_summary(world), MAYA, AGREED)
    del message["From"]
    message["From"] = "Eve <eve@evil.example>, Maya <maya@example.com>"
    return message


def a_robot(world: World) -> EmailMessage:
    message = stamped(answer(the_summary(world), MAYA, AGREED), GOOD)
    message["Auto-Submitted"] = "auto-generated"
    return message


def from_a_list(world: World) -> EmailMessage:
    message = stamped(answer(the_summary(world), MAYA, AGREED), GOOD)
    message["List-Id"] = "<all.example.com>"
    return message


def our_own_mail(world: World) -> EmailMessage:
    return the_summary(world)


def oversized(world: World) -> EmailMessage:
    return stamped(answer(the_summary(world), MAYA, "x " * 800_000 + AGREED), GOOD)


# What is tried, and whom careermail writes to about it.
ATTACKS: dict[Callable[[World], EmailMessage], list[str]] = {
    stolen_token: ["refused maya"],
    spoofed_from: ["refused maya"],
    report_for_manager: ["refused maya"],
    forwarded: [],
    made_up_token: ["help maya"],
    out_of_date_token: ["refused maya"],
    guessed_thread: ["help maya"],
    stamped_by_another: ["help maya"],
    out_of_the_blue: ["help maya"],
    two_senders: ["refused maya"],
    a_robot: [],
    from_a_list: [],
    our_own_mail: [],
    oversized: ["help maya"],
}


@pytest.mark.parametrize("attack", ATTACKS)
def test_nothing_happens_and_the_rightful_owner_is_told(world: World, attack: Callable[[World], EmailMessage]):
    message, before, mails = attack(world), world.standing, len(world.mails)
    for _ in range(3):
        drop(world, message)
        world.tick()
    assert world.standing == before
    assert [f"{mail.kind} {mail.to}" for mail in world.mails[mails:]] == ATTACKS[attack]


@pytest.mark.parametrize("attack", ATTACKS)
def test_one_line_is_logged_and_no_word_of_it(
    world: World, attack: Callable[[World], EmailMessage], caplog: pytest.LogCaptureFixture
):
    drop(world, attack(world))
    caplog.clear()
    with caplog.at_level("INFO"):
        world.runner.tick_inbox([world.team])
    assert len(caplog.records) == 1
    said = repr(vars(caplog.records[0]))
    assert not any(word in said for word in ("Resign", "offer", "Friday", "After your talk"))


def test_what_is_proved_acts(world: World):
    """The same words from the right person: else the table above would prove nothing."""
    drop(world, stamped(answer(the_summary(world), MAYA, AGREED), GOOD))
    world.tick()
    assert world.standing.contract is not None


def test_a_new_mail_acts_where_the_receiving_server_vouches_for_it(world: World):
    drop(world, stamped(out_of_the_blue(world), GOOD))
    world.tick()
    assert len(world.booked(until=(2027, 2, 1))) == 2


def test_a_replayed_answer_changes_nothing(world: World):
    first = stamped(answer(the_summary(world), MAYA, "Jonas's commitments\n- Read by 12 February\n"), GOOD)
    drop(world, first)
    world.tick()
    reply(world, "contract", MAYA, "drop 1")
    before = world.standing
    drop(world, first)
    world.tick()
    assert world.standing == before


def test_a_flood_is_taken_in_and_answered_once(world: World):
    for n in range(3 * A_BATCH):
        drop(world, letter(MAYA, "careermail@example.com", f"Hello {n}", "x"))
    world.tick()
    assert world.briefs("help") == ["Tue 2027-01-12 12:00 help maya"]


EVIL = "Shadow {{ service.secret }} <script>alert(1)</script> [x](http://evil.example) & \x1b[31m"


def test_what_is_written_stays_text(world: World):
    drop(world, stamped(answer(the_summary(world), MAYA, f"Jonas's commitments\n- {EVIL} by 12 February\n"), GOOD))
    world.tick()
    mail = last(world, "contract", JONAS)
    html = mail.get_body(("html",)).get_content()
    assert "<script" not in html
    assert 'href="http://evil' not in html
    assert "{{ service.secret }}" in mail.get_body(("plain",)).get_content()
    assert "only ours" not in mail.as_string()


def test_a_header_in_a_subject_stays_in_the_subject(world: World):
    message = answer(the_summary(world), MAYA, "Jonas's commitments\n- Read by 12 February\n").as_bytes()
    evil = b"Subject: =?utf-8?q?Hello=0D=0ABcc:_eve@evil.example?="
    message = message.replace(b"Subject: Re: After your talk with Jonas", evil)
    assert evil in message
    drop(world, message)
    world.tick()
    mail = last(world, "contract", MAYA)
    assert mail["Bcc"] is None
    assert mail["Subject"] == "Re: Hello Bcc: eve@evil.example"
