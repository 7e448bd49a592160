"""The provider `standards`: any SMTP, IMAP and CalDAV server, each where the configuration or DNS says."""

from collections.abc import Callable, Iterable, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

from careermail.clock import Clock
from careermail.model import Person
from careermail.providers import Calendar, Probe, Provider, no_probes, nothing_open, one_inbox

if TYPE_CHECKING:
    from careermail.providers.standards.invitations import Invitations

Probes = Callable[[Iterable[Person]], list[Probe]]


def open_provider(settings: Mapping[str, Any], clock: Clock) -> Provider:
    """The provider on the servers of a [provider] table, as careermail.config.standards makes it. Nothing is reached.

    What attendees were told by mail is kept in the service's state folder, below `invitations`; with `imip`, the
    calendars themselves too, below `calendars`.
    """
    from careermail.providers.shelf.vdir import naming
    from careermail.providers.standards.imap import ImapInbox, SentFolder
    from careermail.providers.standards.invitations import Invitations
    from careermail.providers.standards.smtp import SmtpOutbox

    service = settings["service"]
    inbox = ImapInbox(settings["inbox"], service, clock)
    sent = SentFolder(settings["inbox"], service) if settings["inbox"]["sent"] else None
    outbox = SmtpOutbox(settings["outbox"], service.address, clock, sent)
    invitations = Invitations(service.state / "invitations", outbox, service, clock)
    calendar, look, leave = _calendar(settings, clock, invitations)

    def probes(managers: Iterable[Person]) -> list[Probe]:
        return [*outbox.probes(), *inbox.probes(), *look(managers)]

    def close() -> None:
        with ExitStack() as parting:  # whoever cannot leave keeps nobody else from it
            for end in (leave, *([sent.close] if sent else []), inbox.close, outbox.close):
                parting.callback(end)

    def kept(address: str) -> list[Path]:
        return [path for name in ("invitations", "calendars") for path in naming(service.state / name, address)]

    told = invitations.resent
    return Provider("standards", calendar, outbox, one_inbox(inbox), probes=probes, kept=kept, resent=told, close=close)


def _calendar(
    settings: Mapping[str, Any], clock: Clock, invitations: "Invitations"
) -> tuple[Calendar, Probes, Callable[[], None]]:
    """The calendar, its logins and what closes it."""
    service = settings["service"]
    if settings["calendar"] == "imip":
        from careermail.providers.standards.imip import ImipCalendar

        return ImipCalendar(service.state / "calendars", invitations, service, clock), no_probes, nothing_open
    from careermail.providers.standards.caldav import CalDavCalendar

    calendar = CalDavCalendar(settings, service, clock, invitations)
    return calendar, calendar.probes, calendar.close
