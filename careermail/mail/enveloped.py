"""What a signature is wrapped around: S/MIME's opaque form (RFC 5652, 8551) and OpenPGP's clear one (RFC 9580, 7).

The signature itself is not checked: who sent a mail is what its receiving server says (authenticity.py).
"""

from __future__ import annotations

import re
from collections.abc import Iterator

OPAQUE = ("application/pkcs7-mime", "application/x-pkcs7-mime")
_DATA = bytes.fromhex("06092a864886f70d010701")  # the OBJECT IDENTIFIER id-data, before the signed content itself
_CONTENT = 0xA0  # [0] EXPLICIT
_OCTETS, _CHUNKS = 0x04, 0x24  # an OCTET STRING, and one in pieces
_LONG = 0x80
_DEEPEST = 4

_ARMOUR = re.compile(
    r"-----BEGIN PGP SIGNED MESSAGE-----\n(?:[\w-]+: [^\n]*\n)*\n?(?P<text>.*?)(?:\n-----BEGIN PGP SIGNATURE-----|\Z)"
    r"(?:.*?(?:-----END PGP SIGNATURE-----|\Z))",
    re.DOTALL,
)


def signed_content(der: bytes) -> bytes:
    """What a CMS SignedData signs, in DER or in BER; b"" where it holds nothing, or nothing that can be read."""
    at = der.find(_DATA)
    if at < 0:
        return b""
    wrapped = next(_values(der[at + len(_DATA) :]), (0, b""))
    return _octets(wrapped[1], _DEEPEST) if wrapped[0] == _CONTENT else b""


def _octets(der: bytes, depth: int) -> bytes:
    """The octet strings in a value, joined."""
    if not depth:
        return b""
    return b"".join(
        value if tag == _OCTETS else _octets(value, depth - 1)
        for tag, value in _values(der)
        if tag in (_OCTETS, _CHUNKS)
    )


def _values(der: bytes) -> Iterator[tuple[int, bytes]]:
    """Tag and content of each value, one after the other (X.690, 8.1); one of indefinite length takes what follows."""
    at = 0
    while at + 2 <= len(der) and der[at]:
        tag, first, start = der[at], der[at + 1], at + 2
        if first == _LONG:
            yield tag, der[start:]
            return
        more = first - _LONG if first > _LONG else 0
        length = int.from_bytes(der[start : start + more]) if more else first
        at = start + more + length
        yield tag, der[start + more : at]


def unsigned(text: str) -> str:
    """A text without the armour of an OpenPGP clear-signed one, whose dashes are escaped."""
    if "-----BEGIN PGP SIGNED" not in text:
        return text
    return _ARMOUR.sub(lambda m: re.sub(r"(?m)^- ", "", m["text"]), text)
