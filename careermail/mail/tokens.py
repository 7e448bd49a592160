"""What an answer is known by: Message-IDs and reply addresses that nobody else can make, and that hold for one person.

A mail's Message-ID is "<" + a MAC of what the mail is about + "." + its manager's mark + "@domain>". The address that
it is answered to is "careermail+TOKEN@domain"; TOKEN is the beginning of that MAC, the manager's mark, the last day on
which it is taken, and a MAC over these, whom it was issued to, and what for. All of it is lower-case letters and
digits, since mail systems fold case, and fits into the 64 octets of a local part (RFC 5321, 4.5.3.1.1) behind a name
of up to `LONGEST_NAME`. Behind a longer one, and where plus addresses reach nobody, it stands in the subject of an
answer that a button begins instead, in brackets; an answer typed into the thread needs none.

The MACs are BLAKE2b's keyed hashes (RFC 7693, 2.9) under the service's secret.
"""

from __future__ import annotations

import re
from base64 import b32encode
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, timedelta
from hashlib import blake2b
from hmac import compare_digest

from careermail.model import Service, opaque

LONGEST_NAME = 20  # of the local part of the service's address, with which a token still makes a valid one

_EPOCH = date(2026, 1, 1)
_MAIL, _MANAGER = r"[a-z2-7]", r"[0-9a-f]{12}"
_MESSAGE_ID = re.compile(rf"<({_MAIL}{{26}})\.({_MANAGER})@(.+)>")
_TOKEN = re.compile(rf"(?P<mail>{_MAIL}{{11}})(?P<manager>{_MANAGER})(?P<day>[0-9a-f]{{4}})(?P<mac>[a-z2-7]{{16}})")
IN_SUBJECT = re.compile(rf"\s*\[({_MAIL}{{11}}{_MANAGER}[0-9a-f]{{4}}[a-z2-7]{{16}})\]", re.IGNORECASE)


@dataclass(frozen=True)
class Token:
    """What a token says; true only where `holds` says so."""

    mail: str  # how the Message-ID begins, after its "<"
    manager: str  # the mark of the manager whom the mail concerns, as `manager_of` gives it
    expires: date  # the last day on which it is taken
    mac: str = field(default="", repr=False)


def message_id(service: Service, keys: Iterable[str], manager: str) -> str:
    """The Message-ID of the mail with these effects' keys, in any order; `manager` is an address.

    The same service makes the same one for the same keys, and nobody without its secret can.
    """
    return f"<{_mac(service, 'mail', *sorted(keys), size=16)}.{mark(manager)}@{service.domain}>"


def mark(manager: str) -> str:
    """What stands for a manager's address in Message-IDs and tokens: 12 characters."""
    return opaque(manager)[:12]


def manager_of(message_id: str, service: Service) -> str:
    """The manager's mark in a Message-ID of ours; "" in any other. Whether we sent such a mail, only the facts tell."""
    return _parts(service, message_id)[1]


def _parts(service: Service, message_id: str) -> tuple[str, str]:
    found = _MESSAGE_ID.fullmatch(message_id.strip())
    ours = found is not None and found[3].lower() == service.domain.lower()
    return (found[1], found[2]) if found and ours else ("", "")


def issue(service: Service, message_id: str, to: str, kind: str, expires: date) -> str:
    """The token by which `to` can answer this mail of this kind, up to and including the day `expires`.

    None ("") for a Message-ID that `message_id` did not make (an older version's): of such a mail, the thread alone
    tells what is answered.
    """
    mail, manager = _parts(service, message_id)
    if not mail:
        return ""
    token = Token(mail[:11], manager, expires)
    return f"{_said(token)}{_signature(service, token, to, kind)}"


def tagged(service: Service, desk: str, token: str) -> str:
    """The plus address of a desk (Service.desk) that holds a token; the plain one where there can be none."""
    name, _, domain = desk.rpartition("@")
    return f"{name}+{token}@{domain}" if token and service.tags and len(name) <= LONGEST_NAME else desk


def read(service: Service, token: str) -> Token | None:
    """What a token says, or the one in an address of ours, in whatever case it came back; None where it cannot be ours.

    Nothing is proved yet: anybody can write one.
    """
    if not token.isascii():
        return None
    name, _, domain = service.address.lower().rpartition("@")
    bare = token.strip().lower().removeprefix(f"{name}+").removesuffix(f"@{domain}")
    found = _TOKEN.fullmatch(bare)
    if found is None:
        return None
    return Token(found["mail"], found["manager"], _EPOCH + timedelta(int(found["day"], 16)), found["mac"])


def holds(service: Service, token: Token | str, to: str, kind: str, *, on: date | None = None) -> bool:
    """Whether we issued the token to this person for this kind of mail, and, if `on` is given, it is taken that day."""
    claim = read(service, token) if isinstance(token, str) else token
    if claim is None or (on and on > claim.expires):
        return False
    return compare_digest(claim.mac, _signature(service, claim, to, kind))


def _said(token: Token) -> str:
    return f"{token.mail}{token.manager}{(token.expires - _EPOCH).days:04x}"


def _signature(service: Service, token: Token, to: str, kind: str) -> str:
    return _mac(service, "answer", _said(token), to.strip().lower(), kind, size=10)


def _mac(service: Service, purpose: str, *parts: str, size: int) -> str:
    """The MAC over all parts, and over where each ends, as base32 (RFC 4648, 6) in lower case."""
    said = "".join(f"{len(part)}:{part}" for part in parts)
    mac = blake2b(said.encode(), digest_size=size, key=service.secret, person=purpose.encode())
    return b32encode(mac.digest()).decode().rstrip("=").lower()
