"""Links that write an answer: "mailto:" with the address, the subject and the words filled in (RFC 6068)."""

from urllib.parse import quote

LONGEST = 1800  # Windows hands a mail program no more than some 2,000 characters


def mailto(address: str, subject: str, body: str) -> str:
    """The link under which any mail program begins this mail; "" where it would be too long for some.

    All but letters and digits is percent-encoded, blanks as %20 and line ends as %0D%0A (RFC 6068, 5). So is the "+"
    of an address, which the RFC leaves open and some programs would take for a blank.
    """
    lines = "\r\n".join(body.split("\n"))
    link = f"mailto:{quote(address, safe='@')}?subject={quote(subject, safe='')}&body={quote(lines, safe='')}"
    return link if len(link) <= LONGEST else ""
