"""Mails through a real server: what careermail's own work on each costs beside the sending itself.

The server is Postfix, because it does what every MTA owes (RFC 5321, 6.1): a mail is on its disk before it says that it
has taken it. Both sides speak to it over one connection in the clear. On loopback that is the hardest comparison, since
it answers within a fraction of a millisecond; with a network between, which is how mail is sent, both wait alike.
"""

import contextlib
import smtplib
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

from careermail.model import Team
from careermail.providers.standards.smtp import SmtpOutbox
from careermail.runner import Runner
from tests.bench import seed

sys.path.insert(0, str(Path(__file__).parents[1]))  # the test servers are imported as pytest finds them

from servers.ca import CA
from servers.postfix import ABSENT, Postfix
from servers.proxy import Proxy

__all__ = ["ABSENT", "posting"]

Work = Callable[[], object]


@contextlib.contextmanager
def posting(folder: Path, runner: Runner, teams: list[Team], distance: float) -> Iterator[tuple[Work, Work]]:
    """Two things to measure: a commitment of the next team mailed by the engine, and the same mail by smtplib alone.

    `runner` and `teams` stand an hour before a commitment of each is due; the server is `distance` seconds away.
    """
    people = [team.manager.email for team in teams]
    with Postfix(CA(folder), people=people) as server, Proxy(server.port, distance=distance) as proxy:
        port = proxy.port if distance else server.port
        settings = {"host": "127.0.0.1", "port": port, "tls": "none", "user": "", "ca": None, "insecure": False}
        outbox = SmtpOutbox(settings, runner.service.address, runner.clock)
        runner.provider = replace(runner.provider, outbox=outbox)
        runner.clock.wait(seed.DUE)
        coming = iter(teams)
        runner.tick(next(coming))
        (raw,) = server.received(people[0])
        with smtplib.SMTP("127.0.0.1", port) as bare:
            yield lambda: runner.tick(next(coming)), lambda: bare.sendmail(runner.service.address, people[0], raw)
        outbox.close()
