"""The plain text that Exchange makes of a mail's HTML: lines where blocks end, and links behind their words."""

from html.parser import HTMLParser

_BLOCKS = {"p", "div", "br", "li", "ul", "ol", "tr", "table", "h1", "h2", "h3", "blockquote", "hr"}
_UNSEEN = {"style", "title", "head"}


class _Words(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.said: list[str] = []
        self._links: list[str] = []
        self._unseen = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._unseen += tag in _UNSEEN
        if tag == "a":
            self._links.append(dict(attrs).get("href") or "")
        elif tag == "li":
            self.said.append("\n  * ")
        elif tag in _BLOCKS:
            self.said.append("\n")

    def handle_endtag(self, tag: str) -> None:
        self._unseen -= tag in _UNSEEN
        if tag == "a" and self._links and (link := self._links.pop()):
            self.said.append(f"<{link}>")
        elif tag in _BLOCKS:
            self.said.append("\n")

    def handle_data(self, data: str) -> None:
        if not self._unseen:
            self.said.append(" ".join(data.split()) if not data.strip() else data.replace("\n", " "))


def as_text(html: str) -> str:
    """The words of some HTML."""
    parser = _Words()
    parser.feed(html)
    lines = [line.strip() for line in "".join(parser.said).splitlines()]
    return "\n".join(line for n, line in enumerate(lines) if line or (n and lines[n - 1])) + "\n"
