"""What a configuration file may hold: its tables, key by key.

A TOML document comes in; the same tables come out, with the types of model.py in the place of the text.
"""

from datetime import datetime
from functools import cache
from importlib import import_module
from typing import Annotated, Any, Literal, Required

from pydantic import AfterValidator, ConfigDict, TypeAdapter, ValidatorFunctionWrapHandler, WrapValidator, with_config
from typing_extensions import TypedDict

from careermail.config import servers, values
from careermail.config.monitors import MonitorsTable
from careermail.config.servers import EXACT, CalendarTable, PathText

Name = Annotated[str, AfterValidator(values.name)]
Address = Annotated[str, AfterValidator(values.address)]
Days = Annotated[list[Annotated[str, values.one_of(*values.WEEKDAYS)]], AfterValidator(values.days)]
Span = Annotated[str, AfterValidator(values.span)]


@EXACT
class PersonTable(TypedDict, total=False):
    """How somebody is mailed: the keys of model.Person but for who they are."""

    timezone: Annotated[str, AfterValidator(values.zone)]
    language: Annotated[str, AfterValidator(values.language)]
    working_days: Days
    working_hours: Span
    holidays: Annotated[str, AfterValidator(values.holidays)]
    send_at: Annotated[str, AfterValidator(values.clock)]


@EXACT
class ConversationTable(TypedDict, total=False):
    """How a manager wants to talk: the keys of model.Conversation."""

    every: Annotated[str, AfterValidator(values.interval)]
    rrule: Annotated[str, AfterValidator(values.rrule)]
    minutes: Annotated[int, values.number(15, 240, "the minutes that a session lasts")]
    first: Annotated[datetime, AfterValidator(values.first)]
    days: Days
    between: Span
    format: Annotated[str, values.one_of("one", "three")]
    prepare_days: Annotated[int, values.number(1, 90, "the days before the session on which the manager prepares")]
    prompt_days: Annotated[int, values.number(1, 90, "the days before the session on which the report is prompted")]
    summary_hours: Annotated[int, values.number(8, 720, "the hours after the session in which its summary is due")]
    review_every: Annotated[str, AfterValidator(values.review)]
    notice_days: Annotated[int, values.number(1, 90, "the working days of notice before a commitment is due")]
    on_day_off: Annotated[str, values.one_of("before", "after", "same")]
    on_conflict: Annotated[str, values.one_of("move", "ask", "keep")]


@EXACT
class ReportTable(PersonTable, ConversationTable):
    """One report: a person, with any conversation key for them alone."""

    name: Required[Name]
    email: Required[Address]


@EXACT
class ManagerTable(PersonTable, total=False):
    """One manager with their reports; in an included file, its top level."""

    name: Required[Name]
    email: Required[Address]
    calendar: CalendarTable
    conversation: ConversationTable
    report: list[ReportTable]


@EXACT
class DefaultsTable(PersonTable, ConversationTable, total=False):
    """What holds for everybody who says nothing else."""

    conversation: ConversationTable


@EXACT
class ServiceTable(MonitorsTable, total=False):
    """Who careermail is."""

    name: Name
    address: Address
    admin: Address
    state: PathText
    templates: PathText
    authserv_ids: Annotated[list[Annotated[str, AfterValidator(values.authserv_id)]], AfterValidator(tuple)]


@with_config(ConfigDict(extra="ignore", strict=True))
class AnyTable(TypedDict):
    """A provider of whatever kind."""

    kind: Annotated[str, AfterValidator(values.kind)]


@EXACT
class LocalTable(TypedDict):
    """The provider `local`."""

    kind: str
    root: PathText


KINDS: dict[str, Any] = {"local": LocalTable, "standards": servers.StandardsTable}
# A vendor's table [provider], and what is made of it, in a module of its own that is imported when it is asked for.
VENDORS = {kind: f"careermail.config.{kind}" for kind in ("google", "microsoft", "exchange")}
_adapter = cache(TypeAdapter[Any])


def table_of(kind: str) -> Any:
    """The keys of [provider] for a kind of provider."""
    return import_module(VENDORS[kind]).Table if kind in VENDORS else KINDS[kind]


def _by_kind(table: Any, any_kind: ValidatorFunctionWrapHandler) -> Any:
    # Which keys a provider has depends on its kind, so a wrong kind speaks for all of them.
    return _adapter(table_of(any_kind(table)["kind"])).validate_python(table)


@EXACT
class Document(TypedDict, total=False):
    """The file itself."""

    include: list[PathText]
    service: ServiceTable
    provider: Required[Annotated[AnyTable, WrapValidator(_by_kind)]]
    defaults: DefaultsTable
    manager: list[ManagerTable]


TABLES: dict[str, Any] = {
    "service": ServiceTable,
    "defaults": DefaultsTable,
    "manager": ManagerTable,
    "report": ReportTable,
    "conversation": ConversationTable,
    **servers.TABLES,
}
ADAPTERS: dict[Literal["document", "manager"], TypeAdapter[Any]] = {
    "document": TypeAdapter(Document),
    "manager": TypeAdapter(ManagerTable),
}
