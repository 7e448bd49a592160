"""A real Postfix in folders of its own: a server for submission that delivers to its own people, or to a Dovecot.

It has to be started by root, as every Postfix. What it answers to some that it does not know is in their names:
answer-450@example.com.
"""

import contextlib
import os
import pwd
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterable
from pathlib import Path
from shutil import rmtree, which
from typing import Self

from servers.ca import CA, Certificate

USER, PASSWORD = "careermail@example.com", "correct horse"
PEOPLE = (USER, "maya@example.com", "jonas@example.com", "ana@example.com", "jürgen@example.com")
_SBIN = "/usr/sbin:/usr/bin"
ABSENT = (
    "Postfix is not on this machine (postfix, sasl2-bin)"
    if not (which("postfix", path=_SBIN) and which("saslpasswd2", path=_SBIN))
    else "Postfix can be started by root alone"
    if os.geteuid()
    else None
)

MAIN = """
compatibility_level = 3.6
queue_directory = {root}/queue
data_directory = {root}/data
maillog_file = {root}/log
maillog_file_prefixes = {root}
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
myhostname = mail.example.com
mydestination =
mynetworks =
alias_maps =
smtputf8_enable = yes
message_size_limit = 200000
smtpd_tls_security_level = may
smtpd_tls_chain_files = {root}/good.pem
smtpd_sasl_auth_enable = yes
smtpd_sasl_path = smtpd
cyrus_sasl_config_path = {root}/etc/sasl
smtpd_sasl_security_options = noanonymous
smtpd_relay_restrictions = permit_sasl_authenticated, reject_unauth_destination
smtpd_recipient_restrictions = check_recipient_access regexp:{root}/answers
smtpd_sender_login_maps = regexp:{root}/logins
smtpd_sender_restrictions = reject_authenticated_sender_login_mismatch
smtpd_delay_reject = no
smtpd_client_connection_count_limit = 0
smtpd_error_sleep_time = 0
virtual_mailbox_domains = example.com
virtual_mailbox_base = {root}/mail
virtual_mailbox_maps = texthash:{root}/mailboxes
virtual_mailbox_limit = 0
virtual_uid_maps = static:65534
virtual_gid_maps = static:65534
virtual_transport = {transport}
recipient_delimiter = +
"""
MASTER = """
postlog   unix-dgram n - n - 1 postlogd
cleanup   unix n - n - 0 cleanup
qmgr      unix n - n 300 1 qmgr
tlsmgr    unix - - n 1000? 1 tlsmgr
rewrite   unix - - n - - trivial-rewrite
bounce    unix - - n - 0 bounce
defer     unix - - n - 0 bounce
trace     unix - - n - 0 bounce
flush     unix n - n 1000? 0 flush
proxymap  unix - - n - - proxymap
smtp      unix - - n - - smtp
error     unix - - n - - error
retry     unix - - n - - error
virtual   unix - n n - - virtual
lmtp      unix - - n - - lmtp
anvil     unix - - n - 1 anvil
"""
LISTENERS = {
    "port": "",
    "tls_port": "-o smtpd_tls_wrappermode=yes",
    "expired_port": "-o smtpd_tls_chain_files={root}/expired.pem",
    "wrong_host_port": "-o smtpd_tls_chain_files={root}/wrong-host.pem",
    "bare_port": "-o smtpd_tls_security_level=none -o smtpd_sasl_auth_enable=no",
    "trusting_port": "-o smtpd_reject_unlisted_recipient=no",
}
ANSWERS = """/^answer-421@/ 421 4.7.0 Too many mails
/^answer-450@/ 450 4.2.0 Greylisted
/^answer-452@/ 452 4.2.2 Over quota
/^answer-550@/ 550 5.7.1 You may not write to them
/^answer-552@/ 552 5.2.2 Over quota
"""
LOGINS = f"/^boss@/ boss@example.com\n/./ {USER}\n"


