"""What is refused, in the words that people read: file:line: key: what was found, what was expected (a hint)."""

# ruff: noqa: E501 (a problem is one line, as people see it)

from datetime import UTC, datetime
from pathlib import Path

import pytest

from careermail import config
from careermail.errors import ConfigError

NOW = datetime(2027, 1, 1, tzinfo=UTC)
MAIN = '[provider]\nkind = "local"\nroot = "world"\n'
MAYA = 'name = "Maya Lindqvist"\nemail = "maya@example.com"\n'
JONAS = 'name = "Jonas Weber"\nemail = "jonas@example.com"\n'


def problems(folder: Path, main: str, **included: str) -> list[str]:
    """All problems of a configuration, with file names as they are in its folder."""
    (folder / "careermail.toml").write_text(main, newline="")
    (folder / "managers.d").mkdir(exist_ok=True)
    for name, text in included.items():
        (folder / "managers.d" / f"{name}.toml").write_text(text)
    with pytest.raises(ConfigError) as refused:
        config.load(folder / "careermail.toml", now=NOW)
    return [str(problem).replace(f"{folder}/", "") for problem in refused.value.problems]


def problems_of_maya(folder: Path, text: str) -> list[str]:
    found = problems(folder, 'include = ["managers.d/*.toml"]\n' + MAIN, maya=text)
    return [problem.removeprefix("managers.d/maya.toml:") for problem in found]


# A key under the manager's name and address (so on line 3), and what is said about it.
PERSON = r"""
timezone = "Europe/Berln"
    3: timezone: found "Europe/Berln", expected an IANA time zone such as Europe/Berlin (did you mean Europe/Berlin?)
timezone = "New York"
    3: timezone: found "New York", expected an IANA time zone such as Europe/Berlin (did you mean America/New_York?)
timezone = "CEST"
    3: timezone: found "CEST", expected an IANA time zone such as Europe/Berlin (did you mean EST?)
timezone = 1
    3: timezone: found 1, expected text in quotes
language = "english"
    3: language: found "english", expected a language that careermail speaks: en (did you mean en?)
working_days = "mon"
    3: working_days: found "mon", expected a list
working_days = []
    3: working_days: found a list, expected at least one day
working_days = ["mon", "tues"]
    3: working_days[1]: found "tues", expected mon, tue, wed, thu, fri, sat or sun (did you mean tue?)
working_days = ["Thursday"]
    3: working_days[0]: found "Thursday", expected mon, tue, wed, thu, fri, sat or sun (did you mean thu?)
working_hours = "9-17"
    3: working_hours: found "9-17", expected "HH:MM-HH:MM" such as "09:00-17:00"
working_hours = "17:00-09:00"
    3: working_hours: found "17:00-09:00", expected an end after the start
working_hours = ["09:00", "17:00"]
    3: working_hours: found a list, expected text in quotes
holidays = "Sweden"
    3: holidays: found "Sweden", expected an ISO 3166 code such as "SE" or "DE-BY", or "" for none (did you mean SE?)
holidays = "SWE"
    3: holidays: found "SWE", expected an ISO 3166 code such as "SE" or "DE-BY", or "" for none (did you mean SE?)
holidays = "AT-BY"
    3: holidays: found "AT-BY", expected a part of AT: 1, 2, 3, 4, 5, 6, 7, 8 or 9
holidays = "SE-AB"
    3: holidays: found "SE-AB", expected SE alone: it has no parts
send_at = "9:00"
    3: send_at: found "9:00", expected "HH:MM" such as "09:00"
send_at = 09:00:00
    3: send_at: found 09:00:00, expected text in quotes
time_zone = "Europe/Berlin"
    3: time_zone: unknown key (did you mean timezone?)
"Zeitzone, bitte" = "Europe/Berlin"
    3: "Zeitzone, bitte": unknown key
password = "hunter2"
    3: password: unknown key
minutes = 60
    3: minutes: unknown key (it belongs in the conversation table)
conversation = "quarterly"
    3: conversation: found "quarterly", expected a table
report = { name = "Jonas Weber" }
    3: report: found a table, expected a list (one [[report]] for each)
report = [3]
    3: report[0]: found 3, expected a table
report = [{ name = "Jonas Weber" }]
    3: report[0].email: missing, expected email = "maya@example.com"
report = [{ name = "", email = "jonas" }]
    3: report[0].name: found "", expected a name on one line
    3: report[0].email: found "jonas", expected a mail address such as maya@example.com
report = [{ name = "Jonas\nWeber", email = "jonas @example.com" }]
    3: report[0].name: found "Jonas\nWeber", expected a name on one line
    3: report[0].email: found "jonas @example.com", expected a mail address such as maya@example.com
report = [{ name = "Jonas", email = "../jonas@example.com" }]
    3: report[0].email: found "../jonas@example.com", expected a mail address such as maya@example.com
report = [{ name = "Me", email = "Maya@Example.com" }]
    3: report[0].email: found "maya@example.com", expected somebody else than the manager
report = [{ name = "Jonas", email = "jonas@example.com", conversation = { minutes = 45 } }]
    3: report[0].conversation: unknown key (its keys stand directly in the report)
report = [{ name = "Jonas", email = "jonas@example.com", working_days = ["sat", "sun"] }]
    3: report[0].working_days: found sat, sun, expected a day for the conversation among them: mon, tue, wed, thu, fri
"""

