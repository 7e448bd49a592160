"""Where templates are found, and what they can say: environment, filters and what goes wrong in them.

Everything that a template fills in goes through a `say`, which makes text or Markdown of it. jinja2 and babel are
imported by the first mail and not before.
"""

from __future__ import annotations

import re
import traceback
from collections.abc import Callable, Iterator, Sequence
from functools import cache, partial
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

from careermail.errors import Problem
from careermail.mail.escape import Say, command, link, listed, plain
from careermail.mail.mailto import mailto
from careermail.mail.numbers import Numbered, numbered
from careermail.model import Contract, Series, Topic

if TYPE_CHECKING:
    from jinja2 import Environment
    from jinja2.runtime import Context

KINDS = (
    "prepare",
    "prompt",
    "summary",
    "summary-nudge",
    "summary-overdue",
    "contract",
    "due-soon",
    "due",
    "overdue",
    "review",
    "displaced",
    "answer",
    "told",
    "passed-on",
    "help",
    "refused",
    "forward",
    "alarm",
)
EVENTS = ("session", "reminder", "invitation")  # what stands in calendars, and the mail that carries it there
GIVEN = ("to", "service", "kind", "topics", "topic", "now", "today")

_TELLING = ("day", "weekday", "clock", "when", "month", "names", "other", "role")


@cache
def ours() -> Path:
    """The folder of our own templates: in the installed package, or at the root of a checkout."""
    packaged = Path(str(files("careermail") / "templates"))
    return packaged if packaged.is_dir() else Path(__file__).parents[2] / "templates"


def folders(templates: Path | None, language: str) -> Iterator[Path]:
    """Where a template is looked for, the nearest first: the language, the one it belongs to, then English."""
    roots = [root for root in (templates, ours()) if root]
    for spoken in dict.fromkeys((language, _base(language), "en")):
        yield from (root / spoken for root in roots)
    yield from roots


def _base(language: str) -> str:
    return re.split("[-_]", language)[0]


def language_of(templates: Path | None, language: str, kind: str) -> str:
    """The language that a mail comes in for a reader of this one: theirs, or English where we do not speak it."""
    found = next((folder for folder in folders(templates, language) if (folder / f"{kind}.md").is_file()), Path("en"))
    return language if _base(found.name) == _base(language) else found.name


@cache
def environment(templates: Path | None, language: str, say: Say) -> Environment:
    """Templates for readers of one language, in which everything filled in goes through `say`."""
    from jinja2 import FileSystemLoader, StrictUndefined
    from jinja2.sandbox import SandboxedEnvironment

    from careermail.mail.telling import apart, minutes

    made = SandboxedEnvironment(
        loader=FileSystemLoader(list(folders(templates, language))),
        undefined=StrictUndefined,
        finalize=say,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    made.filters |= {name: _telling(name) for name in _TELLING} | _agreed(say) | _answered(say)
    made.filters |= {"minutes": minutes, "command": partial(command, say=say)}
    made.tests["apart"] = apart
    return made


def _telling(name: str) -> Callable[..., Any]:
    """The method of Telling of this name, as a filter."""
    from jinja2 import pass_context

    return pass_context(lambda context, value: getattr(context["telling"], name)(value))


def _agreed(say: Say) -> dict[str, Callable[..., Any]]:
    """The contract as text, as a form and as what changed, as filters."""
    from jinja2 import pass_context

    from careermail.mail import contract

    @pass_context
    def agreement(context: Context, value: Contract, series: Series) -> str:
        return listed(contract.render(value, series, language=context["telling"].language), say)

    def form(value: Contract | None, series: Series) -> str:
        return listed(contract.form(value, series), say)

    def unfilled(value: Contract | None, series: Series) -> str:
        return listed(contract.form(value, series), plain)

    return {"agreement": agreement, "form": form, "unfilled": unfilled, "changes": contract.changes}


def _answered(say: Say) -> dict[str, Callable[..., Any]]:
    """A button that begins an answer, and the numbers that answers use, as filters."""
    from jinja2 import pass_context

    @pass_context
    def answer(context: Context, label: str, body: str) -> str:
        begun = context["answer"]
        return link(label, mailto(begun.to, begun.subject(context["subject"]), body), say)

    @pass_context
    def numbers(context: Context, topics: Sequence[Topic]) -> tuple[Numbered, ...]:
        return numbered(context["kind"], topics)

    return {"answer": answer, "numbered": numbers}


def problem(error: Exception, kind: str) -> Problem:
    """Where a template went wrong and why: the innermost line of a template that the error passed."""
    from jinja2 import TemplateError, TemplateSyntaxError

    if isinstance(error, TemplateSyntaxError):
        file, line = error.filename or kind, error.lineno
    else:
        passed = [f for f in traceback.extract_tb(error.__traceback__) if f.filename.endswith((".md", ".html"))]
        file, line = (passed[-1].filename, passed[-1].lineno or 1) if passed else (f"{kind}.md", 1)
    telling = isinstance(error, (TemplateError, TypeError, AttributeError))
    return Problem(Path(file), line, kind, str(error) if telling else type(error).__name__, _hint(error))


def _hint(error: Exception) -> str:
    from jinja2 import UndefinedError

    return f"a template is given {', '.join(GIVEN)}" if isinstance(error, UndefinedError) else ""
