"""Every mail of the corpus with what must be understood of it."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from corpus import oddities
from corpus.clients import CLIENTS
from corpus.letters import AGREED, CONTRACT, EMPTY, FILLED, FILLED_FORM, OPEN, PAIR, Answer

from careermail.mail.contract import form

SHORT = {
    "en": "1 done, the second by 26 February.",
    "de": "1 ist erledigt, das zweite bis 26. Februar.\n\nFür den Rest brauche ich länger.",
    "fr": "Le premier est fait, le second pour le 26 février.",
    "es": "El primero está hecho, el segundo para el 26 de febrero.",
}
HTML_ONLY = ("gmail-web", "gmail-phone", "apple-mail", "iphone", "outlook-desktop", "outlook-web", "outlook-ios",
             "thunderbird-html", "proton", "yahoo", "yahoo-phone")  # fmt: skip
BELOW = ("gmail-web", "thunderbird", "thunderbird-html", "mutt")
BETWEEN = ("gmail-web", "gmail-phone", "apple-mail", "iphone", "thunderbird", "thunderbird-html", "proton", "mutt")
IN_PLACE = ("outlook-desktop", "outlook-web")
SIGNED = ("gmail-web", "apple-mail", "outlook-desktop", "outlook-web", "thunderbird", "thunderbird-html", "mutt")

SIGNATURES = {
    "closing": "Best regards,\nJonas",
    "german": "Viele Grüße\nJonas Weber",
    "french": "Bien cordialement,\n\nJonas Weber",
    "spanish": "Un saludo,\nJonas",
    "one-line": "Cheers, Jonas",
    "name": "Jonas",
    "office": "Best,\nJonas Weber\nPlatform Engineer\nExample GmbH, Torstraße 1, 10119 Berlin\n+49 30 1234567",
    "card": "Jonas Weber\nPlatform Engineer | Example GmbH\nT +49 30 1234567 | www.example.com",
    "dashes": "-- \nJonas Weber\n- Platform -\n* on call *",
    "dashes-alone": "--\nJonas",
    "disclaimer": "_______________\nDisclaimer: This e-mail and any attachments are for you alone.\nDelete it.",
    "confidential": "This e-mail may contain confidential information and is intended for the addressee only.",
    "vertraulich": "Diese E-Mail enthält vertrauliche Informationen.\nSind Sie nicht der Adressat, löschen Sie sie.",
    "confidentiel": "Ce message et ses pièces jointes sont confidentiels et destinés à leur seul destinataire.",
    "confidencial": "Este mensaje y sus anexos son confidenciales. Si lo recibe por error, bórrelo.",
    "tree": "Jonas\n\nPlease consider the environment before printing this e-mail.",
    "scanner": "--\nThis email has been checked for viruses by Avast antivirus software.\nwww.avast.com",
    "samsung": "Sent from my Galaxy",
    "android": "Diese Nachricht wurde von meinem Android-Mobiltelefon mit GMX Mail gesendet.",
    "two-footers": "Thanks\nJonas\n\nEnvoyé de mon iPad\nSent with Proton Mail secure email.",
}  # fmt: skip


@dataclass(frozen=True)
class Case:
    """A raw mail, and what must be understood; whatever is not named must be false or empty."""

    name: str
    raw: bytes
    text: str
    more: dict[str, Any] = field(default_factory=dict)


def cases() -> Iterator[Case]:
    """All of them, in the order in which they are numbered."""
    yield from _short()
    yield from _contracts()
    yield from _filled_in()
    yield from _below()
    yield from _signed()
    yield from (Case(*odd) for odd in oddities.cases())


def _case(name: str, client: str, answer: Answer, **more: Any) -> Case:
    if answer.html_only or client == "gmx":
        more["html_only"] = True
    return Case(f"{client}-{name}", CLIENTS[client](answer), answer.text, more)


def _short() -> Iterator[Case]:
    for language, said in SHORT.items():
        answer = Answer(said, language=language)
        yield from (_case(f"short-{language}", client, answer) for client in CLIENTS)
    alone = Answer(SHORT["en"], html_only=True)
    yield from (_case("short-html", client, alone) for client in HTML_ONLY)
    yield from (_case("short-html-de", client, replace(alone, new=SHORT["de"], language="de")) for client in HTML_ONLY)


def _contracts() -> Iterator[Case]:
    answer = Answer(CONTRACT, EMPTY)
    yield from (_case("contract", client, answer) for client in CLIENTS)
    still_open = form(AGREED, PAIR)
    above = Answer("Didn't happen, he was ill.", OPEN)
    yield from (
        _case("above-open-form", client, above, form=still_open) for client in ("gmail-web", "outlook-web", "mutt")
    )


def _filled_in() -> Iterator[Case]:
    answer = Answer("Here you are.", EMPTY, place="inline", within=FILLED)
    for client in BETWEEN:
        yield _case("filled-in", client, answer, form=FILLED_FORM, filled=True)
    for client in ("gmail-web", "apple-mail", "iphone", "thunderbird-html", "proton"):
        yield _case("filled-in-html", client, replace(answer, html_only=True), form=FILLED_FORM, filled=True)
    for client in IN_PLACE:
        for alone in (False, True):
            edited = replace(answer, new="", html_only=alone)
            case = _case("edited-html" if alone else "edited", client, edited, form=FILLED_FORM)
            yield replace(case, text="")
    added = {"- Write up the incident review format by 31 March 2027": "- Give a talk by 5 March"}
    whole = form(AGREED, PAIR).replace("31 March 2027\n", "31 March 2027\n- Give a talk by 5 March\n")
    for client in ("gmail-phone", "thunderbird", "mutt"):
        yield _case("added", client, Answer("", OPEN, place="inline", within=added), form=whole, filled=True)


def _below() -> Iterator[Case]:
    for language in ("en", "de"):
        answer = Answer(SHORT[language], language=language, place="bottom")
        yield from (_case(f"below-{language}", client, answer) for client in BELOW)
    answer = Answer(SHORT["fr"], language="fr", place="bottom", html_only=True)
    yield from (_case("below-html-fr", client, answer) for client in ("gmail-web", "thunderbird-html"))


def _signed() -> Iterator[Case]:
    for client in SIGNED:
        card = Answer("Done.", above="Jonas Weber\nPlatform Engineer\nwww.example.com")
        yield _case("card", client, card)
    for name, above in SIGNATURES.items():
        yield _case(f"signed-{name}", "mutt", Answer("1 done.\n- 2 drop: obsolete", above=above))
