"""What a good configuration means, where it is found, and that no file at all can make loading it crash."""

import json
import re
import subprocess
import sys
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from careermail import config
from careermail.config import schema
from careermail.config.loading import usual_state
from careermail.config.monitors import MonitorsTable
from careermail.config.rrule import PARTS, comes, flaw
from careermail.errors import ConfigError, UsageError
from careermail.model import Conversation, Person, Series, Service
from careermail.providers import PROVIDERS

NOW = datetime(2027, 1, 1, tzinfo=UTC)
OURS = Path(__file__).parents[2] / "config" / "careermail.toml"
MAIN = '[provider]\nkind = "local"\nroot = "world"\n'
MAYA = '[[manager]]\nname = "Maya Lindqvist"\nemail = "maya@example.com"\n'
JONAS = '[[manager.report]]\nname = "Jonas Weber"\nemail = "jonas@example.com"\n'


def load(folder: Path, text: str, **options: Any) -> config.Config:
    file = folder / "careermail.toml"
    file.write_text(text)
    return config.load(file, now=NOW, **options)


def only_series(folder: Path, text: str) -> Series:
    [team] = load(folder, text).teams
    [series] = team.series
    return series


# --- where it is found ---------------------------------------------------------------------------


def test_the_first_of_the_usual_places_is_taken(tmp_path: Path):
    home, here = tmp_path / "home", tmp_path / "here"
    for folder in (home / ".config" / "careermail", here):
        folder.mkdir(parents=True)
        (folder / "careermail.toml").touch()
    environ = {"HOME": str(home)}
    assert config.find(None, environ, here) == here / "careermail.toml"
    assert config.find(None, environ, tmp_path) == home / ".config/careermail/careermail.toml"


def test_a_named_file_goes_before_all_and_the_command_line_before_the_environment(tmp_path: Path):
    for name in ("careermail.toml", "a.toml", "b.toml"):
        (tmp_path / name).touch()
    environ = {"CAREERMAIL_CONFIG": "b.toml"}
    assert config.find(None, environ, tmp_path) == tmp_path / "b.toml"
    assert config.find(Path("a.toml"), environ, tmp_path) == tmp_path / "a.toml"


def test_where_none_is_found_it_says_where_it_looked(tmp_path: Path):
    with pytest.raises(UsageError) as refused:
        config.find(None, {"HOME": "/nowhere"}, tmp_path)
    assert str(refused.value) == (
        "No configuration found; looked for"
        f"\n  {tmp_path}/careermail.toml"
        "\n  /nowhere/.config/careermail/careermail.toml"
        "\n  /etc/careermail/careermail.toml"
        "\nName one with --config, or write one: careermail init"
    )


def test_a_named_file_that_is_not_there_is_never_replaced_by_another(tmp_path: Path):
    (tmp_path / "careermail.toml").touch()
    with pytest.raises(UsageError, match=r"\$CAREERMAIL_CONFIG names is not there: .*/other\.toml$"):
        config.find(None, {"CAREERMAIL_CONFIG": "other.toml"}, tmp_path)


# --- what it means -------------------------------------------------------------------------------


def test_who_says_nothing_gets_what_the_model_says(tmp_path: Path):
    maya = Person("Maya Lindqvist", "maya@example.com")
    jonas = Person("Jonas Weber", "jonas@example.com")
    assert only_series(tmp_path, MAIN + MAYA + JONAS) == Series(maya, jonas, Conversation())


def test_every_key_of_the_model_can_be_said():
    keys = schema.ReportTable.__annotations__.keys()
    known = Person.__dataclass_fields__.keys() | Conversation.__dataclass_fields__.keys()
    assert keys == known - {"away"}  # which people's own mail programs tell
    ours = Service.__dataclass_fields__.keys() - {"secret", "as_manager", "tags"}
    assert schema.ServiceTable.__annotations__.keys() == ours | MonitorsTable.__annotations__.keys()
    assert {*schema.KINDS, *schema.VENDORS} == PROVIDERS.keys()


