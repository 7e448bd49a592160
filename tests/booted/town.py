"""Servers in the machine: a name server for example.com, and with them a Postfix and a Dovecot that DNS tells of.

town.py FOLDER     serves until it is ended; FOLDER/ready says that it does, FOLDER/ca.pem is its authority
"""

import signal
import socket
import sys
import threading
from pathlib import Path

from dns.rcode import NOERROR
from servers.ca import CA, HERE
from servers.dovecot import Dovecot
from servers.names import answer
from servers.postfix import Postfix

PEOPLE = [f"{who}@example.com" for who in ("careermail", "maya", "jonas", "it", "ana", "raj")]


def serve_names(zone: dict[tuple[str, str], list[str]]) -> None:
    """Answer for this zone on the port where every program asks."""
    listening = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    listening.bind(("127.0.0.1", 53))

    def serve() -> None:
        while True:
            query, asker = listening.recvfrom(4096)
            listening.sendto(answer(query, zone, NOERROR), asker)

    threading.Thread(target=serve, daemon=True).start()


def main(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    ca = CA(folder)
    ca.issue("good", *HERE, "mail.example.com")
    zone = {("mail.example.com", "A"): ["127.0.0.1"]}
    serve_names(zone)  # first, for the servers ask it too
    with Dovecot(ca.good) as dovecot, Postfix(ca, people=PEOPLE, lmtp=dovecot.lmtp_port) as postfix:
        zone["_submission._tcp.example.com", "SRV"] = [f"0 1 {postfix.port} mail.example.com."]
        zone["_imaps._tcp.example.com", "SRV"] = [f"0 1 {dovecot.tls_port} mail.example.com."]
        (folder / "ready").write_text(f"{postfix.port} {dovecot.port}\n")
        signal.sigwait({signal.SIGTERM})


if __name__ == "__main__":
    main(Path(sys.argv[1]))
