"""Secrets come from where the configuration says, and stand nowhere else: no text of ours ever holds one."""

import os
import sys
import traceback
from pathlib import Path

# ruff: noqa: ISC004 (pairs, plain to see)
import pytest

from careermail import credentials
from careermail.credentials import Secret, flaw
from careermail.errors import ProviderError

WORDS = "hunter2"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    file = tmp_path / "mail.secret"
    file.write_text(f"{WORDS}\n")
    file.chmod(0o600)
    return file


def refused(secret: Secret) -> str:
    """What is said of a secret that cannot be had; neither it nor its traceback holds a word of what was read."""
    with pytest.raises(ProviderError) as refusal:
        secret.value()
    error = refusal.value
    assert (error.urgent, error.permanent, error.__context__) == (True, False, None)
    told = "".join(traceback.TracebackException.from_exception(error, capture_locals=False).format())
    assert WORDS not in told + repr(secret) + repr(error)
    return str(error)


def test_a_file_of_ones_own_is_read(file: Path):
    assert Secret(file=file).value() == WORDS


def test_a_variable_is_read(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("MAIL_PASSWORD", WORDS)
    assert Secret(env="MAIL_PASSWORD").value() == WORDS


def test_a_credential_is_read_as_systemd_lays_it_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Mode 0440 is what systemd gives; the folder around it is closed."""
    (tmp_path / "mail").write_text(WORDS)
    (tmp_path / "mail").chmod(0o440)
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    assert Secret(credential="mail").value() == WORDS


@pytest.mark.parametrize("printed", ["hunter2", "hunter2\\n", "hunter2\\r\\n", "hunter2\\nuser: maya\\n"])
def test_a_command_is_believed_on_its_first_line(printed: str):
    assert Secret(command=("printf", printed)).value() == WORDS


def test_a_key_is_read_with_all_of_its_lines(file: Path):
    file.write_text("-----BEGIN PRIVATE KEY-----\nMIIB\n-----END PRIVATE KEY-----\n")
    assert Secret(file=file).text() == "-----BEGIN PRIVATE KEY-----\nMIIB\n-----END PRIVATE KEY-----\n"


def test_spaces_belong_to_a_password_and_so_does_what_is_not_ascii(file: Path):
    file.write_text("  geheim wört \n")
    assert Secret(file=file).value() == "  geheim wört "


def test_a_changed_password_is_taken_up_at_the_next_login(file: Path):
    secret = Secret(file=file)
    assert secret.value() == WORDS
    file.write_text("new")
    assert secret.value() == "new"


@pytest.mark.parametrize(
    ("secret", "what"),
    [
        (Secret(env="NOT_SET_ANYWHERE"), "env NOT_SET_ANYWHERE cannot be had: $NOT_SET_ANYWHERE is not set"),
        (
            Secret(credential="mail"),
            "credential mail cannot be had: $CREDENTIALS_DIRECTORY is not set "
            "(systemd sets it for a unit with LoadCredential=)",
        ),
        (Secret(file=Path("/nowhere/x")), "file /nowhere/x cannot be had: No such file or directory"),
        (Secret(file=Path("/dev")), "file /dev cannot be had: Is a directory"),
        (Secret(command=("no-such-program",)), "command no-such-program cannot be had: No such file or directory"),
        (Secret(command=("true",)), "command true cannot be had: it is empty"),
        (
            Secret(command=("sh", "-c", f"echo {WORDS}; echo {WORDS} >&2; exit 3")),
            "command sh cannot be had: it ended with 3; try it by hand, as the user that careermail runs as",
        ),
        (
            Secret(command=("printf", "hunter2\\377")),
            "command printf cannot be had: it is no text in UTF-8",
        ),
    ],
)
def test_what_cannot_be_had_is_named_with_its_mend(secret: Secret, what: str, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delenv("CREDENTIALS_DIRECTORY", raising=False)
    assert refused(secret) == f"the password from {what}"


def test_a_command_that_hangs_is_not_waited_for(monkeypatch: pytest.MonkeyPatch):
    """What it printed so far is no password."""
    monkeypatch.setattr(credentials, "COMMAND_SECONDS", 0.3)
    hanging = Secret(command=(sys.executable, "-c", f"import time; print('{WORDS}', flush=True); time.sleep(60)"))
    assert refused(hanging).endswith("it took longer than 0.3 seconds")


@pytest.mark.parametrize(("mode", "said"), [(0o644, "0644"), (0o640, "0640"), (0o602, "0602"), (0o610, "0610")])
def test_a_file_that_others_may_read_or_change_is_refused(file: Path, mode: int, said: str):
    file.chmod(mode)
    what = f"others may read or change it (mode {said}); chmod 600 mends that"
    assert flaw(file) == what
    assert refused(Secret(file=file)).endswith(what)


def test_a_link_is_judged_by_what_it_leads_to(file: Path, tmp_path: Path):
    link = tmp_path / "link"
    link.symlink_to(file)
    assert Secret(file=link).value() == WORDS
    file.chmod(0o644)
    assert "mode 0644" in refused(Secret(file=link))


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")
def test_a_file_that_somebody_else_owns_is_refused(file: Path):
    os.chown(file, 65534, 65534)
    assert refused(Secret(file=file)).endswith("it belongs to somebody else, who could change it; chown mends that")


def test_a_pipe_in_the_place_of_a_file_is_not_waited_on(tmp_path: Path):
    os.mkfifo(tmp_path / "pipe", 0o600)
    assert refused(Secret(file=tmp_path / "pipe")).endswith("it is no file")


def test_an_empty_first_line_is_no_password(file: Path):
    file.write_text("\nhunter2\n")
    assert refused(Secret(file=file)).endswith("it is empty")


def test_references_that_say_the_same_are_equal_so_that_a_reload_sees_what_changed():
    assert Secret(command=("pass", "a")) == Secret(command=("pass", "a"))
    assert Secret(command=("pass", "a")) != Secret(command=("pass", "b"))
