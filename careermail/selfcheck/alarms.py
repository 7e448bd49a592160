"""Who hears of a login that fails or is about to end, by what cause, and until when.

What fails for many managers in the same way is one trouble: a server that is down for 10,000 is no 10,000 alarms.
"""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

from careermail.errors import CareermailError
from careermail.model import Fact, opaque, stamp
from careermail.plan.planner import CHECKS
from careermail.providers import Probe
from careermail.selfcheck.logins import WARNED, Login
from careermail.troubles import Troubles, permanent

CHECK, EXPIRY = "check/", "expiry/"  # begin the causes of what fails, and of what is about to end


class Alarms:
    """The troubles that the self-check knows of."""

    def __init__(self, troubles: Troubles) -> None:
        self._troubles = troubles

    def fail(self, whose: str, label: str, probe: Probe, error: CareermailError, now: datetime) -> str:
        """Note that a login fails, unless its words are an alarm already; return the cause by which it is known."""
        owner = probe.owner or str(getattr(error, "owner", ""))
        lasts = permanent(error) or getattr(error, "urgent", False)
        for cause, trouble in self._troubles.standing().items():
            if trouble.data["note"] == str(error) and not cause.startswith(CHECK):
                return cause
        group = owner or ("" if whose == CHECKS else "managers")
        words = opaque(str(error).replace(whose, ""))[:8] if lasts else ""
        cause = CHECK + "/".join(filter(None, (group, label, words)))
        self._troubles.arise(cause, error, now, **_to(owner if lasts else ""))
        return cause

    def keep(self, logins: Collection[Login], now: datetime) -> None:
        """Let stand what is so still; note what is about to end, and as solved whatever is over."""
        dying = {_expiry(login): login for login in logins if login.dying(now)}
        standing = self._troubles.standing()
        for cause, login in dying.items():
            if cause not in standing:
                self._foretell(cause, login, now)
        held = {login.cause for login in logins} | dying.keys()
        if any(_ours(cause) and cause not in held for cause in standing):
            self._troubles.settle(now, lambda trouble: _ours(trouble.key) and trouble.key not in held)

    def _foretell(self, cause: str, login: Login, now: datetime) -> None:
        if not login.expires:
            return
        again = [(login.expires - before).isoformat() for before in WARNED if login.expires - before > now]
        self._troubles.foretell(cause, _words(login), now, again=again, **_to(login.owner))


def _ours(cause: str) -> bool:
    return cause.startswith((CHECK, EXPIRY)) or cause == CHECKS  # the last: a fault of the self-check itself


def _to(owner: str) -> Mapping[str, Any]:
    return {"manager": CHECKS, **({"mender": owner} if owner else {})}


def _expiry(login: Login) -> str:
    """One cause for all logins that end together: they go by one credential."""
    end = stamp(login.expires) if login.expires else ""
    return f"{EXPIRY}{login.owner}/{end}" if login.owner else f"{EXPIRY}{end}"


def _words(login: Login) -> str:
    day = f"{login.expires:%A} {login.expires.day} {login.expires:%B %Y}" if login.expires else ""
    return (
        f"{login.name}: this login ends by itself on {day}. Renew it before that day, and nothing is held back. "
        "That it was renewed is noticed within a day, or at once by: systemctl reload careermail"
    )


def is_warning(trouble: Fact) -> bool:
    """Whether a trouble tells only of what is to come: nothing is stuck by it."""
    return trouble.key.startswith(EXPIRY)
