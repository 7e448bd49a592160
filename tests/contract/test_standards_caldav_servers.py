"""Where calendars are found, what servers are told to do themselves, and what is said of them to the admin."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from dataclasses import replace
from datetime import datetime
from threading import Thread
from types import SimpleNamespace
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, make_server

import pytest
from caldavs import NOW, NoPost, Opener, Post, cyrus_program, radicale_program
from mailprogram import MailProgram
from provider_suite import ANA, APRIL, JONAS, MAYA, SERIES, SINGLE, YEAR, utc
from servers.cyrus import Cyrus
from servers.people import People, Program
from servers.radicale import PASSWORD, Radicale

from careermail.clock import VirtualClock
from careermail.errors import ProviderError
from careermail.model import Person
from careermail.providers.standards.caldav import CalDavCalendar, freebusy
from careermail.providers.standards.caldav.account import Account, discover
from careermail.providers.standards.caldav.collection import Collection
from careermail.providers.standards.caldav.digest import digest
from careermail.providers.standards.caldav.login import Login
from careermail.providers.standards.caldav.web import Answer, Web

LIAM = Person("Liam Chen", "liam@elsewhere.example", "Asia/Singapore")
WINDOW = (utc(2027, 3, 1), utc(2027, 5, 1))


@pytest.fixture
def maya_at(opener: Opener) -> Iterator[Callable[[str], Web]]:
    """Opens Maya's own login to a server."""
    with ExitStack() as undo:

        def make(url: str) -> Web:
            return undo.enter_context(closing(Web(Login(MAYA.email, url, "maya", opener.secret()), VirtualClock(NOW))))

        yield make


def account(opener: Opener, url: str, user: str, name: str = "", *, exact: bool = False) -> Account:
    with closing(Web(Login(MAYA.email, url, user, opener.secret(), name, exact=exact), VirtualClock(NOW))) as web:
        return discover(web)


# --- discovery ---


@pytest.mark.parametrize("path", ["", "maya/", "maya", "maya/work/", ".well-known/caldav"])
def test_a_calendar_is_found_from_any_url_on_the_way_to_it(radicale: Radicale, opener: Opener, path: str):
    radicale.welcome("maya")
    found = account(opener, radicale.url + path, "maya")
    assert found.calendar == f"{radicale.url}maya/work/"
    assert (found.name, found.advertises) == ("Work", False)


@pytest.mark.parametrize(
    "path", ["dav/", "", "dav/principals/user/maya/", "dav/calendars/user/maya/", "dav/calendars/user/maya/Default/"]
)
def test_the_same_on_another_server(cyrus: Cyrus, opener: Opener, path: str):
    found = account(opener, cyrus.url.removesuffix("dav/") + path, "maya")
    assert found.calendar == f"{cyrus.url}calendars/user/maya/Default/"
    assert found.schedules("maya@example.com")
    assert not found.schedules("maya@elsewhere.example")


def test_a_calendar_is_found_by_its_name(radicale: Radicale, opener: Opener):
    radicale.welcome("maya")
    private = radicale.root / "collections/collection-root/maya/private"
    private.mkdir()
    (private / ".Radicale.props").write_text('{"tag": "VCALENDAR", "D:displayname": "Private"}')
    assert account(opener, radicale.url, "maya", "Private").calendar == f"{radicale.url}maya/private/"
    assert account(opener, radicale.url, "maya", "work").calendar == f"{radicale.url}maya/work/"
    with pytest.raises(ProviderError, match="'Career', but Private, Work") as told:
        account(opener, radicale.url, "maya", "Career")
    assert told.value.urgent
    (private / ".Radicale.props").unlink()
    private.rmdir()


def test_a_url_that_names_a_person_never_leads_to_another_ones_calendar(radicale: Radicale, opener: Opener):
    radicale.welcome("careermail")
    assert account(opener, radicale.url + "nobody/", "careermail").calendar == f"{radicale.url}careermail/work/"
    with pytest.raises(ProviderError, match="there is no calendar"):
        account(opener, radicale.url + "nobody/", "careermail", exact=True)


