"""Every answer that a mail offers to write: what is begun, in both parts, and by which rules of RFC 6068."""

import re
from dataclasses import replace
from datetime import date
from email.message import EmailMessage
from itertools import chain
from urllib.parse import unquote

import pytest
from buttons import Button, begun, in_html, in_text
from hypothesis import given
from hypothesis import strategies as st
from samples import AGREED, HOSTILE, INTRODUCE, JONAS, MAYA, SHADOW, TUESDAY, WITH_AMARA, WITH_JONAS, WRITE

from careermail.mail.answers import Asked, understand
from careermail.mail.compose import KINDS, compose
from careermail.mail.contract import form
from careermail.mail.mailto import LONGEST, mailto
from careermail.mail.numbers import numbered
from careermail.mail.samples import NOW, samples
from careermail.mail.tokens import holds, message_id
from careermail.model import Commitment, Contract, Person, Service, Topic

SERVICE = Service("careermail", "careermail@example.com", "it@example.com", secret=b"of this service alone")
MAIL = message_id(SERVICE, ["k"], MAYA.email)
EVERY = [pytest.param(*s, id=f"{s[0]}-{n}") for kind in KINDS for n, s in enumerate(samples(kind, "en"))]

ASKING = KINDS[: KINDS.index("displaced") + 1]  # those that are sent by the calendar, not in answer to something

# The whole of what buttons say for somebody, beside the forms of contracts: how it may go on, and what it then means.
BODIES = {
    "Done": ("", "done"),
    "Not yet": ("", "not-yet"),
    "Move to ": ("Friday", "move"),
    "Drop: ": ("no longer needed", "drop"),
    "All done": ("", "done"),
    "1 done": ("", "done"),
    "2 done": ("", "done"),
    "3 done": ("", "done"),
    "Changed": ("", "changed"),
    "Didn't happen": ("", "missed"),
    "Moved to ": ("Thursday 14:00", "moved"),
    "No contract this time": ("", "no-contract"),
    "Tomorrow": ("", "later"),
}
# What mails ask people to type, and what it means.
PHRASES = {
    "done": ["done"],
    "not yet": ["not-yet"],
    "drop:": ["drop"],
    "1 done": ["done"],
    "5 done": ["done"],
    "1 done, 2 by Friday": ["done", "move"],
    "2 drop:": ["drop"],
    "didn't happen": ["missed"],
    "moved to Thursday 14:00": ["moved"],
    "no contract this time": ["no-contract"],
    "tomorrow": ["later"],
    "changed": ["changed"],
    "Jonas's goals have changed": ["changed"],
    "stop": ["stop"],
    "pause until May": ["pause"],
    "stop Jonas": ["stop"],
    "pause Jonas until May": ["pause"],
}


def mail(kind: str, to: Person, *topics: Topic, service: Service = SERVICE) -> EmailMessage:
    return compose(service, kind, to, topics, message_id=MAIL, key="k", now=NOW)


def bodies(message: EmailMessage) -> dict[str, str]:
    return {button.label: button.body for button in in_text(message)}


def answered(kind: str, to: Person, topics: tuple[Topic, ...]) -> Asked:
    """What an answer to a mail is read by."""
    series = tuple(dict.fromkeys(topic.series for topic in topics))
    commitments = tuple((n.topic.series, n.commitment) for n in numbered(kind, topics))
    session = topics[0].occurrence.start if topics[0].occurrence and len(topics) == 1 else None
    return Asked(kind, to, series, commitments, session, NOW, topics[0].contract)


def offered() -> dict[str, set[str]]:
    """Every answer that any sample of ours offers, by the kind of the mail."""
    found: dict[str, set[str]] = {}
    for kind, to, topics in chain.from_iterable(samples(kind, "en") for kind in KINDS):
        found.setdefault(kind, set()).update(button.body for button in in_text(mail(kind, to, *topics)))
    return found


@pytest.mark.parametrize(("kind", "to", "topics"), EVERY)
def test_both_parts_offer_the_same_answers_at_the_address_that_the_mail_is_answered_to(
    kind: str, to: Person, topics: tuple[Topic, ...]
):
    message = mail(kind, to, *topics)
    assert in_html(message) == in_text(message)
    for button in in_text(message):
        assert button.to == message["Reply-To"].addresses[0].addr_spec
        assert holds(SERVICE, button.to, to.email, kind)
        assert button.subject == f"Re: {message['Subject'].removeprefix('Re: ')}"


