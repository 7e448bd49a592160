"""Whether the server that received a mail found it to be from whom it says (RFC 8601, 7489, 7208, 6376)."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator
from typing import Literal, NamedTuple

Verdict = Literal["pass", "fail", "unknown"]

_COMMENT = re.compile(r"\([^()]*\)")
_DEEPEST = 4  # comments in comments
_RESULT = re.compile(r"\s*(?P<method>[\w-]+)\s*(?:/\s*\d+\s*)?=\s*(?P<result>[\w-]+)(?P<properties>.*)", re.DOTALL)
_PROPERTY = re.compile(r"(?P<name>[\w-]+\s*\.\s*[\w-]+)\s*=\s*(?:\"(?P<quoted>[^\"]*)\"|(?P<value>[^\s;]+))")
_UNDECIDED = {"temperror"}


class _Result(NamedTuple):
    """What one check came to, and what it was about."""

    method: str
    result: str
    properties: dict[str, str]


def verdict(fields: Iterable[tuple[str, str]], sender: str, trusted: Collection[str]) -> Verdict:
    """What the stamps of the servers in `trusted` say about a mail from `sender`: their authserv-ids, in any case.

    `fields` are the header fields from the top, names in lower case; `sender` is the address in From, lower case.
    "pass": DMARC passed; or, where DMARC says neither, DKIM or SPF passed for a domain aligned with the sender's
    (RFC 7489, 3.1, relaxed), or the sender had logged in under that address. "fail": DMARC failed, or the checks that
    were made found nothing that speaks for the sender. "unknown": no stamp of a trusted server, or none that decides,
    such as after a failing DNS.

    Whoever sends a mail can write a stamp into it, so only those of the last hop count (RFC 8601, 5): down to the first
    Received below a trusted stamp. Of two about one check the upper one, being the later, counts. A server must remove
    stamps in its own name from what comes in; one that did not, and stamped nothing itself, could be fooled.
    """
    results = list(_newest(_stamped(fields, {name.lower() for name in trusted})))
    domain = sender.rpartition("@")[2]
    dmarc = [r for r in results if r.method == "dmarc"]
    if any(r.result == "fail" for r in dmarc) or not domain:
        return "fail" if results else "unknown"
    if any(r.result == "pass" and r.properties.get("header.from", domain) == domain for r in dmarc):
        return "pass"
    checks = [r for r in results if r.method in _FOR]
    if any(r.result == "pass" and _speaks_for(r, sender) for r in checks):
        return "pass"
    return "fail" if any(r.result not in _UNDECIDED for r in checks) else "unknown"


def vouch(raw: bytes, server: str, sender: str) -> bytes:
    """A received mail with a stamp on top: that `sender` had logged in to send it, says `server`, an authserv-id.

    For mails of which the mailbox itself tells that somebody of the house sent them; no other server has looked at
    those. A stamp in the same name that a mail brings along must be impossible, so the name is not to be guessed.
    """
    return f"Authentication-Results: {server}; auth=pass smtp.auth={sender}\r\n".encode() + raw


def disown(raw: bytes, server: str) -> bytes:
    """A received mail with a stamp on top: that it is not from whom it says, says `server`, as for `vouch`."""
    return f"Authentication-Results: {server}; dmarc=fail\r\n".encode() + raw


def unstamped(raw: bytes, server: str) -> bytes:
    """The mail without that stamp: whoever gets to see it knows the name, and can write one."""
    begins = f"Authentication-Results: {server};".encode()
    return raw.partition(b"\r\n")[2] if server and raw.startswith(begins) else raw


_FOR = {
    "dkim": ("header.d", "header.i"),
    "spf": ("smtp.mailfrom", "smtp.mail"),
    "auth": ("smtp.auth",),
}


def _speaks_for(found: _Result, sender: str) -> bool:
    who = next((found.properties[name] for name in _FOR[found.method] if name in found.properties), "")
    if found.method == "auth":
        return who == sender
    return _aligned(who.rpartition("@")[2], sender.rpartition("@")[2])


def _aligned(one: str, other: str) -> bool:
    """Whether one domain is the other or lies below it: of one organization, without a list of public suffixes."""
    shorter, longer = sorted((one.strip("."), other.strip(".")), key=len)
    return "." in shorter and (longer == shorter or longer.endswith(f".{shorter}"))


def _stamped(fields: Iterable[tuple[str, str]], trusted: set[str]) -> Iterator[str]:
    """The trusted stamps of the last hop, without their authserv-id, from the top."""
    found = False
    for name, value in fields:
        if name == "received" and found:
            return
        if name == "authentication-results":
            server, results = _signed(_uncommented(value))
            if server in trusted:
                found = True
                yield results


def _signed(stamp: str) -> tuple[str, str]:
    """A stamp's authserv-id, "" where a server (Exchange Online) gives none, and its results."""
    server, _, results = stamp.partition(";")
    return ("", stamp) if "=" in server else (" ".join(server.split()[:1]).lower(), results)


def _uncommented(value: str) -> str:
    for _ in range(_DEEPEST):
        value = _COMMENT.sub(" ", value)
    return value


def _newest(stamps: Iterable[str]) -> Iterator[_Result]:
    """The results in the stamps, of each method only those of the topmost stamp that has any."""
    seen: set[str] = set()
    for stamp in stamps:
        results = [_result(found) for said in _pieces(stamp) if (found := _RESULT.fullmatch(said))]
        yield from (result for result in results if result.method not in seen)
        seen |= {result.method for result in results}


def _pieces(stamp: str) -> list[str]:
    """What stands between semicolons, but for those in quotes."""
    return re.findall(r"(?:\"[^\"]*\"|[^;\"]|\")+?(?=;|\Z)", stamp)


def _result(found: re.Match[str]) -> _Result:
    said = _PROPERTY.finditer(found["properties"])
    properties = {re.sub(r"\s", "", p["name"]).lower(): (p["quoted"] or p["value"] or "").lower() for p in said}
    return _Result(found["method"].lower(), found["result"].lower(), properties)
