import re
from dataclasses import replace
from datetime import UTC, date, datetime
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import SMTP
from functools import cache
from html.parser import HTMLParser
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from samples import (
    AGREED,
    APRIL,
    FAR_APART,
    HOSTILE,
    INTRODUCE,
    JONAS,
    LUIS,
    MAYA,
    SHADOW,
    TAMA,
    TUESDAY,
    WITH_AMARA,
    WITH_JONAS,
    session,
)

from careermail.errors import ConfigError
from careermail.mail.compose import KINDS, compose, template_problems
from careermail.mail.render import render
from careermail.mail.samples import NOW, samples
from careermail.mail.tokens import holds, message_id, read
from careermail.model import Commitment, Contract, Person, Service, Topic, opaque

SERVICE = Service("careermail", "careermail@example.com", "it@example.com")
PROMPT = (
    "Before we meet for the career conversation, it might help to spend a few minutes thinking about: what energises "
    "you most about your work right now, where you feel like you're wasting time or potential, what you imagine doing "
    "in three to five years, and whether there's anything about your career direction you haven't said out loud to "
    "anyone yet."
)
FRIDAY = datetime(2027, 1, 8, 8, tzinfo=UTC)
EVERY = [pytest.param(*s, id=f"{s[0]}-{n}") for kind in KINDS for n, s in enumerate(samples(kind, "en"))]


@cache
def mail(kind: str, to: Person, *topics: Topic, now: datetime = FRIDAY, service: Service = SERVICE):
    return compose(service, kind, to, topics, message_id="<1@example.com>", key="k", now=now)


def text(message: EmailMessage):
    return message.get_body(("plain",)).get_content().replace("\r\n", "\n")


def html(message: EmailMessage):
    return message.get_body(("html",)).get_content().replace("\r\n", "\n")


