"""What attendees hear by mail, and what becomes of their answers, beside what every calendar promises."""

import os
import stat
import subprocess
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from email.message import EmailMessage
from pathlib import Path
from shutil import which
from typing import cast

import icalendar
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from mailprogram import MailProgram
from provider_suite import (
    ANA,
    APRIL,
    JANUARY,
    JONAS,
    JULY,
    MAYA,
    OCTOBER,
    SERIES,
    SINGLE,
    YEAR,
    World,
    confirmed,
    held,
    utc,
)
from test_standards_imip import NOTE, SERVICE, People, Post, world_in

from careermail.clock import VirtualClock
from careermail.errors import ProviderError
from careermail.mail import edits, invite
from careermail.mail.expand import expand
from careermail.mail.itip import rsvp
from careermail.model import Person, Rsvp
from careermail.providers.shelf.vdir import naming
from careermail.providers.standards.invitations import Invitations

FAR = replace(SERIES, uid="far-0@careermail.example.com", attendees=(ANA,))


@pytest.fixture
def post() -> Post:
    return Post()


@pytest.fixture
def world(tmp_path: Path, post: Post) -> World:
    world = world_in(tmp_path, post)
    world.provider.calendar.put(SERIES)
    return world


def subjects(post: Post, person: Person) -> list[str]:
    return [str(m["Subject"]) for m in post.sent if person.email in str(m["To"])]


def calendar_in(mail: EmailMessage) -> str:
    (part,) = (p for p in mail.walk() if p.get_content_type() == "text/calendar")
    return cast("str", part.get_content()).replace("\r\n", "\n")


def said(at: str = "", partstat: str = "DECLINED", **more: object) -> Rsvp:
    return Rsvp(**({"attendee": JONAS.email, "uid": SERIES.uid, "recurrence_id": at, "partstat": partstat} | more))  # type: ignore[arg-type]


# --- the mail ---


@pytest.mark.usefixtures("world")
def test_an_invitation_is_what_mail_programs_show_with_buttons(post: Post):
    """RFC 6047 and, for programs that look for a file, the same as an attachment."""
    mail = post.sent[1]
    assert [p.get_content_type() for p in mail.walk()] == [
        "multipart/mixed",
        "multipart/alternative",
        "text/plain",
        "text/html",
        "text/calendar",
        "application/ics",
    ]
    *_, part, file = mail.walk()
    assert (part.get_param("method"), part.get_content_charset()) == ("REQUEST", "utf-8")
    assert file.get_filename() == "invite.ics"
    assert file.get_content() == part.get_content().encode()
    assert {name: str(mail[name]) for name in ("From", "To", "Subject", "Auto-Submitted", "X-Careermail-Kind")} == {
        "From": "Maya Lindqvist via careermail <careermail@example.com>",
        "To": "Jonas Weber <jonas@example.com>",
        "Subject": "Jonas and Maya",
        "Auto-Submitted": "auto-generated",
        "X-Careermail-Kind": "invitation",
    }


def test_all_mails_about_one_event_are_one_thread(world: World, post: Post):
    world.provider.calendar.cancel(MAYA, SERIES.uid, recurrence_id=APRIL)
    world.provider.calendar.put(SINGLE)
    threads = [str(m["References"]) for m in post.sent]
    assert len(set(threads[:4])) == 1
    assert threads[4] == threads[5] != threads[0]


def test_its_words_tell_the_same_where_no_program_reads_the_calendar(world: World, post: Post):
    world.provider.calendar.move(MAYA, held(world)[APRIL], utc(2027, 4, 15, 12), utc(2027, 4, 15, 13))
    world.provider.calendar.cancel(MAYA, SERIES.uid, recurrence_id=JULY)
    words = [m.get_body(("plain",)).get_content() for m in post.sent if JONAS.email in str(m["To"])]  # type: ignore[union-attr]
    assert "Tuesday 12 January at 10:00 (Europe/Stockholm time), and regularly from then on." in words[0]
    assert "An hour set aside, not a 1:1 and not a review." in words[0]
    assert "Your talk with Maya is now on Thursday 15 April at 14:00 (Europe/Stockholm time)." in words[1]
    assert "Your talk with Maya on Tuesday 13 July at 10:00 (Europe/Stockholm time) is cancelled." in words[2]
    assert all(len(text.split()) < 120 for text in words)