def test_every_key_arrives_as_the_model_has_it(tmp_path: Path):
    person = """
timezone = "Europe/Stockholm"
language = "en"
working_days = ["sun", "mon"]
working_hours = "08:30-16:45"
holidays = "SE"
send_at = "07:15"
"""
    conversation = """
[manager.conversation]
rrule = "rrule:freq=monthly;interval=3;byday=2mo"
minutes = 90
first = 2027-01-11T10:00:00
days = ["mon"]
between = "09:00-15:00"
format = "three"
prepare_days = 7
prompt_days = 2
summary_hours = 24
review_every = "never"
notice_days = 5
on_day_off = "after"
on_conflict = "ask"
"""
    series = only_series(tmp_path, MAIN + MAYA + person + conversation + JONAS)
    assert series.manager == Person(
        name="Maya Lindqvist",
        email="maya@example.com",
        timezone="Europe/Stockholm",
        language="en",
        working_days=frozenset({0, 6}),
        working_hours=(time(8, 30), time(16, 45)),
        holidays="SE",
        send_at=time(7, 15),
    )
    assert series.conversation == Conversation(
        rrule="FREQ=MONTHLY;INTERVAL=3;BYDAY=2MO",
        minutes=90,
        first=datetime(2027, 1, 11, 10),
        days=frozenset({0}),
        between=(time(9), time(15)),
        format="three",
        prepare_days=7,
        prompt_days=2,
        summary_hours=24,
        review_every="never",
        notice_days=5,
        on_day_off="after",
        on_conflict="ask",
    )


@pytest.mark.parametrize(
    ("said", "minutes"),
    [
        (["[defaults]\nminutes = 15\n", MAYA, JONAS], 15),
        (["[defaults]\nminutes = 15\n[defaults.conversation]\nminutes = 30\n", MAYA, JONAS], 30),
        (["[defaults]\nminutes = 15\n", MAYA, "[manager.conversation]\nminutes = 45\n", JONAS], 45),
        (["[defaults]\nminutes = 15\n", MAYA, "[manager.conversation]\nminutes = 45\n", JONAS, "minutes = 75\n"], 75),
    ],
)
def test_the_nearest_word_on_a_conversation_stands(tmp_path: Path, said: list[str], minutes: int):
    assert only_series(tmp_path, MAIN + "".join(said)).conversation.minutes == minutes


@pytest.mark.parametrize(
    ("said", "manager", "report"),
    [
        (['[defaults]\ntimezone = "Asia/Tokyo"\n', MAYA, JONAS], "Asia/Tokyo", "Asia/Tokyo"),
        (['[defaults]\ntimezone = "Asia/Tokyo"\n', MAYA, 'timezone = "UTC"\n', JONAS], "UTC", "UTC"),
        ([MAYA, JONAS, 'timezone = "Asia/Tokyo"\n'], "UTC", "Asia/Tokyo"),
    ],
)
def test_the_nearest_word_on_a_person_stands_and_a_report_is_as_their_manager(
    tmp_path: Path, said: list[str], manager: str, report: str
):
    series = only_series(tmp_path, MAIN + "".join(said))
    assert (series.manager.timezone, series.report.timezone) == (manager, report)


@pytest.mark.parametrize(
    ("below", "above", "stands"),
    [
        ('rrule = "FREQ=YEARLY"', 'every = "6 weeks"', ("6 weeks", "")),
        ('every = "6 weeks"', 'rrule = "FREQ=YEARLY"', ("6 weeks", "FREQ=YEARLY")),  # a rule goes before `every`
    ],
)
def test_a_nearer_rhythm_replaces_the_one_below_in_either_form(
    tmp_path: Path, below: str, above: str, stands: tuple[str, str]
):
    conversation = only_series(tmp_path, f"{MAIN}[defaults]\n{below}\n{MAYA}{JONAS}{above}\n").conversation
    assert (conversation.every, conversation.rrule) == stands


@pytest.mark.parametrize(
    ("defaults", "manager", "report", "days"),
    [
        ("", 'working_days = ["mon", "tue"]\n', "", {1}),
        ("", 'working_days = ["mon", "fri"]\n', "", {0, 4}),
        ("", "", 'working_days = ["sun", "mon", "tue"]\n', {1}),
        ("", "", 'working_days = ["mon", "fri"]\n', {0, 4}),
        ('[defaults]\ndays = ["mon", "tue"]\n', 'working_days = ["tue", "wed"]\n', "", {1}),
    ],
)
def test_sessions_keep_to_the_days_that_both_work(
    tmp_path: Path, defaults: str, manager: str, report: str, days: set[int]
):
    series = only_series(tmp_path, MAIN + defaults + MAYA + manager + JONAS + report)
    assert series.conversation.days == days


