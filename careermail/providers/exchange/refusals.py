"""What Exchange refuses or how it fails, as the error that people hear of. Nothing that a server said is quoted.

The codes are those of https://learn.microsoft.com/exchange/client-developer/web-service-reference/responsecode.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from careermail.errors import ProviderError
from careermail.providers.shelf.waits import retry_after

LONGEST_WAIT = timedelta(hours=1)  # whatever a server asks for: it may be mended before
_UNAUTHORIZED, _FORBIDDEN, _NOT_FOUND, _TOO_MANY, _OK, _ERROR = 401, 403, 404, 429, 200, 500


_GRANT = "grant our login the role ApplicationImpersonation, with each manager in its scope"


class Meaning(NamedTuple):
    """What an admin is told of a code, and who can do something about it."""

    words: str
    permanent: bool = False
    urgent: bool = False
    own: bool = False  # the mailbox's owner alone can mend it


_MEANINGS = {
    "ErrorServerBusy": Meaning("is busy"),
    "ErrorTimeoutExpired": Meaning("took too long over it"),
    "ErrorInternalServerError": Meaning("had an error of its own"),
    "ErrorInternalServerTransientError": Meaning("had an error of its own"),
    "ErrorExceededConnectionCount": Meaning("has too many connections open for this login"),
    "ErrorMailboxStoreUnavailable": Meaning("has no access to {who}'s mailbox for now"),
    "ErrorMailboxMoveInProgress": Meaning("is moving {who}'s mailbox"),
    "ErrorADUnavailable": Meaning("has no access to its directory for now"),
    "ErrorIrresolvableConflict": Meaning("says that somebody changed it at this moment; it will be read again"),
    "ErrorQuotaExceeded": Meaning("says that {who}'s mailbox is full; make room in it", urgent=True, own=True),
    "ErrorImpersonateUserDenied": Meaning(f"does not let us act as {{who}}; {_GRANT}", urgent=True),
    "ErrorImpersonationDenied": Meaning(f"does not let our login act for others; {_GRANT}", urgent=True),
    "ErrorNonExistentMailbox": Meaning("has no mailbox {who}; mend the address, or move the mailbox", urgent=True),
    "ErrorMissingEmailAddress": Meaning("has no mailbox for our login; set `impersonate` or `mailbox`", urgent=True),
    "ErrorAccessDenied": Meaning("does not let us into {who}'s mailbox; grant our login access to it", urgent=True),
    "ErrorFolderNotFound": Meaning("has no such folder in {who}'s mailbox; has our login access to it?", urgent=True),
    "ErrorAccountDisabled": Meaning("says that the account is disabled; enable it", urgent=True),
    "ErrorPasswordExpired": Meaning("says that the password has expired; set a new one", urgent=True),
    "ErrorPasswordChangeRequired": Meaning("wants the password changed; set a new one", urgent=True),
    "ErrorInvalidServerVersion": Meaning("is older than `version` in [provider] says; mend that", urgent=True),
    "ErrorInvalidSchemaVersionForMailboxVersion": Meaning("is older than `version` says; mend that", urgent=True),
    "ErrorItemNotFound": Meaning("has it no more; somebody has deleted it", permanent=True),
    "ErrorOccurrenceCrossingBoundary": Meaning(
        "moves no session of a series past the one before or after it; book one by itself", permanent=True
    ),
    "ErrorCalendarOccurrenceIsDeletedFromRecurrence": Meaning(
        "cannot bring back a session that was deleted; book one by itself", permanent=True
    ),
    "ErrorMessageSizeExceeded": Meaning("says that it is too large", permanent=True),
    "ErrorInvalidRecipients": Meaning("does not take the address of a recipient; mend it", permanent=True),
}
# What the server has against the thing that is asked for, and will have the next time.
_FOR_GOOD = ("ErrorCalendar", "ErrorInvalid", "ErrorOccurrence", "ErrorRecurrence", "ErrorSchema", "ErrorUnsupported")


def refusal(code: str, where: str, who: str, *, wait: timedelta | None = None) -> ProviderError:
    """What to tell of a response code about the mailbox of `who`; `wait` is what the server asks for."""
    meaning = _MEANINGS.get(code, Meaning("refuses", permanent=code.startswith(_FOR_GOOD)))
    return ProviderError(
        f"{where} {meaning.words.format(who=who or 'anybody')} ({code})",
        permanent=meaning.permanent,
        urgent=meaning.urgent,
        retry_after=min(wait, LONGEST_WAIT) if wait else None,
        owner=who if meaning.own else "",
    )


def http_refusal(status: int, headers: Mapping[str, str], where: str, now: datetime) -> ProviderError:
    """What to tell of an HTTP status that is none of EWS's own; urgent what no later try will find otherwise."""
    wait = retry_after(headers.get("Retry-After", ""), now, LONGEST_WAIT)
    if status == _FORBIDDEN:
        mend = "is EWS enabled for the mailbox, and careermail on its EwsAllowList?"
        return ProviderError(f"{where} forbids it (HTTP {status}); {mend}", urgent=True)
    if status == _NOT_FOUND or 300 <= status < 400:  # noqa: PLR2004
        mend = "mend `url` in [provider]: it ends in /EWS/Exchange.asmx"
        return ProviderError(f"{where} has no EWS there (HTTP {status}); {mend}", urgent=True)
    if status >= _ERROR or status == _TOO_MANY:
        return ProviderError(f"{where} is out of order or busy (HTTP {status})", retry_after=wait)
    return ProviderError(f"{where} answers what is not understood (HTTP {status})", retry_after=wait)


def is_soap(response: Any) -> bool:
    """Whether an HTTP answer is EWS's own, which says by itself what is wrong."""
    status, content = response.status_code, response.content.lstrip()
    return bool(status == _OK or (status == _ERROR and content.startswith(b"<")))


def is_login(response: Any) -> bool:
    """Whether it is the login that is refused."""
    return bool(response.status_code == _UNAUTHORIZED)
