"""A Debian whose PID 1 is its own systemd, in a container that has no network but its own loopback."""

import os
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from shutil import rmtree, which
from typing import Self

REPOSITORY = Path(__file__).parents[2]
SITE = f"/repo/{next(REPOSITORY.glob('.venv/lib/python3*/site-packages')).relative_to(REPOSITORY)}"
PACKAGES = (
    "systemd", "systemd-sysv", "dbus", "python3", "python3-venv", "ca-certificates", "man-db", "bash-completion",
    "postfix", "dovecot-imapd", "dovecot-lmtpd", "sasl2-bin", "libsasl2-modules",
)  # fmt: skip
# The servers are there for tests that start their own.
OFF = ("postfix.service", "dovecot.service", "saslauthd.service", "apt-daily.timer", "apt-daily-upgrade.timer")
PATIENCE = 60.0  # seconds; far more than a loaded machine takes
REBOOTED = 133  # how systemd-nspawn asks to be started again
ENVIRONMENT = {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LANG": "C.UTF-8"}


def made(folder: Path) -> Path:
    """The system that every machine is a copy of; made by mmdebstrap of the packages that this one's apt knows."""
    base = folder / "base"
    if not base.exists():
        new = folder / "base.new"
        rmtree(new, ignore_errors=True)
        command = ["mmdebstrap", "--quiet", "--variant=apt", f"--include={','.join(PACKAGES)}", "bookworm", new]
        subprocess.run([*command, *_sources()], check=True)
        subprocess.run(["systemctl", f"--root={new}", "--quiet", "mask", *OFF], check=True)
        (new / "etc/machine-id").write_text("")
        (new / "etc/hostname").write_text("booted\n")
        (new / "etc/hosts").write_text("127.0.0.1 localhost booted\n::1 localhost\n")  # as an installer does
        new.rename(base)
    return base


def _sources() -> list[Path]:
    """Where Debian's own packages come from, as configured here; nothing else that is."""
    places = [*Path("/etc/apt").glob("sources.list.d/*"), Path("/etc/apt/sources.list")]
    return [place for place in places if place.exists() and "bookworm-updates" in place.read_text()]


class Machine:
    """A context manager: it boots, and is gone in the end with all that is on it.

    The repository is at /repo, the folder `shared` at /shared.
    """

    def __init__(self, root: Path, base: Path, shared: Path) -> None:
        self.root, self._shared = root, shared
        subprocess.run(["cp", "--archive", "--reflink=auto", base, root], check=True)

    def __enter__(self) -> Self:
        self._boot()
        return self

    def _boot(self) -> None:
        command = [
            "systemd-nspawn", "--quiet", f"--directory={self.root}", "--boot", "--register=no", "--keep-unit",
            "--private-network", "--link-journal=no", "--resolv-conf=off",
            f"--machine=booted-{os.getpid()}", "--hostname=booted",
            f"--bind-ro={REPOSITORY}:/repo", f"--bind-ro={self._shared}:/shared",
        ]  # fmt: skip
        with self.root.with_suffix(".console").open("a") as console:
            self._container = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=console, stderr=console)
        self.until(lambda: self.says("systemctl", "is-system-running").strip() in {"running", "degraded"})

    def __exit__(self, *_: object) -> None:
        self._container.terminate()  # as a power button is pressed
        try:
            self._container.wait(PATIENCE)
        finally:
            self._container.kill()
            rmtree(self.root, ignore_errors=True)

    def reboot(self) -> None:
        """Let all services end, and begin again."""
        self.run("systemctl", "reboot", check=False)
        assert self._container.wait(PATIENCE) == REBOOTED
        self._boot()

    def _pid(self) -> int:
        """The machine's PID 1, as it is called out here; 0 for none."""
        thread = Path(f"/proc/{self._container.pid}/task/{self._container.pid}/children")
        found = thread.read_text().split() if thread.exists() else []
        return int(found[0]) if found else 0

    # --- what is done in there ---

    def run(
        self, *command: str, check: bool = True, given: str = "", **environ: str
    ) -> subprocess.CompletedProcess[str]:
        """Run a command as root in there."""
        enter = [
            "nsenter",
            f"--target={self._pid()}",
            "--mount",
            "--uts",
            "--ipc",
            "--net",
            "--pid",
            "--root",
            "--wdns=/",
        ]
        done = subprocess.run(
            [*enter, "--", *command],
            input=given,
            capture_output=True,
            text=True,
            env=ENVIRONMENT | environ,
            check=False,
        )
        assert not check or done.returncode == 0, (command, done.returncode, done.stdout, done.stderr)
        return done

    def says(self, *command: str, **environ: str) -> str:
        """What a command prints, whatever comes of it."""
        done = self.run(*command, check=False, **environ)
        return done.stdout + done.stderr

    def careermail(self, *words: str, check: bool = True, given: str = "") -> str:
        """What careermail says to the service's user."""
        user = ("setpriv", "--reuid=careermail", "--regid=careermail", "--init-groups")
        done = self.run(*user, "careermail", *words, check=check, given=given)
        return done.stdout + done.stderr

    def file(self, path: str) -> Path:
        """A file of the machine's, as it is called out here."""
        return self.root / path.removeprefix("/")

    def write(self, path: str, text: str, mode: int = 0o644) -> None:
        """Let there be a file, as an editor would: whole or not at all."""
        target = self.file(path)
        target.parent.mkdir(parents=True, exist_ok=True)
        temporary = target.with_name(f".{target.name}.new")
        temporary.write_text(text)
        temporary.chmod(mode)
        temporary.replace(target)

    def until(self, holds: Callable[[], object], patience: float = PATIENCE) -> None:
        """Wait for something."""
        end = time.monotonic() + patience
        while not holds():
            assert time.monotonic() < end, self.last_words()
            assert self._container.poll() is None, self.last_words()
            time.sleep(0.2)

    def last_words(self) -> str:
        """What may tell why something did not happen."""
        if self._pid():
            return self.says("journalctl", "--no-pager", "--lines=40")
        return self.root.with_suffix(".console").read_text(errors="replace")[-2000:]


def absent() -> str:
    """Why there can be no machine here; "" if there can."""
    missing = [tool for tool in ("mmdebstrap", "systemd-nspawn", "dpkg-buildpackage", "dh") if not which(tool)]
    if os.geteuid() != 0:
        return "a machine is root's to start"
    return f"not on this machine: {', '.join(missing)} (mmdebstrap, systemd-container, debhelper)" if missing else ""
