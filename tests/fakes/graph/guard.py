"""Who may do what in which mailbox: stands before Graph's other rooms and lets nobody pass without a token for it.

An app may what its token says in every mailbox, and beside that what RBAC for Applications grants it in some; grants
add up (https://learn.microsoft.com/exchange/permissions-exo/application-rbac). A person may in their own mailbox alone.
"""

from collections import defaultdict

from fakes.graph.login import Login
from fakes.graph.schema import error
from fakes.web import Answer, Request

CALENDARS, MAIL, SEND = "Calendars.ReadWrite", "Mail.ReadWrite", "Mail.Send"
_CALENDAR = {"calendar", "calendars", "calendarView", "events", "calendarGroups"}


class Guard:
    """The room; `scoped` is what is granted in single mailboxes, by permission."""

    def __init__(self, login: Login) -> None:
        self.login, self.scoped = login, defaultdict[str, set[str]](set)

    def __call__(self, request: Request) -> Answer | None:
        if request.steps[:2] != ["v1.0", "users"]:
            return None
        grant = self.login.grant(request)
        if grant is None:
            return Answer(401, error("InvalidAuthenticationToken", "Access token has expired or is not yet valid."))
        mailbox, needed = request.steps[2].lower(), _needed(request)
        if grant.person:
            allowed = needed in grant.permissions and grant.person == mailbox
        else:
            allowed = needed in grant.permissions or mailbox in self.scoped[needed]
        refused = error("ErrorAccessDenied", "Access is denied. Check credentials and try again.")
        return None if allowed else Answer(403, refused)


def _needed(request: Request) -> str:
    steps = request.steps[3:]
    if steps[0] in _CALENDAR:
        return CALENDARS
    return SEND if steps[-1] in ("send", "sendMail") else MAIL
