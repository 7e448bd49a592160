"""Folders and items of Exchange's mailboxes: what all kinds of items have in common.

A kind keeps its own items, and shows each as one whole element; what was asked of it is picked out here.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from itertools import count
from typing import Any, Protocol

from fakes.ews.soap import (
    ABSENT,
    NAMES,
    SCHEMA,
    Call,
    Element,
    RefusedError,
    Soap,
    first,
    local,
    m,
    respond,
    t,
    text,
)
from lxml import etree

Path = Any  # a FieldURI, IndexedFieldURI or ExtendedFieldURI
_numbers = count(1)


class Kind(Protocol):
    """One kind of item. Methods raise RefusedError; `who` is the mailbox's address, `folder` a distinguished name."""

    def create(self, call: Call, who: str, folder: str, given: Element) -> Element:
        """Make what a CreateItem holds; the answer's element, with the id. `call.body` has the dispositions."""
        ...

    def held(self, who: str, folder: str) -> Iterable[Element]:
        """The whole items in a folder."""
        ...

    def view(self, who: str, folder: str, start: datetime, end: datetime) -> Iterable[Element]:
        """The whole items that a calendar shows between two moments, each occurrence of a series for itself."""
        ...

    def get(self, who: str, item_id: Element) -> Element | None:
        """The whole item with an ItemId, OccurrenceItemId or RecurringMasterItemId; None where it is not of this kind.

        Raises RefusedError where it was one and is none any more.
        """
        ...

    def update(self, call: Call, who: str, change: Element) -> Element:
        """Carry out an ItemChange of an item that `get` knows; the answer's element, with the id."""
        ...

    def delete(self, call: Call, who: str, item_id: Element) -> None:
        """Delete an item that `get` knows."""
        ...


def new_id(kind: str) -> str:
    """An id that nobody has had, with all the signs that real ones hold."""
    return f"AAMk/{kind}+{next(_numbers):06}=="


def item_id(name: str, key: str) -> Element:
    return t("ItemId", Id=name, ChangeKey=key)


@dataclass
class Items:
    """Mounts the operations on folders and items."""

    soap: Soap
    kinds: dict[str, Kind]  # by the name of their element

    def __post_init__(self) -> None:
        ours = (self.create_item, self.get_item, self.update_item, self.delete_item, self.find_item, self.get_folder)
        for operation in ours:
            name = "".join(word.capitalize() for word in operation.__name__.split("_"))
            self.soap.operations[name] = operation

    # --- operations ---

    def create_item(self, call: Call) -> Element:
        who, folder = call.who, ""
        if (parent := first(call.body, "m:SavedItemFolderId")) is not None:
            who, folder = self.folder(call, parent[0])

        def make(given: Element) -> Iterator[Element]:
            made = self._kind(local(given)).create(call, who, folder, given)
            yield m("Items", *([made] if made is not None else []))

        return respond("CreateItem", first(call.body, "m:Items"), make)

    def get_item(self, call: Call) -> Element:
        shape = first(call.body, "m:ItemShape")

        def show(name: Element) -> Iterator[Element]:
            yield m("Items", shaped(self.whole(call, name)[1], shape))

        return respond("GetItem", first(call.body, "m:ItemIds"), show)

    def update_item(self, call: Call) -> Element:
        def change(asked: Element) -> Iterator[Element]:
            kind, _ = self.whole(call, asked[0])
            changed = kind.update(call, call.who, asked)
            yield m("Items", *([changed] if changed is not None else []))
            yield m("ConflictResults", t("Count", "0"))

        return respond("UpdateItem", first(call.body, "m:ItemChanges"), change)

    def delete_item(self, call: Call) -> Element:
        def remove(name: Element) -> Iterator[Element]:
            self.whole(call, name)[0].delete(call, call.who, name)
            return iter(())

        return respond("DeleteItem", first(call.body, "m:ItemIds"), remove)

    def find_item(self, call: Call) -> Element:
        def look(parent: Element) -> Iterator[Element]:
            found = self._found(call, *self.folder(call, parent))
            yield self._page(call, found)

        return respond("FindItem", first(call.body, "m:ParentFolderIds"), look)

    def get_folder(self, call: Call) -> Element:
        def show(asked: Element) -> Iterator[Element]:
            who, name = self.folder(call, asked)
            kind, of = ("CalendarFolder", "IPF.Appointment") if name == "calendar" else ("Folder", "IPF.Note")
            told = [t("FolderClass", of), t("DisplayName", name), t("DistinguishedFolderId", name)]
            yield m("Folders", t(kind, t("FolderId", Id=f"{who}/{name}", ChangeKey="1"), *told))

        return respond("GetFolder", first(call.body, "m:FolderIds"), show)

    # --- what they stand on ---

    def folder(self, call: Call, asked: Element) -> tuple[str, str]:
        """The mailbox and the distinguished name of a folder, by that name or by its id."""
        if local(asked) == "FolderId":
            who, _, name = asked.get("Id").rpartition("/")
        else:
            who, name = text(asked, "t:Mailbox/t:EmailAddress"), asked.get("Id")
        return self.soap.reach(call, who), name

    def whole(self, call: Call, name: Element) -> tuple[Kind, Element]:
        """The item with this id in the mailbox that is asked, and its kind."""
        for kind in self.kinds.values():
            if (found := kind.get(call.who, name)) is not None:
                return kind, found
        raise RefusedError("ErrorItemNotFound", "The specified object was not found in the store.")

    def _kind(self, name: str) -> Kind:
        if name not in self.kinds:
            raise RefusedError("ErrorInvalidRequest", f"this fake knows no {name}")
        return self.kinds[name]

    def _found(self, call: Call, who: str, folder: str) -> list[Element]:
        if (view := first(call.body, "m:CalendarView")) is not None:
            between = moment(view.get("StartDate")), moment(view.get("EndDate"))
            return [one for kind in self.kinds.values() for one in kind.view(who, folder, *between)]
        found = [one for kind in self.kinds.values() for one in kind.held(who, folder)]
        if (restriction := first(call.body, "m:Restriction")) is not None:
            found = [one for one in found if meets(one, restriction[0])]
        for order in reversed(call.body.findall("m:SortOrder/t:FieldOrder", NAMES)):
            found.sort(key=lambda one: value(one, order[0]) or "", reverse=order.get("Order") == "Descending")
        return found

    def _page(self, call: Call, found: list[Element]) -> Element:
        page, begin, size = first(call.body, "m:IndexedPageItemView"), 0, len(found)
        if page is not None:
            begin, size = int(page.get("Offset")), int(page.get("MaxEntriesReturned", size))
        shape, end = first(call.body, "m:ItemShape"), begin + size
        more = {"IndexedPagingOffset": str(end)} if end < len(found) else {}
        last = "true" if end >= len(found) else "false"
        items = t("Items", *(shaped(one, shape) for one in found[begin:end]))
        return m("RootFolder", items, TotalItemsInView=str(len(found)), IncludesLastItemInRange=last, **more)


