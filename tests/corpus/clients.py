"""How mail programs write an answer: their headers, boundaries, HTML and the words over a quote, in four languages."""

from collections.abc import Callable, Iterator
from email.header import Header
from html import escape
from textwrap import fill

from corpus.letters import Answer
from corpus.paper import message, multi, part

GMAIL = {
    "en": "On Tue, Jan 12, 2027 at 3:04\u202fPM {who} <{at}> wrote:",
    "de": "Am Di., 12. Jan. 2027 um 15:04\u202fUhr schrieb {who} <{at}>:",
    "fr": "Le mar. 12 janv. 2027 à 15:04, {who} <{at}> a écrit :",
    "es": "El mar, 12 ene 2027 a las 15:04, {who} (<{at}>) escribió:",
}
PHONE = {
    "en": "On Tue, 12 Jan 2027, 15:04 {who}, <{at}> wrote:",
    "de": "{who} <{at}> schrieb am Di., 12. Jan. 2027, 15:04:",
    "fr": "Le mar. 12 janv. 2027, 15:04, {who} <{at}> a écrit :",
    "es": "El mar, 12 ene 2027, 15:04, {who} <{at}> escribió:",
}
APPLE = {
    "en": "On 12 Jan 2027, at 15:04, {who} <{at}> wrote:",
    "de": "Am 12.01.2027 um 15:04 schrieb {who} <{at}>:",
    "fr": "Le 12 janv. 2027 à 15:04, {who} <{at}> a écrit :",
    "es": "El 12 ene 2027, a las 15:04, {who} <{at}> escribió:",
}
THUNDERBIRD = {
    "en": "On 1/12/27 15:04, {who} wrote:",
    "de": "Am 12.01.27 um 15:04 schrieb {who}:",
    "fr": "Le 12/01/2027 à 15:04, {who} a écrit :",
    "es": "El 12/1/27 a las 15:04, {who} escribió:",
}
PROTON = {
    "en": "On Tuesday, January 12th, 2027 at 3:04 PM, {who} <{at}> wrote:",
    "de": "Am Dienstag, 12. Januar 2027 um 15:04, {who} <{at}> schrieb:",
    "fr": "Le mardi 12 janvier 2027 à 15:04, {who} <{at}> a écrit :",
    "es": "El martes, 12 de enero de 2027 a las 15:04, {who} <{at}> escribió:",
}
YAHOO = {
    "en": "On Tuesday, January 12, 2027 at 03:04:05 PM GMT+1, {who} <{at}> wrote:",
    "de": "Am Dienstag, 12. Januar 2027 um 15:04:05 MEZ hat {who} <{at}> Folgendes geschrieben:",
    "fr": "Le mardi 12 janvier 2027 à 15:04:05 UTC+1, {who} <{at}> a écrit :",
    "es": "El martes, 12 de enero de 2027, 15:04:05 CET, {who} <{at}> escribió:",
}
MUTT = {
    "en": "On Tue, Jan 12, 2027 at 03:04:05PM +0100, {who} wrote:",
    "de": "Am Di, 12. Jan 2027 um 15:04:05 +0100 schrieb {who}:",
    "fr": "Le mar. 12 janv. 2027 à 15:04:05 +0100, {who} a écrit :",
    "es": "El mar 12 ene 2027 a las 15:04:05 +0100, {who} escribió:",
}
OUTLOOK = {
    "en": ("From: ", "Sent: ", "To: ", "Subject: ", "Tuesday, January 12, 2027 3:04 PM"),
    "de": ("Von: ", "Gesendet: ", "An: ", "Betreff: ", "Dienstag, 12. Januar 2027 15:04"),
    "fr": ("De : ", "Envoyé : ", "À : ", "Objet : ", "mardi 12 janvier 2027 15:04"),
    "es": ("De: ", "Enviado el: ", "Para: ", "Asunto: ", "martes, 12 de enero de 2027 15:04"),
}
ON_A_PHONE = {
    "en": "Sent from my iPhone",
    "de": "Von meinem iPhone gesendet",
    "fr": "Envoyé de mon iPhone",
    "es": "Enviado desde mi iPhone",
}
GET_OUTLOOK = {
    "en": "Get Outlook for iOS",
    "de": "Outlook für iOS beziehen",
    "fr": "Obtenir Outlook pour iOS",
    "es": "Obtener Outlook para iOS",
}
GET_ANDROID = {
    "en": "Sent from Outlook for Android",
    "de": "Gesendet von Outlook für Android",
    "fr": "Envoyé à partir de Outlook pour Android",
    "es": "Enviado desde Outlook para Android",
}
PROTON_SENT = {
    "en": "Sent with Proton Mail secure email.",
    "de": "Gesendet mit Proton Mail sicherer E-Mail.",
    "fr": "Envoyé avec la messagerie sécurisée Proton Mail.",
    "es": "Enviado con el correo electrónico seguro de Proton Mail.",
}
YAHOO_SENT = {
    "en": "Sent from Yahoo Mail on Android",
    "de": "Von Yahoo Mail auf Android gesendet",
    "fr": "Envoyé depuis Yahoo Mail pour Android",
    "es": "Enviado desde Yahoo Mail con Android",
}
BULLET = "<span style='mso-list:Ignore'>·<span style='font:7.0pt'>&nbsp;&nbsp; </span></span>"
CITE = '<blockquote type="cite">'
PREFIX = {"en": "Re", "de": "AW", "fr": "RE", "es": "RE"}


