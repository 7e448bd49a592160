"""Mails that leave from their manager's own mailbox: whom they are from, where answers go, what is ours."""

from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from email.message import EmailMessage
from urllib.parse import unquote

import pytest
from fakes.world import FakeInbox, FakeWorld
from ledger import utc
from samples import AGREED, JONAS, MAYA, TUESDAY, WITH_JONAS

from careermail.clock import VirtualClock
from careermail.errors import ProviderError, StoreError
from careermail.mail.addressed import addressed
from careermail.mail.authenticity import vouch
from careermail.mail.compose import compose
from careermail.mail.replies import receive
from careermail.mail.tokens import issue, message_id, tagged
from careermail.model import Conversation, Person, Series, Service, Team, Topic
from careermail.plan.history import fold
from careermail.plan.planner import INBOX
from careermail.postman import POLL
from careermail.providers import Inbox, one_inbox
from careermail.runner import Runner
from careermail.store.memory import MemoryStore

SHARED = Service("careermail", "careermail@example.com", "it@example.com", secret=b"of this service alone")
OWN = replace(SHARED, as_manager=True)
UNTAGGED = replace(OWN, tags=False)
LONG = replace(MAYA, email="maya.katarina.lindqvist@example.com")
VIA = "Maya Lindqvist via careermail <careermail@example.com>"
NOW = datetime(2027, 1, 12, 10, tzinfo=UTC)


def mail(service: Service, kind: str, to: Person, manager: Person = MAYA) -> EmailMessage:
    series = replace(WITH_JONAS, manager=manager)
    topic = Topic(series, occurrence=TUESDAY, contract=AGREED, commitments=AGREED.of("report"), deadline=NOW)
    name = message_id(service, [f"{series.key}/{kind}"], manager.email)
    return compose(service, kind, to, [topic], message_id=name, key=kind, now=NOW)


def token(message: EmailMessage, service: Service, to: Person, kind: str) -> str:
    return issue(service, message["Message-ID"], to.email, kind, date(2028, 1, 12))


# --- who it is from, and where its answer goes ---


@pytest.mark.parametrize(
    ("service", "kind", "to", "sender", "answered"),
    [
        (SHARED, "due", JONAS, VIA, "careermail+TOKEN@example.com"),
        (OWN, "due", JONAS, "Maya Lindqvist <maya@example.com>", "maya+TOKEN@example.com"),
        (OWN, "summary", MAYA, "careermail <maya@example.com>", "maya+TOKEN@example.com"),
        (OWN, "prompt", JONAS, "Maya Lindqvist <maya@example.com>", "maya@example.com"),
        (OWN, "contract", JONAS, "Maya Lindqvist <maya@example.com>", "maya@example.com"),
        (UNTAGGED, "due", JONAS, "Maya Lindqvist <maya@example.com>", None),  # whoever replies writes to Maya
        (UNTAGGED, "prompt", JONAS, "Maya Lindqvist <maya@example.com>", "maya@example.com"),
    ],
)
def test_it_is_from_the_manager_and_comes_back_to_them(
    service: Service, kind: str, to: Person, sender: str, answered: str | None
):
    message = mail(service, kind, to)
    assert str(message["From"]) == sender
    said = message["Reply-To"] and message["Reply-To"].addresses[0].addr_spec
    assert said == (answered and answered.replace("TOKEN", token(message, service, to, kind)))


def test_an_alarm_is_from_the_service():
    assert str(mail(OWN, "alarm", MAYA)["From"]) == "careermail <careermail@example.com>"


@pytest.mark.parametrize(("service", "manager"), [(UNTAGGED, MAYA), (OWN, LONG)])
def test_where_no_plus_address_can_be_a_button_begins_an_answer_with_the_token_in_its_subject(
    service: Service, manager: Person
):
    message = mail(service, "due", JONAS, manager)
    mark = token(message, service, JONAS, "due")
    html = unquote(message.get_body(("html",)).get_content())
    assert f'"mailto:{manager.email}?subject=Re: {message["Subject"]} [{mark}]&amp;body=' in html
    raw = f"From: jonas@example.com\nTo: {manager.email}\nSubject: AW: Re: Today [{mark.upper()}]\n\ndone\n".encode()
    received = receive(raw, address=manager.email)
    assert (received.tokens, received.subject, received.answer) == ((mark,), "Today", "done")


# --- which mails are for us ---

MARK = issue(OWN, message_id(OWN, ["k"], MAYA.email), JONAS.email, "due", date(2027, 5, 1))


