"""Everybody's calendars on Google, kept in step as Google keeps them; and who was told of what.

An event is its organizer's. Whoever is asked to come sees it in a calendar of their own, answers there, and may take it
out, which declines it. What the API documents of deleted events, of instances and of ids is done here as documented;
where it leaves something open, `keeps_orphans` and `shows_tombstones` choose.
"""

from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

from fakes.google.recurring import Item, Window, instance, name_of, originals, within

READ_ONLY = ("self", "organizer", "id")
NEVER = "1970-01-01T00:00:00.000Z"


@dataclass(frozen=True)
class Notice:
    """A mail of Google's about an event: an invitation, update or cancellation to a guest."""

    to: str
    kind: str
    event: str


@dataclass
class Book:
    """The primary calendar of somebody."""

    zone: str = "UTC"
    readers: dict[str, str] = field(default_factory=dict)  # roles of others, by address
    everybody: str = "freeBusyReader"  # the role of all others in the organisation; "" for none
    events: dict[str, Item] = field(default_factory=dict)  # of which the owner is the organizer; by id
    swept: set[str] = field(default_factory=set)  # ids of what was deleted so long ago that it is shown no more
    taken_out: set[str] = field(default_factory=set)  # ids of others' events that the owner has deleted here

    def role(self, address: str) -> str:
        return self.readers.get(address, self.everybody)


class Refused(Exception):  # noqa: N818 (it is what the API does)
    """What cannot be done: the status and the reason."""

    def __init__(self, status: int, reason: str, message: str) -> None:
        super().__init__(status, reason, message)
        self.status, self.reason, self.message = status, reason, message


