"""A process that is killed right before or after something of a mail was written down, and the next that goes on."""

from collections.abc import Iterator
from contextlib import contextmanager
from email.message import EmailMessage

import pytest
from hypothesis import strategies as st

from careermail.errors import ProviderError
from careermail.providers import Outbox
from careermail.providers.shelf.sent import Entry, Sent

KILLED = st.tuples(st.just("killed"), st.sampled_from(["before", "after"]), st.integers(1, 3))


class Killed(BaseException):
    """The process ends here."""


@contextmanager
def killed(when: str, nth: int) -> Iterator[None]:
    """Killed before or after the nth note of ours is on disk."""
    keep, seen = Sent.keep, [0]

    def killing(self: Sent, entry: Entry) -> None:
        seen[0] += 1
        if (seen[0], when) == (nth, "before"):
            raise Killed
        keep(self, entry)
        if seen[0] == nth:
            raise Killed

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(Sent, "keep", killing)
        yield


def attempt(outbox: Outbox, message: EmailMessage) -> bool:
    """What the runner does with a mail that it began; whether it is done with it."""
    try:
        if outbox.find(str(message["Message-ID"]), message["To"].addresses[0].addr_spec) is not True:
            outbox.send(message)
    except Killed:
        return False
    except ProviderError as failed:
        return passing(failed)
    return True


def passing(failed: ProviderError) -> bool:
    """False: it is tried again; what would not be must not happen here."""
    if failed.permanent or failed.urgent:
        raise AssertionError(str(failed)) from failed
    return False
