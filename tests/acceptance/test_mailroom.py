"""Whose words go where: people with two roles, words that are between two people, and what strangers can make grow."""

from dataclasses import replace
from datetime import datetime, timedelta
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path

import pytest
from letters import answer, drop, last, letter, reply, write
from scene import JONAS, MAYA, PAIR, World

from careermail.mail.tokens import mark
from careermail.mailroom import Mailroom
from careermail.model import Fact, Person, Series, Team
from careermail.runner import Runner

EVE = Person("Eve", "eve@evil.example")
BOSS = Person("Bea Holm", "bea@example.com", "Europe/Stockholm")
ANA = Person("Ana Costa", "ana@example.com", "Europe/Lisbon")
AGREED = """\
Jonas's commitments
- Shadow the platform on-call rota by 12 February
"""


@pytest.fixture
def world(tmp_path: Path) -> World:
    """Tuesday at noon, an hour after the first session."""
    made = World(tmp_path, datetime(2027, 1, 4, 8), PAIR)
    made.run(2027, 1, 12, 12)
    return made


def from_the_internet(world: World) -> World:
    """Where anybody can write, and mx.example.com tells whom it believes."""
    service = replace(world.service, authserv_ids=("mx.example.com",))
    world.runner = Runner(service, replace(world.provider, vouched=False), world.store, world.clock)
    return world


def stamped(message: EmailMessage, dmarc: str) -> EmailMessage:
    stamp = f"Authentication-Results: mx.example.com; dmarc={dmarc} header.from=example.com\r\n"
    return message_from_bytes(stamp.encode() + message.as_bytes(), policy=SMTP)  # type: ignore[return-value]


def since(world: World, count: int) -> list[str]:
    return sorted(f"{mail.kind} {mail.to}" for mail in world.mails[count:])


# --- who they are --------------------------------------------------------------------------------


@pytest.mark.parametrize("above_first", [True, False])
def test_what_a_manager_writes_is_a_managers_though_they_report_to_somebody(world: World, above_first: bool):
    above = Team(BOSS, (Series(BOSS, MAYA),))
    drop(world, letter(MAYA, "careermail@example.com", "career conversation with Jonas next week, he has an offer", ""))
    concerned, _ = world.runner.tick_inbox([above, world.team] if above_first else [world.team, above])
    assert concerned == {MAYA.email}
    assert not list(world.root.glob("mail/bea*/new/*"))


def test_what_is_written_about_somebody_who_left_is_not_ignored(world: World):
    mail = last(world, "summary", MAYA)
    world.configure(Series(MAYA, ANA))
    drop(world, answer(mail, MAYA, AGREED))
    world.tick()
    assert "no longer among your reports, and so nothing of it was recorded" in world.mail("help").text


def test_a_number_means_the_same_when_one_of_several_has_left(tmp_path: Path):
    world = World(tmp_path, datetime(2027, 1, 4, 8), PAIR, Series(MAYA, ANA))
    world.run(2027, 1, 12, 12)
    world.contract("Maya's commitments\n- Introduce Jonas to Dana by Friday\n", PAIR)
    world.contract("Maya's commitments\n- Introduce Ana to Dana by Friday\n", Series(MAYA, ANA))
    world.run(2027, 1, 15, 12)
    assert "1. Introduce Ana to Dana" in world.mail("due").text
    world.configure(PAIR)
    reply(world, "due", MAYA, "1 done")
    assert world.commitment("jonas-1").state == "open"
    assert "that is not part of the contract any more" in world.mail("answer").text
    reply(world, "due", MAYA, "2 done")
    assert world.commitment("jonas-1").state == "done"


def test_whoever_left_after_a_talk_that_was_asked_for_by_mail_is_left_behind(world: World):
    write(world, MAYA, "career conversation with Jonas next week", "")
    write(world, MAYA, "pause Jonas until May", "")
    world.configure(Series(MAYA, ANA))
    count = len(world.mails)
    world.run(2027, 1, 13, 12)
    assert since(world, count) == []


# --- answers to what careermail says of itself ---------------------------------------------------


