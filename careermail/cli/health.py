"""status --health: whether careermail does its work, for monitors."""

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import Any

import click

from careermail.cli.look import Look
from careermail.cli.office import Office
from careermail.cli.show import day, emit
from careermail.model import A_DAY, Effect, Fact, opaque
from careermail.plan.history import fold
from careermail.plan.planner import CHECKS, INBOX, SERVICE, begun, inbox_of
from careermail.selfcheck.alarms import CHECK, EXPIRY, is_warning
from careermail.selfcheck.logins import WARNED, Login, logins_of
from careermail.troubles import PROVIDER
from careermail.watch.pulse import Pulse, disk, read

A_MOMENT = timedelta(minutes=1)
TOO_LONG = timedelta(minutes=35)  # no step of the loop takes so long, and the watchdog has ended one that did
LITTLE, FEW = 100 * 2**20, 1000  # bytes, and files
SOON = WARNED[1]  # a credential that ends by then is a problem already


def report(office: Office, *, as_json: bool) -> int:
    """Print how careermail is, and return the exit code: 0 healthy, 1 not."""
    found = health(office)
    if as_json:
        emit(found)
    else:
        for line in (*(found["problems"] or ["Healthy."]), *found["warnings"], *_beside(found)):
            click.echo(line)
    return int(not found["healthy"])


def health(office: Office) -> dict[str, Any]:
    """All that can be known from outside of the daemon: from the configuration, what is remembered, and the disk."""
    look = Look(office)
    history = fold(look.facts(SERVICE))
    managers = [team.manager for team in office.config.teams]
    mail = [fact.at for mailbox in office.provider.inboxes(managers) for fact in look.facts(inbox_of(mailbox))]
    logins = [login for ones in logins_of(look.facts(CHECKS)).values() for login in ones.values()]
    look.visit(cause.removesuffix("/calendar") for cause in history.troubles if cause.endswith("/calendar"))
    left = disk(office.config.service.state)
    found = {
        "unreadable": look.unreadable,
        "overdue": min(look.overdue, key=lambda one: one["due"], default=None),
        "next": min(look.ahead, default=None),
        "last_done": look.done,
        "troubles": [_trouble(fact) for fact in history.troubles.values()],
        "undelivered": [_alarm(effect) for effect in history.effects.values() if begun(effect)],
        "mail_taken_in": max(mail, default=None),
        "logins": [_login(login) for login in logins],
        "self_check": max((login.at for login in logins), default=None),
        **_process(read(office.config.service.state)),
        "disk_free": left and left.bytes,
        "inodes_free": left and left.inodes,
        "clock_behind": (look.latest - look.now).total_seconds(),
    }
    problems, warnings = list(_problems(found, look.now)), list(_warnings(found, look.now))
    return {"healthy": not problems, "problems": problems, "warnings": warnings, **found}


# --- what is known -------------------------------------------------------------------------------


def _trouble(fact: Fact) -> dict[str, Any]:
    """A trouble by its cause, which is named as in the logs: who talks to whom is not a monitor's business."""
    head = fact.key.partition("/")[0]
    plainly = fact.key == head or fact.key.startswith((PROVIDER, INBOX, CHECK, EXPIRY))
    whose = fact.data.get("manager", head)
    return {
        "cause": fact.key if plainly else opaque(fact.key),
        "manager": fact.data.get("mender") if whose == CHECKS else whose,
        "since": fact.at,
        "due": datetime.fromisoformat(fact.data["due"]),  # from when on the admin is told of it
        "foretold": is_warning(fact),
    }


def _alarm(effect: Effect) -> dict[str, Any]:
    return {"since": effect.at, "reason": effect.reason, "attempts": effect.attempts}


def _login(login: Login) -> dict[str, Any]:
    return {
        "name": login.name,
        "owner": login.owner or None,
        "works": not login.cause,
        "tried": login.at,
        "last_success": login.good,
        "expires": login.expires,
    }