# --- elements ------------------------------------------------------------------------------------


def moment(written: str) -> datetime:
    return datetime.fromisoformat(written).astimezone(UTC)


def shaped(whole: Element, shape: Element) -> Element:
    """What was asked of an item: its id, and the properties that the shape names."""
    one = etree.Element(whole.tag, nsmap=NAMES)
    every = text(shape, "t:BaseShape") != "IdOnly"
    paths = shape.findall("t:AdditionalProperties/*", NAMES)
    for child in whole:
        if every or local(child) == "ItemId" or any(_is_at(child, path) for path in paths):
            one.append(etree.fromstring(etree.tostring(child)))
    return in_order(one)


def _is_at(child: Element, path: Path) -> bool:
    match local(path):
        case "FieldURI":
            return local(child) == path.get("FieldURI").partition(":")[2]
        case "IndexedFieldURI":
            return local(child) + ":" in path.get("FieldURI") + "s:"
    return local(child) == "ExtendedProperty" and same_property(child[0], path)


def same_property(one: Element, other: Element) -> bool:
    """Whether two ExtendedFieldURIs name the same property; a GUID's case is no difference."""
    return {k: v.lower() for k, v in one.items()} == {k: v.lower() for k, v in other.items()}


def at(item: Element, path: Path) -> Element | None:
    """The property of an item at a path, if it has it."""
    return next((child for child in item if _is_at(child, path)), None)


def value(item: Element, path: Path) -> str | None:
    """The same as text."""
    found = at(item, path)
    if found is None:
        return None
    return text(found, "t:Value") if local(found) == "ExtendedProperty" else found.text or ""


def meets(item: Element, asked: Element) -> bool:
    """Whether an item meets a restriction."""
    match local(asked):
        case "And":
            return all(meets(item, one) for one in asked)
        case "Or":
            return any(meets(item, one) for one in asked)
        case "Not":
            return not meets(item, asked[0])
        case "Exists":
            return value(item, asked[0]) is not None
        case "Contains":
            return asked[1].get("Value").lower() in (value(item, asked[0]) or "").lower()
    return _compared(local(asked), value(item, asked[0]), asked[1][0].get("Value"))


def _compared(how: str, mine: str | None, theirs: str) -> bool:
    if mine is None:
        return how == "IsNotEqualTo"
    one, other = _comparable(mine), _comparable(theirs)
    return {
        "IsEqualTo": one == other,
        "IsNotEqualTo": one != other,
        "IsGreaterThan": one > other,
        "IsGreaterThanOrEqualTo": one >= other,
        "IsLessThan": one < other,
        "IsLessThanOrEqualTo": one <= other,
    }[how]


def _comparable(written: str) -> str:
    try:
        return moment(written).isoformat() if "T" in written else written
    except ValueError:
        return written


# --- the order that the schema wants --------------------------------------------------------------


def in_order(item: Element) -> Element:
    """The item with its properties in the order of the schema, where that is at hand."""
    order = [] if ABSENT else _sequence(f"{local(item)}Type")
    item[:] = sorted(item, key=lambda child: order.index(local(child)) if local(child) in order else -1)
    return item


@cache
def _types() -> Element:
    return etree.parse(SCHEMA.with_name("types.xsd")).getroot()


@cache
def _sequence(name: str) -> list[str]:
    """The names of the elements that a complex type may hold, those of the types it extends first."""
    schema = {"x": "http://www.w3.org/2001/XMLSchema"}
    found = next((one for one in _types().findall("x:complexType", schema) if one.get("name") == name), None)
    if found is None:
        return []
    base = found.find("x:complexContent/x:extension", schema)
    above = [] if base is None else _sequence(base.get("base").removeprefix("t:"))
    return above + [one.get("name") or one.get("ref").removeprefix("t:") for one in found.iter("{*}element")]