class Visible(HTMLParser):
    """What a reader of an HTML page sees, and the tags that it is made of."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.text, self.tags, self.hidden = "", [], 0
        self.feed(page)
        self.words = self.text.split()

    def handle_starttag(self, tag: str, attrs: object) -> None:  # noqa: ARG002 (as HTMLParser has it)
        self.tags.append(tag)
        self.hidden += tag in {"style", "title"}

    def handle_endtag(self, tag: str) -> None:
        self.hidden -= tag in {"style", "title"}

    def handle_data(self, data: str) -> None:
        if not self.hidden:
            self.text += data


def test_headers_are_those_that_the_design_asks_for():
    message = compose(
        SERVICE, "prompt", JONAS, [Topic(WITH_JONAS, TUESDAY)], message_id="<1@example.com>", key="a/b", now=FRIDAY
    )
    root = f"<{opaque('maya@example.com/jonas@example.com/20270112T090000Z')}@example.com>"
    assert {name: str(message[name]) for name in message if name not in {"Content-Type", "MIME-Version"}} == {
        "From": "Maya Lindqvist via careermail <careermail@example.com>",
        "To": "Jonas Weber <jonas@example.com>",
        "Reply-To": "Maya Lindqvist <maya@example.com>",
        "Subject": "Before we talk on Tuesday",
        "Date": "Fri, 08 Jan 2027 08:00:00 +0000",
        "Message-ID": "<1@example.com>",
        "In-Reply-To": root,
        "References": root,
        "Auto-Submitted": "auto-generated",
        "Content-Language": "en",
        "X-Careermail-Kind": "prompt",
        "X-Careermail-Key": opaque("a/b"),
    }


A_MAIL = message_id(SERVICE, ["k"], "maya@example.com")


@pytest.mark.parametrize(("kind", "to", "topics"), EVERY)
def test_an_answer_reaches_the_manager_alone_where_it_is_between_the_two_and_else_us(
    kind: str, to: Person, topics: tuple[Topic, ...]
):
    message = compose(SERVICE, kind, to, topics, message_id=A_MAIL, key="k", now=NOW)
    reply_to = str(message["Reply-To"])
    if kind == "prompt" or (kind == "contract" and to.name == "Jonas Weber"):
        assert reply_to == "Maya Lindqvist <maya@example.com>"
    elif kind == "forward":
        assert reply_to == f"{topics[0].series.report.name} <{topics[0].series.report.email}>"
    elif kind == "alarm":
        assert message["Reply-To"] is None
    else:
        assert re.fullmatch(r"careermail <careermail\+[a-z0-9]{43}@example\.com>", reply_to)
        assert holds(SERVICE, message["Reply-To"].addresses[0].addr_spec, to.email, kind)


@pytest.mark.parametrize(
    ("following", "last_day"),
    [
        (None, date(2028, 1, 8)),
        (datetime(2027, 4, 13, 8, tzinfo=UTC), date(2027, 5, 13)),
        (datetime(2028, 4, 13, 8, tzinfo=UTC), date(2028, 1, 8)),
        (datetime(2026, 10, 13, 8, tzinfo=UTC), date(2027, 2, 7)),
    ],
)
def test_a_mail_is_answered_until_a_month_after_the_next_session_and_for_a_year_at_most(
    following: datetime | None, last_day: date
):
    due = Topic(WITH_JONAS, commitments=(INTRODUCE,), following=following)
    message = compose(SERVICE, "due", MAYA, [due], message_id=A_MAIL, key="k", now=FRIDAY)
    assert read(SERVICE, message["Reply-To"].addresses[0].addr_spec).expires == last_day


def test_a_mail_that_an_older_version_began_is_answered_by_its_thread():
    due = Topic(WITH_JONAS, commitments=(INTRODUCE,))
    assert mail("due", MAYA, due)["Reply-To"] == "careermail <careermail@example.com>"


def test_a_thread_survives_the_longest_of_domains():
    domain = f"{'x' * 60}.example.com"
    service = replace(SERVICE, address=f"careermail@{domain}")
    message = compose(
        service,
        "prepare",
        MAYA,
        [Topic(WITH_JONAS, TUESDAY)],
        message_id=message_id(service, ["k"], "maya@example.com"),
        key="k",
        now=FRIDAY,
    )
    root = f"<{opaque('maya@example.com/jonas@example.com/20270112T090000Z')}@{domain}>"
    raw = bytes(message).decode()
    assert f"\r\nIn-Reply-To: {root}\r\nReferences: {root}\r\n" in raw
    assert f"<{message['Reply-To'].addresses[0].addr_spec}>\r\n" in raw
    assert f"\r\nMessage-ID: {message_id(service, ['k'], 'maya@example.com')}\r\n" in raw


def test_an_alarm_comes_from_the_service_alone():
    admin = Person("it@example.com", "it@example.com")
    message = mail("alarm", admin, Topic(replace(WITH_JONAS, report=admin), note="The token has expired."))
    assert (message["From"], message["Reply-To"]) == ("careermail <careermail@example.com>", None)


def test_mails_about_one_session_are_one_thread_and_about_several_are_none():
    jonas, amara = Topic(WITH_JONAS, TUESDAY), Topic(WITH_AMARA, TUESDAY)
    prepare, prompt = mail("prepare", MAYA, jonas), mail("prompt", JONAS, jonas)
    assert prepare["References"] == prompt["References"]
    assert mail("prepare", MAYA, jonas, amara)["References"] is None
    assert mail("due", JONAS, Topic(WITH_JONAS, commitments=(SHADOW,)))["References"] is None


def test_what_answers_a_mail_is_in_its_thread():
    topic = Topic(WITH_JONAS, TUESDAY, contract=AGREED)
    assert mail("contract", MAYA, replace(topic, reply="<7@mail.example.org>"))["In-Reply-To"] == "<7@mail.example.org>"


@pytest.mark.parametrize(
    "evil", ["<1@x>\r\nBcc: all@example.com", "<1@x> <2@y>", "<é@x>", "1@x", "<>", f"<{'x' * 999}@y>"]
)
def test_what_no_message_id_can_be_comes_into_no_header(evil: str):
    topic = Topic(WITH_JONAS, TUESDAY, contract=AGREED)
    message = mail("contract", MAYA, replace(topic, reply=evil))
    assert (message["References"], message["Bcc"]) == (mail("contract", MAYA, topic)["References"], None)


def test_the_same_arguments_make_the_same_bytes():
    topic = Topic(WITH_JONAS, TUESDAY)
    assert bytes(mail("prompt", JONAS, topic)) == bytes(mail("prompt", JONAS, topic))


@pytest.mark.parametrize(("kind", "to", "topics"), EVERY)
def test_every_mail_passes_every_server_and_is_read_back_as_it_was_written(
    kind: str, to: Person, topics: tuple[Topic, ...]
):
    zoe = replace(to, name="Zoë Ångström")
    message = compose(SERVICE, kind, zoe, topics, message_id=A_MAIL, key="k", now=NOW)
    raw = bytes(message)
    assert max(map(len, raw.split(b"\r\n"))) <= 78
    assert raw.isascii()
    read = message_from_bytes(raw, policy=SMTP)
    assert (text(read), html(read)) == (text(message), html(message))


@pytest.mark.parametrize(("kind", "to", "topics"), EVERY)
def test_both_parts_say_the_same(kind: str, to: Person, topics: tuple[Topic, ...]):
    message = mail(kind, to, *topics, now=NOW)
    words = re.sub(r"^(-|\d+\.)( |$)|: mailto:\S+$", "", text(message), flags=re.MULTILINE).split()
    assert Visible(html(message)).words == words


@pytest.mark.parametrize(("kind", "to", "topics"), EVERY)
def test_text_is_clean(kind: str, to: Person, topics: tuple[Topic, ...]):
    """No empty line too many, no blank at an end, no mark of Markdown or Jinja, and no value that is missing."""
    body = text(mail(kind, to, *topics, now=NOW))
    assert body == body.strip() + "\n"
    assert not re.search(r"\n\n\n|[ \t]\n|  ", body)
    assert not re.search(r"[*_`#\\{}|<>]|\]\(|None|^ *(?!-( |$))[-+=]", body, flags=re.MULTILINE)
    assert "settings" not in body or kind == "displaced"
    assert kind == "alarm" or not re.search(r"careermail (contract|done|move|drop|book|pause|status)", body)


@pytest.mark.parametrize(("kind", "to", "topics"), EVERY)
def test_subjects_tell_no_more_than_that_two_people_talk(kind: str, to: Person, topics: tuple[Topic, ...]):
    subject = mail(kind, to, *topics, now=NOW)["Subject"]
    assert subject
    assert not re.search(r"career|commit|contract|agree|overdue|promis|role|review", subject, flags=re.IGNORECASE)


@pytest.mark.parametrize(
    ("kind", "to", "topics"), [p for p in EVERY if p.values[0] not in {"prompt", "prepare", "review"}]
)
def test_mails_are_short(kind: str, to: Person, topics: tuple[Topic, ...]):
    """Under 120 words, not counting the lists that the two people wrote; a link counts as one."""
    body = text(mail(kind, to, *topics, now=NOW))
    listed = kind in {"contract", "answer"} or kind.startswith("summary")
    prose = re.sub(r"^- (?!.*: mailto:).*\n" if listed else r"^\d+\. .*\n", "", body, flags=re.MULTILINE)
    assert len(prose.split()) < 120


def test_the_prompt_is_the_playbooks_own_words_from_the_manager():
    body = text(mail("prompt", JONAS, Topic(WITH_JONAS, TUESDAY)))
    assert body.startswith(f"Hello Jonas,\n\n{PROMPT}\n\n")
    assert "We meet on Tuesday 12 January at 10:00, for 60 minutes." in body
    assert "\n\nMaya\n\n" in body


def test_why_a_manager_asked_for_a_conversation_is_told_to_nobody_else():
    topic = Topic(WITH_JONAS, TUESDAY, note="He was approached by somebody.")
    assert "Why you asked for it: He was approached by somebody." in text(mail("prepare", MAYA, topic))
    assert "approached" not in mail("prompt", JONAS, topic).as_string()


def test_prepare_begins_with_the_managers_own_commitments():
    kept = replace(AGREED, commitments=(replace(SHADOW, state="done"), INTRODUCE))
    body = text(mail("prepare", MAYA, Topic(WITH_JONAS, APRIL, contract=kept), now=datetime(2027, 4, 8, 7, tzinfo=UTC)))
    assert body.startswith(
        "Hello Maya,\n\nYou and Jonas talk on Tuesday 13 April at 10:00.\n\n"
        "What you took on\n1. Not yet, due Friday 15 January: Introduce Jonas to Dana Ortiz\n\n"
        "What Jonas took on\n2. Done: Shadow the platform on-call rota\n\n"
        'What is done by now? Reply "1 done".\n\n'
        "The open question\n- Whether a staff role is realistic within two years\n\n"
        "Before you start\n"
    )
    assert 'Open with "What\'s changed since we last spoke?"' in body


def test_one_of_three_conversations_brings_its_own_questions_only():
    body = text(mail("prepare", MAYA, Topic(WITH_AMARA, TUESDAY, part=2)))
    headings = [h for h in ("Where are you now?", "Where do you want to go?", "How do we close the gap?") if h in body]
    assert headings == ["Where do you want to go?"]


def test_dates_are_the_readers_own():
    """Noon on 9 March in Los Angeles is 8 in the morning of the 10th in Auckland."""
    topic = Topic(FAR_APART, session(datetime(2027, 3, 9, 19, tzinfo=UTC)))
    now = datetime(2027, 3, 5, 20, tzinfo=UTC)
    assert "on Wednesday 10 March at 08:00 your time, for" in text(mail("prompt", TAMA, topic, now=now))
    assert "on Tuesday 9 March at 11:00 your time." in text(mail("prepare", LUIS, topic, now=now))


def test_another_year_is_named():
    now = datetime(2026, 12, 30, 8, tzinfo=UTC)
    assert "We meet on Tuesday 12 January 2027 at 10:00" in text(
        mail("prompt", JONAS, Topic(WITH_JONAS, TUESDAY), now=now)
    )


@pytest.mark.parametrize(
    ("due", "says"),
    [
        (date(2027, 1, 8), "Today is the day for this."),
        (date(2027, 1, 9), "Saturday 9 January is a day off, so this reaches you on the last working day before."),
        (date(2027, 1, 7), "This was for Thursday 7 January, and it could not reach you on the day itself."),
    ],
)
def test_a_date_on_a_day_off_or_past_is_named(due: date, says: str):
    assert says in text(mail("due", JONAS, Topic(WITH_JONAS, commitments=(replace(SHADOW, due=due),))))


def test_commitments_of_one_day_are_one_list():
    topics = [Topic(WITH_JONAS, commitments=(replace(c, due=FRIDAY.date()),)) for c in AGREED.of("report")]
    assert (
        "What you told Maya you would do\n1. Shadow the platform on-call rota\n"
        "2. Write up the incident review format\n\n" in text(mail("due", JONAS, *topics))
    )


def test_a_changed_contract_says_what_changed():
    later = replace(AGREED, commitments=(replace(SHADOW, due=date(2027, 3, 12)), INTRODUCE), version=2)
    message = mail("contract", JONAS, Topic(WITH_JONAS, TUESDAY, contract=later, previous=AGREED))
    assert message["Subject"] == "From your talk with Maya, updated"
    assert (
        "What changed\n- Moved to Friday 12 March: Shadow the platform on-call rota\n"
        "- No longer there: Write up the incident review format\n\n" in text(message)
    )


TALK = "Your talk with Jonas on Tuesday 12 January at 10:00"
AGAIN = "It is booked again for Tuesday 13 April at 10:00, when you both seem to be free."


@pytest.mark.parametrize(
    ("what", "stand_in", "says"),
    [
        ("cancelled", True, f"{TALK} was cancelled. {AGAIN}"),
        (
            "cancelled",
            False,
            f"{TALK} was cancelled. Nothing is booked in its place. You next talk on Tuesday 13 April",
        ),
        ("missed", True, f"You and Jonas did not meet on Tuesday 12 January at 10:00. {AGAIN}"),
        ("declined", True, f"Jonas declined your talk on Tuesday 12 January at 10:00. {AGAIN} If it was about more"),
        ("declined", False, "Nothing is booked in its place. You next talk on Tuesday 13 April at 10:00. A word from"),
        ("late", True, "now stands on Tuesday 12 January at 10:00, and that is long after it was due. One before it"),
        ("late", False, "No earlier hour was booked."),
        (
            "ended",
            True,
            'they are booked anew, from Tuesday 13 April at 10:00 on. To end them for good, reply "stop".',
        ),
        (
            "ended",
            False,
            "they are not booked again. To have them back, choose another time for them in your settings.",
        ),
        ("conflict", False, "10:00: Good Friday, a holiday of Maya's. It stays where it is unless you move it."),
        ("no-hour", False, "Why you asked for it: Good Friday, a holiday of Maya's\n\nIf it cannot wait, make room"),
    ],
)
def test_what_became_of_a_session_is_said_in_the_words_of_its_case(what: str, stand_in: bool, says: str):
    topic = Topic(WITH_JONAS, TUESDAY, following=APRIL.start, what=what, note="Good Friday, a holiday of Maya's")
    assert says in text(mail("displaced", MAYA, replace(topic, stand_in=APRIL.start if stand_in else None)))


def test_a_series_that_the_report_declined_is_told_as_declined():
    topic = Topic(WITH_JONAS, replace(TUESDAY, status="declined"), what="ended", stand_in=APRIL.start)
    assert "Jonas declined all your talks to come. Your settings still ask for them" in text(
        mail("displaced", MAYA, topic)
    )


def test_a_session_in_the_calendar_is_neutral_private_and_says_what_it_is_for():
    words = render(SERVICE, "session", MAYA, [Topic(WITH_JONAS)], FRIDAY)
    assert words.subject == "Maya and Jonas"
    assert words.text == (
        "Dedicated time for a proper conversation about where Jonas is and wants to go. It is not a 1:1 and not a "
        "review, and there is nothing to hand in.\n\n"
        "If the time does not suit, move it or propose another: the rest follows.\n"
    )


def test_a_reminder_in_the_managers_calendar_names_the_report_and_in_its_description_the_commitment():
    words = render(SERVICE, "reminder", MAYA, [Topic(WITH_JONAS, commitments=(INTRODUCE,))], FRIDAY)
    assert (words.subject, words.text) == ("For Jonas", "Introduce Jonas to Dana Ortiz\n")


def test_a_calendar_entry_that_does_not_render_is_a_problem_of_the_configuration(tmp_path: Path):
    (tmp_path / "en").mkdir()
    (tmp_path / "en" / "session.md").write_text("Subject: {{ topic.occurrence.start }}\n\nLet us talk.\n")
    (tmp_path / "en" / "reminder.md").write_text("Subject: {{ nonsense }}\n\nDo it.\n")
    problems = template_problems(tmp_path, frozenset({"en"}))
    assert [(p.key, p.line) for p in problems] == [("session", 1), ("reminder", 1)]


def written(words: str):
    commitment = Commitment("report", words, date(2027, 1, 8), "jonas-1")
    contract = Contract((commitment,), questions=(words,))
    return Topic(WITH_JONAS, TUESDAY, contract=contract, commitments=(commitment,), note=words)


@pytest.mark.parametrize("words", HOSTILE)
@pytest.mark.parametrize(("kind", "to"), [("due", JONAS), ("contract", JONAS), ("prepare", MAYA), ("alarm", MAYA)])
def test_what_people_wrote_is_text_in_both_parts(kind: str, to: Person, words: str):
    message = mail(kind, to, written(words))
    assert words in text(message)
    assert words in " ".join(Visible(html(message)).words)
    assert Visible(html(message)).tags == Visible(html(mail(kind, to, written("harmless")))).tags


@settings(max_examples=60, deadline=None)
@given(words=st.text(min_size=1).filter(str.strip))
def test_whatever_is_written_reads_the_same_in_both_parts(words: str):
    message = mail("due", JONAS, written(words))
    line = next(li for li in text(message).splitlines() if li.startswith("- ") or li == "-")
    said = line.removeprefix("-").split()
    shown = Visible(html(message)).words
    start = shown.index("do") + 1
    assert shown[start : start + len(said)] == said


def test_no_name_can_add_a_header_or_end_a_paragraph():
    evil = Person("Eve\r\nBcc: all@example.com\n\n# Pwned", "eve@example.com", "Europe/Berlin")
    message = mail("prompt", evil, Topic(replace(WITH_JONAS, report=evil), TUESDAY))
    read = message_from_bytes(bytes(message), policy=SMTP)
    assert read["Bcc"] is None
    assert read["To"].addresses[0].display_name == "Eve Bcc: all@example.com # Pwned"
    subject = mail("prepare", MAYA, Topic(replace(WITH_JONAS, report=replace(evil, name="A\u2028B")), TUESDAY))[
        "Subject"
    ]
    assert subject == "Tuesday with A"


def put(folder: Path, name: str, content: str):
    (folder / name).parent.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text(content, encoding="utf-8")
    return replace(SERVICE, templates=folder)


def test_one_file_can_be_overridden(tmp_path: Path):
    service = put(tmp_path, "en/prompt.md", "Subject: Soon\n\nSee you on {{ topic.occurrence.start|when }}.\n")
    topic = Topic(WITH_JONAS, TUESDAY)
    assert text(mail("prompt", JONAS, topic, service=service)) == "See you on Tuesday 12 January at 10:00.\n"
    assert text(mail("prepare", MAYA, topic, service=service)) == text(mail("prepare", MAYA, topic))


def test_a_file_that_is_overridden_later_is_checked_and_used_from_the_next_reading_of_the_configuration(tmp_path: Path):
    service = put(tmp_path, "en/due.md", "Subject: Today\n\nToday.\n")
    topic = Topic(WITH_JONAS, TUESDAY)
    assert "See you" not in text(mail("prompt", JONAS, topic, service=service))
    put(tmp_path, "en/prompt.md", "Subject: Soon\n\nSee you.\n")
    assert template_problems(tmp_path, frozenset({"en"})) == []
    assert text(mail.__wrapped__("prompt", JONAS, topic, service=service)) == "See you.\n"


def test_the_layout_can_be_overridden(tmp_path: Path):
    service = put(tmp_path, "layout.html", "<p>{{ subject }}</p>{{ body }}")
    assert html(mail("prompt", JONAS, Topic(WITH_JONAS, TUESDAY), service=service)).startswith(
        "<p>Before we talk on Tuesday</p>"
    )


def test_a_language_falls_back_to_the_one_it_belongs_to_and_then_to_english(tmp_path: Path):
    service = put(tmp_path, "de/prompt.md", "Subject: Bald\n\nBis {{ topic.occurrence.start|when }}.\n")
    austrian = replace(JONAS, language="de-AT")
    topic = Topic(replace(WITH_JONAS, report=austrian), TUESDAY)
    german = mail("prompt", austrian, topic, service=service)
    assert (german["Content-Language"], text(german)) == ("de-AT", "Bis Dienstag, 12. Jänner 2027, 10:00.\n")
    assert mail("due", austrian, written("x"), service=service)["Content-Language"] == "en"


def test_nothing_of_a_mail_is_fetched_from_elsewhere(tmp_path: Path):
    service = put(tmp_path, "en/prompt.md", "Subject: Hi\n\n![x](http://example.com/x.png) <img src='http://y'>\n")
    assert "img" not in Visible(html(mail("prompt", JONAS, Topic(WITH_JONAS, TUESDAY), service=service))).tags


def test_our_own_templates_have_no_problem():
    assert template_problems(None, frozenset({"en", "en-GB", "de"})) == []


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("en/prompt.md", "Subject: x\n\n{{ topik }}\n", "en/prompt.md:3: prompt: 'topik' is undefined"),
        ("en/prompt.md", "Subject: x\n\n{% if %}\n", "en/prompt.md:3: prompt: Expected an expression, got"),
        ("en/prompt.md", "Subject: x\n\n{{ to.nme }}\n", "has no attribute 'nme'"),
        ("en/prompt.md", "Subject: x\n\n{{ now|dya }}\n", "en/prompt.md:3: prompt: No filter named 'dya'"),
        ("en/prompt.md", "Subject: x\n\n{{ topic.deadline|when }}\n", "en/prompt.md:3: prompt: "),
        ("en/prompt.md", "Hello\n", "en/prompt.md:1: prompt: the first line is no subject"),
        ("en/_stop.md", "\n{{ gone }}\n", "en/_stop.md:2: prepare: 'gone' is undefined"),
        ("layout.html", "\n{{ gone }}\n", "layout.html:2: prepare: 'gone' is undefined"),
        ("en/promt.md", "", "en/promt.md:1: promt: no mail is made of this file (did you mean prompt.md?)"),
        ("prompt.md", "", "no mail is made of this file (known here: layout.html)"),
    ],
)
def test_a_template_that_does_not_render_is_a_problem_with_its_place(
    tmp_path: Path, name: str, content: str, says: str
):
    put(tmp_path, name, content)
    assert says in "\n".join(map(str, template_problems(tmp_path, frozenset({"en"}))))


def test_a_missing_folder_is_a_problem():
    (problem,) = template_problems(Path("/nowhere"), frozenset())
    assert str(problem).startswith("/nowhere:1: service.templates: there is no such folder")


def test_an_error_of_a_template_tells_no_word_of_a_contract(tmp_path: Path):
    service = put(
        tmp_path, "en/due.md", "Subject: x\n\n{{ topic.commitments[0].text|int(base=99) + {}.pop(topic.note) }}\n"
    )
    with pytest.raises(ConfigError) as raised:
        mail("due", JONAS, written("secret"), service=service)
    assert "secret" not in str(raised.value)
    assert raised.value.__suppress_context__


# --- alarms --------------------------------------------------------------------------------------


def alarm(*notes: str, what: str = "") -> tuple[str, str]:
    admin = Person("admin", SERVICE.admin)
    message = mail("alarm", admin, *(Topic(replace(WITH_JONAS, report=admin), note=note, what=what) for note in notes))
    return str(message["Subject"]), " ".join(message.get_body(("plain",)).get_content().split())


def test_an_alarm_tells_how_to_look_and_how_to_try_again():
    subject, text = alarm("The token has expired.")
    assert subject == "Something is stuck and needs you"
    assert "careermail cannot go on with this alone. The token has expired. Everything else goes on as usual." in text
    assert "run careermail status; to try every login, careermail check --live. You hear of this at most once a" in text


def test_what_is_said_twice_is_one_thing_and_of_very_many_some_stand_for_all():
    subject, text = alarm("The token has expired.", "The token has expired.")
    assert (subject, text.count("expired")) == ("Something is stuck and needs you", 1)
    subject, text = alarm(*(f"Calendar {n} is away." for n in range(10_000)))
    assert (subject, text.count("is away")) == ("10000 things are stuck and need you", 20)
    assert "And 9980 more, of which careermail status tells." in text


def test_an_alarm_of_what_is_to_come_says_that_nothing_is_stuck():
    subject, text = alarm("The login ends by itself on Friday.", what="foretold")
    assert subject == "Something will stop working unless you renew it"
    assert "careermail works, and goes on working if this is seen to in time." in text
    assert "You hear of this two weeks, three days and one day before" in text
    assert "stuck and" not in text
