"""A real Dovecot in a folder of its own, as an ordinary process: IMAP with and without TLS, and LMTP to deliver with.

Started by root it keeps the mails as nobody, as it insists on; started by anybody else, as that user.
"""

import contextlib
import getpass
import grp
import imaplib
import itertools
import os
import pwd
import signal
import smtplib
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from shutil import rmtree, which
from typing import Self

from servers.ca import Certificate

PASSWORD = "correct-horse"  # noqa: S105 (of people who exist here alone)
A_SECOND = 1.1  # within which Dovecot does not look again whether a file of users has changed
ABSENT = None if which("dovecot", path="/usr/sbin:/usr/bin") else "Dovecot is not on this machine (dovecot-imapd)"

CONFIG = """
base_dir = {root}/run
state_dir = {root}/state
log_path = {root}/log
protocols = imap lmtp
listen = 127.0.0.1
ssl = yes
ssl_cert = <{certificate.chain}
ssl_key = <{certificate.key}
disable_plaintext_auth = no
auth_failure_delay = 0
auth_mechanisms = plain login
first_valid_uid = 1
default_internal_user = {internal}
default_internal_group = {internal_group}
default_login_user = {login}
mail_location = maildir:~/Maildir
mail_fsync = never
mail_max_userip_connections = 100
mail_plugins = quota
recipient_delimiter = +
passdb {{
  driver = static
  args = password={password}
}}
userdb {{
  driver = passwd-file
  args = {root}/limited
}}
userdb {{
  driver = static
  args = uid={uid} gid={gid} home={root}/mail/%u allow_all_users=yes
}}
plugin {{
  quota = count:User quota
  quota_vsizes = yes
  quota_grace = 0
}}
protocol imap {{
  {imap}
}}
namespace inbox {{
  inbox = yes
  separator = /
  mailbox "{sent}" {{
    auto = create
    special_use = {mark}
  }}
}}
service imap-login {{
  {chroot}
  inet_listener imap {{
    port = {imap_port}
  }}
  inet_listener imaps {{
    port = {imaps_port}
    ssl = yes
  }}
}}
service lmtp {{
  inet_listener lmtp {{
    port = {lmtp_port}
  }}
}}
service anvil {{
  {chroot}
  unix_listener anvil-auth-penalty {{
    mode = 0
  }}
}}
service stats {{
  {chroot}
}}
"""


