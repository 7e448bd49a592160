"""A file's tables, judged: every value that is wrong becomes a problem, and what is left can be judged on."""

from typing import Any, Literal

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from careermail.config.schema import ADAPTERS, TABLES, ConversationTable, Document, ManagerTable, table_of
from careermail.config.servers import SUBTABLES, SecretTable, StandardsTable
from careermail.config.source import Loc, Source, shown
from careermail.config.values import did_you_mean, listed
from careermail.errors import Problem

Kind = Literal["document", "manager"]
# What a SecretTable stands for.
SECRETS = {"password", "secret", "certificate", "service_account", "client", "token", "ping"}
# A stand-in for somebody whose own table cannot be read; who they are is asked of nobody.
NOBODY = {"name": "nobody", "email": "nobody@invalid"}
_STAND_INS: dict[str, Any] = {**NOBODY, "provider": {"kind": "local", "root": "."}}
_EXPECTED = {
    "string_type": "text in quotes",
    "int_type": "a whole number",
    "bool_type": "true or false",
    "list_type": "a list",
    "dict_type": "a table",
    "datetime_type": "a local date and time such as 2027-01-12T10:00:00",
}
_EXAMPLES = {
    "name": 'name = "Maya Lindqvist"',
    "email": 'email = "maya@example.com"',
    "provider": 'the table [provider] with kind = "local"',
    "kind": 'kind = "local"',
    "root": 'root = "world"',
}


def judged(source: Source, document: dict[str, Any], kind: Kind) -> tuple[dict[str, Any], list[Problem]]:
    """Return what a document holds as model.py has it, and the problems; what is wrong is taken out of both."""
    try:
        return ADAPTERS[kind].validate_python(document), []
    except ValidationError as invalid:
        errors = invalid.errors(include_url=False)
    problems = [_problem(source, kind, error, document) for error in errors]
    for error in errors:
        _mend(document, error)
    return ADAPTERS[kind].validate_python(document), problems


def _problem(source: Source, kind: Kind, error: ErrorDetails, document: dict[str, Any]) -> Problem:
    loc, context = error["loc"], error.get("ctx", {})
    place = source.at(*loc)
    if error["type"] == "extra_forbidden":
        return place.problem("unknown key", _hint(str(loc[-1]), _table(loc, kind, document)))
    if error["type"] == "missing":
        return place.problem(f"missing, expected {_EXAMPLES[str(loc[-1])]}")
    expected = context.get("expected") or _EXPECTED.get(error["type"], error["msg"])
    hint = context.get("hint", "")
    if error["type"] == "list_type" and loc[-1] in ("manager", "report"):
        hint = f"one [[{'.'.join(str(step) for step in loc if isinstance(step, str))}]] for each"
    # Whoever wrote a secret into the file does not want it in a terminal or a log too.
    found = "something else" if SECRETS.intersection(loc) else shown(error["input"])
    return place.problem(f"found {found}, expected {expected}", hint)


def _table(loc: Loc, kind: Kind, document: dict[str, Any]) -> Any:
    """Return the table of the schema that this key stands in."""
    name = next((step for step in reversed(loc[:-1]) if isinstance(step, str)), "")
    if name == "provider":
        return table_of(document["provider"]["kind"])
    if name in SECRETS:
        return SecretTable
    return TABLES[name] if name else _root(kind)


def _hint(key: str, table: Any) -> str:
    """Say where an unknown key belongs, or which one was meant."""
    if table is ManagerTable and key in _keys(ConversationTable):
        return "it belongs in the conversation table"
    if key == "conversation":
        return "its keys stand directly in the report"
    if table is StandardsTable and (tables := [name for name in SUBTABLES if key in _keys(SUBTABLES[name])]):
        return f"it belongs in {listed(f'[provider.{name}]' for name in tables)}"
    return did_you_mean(key, {name: name for name in _keys(table)})


def _root(kind: Kind) -> Any:
    return Document if kind == "document" else ManagerTable


def _keys(table: Any) -> set[str]:
    return set(table.__annotations__)


def _mend(document: dict[str, Any], error: ErrorDetails) -> None:
    """Take out what is wrong; where something must stand, let a stand-in do so."""
    if error["loc"][:1] == ("provider",):
        document["provider"] = dict(_STAND_INS["provider"])
        return
    loc = error["loc"]
    if secret := next((n for n, step in enumerate(loc, 1) if step in SECRETS), 0):  # a part of a reference is none
        loc = loc[:secret]
    table, key = _holder(document, loc)
    if isinstance(key, int):
        table[key] = dict(NOBODY)
    elif key in _STAND_INS and error["type"] != "extra_forbidden":
        table[key] = _STAND_INS[key]
    else:
        table.pop(key, None)


def _holder(document: dict[str, Any], loc: Loc) -> tuple[Any, str | int]:
    # The innermost table around a place, and the key in it; a list of plain values goes as a whole.
    table: Any = document
    for step in loc[:-1]:
        inner = table[step] if isinstance(step, int) else table.get(step)
        if not isinstance(inner, dict) and step not in ("manager", "report"):
            return table, step
        table = inner
    return table, loc[-1]
