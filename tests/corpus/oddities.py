"""Mails that differ from the rest in how they are encoded, wrapped, or meant: nobody's usual shape."""

# ruff: noqa: RUF001 (people type en dashes and curly apostrophes)

from base64 import b64decode, encodebytes
from collections.abc import Iterator
from typing import Any

from corpus.clients import CLIENTS, OUTLOOK, headers
from corpus.letters import CONTRACT, DUE, EMPTY, Answer
from corpus.paper import blob, message, multi, part

Odd = tuple[str, bytes, str, dict[str, Any]]

DONE = Answer("1 done", place="none")
UMLAUTS = "Für Größe 2: erledigt, „ganz sicher“ – bis März"
NOT_CUT = """\
Attention: an external mentor would help, from outside the team.

On Thursday at 14:00 Jonas wrote: he is glad.
--- Original plan ---
Sent with the form to Dana.
Warning: I will send Dana a mail.

Disclaimer: I have not asked her.

On Friday Jonas wrote: he is glad.

From April on: less on-call.
To do: ask Dana
--
- 1 done
- 2 drop: Cheers

Best regards to Dana, and thanks"""
INVITATION = """\
BEGIN:VCALENDAR
VERSION:2.0
METHOD:{method}
BEGIN:VEVENT
UID:talk@example.com
DTSTAMP:20270112T140400Z
DTSTART:20270112T130000Z
ATTENDEE;PARTSTAT=ACCEPTED:mailto:jonas@example.com
ORGANIZER:mailto:maya@example.com
END:VEVENT
END:VCALENDAR
"""

# What S/MIME's opaque form holds, in both of its encodings: signed with a key that nobody has any more.
OPAQUE = {
    "der": (
        "MIH0BgkqhkiG9w0BBwKggeYwgeMCAQExDTALBglghkgBZQMEAgEwMwYJKoZIhvcNAQcBoCYEJENvbnRlbnQtVHlwZTogdGV4dC9w"
        "bGFpbg0KDQoxIGRvbmUNCjGBmTCBlgIBATAuMBYxFDASBgNVBAMMC0pvbmFzIFdlYmVyAhQ5SrNs3NxbnlvEtwy8tltQr49WqzAL"
        "BglghkgBZQMEAgEwCgYIKoZIzj0EAwIESDBGAiEA21Ie6vfTus1inN45ScjKWvIyighXQhtflAylKWI3TusCIQDoihOFI+YeeGRZ"
        "5rIXOCoD6+ZUNDtUnPDe8d2uXFhsog=="
    ),
    "ber": (
        "MIAGCSqGSIb3DQEHAqCAMIACAQExDTALBglghkgBZQMEAgEwgAYJKoZIhvcNAQcBoIAkgAQkQ29udGVudC1UeXBlOiB0ZXh0L3Bs"
        "YWluDQoNCjEgZG9uZQ0KAAAAAAAAMYGYMIGVAgEBMC4wFjEUMBIGA1UEAwwLSm9uYXMgV2ViZXICFDlKs2zc3FueW8S3DLy2W1Cv"
        "j1arMAsGCWCGSAFlAwQCATAKBggqhkjOPQQDAgRHMEUCIQCwUbepo995z3npNeNbhON9xHzDJVrNuJUjnhfyHoqRDwIgJ0PENOT7"
        "gJUBpCM+oY6Tm+eIUyg3w+lJ+oz/swA6e24AAAAAAAA="
    ),
}


def cases() -> Iterator[Odd]:
    """All of them."""
    yield from _charsets()
    yield from _flowed()
    yield from _wrapped()
    yield from _passed_on()
    yield from _automatic()
    yield from _else()


def _plain(text: str, cte: str = "8bit", charset: str = "utf-8", more: str = "", **fields: str) -> bytes:
    return message({**headers(DONE), **fields}, part("text/plain", text, charset=charset, cte=cte, quote="", more=more))


