"""A real Cyrus in a folder of its own: CalDAV that schedules by itself (RFC 6638), and LMTP to make people's accounts.

Started by root it runs as cyrus, as it insists on; started by anybody else, as that user.
"""

import contextlib
import getpass
import os
import shlex
import shutil
import smtplib
import socket
import subprocess
import tempfile
import time
from base64 import b64encode
from contextlib import closing
from http import HTTPStatus
from http.client import HTTPConnection
from pathlib import Path
from typing import Self

PASSWORD = "correct-horse"  # noqa: S105 (of people who exist here alone)
BIN = Path("/usr/lib/cyrus/bin")
NEEDED = {
    str(BIN / "master"): "cyrus-common",
    str(BIN / "httpd"): "cyrus-caldav",
    "/usr/sbin/saslpasswd2": "sasl2-bin",
    "/usr/bin/setpriv": "util-linux",
}
MISSING = [package for file, package in NEEDED.items() if not Path(file).exists()]
ABSENT = f"Cyrus is not on this machine ({', '.join(MISSING)})" if MISSING else None

IMAPD_CONF = """
configdirectory: {root}/conf
defaultpartition: default
partition-default: {root}/spool
proc_path: {root}/run/proc
mboxname_lockpath: {root}/run/lock
sievedir: {root}/sieve
cyrus_user: {user}
sendmail: /bin/false
servername: localhost
altnamespace: yes
unixhierarchysep: yes
virtdomains: off
httpmodules: caldav
httpallowcompress: no
caldav_allowscheduling: on
calendar_user_address_set: example.com
allowplaintext: yes
autocreate_quota: 0
autocreate_post: yes
skiplist_unsafe: yes
sasl_pwcheck_method: auxprop
sasl_auxprop_plugin: sasldb
sasl_sasldb_path: {root}/sasldb2
sasl_mech_list: PLAIN
"""
CYRUS_CONF = """
START {{
}}
SERVICES {{
  http cmd="{bin}/httpd -C {root}/imapd.conf" listen="127.0.0.1:{http}" prefork=1 maxchild=20
  lmtp cmd="{bin}/lmtpd -C {root}/imapd.conf -a" listen="127.0.0.1:{lmtp}" prefork=0 maxchild=2
}}
EVENTS {{
}}
"""


class Cyrus:
    """A context manager. `url` speaks CalDAV; whoever is `welcome`d has an account with a calendar called Default."""

    def __enter__(self) -> Self:
        # Not below pytest's own folders, which nobody but their owner may enter.
        memory = Path("/dev/shm")  # noqa: S108 (it fsyncs a lot, and nothing here needs to last)
        self.root = Path(tempfile.mkdtemp(prefix="cyrus-", dir=memory if memory.is_dir() else None))
        with contextlib.ExitStack() as undo:
            undo.callback(self._remove)
            self._ports()
            self._write()
            self.start()
            undo.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
        self._remove()

    @property
    def url(self) -> str:
        """Where its WebDAV begins."""
        return f"http://127.0.0.1:{self.port}/dav/"

    def start(self) -> None:
        """Begin to serve; returns when it does."""
        conf = ["-C", f"{self.root}/imapd.conf", "-M", f"{self.root}/cyrus.conf", "-p", f"{self.root}/pid"]
        master = [str(BIN / "master"), "-D", *conf]
        # With the tests it goes, and what it started, even if they are killed: then nobody holds its input any more.
        guarded = f"{shlex.join(master)} & cat; kill -s KILL -- -$$"
        with (self.root / "log").open("w") as log:
            self._process = subprocess.Popen(
                [*self._as_cyrus(), "sh", "-c", guarded],
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        for port in (self.port, self._lmtp):
            self._await(port)

    def stop(self) -> None:
        """Serve no longer."""
        self._process.communicate()

    def welcome(self, *users: str) -> None:
        """Accounts for people, by the local parts of their addresses."""
        for user in users:
            subprocess.run(
                [
                    *self._as_cyrus(),
                    "/usr/sbin/saslpasswd2",
                    "-f",
                    f"{self.root}/sasldb2",
                    "-c",
                    "-p",
                    "-u",
                    "localhost",
                    user,
                ],
                input=PASSWORD.encode(),
                check=True,
            )
            with smtplib.LMTP("127.0.0.1", self._lmtp) as lmtp:  # whoever gets mail has a mailbox from then on
                lmtp.sendmail("", [f"{user}@example.com"], b"Subject: Welcome\r\n\r\nHello.\r\n")
            self._log_in(user)

    def _log_in(self, user: str) -> None:
        """Whoever has logged in has calendars from then on."""
        login = b64encode(f"{user}:{PASSWORD}".encode()).decode()
        with closing(HTTPConnection("127.0.0.1", self.port, timeout=10)) as connection:
            connection.request("OPTIONS", "/dav/calendars/", headers={"Authorization": f"Basic {login}"})
            assert connection.getresponse().status == HTTPStatus.OK

    def _write(self) -> None:
        said = {"root": self.root, "bin": BIN, "http": self.port, "lmtp": self._lmtp, "user": self._user}
        (self.root / "imapd.conf").write_text(IMAPD_CONF.format(**said))
        (self.root / "cyrus.conf").write_text(CYRUS_CONF.format(**said))
        for name in ("conf/db", "conf/log", "conf/socket", "run/proc", "run/lock", "spool", "sieve"):
            (self.root / name).mkdir(parents=True)
        if os.geteuid() == 0:
            for path in (self.root, *self.root.rglob("*")):
                shutil.chown(path, "cyrus", "mail")

    @property
    def _user(self) -> str:
        return "cyrus" if os.geteuid() == 0 else getpass.getuser()

    def _as_cyrus(self) -> list[str]:
        who = ["--reuid", "cyrus", "--regid", "mail", "--clear-groups"] if os.geteuid() == 0 else []
        return ["setpriv", *who]

    def _ports(self) -> None:
        """Two that are free now; held together, so that they differ."""
        with contextlib.ExitStack() as held:
            listeners = [held.enter_context(socket.create_server(("127.0.0.1", 0))) for _ in range(2)]
            self.port, self._lmtp = (s.getsockname()[1] for s in listeners)

    def _await(self, port: int) -> None:
        for _ in range(1000):
            if self._process.poll() is not None:
                raise RuntimeError(f"Cyrus did not start: {(self.root / 'log').read_text()}")
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 5):
                return
            time.sleep(0.01)
        raise RuntimeError(f"Cyrus does not listen on {port}: {(self.root / 'log').read_text()}")

    def _remove(self) -> None:
        shutil.rmtree(self.root, ignore_errors=True)