def test_a_managers_own_reminder_is_mailed_to_them_alone_and_leaves_the_day_free(world: World, post: Post):
    world.provider.calendar.put(NOTE)
    mail = post.sent[-1]
    assert (str(mail["To"]), str(mail["Subject"])) == ("Maya Lindqvist <maya@example.com>", "Introduce Jonas to Dana")
    assert "DTSTART;VALUE=DATE:20270302\n" in calendar_in(mail)
    assert "TRANSP:TRANSPARENT\n" in calendar_in(mail)
    world.provider.calendar.put(replace(NOTE, start=date(2027, 3, 9), sequence=1))
    assert len(post.sent) == 4


def test_nothing_that_is_the_organizers_own_is_mailed(tmp_path: Path, post: Post):
    ours = invite.build(SERIES)
    (one,) = ours.events
    one.add("X-NOTE", "He seems tired of it all")
    one.add("COMMENT", "He seems tired of it all")
    one.add("CATEGORIES", ["Difficult"])
    one.add_component(icalendar.Alarm.new(description="Difficult"))
    invitations(tmp_path, post).tell(ours, SERIES.uid)
    (mail,) = post.sent
    assert not any(word in calendar_in(mail) for word in ("tired", "Difficult", "VALARM", "5e41e5", "X-CAREERMAIL"))
    assert 'ORGANIZER;CN="Maya Lindqvist":mailto:careermail@example.com\n' in calendar_in(mail)
    assert str(one["ORGANIZER"]) == "mailto:maya@example.com"


# --- what is mailed, and what is not ---


def invitations(state: Path, post: Post) -> Invitations:
    return Invitations(state / "told", post, SERVICE, VirtualClock(utc(2027, 1, 1)))


def test_nobody_is_told_again_what_they_know(world: World, post: Post, tmp_path: Path):
    for _ in range(2):
        held(world)
        world.provider.calendar.put(SERIES)
        world.provider.calendar.find(MAYA, SERIES.uid)
    held(world_in(tmp_path, post))
    assert len(post.sent) == 2


def test_a_cancellation_is_not_mailed_to_whoever_had_said_no(world: World, post: Post):
    world.hands.decline_one(held(world)[APRIL], by=JONAS)
    world.provider.calendar.cancel(MAYA, SERIES.uid, recurrence_id=APRIL)
    assert subjects(post, JONAS) == ["Jonas and Maya"]
    assert subjects(post, MAYA) == ["Jonas and Maya", "Cancelled: Jonas and Maya"]


def test_what_the_manager_declines_the_report_is_told_and_the_manager_is_not(world: World, post: Post):
    world.hands.cancel_one(held(world)[APRIL])
    assert held(world)[APRIL].status == "cancelled"
    assert subjects(post, JONAS) == ["Jonas and Maya", "Cancelled: Jonas and Maya"]
    assert subjects(post, MAYA) == ["Jonas and Maya"]


def test_a_manager_who_ends_the_series_leaves_its_past(tmp_path: Path, post: Post):
    world_in(tmp_path, post).provider.calendar.put(SERIES)
    later = world_in(tmp_path, post, now=utc(2027, 5, 1))
    later.hands.decline_all(SERIES.uid, by=MAYA)
    assert confirmed(later) == [utc(2027, 1, 12, 9), utc(2027, 4, 13, 8)]
    assert later.hands.sees(JONAS, SERIES.uid) == [utc(2027, 1, 12, 9), utc(2027, 4, 13, 8)]


def test_many_sessions_moved_at_once_are_one_mail(tmp_path: Path, post: Post):
    ours, told = invite.build(SERIES), invitations(tmp_path, post)
    told.tell(ours, SERIES.uid)
    for at in (JANUARY, APRIL, JULY):
        start = datetime.fromisoformat(at) + timedelta(days=1)
        edits.move(ours, SERIES.uid, at, (start, start + timedelta(hours=1)), MAYA.zone)
    told.tell(ours, SERIES.uid)
    assert len(post.sent) == 2
    assert calendar_in(post.sent[1]).count("BEGIN:VEVENT") == 4


def test_somebody_who_is_asked_no_more_is_told_so(tmp_path: Path, post: Post):
    world = world_in(tmp_path, post)
    world.provider.calendar.put(SERIES)
    world.provider.calendar.put(replace(SERIES, attendees=(ANA,)))
    assert subjects(post, JONAS) == ["Jonas and Maya", "Cancelled: Jonas and Maya"]
    assert len(world.hands.sees(ANA, SERIES.uid)) == 4
    assert world.hands.sees(JONAS, SERIES.uid) == []