def _charsets() -> Iterator[Odd]:
    for charset, cte in (
        *(("windows-1252", "8bit"), ("windows-1252", "base64"), ("utf-16", "base64"), ("utf-7", "8bit")),
        *(("mac-roman", "quoted-printable"), ("gb18030", "base64")),
    ):
        yield f"charset-{charset}-{cte}", _plain(UMLAUTS, cte, charset), UMLAUTS, {}
    yield "charset-iso-2022-jp", _plain("完了しました", "8bit", "iso-2022-jp"), "完了しました", {}
    yield "charset-koi8-r", _plain("Готово", "8bit", "koi8-r"), "Готово", {}
    label = b"charset=utf-8"
    yield "charset-wrong", _plain(UMLAUTS).replace(label, b"charset=us-ascii"), UMLAUTS, {}
    yield (
        "charset-latin1-that-is-windows",
        _plain(UMLAUTS, charset="cp1252").replace(b"cp1252", b"iso-8859-1"),
        UMLAUTS,
        {},
    )
    yield "charset-unknown", _plain(UMLAUTS).replace(label, b"charset=x-unknown"), UMLAUTS, {}
    yield "charset-none", message(headers(DONE), b"\n" + UMLAUTS.encode()), UMLAUTS, {}
    html = "<p>Gr&ouml;&szlig;e &#8211; 1 done &amp; 2&nbsp;drop&#x21;</p>"
    yield (
        "html-entities",
        message(headers(DONE), part("text/html", html)),
        "Größe – 1 done & 2 drop!",
        {"html_only": True},
    )


def _flowed() -> Iterator[Odd]:
    text = "A line that goes \non and \non.\n\n From here it is stuffed.\n- an item\n> quoted \n> and on\n-- \nJonas"
    said = "A line that goes on and on.\n\nFrom here it is stuffed.\n- an item"
    yield "flowed", _plain(text, more="; format=flowed"), said, {}
    yield "flowed-delsp", _plain("長い \n文 \nです", more="; format=flowed; delsp=yes"), "長い文です", {}
    yield "not-flowed", _plain("One \ntwo"), "One\ntwo", {}


def _wrapped() -> Iterator[Odd]:
    said = part("text/plain", "1 done\n", charset="utf-8", cte="7bit")
    tnef = blob("application/ms-tnef", b"\x78\x9f\x3e\x22\x01\x00not for us", name="winmail.dat")
    alone = b"\n".join(line for line in tnef.split(b"\n"))
    kinds = {"attachments": ("application/ms-tnef",)}
    yield "winmail-alone", message(headers(DONE), alone), "", {"unreadable": "winmail.dat", **kinds}
    yield "winmail-and-text", message(headers(DONE), multi("mixed", "----=_NextPart_1", said, tnef)), "1 done", kinds
    signature = blob("application/pkcs7-signature", bytes(range(64)), name="smime.p7s")
    more = ';\n protocol="application/pkcs7-signature"; micalg=sha-256'
    signed = multi("signed", "----9A5CB0E4F41A7B9D", said, signature, more=more)
    yield "smime-signed", message(headers(DONE), signed), "1 done", {"attachments": ("application/pkcs7-signature",)}
    for name, der in OPAQUE.items():
        body = (
            b'Content-Type: application/pkcs7-mime; smime-type=signed-data; name="smime.p7m"\n'
            b"Content-Transfer-Encoding: base64\n\n"
        ) + encodebytes(b64decode(der))
        yield f"smime-opaque-{name}", message(headers(DONE), body), "1 done", {}
    kind = b"Content-Type: application/pkcs7-mime; smime-type=enveloped-data"
    body = kind + b"\nContent-Transfer-Encoding: base64\n\nMAMCAQA=\n"
    yield "smime-encrypted", message(headers(DONE), body), "", {
        "unreadable": "encrypted", "attachments": ("application/pkcs7-mime",)}  # fmt: skip
    yield from _openpgp(said)
    pdf = blob("application/pdf", b"%PDF-1.4 nothing", name="rota.pdf", disposition="inline")
    around = multi("mixed", "Apple-Mail=_1", said, pdf, part("text/plain", "2 drop\n", charset="us-ascii", cte="7bit"))
    yield (
        "text-around-a-file",
        message(headers(DONE), around),
        "1 done\n\n2 drop",
        {"attachments": ("application/pdf",)},
    )
    note = part("text/plain", "Not for you: 2 drop", more='; name="notes.txt"')
    yield (
        "text-file",
        message(headers(DONE), multi("mixed", "b", said, note)),
        "1 done",
        {"attachments": ("text/plain",)},
    )


