"""What Google means when it gives no token, in words that say who can mend it and how. Pure.

Sources: https://developers.google.com/identity/protocols/oauth2#expiration and
https://developers.google.com/identity/protocols/oauth2/service-account#jwt-auth-errors.
Of what Google said, only the error's own name and sentence are ever repeated.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Any

from careermail.errors import ProviderError, UsageError
from careermail.mail.escape import plain

AGAIN = "give it again: careermail auth google"
_CONSOLE = "Admin console, Security > Access and data control > API controls"
_DELEGATION = f"{_CONSOLE} > Manage Domain Wide Delegation"
_DOCS = "docs/google-admin.md"


# By what Google's sentence says of an invalid_grant.
_CAUSES = {
    "email|user id": "The organisation has no such user: mend the address, or take it out of the configuration.",
    "signature": "The key was deleted or disabled: make a new one, as `service_account` in [provider].",
    "short-lived": "The clock of this machine is wrong.",
    "rapt": f"The identity of this machine is a person's, whose session has ended: use one that lasts ({_DOCS}).",
}


def is_unauthorized(error: Exception) -> bool:
    """Whether Google refuses some of the scopes, without a word on which."""
    return _said(error)[0] == "unauthorized_client"


def of_consent(error: Exception, account: str, scopes: Iterable[str]) -> ProviderError:
    """What to tell where a refresh token gets no access token; it is the account's owner who can mend it."""
    code, words = _said(error)
    if not code:
        return unreachable(error)
    told = f"Google gives no access to {account} any more ({code}: {words}). {_why_consent(code, words, scopes)}"
    return ProviderError(told, urgent=True, owner=account)


def _why_consent(code: str, words: str, scopes: Iterable[str]) -> str:
    if code == "invalid_client" or code.endswith("_client"):
        return "The OAuth client was deleted or has another secret: download its JSON anew, as `client` in [provider]."
    if code == "invalid_scope":
        return f"The consent covers less than {_listed(scopes)}: {AGAIN}"
    if code in ("admin_policy_enforced", "org_internal", "access_denied"):
        return f"An administrator does not let the app in: {_CONSOLE} > Manage app access: trust it; then {AGAIN}"
    if "rapt" in words:
        return (
            "The organisation ends sessions: its administrator can exempt trusted apps (Admin console, Security >"
            f" Access and data control > Google Cloud session control). For now, {AGAIN}"
        )
    if "deleted" in words:
        return "The account is gone: take it out of the configuration, or restore it."
    return (
        "Likely: the app is in Testing, where a consent ends after 7 days; the password was changed; access was taken"
        " away at myaccount.google.com/connections; nothing used it for six months; or over 100 consents to this app"
        f" pushed it out. To mend it, {AGAIN}"
    )


def no_consent(account: str, why: str = "") -> ProviderError:
    """There is no consent yet, or none of use."""
    return ProviderError(
        f"Google: there is no consent of {account}{f' ({why})' if why else ''}; {AGAIN.replace(' again', '')}",
        urgent=True,
        owner=account,
    )


def not_allowed(account: str, missing: Iterable[str]) -> ProviderError:
    """A consent that does not cover what is used."""
    return ProviderError(
        f"Google: the consent of {account} does not cover {_listed(missing)}; {AGAIN}", urgent=True, owner=account
    )


# --- while consent is given ----------------------------------------------------------------------


def not_given(error: Exception) -> UsageError:
    """Why no consent came of the browser's visit; `error` is oauthlib's."""
    code = plain(str(getattr(error, "error", "") or type(error).__name__))[:80]
    if code == "access_denied":
        return UsageError("Access was not allowed in the browser. Nothing was kept; call this again to try again.")
    if code in ("invalid_client", "unauthorized_client", "deleted_client", "disabled_client"):
        return UsageError(f"Google does not know the OAuth client ({code}): download its JSON anew. Nothing was kept.")
    return UsageError(f"What came from the browser was no consent ({code}). Nothing was kept; call this again.")


def unticked(missing: Iterable[str]) -> UsageError:
    """Boxes were left without a tick."""
    return UsageError(
        f"Not all that careermail needs was allowed; missing: {_listed(missing)}. Nothing was kept; call this again"
        " and tick every box."
    )


def another(account: str, found: str) -> UsageError:
    """Somebody else was signed in."""
    return UsageError(
        f"{found} gave consent, but the configuration is for {account}. Nothing was kept; sign in as {account} in the"
        " browser, or use a private window, and call this again."
    )


