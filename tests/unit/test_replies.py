"""What is understood of mails that mail programs write: the corpus in tests/corpus/replies, a mail a test."""

import tomllib
from pathlib import Path

import pytest

from careermail.mail.replies import receive

FOLDER = Path(__file__).parents[1] / "corpus" / "replies"
MAILS = sorted(FOLDER.glob("*.eml"))
ADDRESS = "careermail@example.com"
USUAL = {"form": "", "filled": False, "forwarded": False, "automatic": "", "html_only": False, "unreadable": "",
         "calendar": False, "attachments": []}  # fmt: skip


def test_the_corpus_holds_219_mails_each_with_what_must_be_understood():
    assert len(MAILS) == 219
    assert {mail.stem for mail in MAILS} == {expected.stem for expected in FOLDER.glob("*.toml")}


@pytest.mark.parametrize("mail", MAILS, ids=[mail.stem for mail in MAILS])
def test_a_mail_is_understood_as_it_was_meant(mail: Path):
    expected = USUAL | tomllib.loads(mail.with_suffix(".toml").read_text())
    received = receive(mail.read_bytes(), address=ADDRESS)
    found = {name: getattr(received, name) for name in expected}
    assert {n: list(v) if isinstance(v, tuple) else v for n, v in found.items()} == expected