# The same for keys of its conversation.
CONVERSATION = r"""
every = "quarterly"
    3: conversation.every: found "quarterly", expected a number of days, weeks, months or years such as "3 months"
every = "0 days"
    3: conversation.every: found "0 days", expected a number of days, weeks, months or years such as "3 months"
every = "11 years"
    3: conversation.every: found "11 years", expected at most 10 years
every = 3
    3: conversation.every: found 3, expected text in quotes
minutes = 10
    3: conversation.minutes: found 10, expected 15 to 240: the minutes that a session lasts
minutes = 241
    3: conversation.minutes: found 241, expected 15 to 240: the minutes that a session lasts
minutes = "60"
    3: conversation.minutes: found "60", expected a whole number
minutes = 60.0
    3: conversation.minutes: found 60.0, expected a whole number
minutes = true
    3: conversation.minutes: found true, expected a whole number
first = "2027-01-12 10:00"
    3: conversation.first: found "2027-01-12 10:00", expected a local date and time such as 2027-01-12T10:00:00
first = 2027-01-12
    3: conversation.first: found 2027-01-12, expected a local date and time such as 2027-01-12T10:00:00
first = 2027-01-12T10:00:00Z
    3: conversation.first: found 2027-01-12T10:00:00+00:00, expected a local time without seconds or an offset
first = 2127-01-12T10:00:00
    3: conversation.first: found 2127-01-12T10:00:00, expected a session within the next ten years
days = ["tue", "sat"]
    3: conversation.days: found sat, expected working days: mon, tue, wed, thu, fri
between = "10:00-10:45"
    3: conversation.between: found "10:00-10:45", expected room for the 60 minutes of a session
between = "10:00 to 16:00"
    3: conversation.between: found "10:00 to 16:00", expected "HH:MM-HH:MM" such as "09:00-17:00"
format = "two"
    3: conversation.format: found "two", expected one or three
prepare_days = 0
    3: conversation.prepare_days: found 0, expected 1 to 90: the days before the session on which the manager prepares
prompt_days = -1
    3: conversation.prompt_days: found -1, expected 1 to 90: the days before the session on which the report is prompted
summary_hours = 4
    3: conversation.summary_hours: found 4, expected 8 to 720: the hours after the session in which its summary is due
review_every = "monthly"
    3: conversation.review_every: found "monthly", expected "never", or an interval such as "1 month"
notice_days = 0
    3: conversation.notice_days: found 0, expected 1 to 90: the working days of notice before a commitment is due
on_day_off = "befor"
    3: conversation.on_day_off: found "befor", expected before, after or same (did you mean before?)
on_conflict = "mvoe"
    3: conversation.on_conflict: found "mvoe", expected move, ask or keep (did you mean move?)
minutes = 180, between = "10:00-12:00"
    3: conversation.between: found "10:00-12:00", expected room for the 180 minutes of a session
every = "3 months", rrule = "FREQ=MONTHLY;INTERVAL=3"
    3: conversation.rrule: found beside `every`, expected one of the two
rrule = "every second tuesday"
    3: conversation.rrule: found "every second tuesday", expected an RRULE such as FREQ=MONTHLY;INTERVAL=3;BYDAY=2TU (not understood: EVERY SECOND TUESDAY=)
rrule = "INTERVAL=3"
    3: conversation.rrule: found "INTERVAL=3", expected an RRULE such as FREQ=MONTHLY;INTERVAL=3;BYDAY=2TU (FREQ is missing)
rrule = "FREQ=HOURLY"
    3: conversation.rrule: found "FREQ=HOURLY", expected an RRULE such as FREQ=MONTHLY;INTERVAL=3;BYDAY=2TU (not understood: FREQ=HOURLY)
rrule = "FREQ=MONTHLY;INTERVAL=0"
    3: conversation.rrule: found "FREQ=MONTHLY;INTERVAL=0", expected an RRULE such as FREQ=MONTHLY;INTERVAL=3;BYDAY=2TU (not understood: INTERVAL=0)
rrule = "FREQ=MONTHLY;BYHOUR=10"
    3: conversation.rrule: found "FREQ=MONTHLY;BYHOUR=10", expected an RRULE such as FREQ=MONTHLY;INTERVAL=3;BYDAY=2TU (BYHOUR: the time of day is for `first` and `between` to say)
rrule = "FREQ=MONTHLY;COUNT=4"
    3: conversation.rrule: found "FREQ=MONTHLY;COUNT=4", expected an RRULE such as FREQ=MONTHLY;INTERVAL=3;BYDAY=2TU (COUNT: a series has no end; to end it, remove the report or pause)
rrule = "FREQ=MONTHLY;UNTIL=20301231T000000Z"
    3: conversation.rrule: found "FREQ=MONTHLY;UNTIL=20301231T000000Z", expected an RRULE such as FREQ=MONTHLY;INTERVAL=3;BYDAY=2TU (UNTIL: a series has no end; to end it, remove the report or pause)
rrule = "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30"
    3: conversation.rrule: found "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30", expected a session within the next ten years
"""