def headers(answer: Answer, *, prefix: str = "Re", **more: str) -> dict[str, str]:
    """The fields that every answer has, and those of one mail program, named with underscores."""
    writer = answer.to.to
    subject = f"{prefix}: {answer.to.subject}"
    return {
        "From": f"{writer.name} <{writer.email}>",
        "To": f'"{answer.to.who}" <{answer.to.at}>',
        "Subject": subject if subject.isascii() else Header(subject, "utf-8").encode(),
        "Date": "Wed, 13 Jan 2027 09:12:40 +0100",
        "Message-ID": "<answer@mail.example.com>",
        "In-Reply-To": answer.to.id,
        "References": f"<talk@example.com> {answer.to.id}",
        **{name.replace("_", "-"): value for name, value in more.items()},
    }


def wrote(said: dict[str, str], answer: Answer) -> str:
    """What stands over the quote."""
    return said[answer.language].format(who=answer.to.who, at=answer.to.at)


def stacked(*blocks: str) -> str:
    """Blocks with a blank line between them, without the empty ones."""
    return "\n\n".join(block for block in blocks if block) + "\n"


def marked(answer: Answer, *, width: int = 0) -> str:
    """The letter behind ">", as text programs quote it, broken at a width if one is given, and what is typed in it."""
    lines: list[str] = []
    for line, _, typed in answer.blocks:
        broken = fill(line, width, break_long_words=False, break_on_hyphens=False) if width else line
        lines += [f"> {one}".rstrip() for one in broken.splitlines() or [""]]
        lines += ["", typed, ""] if typed else []
    return "\n".join(lines)


def plain(answer: Answer, said: str, *, width: int = 0) -> str:
    """The plain text of programs that mark what they quote."""
    quote = f"{said}\n{marked(answer, width=width)}"
    if answer.place == "none":
        return stacked(answer.new, answer.above)
    if answer.place == "bottom":
        return stacked(quote, answer.new, answer.above)
    return stacked(answer.new, answer.above, quote)


def divs(text: str) -> str:
    """Lines as programs write them that put each into a div."""
    return "".join(f"<div>{escape(line) or '<br>'}</div>" for line in text.splitlines())


def cited(answer: Answer, opening: str) -> str:
    """The letter in a blockquote, which ends and begins anew around what is typed in it."""
    if answer.place != "inline":
        return f"{opening}{answer.to.html}</blockquote>"
    pieces = [html + (f"</blockquote>{divs(typed)}{opening}" if typed else "") for _, html, typed in answer.blocks]
    return f"{opening}{''.join(pieces)}</blockquote>"


def both(answer: Answer, boundary: str, text: bytes, html: bytes) -> bytes:
    """Text and HTML, or HTML alone."""
    return html if answer.html_only else multi("alternative", boundary, text, html)