def test_an_answer_to_what_careermail_understands_is_understood(world: World):
    write(world, MAYA, "Question", "What is the weather like?")
    reply(world, "help", MAYA, "pause Jonas until May")
    assert world.standing.paused


def test_whoever_was_refused_can_answer_that(world: World):
    drop(world, answer(last(world, "summary", MAYA), JONAS, AGREED))
    world.tick()
    reply(world, "refused", MAYA, AGREED)
    assert world.standing.contract is not None


def test_the_subject_of_an_answer_says_nothing(world: World):
    drop(from_the_internet(world), letter(MAYA, "careermail@example.com", "pause Jonas", ""))
    world.tick()
    reply(world, "help", MAYA, "Never mind.")
    assert not world.standing.paused


# --- between the two of them ---------------------------------------------------------------------


@pytest.mark.parametrize(("kind", "words"), [("prompt", "My goals have changed"), ("contract", "1 done")])
def test_what_is_between_them_is_handed_on_unread_wherever_it_was_sent(world: World, kind: str, words: str):
    reply(world, "summary", MAYA, AGREED)
    message = answer(last(world, kind, JONAS), JONAS, words)
    message.replace_header("To", "careermail@example.com")
    drop(world, message)
    before, count = world.standing, len(world.mails)
    world.tick()
    assert world.standing == before
    assert since(world, count) == ["forward maya"]


def test_what_the_manager_has_is_not_handed_on(world: World):
    write(world, MAYA, "What we agreed", AGREED, to="jonas@example.com, careermail@example.com")
    count = len(world.mails)
    write(
        world, JONAS, "Re: What we agreed", "I would rather start later.", to="maya@example.com, careermail@example.com"
    )
    assert since(world, count) == []


@pytest.mark.parametrize(
    ("words", "state"),
    [
        ("Not done. I think I want to leave the company, should I?", "open"),
        ("Done. Maybe I should just leave?", "open"),
        ("Done.\n\nMove it to Friday. I want to leave.", "open"),
    ],
)
def test_a_reports_doubts_reach_the_manager_and_are_kept_nowhere(world: World, words: str, state: str):
    reply(world, "summary", MAYA, AGREED)
    world.run(2027, 2, 12, 12)
    count = len(world.mails)
    reply(world, "due", JONAS, words)
    assert world.commitment("jonas-1").state == state
    assert since(world, count) == ["forward maya"]
    assert "leave" not in repr(world.facts)


def test_what_is_not_a_reports_to_say_reaches_the_manager(world: World):
    reply(world, "summary", MAYA, AGREED)
    world.run(2027, 2, 12, 12)
    count = len(world.mails)
    reply(world, "due", JONAS, "Resume")
    assert since(world, count) == ["forward maya"]


# --- strangers -----------------------------------------------------------------------------------


def absence(to: str = "careermail@example.com") -> EmailMessage:
    message = letter(MAYA, to, "Out of office", "I am away until Friday 10 December.")
    message["Auto-Submitted"] = "auto-replied"
    return message


def away(world: World) -> list[dict[str, str]]:
    return [dict(fact.data) for fact in world.facts if fact.kind == "away"]


def test_nobody_else_can_say_that_somebody_is_away(world: World):
    from_the_internet(world)
    summary = str(last(world, "summary", MAYA)["Reply-To"])
    for message in (absence(), stamped(absence(), "fail"), stamped(absence(summary), "fail")):
        drop(world, message)
    world.tick()
    assert away(world) == []


@pytest.mark.parametrize("proof", ["stamp", "token"])
def test_an_absence_of_their_own_is_noted(world: World, proof: str):
    from_the_internet(world)
    token = str(last(world, "summary", MAYA)["Reply-To"])
    drop(world, absence(token) if proof == "token" else stamped(absence(), "pass"))
    world.tick()
    assert away(world) == [{"since": "2027-01-12", "until": "2027-12-10"}]


def test_an_absence_that_is_heard_of_late_counts_from_its_day(world: World):
    message = absence()
    message.replace_header("Date", "Mon, 04 Jan 2027 10:00:00 +0000")
    message.set_content("Not at my desk.")
    drop(world, message)
    world.tick()
    assert away(world) == [{"since": "2027-01-04", "until": "2027-01-05"}]


