"""What is known of a mail beside its words: who sent it, what vouches for it, and whether a machine wrote it."""

# ruff: noqa: RUF001 (people type curly apostrophes)

from datetime import UTC, date, datetime

import pytest

from careermail.mail.replies import Line, Received, away_until, receive

ADDRESS = "careermail@example.com"
MX = {"mx.example.com"}
TUESDAY = date(2027, 1, 12)


def received(head: str = "", body: str = "1 done", *, sender: str = "Maya <maya@example.com>") -> Received:
    raw = f"{head.strip()}\nFrom: {sender}\n\n{body}".lstrip("\n").encode()
    return receive(raw, address=ADDRESS, trusted=MX)


@pytest.mark.parametrize(
    ("sender", "name", "address"),
    [
        ("Maya Lindqvist <Maya@Example.com>", "Maya Lindqvist", "maya@example.com"),
        ("maya@example.com", "", "maya@example.com"),
        ("<maya@example.com>", "", "maya@example.com"),
        ('"Lindqvist, Maya (Platform)" <maya@example.com>', "Lindqvist, Maya (Platform)", "maya@example.com"),
        ('"jonas@example.com" <maya@example.com>', "jonas@example.com", "maya@example.com"),
        ("=?utf-8?Q?Maya_Lindqvist,_=C3=85re?= <maya@example.com>", "Maya Lindqvist, Åre", "maya@example.com"),
        (
            "=?utf-8?B?TWF5YQ0KQmNjOiB4QGV4YW1wbGUuY29t?= <maya@example.com>",
            "Maya Bcc: x@example.com",
            "maya@example.com",
        ),
        ("maya@example.com (Maya)", "", "maya@example.com"),
        ("maya@example.com, jonas@example.com", "", ""),
        ("Maya <maya@example.com>, Jonas <jonas@example.com>", "", ""),
        ("maya@example.com <evil@example.net>", "maya@example.com", "evil@example.net"),
        ("Maya <maya@example.com> <evil@example.net>", "", ""),
        ("<maya@example.com>evil@example.net", "", ""),
        ("maya@example.com\nFrom: evil@example.net", "", ""),
        ("Team: maya@example.com;", "", ""),
        ("Maya", "", ""),
        ("", "", ""),
    ],
)
def test_a_sender_is_one_address_or_none(sender: str, name: str, address: str):
    mail = received(sender=sender)
    assert (mail.sender_name, mail.sender) == (name, address)


def test_recipients_tokens_and_thread_are_those_of_the_headers():
    mail = received(
        "To: CareerMail+AbC12@example.com, Jonas <jonas@example.com>\nCc: other+x@example.com\n"
        "Delivered-To: careermail+second@example.com\nX-Original-To: careermail+second@example.com\n"
        "Message-ID: <own@example.com>\nIn-Reply-To: <b@example.com>\nReferences: <a@example.com>\n <b@example.com>\n"
        "Date: Tue, 12 Jan 2027 15:04:00 +0100"
    )
    assert mail.to == ("careermail+abc12@example.com", "jonas@example.com", "other+x@example.com")
    assert mail.tokens == ("abc12", "second")
    assert mail.message_id == "<own@example.com>"
    assert mail.thread == ("<a@example.com>", "<b@example.com>")
    assert mail.date == datetime(2027, 1, 12, 14, 4, tzinfo=UTC)


@pytest.mark.parametrize(
    "said", ["", "yesterday", "Tue, 99 Jan 2027 99:99:99 +9999", "Tue, 12 Jan 1027 15:04:00 +0100"]
)
def test_a_date_that_is_none_is_none(said: str):
    assert received(f"Date: {said}").date is None


@pytest.mark.parametrize(
    ("said", "subject"),
    [
        ("Re: AW: RE : Fwd[2]: Today", "Today"),
        ("[EXTERNAL] Re: Today", "Today"),
        ("=?utf-8?Q?Re=3A_F=C3=BCr?= =?utf-8?Q?_dich?=", "Für dich"),
        ("=?utf-8?B?ww==?= =?utf-8?Q?=9F?=", "ß"),
        ("=?utf-8?Q?caf=C3?= =?utf-8?Q?=A9?= at =?iso-8859-1?Q?4=A0pm?=", "café at 4 pm"),
        ("=?utf-8?Q?a=0D=0AX-Careermail-Kind:_due?=", "a X-Careermail-Kind: due"),
        ("=?utf-7?Q?+2AA-?= =?x?Q?=00b?=", "?b"),
        ("Regarding: Today", "Regarding: Today"),
    ],
)
def test_a_subject_is_one_line_without_prefixes(said: str, subject: str):
    assert received(f"Subject: {said}").subject == subject


