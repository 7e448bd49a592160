"""The textfile for Prometheus: what is in it, by its own parser and rules, and that it is about nobody."""

import re
from collections import Counter
from dataclasses import replace
from datetime import timedelta

from ledger import utc
from prometheus_client.parser import text_string_to_metric_families

import careermail
from careermail.model import A_DAY, Fact
from careermail.selfcheck.logins import Login
from careermail.watch.metrics import Known, render
from careermail.watch.pulse import Disk, Pulse

NOW = utc(2027, 1, 12, 9)
MOMENT = 1799744400.0  # the same
PULSE = Pulse(
    NOW, "run", NOW - A_DAY, NOW + timedelta(hours=1), NOW, NOW, 90.0, jumps=2, jumped=NOW, by_how_much=-3600.0
)
LOGINS = (
    Login("SMTP", "SMTP mx.example.com as careermail@example.com", "", NOW, NOW, expires=NOW + A_DAY),
    Login(
        "CalDAV", "CalDAV dav.example.com for maya@example.com", "maya@example.com", NOW, NOW - A_DAY, "check/CalDAV"
    ),
    Login("CalDAV", "CalDAV dav.example.com for omar@example.com", "", NOW, NOW),
)


def trouble(cause: str, due: timedelta) -> Fact:
    return Fact(NOW, "trouble", cause, {"note": "the calendar of Jonas", "due": (NOW + due).isoformat()})


KNOWN = Known(
    PULSE,
    healthy=False,
    provider="standards",
    managers=2,
    reports=5,
    troubles={
        "maya@example.com/jonas@example.com/calendar": trouble("maya@example.com/jonas@example.com/calendar", -A_DAY),
        "provider/standards": trouble("provider/standards", A_DAY),
        "expiry/20270113T090000Z": trouble("expiry/20270113T090000Z", -A_DAY),
    },
    undelivered=1,
    logins=LOGINS,
    actions=Counter({("prepare", "done"): 3, ("prompt", "failed"): 1, ("prepare", "intent"): 3}),
    disk=Disk(5 * 2**30, 1000),
)


def values(text: str) -> dict[str, float]:
    """Every sample, by its name with its labels."""
    samples = (sample for family in text_string_to_metric_families(text) for sample in family.samples)
    return {f"{s.name}{sorted(s.labels.items())}".removesuffix("[]"): s.value for s in samples}


def test_prometheus_own_parser_reads_what_was_meant():
    found = values(render(KNOWN))
    assert found.pop(f"careermail_build_info[('provider', 'standards'), ('version', '{careermail.__version__}')]") == 1
    assert found == {
        "careermail_healthy": 0,
        "careermail_start_timestamp_seconds": MOMENT - 86400,
        "careermail_last_round_timestamp_seconds": MOMENT,
        "careermail_config_refused": 0,
        "careermail_managers": 2,
        "careermail_reports": 5,
        "careermail_next_wakeup_timestamp_seconds": MOMENT + 3600,
        "careermail_overdue_seconds": 90,
        "careermail_inbox_read_timestamp_seconds": MOMENT,
        "careermail_ping_taken_timestamp_seconds": MOMENT,
        "careermail_alarms_undelivered": 1,
        "careermail_troubles[('state', 'told')]": 1,
        "careermail_troubles[('state', 'waiting')]": 1,
        "careermail_troubles[('state', 'foretold')]": 1,
        "careermail_actions_total[('kind', 'prepare'), ('result', 'done')]": 3,
        "careermail_actions_total[('kind', 'prompt'), ('result', 'failed')]": 1,
        "careermail_selfcheck_timestamp_seconds": MOMENT,
        "careermail_logins[('login', 'CalDAV'), ('state', 'failing')]": 1,
        "careermail_logins[('login', 'CalDAV'), ('state', 'good')]": 1,
        "careermail_logins[('login', 'SMTP'), ('state', 'failing')]": 0,
        "careermail_logins[('login', 'SMTP'), ('state', 'good')]": 1,
        "careermail_login_success_timestamp_seconds[('login', 'CalDAV')]": MOMENT - 86400,
        "careermail_login_success_timestamp_seconds[('login', 'SMTP')]": MOMENT,
        "careermail_credential_expiry_timestamp_seconds[('login', 'SMTP')]": MOMENT + 86400,
        "careermail_disk_free_bytes": 5 * 2**30,
        "careermail_disk_free_inodes": 1000,
        "careermail_clock_jumps_total": 2,
        "careermail_clock_jump_timestamp_seconds": MOMENT,
        "careermail_clock_jump_seconds": -3600,
    }


def test_it_is_about_nobody():
    assert not [word for word in ("@", "maya", "omar", "Jonas", "jonas") if word in render(KNOWN)]


def test_what_is_not_known_is_left_out_and_never_made_up():
    young = replace(PULSE, next=None, inbox=None, pinged=None, jumped=None, jumps=0)
    found = values(render(KNOWN._replace(pulse=young, logins=(), actions=Counter(), disk=Disk(1, None))))
    assert "careermail_clock_jumps_total" in found
    for name in ("next_wakeup", "inbox", "ping", "login", "selfcheck", "actions", "disk_free_inodes", "clock_jump_"):
        assert not [one for one in found if one.startswith(f"careermail_{name}")]


def test_the_naming_rules_of_prometheus_are_kept():
    """What `promtool check metrics` asks for (prometheus/client_golang, testutil/promlint)."""
    text = render(KNOWN)
    families = list(text_string_to_metric_families(text))
    assert text.endswith("\n")
    for family in families:
        assert family.documentation
        assert re.fullmatch(r"careermail_[a-z_]+", family.name)
        assert not re.search(r"_(total|count|sum|bucket|milliseconds|minutes|hours|days|percent|kb|mb)$", family.name)
        assert (family.type == "counter") == any(s.name.endswith("_total") for s in family.samples)
    assert len(families) == len({family.name for family in families}) == text.count("# TYPE") == text.count("# HELP")
