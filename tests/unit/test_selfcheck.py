"""The daily self-check: when each login is tried, who hears of what fails or is about to end, and when that is over."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from fakes.world import FakeWorld
from ledger import utc
from test_loop import HandClock
from test_runner import OddStore

from careermail.clock import Clock, VirtualClock
from careermail.config import Config
from careermail.daemon import Daemon
from careermail.errors import CareermailError, ProviderError
from careermail.model import A_DAY, Conversation, Fact, Person, Series, Service, Team
from careermail.plan.planner import CHECKS, SERVICE
from careermail.providers import Found, Probe
from careermail.runner import Runner
from careermail.selfcheck.logins import labelled, logins_of

START = utc(2027, 1, 4, 10)
MAYA, OMAR = Person("Maya Lindqvist", "maya@example.com"), Person("Omar Haddad", "omar@example.com")
HOUR = timedelta(hours=1)
REFUSED = ProviderError("SMTP mx.example.com refuses the password. Set it anew.", urgent=True)
AWAY = ProviderError("SMTP mx.example.com does not answer.")


@dataclass
class Servers:
    """Logins: one for everybody, and one for each manager, which may go by a password of their own."""

    clock: Clock
    own: set[str] = field(default_factory=set)  # whose password is theirs
    errors: dict[str, Exception] = field(default_factory=dict)  # by "" or the manager's address
    expires: dict[str, datetime] = field(default_factory=dict)
    takes: timedelta = timedelta(0)
    tries: list[tuple[datetime, str]] = field(default_factory=list)

    def probes(self, managers: Iterable[Person]) -> list[Probe]:
        own = [self._probe(f"CalDAV dav.example.com for {m.email}", m.email) for m in managers]
        return [self._probe("SMTP mx.example.com as careermail@example.com", ""), *own]

    def _probe(self, name: str, whose: str) -> Probe:
        return Probe(name, lambda: self._look(whose), whose if whose in self.own else "")

    def _look(self, whose: str) -> Found:
        self.tries.append((self.clock.now(), whose))
        self.clock.wait(self.clock.now() + self.takes)
        if whose in self.errors:
            raise self.errors[whose]
        return Found(expires=self.expires.get(whose))


class House:
    """A runner whose provider has logins, as the daemon would call it."""

    def __init__(self, *managers: Person) -> None:
        self.clock, self.store, self.world = VirtualClock(START), OddStore(), FakeWorld()
        self.servers, self.managers = Servers(self.clock), list(managers or (MAYA, OMAR))
        self.restart()

    def restart(self) -> None:
        provider = replace(self.world.provider, probes=self.servers.probes)
        self.runner = Runner(Service(admin="it@example.com"), provider, self.store, self.clock)

    def until(self, moment: datetime) -> list[tuple[datetime, str]]:
        """Let time pass, and return what was tried in it."""
        before = len(self.servers.tries)
        check = alarm = self.clock.now()
        while min(check, alarm) <= moment:
            self.clock.wait(min(check, alarm))
            if check <= alarm:
                check = self.runner.selfcheck.step(self.managers)
                alarm = min(alarm, self.clock.now())  # what arose is announced to the daemon
            else:
                alarm = self.runner.tick_service([m.email for m in self.managers])
        self.clock.wait(moment)
        return self.servers.tries[before:]

    def pass_by(self, time: timedelta) -> list[tuple[datetime, str]]:
        return self.until(self.clock.now() + time)

    @property
    def troubles(self) -> dict[str, Fact]:
        return self.runner.troubles.standing()

    def mails(self) -> list[tuple[str, str]]:
        """The alarms that went out: to whom, and what was said."""
        return [(m["To"].addresses[0].addr_spec, m.get_body(("plain",)).get_content()) for m in self.world.mails]


@pytest.fixture
def house() -> House:
    return House()


# --- when ----------------------------------------------------------------------------------------


def test_each_login_is_tried_at_the_start_and_then_once_a_day_at_its_own_hour(house: House):
    assert Counter(whose for _, whose in house.pass_by(timedelta(minutes=1))) == {"": 1, MAYA.email: 1, OMAR.email: 1}
    house.pass_by(1.1 * A_DAY)
    for _ in range(3):
        assert Counter(whose for _, whose in house.pass_by(A_DAY)) == {"": 1, MAYA.email: 1, OMAR.email: 1}
    hours = {whose: {at.time() for at, who in house.servers.tries[6:] if who == whose} for whose in ("", MAYA.email)}
    assert [len(times) for times in hours.values()] == [1, 1]


def test_those_of_many_managers_are_spread_over_the_day():
    house = House(*(Person(f"M {n}", f"m{n}@example.com") for n in range(200)))
    house.pass_by(2 * A_DAY)
    tries = house.pass_by(A_DAY)
    assert len({whose for _, whose in tries}) == len(tries) == 201
    busiest = Counter(at.hour for at, _ in tries).most_common(1)[0][1]
    assert busiest < 2.5 * 201 / 24


def test_one_is_tried_at_a_time_and_between_them_it_is_told_that_we_go_on(house: House):
    told: list[int] = []
    house.runner.alive = lambda: told.append(len(house.servers.tries))
    for n in range(3):
        house.clock.wait(house.runner.selfcheck.step(house.managers))
        assert len(house.servers.tries) == n + 1
    assert told == [0, 1, 2]


def test_slow_logins_leave_nine_tenths_of_the_time_to_everything_else(house: House):
    house.servers.takes = timedelta(seconds=30)
    begun = house.clock.now()
    assert house.runner.selfcheck.step(house.managers) - begun == timedelta(seconds=300)


def test_a_restart_tries_nothing_again_that_was_well(house: House):
    house.pass_by(timedelta(minutes=1))
    house.runner.close()
    house.restart()
    assert house.pass_by(timedelta(minutes=1)) == []


def test_a_restart_tries_at_once_what_was_not_well(house: House):
    house.servers.errors[MAYA.email] = REFUSED
    house.pass_by(timedelta(minutes=1))
    house.runner.close()
    house.restart()
    assert [whose for _, whose in house.pass_by(timedelta(minutes=1))] == [MAYA.email]


def test_what_was_due_while_nobody_ran_is_tried_at_the_start(house: House):
    house.pass_by(timedelta(minutes=1))
    house.runner.close()
    house.clock.wait(START + 5 * A_DAY)
    house.restart()
    assert len(house.pass_by(timedelta(minutes=1))) == 3


@pytest.mark.parametrize("restarted", [False, True])
def test_a_clock_that_was_set_back_keeps_no_login_waiting_for_more_than_a_day(house: House, restarted: bool):
    house.pass_by(timedelta(minutes=1))
    house.clock._now -= 300 * A_DAY  # noqa: SLF001
    if restarted:
        house.runner.close()
        house.restart()
    assert Counter(whose for _, whose in house.pass_by(1.1 * A_DAY)) >= Counter(["", MAYA.email, OMAR.email])


def test_once_tries_what_is_due_and_waits_with_what_failed(house: House):
    house.servers.errors[""] = REFUSED
    for minutes in (0, 5, 65):
        house.clock.wait(START + timedelta(minutes=minutes))
        house.runner.selfcheck.round(house.managers)
        house.restart()
    assert [whose for _, whose in house.servers.tries if not whose] == ["", ""]
    assert Counter(whose for _, whose in house.servers.tries)[MAYA.email] == 1


def test_once_gives_ten_minutes_to_it_and_goes_on_the_next_time(house: House):
    house.servers.takes = timedelta(minutes=6)
    house.runner.selfcheck.round(house.managers)
    assert len(house.servers.tries) == 2
    house.restart()
    house.runner.selfcheck.round(house.managers)
    assert {whose for _, whose in house.servers.tries} == {"", MAYA.email, OMAR.email}
    assert len(house.servers.tries) == 3


def test_a_provider_without_logins_costs_nothing(house: House):
    runner = Runner(Service(), house.world.provider, house.store, house.clock)
    assert runner.selfcheck.step(house.managers) == START + A_DAY
    runner.close()
    assert house.store.managers() == []


# --- who hears of it -----------------------------------------------------------------------------


def test_the_admin_hears_of_a_refused_login_at_once_and_no_more_once_it_works(house: House):
    house.servers.errors[""] = REFUSED
    house.pass_by(timedelta(minutes=1))
    ((to, said),) = house.mails()
    assert (to, str(REFUSED) in said) == ("it@example.com", True)
    house.pass_by(A_DAY)
    assert len(house.mails()) == 2
    del house.servers.errors[""]
    house.pass_by(HOUR)
    assert house.troubles == {}
    house.pass_by(3 * A_DAY)
    assert len(house.mails()) == 2


def test_what_may_pass_is_told_when_it_has_lasted(house: House):
    house.servers.errors[""] = AWAY
    house.pass_by(3.9 * HOUR)
    assert house.mails() == []
    house.pass_by(0.2 * HOUR)
    assert len(house.mails()) == 1


def test_a_password_found_wrong_on_a_server_that_was_away_is_told_at_once(house: House):
    house.servers.errors[""] = AWAY
    house.pass_by(HOUR / 2)
    house.servers.errors[""] = REFUSED
    house.pass_by(HOUR)
    assert [str(REFUSED) in said for _, said in house.mails()] == [True]


def test_of_a_password_of_their_own_the_manager_hears_as_well(house: House):
    house.servers.own = {MAYA.email}
    house.servers.errors[MAYA.email] = ProviderError(
        "the calendar of maya@example.com refuses the password", urgent=True
    )
    house.pass_by(timedelta(minutes=1))
    assert sorted(to for to, _ in house.mails()) == ["it@example.com", MAYA.email]


def test_a_server_that_is_away_is_nothing_that_a_manager_can_mend(house: House):
    house.servers.own = {MAYA.email}
    house.servers.errors[MAYA.email] = AWAY
    house.pass_by(5 * HOUR)
    assert [to for to, _ in house.mails()] == ["it@example.com"]


def test_what_fails_for_many_in_the_same_way_is_one_trouble():
    many = [Person(f"M {n}", f"m{n}@example.com") for n in range(50)]
    house = House(*many)
    house.servers.errors = {m.email: ProviderError(f"no such calendar of {m.email}", permanent=True) for m in many}
    house.pass_by(HOUR / 2)
    assert len(house.troubles) == len(house.mails()) == 1
    del house.servers.errors[many[0].email]  # who was named in it
    house.pass_by(2 * HOUR)
    assert len(house.troubles) == 1
    house.servers.errors.clear()
    house.pass_by(2 * HOUR)
    assert house.troubles == {}


def test_what_a_visit_has_told_in_the_same_words_is_not_told_twice(house: House):
    house.runner.troubles.arise("provider/standards", REFUSED, START, manager=MAYA.email)
    house.servers.errors[""] = REFUSED
    house.pass_by(HOUR)
    assert list(house.troubles) == ["provider/standards"]


def test_a_fault_in_a_login_is_told_without_its_words_and_keeps_the_others_from_nothing(house: House):
    house.servers.errors[""] = KeyError("a token")
    tries = house.pass_by(timedelta(minutes=1))
    assert {whose for _, whose in tries} == {"", MAYA.email, OMAR.email}
    (trouble,) = house.troubles.values()
    assert ("KeyError" in trouble.data["note"], "token" in trouble.data["note"]) == (True, False)


def test_who_has_left_the_configuration_is_forgotten_with_their_trouble(house: House):
    house.servers.errors[MAYA.email] = REFUSED
    house.pass_by(timedelta(minutes=1))
    house.runner.close()
    house.managers = [OMAR]
    house.restart()
    house.pass_by(timedelta(minutes=1))
    house.runner.close()
    assert (house.troubles, set(logins_of(house.store.load(CHECKS)))) == ({}, {CHECKS, OMAR.email})


# --- what is about to end ------------------------------------------------------------------------


def test_a_login_that_ends_is_told_of_two_weeks_three_days_and_a_day_before(house: House):
    end = START + 20 * A_DAY
    house.servers.expires[""] = end
    days = []
    for day in range(21):
        before = len(house.mails())
        house.until(START + day * A_DAY)
        days += [day] * (len(house.mails()) - before)
    assert [day - 20 for day in days] == [-13, -3, -1]  # noticed in the course of the fourteenth day before
    said = house.mails()[0][1]
    assert "SMTP mx.example.com as careermail@example.com: this login ends by itself on Sunday 24 January 2027." in (
        " ".join(said.split())
    )
    assert "systemctl reload careermail" in said


def test_a_renewed_login_is_no_more_told_of(house: House):
    house.servers.expires[""] = START + 10 * A_DAY
    house.pass_by(timedelta(minutes=1))
    house.servers.expires[""] = START + 400 * A_DAY
    house.pass_by(2 * A_DAY)
    assert house.troubles == {}
    house.pass_by(12 * A_DAY)
    assert len(house.mails()) == 1


def test_a_manager_hears_that_their_own_login_ends(house: House):
    house.servers.own, house.servers.expires = {MAYA.email}, {MAYA.email: START + 2 * A_DAY}
    house.pass_by(timedelta(minutes=1))
    assert sorted(to for to, _ in house.mails()) == ["it@example.com", MAYA.email]


def test_one_credential_of_all_is_told_of_once(house: House):
    house.servers.expires = dict.fromkeys(("", MAYA.email, OMAR.email), START + 2 * A_DAY)
    house.pass_by(timedelta(minutes=1))
    assert len(house.mails()) == 1


def test_the_end_is_known_still_while_the_login_fails(house: House):
    house.servers.expires[""] = START + 100 * A_DAY
    house.pass_by(timedelta(minutes=1))
    house.servers.errors[""] = AWAY
    house.pass_by(1.1 * A_DAY)
    house.runner.close()
    login = logins_of(house.store.load(CHECKS))[CHECKS]["SMTP"]
    assert (login.expires, login.cause) == (START + 100 * A_DAY, "check/SMTP")
    assert login.good < login.at


# --- what is kept --------------------------------------------------------------------------------


def test_what_cannot_be_kept_stops_nothing_and_is_kept_later(house: House):
    house.store.unreadable = {CHECKS}
    house.store.held = {CHECKS}
    assert len(house.pass_by(timedelta(minutes=1))) == 3
    house.store.unreadable = house.store.held = ()
    house.runner.close()
    assert set(logins_of(house.store.load(CHECKS))) == {CHECKS, MAYA.email, OMAR.email}


def test_of_many_logins_it_is_written_seldom():
    house = House(*(Person(f"M {n}", f"m{n}@example.com") for n in range(200)))
    writes = []
    kept = house.store.replace
    house.store.replace = lambda name, *facts: (writes.append(name), kept(name, *facts))[1]
    house.pass_by(HOUR)
    assert len(house.servers.tries) == 201
    assert 3 <= writes.count(CHECKS) < 40


def test_a_login_is_known_by_what_it_is_however_its_server_was_found(house: House):
    house.servers.errors[""] = AWAY
    house.pass_by(HOUR / 2)
    named = house.servers.probes
    house.servers.probes = lambda managers: [  # type: ignore[method-assign]
        replace(probe, name=probe.name.replace("mx.example.com", "a server of example.com's"))
        for probe in named(managers)
    ]
    house.runner.close()
    house.restart()
    house.pass_by(4 * HOUR)
    assert (list(house.troubles), len(house.mails())) == (["check/SMTP"], 1)


def test_the_troubles_of_logins_are_nobodys_visit(house: House):
    """A manager's visit that goes well ends none of them."""
    house.servers.errors[MAYA.email] = REFUSED
    house.pass_by(timedelta(minutes=1))
    house.runner.tick(Team(MAYA))
    assert len(house.troubles) == 1
    assert house.store.load(SERVICE)


