"""Whose mail is this, and may it act? A received mail and what stands in; what is to become of it out. Pure.

An answer acts if it names a mail of ours, by its token or its thread, that went to the person who sends it, unless the
receiving mail system says that it is forged. A mail that answers none of ours acts only where that system vouches for
its sender, or where nobody but the machine's own people can put one into the inbox.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from email import message_from_bytes
from email.policy import default

from careermail.claims import Claim, Load, Records, claimed, spoken_of
from careermail.mail.answers import understand_mail
from careermail.mail.asked import Asked
from careermail.mail.bounces import Bounce, bounce
from careermail.mail.compose import BETWEEN_THEM
from careermail.mail.listening import CONTRADICTORY, DOUBTFUL, Understood
from careermail.mail.replies import Received, away_until, receive
from careermail.mail.rsvp import rsvp
from careermail.mail.tokens import mark
from careermail.model import A_DAY, Fact, Person, Rsvp, Series, Service, Team, opaque
from careermail.plan.archive import KEPT
from careermail.plan.history import History
from careermail.plan.recurrence import local_day
from careermail.replies import THEIRS, Letter, act

LONG_AGO = KEPT - 20 * A_DAY  # whether a mail from before that was heard already, nobody can tell any more
LONGEST_RSVP = 100_000  # bytes; longer ones are made to keep us busy
MOST_A_DAY = 20  # notes of one report's that are handed on


@dataclass(frozen=True)
class Verdict:
    """What is to become of a received mail."""

    why: str  # for the log: never a word of the mail itself
    digest: str = ""
    manager: str = ""  # whose the facts are
    facts: tuple[Fact, ...] = ()
    hand_on: Series | None = None  # it is the report's word for the manager, and goes there as it came
    proven: bool = True  # that it is from whom it says
    mail: Received | None = field(default=None, repr=False)
    rsvp: Rsvp | None = field(default=None, repr=False)
    bounce: Bounce | None = field(default=None, repr=False)


class Mailroom:
    """Judges what comes in, for these teams; `vouched` where the inbox itself proves who wrote.

    `mailbox` is the address at which it came in, where that is a manager's own; `stamp` the provider's own authserv-id.
    """

    def __init__(
        self, service: Service, teams: Iterable[Team], *, vouched: bool, mailbox: str = "", stamp: str = ""
    ) -> None:
        self.service, self.vouched, self.mailbox = service, vouched, mailbox
        self._trusted = (*service.authserv_ids, *([stamp] if stamp else []))
        self._teams = {mark(team.manager.email): team for team in teams}
        self._people: defaultdict[str, list[tuple[Team, Person]]] = defaultdict(list)
        for team in self._teams.values():
            self._people[team.manager.email].append((team, team.manager))
        for team in self._teams.values():
            for series in team.series:
                self._people[series.report.email].append((team, series.report))

    def judge(self, raw: bytes, now: datetime, load: Load, *, whole: bool = True) -> Verdict:
        """What is to become of a message; `load` gives a manager's facts, `whole` tells that it was not cut short."""
        mail = receive(raw, address=self.mailbox or self.service.address, trusted=self._trusted)
        digest = opaque(f"{mail.message_id}\n{mail.sender}\n{mail.date}\n{mail.text}")[:16]
        case = _Case(self, mail, digest, now, Records(load), whole)
        if mail.date and now - mail.date > LONG_AGO:
            return Verdict("too old", digest)
        if mail.calendar and (said := rsvp(message_from_bytes(raw[:LONGEST_RSVP], policy=default))):
            return case.rsvp(said)
        claims = list(claimed(mail, self.service, self._teams, case.records, now.date()))
        if mail.automatic:
            return case.bounced(returned) if (returned := bounce(raw)) else case.automatic(claims)
        return case.answer(claims) if claims else case.unasked()

    def roles(self, address: str) -> list[tuple[Team, Person]]:
        """All that somebody with this address is."""
        return self._people.get(address, [])

    def known(self, address: str) -> tuple[Team, Person] | None:
        """Who has this address; of somebody with several roles, the one as a manager."""
        return next(iter(self._people.get(address, ())), None)

    def person(self, team: Team, address: str) -> Person | None:
        """Who has this address in a team."""
        return next((person for known, person in self._people.get(address, ()) if known is team), None)


