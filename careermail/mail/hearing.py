"""What one clause says, if it says anything that a language's sayings know."""

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import NamedTuple

from careermail.mail.asked import Asked
from careermail.mail.filling import Heard, fill
from careermail.mail.referring import Which
from careermail.mail.sayings import Sayings, sayings_of

_SHORT = {
    "it": "(?P<it>.{1,80}?)",
    "one": "(?P<one>.{1,40}?)",
    "name": "(?P<name>.{1,100}?)",
    "moment": "(?P<moment>.{2,60}?)",
    "day": "(?P<day>.{2,40}?)",
}
_LONG = _SHORT | {"it": "(?P<it>.{1,80})"}
_LONGEST = 200  # characters of a clause; whatever is longer is a sentence to a person


class Saying(NamedTuple):
    """One way of saying something."""

    verb: str
    pattern: re.Pattern[str]
    weak: bool


def hear(clause: str, asked: Asked, mentioned: Sequence[Which] = ()) -> Heard | None:
    """What a clause, folded, says in answer to a mail; None where it says nothing that is known.

    `mentioned` are those commitments that were spoken of before it.
    """
    if len(clause) > _LONGEST:
        return None
    half = None
    for saying in _known(asked.person.language, asked.verbs):
        match = saying.pattern.fullmatch(clause)
        said = {name: value.strip() for name, value in match.groupdict().items() if value} if match else None
        heard = None if said is None else fill(Heard(saying.verb, weak=saying.weak), said, asked, mentioned)
        if heard and not heard.problem:
            return heard
        half = half or heard
    return half


@lru_cache
def _known(language: str, verbs: tuple[str, ...]) -> tuple[Saying, ...]:
    """All that can be said, those sayings last that count only in certain places."""
    sayings = sayings_of(language)
    strong = [(verb, form, False) for verb in verbs for form in sayings.says[verb]]
    weak = [(verb, form, True) for verb in verbs for form in sayings.weak.get(verb, ())]
    return tuple(
        Saying(verb, pattern, is_weak) for verb, form, is_weak in strong + weak for pattern in _patterns(form, sayings)
    )


def _patterns(form: str, sayings: Sayings) -> Iterator[re.Pattern[str]]:
    """A saying as regular expressions: what is meant may be as short as can be, or as long ("the talk to Dana to")."""
    while "<<" in form:
        form = re.sub("<<(.+?)>>", lambda term: sayings.terms[term[1]], form)
    for slots in (_SHORT, _LONG) if "<it>" in form else (_SHORT,):
        whole = re.sub("(?<!P)<([a-z]+)>", lambda slot: slots[slot[1]], form)  # noqa: B023 (it is called at once)
        yield re.compile(rf"(?:{sayings.before}[ ,.!:-]+)*(?:{whole})(?:[ ,.!]+{sayings.after})*")
