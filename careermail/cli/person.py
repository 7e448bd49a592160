"""export and erase: all that is held about one person, or about everybody, and its removal."""

import os
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import click

import careermail
from careermail.cli.office import Office
from careermail.cli.people import find_person
from careermail.cli.show import as_text, with_progress
from careermail.errors import TryLater, UsageError
from careermail.model import Fact, Person
from careermail.plan.endings import wanted_endings
from careermail.plan.history import fold
from careermail.plan.planner import SERVICE

NOT_OURS = "What lies in mailboxes and calendars is not careermail's to remove: mails stay with whoever got them."


@click.command("export")
@click.argument("person", required=False)
@click.option("--all", "everything", is_flag=True, help="Everybody and everything, for `careermail restore`.")
@click.option("--output", type=click.Path(path_type=Path), metavar="FILE", help="A new file, for your eyes alone.")
@click.pass_obj
def export_command(office: Office, person: str | None, *, everything: bool, output: Path | None) -> None:
    """All that is held about PERSON (an address or part of a name), archived or not, as JSON.

    With --all it is what another machine needs to go on from here, as lines of JSON, the secret by which answers are
    known among them.
    """
    if (person is None) != everything:
        raise UsageError("Say whose: careermail export PERSON, or everybody's: careermail export --all")
    if everything and output is None and sys.stdout.isatty():
        raise UsageError(
            "It holds secrets, and is not for eyes: careermail export --all --output FILE, or into a pipe."
        )
    text = _everything(office) if person is None else iter([_of_one(office, person)])
    if output is None:
        for line in text:
            click.echo(line)
        return
    _write(output, text)


def _write(path: Path, lines: Iterator[bytes]) -> None:
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.writelines(line + b"\n" for line in lines)
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror}") from error


def _everything(office: Office) -> Iterator[bytes]:
    from careermail.store.baggage import packed
    from careermail.store.schema import encode

    head = {"careermail": careermail.__version__, "at": office.clock.now().isoformat()}
    managers = with_progress(office.store.managers(), "Managers", office.clock)
    yield from map(encode, packed(office.store, managers, places(office), head))


def places(office: Office) -> dict[str, Path]:
    """The folders of which everything goes along with the facts: the state's, and the world of the provider `local`."""
    config = office.config
    world = config.provider["root"] if config.provider["kind"] == "local" else None
    return {"state": config.service.state, **({"world": world} if world else {})}


def _of_one(office: Office, person: str) -> bytes:
    address = _address(office, person)
    found = [
        {"manager": name, "archived": archived, **vars(fact)}
        for name in office.store.managers()
        for archived in (True, False)
        for fact in office.store.load(name, archived=archived)
        if concerns(fact, name, address)
    ]
    files = [{"file": path, "content": path.read_text(errors="replace")} for path in office.provider.kept(address)]
    return as_text({"person": address, "facts": found, "files": files}).encode("utf-8", "surrogatepass")


@click.command("erase")
@click.argument("person")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.pass_obj
def erase_command(office: Office, person: str, *, yes: bool) -> None:
    """Remove all that is held about PERSON, for good. They must have left the configuration."""
    address = _address(office, person)
    _refuse_while_needed(office, address)
    held = [name for name in office.store.managers() if _held(office, name, address)]
    kept, consents = office.provider.kept(address), office.provider.consents(address)
    if not (held or kept or consents):
        raise UsageError(f"Nothing is held about {address}.")
    if not yes:
        click.confirm(f"Remove all that is held about {address}, for good?", abort=True)
    for name in held:
        removed = _erase(office, name, address)
        click.echo(f"Removed {removed} facts about {address} from what is known of {name}.")
    for path in (*kept, *consents):
        path.unlink(missing_ok=True)
    if kept:
        click.echo(f"Removed {len(kept)} notes of mails, invitations and calendar entries that careermail kept.")
    if consents:
        click.echo(f"Removed the consent by which careermail acted for {address}. Revoke it where it was given, too.")
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