def test_each_kind_of_mail_offers_its_own_answers_and_no_other():
    settling = {"Done", "Not yet", "Move to ", "Drop: ", "All done", "1 done", "2 done"}
    answering = {"Didn't happen", "Moved to ", "No contract this time", "Tomorrow"}
    found = {kind: {b for b in said if "\n" not in b} for kind, said in offered().items()}
    assert {kind: found[kind] for kind in ASKING} == {
        "prepare": {"Moved to "},
        "prompt": set(),
        **dict.fromkeys(("summary", "summary-nudge", "summary-overdue"), answering),
        "contract": set(),
        **dict.fromkeys(("due-soon", "due", "overdue"), settling),
        "review": {"Done", "Not yet", "Move to ", "Drop: ", "All done", "1 done", "3 done", "Changed"},
        "displaced": {"Moved to "},
    }
    assert found["alarm"] == set()
    assert set().union(*(found[kind] for kind in ASKING)) == set(BODIES)


@pytest.mark.parametrize(("kind", "to", "topics"), [p for p in EVERY if p.values[0] in ASKING])
def test_every_answer_that_a_mail_offers_is_understood(kind: str, to: Person, topics: tuple[Topic, ...]):
    asked = answered(kind, to, topics)
    for button in in_text(mail(kind, to, *topics)):
        body = button.body.replace("\r\n", "\n")
        if "\n" in body:
            assert [said.verb for said in understand(body, asked).said] == (["contract"] if asked.contract else [])
            continue
        goes_on, verb = BODIES[button.body]
        understood = understand(body + goes_on, asked)
        assert {said.verb for said in understood.said} == {verb}
        assert understood.unclear == ()


@pytest.mark.parametrize(("kind", "to", "topics"), [p for p in EVERY if p.values[0] in ASKING])
def test_every_answer_that_a_mail_asks_to_type_is_understood(kind: str, to: Person, topics: tuple[Topic, ...]):
    asked = answered(kind, to, topics)
    lines = mail(kind, to, *topics).get_body(("plain",)).get_content().splitlines()
    for line in lines:
        for phrase in re.findall(r'"([^"]+)"', re.split("[Rr]eply ", line, maxsplit=1)[-1]) if "eply " in line else ():
            understood = understand(phrase, asked)
            assert [said.verb for said in understood.said] == PHRASES[phrase]
            assert "Jonas" not in phrase or {said.series.report.first_name for said in understood.said} == {"Jonas"}
            assert understood.unclear == ()


def test_a_single_commitment_has_a_button_for_each_answer():
    assert bodies(mail("due", JONAS, Topic(WITH_JONAS, commitments=(SHADOW,)))) == {
        "Done": "Done",
        "Not yet": "Not yet",
        "Another date": "Move to ",
        "No longer worth doing": "Drop: ",
    }


def test_up_to_three_have_a_button_each_and_more_have_one_for_all():
    topics = [Topic(WITH_JONAS, commitments=(c,)) for c in (SHADOW, WRITE, INTRODUCE)]
    assert bodies(mail("due", MAYA, *topics)) == {"1 is done": "1 done", "2 is done": "2 done", "3 is done": "3 done"}
    assert bodies(mail("due", MAYA, *topics, topics[0])) == {"All done": "All done"}


def test_only_what_is_open_has_a_button_and_its_number_counts_what_is_settled_too():
    contract = replace(AGREED, commitments=(replace(SHADOW, state="done"), WRITE, INTRODUCE))
    message = mail("review", MAYA, Topic(WITH_JONAS, contract=contract))
    assert [b.body for b in in_text(message)] == ["1 done", "3 done", "Changed"]


@pytest.mark.parametrize(("kind", "to", "topics"), [p for p in EVERY if p.values[0] in {"due", "review", "prepare"}])
def test_the_numbers_that_a_mail_shows_are_those_that_answers_are_read_by(
    kind: str, to: Person, topics: tuple[Topic, ...]
):
    said = numbered(kind, topics)
    lines = mail(kind, to, *topics).get_body(("plain",)).get_content().splitlines()
    shown = [line for line in lines if line[:1].isdigit()]
    assert len(shown) == (len(said) if len(said) > 1 else 0)
    for line, (number, _, commitment) in zip(shown, said, strict=False):
        assert line.startswith(f"{number}. ")
        assert commitment.text in line