# Keys of the file itself.
DOCUMENT = r"""
include = "managers.d/*.toml"
    1: include: found "managers.d/*.toml", expected a list
include = ["managers.d/lena.toml"]
    1: include[0]: found "managers.d/lena.toml", expected a file that is there
service = { addres = "careermail@example.com" }
    1: service.addres: unknown key (did you mean address?)
service = { admin = "IT" }
    1: service.admin: found "IT", expected a mail address such as maya@example.com
service = { state = "" }
    1: service.state: found "", expected a path
defaults = { name = "Everybody" }
    1: defaults.name: unknown key
defaults = { timezone = "CET+1" }
    1: defaults.timezone: found "CET+1", expected an IANA time zone such as Europe/Berlin (did you mean CET?)
defaults = { conversation = { prompt_days = 0 } }
    1: defaults.conversation.prompt_days: found 0, expected 1 to 90: the days before the session on which the report is prompted
defaults = { minutes = 120, between = "10:00-11:00" }
    1: defaults.between: found "10:00-11:00", expected room for the 120 minutes of a session
managers = []
    1: managers: unknown key (did you mean manager?)
"""


def rows(table: str) -> list[object]:
    """What is written, and the lines that are said about it."""
    cases: list[tuple[str, list[str]]] = []
    for line in table.strip().splitlines():
        if line.startswith("    "):
            cases[-1][1].append(line.strip())
        else:
            cases.append((line, []))
    return [pytest.param(written, said, id=written) for written, said in cases]


@pytest.mark.parametrize(("written", "said"), rows(PERSON))
def test_a_manager_is_refused(tmp_path: Path, written: str, said: list[str]):
    assert problems_of_maya(tmp_path, MAYA + written) == said


@pytest.mark.parametrize(("written", "said"), rows(CONVERSATION))
def test_a_conversation_is_refused(tmp_path: Path, written: str, said: list[str]):
    assert problems_of_maya(tmp_path, f"{MAYA}conversation = {{ {written} }}") == said


@pytest.mark.parametrize(("written", "said"), rows(DOCUMENT))
def test_a_document_is_refused(tmp_path: Path, written: str, said: list[str]):
    found = problems(tmp_path, f"{written}\n{MAIN}[[manager]]\n{MAYA}")
    assert [line.removeprefix("careermail.toml:") for line in found] == said


