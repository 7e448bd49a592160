"""What stands around what somebody wrote: signatures, closings with their name, mobile footers, disclaimers, banners.

Nothing is cut because it looks short or polite: a closing goes with the sender's own name under it, a footer by its
exact words. The words are partly mail-parser-reply's, which knows them in a dozen languages; what it does with them is
left out, since it takes a list or an answer after a signature for a part of it.
"""

# ruff: noqa: RUF001 (mail programs write curly apostrophes and dashes)

from __future__ import annotations

import re
from functools import cache
from itertools import takewhile

_DASHES = re.compile(r"(?:--|—|–)\s?")  # RFC 3676, 4.3, as it survives mail programs
_BULLET = re.compile(r"\s*(?:[-*•–]|\d{1,3}[.)])\s+\S")
_RULE = re.compile(r"[\s_*=~-]+")
_LONGEST = 10  # lines of a signature that nothing but a name opens
_REACH = 100  # lines from the end in which closings, footers and disclaimers are looked for
_MOST = 20  # of these
_READ = 1000  # characters of a paragraph, to see what it is
_CONTACT = re.compile(r"@|https?:|www\.|(?:\d[\s()/.-]?){6}|\b(?:tel|phone|mobile|mobil|t|m)[.:]", re.IGNORECASE)

_DEVICE = (
    r"(?:(?:i(?:phone|pad)|android|outlook|e?-?mail|galaxy|samsung|(?:smart)?phone|handy|mobile?\w*|device|gerät|móvil)\b"
    r"|dispositivo|téléphone|appareil|proton|gmx|yahoo|spark|huawei|xiaomi|blackberry).{0,60}"
)
_BY = "from|via|with|von|mit|aus|depuis|de|à|avec|desde|con"
_FOOTERS = (
    rf"(?:sent|gesendet|envoyé|enviado|verschickt) (?:{_BY})\b.{{0,60}}?\b{_DEVICE}",
    rf"(?:von|mit) .{{0,40}}?\b{_DEVICE} (?:gesendet|verschickt)",
    r"(?:diese nachricht wurde von|this message was sent from|ce message a été envoyé) .{1,90}",
    r"(?:get|obtenir|télécharger|obtén|obtener|descargar|holen sie sich) outlook (?:for|pour|para|für) .{1,90}",
    r"outlook (?:for|für|pour|para) (?:ios|android)\b.{0,90}",
    r"yahoo mail: .{1,90}",
    r"(?:virus-free|virenfrei|sans virus|libre de virus)\b.{0,90}",
    r"please excuse (?:my )?(?:brevity|typos).{0,60}|(?:bitte )?entschuldigen sie .{0,30}kürze.{0,40}",
)
_DISCLAIMERS = (  # each opens a paragraph
    r"(?:the (?:information|contents?) .{0,20})?this (?:e-?mail|message)\b.{0,200}\b(?:confidential|intended|viruses)",
    r"confidentiality (?:notice|note)\b|privileged and confidential\b|disclaimer\b.{0,200}\b(?:e-?mail|message)\b",
    r"(?:diese|der inhalt dieser|die in dieser) (?:e-?mail|nachricht)\b.{0,200}\bvertraulich",
    r"(?:ce|le contenu de ce) (?:message|courriel|mail)\b.{0,200}\bconfidentiel",
    r"(?:este|el contenido de este) (?:mensaje|correo)\b.{0,200}\bconfidencial",
    r"(?:please )?consider the environment\b|pensez à l.environnement|bitte .{0,60}(?:ausdrucken|umwelt)",
)
_BANNERS = re.compile(
    r"\W*(?:external|caution|warning|achtung|attention|precaución|extern)\b.{0,300}"
    r"\b(?:originated|external (?:sender|source|e-?mail)"
    r"|outside (?:of )?(?:the|your|our) organi[sz]ation|externe[rnm]? (?:absender|e-mail)|außerhalb"
    r"|expéditeur externe|extérieur|remitente externo|externo a)\b"
    r"|\[?(?:you don.t often get email from|sie erhalten nicht häufig e-mails von|vous n.obtenez pas souvent) ",
    re.IGNORECASE,
)
_CLOSINGS = (
    "cheers|best wishes|(?:with )?(?:best|kind|warm|many)? ?regards|thanks(?: a lot| so much)?|many thanks|take care",
    "thank you(?: very much)?|all the best|yours(?: sincerely)?|sincerely|best",
    r"(?:mit )?(?:freundliche|viele|beste|liebe|herzliche|schöne)[nr]? gr(?:ü|u|ue)(?:ß|ss)e?n?",
    "danke(?: dir| euch)?|vielen dank|gru(?:ß|ss)|lg|vg|mfg|bg",
    "(?:bien )?cordialement|bien à (?:vous|toi)|à bientôt|amicalement|merci(?: beaucoup)?|salutations|bonne journée",
    "(?:un )?saludos?(?: cordial(?:es)?)?|un abrazo|atentamente|(?:muchas )?gracias",
)


