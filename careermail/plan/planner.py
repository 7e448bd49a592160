"""plan(team, history, now): the actions due now, and the moment to ask again. Pure."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from datetime import datetime

from careermail.model import A_DAY, Action, Effect, Fact, Person, Plan, Series, Team, Topic, Wanted
from careermail.plan.answers import present, wanted_answers, wanted_changes
from careermail.plan.bookings import wanted_events
from careermail.plan.contracts import wanted_contracts
from careermail.plan.displaced import wanted_displaced
from careermail.plan.endings import wanted_endings
from careermail.plan.history import History, pair
from careermail.plan.playbook import MERGED, wanted_promise_mails, wanted_session_mails
from careermail.plan.recurrence import at_work, local_day, send_time, working_moment
from careermail.plan.sessions import Row

SERVICE, INBOX, CHECKS = "_service", "_inbox", "_checks"  # what is remembered of no manager
# Calendars come first, so that no mail speaks of a session that is about to move.
ORDER = {"end": 0, "reshape": 1, "book": 2, "cancel": 3, "move": 4, "single": 5, "note": 6, "unnote": 6}
CHASE = {"summary": 0, "summary-nudge": 1, "summary-overdue": 2}


def inbox_of(mailbox: str) -> str:
    """The name under which it is remembered how far a mailbox was read; "" is the one inbox for all managers."""
    return f"{INBOX}/{mailbox}" if mailbox else INBOX


def of_nobody(name: str) -> bool:
    """Whether what is remembered under this name is no manager's."""
    return name in {SERVICE, INBOX, CHECKS} or name.startswith(f"{INBOX}/")


def plan(team: Team, history: History, now: datetime, *, blind: Collection[str] = (), foresee: bool = True) -> Plan:
    """What one manager's config and history want at `now` (UTC).

    `blind` are the keys of series whose calendar could not be read: nothing that depends on it is decided.
    The result's `wake_at` always lies ahead of `now`, by a day at most. Without `foresee` its `wanted` lacks mails
    about sessions months ahead, which is less work; what is due, and when to ask again, is the same.
    """
    # What was begun is found out about wherever its session was moved to.
    far = foresee or any(map(begun, history.effects.values()))
    until = None if far else now + A_DAY
    wanted = list(_everything(present(team, history), history, now, blind, until))
    return decide(wanted, history, now, blind)


def _everything(
    team: Team, history: History, now: datetime, blind: Collection[str], until: datetime | None
) -> Iterator[Wanted]:
    for series in team.series:
        row = Row(series, history.of(series.key), now)
        if series.key not in blind:
            yield from wanted_events(row, history)
            yield from wanted_displaced(row, history)
            yield from wanted_session_mails(row, until)
        yield from wanted_promise_mails(row)
        yield from wanted_contracts(row, lambda key: history.state(key) == "done")
        yield from wanted_changes(row)
    yield from wanted_answers(team, history, now)
    yield from wanted_endings(team.manager, (s.key for s in team.series), history, now)


def plan_alarms(admin: Person, history: History, now: datetime) -> Plan:
    """What the admin must be told at `now`: each trouble at its first moment, and each morning until it is solved.

    Of what only a manager can mend, the manager is told as well.
    """
    wanted = [
        alarm
        for trouble in history.troubles.values()
        for person in (admin, *(Person(who, who) for who in [trouble.data.get("mender")] if who))
        for alarm in _alarms(person, trouble, now)
    ]
    return decide(wanted, history, now)


def _alarms(person: Person, trouble: Fact, now: datetime) -> Iterator[Wanted]:
    """The alarm that is to be given now, and the next."""
    moments = sorted(_moments(person, trouble, now))
    due = [*[m for m in moments if m <= now][-1:], *[m for m in moments if m > now][:1]]
    for moment in due:
        until = min((later for later in moments if later > moment), default=moment + A_DAY)
        yield _alarm(person, trouble, moment, max(until, moment + A_DAY))


def _moments(person: Person, trouble: Fact, now: datetime) -> set[datetime]:
    """When a trouble is to be told around `now`: first, then on the days that it names itself, or each morning.

    A morning is the hour of the person's mails, on any day.
    """
    first, today = datetime.fromisoformat(trouble.data["due"]), local_day(person, now)
    if "again" in trouble.data:
        return {first, *map(datetime.fromisoformat, trouble.data["again"])}
    mornings = (send_time(person, today + n * A_DAY, "same") for n in (-1, 0, 1))
    return {first, *(morning for morning in mornings if morning > first)}


def _alarm(person: Person, trouble: Fact, due: datetime, until: datetime) -> Wanted:
    foretold = "foretold" if "again" in trouble.data else ""
    return Wanted(
        key=f"{SERVICE}/{trouble.key}/alarm/{local_day(person, due)}/{person.email}",
        kind="alarm",
        due=due,
        until=until,
        topic=Topic(Series(person, person), note=str(trouble.data["note"]), what=foretold),
        to=person,
        because="something cannot be done without help",
    )


