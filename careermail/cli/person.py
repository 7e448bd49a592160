"""export and erase: all that is held about one person, and its removal."""

from dataclasses import replace

import click

from careermail.cli.office import Office
from careermail.cli.people import find_person
from careermail.cli.show import emit
from careermail.errors import TryLater, UsageError
from careermail.model import Fact, Person
from careermail.plan.endings import wanted_endings
from careermail.plan.history import fold
from careermail.plan.planner import SERVICE

NOT_OURS = "What lies in mailboxes and calendars is not careermail's to remove: mails stay with whoever got them."


@click.command("export")
@click.argument("person")
@click.pass_obj
def export_command(office: Office, person: str) -> None:
    """All that is held about PERSON (an address or part of a name), archived or not, as JSON."""
    address = _address(office, person)
    found = [
        {"manager": name, "archived": archived, **vars(fact)}
        for name in office.store.managers()
        for archived in (True, False)
        for fact in office.store.load(name, archived=archived)
        if concerns(fact, name, address)
    ]
    files = [{"file": path, "content": path.read_text(errors="replace")} for path in office.provider.kept(address)]
    emit({"person": address, "facts": found, "files": files})


@click.command("erase")
@click.argument("person")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.pass_obj
def erase_command(office: Office, person: str, *, yes: bool) -> None:
    """Remove all that is held about PERSON, for good. They must have left the configuration."""
    address = _address(office, person)
    _refuse_while_needed(office, address)
    held = [name for name in office.store.managers() if _held(office, name, address)]
    kept = office.provider.kept(address)
    if not held and not kept:
        raise UsageError(f"Nothing is held about {address}.")
    if not yes:
        click.confirm(f"Remove all that is held about {address}, for good?", abort=True)
    for name in held:
        removed = _erase(office, name, address)
        click.echo(f"Removed {removed} facts about {address} from what is known of {name}.")
    for path in kept:
        path.unlink(missing_ok=True)
    if kept:
        click.echo(f"Removed {len(kept)} invitations and calendar entries that careermail kept.")
    click.echo(NOT_OURS)


def concerns(fact: Fact, name: str, address: str) -> bool:
    """Whether a fact in the file of `name` concerns the person: as that manager, or as one of the two in a series."""
    key = str(fact.data.get("series", fact.key)).removeprefix(f"{SERVICE}/")
    return name == address or address in key.split("/")[:2]


def _address(office: Office, said: str) -> str:
    """The address of a person in the configuration, or of one who has left it. Raises UsageError."""
    said = said.strip()
    return said.lower() if "@" in said else find_person(office.config, said).email


def _refuse_while_needed(office: Office, address: str) -> None:
    for team in office.config.teams:
        if address in {team.manager.email, *(s.report.email for s in team.series)}:
            raise UsageError(
                f"{address} is still in the configuration. Remove them there, and let careermail end their sessions: "
                "careermail once"
            )
    configured = {s.key for team in office.config.teams for s in team.series}
    for name in office.store.managers():
        history = fold(office.store.load(name))
        for wanted in wanted_endings(Person(name, name), configured, history, office.clock.now()):
            if address in wanted.key.split("/")[:2] and history.state(wanted.key) != "held":
                raise TryLater(f"Sessions of {address} still stand in calendars. Let them be ended: careermail once")


def _held(office: Office, name: str, address: str) -> bool:
    facts = (fact for archived in (False, True) for fact in office.store.load(name, archived=archived))
    return any(concerns(fact, name, address) for fact in facts)


def _without(fact: Fact, address: str) -> Fact:
    """A fact that says nothing of somebody: of a mail about several people, the others' part keeps its number."""
    intent = fact.data.get("intent") or {}
    if not any(address in name.split("/") for name in intent.get("about", ())):
        return fact
    about = ["" if address in name.split("/") else name for name in intent["about"]]
    return replace(fact, data={**fact.data, "intent": {**intent, "about": about}})


def _erase(office: Office, name: str, address: str) -> int:
    """Keep what concerns others; return how many facts are gone."""
    with office.store.lock(name):
        live, archive = office.store.load(name), office.store.load(name, archived=True)
        kept = [[_without(f, address) for f in facts if not concerns(f, name, address)] for facts in (live, archive)]
        office.store.replace(name, *kept)
    if any(kept):
        office.store.announce(name)
    return len(live) + len(archive) - sum(map(len, kept))