def test_paths_are_beside_the_file_and_the_state_where_systemd_wants_it(tmp_path: Path):
    text = MAIN + MAYA
    assert load(tmp_path, text).provider == {"kind": "local", "root": tmp_path / "world"}
    assert load(tmp_path, text).service.state == tmp_path / "state"
    systemd = {"STATE_DIRECTORY": "/var/lib/careermail:/var/lib/other"}
    assert load(tmp_path, text, environ=systemd).service.state == Path("/var/lib/careermail")
    said = load(tmp_path, '[service]\nstate = "here"\n' + text, environ=systemd)
    assert said.service.state == tmp_path / "here"


@pytest.mark.parametrize(
    ("path", "environ", "state"),
    [
        ("/etc/careermail/careermail.toml", {}, "/var/lib/careermail"),
        ("/etc/careermail/careermail.toml", {"STATE_DIRECTORY": "/srv/facts"}, "/srv/facts"),
        ("/home/maya/careermail.toml", {}, "state"),
        ("/etc/careermail-not/careermail.toml", {}, "state"),
    ],
)
def test_the_daemon_and_the_commands_of_a_service_share_one_memory(path: str, environ: dict[str, str], state: str):
    """Only the unit sees $STATE_DIRECTORY; whoever types a command sees the same folder without it."""
    assert usual_state(Path(path), environ) == Path(state)


def test_each_included_file_is_one_manager_and_is_read_once(tmp_path: Path):
    """In the order of the patterns and then of the names; the file itself may match a pattern."""
    for name in ("b", "a"):
        (tmp_path / f"{name}.toml").write_text(f'name = "{name.upper()}"\nemail = "{name}@example.com"\n')
    loaded = load(tmp_path, 'include = ["b.toml", "*.toml", "none/*.toml"]\n' + MAIN)
    assert [team.manager.email for team in loaded.teams] == ["b@example.com", "a@example.com"]
    assert [file.name for file in loaded.files] == ["careermail.toml", "b.toml", "a.toml"]


def test_our_own_example_is_good_with_its_templates():
    loaded = config.load(OURS, now=NOW, templates=True)
    assert [series.key for team in loaded.teams for series in team.series] == [
        "maya@example.com/jonas@example.com",
        "maya@example.com/ana@example.com",
    ]


def test_what_our_example_comments_out_is_what_holds_anyway(tmp_path: Path):
    text = re.sub(r"(?m)^# (\w+ = (?!.*optional).*)$", r"\1", OURS.read_text().replace("# templates", "## templates"))
    assert text.count("\n# ") < OURS.read_text().count("\n# ") - 10
    (tmp_path / "managers.d").symlink_to(OURS.parent / "managers.d")
    assert load(tmp_path, text).teams == config.load(OURS, now=NOW).teams


def test_while_all_is_well_nothing_heavy_is_imported_to_look_for_problems():
    code = (
        "import sys; from pathlib import Path; from datetime import datetime, UTC; from careermail import config;"
        "assert 'pydantic' not in sys.modules;"
        f"config.load(Path({str(OURS)!r}), now=datetime(2027, 1, 1, tzinfo=UTC));"
        "print(sorted({'tree_sitter', 'jinja2', 'babel', 'icalendar'} & sys.modules.keys()))"
    )
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert told.stdout == "[]\n"


# --- that nothing crashes ------------------------------------------------------------------------

KEYS = sorted({key for table in (schema.Document, *schema.TABLES.values()) for key in table.__annotations__})
PLAUSIBLE = [
    *("local", "world", "maya@example.com", "MAYA@example.com", "jonas@example.com", "Jonas", "*.toml", "**", ""),
    *("Europe/Berlin", "Europe", "../UTC", "SE", "DE-BY", "DE-", "en", "mon", "sat", "09:00", "10:00-10:30", "never"),
    *("3 months", "9999 days", "FREQ=DAILY", "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30"),
    *("one", "three", "before", "ask", "\0", "a" * 5000, "~", "[", "google"),
]
scalars = (
    st.sampled_from(PLAUSIBLE)
    | st.text(max_size=8)
    | st.sampled_from([-1, 0, 1, 15, 60, 240, 10**30])
    | st.integers()
    | st.booleans()
    | st.floats()
    | st.datetimes(timezones=st.sampled_from([None, UTC]))
    | st.dates()
    | st.times()
)
anything = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS) | st.text(), inner, max_size=4),
    max_leaves=8,
)
person = st.dictionaries(st.sampled_from(sorted(schema.ReportTable.__annotations__)), anything, max_size=6)
manager = st.fixed_dictionaries(
    {"name": st.just("Maya") | anything, "email": st.sampled_from(PLAUSIBLE[2:5]) | anything},
    optional={
        "report": st.lists(person, max_size=3) | anything,
        "conversation": person | anything,
        "working_days": st.lists(st.sampled_from(["mon", "tue", "sat"])) | anything,
        "minutes": anything,
    },
)
document = st.fixed_dictionaries(
    {"provider": st.just({"kind": "local", "root": "world"}) | anything},
    optional={
        "manager": st.lists(manager, max_size=2) | anything,
        "defaults": person | anything,
        "service": st.dictionaries(st.sampled_from(sorted(schema.ServiceTable.__annotations__)), scalars) | anything,
        "include": st.lists(st.sampled_from(PLAUSIBLE), max_size=2) | anything,
        "other": anything,
    },
)


