"""Raw bytes -> the parts of a mail (RFC 5322, 2045 to 2047), whatever the bytes and in a time that grows with them.

The standard library's parser tries every open boundary on every line, so that a megabyte of nested parts would keep it
busy for minutes. What is left out here is what no mail program writes: comments in parameters, RFC 2231, uuencode.
"""

from __future__ import annotations

import binascii
import codecs
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import islice

from careermail.mail.enveloped import OPAQUE, signed_content

LONGEST = 1_000_000  # bytes of a mail that are read; what comes after can only be attachments, or meant to choke us
_LONGEST_HEAD = 100_000
_LONGEST_FIELD = 10_000  # characters of a header field
_DEEPEST = 8
_MOST = 50  # parts of one multipart

_PARAMETER = re.compile(r';\s*([\w-]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s;]+))')
_ENCODED = re.compile(r"=\?([\w.:-]+)(?:\*[\w-]*)?\?([bBqQ])\?([^?]*)\?=")
_NOT_TEXT = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
# Codecs that are no charsets of mail, and slow, or complaining, on what was not made for them.
_NO_CHARSETS = {"punycode", "idna", "unicode-escape", "raw-unicode-escape", "undefined", "mbcs", "oem"}
_SUPERSEDED = {"ascii", "iso8859-1"}  # what is labelled so is windows-1252, as in browsers (WHATWG Encoding, 4.2)


@dataclass(frozen=True)
class Part:
    """One part of a mail: its header fields in their order, names in lower case, and what it holds."""

    fields: tuple[tuple[str, str], ...]
    body: bytes  # as it was transferred, with LF at its lines' ends
    depth: int = 0

    @cached_property
    def _named(self) -> dict[str, list[str]]:
        named: dict[str, list[str]] = {}
        for name, value in self.fields:
            named.setdefault(name, []).append(value)
        return named

    def all(self, name: str) -> list[str]:
        """The values of every field of this name, the topmost first."""
        return self._named.get(name, [])

    def get(self, name: str) -> str:
        """The value of the topmost field of this name; "" where there is none."""
        return next(iter(self.all(name)), "")

    @cached_property
    def kind(self) -> str:
        """Its content type in lower case; what says none that can be read is text/plain (RFC 2045, 5.2)."""
        kind = self.get("content-type").partition(";")[0].strip().lower()
        return kind if re.fullmatch(r"[\w.+-]+/[\w.+-]+", kind) else "text/plain"

    @cached_property
    def parameters(self) -> dict[str, str]:
        """Those of the content type, with their names in lower case."""
        found = _PARAMETER.finditer(self.get("content-type"))
        return {m[1].lower(): re.sub(r"\\(.)", r"\1", m[2]) if m[3] is None else m[3] for m in found}

    @cached_property
    def attached(self) -> bool:
        """Whether it is a file that came along and no part of what was written."""
        disposition = self.get("content-disposition").lower()
        return disposition.startswith("attachment") or "filename" in disposition or "name" in self.parameters

    @cached_property
    def content(self) -> bytes:
        """What it holds, decoded as far as Content-Transfer-Encoding can be believed."""
        encoding = self.get("content-transfer-encoding").strip().lower()
        if encoding == "base64":
            return _base64(self.body)
        return binascii.a2b_qp(self.body) if encoding == "quoted-printable" else self.body

    @cached_property
    def text(self) -> str:
        """What it holds as text: LF at its lines' ends, no control characters but the tab."""
        return decoded(self.content, self.parameters.get("charset", "")).replace("\r\n", "\n").replace("\r", "\n")

    @cached_property
    def parts(self) -> tuple[Part, ...]:
        """The parts of a multipart, and what an opaque signature holds; none below a depth that no mail program makes.

        What is in a message/rfc822 is another mail.
        """
        if self.depth >= _DEEPEST:
            return ()
        if self.kind.startswith("multipart/"):
            pieces = islice(_split(self.body, self.parameters.get("boundary", "")), _MOST)
            return tuple(read(piece, self.depth + 1) for piece in pieces)
        inner = signed_content(self.content) if self.kind in OPAQUE else b""
        return (read(inner, self.depth + 1),) if inner else ()

    def walk(self) -> Iterator[Part]:
        """It and all the parts in it, in the order in which they stand."""
        yield self
        for part in self.parts:
            yield from part.walk()


def read(raw: bytes, depth: int = 0) -> Part:
    """A mail, or one part of it. Never raises."""
    lines = b"\n" + raw[:LONGEST].replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    head, _, body = lines.partition(b"\n\n")
    return Part(tuple(_fields(head[:_LONGEST_HEAD])), body, depth)


def _fields(head: bytes) -> Iterator[tuple[str, str]]:
    for line in re.split(r"\n(?![ \t])", decoded(head, "")):
        name, colon, value = line.partition(":")
        if colon and not name[:1].isspace():
            yield name.strip().lower(), " ".join(value[:_LONGEST_FIELD].split())


def _split(body: bytes, boundary: str) -> Iterator[bytes]:
    """The parts between the lines of a boundary, up to its closing one (RFC 2046, 5.1.1)."""
    line = rb"^--" + re.escape(boundary.encode(errors="replace")) + rb"(--)?[ \t]*(?:\n|\Z)"
    marks = list(re.finditer(line, body, re.MULTILINE)) if boundary else []
    for mark, following in zip(marks, [*marks[1:], None], strict=False):
        if mark[1]:
            return
        yield body[mark.end() : following.start() - 1 if following else len(body)]


def _base64(body: bytes) -> bytes:
    """Decoded as far as it goes: it may have been cut off."""
    data = re.sub(rb"[^A-Za-z0-9+/]", b"", body)
    return binascii.a2b_base64(data[: len(data) - (len(data) % 4 == 1)] + b"==")


def decoded(content: bytes, charset: str) -> str:
    """Bytes as text: in their charset if it is one and they are in it, else in UTF-8, else in windows-1252."""
    for name in (_codec(charset[:40]), "utf-8"):
        try:
            return _clean(content.decode(name))
        except (LookupError, ValueError):
            continue
    return _clean(content.decode("cp1252", "replace"))


def _codec(charset: str) -> str:
    try:
        name = codecs.lookup(charset).name
    except (LookupError, ValueError):
        return "utf-8"
    return "utf-8" if name in _NO_CHARSETS | _SUPERSEDED else name


def _clean(text: str) -> str:
    return _NOT_TEXT.sub("", text).encode("utf-8", "replace").decode()


def unfolded(value: str) -> str:
    """The value of a header field with its encoded words read (RFC 2047), on one line whatever these hold."""
    said: list[str] = []
    at, held, charset = 0, b"", ""
    for word in _ENCODED.finditer(value):
        between = value[at : word.start()]
        # A character may be broken over two words; blanks between two are none (RFC 2047, 6.2).
        if (between.strip() or word[1] != charset) and (held or between):
            said += [decoded(held, charset), between if between.strip() or not held else ""]
            held = b""
        held, charset, at = held + _word(word), word[1], word.end()
    return " ".join("".join((*said, decoded(held, charset), value[at:])).split())


def _word(word: re.Match[str]) -> bytes:
    encoded = word[3].encode(errors="replace")
    return _base64(encoded) if word[2] in "bB" else binascii.a2b_qp(encoded, header=True)
