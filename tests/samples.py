"""People, sessions and contracts for tests: a Stockholm manager with reports near and far."""

from datetime import UTC, date, datetime, timedelta

from careermail.model import Commitment, Contract, Conversation, Occurrence, Person, Review, Series, stamp

MAYA = Person("Maya Lindqvist", "maya@example.com", "Europe/Stockholm", holidays="SE")
JONAS = Person("Jonas Weber", "jonas@example.com", "Europe/Berlin", holidays="DE-BE")
AMARA = Person("Amara Obi", "amara@example.com", "Europe/London", holidays="GB")
LUIS = Person("Luis Ortega", "luis@example.com", "America/Los_Angeles", holidays="US-CA")
TAMA = Person("Tama Ngata", "tama@example.com", "Pacific/Auckland", holidays="NZ")

WITH_JONAS = Series(MAYA, JONAS)
WITH_AMARA = Series(MAYA, AMARA, Conversation(format="three"))
FAR_APART = Series(LUIS, TAMA)

# What people may write that must come out as they wrote it: Markdown, HTML, Jinja, entities and a broken line.
HOSTILE = (
    "<script>alert(1)</script>",
    "[x](http://evil.example)",
    "![x](http://evil.example/pixel.png)",
    "# x",
    "* y",
    "1. z",
    "- - -",
    "---",
    "> quoted",
    "`code`",
    "**bold** and _low_ and ~~gone~~",
    "<http://evil.example>",
    "&amp; &lt;b&gt;",
    "{{ topic.note }} {% raw %}",
    "a \\* b \\",
    "| a | b |",
    "snake_case_name",
    "[ref]: http://evil.example",
)


def session(start: datetime, minutes: int = 60) -> Occurrence:
    """A session at a UTC moment, where its rule put it."""
    return Occurrence("talk@example.com", stamp(start), start, start + timedelta(minutes=minutes), id=stamp(start))


TUESDAY = session(datetime(2027, 1, 12, 9, tzinfo=UTC))  # 10:00 in Stockholm and Berlin
APRIL = session(datetime(2027, 4, 13, 8, tzinfo=UTC))  # 10:00 there, in summer time

SHADOW = Commitment("report", "Shadow the platform on-call rota", date(2027, 2, 12), "jonas-1", date(2027, 1, 12))
WRITE = Commitment("report", "Write up the incident review format", date(2027, 3, 31), "jonas-2", date(2027, 1, 12))
INTRODUCE = Commitment("manager", "Introduce Jonas to Dana Ortiz", date(2027, 1, 15), "jonas-3", date(2027, 1, 12))

AGREED = Contract(
    (SHADOW, WRITE, INTRODUCE),
    (Review("how the on-call weeks felt", date(2027, 4, 1)),),
    ("Whether a staff role is realistic within two years",),
    version=1,
    at=datetime(2027, 1, 12, 15, tzinfo=UTC),
    occurrence=TUESDAY.id,
)
