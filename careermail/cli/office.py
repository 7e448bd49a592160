"""What commands work with: the configuration, the store, the engine and the clock, each made when first asked for."""

import os
import pwd
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from careermail.clock import Clock, system_or
from careermail.errors import UsageError

if TYPE_CHECKING:
    from careermail.config import Config
    from careermail.providers import Provider
    from careermail.runner import Runner
    from careermail.store.tiny import TinyStore


class Office:
    """One command's surroundings. Everything in it may raise the CareermailErrors of what it is made from."""

    patience = 10.0  # seconds that a command waits for whoever is at a manager's facts

    def __init__(self, named: Path | None) -> None:
        self.named = named  # --config

    @cached_property
    def clock(self) -> Clock:
        """The machine's clock, or the one of a rehearsal."""
        return system_or(os.environ)

    @cached_property
    def path(self) -> Path:
        """The configuration's file. Raises UsageError."""
        from careermail.config import find

        return find(self.named, os.environ, Path.cwd())

    def load(self, *, templates: bool = False) -> "Config":
        """Read the configuration anew. Raises ConfigError."""
        from careermail.config import load

        return load(self.path, now=self.clock.now(), environ=os.environ, templates=templates)

    @cached_property
    def config(self) -> "Config":
        """The configuration."""
        return self.load()

    @cached_property
    def runner(self) -> "Runner":
        """The engine for this configuration."""
        return hire(self.config, self.clock, self.store)

    @cached_property
    def provider(self) -> "Provider":
        """How the world is reached, for those who only look at it."""
        from careermail.providers import open_provider

        return open_provider(self.config.provider, self.clock)

    @cached_property
    def store(self) -> "TinyStore":
        """What is remembered."""
        return open_store(self.config.service.state, timeout=self.patience)


def open_store(state: Path, *, timeout: float = 10.0) -> "TinyStore":
    """What is remembered in a folder.

    Raises UsageError where it is another user's and we are root, or where half of an export was restored.
    """
    from careermail.store.tiny import TinyStore

    refuse_root(state)
    _refuse_half(state)
    return TinyStore(state, timeout=timeout)


def _refuse_half(state: Path) -> None:
    from careermail.store.baggage import RESTORING

    if (state / RESTORING).exists():
        raise UsageError(
            f"{state} is being restored, or that was broken off; then call it again: careermail restore FILE"
        )


def refuse_root(state: Path) -> None:
    """Keep root from writing files that the service's user could not read tomorrow. Raises UsageError."""
    if os.geteuid() == 0 and state.exists() and (owner := state.stat().st_uid) != 0:
        user = _name(owner)
        raise UsageError(f"{state} belongs to {user}; call careermail as that user: sudo -u {user} careermail …")


def _name(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"#{uid}"


def hire(config: "Config", clock: Clock, store: "TinyStore | None" = None) -> "Runner":
    """The runner that serves a configuration; with a store of its own unless it is given one. Raises UsageError."""
    from careermail.providers import open_provider
    from careermail.runner import Runner
    from careermail.store.secret import secret_of

    store = store or open_store(config.service.state)
    service = replace(config.service, secret=secret_of(config.service.state))
    return Runner(service, open_provider({**config.provider, "service": service}, clock), store, clock)