class Silent(WSGIRequestHandler):
    def log_message(self, *_: object) -> None:
        """Nothing to say."""


@pytest.mark.parametrize("target", ["http://127.0.0.2:1/dav/", "http://evil.example/dav/"])
def test_a_password_follows_no_redirect_to_another_server(opener: Opener, target: str):
    def away(_, start):  # noqa: ANN001, ANN202
        start("301 Moved Permanently", [("Location", target)])
        return [b""]

    with make_server("127.0.0.1", 0, away, handler_class=Silent) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        try:
            with pytest.raises(ProviderError, match="sends us away") as told:
                account(opener, f"http://127.0.0.1:{server.server_port}/", "maya")
            assert told.value.urgent
        finally:
            server.shutdown()
            thread.join()


@pytest.mark.parametrize(
    ("algorithm", "proof"),
    [
        ("MD5", "8ca523f5e9506fed4657c9700eebdbec"),
        ("SHA-256", "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"),
    ],
)
def test_a_digest_login_is_answered_as_the_rfc_shows(algorithm: str, proof: str):
    """RFC 7616 (3.9.1)."""
    challenge = (
        'Basic realm="x", Digest realm="http-auth@example.org", qop="auth, auth-int", '
        f'algorithm={algorithm}, nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", '
        'opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS"'
    )
    client = (1, "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ")
    said = digest(challenge, ("Mufasa", "Circle of Life"), "GET", "http://www.example.org/dir/index.html", client)
    assert f'response="{proof}"' in said
    assert "Circle" not in said


# --- a server that cannot sync ---


def test_a_server_that_cannot_tell_what_changed_is_compared_with(
    radicale: Radicale, opener: Opener, maya_at: Callable[[str], Web]
):
    """The same calendar, read with none of the REPORTs that spare a listing."""
    radicale.welcome("maya")
    calendar = opener.open(Post(), radicale.url, "maya")
    web = maya_at(radicale.url)
    poor = Collection(web, replace(discover(web), reports=frozenset()))
    poor.refresh()
    assert poor.items() == []
    people = People({MAYA.email: radicale_program(radicale, "maya")})
    people.add_busy(MAYA, utc(2027, 3, 2, 8), utc(2027, 3, 2, 9))
    calendar.put(SERIES)
    poor.refresh()
    (item,) = poor.items(SERIES.marker)
    poor.refresh()
    assert poor.items() == [item]
    people.move_all(SERIES.uid, 1)
    poor.refresh()
    (changed,) = poor.items()
    assert changed.etag != item.etag
    people.delete_all(SERIES.uid)
    poor.refresh()
    assert poor.items() == []


# --- who invites ---


@pytest.fixture
def maya(cyrus: Cyrus, opener: Opener) -> CalDavCalendar:
    for user in ("maya", "jonas"):
        for folder in ("Default", "Inbox"):
            cyrus_program(cyrus, user, folder).wipe()
    return opener.open(NoPost(), cyrus.url, "{user}")


def told(cyrus: Cyrus) -> list[str]:
    """The iTIP messages that came for Jonas on the server, by method, oldest first."""
    inbox = cyrus_program(cyrus, "jonas", "Inbox")
    found = [inbox.get(name) for name in inbox.files()]
    return sorted(str(one["METHOD"]) for one in found)


def test_a_server_that_schedules_tells_each_thing_once(cyrus: Cyrus, maya: CalDavCalendar):
    for _ in range(2):
        maya.put(SERIES)
    assert told(cyrus) == ["REQUEST"]
    for _ in range(2):
        maya.put(replace(SERIES, start=datetime(2027, 1, 12, 14), sequence=1))
    assert told(cyrus) == ["REQUEST", "REQUEST"]
    for _ in range(2):
        maya.cancel(MAYA, SERIES.uid)
    assert told(cyrus) == ["CANCEL", "REQUEST", "REQUEST"]


