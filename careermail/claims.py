"""Which mails of ours a received one claims to answer, and what those were about. Pure."""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from functools import cached_property

from careermail.mail.replies import Received
from careermail.mail.tokens import holds, manager_of, read
from careermail.model import Commitment, Contract, Fact, Rsvp, Series, Service, Team
from careermail.plan.history import History, fold, pair

Load = Callable[[str], list[Fact]]


class Records:
    """What is known of managers, by address: each read and folded once, however many of our mails a message names."""

    def __init__(self, load: Load) -> None:
        self._load = load
        self._facts: dict[str, list[Fact]] = {}
        self._histories: dict[str, History] = {}
        self._sent: dict[str, Mapping[str, list[str]]] = {}

    def facts(self, manager: str) -> list[Fact]:
        """A manager's facts."""
        if manager not in self._facts:
            self._facts[manager] = self._load(manager)
        return self._facts[manager]

    def history(self, manager: str) -> History:
        """What stands for a manager."""
        if manager not in self._histories:
            self._histories[manager] = fold(self.facts(manager))
        return self._histories[manager]

    def sent(self, manager: str) -> Mapping[str, list[str]]:
        """The effects' keys that each mail to or about a manager's people was made of, by its Message-ID."""
        if manager not in self._sent:
            keys = defaultdict[str, list[str]](list)
            for key, effect in self.history(manager).effects.items():
                if name := str((effect.data.get("intent") or {}).get("message_id", "")):
                    keys[name].append(key)
            self._sent[manager] = keys
        return self._sent[manager]


@dataclass(frozen=True)
class Claim:
    """A mail of ours that a received one answers."""

    team: Team
    to: str
    kind: str
    keys: tuple[str, ...]
    about: tuple[str, ...]  # "manager/report/commitment", as the mail numbers them
    facts: Sequence[Fact] = field(repr=False)
    history: History = field(repr=False)
    at: datetime  # when it was sent
    expired: bool = False

    @cached_property
    def series(self) -> tuple[Series, ...]:
        """The series that it was about, as the configuration still has them."""
        keys = dict.fromkeys(pair(key) for key in self.keys)
        return tuple(s for key in keys for s in self.team.series if s.key == key)

    @cached_property
    def sessions(self) -> dict[str, str]:
        """The occurrence that it was about, by series."""
        return {pair(key): name for key in self.keys if (name := self._occurrence(key))}

    @cached_property
    def anew(self) -> bool:
        """Whether it asked for a whole contract, whatever stands: the goals had changed."""
        heard = (self.history.heard.get(key.rpartition("/")[0]) for key in self.keys)
        return any(answer["what"] == "changed" for fact in heard if fact for answer in fact.data.get("answers", ()))

    @cached_property
    def shown(self) -> Contract | None:
        """The contract as it stood when it was sent, of the first series that it was about."""
        return fold(fact for fact in self.facts if fact.at <= self.at).of(self.series[0].key).contract

    def _occurrence(self, key: str) -> str:
        _, _, name, *_ = f"{key}///".split("/")
        if name == "heard" and (fact := self.history.heard.get(key.rpartition("/")[0])):
            name = str(fact.data.get("occurrence", ""))
        return name if name in self.history.of(pair(key)).occurrences else ""

    @cached_property
    def commitments(self) -> tuple[tuple[Series, Commitment], ...]:
        """The commitments by their numbers in the mail; where it had none, all that are open."""
        series = {s.key: s for s in self.series}
        if self.about:
            return tuple((series.get(pair(name), self.series[0]), self._named(name)) for name in self.about)
        contracts = ((s, self.history.of(s.key).contract) for s in self.series)
        return tuple((s, c) for s, contract in contracts if contract for c in contract.open)

    def _named(self, name: str) -> Commitment:
        ours, own = pair(name) in {s.key for s in self.series}, name.rpartition("/")[2]
        contract = self.history.of(pair(name)).contract if ours else None
        found = (c for c in contract.commitments if c.id == own) if contract else iter(())
        return next(found, Commitment("manager", "", id=own, state="dropped"))  # its number stays its own


def claimed(
    mail: Received, service: Service, teams: Mapping[str, Team], records: Records, today: date
) -> Iterator[Claim]:
    """The mails of ours that it answers: those that its tokens name, then those of its thread, the nearest first.

    `teams` are found by their manager's mark.
    """
    for said in mail.tokens:
        token = read(service, said)
        if token and (team := teams.get(token.manager)):
            for claim in _sent(team, f"<{token.mail}", records):
                if holds(service, token, claim.to, claim.kind):
                    yield replace(claim, expired=token.expires < today)
    for name in reversed(mail.thread):
        if team := teams.get(manager_of(name, service)):
            yield from _sent(team, name, records)


def _sent(team: Team, name: str, records: Records) -> Iterator[Claim]:
    """The mails of ours whose Message-ID begins so."""
    manager = team.manager.email
    for known, keys in records.sent(manager).items():
        if known.startswith(name):
            history = records.history(manager)
            effect = history.effects[keys[0]]
            intent, kind = effect.data["intent"], str(effect.data["kind"])
            about = tuple(intent.get("about", ()))
            yield Claim(team, intent["to"], kind, tuple(keys), about, records.facts(manager), history, effect.at)


def spoken_of(said: Rsvp, history: History) -> tuple[str, str] | None:
    """The series and the session that an answer to an invitation is about; of a whole series, the next one known."""
    for key, standing in history.series.items():
        own = [o for o in standing.occurrences.values() if o.uid == said.uid]
        named = [o for o in own if o.recurrence_id == said.recurrence_id]
        if own or said.uid in standing.bookings:
            return key, named[0].id if named else ""
    return None
