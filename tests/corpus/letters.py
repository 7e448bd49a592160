"""Mails that are answered in the corpus, and what people answer."""

from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from html import escape

from careermail.mail.compose import compose
from careermail.model import Commitment, Contract, Occurrence, Person, Review, Series, Service, Topic

SERVICE = Service(address="careermail@example.com")
MAYA = Person("Maya Lindqvist", "maya@example.com", "Europe/Stockholm")
JONAS = Person("Jonas Weber", "jonas@example.com", "Europe/Berlin")
PAIR = Series(MAYA, JONAS)
AT = datetime(2027, 1, 12, 14, 4, tzinfo=UTC)
TALK = Occurrence(
    "talk@example.com", "20270112T130000Z", datetime(2027, 1, 12, 13, tzinfo=UTC), AT, id="20270112T130000Z"
)
ROTA = Commitment("report", "Shadow the platform on-call rota", date(2027, 2, 12), "jonas-1")
FORMAT = Commitment("report", "Write up the incident review format", date(2027, 3, 31), "jonas-2")
DANA = Commitment("manager", "Introduce Jonas to Dana Ortiz", date(2027, 1, 15), "jonas-3")
AGREED = Contract(
    (ROTA, FORMAT, DANA),
    (Review("how the on-call weeks felt", date(2027, 4, 1)),),
    ("Whether a staff role is realistic within two years",),
)
TOKEN = "k4tq7w2mzc5xbn3p9d1v8s6e0a7f2g4h"  # noqa: S105 (an invented one)


@dataclass(frozen=True)
class Letter:
    """A mail of ours, as its reader sees it."""

    kind: str
    to: Person
    subject: str
    text: str
    html: str  # of its body
    id: str
    token: str = TOKEN

    @property
    def who(self) -> str:
        """The name that it came from."""
        return "Maya Lindqvist via careermail"

    @property
    def at(self) -> str:
        """The address that it is answered to."""
        return f"careermail+{self.token}@example.com"


def letter(kind: str, to: Person, topic: Topic) -> Letter:
    """A mail as compose writes it."""
    mail = compose(SERVICE, kind, to, [topic], message_id=f"<{kind}@example.com>", key=kind, now=AT)
    text, html = (mail.get_body((form,)) for form in ("plain", "html"))
    assert text is not None
    assert html is not None
    body = html.get_content().partition("<body>")[2].partition("</body>")[0].strip()
    return Letter(kind, to, mail["Subject"], text.get_content().strip(), body, f"<{kind}@example.com>")


EMPTY = letter("summary", MAYA, Topic(PAIR, TALK, deadline=datetime(2027, 1, 14, 14, tzinfo=UTC)))
OPEN = letter("summary", MAYA, Topic(PAIR, TALK, deadline=datetime(2027, 1, 14, 14, tzinfo=UTC), contract=AGREED))
DUE = letter("due", JONAS, Topic(PAIR, TALK, contract=AGREED, commitments=(replace(ROTA, due=AT.date()), FORMAT)))

CONTRACT = """\
Jonas's commitments
- Shadow the platform on-call rota by 12 February
- Write up the incident review format by end of March

Maya's commitments
- Introduce Jonas to Dana Ortiz by Friday

What we will review
- In April: how the on-call weeks felt

The open question
- Whether a staff role is realistic within two years"""

# What is typed under the lines of the empty form, and under which.
FILLED = {
    "Jonas's commitments": "- Shadow the on-call rota by 12 February\n- Write up the review format by 31 March",
    "Maya's commitments": "- Introduce Jonas to Dana Ortiz by Friday",
    "The open question": "- Whether a staff role is realistic",
}
FILLED_FORM = """\
Jonas's commitments
- Shadow the on-call rota by 12 February
- Write up the review format by 31 March

Maya's commitments
- Introduce Jonas to Dana Ortiz by Friday

What we will review

The open question
- Whether a staff role is realistic
"""


@dataclass(frozen=True)
class Answer:
    """What somebody answers to a letter, and how."""

    new: str
    to: Letter = DUE
    language: str = "en"
    place: str = "top"  # top, bottom, inline, none (nothing is quoted)
    within: dict[str, str] = field(default_factory=dict)  # under which quoted line what is typed
    above: str = ""  # what the mail program puts between the text and the quote, or at the end: signature, footer
    html_only: bool = False

    @property
    def text(self) -> str:
        """What must be understood: all that was typed."""
        return "\n\n".join(filter(None, (self.new, *self.within.values())))

    @property
    def blocks(self) -> list[tuple[str, str, str]]:
        """The letter line by line: what it says, the same in HTML, and what is typed under it."""
        lines = [(line, f"<div>{escape(line) or '<br>'}</div>") for line in self.to.text.splitlines()]
        return [(line, html, self.within.get(line, "")) for line, html in lines]
