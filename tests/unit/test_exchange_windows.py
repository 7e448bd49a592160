"""Zones as servers name them: by Windows' names in any language, or by how their clocks run."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo, available_timezones

import pytest
from fakes.ews.soap import Element, t

from careermail.providers.exchange.windows import named, told

SUMMER, WINTER = datetime(2027, 7, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC)


def change(to: str, at: str, month: str, day: str, nth: str) -> Element:
    when = t("TimeOffset", at), t("Month", month), t("DayOfWeek", day), t("Occurrence", nth)
    return t("RecurringDayTransition", t("To", to, Kind="Period"), *when)


def definition(name: str, *groups: list[Element], winter: str = "-PT1H", summer: str = "-PT2H") -> Element:
    """A zone with the clocks of these groups, of which each later one holds from 2020 on."""
    periods = [t("Period", Bias=bias, Name=one, Id=one) for one, bias in (("winter", winter), ("summer", summer))]
    first = t("Transition", t("To", "0", Kind="Group"))
    later = [
        t("AbsoluteDateTransition", t("To", str(n), Kind="Group"), t("DateTime", "2020-01-01T00:00:00"))
        for n in range(1, len(groups))
    ]
    made = [t("TransitionsGroup", *group, Id=str(n)) for n, group in enumerate(groups)]
    inside = t("Periods", *periods), t("TransitionsGroups", *made), t("Transitions", first, *later)
    return t("StartTimeZone", *inside, Id=name, Name="")


def europe() -> list[Element]:
    return [change("summer", "PT2H", "3", "Sunday", "-1"), change("winter", "PT3H", "10", "Sunday", "-1")]


def steady() -> list[Element]:
    return [t("Transition", t("To", "winter", Kind="Period"))]


def offset(moment: datetime, zone: str) -> object:
    return moment.astimezone(ZoneInfo(zone)).utcoffset()


@pytest.mark.parametrize(
    ("name", "zone"),
    [
        ("W. Europe Standard Time", "Europe/Berlin"),
        ("tzone://Microsoft/Utc", "UTC"),
        ("Europe/Stockholm", "Europe/Stockholm"),
        ("Mitteleuropäische Zeit", "Europe/Berlin"),
        ("(GMT+0100) Westeuropäische Normalzeit", "Europe/Berlin"),
        ("Paris, Madrid", "Europe/Paris"),
        ("Västeuropa, normaltid", "Europe/Berlin"),
        ("West-Europa (standaardtijd)", "Europe/Berlin"),
        ("ora solare Europa occidentale", "Europe/Berlin"),
        ("Hora estándar romance", "Europe/Paris"),
        ("Środkowoeuropejski czas stand.", "Europe/Warsaw"),
        ("Hora oficial do Brasil", "America/Sao_Paulo"),
        ("(UTC+01:00) Amsterdam, Berlin, Bern, Rom, Stockholm, Wien", "Europe/Amsterdam"),
        ("(UTC+01:00) Bruxelles, Copenhague, Madrid, Paris", "Europe/Madrid"),
    ],
)
def test_a_name_is_known(name: str, zone: str):
    found = told(t("StartTimeZone", Id=name), 2027)
    assert found is not None
    assert found.key == zone


@pytest.mark.parametrize("name", ["Customized Time Zone", "Zone/7", ""])
def test_a_name_that_says_nothing_is_nobodys(name: str):
    assert told(t("StartTimeZone", Id=name), 2027) is None


def test_a_zone_is_known_by_its_clocks():
    """As eM Client on a German Windows sends it."""
    found = told(definition("Customized Time Zone", europe()), 2027)
    assert found is not None
    for moment in (SUMMER, WINTER, datetime(2027, 3, 28, 1, tzinfo=UTC), datetime(2027, 3, 28, 0, 59, tzinfo=UTC)):
        assert (
            moment.astimezone(ZoneInfo(found.key)).utcoffset()
            == moment.astimezone(ZoneInfo("Europe/Stockholm")).utcoffset()
        )


@pytest.mark.parametrize(
    ("made", "like"),
    [
        (definition("?", steady(), winter="-PT5H30M"), "Asia/Kolkata"),
        (definition("?", steady(), winter="PT3H"), "America/Sao_Paulo"),
        (definition("?", europe(), steady(), winter="-PT3H"), "Europe/Moscow"),
        (
            definition(
                "?",
                [change("summer", "PT2H", "3", "Sunday", "2"), change("winter", "PT2H", "11", "Sunday", "1")],
                winter="PT5H",
                summer="PT4H",
            ),
            "America/New_York",
        ),
        (
            definition(
                "?",
                [change("winter", "PT3H", "4", "Sunday", "1"), change("summer", "PT2H", "10", "Sunday", "1")],
                winter="-PT10H",
                summer="-PT11H",
            ),
            "Australia/Sydney",
        ),
    ],
)
def test_clocks_are_understood_on_either_half_of_the_earth(made: Element, like: str):
    found = told(made, 2027)
    assert found is not None
    for moment in (SUMMER, WINTER):
        assert offset(moment, found.key) == offset(moment, like)


def test_clocks_that_are_nobodys_are_no_zone():
    assert told(definition("?", steady(), winter="-PT1H17M"), 2027) is None


def test_each_zone_of_a_person_has_a_name_for_windows():
    zones = [name for name in available_timezones() if name != "localtime"]
    assert {name for name in zones if not named(name).ms_id} == set()
    assert named("localtime").ms_id
