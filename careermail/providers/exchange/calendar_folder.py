"""The calendar of one mailbox, as far as it holds events of ours: looked up by our properties, changed by their ids."""

from __future__ import annotations

from collections import OrderedDict, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from copy import copy
from typing import TYPE_CHECKING, Any

from careermail.model import Person, stamp
from careermail.providers.exchange.account import Mailboxes
from careermail.providers.exchange.calendar_held import Held, utc

if TYPE_CHECKING:
    from exchangelib import Account, CalendarItem

# What is read of an item; the rest of it is nobody's business but its organizer's.
_OF_ALL = ("start", "end", "is_all_day", "is_cancelled", "subject", "legacy_free_busy_status", "required_attendees")
_OF_ITEMS = (*_OF_ALL, "uid", "datetime_created", "recurrence", "modified_occurrences", "deleted_occurrences",
             "careermail_uid", "careermail_series", "careermail_sequence")  # fmt: skip
_OF_EXCEPTIONS = (*_OF_ALL, "original_start")


class Known:
    """Items with their exceptions as they were last read, which they are for as long as their change key stays."""

    def __init__(self, bound: int = 2_000) -> None:
        self._bound = bound
        self._held: OrderedDict[str, tuple[CalendarItem, tuple[CalendarItem, ...]]] = OrderedDict()

    def has(self, name: str, key: str) -> bool:
        """Whether this version of an item is held."""
        return name in self._held and self._held[name][0].changekey == key

    def get(self, name: str) -> tuple[CalendarItem, tuple[CalendarItem, ...]]:
        """An item that is held, and its exceptions. Neither is to be changed."""
        self._held.move_to_end(name)
        return self._held[name]

    def keep(self, item: CalendarItem, exceptions: tuple[CalendarItem, ...]) -> None:
        """Hold what was read; what was not asked for in the longest time goes."""
        self._held[item.id] = item, exceptions
        self._held.move_to_end(item.id)
        if len(self._held) > self._bound:
            self._held.popitem(last=False)