def test_an_error_of_another_kind_is_one_of_a_login_too(house: House):
    house.servers.errors[""] = CareermailError("no certificate")
    house.pass_by(timedelta(minutes=1))
    assert ["no certificate" in said for _, said in house.mails()] == [True]


def test_a_label_says_what_a_login_is_and_never_whose():
    names = ["SMTP a", "SMTP b", "IMAP a", "maya@example.com's calendar", "EWS/2019 a", "Microsoft 365, mailbox x@y.z"]
    found = labelled(Probe(name, Found) for name in names)
    assert list(found) == ["SMTP", "SMTP-2", "IMAP", "login", "EWS-2019", "Microsoft"]
    assert [probe.name for probe in found.values()] == names


# --- beside everything else ----------------------------------------------------------------------


def a_fortnight(root: Path, takes: timedelta) -> list[tuple[str, datetime]]:
    """What the daemon mails around a session, each with its moment, while a login takes so long."""
    clock, world, store = HandClock(), FakeWorld(), OddStore()
    series = Series(MAYA, Person("Jonas Weber", "jonas@example.com"), Conversation(first=datetime(2027, 1, 12, 10)))
    servers = Servers(clock, takes=takes)
    provider = replace(world.provider, probes=servers.probes)
    service = Service(admin="it@example.com", state=root)
    config = Config(root / "careermail.toml", service, {}, (Team(MAYA, (series,)),), (root / "careermail.toml",))
    daemon = Daemon(lambda: config, lambda _: Runner(service, provider, store, clock), clock)
    mails: list[tuple[str, datetime]] = []
    while clock.now() < START + 14 * A_DAY:
        if not daemon.visit_next():
            clock.wait(daemon._agenda.next())  # noqa: SLF001 (its rounds go by the machine's clock)
        mails += [(mail["X-Careermail-Kind"], clock.now()) for mail in world.mails[len(mails) :]]
    assert len(servers.tries) > 14
    return mails


def test_logins_that_take_long_lose_nothing_that_is_due_meanwhile(tmp_path: Path):
    quick, slow = (a_fortnight(tmp_path, takes) for takes in (timedelta(0), timedelta(minutes=20)))
    assert [kind for kind, _ in slow] == [kind for kind, _ in quick]
    assert max(late - at for (_, late), (_, at) in zip(slow, quick, strict=True)) <= timedelta(minutes=21)
    assert [kind for kind, _ in quick][:3] == ["prepare", "prompt", "summary"]