def too_short(left: timedelta) -> UsageError:
    """The consent would end too soon to be of use."""
    days = -(-left // timedelta(days=1))
    if days <= 7:  # noqa: PLR2004 (Google's own number, for apps in Testing)
        return UsageError(
            f"Google would end this consent after {days} days, because the app is in Testing. Nothing was kept. In"
            ' Google Cloud console > Google Auth Platform > Audience, choose user type "Internal", or "Publish app";'
            " then call this again."
        )
    return UsageError(
        f"This consent would end after {days} days, because access was given for that time alone. Nothing was kept;"
        " call this again and allow access without an end."
    )


# --- a service account ---------------------------------------------------------------------------


def of_delegation(error: Exception, address: str, scopes: Iterable[str], client_id: str) -> ProviderError:
    """What to tell where a service account gets no token for somebody; `client_id` (or its address) names it."""
    code, words = _said(error)
    if not code:
        return unreachable(error)
    told = f"Google gives no access to {address} ({code}: {words}). {_why_delegation(code, words, scopes, client_id)}"
    return ProviderError(told, urgent=True)


def _why_delegation(code: str, words: str, scopes: Iterable[str], client_id: str) -> str:
    if code == "unauthorized_client":
        whose = f"client ID (its unique ID) of {client_id}" if "@" in client_id else f"client ID {client_id}"
        return f"{_DELEGATION}: the {whose} must have the OAuth scopes {','.join(scopes)}"
    if code == "PERMISSION_DENIED":
        return (
            f"Give the identity of this machine the role Service Account Token Creator on {client_id}: Google Cloud"
            f" console > IAM & Admin > Service Accounts > Permissions ({_DOCS})"
        )
    if code == "SERVICE_DISABLED":
        return "Enable the IAM Service Account Credentials API (iamcredentials.googleapis.com) in the project."
    causes = (cause for hint, cause in _CAUSES.items() if re.search(hint, words, re.IGNORECASE))
    return next(causes, f"Was the service account {client_id} deleted or disabled? See {_DOCS}.")


def no_identity(robot: str) -> ProviderError:
    """Nobody to sign for a service account without a key."""
    return ProviderError(
        f"Google: this machine has no identity that could sign for {robot}; attach a service account to it, or set"
        f" GOOGLE_APPLICATION_CREDENTIALS ({_DOCS}); or use a key: service_account in [provider]",
        urgent=True,
    )


# --- what was said -------------------------------------------------------------------------------


def unreachable(error: Exception) -> ProviderError:
    """No answer, or one that will be another soon."""
    return ProviderError(f"Google's accounts cannot be reached for now ({type(error).__name__})")


def _said(error: Exception) -> tuple[str, str]:
    """The error's name and sentence; ("", "") where it will pass by itself, or nothing came at all."""
    from google.auth.exceptions import RefreshError

    if not isinstance(error, RefreshError) or error.retryable:
        return "", ""
    if "eauthentication is needed" in str(error.args[0]):  # the library's own words in the place of Google's
        return "invalid_grant", "invalid_rapt"
    said = _table(error.args[1] if len(error.args) > 1 else {})
    if isinstance(said.get("error"), Mapping):
        return _of_api(said["error"])
    words = " ".join(str(said.get(name, "")) for name in ("error_description", "error_subtype")).strip()
    return plain(str(said.get("error", "")))[:80], plain(words)[:200] or "without a word"


def _of_api(error: Mapping[str, Any]) -> tuple[str, str]:
    """An error as Google's APIs tell it (https://cloud.google.com/apis/design/errors)."""
    reasons = [detail.get("reason") for detail in error.get("details", ()) if isinstance(detail, Mapping)]
    code = next((str(reason) for reason in reasons if reason), str(error.get("status", "")))
    code = "PERMISSION_DENIED" if code == "IAM_PERMISSION_DENIED" else code
    return plain(code)[:80], plain(str(error.get("message", "")))[:200]


def _table(said: Any) -> Mapping[str, Any]:
    if isinstance(said, str):
        try:
            said = json.loads(said)
        except ValueError:
            return {}
    return said if isinstance(said, Mapping) else {}


def _listed(scopes: Iterable[str]) -> str:
    return ", ".join(scope.rpartition("/")[2] for scope in scopes)
