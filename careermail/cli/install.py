"""install-service: what a machine wants of a service beside the command itself, from what the package brings along."""

import os
import pwd
import shutil
import subprocess
import sys
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from pathlib import Path, PurePath

import click

from careermail.cli.manual import SHELLS, completion, manual
from careermail.config import ETC, NAME, VAR
from careermail.errors import UsageError

USER = "careermail"
COMMAND = "/usr/bin/careermail"  # as the units name it
STARTED = ("careermail.service", "careermail-once.timer")
UNITS = (*STARTED, "careermail-once.service", "careermail-failed@.service")
COMPLETIONS = {
    "bash": "share/bash-completion/completions/careermail",
    "zsh": "share/zsh/site-functions/_careermail",
    "fish": "share/fish/vendor_completions.d/careermail.fish",
}
UNSEEN = ("/home", "/root", "/run/user", "/tmp", "/var/tmp")  # noqa: S108 (what the unit does not let it see)
NEXT = f"""\
Installed. Now say who you are and whom it is for:
  1. edit {ETC / NAME}, and put managers into {ETC}/managers.d
  2. sudo -u {USER} careermail check --live
  3. systemctl enable --now careermail"""
KEPT = f"""\
Removed. Kept: {ETC}, {VAR} and the user {USER}. To be rid of these too, with all that is remembered:
  rm -r {ETC} {VAR} && userdel {USER}"""


@click.command("install-service")
@click.option("--remove", is_flag=True, help="Take it all back, but for configuration, state and user.")
@click.option(
    "--stage",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="For packagers: lay out the files below DIR, as for /usr/bin/careermail, and touch nothing else.",
)
@click.pass_context
def install_command(ctx: click.Context, *, remove: bool, stage: Path | None) -> None:
    """As root: a system user, /etc/careermail, the systemd units, the man page and the shells' completion.

    What is there of the configuration stays. Nothing is started: the configuration comes first. Call it again after
    an upgrade.
    """
    root = ctx.find_root().command
    if stage:
        _write(stage, {**laid_out(root, PurePath("usr"), COMMAND), **configuration()})
        return
    _refuse_unless_root()
    local = PurePath("usr/local")
    if remove:
        _remove(laid_out(root, local, COMMAND), local)
        click.echo(KEPT)
        return
    command = command_here()
    _make_user()
    _write(Path("/"), laid_out(root, local, command))
    _link(Path("/", local, "bin/careermail"), command)
    _configure()
    _reload()
    click.echo(NEXT)


def laid_out(root: click.Command, prefix: PurePath, command: str) -> dict[PurePath, str]:
    """The text of every file that goes below `prefix`, by its path; the units call `command`."""
    units = {f"lib/systemd/system/{unit}": _share(f"systemd/{unit}").replace(COMMAND, command) for unit in UNITS}
    manuals = {"share/man/man1/careermail.1": manual(root)}
    completions = {COMPLETIONS[shell]: f"{completion(root, shell)}\n" for shell in SHELLS}
    examples = {"share/doc/careermail/examples/maya.toml": _share("config/managers.d/maya.toml")}
    guides = {f"share/doc/careermail/{path.name}": path.read_text() for path in sorted(_shared("docs").glob("*.md"))}
    return {prefix / path: text for path, text in (units | manuals | completions | examples | guides).items()}


def configuration() -> dict[PurePath, str]:
    """The configuration to begin with: that of the documentation, with all that is written where a service may."""
    text = _share(f"config/{NAME}")
    beside = 'root = "world"\n'
    there = f'# root = "{VAR}/world"'
    kept = [line for line in text.replace(beside, f'root = "{VAR}/world"\n').splitlines() if there not in line]
    return {ETC.relative_to("/") / NAME: "".join(f"{line}\n" for line in kept)}


@cache
def _shared(folder: str) -> Path:
    """A folder of what comes along: in the installed package, or at the root of a checkout."""
    packaged = Path(str(files("careermail") / "share" / folder))
    return packaged if packaged.is_dir() else Path(__file__).parents[2] / folder


def _share(path: str) -> str:
    folder, _, name = path.partition("/")
    return (_shared(folder) / name).read_text()


def _refuse_unless_root() -> None:
    if os.geteuid() != 0:
        raise UsageError("A service is root's to install: sudo careermail install-service")


def command_here() -> str:
    """The path of careermail, where the service will find it too. Raises UsageError where it would not."""
    found = Path(sys.executable).with_name("careermail")
    path = str(found if found.exists() else Path(sys.argv[0]).absolute())
    for seen in (path, os.path.realpath(sys.executable)):
        if hidden := [folder for folder in UNSEEN if seen.startswith(f"{folder}/")]:
            raise UsageError(
                f"{seen} is below {hidden[0]}, which a service does not see. Install careermail elsewhere: "
                "python3 -m venv /opt/careermail && /opt/careermail/bin/pip install careermail"
            )
    return path


def _make_user() -> None:
    if shutil.which("systemd-sysusers"):  # which leaves a user alone that is there
        _run("systemd-sysusers", "--inline", f'u {USER} - "career conversations" {VAR}')
    elif not _is_known():
        _run("useradd", "--system", "--home-dir", str(VAR), "--shell", "/usr/sbin/nologin", USER)


def _is_known() -> bool:
    try:
        return bool(pwd.getpwnam(USER))
    except KeyError:
        return False


def _configure() -> None:
    """Make a folder that the service may read and nobody else, and a first configuration if there is none."""
    for folder in (ETC, ETC / "managers.d"):
        if not folder.exists():
            folder.mkdir(mode=0o750)
            shutil.chown(folder, "root", USER)
    _write(Path("/"), {path: text for path, text in configuration().items() if not Path("/", path).exists()})


def _write(root: Path, texts: Mapping[PurePath, str]) -> None:
    for path, text in texts.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text)
        (root / path).chmod(0o644)


def _link(path: Path, command: str) -> None:
    if str(path) != command:
        path.unlink(missing_ok=True)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.symlink_to(command)


def _remove(texts: Mapping[PurePath, str], prefix: PurePath) -> None:
    if shutil.which("systemctl"):
        _run("systemctl", "disable", "--now", *STARTED)
    for path in texts:
        Path("/", path).unlink(missing_ok=True)
    link = Path("/", prefix, "bin/careermail")
    if link.is_symlink():
        link.unlink()
    _reload()


def _reload() -> None:
    if Path("/run/systemd/system").is_dir():  # sd_booted(3)
        _run("systemctl", "daemon-reload")


def _run(*command: str) -> None:
    try:
        subprocess.run(command, check=True)  # noqa: S603 (our own words)
    except (OSError, subprocess.CalledProcessError) as error:
        raise UsageError(f"{' '.join(command)}: {error}") from error
