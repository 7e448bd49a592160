"""How long a server wishes to be left alone (RFC 9110, 10.2.3)."""

from contextlib import suppress
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

LATEST = timedelta(days=1)  # of the waits that a server may wish for


def retry_after(said: str, now: datetime, latest: timedelta = LATEST) -> timedelta | None:
    """A Retry-After in seconds or as a date, `latest` at most; None where it says nothing of use."""
    with suppress(ValueError, TypeError, OverflowError):
        if said.strip().isdecimal():
            return timedelta(seconds=min(int(said), latest.total_seconds()))
        until = parsedate_to_datetime(said)
        return min(max((until if until.tzinfo else until.replace(tzinfo=UTC)) - now, timedelta()), latest)
    return None
