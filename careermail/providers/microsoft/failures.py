"""What Graph refuses or how it fails, as the error that people hear of.

A refusal is known by its code alone (https://learn.microsoft.com/graph/errors): the message beside it quotes what was
sent, which no log may hold.
"""

import json
from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any

from careermail.errors import ProviderError
from careermail.mail.escape import plain
from careermail.providers.shelf.waits import retry_after

LONGEST_WAIT = timedelta(hours=1)  # that a server may wish for: its budgets are counted over ten minutes
_NOT_FOUND, _UNAUTHORIZED, _FORBIDDEN, _FULL = 404, 401, 403, 507
_LONGEST_CODE = 80
_PASSING = {408, 409, 410, 412, 423, 425, 429, 500, 502, 503, 504, 509}

_NO_ACCESS = (
    "the app may not do this in this mailbox; grant it Calendars.ReadWrite, Mail.ReadWrite and Mail.Send there, and see"
    " that the mailbox is in the scope of its role (both take up to two hours)"
)
_NO_MAILBOX = "there is no such mailbox in Microsoft 365; check the address, and that it has an Exchange Online licence"
_NOT_ONLINE = (
    "this mailbox cannot be reached through Graph: it is on premises, without a licence, or barred from this app;"
    ' a mailbox on premises needs kind = "exchange"'
)
_TOKEN = "the sign-in is not accepted; `careermail check --live` says why"  # noqa: S105 (a word for the admin)
_FULL_MAILBOX = "the mailbox is full; make room there"
_MOVING = "the mailbox is being moved or cannot be opened for now; it will be asked again"
_BUSY = "too much is asked of it at once; it will be asked again"
_TOO_FAR = (
    "Outlook lets no session of a series come to the day of the one before or after it, or past that; move or cancel"
    " the other one first"
)
# What a code means, and whether somebody must mend it: urgent.
_URGENT = {
    "ErrorAccessDenied": _NO_ACCESS,
    "Authorization_RequestDenied": _NO_ACCESS,
    "ErrorSendAsDenied": _NO_ACCESS,
    "accessDenied": _NO_ACCESS,
    "InvalidAuthenticationToken": _TOKEN,
    "unauthenticated": _TOKEN,
    "MailboxNotEnabledForRESTAPI": _NOT_ONLINE,
    "MailboxNotSupportedForRESTAPI": _NOT_ONLINE,
    "extensionError": _NOT_ONLINE,
    "ErrorInvalidUser": _NO_MAILBOX,
    "ErrorNonExistentMailbox": _NO_MAILBOX,
    "Request_ResourceNotFound": _NO_MAILBOX,
    "ResourceNotFound": _NO_MAILBOX,
    "ErrorQuotaExceeded": _FULL_MAILBOX,
    "quotaLimitReached": _FULL_MAILBOX,
}
_TEMPORARY = {
    "ApplicationThrottled": _BUSY,
    "MailboxConcurrency": _BUSY,
    "TooManyRequests": _BUSY,
    "activityLimitReached": _BUSY,
    "ErrorTooManyRequests": _BUSY,
    "ErrorServerBusy": _BUSY,
    "ErrorExceededMessageLimit": "it has sent as many mails as a mailbox may for now; the rest will follow",
    "ErrorMailboxMoveInProgress": _MOVING,
    "ErrorMailboxStoreUnavailable": _MOVING,
    "MailboxStoreUnavailable": _MOVING,
    "ErrorIrresolvableConflict": "somebody else changed it at the same moment; it will be read again",
}
_FOR_GOOD = {
    "ErrorItemNotFound": "it is not there any more",
    "ErrorInvalidRecipients": "it knows no such recipient",
    "ErrorMessageSizeExceeded": "the mail is too large for it",
    "ErrorOccurrenceCrossingBoundary": _TOO_FAR,
}


class GraphError(ProviderError):
    """A refusal of Graph's, with its code and HTTP status (0 where there was no answer at all)."""

    def __init__(self, message: str, code: str = "", status: int = 0, **how: Any) -> None:
        super().__init__(message, **how)
        self.code, self.status = code, status

    @property
    def gone(self) -> bool:
        """Whether what was asked for is not there, in a mailbox that is."""
        return self.status == _NOT_FOUND and not self.urgent


def refusal(status: int, headers: Mapping[str, str], body: bytes, mailbox: str, now: datetime) -> GraphError:
    """What to tell of an answer that is none of the good ones; `headers` are found whatever their case."""
    code, request = _code(body)
    words, urgent, permanent = _meaning(status, code)
    said = f"{status} {code}{f', request {request}' if request else ''}".rstrip()
    return GraphError(
        f"Microsoft 365, mailbox {mailbox}: {words} ({said}).",
        code,
        status,
        permanent=permanent,
        urgent=urgent,
        retry_after=retry_after(headers.get("Retry-After", ""), now, LONGEST_WAIT),
        owner=mailbox if words is _FULL_MAILBOX else "",
    )


def _meaning(status: int, code: str) -> tuple[str, bool, bool]:
    """In words; whether somebody must mend it; whether it stays so whatever anybody does."""
    if words := _TEMPORARY.get(code):
        return words, False, False
    if words := _URGENT.get(code):
        return words, True, False
    if words := _FOR_GOOD.get(code):
        return words, False, True
    if status in _PASSING:
        return "it does not do that for now; it will be asked again", False, False
    urgent = {_UNAUTHORIZED: _TOKEN, _FORBIDDEN: _NO_ACCESS, _FULL: _FULL_MAILBOX}
    if words := urgent.get(status):
        return words, True, False
    return "it refuses what it was asked", False, True


def _code(body: bytes) -> tuple[str, str]:
    """The most telling code of an error, and the number by which Microsoft's support finds the request."""
    with suppress(ValueError, AttributeError, TypeError):
        error = json.loads(body)["error"]
        inner = error.get("innerError") or error.get("innererror") or {}
        known = (c for c in (inner.get("code"), error.get("code")) if c in _TEMPORARY | _URGENT | _FOR_GOOD)
        return _word(next(known, error.get("code"))), _word(inner.get("request-id"))
    return "", ""


def _word(said: object) -> str:
    return plain(said or "")[:_LONGEST_CODE]
