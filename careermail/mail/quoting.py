"""Which lines of a mail somebody newly wrote, and which were there before: quotes, forwards, what stands over them.

Reply marks are conventions of mail programs; there is no standard for them. mail-parser-reply knows how many languages
introduce a quote, and is asked about those that are not spelt out here.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import takewhile

_MARK = re.compile(r"[\ufeff\u200b]? ?>(?:\s?>)* ?")
_LONGEST = 400  # characters: whatever is longer introduces no quote
_REACH = 6  # lines that the fields over a quote take up
_SPREAD = 4  # lines that a sentence over a quote takes up
_MORE = 2  # fields: no person writes three of them

_ORIGINAL = (
    r"original(?:[ -]?(?:message|nachricht|text|e?-?mail))|(?:reply|forwarded) message|message (?:original|d.origine)"
    r"|ursprüngliche (?:nachricht|e-mail)|weitergeleitete (?:nachricht|e-mail)|message (?:transféré|réexpédié)"
    r"|mensaje (?:original|reenviado)"
)
_DASHED = re.compile(rf"\s*[-_*]{{2,}}\s*(?:{_ORIGINAL})[^-]{{0,60}}?\s*[-_*]{{2,}}\s*", re.IGNORECASE)
_FORWARDED = re.compile(
    r"forwarded message|weitergeleitete|message (?:transféré|réexpédié)|mensaje reenviado", re.IGNORECASE
)
_PASSED_ON = re.compile(
    r"(?:begin|anfang der|début du|inicio del) (?:forwarded message|weitergeleiteten (?:nachricht|e-mail)"
    r"|message (?:transféré|réexpédié)|mensaje reenviado)\s?:",
    re.IGNORECASE,
)
# The fields that Outlook and others put over a quote: whose it was, and three more of which two must be there.
_FIELDS = re.compile(
    r"[\s>*_]*(?:(?P<from>from|von|de|desde)|(?P<date>sent|date|gesendet|datum|envoyé(?: le)?|enviado(?: el)?|fecha)|"
    r"(?P<to>to|an|à|a|para)|(?P<subject>subject|betreff|objet|asunto))[*_]*\s?:[*_]*(?:\s|$)",
    re.IGNORECASE,
)
_RULE = re.compile(r"\s*[_-]{10,}\s*")

_VERBS = (
    *(
        "wrote",
        "writes",
        "schrieb",
        "geschrieben",
        r"a\sécrit",
        "escribió",
        "ha scritto",
        "schreef",
        "skrev",
        "napisał",
    ),
    *("escreveu", r"napsal\(a\)", "写道", "작성"),
)
_VERB = re.compile(rf"(?<!\w)(?:{'|'.join(_VERBS)})(?!\w)", re.IGNORECASE)
_CLOCK = re.compile(r"[0-9]{1,2}\s?[:.h]\s?[0-9]{2}")
_DATE = re.compile(rf"{_CLOCK.pattern}|[0-9]{{4}}|[0-9]{{1,2}}[/.][0-9]{{1,2}}")
_OPENING = re.compile(r"(?:on|am|le|el|il|op|em|den|dnia|dne|vom)\b|[0-9]{1,4}[-./年][0-9]", re.IGNORECASE)
_ADDRESSED = re.compile(r"[^!?:@]{0,80}(?:\S@\S|<$)")  # begins with a name and its address
_COLON = re.compile(r"[:\uff1a](?=\s|$)")
_NAME = 200  # characters that the name and address after "wrote" take up


@dataclass(frozen=True)
class Line:
    """One line of a mail without its quote marks, and whether somebody else had written it."""

    text: str
    quoted: bool = False


@dataclass(frozen=True)
class Marked:
    """All lines of a mail, and whether they begin to be somebody else's where it says that it is passed on."""

    lines: tuple[Line, ...]
    forwarded: bool = False


def plain_lines(text: str) -> list[Line]:
    """The lines of a text part, quoted where ">" marks them so (RFC 3676, 4.5)."""
    return [_unmarked(line if line == "-- " else line.rstrip()) for line in text.split("\n")]


def _unmarked(line: str) -> Line:
    mark = _MARK.match(line)
    return Line(line[mark.end() :], quoted=True) if mark else Line(line)