class Agenda:
    """The calendars by their owners' addresses."""

    keeps_orphans = True  # instances that were changed stay where the rule puts none any more
    shows_tombstones = True  # whether a filter by property finds what was deleted

    def __init__(self, **zones: str) -> None:
        self.books = {f"{name}@example.com": Book(zone) for name, zone in zones.items()}
        self.told: list[Notice] = []
        self._numbers = count(1)

    # --- reading ---

    def find(self, viewer: str, name: str) -> Item | None:
        """An event or an instance, deleted ones too, as it stands in somebody's calendar."""
        held = self._held(name)
        return self._seen(viewer, *held) if held else None

    def stored(self, viewer: str) -> Iterator[Item]:
        """What stands in somebody's calendar: events, and of those that recur the instances that were changed."""
        for owner, book in self.books.items():
            seen = (self._seen(viewer, owner, item) for item in list(book.events.values()))
            yield from (item for item in seen if item is not None)

    def expanded(self, viewer: str, window: Window) -> Iterator[Item]:
        """The same as single events and instances, cancelled ones too."""
        for item in self.stored(viewer):
            if "recurrence" in item:
                if item["status"] != "cancelled":
                    yield from self.instances(viewer, item, window)
            elif "recurringEventId" not in item and within(item, window, self.books[viewer].zone):
                yield item

    def instances(self, viewer: str, master: Item, window: Window) -> Iterator[Item]:
        """The instances of an event that take place in a window, or are cancelled there."""
        zone, changed = self.books[viewer].zone, self._changed(master["id"])
        unchanged = (i for at in originals(master, window) if (i := instance(master, at))["id"] not in changed)
        seen = (self.find(viewer, name) for name, item in changed.items() if self._stands(master, item))
        yield from (i for i in (*unchanged, *seen) if i is not None and within(_timed(i), window, zone))

    def _stands(self, master: Item, item: Item) -> bool:
        return self.keeps_orphans or _instance(master, item["id"]) is not None

    def _changed(self, base: str) -> dict[str, Item]:
        owner, _ = self._owned(base)
        return {i["id"]: i for i in self.books[owner].events.values() if i.get("recurringEventId") == base}

    def _owned(self, name: str) -> tuple[str, Item]:
        return next((owner, book.events[name]) for owner, book in self.books.items() if name in book.events)

    def _held(self, name: str) -> tuple[str, Item] | None:
        """Whose event or instance this is, and what it says."""
        for owner, book in self.books.items():
            if name in book.events:
                return owner, book.events[name]
            master = book.events.get(name.rpartition("_")[0])
            if master and "recurrence" in master and (made := _instance(master, name)):
                return owner, made
        return None

    def _seen(self, viewer: str, owner: str, item: Item) -> Item | None:
        """An event as it stands in one of the calendars; None where it does not."""
        if viewer == owner:
            return self._flagged(viewer, item)
        book, asked = self.books.get(viewer), [a["email"] for a in item.get("attendees", ())]
        base = item.get("recurringEventId", item["id"])
        if book is None or viewer not in (*asked, *item.get("uninvited", ())):
            return None
        seen = self._flagged(viewer, {k: v for k, v in item.items() if k not in ("extendedProperties", "reminders")})
        if viewer not in asked or {base, item["id"]} & book.taken_out:
            seen["status"] = "cancelled"
        return seen

    @staticmethod
    def _flagged(viewer: str, item: Item) -> Item:
        seen = deepcopy({name: value for name, value in item.items() if name != "uninvited"})
        for one in (seen["organizer"], seen["creator"], *seen.get("attendees", ())):
            if one["email"] == viewer:
                one["self"] = True
        for one in seen.get("attendees", ()):
            if one["email"] == seen["organizer"]["email"]:
                one["organizer"] = True
        return seen

    def sweep(self) -> None:
        """What was deleted will eventually disappear; its id stays taken."""
        for book in self.books.values():
            book.swept |= {name for name, item in book.events.items() if item["status"] == "cancelled"}
            book.events = {name: item for name, item in book.events.items() if name not in book.swept}

    # --- writing ---

    def insert(self, owner: str, body: Item, *, tell: bool, name: str = "") -> Item:
        """A new event of somebody's; `name` is one of Google's own ids."""
        number = next(self._numbers)
        name = name or body.get("id") or f"g{number}"
        if name in self.books[owner].events.keys() | self.books[owner].swept:
            raise Refused(409, "duplicate", "The requested identifier already exists.")
        who = {"email": owner}
        made = {**deepcopy(body), "id": name, "iCalUID": f"{name}@google.com", "status": "confirmed", "sequence": 0}
        made |= {"organizer": dict(who), "creator": dict(who), "kind": "calendar#event", "created": NEVER}
        self.books[owner].events[name] = made
        self._written(made)
        self._notify(tell, made, {}, "invitation")
        return self._flagged(owner, made)

    def patch(self, actor: str, name: str, changes: Item, *, tell: bool) -> Item:
        """Change an event or an instance of the actor's own, or answer somebody else's."""
        owner, item = self._writable(actor, name)
        if owner != actor:
            self._answered(actor, item, changes)
        before = deepcopy(item)
        for key, value in changes.items():
            item[key] = merged(item.get(key), value)
        gone = {a["email"] for a in before.get("attendees", ())} - {a["email"] for a in item.get("attendees", ())}
        item["uninvited"] = sorted(
            {*item.get("uninvited", ()), *gone} - {a["email"] for a in item.get("attendees", ())}
        )
        if any(before.get(key) != item.get(key) for key in ("start", "end", "recurrence")):
            item["sequence"] += 1
        self._written(item)
        if owner == actor:
            self._notify(tell, item, before, "update")
        for asked in item.get("attendees", ()):
            if asked["responseStatus"] == "needsAction" and asked["email"] in self.books:
                self.books[asked["email"]].taken_out.discard(name)
        found = self.find(actor, name)
        assert found is not None
        return found

    def delete(self, actor: str, name: str, *, tell: bool) -> None:
        """Cancel an event or an instance of the actor's own; take somebody else's out of the actor's calendar."""
        seen = self.find(actor, name)
        if seen is None:
            raise Refused(404, "notFound", "Not Found")
        if seen["status"] == "cancelled":
            raise Refused(410, "deleted", "Resource has been deleted")
        owner, item = self._writable(actor, name)
        if owner != actor:
            self.respond(actor, name, "declined")
            self.books[actor].taken_out.add(name)
            return
        item["status"] = "cancelled"
        self._written(item)
        self._notify(tell, item, item, "cancellation")

    def respond(self, who: str, name: str, answer: str) -> None:
        """An attendee answers, for an instance, or for all of an event."""
        _, item = self._writable(who, name)
        for one in (item, *(self._changed(name).values() if "recurrence" in item else ())):
            for asked in one.get("attendees", ()):
                if asked["email"] == who:
                    asked["responseStatus"] = answer
            self._written(one)

    def _writable(self, actor: str, name: str) -> tuple[str, Item]:
        """Whose it is, and the stored event, made of an instance that was not changed yet."""
        held = self._held(name)
        if held is None or self._seen(actor, *held) is None:
            raise Refused(404, "notFound", "Not Found")
        return held[0], self.books[held[0]].events.setdefault(name, deepcopy(held[1]))

    @staticmethod
    def _answered(actor: str, item: Item, changes: Item) -> None:
        theirs = [{k: v for k, v in a.items() if k not in READ_ONLY} for a in changes.get("attendees", ())]
        mine = [a for a in item["attendees"] if a["email"] != actor]
        if set(changes) != {"attendees"} or [a for a in theirs if a["email"] != actor] != mine:
            raise Refused(403, "forbiddenForNonOrganizer", "Shared properties can only be changed by the organizer.")

    def _written(self, item: Item) -> None:
        for one in item.get("attendees", ()):
            one.setdefault("responseStatus", "needsAction")
            for name in READ_ONLY:
                one.pop(name, None)
        item["etag"], item["updated"] = f'"{next(self._numbers)}"', NEVER

    def _notify(self, tell: bool, item: Item, before: Item, kind: str) -> None:
        if not tell:
            return
        now, then = ({a["email"] for a in one.get("attendees", ())} for one in (item, before))
        people = [(who, kind if who in then else "invitation") for who in now] + [
            (w, "cancellation") for w in then - now
        ]
        self.told += [
            Notice(who, what, item["id"]) for who, what in sorted(people) if who != item["organizer"]["email"]
        ]


def _timed(item: Item) -> Item:
    """An instance that was cancelled says no more than where it was."""
    return item if "start" in item else {**item, "start": item["originalStartTime"], "end": item["originalStartTime"]}


def _instance(master: Item, name: str) -> Item | None:
    """The instance of that name as the rule brings it; None where it brings none."""
    try:
        end = datetime.strptime(name.rpartition("_")[2][:8], "%Y%m%d").replace(tzinfo=UTC) + timedelta(days=2)
    except ValueError:
        return None
    at = next((at for at in originals(master, (None, end)) if name_of(master, at) == name), None)
    return instance(master, at) if at is not None else None


def merged(held: Any, said: Any) -> Any:
    """As PATCH has it: objects are merged, and lose what is null; lists and all else are replaced."""
    if not isinstance(held, dict) or not isinstance(said, dict):
        return deepcopy(said)
    both = held | {name: merged(held.get(name), value) for name, value in said.items()}
    return {name: value for name, value in both.items() if value is not None}
