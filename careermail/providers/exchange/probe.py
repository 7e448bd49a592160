"""Logins that are tried without changing anything: one harmless read in each mailbox that careermail works in."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import partial
from typing import Any

from careermail.model import Person
from careermail.providers import Found, Probe
from careermail.providers.exchange.account import Mailboxes


def probes_of(mailboxes: Mailboxes, settings: Mapping[str, Any], managers: Iterable[Person]) -> list[Probe]:
    """A probe for each manager's mailbox, and for the service's own, from which alarms are sent.

    Only a manager whose own login it is can mend theirs.
    """
    login, service = mailboxes.login, settings["service"]
    addresses = dict.fromkeys(login.mailbox(one) for one in (service.address, *(m.email for m in managers)))
    owner = settings["mailbox"]
    return [
        Probe(f"{login.where} as {login.who}, mailbox {one}", partial(_look, mailboxes, one), owner)
        for one in addresses
    ]


def _look(mailboxes: Mailboxes, address: str) -> Found:
    """Whether the Inbox can be read; and which Exchange it is."""
    from exchangelib.folders import Inbox

    from careermail.providers.exchange.letters import folder

    with mailboxes.open(address) as account:
        list(folder(account, Inbox).all().only("id")[:1])
        build = account.version.build
    return Found((f"Exchange {build.major_version}.{build.minor_version} (build {build})",))