def test_what_vanished_from_the_organizers_calendar_is_withdrawn(tmp_path: Path, post: Post):
    for uid in ("a@x", "b@x"):
        invitations(tmp_path, post).tell(invite.build(replace(SERIES, uid=uid)), uid)
    told = invitations(tmp_path, post)
    for _ in range(2):
        told.recall("5e41e5", {"b@x"})
        told.recall("another", set())
    assert subjects(post, JONAS) == ["Jonas and Maya", "Jonas and Maya", "Cancelled: Jonas and Maya"]
    assert "UID:a@x\n" in calendar_in(post.sent[-1])
    told.tell(invite.build(replace(SERIES, uid="a@x")), "a@x")
    told.recall("5e41e5", set())
    assert len(post.sent) == 6


# --- answers ---


def test_an_answer_to_earlier_times_is_none_to_the_present_ones(world: World):
    calendar = world.provider.calendar
    calendar.move(MAYA, held(world)[APRIL], utc(2027, 4, 15, 12), utc(2027, 4, 15, 13))
    assert not calendar.answer(said(APRIL, sequence=0))
    assert held(world)[APRIL].status == "confirmed"
    assert calendar.answer(said(APRIL, sequence=1))
    assert held(world)[APRIL].status == "declined"


def test_an_answer_that_crossed_a_change_of_wording_counts(world: World):
    world.provider.calendar.put(replace(SERIES, description="An hour for the two of you.", minutes=90))
    assert world.provider.calendar.answer(said(APRIL, sequence=0))
    assert held(world)[APRIL].status == "declined"


def test_an_answer_to_the_series_that_crossed_a_cancellation_counts(world: World):
    """Programs number the series as they last had it whole, whatever single sessions became since."""
    world.provider.calendar.cancel(MAYA, SERIES.uid, recurrence_id=JULY)
    assert world.provider.calendar.answer(said(sequence=0))
    assert {o.status for o in held(world).values()} == {"declined", "cancelled"}


def test_of_two_answers_the_later_counts_in_whatever_order_they_come(world: World):
    later, earlier = said(APRIL, "ACCEPTED", stamp="20270105T100000Z"), said(APRIL, stamp="20270105T090000Z")
    for _ in range(2):
        assert world.provider.calendar.answer(later)
        assert not world.provider.calendar.answer(earlier)
        assert held(world)[APRIL].status == "confirmed"


def test_a_session_can_be_accepted_in_a_series_that_was_declined(world: World):
    assert world.provider.calendar.answer(said(stamp="20270105T090000Z"))
    assert world.provider.calendar.answer(said(APRIL, "ACCEPTED", stamp="20270105T100000Z"))
    assert {at: o.status for at, o in held(world).items()} == {
        JANUARY: "declined",
        APRIL: "confirmed",
        JULY: "declined",
        OCTOBER: "declined",
    }


def test_whoever_sends_somebody_else_does_not_come(world: World):
    assert world.provider.calendar.answer(said(APRIL, "DELEGATED"))
    assert held(world)[APRIL].status == "declined"


@pytest.mark.parametrize("named", ["20270413", "20270413T100000", "20270413T000000", "20270413T100000Z"])
def test_a_session_that_is_named_by_its_day_is_the_one_of_that_day(world: World, named: str):
    assert world.provider.calendar.answer(said(named))
    assert {at for at, o in held(world).items() if o.status == "declined"} == {APRIL}


@pytest.mark.parametrize(
    "stray",
    [
        said("20270414T080000Z"),
        said("10101T000000Z"),
        said("99991231T235959Z"),
        replace(said(), uid="nothing@example.com"),
        replace(said(), attendee="mallory@example.com"),
        replace(said(), attendee="../maya@example.com"),
    ],
)
def test_an_answer_to_nothing_of_ours_is_none(world: World, stray: Rsvp):
    assert not world.provider.calendar.answer(stray)
    assert {o.status for o in held(world).values()} == {"confirmed"}


def test_a_reports_proposal_changes_nothing(world: World, post: Post):
    people = cast("People", world.hands)
    wednesday = utc(2027, 4, 14, 8), utc(2027, 4, 14, 9)
    proposal = rsvp(people.program(JONAS).counter(SERIES.uid, *wednesday, utc(2027, 4, 13, 8)))
    assert proposal is not None
    assert proposal.proposed == wednesday
    assert world.provider.calendar.answer(proposal)
    assert confirmed(world)[1] == utc(2027, 4, 13, 8)
    assert len(post.sent) == 2


