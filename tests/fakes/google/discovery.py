"""What one of Google's APIs takes and gives, by the discovery document that its client library ships.

Google passes over what it does not know; here it is an error, so that a property that there is not is found.
"""

import base64
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import googleapiclient
from fakes.web import Answer, Request
from jsonschema import Draft202012Validator, FormatChecker

DOCUMENTS = Path(googleapiclient.__file__).parent / "discovery_cache" / "documents"
TYPES = {"integer": int, "number": float}
FORMATS = FormatChecker(formats=())


@dataclass(frozen=True)
class Method:
    """One method of an API, as a request has found it; `steps` are the path's own parameters."""

    id: str
    said: dict[str, Any]
    steps: dict[str, str]
    document: "Document"

    def flaws(self, request: Request) -> list[str]:
        """What is wrong with a request."""
        known = self.document.said["parameters"] | self.said.get("parameters", {})
        found = [f"there is no parameter {name}" for name in request.query if name not in known]
        found += [f"{name} is required" for name in self._required() if name not in request.query]
        for name, values in request.query.items():
            found += _unfit(name, values, known.get(name, {}))
        if request.path.startswith("/upload/"):
            return found
        try:
            return found + self._unfit_body(request.json)
        except ValueError:
            return [*found, "the body is no JSON"]

    def told(self, body: Any, status: int = 200) -> Answer:
        """An answer of this method's. What the fake gets wrong is a 501, which no test passes over."""
        kind = self.said.get("response", {}).get("$ref")
        found = self.document.flaws(kind, body) if kind else [] if body is None else ["it answers nothing"]
        return Answer(501, error(501, "fakeIsWrong", f"{self.id}: {found}").body) if found else Answer(status, body)

    def allows(self, scopes: frozenset[str]) -> bool:
        """Whether one of these is enough."""
        return bool(scopes & set(self.said["scopes"]))

    def _required(self) -> list[str]:
        said = self.said.get("parameters", {}).items()
        return [name for name, one in said if one.get("required") and one["location"] == "query"]

    def _unfit_body(self, body: Any) -> list[str]:
        kind = self.said.get("request", {}).get("$ref")
        if not kind:
            return [] if body is None else ["it takes no body"]
        properties = self.document.said["schemas"][kind]["properties"].items()
        needed = [name for name, one in properties if self.id in one.get("annotations", {}).get("required", ())]
        lacking = [f"{name} is required" for name in needed if name not in (body or {})]
        return lacking + self.document.flaws(kind, _said(body) if self.said["httpMethod"] == "PATCH" else body)


class Document:
    """The discovery document of "calendar.v3" or "gmail.v1"."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.said = json.loads((DOCUMENTS / f"{name}.json").read_text())
        self._methods = list(_methods(self.said, self.said["servicePath"]))

    def method(self, request: Request) -> Method | None:
        """The method that a request is for, by its verb and path."""
        for verb, pattern, said in self._methods:
            if verb == request.method and (found := pattern.fullmatch(request.path.lstrip("/"))):
                steps = {name: unquote(value) for name, value in found.groupdict().items()}
                return Method(said["id"], said, steps, self)
        return None

    def flaws(self, kind: str, body: Any) -> list[str]:
        """What keeps a body from being of this kind ("Event", "Message")."""
        errors = _validator(self.name, kind).iter_errors(body)
        return [f"{error.json_path}: {error.message}" for error in errors]


def _said(body: Any) -> Any:
    """A patch without the nulls that take something out."""
    return {name: _said(one) for name, one in body.items() if one is not None} if isinstance(body, dict) else body


@cache
def document(name: str) -> Document:
    """The same, read once."""
    return Document(name)


@cache
def _validator(name: str, kind: str) -> Draft202012Validator:
    defs = {each: _schema(one) for each, one in document(name).said["schemas"].items()}
    return Draft202012Validator({"$ref": f"#/$defs/{kind}", "$defs": defs}, format_checker=FORMATS)


def error(status: int, reason: str, message: str, domain: str = "global", **more: str) -> Answer:
    """How Google's older APIs refuse."""
    one = {"domain": domain, "reason": reason, "message": message, **more}
    return Answer(status, {"error": {"errors": [one], "code": status, "message": message}})


# --- as JSON Schema ------------------------------------------------------------------------------


def _schema(one: dict[str, Any]) -> dict[str, Any]:
    """Discovery's types are those of JSON Schema's third draft: they lack its $defs and call anything "any"."""
    if "$ref" in one:
        return {"$ref": f"#/$defs/{one['$ref']}"}
    made = {name: one[name] for name in ("type", "format", "enum") if name in one and one[name] != "any"}
    if "items" in one:
        made["items"] = _schema(one["items"])
    if one.get("type") == "object":
        made["properties"] = {name: _schema(each) for name, each in one.get("properties", {}).items()}
        made["additionalProperties"] = _schema(one["additionalProperties"]) if "additionalProperties" in one else False
    return made


def _format(name: str, read: Callable[[str], Any]) -> None:
    FORMATS.checks(name, raises=ValueError)(lambda value: not isinstance(value, str) or read(value) is not None)


_format("date", date.fromisoformat)
_format("date-time", datetime.fromisoformat)
_format("int64", int)
_format("uint64", int)
_format("byte", lambda value: base64.urlsafe_b64decode(value + "=" * (-len(value) % 4)))


# --- methods -------------------------------------------------------------------------------------


def _methods(said: dict[str, Any], base: str) -> Iterator[tuple[str, re.Pattern[str], dict[str, Any]]]:
    for one in said.get("methods", {}).values():
        paths = [base + one["path"]]
        uploads = one.get("mediaUpload", {}).get("protocols", {}).values()
        paths += [upload["path"].lstrip("/") for upload in uploads if "resumable" not in upload["path"]]
        for path in paths:
            yield one["httpMethod"], _pattern(path), one
    for resource in said.get("resources", {}).values():
        yield from _methods(resource, base)


def _pattern(path: str) -> re.Pattern[str]:
    return re.compile(re.sub(r"\\\{\\?\+?(\w+)\\\}", r"(?P<\1>[^/]+)", re.escape(path)))


def _unfit(name: str, values: list[str], said: dict[str, Any]) -> Iterator[str]:
    if len(values) > 1 and not said.get("repeated"):
        yield f"{name} may be said once"
    for value in values:
        if "enum" in said and value not in said["enum"]:
            yield f"{name} is none of {said['enum']}: {value}"
        if said.get("type") == "boolean" and value not in ("true", "false"):
            yield f"{name} is neither true nor false: {value}"
        if said.get("type") in TYPES:
            yield from _unfit_number(name, value, said)
        if "format" in said and not FORMATS.conforms(value, said["format"]):
            yield f"{name} is no {said['format']}: {value}"


def _unfit_number(name: str, value: str, said: dict[str, Any]) -> Iterator[str]:
    number = TYPES[said["type"]](value)
    if number < float(said.get("minimum", "-inf")) or number > float(said.get("maximum", "inf")):
        yield f"{name} is out of bounds: {value}"
