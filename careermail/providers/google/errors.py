"""What Google's APIs mean when they refuse, in words that say who can mend it and how.

Sources: https://developers.google.com/workspace/calendar/api/guides/errors,
https://developers.google.com/workspace/gmail/api/guides/handle-errors and https://google.aip.dev/193.
"""

from __future__ import annotations

import json
import re
import ssl
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from careermail.errors import ProviderError
from careermail.mail.escape import plain
from careermail.providers.shelf.waits import retry_after

BAD, UNAUTHORIZED, FORBIDDEN, TOO_MANY, INTERNAL = 400, 401, 403, 429, 500
PASSING = frozenset({408, 412, 425})
AT_ONCE, A_MINUTE, AN_HOUR = timedelta(0), timedelta(minutes=1), timedelta(hours=1)
_LINK = re.compile(r"https://console\.[a-z]+\.google\.com/\S+")
_DOCS = "docs/google-admin.md"
_AGAIN = f"give access again: careermail auth google, or see the delegation ({_DOCS})"

# Quotas that fill again by themselves, and after how long it is worth to ask.
_LATER = {
    "rateLimitExceeded": A_MINUTE,
    "userRateLimitExceeded": A_MINUTE,
    "RATE_LIMIT_EXCEEDED": A_MINUTE,
    "RESOURCE_EXHAUSTED": A_MINUTE,
    "quotaExceeded": AN_HOUR,
    "dailyLimitExceeded": AN_HOUR,
    "limitExceeded": AN_HOUR,
}
_QUOTA = {
    "quotaExceeded": "people may invite only so many others in a time, guests from elsewhere above all",
    "dailyLimitExceeded": "the project's quota for the day is used up; raise it in Google Cloud console > Quotas",
}
# What somebody has to mend, and how; {who} is the mailbox.
_MEND = {
    "accessNotConfigured": "the API is not enabled in the Google Cloud project{link}",
    "insufficientPermissions": "the access that {who} gave, or the administrator for them, is too narrow:"
    f" careermail auth google, or the scopes of the delegation ({_DOCS})",
    "forbiddenForServiceAccounts": "a service account invites nobody by itself: delegate domain-wide authority to it"
    f" ({_DOCS})",
    "notACalendarUser": "{who} has no Google Calendar: let them have one (Admin console > Apps > Google Workspace >"
    " Calendar)",
    "failedPrecondition": "{who} has no Gmail, or it is switched off (Admin console > Apps > Google Workspace > Gmail)",
    "domainPolicy": "the organisation's administrator lets no such app in (Admin console, Security > Access and data"
    " control > API controls)",
    "requiredAccessLevel": "{who} may not write in that calendar",
}
_SAME = {
    "SERVICE_DISABLED": "accessNotConfigured",
    "ACCESS_TOKEN_SCOPE_INSUFFICIENT": "insufficientPermissions",
    "insufficientScope": "insufficientPermissions",
    "FAILED_PRECONDITION": "failedPrecondition",
}


class RefusalError(ProviderError):
    """What did not come about: with the status of the answer (0: there was none), and whether it surely did not.

    `wait` is how long to wait at least before it is worth to ask again: for ever, where somebody has to mend it.
    """

    def __init__(self, message: str, status: int, *, surely: bool, wait: timedelta, **how: Any) -> None:
        super().__init__(message, **how)
        self.status, self.surely, self.wait = status, surely, wait


@dataclass(frozen=True)
class Asked:
    """Whom we asked what about, as errors name it."""

    api: str  # "Google Calendar"
    who: str
    now: datetime
    owner: str = ""  # who alone can mend the access; "" for the admin

    def failed(
        self, what: str, status: int, *, wait: timedelta = AT_ONCE, surely: bool = False, **how: Any
    ) -> RefusalError:
        """An error that may pass by itself."""
        return RefusalError(f"{self.api}, asked for {self.who}: {what}", status, surely=surely, wait=wait, **how)

    def refused(self, what: str, status: int, **how: Any) -> RefusalError:
        """An error that stays: `permanent`, or `urgent`."""
        return self.failed(what, status, wait=timedelta.max, surely=True, **how)


def of_answer(asked: Asked, status: int, headers: Mapping[str, str], content: bytes) -> RefusalError:
    """What an answer means that is no success."""
    reasons, message = _told(content)
    reason = next((r for r in reasons if r in _LATER or r in _MEND), reasons[0] if reasons else "")
    wish = retry_after(headers.get("retry-after", ""), asked.now)
    if not BAD <= status < INTERNAL or status in PASSING:  # it may have been done all the same
        return asked.failed(f"it says {status}; it will be asked again", status, wait=wish or AT_ONCE, retry_after=wish)
    if reason in _LATER or status == TOO_MANY:
        return _later(asked, status, reason, wish)
    if status == UNAUTHORIZED:
        return asked.refused(f"it does not take our token; {_AGAIN}", status, urgent=True, owner=asked.owner)
    if reason in _MEND:
        return _to_mend(asked, status, reason, message)
    words = ": ".join(filter(None, (f"{status} {reason}".strip(), plain(message)[:200])))
    forbidden = status == FORBIDDEN
    return asked.refused(f"it refuses ({words})", status, permanent=not forbidden, urgent=forbidden)


def _later(asked: Asked, status: int, reason: str, wish: timedelta | None) -> RefusalError:
    """A quota that is used up; where Google says nothing of when, those of a minute may soon have room again."""
    usual = _LATER.get(reason, A_MINUTE)
    why = f": {_QUOTA[reason]}" if reason in _QUOTA else ""
    words = f"it has heard enough of us for now ({status} {reason}{why}); it will be asked again"
    wait = wish or (AT_ONCE if usual == A_MINUTE else usual)
    return asked.failed(words, status, wait=wait, surely=True, retry_after=wish or usual)


def _to_mend(asked: Asked, status: int, reason: str, message: str) -> RefusalError:
    link = _LINK.search(message)
    mend = _MEND[reason].format(who=asked.who, link=f": {link[0]}" if link else "")
    owner = asked.owner if reason == "insufficientPermissions" else ""
    return asked.refused(f"{mend} ({status} {reason})", status, urgent=True, owner=owner)


def of_silence(asked: Asked, error: Exception) -> RefusalError:
    """What it means that no answer came, or none that can be read."""
    if isinstance(error, ssl.SSLCertVerificationError):
        mend = "is there a proxy that opens TLS, or are this machine's certificates old?"
        return asked.refused(f"its certificate is not trusted ({error.verify_message}); {mend}", 0, urgent=True)
    if isinstance(error, TimeoutError):
        return asked.failed("it does not answer; it will be asked again", 0)
    if isinstance(error, ValueError):
        return asked.failed("its answer cannot be understood; it will be asked again", 0)
    why = error.strerror if isinstance(error, OSError) and error.strerror else str(error) or type(error).__name__
    return asked.failed(f"it cannot be reached ({plain(why)[:200]}); it will be asked again", 0)


def _told(content: bytes) -> tuple[list[str], str]:
    """The reasons that an answer gives, the oldest kind first, and its sentence."""
    try:
        error = json.loads(content)["error"]
        return list(_reasons(error)), str(error.get("message", ""))
    except (ValueError, KeyError, TypeError, AttributeError):
        return [], ""


def _reasons(error: Mapping[str, Any]) -> Iterator[str]:
    kinds = (*error.get("errors", ()), *error.get("details", ()))
    for reason in (*(kind.get("reason", "") for kind in kinds), error.get("status", "")):
        if reason:
            yield _SAME.get(reason, str(reason))
