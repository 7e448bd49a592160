"""Template and context -> the words of a mail: subject, text and HTML.

A template is Markdown, filled in twice: once as it is for the text part, and once with all that people wrote escaped,
so that markdown-it makes the HTML part of it. What somebody wrote is text in both, and can never become a heading, a
link or a tag.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from markupsafe import Markup

from careermail.errors import ConfigError, Problem
from careermail.mail.escape import Say, escaped, in_html, plain
from careermail.mail.templates import GIVEN, environment, language_of, problem
from careermail.model import Person, Service, Topic

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.rules_block import StateBlock
    from markdown_it.rules_core import StateCore
    from markdown_it.token import Token

_SUBJECT = "Subject: "


@dataclass(frozen=True)
class Rendered:
    """The words of one mail, and the language that they are in."""

    subject: str
    text: str
    html: str
    language: str


@dataclass(frozen=True)
class Answer:
    """What a mail's buttons begin: where it goes, and the token that its subject has to hold, or ""."""

    to: str
    token: str = ""

    def subject(self, subject: str) -> str:
        """The subject of an answer to a mail with this one."""
        mark = f" [{self.token}]" if self.token else ""
        return f"Re: {subject.removeprefix('Re: ')}{mark}"


def render(  # noqa: PLR0913 (each is a thing of its own; the last is named)
    service: Service, kind: str, to: Person, topics: Sequence[Topic], now: datetime, *, answer: Answer | None = None
) -> Rendered:
    """The words for the reader `to`, with dates as they read in that person's zone; `now` is aware.

    `answer` is what the mail's buttons begin, one to the service's own address unless given. Raises ConfigError,
    with the file and line but no word of a contract, where the template does not render.
    """
    try:
        return _render(service, kind, to, topics, now, answer=answer or Answer(service.address))
    except ConfigError:
        raise
    except Exception as error:  # noqa: BLE001 (a template can fail in every way there is)
        # Without its cause, which may hold the values that the template was filled with.
        raise ConfigError([problem(error, kind)]) from None


def _render(  # noqa: PLR0913 (as above)
    service: Service, kind: str, to: Person, topics: Sequence[Topic], now: datetime, *, answer: Answer
) -> Rendered:
    from careermail.mail.telling import Telling

    telling = Telling(to, now, language_of(service.templates, to.language, kind))
    given = (to, service, kind, tuple(topics), topics[0], now, telling.today)
    context = dict(zip(GIVEN, given, strict=True)) | {"telling": telling, "answer": answer, "subject": ""}

    def filled(say: Say, whole: Callable[[Iterable[str]], str] = "".join) -> tuple[str, str]:
        template = environment(service.templates, to.language, say).get_template(f"{kind}.md")
        return _parted(whole(template.generate(context)), Path(template.filename or kind), kind)

    subject = plain(filled(plain, _beginning)[0])
    context["subject"] = subject  # the answers' subject too, so it is needed first
    text = filled(plain)[1]
    body = Markup(_markdown().render(filled(escaped)[1]))  # noqa: S704 (of escaped text, and html is off)
    layout = environment(service.templates, to.language, in_html).get_template("layout.html")
    html = layout.render(language=telling.language, subject=subject, body=body)
    return Rendered(subject, text, html, telling.language)


def _beginning(pieces: Iterable[str]) -> str:
    """Of what is being filled in, as much as holds the subject's line: the rest is not yet worked out."""
    filled = ""
    for piece in pieces:
        filled += piece
        if "\n" in filled.lstrip():
            break
    return filled


def _parted(filled: str, file: Path, kind: str) -> tuple[str, str]:
    """Subject and body, without the blanks and empty lines that a template's own lines leave behind."""
    lines = "\n".join(line.rstrip() for line in filled.strip().splitlines())
    head, _, body = re.sub(r"\n{3,}", "\n\n", lines).partition("\n")
    if not head.startswith(_SUBJECT):
        hint = f'begin the file with "{_SUBJECT}…" and an empty line'
        raise ConfigError([Problem(file, 1, kind, "the first line is no subject", hint)])
    return head.removeprefix(_SUBJECT).strip(), body.strip() + "\n"


@cache
def _markdown() -> MarkdownIt:
    """CommonMark without tags and images: nothing of a mail is fetched from elsewhere."""
    from markdown_it import MarkdownIt

    markdown = MarkdownIt("commonmark", {"html": False}).disable("image")
    markdown.block.ruler.before("list", "numbers", _numbers, {"alt": ["paragraph"]})
    markdown.core.ruler.push("headings", _headings)
    markdown.core.ruler.push("buttons", _buttons)
    return markdown


def _numbers(state: StateBlock, line: int, _end: int, silent: bool) -> bool:
    """Let a list that counts on from an earlier one stand directly on a line, as CommonMark allows a first list only.

    `silent` asks whether the paragraph before ends here; the list itself is left to the usual rule.
    """
    begins = state.bMarks[line] + state.tShift[line]
    return silent and re.match(r"\d+\. ", state.src[begins : state.eMarks[line]]) is not None


def _headings(state: StateCore) -> None:
    """Let a line that stands directly on a list be its heading, so that the text part needs no marks for it."""
    tokens = state.tokens
    for opening, inline, closing, after in zip(tokens, tokens[1:], tokens[2:], tokens[3:], strict=False):
        on_a_list = opening.type == "paragraph_open" and after.type in ("bullet_list_open", "ordered_list_open")
        if on_a_list and _adjoin(opening.map, after.map) and not inline.content.endswith((":", ".", ",")):
            opening.tag = closing.tag = "h2"


def _buttons(state: StateCore) -> None:
    """Let links that begin an answer be buttons, and a list of them have no bullets; layout.html has their looks."""
    bullets: Token | None = None
    for token in state.tokens:
        if token.type in ("bullet_list_open", "bullet_list_close"):
            bullets = token
        for child in token.children or ():
            if str(child.attrGet("href")).startswith("mailto:"):
                child.attrSet("class", "answer")
                if bullets:
                    bullets.attrSet("class", "answers")


def _adjoin(upper: list[int] | None, lower: list[int] | None) -> bool:
    """Whether there is no line between two blocks."""
    return bool(upper and lower and upper[1] == lower[0])
