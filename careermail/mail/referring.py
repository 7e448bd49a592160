"""Which commitment or whose talks a phrase means: "2", "the second", "all", "the on-call one", "Jonas"."""

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache

from careermail.mail.lines import folded
from careermail.mail.sayings import Sayings
from careermail.model import Commitment, Series

WHICH = "which of them: its number or a few of its words"
WHOM = "with whom: the name as it is in your settings"

Which = tuple[Series, Commitment]

_LONGEST = 100  # characters of a phrase that means one of several
_MEANT = 3  # letters of a word that tells something, at the least
_STEM = 4  # letters that two forms of a word have in common, at the least
_RANGE = re.compile(r"(\d{1,2}) ?- ?(\d{1,2})")


class UnclearError(Exception):
    """What was said cannot be acted upon; the message names what is missing."""


def numbered(phrase: str, all_: Sequence[Which], sayings: Sayings) -> tuple[Which, ...] | None:
    """Those that are meant by number, ordinal, id or "all"; None where the phrase is none of these.

    Raises UnclearError for a number that there is not.
    """
    phrase = phrase.strip(" .,:;()[]")
    if re.fullmatch(sayings.every, phrase):
        return tuple(all_)
    if re.fullmatch(sayings.both, phrase):
        return _of(all_, (1, 2) if len(all_) == 2 else (0,))  # noqa: PLR2004 (both are two)
    if by_id := tuple(pair for pair in all_ if pair[1].id and pair[1].id.casefold() == phrase):
        return by_id
    numbers = _numbers(phrase, sayings)
    return _of(all_, numbers) if numbers else None


def _of(all_: Sequence[Which], numbers: Iterable[int]) -> tuple[Which, ...]:
    if any(not 0 < n <= len(all_) for n in numbers):
        raise UnclearError(WHICH)
    return tuple(all_[n - 1] for n in numbers)


def _numbers(phrase: str, sayings: Sayings) -> list[int]:
    """The numbers of a list, none of anything else: "1, 2 and 3", "#1", "1-3", "the first one"."""
    found: list[int] = []
    for part in re.split(rf"(?:, ?| ?[&+/] ?| )(?:(?:{sayings.also}) )?", phrase):
        bare = re.sub(rf"^{sayings.label}", "", part).rstrip(".)")
        bare = re.sub(rf"(?<=\d)(?:{sayings.ordinal})$", "", bare)
        if between := _RANGE.fullmatch(bare):
            found += range(int(between[1]), int(between[2]) + 1)
        elif re.fullmatch(r"\d{1,2}", bare):
            found.append(int(bare))
        elif part in sayings.ordinals:
            found.append(sayings.ordinals.index(part) + 1)
        elif part and part not in sayings.idle and not re.fullmatch(sayings.label.replace(" ?", ""), part):
            return []
    return found


def by_words(phrase: str, all_: Sequence[Which], sayings: Sayings) -> tuple[Which, ...] | None:
    """The one that a phrase repeats, or that holds every telling word of it, a name alone not being one.

    None where there is none, or where a number before it means another. Raises UnclearError where several are meant.
    """
    if listed := re.fullmatch(r"(\d{1,2})[.)] (.+)", phrase):
        one = by_words(listed[2], all_, sayings)
        return one if one == tuple(all_[int(listed[1]) - 1 : int(listed[1])]) else None
    if same := tuple(pair for pair in all_ if folded(pair[1].text) == phrase):
        return same[:1] if len(same) == 1 else None
    if len(phrase) > _LONGEST or re.search(f"^-|[.,;!?] |{sayings.hedge}|{sayings.denial}", phrase):
        return None
    words = {w for w in re.findall(r"[^\W_]+", folded(phrase)) if w not in sayings.idle and len(w) >= _MEANT}
    found = [pair for pair in all_ if words - _names(pair[0]) and all(_in(w, pair[1].text) for w in words)]
    if len(found) > 1:
        raise UnclearError(WHICH)
    return tuple(found) or None


@lru_cache(maxsize=1024)
def _words(text: str) -> frozenset[str]:
    """The words of a text; what has a hyphen counts as one word too."""
    text = re.sub(r"'s\b", "", folded(text))
    return frozenset(re.findall(r"[^\W_]+", text)) | frozenset(
        w.replace("-", "") for w in re.findall(r"\w+(?:-\w+)+", text)
    )


def _names(series: Series) -> frozenset[str]:
    return _words(f"{series.manager.name} {series.report.name}")


def _in(word: str, text: str) -> bool:
    return any(word == other or _alike(word, other) for other in _words(text))


def _alike(one: str, other: str) -> bool:
    """Whether two words are forms of one: "introduction" and "introduce", "weeks" and "week"."""
    common = next((n for n, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))
    return common >= _STEM and max(len(one), len(other)) - common <= max(3, common - _STEM)


def whose(phrase: str, all_: Iterable[Series]) -> tuple[tuple[Series, ...], str]:
    """The series whose report a phrase begins by naming, and what follows the name; the longest name counts.

    Several where a first name is that of several people, none where nobody is called so.
    """
    for length in range(len(phrase), 0, -1):
        name, rest = phrase[:length], phrase[length:]
        if rest[:1].isalnum() or rest[:1] in {"-", "@"} or (rest[:1] == "." and rest[1:2].isalnum()):
            continue
        if found := tuple(s for s in all_ if folded(name) in _called(s)):
            return found, rest
    return (), phrase


def _called(series: Series) -> set[str]:
    report = series.report
    return {folded(report.name), folded(report.first_name), folded(report.email)}
