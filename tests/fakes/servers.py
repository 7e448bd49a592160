"""A provider whose logins can be tried and go as the settings say; as a module, it stands in for one of PROVIDERS."""

from collections.abc import Iterable, Mapping
from typing import Any

from careermail.clock import Clock
from careermail.errors import ProviderError
from careermail.model import Person
from careermail.providers import Found, Probe, Provider

CLOSED: list[str] = []  # what was closed, since nobody but the command holds the provider


def open_provider(settings: Mapping[str, Any], clock: Clock) -> Provider:
    """A provider that can be asked for its logins alone; what the hosts are called says how they are."""
    del clock

    def probes(managers: Iterable[Person]) -> list[Probe]:
        outbox, inbox = settings["outbox"], settings["inbox"]
        calendars = [Probe(f"CalDAV for {one.email}", lambda: Found(), owner=one.email) for one in managers]  # noqa: PLW0108
        return [
            Probe(f"SMTP {outbox['host']}:{outbox['port']}", lambda: look(outbox["host"])),
            Probe(f"IMAP {inbox['host']}:{inbox['port']}", lambda: look(inbox["host"])),
            *calendars,
        ]

    nobody: Any = None
    return Provider("standards", nobody, nobody, nobody, probes=probes, close=lambda: CLOSED.append("closed"))


def look(host: str) -> Found:
    """What is found at a host."""
    if host.startswith("down"):
        raise ProviderError(f"{host} does not answer; is it running?")
    if host.startswith("odd"):
        raise RuntimeError("no idea")
    return Found(("TLSv1.3", "SIZE 1000"), ("IDLE\x1b[31m",))
