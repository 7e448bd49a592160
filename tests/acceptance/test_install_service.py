"""install-service, manual and completion: what comes along with the package, and how it is laid out."""

import os
import re
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest

from careermail.cli import COMMANDS, cli, main
from careermail.cli import install as installing
from careermail.cli.manual import SHELLS
from careermail.errors import UsageError

COMMAND = str(Path(sys.executable).with_name("careermail"))
ROOT = Path(__file__).parents[2]
LAID_OUT = """\
etc/careermail/careermail.toml
usr/lib/systemd/system/careermail-failed@.service
usr/lib/systemd/system/careermail-once.service
usr/lib/systemd/system/careermail-once.timer
usr/lib/systemd/system/careermail.service
usr/share/bash-completion/completions/careermail
usr/share/doc/careermail/examples/maya.toml
usr/share/fish/vendor_completions.d/careermail.fish
usr/share/man/man1/careermail.1
usr/share/zsh/site-functions/_careermail
"""


@pytest.fixture(scope="module")
def staged(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What a packager gets."""
    folder = tmp_path_factory.mktemp("staged")
    assert main(["install-service", "--stage", str(folder)]) == 0
    return folder


def test_for_packagers_all_is_laid_out_below_one_folder(staged: Path):
    found = sorted(str(path.relative_to(staged)) for path in staged.rglob("*") if path.is_file())
    guides = {f"usr/share/doc/careermail/{path.name}" for path in (ROOT / "docs").glob("*.md")}
    assert guides <= set(found)
    assert [path for path in found if path not in guides] == LAID_OUT.splitlines()


def test_the_first_configuration_writes_nothing_beside_itself_and_asks_for_managers(staged: Path):
    text = (staged / "etc/careermail/careermail.toml").read_text()
    assert tomllib.loads(text)["provider"]["root"] == "/var/lib/careermail/world"
    assert text.count("/var/lib/careermail/world") == 1
    done = subprocess.run(
        [COMMAND, "--config", staged / "etc/careermail/careermail.toml", "check"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 78
    assert "manager: missing, expected [[manager]], or a file to include" in done.stdout + done.stderr


def test_the_units_call_the_command_where_it_is():
    texts = installing.laid_out(cli, Path("usr/local"), "/opt/careermail/bin/careermail")
    unit = texts[Path("usr/local/lib/systemd/system/careermail.service")]
    assert "\nExecStart=/opt/careermail/bin/careermail --config /etc/careermail/careermail.toml run\n" in unit
    assert not [path for path, text in texts.items() if "/usr/bin/careermail" in text and path.suffix == ".service"]


@pytest.mark.parametrize("where", ["/home/me/venv/bin", "/root/venv/bin", "/tmp/venv/bin"])  # noqa: S108 (what is refused)
def test_a_place_that_the_service_does_not_see_is_refused(where: str, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(sys, "executable", f"{where}/python")
    monkeypatch.setattr(sys, "argv", [f"{where}/careermail"])
    with pytest.raises(UsageError, match=r"which a service does not see\. Install careermail elsewhere"):
        installing.command_here()


def test_only_root_installs_a_service(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    assert main(["install-service"]) == 64
    assert capsys.readouterr().err == "A service is root's to install: sudo careermail install-service\n"


# --- the manual ----------------------------------------------------------------------------------


def test_the_manual_has_every_command_every_option_and_every_exit_code(staged: Path):
    page = (staged / "usr/share/man/man1/careermail.1").read_text()
    plain = page.replace("\\-", "-")
    for name in COMMANDS:
        assert re.search(rf"(?m)^\.SS {name}\b", plain), name
    for option in ("--config FILE", "--until DATE", "--log-format", "--apply", "--all", "--stage DIR"):
        assert f"\\fB{option}" in plain, option
    for code in ("0", "1", "64", "69", "75", "78"):
        assert f".TP\n\\fB{code}\\fR\n" in page


def test_nothing_in_the_manual_is_taken_for_a_command_of_the_typesetter(staged: Path):
    page = (staged / "usr/share/man/man1/careermail.1").read_text()
    commands = {line.split()[0] for line in page.splitlines() if line.startswith((".", "'"))}
    assert commands == {".TH", ".SH", ".SS", ".TP", ".PP"}


# --- what completes commands ---------------------------------------------------------------------


def completed(words: str) -> list[str]:
    """What bash is offered."""
    environ = {
        **os.environ,
        "_CAREERMAIL_COMPLETE": "bash_complete",
        "COMP_WORDS": words,
        "COMP_CWORD": str(words.count(" ")),
    }
    said = subprocess.run([COMMAND], env=environ, capture_output=True, text=True, check=True).stdout
    return [line.partition(",")[2] for line in said.splitlines()]


def test_commands_and_options_are_completed():
    assert completed("careermail re") == ["resume", "restore"]
    assert completed("careermail plan --") == ["--until", "--json", "--help"]
    assert completed("careermail completion ") == list(SHELLS)


@pytest.mark.parametrize("shell", SHELLS)
def test_each_shell_is_told_how_to_ask(shell: str, capsys: pytest.CaptureFixture[str]):
    assert main(["completion", shell]) == 0
    assert f"_CAREERMAIL_COMPLETE={shell}_complete" in capsys.readouterr().out


# --- the wheel -----------------------------------------------------------------------------------


def test_a_wheel_has_all_of_it(tmp_path: Path):
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation", "--wheel-dir"]
    subprocess.run([*command, tmp_path, ROOT], check=True, capture_output=True)
    (wheel,) = tmp_path.glob("*.whl")
    names = set(zipfile.ZipFile(wheel).namelist())
    for folder in ("config", "docs", "systemd"):
        files = {path.relative_to(ROOT) for path in (ROOT / folder).rglob("*") if path.is_file()}
        assert files
        assert {f"careermail/share/{path}" for path in files} <= names
    assert "careermail/templates/en/prompt.md" in names