def _openpgp(said: bytes) -> Iterator[Odd]:
    signature = (
        b'Content-Type: application/pgp-signature; name="signature.asc"\n\n-----BEGIN PGP SIGNATURE-----\n\niQ==\n'
    )
    signed = multi("signed", "pgp1", said, signature, more='; protocol="application/pgp-signature"')
    kinds = {"attachments": ("application/pgp-signature",)}
    yield "pgp-mime-signed", message(headers(DONE), signed), "1 done", kinds
    armoured = """\
-----BEGIN PGP SIGNED MESSAGE-----
Hash: SHA512

1 done
- - 2 drop: it is obsolete
- --
Jonas
-----BEGIN PGP SIGNATURE-----

iQIzBAEBCgAdFiEE
=abcd
-----END PGP SIGNATURE-----
"""
    yield "pgp-signed", _plain(armoured), "1 done\n- 2 drop: it is obsolete", {}
    locked = "-----BEGIN PGP MESSAGE-----\n\nhQIMA1234\n=abcd\n-----END PGP MESSAGE-----"
    yield "pgp-encrypted", _plain(locked), locked, {"unreadable": "encrypted"}
    version = b"Content-Type: application/pgp-encrypted\n\nVersion: 1\n"
    data = b"Content-Type: application/octet-stream\n\n" + locked.encode()
    kinds = {"attachments": ("application/pgp-encrypted", "application/octet-stream")}
    body = multi("encrypted", "pgp2", version, data, more='; protocol="application/pgp-encrypted"')
    yield "pgp-mime-encrypted", message(headers(DONE), body), "", {"unreadable": "encrypted", **kinds}


def _passed_on() -> Iterator[Odd]:
    over = f"From: Jonas <jonas@example.com>\nDate: Tue, Jan 12, 2027 at 3:04 PM\nSubject: {DUE.subject}\nTo: Maya\n\n"
    gmail = f"For you.\n\n---------- Forwarded message ---------\n{over}I was offered a job."
    fields = {"Subject": f"Fwd: {DUE.subject}"}
    passed_on = {"forwarded": True, "subject": DUE.subject}
    yield "forwarded-gmail", _plain(gmail, **fields), "For you.", passed_on
    apple = "For you.\n\n> Begin forwarded message:\n> \n> From: Jonas\n> \n> I was offered a job."
    yield "forwarded-apple", _plain(apple, **fields), "For you.", passed_on
    thunderbird = f"-------- Weitergeleitete Nachricht --------\n{over}I was offered a job."
    yield "forwarded-thunderbird", _plain(thunderbird, Subject=f"WG: {DUE.subject}"), "", passed_on
    who, sent, to, subject, at = OUTLOOK["fr"]
    outlook = f"Pour vous.\n\n{who}Jonas\n{sent}{at}\n{to}Maya\n{subject}rien\n\nI was offered a job."
    yield "forwarded-outlook", _plain(outlook, Subject=f"TR : {DUE.subject}"), "Pour vous.", passed_on
    original = "Done.\n\n-----Ursprüngliche Nachricht-----\nVon: Maya\nGesendet: heute\nAn: Jonas\n\nHello"
    yield "original-message", _plain(original), "Done.", {}


def _automatic() -> Iterator[Odd]:
    away = "I am out of the office until 25 January 2027."
    machine = {"automatic": "auto-reply"}
    yield (
        "away-exchange",
        _plain(away, Auto_Submitted="x").replace(b"Auto_Submitted: x", b"Auto-Submitted: auto-replied"),
        away,
        machine,
    )
    yield "away-gmail", _plain(away, Precedence="bulk", **{"X-Autoreply": "yes"}), away, {"automatic": "bulk"}
    yield "away-unmarked", _plain(away, Subject="Abwesenheitsnotiz: Today"), away, machine
    yield "away-suppressing", _plain(away, **{"X-Auto-Response-Suppress": "All"}), away, machine
    yield "list", _plain("1 done", **{"List-Id": "<all.example.com>"}), "1 done", {"automatic": "list"}
    own = {"X-Careermail-Kind": "due", "Auto-Submitted": "auto-generated"}
    yield "ours", _plain("Hello Jonas", **own), "Hello Jonas", {"automatic": "ours"}
    status = b"Content-Type: message/delivery-status\n\nReporting-MTA: dns; mx.example.com\n\nAction: failed\n"
    report = multi(
        "report", "dsn", part("text/plain", "It could not be delivered."), status, more="; report-type=delivery-status"
    )
    daemon = {**headers(DONE), "From": "MAILER-DAEMON@mx.example.com"}
    kinds = {
        "automatic": "bounce",
        "attachments": ("message/delivery-status",),
        "sender": "mailer-daemon@mx.example.com",
    }
    yield "bounce", message(daemon, report), "It could not be delivered.", kinds
    yield "bounce-empty-path", _plain("Gone.", **{"Return-Path": "<>"}), "Gone.", {"automatic": "bounce"}
    for method in ("REPLY", "COUNTER"):
        answer = part("text/calendar", INVITATION.format(method=method), more=f"; method={method}")
        body = multi("alternative", "ical", part("text/plain", "Jonas has accepted."), answer)
        kinds = {"automatic": "calendar", "calendar": True, "attachments": ("text/calendar",)}
        yield f"calendar-{method.lower()}", message(headers(DONE), body), "Jonas has accepted.", kinds
    request = part("text/calendar", INVITATION.format(method="REQUEST"), more="; method=REQUEST")
    body = multi("mixed", "ical", part("text/plain", "Can we meet?"), request)
    yield "calendar-request", message(headers(DONE), body), "Can we meet?", {"attachments": ("text/calendar",)}