def test_an_attendee_whom_the_server_cannot_reach_is_told_of(maya: CalDavCalendar):
    lost = replace(SERIES, attendees=(LIAM,))
    for _ in range(2):  # and is tried again
        with pytest.raises(ProviderError, match=r"could not invite liam@elsewhere\.example \(5\.1\)") as failed:
            maya.put(lost)
        assert failed.value.urgent
    assert len([o for o in maya.occurrences(MAYA, SERIES.marker, YEAR) if o.status == "confirmed"]) == 4


def test_a_server_that_does_not_know_the_organizer_is_not_left_to_invite(cyrus: Cyrus, opener: Opener):
    """It would tell nobody: then we do, and the event says that we did (SCHEDULE-AGENT=CLIENT)."""
    program = cyrus_program(cyrus, "ana")
    program.wipe()
    ana, post = replace(ANA, email="ana@elsewhere.example"), Post()
    calendar = opener.open(post, cyrus.url, "{user}")
    calendar.put(replace(SERIES, organizer=ana))
    assert len(post.sent) == 1
    found = program.find(SERIES.uid)
    assert found is not None
    assert found[1].events[0].attendees[0].params["SCHEDULE-AGENT"] == "CLIENT"
    assert cyrus_program(cyrus, "jonas").find(SERIES.uid) is None
    (mail,) = post.sent
    assert b"SCHEDULE-AGENT" not in mail.as_bytes()


def test_a_moved_series_leaves_the_report_with_nothing_of_what_was(cyrus: Cyrus, maya: CalDavCalendar):
    maya.put(SERIES)
    (april,) = (o for o in maya.occurrences(MAYA, SERIES.marker, YEAR) if o.recurrence_id == APRIL)
    maya.move(MAYA, april, utc(2027, 4, 15, 12), utc(2027, 4, 15, 13))
    maya.put(replace(SERIES, start=datetime(2027, 1, 13, 14), rrule="FREQ=MONTHLY;INTERVAL=3;BYDAY=2WE", sequence=1))
    sees = People({JONAS.email: cyrus_program(cyrus, "jonas")}).sees(JONAS, SERIES.uid)
    assert sees == [utc(2027, 1, 13, 13), utc(2027, 4, 14, 12), utc(2027, 7, 14, 12), utc(2027, 10, 13, 12)]


def test_where_the_server_does_not_schedule_each_thing_is_mailed_once(radicale: Radicale, opener: Opener):
    radicale.welcome("maya")
    post = Post()
    calendar = opener.open(post, radicale.url, "maya")
    calendar.put(SERIES)
    calendar.put(SERIES)
    jonas = MailProgram(JONAS)
    for mail in post.sent:
        jonas.receive(mail)
    assert (len(post.sent), jonas.ignored) == (1, [])
    assert jonas.sees(SERIES.uid)[1] == utc(2027, 4, 13, 8)
    radicale_program(radicale, "maya").wipe()
    assert calendar.occurrences(MAYA, SERIES.marker, YEAR) == []
    jonas.receive(post.sent[-1])
    assert (len(post.sent), jonas.sees(SERIES.uid)) == (2, [])


# --- free/busy ---


def test_free_busy_of_others_is_asked_of_the_organizers_server(cyrus: Cyrus, opener: Opener, maya: CalDavCalendar):
    """With a login of Maya's own, which may not look into Jonas's calendar."""
    own = {MAYA.email: {"user": "maya", "password": opener.secret()}}
    calendar = opener.open(NoPost(), cyrus.url, "nobody", own)
    people = People({p.email: cyrus_program(cyrus, p.email.split("@")[0]) for p in (MAYA, JONAS)})
    maya.put(SERIES)
    people.add_busy(JONAS, utc(2027, 3, 2, 8), utc(2027, 3, 2, 9))
    dentist = people.add_busy(MAYA, utc(2027, 3, 3, 8), utc(2027, 3, 3, 9))
    people.add_busy(JONAS, utc(2027, 3, 4, 8), utc(2027, 3, 4, 9), free=True)
    busy = [(b.email, b.start, b.uid) for b in calendar.busy([MAYA, JONAS, LIAM], WINDOW)]
    assert busy == [
        (JONAS.email, utc(2027, 3, 2, 8), ""),
        (MAYA.email, utc(2027, 3, 3, 8), dentist),
        (JONAS.email, utc(2027, 4, 13, 8), SERIES.uid),
        (MAYA.email, utc(2027, 4, 13, 8), SERIES.uid),
    ]