def gmail_web(answer: Answer) -> bytes:
    """Gmail in a browser: the plain part is broken at 76 and not flowed."""
    said = wrote(GMAIL, answer)
    opening = (
        '<blockquote class="gmail_quote" style="margin:0px 0px 0px 0.8ex;border-left:1px solid rgb(204,204,204);'
        'padding-left:1ex">'
    )
    new = f'<div dir="ltr">{divs(answer.new)}</div>'
    sign = f'<div><br clear="all"></div><div dir="ltr" class="gmail_signature">{divs(answer.above)}</div>'
    quote = (
        '<div class="gmail_quote gmail_quote_container"><div dir="ltr" class="gmail_attr">'
        f"{escape(said)}<br></div>{cited(answer, opening)}</div>"
    )
    signed = sign if answer.above else ""
    html = f"{quote}{new}{signed}" if answer.place == "bottom" else f"{new}{signed}<br>{quote}"
    text = plain(answer, fill(said, 76, break_long_words=False, break_on_hyphens=False) + "\n", width=74)
    content = both(
        answer,
        "000000000000a1b2c3062d0f1e2d",
        part("text/plain", text),
        part("text/html", html + "\n"),
    )
    return message(headers(answer), content)


def gmail_phone(answer: Answer) -> bytes:
    """Gmail on Android and iOS."""
    said = wrote(PHONE, answer)
    opening = '<blockquote class="gmail_quote" style="margin:0 0 0 .8ex;border-left:1px #ccc solid;padding-left:1ex">'
    html = (
        f'<div dir="auto">{divs(answer.new)}</div><br><div class="gmail_quote"><div dir="ltr" class="gmail_attr">'
        f"{escape(said)}<br></div>{cited(answer, opening)}</div>"
    )
    text = part("text/plain", plain(answer, f"{said}\n"), cte="base64")
    content = both(answer, "0000000000005d3a7f062d0f9a8b", text, part("text/html", html))
    return message(headers(answer), content)


def apple_mail(answer: Answer) -> bytes:
    """Apple Mail on a Mac: what introduces the quote is within it."""
    said = wrote(APPLE, answer)
    letter = (
        '<html><head></head><body style="overflow-wrap: break-word; line-break: after-white-space;">{}</body></html>'
    )
    opening = '<blockquote type="cite">'
    quote = f'<div>{opening}<div>{escape(said)}</div><br class="Apple-interchange-newline">{cited(answer, "<div>")}'
    if answer.place == "inline":
        quote = f"<div>{opening}<div>{escape(said)}</div></blockquote>{cited(answer, opening)}"
    html = letter.format(f'{divs(answer.new)}{divs(answer.above)}<br id="lineBreakAtBeginningOfMessage">{quote}</div>')
    text = plain(answer, f"> {said}\n> ")
    content = both(
        answer, "Apple-Mail=_8A5C1E0B-9B57-4D3C-A1D4-0F6E6F1B2C3D", part("text/plain", text), part("text/html", html)
    )
    return message(headers(answer, X_Mailer="Apple Mail (2.3826.700.81)"), content)


def iphone(answer: Answer) -> bytes:
    """Mail on an iPhone: its footer stands above the quote."""
    said = wrote(APPLE, answer)
    footer = ON_A_PHONE[answer.language]
    text = stacked(answer.new, footer, f"> {said}\n> \n{marked(answer)}")
    html = (
        '<html><head><meta http-equiv="content-type" content="text/html; charset=utf-8"></head><body dir="auto">'
        f'{divs(answer.new)}<br id="lineBreakAtBeginningOfSignature"><div dir="ltr">{footer}</div><div dir="ltr"><br>'
        f'<blockquote type="cite">{escape(said)}<br><br></blockquote></div>'
        f"{cited(answer, CITE)}</body></html>"
    )
    content = both(
        answer,
        "Apple-Mail-3C9B5C0E-62A1-4E8B-9C0D-7A9B1F2E3D4C",
        part("text/plain", text, charset="utf-8", quote="", cte="quoted-printable"),
        part("text/html", html, charset="utf-8", quote=""),
    )
    return message(headers(answer, X_Mailer="iPhone Mail (23B85)"), content)


