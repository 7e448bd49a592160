"""A list of people and the files of former imports in; problems, or what changes, out."""

# ruff: noqa: E501 (a problem is one line, as people see it)

import tomllib
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from careermail.errors import ConfigError
from careermail.roster.changes import Changes, ManagerFile, changes
from careermail.roster.files import MARK, written
from careermail.roster.people import Row, read_people

FILE = Path("people.csv")
MAYA = Row(2, "Maya Lindqvist", "maya@example.com", "", "Europe/Stockholm", "en")
JONAS = Row(3, "Jonas Weber", "jonas@example.com", "maya@example.com", "Europe/Berlin")
ANA = Row(4, "Ana Sousa", "ana@example.com", "maya@example.com")
LIST = """\
name,mail,manager,zone,language
Maya Lindqvist,maya@example.com,,Europe/Stockholm,en
Jonas Weber,jonas@example.com,maya@example.com,Europe/Berlin,
Ana Sousa,ana@example.com,maya@example.com,,
"""


class TestReading:
    @pytest.mark.parametrize(
        "text",
        [
            LIST,
            "\ufeff" + LIST,
            LIST.replace("\n", "\r\n"),
            LIST.replace(",", ";"),
            LIST.replace(",", "\t"),
            LIST.replace("name,mail,manager,zone", "Full Name,E-Mail,Manager's mail,Time zone"),
            LIST.replace("Maya Lindqvist,maya@example.com", '"Maya Lindqvist", MAYA@Example.com '),
            LIST.replace("Ana Sousa,ana@example.com,maya@example.com,,", "Ana Sousa,ana@example.com,Maya@example.com"),
            LIST.replace(",en", ",EN"),
        ],
    )
    def test_people_are_the_same_however_a_spreadsheet_wrote_them(self, text: str):
        assert read_people(FILE, text.encode()) == [MAYA, JONAS, ANA]

    def test_blank_rows_count_as_lines_and_other_columns_as_nothing(self):
        people = read_people(
            FILE,
            b'team,name,mail,manager\n\n,,,\na,"Lind\nqvist",m@example.com,\n'.replace(b"\n", b"\n", 1).replace(
                b"Lind\nqvist", b"Lind, Maya"
            ),
        )
        assert people == [Row(4, "Lind, Maya", "m@example.com", "")]

    @pytest.mark.parametrize(
        ("old", "new", "problems"),
        [
            ("Europe/Berlin", "Europe/Berln", ['3: zone: found "Europe/Berln", expected an IANA time zone such as Europe/Berlin (did you mean Europe/Berlin?)']),
            (",en", ",tlh", ['2: language: found "tlh", expected a language that careermail speaks: en']),
            ("jonas@", "", ['3: mail: found "example.com", expected a mail address such as maya@example.com']),
            ("Jonas Weber", "", ['3: name: found "", expected a name on one line']),
            ("ana@", "jonas@", ['4: mail: found "jonas@example.com" again, expected each address once (the first is people.csv:3)']),
            ("jonas@example.com,maya@", "jonas@example.com,mayo@", ['3: manager: found "mayo@example.com", expected the mail address of somebody in the list (did you mean maya@example.com?)']),
            ("jonas@example.com,maya@example.com", "jonas@example.com,Maya Lindqvist", ['3: manager: found "maya lindqvist", expected the mail address of somebody in the list (did you mean maya@example.com?)']),
            ("jonas@example.com,maya@", "jonas@example.com,jonas@", ['3: manager: found "jonas@example.com", expected somebody else than the person, or nothing']),
            ("maya@example.com,,", "maya@example.com,ana@example.com,", ["2: manager: found a circle, maya@example.com -> ana@example.com -> maya@example.com, expected that it ends with somebody who has no manager"]),
            ("Europe/Berlin,", "Europe/Berlin,en,DE", ["3: csv: found 6 cells, expected 5 (is there a comma in a name, and no quotation marks around it?)"]),
            ("name,mail,manager", "name,mail,boss", ['1: manager: found "name", "mail", "boss", "zone" or "language", expected a column "manager" (the manager\'s mail address; empty for who has none)']),
            ("zone,language", "mail address,language", ['1: mail address: found "mail address", expected one column for that, not also "mail"']),
            ("Jonas Weber", '"Jonas Weber', ["4: csv: unexpected end of data (is a quotation mark not closed?)"]),
            (LIST, "", ["1: csv: found nothing, expected a row of columns' names"]),
        ],
    )  # fmt: skip
    def test_what_is_wrong_is_told_with_its_line_and_column(self, old: str, new: str, problems: list[str]):
        with pytest.raises(ConfigError) as refused:
            read_people(FILE, LIST.replace(old, new, 1).encode())
        assert [str(problem).removeprefix("people.csv:") for problem in refused.value.problems] == problems

    def test_every_problem_is_told_at_once_in_the_order_of_lines(self):
        text = LIST.replace("Europe/", "Europa/").replace("Ana Sousa", "").replace("ana@", "maya@")
        with pytest.raises(ConfigError) as refused:
            read_people(FILE, text.encode())
        assert [(one.line, one.key) for one in refused.value.problems] == [
            (2, "zone"), (3, "zone"), (4, "name"), (4, "mail"), (4, "manager"),
        ]  # fmt: skip

    @pytest.mark.parametrize("encoding", ["latin-1", "utf-16"])
    def test_what_is_not_utf_8_is_refused_with_what_to_choose_when_saving(self, encoding: str):
        with pytest.raises(ConfigError, match=r'expected UTF-8 .spreadsheets call it "CSV UTF-8"'):
            read_people(FILE, LIST.replace("Ana", "Ána").encode(encoding))

    @given(st.binary(max_size=200) | st.text(max_size=200).map(lambda text: ("name,mail,manager\n" + text).encode()))
    def test_whatever_a_file_holds_it_is_people_or_problems(self, content: bytes):
        with suppress(ConfigError):
            assert isinstance(read_people(FILE, content), list)


