"""Calendar items as EWS shows them and takes them, and who is free when."""

from copy import deepcopy
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from fakes.ews.diary import NOBODY_SAID, Asked, Diaries, Entry
from fakes.ews.items import Items, in_order, item_id, moment, same_property
from fakes.ews.recurring import zone_of
from fakes.ews.soap import NAMES, Call, Element, RefusedError, first, local, m, t, text
from lxml import etree

LONGEST = timedelta(days=62)  # of a window of GetUserAvailability
TIMES = {"Start", "End", "StartTimeZone", "EndTimeZone", "IsAllDayEvent", "Recurrence", "LegacyFreeBusyStatus"}


@dataclass
class CalendarItems:
    """The kind CalendarItem, and GetUserAvailability."""

    items: Items
    diaries: Diaries

    def __post_init__(self) -> None:
        self.items.kinds["CalendarItem"] = self
        self.items.soap.operations["GetUserAvailability"] = self.get_user_availability

    # --- the kind ---

    def create(self, call: Call, who: str, folder: str, given: Element) -> Element:
        del folder
        entry = _drafted(given)
        entry.created += timedelta(seconds=len(self.diaries.own[who]))
        self.diaries.make(who, entry, tell=_tells(call.body, "SendMeetingInvitations"))
        return t("CalendarItem", item_id(entry.id, str(entry.key)))

    def held(self, who: str, folder: str) -> list[Element]:
        own = self.diaries.own.get(who, {}).values() if folder == "calendar" else ()
        return [whole(entry, entry, None, who) for entry in own]

    def view(self, who: str, folder: str, start: datetime, end: datetime) -> list[Element]:
        own = self.diaries.own.get(who, {}).values() if folder == "calendar" else ()
        return [
            whole(entry, self.diaries.session(entry, at) if at else entry, at, who)
            for entry in own
            for at, begin, until in entry.sessions(end)
            if begin < end and until > start
        ]

    def get(self, who: str, item_id: Element) -> Element | None:
        if (found := self._found(who, item_id)) is None:
            return None
        entry, at = found
        return whole(entry, self.diaries.session(entry, at) if at else entry, at, who)

    def update(self, call: Call, who: str, change: Element) -> Element:
        entry, at = self._found(who, change[0])
        if call.body.get("ConflictResolution") == "NeverOverwrite" and change[0].get("ChangeKey") != str(entry.key):
            raise RefusedError("ErrorIrresolvableConflict")
        one = deepcopy(self.diaries.session(entry, at)) if at else entry
        before = deepcopy(one)
        for update in first(change, "t:Updates"):
            _apply(one, update)
        _round(one)
        self.diaries.settle(entry, before, at, one)
        if _tells(call.body, "SendMeetingInvitationsOrCancellations"):
            self.diaries.withdraw(entry, _addresses(before) - _addresses(one))
            self.diaries.tell(entry, at)
        return t("CalendarItem", item_id(one.id, str(entry.key)))

    def delete(self, call: Call, who: str, item_id: Element) -> None:
        entry, at = self._found(who, item_id)
        if at:
            self.diaries.session(entry, at)  # it may be gone already
        self.diaries.drop(who, entry, at, tell=_tells(call.body, "SendMeetingCancellations"))

    def _found(self, who: str, name: Element) -> tuple[Entry, datetime | None] | None:
        if local(name) != "OccurrenceItemId":
            return self.diaries.find(who, name.get("Id", ""))
        found = self.diaries.find(who, name.get("RecurringMasterId"))
        if found is None:
            return None
        index, starts = int(name.get("InstanceIndex")), found[0].originals()
        if not 0 < index <= len(starts):
            raise RefusedError("ErrorCalendarOccurrenceIndexIsOutOfRecurrenceRange")
        return found[0], starts[index - 1]

    # --- free/busy ---

    def get_user_availability(self, call: Call) -> Element:
        window = first(call.body, "t:FreeBusyViewOptions/t:TimeWindow")
        start, end = (datetime.fromisoformat(text(window, f"t:{at}Time")).astimezone(UTC) for at in ("Start", "End"))
        asked = call.body.findall("m:MailboxDataArray/t:MailboxData", NAMES)
        answers = [self._free_busy(text(one, "t:Email/t:Address").lower(), start, end) for one in asked]
        return m("GetUserAvailabilityResponse", m("FreeBusyResponseArray", *answers))

    def _free_busy(self, who: str, start: datetime, end: datetime) -> Element:
        if end - start > LONGEST:
            return _unknown("ErrorTimeIntervalTooBig")
        if who not in self.diaries.own:
            return _unknown("ErrorMailRecipientNotFound")
        if who in self.diaries.failing:
            return _unknown("ErrorMailboxStoreUnavailable")
        if who in self.diaries.unseen:
            return _unknown("ErrorNoFreeBusyAccess")
        events = [
            t("CalendarEvent", t("StartTime", f"{s:%Y-%m-%dT%H:%M:%S}"), t("EndTime", f"{e:%Y-%m-%dT%H:%M:%S}"),
              t("BusyType", status))
            for s, e, status in self.diaries.taken(who, start, end)
        ]  # fmt: skip
        view = [t("FreeBusyViewType", "FreeBusy"), *([t("CalendarEventArray", *events)] if events else [])]
        said = m("ResponseMessage", m("ResponseCode", "NoError"), ResponseClass="Success")
        return m("FreeBusyResponse", said, m("FreeBusyView", *view))


def _unknown(code: str) -> Element:
    told = m("MessageText", "It went wrong."), m("ResponseCode", code), m("DescriptiveLinkKey", "0")
    return m("FreeBusyResponse", m("ResponseMessage", *told, ResponseClass="Error"))


def _tells(body: Element, attribute: str) -> bool:
    return body.get(attribute) != "SendToNone"


