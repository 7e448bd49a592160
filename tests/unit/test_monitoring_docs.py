"""docs/monitoring.md says what there is: every metric, every key, and rules that ask for nothing else."""

import re
from pathlib import Path

from prometheus_client.parser import text_string_to_metric_families
from test_config_servers import MAYA, PROVIDER, SERVICE, load
from test_journal import DONE, record
from test_metrics import KNOWN

from careermail.cli import health
from careermail.cli.logs import entry
from careermail.cli.office import Office
from careermail.watch.metrics import render

DOCS = Path(__file__).parents[2] / "docs"
TEXT = (DOCS / "monitoring.md").read_text()
RULES = TEXT.partition("```yaml")[2].partition("```")[0]


def first_cells(heading: str) -> set[str]:
    """The names in the first column of the first table below a heading."""
    below = TEXT.partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
    rows = [line.split("|")[1] for line in below.splitlines() if line.startswith("| `")]
    return {name for cell in rows for name in re.findall(r"`(\w+)`", cell)}


def metrics() -> set[str]:
    families = list(text_string_to_metric_families(render(KNOWN)))
    return {f"{family.name}{'_total' if family.type == 'counter' else ''}" for family in families}


def test_every_metric_is_told_and_no_other():
    assert first_cells("Metrics") == metrics()


def test_rules_ask_for_nothing_that_is_not_there():
    asked = set(re.findall(r"\bcareermail_\w+", RULES))
    assert len(asked) > 5
    assert asked <= metrics()


def test_every_key_of_health_is_told_and_no_other(tmp_path: Path):
    load(tmp_path, SERVICE, '[provider]\nkind = "local"\nroot = "world"\n', MAYA)
    assert first_cells("Is it well?") == health.health(Office(tmp_path / "careermail.toml")).keys()


def test_every_field_of_the_journal_is_told():
    told = first_cells("Logs")
    assert {"CAREERMAIL_RESULT", "CAREERMAIL_FAULT", "PRIORITY"} <= told
    assert entry(record("done", **DONE, reason="why")).keys() <= told | {"SYSLOG_IDENTIFIER"}


def test_the_examples_of_configuration_can_be_said(tmp_path: Path):
    said = re.findall(r"^    ((?:metrics|ping\w*) = .*)$", TEXT, re.MULTILINE)
    assert [line.split()[0] for line in said] == ["metrics", "ping", "ping_minutes", "ping_fail"]
    assert load(tmp_path, SERVICE, "\n".join(said), "\n", PROVIDER, MAYA).monitors.ping