EDITED = f"""\
{MARK}: by hand from here on
# Maya is away in July
email = "Maya@Example.com"  # the new one
name = "Maya Lindqvist"
timezone = "Europe/Stockholm"
language = 'en'
holidays = "SE"

[conversation]
between = "10:00-16:00"

# Jonas: on leave until May

# and then back at half time
[[report]]
name = "Jonas Weber"
email = "jonas@example.com"
timezone = "Europe/Berlin" # moves soon
every = "6 weeks"
holidays = "DE-BE"

# Ana works in the afternoon
[[report]]
name = "Ana Sousa"
email = "ana@example.com" # hers
working_hours = "13:00-18:00"
"""


class TestText:
    def test_the_same_people_leave_a_file_as_it_is(self):
        assert written(MAYA, [ANA, JONAS], EDITED) == EDITED

    def test_a_change_changes_that_value_alone(self):
        moved = Row(3, "Jonas Weber", "jonas@example.com", "maya@example.com", "Asia/Tokyo")
        assert written(MAYA, [moved, ANA], EDITED) == EDITED.replace("Europe/Berlin", "Asia/Tokyo")

    def test_what_was_not_said_before_comes_below_the_address(self):
        ana = Row(4, "Ana Sousa", "ana@example.com", "maya@example.com", "Europe/Lisbon", "en")
        said = '# hers\ntimezone = "Europe/Lisbon"\nlanguage = "en"\n'
        assert written(MAYA, [JONAS, ana], EDITED) == EDITED.replace("# hers\n", said)

    def test_who_leaves_takes_their_own_comments_along_and_nobody_elses(self):
        text = written(MAYA, [ANA], EDITED)
        begin, end = EDITED.index("\n# and then back"), EDITED.index("\n# Ana works")
        assert text == EDITED[:begin] + EDITED[end:]

    def test_who_joins_comes_last_with_what_is_known_of_them(self):
        omar = Row(5, 'Omar "Oz" Haddad', "omar@example.com", "maya@example.com", "Asia/Dubai")
        text = written(MAYA, [JONAS, ANA, omar], EDITED, {"omar@example.com": {"working_days": ["sun", "mon"]}})
        assert text == EDITED + (
            '\n[[report]]\nname = "Omar \\"Oz\\" Haddad"\nemail = "omar@example.com"\n'
            'working_days = ["sun", "mon"]\ntimezone = "Asia/Dubai"\n'
        )

    def test_a_last_line_without_an_end_gets_one(self):
        assert written(MAYA, [JONAS, ANA, MAYA], EDITED.rstrip()).startswith(EDITED)

    @given(st.text(st.characters(exclude_categories=["Cc", "Cs", "Zl", "Zp"]), min_size=1, max_size=30))
    def test_any_name_is_read_back_as_it_was(self, name: str):
        row = Row(2, name, "x@example.com", "")
        for text in (written(row, [row]), written(row, [JONAS, row], EDITED)):
            table = tomllib.loads(text)
            assert (table["name"], table["report"][-1]["name"]) == (name, name)


