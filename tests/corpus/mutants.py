"""Mails made of the corpus's that no mail program would write."""

from collections.abc import Callable
from pathlib import Path
from random import Random

MAILS = [path.read_bytes() for path in sorted((Path(__file__).parent / "replies").glob("*.eml"))]
PIECES = (
    *(b"\r\n", b"\n\n", b"\x00", b"\xff\xfe", b"\xed\xa0\x80", b"=?utf-8?b?", b"?=", b"=\n", b">", b"> > ", b"-- \n"),
    *(
        b"<div>",
        b"</blockquote>",
        b"<!--",
        b'<a b="',
        b"&#x110000;",
        b"&#99999999999;",
        b"<style>",
        b"<li>",
        b"<![if x]>",
    ),
    *(
        b"Content-Type: multipart/mixed; boundary=x\n",
        b"--x\n",
        b"charset=utf-7",
        b"charset=punycode",
        b"format=flowed",
    ),
    *(b"On 1.1.2027 at 12:00, a@example.com wrote:\n", b"From: \nSent: \nTo: \n", b"-----Original Message-----\n"),
    *(b"Jonas's commitments\n", b"Authentication-Results: mx; dmarc=", b"base64", b"quoted-printable", b"((((", b'"'),
)
MOST = 1000  # times that a piece is repeated


def _cut(raw: bytes, at: Random) -> bytes:
    start, end = sorted(at.randrange(len(raw) + 1) for _ in range(2))
    return raw[:start] + raw[end:]


def _copy(raw: bytes, at: Random) -> bytes:
    start, end = sorted(at.randrange(len(raw) + 1) for _ in range(2))
    return raw[:end] + raw[start:end] * at.randint(1, 20) + raw[end:]


def _insert(raw: bytes, at: Random) -> bytes:
    where = at.randrange(len(raw) + 1)
    return raw[:where] + at.choice(PIECES) * at.choice((1, 2, at.randint(1, MOST))) + raw[where:]


def _flip(raw: bytes, at: Random) -> bytes:
    flipped = bytearray(raw or b"\0")
    for _ in range(at.randint(1, 20)):
        flipped[at.randrange(len(flipped))] = at.randrange(256)
    return bytes(flipped)


def _splice(raw: bytes, at: Random) -> bytes:
    other = at.choice(MAILS)
    return raw[: at.randrange(len(raw) + 1)] + other[at.randrange(len(other) + 1) :]


_CHANGES: tuple[Callable[[bytes, Random], bytes], ...] = (_cut, _copy, _insert, _insert, _flip, _splice)


def mutant(seed: int) -> bytes:
    """A mail that is the same for the same seed."""
    at = Random(seed)  # noqa: S311 (it is to be repeatable, not secret)
    raw = at.choice(MAILS)
    for _ in range(at.randint(1, 6)):
        raw = at.choice(_CHANGES)(raw, at)
    return raw
