"""Exchange Web Services as a room: the SOAP envelope, who asks and as whom, and the operations that others mount here.

Each request and each answer is checked against the published schema, where that is at hand; whatever is not valid is
kept in `invalid`, and a request that is not is refused, as the real server does.
"""

from base64 import b64decode
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from fakes.web import Answer, Request
from lxml import etree

Element = Any  # lxml has no types

SOAP = "http://schemas.xmlsoap.org/soap/envelope/"
TYPES = "http://schemas.microsoft.com/exchange/services/2006/types"
MESSAGES = "http://schemas.microsoft.com/exchange/services/2006/messages"
ERRORS = "http://schemas.microsoft.com/exchange/services/2006/errors"
NAMES = {"s": SOAP, "t": TYPES, "m": MESSAGES}
PATH = "/EWS/Exchange.asmx"
SCHEMA = Path(__file__).parents[4] / "shared" / "schemas" / "ews" / "messages.xsd"
ABSENT = "" if SCHEMA.exists() else f"the published schema is not at hand ({SCHEMA})"
XML = {"Content-Type": "text/xml; charset=utf-8"}


# --- XML -----------------------------------------------------------------------------------------


def t(tag: str, *inside: Any, **attributes: str) -> Element:
    """An element of the types' namespace with this text and these children."""
    return _made(TYPES, tag, inside, attributes)


def m(tag: str, *inside: Any, **attributes: str) -> Element:
    """An element of the messages' namespace."""
    return _made(MESSAGES, tag, inside, attributes)


def _made(namespace: str, tag: str, inside: Iterable[Any], attributes: dict[str, str]) -> Element:
    one = etree.Element(f"{{{namespace}}}{tag}", attributes, nsmap=NAMES)
    for part in inside:
        if isinstance(part, etree._Element):  # noqa: SLF001 (it has no public name)
            one.append(part)
        elif part is not None:
            one.text = part
    return one


def local(element: Element) -> str:
    """The tag without its namespace."""
    return etree.QName(element).localname


def first(element: Element, path: str) -> Element | None:
    """The first element at such a path of prefixed names ("m:ItemShape/t:BaseShape"), if there is one."""
    return element.find(path, NAMES)


def text(element: Element, path: str, otherwise: str = "") -> str:
    """The text there."""
    found = first(element, path)
    return otherwise if found is None else found.text or ""


# --- what goes wrong -----------------------------------------------------------------------------


class FaultError(Exception):
    """The whole request is answered with a SOAP fault and HTTP 500, as with ErrorServerBusy.

    `values` are what MessageXml tells: {"BackOffMilliseconds": "20000"}.
    """

    def __init__(self, code: str, message: str = "It went wrong.", **values: str) -> None:
        super().__init__(message)
        self.code, self.message, self.values = code, message, values


class RefusedError(Exception):
    """One thing that was asked for is answered with this code; the others are not held up."""

    def __init__(self, code: str, message: str = "It went wrong.") -> None:
        super().__init__(message)
        self.code, self.message = code, message


@dataclass
class Trouble:
    """What an operation is to answer instead of doing anything, so many times."""

    operation: str
    error: Exception
    times: int
    happened: int = 0


# --- the server ----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Call:
    """One operation, asked of the mailbox with the address `who`."""

    operation: str
    body: Element
    who: str
    user: str  # the login behind it
    zone: str = ""  # the Windows name of the zone that times without an offset are in


Operation = Callable[[Call], Element]


@dataclass
class Soap:
    """A room. `operations` are by name and return the response element; `respond` makes most of them."""

    addresses: set[str]  # of the mailboxes that there are
    passwords: dict[str, str] = field(default_factory=dict)  # by login
    own: dict[str, str] = field(default_factory=dict)  # the mailbox of each login
    impersonators: set[str] = field(default_factory=set)  # the logins that may act as anybody
    delegates: set[tuple[str, str]] = field(default_factory=set)  # logins, and the mailboxes that were opened to them
    operations: dict[str, Operation] = field(default_factory=dict)
    troubles: list[Trouble] = field(default_factory=list)
    invalid: list[str] = field(default_factory=list)
    log: list[Call] = field(default_factory=list)

    def __call__(self, request: Request) -> Answer | None:
        if request.path != PATH:
            return None
        user = self.login(request)
        if user is None:
            return Answer(401, b"", {"WWW-Authenticate": 'Basic realm="Exchange"'})
        try:
            answered = self._asked(request, user)
        except FaultError as fault:
            return answer(fault)
        if wrong := faults(answered):
            self.invalid.append(f"answered: {wrong}")
        return Answer(200, wrapped(answered), XML)

    def login(self, request: Request) -> str | None:
        """Who it is, if that is proved; replaced by tests of other ways to log in."""
        kind, _, given = request.headers.get("authorization", "").partition(" ")
        if kind.lower() != "basic":
            return None
        user, _, password = b64decode(given).decode().partition(":")
        return user if self.passwords.get(user) == password else None

    def trouble(self, operation: str, error: Exception, times: int = 1) -> Trouble:
        """Let the next requests for an operation be answered with a FaultError or a RefusedError, and not be done."""
        self.troubles.append(Trouble(operation, error, times))
        return self.troubles[-1]

    def asked(self, *operations: str) -> list[str]:
        """The names of the operations that were asked for so far, in order; of all, or of these."""
        return [call.operation for call in self.log if not operations or call.operation in operations]

    def reach(self, call: Call, mailbox: str) -> str:
        """The mailbox that a folder is named in, if whoever asks may see it; their own where it names none."""
        mailbox = mailbox.lower() or call.who
        if mailbox != call.who and (call.user, mailbox) not in self.delegates:
            raise RefusedError("ErrorAccessDenied" if mailbox in self.addresses else "ErrorNonExistentMailbox")
        return mailbox

    def _asked(self, request: Request, user: str) -> Element:
        envelope = etree.fromstring(request.body)
        body = first(envelope, "s:Body")[0]
        self._check(body)
        name = local(body).removesuffix("Request")
        call = Call(name, body, self._mailbox(envelope, user), user, _zone(envelope))
        self.log.append(call)
        for trouble in self.troubles:
            if trouble.operation == name and trouble.happened < trouble.times:
                trouble.happened += 1
                if isinstance(trouble.error, FaultError):
                    raise trouble.error
                return response(name, [refusal(name, trouble.error)])
        if name not in self.operations:
            raise FaultError("ErrorInvalidRequest", f"this fake knows no {name}")
        return self.operations[name](call)

    def _mailbox(self, envelope: Element, user: str) -> str:
        sid = first(envelope, "s:Header/t:ExchangeImpersonation/t:ConnectingSID")
        if sid is None:
            return self.own.get(user, "")
        if user not in self.impersonators:
            raise FaultError("ErrorImpersonateUserDenied", "The account does not have permission to impersonate.")
        who = (sid[0].text or "").lower()
        if who not in self.addresses:
            raise FaultError("ErrorNonExistentMailbox", "The SMTP address has no mailbox associated with it.")
        return who

    def _check(self, body: Element) -> None:
        if wrong := faults(body):
            self.invalid.append(f"asked: {wrong}")
            raise FaultError("ErrorSchemaValidation", wrong)


