"""Feed mutants of the corpus to the inbox for a while: python tests/fuzz_inbox.py [SECONDS [SEED]].

No mail may raise, take a second, or put more than one line into a header field. Whatever fails is told by its seed,
which makes the same mail again; the exit code is 1 then.
"""

# ruff: noqa: T201 (its output is what it is for)

import sys
import time
import traceback
from datetime import date
from random import SystemRandom

from corpus.mutants import mutant

from careermail.mail.replies import away_until, receive

A_SECOND = 1.0
TUESDAY = date(2027, 1, 12)


def trial(seed: int) -> str:
    """What is wrong with what becomes of a mail; "" for nothing."""
    raw = mutant(seed)
    began = time.perf_counter()
    try:
        mail = receive(raw, address="careermail@example.com", trusted={"mx.example.com"})
        away_until(mail, TUESDAY)
    except Exception:  # noqa: BLE001 (that is what is looked for)
        return traceback.format_exc()
    fields = (mail.sender, mail.sender_name, mail.subject, mail.message_id, *mail.to, *mail.tokens, *mail.thread)
    if any(len(field.splitlines()) > 1 or "\0" in field for field in fields):
        return "a field of more than one line"
    took = time.perf_counter() - began
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