def place(email: str) -> Path:
    return Path(f"{email}.toml")


def compared(rows: list[Row], *texts: str) -> Changes:
    files = [ManagerFile(Path(f"{n}.toml"), text, tomllib.loads(text)) for n, text in enumerate(texts)]
    return changes(rows, files, place)


OMAR = Row(5, "Omar Haddad", "omar@example.com", "")


class TestChanges:
    def test_the_first_list_is_all_new(self):
        found = compared([MAYA, JONAS, ANA])
        assert (found.joined, found.left, found.drastic) == ([MAYA, JONAS, ANA], [], False)
        assert list(found.files) == [Path("maya@example.com.toml")]

    def test_the_same_list_again_is_nothing(self):
        found = compared([MAYA, JONAS, ANA], EDITED)
        assert (found.joined, found.left, found.moved, found.changed, found.files) == ([], [], [], [], {})

    def test_a_new_manager_gets_what_is_the_persons_own_and_nothing_that_the_old_one_decided(self):
        jonas = Row(3, "Jonas Weber", "jonas@example.com", "omar@example.com")
        found = compared([MAYA, jonas, ANA, OMAR], EDITED)
        assert found.moved == [(jonas, "maya@example.com")]
        assert found.joined == [OMAR]
        assert tomllib.loads(found.writes[Path("omar@example.com.toml")])["report"] == [
            {"name": "Jonas Weber", "email": "jonas@example.com", "timezone": "Europe/Berlin", "holidays": "DE-BE"}
        ]
        assert "jonas" not in found.writes[Path("0.toml")]

    def test_who_manages_nobody_any_more_has_no_file(self):
        found = compared([OMAR, Row(3, "Ana Sousa", "ana@example.com", "omar@example.com")], EDITED)
        assert [one.email for one in found.left] == ["maya@example.com", "jonas@example.com"]
        assert found.removals == [Path("0.toml")]

    def test_a_changed_name_is_told_with_what_it_was_wherever_it_stands(self):
        rows = [MAYA, JONAS, ANA, Row(5, "Omar", "omar@example.com", "jonas@example.com")]
        other = compared(rows, EDITED).writes[Path("jonas@example.com.toml")]
        jonas = Row(3, "Jonas Winter", "jonas@example.com", "maya@example.com", "Europe/Berlin")
        found = compared([MAYA, jonas, *rows[2:]], EDITED, other)
        assert found.changed == [(jonas, {"name": ("Jonas Weber", "Jonas Winter")})]
        assert [path.name for path in found.writes] == ["0.toml", "1.toml"]

    @pytest.mark.parametrize(("staying", "drastic"), [(10, False), (7, False), (6, True), (0, True)])
    def test_more_than_a_third_gone_is_drastic(self, staying: int, drastic: bool):
        many = [Row(n, f"P{n}", f"p{n}@example.com", "maya@example.com") for n in range(9)]
        text = compared([MAYA, *many]).writes[Path("maya@example.com.toml")]
        assert compared([MAYA, *many][:staying], text).drastic is drastic

    def test_a_third_with_another_manager_is_drastic_too(self):
        rows = [MAYA, JONAS, Row(4, "Ana Sousa", "ana@example.com", "jonas@example.com")]
        assert not compared(rows, EDITED).drastic
        assert compared([OMAR, MAYA, *(Row(r.line, r.name, r.email, OMAR.email) for r in rows[1:])], EDITED).drastic

    def test_who_neither_manages_nor_is_managed_is_told_of_and_in_no_file(self):
        found = compared([MAYA, JONAS, ANA, OMAR], EDITED)
        assert (found.alone, found.joined, found.files) == ([OMAR], [], {})