def over(answer: Answer, bold: Callable[[str], str] = str) -> list[str]:
    """The fields that Outlook puts over a quote."""
    who, sent, to, subject, at = OUTLOOK[answer.language]
    values = (f"{answer.to.who} <{answer.to.at}>", at, answer.to.to.name, answer.to.subject)
    return [f"{bold(name)}{value}" for name, value in zip((who, sent, to, subject), values, strict=True)]


def unmarked(answer: Answer) -> str:
    """The letter as Outlook quotes it in plain text, with what is typed in it; nothing tells the two apart."""
    return "\n".join(f"{line}\n{typed}" if typed else line for line, _, typed in answer.blocks)


def outlook_desktop(answer: Answer) -> bytes:
    """Outlook for Windows: Word's HTML, and a line over the fields."""
    text = stacked(answer.new, answer.above, "\n".join(over(answer)), unmarked(answer))
    html = (
        '<html xmlns:o="urn:schemas-microsoft-com:office:office"><head><!--[if gte mso 9]><xml><o:x/></xml><![endif]-->'
        "<style><!-- p.MsoNormal {margin:0cm;} --></style></head><body lang=EN-GB><div class=WordSection1>"
        f"{''.join(word(answer.new))}<p class=MsoNormal><o:p>&nbsp;</o:p></p>{''.join(word(answer.above))}"
        '<div style="border:none;border-top:solid #E1E1E1 1.0pt;padding:3.0pt 0cm 0cm 0cm"><p class=MsoNormal>'
        f"{'<br>'.join(over(answer, '<b>{}</b>'.format)).replace(' <care', ' &lt;care').replace('com>', 'com&gt;')}"
        f"<o:p></o:p></p></div><p class=MsoNormal><o:p>&nbsp;</o:p></p>{''.join(word(unmarked(answer)))}</div></body>"
        "</html>"
    )
    content = both(
        answer,
        "----=_NextPart_000_0012_01DB6598.7A3B1C20",
        part("text/plain", text, charset="utf-8"),
        part("text/html", html, charset="utf-8"),
    )
    more = {"X_Mailer": "Microsoft Outlook 16.0", "Thread_Index": "AQHbZZd0fM8T", "Content_Language": "en-gb"}
    return message(headers(answer, prefix=PREFIX[answer.language], **more), content)


def word(text: str) -> Iterator[str]:
    """Lines as Word writes them: every one a paragraph, an item with its bullet in a conditional comment."""
    for line in text.splitlines():
        if line.startswith("- "):
            bullet = f"<![if !supportLists]>{BULLET}<![endif]>"
            yield f"<p class=MsoListParagraph style='mso-list:l0 level1 lfo1'>{bullet}{escape(line[2:])}<o:p></o:p></p>"
        else:
            yield f"<p class=MsoNormal>{escape(line) or '&nbsp;'}<o:p></o:p></p>"


def outlook_web(answer: Answer) -> bytes:
    """Outlook in a browser, in the old charset that Exchange likes."""
    rule = "________________________________"
    text = stacked(answer.new, answer.above, f"{rule}\n" + "\n".join(over(answer)), unmarked(answer))
    html = (
        f'<html><body><div class="elementToProof" style="font-family: Aptos;">{divs(answer.new)}</div>'
        f'<div class="elementToProof"><br></div><div id="Signature">{divs(answer.above)}</div>'
        '<div id="appendonsend"></div><hr style="display:inline-block;width:98%" tabindex="-1">'
        f'<div id="divRplyFwdMsg" dir="ltr">{"<br>".join(map(escape, over(answer)))}<div>&nbsp;</div></div>'
        f"<div>{answer.to.html if not answer.within else divs(unmarked(answer))}</div></body></html>"
    )
    content = both(
        answer,
        "_000_DB9PR01MB1234567890ABCDEF_",
        part("text/plain", text, charset="Windows-1252"),
        part("text/html", html, charset="Windows-1252"),
    )
    more = {"X_MS_Has_Attach": "", "Thread_Topic": answer.to.subject, "Accept_Language": "en-GB, en-US"}
    return message(headers(answer, prefix=PREFIX[answer.language], **more), content)


