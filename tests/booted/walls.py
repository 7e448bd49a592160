"""Run within the walls of the service: every provider's way to the world, from the login to the last lock.

Each plays three months of one pair, as the package's own libraries do it, against servers of the tests over TLS:
tokens that are fetched and refreshed, sessions booked, mails sent and inboxes read. What a wall forbids fails here.
"""

import os
import ssl
import sys
from datetime import datetime
from pathlib import Path
from shutil import rmtree
from zoneinfo import ZoneInfo, available_timezones

FOLDER = Path(os.environ["STATE_DIRECTORY"]) / "walls"
AUTHORITY = FOLDER / "ca" / "ca.pem"
for name in ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "HTTPLIB2_CA_CERTS"):  # each library's own name for it
    os.environ[name] = str(AUTHORITY)
sys.path.insert(0, "/usr/lib/careermail")

from fakes import web  # noqa: E402 (the places where things are come first)
from fakes.ews.house import House  # noqa: E402
from on_exchange import Exchange  # noqa: E402
from on_google import Google  # noqa: E402
from on_microsoft import Microsoft  # noqa: E402
from scene import PAIR, World  # noqa: E402
from servers.ca import CA  # noqa: E402
from vendor import OnVendor  # noqa: E402

import careermail  # noqa: E402
from careermail.store.tiny import TinyStore  # noqa: E402

BEGIN, END = datetime(2027, 1, 4, 8), (2027, 4, 1)
KINDS = ["prepare", "prompt", "summary", "contract", "contract", "due-soon", "due"]


def behind_tls(authority: CA) -> ssl.SSLContext:
    """Let every server of the fakes speak TLS; returns what counts the connections."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(authority.good.chain, authority.good.key)
    web.Web.__init__.__kwdefaults__["tls"] = context
    House.__init__.__defaults__ = (*House.__init__.__defaults__[:-1], context)
    return context


def play(world: World) -> int:
    """Three months of one pair; how many mails these were."""
    world.run(2027, 1, 12, 12)
    world.contract("Jonas's commitments\n- Shadow the platform on-call rota by 1 March 2027\n")
    world.run(*END)
    kinds = [mail.kind for mail in world.mails]
    assert set(KINDS) <= set(kinds), kinds
    assert world.troubles() == [], world.troubles()
    return len(kinds)


def main() -> None:
    rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir(mode=0o700)
    assert careermail.__file__.startswith("/usr/lib/careermail/")
    tls = behind_tls(CA(FOLDER / "ca"))
    for vendor in (Google, Microsoft, Exchange):
        root, before = FOLDER / vendor.__name__, tls.session_stats()["accept_good"]
        root.mkdir()
        with OnVendor(vendor, root, BEGIN, PAIR) as opened:
            opened.store = opened.runner.store = TinyStore(root / "facts")
            print(f"{vendor.__name__}: {play(opened)} mails over TLS")  # noqa: T201 (for the journal)
        assert tls.session_stats()["accept_good"] > before
    print(f"{sum(ZoneInfo(zone) is not None for zone in available_timezones())} time zones")  # noqa: T201


if __name__ == "__main__":
    main()
