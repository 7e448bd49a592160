"""Why Microsoft Entra gives no token, and the mend, by its AADSTS code.

The codes: https://learn.microsoft.com/entra/identity-platform/reference-error-codes. What it says with a code it says
to people; it is cut before the trace's numbers, and holds no secret.
"""

import re
from typing import NamedTuple

from careermail.errors import ProviderError

_CODE = re.compile(r"AADSTS(\d+)(?:: *(.*?))?(?= Trace ID| Correlation ID| Timestamp|[\r\n\"]|$)")
_CERTIFICATES = "Certificates & secrets of the app registration"
AGAIN = "careermail auth microsoft"  # what signs a manager in
_AGAIN = f"sign in again: {AGAIN}"
_REVIEW = "the sign-in log in the Microsoft Entra admin center names the policy; exclude this app from it, or meet it"


class Cause(NamedTuple):
    """What a code means, and what to do; `theirs` where only who signed in can do it."""

    what: str
    mend: str
    theirs: bool = False


_MFA = Cause("more than a password is asked for", _AGAIN, theirs=True)
_POLICY = Cause("a Conditional Access policy forbids it", _REVIEW)
_OLD = Cause("the sign-in is too old", _AGAIN, theirs=True)
_ENDED = Cause("the sign-in was ended", _AGAIN, theirs=True)
_NO_TENANT = Cause("there is no such tenant", "`tenant` is the directory's ID, or one of its domains")
_CODE_OVER = Cause("the code was not entered in time", _AGAIN, theirs=True)

CAUSES: dict[int, Cause] = {
    7000215: Cause("the client secret is wrong", f"{_CERTIFICATES} shows its Value once, when it is made; not its ID"),
    7000222: Cause("the client secret has expired", f"make a new one in {_CERTIFICATES}, or better, use a certificate"),
    700016: Cause("there is no such app in this tenant", "`client_id` and `tenant` are those of the app's Overview"),
    700027: Cause("the certificate is not the app's, or has expired", f"upload it in {_CERTIFICATES}"),
    700024: Cause("our signature is too old or too new", "set this machine's clock"),
    7000218: Cause("the app may not sign people in by a code", "allow public client flows in the app's Authentication"),
    7000112: Cause("the app is disabled", "enable it under Enterprise applications"),
    7000229: Cause("the app was never added to this tenant", "grant it consent in the tenant, once"),
    90002: _NO_TENANT,
    900023: _NO_TENANT,
    65001: Cause("nobody has consented to what the app asks for", "grant consent in the app's API permissions"),
    65004: Cause("consent was refused", f"sign in again and accept, or have an admin grant it: {AGAIN}", theirs=True),
    90094: Cause("only an admin may consent", "have an admin grant consent in the app's API permissions"),
    50105: Cause("this user is not assigned to the app", "assign them under Enterprise applications"),
    50072: _MFA,
    50074: _MFA,
    50076: _MFA,
    50079: _MFA,
    50078: _OLD,
    53000: _POLICY,
    53001: _POLICY,
    53002: _POLICY,
    53003: _POLICY,
    530003: _POLICY,
    700082: Cause("the sign-in ended, unused for too long", _AGAIN, theirs=True),
    70008: _OLD,
    70043: _OLD,
    700084: _OLD,
    50132: _ENDED,
    50133: _ENDED,
    50173: Cause("the sign-in ended: the password was changed, or all sessions revoked", _AGAIN, theirs=True),
    50034: Cause("there is no such user", f"sign in with the account of this tenant: {AGAIN}", theirs=True),
    50020: Cause("the account is another tenant's", f"sign in with the account of this tenant: {AGAIN}", theirs=True),
    50053: Cause("the account is locked", "wait, or have an admin unlock it", theirs=True),
    50055: Cause("the password has expired", f"change it, then sign in again: {AGAIN}", theirs=True),
    50057: Cause("the account is disabled", "have an admin enable it"),
    70018: _CODE_OVER,
    70019: _CODE_OVER,
    70020: _CODE_OVER,
}


def refusal(who: str, said: str, *, mailbox: str = "") -> ProviderError:
    """What to tell of a token that was refused. `who` names the login, `said` is the server's own description.

    `mailbox` is the address of who signed in for themself; it is the owner where nobody else can mend it.
    """
    found = _CODE.search(said)
    cause = CAUSES.get(int(found[1])) if found else None
    if not found or not cause:
        words = "".join(c for c in (f"AADSTS{found[1]}: {found[2] or ''}" if found else said) if c.isprintable())
        return ProviderError(f"{who}: Microsoft gives no token: {words[:200] or 'without a word'}", urgent=True)
    owner = mailbox if cause.theirs else ""
    return ProviderError(f"{who}: {cause.what} (AADSTS{found[1]}); {cause.mend}", urgent=True, owner=owner)
