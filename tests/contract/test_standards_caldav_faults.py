"""What goes wrong between us and a CalDAV server: nothing is lost, nothing comes twice, and errors say what to do."""

import logging
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import timedelta
from email.message import EmailMessage
from pathlib import Path
from shutil import rmtree

import icalendar
import pytest
from caldavs import NOW, Opener, Post, radicale_program
from provider_suite import APRIL, MAYA, SERIES, YEAR, utc
from servers.ca import CA
from servers.people import People, Program
from servers.proxy import ANSWERED_THEN_CUT, CUT, HANG, SENT_THEN_CUT, Fault, Proxy, answer
from servers.radicale import Radicale

from careermail.errors import ProviderError
from careermail.model import Occurrence
from careermail.providers.shelf.waits import retry_after
from careermail.providers.standards.caldav import CalDavCalendar, web

PUT = rb"(?s)PUT .*?END:VCALENDAR\r\n"
REPORT = rb"(?s)REPORT .*?</(?:D:sync-collection|C:calendar-query|C:calendar-multiget)>"
STARTS = [utc(2027, 1, 12, 9), utc(2027, 4, 13, 8), utc(2027, 7, 13, 8), utc(2027, 10, 12, 8)]


def says(*lines: str) -> Fault:
    return answer(*lines, "Content-Length: 0", "Connection: close", "", cut=True)


@dataclass
class Scene:
    """Maya's calendar, with a proxy between it and us; and what was mailed to Jonas."""

    calendar: CalDavCalendar
    proxy: Proxy
    maya: Program
    root: Path
    post: Post = field(default_factory=Post)

    @property
    def hands(self) -> People:
        return People({MAYA.email: self.maya})

    def sessions(self) -> list[Occurrence]:
        return self.calendar.occurrences(MAYA, SERIES.marker, YEAR)

    def starts(self) -> list[object]:
        return [o.start for o in self.sessions()]

    def put(self) -> ProviderError:
        with pytest.raises(ProviderError) as told:
            self.calendar.put(SERIES)
        return told.value

    def booked_once(self) -> bool:
        """One event with four sessions, and one invitation."""
        return len(self.maya.files()) == 1 and self.starts() == STARTS and len(self.post.sent) == 1

    def requests(self) -> list[str]:
        """What was asked of the server: methods and paths."""
        lines = [line for passed in self.proxy.connections for line in passed.commands()]
        return [line.removesuffix(" HTTP/1.1") for line in lines if line.endswith(" HTTP/1.1")]


@pytest.fixture
def proxy(radicale: Radicale) -> Iterator[Proxy]:
    with Proxy(radicale.port) as proxy:
        yield proxy


@pytest.fixture
def scene(radicale: Radicale, proxy: Proxy, opener: Opener) -> Iterator[Scene]:
    radicale.welcome("maya")
    post = Post()
    calendar = opener.open(post, f"http://127.0.0.1:{proxy.port}/{{user}}/", "careermail")
    yield Scene(calendar, proxy, radicale_program(radicale, "maya"), radicale.root, post)
    calendar.close()


# --- the connection ---


def test_a_server_that_refuses_connections_is_asked_again_later(scene: Scene):
    with scene.proxy.away():
        error = scene.put()
        assert not error.permanent
        assert not error.urgent
        assert "127.0.0.1" in str(error)
        assert "maya@example.com" in str(error)
    scene.calendar.put(SERIES)
    assert scene.booked_once()


def test_a_server_that_goes_away_for_a_while_is_found_again(scene: Scene):
    scene.calendar.put(SERIES)
    with scene.proxy.away(), pytest.raises(ProviderError):
        scene.sessions()
    assert scene.booked_once()