class CalendarFolder:
    """The calendar of an organizer. Every method may raise ProviderError."""

    def __init__(self, mailboxes: Mailboxes, organizer: Person, known: Known) -> None:
        import careermail.providers.exchange.properties  # noqa: F401 (it makes the library know our properties)

        self._mailboxes, self._organizer, self._known = mailboxes, organizer, known

    @contextmanager
    def _opened(self) -> Iterator[Account]:
        """The organizer's account. What is not found was there a moment ago: it is read again."""
        from exchangelib.errors import ErrorIrresolvableConflict, ErrorItemNotFound

        with self._mailboxes.open(self._organizer.email, self._organizer.timezone) as account:
            try:
                yield account
            except ErrorItemNotFound as error:
                raise ErrorIrresolvableConflict(str(error)) from error

    # --- what is there ---

    def series(self, marker: str) -> list[Held]:
        """The events of a series."""
        return self._held(careermail_series=marker)

    def ours(self) -> list[Held]:
        """The events of every series."""
        return self._held(careermail_series__exists=True)

    def one(self, uid: str) -> Held | None:
        """An event by its UID: ours, or the server's where it was split off."""
        held = self._held(careermail_uid=uid) if "@" in uid else self.ours()
        return next((one for one in held if one.uid == uid), None)

    def session(self, held: Held, recurrence_id: str) -> CalendarItem | None:
        """One session of an event as an item of its own; None where there is no such session.

        What was not changed yet is asked for by its place in the series, and is checked to be the one that was meant.
        Raises ProviderError (permanent) where it was deleted.
        """
        if not recurrence_id:
            return None if held.recurs else held.item
        if found := held.exception(recurrence_id):
            return found
        if not (index := held.index(recurrence_id)):
            return None
        found = self._occurrence(held.item, index)
        return found if stamp(utc(found.start)) == recurrence_id else None

    def _occurrence(self, master: CalendarItem, index: int) -> CalendarItem:
        from exchangelib.properties import OccurrenceItemId

        name = OccurrenceItemId(id=master.id, changekey=master.changekey, instance_index=index)
        with self._opened() as account:
            (found,) = _sound(account.fetch([name], only_fields=_fields(account, _OF_ALL)))
        return found

    def _held(self, **wanted: Any) -> list[Held]:
        with self._opened() as account:
            keys = dict(_sound(account.calendar.filter(**wanted).values_list("id", "changekey")))
        self._read({name: key for name, key in keys.items() if not self._known.has(name, key)})
        both = [self._known.get(name) for name in keys]
        names = _names(item for item, _ in both)
        return [Held(names[item.id], item, exceptions, self._organizer) for item, exceptions in both]

    def _read(self, keys: Mapping[str, str]) -> None:
        """Ask for these items, and for all that was changed of those that are series."""
        items = self._asked(keys.items(), _OF_ITEMS)
        changed = {one.id: one.changekey for item in items for one in item.modified_occurrences or ()}
        exceptions = {one.id: one for one in self._asked(changed.items(), _OF_EXCEPTIONS)}
        for item in items:
            of_it = tuple(exceptions[one.id] for one in item.modified_occurrences or ())
            self._known.keep(item, of_it)

    def _asked(self, names: Collection[tuple[str, str]], fields: tuple[str, ...]) -> list[CalendarItem]:
        if not names:
            return []
        with self._opened() as account:
            return _sound(account.fetch(names, only_fields=_fields(account, fields)))

    # --- what is done ---

    def create(self, fields: Mapping[str, Any]) -> None:
        """Put a new item there and invite its attendees; the library by itself would invite nobody."""
        from exchangelib import CalendarItem
        from exchangelib.items import SEND_TO_ALL_AND_SAVE_COPY, SEND_TO_NONE

        tell = SEND_TO_ALL_AND_SAVE_COPY if fields.get("required_attendees") else SEND_TO_NONE
        with self._opened() as account:
            item = CalendarItem(account=account, folder=account.calendar, **fields)
            item.save(send_meeting_invitations=tell)

    def update(self, item: CalendarItem, fields: Mapping[str, Any], *, tell: bool = True) -> None:
        """Change these fields of an item and no others, and let its attendees know.

        Raises ProviderError where somebody changed the item since it was read.
        """
        from exchangelib.items import NEVER_OVERWRITE, SAVE_ONLY, SEND_TO_ALL_AND_SAVE_COPY, SEND_TO_NONE
        from exchangelib.services import UpdateItem

        wanted = copy(item)  # what was read stays as it was read, whatever becomes of this
        for name, value in fields.items():
            setattr(wanted, name, value)
        named = [name for name in fields if not name.startswith("_")]  # zones go with the times
        with self._opened() as account:
            UpdateItem(account=account).get(  # past `save`, which is taken aback where a session gets an id of its own
                items=[(wanted, named)],
                conflict_resolution=NEVER_OVERWRITE,
                message_disposition=SAVE_ONLY,
                send_meeting_invitations_or_cancellations=SEND_TO_ALL_AND_SAVE_COPY
                if tell and _asks(wanted)
                else SEND_TO_NONE,
                suppress_read_receipts=True,
            )

    def delete(self, item: CalendarItem) -> None:
        """Move an item to the deleted ones, and let its attendees know that it is cancelled; gone is gone."""
        from exchangelib.errors import ErrorItemNotFound
        from exchangelib.items import ALL_OCCURRENCES, MOVE_TO_DELETED_ITEMS, SEND_TO_ALL_AND_SAVE_COPY, SEND_TO_NONE
        from exchangelib.services import DeleteItem

        with self._opened() as account, suppress(ErrorItemNotFound):
            DeleteItem(account=account).get(
                items=[item],
                delete_type=MOVE_TO_DELETED_ITEMS,
                send_meeting_cancellations=SEND_TO_ALL_AND_SAVE_COPY if _asks(item) else SEND_TO_NONE,
                affected_task_occurrences=ALL_OCCURRENCES,
                suppress_read_receipts=True,
            )


def _asks(item: CalendarItem) -> bool:
    return bool(item.required_attendees)


def _fields(account: Account, names: tuple[str, ...]) -> list[str]:
    from exchangelib.version import EXCHANGE_2013

    return [*names, "text_body" if account.version.build >= EXCHANGE_2013 else "body"]


def _sound(answers: Iterable[Any]) -> list[Any]:
    """The items that were asked for; what the library returns instead of raising it is raised."""
    found = list(answers)
    for one in found:
        if isinstance(one, Exception):
            raise one
    return found


def _names(items: Iterable[CalendarItem]) -> dict[str, str]:
    """The UID of each item, by its id.

    Programs that split a series may copy our properties with it: the eldest item bears our UID, the others their own.
    """
    alike: defaultdict[str, list[CalendarItem]] = defaultdict(list)
    for item in items:
        alike[item.careermail_uid or ""].append(item)
    names: dict[str, str] = {}
    for uid, both in alike.items():
        eldest = min(both, key=lambda item: (item.datetime_created, item.id))
        names |= {item.id: uid if item is eldest and uid else str(item.uid) for item in both}
    return names
