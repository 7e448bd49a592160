"""What is known of each login: when it was last tried, when it last worked, and when it ends by itself.

It is kept as facts under CHECKS, one for each login: `checked`, its key whose it is and its label.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from careermail.model import Fact
from careermail.providers import Probe

WARNED = timedelta(days=14), timedelta(days=3), timedelta(days=1)  # before a login ends by itself
Logins = dict[str, dict[str, "Login"]]  # by whose they are (CHECKS for everybody's), and by label


@dataclass(frozen=True, slots=True)
class Login:
    """One login as it was last found. Times are in UTC."""

    label: str  # "SMTP", "CalDAV": what it is, in a word that says nothing of anybody
    name: str  # as Probe.name
    owner: str  # as Probe.owner
    at: datetime  # when it was tried
    good: datetime | None = None  # when it last worked
    cause: str = ""  # of the trouble that tells why it fails; "" where it works
    expires: datetime | None = None  # when it ends by itself, as far as that is known

    def dying(self, now: datetime) -> bool:
        """Whether it ends so soon that somebody is to hear of it."""
        return self.expires is not None and self.expires <= now + WARNED[0]

    def well(self, now: datetime) -> bool:
        """Whether nobody has to hear of it."""
        return not (self.cause or self.dying(now))

    def fact(self, whose: str) -> Fact:
        """It, to be kept."""
        moments = {"good": self.good, "expires": self.expires}
        told = {name: moment.isoformat() for name, moment in moments.items() if moment}
        said = {"name": self.name, "owner": self.owner, "cause": self.cause}
        return Fact(self.at, "checked", f"{whose}/{self.label}", {**{k: v for k, v in said.items() if v}, **told})


def logins_of(facts: Iterable[Fact]) -> Logins:
    """The logins that were kept."""
    found: Logins = {}
    for fact in facts:
        whose, _, label = fact.key.partition("/")
        name, owner, cause = (str(fact.data.get(said, "")) for said in ("name", "owner", "cause"))
        good, expires = (_moment(fact.data.get(said)) for said in ("good", "expires"))
        found.setdefault(whose, {})[label] = Login(label, name, owner, fact.at, good, cause, expires)
    return found


def _moment(said: str | None) -> datetime | None:
    return datetime.fromisoformat(said) if said else None


def labelled(probes: Iterable[Probe]) -> dict[str, Probe]:
    """Probes by what they are: their names' first word, numbered from the second of a kind on.

    A name itself is none to know a login by: it changes once DNS has told where a server is.
    """
    seen = Counter[str]()
    found = {}
    for probe in probes:
        word = probe.name.split()[0].replace("/", "-")
        word = "login" if "@" in word else word  # labels are for whoever monitors, and about nobody
        seen[word] += 1
        found[f"{word}-{seen[word]}" if seen[word] > 1 else word] = probe
    return found
