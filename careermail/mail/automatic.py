"""Whether a machine sent a mail, so that it is never acted on nor answered (RFC 3834); who is away until when."""

# ruff: noqa: RUF001 (people type en dashes)

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, timedelta
from functools import cache

from careermail.mail.dates import take
from careermail.mail.mime import Part, unfolded

_A_YEAR = timedelta(days=366)
_MACHINES = re.compile(r"(?:mailer-daemon|postmaster|no-?reply|do-?not-?reply|bounces?)(?:[+-].*)?@.*")
_AWAY = re.compile(
    r"(?:auto(?:matic|mated|matische)?[ -]?(?:reply|response|antwort|replied)|out of (?:the )?office"
    r"|abwesenheits(?:notiz|meldung|nachricht|assistent)|réponse automatique|absence du bureau|respuesta automática"
    r"|fuera de (?:la )?oficina)\b.*",
    re.IGNORECASE,
)
_MONTHS_OF = ("de", "fr", "es")
_DAY = r"[^.!?;\n(]{2,40}(?:\.\s?[^.!?;\n(]{1,20}){0,2}"  # a date, dots and all, and what follows it
_BACK = r"back|return(?:ing|s)?|available again|wieder(?: erreichbar)?|de retour|reviens|vuelvo|regreso|de vuelta"
_AGAIN = r"ab(?=[^!?\n]{2,40}\bwieder\b)"
_UNTIL = re.compile(
    rf"\b(?:(?:{_BACK})\b(?:\s[\w’']+){{0,4}}?\s(?:on|from|ab|am|le|el)|{_AGAIN})\s(?P<back>{_DAY})"
    rf"|\b(?:until|till|through|bis|jusqu['’]au|hasta)\s(?P<last>{_DAY})",
    re.IGNORECASE,
)


def reason(mail: Part, sender: str) -> str:
    """What kind of machine sent a mail: "ours", "bounce", "list", "bulk", "auto-reply" or "calendar"; "" for a person.

    `sender` is the address in From, in lower case. "ours" is a mail of careermail's that came back as it was sent.
    """
    return next((name for name, holds in _REASONS if holds(mail, sender)), "")


def _ours(mail: Part, _sender: str) -> bool:
    return any(name.startswith("x-careermail-") for name, _ in mail.fields)


def _bounce(mail: Part, sender: str) -> bool:
    returned = "<>" in (value.replace(" ", "") for value in mail.all("return-path"))
    machine = sender.startswith(("mailer-daemon@", "postmaster@"))
    return returned or machine or mail.kind in ("multipart/report", "message/delivery-status")


def _list(mail: Part, _sender: str) -> bool:
    return bool(mail.get("list-id")) or "list" in _precedence(mail)


def _bulk(mail: Part, _sender: str) -> bool:
    return bool(_precedence(mail) & {"bulk", "junk"})


def _precedence(mail: Part) -> set[str]:
    return {value.lower() for value in mail.all("precedence")}


def _auto_reply(mail: Part, sender: str) -> bool:
    submitted = any(value.split(";")[0].strip().lower() != "no" for value in mail.all("auto-submitted"))
    marked = any(mail.all(name) for name in ("x-auto-response-suppress", "x-autoreply", "x-autorespond"))
    return (
        submitted or marked or "auto_reply" in _precedence(mail) or _says_so(mail) or bool(_MACHINES.fullmatch(sender))
    )


def _says_so(mail: Part) -> bool:
    """Whether the subject begins as an automatic answer's: some programs mark theirs in no other way."""
    return bool(_AWAY.match(unfolded(mail.get("subject"))))


def _calendar(mail: Part, _sender: str) -> bool:
    return answers_invitation(mail)


_REASONS: tuple[tuple[str, Callable[[Part, str], bool]], ...] = (
    ("ours", _ours),
    ("bounce", _bounce),
    ("list", _list),
    ("bulk", _bulk),
    ("auto-reply", _auto_reply),
    ("calendar", _calendar),
)


def answers_invitation(mail: Part) -> bool:
    """Whether a mail holds an answer to an invitation: REPLY or COUNTER (RFC 5546, 3.2.3 and 3.2.7)."""
    methods = (_method(part) for part in mail.walk() if part.kind == "text/calendar")
    return any(method in {"reply", "counter"} for method in methods)


def _method(part: Part) -> str:
    said = re.search(r"^METHOD:\s*(\w+)", part.text, re.MULTILINE | re.IGNORECASE)
    return (part.parameters.get("method") or (said[1] if said else "")).lower()


def last_day_away(text: str, said_on: date, language: str = "en") -> date | None:
    """The last day on which somebody is away, as their out-of-office notice of the day `said_on` names it.

    `language` is their locale, which decides between day and month first. None where the text names no such day, more
    than one, or one that is past or more than a year ahead: then nothing is certain.
    """
    found = {day for match in _UNTIL.finditer(text[:5000]) if (day := _last_day(match, said_on, language))}
    return found.pop() if len(found) == 1 and said_on <= min(found) <= said_on + _A_YEAR else None


def _last_day(found: re.Match[str], said_on: date, language: str) -> date | None:
    said = _in_english(found["back"] or found["last"])
    words = said.split(" ")
    # The longest beginning that is a date and nothing else: "15 January with little access" is one until "January".
    for count in range(min(len(words), 6), 0, -1):
        due = take(f"x by {' '.join(words[:count])}", said_on, language)
        if due.day and due.text == "x":
            return due.day - timedelta(days=1) if found["back"] else due.day
    return None


def _in_english(said: str) -> str:
    """A date with its months' names in English, as dates.take reads them, and without articles."""
    said = re.sub(
        r"^(?:(?:and )?including|einschließlich|(?:und mit )?zum|den|dem|le|el|the)\s", "", said.strip().lower()
    )
    return " ".join(
        _months().get(word, word) for word in re.sub(r"\b(\d{1,2})\. (?=\D)|(?<!\d)\bde\b ", r"\1 ", said).split()
    )


@cache
def _months() -> dict[str, str]:
    from babel.dates import get_month_names  # loaded when such a notice is first read

    english = get_month_names("wide", locale="en")
    return {get_month_names("wide", locale=name)[n].lower(): english[n] for name in _MONTHS_OF for n in range(1, 13)}
