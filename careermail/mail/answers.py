"""What a person's reply means: strict, so that nothing happens which nobody said.

What comes in is what they newly wrote, without quotes and signature. A clause counts if it is one of the sayings as a
whole (`listening`); a contract is read as one (`handed`). Where nothing was said that is known, nothing comes out.
"""

import re
from typing import TYPE_CHECKING

from careermail.mail.asked import Asked
from careermail.mail.contract import form, parse, render
from careermail.mail.escape import plain
from careermail.mail.handed import Handed, in_bullets, under_headings, without_headings
from careermail.mail.listening import CONTRADICTORY, Said, Understood, listen, question
from careermail.mail.referring import WHOM
from careermail.model import Contract, Series

if TYPE_CHECKING:
    from careermail.mail.replies import Received

__all__ = ["Asked", "Said", "Understood", "understand", "understand_mail"]

# What shows the lists of a contract, to be filled in or put right.
_WITH_LISTS = {"summary", "summary-nudge", "summary-overdue", "answer", "contract"}
_SUBJECT = 200  # characters that are read
_LETTERS, _LINES = 40_000, 400  # of a mail; rather more than `contract.parse` takes, which asks about the rest
_REPLIED = re.compile(r"\s*[\w-]{2,5}\s*:", re.IGNORECASE)  # "Re:", "AW:", "Fwd:"


def understand(text: str, asked: Asked, subject: str = "") -> Understood:
    """What a person's new words mean in answer to a mail; any text can be understood, if only as nothing.

    `text` is without quotes and signature. The subject counts in a new mail alone, or where there is no text.
    """
    if not asked.series:
        return Understood()
    text = "\n".join(re.split(r"\r\n|\r|\n", text[:_LETTERS])[:_LINES])
    subject = "" if _REPLIED.match(subject) else plain(subject[:_SUBJECT])
    if handed := under_headings(text, asked, subject):
        return _contract(handed, asked)
    words = without_headings(text, asked.series)
    said = listen(asked, f"{subject}\n\n{words}" if not asked.kind or not text.strip() else words)
    if not said.said and not said.unclear and (handed := in_bullets(text, asked)):
        return _contract(handed, asked)
    return said


def understand_mail(mail: "Received", asked: Asked) -> Understood:
    """What somebody's mail means: their new words, and what they wrote into our lists.

    What we wrote ourselves says nothing: neither the lists as they were sent, nor the subject of an answer.
    """
    lists = asked.kind in _WITH_LISTS
    text = mail.answer if mail.filled and (lists or not asked.kind) else mail.text
    understood = understand(text, asked, "" if asked.kind or mail.thread else mail.subject)
    if understood.said or understood.unclear or not (lists and mail.form):
        return understood
    # Some mail programs mark nothing as new.
    series = asked.series[0]
    theirs = asked.person == series.manager and not _as_sent(mail.form, series, asked)
    return understand(mail.form, asked) if theirs else understood


def _contract(handed: Handed, asked: Asked) -> Understood:
    """A contract, and what was said above it. "Didn't happen" above the form as it was sent is just that."""
    if not handed.series:
        return Understood((), (question(handed.text.strip().splitlines()[0], 1, WHOM),))
    above = listen(asked, handed.before) if handed.before.strip() else Understood()
    denied = [said for said in above.said if said.verb in {"missed", "no-contract", "later"}]
    if denied and _as_sent(handed.text, handed.series, asked):
        return above
    if denied:
        return Understood((), (question(denied[0].line, 1, CONTRADICTORY),))
    text = handed.text if above.said or not handed.before.strip() else f"{handed.before}\n{handed.text}"
    if not _holds_any(text, handed.series, asked):
        return above
    told = tuple(said for said in above.said if said.verb != "thanks")
    return Understood((*told, Said("contract", handed.series, line=text)), above.unclear)


def _as_sent(text: str, series: Series, asked: Asked) -> bool:
    """Whether a form came back as it was sent, but for lines that a mail program broke elsewhere."""
    sent = form(asked.contract, series)
    same = parse(text, series, asked.today).contract == parse(sent, series, asked.today).contract
    return same or _unbroken(text) in {_unbroken(sent), _unbroken(render(asked.contract or Contract(), series))}


def _unbroken(text: str) -> str:
    """A form without the blanks and bullets that mail programs put elsewhere."""
    return "".join("".join(line.split()).lstrip("-*•·\u2013") for line in text.splitlines())


def _holds_any(text: str, series: Series, asked: Asked) -> bool:
    contract = parse(text, series, asked.today).contract
    return bool(contract.commitments or contract.reviews or contract.questions)