@pytest.mark.parametrize(
    ("to", "subject", "ours"),
    [
        (tagged(OWN, MAYA.email, MARK), "Re: Today", True),
        (tagged(OWN, MAYA.email, MARK).upper(), "Re: Today", True),
        ("maya+careermail@example.com", "career conversation with Jonas", True),
        ("maya@example.com", f"Re: Today [{MARK}]", True),
        ("maya@example.com", "Re: Today", False),
        ("maya+shop@example.com", "Your order", False),
        ("maya+careermail@example.org", "Hello", False),
        ("jonas+careermail@example.com", "Hello", False),
        ("maya@example.com", "careermail: what is it?", False),
    ],
)
def test_a_mail_is_ours_by_its_address_or_the_token_in_its_subject(to: str, subject: str, ours: bool):
    assert addressed(OWN, MAYA.email, ["ana@example.com", to], subject) is ours


def test_without_plus_addresses_a_subject_calls_us():
    assert addressed(UNTAGGED, MAYA.email, ["maya@example.com"], "Careermail: Jonas next week")
    assert not addressed(UNTAGGED, MAYA.email, ["maya@example.com"], "Re: careermail")


# --- a mailbox for each ---


@dataclass
class Locked(FakeInbox):
    """A mailbox that nobody gets into while `error` stands."""

    error: ProviderError | None = None
    arrived: list[bytes] = field(default_factory=list)

    def fetch(self, cursor: str) -> tuple[list[bytes], str]:
        if self.error:
            raise self.error
        return super().fetch(cursor)


BOB = Person("Bob Marsh", "bob@example.com")
TALK = Conversation(first=datetime(2027, 1, 12, 10))
TEAMS = [Team(MAYA, (Series(MAYA, JONAS, TALK),)), Team(BOB, (Series(BOB, Person("Eve", "eve@example.com"), TALK),))]


class Office:
    """Two managers, each with a mailbox of their own."""

    def __init__(self) -> None:
        self.world, self.store, self.clock = FakeWorld(), MemoryStore(), VirtualClock(utc(2027, 1, 4, 10))
        self.boxes: dict[str, Inbox] = {MAYA.email: Locked(), BOB.email: Locked()}
        provider = replace(
            self.world.provider,
            vouched=False,
            inboxes=lambda managers: {m.email: self.boxes[m.email] for m in managers},
        )
        self.runner = Runner(OWN, provider, self.store, self.clock)

    def troubles(self) -> dict[str, str]:
        return {cause: f.data.get("mender", "") for cause, f in self.runner.troubles.standing().items()}

    def agree(self, manager: Person) -> None:
        """A manager fills in the form that they were sent."""
        form = next(m for m in self.world.mails if m["X-Careermail-Kind"] == "summary" and manager.email in m["To"])
        answer = EmailMessage()
        answer["From"], answer["To"], answer["In-Reply-To"] = manager.email, manager.email, form["Message-ID"]
        answer["Message-ID"], answer["Subject"] = f"<answer@{manager.email}>", "Re: After your talk"
        answer.set_content("Maya's commitments\n- Introduce Jonas to Dana by 29 January 2027\n")
        self.boxes[manager.email].arrived.append(answer.as_bytes())

    def visit(self, *moment: int) -> None:
        self.clock.wait(utc(*moment))
        self.runner.tick_inboxes(TEAMS)
        for team in TEAMS:
            self.runner.tick(team)


def test_a_mailbox_that_cannot_be_read_keeps_no_other_waiting_and_its_owner_hears_of_it():
    office = Office()
    office.visit(2027, 1, 4, 10)
    office.visit(2027, 1, 12, 12)
    office.boxes[MAYA.email].error = ProviderError("the token is dead", urgent=True, owner=MAYA.email)
    office.agree(MAYA)
    office.agree(BOB)
    office.visit(2027, 1, 12, 13)
    assert office.troubles() == {f"{INBOX}/maya@example.com": "maya@example.com"}
    contracts = [fold(office.store.load(t.manager.email)).of(t.series[0].key).contract is not None for t in TEAMS]
    assert contracts == [False, True]
    assert office.runner.tick_inbox(TEAMS[:1], MAYA.email)[1] == office.clock.now() + 4 * POLL
    office.boxes[MAYA.email].error = None
    office.visit(2027, 1, 12, 14)
    assert office.troubles() == {}
    assert fold(office.store.load(MAYA.email)).of(TEAMS[0].series[0].key).contract is not None