def _addresses(entry: Entry) -> set[str]:
    return {one.address for one in entry.asked}


# --- what is given -------------------------------------------------------------------------------


def _drafted(given: Element) -> Entry:
    entry = Entry(moment(text(given, "t:Start")), moment(text(given, "t:End")))
    for part in given:
        _set(entry, part)
    _round(entry)
    return entry


def _apply(entry: Entry, update: Element) -> None:
    if local(update) == "SetItemField":
        _set(entry, update[1][0])
    elif update[0].get("FieldURI") == "calendar:Recurrence":
        entry.recurrence = None
    elif update[0].get("FieldURI") == "calendar:RequiredAttendees":
        entry.asked = []
    else:
        entry.said.pop(update[0].get("FieldURI", "").partition(":")[2], None)


def _set(entry: Entry, part: Element) -> None:
    match local(part):
        case "Start":
            entry.start = moment(part.text)
        case "End":
            entry.end = moment(part.text)
        case "StartTimeZone":
            entry.zone = part.get("Id")
        case "IsAllDayEvent":
            entry.all_day = part.text in {"true", "1"}
        case "LegacyFreeBusyStatus":
            entry.status = part.text
        case "Recurrence":
            entry.recurrence = etree.fromstring(etree.tostring(part))
        case "RequiredAttendees":
            entry.asked = [_asked(one) for one in part]
        case "ExtendedProperty":
            entry.extended = [one for one in entry.extended if not same_property(one[0], part[0])]
            entry.extended.append(etree.fromstring(etree.tostring(part)))
        case tag if tag not in TIMES:
            entry.said[tag] = etree.fromstring(etree.tostring(part))


def _asked(one: Element) -> Asked:
    box = first(one, "t:Mailbox")
    address = text(box, "t:EmailAddress").lower()
    return Asked(address, text(box, "t:Name") or address, text(one, "t:ResponseType", "Unknown"))


def _round(entry: Entry) -> None:
    """What lasts all day begins and ends at midnight; a series begins with the first session of its pattern."""
    if entry.all_day:
        zone = zone_of(entry.zone)
        entry.start, entry.end = (
            each.astimezone(zone).replace(hour=0, minute=0).astimezone(UTC) for each in (entry.start, entry.end)
        )
    if entry.recurrence is not None:
        length, begins = entry.end - entry.start, entry.originals()[0]
        entry.start, entry.end = begins, begins + length


# --- what is shown -------------------------------------------------------------------------------


def written(when: datetime) -> str:
    return f"{when:%Y-%m-%dT%H:%M:%SZ}"


def whole(entry: Entry, one: Entry, at: datetime | None, who: str) -> Element:
    """All that GetItem tells of an entry, or of one session of it (`one`, whose original start is `at`)."""
    kind = "Single" if entry.recurrence is None else "RecurringMaster"
    if at:
        kind = "Exception" if at in entry.changed else "Occurrence"
    item = t(
        "CalendarItem",
        item_id(one.id, str(entry.key)),
        *(etree.fromstring(etree.tostring(each)) for each in [*one.said.values(), *one.extended]),
        t("DateTimeCreated", written(entry.created)),
        t("UID", entry.uid),
        t("Start", written(one.start)),
        t("End", written(one.end)),
        *([t("OriginalStart", written(at))] if at else []),
        t("IsAllDayEvent", str(one.all_day).lower()),
        t("LegacyFreeBusyStatus", one.status),
        t("IsCancelled", "false"),
        t("CalendarItemType", kind),
        t("MyResponseType", "Organizer" if one.asked else "Unknown"),
        t("Organizer", _mailbox(who, who)),
        *([t("RequiredAttendees", *(_attendee(each) for each in one.asked))] if one.asked else []),
        *_zones(one),
        *_body(one),
        *(_series(entry) if kind == "RecurringMaster" else []),
    )
    return in_order(item)


def _body(one: Entry) -> list[Element]:
    body = one.said.get("Body")
    return [] if body is None else [t("TextBody", (body.text or "").replace("\n", "\r\n"), BodyType="Text")]


def _zones(one: Entry) -> list[Element]:
    if one.definition is not None:
        return [_named(one.definition, tag) for tag in ("StartTimeZone", "EndTimeZone")]
    return [t(tag, Id=one.zone, Name=f"(UTC) {one.zone}") for tag in ("StartTimeZone", "EndTimeZone")]


def _named(definition: Element, tag: str) -> Element:
    copy = etree.fromstring(etree.tostring(definition))
    copy.tag = t(tag).tag
    return copy


def _mailbox(address: str, name: str) -> Element:
    return t("Mailbox", t("Name", name), t("EmailAddress", address), t("RoutingType", "SMTP"))


def _attendee(one: Asked) -> Element:
    proposed = [
        t(f"Proposed{name}", written(at)) for name, at in zip(("Start", "End"), one.proposed or (), strict=False)
    ]
    answered = [] if one.said in NOBODY_SAID else [t("LastResponseTime", "2027-01-05T08:00:00Z")]
    return t("Attendee", _mailbox(one.address, one.name), t("ResponseType", one.said), *answered, *proposed)


def _series(entry: Entry) -> list[Element]:
    changed = [
        t("Occurrence", item_id(one.id, str(entry.key)), t("Start", written(one.start)), t("End", written(one.end)),
          t("OriginalStart", written(at)))
        for at, one in sorted(entry.changed.items())
    ]  # fmt: skip
    gone = [t("DeletedOccurrence", t("Start", written(at))) for at in sorted(entry.gone)]
    return [
        etree.fromstring(etree.tostring(entry.recurrence)),
        *([t("ModifiedOccurrences", *changed)] if changed else []),
        *([t("DeletedOccurrences", *gone)] if gone else []),
    ]