def test_a_provider_without_its_root_is_told_in_its_table(tmp_path: Path):
    assert problems(tmp_path, '\n[provider]\nkind = "local"\n[[manager]]\n' + MAYA) == [
        'careermail.toml:2: provider.root: missing, expected root = "world"'
    ]


def test_an_empty_file_lacks_a_provider_and_a_manager(tmp_path: Path):
    assert problems(tmp_path, "") == [
        'careermail.toml:1: provider: missing, expected the table [provider] with kind = "local"',
        "careermail.toml:1: manager: missing, expected [[manager]], or a file to include",
    ]


def test_a_pattern_that_matches_nothing_is_no_problem_but_having_no_manager_is(tmp_path: Path):
    assert problems(tmp_path, 'include = ["managers.d/*.toml"]\n' + MAIN) == [
        "careermail.toml:1: manager: missing, expected [[manager]], or a file to include"
    ]


def test_one_manager_as_a_table_is_told_how_lists_of_tables_are_written(tmp_path: Path):
    assert problems(tmp_path, MAIN + "[manager]\n" + MAYA) == [
        "careermail.toml:4: manager: found a table, expected a list (one [[manager]] for each)"
    ]


def test_syntax_is_told_with_its_line_and_the_other_files_are_read_all_the_same(tmp_path: Path):
    main = 'include = ["managers.d/*.toml"]\n' + MAIN
    assert problems(tmp_path, main, anna="name = \n", maya=MAYA + "sendat = 60\n") == [
        "managers.d/anna.toml:1: toml: Invalid value (column 8)",
        "managers.d/maya.toml:3: sendat: unknown key (did you mean send_at?)",
    ]


def test_what_is_not_utf_8_is_told_with_its_line(tmp_path: Path):
    (tmp_path / "careermail.toml").write_bytes(b'[provider]\nkind = "lok\xe4l"\n')
    with pytest.raises(ConfigError) as refused:
        config.load(tmp_path / "careermail.toml", now=NOW)
    assert str(refused.value) == f"{tmp_path}/careermail.toml:2: toml: found the byte 0xe4, expected UTF-8"


def test_files_that_cannot_be_read_are_told(tmp_path: Path):
    (tmp_path / "managers.d" / "maya.toml").mkdir(parents=True)
    assert problems(tmp_path, 'include = ["managers.d/maya.toml"]\n' + MAIN) == [
        "managers.d/maya.toml:1: file: cannot be read: Is a directory"
    ]
    with pytest.raises(ConfigError, match=r"none\.toml:1: file: cannot be read: No such file or directory"):
        config.load(tmp_path / "none.toml", now=NOW)


def test_an_included_file_is_one_manager(tmp_path: Path):
    main = 'include = ["managers.d/*.toml"]\n' + MAIN
    assert problems(tmp_path, main, two=f"[[manager]]\n{MAYA}[[manager]]\n{JONAS}") == [
        "managers.d/two.toml:1: manager: found manager, expected the keys of one manager at the top of the file"
    ]


def test_nobody_is_listed_twice_in_whatever_case_and_both_places_are_said(tmp_path: Path):
    main = 'include = ["managers.d/*.toml"]\n' + MAIN
    jonas, again = f"[[report]]\n{JONAS}", f"[[report]]\n{JONAS.replace('jonas@', 'Jonas@')}"
    lena = f'name = "Lena"\nemail = "lena@example.com"\n{again}'
    once = 'found "jonas@example.com" again, expected each report once, under one manager'
    assert problems(tmp_path, main, lena=lena, maya=MAYA + jonas + again, zoe=MAYA) == [
        f"managers.d/maya.toml:5: report[0].email: {once} (the first is managers.d/lena.toml:5)",
        f"managers.d/maya.toml:8: report[1].email: {once} (the first is managers.d/lena.toml:5)",
        (
            'managers.d/zoe.toml:2: email: found "maya@example.com" again, expected each manager once'
            " (the first is managers.d/maya.toml:2)"
        ),
    ]