def outlook_ios(answer: Answer) -> bytes:
    """Outlook on an iPhone."""
    return _outlook_phone(answer, f"{GET_OUTLOOK[answer.language]}<https://aka.ms/o0ukef>")


def outlook_android(answer: Answer) -> bytes:
    """Outlook on Android."""
    return _outlook_phone(answer, GET_ANDROID[answer.language])


def _outlook_phone(answer: Answer, footer: str) -> bytes:
    rule = "________________________________"
    text = stacked(answer.new, footer, f"{rule}\n" + "\n".join(over(answer)), unmarked(answer))
    html = (
        f'<html><body><div dir="ltr">{divs(answer.new)}</div><div id="ms-outlook-mobile-body-separator-line" '
        f'dir="ltr"><br></div><div id="ms-outlook-mobile-signature" dir="ltr">{escape(footer)}</div>'
        f'<div id="mail-editor-reference-message-container"><hr><div id="divRplyFwdMsg" dir="ltr">'
        f"{'<br>'.join(map(escape, over(answer)))}</div><div>{answer.to.html}</div></div></body></html>"
    )
    content = both(
        answer,
        "_000_AM0PR02MB9876543210FEDCBA_",
        part("text/plain", text, charset="utf-8", cte="base64"),
        part("text/html", html, charset="utf-8", cte="base64"),
    )
    return message(headers(answer, prefix=PREFIX[answer.language]), content)


def thunderbird(answer: Answer) -> bytes:
    """Thunderbird writing plain text: flowed, so that a line which ends in a blank goes on."""
    said = wrote(THUNDERBIRD, answer)
    signature = f"-- \n{answer.above}" if answer.above else ""
    new = flowed(answer.new)
    quote = f"{said}\n{marked(answer)}"
    order = (quote, new, signature) if answer.place == "bottom" else (new, quote, signature)
    body = part("text/plain", stacked(*order), cte="8bit", quote="", more="; format=flowed")
    return message(headers(answer, User_Agent="Mozilla Thunderbird"), body)


def flowed(text: str) -> str:
    """A text broken at 72, softly (RFC 3676, 4.2)."""
    lines = [fill(line, 70, break_on_hyphens=False).replace("\n", " \n") for line in text.splitlines()]
    return "\n".join(f" {line}" if line.startswith((">", " ", "From ")) else line for line in lines)


def thunderbird_html(answer: Answer) -> bytes:
    """Thunderbird writing HTML."""
    said = wrote(THUNDERBIRD, answer)
    prefix = f'<div class="moz-cite-prefix">{escape(said)}<br></div>'
    quote = f"{prefix}{cited(answer, CITE)}"
    new = "<br>".join(map(escape, answer.new.splitlines()))
    signature = f'<pre class="moz-signature" cols="72">-- \n{escape(answer.above)}</pre>' if answer.above else ""
    order = f"{quote}<p>{new}</p>" if answer.place == "bottom" else f"<p>{new}</p>{quote}<br>"
    html = f"<!DOCTYPE html><html><head></head><body>{order}{signature}</body></html>"
    text = part("text/plain", plain(answer, said), cte="8bit", more="; format=flowed")
    content = both(answer, "------------0Yw3VhJqkL5sXz7NbP2mT4cR", text, part("text/html", html, cte="8bit"))
    return message(headers(answer, User_Agent="Mozilla Thunderbird"), content)


def proton(answer: Answer) -> bytes:
    """Proton Mail in a browser."""
    said, footer = wrote(PROTON, answer), PROTON_SENT[answer.language]
    html = (
        f'<div style="font-family: Arial;">{divs(answer.new)}</div><div><br></div>'
        f'<div class="protonmail_signature_block"><div class="protonmail_signature_block-proton">{footer}</div></div>'
        '<div><br></div><div class="protonmail_quote">'
        f"{escape(said)}<br><br>" + cited(answer, '<blockquote class="protonmail_quote" type="cite">') + "<br></div>"
    )
    text = stacked(answer.new, footer, f"{said}\n\n{marked(answer)}")
    content = both(
        answer,
        "b1=_1yJq8Wz3kT5vN7xR2mP4cL6sD9fG",
        part("text/plain", text, charset="utf-8", quote="", cte="base64"),
        part("text/html", html, charset="utf-8", quote="", cte="base64"),
    )
    return message(headers(answer, X_Pm_Message_ID="5b1c2d3e4f"), content)