def test_each_mailbox_is_read_on_from_where_it_was_left():
    office = Office()
    office.visit(2027, 1, 4, 10)
    office.visit(2027, 1, 12, 12)
    office.agree(BOB)
    office.visit(2027, 1, 12, 13)
    read = {name: fold(office.store.load(f"{INBOX}/{name}")).cursor for name in (MAYA.email, BOB.email)}
    assert read == {MAYA.email: "0", BOB.email: "1"}
    assert office.store.managers() == [f"{INBOX}/{BOB.email}", f"{INBOX}/{MAYA.email}", BOB.email, MAYA.email]
    assert office.clock.now() + timedelta(0) == utc(2027, 1, 12, 13)


class Dead:
    """An outbox in which single people's tokens are dead."""

    def __init__(self, world: FakeWorld) -> None:
        self._real, self.dead = world.outbox, set[str]()

    def find(self, message_id: str, to: str) -> bool:
        return self._real.find(message_id, to)

    def send(self, message: EmailMessage) -> None:
        sender = message["From"].addresses[0].addr_spec
        if sender in self.dead:
            raise ProviderError(f"{sender}: the token is dead", urgent=True, owner=sender)
        self._real.send(message)


def test_each_dead_token_is_told_of_to_the_admin_and_to_whom_it_belongs_and_nothing_is_lost():
    office = Office()
    outbox = Dead(office.world)
    office.runner = Runner(OWN, replace(office.runner.provider, outbox=outbox), office.store, office.clock)
    office.visit(2027, 1, 4, 10)
    outbox.dead = {MAYA.email, BOB.email}
    office.visit(2027, 1, 8, 10)
    office.runner.tick_service([MAYA.email, BOB.email])
    assert office.troubles() == {f"provider/fake/{who}": who for who in (MAYA.email, BOB.email)}
    told = {str(m["To"]).partition("<")[2].rstrip(">"): str(m["From"]) for m in office.world.mails}
    outbox.dead = set()
    office.visit(2027, 1, 8, 12)
    assert told == dict.fromkeys(("it@example.com", MAYA.email, BOB.email), "careermail <careermail@example.com>")
    sent = sorted(m["X-Careermail-Kind"] for m in office.world.mails if m["X-Careermail-Kind"] != "alarm")
    assert (sent, office.troubles()) == (["prepare", "prepare", "prompt", "prompt"], {})


@pytest.mark.parametrize("error", [ProviderError("nobody gets in", urgent=True), None])
def test_the_troubles_of_an_inbox_for_all_end_with_it(error: ProviderError | None):
    office, shared = Office(), Locked(error=error)
    own = office.runner.provider
    office.runner = Runner(SHARED, replace(own, inboxes=one_inbox(shared)), office.store, office.clock)
    if error is None:
        office.runner.troubles.arise(f"{INBOX}/0123456789ab", StoreError("broken"), office.clock.now(), manager=INBOX)
    office.visit(2027, 1, 5, 10)
    assert [cause.partition("/")[0] for cause in office.troubles()] == [INBOX]
    office.runner = Runner(OWN, own, office.store, office.clock)
    office.visit(2027, 1, 5, 11)
    assert office.troubles() == {}


# --- what a manager writes of their own accord ---


@pytest.mark.parametrize(("stamped", "done"), [(True, ["asked"]), (False, [])])
def test_what_the_mailbox_itself_vouches_for_acts(stamped: bool, done: list[str]):
    office = Office()
    office.visit(2027, 1, 4, 10)
    raw = (
        b"From: maya@example.com\r\nTo: maya+careermail@example.com\r\nMessage-ID: <1@example.com>\r\n"
        b"Subject: career conversation with Jonas next week\r\n\r\nHe has an offer.\r\n"
    )
    provider = replace(office.runner.provider, stamp="not-to-be-guessed")
    office.runner = Runner(OWN, provider, office.store, office.clock)
    office.boxes[MAYA.email].arrived.append(vouch(raw, "not-to-be-guessed", MAYA.email) if stamped else raw)
    office.runner.tick_inboxes(TEAMS)
    assert [f.kind for f in office.store.load(MAYA.email) if f.kind == "asked"] == done


def test_the_name_by_which_a_mailbox_vouches_is_passed_on_to_nobody():
    office, shared = Office(), Locked()
    raw = b"From: jonas@example.com\r\nTo: careermail@example.com\r\nMessage-ID: <1@x>\r\n\r\nBetween us.\r\n"
    shared.arrived.append(vouch(raw, "not-to-be-guessed", JONAS.email))
    provider = replace(office.runner.provider, stamp="not-to-be-guessed", inboxes=one_inbox(shared))
    Runner(SHARED, provider, office.store, office.clock).tick_inboxes(TEAMS)
    (passed,) = office.world.mails
    (note,) = passed.iter_attachments()
    assert (passed["X-Careermail-Kind"], note.get_content()) == ("forward", raw)