def test_a_server_that_never_answers_is_asked_again_later(scene: Scene, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(web, "SECONDS", 0.3)
    scene.proxy.on(PUT, HANG)
    error = scene.put()
    assert "does not answer" in str(error)
    assert not error.permanent
    scene.calendar.put(SERIES)
    assert scene.booked_once()


@pytest.mark.parametrize("fault", [CUT, SENT_THEN_CUT, ANSWERED_THEN_CUT])
@pytest.mark.parametrize("times", [1, 2, 3])
def test_a_put_that_is_cut_comes_about_once(scene: Scene, fault: Fault, times: int):
    """Whether the server had it or not: the second time it meets `If-None-Match: *`."""
    scene.proxy.on(PUT, fault, times=times)
    for _ in range(times):
        try:
            scene.calendar.put(SERIES)
            break
        except ProviderError as error:
            assert not error.permanent  # noqa: PT017 (it may raise or not)
    scene.calendar.put(SERIES)
    assert scene.booked_once()


def test_a_change_that_is_cut_comes_about_once(scene: Scene):
    scene.calendar.put(SERIES)
    (april,) = (o for o in scene.sessions() if o.recurrence_id == APRIL)
    scene.proxy.on(PUT, ANSWERED_THEN_CUT, times=2)
    for _ in range(3):
        try:
            scene.calendar.move(MAYA, april, utc(2027, 4, 15, 12), utc(2027, 4, 15, 13))
        except ProviderError as error:
            assert not error.permanent  # noqa: PT017
    assert utc(2027, 4, 15, 12) in scene.starts()
    assert len(scene.post.sent) == 2


def test_a_connection_that_was_closed_while_idle_is_made_anew(scene: Scene):
    scene.calendar.put(SERIES)
    scene.proxy.cut()
    assert scene.starts() == STARTS


# --- what servers say ---


@pytest.mark.parametrize(
    ("lines", "wait"),
    [
        (("HTTP/1.1 503 Service Unavailable",), None),
        (("HTTP/1.1 503 Service Unavailable", "Retry-After: 120"), timedelta(minutes=2)),
        (("HTTP/1.1 503 Service Unavailable", "Retry-After: Fri, 01 Jan 2027 00:05:00 GMT"), timedelta(minutes=5)),
        (("HTTP/1.1 429 Too Many Requests", "Retry-After: 7"), timedelta(seconds=7)),
        (("HTTP/1.1 429 Too Many Requests", "Retry-After: 99999999999999999999"), timedelta(days=1)),
        (("HTTP/1.1 423 Locked",), None),
    ],
)
def test_a_server_that_is_busy_says_when_to_come_again(scene: Scene, lines: tuple[str, ...], wait: timedelta | None):
    scene.proxy.on(PUT, says(*lines))
    error = scene.put()
    assert (error.permanent, error.urgent, error.retry_after) == (False, False, wait)
    scene.calendar.put(SERIES)
    assert scene.booked_once()


@pytest.mark.parametrize(
    ("said", "wait"),
    [
        ("", None),
        ("soon", None),
        ("-5", None),
        ("0", timedelta()),
        ("Thu, 31 Dec 2026 23:00:00 GMT", timedelta()),
        ("Sun, 01 Jan 2040 00:00:00 GMT", timedelta(days=1)),
        ("Fri, 99 Jan 2027 00:00:00 GMT", None),
    ],
)
def test_what_is_said_of_waiting_is_bounded(said: str, wait: timedelta | None):
    assert retry_after(said, NOW) == wait


def test_a_full_server_is_told_of_at_once(scene: Scene):
    scene.proxy.on(PUT, says("HTTP/1.1 507 Insufficient Storage"))
    error = scene.put()
    assert error.urgent
    assert "full" in str(error)


def test_a_login_that_is_refused_names_whose_it_is(radicale: Radicale, opener: Opener):
    own = {MAYA.email: {"user": "maya", "password": opener.secret("wrong")}}
    for managers, owner in ((own, "maya@example.com"), ({}, "")):
        calendar = opener.open(Post(), radicale.url + "{user}/", "maya", managers, password=opener.secret("wrong"))
        with pytest.raises(ProviderError) as told:
            calendar.put(SERIES)
        assert told.value.urgent
        assert told.value.owner == owner
        assert "wrong" not in str(told.value)


def test_a_password_that_was_changed_is_taken_up(radicale: Radicale, opener: Opener):
    radicale.welcome("maya")
    secret = opener.secret("wrong")
    calendar = opener.open(Post(), radicale.url, "maya", password=secret)
    with pytest.raises(ProviderError):
        calendar.put(SERIES)
    assert secret.file is not None
    secret.file.write_text(opener.secret().value())
    calendar.put(SERIES)
    assert calendar.find(MAYA, SERIES.uid) is not None


def test_what_may_not_be_written_is_told_of_at_once(scene: Scene):
    scene.proxy.on(PUT, says("HTTP/1.1 403 Forbidden"))
    assert scene.put().urgent


def test_somebody_who_was_faster_is_read_and_not_overwritten(scene: Scene):
    """Twice a 412; in the end the change is made to what stands then."""
    scene.calendar.put(SERIES)
    (april,) = (o for o in scene.sessions() if o.recurrence_id == APRIL)
    scene.hands.move_all(SERIES.uid, 1)
    scene.proxy.on(PUT, says("HTTP/1.1 412 Precondition Failed"), times=2)
    scene.calendar.cancel(MAYA, SERIES.uid, recurrence_id="20270413T090000Z")
    assert april.start not in scene.starts()
    assert [o.start for o in scene.sessions() if o.status == "confirmed"] == [
        utc(2027, 1, 12, 10),
        utc(2027, 7, 13, 9),
        utc(2027, 10, 12, 9),
    ]


def test_an_event_that_changes_all_the_time_is_tried_again_later(scene: Scene):
    scene.calendar.put(SERIES)
    scene.proxy.on(PUT, says("HTTP/1.1 412 Precondition Failed"), times=9)
    with pytest.raises(ProviderError) as told:
        scene.calendar.put(replace(SERIES, minutes=90, sequence=1))
    assert not told.value.permanent


@pytest.mark.parametrize("status", ["403 Forbidden", "409 Conflict", "410 Gone", "501 Not Implemented"])
def test_a_sync_token_that_is_not_known_any_more_costs_nothing_but_a_reading(scene: Scene, status: str):
    scene.calendar.put(SERIES)
    scene.sessions()
    scene.proxy.on(REPORT, says(f"HTTP/1.1 {status}"))
    assert scene.starts() == STARTS
    assert len(scene.post.sent) == 1


def test_an_answer_that_is_no_xml_is_asked_for_again(scene: Scene):
    scene.calendar.put(SERIES)
    scene.sessions()
    scene.proxy.on(REPORT, answer("HTTP/1.1 207 Multi-Status", "Content-Length: 5", "", "<html", cut=True))
    with pytest.raises(ProviderError) as told:
        scene.sessions()
    assert not told.value.permanent
    assert scene.starts() == STARTS


# --- a calendar that is not there ---


def test_a_calendar_that_is_gone_is_no_empty_calendar(scene: Scene):
    scene.calendar.put(SERIES)
    scene.sessions()
    rmtree(scene.root / "collections/collection-root/maya/work")
    with pytest.raises(ProviderError) as told:
        scene.sessions()
    assert told.value.urgent
    assert len(scene.post.sent) == 1


def test_a_calendar_that_was_renamed_is_found_again(scene: Scene):
    scene.calendar.put(SERIES)
    scene.sessions()
    folder = scene.root / "collections/collection-root/maya"
    (folder / "work").rename(folder / "career")
    assert scene.starts() == STARTS
    rmtree(folder / "career")


def test_an_event_that_nobody_understands_is_named_and_not_taken_as_cancelled(scene: Scene):
    scene.calendar.put(SERIES)
    scene.sessions()
    name, calendar = scene.hands.load(MAYA, SERIES.uid)
    calendar.events[0]["RRULE"] = icalendar.vRecur.from_ical("FREQ=MINUTELY;COUNT=2")
    scene.hands.save(MAYA, name, calendar)
    with pytest.raises(ProviderError) as told:
        scene.sessions()
    assert name.replace("@", "%40") in str(told.value)
    assert told.value.owner == "maya@example.com"
    assert len(scene.post.sent) == 1


# --- what it costs, and what is kept ---


def test_a_calendar_in_which_nothing_changed_costs_one_request(scene: Scene):
    scene.calendar.put(SERIES)
    for number in range(30):
        scene.hands.add_busy(MAYA, utc(2027, 3, 1 + number % 28, 8), utc(2027, 3, 1 + number % 28, 9))
    scene.sessions()
    before = len(scene.requests())
    assert scene.starts() == STARTS
    assert scene.requests()[before:] == ["REPORT /maya/work/"]


def test_a_new_series_costs_one_request_once_the_calendar_is_known(scene: Scene):
    scene.calendar.put(SERIES)
    before = len(scene.requests())
    scene.calendar.put(replace(SERIES, uid="another@careermail.example.com"))
    assert scene.requests()[before:] == ["PUT /maya/work/another@careermail.example.com.ics"]


def test_a_new_event_is_never_written_over_another(scene: Scene):
    scene.calendar.put(SERIES)
    sent = b"".join(bytes(passed.client) for passed in scene.proxy.connections)
    assert sent.count(b"If-None-Match: *") == 1
    scene.calendar.put(replace(SERIES, minutes=90, sequence=1))
    sent = b"".join(bytes(passed.client) for passed in scene.proxy.connections)
    assert sent.count(b"If-Match: ") == 1


def test_nothing_of_other_peoples_events_is_kept_or_logged(scene: Scene, caplog: pytest.LogCaptureFixture):
    caplog.set_level(logging.DEBUG)
    scene.calendar.put(SERIES)
    scene.hands.add_busy(MAYA, utc(2027, 3, 1, 8), utc(2027, 3, 1, 9))
    scene.sessions()
    scene.calendar.busy([MAYA], YEAR)
    with scene.proxy.away():
        told = scene.put()
    assert "Dentist" not in repr(vars(scene.calendar._desks[MAYA.email].collection))  # noqa: SLF001 (it is what is kept)
    assert not any(word in caplog.text + str(told) for word in ("Dentist", SERIES.summary, SERIES.description))


# --- TLS ---


def test_a_certificate_is_verified_and_its_refusal_explained(tmp_path: Path, opener: Opener):
    ca = CA(tmp_path / "ca")
    with Radicale(tmp_path / "expired", ca.expired) as server:
        server.welcome("maya")
        calendar = opener.open(Post(), server.url, "maya", ca=ca.file)
        with pytest.raises(ProviderError) as told:
            calendar.put(SERIES)
    assert told.value.urgent
    assert "certificate" in str(told.value)
    with Radicale(tmp_path / "good", ca.good) as server:
        server.welcome("maya")
        with pytest.raises(ProviderError):
            opener.open(Post(), server.url, "maya").put(SERIES)
        calendar = opener.open(Post(), server.url, "maya", ca=ca.file)
        calendar.put(SERIES)
        assert calendar.find(MAYA, SERIES.uid) is not None
        calendar.close()


class Full(Post):
    """An outbox that takes nothing, for now."""

    full = True

    def send(self, message: EmailMessage) -> None:
        if self.full:
            raise ProviderError("452 4.3.1 the queue is full")
        super().send(message)


def test_jonas_is_told_later_where_his_invitation_could_not_be_mailed(radicale: Radicale, opener: Opener):
    """The event stands; the next reading tells him, once."""
    radicale.welcome("maya")
    post = Full()
    calendar = opener.open(post, radicale.url, "maya")
    with pytest.raises(ProviderError):
        calendar.put(SERIES)
    post.full = False
    for _ in range(2):
        assert [o.start for o in calendar.occurrences(MAYA, SERIES.marker, YEAR)] == STARTS
    assert [m["To"].addresses[0].addr_spec for m in post.sent] == ["jonas@example.com"]
