"""Whatever the bytes: nothing raises, nothing hangs, nothing of ours that is quoted back is taken for new."""

import time
from datetime import date

import pytest
from corpus.clients import CLIENTS
from corpus.letters import AT, PAIR, TALK, Answer, letter
from corpus.mutants import mutant
from hypothesis import example, given, settings
from hypothesis import strategies as st

from careermail.mail.contract import form, parse
from careermail.mail.replies import Received, receive
from careermail.model import Commitment, Contract, Review, Topic

ADDRESS = "careermail@example.com"
HEAD = b"From: a@example.com\nContent-Type: %s; charset=utf-8\n\n"
KINDS = (
    *(b"text/plain", b"text/html", b"text/plain; format=flowed", b"text/plain; charset=utf-7", b"text/plain; x=utf-16"),
    *(b"multipart/mixed; boundary=x", b"application/pkcs7-mime", b"text/calendar"),
)
MAILS = ("summary", "contract", "review", "due", "prepare")
LANGUAGES = ("en", "de", "fr", "es")


def understood(raw: bytes) -> Received:
    return receive(raw, address=ADDRESS, trusted={"mx.example.com"})


def is_sound(mail: Received) -> bool:
    """Whether every text can be written to a disk, and every field is one line."""
    fields = (mail.sender, mail.sender_name, mail.subject, mail.message_id, *mail.to, *mail.tokens, *mail.thread)
    said = "".join((*fields, mail.text, mail.form, mail.beside, *(line.text for line in mail.lines)))
    return b"\0" not in said.encode() and all(len(field.splitlines()) <= 1 for field in fields)


@given(st.binary(max_size=2000))
@example(b"")
@example(b"\n")
@example(b"\xff" * 100)
def test_any_bytes_are_a_mail(raw: bytes):
    assert is_sound(understood(raw))


@given(st.binary(max_size=1000), st.sampled_from(KINDS))
def test_any_content_is_one(content: bytes, kind: bytes):
    assert is_sound(understood(HEAD.replace(b"%s", kind) + content))


@given(st.text(max_size=300), st.sampled_from(["subject", "from", "to", "date", "references"]))
def test_any_header_is_one_line(value: str, name: str):
    assert is_sound(understood(f"{name}: {value}\n\nx".encode(errors="surrogatepass")))


@given(st.integers(0, 10**9))
@settings(max_examples=200)
def test_any_mutant_of_a_mail_is_one(seed: int):
    assert is_sound(understood(mutant(seed)))


WORDS = st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs", "Zl", "Zp")), min_size=1, max_size=40)
LINES = WORDS.map(str.strip).filter(bool)
COMMITMENTS = st.builds(Commitment, st.sampled_from(["manager", "report"]), LINES, st.just(date(2027, 2, 12)))
CONTRACTS = st.builds(
    Contract,
    st.lists(COMMITMENTS, min_size=1, max_size=3).map(tuple),
    st.lists(st.builds(Review, LINES), max_size=2).map(tuple),
    st.lists(LINES, max_size=2).map(tuple),
)


@given(CONTRACTS, st.sampled_from(MAILS), st.sampled_from(sorted(CLIENTS)), st.sampled_from(LANGUAGES), st.booleans())
def test_what_we_wrote_is_never_new_when_it_is_quoted_back(
    contract: Contract, kind: str, client: str, language: str, html_only: bool
):
    topic = Topic(PAIR, TALK, contract=contract, commitments=contract.commitments, deadline=AT)
    answer = Answer("1 done", letter(kind, PAIR.manager, topic), language, html_only=html_only)
    assert understood(CLIENTS[client](answer)).text == "1 done"


@given(CONTRACTS, st.sampled_from(["gmail-phone", "mutt", "thunderbird"]))
def test_a_form_comes_back_as_it_was_sent(contract: Contract, client: str):
    topic = Topic(PAIR, TALK, contract=contract, deadline=AT)
    mail = understood(CLIENTS[client](Answer("", letter("summary", PAIR.manager, topic))))
    sent, back = (parse(text, PAIR, AT.date()).contract for text in (form(contract, PAIR), mail.form))
    assert back == sent


@pytest.mark.parametrize(
    "raw",
    [
        HEAD.replace(b"%s", b"text/html") + b"<a " * 300_000,
        HEAD.replace(b"%s", b"text/html") + b"<!--" * 250_000,
        HEAD.replace(b"%s", b"text/html") + b"<p>x" * 250_000,
        HEAD.replace(b"%s", b"text/plain") + b"a" * 10_000_000,
        HEAD.replace(b"%s", b"text/plain") + b"\n" * 1_000_000,
        HEAD.replace(b"%s", b"text/plain") + b"Best,\n" * 160_000,
        HEAD.replace(b"%s", b"text/plain; format=flowed") + b"> \n" * 300_000,
        HEAD.replace(b"%s", b"text/plain") + b"On 12:00 a@b wrote\n" * 50_000,
        b"a:b\n" * 1_000_000,
        b"From: " + b"(" * 1_000_000,
        b"To: " + b'"' * 1_000_000,
        b"".join(b"Content-Type: multipart/mixed; boundary=%d\n\n--%d\n" % (n, n) for n in range(20_000)),
        b"Content-Type: multipart/mixed; boundary=x\n\n" + b"--x\n\nx\n" * 200_000,
        b"Content-Type: application/pkcs7-mime\n\n" + bytes.fromhex("06092a864886f70d010701a080") * 70_000,
    ],
    ids=["tags", "comments", "paragraphs", "one-line", "no-lines", "closings", "flowed", "introductions", "headers",
         "comment", "quotes", "nested", "parts", "signed"],
)  # fmt: skip
def test_a_mail_that_is_meant_to_choke_us_does_not(raw: bytes):
    """The bound is many times what it takes, as machines are noisy; what is quadratic takes minutes."""
    began = time.perf_counter()
    mail = understood(raw)
    assert time.perf_counter() - began < 5
    assert mail.size == len(raw)