def test_a_managers_proposal_is_followed_once(world: World, post: Post):
    people = cast("People", world.hands)
    wednesday = utc(2027, 4, 14, 8), utc(2027, 4, 14, 9)
    proposal = rsvp(people.program(MAYA).counter(SERIES.uid, *wednesday, utc(2027, 4, 13, 8)))
    assert proposal is not None
    assert [world.provider.calendar.answer(proposal) for _ in range(2)] == [True, False]
    assert confirmed(world)[1] == utc(2027, 4, 14, 8)
    assert len(post.sent) == 4


def test_a_managers_proposal_of_another_day_for_all_is_refused(world: World):
    people = cast("People", world.hands)
    assert not people.answer(people.program(MAYA).counter(SERIES.uid, utc(2027, 1, 14, 9), utc(2027, 1, 14, 10)))
    assert len(confirmed(world)) == 4


def test_an_organizer_who_moves_it_by_hand_asks_anew(tmp_path: Path, post: Post):
    """As `follow` serves a calendar that the manager edits: what was answered was about another hour."""
    ours, told = invite.build(SERIES), invitations(tmp_path, post)
    told.tell(ours, SERIES.uid)
    assert told.answer(said(APRIL))
    assert told.follow(ours, SERIES.uid)
    (_, april) = ours.events
    assert april.attendees[0].params["PARTSTAT"] == "DECLINED"
    april.DTSTART += timedelta(days=1)
    assert told.follow(ours, SERIES.uid)
    assert april.attendees[0].params["PARTSTAT"] == "NEEDS-ACTION"
    told.tell(ours, SERIES.uid)
    assert not told.follow(ours, SERIES.uid)
    assert subjects(post, JONAS) == ["Jonas and Maya", "Changed: Jonas and Maya"]


# --- servers that fail ---


@dataclass
class Failing(Post):
    """A server that refuses mail to one person, or is away."""

    refuses: str = ""
    permanent: bool = True
    asked: int = 0

    def send(self, message: EmailMessage) -> None:
        if self.refuses and self.refuses in str(message["To"]):
            self.asked += 1
            raise ProviderError(f"550 {self.refuses}: no such mailbox", permanent=self.permanent)
        super().send(message)


def test_whoever_cannot_be_reached_keeps_nobody_from_hearing_of_it(tmp_path: Path):
    post = Failing(refuses=MAYA.email)
    with pytest.raises(ProviderError, match="no such mailbox"):
        world_in(tmp_path, post).provider.calendar.put(SERIES)
    assert subjects(post, JONAS) == ["Jonas and Maya"]
    assert subjects(post, MAYA) == []


def test_a_server_that_refused_for_good_is_not_asked_at_every_poll(tmp_path: Path):
    post = Failing(refuses=JONAS.email)
    world = world_in(tmp_path, post)
    with pytest.raises(ProviderError):
        world.provider.calendar.put(SERIES)
    for _ in range(3):
        held(world)
    with pytest.raises(ProviderError, match="no such mailbox") as told:
        world.provider.calendar.find(MAYA, SERIES.uid)
    assert told.value.permanent
    assert post.asked == 1


def test_a_dead_address_does_not_hide_what_stands(tmp_path: Path):
    """Else nobody would be mailed about a session, because one of the two takes no mail."""
    world = world_in(tmp_path, Failing(refuses=JONAS.email))
    with pytest.raises(ProviderError):
        world.provider.calendar.put(SERIES)
    assert len(held(world)) == 4


def test_what_is_kept_about_somebody_is_found_to_be_handed_out_or_removed(world: World, tmp_path: Path):
    del world
    kept = naming(tmp_path, JONAS.email)
    assert kept == sorted(path for path in tmp_path.rglob("*.ics"))
    assert naming(tmp_path, "somebody.else@example.com") == []


def test_after_an_outage_everybody_is_told_what_stands_then(tmp_path: Path):
    post = Failing(refuses="@example.com", permanent=False)
    world = world_in(tmp_path, post)
    for minutes in (60, 90):
        with pytest.raises(ProviderError):
            world.provider.calendar.put(replace(SERIES, minutes=minutes))
    post.refuses = ""
    world.provider.calendar.put(replace(SERIES, minutes=90))
    assert subjects(post, JONAS) == ["Jonas and Maya"]
    assert "DURATION:PT1H30M\n" in calendar_in(post.sent[-1])