def unflowed(text: str, *, delete_space: bool) -> str:
    """The text of a format=flowed part with its paragraphs on one line each (RFC 3676, 4)."""
    made: list[str] = []
    open_mark: str | None = None  # of the line above, where that goes on
    for line in text.split("\n"):
        mark, said = re.match(r"(>*) ?(.*)", line, re.DOTALL).groups()  # type: ignore[union-attr]
        goes_on = said.endswith(" ") and said != "-- "
        kept = said[:-1] if goes_on and delete_space else said
        if open_mark == mark and said != "-- ":
            made.append(kept)
        else:
            made += ["\n" if made else "", f"{mark} " if mark else "", kept]
        open_mark = mark if goes_on else None
    return "".join(made)


def marked(lines: Sequence[Line]) -> Marked:
    """The lines with all of them quoted that are, whether marked or standing under what introduces a quote.

    What follows an introduction is quoted as far as it is marked; where it is not, so is all the rest.
    """
    made = list(lines)
    for at, line in enumerate(lines):
        if made[at].quoted or not line.text.strip() or len(line.text) > _LONGEST:
            continue
        if _is_divider(lines, at):
            made[at:] = _quoted(lines[at:])
            return Marked(tuple(made), bool(_FORWARDED.search(line.text)))
        if count := _introduction(lines, at):
            until = at + count if _is_marked(lines, at + count) else len(lines)
            made[at:until] = _quoted(lines[at:until])
    return Marked(tuple(made))


def _quoted(lines: Sequence[Line]) -> list[Line]:
    return [replace(line, quoted=True) for line in lines]


def _is_divider(lines: Sequence[Line], at: int) -> bool:
    """Whether all that follows is somebody else's."""
    text = lines[at].text.strip()
    if _DASHED.fullmatch(text) or _PASSED_ON.fullmatch(text):
        return True
    ruled = bool(_RULE.fullmatch(text))
    if not ruled and not _FIELDS.match(text):
        return False
    near = [line.text for line in lines[at : at + 2 * _REACH] if line.text.strip()]
    return _is_header_block(near[ruled : _REACH + ruled])


def _is_header_block(texts: list[str]) -> bool:
    """Whether lines are the fields of a mail, its sender or its date the first."""
    found = [field.lastgroup for text in texts if (field := _FIELDS.match(text))]
    return bool(found) and _FIELDS.match(texts[0]) is not None and "from" in found[:2] and len(set(found)) > _MORE


def _introduction(lines: Sequence[Line], at: int) -> int:
    """How many lines from here on say who wrote what follows, and when; 0 where they do not.

    Where nothing is marked as quoted after them, they must give an hour or an address, as no person writes.
    """
    window = [line.text.strip() for line in takewhile(_is_new, lines[at : at + _SPREAD])]
    if not _OPENING.match(window[0]) and not _ADDRESSED.match(window[0]):
        return 0
    for count in range(1, len(window) + 1):
        if count > 1 and _OPENING.match(window[count - 1]):
            return 0  # it begins there, and what is above was typed without a blank below it
        joined = " ".join(window[:count])
        verb = _VERB.search(joined)
        if verb and (colon := _COLON.search(joined, verb.end(), verb.end() + _NAME)):
            told = _introduces(joined[: colon.end()], verb.start(), alone=colon.end() == len(joined))
            return count if told == "surely" or (told and _is_marked(lines, at + count)) else 0
    return 0


def _introduces(said: str, verb: int, *, alone: bool) -> str:
    """Whether a sentence says who wrote and when: "surely", "perhaps" where a person might write it, or "" for no."""
    if not _DATE.search(said) or not (_OPENING.match(said) or said.count("@", 0, verb) == 1):
        return ""
    if "@" in said or (alone and _CLOCK.search(said)):
        return "surely"
    return "perhaps" if alone else ""


def _is_new(line: Line) -> bool:
    return not line.quoted and bool(line.text.strip())


def _is_marked(lines: Sequence[Line], at: int) -> bool:
    """Whether what stands here, or after a blank, is marked as quoted."""
    return any(line.quoted for line in takewhile(lambda line: line.quoted or not line.text.strip(), lines[at : at + 9]))
