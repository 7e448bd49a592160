"""What is asked and answered in XML (RFC 4918, 4791, 6578): just what we need of it."""

from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import unquote, urljoin, urlsplit
from xml.etree.ElementTree import Element, ParseError, fromstring
from xml.sax.saxutils import escape

SPACES = {
    "D": "DAV:",
    "C": "urn:ietf:params:xml:ns:caldav",
    "S": "http://calendarserver.org/ns/",
}
_DECLARED = " ".join(f'xmlns:{prefix}="{space}"' for prefix, space in SPACES.items())
OK = 200


def tag(name: str) -> str:
    """As ElementTree names "D:href"."""
    prefix, _, local = name.partition(":")
    return f"{{{SPACES[prefix]}}}{local}"


def element(name: str, *inside: str, attributes: str = "") -> str:
    """One element, its content as it is to be written."""
    return f"<{name}{attributes and ' '}{attributes}>{''.join(inside)}</{name}>"


def document(name: str, *inside: str) -> bytes:
    """A whole request."""
    return f'<?xml version="1.0" encoding="utf-8"?>{element(name, *inside, attributes=_DECLARED)}'.encode()


def props(*names: str) -> str:
    """The properties that are wanted."""
    return element("D:prop", *(f"<{name}/>" for name in names))


def hrefs(paths: Iterable[str]) -> str:
    """Resources that are meant."""
    return "".join(element("D:href", escape(path)) for path in paths)


@dataclass(frozen=True)
class Resource:
    """What a multistatus says of one resource; `props` are those that it has."""

    url: str
    status: int
    props: dict[str, Element]

    @property
    def key(self) -> str:
        """Its path, however it was quoted."""
        return path_of(self.url)

    def text(self, name: str) -> str:
        """A property that is text, "" where there is none."""
        held = self.props.get(tag(name))
        return (held.text or "").strip() if held is not None else ""

    def href(self, name: str) -> str:
        """A property that is a link, "" where there is none."""
        return next(iter(self.hrefs(name)), "")

    def hrefs(self, name: str) -> list[str]:
        """A property that is a list of links, or of addresses."""
        held = self.props.get(tag(name))
        said = held.iter(tag("D:href")) if held is not None else ()
        return [urljoin(self.url, one.text.strip()) for one in said if one.text]

    def has(self, name: str, inside: str) -> bool:
        """Whether a property holds such an element, however deep."""
        held = self.props.get(tag(name))
        return held is not None and held.find(f".//{tag(inside)}") is not None


def path_of(url: str) -> str:
    """The path that a url names, in one spelling; a collection's without its slash."""
    return unquote(urlsplit(url).path).rstrip("/")


def multistatus(body: bytes, url: str) -> tuple[list[Resource], str]:
    """The resources of an answer, and its sync-token ("" for none). Raises ValueError where it is none."""
    try:
        tree = fromstring(body)  # noqa: S314 (expat bounds what entities may grow to since 2.4.1)
    except ParseError:
        raise ValueError("no XML") from None
    if tree.tag != tag("D:multistatus"):
        raise ValueError("no multistatus")
    return [_resource(one, url) for one in tree.iter(tag("D:response"))], tree.findtext(tag("D:sync-token"), "").strip()


def _resource(said: Element, url: str) -> Resource:
    held = {
        one.tag: one
        for stat in said.iter(tag("D:propstat"))
        if _status(stat) == OK
        for prop in stat.iter(tag("D:prop"))
        for one in prop
    }
    href = (said.findtext(tag("D:href")) or "").strip()
    return Resource(urljoin(url, href), _status(said), held)


def _status(said: Element) -> int:
    words = (said.findtext(tag("D:status")) or "").split()
    return int(words[1]) if len(words) > 1 and words[1].isdecimal() else OK
