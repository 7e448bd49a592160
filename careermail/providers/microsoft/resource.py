"""A mail as Graph's type `message` (https://learn.microsoft.com/graph/api/resources/message).

It is written as JSON and not as MIME. Auto-Submitted is lost in either; but in a mailbox that has never seen them, MIME
loses X- headers too (microsoft-graph-docs-contrib, issue 424), and our own mails are known by those; and a draft made
of JSON bears a marker from its first moment. Exchange keeps one body of a mail in any case, and makes the text part
out of the HTML by itself.
"""

from base64 import b64encode
from email.message import EmailMessage
from email.utils import getaddresses

from careermail.providers.microsoft.graph import Json

# Ours alone, in a named property that stays in the mailbox; its name is of lower case, since filters fold it.
MARKER = "String {6e1f7d0c-93b5-4a6e-8d5a-1c0a5e7f2b64} Name careermail"
MOST_HEADERS = 5  # that Graph takes, and only those that begin with x-


def draft(message: EmailMessage, marker: str) -> Json:
    """All of a draft, its files too, so that there is none without them."""
    return {
        **content(message),
        "internetMessageHeaders": _headers(message),
        "singleValueExtendedProperties": [{"id": MARKER, "value": marker}],
        **_attachments(message),
    }


def content(message: EmailMessage) -> Json:
    """What of a draft can be changed: who gets it, who is answered, and what it says. Whose it is, its mailbox says."""
    return {
        "subject": str(message["Subject"] or ""),
        "body": _body(message),
        "toRecipients": _recipients(message, "To"),
        "replyTo": _recipients(message, "Reply-To"),
    }


def _recipients(message: EmailMessage, field: str) -> list[Json]:
    named = getaddresses([str(value) for value in message.get_all(field, [])])
    return [{"emailAddress": {"address": address, **({"name": name} if name else {})}} for name, address in named]


def _body(message: EmailMessage) -> Json:
    part = message.get_body(("html", "plain"))
    if part is None:
        return {"contentType": "text", "content": ""}
    return {"contentType": "html" if part.get_content_subtype() == "html" else "text", "content": part.get_content()}


def _headers(message: EmailMessage) -> list[Json]:
    ours = [(name, str(value)) for name, value in message.items() if name.lower().startswith("x-")]
    return [{"name": name, "value": value} for name, value in ours[:MOST_HEADERS]]


def _attachments(message: EmailMessage) -> Json:
    files = [
        {
            "@odata.type": "#microsoft.graph.fileAttachment",
            "name": part.get_filename() or "file",
            "contentType": part.get_content_type(),
            "contentBytes": b64encode(part.get_content()).decode(),
        }
        for part in message.iter_attachments()
    ]
    return {"attachments": files} if files else {}