def mutt(answer: Answer) -> bytes:
    """Mutt: plain text, in whatever charset is enough for it."""
    text = plain(answer, wrote(MUTT, answer))
    charset = "us-ascii" if text.isascii() else "iso-8859-1"
    body = part("text/plain", text, charset=charset, quote="", cte="8bit")
    return message(headers(answer, User_Agent="Mutt/2.2.13 (2024-03-09)"), body)


def yahoo(answer: Answer) -> bytes:
    """Yahoo in a browser: in plain text the quote is set in and nothing more."""
    said = wrote(YAHOO, answer)
    quote = "\n".join(f" {line}".rstrip() for line in answer.to.text.splitlines())
    html = (
        f'<html><head></head><body><div class="ydp5f3yahoo-style-wrap">{divs(answer.new)}</div>'
        '<div id="ydp1yahoo_quoted_0123456789" class="ydp1yahoo_quoted"><div><div>'
        f"{escape(said)}</div><div><br></div><div>{answer.to.html}</div></div></div></body></html>"
    )
    text = stacked(answer.new, f"    {said}  \n \n{quote}")
    content = both(
        answer, "----=_Part_123456_987654321.1768294360000", part("text/plain", text), part("text/html", html)
    )
    return message(headers(answer, X_Mailer="WebService/1.1.22876 YMailNorrin"), content)


def yahoo_phone(answer: Answer) -> bytes:
    """Yahoo on Android: the quote begins on the line of what introduces it."""
    said, footer = wrote(YAHOO, answer), YAHOO_SENT[answer.language]
    text = stacked(answer.new, footer, f"  {said}   {unmarked(answer)}")
    html = (
        f'{divs(answer.new)}<br><div id="ymail_android_signature"><a href="https://example.com/app">{footer}</a></div>'
        f'<br><blockquote style="margin: 0 0 20px 0;"><div style="font-family:Roboto;"><div>{escape(said)}</div></div>'
        f'<div style="padding: 10px 0 0 20px; border-left: 1px solid #6D00F6;">{answer.to.html}</div></blockquote>'
    )
    content = both(answer, "----=_Part_55555_1234567.1768294360001", part("text/plain", text), part("text/html", html))
    return message(headers(answer, X_Mailer="WebService/1.1.22876 AndroidMobile"), content)


def gmx(answer: Answer) -> bytes:
    """GMX and Web.de in a browser: HTML alone, its fields beginning with the date."""
    who, sent, to, subject = over(answer)
    fields = "<br/>".join(f"<b>{escape(one)}</b>" for one in (sent, who, to, subject))
    html = (
        f'<html><head></head><body><div style="font-family: Verdana;">{divs(answer.new)}<div>&nbsp;</div>'
        '<div name="quote" style="margin:10px 5px 5px 10px; padding: 10px 0 10px 10px; border-left:2px solid #C3D9E5;">'
        f'<div style="margin:0 0 10px 0;">{fields}</div><div name="quoted-content">{answer.to.html}</div></div></div>'
        "</body></html>"
    )
    return message(headers(answer, prefix=PREFIX[answer.language]), part("text/html", html))


CLIENTS: dict[str, Callable[[Answer], bytes]] = {
    "gmail-web": gmail_web,
    "gmail-phone": gmail_phone,
    "apple-mail": apple_mail,
    "iphone": iphone,
    "outlook-desktop": outlook_desktop,
    "outlook-web": outlook_web,
    "outlook-ios": outlook_ios,
    "outlook-android": outlook_android,
    "thunderbird": thunderbird,
    "thunderbird-html": thunderbird_html,
    "proton": proton,
    "mutt": mutt,
    "yahoo": yahoo,
    "yahoo-phone": yahoo_phone,
    "gmx": gmx,
}