def test_all_problems_come_at_once_those_between_keys_too(tmp_path: Path):
    """A wrong value does not hide what is wrong with the others, in the same table and in other files."""
    main = 'include = ["managers.d/*.toml"]\n[service]\nadress = "x"\n' + MAIN.replace("local", "locl")
    maya = f'{MAYA}timezone = 1\n[conversation]\nminutes = 90\nformat = "two"\nbetween = "10:00-11:00"\n'
    report = '[[report]]\nname = 3\nemail = "maya@example.com"\n'
    assert problems(tmp_path, main, anna=MAYA + "[[report]]", maya=maya + report) == [
        "careermail.toml:3: service.adress: unknown key (did you mean address?)",
        'careermail.toml:5: provider.kind: found "locl", expected local, standards, google, microsoft or exchange (did you mean local?)',
        'managers.d/anna.toml:3: report[0].name: missing, expected name = "Maya Lindqvist"',
        'managers.d/anna.toml:3: report[0].email: missing, expected email = "maya@example.com"',
        (
            'managers.d/maya.toml:2: email: found "maya@example.com" again, expected each manager once'
            " (the first is managers.d/anna.toml:2)"
        ),
        "managers.d/maya.toml:3: timezone: found 1, expected text in quotes",
        'managers.d/maya.toml:6: conversation.format: found "two", expected one or three',
        (
            'managers.d/maya.toml:7: conversation.between: found "10:00-11:00",'
            " expected room for the 90 minutes of a session"
        ),
        "managers.d/maya.toml:9: report[0].name: found 3, expected text in quotes",
        'managers.d/maya.toml:10: report[0].email: found "maya@example.com", expected somebody else than the manager',
    ]


def test_days_from_the_defaults_that_a_manager_does_not_work_are_told_at_the_manager(tmp_path: Path):
    main = MAIN + '[defaults]\ndays = ["tue"]\n[[manager]]\n' + MAYA + 'working_days = ["mon", "fri"]\n'
    assert problems(tmp_path, f"{main}[[manager.report]]\n{JONAS}") == [
        "careermail.toml:9: manager[0].working_days: found mon, fri, expected a day for the conversation among them: tue"
    ]


def test_lines_are_found_in_every_way_that_toml_is_written(tmp_path: Path):
    main = """
provider.kind = "local"
provider . "root" = 1  # a comment
[[manager]]
name = "Maya"
email = "maya@example.com"
[manager.conversation]
days = [
  "mon",
  # a comment
  "tue", "sunday",
]
[[manager.report]]
name = '''
Jonas'''
email = "jonas@example.com"
[[manager]]
name = "Lena"
email = "lena@example.com"
[[manager.report]]
name = "Anna"
email = "anna@example.com"
[[manager.report]]
"name" = "Ole"
email = "ole"
[x.y.z]
"""
    assert problems(tmp_path, main.replace("\n", "\r\n")) == [
        "careermail.toml:3: provider.root: found 1, expected text in quotes",
        (
            'careermail.toml:11: manager[0].conversation.days[2]: found "sunday",'
            " expected mon, tue, wed, thu, fri, sat or sun (did you mean sun?)"
        ),
        'careermail.toml:25: manager[1].report[1].email: found "ole", expected a mail address such as maya@example.com',
        "careermail.toml:26: x: unknown key",
    ]


@pytest.mark.parametrize("value", ['"hunter2"', '{ token = "hunter2" }'])
def test_a_secret_that_has_no_place_in_the_file_is_not_repeated(tmp_path: Path, value: str):
    found = problems(tmp_path, f"{MAIN}password = {value}\n[[manager]]\n{MAYA}")
    assert found == ["careermail.toml:4: provider.password: unknown key"]


def test_templates_must_be_a_folder_and_render(tmp_path: Path):
    main = f'[service]\ntemplates = "mine"\n{MAIN}[[manager]]\n{MAYA}'
    missing = "careermail.toml:2: service.templates: found mine, expected a folder that is there"
    assert problems(tmp_path, main) == [missing]
    (tmp_path / "mine" / "en").mkdir(parents=True)
    (tmp_path / "mine" / "en" / "prompt.md").write_text("Hello {{ to.nmae }}\n")
    assert [line.partition(":")[0] for line in problems(tmp_path, main)] == ["mine/en/prompt.md"]
