"""What people wrote, made safe for where it goes: a header, the text of a mail, its Markdown, its HTML.

Something already made safe is a `markupsafe.Markup` and passes unchanged.
"""

import re
import unicodedata
from collections.abc import Callable
from typing import Any

from markupsafe import Markup, escape

Say = Callable[[Any], str]

_PUNCTUATION = re.compile(r"[!-/:-@\[-`{-~]")  # what a backslash takes the meaning of: CommonMark 0.31, 2.4
_UNSEEN = {"Cc", "Cs"}  # Unicode's control characters and lone surrogates


def plain(value: Any) -> str:
    """A value as one line of text: no line break, no control character, nothing that could end a header."""
    if isinstance(value, Markup):
        return value
    line = re.sub(r"\s+", " ", str(value))
    return "".join(c for c in line if unicodedata.category(c) not in _UNSEEN)


def escaped(value: Any) -> str:
    """The same line as Markdown that reads as exactly these characters."""
    return value if isinstance(value, Markup) else _PUNCTUATION.sub(r"\\\g<0>", plain(value))


def command(line: str, say: Say) -> str:
    """Something to type into a terminal: as it is in text, set as code in Markdown."""
    line = plain(line)
    return Markup(f"`` {line} ``") if say is escaped and "`" not in line else say(line)  # noqa: S704 (code is literal)


def link(label: str, url: str, say: Say) -> str:
    """A link of our own, its URL already encoded: its words and where it leads in text, a link in Markdown.

    "" without a URL.
    """
    if not url:
        return ""
    shown = f"[{say(label)}](<{url}>)" if say is escaped else f"{say(label)}: {url}"
    return Markup(shown)  # noqa: S704 (an encoded URL has no mark of Markdown's)


def in_html(value: Any) -> str:
    """The same line as HTML."""
    return escape(plain(value))


def listed(text: str, say: Say) -> str:
    """Headings and bullets written by ourselves around what people wrote: only the bullets' marks stay Markdown."""
    return Markup("\n".join(_line(line, say) for line in text.splitlines()))  # noqa: S704 (each line was escaped)


def _line(line: str, say: Say) -> str:
    if not line.startswith("- "):
        return say(line)
    # CommonMark takes a lone "-" under a line for the underline of a heading.
    empty = "&nbsp;" if say is escaped else ""
    return f"- {say(line[2:]) or empty}"