def test_what_may_not_be_a_reports_is_handed_on_with_a_warning(world: World):
    drop(from_the_internet(world), letter(JONAS, "careermail@example.com", "Please read", "See http://evil.example"))
    world.tick()
    assert "careermail cannot tell whether it is theirs" in world.mail("forward").text


def test_a_flood_in_a_reports_name_does_not_drown_the_manager(world: World):
    count = len(world.mails)
    for n in range(30):
        drop(world, letter(JONAS, "careermail@example.com", f"Hello {n}", "x"))
    world.tick()
    assert since(world, count) == ["forward maya"] * 20 + ["refused jonas"]
    assert "write to Maya directly" in world.mail("refused").text


def test_a_flood_leaves_one_fact(world: World):
    before = len(world.facts)
    for n in range(30):
        drop(from_the_internet(world), letter(MAYA, "careermail@example.com", f"Hello {n}", "x"))
    world.tick()
    assert [fact.kind for fact in world.facts[before:]] == ["heard", "intent", "done"]


def test_of_a_strangers_mail_nothing_is_kept(world: World):
    message = answer(last(world, "summary", MAYA), EVE, AGREED)
    message.replace_header("Subject", "Something of Eve's")
    drop(world, message)
    world.tick()
    assert world.briefs("refused") == ["Tue 2027-01-12 12:00 refused maya"]
    assert "Eve" not in repr(world.facts)
    assert "eve@" not in repr(world.facts)


def test_what_is_older_than_memory_does_not_act(world: World):
    """A mail that was heard 200 days ago is not known any more: whoever kept it could have it act again."""
    drop(world, letter(MAYA, "careermail@example.com", "pause Jonas", ""))
    world.clock.wait(world.now + timedelta(days=181))
    world.runner.tick_inbox([world.team])
    assert not world.standing.paused


def test_however_many_of_our_mails_are_named_what_is_known_is_read_once(world: World):
    """Else anybody could keep us busy for seconds with a mail, and for hours with some more."""
    message = letter(EVE, "careermail@example.com", "x", "x")
    names = [f"{'a' * 24}{chr(97 + n // 26)}{chr(97 + n % 26)}.{mark(MAYA.email)}" for n in range(200)]
    message["References"] = " ".join(f"<{name}@example.com>" for name in names)
    read: list[str] = []

    def load(manager: str) -> list[Fact]:
        read.append(manager)
        return world.facts

    Mailroom(world.service, [world.team], vouched=False).judge(message.as_bytes(), world.now, load)
    assert read == [MAYA.email]


def test_of_two_who_had_a_contract_each_is_noted_alone(tmp_path: Path):
    world = World(tmp_path, datetime(2027, 1, 4, 8), PAIR, Series(MAYA, ANA))
    world.run(2027, 1, 12, 12)
    said = "Jonas's commitments\n- Read by 12 February\n"
    write(world, MAYA, "What we agreed", said, to="jonas@example.com, ana@example.com, careermail@example.com")
    assert [fact.data["copied"] for fact in world.facts if fact.kind == "contract"] == [[JONAS.email]]


def test_a_contract_in_answer_to_an_earlier_talk_is_asked_about_and_not_taken_for_the_last_ones(tmp_path: Path):
    world = World(tmp_path, datetime(2027, 1, 4, 8), PAIR)
    world.run(2027, 1, 12, 12)
    earlier = last(world, "summary", MAYA)
    world.run(2027, 4, 13, 12)
    drop(world, answer(earlier, MAYA, "Jonas's commitments\n- Read the on-call guide by 30 April\n"))
    world.tick()
    assert world.standing.contract is None
    assert "you have talked again since" in world.mail("answer").text


def test_stop_stops_the_managers_own_reminders_too(tmp_path: Path):
    world = World(tmp_path, datetime(2027, 1, 4, 8), PAIR)
    world.run(2027, 1, 12, 12)
    reply(world, "summary", MAYA, "Maya's commitments\n- Ask Dana by 22 January\n")
    world.run(2027, 1, 22, 12)
    reply(world, "due", MAYA, "stop")
    world.run(2027, 2, 5, 12)
    assert world.briefs("overdue") == []