class Listening:
    """A login, and what it was answered."""

    def __init__(self, web: Web) -> None:
        self.login, self.understood, self._web = web.login, web.understood, web
        self.answers: list[Answer] = []

    def ask(self, *args: Any, **said: Any) -> Answer:
        self.answers.append(self._web.ask(*args, **said))
        return self.answers[-1]


def test_only_when_is_asked_of_other_events_and_never_what(cyrus: Cyrus, maya_at: Callable[[str], Web]):
    program = cyrus_program(cyrus, "maya")
    program.wipe()
    People({MAYA.email: program}).add_busy(MAYA, utc(2027, 3, 2, 8), utc(2027, 3, 2, 9))
    web = Listening(maya_at(cyrus.url))
    desk = SimpleNamespace(person=MAYA, web=web, account=discover(web))
    assert len(freebusy.read(desk, WINDOW)) == 1
    assert b"DTSTART" in web.answers[-1].body
    assert b"Dentist" not in web.answers[-1].body


def test_what_they_are_invited_to_is_known_even_where_nothing_else_is(radicale: Radicale, opener: Opener):
    """Also of a manager who is somebody else's report."""
    radicale.welcome("maya")
    calendar = opener.open(Post(), radicale.url, "maya")
    calendar.put(SERIES)
    assert [b.start for b in calendar.busy([JONAS], WINDOW)] == [utc(2027, 4, 13, 8)]
    assert [b.email for b in calendar.busy([MAYA, JONAS], WINDOW)] == [JONAS.email, MAYA.email]
    assert calendar.busy([LIAM], WINDOW) == []


# --- many managers ---


def test_however_many_managers_there_are_connections_stay_few(radicale: Radicale, opener: Opener):
    """This server takes eight at once, and keeps a ninth waiting."""
    names = [f"manager-{number}" for number in range(12)]
    radicale.welcome(*names)
    calendar = opener.open(Post(), radicale.url + "{user}/", "careermail")
    people = [Person(name, f"{name}@example.com") for name in names]
    for _ in range(2):
        for person in people:
            calendar.put(replace(SERIES, organizer=person, uid=f"{person.name}@careermail.example.com"))
    for person in people:
        assert len(calendar.occurrences(person, SERIES.marker, YEAR)) == 4


# --- what the admin is told ---


def test_a_probe_tells_what_a_server_offers_and_lacks(radicale: Radicale, opener: Opener):
    radicale.welcome("maya")
    (probe,) = opener.open(Post(), radicale.url, "maya").probes([MAYA])
    found = probe.look()
    assert probe.name == f"CalDAV 127.0.0.1:{radicale.port} for maya@example.com"
    assert probe.owner == ""
    assert any("127.0.0.1" in line for line in found.offers)
    assert any("the calendar Work" in line for line in found.offers)
    assert any("careermail mails the invitations" in line for line in found.lacks)
    assert any("free/busy" in line for line in found.lacks)


def test_a_probe_of_a_server_that_schedules_lacks_nothing(cyrus: Cyrus, opener: Opener):
    own = {MAYA.email: {"user": "maya", "password": opener.secret()}}
    (probe,) = opener.open(NoPost(), cyrus.url, "", own).probes([MAYA])
    found = probe.look()
    assert probe.owner == "maya@example.com"
    assert "calendar-auto-schedule" in " ".join(found.offers)
    assert found.lacks == ()


def test_a_probe_writes_nothing(radicale: Radicale, opener: Opener):
    radicale.welcome("maya")
    (probe,) = opener.open(Post(), radicale.url, "maya").probes([MAYA])
    probe.look()
    assert Program(f"{radicale.url}maya/work/", "maya", PASSWORD).files() == []


def test_a_single_session_goes_through_a_server_that_schedules(maya: CalDavCalendar):
    maya.put(SINGLE)
    assert [o.start for o in maya.occurrences(MAYA, SINGLE.marker, YEAR)] == [utc(2027, 2, 3, 13)]
