"""What a reply answers: the mail it replies to, as far as it must be known to understand the reply."""

from dataclasses import dataclass
from datetime import date, datetime

from careermail.model import Commitment, Contract, Person, Series

PROMISED = ("done", "not-yet", "move", "drop")  # what can be said of a commitment
_ALWAYS = ("changed", "pause", "resume", "stop")


@dataclass(frozen=True)
class Asked:
    """Who answers what: the mail that a person replies to, or for a new mail all that they may speak of."""

    kind: str  # of the mail that is answered; "answer" for a question of ours, "" for a new mail to careermail
    person: Person  # who answers
    series: tuple[Series, ...]  # those that the mail was about; for a new mail all of the manager's
    commitments: tuple[tuple[Series, Commitment], ...]  # as they are numbered in the mail; else all open ones
    session: datetime | None  # the start of the session that the mail was about, in UTC
    now: datetime  # UTC
    contract: Contract | None  # as the mail showed it

    @property
    def today(self) -> date:
        """The day on which they answer, where they are."""
        return self.now.astimezone(self.person.zone).date()

    @property
    def about_a_session(self) -> bool:
        """Whether a session's contract was asked for."""
        return self.kind.startswith("summary")

    @property
    def verbs(self) -> tuple[str, ...]:
        """What can be said in answer, the most telling first."""
        promised = PROMISED if self.commitments else ()
        if self.about_a_session:
            return ("missed", "moved", "no-contract", "later", *_ALWAYS)
        if self.kind == "answer" and self.session:
            return ("missed", "moved", "no-contract", *promised, "later", *_ALWAYS)
        if self.kind in {"displaced", "prepare", "passed-on"} and self.session:
            return ("moved", *promised, *_ALWAYS)
        return (*promised, *(() if self.kind else ("book",)), *_ALWAYS)
