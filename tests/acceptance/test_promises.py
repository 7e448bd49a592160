"""What the mails promise and what is merely quoted in an answer; and what happens where a mail cannot be taken in."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from email.message import EmailMessage
from pathlib import Path

import pytest
from letters import answer, drop, last, letter, reply
from scene import JONAS, MAYA, PAIR, World

from careermail.errors import ProviderError
from careermail.model import Person, Series, Team
from careermail.providers import Inbox, Outbox, one_inbox
from careermail.runner import Runner
from careermail.store.tiny import TinyStore

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


# --- what the mails promise -----------------------------------------------------------------------


def test_whoever_replies_stop_is_not_asked_for_the_contract_any_more(world: World):
    reply(world, "summary", MAYA, "stop")
    world.run(2027, 2, 1, 12)
    assert world.briefs("summary-nudge", "summary-overdue") == []


@pytest.mark.parametrize("times", [1, 2])
def test_who_asked_to_be_asked_later_is_not_given_a_deadline_that_has_passed(world: World, times: int):
    for day in ("next Wednesday", "next Thursday")[-times:]:
        reply(world, "summary", MAYA, f"remind me {day}")
    world.run(2027, 1, 22, 12)
    assert "Jonas is still waiting for them." in world.mail("summary-nudge").text
    assert "14 January" not in world.mail("summary-nudge").text


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("review", "I have a question about this, can we talk?"),
        ("prepare", "Didn't happen"),
        ("prepare", ""),
        ("summary", ""),
        ("contract", ""),
        ("summary", "What is this about?"),
    ],
)
def test_a_contract_that_is_merely_quoted_is_not_agreed_anew(world: World, kind: str, words: str):
    reply(world, "summary", MAYA, f"{AGREED}\nThe open question\n- Whether a staff role is realistic\n")
    world.run(2027, 4, 13, 12)
    reply(world, kind, MAYA, words)
    assert len(world.standing.contracts) == 1
    assert world.briefs("help") == ["Tue 2027-04-13 12:00 help maya"]


def test_the_lists_of_an_older_mail_do_not_come_back(world: World):
    reply(world, "summary", MAYA, AGREED)
    world.run(2027, 4, 13, 12)
    reply(world, "summary", MAYA, "Jonas's commitments\n- Read a book by 1 June\n")
    reply(world, "summary", MAYA, "What is this about?")
    assert [c.text for c in world.standing.contract.commitments] == ["Read a book"]


def test_what_two_answers_at_once_left_open_is_asked_about(world: World):
    summary = last(world, "summary", MAYA)
    drop(world, answer(summary, MAYA, AGREED.replace("by 12 February", "some day") + "- Read a book later on\n"))
    drop(world, answer(summary, MAYA, "Jonas's commitments\n- Read a book by 1 March\n"))
    world.tick()
    asked = world.mail("contract").text
    assert asked.count('- "') == 1
    assert '- "Shadow the platform on-call rota some day": ' in asked


def test_what_is_typed_into_the_lists_counts_where_nothing_is_marked_as_new(world: World):
    reply(world, "summary", MAYA, AGREED)
    world.run(2027, 4, 13, 12)
    message = answer(last(world, "summary", MAYA), MAYA, "")
    message.set_content(message.get_content().replace("\r\n", "\n").replace("12 February 2027", "12 May 2027"))
    drop(world, message)
    world.tick()
    assert world.commitment("jonas-1").due == date(2027, 5, 12)


# --- what cannot be taken in ---------------------------------------------------------------------


@dataclass
class Closed:
    """An inbox that cannot be reached for a while."""

    inbox: Inbox
    closed: bool = True

    def fetch(self, cursor: str) -> tuple[list[bytes], str]:
        if self.closed:
            raise ProviderError("the inbox cannot be reached")
        return self.inbox.fetch(cursor)

    def watch(self, wake: Callable[[], None]) -> None:
        return self.inbox.watch(wake)


@dataclass
class NoForwards:
    """An outbox whose server refuses what is handed on."""

    outbox: Outbox

    def send(self, message: EmailMessage) -> None:
        if message["X-Careermail-Kind"] == "forward":
            raise ProviderError("550 it looks like spam.", permanent=True)
        self.outbox.send(message)

    def find(self, message_id: str, to: str) -> bool | None:
        return self.outbox.find(message_id, to)


def test_what_cannot_be_handed_on_counts_and_the_admin_hears_of_the_rest(world: World):
    reply(world, "summary", MAYA, AGREED)
    world.run(2027, 2, 12, 12)
    provider = replace(world.provider, outbox=NoForwards(world.provider.outbox))
    world.runner = Runner(world.service, provider, world.store, world.clock)
    reply(world, "due", JONAS, "Done, and I learned a lot from the platform team.")
    assert world.commitment("jonas-1").state == "done"
    (said,) = world.troubles()
    assert said.startswith("a note from jonas@example.com could not be passed on to maya@example.com: 550 it looks")
    assert "platform team" not in repr(world.facts)


def test_one_managers_broken_file_keeps_nobody_elses_mail_waiting(tmp_path: Path):
    world = World(tmp_path, datetime(2027, 1, 4, 8), PAIR, store=TinyStore(tmp_path / "state"))
    world.run(2027, 1, 12, 12)
    file = tmp_path / "state" / "managers" / "maya@example.com.json"
    kept = file.read_bytes()
    file.write_text("garbage")
    drop(world, answer(last(world, "summary", MAYA), MAYA, AGREED))
    drop(world, letter(BOSS, "careermail@example.com", "career conversation with Ana next week", ""))
    teams = [world.team, Team(BOSS, (Series(BOSS, ANA),))]
    for _ in range(2):
        world.runner.tick_inbox(teams)
    assert [fact.kind for fact in world.store.load(BOSS.email)] == ["asked", "heard"]
    file.write_bytes(kept)
    world.tick()
    assert world.standing.contract is not None


def test_an_inbox_that_cannot_be_read_for_days_is_told_daily_until_it_can(world: World):
    closed = Closed(world.provider.inboxes([])[""])
    world.runner = Runner(world.service, replace(world.provider, inboxes=one_inbox(closed)), world.store, world.clock)
    drop(world, answer(last(world, "summary", MAYA), MAYA, AGREED))
    for _ in range(3 * 24):
        world.tick()
        world.clock.wait(world.now + timedelta(hours=1))
    assert world.troubles() == ["the inbox cannot be reached"]
    assert world.briefs("alarm") == [
        "Tue 2027-01-12 16:00 alarm it",
        "Wed 2027-01-13 10:00 alarm it",
        "Thu 2027-01-14 10:00 alarm it",
        "Fri 2027-01-15 10:00 alarm it",
    ]
    closed.closed = False
    world.tick()
    assert world.troubles() == []
    assert world.standing.contract is not None
