"""The events of ours in one calendar, kept as they were last read; an unchanged calendar costs one small request.

Nothing of other people's events is kept: what changes in the calendar is looked at for our marker, and let go.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from urllib.parse import quote, urljoin

from careermail.errors import ProviderError
from careermail.mail.invite import SERIES
from careermail.model import opaque
from careermail.providers.standards.caldav.account import MULTISTATUS, Account
from careermail.providers.standards.caldav.item import Item
from careermail.providers.standards.caldav.web import MOVED, Answer, Web
from careermail.providers.standards.caldav.xml import (
    OK,
    Resource,
    document,
    element,
    hrefs,
    path_of,
    props,
    tag,
)

GONE = frozenset({404, 410})
WRITTEN = frozenset({200, 201, 204})
# A PUT that came too late, or an event that is there under another name (RFC 4791, 5.3.2.1: each server its own way).
CONFLICT = frozenset({409, 412})
TAKEN = (b"no-uid-conflict", b"unique-scheduling-object-resource")
# What says no to a sync-token, or to syncing at all (RFC 6578, 3.2); then the calendar is read anew.
UNSYNCED = frozenset({400, 403, 405, 409, 410, 412, 415, 422, 501})
TRUNCATED = 507
A_BATCH = 50
XML = {"Content-Type": "application/xml; charset=utf-8"}
_ETAGS = props("D:getetag")
_WHOLE = element("D:prop", "<D:getetag/>", "<C:calendar-data/>")
_OURS = element(
    "C:filter",
    element(
        "C:comp-filter",
        element(
            "C:comp-filter",
            element("C:prop-filter", attributes=f'name="{SERIES}"'),
            attributes='name="VEVENT"',
        ),
        attributes='name="VCALENDAR"',
    ),
)


class LostError(ProviderError):
    """The calendar is not where it was."""


class Collection:
    """One calendar on a server. Every method may raise ProviderError."""

    def __init__(self, web: Web, account: Account) -> None:
        self._web, self._account = web, account
        self._items: dict[str, Item] = {}
        self.known = False  # whether it was ever read
        self._token = self._ctag = ""
        self._etags: dict[str, str] = {}  # of all that is in the calendar, as digests; only where it cannot sync

    # --- what is there ---

    def refresh(self) -> None:
        """Let what is kept be what the server holds.

        A calendar that is not there is an error, and never an empty one: else all would be taken as cancelled.
        """
        if not self.known:
            self._load()
        elif self._token:
            self._sync()
        else:
            self._compare()

    def items(self, marker: str = "") -> list[Item]:
        """The events of ours as last read, of one series if so asked; in the order of their urls."""
        kept = (item for _, item in sorted(self._items.items()))
        return [item for item in kept if not marker or item.marker == marker]

    def item(self, uid: str) -> Item | None:
        """The event of that UID: as kept, or as it stands under the name that we would give it."""
        kept = next((item for item in self.items() if uid in item.uids), None)
        if kept:
            return kept
        found = self._got(self.place(uid))
        return found if found and uid in found.uids else None

    def lacks(self, uid: str) -> bool:
        """Whether it was read, and the event was not there."""
        return self.known and not any(uid in item.uids for item in self.items())

    def _got(self, url: str) -> Item | None:
        answer = self._web.ask("GET", url, fine=frozenset({OK}) | GONE)
        return None if answer.status in GONE else _held(answer.url, answer)

    def place(self, uid: str) -> str:
        """The url that an event of ours gets."""
        safe = uid if len(uid) <= 200 and uid.isprintable() else opaque(uid)  # noqa: PLR2004 (file systems stop at 255)
        return urljoin(self._account.calendar, f"{quote(safe, safe='@+=,~')}.ics")

    # --- what we write ---

    def write(self, uid: str, content: bytes, over: Item | None) -> Item | None:
        """Create the event, or change it from what it was; what the server holds then.

        None where somebody else was there first.
        """
        condition = {"If-Match": over.etag} if over and over.etag else {} if over else {"If-None-Match": "*"}
        headers = {"Content-Type": "text/calendar; charset=utf-8", "Prefer": "return=representation", **condition}
        url = over.url if over else self.place(uid)
        answer = self._web.ask("PUT", url, content, headers, fine=WRITTEN | CONFLICT | GONE | MOVED | {403})
        if answer.status == 403 and not any(name in answer.body for name in TAKEN):  # noqa: PLR2004
            raise self._web.failed(f"it forbids to write into {self._account.calendar}; grant it", urgent=True)
        if answer.status in MOVED or (answer.status in GONE and not over):
            raise self._lost()
        if answer.status not in WRITTEN:
            return None
        if answer.body and "text/calendar" in answer.header("Content-Type"):
            return _held(url, answer)
        return self._got(url) if self._account.advertises else Item(url, answer.header("ETag"), content.decode())

    def remove(self, item: Item) -> bool:
        """Delete an event; False where somebody changed it before."""
        condition = {"If-Match": item.etag} if item.etag else {}
        answer = self._web.ask("DELETE", item.url, headers=condition, fine=WRITTEN | CONFLICT | GONE)
        return answer.status not in CONFLICT

    # --- how it is read ---

    def _load(self) -> None:
        """Everything, from the beginning; the state first, so that what changes meanwhile is seen the next time."""
        self._token, self._ctag = self._state()
        listed = [] if self._token else self._listed()
        self._items = {}
        self._keep(self._query())
        if not self._items:
            # It may be that there is nothing of ours; or that the server does not know how to look for it.
            self._fetch([one.url for one in listed or self._listed()])
        self._etags = _digests(listed)
        self.known = True

    def _state(self) -> tuple[str, str]:
        answer = self._ask("PROPFIND", document("D:propfind", props("D:sync-token", "S:getctag")), {"Depth": "0"})
        here = self._web.understood(answer)[0][0]
        syncs = tag("D:sync-collection") in self._account.reports
        return here.text("D:sync-token") if syncs else "", here.text("S:getctag")

    def _query(self) -> list[Resource]:
        """What has our marker, if the server can tell."""
        if tag("C:calendar-query") not in self._account.reports:
            return []
        answer = self._ask("REPORT", document("C:calendar-query", _WHOLE, _OURS), {"Depth": "1"}, UNSYNCED)
        found = self._web.understood(answer)[0] if answer.status in MULTISTATUS else []
        return [] if any(one.status == TRUNCATED for one in found) else found

    def _sync(self) -> None:
        """What changed since the last time (RFC 6578)."""
        while True:
            asked = element("D:sync-token", self._token), element("D:sync-level", "1"), _ETAGS
            answer = self._ask("REPORT", document("D:sync-collection", *asked), {"Depth": "0"}, UNSYNCED)
            if answer.status in UNSYNCED:
                self._load()
                return
            found, token = self._web.understood(answer)
            self._follow(one for one in found if one.key != path_of(self._account.calendar))
            self._token = token or self._token
            if not any(one.status == TRUNCATED for one in found):
                return

    def _follow(self, changes: Iterable[Resource]) -> None:
        changed = []
        for one in changes:
            if one.status in GONE:
                self._items.pop(one.key, None)
            elif one.key not in self._items or self._items[one.key].etag != one.text("D:getetag"):
                changed.append(one.url)
        self._fetch(changed)

    def _compare(self) -> None:
        """The same, where the server cannot tell what changed, but at most that something did (getctag)."""
        _, ctag = self._state()
        if ctag and ctag == self._ctag:
            return
        listed = self._listed()
        for key in self._items.keys() - {one.key for one in listed}:
            del self._items[key]
        etags = _digests(listed)
        self._fetch([one.url for one in listed if self._etags.get(opaque(one.key)) != etags[opaque(one.key)]])
        self._etags, self._ctag = etags, ctag

    def _listed(self) -> list[Resource]:
        asked = self._ask("PROPFIND", document("D:propfind", _ETAGS), {"Depth": "1"})
        return [one for one in self._web.understood(asked)[0] if one.key != path_of(self._account.calendar)]

    def _fetch(self, urls: list[str]) -> None:
        for batch in _batches(urls):
            asked = document("C:calendar-multiget", _WHOLE, hrefs(quote_path(url) for url in batch))
            self._keep(self._web.understood(self._ask("REPORT", asked, {"Depth": "1"}))[0])

    def _keep(self, found: Iterable[Resource]) -> None:
        for one in found:
            before = self._items.pop(one.key, None)
            text = one.text("C:calendar-data")
            # A program may drop what it does not know, while it changes the event that we know by its url.
            known = before.marker if before and text else ""
            item = Item(one.url, one.text("D:getetag"), text, known)
            if item.marker:
                self._items[one.key] = item

    # --- how it is asked ---

    def _ask(self, method: str, body: bytes, headers: dict[str, str], fine: frozenset[int] = frozenset()) -> Answer:
        answer = self._web.ask(method, self._account.calendar, body, {**XML, **headers}, fine=fine | MULTISTATUS | GONE)
        if answer.status in GONE and answer.status not in fine:
            raise self._lost()
        return answer

    def _lost(self) -> LostError:
        gone = f"there is no calendar {self._account.calendar} any more; nothing is taken as cancelled. Mend `url`"
        told = self._web.failed(gone, urgent=True)
        return LostError(str(told), urgent=True, owner=told.owner)


def quote_path(url: str) -> str:
    """A url as the href of a request's body: its path, quoted as the server did."""
    return "/" + url.split("://", 1)[-1].partition("/")[2]


def _batches(urls: list[str]) -> Iterator[list[str]]:
    rest = iter(urls)
    while batch := list(islice(rest, A_BATCH)):
        yield batch


def _held(url: str, answer: Answer) -> Item:
    return Item(url, answer.header("ETag"), answer.body.decode(errors="replace"))


def _digests(listed: list[Resource]) -> dict[str, str]:
    return {opaque(one.key): opaque(one.text("D:getetag")) for one in listed}