def kept(texts: list[str], sender: str) -> list[str]:
    """The lines that say something, of those that somebody with this display name wrote in one go."""
    texts = texts[_banner(texts) :]
    texts = texts[: _signature(texts)]
    for _ in range(_MOST):
        said, last = texts[:-_REACH], texts[-_REACH:]
        if (end := _end(last, sender, alone=not said)) == len(last):
            break
        texts = said + last[:end]
    return texts


def _banner(texts: list[str]) -> int:
    """How many lines from the top a mail server put there, about where the mail comes from."""
    first = next((at for at, text in enumerate(texts) if text.strip()), 0)
    after = next((at for at in range(first, len(texts)) if not texts[at].strip()), len(texts))
    return after if _BANNERS.match(_joined(texts[first:after])) else 0


def _signature(texts: list[str]) -> int:
    """Where the signature begins; a rule that somebody drew between two lists is none."""
    last = next((at for at in range(len(texts) - 1, -1, -1) if _BULLET.match(texts[at])), -1)
    signs = (at for at, text in enumerate(texts) if _DASHES.fullmatch(text) and (text == "-- " or at > last))
    return next(signs, len(texts))


def _end(texts: list[str], sender: str, *, alone: bool) -> int:
    """Where the lines end without the last thing that nobody wrote for this mail; `alone`: there are none above."""
    last = next((at for at in range(len(texts) - 1, -1, -1) if texts[at].strip()), -1)
    if last < len(texts) - 1:
        return last + 1
    if last < 0 or (_RULE.fullmatch(texts[last]) and len(texts[last].strip()) > 1):
        return max(last, 0)
    if _footers().fullmatch(_joined([texts[last]])):
        return last
    return min(_disclaimer(texts), _closing(texts, sender, alone=alone))


def _disclaimer(texts: list[str]) -> int:
    """Where disclaimers begin; no list stands under them."""
    opening = True
    for at, text in enumerate(texts):
        if opening and text.strip() and not _RULE.fullmatch(text):
            paragraph = _joined(list(takewhile(str.strip, texts[at : at + _LONGEST])))
            if _disclaimers().match(paragraph) and not any(map(_BULLET.match, texts[at:])):
                return at
        opening = not text.strip() or bool(_RULE.fullmatch(text))
    return len(texts)


def _closing(texts: list[str], sender: str, *, alone: bool) -> int:
    """Where the sender takes leave; an answer that is nothing else ("Thanks") is one."""
    first = next((at for at, text in enumerate(texts) if text.strip()), 0) + 1 if alone else 0
    for at in range(max(first, len(texts) - _LONGEST), len(texts)):
        under = [text for text in texts[at + 1 :] if text.strip()]
        apart = not at or not texts[at - 1].strip()
        if not any(map(_BULLET.match, under)) and _takes_leave(_joined([texts[at]]), under, sender, apart=apart):
            return at
    return len(texts)


def _takes_leave(text: str, under: list[str], sender: str, *, apart: bool) -> bool:
    """Whether it is done with a formula, theirs and the sender's name, or the name apart at the end or over a card."""
    formula = _closings().match(text)
    if formula and formula.end() == len(text):
        return not under or _is_name(under[0], sender)
    if formula:
        return _is_name(text[formula.end() :], sender)
    return apart and _is_name(text, sender) and (not under or any(map(_CONTACT.search, under)))


def _is_name(text: str, sender: str) -> bool:
    """Whether a text is the sender's name, or a part or the initials of it."""
    names = re.findall(r"\w+", sender.casefold())
    words = re.findall(r"\w+", text.casefold())
    initials = {name[0] for name in names} | {"".join(name[0] for name in names)}
    return 0 < len(words) <= len(names) and all(word in names or word in initials for word in words)


def _joined(texts: list[str]) -> str:
    return " ".join(" ".join(texts).strip(" *_").split())[:_READ]


@cache
def _known(words: str) -> list[str]:
    """What mail-parser-reply knows, in all its languages: "sent_from", "disclaimers" or "signatures"."""
    from mailparser_reply.constants import MAIL_LANGUAGES  # loaded when a mail is first read

    found = [language[words] for language in MAIL_LANGUAGES.values() if language.get(words)]
    return [word for known in found for word in ([known] if isinstance(known, str) else known)]


@cache
def _footers() -> re.Pattern[str]:
    return re.compile("|".join((*_FOOTERS, *(f"(?:{word}).{{0,80}}" for word in _known("sent_from")))), re.IGNORECASE)


@cache
def _disclaimers() -> re.Pattern[str]:
    labels = "|".join(word for word in _known("disclaimers"))
    spoken_of = r".{0,400}\b(?:confidential|intended|privileged|recipient|vertraulich|confidentiel|confidencial)"
    return re.compile("|".join((*_DISCLAIMERS, f"(?:{labels}){spoken_of}")), re.IGNORECASE)


@cache
def _closings() -> re.Pattern[str]:
    known = (word.rstrip(",") for word in _known("signatures"))
    return re.compile(rf"(?:{'|'.join((*_CLOSINGS, *known))})(?:\s*[,.!–-]+|(?=\s|$))\s*", re.IGNORECASE)
