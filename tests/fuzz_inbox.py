"""Feed mutants of the corpus to the inbox for a while: python tests/fuzz_inbox.py [SECONDS [SEED]].

No mail may raise, take a second, put more than one line into a header field, or act: none of them proves who wrote it.
Whatever fails is told by its seed, which makes the same mail again; the exit code is 1 then.
"""

# ruff: noqa: T201 (its output is what it is for)

import sys
import time
import traceback
from datetime import UTC, date, datetime
from random import SystemRandom

from corpus.mutants import mutant

from careermail import desk
from careermail.mail.replies import away_until, receive
from careermail.mailroom import Mailroom
from careermail.model import Person, Series, Service, Team
from careermail.plan.history import Standing

A_SECOND = 1.0  # of the processor: how long it takes on the wall is the machine's business
TUESDAY = date(2027, 1, 12)
NOON = datetime(2027, 1, 12, 12, tzinfo=UTC)
MAYA, JONAS = Person("Maya Lindqvist", "maya@example.com"), Person("Jonas Weber", "jonas@example.com")
PAIR = Series(MAYA, JONAS)
ROOM = Mailroom(
    Service(address="careermail@example.com", secret=b"only ours", authserv_ids=("mx.example.com",)),
    [Team(MAYA, (PAIR,))],
    vouched=False,
)
KNOWN = desk.record_contract(PAIR, Standing(), "Jonas's commitments\n- Read by 12 February\n", NOON)[0]
IDLE = {"heard", "away"}  # who is told of it, and who is not there; nothing that was said is done


def trial(seed: int) -> str:
    """What is wrong with what becomes of a mail; "" for nothing."""
    raw = mutant(seed)
    began = time.process_time()
    try:
        mail = receive(raw, address="careermail@example.com", trusted={"mx.example.com"})
        away_until(mail, TUESDAY)
        verdict = ROOM.judge(raw, NOON, lambda _: list(KNOWN))
    except Exception:  # noqa: BLE001 (that is what is looked for)
        return traceback.format_exc()
    fields = (mail.sender, mail.sender_name, mail.subject, mail.message_id, *mail.to, *mail.tokens, *mail.thread)
    if any(len(field.splitlines()) > 1 or "\0" in field for field in fields):
        return "a field of more than one line"
    if acts := {fact.kind for fact in verdict.facts} - IDLE:
        return f"it acts: {', '.join(sorted(acts))}"
    took = time.process_time() - began
    return f"took {took:.1f} s" if took > A_SECOND else ""


def main(seconds: float = 60, seed: int = 0) -> int:
    """Try mutants from a seed on until the time is over."""
    first = seed or SystemRandom().randrange(1 << 40)
    until, failures, count = time.monotonic() + seconds, 0, 0
    while time.monotonic() < until and failures < 10:
        if wrong := trial(first + count):
            failures += 1
            print(f"seed {first + count}: {wrong}")
        count += 1
    print(f"{count} mails from seed {first} on: {failures or 'no'} failure{'s' * (failures != 1)}")
    return bool(failures)


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:])))
