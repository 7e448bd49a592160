"""A raw mail -> what a person newly wrote in it, and what is known of who sent it."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from email.utils import parsedate_to_datetime
from itertools import groupby

from careermail.mail.answered import form_in
from careermail.mail.authenticity import Verdict, verdict
from careermail.mail.automatic import answers_invitation, last_day_away, reason
from careermail.mail.bodies import attachments, bodies, lines_of, unreadable
from careermail.mail.escape import plain
from careermail.mail.farewell import kept
from careermail.mail.mime import Part, read, unfolded
from careermail.mail.quoting import Line, marked
from careermail.mail.tokens import IN_SUBJECT

__all__ = ["Line", "Received", "away_until", "receive"]

_MOST_LINES = 5_000
_MOST = 200  # addresses, ids and tokens
_YEARS = range(2000, 2200)

_ID = re.compile(r"<[^<>\s]{1,300}>")
_ADDRESS = r"[^\s<>,;:\"()@\\]{1,128}@[^\s<>,;:\"()@\\]{1,255}"
_NO_ADDRESS = re.compile(
    r'"(?:[^"\\]++|\\.?)*+(?:"|\Z)|\((?:[^()\\]++|\\.?)*+(?:\)|\Z)|=\?[^?\s]+\?[bq]\?[^?]*\?=', re.IGNORECASE
)
_MAILBOX = re.compile(rf"[^<>,;:]*<\s*(?P<angled>{_ADDRESS})\s*>|(?P<bare>{_ADDRESS})")
_PREFIX = re.compile(
    r"(?:\[ext(?:ern(?:al)?)?\]:?|(?:re|aw|antw(?:ort)?|sv|vs|ref|rif|res|odp|(?P<passed_on>fwd?|wg|tr|rv|enc))"
    r"\s?(?:\[\d+\])?\s?:)\s*",
    re.IGNORECASE,
)
_RECIPIENTS = ("to", "cc", "delivered-to", "x-original-to", "envelope-to")


@dataclass(frozen=True)
class Received:
    """A mail that came in. Each text is one line, but for those of the body; addresses are in lower case."""

    message_id: str  # with its angle brackets; "" for none
    sender: str  # the address in From; "" where there is not exactly one
    sender_name: str
    to: tuple[str, ...]  # the addresses in To and Cc
    tokens: tuple[str, ...]  # what follows the "+" in a plus address of ours, or a token in the subject; in lower case
    thread: tuple[str, ...]  # the Message-IDs that it refers to or answers, the nearest last
    subject: str  # without "Re:", "AW:", "Fwd:" and a token
    forwarded: bool  # passes on somebody else's words
    automatic: str  # why no person wrote it (automatic.reason); "" if one did
    authentic: Verdict  # authenticity.verdict
    text: str  # what was newly written, blocks between quotes parted by a blank line; "" for nothing
    form: str  # our form as it came back, with new lines in their places (answered.form_in); "" for none
    filled: bool  # whether something new stands between the lines of that form
    beside: str  # what of the text stands outside of that form
    lines: tuple[Line, ...]  # all that was newly written or quoted, in its order
    html_only: bool
    unreadable: str  # "encrypted" or "winmail.dat" where there may be words, and none could be read; else ""
    size: int  # bytes
    attachments: tuple[str, ...]  # content types of what came along
    calendar: bool  # holds an answer to an invitation (itip.rsvp reads it)
    date: datetime | None  # when it says that it was sent, in UTC; None where that is no date

    @property
    def answer(self) -> str:
        """What to understand: the text; or the form, if that was filled in or nothing else was written.

        Where a text stands above a form in which nothing is marked as new, either may be meant: the text comes first,
        and whoever finds nothing in it can look into the form.
        """
        if self.form and (self.filled or not self.text):
            return f"{self.beside}\n\n{self.form}".lstrip()
        return self.text


def receive(raw: bytes, *, address: str, trusted: Collection[str] = ()) -> Received:
    """What a raw mail says. Never raises, and takes a time that grows with its size, up to mime.LONGEST bytes of it.

    `address` is ours (Service.address), which tells plus addresses of ours from others; `trusted` are the authserv-ids
    of the servers whose Authentication-Results count. Nothing is judged here that depends on whom we wrote to.
    """
    mail = read(raw)
    sender, name = _mailbox(mail)
    subject, passed_on, marks = _subject(mail)
    shown = bodies(mail)
    said = marked([line for part in shown for line in lines_of(part)][:_MOST_LINES])
    lines = tuple(_kept(said.lines, name))
    form, filled, beside = form_in(lines)
    return Received(
        message_id=next(_ids(mail.get("message-id")), ""),
        sender=sender,
        sender_name=name,
        to=_some(address for name in ("to", "cc") for address in _addresses(mail, name)),
        tokens=_some([*_tokens(mail, address.lower()), *marks]),
        thread=_thread(mail),
        subject=subject,
        forwarded=said.forwarded or (passed_on and _holds_another(mail, lines)),
        automatic=reason(mail, sender),
        authentic=verdict(mail.fields, sender, trusted),
        text=_text(lines),
        form=form,
        filled=filled,
        beside=_text(beside),
        lines=lines,
        html_only=any(part.kind == "text/html" for part in shown),
        unreadable=unreadable(mail, shown),
        size=len(raw),
        attachments=attachments(mail),
        calendar=answers_invitation(mail),
        date=_date(mail.get("date")),
    )


def _some(values: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(values))[:_MOST]


def _mailbox(mail: Part) -> tuple[str, str]:
    """Address and name of the sender, strictly: where two could be read, there is none."""
    value = mail.get("from")
    found = _MAILBOX.fullmatch(_NO_ADDRESS.sub("", value).strip())
    if not found or len(mail.all("from")) > 1:
        return "", ""
    name = value.rpartition("<")[0].strip().strip('"').replace("\\", "")
    return (found["angled"] or found["bare"]).lower(), plain(unfolded(name)).strip()


def _addresses(mail: Part, field: str) -> Iterator[str]:
    for value in mail.all(field):
        yield from (address.lower() for address in re.findall(_ADDRESS, _NO_ADDRESS.sub("", value)))


def _tokens(mail: Part, address: str) -> Iterator[str]:
    name, _, domain = address.rpartition("@")
    for recipient in (one for field in _RECIPIENTS for one in _addresses(mail, field)):
        local, _, at = recipient.rpartition("@")
        if at == domain and local.startswith(f"{name}+"):
            yield local.removeprefix(f"{name}+")


def _ids(value: str) -> Iterator[str]:
    return (found[0] for found in _ID.finditer(value))


def _thread(mail: Part) -> tuple[str, ...]:
    said = (*_ids(mail.get("references")), *_ids(mail.get("in-reply-to")))
    return tuple(dict.fromkeys(reversed(said)))[:_MOST][::-1]


def _subject(mail: Part) -> tuple[str, bool, list[str]]:
    """The subject without prefixes and tokens, whether the first prefix says that it is passed on, and the tokens."""
    whole, said = plain(unfolded(mail.get("subject"))).strip(), []
    marks, subject = IN_SUBJECT.findall(whole), IN_SUBJECT.sub("", whole)
    while prefix := _PREFIX.match(subject):
        subject = subject[prefix.end() :]
        said += [] if prefix[0].startswith("[") else [bool(prefix["passed_on"])]
    return subject, said[:1] == [True], [mark.lower() for mark in marks]


def _holds_another(mail: Part, lines: Iterable[Line]) -> bool:
    return any(line.quoted for line in lines) or any(part.kind == "message/rfc822" for part in mail.walk())


def _kept(lines: Iterable[Line], sender: str) -> Iterator[Line]:
    """The lines without signatures and what else nobody wrote for this mail."""
    for quoted, block in groupby(lines, _is_quoted):
        yield from block if quoted else (Line(text) for text in kept([line.text for line in block], sender))


def _text(lines: Iterable[Line]) -> str:
    """What is new of the lines."""
    blocks = ("\n".join(line.text for line in block) for quoted, block in groupby(lines, _is_quoted) if not quoted)
    said = "\n\n".join(block.strip("\n") for block in blocks if block.strip())
    return re.sub(r"\n(?:[^\S\n]*\n){2,}", "\n\n", said).strip()


def _is_quoted(line: Line) -> bool:
    return line.quoted


def _date(value: str) -> datetime | None:
    try:
        said = parsedate_to_datetime(value)
        moment = said.astimezone(UTC) if said.tzinfo else said.replace(tzinfo=UTC)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    return moment if moment.year in _YEARS else None


def away_until(mail: Received, said_on: date, language: str = "en") -> date | None:
    """The last day on which somebody is away, as their out-of-office notice of the day `said_on` names it.

    `language` is their locale (automatic.last_day_away).
    """
    return last_day_away(f"{mail.subject}\n{mail.text}", said_on, language)