def test_commitments_to_one_person_stand_together_and_numbers_run_through_the_whole_mail():
    jonas, amara, again = (
        Topic(series, commitments=(commitment,))
        for series, commitment in (
            (WITH_JONAS, INTRODUCE),
            (WITH_AMARA, Commitment("manager", "Call", date(2027, 1, 15))),
            (WITH_JONAS, WRITE),
        )
    )
    assert [(n, t.series, c.text) for n, t, c in numbered("due", (jonas, amara, again))] == [
        (1, WITH_JONAS, "Introduce Jonas to Dana Ortiz"),
        (2, WITH_JONAS, "Write up the incident review format"),
        (3, WITH_AMARA, "Call"),
    ]
    message = mail("due", MAYA, jonas, amara, again)
    assert (
        "What you told Jonas you would do\n1. Introduce Jonas to Dana Ortiz (Friday 15 January)\n"
        "2. Write up the incident review format (Wednesday 31 March)\n\n"
        "What you told Amara you would do\n3. Call (Friday 15 January)\n\n"
    ) in message.get_body(("plain",)).get_content()
    page = message.get_body(("html",)).get_content()
    assert ("<ol>" in page, '<ol start="3">' in page) == (True, True)


def test_the_form_comes_filled_in_with_what_is_open():
    button = in_text(mail("summary", MAYA, Topic(WITH_JONAS, TUESDAY, contract=AGREED, deadline=NOW)))[0]
    assert button.label == "Fill in the lists"
    assert button.body.replace("\r\n", "\n") == form(AGREED, WITH_JONAS).rstrip("\n")


def test_a_form_that_is_too_long_for_a_link_is_only_in_the_mail():
    long = Contract(tuple(replace(SHADOW, text=f"Number {n} of very many commitments", id=str(n)) for n in range(40)))
    message = mail("summary", MAYA, Topic(WITH_JONAS, TUESDAY, contract=long, deadline=NOW))
    assert "- Number 39 of very many commitments" in message.get_body(("plain",)).get_content()
    assert [b.label for b in in_text(message)] == [
        "We did not meet",
        "We moved it",
        "No contract this time",
        "Remind me tomorrow",
    ]


@pytest.mark.parametrize("words", HOSTILE)
def test_whatever_a_commitment_says_is_text_in_the_form_that_a_button_begins(words: str):
    contract = Contract((Commitment("report", words, date(2027, 2, 12)),), questions=(words,))
    message = mail("summary", MAYA, Topic(WITH_JONAS, TUESDAY, contract=contract, deadline=NOW))
    assert in_html(message) == in_text(message)
    assert in_text(message)[0].body.replace("\r\n", "\n") == form(contract, WITH_JONAS).rstrip("\n")


def test_a_name_is_text_in_the_subject_of_an_answer():
    eve = replace(JONAS, name='Zoë&body=stop?"<b>\r\nBcc: all@example.com')
    message = mail("due", MAYA, Topic(replace(WITH_JONAS, report=eve), commitments=(INTRODUCE,)))
    assert in_html(message) == in_text(message)
    assert in_text(message)[0].subject == 'Re: Friday, from your talk with Zoë&body=stop?"<b>'


def test_a_link_is_encoded_as_every_program_understands_it():
    """Blanks as %20, line ends as %0D%0A, the rest as UTF-8, and nothing that ends a field (RFC 6068, 5)."""
    assert mailto("careermail+x@example.com", "Re: Zoë & Jonas?", "1 done\nDrop: 50% = €5") == (
        "mailto:careermail%2Bx@example.com?subject=Re%3A%20Zo%C3%AB%20%26%20Jonas%3F"
        "&body=1%20done%0D%0ADrop%3A%2050%25%20%3D%20%E2%82%AC5"
    )


@given(subject=st.text(max_size=80), body=st.text(max_size=100))
def test_whatever_is_written_into_a_link_is_read_out_of_it(subject: str, body: str):
    link = mailto("careermail+x@example.com", subject, body)
    if link:
        assert begun("", link) == Button("", "careermail+x@example.com", subject, body.replace("\n", "\r\n"))


def test_a_link_that_programs_would_cut_off_is_none():
    fits = mailto("a@b", "", "x" * (LONGEST - len("mailto:a@b?subject=&body=")))
    assert len(fits) == LONGEST
    assert mailto("a@b", "", unquote(fits.partition("body=")[2]) + "x") == ""