def _process(pulse: Pulse | None) -> dict[str, Any]:
    """What the process that serves told of itself last."""
    if pulse is None:
        return {"process": None, "inbox_read": None, "pinged": None, "clock_set": None}
    jump = {"times": pulse.jumps, "last": pulse.jumped, "by": pulse.by_how_much} if pulse.jumped else None
    told = {"command": pulse.by, "since": pulse.since, "last_round": pulse.at, "late": pulse.late}
    return {
        "process": {**told, "refused": pulse.refused},
        "inbox_read": pulse.inbox,
        "pinged": pulse.pinged,
        "clock_set": jump,
    }


# --- what it means -------------------------------------------------------------------------------


def _problems(found: dict[str, Any], now: datetime) -> Iterator[str]:
    for name in found["unreadable"]:
        yield f"The facts of {name} cannot be read. See: careermail status"
    yield from _of_the_process(found["process"], now)
    if one := found["overdue"]:
        since = _utc(one["due"])
        yield f"Overdue since {since}: {one['kind']} {one['key']} of {one['manager']}. Is careermail running?"
    for trouble in found["troubles"]:
        if trouble["due"] <= now and not trouble["foretold"]:
            yield f"Trouble since {_utc(trouble['since'])}: {trouble['cause']}. See: careermail status"
    for alarm in found["undelivered"]:
        yield f"An alarm could not be mailed, {_utc(alarm['since'])}: {alarm['reason'] or 'it was broken off'}"
    yield from (_ending(login) for login in _dying(found["logins"], now, SOON))
    yield from _of_the_machine(found)


def _of_the_process(process: dict[str, Any] | None, now: datetime) -> Iterator[str]:
    if process is None:
        return
    if process["command"] == "run" and now - process["last_round"] > TOO_LONG:
        since = _utc(process["last_round"])
        yield f"The loop has not come round since {since}. Does it run, or hang? See: systemctl status careermail"
    if process["refused"]:
        yield "An edited configuration is refused, the one before is served. See: careermail check"


def _of_the_machine(found: dict[str, Any]) -> Iterator[str]:
    if found["disk_free"] is not None and found["disk_free"] < LITTLE:
        yield f"The disk is nearly full: {found['disk_free'] // 2**20} MB are left for what is remembered."
    if found["inodes_free"] is not None and found["inodes_free"] < FEW:
        yield f"The disk is nearly full: only {found['inodes_free']} more files fit on it."
    if found["clock_behind"] > A_MOMENT.total_seconds():
        yield f"The clock is {found['clock_behind']:.0f} seconds behind what was recorded by it: it was set back."


def _warnings(found: dict[str, Any], now: datetime) -> Iterator[str]:
    late = _dying(found["logins"], now, SOON)
    yield from (_ending(login) for login in _dying(found["logins"], now, WARNED[0]) if login not in late)
    jump = found["clock_set"]
    if jump and now - jump["last"] < A_DAY:
        way = "forward" if jump["by"] > 0 else "back"
        yield f"The clock was set {way} by {abs(jump['by']):.0f} seconds, {_utc(jump['last'])}."


def _dying(logins: Iterable[dict[str, Any]], now: datetime, within: timedelta) -> list[dict[str, Any]]:
    return [login for login in logins if login["expires"] and login["expires"] <= now + within]


def _ending(login: dict[str, Any]) -> str:
    return f"{login['name']}: this login ends by itself on {_utc(login['expires'])}. Renew it."


def _beside(found: dict[str, Any]) -> Iterator[str]:
    """What is worth a line though nothing is wrong with it."""
    if found["next"]:
        yield f"Next: {_utc(found['next'])}"
    if logins := found["logins"]:
        works = sum(login["works"] for login in logins)
        yield f"Logins: {works} of {len(logins)} work; last tried {_utc(found['self_check'])}"
    if process := found["process"]:
        yield f"Last round: {_utc(process['last_round'])}"


def _utc(moment: datetime) -> str:
    return f"{day(moment)} {moment:%H:%M} UTC"
