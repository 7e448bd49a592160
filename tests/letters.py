"""What people write to careermail: answers to its mails, and mails of their own, put into its inbox."""

from datetime import date, datetime
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import make_msgid

from scene import World

from careermail.mail.tokens import issue, tagged
from careermail.model import Person, Service


def reply_address(service: Service, message_id: str, to: str, kind: str, expires: date) -> str:
    """Where somebody can answer a mail of this kind, as long as tokens of this service's are taken."""
    return tagged(service, service.address, issue(service, message_id, to, kind, expires))


def last(world: World, kind: str, to: Person) -> EmailMessage:
    """The latest mail of a kind that somebody received, as it left."""
    found = (mail for _, mail in world.received(to.email) if mail["X-Careermail-Kind"] == kind)
    mails = sorted(found, key=lambda m: m["Date"].datetime)
    return mails[-1]


def answer(mail: EmailMessage, who: Person, words: str, *, quote: bool = True) -> EmailMessage:
    """What a mail program makes of an answer to a mail."""
    message = letter(who, str(mail["Reply-To"]), f"Re: {mail['Subject']}", words)
    message["In-Reply-To"] = mail["Message-ID"]
    message["References"] = " ".join(filter(None, [mail["References"], mail["Message-ID"]]))
    if quote:
        original = mail.get_body(("plain",)).get_content().replace("\r\n", "\n")
        quoted = "\n".join(f"> {line}".rstrip() for line in original.splitlines())
        said = f"{words}\n\nOn Tue, 12 Jan 2027 at 11:00, {mail['From']} wrote:\n\n{quoted}\n"
        message.set_content(said)
    return message


def letter(who: Person, to: str, subject: str, words: str, **headers: str) -> EmailMessage:
    """A mail of somebody's own."""
    message = EmailMessage(policy=SMTP)
    message["From"] = f"{who.name} <{who.email}>"
    message["To"] = to
    message["Subject"] = subject
    message["Date"] = "Wed, 13 Jan 2027 10:00:00 +0000"
    message["Message-ID"] = make_msgid(domain="example.com")
    for name, value in headers.items():
        message[name.replace("_", "-")] = value
    message.set_content(words)
    return message


def drop(world: World, message: EmailMessage | bytes) -> None:
    """It arrives."""
    world.arrive(message)


def dated(message: EmailMessage, now: datetime) -> EmailMessage:
    """The mail, written now."""
    del message["Date"]
    message["Date"] = now
    return message


def reply(world: World, kind: str, who: Person, words: str, *, quote: bool = True) -> EmailMessage:
    """Somebody answers the latest mail of a kind that they got, and careermail looks."""
    message = dated(answer(last(world, kind, who), who, words, quote=quote), world.now)
    drop(world, message)
    world.tick()
    return message


def write(world: World, who: Person, subject: str, words: str, to: str = "careermail@example.com") -> EmailMessage:
    """Somebody writes of their own accord, and careermail looks."""
    message = letter(who, to, subject, words)
    drop(world, message)
    world.tick()
    return message
