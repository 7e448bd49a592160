"""Every template, tried before it is needed: what would not render, and what no mail would ever use."""

from collections.abc import Iterator
from difflib import get_close_matches
from pathlib import Path

from careermail.errors import ConfigError, Problem
from careermail.mail.render import render
from careermail.mail.templates import EVENTS, KINDS, environment, ours
from careermail.model import Service

LAYOUT = "layout.html"


def template_problems(templates: Path | None, languages: frozenset[str]) -> list[Problem]:
    """All that is wrong with the templates as readers of these languages get them, ours and the overriding ones.

    `templates` is the folder whose files stand in for single ones of ours. Every kind of mail and of calendar event is
    rendered with rich and with bare samples, in each language and in English.
    """
    if templates is not None and not templates.is_dir():
        return [
            Problem(templates, 1, "service.templates", "there is no such folder", "create it, or leave the key out")
        ]
    environment.cache_clear()  # a file may have come to stand before one that was loaded
    found = [*_unknown(templates)] if templates else []
    for language in sorted(languages | {"en"}):
        found += [problem for kind in KINDS + EVENTS for problem in _failing(templates, kind, language)]
    return list(dict.fromkeys(found))


def _failing(templates: Path | None, kind: str, language: str) -> Iterator[Problem]:
    from careermail.mail.samples import NOW, samples

    service = Service(templates=templates)
    for _, to, topics in samples(kind, language):
        try:
            render(service, kind, to, topics, NOW)
        except ConfigError as error:
            yield from error.problems


def _unknown(templates: Path) -> Iterator[Problem]:
    """Files that no mail would ever be made of; hidden ones are nobody's business."""
    names = sorted(path.name for path in (ours() / "en").iterdir())
    for path in sorted(templates.rglob("*")):
        parts = path.relative_to(templates).parts
        hidden = any(part.startswith(".") for part in parts)
        known = {1: [LAYOUT], 2: names}.get(len(parts), [])
        if path.is_file() and not hidden and path.name not in known:
            yield Problem(path, 1, path.stem, "no mail is made of this file", _closest(path.name, known))


def _closest(name: str, known: list[str]) -> str:
    close = get_close_matches(name, known, n=1)
    return f"did you mean {close[0]}?" if close else f"known here: {', '.join(known) or 'nothing'}"
