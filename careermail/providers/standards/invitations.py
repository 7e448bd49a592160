"""What each attendee was last told by mail, kept on disk, so that everybody is told what changed, and once."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from careermail.clock import Clock
from careermail.model import Rsvp, Service
from careermail.providers import Outbox

if TYPE_CHECKING:
    from icalendar import Calendar


class Invitations:
    """`<folder>/<address>/<uid>.ics`: an event as this attendee knows it from our mails, with their answers.

    An organizer's calendar goes through three steps, in this order: `follow` before anything is changed in it, so that
    answers are about the times that they answered; then the change, written for good; then `tell`. A reader of it
    does the same: follow, write if that changed anything, tell. So whatever a crash left untold is told at the next
    reading, and nothing twice.
    """

    def __init__(self, folder: Path, outbox: Outbox, service: Service, clock: Clock) -> None:
        self._folder, self._outbox, self._service, self._clock = folder, outbox, service, clock

    def tell(self, ours: Calendar, uid: str) -> None:
        """Mail each attendee of the event what they do not know yet; costs a look at a few files if that is nothing.

        `ours` is the organizer's calendar as it stands; it is not changed. Raises ProviderError where a mail cannot be
        sent: then nothing is lost, and the next `tell` goes on from there.
        """
        raise NotImplementedError

    def withdraw(self, uid: str, address: str) -> None:
        """Mail somebody who is asked no longer that it is cancelled for them: before the organizer's calendar says so.

        Raises ProviderError.
        """
        raise NotImplementedError

    def follow(self, ours: Calendar, uid: str) -> bool:
        """Let the organizer's calendar (changed in place) show what attendees answered; whether that changed anything.

        Where it gives a session another time than an attendee was told, they are asked anew: their answer was about
        another hour.
        """
        raise NotImplementedError

    def answer(self, rsvp: Rsvp) -> bool:
        """As Calendar.answer, for what we mailed: keep the answer until `follow` takes it over."""
        raise NotImplementedError