def test_what_was_not_told_yet_does_not_stand_yet(tmp_path: Path):
    """So that whoever asks whether a booking came about, as the runner does, tries again."""
    post = Failing(refuses=JONAS.email, permanent=False)
    world = world_in(tmp_path, post)
    for work in (world.provider.calendar.put, lambda _: world.provider.calendar.find(MAYA, SERIES.uid)):
        with pytest.raises(ProviderError):
            work(SERIES)
    post.refuses = ""
    assert world.provider.calendar.find(MAYA, SERIES.uid) is not None
    assert subjects(post, JONAS) == ["Jonas and Maya"]


def test_what_is_ours_is_for_its_owner_only(world: World, tmp_path: Path):
    world.hands.decline_one(held(world)[APRIL])
    assert {stat.S_IMODE(p.stat().st_mode) for p in tmp_path.rglob("*") if p.is_dir()} == {0o700}
    assert {stat.S_IMODE(p.stat().st_mode) for p in tmp_path.rglob("*") if p.is_file()} == {0o600}
    assert list(tmp_path.rglob("*.telling")) == list(tmp_path.rglob("*.tmp")) == []


# --- other programs' eyes ---


@settings(max_examples=25)
@given(
    edits=st.lists(
        st.tuples(
            st.sampled_from(["move", "cancel", "shift", "shorten", "reword", "revive", "status"]),
            st.sampled_from([JANUARY, APRIL, JULY, OCTOBER]),
            st.integers(-20 * 24, 20 * 24),
            st.booleans(),
        ),
        max_size=8,
    )
)
@example(edits=[("move", at, 0, False) for at in (JANUARY, APRIL, JULY)] + [("status", JANUARY, 0, False)])
def test_whatever_is_edited_a_mail_program_shows_what_stands(
    tmp_path_factory: pytest.TempPathFactory, edits: list[tuple[str, str, int, bool]]
):
    """Some changes are told together, and no message is older than what the program has."""
    post = Post()
    told, program = invitations(tmp_path_factory.mktemp("told"), post), MailProgram(JONAS)
    ours = invite.build(SERIES)
    told.tell(ours, SERIES.uid)
    for verb, at, hours, tell in edits:
        ours = edited(ours, verb, at, hours)
        if tell:
            told.tell(ours, SERIES.uid)
    told.tell(ours, SERIES.uid)
    for mail in post.sent:
        program.receive(mail)
    assert program.ignored == []
    assert program.sees(SERIES.uid) == shown(ours)
    before = len(post.sent)
    told.tell(invite.parse(invite.text(ours)), SERIES.uid)
    assert len(post.sent) == before


def edited(ours: icalendar.Calendar, verb: str, at: str, hours: int) -> icalendar.Calendar:
    """What we and people's programs do to an event."""
    master = next(one for one in ours.events if "RECURRENCE-ID" not in one)
    match verb:
        case "move":
            start = datetime.fromisoformat(at) + timedelta(hours=hours)
            with suppress(LookupError):
                edits.move(ours, SERIES.uid, at, (start, start + timedelta(hours=1)), MAYA.zone)
        case "cancel":
            with suppress(LookupError):
                edits.cancel(ours, SERIES.uid, at, MAYA.zone)
        case "shift":
            event = replace(SERIES, start=SERIES.start + timedelta(hours=hours % 5))
            return invite.spliced(ours, invite.revise(ours, event), SERIES.uid)
        case "shorten":
            edits.end(ours, SERIES.uid, datetime.fromisoformat(at) + timedelta(hours=hours), MAYA.zone)
        case "reword":
            master.summary = f"An hour {hours}"
        case "revive":
            master.pop("EXDATE", None)
            master.pop("STATUS", None)
        case "status":
            for one in ours.events:
                if "RECURRENCE-ID" in one:
                    one["STATUS"] = "CANCELLED"
    return ours


def shown(ours: icalendar.Calendar) -> list[datetime]:
    first, last = YEAR
    instances = expand(ours, YEAR, MAYA.zone)
    return sorted(i.start for i in instances if not i.cancelled and first <= i.start < last)