# What the receiving server stamped, and what that comes to for a mail from maya@example.com.
STAMPS = [
    ("", "unknown"),
    ("mx.example.com; none", "unknown"),
    ("mx.example.com; dmarc=pass header.from=example.com", "pass"),
    ("MX.example.com 1; dmarc=pass (p=none dis=none) header.from=Example.com", "pass"),
    ("mx.example.com; dmarc=pass header.from=example.net", "unknown"),
    ("mx.example.com; dmarc=fail header.from=example.com; dkim=pass header.d=example.com", "fail"),
    ("mx.example.com; dkim=pass header.d=example.com", "pass"),
    ("mx.example.com; dkim=pass header.i=@mail.example.com; spf=fail smtp.mailfrom=x@example.net", "pass"),
    ("mx.example.com; dkim=fail header.d=example.com; dkim=pass header.d=example.net", "fail"),
    ("mx.example.com; dkim=pass header.d=com", "fail"),
    ("mx.example.com; dkim=pass header.d=badexample.com", "fail"),
    ('mx.example.com; dkim=pass reason="good; dmarc=pass" header.d=example.net', "fail"),
    ("mx.example.com; spf=pass smtp.mailfrom=maya@example.com", "pass"),
    ("mx.example.com; spf=pass smtp.mailfrom=bounces.example.com; dkim=none", "pass"),
    ("mx.example.com; spf=pass smtp.mailfrom=example.net; dkim=none; dmarc=none", "fail"),
    ("mx.example.com; spf=pass smtp.helo=mail.example.com", "fail"),
    ("mx.example.com; spf=softfail smtp.mailfrom=example.com", "fail"),
    ("mx.example.com; spf=temperror smtp.mailfrom=example.com; dkim=temperror", "unknown"),
    ("mx.example.com; auth=pass smtp.auth=maya@example.com", "pass"),
    ("mx.example.com; auth=pass smtp.auth=jonas@example.com", "fail"),
    ("mx.example.net; dmarc=pass header.from=example.com", "unknown"),
    ("mx.example.com.evil.net; dmarc=pass header.from=example.com", "unknown"),
    ("dmarc=pass header.from=example.com", "unknown"),
    ("mx.example.com; dkim", "unknown"),
]


@pytest.mark.parametrize(("stamp", "verdict"), STAMPS)
def test_a_mail_is_as_authentic_as_the_trusted_server_found_it(stamp: str, verdict: str):
    assert received(f"Authentication-Results: {stamp}").authentic == verdict


HOP = "Received: from mail.example.com by mx.example.com; Tue, 12 Jan 2027 15:04:00 +0100\n"
PASSED = "Authentication-Results: mx.example.com; dmarc=pass header.from=example.com\n"
FAILED = "Authentication-Results: mx.example.com; dmarc=fail header.from=example.com\n"
FOREIGN = "Authentication-Results: mx.example.net; dmarc=fail header.from=example.com\n"


@pytest.mark.parametrize(
    ("head", "verdict"),
    [
        (PASSED + HOP, "pass"),
        (HOP + PASSED + HOP, "pass"),
        (FAILED + HOP + PASSED, "fail"),  # the lower one came with the mail
        (FAILED + PASSED, "fail"),
        (FOREIGN + PASSED + HOP, "pass"),
        ("Authentication-Results: mx.example.com; spf=fail smtp.mailfrom=example.com\n" + HOP + PASSED, "fail"),
        ("Authentication-Results: mx.example.com; dkim=none\n" + HOP + PASSED, "fail"),
    ],
)
def test_only_the_stamps_of_the_last_hop_count(head: str, verdict: str):
    assert received(head).authentic == verdict


def test_a_server_that_stamps_without_its_name_is_trusted_as_the_empty_one():
    raw = b"Authentication-Results: spf=pass (sender IP is 192.0.2.1) smtp.mailfrom=example.com; dkim=none\n"
    raw += b"From: maya@example.com\n\n1 done"
    assert receive(raw, address=ADDRESS, trusted={""}).authentic == "pass"


@pytest.mark.parametrize(
    ("said", "language", "until"),
    [
        ("I am out of the office until 25 January 2027 with limited access to mail.", "en", date(2027, 1, 25)),
        ("I'll be back on Monday 18 January.", "en", date(2027, 1, 17)),
        ("I am away through January 25, 2027.", "en_US", date(2027, 1, 25)),
        ("I return to the office on 1 February", "en", date(2027, 1, 31)),
        ("Away until 2027-01-30", "en", date(2027, 1, 30)),
        ("Ich bin bis einschließlich 22.01.2027 nicht im Büro.", "de", date(2027, 1, 22)),
        ("Ich bin ab dem 18. Januar 2027 wieder erreichbar.", "de", date(2027, 1, 17)),
        ("Je suis absent jusqu’au 25 janvier 2027 inclus.", "fr", date(2027, 1, 25)),
        ("Je suis de retour le 18 janvier.", "fr", date(2027, 1, 17)),
        ("Estaré fuera de la oficina hasta el 25 de enero de 2027.", "es", date(2027, 1, 25)),
        ("I am away.", "en", None),
        ("Until further notice I am away.", "en", None),
        ("Away until 25 January; in urgent cases until 27 January", "en", None),
        ("Away until 25 January 2026", "en", None),
        ("Away until 25 January 2037", "en", None),
        ("Please call Dana until 5 pm.", "en", None),
    ],
)
def test_a_notice_tells_the_last_day_away_only_if_it_is_certain(said: str, language: str, until: date | None):
    assert away_until(received(body=said), TUESDAY, language) == until


def test_lines_tell_what_was_quoted():
    mail = received(body="> Did you?\nYes.\n> Really?\n")
    assert mail.lines == (Line("Did you?", quoted=True), Line("Yes."), Line("Really?", quoted=True))
    assert mail.text == "Yes."


def test_the_answer_is_the_form_if_that_is_all_there_is():
    form = "Hello\n> \n> Jonas's commitments\n> - Rest by Friday\n"
    assert received(body=form).answer == "Hello"
    assert received(body=form.removeprefix("Hello")).answer == "Jonas's commitments\n- Rest by Friday\n"


def test_the_answer_is_what_stands_beside_a_form_that_was_filled_in_and_then_the_form():
    form = "Hello\n> \n> Jonas's commitments\n> -\n- Rest by Friday\n>\n> To stop these notes, reply\n\nCheers"
    assert received(body=form).answer == "Hello\n\nCheers\n\nJonas's commitments\n- Rest by Friday\n"
