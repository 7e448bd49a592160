"""Which parts of a mail a reader sees as its text, and the lines in them."""

from __future__ import annotations

from collections.abc import Sequence

from careermail.mail import hypertext
from careermail.mail.enveloped import OPAQUE, unsigned
from careermail.mail.mime import Part
from careermail.mail.quoting import Line, plain_lines, unflowed

_LONGEST = 200_000  # characters of a text part that are read
_TEXTS = ("text/plain", "text/html")
_TNEF = ("application/ms-tnef", "application/vnd.ms-tnef")
_ENCRYPTED = ("multipart/encrypted", *OPAQUE)


def bodies(mail: Part) -> list[Part]:
    """The text parts that a reader sees, in their order; of alternatives the plain one, if it says anything.

    Plain text is preferred since it holds what was typed, and marks as text does what was quoted; HTML is all that
    some programs send.
    """
    if not mail.parts:
        written = mail.kind in _TEXTS and not mail.attached
        return [mail] if written and mail.text.strip() else []
    choices = [found for part in mail.parts if (found := bodies(part))]
    if mail.kind != "multipart/alternative":
        return [part for found in choices for part in found]
    simple = (found for found in choices if all(part.kind == "text/plain" for part in found))
    return next(simple, choices[-1] if choices else [])


def lines_of(part: Part) -> list[Line]:
    """The lines of one text part, and a blank one to part it from the next."""
    if part.kind == "text/html":
        return [*hypertext.lines(part.text), Line("")]
    text = unsigned(part.text[:_LONGEST])
    if part.parameters.get("format", "").lower() == "flowed":
        text = unflowed(text, delete_space=part.parameters.get("delsp", "").lower() == "yes")
    return [*plain_lines(text), Line("")]


def unreadable(mail: Part, shown: Sequence[Part]) -> str:
    """Why a mail's words could not be read: "encrypted" or "winmail.dat"; "" where it has none, or some were read.

    What Outlook hides in winmail.dat (TNEF) is not guessed at: whoever sent it can send it again as plain text.
    """
    if any("-----BEGIN PGP MESSAGE-----" in part.text for part in shown):
        return "encrypted"
    if shown:
        return ""
    every = list(mail.walk())
    if any(part.kind in _ENCRYPTED for part in every):
        return "encrypted"
    return "winmail.dat" if any(part.kind in _TNEF or _is_winmail(part) for part in every) else ""


def _is_winmail(part: Part) -> bool:
    return "winmail.dat" in f"{part.get('content-disposition')} {part.get('content-type')}".lower()


def attachments(mail: Part) -> tuple[str, ...]:
    """The content types of all that is no text that a reader sees, in the order in which it stands."""
    leaves = (part for part in mail.walk() if not part.parts and not part.kind.startswith("multipart/"))
    return tuple(part.kind for part in leaves if part.attached or part.kind not in _TEXTS)
