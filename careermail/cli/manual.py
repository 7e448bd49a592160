"""manual and completion: the man page and the shells' completion, both made of the commands themselves."""

import re
from collections.abc import Iterable, Iterator
from inspect import cleandoc

import click

import careermail

SHELLS = ("bash", "zsh", "fish")
VARIABLE = "_CAREERMAIL_COMPLETE"  # click's own name for it

FILES = (
    ("/etc/careermail/careermail.toml", "The configuration of a service."),
    ("/etc/careermail/managers.d/", "One file per manager."),
    ("/var/lib/careermail/", "What is remembered: one file per manager, for the service's user alone."),
)
ENVIRONMENT = (
    ("CAREERMAIL_CONFIG", "The configuration, where --config does not name one."),
    ("CAREERMAIL_NOW", "A moment to rehearse at, such as 2027-01-12T09:00Z. The daemon does not take it."),
    ("CREDENTIALS_DIRECTORY, STATE_DIRECTORY", "Set by systemd; see systemd.exec(5)."),
)
EXIT_STATUS = (
    ("0", "Done."),
    ("1", "Something is stuck: careermail status."),
    ("64", "Usage."),
    ("69", "A provider is unreachable."),
    ("75", "Try later."),
    ("78", "The configuration is wrong: careermail check."),
)
SEE_ALSO = "systemctl(1), systemd.exec(5), journalctl(1)"


@click.command("manual")
@click.pass_context
def manual_command(ctx: click.Context) -> None:
    """Print the man page; to read it: careermail manual | man -l - ."""
    click.echo(manual(_root(ctx)), nl=False)


@click.command("completion")
@click.argument("shell", type=click.Choice(SHELLS))
@click.pass_context
def completion_command(ctx: click.Context, shell: str) -> None:
    """Print what lets SHELL complete commands and options: eval "$(careermail completion bash)"."""
    click.echo(completion(_root(ctx), shell))


def completion(root: click.Command, shell: str) -> str:
    """The script that has a shell ask careermail itself what may come next."""
    from click.shell_completion import get_completion_class

    found = get_completion_class(shell)
    if not found:
        raise LookupError(shell)
    maker = found(root, {}, "careermail", VARIABLE)
    return maker.source_template % maker.source_vars()


def manual(root: click.Command) -> str:
    """The man page in the macros of man(7)."""
    return "".join(f"{line}\n" for line in _page(click.Context(root, info_name="careermail")))


def _root(ctx: click.Context) -> click.Command:
    return ctx.find_root().command


def _page(ctx: click.Context) -> Iterator[str]:
    yield f'.TH CAREERMAIL 1 "" "careermail {careermail.__version__}" "User commands"'
    yield from (".SH NAME", rf"careermail \- {_said(_words(ctx.command).partition(':')[0].lower())}")
    yield from (".SH SYNOPSIS", r"\fBcareermail\fR [\fIOPTION\fR] \fICOMMAND\fR [\fIARGUMENT\fR]...")
    yield from (".SH OPTIONS", *_options(ctx), ".SH COMMANDS")
    if isinstance(ctx.command, click.Group):
        for name in ctx.command.list_commands(ctx):
            if command := ctx.command.get_command(ctx, name):
                yield from _command(click.Context(command, info_name=name, parent=ctx))
    for title, pairs in (("FILES", FILES), ("ENVIRONMENT", ENVIRONMENT), ("EXIT STATUS", EXIT_STATUS)):
        yield from (f".SH {title}", *_listed(pairs))
    yield from (".SH SEE ALSO", _said(SEE_ALSO))


def _command(ctx: click.Context) -> Iterator[str]:
    usage = " ".join(ctx.command.collect_usage_pieces(ctx))
    yield from (f".SS {_said(ctx.info_name or '')} {_said(usage)}".rstrip(), _said(_words(ctx.command)))
    yield from _options(ctx)


def _words(command: click.Command) -> str:
    return cleandoc(command.help or command.short_help or "")


def _options(ctx: click.Context) -> Iterator[str]:
    records = (parameter.get_help_record(ctx) for parameter in ctx.command.get_params(ctx))
    told = (record for record in records if record and record[1])
    return _listed((term, words) for term, words in told if not (ctx.parent and term.endswith("--help")))


def _listed(pairs: Iterable[tuple[str, str]]) -> Iterator[str]:
    for term, words in pairs:
        yield from (".TP", rf"\fB{_said(term)}\fR", _said(words))


def _said(text: str) -> str:
    """Text as roff takes it: no character of it is a command, and a blank line begins a paragraph."""
    text = text.replace("\\", r"\e").replace("-", r"\-").replace("\b", "")
    text = re.sub(r"^(?=[.'])", r"\\&", text, flags=re.MULTILINE)
    return re.sub(r"\s*\n\s*\n\s*", "\n.PP\n", text)