def _zone(envelope: Element) -> str:
    found = first(envelope, "s:Header/t:TimeZoneContext/t:TimeZoneDefinition")
    return "" if found is None else found.get("Id", "")


@cache
def _schema() -> Any:
    return etree.XMLSchema(etree.parse(SCHEMA))


def faults(body: Element) -> str:
    """What the schema has against the first child of a SOAP body; "" where nothing, or where there is no schema."""
    if ABSENT:
        return ""
    schema = _schema()
    return "" if schema.validate(body) else f"{local(body)}: {schema.error_log.last_error}"


# --- answers -------------------------------------------------------------------------------------


def wrapped(content: Element) -> bytes:
    """An answer in its envelope."""
    version = t("ServerVersionInfo", MajorVersion="15", MinorVersion="2", MajorBuildNumber="1544",
                MinorBuildNumber="4", Version="V2017_07_11")  # fmt: skip
    envelope = etree.Element(f"{{{SOAP}}}Envelope", nsmap=NAMES)
    etree.SubElement(envelope, f"{{{SOAP}}}Header").append(version)
    etree.SubElement(envelope, f"{{{SOAP}}}Body").append(content)
    return etree.tostring(envelope, xml_declaration=True, encoding="utf-8")


def answer(error: Exception, operation: str = "") -> Answer:
    """What a client is told of a FaultError; or of a RefusedError, for all that it asked of an operation."""
    if isinstance(error, FaultError):
        return Answer(500, wrapped(_soap_fault(error)), XML)
    return Answer(200, wrapped(response(operation, [refusal(operation, error)])), XML)


def response(operation: str, messages: Iterable[Element]) -> Element:
    """What most operations answer: one message for each thing that was asked for."""
    return m(f"{operation}Response", m("ResponseMessages", *messages))


def success(operation: str, *inside: Element) -> Element:
    """The message about something that went well."""
    return m(f"{operation}ResponseMessage", m("ResponseCode", "NoError"), *inside, ResponseClass="Success")


def refusal(operation: str, error: Exception) -> Element:
    """The message about something that was refused."""
    code = error.code if isinstance(error, RefusedError) else "ErrorInternalServerError"
    told = [m("MessageText", str(error)), m("ResponseCode", code), m("DescriptiveLinkKey", "0")]
    empty = {"CreateItem", "GetItem", "UpdateItem"}  # their messages hold Items all the same
    return m(f"{operation}ResponseMessage", *told, *([m("Items")] if operation in empty else []), ResponseClass="Error")


def respond(operation: str, asked: Iterable[Element], handle: Callable[[Element], Iterable[Element]]) -> Element:
    """Handle each thing that was asked for: what is returned goes into its message, RefusedError becomes one."""
    return response(operation, _each(operation, asked, handle))


def _each(
    operation: str, asked: Iterable[Element], handle: Callable[[Element], Iterable[Element]]
) -> Iterator[Element]:
    for one in asked:
        try:
            yield success(operation, *handle(one))
        except RefusedError as error:
            yield refusal(operation, error)


def _soap_fault(fault: FaultError) -> Element:
    one = etree.Element(f"{{{SOAP}}}Fault", nsmap=NAMES)
    etree.SubElement(one, "faultcode").text = f"a:{fault.code}"
    etree.SubElement(one, "faultstring").text = fault.message
    detail = etree.SubElement(one, "detail")
    etree.SubElement(detail, f"{{{ERRORS}}}ResponseCode").text = fault.code
    etree.SubElement(detail, f"{{{ERRORS}}}Message").text = fault.message
    if fault.values:
        detail.append(t("MessageXml", *(t("Value", value, Name=name) for name, value in fault.values.items())))
    return one
