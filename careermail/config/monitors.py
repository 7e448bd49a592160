"""Who watches over careermail from outside: the keys of [service] that say so."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator
from typing_extensions import TypedDict

from careermail.config import Monitors, references, values
from careermail.config.servers import EXACT, SecretTable
from careermail.config.source import Place
from careermail.config.values import wrong
from careermail.errors import Problem

A_PLACE = (
    'ping = { credential = "ping" }, { env = "PING_URL" }, { file = "ping.url" } or'
    ' { command = ["pass", "show", "ping"] }'
)


def _metrics(text: str) -> str:
    if not values.path(text).endswith(".prom"):
        raise wrong("a file whose name ends in .prom", "node_exporter reads no others")
    return text


def _ping(said: Any) -> Any:
    if isinstance(said, dict) and len(said) == 1:
        return said
    raise wrong(A_PLACE, "who has the URL can say that all is well, so the file says where it is, never the URL")


@EXACT
class MonitorsTable(TypedDict, total=False):
    """What of the table [service] is for monitors."""

    metrics: Annotated[str, AfterValidator(_metrics)]
    ping: Annotated[SecretTable, BeforeValidator(_ping)]
    ping_minutes: Annotated[int, values.number(1, 1440, "the least minutes between two pings")]
    ping_fail: bool


def monitors(place: Place, table: Mapping[str, Any], problems: list[Problem]) -> Monitors:
    """The monitors that the table [service] at `place` names; a file that will not do becomes a problem."""
    metrics = references.beside(place) / table["metrics"] if "metrics" in table else None
    ping = references.secret(place.at("ping"), table["ping"], problems) if "ping" in table else None
    if not ping and (lone := [key for key in ("ping_minutes", "ping_fail") if key in table]):
        problems.append(place.at(lone[0]).problem("found without ping, expected both", A_PLACE))
    every = timedelta(minutes=table.get("ping_minutes", 5))
    return Monitors(metrics, ping, every, bool(table.get("ping_fail", False)))
