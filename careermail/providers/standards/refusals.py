"""What a mail server refuses or how it fails, as the error that people hear of (RFC 5321, 4.2; RFC 3463)."""

import re
import smtplib
import ssl

from careermail.errors import ProviderError
from careermail.mail.escape import plain
from careermail.providers.standards.tls import untrusted

Reply = tuple[int, bytes | str]  # smtplib gives now the one, now the other


CLOSING = 421  # the server hangs up (RFC 5321, 3.8)
_TOO_LARGE = 552
_NOT_LOGGED_IN = 530  # RFC 4954, 6
_LONGEST = 300  # of a server's own words
_ENHANCED = re.compile(r"\b[245]\.(\d{1,3}\.\d{1,3})\b")
# What an admin would ask next, by the enhanced status code without its class (RFC 3463, 3.2 to 3.8).
_MEANINGS = {
    "1.1": "there is no such mailbox",
    "1.2": "there is no such domain",
    "1.10": "the domain takes no mail",
    "2.1": "the mailbox is disabled",
    "2.2": "the mailbox is full",
    "2.3": "the mail is too large for the mailbox",
    "3.1": "the server's disk is full",
    "3.4": "the mail is too large for the server",
}
_UNENHANCED = {452: "the server or the mailbox is full", _TOO_LARGE: "the mail is too large, or the mailbox is full"}


class DoubtError(ProviderError):
    """The session ended after a mail was handed over and before the server said whether it took it."""


def for_good(code: int) -> bool:
    """Whether a reply says that the same will never be accepted (RFC 5321, 4.2.1)."""
    return 500 <= code < 600  # noqa: PLR2004


def refusal(reply: Reply, where: str, to: str, *, sender: str = "") -> ProviderError | None:
    """What to tell of a server's reply about a mail, None where it accepts; `sender` is given where it answers MAIL.

    Permanent is what it refuses of this mail or its recipient for good, urgent what it refuses of us.
    """
    code, said = reply
    if 200 <= code < 300:  # noqa: PLR2004
        return None
    ours = for_good(code) and (code == _NOT_LOGGED_IN or (sender != "" and code != _TOO_LARGE))
    what = f"refuses the mail to {to}" if for_good(code) else f"does not take the mail to {to} for now"
    if ours:
        what = "asks for a login" if code == _NOT_LOGGED_IN else f"will not let us send as {sender}"
    return ProviderError(f"{where} {what}: {words(code, said)}", permanent=for_good(code) and not ours, urgent=ours)


def failure(error: OSError, where: str) -> ProviderError:
    """What to tell of a session that ended before its time.

    Every error of smtplib and of ssl is an OSError. Urgent is what lasts until somebody mends it.
    """
    if isinstance(error, ssl.SSLError):
        return untrusted(error, where)
    if isinstance(error, smtplib.SMTPResponseException):
        said = words(error.smtp_code, error.smtp_error)
        return ProviderError(f"{where} refuses us: {said}", urgent=for_good(error.smtp_code))
    if isinstance(error, smtplib.SMTPServerDisconnected):
        return ProviderError(f"{where} broke off: {error}")
    if isinstance(error, smtplib.SMTPException):  # it offers nothing that we know how to use
        return ProviderError(f"{where} offers too little: {error} Nothing is sent without it", urgent=True)
    return ProviderError(f"{where} cannot be reached: {error.strerror or error}")


def words(code: int, said: bytes | str) -> str:
    """A reply on one line without control characters, behind what its enhanced status code means."""
    text = said.decode(errors="replace") if isinstance(said, bytes) else said
    line = plain(text).strip()[:_LONGEST]
    found = _ENHANCED.search(line)
    meaning = _MEANINGS.get(found[1], "") if found else _UNENHANCED.get(code, "")
    return f"{meaning} ({code} {line})" if meaning else f"{code} {line}"
