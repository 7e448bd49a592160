"""A name server on loopback, for as long as a test lasts: it answers what it was told, over UDP, and NXDOMAIN else."""

import socket
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import dns.flags
import dns.message
import dns.rcode
import dns.resolver
import dns.rrset

Zone = Mapping[tuple[str, str], list[str]]  # ("_imaps._tcp.example.com", "SRV") -> ["0 1 993 imap.example.com."]


def answer(query: bytes, zone: Zone, rcode: dns.rcode.Rcode) -> bytes:
    """What this server says to a query."""
    asked = dns.message.from_wire(query)
    said = dns.message.make_response(asked)
    name, kind = asked.question[0].name, dns.rdatatype.to_text(asked.question[0].rdtype)
    held = name.to_text(omit_final_dot=True)
    if records := zone.get((held, kind)):
        said.answer.append(dns.rrset.from_text(name, 60, "IN", kind, *records))
    elif rcode or held not in {holder for holder, _ in zone}:
        said.set_rcode(rcode or dns.rcode.NXDOMAIN)
    return said.to_wire()


@contextmanager
def name_server(zone: Zone, *, rcode: dns.rcode.Rcode = dns.rcode.NOERROR, silent: bool = False) -> Iterator[None]:
    """Have all lookups of this process asked of such a server; `rcode` is its failure, for what it does not hold."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as listening:
        listening.bind(("127.0.0.1", 0))
        serving = threading.Thread(target=_serve, args=(listening, zone, rcode, silent))
        serving.start()
        before = dns.resolver.default_resolver
        dns.resolver.default_resolver = resolver = dns.resolver.Resolver(configure=False)
        resolver.nameservers, resolver.port = ["127.0.0.1"], listening.getsockname()[1]
        try:
            yield
        finally:
            dns.resolver.default_resolver = before
            listening.sendto(b"", listening.getsockname())  # an empty query ends it
            serving.join()


def _serve(listening: socket.socket, zone: Zone, rcode: dns.rcode.Rcode, silent: bool) -> None:
    while True:
        query, asker = listening.recvfrom(4096)
        if not query:
            return
        if not silent:
            listening.sendto(answer(query, zone, rcode), asker)
