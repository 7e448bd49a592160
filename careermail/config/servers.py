"""What a configuration may say of real servers: the tables of the provider `standards`."""

import re
from typing import Annotated, Any
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, ConfigDict, WrapValidator, with_config
from pydantic import ValidatorFunctionWrapHandler as Inner
from typing_extensions import TypedDict

from careermail.config import values
from careermail.config.values import wrong

EXACT = with_config(ConfigDict(extra="forbid", strict=True))
PathText = Annotated[str, AfterValidator(values.path)]

FOUR_WAYS = (
    'password = { credential = "mail" }, { env = "MAIL_PASSWORD" }, { file = "mail.secret" } or'
    ' { command = ["pass", "show", "mail"] }'
)
_HOST = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?|[0-9A-Fa-f:]*:[0-9A-Fa-f:.]+")
_VARIABLE = re.compile(r"\{([^{}]*)\}")


def _place(said: Any) -> Any:
    if isinstance(said, dict) and len(said) == 1:
        return said
    raise wrong(FOUR_WAYS, "the file says where a secret is, never the secret")


def _command(words: list[str]) -> list[str]:
    if not words or any("\0" in word or not word for word in words):
        raise wrong('the words of a command: ["pass", "show", "mail"]')
    return words


def _reference(name: str) -> str:
    # A name that would be another file or variable than it seems is none.
    if not re.fullmatch(r"[A-Za-z0-9_.@:-]{1,255}", name) or name in (".", ".."):
        raise wrong("the name of a credential or of a variable")
    return name


def _host(name: str) -> str:
    if not _HOST.fullmatch(name):
        raise wrong("a host such as mail.example.com", "its port stands by itself: port = 587" if ":" in name else "")
    return name.lower()


def _line(text: str) -> str:
    if not text.isprintable():
        raise wrong("text on one line")
    return text


def _pattern(text: str) -> str:
    unknown = set(_VARIABLE.findall(_line(text))) - {"email", "user"}
    if unknown:
        raise wrong("no other variables than {email}, the manager's address, and {user}, what stands before its @")
    return text


def _url(text: str) -> str:
    try:
        parts = urlsplit(_pattern(text))
        good = parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port or 1) > 0
    except ValueError:
        good = False
    if not good or " " in text:
        raise wrong("a URL such as https://dav.example.com/")
    if "@" in parts.netloc:
        raise wrong("a URL without a login", "that is said by `user` and `password`")
    return text


def _imip(said: Any, table: Inner) -> Any:
    if isinstance(said, str):
        if said == "imip":
            return said
        raise wrong('"imip", for invitations by mail alone, or the table [provider.calendar]')
    return table(said)


@EXACT
class SecretTable(TypedDict, total=False):
    """Where a secret is; exactly one of these."""

    credential: Annotated[str, AfterValidator(_reference)]
    env: Annotated[str, AfterValidator(_reference)]
    file: PathText
    command: Annotated[list[str], AfterValidator(_command)]


SecretPlace = Annotated[SecretTable, BeforeValidator(_place)]


@EXACT
class LoginTable(TypedDict, total=False):
    """How to log in, and whom to trust."""

    user: Annotated[str, AfterValidator(_line)]
    password: SecretPlace
    ca: PathText
    insecure: bool


@EXACT
class OutboxTable(LoginTable, total=False):
    """An SMTP server for submission (RFC 6409)."""

    host: Annotated[str, AfterValidator(_host)]
    port: Annotated[int, values.number(1, 65535, "a port")]
    tls: Annotated[str, values.one_of("starttls", "tls", "none")]


@EXACT
class InboxTable(OutboxTable, total=False):
    """An IMAP server."""

    folder: Annotated[str, AfterValidator(values.name)]
    sent: Annotated[str, AfterValidator(_line)]


@EXACT
class CalendarTable(LoginTable, total=False):
    """A CalDAV server."""

    url: Annotated[str, AfterValidator(_url)]
    user: Annotated[str, AfterValidator(_pattern)]
    name: Annotated[str, AfterValidator(_line)]


@EXACT
class StandardsTable(TypedDict, total=False):
    """Any SMTP, IMAP and CalDAV server; what stands here holds for all three."""

    kind: str
    user: Annotated[str, AfterValidator(_line)]
    password: SecretPlace
    outbox: OutboxTable
    inbox: InboxTable
    calendar: Annotated[CalendarTable, WrapValidator(_imip)]


SUBTABLES: dict[str, Any] = {"outbox": OutboxTable, "inbox": InboxTable, "calendar": CalendarTable}
TABLES: dict[str, Any] = {**SUBTABLES, "password": SecretTable}
