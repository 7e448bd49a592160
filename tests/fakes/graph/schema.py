"""What Microsoft publishes of Graph's types, and whether a body keeps to it.

OData's types are open; here they are closed, so that a property that Graph does not have is found. The schema lies
beside the project and not in it: where it is absent nothing is found wrong, and `needs_schema` skips the tests that
are about it alone.
"""

import json
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

import pytest
from fakes.web import Answer, Request
from jsonschema import Draft202012Validator, FormatChecker

SCHEMA = Path(__file__).parents[3] / ".." / "shared" / "schemas" / "graph" / "graph.schema.json"
ABSENT = "" if SCHEMA.exists() else "Graph's published types are not beside the project"
needs_schema = pytest.mark.skipif(bool(ABSENT), reason=ABSENT)


def flaws(kind: str, body: Any) -> list[str]:
    """What is wrong with a body: of a type ("event", "message") or of a bound action ("graph.event.cancel")."""
    return [] if ABSENT else _flaws(kind, json.dumps(body))


@lru_cache(10_000)  # most answers are given many times
def _flaws(kind: str, body: str) -> list[str]:
    return [f"{error.json_path}: {error.message}" for error in _validator(kind).iter_errors(json.loads(body))]


def asked(kind: str, request: Request) -> Answer | None:
    """What Graph answers to a body that is no such thing, the pattern of what is wrong in its message; else None."""
    try:
        found = flaws(kind, request.json)
    except ValueError:
        found = ["no JSON"]
    return Answer(400, error("RequestBodyRead", f"not a {kind}: {'; '.join(found)}")) if found else None


def told(kind: str, body: Any, status: int = 200, **headers: str) -> Answer:
    """An answer of this type. What the fake gets wrong is a 501, which nobody waits out and no test passes over."""
    found = flaws(kind, body)
    if found:
        return Answer(501, error("FakeIsWrong", f"not a {kind}: {'; '.join(found)}"))
    return Answer(status, body, {name.replace("_", "-"): value for name, value in headers.items()})


def listed(kind: str, items: list[Any], **annotations: Any) -> Answer:
    """A page of these; annotations are odata's, as nextLink="https://…" for "@odata.nextLink"."""
    wrong = next((answer for one in items if (answer := told(kind, one)).status != 200), None)
    return wrong or Answer(200, {**{f"@odata.{name}": value for name, value in annotations.items()}, "value": items})


def error(code: str, message: str, **inner: str) -> dict[str, Any]:
    """The body of a refusal (https://learn.microsoft.com/graph/errors)."""
    return {"error": {"code": code, "message": message, "innerError": inner}}


@cache
def _validator(kind: str) -> Draft202012Validator:
    published = json.loads(SCHEMA.read_text())
    defs = {name: _closed(one) for name, one in published["$defs"].items()}
    wanted = defs[kind] if kind in defs else _closed(published["actions"][kind])
    return Draft202012Validator({**wanted, "$defs": defs}, format_checker=FormatChecker())


def _closed(one: dict[str, Any]) -> dict[str, Any]:
    """A type that takes its own properties alone, and OData's annotations ("@odata.etag", "@removed")."""
    if one.get("type") != "object":
        return one
    return {**one, "patternProperties": {"@": {}}, "additionalProperties": False}
