"""What raw mails are made of: parts, boundaries and encodings, byte for byte as a mail program writes them."""

import quopri
from base64 import encodebytes
from collections.abc import Mapping


def part(  # noqa: PLR0913 (they are what a part's header says)
    kind: str, text: str, *, charset: str = "UTF-8", cte: str = "quoted-printable", quote: str = '"', more: str = ""
) -> bytes:
    """One text part with its own header; `more` follows the charset, which is UTF-8 where it is not enough."""
    content, charset = encoded(text, charset)
    head = f"Content-Type: {kind}; charset={quote}{charset}{quote}{more}\nContent-Transfer-Encoding: {cte}\n\n"
    if cte == "base64":
        content = encodebytes(content)
    return head.encode() + (quopri.encodestring(content) if cte == "quoted-printable" else content)


def encoded(text: str, charset: str) -> tuple[bytes, str]:
    """A text in a charset, or in UTF-8 if that cannot hold it."""
    try:
        return text.encode(charset), charset
    except UnicodeEncodeError:
        return text.encode(), "UTF-8"


def blob(kind: str, content: bytes, *, name: str = "", disposition: str = "attachment") -> bytes:
    """A part of bytes, as an attachment comes."""
    head = f'Content-Type: {kind}; name="{name}"\nContent-Disposition: {disposition}; filename="{name}"\n'
    return f"{head}Content-Transfer-Encoding: base64\n\n".encode() + encodebytes(content)


def multi(kind: str, boundary: str, *parts: bytes, more: str = "") -> bytes:
    """A multipart of parts."""
    head = f'Content-Type: multipart/{kind};\n boundary="{boundary}"{more}\n\n'.encode()
    mark = b"--" + boundary.encode()
    return head + b"".join(mark + b"\n" + one.rstrip(b"\n") + b"\n\n" for one in parts) + mark + b"--\n"


def message(headers: Mapping[str, str], body: bytes) -> bytes:
    """A whole mail; its body begins with the header fields of its content."""
    head = "".join(f"{name}: {value}\n" for name, value in headers.items())
    return (head.encode() + b"MIME-Version: 1.0\n" + body).replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