def decide(wanted: list[Wanted], history: History, now: datetime, blind: Collection[str] = ()) -> Plan:
    """Sort what is wanted into what is done now, skipped now, and waited for."""
    due: list[Wanted] = []
    skipped: list[Action] = []
    ahead = [now + A_DAY]
    for w in wanted:
        effect = history.effects.get(w.key)
        if w.until <= history.horizon or not _open(w, effect):
            continue
        moment = _moment(w, effect, now)
        if moment > now:
            ahead.append(moment)
        elif begun(effect) or now < w.until:
            due.append(w)
        else:
            skipped.append(Action("skip", (w,), reason=_too_late(w)))
    settle, wait = _orphans({w.key for w in wanted}, history, now, blind)
    fresh, folded = _one_of_a_chase(due, history)
    return Plan((*settle, *skipped, *folded, *_actions(fresh, history)), min([*ahead, *wait]), tuple(wanted))


def begun(effect: Effect | None) -> bool:
    """Whether an effect may have come about without our knowing."""
    return effect is not None and effect.state in {"intent", "failed", "held"}


def _open(wanted: Wanted, effect: Effect | None) -> bool:
    if begun(effect):
        return True  # it must be found out about, wanted or not
    return effect is None and not wanted.unless and wanted.due < wanted.until


def _moment(wanted: Wanted, effect: Effect | None, now: datetime) -> datetime:
    """When the effect is to be attempted, as seen from now (UTC)."""
    if effect and not effect.retry_at:
        return now
    earliest = max(effect.retry_at if effect and effect.retry_at else wanted.due, now)
    if wanted.due > now or wanted.to is None or now >= wanted.until:
        return earliest
    # Late, after an outage or because it was agreed late: then it waits for working hours, if it can.
    if not at_work(wanted.to, wanted.due):
        return earliest  # the rule itself had it leave them
    moment = working_moment(wanted.to, earliest, "after")
    # A `latest` that has passed is past saving, and the night is no better than the morning after.
    limit = wanted.latest if wanted.latest and now < wanted.latest else wanted.until
    return moment if moment < limit else earliest


def _too_late(wanted: Wanted) -> str:
    due, until = (f"{moment:%a %d %b %Y %H:%M} UTC" for moment in (wanted.due, wanted.until))
    return f"it was due on {due}, could not be sent, and was of no use after {until}"


def _orphans(
    wanted: set[str], history: History, now: datetime, blind: Collection[str]
) -> tuple[list[Action], list[datetime]]:
    """Effects that were begun and that nothing wants any more: to be found out about, now or at their retry."""
    actions, waiting = [], []
    for key, effect in history.effects.items():
        if begun(effect) and key not in wanted and pair(key) not in blind:
            if effect.retry_at and effect.retry_at > now:
                waiting.append(effect.retry_at)
            else:
                actions.append(Action("settle", (_remembered(key, effect),), again=True))
    return actions, waiting


def _remembered(key: str, effect: Effect) -> Wanted:
    manager, report = (Person(address, address) for address in pair(key).split("/"))
    topic = Topic(Series(manager, report))
    kind, until = str(effect.data["kind"]), datetime.fromisoformat(effect.data["until"])
    return Wanted(key, kind, effect.at, until, topic, unless="nothing wants it any more")


def _one_of_a_chase(due: list[Wanted], history: History) -> tuple[list[Wanted], list[Action]]:
    """Where a summary and its nudges have come due together, after an outage, one says it."""
    chases = defaultdict(list)
    for w in due:
        if w.kind in CHASE and w.topic.occurrence and not begun(history.effects.get(w.key)):
            chases[w.topic.series.key, w.topic.occurrence.id].append(w)
    dropped = []
    for chase in chases.values():
        chase.sort(key=lambda w: (CHASE[w.kind], w.due))
        said = chase[0] if chase[0].kind == "summary" else chase[-1]
        dropped += [
            Action("skip", (w,), reason=f"{said.kind} says it at the same time") for w in chase if w is not said
        ]
    gone = {action.wanted[0].key for action in dropped}
    return [w for w in due if w.key not in gone], dropped


def _actions(due: Iterable[Wanted], history: History) -> list[Action]:
    groups: dict[tuple[object, ...], list[Wanted]] = defaultdict(list)
    for w in due:
        groups[_group(w, history.effects.get(w.key))].append(w)
    actions = [_action(group, history) for group in groups.values()]
    return sorted(actions, key=_turn)


def _turn(action: Action) -> tuple[object, ...]:
    first = action.wanted[0]
    # Who has an hour configured takes it before others look for theirs.
    looks = action.verb == "book" and first.topic.series.conversation.first is None
    return not action.again, ORDER.get(action.verb, len(ORDER)), looks, first.due, action.key


def _group(wanted: Wanted, effect: Effect | None) -> tuple[object, ...]:
    if effect and (message_id := effect.data.get("intent", {}).get("message_id")):
        return (message_id,)  # they were one mail when they were begun
    if wanted.kind in MERGED and wanted.to and not begun(effect):
        return wanted.kind, wanted.to.email
    return (wanted.key,)


def _action(group: list[Wanted], history: History) -> Action:
    group.sort(key=lambda w: (w.due, w.topic.occurrence.start if w.topic.occurrence else w.due, w.key))
    again = any(begun(history.effects.get(w.key)) for w in group)
    verb = group[0].kind if group[0].kind in ORDER else "mail"
    return Action(verb, tuple(group), again=again)
