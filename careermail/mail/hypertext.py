"""The HTML of a received mail -> lines of text, each with whether the mail program marks it as quoted.

The standard library's HTMLParser needs minutes for 200 kB of unclosed tags; a received mail may hold them. Hence a
tokenizer of one expression, in which whatever opens a tag is looked at once.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field
from html import unescape

from careermail.mail.quoting import Line

_LONGEST = 200_000  # characters of HTML that are read
_TOKEN = re.compile(
    r"<!--.*?(?:-->|\Z)"
    r"|<(?P<raw>script|style|title|textarea)\b[^<>]*+>.*?(?:</(?P=raw)\b[^<>]*+>|\Z)"
    r"|<[!?][^>]*+>?"
    r"""|<(?P<end>/?)(?P<tag>[a-z][^\s<>/"']*+)(?P<attributes>(?:[^<>"']++|"[^"]*+"|'[^']*+')*+)>"""
    r"|(?P<text>[^<]++|<)",
    re.DOTALL | re.IGNORECASE,
)
_ATTRIBUTE = re.compile(r"""(?<![a-z-])([a-z-]++)\s*+=\s*+(?:"([^"]*+)"|'([^']*+)'|([^\s"'>]++))""", re.IGNORECASE)
_NUMBER = re.compile(r"&#\d{8,};?")  # longer than any character's: html.unescape would raise

_BLOCKS = {
    *("address", "article", "aside", "blockquote", "body", "center", "dd", "div", "dl", "dt", "footer", "form"),
    *("h1", "h2", "h3", "h4", "h5", "h6", "header", "hr", "li", "main", "ol", "p", "pre", "section", "table", "td"),
    *("tr", "ul"),
}
_VOID = {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "param", "source", "wbr"}
_SPACED = {"p", "h1", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "blockquote"}  # have a margin above and below
_TIGHT = re.compile(r"\bmso|margin(?:-bottom)?\s*:\s*0")
_HIDDEN = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden|mso-hide\s*:\s*all|font-size\s*:\s*0(?:px|pt|\s*;|$)")
_BAR = re.compile(r"border-left\s*:(?!\s*(?:none|0))")  # how a quote is drawn; without it, it is an indented text
_ITEM = re.compile(r"(?:[·•◦▪§]\s*|o\s{2,})(?=\S)")  # how Word writes the bullet of an item

# How Gmail, Apple Mail, Thunderbird, Proton, Yahoo, Outlook and Zimbra mark what they quote, and signatures.
_CITED = re.compile(r"\b(?:gmail_quote|protonmail_quote)\b")
_QUOTES = re.compile(
    r"\b(?:gmail_attr|moz-cite-prefix|moz-forward-container|ms-outlook-mobile-reference-message"
    r"|mail-editor-reference-message-container)\b|yahoo_quoted"
)
_REST_IS_QUOTED = {"appendonsend", "divrplyfwdmsg", "x_divrplyfwdmsg", "zwchr"}
_SIGNATURES = re.compile(
    r"\b(?:gmail_signature|gmail_signature_prefix|moz-signature|ms-outlook-mobile-signature|applemailsignature"
    r"|protonmail_signature_block)\b|ydp\w*signature|(?:^|\s)signature$"
)


@dataclass
class _Element:
    """One that is open, and what it passes on to those in it."""

    tag: str = ""
    quoted: bool = False
    hidden: bool = False
    literal: bool = False  # blanks and line breaks are kept
    number: int | None = None  # of the next item, in an ordered list


def lines(html: str) -> list[Line]:
    """The lines that a reader sees, items with their bullets; what is hidden and marked signatures are left out."""
    reading = _Reading()
    for token in _TOKEN.finditer(html[:_LONGEST]):
        tag = (token["tag"] or "").lower()
        if token["text"]:
            reading.text(unescape(_NUMBER.sub("", token["text"])))
        elif token["end"]:
            reading.end(tag)
        elif tag:
            reading.start(tag, _attributes(token["attributes"]))
    reading.break_line()
    return reading.lines


def _attributes(written: str) -> dict[str, str]:
    found = _ATTRIBUTE.finditer(written[:5000]) if written else ()
    return {m[1].lower(): (m[2] or m[3] or m[4] or "").lower() for m in found}


@dataclass
class _Reading:
    """A document while it is being read."""

    lines: list[Line] = field(default_factory=list)
    open: list[_Element] = field(default_factory=lambda: [_Element()])
    counts: Counter[str] = field(default_factory=Counter)  # of the open ones
    words: list[str] = field(default_factory=list)  # of the line that is being read
    bullet: str = ""  # before it
    rest_quoted: bool = False

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        above = self.open[-1]
        if tag in _BLOCKS:
            self.break_line()
        if tag in _SPACED and not (
            attributes and _TIGHT.search(f"{attributes.get('class')} {attributes.get('style')}")
        ):
            self.space()
        self.rest_quoted |= attributes.get("id", "") in _REST_IS_QUOTED
        if tag == "br":
            self.break_line(blank=True)
        elif tag not in _VOID:
            self.open.append(_element(tag, attributes, above))
            self.counts[tag] += 1
        if tag == "li":
            self.bullet = "- " if above.number is None else f"{above.number}. "
            above.number = above.number and above.number + 1

    def end(self, tag: str) -> None:
        if not self.counts[tag]:
            return
        if tag in _BLOCKS:
            self.break_line(blank=bool(self.bullet))
        while (closed := self.open.pop()).tag != tag:
            self.counts[closed.tag] -= 1
        self.counts[tag] -= 1
        if tag in ("ul", "ol", "blockquote"):
            self.space()

    def text(self, text: str) -> None:
        if self.open[-1].hidden:
            return
        if not self.open[-1].literal:
            self.words.append(re.sub(r"[ \t\n\f]+", " ", text))
            return
        for number, line in enumerate(text.split("\n")):
            if number:
                self.break_line(blank=True)
            self.words.append(line)

    def break_line(self, *, blank: bool = False) -> None:
        """End the line; one of nothing but blanks is none, unless it was asked for or has a no-break space."""
        said = "".join(self.words)
        if blank or said.strip(" "):
            text = said.replace("\xa0", " ").rstrip()
            text = text if self.open[-1].literal else _ITEM.sub("- ", re.sub(" +", " ", text).strip(), count=1)
            self.lines.append(Line(f"{self.bullet}{text}".rstrip(), self.rest_quoted or self.open[-1].quoted))
            self.bullet = ""
        self.words.clear()

    def space(self) -> None:
        """Leave a line free, but not between items."""
        if self.lines and self.lines[-1].text and not self.counts["li"]:
            self.lines.append(Line("", self.rest_quoted or self.open[-1].quoted))


def _element(tag: str, attributes: dict[str, str], above: _Element) -> _Element:
    if not attributes and tag not in ("pre", "ol"):
        return _Element(tag, above.quoted, above.hidden, above.literal)
    names = f"{attributes.get('class', '')} {attributes.get('id', '')}".strip()
    style = attributes.get("style", "")
    return _Element(
        tag,
        above.quoted or bool(_QUOTES.search(names)) or (tag == "blockquote" and _is_cited(attributes, names)),
        above.hidden or bool(_HIDDEN.search(style) or _SIGNATURES.search(names)),
        above.literal or tag == "pre" or bool(re.search(r"white-space\s*:\s*pre", style)),
        1 if tag == "ol" else None,
    )


def _is_cited(attributes: dict[str, str], names: str) -> bool:
    return attributes.get("type") == "cite" or bool(_CITED.search(names) or _BAR.search(attributes.get("style", "")))