class Postfix:
    """A context manager.

    `port` speaks STARTTLS, `tls_port` TLS at once; the certificates of `expired_port` and `wrong_host_port` are to be
    refused; `bare_port` offers neither TLS nor a login; `trusting_port` takes mail to whoever, and bounces it.
    """

    port: int
    tls_port: int
    expired_port: int
    wrong_host_port: int
    bare_port: int
    trusting_port: int

    def __init__(self, ca: CA, *, people: Iterable[str] = PEOPLE, lmtp: int | None = None) -> None:
        """For these people's addresses at example.com.

        With `lmtp`, mail is delivered to that port of 127.0.0.1; without, into Maildirs under `root`/mail.
        """
        self._ca, self._people, self._lmtp = ca, tuple(people), lmtp

    def __enter__(self) -> Self:
        # Not below pytest's own folders, which Postfix's own users may not enter.
        self.root = Path(tempfile.mkdtemp(prefix="postfix-"))
        self.root.chmod(0o755)
        with contextlib.ExitStack() as undo:
            undo.callback(rmtree, self.root, ignore_errors=True)
            self._configure()
            self.start()
            undo.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
        rmtree(self.root, ignore_errors=True)

    def start(self) -> None:
        """Begin to serve, on the same ports as before; returns when it does."""
        # It goes with the tests even if they are killed: then the shell reads the end of its input.
        watch = f"setsid /usr/lib/postfix/sbin/master -d -c {self.root}/etc & read end; kill $!; wait"
        self._process = subprocess.Popen(
            ["sh", "-c", watch], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        self._await(self.port)

    def stop(self) -> None:
        """Serve no longer; what it took stays in its queue."""
        self._process.communicate(timeout=10)

    def received(self, address: str) -> list[bytes]:
        """What lies in somebody's mailbox, as it is on disk and in no order."""
        self.settle()
        return [file.read_bytes() for file in (self.root / "mail" / address / "new").glob("*")]

    def empty(self) -> None:
        """Throw away what everybody received."""
        self.settle()
        for maildir in (self.root / "mail").iterdir():
            rmtree(maildir)

    def settle(self) -> None:
        """Return once every mail has come to rest."""
        for _ in range(1000):
            # The first twice: a bounce is put into it before the mail that it is about leaves the second.
            if not any(list((self.root / "queue" / name).iterdir()) for name in ("incoming", "active", "incoming")):
                return
            time.sleep(0.01)
        raise RuntimeError(f"mail is still under way: {self.log}")

    @property
    def log(self) -> str:
        """What it wrote, for a look at a test that fails."""
        return (self.root / "log").read_text()

    def _configure(self) -> None:
        for folder in ("etc", "etc/sasl", "queue", "data", "mail"):
            (self.root / folder).mkdir(mode=0o755)
        os.chown(self.root / "data", pwd.getpwnam("postfix").pw_uid, -1)
        os.chown(self.root / "mail", 65534, 65534)
        for name in ("good", "expired", "wrong_host"):
            certificate: Certificate = getattr(self._ca, name)
            pem = self.root / certificate.pem.name
            pem.touch(mode=0o600)
            pem.write_bytes(certificate.pem.read_bytes())
        transport = f"lmtp:inet:127.0.0.1:{self._lmtp}" if self._lmtp else "virtual"
        (self.root / "etc/main.cf").write_text(MAIN.format(root=self.root, transport=transport))
        (self.root / "etc/master.cf").write_text(MASTER + self._listeners())
        mailboxes = "".join(f"{address} {address}/\n" for address in self._people)
        for name, content in (("mailboxes", mailboxes), ("answers", ANSWERS), ("logins", LOGINS)):
            (self.root / name).write_text(content)
        self._let_in()
        # It makes the folders of the queue.
        subprocess.run(["/usr/sbin/postfix", "-c", self.root / "etc", "check"], check=True, capture_output=True)

    def _let_in(self) -> None:
        """Cyrus SASL's own password file, for USER alone, where Debian's Postfix looks for its settings."""
        database = self.root / "users"
        settings = f"pwcheck_method: auxprop\nauxprop_plugin: sasldb\nmech_list: PLAIN LOGIN\nsasldb_path: {database}\n"
        (self.root / "etc/sasl/smtpd.conf").write_text(settings)
        user, _, realm = USER.partition("@")
        command = ["/usr/sbin/saslpasswd2", "-c", "-p", "-f", database, "-u", realm, user]
        subprocess.run(command, input=PASSWORD.encode(), check=True)
        os.chown(database, pwd.getpwnam("postfix").pw_uid, -1)

    def _listeners(self) -> str:
        with contextlib.ExitStack() as held:
            free = [held.enter_context(socket.create_server(("127.0.0.1", 0))) for _ in LISTENERS]
            for name, listener in zip(LISTENERS, free, strict=True):
                setattr(self, name, listener.getsockname()[1])
        return "".join(
            f"127.0.0.1:{getattr(self, name)} inet n - n - - smtpd {options.format(root=self.root)}\n"
            for name, options in LISTENERS.items()
        )

    def _await(self, port: int) -> None:
        for _ in range(1000):  # ten seconds
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 5) as there:
                if there.recv(100):
                    return
            time.sleep(0.01)
        raise RuntimeError(f"Postfix does not listen on {port}: {self.log}")
