"""What is measured, as a textfile for Prometheus' node_exporter (its text format 0.0.4).

    https://prometheus.io/docs/instrumenting/exposition_formats/
    https://github.com/prometheus/node_exporter#textfile-collector

Nothing in it is about anybody: no name, no address, and no key.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import NamedTuple

import careermail
from careermail.model import Fact
from careermail.selfcheck.alarms import is_warning
from careermail.selfcheck.logins import Login
from careermail.watch.pulse import Disk, Pulse

Labels = Mapping[str, str]
NONE: Labels = {}
STATES = ("told", "waiting", "foretold")


class Known(NamedTuple):
    """All that is measured, at one moment."""

    pulse: Pulse
    healthy: bool
    provider: str  # its kind
    managers: int
    reports: int
    troubles: Mapping[str, Fact]
    undelivered: int  # alarms that could not be mailed, so far or for good
    logins: Iterable[Login]
    actions: Counter[tuple[str, str]]  # by kind and result, since the process began
    disk: Disk | None


class Family(NamedTuple):
    """One metric, with a value for each combination of labels; those that are not known are left out."""

    name: str
    kind: str  # gauge or counter
    help: str
    samples: Iterable[tuple[Labels, float | None]]

    def __str__(self) -> str:
        head = f"# HELP careermail_{self.name} {self.help}\n# TYPE careermail_{self.name} {self.kind}\n"
        lines = [
            f"careermail_{self.name}{_labels(of)} {_number(value)}\n" for of, value in self.samples if value is not None
        ]
        return head + "".join(lines) if lines else ""


def render(known: Known) -> str:
    """The textfile."""
    return "".join(map(str, (*_process(known), *_work(known), *_logins(known.logins), *_machine(known))))


def _process(known: Known) -> Iterator[Family]:
    pulse = known.pulse
    about = {"version": careermail.__version__, "provider": known.provider}
    yield _one("build_info", "What is running.", 1, about)
    yield _one("healthy", "1 while nothing keeps careermail from its work, else 0: as the ping has it.", known.healthy)
    yield _one("start_timestamp_seconds", "When the process began.", _at(pulse.since))
    yield _one(
        "last_round_timestamp_seconds", "When the loop last came round; older than minutes: it hangs.", _at(pulse.at)
    )
    yield _one(
        "config_refused", "1 while an edited configuration is refused and the one before is served.", pulse.refused
    )
    yield _one("managers", "Managers who are looked after.", known.managers)
    yield _one("reports", "Pairs of a manager and a report in the configuration.", known.reports)


def _work(known: Known) -> Iterator[Family]:
    pulse = known.pulse
    yield _one("next_wakeup_timestamp_seconds", "When something is due next.", _at(pulse.next))
    yield _one("overdue_seconds", "How long the oldest visit to a manager or a mailbox has been due.", pulse.late)
    yield _one("inbox_read_timestamp_seconds", "When an inbox was last read without trouble.", _at(pulse.inbox))
    yield _one("ping_taken_timestamp_seconds", "When a ping was last taken.", _at(pulse.pinged))
    yield _one("alarms_undelivered", "Alarms that could not be mailed.", known.undelivered)
    counts = Counter(_state(trouble, pulse.at) for trouble in known.troubles.values())
    help_ = "Troubles that stand: told to the admin, waiting whether they pass, or foretold."
    yield Family("troubles", "gauge", help_, [({"state": state}, counts[state]) for state in STATES])
    results = sorted((pair, n) for pair, n in known.actions.items() if pair[1] != "intent")
    done = [({"kind": kind, "result": result}, n) for (kind, result), n in results]
    yield Family("actions_total", "counter", "What became of actions, since the process began.", done)


def _logins(logins: Iterable[Login]) -> Iterator[Family]:
    by_label = defaultdict[str, list[Login]](list)
    for login in logins:
        by_label[login.label].append(login)
    counts, worked, ends = [], [], []
    for label, ones in sorted(by_label.items()):
        failing = sum(bool(one.cause) for one in ones)
        counts += [
            ({"login": label, "state": "failing"}, failing),
            ({"login": label, "state": "good"}, len(ones) - failing),
        ]
        worked.append(({"login": label}, _at(min((one.good for one in ones if one.good), default=None))))
        ends.append(({"login": label}, _at(min((one.expires for one in ones if one.expires), default=None))))
    tried = max((one.at for ones in by_label.values() for one in ones), default=None)
    yield _one("selfcheck_timestamp_seconds", "When a login was last tried by the self-check.", _at(tried))
    yield Family("logins", "gauge", "Logins by what they were found to be when they were last tried.", counts)
    yield Family("login_success_timestamp_seconds", "gauge", "When each login worked; of several, the oldest.", worked)
    yield Family("credential_expiry_timestamp_seconds", "gauge", "When a credential ends; of several, the first.", ends)


def _machine(known: Known) -> Iterator[Family]:
    pulse, disk = known.pulse, known.disk
    yield _one("disk_free_bytes", "What is left for what is remembered.", disk and disk.bytes)
    yield _one("disk_free_inodes", "How many files more fit there.", disk and disk.inodes)
    yield Family("clock_jumps_total", "counter", "How often the clock was seen to be set.", [(NONE, pulse.jumps)])
    yield _one("clock_jump_timestamp_seconds", "When it was last seen to be set.", _at(pulse.jumped))
    yield _one(
        "clock_jump_seconds",
        "By how much it was set then; negative for back.",
        pulse.by_how_much if pulse.jumped else None,
    )


def _one(name: str, help_: str, value: float | None, labels: Labels = NONE) -> Family:
    return Family(name, "gauge", help_, [(labels, value)])


def _state(trouble: Fact, now: datetime) -> str:
    if is_warning(trouble):
        return "foretold"
    return "told" if datetime.fromisoformat(trouble.data["due"]) <= now else "waiting"


def _at(moment: datetime | None) -> float | None:
    return moment.timestamp() if moment else None


def _number(value: float) -> str:
    return f"{float(value):.15g}"


def _labels(labels: Labels) -> str:
    said = ",".join(f'{name}="{_escaped(value)}"' for name, value in labels.items())
    return f"{{{said}}}" if said else ""


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
