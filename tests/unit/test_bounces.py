"""What servers write about a mail that they could not deliver is understood, in the shapes that they write it in."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from careermail.mail.bounces import Bounce, bounce

OURS = "<9f86d081884c7d659a2feaa0c55ad015@careermail.example.com>"
COPY = f"""Return-Path: <careermail@example.com>
From: Maya Lindqvist via careermail <careermail@example.com>
To: Jonas Weber <jonas@example.com>
Subject: Tuesday
Message-ID: {OURS}
"""


def report(*blocks: str, head: str = "", returned: str = "text/rfc822-headers", copy: str = COPY) -> str:
    """A delivery report as RFC 3462 and 3464 have it."""
    machine = "\n\n".join(("Reporting-MTA: dns; mail.example.com", *blocks))
    return f"""From: MAILER-DAEMON@mail.example.com (Mail Delivery System)
Subject: Undelivered Mail Returned to Sender
Message-ID: <20270112090000.1@mail.example.com>
{head}Content-Type: multipart/report; report-type=delivery-status; boundary="b"

--b
Content-Type: text/plain

This is the mail system at host mail.example.com.

--b
Content-Type: message/delivery-status

{machine}

--b
Content-Type: {returned}

{copy}
--b--
"""


def letter(text: str, *, sender: str = "MAILER-DAEMON@mail.example.com", head: str = "") -> str:
    """A mail from a server that is written for people alone."""
    return f"From: {sender}\nSubject: failure notice\n{head}\n{text}"


POSTFIX = report(
    "Final-Recipient: rfc822; jonas@example.com\nOriginal-Recipient: rfc822;jonas@example.com\nAction: failed\n"
    "Status: 5.1.1\nRemote-MTA: dns; mx.example.com\nDiagnostic-Code: smtp; 550 5.1.1 <jonas@example.com>:\n"
    "    Recipient address rejected: User unknown"
)
POSTFIX_LATE = report(
    "Final-Recipient: rfc822; jonas@example.com\nAction: delayed\nStatus: 4.4.1\n"
    "Diagnostic-Code: X-Postfix; connect to mx.example.com[192.0.2.1]:25:\n    Connection timed out\n"
    "Will-Retry-Until: Sun, 17 Jan 2027 09:00:00 +0000"
)
EXPIRED = report("Final-Recipient: rfc822; jonas@example.com\nAction: failed\nStatus: 4.4.7")
EXIM = report(
    "Action: failed\nFinal-Recipient: rfc822;jonas@example.com\nStatus: 5.0.0\nRemote-MTA: dns; mx.example.com\n"
    "Diagnostic-Code: smtp; 552 5.2.2 mailbox full",
    returned="message/rfc822",
    head="X-Failed-Recipients: jonas@example.com\nAuto-Submitted: auto-replied\n",
    copy=f"{COPY}\nMaya and you are meeting on Tuesday.\n",
)
EXCHANGE = report(
    "Final-recipient: RFC822;Jonas@Example.com\nAction: failed\nStatus: 5.1.10\n"
    "Diagnostic-Code: smtp;550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient Jonas@Example.com not found",
    returned="message/rfc822-headers",
    head=f"In-Reply-To: {OURS}\n",
)
NOTHING_RETURNED = report(
    "Final-Recipient: rfc822; jonas@example.com\nAction: failed\nStatus: 5.7.1",
    head=f"References: {OURS}\n",
    returned="text/plain",
    copy="The mail itself is not returned.",
)
GMAIL = report(
    "Final-Recipient: rfc822; jonas@example.com\nAction: failed\nStatus: 5.1.1\nRemote-MTA: dns; mx.example.com.\n"
    "Diagnostic-Code: smtp; 550-5.1.1 The email account that you tried to reach does not exist. Please try\n"
    " 550-5.1.1 double-checking the recipient's email address for typos.",
    returned="message/rfc822",
)
ALIAS = report(
    "Original-Recipient: rfc822;jonas@example.com\nFinal-Recipient: rfc822;j.weber@internal.example.com\n"
    "Action: failed\nStatus: 5.2.1"
)
INTERNATIONAL = report(
    "Final-Recipient: utf-8; jürgen@example.com\nAction: failed\nStatus: 5.1.1",
    returned="message/global-headers",
    copy=COPY.replace("jonas@", "jürgen@"),
)
TWO = report(
    "Final-Recipient: rfc822; list@example.com\nAction: relayed\nStatus: 2.0.0",
    "Final-Recipient: rfc822; jonas@example.com\nAction: failed\nStatus: 5.1.1",
)
NO_ACTION = report("Final-Recipient: rfc822; jonas@example.com\nStatus: 5.1.1 (bad destination mailbox address)")
X400 = report("Final-Recipient: x400; /S=Weber/O=Example/C=SE\nAction: failed\nStatus: 5.1.1")
QMAIL = letter(
    "Hi. This is the qmail-send program at example.com.\n"
    "I'm afraid I wasn't able to deliver your message to the following addresses.\n"
    "This is a permanent error; I've given up. Sorry it didn't work out.\n\n"
    "<jonas@example.com>:\nSorry, no mailbox here by that name. (#5.1.1)\n\n"
    f"--- Below this line is a copy of the message.\n\n{COPY}"
)
OLD_EXIM = letter(
    "This message was created automatically by mail delivery software.\n\n"
    "A message that you sent could not be delivered to one or more of its\n"
    "recipients. This is a permanent error. The following address(es) failed:\n\n"
    "  jonas@example.com\n    SMTP error from remote mail server after RCPT TO:<jonas@example.com>:\n"
    "    host mx.example.com [192.0.2.1]: 550 User unknown\n\n"
    f"------ This is a copy of the message, including all the headers. ------\n\n{COPY}",
    sender="Mail Delivery System <Mailer-Daemon@mail.example.com>",
    head="X-Failed-Recipients: jonas@example.com\n",
)
OLD_EXIM_LATE = letter(
    "This message was created automatically by mail delivery software.\n"
    "A message that you sent has not yet been delivered to one or more of its\n"
    "recipients after more than 24 hours on the queue on mail.example.com.\n\n"
    f"The message identifier is:     1k2x3y-0001\nMessage-ID: {OURS}\n\n"
    "The address to which the message has not yet been delivered is:\n\n  jonas@example.com\n\n"
    "No action is required on your part. Delivery attempts will continue for some time.\n",
)
OLD_EXCHANGE = letter(
    "Your message\n\n  To:      Jonas Weber\n  Subject: Tuesday\n\ndid not reach the following recipient(s):\n\n"
    "jonas@example.com on Tue, 12 Jan 2027 10:00:00 +0100\n    The recipient name is not recognized\n\n"
    f"Message-ID: {OURS}\n",
    sender="System Administrator <postmaster@example.com>",
)
OLD_GMAIL = letter(
    "Delivery to the following recipient failed permanently:\n\n     jonas@example.com\n\n"
    "Technical details of permanent failure:\nGoogle tried to deliver your message, but it was rejected by the server\n"
    f"for the recipient domain. The error was: 550 5.1.1 unknown user\n\n----- Original message -----\n\n{COPY}",
    sender="Mail Delivery Subsystem <mailer-daemon@googlemail.com>",
)
YAHOO = letter(
    "Sorry, we were unable to deliver your message to the following address.\n\n"
    "<jonas@example.com>:\n554: delivery error: dd This user doesn't have an account\n\n"
    f"--- Original message follows.\n\n{COPY}",
)

UNKNOWN = "550 5.1.1 <jonas@example.com>: Recipient address rejected: User unknown"
SHAPES = {
    "Postfix": (POSTFIX, Bounce("jonas@example.com", "5.1.1", True, OURS, UNKNOWN)),
    "Postfix, late": (
        POSTFIX_LATE,
        Bounce(
            "jonas@example.com", "4.4.1", False, OURS, "connect to mx.example.com[192.0.2.1]:25: Connection timed out"
        ),
    ),
    "given up after days": (EXPIRED, Bounce("jonas@example.com", "4.4.7", True, OURS, "")),
    "Exim": (EXIM, Bounce("jonas@example.com", "5.2.2", True, OURS, "552 5.2.2 mailbox full")),
    "Exchange": (
        EXCHANGE,
        Bounce(
            "jonas@example.com",
            "5.1.10",
            True,
            OURS,
            "550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient Jonas@Example.com not found",
        ),
    ),
    "with nothing of the mail": (NOTHING_RETURNED, Bounce("jonas@example.com", "5.7.1", True, OURS, "")),
    "Gmail": (
        GMAIL,
        Bounce(
            "jonas@example.com",
            "5.1.1",
            True,
            OURS,
            "550-5.1.1 The email account that you tried to reach does not exist. Please try 550-5.1.1 double-checking "
            "the recipient's email address for typos.",
        ),
    ),
    "an address that leads elsewhere": (ALIAS, Bounce("jonas@example.com", "5.2.1", True, OURS, "")),
    "an address outside ASCII": (INTERNATIONAL, Bounce("jürgen@example.com", "5.1.1", True, OURS, "")),
    "one of two": (TWO, Bounce("jonas@example.com", "5.1.1", True, OURS, "")),
    "without an action": (NO_ACTION, Bounce("jonas@example.com", "5.1.1", True, OURS, "")),
    "X.400": (X400, Bounce("jonas@example.com", "5.1.1", True, OURS, "")),
    "qmail": (
        QMAIL,
        Bounce("jonas@example.com", "5.1.1", True, OURS, "Sorry, no mailbox here by that name. (#5.1.1)"),
    ),
    "Exim, old": (
        OLD_EXIM,
        Bounce(
            "jonas@example.com",
            "5.0.0",
            True,
            OURS,
            "SMTP error from remote mail server after RCPT TO:<jonas@example.com>: "
            "host mx.example.com [192.0.2.1]: 550 User unknown",
        ),
    ),
    "Exim, old and late": (
        OLD_EXIM_LATE,
        Bounce(
            "jonas@example.com",
            "4.0.0",
            False,
            OURS,
            "No action is required on your part. Delivery attempts will continue for some time.",
        ),
    ),
    "Exchange, old": (
        OLD_EXCHANGE,
        Bounce("jonas@example.com", "5.0.0", True, OURS, "The recipient name is not recognized"),
    ),
    "Gmail, old": (
        OLD_GMAIL,
        Bounce(
            "jonas@example.com",
            "5.1.1",
            True,
            OURS,
            "Technical details of permanent failure: Google tried to deliver your message, but it was rejected by the "
            "server for the recipient domain. The error was: 550 5.1.1 unknown user",
        ),
    ),
    "Yahoo": (
        YAHOO,
        Bounce("jonas@example.com", "5.0.0", True, OURS, "554: delivery error: dd This user doesn't have an account"),
    ),
}

RECEIPT = report("Final-Recipient: rfc822; jonas@example.com\nAction: delivered\nStatus: 2.0.0")
VACATION = (
    "From: Jonas Weber <jonas@example.com>\nReturn-Path: <>\nSubject: Out of office\nAuto-Submitted: auto-replied\n"
    f"In-Reply-To: {OURS}\n\nI am away until Monday. In urgent cases write to\nmaya@example.com\n"
)
READ = (
    "From: Jonas Weber <jonas@example.com>\nSubject: Read: Tuesday\n"
    'Content-Type: multipart/report; report-type=disposition-notification; boundary="b"\n\n'
    "--b\n\nYour message was displayed.\n--b\nContent-Type: message/disposition-notification\n\n"
    f"Final-Recipient: rfc822;jonas@example.com\nOriginal-Message-ID: {OURS}\n"
    "Disposition: manual-action/MDN-sent-manually; displayed\n\n--b--\n"
)
PASSED_ON = (
    "From: Jonas Weber <jonas@example.com>\nSubject: Fwd: Undelivered Mail\n"
    f'Content-Type: multipart/mixed; boundary="c"\n\n--c\n\nLook.\n--c\n'
    f"Content-Type: message/rfc822\n\n{POSTFIX}\n--c--\n"
)
ANSWER = f"From: Jonas Weber <jonas@example.com>\nIn-Reply-To: {OURS}\n\nThe build failed, see\njonas@example.com\n"
NOTICE = letter(
    "The mail server is restarted tonight.\n\nQuestions to:\n\nit@example.com\n", sender="postmaster@example.com"
)


@pytest.mark.parametrize(("raw", "told"), SHAPES.values(), ids=SHAPES)
@pytest.mark.parametrize("end", ["\n", "\r\n"], ids=["LF", "CRLF"])
def test_a_bounce_is_understood(raw: str, told: Bounce, end: str):
    assert bounce(raw.replace("\n", end).encode()) == told


@pytest.mark.parametrize(
    "raw",
    [RECEIPT, VACATION, READ, PASSED_ON, ANSWER, NOTICE],
    ids=["a receipt", "away", "read", "passed on by a person", "an answer", "a notice"],
)
def test_anything_else_is_none(raw: str):
    assert bounce(raw.encode()) is None


def test_a_delay_beside_a_failure_does_not_hide_it():
    raw = report(
        "Final-Recipient: rfc822; late@example.com\nAction: delayed\nStatus: 4.2.0",
        "Final-Recipient: rfc822; jonas@example.com\nAction: failed\nStatus: 5.1.1",
    )
    told = bounce(raw.encode())
    assert told is not None
    assert (told.to, told.permanent) == ("jonas@example.com", True)


def test_what_the_server_said_is_one_line_without_control_characters():
    raw = report(
        "Final-Recipient: rfc822; jonas@example.com\nAction: failed\nStatus: 5.0.0\n"
        f"Diagnostic-Code: smtp; 550 \x1b[31mNo\x07 {'x' * 1000}"
    )
    told = bounce(raw.encode())
    assert told is not None
    assert told.said.startswith("550 [31mNo xxx")
    assert told.said.isprintable()
    assert len(told.said) == 300


PIECES = st.sampled_from([line + "\n" for raw, _ in SHAPES.values() for line in raw.split("\n")])


@given(st.lists(PIECES | st.text(), max_size=60).map("".join))
def test_no_jumble_of_bounces_raises(raw: str):
    told = bounce(raw.encode("utf-8", "surrogatepass"))
    assert told is None or told.status[0] in "45"


@given(st.binary())
def test_no_bytes_raise(raw: bytes):
    bounce(raw)
    bounce(b"From: MAILER-DAEMON@x\nX-Failed-Recipients: a@b\n\n" + raw)
    bounce(POSTFIX.encode().replace(b"rfc822; jonas", raw))
