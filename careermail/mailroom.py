"""Whose mail is this, and may it act? A received mail and what stands in; what is to become of it out. Pure.

An answer acts if it names a mail of ours, by its token or its thread, that went to the person who sends it, unless the
receiving mail system says that it is forged. A mail that answers none of ours acts only where that system vouches for
its sender, or where nobody but the machine's own people can put one into the inbox.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from email import message_from_bytes
from email.policy import default

from careermail.claims import Claim, Load, claimed
from careermail.mail.answers import understand
from careermail.mail.asked import Asked
from careermail.mail.bounces import Bounce, bounce
from careermail.mail.contract import form, parse
from careermail.mail.listening import Understood
from careermail.mail.replies import Received, away_until, receive
from careermail.mail.rsvp import rsvp
from careermail.mail.tokens import mark
from careermail.model import A_DAY, Fact, Person, Rsvp, Series, Service, Team, opaque
from careermail.plan.history import History, fold
from careermail.plan.recurrence import local_day
from careermail.replies import Letter, act


@dataclass(frozen=True)
class Verdict:
    """What is to become of a received mail."""

    why: str  # for the log: never a word of the mail itself
    digest: str = ""
    manager: str = ""  # whose the facts are
    facts: tuple[Fact, ...] = ()
    hand_on: Series | None = None  # it is the report's word for the manager, and goes there as it came
    mail: Received | None = field(default=None, repr=False)
    rsvp: Rsvp | None = field(default=None, repr=False)
    bounce: Bounce | None = field(default=None, repr=False)


class Mailroom:
    """Judges what comes in, for these teams; `vouched` where the inbox itself proves who wrote."""

    def __init__(self, service: Service, teams: Iterable[Team], *, vouched: bool) -> None:
        self.service, self.vouched = service, vouched
        self._teams = {mark(team.manager.email): team for team in teams}
        self._people: defaultdict[str, list[tuple[Team, Person]]] = defaultdict(list)
        for team in self._teams.values():
            self._people[team.manager.email].append((team, team.manager))
            for series in team.series:
                self._people[series.report.email].append((team, series.report))

    def judge(self, raw: bytes, now: datetime, load: Load, *, whole: bool = True) -> Verdict:
        """What is to become of a message; `load` gives a manager's facts, `whole` tells that it was not cut short."""
        mail = receive(raw, address=self.service.address, trusted=self.service.authserv_ids)
        digest = opaque(f"{mail.message_id}\n{mail.sender}\n{mail.date}\n{mail.text}")[:16]
        case = _Case(self, mail, digest, now, whole)
        if mail.calendar and (said := rsvp(message_from_bytes(raw, policy=default))):
            return case.rsvp(said, load)
        if mail.automatic:
            return case.bounced(returned, load) if (returned := bounce(raw)) else case.automatic()
        claims = list(claimed(mail, self.service, self._teams, load, now.date()))
        return case.answer(claims) if claims else case.unasked(load)

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
    whole: bool

    def automatic(self) -> Verdict:
        """What no person wrote: never acted on, never answered; an absence is noted."""
        known = self.room.known(self.mail.sender)
        if known is None or self.mail.automatic != "auto-reply":
            return Verdict(f"automatic: {self.mail.automatic}", self.digest)
        team, person = known
        today = local_day(person, self.now)
        until = away_until(self.mail, today, person.language) or today + A_DAY
        span = {"since": today.isoformat(), "until": until.isoformat()}
        fact = Fact(self.now, "away", f"{team.manager.email}/{person.email}", span)
        return Verdict("away", self.digest, team.manager.email, (fact,))

    def bounced(self, returned: Bounce, load: Load) -> Verdict:
        """A mail of ours came back: believed only of one that was sent, to the address that it names."""
        known = self.room.known(returned.to)
        if not returned.permanent or known is None:
            return Verdict("a delivery report that asks for nothing", self.digest)
        team, person = known
        effects = fold(load(team.manager.email)).effects.values()
        intents = (effect.data.get("intent") or {} for effect in effects)
        sent = any((i.get("message_id"), i.get("to")) == (returned.message_id, person.email) for i in intents)
        if not sent:
            return Verdict("a delivery report of no mail of ours", self.digest)
        return Verdict("came back", self.digest, team.manager.email, bounce=returned)

    def rsvp(self, said: Rsvp, load: Load) -> Verdict:
        """An answer to an invitation, for the calendar; what a report wrote with it is for the manager."""
        known = [(team, person) for team, person in self.room.roles(said.attendee) if said.attendee == self.mail.sender]
        if not known or self.mail.authentic == "fail":
            return Verdict("an answer to an invitation, and not from who was invited", self.digest)
        found = ((team, person, o) for team, person in known if (o := _spoken_of(said, load(team.manager.email))))
        team, person, (series, occurrence) = next(found, (*known[0], ("", "")))
        what = "time" if said.proposed else "comment"
        facts: tuple[Fact, ...] = ()
        if series and person != team.manager and (said.proposed or said.comment):
            answers = [{"kind": "passed-on", "what": what, "to": team.manager.email}]
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
        if person is None or not claim.series:
            return Verdict("the configuration does not have them any more", self.digest)
        if mine and self.mail.forwarded:
            return Verdict("forwarded", self.digest)
        if why := self._doubt(claim, mine):
            # Nothing is done, and nothing that a stranger wrote is passed on; the rightful owner hears that much.
            return self._tell(claim.team, person, "refused", why)
        if why := self._unread():
            return self._beside(claim.team, person, why)
        return self._act(claim, person)

    def _unread(self) -> str:
        """Why not all of it could be read."""
        return "" if self.whole and not self.mail.unreadable else ("unreadable" if self.whole else "long")

    def _beside(self, team: Team, person: Person, why: str = "") -> Verdict:
        """What is not understood: a manager hears what is; what a report wrote goes to the manager."""
        if person == team.manager:
            return self._tell(team, person, "help", why)
        return self._hand_on(team, person)

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
        asked = Asked(claim.kind, person, claim.series, claim.commitments, start, self.now, first.contract)
        return self._understand(asked, self._letter(claim, person), claim.team, claim.facts)

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

    def _understand(self, asked: Asked, letter: Letter, team: Team, facts: Sequence[Fact]) -> Verdict:
        # The subject of an answer is ours, and says nothing.
        understood = understand(self.mail.answer, asked, "" if asked.kind else self.mail.subject)
        if not (understood.said or understood.unclear):
            understood = self._in_form(asked)
        if understood.said or understood.unclear:
            done = tuple(act(letter, understood, facts))
            # What a report wrote beside it is a word to the manager, whatever else was understood.
            aside = letter.person != team.manager and any(s.reason and s.verb != "drop" for s in understood.said)
            hand_on = Series(team.manager, letter.person) if aside else None
            return Verdict("understood", self.digest, team.manager.email, done, hand_on, self.mail)
        return self._beside(team, letter.person)

    def _in_form(self, asked: Asked) -> Understood:
        """A contract that was written into our form, in a mail program that marks nothing as new."""
        mail, series = self.mail, asked.series[0]
        if not mail.form or mail.answer == mail.form or asked.person != series.manager:
            return Understood()
        sent = parse(form(asked.contract, series), series, asked.today).contract
        come_back = parse(mail.form, series, asked.today).contract
        return Understood() if come_back == sent else understand(mail.form, asked)

    def unasked(self, load: Load) -> Verdict:
        """A mail that answers none of ours."""
        known = self.room.known(self.mail.sender)
        if known is None or self.mail.authentic == "fail":
            return Verdict("forged, says the receiving server" if known else "from nobody that is known", self.digest)
        team, person = known
        facts = load(team.manager.email)
        if self._heard(fold(facts)):
            return Verdict("it was heard before", self.digest)
        unproven = "" if self.mail.authentic == "pass" or self.room.vouched else "unproven"
        if person != team.manager or self._unread() or unproven:
            return self._beside(team, person, self._unread() or unproven)
        return Verdict("forwarded", self.digest) if self.mail.forwarded else self._new(team, facts)

    def _new(self, team: Team, facts: Sequence[Fact]) -> Verdict:
        """What a manager writes of their own accord: to careermail, or to a report with careermail in copy."""
        mail, manager = self.mail, team.manager
        copied = self._copied(team.series, manager)
        series = tuple(s for s in team.series if s.report.email in copied) or team.series
        if not series:
            return self._tell(team, manager, "help")
        history = fold(facts)
        contracts = ((s, history.of(s.key).contract) for s in series)
        named = tuple((s, c) for s, contract in contracts if contract for c in contract.open)
        asked = Asked("", manager, series, named, None, self.now, None)
        letter = Letter(
            manager, self.digest, self.now, series, mail=mail.message_id, subject=mail.subject, copied=copied
        )
        return self._understand(asked, letter, team, facts)

    def _copied(self, series: Iterable[Series], person: Person) -> tuple[str, ...]:
        """The reports among those to whom a manager wrote."""
        return tuple(s.report.email for s in series if s.manager == person and s.report.email in self.mail.to)

    def _heard(self, history: History) -> bool:
        return any(key.endswith(f"/heard/{self.digest}") for key in history.heard)

    def _tell(self, team: Team, person: Person, kind: str, what: str = "") -> Verdict:
        """Have one short mail written to somebody of the team, of which there is one a day at most."""
        data = {"who": self.mail.sender, "mail": self.mail.message_id, "subject": self.mail.subject}
        day, answers = local_day(person, self.now).isoformat(), [{"kind": kind, "what": what, "to": person.email}]
        key = f"{team.manager.email}/{person.email}/heard/{self.digest}"
        fact = Fact(self.now, "heard", key, {**data, "day": day, "answers": answers})
        return Verdict(f"{kind} {what}".strip(), self.digest, team.manager.email, (fact,))

    def _hand_on(self, team: Team, person: Person) -> Verdict:
        """Let the manager have what a report wrote, as it came; nothing of it is kept."""
        fact = Fact(
            self.now, "heard", f"{team.manager.email}/{person.email}/heard/{self.digest}", {"who": person.email}
        )
        return Verdict("handed on", self.digest, team.manager.email, (fact,), Series(team.manager, person), self.mail)


def _spoken_of(said: Rsvp, facts: Iterable[Fact]) -> tuple[str, str] | None:
    """The series and the session that an answer to an invitation is about; of a whole series, the next one known."""
    for key, standing in fold(facts).series.items():
        own = [o for o in standing.occurrences.values() if o.uid == said.uid]
        named = [o for o in own if o.recurrence_id == said.recurrence_id]
        if own or said.uid in standing.bookings:
            return key, named[0].id if named else ""
    return None