def toml(value: object) -> str:
    """A value as TOML has it, tables inline."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{toml(str(key))} = {toml(inner)}" for key, inner in value.items()) + "}"
    if isinstance(value, list):
        return f"[{', '.join(map(toml, value))}]"
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    if isinstance(value, date | time):
        return value.isoformat()
    return str(value).lower()


@settings(max_examples=400)
@given(document)
@example({"include": ["**/\0/*"], "manager": [{"email": 3}], "provider": 0})
def test_no_document_at_all_makes_loading_it_do_anything_but_refuse(
    tmp_path_factory: pytest.TempPathFactory, tables: dict[str, Any]
):
    folder = tmp_path_factory.mktemp("fuzz")
    text = "".join(f"{key} = {toml(value)}\n" for key, value in tables.items())
    try:
        assert load(folder, text).teams
    except ConfigError as refused:
        places = {problem.line for problem in refused.problems}
        assert places <= set(range(1, text.count("\n") + 2))


@given(st.text() | st.binary())
@example("a = 0x" + "f" * 5000)
@example("minutes = 0x" + "f" * 5000)
@example("a = " + "9" * 5000)
@example("a = " + "[" * 5000)
@example("a = " + "[" * 150 + "]" * 150)
def test_no_text_at_all_makes_loading_it_do_anything_but_refuse(
    tmp_path_factory: pytest.TempPathFactory, text: str | bytes
):
    file = tmp_path_factory.mktemp("fuzz") / "careermail.toml"
    file.write_bytes(text if isinstance(text, bytes) else text.encode(errors="replace"))
    with pytest.raises(ConfigError):
        config.load(file, now=NOW)


VALUES = ["DAILY", "WEEKLY", "MONTHLY", "YEARLY", "MO", "-1FR,2TU", "1", "-1", "31", "366", "-366", "999", "0"]
part = st.tuples(st.sampled_from([*PARTS, "COUNT", "BYEASTER", "BYHOUR"]), st.sampled_from([*VALUES, "20271301"]))


@given(st.sampled_from(VALUES[:4]), st.lists(part, max_size=4))
@example("MONTHLY", [("BYDAY", "53WE")])
@example("DAILY", [("BYSETPOS", "31")])
@example("WEEKLY", [("BYMONTH", "2"), ("BYMONTHDAY", "31")])
def test_every_rule_is_refused_or_answers_at_once_whether_it_comes(freq: str, parts: list[tuple[str, str]]):
    rule = ";".join([f"FREQ={freq}", *map("=".join, parts)])
    if not flaw(rule):
        assert comes(Conversation(rrule=rule), NOW) in (True, False)


@pytest.mark.parametrize(
    ("rule", "first", "does"),
    [
        ("FREQ=MONTHLY;INTERVAL=3;BYDAY=2TU", None, True),
        ("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29", None, True),
        ("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30", None, False),
        ("FREQ=MONTHLY", datetime(2020, 2, 1, 10), True),
        ("FREQ=MONTHLY", datetime(2037, 2, 1, 10), False),
        ("", datetime(2036, 12, 1, 10), True),
        ("", datetime(2037, 2, 1, 10), False),
        ("", datetime(2020, 2, 1, 10), True),
    ],
)
def test_a_recurrence_comes_if_a_session_of_it_lies_within_ten_years(rule: str, first: datetime | None, does: bool):
    assert comes(Conversation(rrule=rule, first=first), NOW) is does
