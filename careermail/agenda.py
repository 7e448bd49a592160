"""Who is to be visited when."""

import heapq
from datetime import datetime


class Agenda:
    """Who is to be visited when: asking for the next costs the same for ten managers as for ten thousand."""

    def __init__(self) -> None:
        self._heap: list[tuple[datetime, str]] = []
        self._when: dict[str, datetime] = {}

    def enter(self, name: str, when: datetime) -> None:
        """Visit `name` at `when`, or earlier if that stands already."""
        if name not in self._when or when < self._when[name]:
            self._when[name] = when
            heapq.heappush(self._heap, (when, name))

    def next(self) -> datetime | None:
        """When somebody is to be visited next; None for never."""
        while self._heap and self._when.get(self._heap[0][1]) != self._heap[0][0]:
            heapq.heappop(self._heap)  # superseded by an earlier entry
        return self._heap[0][0] if self._heap else None

    def take(self, now: datetime) -> str | None:
        """Strike out and return somebody who is due at `now`; None if nobody is."""
        when = self.next()
        if when is None or when > now:
            return None
        _, name = heapq.heappop(self._heap)
        del self._when[name]
        return name

    def clear(self) -> None:
        """Forget everybody."""
        self._heap.clear()
        self._when.clear()
