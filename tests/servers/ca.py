"""A test CA, and the certificates that servers are started with: good ones, and ones that must be refused."""

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import trustme

HERE = ("localhost", "127.0.0.1", "::1")


@dataclass(frozen=True)
class Certificate:
    """What a server proves itself with, as PEM files."""

    chain: Path  # the server's own certificate first
    key: Path  # mode 0600
    pem: Path  # key and chain in one file, mode 0600


class CA:
    """An authority of its own, whose files stand in `folder`; `file` is what a client trusts (PEM).

    What was issued under a name is issued once; ask as often as you like.
    """

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder, self._ca = folder, trustme.CA()
        self.file = folder / "ca.pem"
        self._ca.cert_pem.write_to_path(self.file)

    @property
    def good(self) -> Certificate:
        """For localhost, 127.0.0.1 and ::1."""
        return self.issue("good", *HERE)

    @property
    def expired(self) -> Certificate:
        """For the same names, but over since 2020."""
        return self.issue("expired", *HERE, until=datetime(2020, 1, 1, tzinfo=UTC))

    @property
    def wrong_host(self) -> Certificate:
        """For mail.example.org alone."""
        return self.issue("wrong-host", "mail.example.org")

    def issue(self, name: str, *hosts: str, until: datetime | None = None) -> Certificate:
        """A certificate for these hosts, its files named after `name`; `until` is the end of its validity."""
        stem = self._folder / name
        made = Certificate(stem.with_suffix(".crt"), stem.with_suffix(".key"), stem.with_suffix(".pem"))
        if made.pem.exists():
            return made
        begun = datetime(2019, 1, 1, tzinfo=UTC) if until else None
        leaf = self._ca.issue_cert(*hosts, not_before=begun, not_after=until)
        chain = b"".join(blob.bytes() for blob in leaf.cert_chain_pems)
        private = leaf.private_key_pem.bytes()
        for path, content in ((made.chain, chain), (made.key, private), (made.pem, private + chain)):
            path.touch(mode=0o644 if path is made.chain else 0o600)
            path.write_bytes(content)
        return made
