"""Invented people and sessions that every template is tried with, before it meets real ones."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime

from careermail.model import A_DAY, Commitment, Contract, Occurrence, Person, Review, Series, Topic

Sample = tuple[str, Person, tuple[Topic, ...]]  # a mail's kind, its reader, its topics

NOW = datetime(2027, 1, 11, 8, tzinfo=UTC)

MAYA = Person("Maya Lindqvist", "maya@example.com", "Europe/Stockholm")
JONAS = Person("Jonas Weber", "jonas@example.com", "Europe/Berlin")
AMARA = Person("Amara Obi", "amara@example.com", "Europe/London")

TALK = Occurrence(
    "talk@example.com",
    "20270112T090000Z",
    datetime(2027, 1, 12, 9, tzinfo=UTC),
    datetime(2027, 1, 12, 10, tzinfo=UTC),
    id="20270112T090000Z",
)

NEXT = datetime(2027, 4, 13, 8, tzinfo=UTC)
DEADLINE = datetime(2027, 1, 14, 10, tzinfo=UTC)
DISPLACED = ("cancelled", "declined", "missed", "late", "ended", "conflict", "no-hour")  # Topic.what
WHATS = {
    "answer": ("moved", "paused", "resumed", "booked", "later", "dates", "unchanged", "changed", "questions"),
    "passed-on": ("time", "stop", "changed", "comment"),
    "help": ("", "unproven", "long", "unreadable", "gone"),
    "refused": ("other-sender", "unproven", "expired", "many"),
    "forward": ("", "unproven"),
    "invitation": ("", "moved", "changed", "cancelled"),
}
UNCLEAR = (("the on-call thing, soon", "by when, as in: by 12 February"),)
IN_THE_WAY = {"conflict": "Good Friday, a holiday of Maya's", "no-hour": "He seems tired of it all.\nSince May."}

SHADOW = Commitment("report", "Shadow the platform on-call rota", date(2027, 2, 12), "jonas-1", date(2026, 10, 13))
FORMAT = Commitment("report", "Write up the incident review format", date(2026, 12, 18), "jonas-2", state="done")
INTRODUCE = Commitment("manager", "Introduce Jonas to Dana Ortiz", date(2026, 11, 6), "jonas-3", date(2026, 10, 13))
RAISE = Commitment("manager", "Raise the staff role with Ines", None, "jonas-4", state="dropped", reason="it is gone")

FIRST = Contract(
    (SHADOW, replace(FORMAT, state="open"), INTRODUCE),
    (Review("how the on-call weeks felt", date(2027, 4, 1)), Review("the pace")),
    ("Whether a staff role is realistic within two years",),
    version=1,
    at=datetime(2026, 10, 13, 12, tzinfo=UTC),
)
SECOND = replace(
    FIRST,
    commitments=(replace(SHADOW, due=date(2027, 3, 12), moves=1), FORMAT, INTRODUCE, RAISE),
    questions=("What a year abroad would take",),
    version=2,
    at=datetime(2027, 1, 12, 12, tzinfo=UTC),
)

_TO_REPORTS = {"prompt": ("report",)} | dict.fromkeys(
    ("contract", "due-soon", "due", "overdue", "told", "refused"), ("manager", "report")
)
_MERGED = ("prepare", "due-soon", "due", "overdue", "review", "displaced", "alarm")


def samples(kind: str, language: str) -> Iterator[Sample]:
    """A mail's topics as rich as they come, several where a mail can have several, and as bare as they come."""
    manager, report, other = (replace(person, language=language) for person in (MAYA, JONAS, AMARA))
    for side in _TO_REPORTS.get(kind, ("manager",)):
        to = manager if side == "manager" else report
        rich = [_rich(kind, Series(manager, report), side, n) for n in range(len(WHATS.get(kind, DISPLACED)))]
        yield from ((kind, to, (topic,)) for topic in rich)
        if kind in _MERGED:
            yield kind, to, (rich[0], rich[1])
            yield kind, to, (rich[0], replace(rich[0], series=Series(manager, other if side == "manager" else report)))
        yield kind, to, (_bare(kind, Series(manager, report), side),)


def _rich(kind: str, series: Series, side: str, n: int) -> Topic:
    """Everything that a topic can say, in its n-th variant."""
    own = tuple(replace(c, state="open") for c in SECOND.commitments if c.owner == side and c.due)
    return Topic(
        series,
        TALK,
        following=NEXT,
        contract=SECOND,
        previous=FIRST,
        commitments=tuple(replace(c, due=NOW.date() + (n - 2) * A_DAY) for c in own),
        deadline=DEADLINE,
        what=WHATS.get(kind, DISPLACED)[n],
        stand_in=NEXT if n % 2 or kind in {"answer", "passed-on"} else None,
        note=IN_THE_WAY.get(WHATS.get(kind, DISPLACED)[n], "It had to move.\nThe calendar was full."),
        overdue=n == 1,
        part=n % 4 if kind in {"prepare", "prompt"} else 0,
        times=n % 3 + 1,
        questions=UNCLEAR if kind in {"answer", "contract"} and n % 2 else (),
        thanks=kind in {"answer", "contract"},
        subject="After your talk with Jonas" if kind in {"answer", "help", "forward", "invitation"} else "",
        until=NEXT.date() if n % 2 or kind == "answer" else None,
    )


def _bare(kind: str, series: Series, side: str) -> Topic:
    """Only what a mail of this kind cannot be without."""
    promise = Commitment("manager" if side == "manager" else "report", "Talk to Dana", NOW.date())
    return Topic(
        series,
        TALK if kind in {"invitation", "prepare", "prompt", "summary", "summary-nudge", "summary-overdue"} else None,
        contract=Contract((promise,)) if kind in {"contract", "review", "told"} else None,
        commitments=(promise,) if kind in {"due-soon", "due", "overdue", "reminder"} else (),
        deadline=DEADLINE if kind in {"summary", "summary-nudge"} else None,
        note="It had to move." if kind in {"displaced", "alarm"} else "",
        subject="Maya and Jonas" if kind == "invitation" else "",
        what=WHATS.get(kind, ("",))[0] if kind in {"answer", "passed-on"} else "",
        previous=Contract((replace(promise, state="open"),)) if kind == "told" else None,
        stand_in=NEXT if kind in {"answer", "passed-on"} else None,
    )