@dataclass(frozen=True)
class _Case:
    """One message before the mailroom."""

    room: Mailroom
    mail: Received
    digest: str
    now: datetime
    records: Records
    whole: bool

    @property
    def proven(self) -> bool:
        """Whether the receiving mail system, or the inbox itself, vouches for the sender."""
        return self.mail.authentic == "pass" or (self.room.vouched and self.mail.authentic != "fail")

    def automatic(self, claims: list[Claim]) -> Verdict:
        """What no person wrote: never acted on, never answered; an absence is noted, if it is surely theirs."""
        sender = self.mail.sender
        answered = ((c.team, person) for c in claims if c.to == sender and (person := self.room.person(c.team, sender)))
        known = next(answered, self.room.known(sender) if self.proven else None)
        if known is None or self.mail.authentic == "fail" or self.mail.automatic != "auto-reply":
            return Verdict(f"automatic: {self.mail.automatic}", self.digest)
        team, person = known
        # It may have waited for us; what it says of days is meant on its own.
        said_on = local_day(person, min(self.mail.date or self.now, self.now))
        until = away_until(self.mail, said_on, person.language) or said_on + A_DAY
        data = {"since": said_on.isoformat(), "until": until.isoformat()}
        facts = (Fact(self.now, "away", f"{team.manager.email}/{person.email}", data),)
        return Verdict("away", self.digest, team.manager.email, facts)

    def bounced(self, returned: Bounce) -> Verdict:
        """A mail of ours came back: believed only of one that was sent, to the address that it names."""
        known = self.room.known(returned.to)
        if not returned.permanent or known is None:
            return Verdict("a delivery report that asks for nothing", self.digest)
        team, person = known
        effects = self.records.history(team.manager.email).effects.values()
        intents = (effect.data.get("intent") or {} for effect in effects)
        sent = any((i.get("message_id"), i.get("to")) == (returned.message_id, person.email) for i in intents)
        if not sent:
            return Verdict("a delivery report of no mail of ours", self.digest)
        return Verdict("came back", self.digest, team.manager.email, bounce=returned)

    def rsvp(self, said: Rsvp) -> Verdict:
        """An answer to an invitation, for the calendar; what a report wrote with it is for the manager."""
        known = [(team, person) for team, person in self.room.roles(said.attendee) if said.attendee == self.mail.sender]
        if not known or self.mail.authentic == "fail":
            return Verdict("an answer to an invitation, and not from who was invited", self.digest)
        if self.room.service.authserv_ids and not self.proven:
            return Verdict("an answer to an invitation that nobody vouches for", self.digest)
        found = ((team, person, o) for team, person in known if (o := spoken_of(said, self._history(team))))
        team, person, (series, occurrence) = next(found, (*known[0], ("", "")))
        facts: tuple[Fact, ...] = ()
        if series and person != team.manager and (said.proposed or said.comment):
            answers = [{"kind": "passed-on", "what": "time" if said.proposed else "comment", "to": team.manager.email}]
            data = {"who": person.email, "answers": answers, "note": said.comment, "occurrence": occurrence}
            start = {"start": said.proposed[0].isoformat()} if said.proposed else {}
            day = local_day(person, self.now).isoformat()
            facts = (Fact(self.now, "heard", f"{series}/heard/{self.digest}", {**data, **start, "day": day}),)
        return Verdict("an answer to an invitation", self.digest, team.manager.email, facts, rsvp=said)

    def answer(self, claims: list[Claim]) -> Verdict:
        """An answer to a mail of ours."""
        mine = [claim for claim in claims if claim.to == self.mail.sender]
        claim = (mine or claims)[0]
        person = self.room.person(claim.team, claim.to)
        if self._heard(claim.history):
            return Verdict("it was heard before", self.digest)
        if person is None or (mine and self.mail.forwarded):
            return Verdict("forwarded" if person else "the configuration does not have them any more", self.digest)
        if why := self._doubt(claim, mine):
            # Nothing is done, and nothing that a stranger wrote is passed on; the rightful owner hears that much.
            return self._tell(claim.team, person, "refused", why)
        return self._theirs(claim, person)

    def _theirs(self, claim: Claim, person: Person) -> Verdict:
        """An answer of whoever was asked."""
        if claim.kind in BETWEEN_THEM and person != claim.team.manager:
            return self._beside(claim.team, person)
        if why := self._unread():
            return self._beside(claim.team, person, why)
        if claim.series:
            return self._act(claim, person)
        about_nobody = claim.kind in {"help", "refused"}
        return self._new(claim.team) if about_nobody else self._beside(claim.team, person, "gone")

    def _unread(self) -> str:
        """Why not all of it could be read."""
        return "" if self.whole and not self.mail.unreadable else ("unreadable" if self.whole else "long")

    def _beside(self, team: Team, person: Person, why: str = "") -> Verdict:
        """What is not understood: a manager hears what is; what a report wrote goes to the manager."""
        if person == team.manager:
            return self._tell(team, person, "help", why)
        return self._hand_on(team, person, proven=why != "unproven")

    def _doubt(self, claim: Claim, mine: list[Claim]) -> str:
        if not mine:
            return "other-sender"
        if self.mail.authentic == "fail":
            return "unproven"
        return "expired" if claim.expired else ""

    def _act(self, claim: Claim, person: Person) -> Verdict:
        first = claim.history.of(claim.series[0].key)
        session = first.occurrences.get(claim.sessions.get(claim.series[0].key, ""))
        start = session.start if session else None
        asked = Asked(claim.kind, person, claim.series, claim.commitments, start, self.now, claim.shown)
        return self._understand(asked, self._letter(claim, person), claim.team)

    def _letter(self, claim: Claim, person: Person) -> Letter:
        return Letter(
            person,
            self.digest,
            self.now,
            claim.series,
            claim.sessions,
            mail=self.mail.message_id,
            subject=self.mail.subject,
            copied=self._copied(claim.team.series, person),
            anew=claim.anew,
        )

    def _understand(self, asked: Asked, letter: Letter, team: Team) -> Verdict:
        understood, aside = understand_mail(self.mail, asked), False
        if letter.person != team.manager:
            understood, aside = _with_aside(understood)
        if understood.said or understood.unclear:
            done = tuple(act(letter, understood, self.records.facts(team.manager.email)))
            hand_on = Series(team.manager, letter.person) if aside and not self._has_it(team.manager) else None
            return Verdict("understood", self.digest, team.manager.email, done, hand_on, mail=self.mail)
        return self._beside(team, letter.person)

    def unasked(self) -> Verdict:
        """A mail that answers none of ours."""
        known = self.room.known(self.mail.sender)
        if known is None or self.mail.authentic == "fail":
            return Verdict("forged, says the receiving server" if known else "from nobody that is known", self.digest)
        team, person = known
        if self._heard(self._history(team)):
            return Verdict("it was heard before", self.digest)
        why = "unproven" if not self.proven else self._unread()
        if person != team.manager or why:
            return self._beside(team, person, why)
        return Verdict("forwarded", self.digest) if self.mail.forwarded else self._new(team)

    def _new(self, team: Team) -> Verdict:
        """What a manager writes of their own accord: to careermail, or to a report with careermail in copy."""
        mail, manager = self.mail, team.manager
        copied = self._copied(team.series, manager)
        series = tuple(s for s in team.series if s.report.email in copied) or team.series
        if not series:
            return self._tell(team, manager, "help")
        history = self._history(team)
        contracts = ((s, history.of(s.key).contract) for s in series)
        named = tuple((s, c) for s, contract in contracts if contract for c in contract.open)
        asked = Asked("", manager, series, named, None, self.now, None)
        letter = Letter(
            manager, self.digest, self.now, series, mail=mail.message_id, subject=mail.subject, copied=copied
        )
        return self._understand(asked, letter, team)

    def _copied(self, series: Iterable[Series], person: Person) -> tuple[str, ...]:
        """The reports among those to whom a manager wrote."""
        return tuple(s.report.email for s in series if s.manager == person and s.report.email in self.mail.to)

    def _history(self, team: Team) -> History:
        return self.records.history(team.manager.email)

    def _heard(self, history: History) -> bool:
        return any(key.endswith(f"/heard/{self.digest}") for key in history.heard)

    def _today(self, team: Team, series: str, day: str) -> list[Fact]:
        """What was heard on a day, beside what was understood."""
        heard = self._history(team).heard.items()
        return [f for key, f in heard if key.startswith(f"{series}/heard/") and f.data.get("day") == day]

    def _tell(self, team: Team, person: Person, kind: str, what: str = "") -> Verdict:
        """Have one short mail written to somebody of the team, of which there is one a day at most."""
        why, series = f"{kind} {what}".strip(), f"{team.manager.email}/{person.email}"
        day, answer = local_day(person, self.now).isoformat(), {"kind": kind, "what": what, "to": person.email}
        today = (a for f in self._today(team, series, day) for a in f.data.get("answers", ()))
        if any((a["kind"], a["to"]) == (kind, person.email) for a in today):
            return Verdict(f"{why}, as was told today", self.digest)
        own = self.mail.sender == person.email  # of anybody else's mail nothing is kept
        data = {"who": person.email, "mail": self.mail.message_id, "subject": self.mail.subject} if own else {}
        fact = Fact(self.now, "heard", f"{series}/heard/{self.digest}", {**data, "day": day, "answers": [answer]})
        return Verdict(why, self.digest, team.manager.email, (fact,))

    def _has_it(self, manager: Person) -> bool:
        """Whether the mail lies in the manager's own mailbox."""
        return manager.email in {*self.mail.to, self.room.mailbox}

    def _hand_on(self, team: Team, person: Person, *, proven: bool = True) -> Verdict:
        """Let the manager have what a report wrote, as it came; nothing of it is kept."""
        if self._has_it(team.manager):
            return Verdict("the manager has it already", self.digest)
        series, day = Series(team.manager, person), local_day(person, self.now).isoformat()
        if sum("answers" not in fact.data for fact in self._today(team, series.key, day)) >= MOST_A_DAY:
            return self._tell(team, person, "refused", "many")
        fact = Fact(self.now, "heard", f"{series.key}/heard/{self.digest}", {"who": person.email, "day": day})
        return Verdict("handed on", self.digest, team.manager.email, (fact,), series, proven, self.mail)


def _with_aside(understood: Understood) -> tuple[Understood, bool]:
    """What a report said, and whether they wrote more than that, or what is not theirs to say: a word to the manager.

    Of a doubt no line is kept, not even to ask about it: it may be the most private that anybody writes.
    """
    if any(question.missing in {DOUBTFUL, CONTRADICTORY} for question in understood.unclear):
        return Understood(understood.said), True
    more = any((said.reason and said.verb != "drop") or said.verb not in THEIRS for said in understood.said)
    return understood, more