@pytest.mark.skipif(which("khal") is None, reason="khal is not on this machine (apt-get install khal)")
@pytest.mark.parametrize(
    ("person", "booked", "changed"),
    [
        (
            JONAS,
            ["2027-01-12 10:00", "2027-04-13 10:00", "2027-07-13 10:00", "2027-10-12 10:00"],
            ["2027-01-12 10:00", "2027-04-15 14:00", "2027-07-13 10:00"],
        ),
        (
            ANA,
            ["2027-01-12 06:00", "2027-04-13 05:00", "2027-07-13 05:00", "2027-10-12 05:00"],
            ["2027-01-12 06:00", "2027-04-15 09:00", "2027-07-13 05:00"],
        ),
    ],
)
def test_khal_imports_an_invitation_at_the_right_hours(
    tmp_path: Path, post: Post, person: Person, booked: list[str], changed: list[str]
):
    world = world_in(tmp_path / "state", post)
    calendar = world.provider.calendar
    calendar.put(replace(SERIES, attendees=(person,)))
    assert khal(tmp_path / "booked", person, post.sent[-1]) == booked
    calendar.move(MAYA, held(world)[APRIL], utc(2027, 4, 15, 12), utc(2027, 4, 15, 13))
    calendar.cancel(MAYA, SERIES.uid, recurrence_id=OCTOBER)
    calendar.put(replace(SERIES, attendees=(person,), minutes=90))
    assert khal(tmp_path / "changed", person, post.sent[-1]) == changed


def khal(folder: Path, person: Person, mail: EmailMessage) -> list[str]:
    """When the sessions of 2027 start, as khal shows them to somebody who imports the attached file."""
    (folder / "calendar").mkdir(parents=True)
    (file,) = (part for part in mail.walk() if part.get_filename() == "invite.ics")
    (folder / "invite.ics").write_bytes(file.get_content())
    (folder / "khal.conf").write_text(
        f"[calendars]\n[[theirs]]\npath = {folder / 'calendar'}\n[locale]\nlocal_timezone = {person.timezone}\n"
        f"default_timezone = {person.timezone}\ndateformat = %Y-%m-%d\nlongdateformat = %Y-%m-%d\n"
        "datetimeformat = %Y-%m-%d %H:%M\nlongdatetimeformat = %Y-%m-%d %H:%M\ntimeformat = %H:%M\n"
        f"[sqlite]\npath = {folder}/khal.db\n"
    )
    run = ["khal", "-c", str(folder / "khal.conf")]
    for command in (
        [*run, "import", "--batch", "-a", "theirs", str(folder / "invite.ics")],
        [*run, "list", "--format", "{start}", "--day-format", "", "2027-01-01", "2027-12-31"],
    ):
        shown = subprocess.run(
            command, capture_output=True, text=True, check=True, env={**os.environ, "LC_ALL": "C.UTF-8"}
        )
    return [line for line in shown.stdout.splitlines() if line]


def test_a_year_is_the_same_in_every_mail_program(tmp_path: Path, post: Post):
    """Booked, one moved, the series moved, one cancelled, ended; read by vobject, which knows only what was mailed."""
    world = world_in(tmp_path, post)
    calendar, hands = world.provider.calendar, cast("People", world.hands)
    calendar.put(FAR)
    year: list[list[datetime]] = []
    for work in (
        lambda: calendar.move(MAYA, held(world, FAR)[APRIL], utc(2027, 4, 15, 12), utc(2027, 4, 15, 13)),
        lambda: calendar.put(replace(FAR, start=datetime(2027, 1, 12, 15), sequence=1)),
        lambda: calendar.cancel(MAYA, FAR.uid, recurrence_id="20270713T130000Z"),
        lambda: calendar.cancel(MAYA, FAR.uid, since=utc(2027, 9, 1)),
        lambda: calendar.cancel(MAYA, FAR.uid),
    ):
        work()
        assert hands.sees(ANA, FAR.uid) == hands.sees(MAYA, FAR.uid)
        year.append(hands.sees(ANA, FAR.uid))
    assert hands.program(ANA).ignored == []
    january, april, july, october = (
        utc(2027, 1, 12, 14),
        utc(2027, 4, 13, 13),
        utc(2027, 7, 13, 13),
        utc(2027, 10, 12, 13),
    )
    assert year == [
        [utc(2027, 1, 12, 9), utc(2027, 4, 15, 12), utc(2027, 7, 13, 8), utc(2027, 10, 12, 8)],
        [january, april, july, october],
        [january, april, october],
        [january, april],
        [],
    ]