def _else() -> Iterator[Odd]:
    button = {**headers(DONE), "Subject": "Re: After your talk with Jonas"}
    del button["In-Reply-To"], button["References"]
    for client, footer in (("iphone", "\n\nSent from my iPhone"), ("gmail", "")):
        typed = CONTRACT + footer
        yield f"button-{client}", message(button, part("text/plain", typed)), CONTRACT, {}
    straight = {**headers(Answer("", EMPTY)), "To": "Jonas <jonas@example.com>", "Cc": "CareerMail@Example.com"}
    to = ("jonas@example.com", "careermail@example.com")
    text = f"Hi Jonas,\n\n{CONTRACT}"
    yield "in-copy", message(straight, part("text/plain", f"{text}\n\nCheers\nMaya")), text, {"to": to}
    yield "empty", _plain("\n\n"), "", {}
    yield "only-a-quote", CLIENTS["gmail-web"](Answer("")), "", {}
    yield "not-cut", _plain(NOT_CUT), NOT_CUT, {}
    below = "1 done\n\nWarning: I will mail Dana.\n\nDisclaimer: I asked nobody.\n\nSent with the form to Dana."
    for who in ("On 12.1.2027 at 12:00 M <m@example.com> wrote:", "M <m@example.com> schrieb am 12.01.2027 um 12:00:"):
        close = f"Mail me at j@example.com\n1 done\n{who}\n> Hello"
        yield f"close-to-{who[:1].lower()}", _plain(close), "Mail me at j@example.com\n1 done", {}
    yield "not-cut-at-the-end", _plain(below), below, {}
    yield "thanks", _plain("Thanks,\nJonas"), "Thanks,\nJonas", {}
    banner = "[EXTERNAL] CAUTION: This email originated from outside of the organization.\nDo not click.\n\n1 done"
    yield "banner", _plain(banner), "1 done", {}
    learn = "You don't often get email from jonas@example.com. Learn why this is important\n\n1 done"
    yield "banner-outlook", _plain(learn), "1 done", {}
    yield "two-senders", _plain("1 done", From="a@example.com, b@example.com"), "1 done", {"sender": ""}
    yield "broken-line-in-subject", _plain("1 done", Subject="=?utf-8?q?Re:_x=0D=0ABcc:_y@example.com?="), "1 done", {
        "subject": "x Bcc: y@example.com"}  # fmt: skip
    rounds = "1 done\n\nOn 13 Jan 2027, at 9:00, M <m@example.com> wrote:\n\n> Which?\n>\n> On 12 Jan J wrote:\n>> 2\n"
    yield "third-round", _plain(rounds), "1 done", {}
    hidden = (
        '<div style="display:none;max-height:0">preheader</div><ol><li>done</li><li>drop: obsolete</li></ol>'
        "<ul><li><p>an item</p></li><li>one<br>more</li></ul><pre>as  it is\n  typed</pre><p>a<p>b<script>no()</script>"
    )
    said = "1. done\n2. drop: obsolete\n\n- an item\n- one\nmore\n\nas  it is\n  typed\n\na\n\nb"
    yield "html-lists", message(headers(DONE), part("text/html", hidden)), said, {"html_only": True}
    indented = '<div>One</div><blockquote style="margin:0 0 0 40px;border:none;padding:0px"><div>two</div></blockquote>'
    yield "html-indented", message(headers(DONE), part("text/html", indented)), "One\ntwo", {"html_only": True}
    blank = multi("alternative", "b", part("text/plain", " \n"), part("text/html", "<p>1 done</p>"))
    yield "plain-part-blank", message(headers(DONE), blank), "1 done", {"html_only": True}
