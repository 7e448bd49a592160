"""Where a server is, where nobody said: autodiscover, asked once, at one host, over TLS.

POX autodiscover (https://learn.microsoft.com/exchange/client-developer/web-service-reference/pox-autodiscover-request).
The other places that Outlook would try are left out: the domain itself is often somebody else's web server, and whoever
is asked is shown the login.
"""

from __future__ import annotations

import ssl
from typing import TYPE_CHECKING, Any
from xml.sax.saxutils import escape

from careermail.errors import ProviderError
from careermail.mail.escape import plain
from careermail.providers.exchange.online import refuse_online

if TYPE_CHECKING:
    from requests import Response

PLACE = "https://autodiscover.{domain}/autodiscover/autodiscover.xml"
_ASKED = "http://schemas.microsoft.com/exchange/autodiscover/outlook/requestschema/2006"
_TOLD = "http://schemas.microsoft.com/exchange/autodiscover/outlook/responseschema/2006a"
_REQUEST = """\
<?xml version="1.0" encoding="utf-8"?>
<Autodiscover xmlns="{asked}"><Request><EMailAddress>{address}</EMailAddress>\
<AcceptableResponseSchema>{told}</AcceptableResponseSchema></Request></Autodiscover>"""
_OK, _REDIRECTS = 200, range(300, 400)


def discovered(address: str, auth: Any, context: ssl.SSLContext, seconds: float) -> str:
    """The EWS URL that the domain of a mailbox names; `auth` is what logs in, for requests.

    Raises ProviderError, urgent where it names none; what requests raises is left to the caller.
    """
    place = PLACE.format(domain=address.rpartition("@")[2])
    answer = _answer(place, address, auth, context, seconds)
    if url := _url(answer):
        refuse_online(url)
        return url
    say = 'say url = "https://…/EWS/Exchange.asmx" in [provider] instead'
    raise ProviderError(f"{place} names no Exchange for {address}: {_why(answer)}; {say}", urgent=True)


def _answer(place: str, address: str, auth: Any, context: ssl.SSLContext, seconds: float) -> Response:
    from requests import Session

    from careermail.providers.exchange.session import Adapter

    request = _REQUEST.format(asked=_ASKED, told=_TOLD, address=escape(address))
    with Session() as session:
        session.mount("https://", Adapter(context))
        headers = {"Content-Type": "text/xml; charset=utf-8"}
        return session.post(place, request.encode(), auth=auth, headers=headers, timeout=seconds, allow_redirects=False)


def _url(answer: Response) -> str:
    """The URL for clients within the network (EXCH), else for those outside; "" for none."""
    from lxml import etree

    if answer.status_code != _OK:
        return ""
    try:
        root = etree.fromstring(answer.content, etree.XMLParser(resolve_entities=False, no_network=True))
    except etree.XMLSyntaxError:
        return ""
    found = {
        one.findtext(f"{{{_TOLD}}}Type"): one.findtext(f"{{{_TOLD}}}EwsUrl")
        for one in root.iter(f"{{{_TOLD}}}Protocol")
    }
    return found.get("EXCH") or found.get("EXPR") or ""


def _why(answer: Response) -> str:
    if answer.status_code in _REDIRECTS:
        return f"it points to {plain(answer.headers.get('Location', 'nowhere'))[:200]}, which is not followed"
    return f"HTTP {answer.status_code}" if answer.status_code != _OK else "its answer has no EwsUrl"
