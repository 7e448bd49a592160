"""A mail that came back -> whom it did not reach, why, and which of ours it was (RFC 3464, and its forerunners)."""

import re
from dataclasses import dataclass

from careermail.mail.escape import plain
from careermail.mail.mime import Part, read

_REPORTS = {"message/delivery-status", "message/global-delivery-status"}  # RFC 3464; RFC 6533, 3
_RETURNED = {
    "message/rfc822",
    "text/rfc822-headers",
    "message/rfc822-headers",  # Microsoft's name for the same
    "message/global",
    "message/global-headers",
}
_LONGEST_SAID, _LONGEST_TEXT = 300, 20_000  # characters

_ADDRESS = re.compile(r"[^\s<>,;:\"()\[\]@\\]{1,64}@[^\s<>,;:\"()\[\]@\\]{1,255}")
_ID = re.compile(r"<[^<>\s]{1,300}>")
_ID_FIELD = re.compile(r"^[> \t]{0,10}message-id:\s{0,5}(<[^<>\s]{1,300}>)", re.IGNORECASE | re.MULTILINE)
_STATUS = re.compile(r"(?<![\d.])([245]\.\d{1,3}\.\d{1,3})(?![\d.])")
_CODE = re.compile(r"(?<![\d.])([45])\d\d(?![\d.])")
_MACHINE = re.compile(r"\b(?:mailer-daemon|postmaster|mail delivery (?:sub)?system)\b", re.IGNORECASE)
# The address that failed on a line of its own, as qmail, Exim, Exchange 5.5 and Gmail put it.
_FAILED = re.compile(rf"^[ \t]{{0,20}}<?({_ADDRESS.pattern})>?(?:[ \t]+on[ \t].{{0,80}}|:)?[ \t]*$", re.MULTILINE)
_COPY = re.compile(
    r"^[-\s]*(?:below this line is a copy|this is a copy of|original message|the header of the original message"
    r"|-+ ?(?:forwarded|returned) message|return-path:|received:)",
    re.IGNORECASE | re.MULTILINE,
)
_WORDS = re.compile(
    r"could ?n.t be delivered|could not be delivered|not yet been delivered|(?:un)?able to deliver|undeliver"
    r"|did not reach|delivery to the following|failed|delayed|rejected|permanent|unzustellbar|nicht zugestellt",
    re.IGNORECASE,
)
_LATER = re.compile(
    r"\bdelayed\b|not yet been delivered|temporary (?:problem|failure|error)|still (?:be )?(?:trying|retrying)"
    r"|will (?:be retried|keep trying|continue to try|retry)|you do not need to resend",
    re.IGNORECASE,
)
_GIVEN_UP = re.compile(r"given up|giving up|permanent(?:ly)?|too long|expired|timed? ?out", re.IGNORECASE)


@dataclass(frozen=True)
class Bounce:
    """What a server tells of a mail that it could not deliver, or not yet."""

    to: str  # the address that failed, in lower case; "" where it is not told
    status: str  # class, subject and detail, "5.1.1" (RFC 3463); "5.0.0" or "4.0.0" where none is told
    permanent: bool  # nobody tries any more; else it is only late
    message_id: str  # of the mail that failed, with its angle brackets; "" where nothing of it came back
    said: str  # the failing server's own words on one line; "" for none


def bounce(raw: bytes) -> Bounce | None:
    """What a received mail tells of one of ours that failed; None where it tells nothing of the kind. Never raises.

    Anybody may write such a mail: believe only what names a Message-ID that was really sent, and to that address.
    """
    mail = read(raw)
    returned = next((read(p.content) for p in mail.walk() if p.kind in _RETURNED), None)
    text = next((p.text for p in mail.walk() if p.kind == "text/plain"), "")[:_LONGEST_TEXT]
    told = _report(mail)
    if not told and not (told := _letter(mail, text)):
        return None
    to, status, permanent, said = told
    recipient = to or _address(returned.get("to") if returned else "")
    return Bounce(recipient, status, permanent, _message_id(mail, returned, text), said)


_Told = tuple[str, str, bool, str]  # to, status, permanent, said


def _report(mail: Part) -> _Told | None:
    """What the machine-readable part says, of an address that failed before one that is merely late."""
    reports = [part for part in mail.walk() if part.kind in _REPORTS]
    blocks = [read(block.encode()) for part in reports for block in re.split(r"\n[ \t]*\n", part.text)]
    for wanted in ("failed", "delayed"):
        for block in blocks:
            if _action(block) == wanted:
                return _recipient(block, permanent=wanted == "failed")
    return None


def _action(block: Part) -> str:
    if action := block.get("action").partition(" ")[0].lower():
        return action
    status = _STATUS.search(block.get("status")) if block.get("final-recipient") else None
    return {"5": "failed", "4": "delayed"}.get(status[1][0], "") if status else ""


def _recipient(block: Part, *, permanent: bool) -> _Told:
    said = block.get("diagnostic-code").partition(";")
    words = said[2] if said[1] else said[0]
    to = _address(block.get("original-recipient")) or _address(block.get("final-recipient"))
    return to, _status(permanent, block.get("status"), words), permanent, plain(words).strip()[:_LONGEST_SAID]


def _letter(mail: Part, text: str) -> _Told | None:
    """What a server wrote for people alone (qmail, older Exim and Exchange, Gmail)."""
    named = _address(mail.get("x-failed-recipients"))
    if not named and not _MACHINE.search(mail.get("from")):
        return None
    copy = _COPY.search(text)
    words = text[: copy.start()] if copy else text
    failed = _FAILED.search(words)
    subject = mail.get("subject")
    if not (named or (failed and _WORDS.search(f"{subject}\n{words}"))):
        return None
    reason = re.split(r"\n[ \t]*\n", words[failed.end() :].lstrip("\n"))[0] if failed else ""
    permanent = _for_good(f"{subject}\n{words}", reason)
    return (
        named or (failed[1].lower() if failed else ""),
        _status(permanent, reason),
        permanent,
        plain(reason).strip()[:_LONGEST_SAID],
    )


def _for_good(words: str, reason: str) -> bool:
    told = _STATUS.search(reason) or _CODE.search(reason)
    if told and told[1][0] == "5":
        return True
    return bool(_GIVEN_UP.search(words)) or not (_LATER.search(words) or told)


def _status(permanent: bool, *told: str) -> str:
    """The first status that says more than its class, else the first at all, else what follows from `permanent`."""
    found = [match[1] for text in told for match in _STATUS.finditer(text)]
    found += [f"{match[1]}.0.0" for text in told for match in _CODE.finditer(text)]
    particular = (status for status in found if not status.endswith(".0.0"))
    return next(particular, next(iter(found), "5.0.0" if permanent else "4.0.0"))


def _message_id(mail: Part, returned: Part | None, text: str) -> str:
    """From what came back of the mail, else from its copy in the text, else from what the report says it answers."""
    places = (
        _ID.search(returned.get("message-id")) if returned else None,
        _ID_FIELD.search(text),
        _ID.search(mail.get("in-reply-to")),
        _ID.search(mail.get("references")),
    )
    return next((found[found.re.groups] for found in places if found), "")


def _address(value: str) -> str:
    found = _ADDRESS.search(value)
    return found[0].rstrip(".").lower() if found else ""