class Dovecot:
    """A context manager. `port` speaks IMAP, with STARTTLS; `tls_port` IMAP in TLS at once; `lmtp_port` LMTP.

    Whoever logs in with PASSWORD, or is written to, has a mailbox there.
    """

    def __init__(self, certificate: Certificate, *, imap: str = "", sent: str = "Sent", mark: str = "\\Sent") -> None:
        """With `imap`, lines of dovecot.conf for IMAP alone, such as an `imap_capability` that lacks something.

        `sent` is a folder that everybody has, and `mark` its special use (RFC 6154).
        """
        self._certificate, self._imap, self._sent, self._mark = certificate, imap, sent, mark
        self._numbers = itertools.count(1)

    def __enter__(self) -> Self:
        # Not below pytest's own folders, which nobody but their owner may enter; and sockets need short names.
        self.root = Path(tempfile.mkdtemp(prefix="dovecot-"))
        self.root.chmod(0o755)
        self._copied = self._for_itself(self._certificate)
        (self.root / "limited").touch(mode=0o644)
        (self.root / "mail").mkdir()
        os.chown(self.root / "mail", *_keeper())
        with contextlib.ExitStack() as undo:
            undo.callback(rmtree, self.root, ignore_errors=True)
            self._ports()
            self.start()
            undo.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
        rmtree(self.root, ignore_errors=True)

    def start(self) -> None:
        """Begin to serve, on the same ports as before; returns when it does."""
        me, root = getpass.getuser(), os.geteuid() == 0
        group = grp.getgrgid(os.getegid()).gr_name
        uid, gid = _keeper()
        (self.root / "dovecot.conf").write_text(
            CONFIG.format(
                root=self.root,
                uid=uid,
                gid=gid,
                password=PASSWORD,
                certificate=self._copied,
                internal="dovecot" if root else me,
                internal_group="dovecot" if root else group,
                login="dovenull" if root else me,
                chroot="" if root else "chroot =",
                imap=self._imap,
                sent=self._sent,
                mark=self._mark,
                imap_port=self.port,
                imaps_port=self.tls_port,
                lmtp_port=self.lmtp_port,
            )
        )
        # With the tests it goes, even if they are killed.
        command = ["setpriv", "--pdeathsig", "TERM", "/usr/sbin/dovecot", "-F", "-c", str(self.root / "dovecot.conf")]
        with (self.root / "stderr").open("w") as stderr:
            self._process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stderr=stderr, start_new_session=True)
        for port in (self.port, self.tls_port, self.lmtp_port):
            self._poll(lambda port=port: self._greet(port), f"does not listen on {port}")

    def stop(self) -> None:
        """Serve no longer, at once and those who are connected neither; the mails stay."""
        os.killpg(self._process.pid, signal.SIGKILL)  # asked politely, it would go on serving these
        self._process.wait()
        for port in (self.port, self.tls_port, self.lmtp_port):  # its children die a moment later
            self._poll(lambda port=port: socket.create_server(("127.0.0.1", port)).close(), f"still listens on {port}")
        rmtree(self.root / "run")  # whoever starts may not believe that nobody answers at these sockets

    def deliver(self, *messages: bytes, to: str = "careermail@example.com") -> None:
        """Hand over mails by LMTP, as an MTA does; the envelope address may be plus-addressed."""
        with smtplib.LMTP("127.0.0.1", self.lmtp_port) as lmtp:
            for message in messages:
                lmtp.sendmail("", [to], message.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n"))

    def fill(self, messages: Iterable[bytes], address: str = "careermail@example.com") -> None:
        """Put many mails into somebody's Maildir at once."""
        new = self.mail(address) / "new"
        for message in messages:
            (new / f"1800000000.{next(self._numbers):06}.test").write_bytes(message)

    def limit(self, address: str, size: int | None) -> None:
        """Let somebody's mailbox be full from so many bytes on; None: never."""
        (uid, gid), users = _keeper(), self.root / "limited"
        kept = [line for line in users.read_text().splitlines() if not line.startswith(f"{address}:")]
        if size is not None:
            kept.append(f"{address}::{uid}:{gid}::{self.root}/mail/{address}::userdb_quota_rule=*:bytes={size}")
        users.write_text("".join(f"{line}\n" for line in kept))
        time.sleep(A_SECOND)

    def empty(self) -> None:
        """Throw away everybody's mailbox."""
        for home in (self.root / "mail").iterdir():
            rmtree(home)

    def mail(self, address: str) -> Path:
        """The person's Maildir; it is made where it is missing."""
        maildir = self.root / "mail" / address / "Maildir"
        for part in ("cur", "new", "tmp"):
            (maildir / part).mkdir(parents=True, exist_ok=True)
        for folder in (maildir.parent, maildir, *maildir.iterdir()):
            os.chown(folder, *_keeper())
        return maildir

    def client(self, address: str = "careermail@example.com", password: str = PASSWORD) -> imaplib.IMAP4:
        """What somebody's own mail program does: a plain connection, logged in. Close it by `with`."""
        client = imaplib.IMAP4("127.0.0.1", self.port, timeout=10)
        client.login(address, password)
        return client

    @property
    def log(self) -> str:
        """What it wrote, for a look at a test that fails."""
        return (self.root / "log").read_text()

    def _for_itself(self, certificate: Certificate) -> Certificate:
        """The files where it can read them."""
        chain, key = self.root / "server.crt", self.root / "server.key"
        chain.write_bytes(certificate.chain.read_bytes())
        key.touch(mode=0o600)
        key.write_bytes(certificate.key.read_bytes())
        return Certificate(chain, key, certificate.pem)

    def _ports(self) -> None:
        """Three that are free now; held together, so that they differ."""
        with contextlib.ExitStack() as held:
            listeners = [held.enter_context(socket.create_server(("127.0.0.1", 0))) for _ in range(3)]
            self.port, self.tls_port, self.lmtp_port = (s.getsockname()[1] for s in listeners)

    def _greet(self, port: int) -> None:
        if self._process.poll() is not None:
            raise RuntimeError(f"Dovecot did not start: {(self.root / 'stderr').read_text()}")
        socket.create_connection(("127.0.0.1", port), 5).close()

    def _poll(self, attempt: Callable[[], object], trouble: str) -> None:
        for _ in range(1000):
            with contextlib.suppress(OSError):
                attempt()
                return
            time.sleep(0.01)
        raise RuntimeError(f"Dovecot {trouble}: {self.log}")


def _keeper() -> tuple[int, int]:
    """Whose the mails are: root's may not be read by Dovecot."""
    if os.geteuid():
        return os.geteuid(), os.getegid()
    nobody = pwd.getpwnam("nobody")
    return nobody.pw_uid, nobody.pw_gid
