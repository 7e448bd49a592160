"""The answers that a mail offers ready-made: the links of both its parts, read back as a mail program would."""

import re
from collections.abc import Iterator
from email.message import EmailMessage
from html.parser import HTMLParser
from typing import NamedTuple
from urllib.parse import unquote


class Button(NamedTuple):
    """What pressing it begins to write."""

    label: str
    to: str
    subject: str
    body: str


def in_text(message: EmailMessage) -> list[Button]:
    """Those of the text part."""
    content = message.get_body(("plain",)).get_content()
    return [begun(label, url) for label, url in re.findall(r"^- (.*): (mailto:\S+)$", content, re.MULTILINE)]


def in_html(message: EmailMessage) -> list[Button]:
    """Those of the HTML part."""
    return list(_Links(message.get_body(("html",)).get_content()).buttons())


def begun(label: str, url: str) -> Button:
    """The mail that a program begins for a mailto link (RFC 6068, 2): a "+" in it is a plus."""
    scheme, rest = url.split(":", 1)
    to, query = rest.split("?", 1)
    fields = dict(field.split("=", 1) for field in query.split("&"))
    assert (scheme, set(fields)) == ("mailto", {"subject", "body"})
    assert re.fullmatch(r"[A-Za-z0-9%._~@-]*", to + "".join(fields.values()))
    return Button(label, unquote(to), unquote(fields["subject"]), unquote(fields["body"]))


class _Links(HTMLParser):
    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[list[str]] = []
        self.open = False
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "a":
            self.open = True
            self.found.append(["", dict(attrs)["href"] or ""])

    def handle_endtag(self, tag: str) -> None:
        self.open = self.open and tag != "a"

    def handle_data(self, data: str) -> None:
        if self.open:
            self.found[-1][0] += data

    def buttons(self) -> Iterator[Button]:
        return (begun(label, url) for label, url in self.found)
