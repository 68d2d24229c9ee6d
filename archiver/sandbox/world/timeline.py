"""Things that happened, in the order of their moments, changeable while they are read."""

import threading
from bisect import bisect_left, insort
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Generic, Protocol, TypeVar


class Dated(Protocol):
    """What a timeline holds: an id and a moment."""

    @property
    def id(self) -> str:
        """Return what names it."""

    @property
    def at(self) -> datetime:
        """Return its moment, aware."""


Item = TypeVar("Item", bound=Dated)


def _order(item: Dated) -> tuple[datetime, str]:
    return item.at, item.id


def _moment(item: Dated) -> datetime:
    return item.at


class Timeline(Generic[Item]):
    """Items by id, and by moment; ties are in the order of their ids, so that no order is by luck.

    Safe for threads. Slicing a page out of 20,000 items costs two binary searches.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._by_id: dict[str, Item] = {}
        self._items: list[Item] = []

    def extend(self, items: Iterable[Item]) -> None:
        """Add many at once; an id that is already there is replaced."""
        with self._lock:
            self._by_id.update((item.id, item) for item in items)
            self._items = sorted(self._by_id.values(), key=_order)

    def put(self, item: Item) -> None:
        """Add one, or replace the one of the same id."""
        with self._lock:
            old = self._by_id.get(item.id)
            if old is not None:
                del self._items[bisect_left(self._items, _order(old), key=_order)]
            self._by_id[item.id] = item
            insort(self._items, item, key=_order)

    def remove(self, item_id: str) -> Item:
        """Take one out and return it; ``KeyError`` when there is none of that id."""
        with self._lock:
            item = self._by_id.pop(item_id)
            del self._items[bisect_left(self._items, _order(item), key=_order)]
            return item

    def between(
        self, first: datetime | None, before: datetime, skip: int, take: int | None
    ) -> tuple[int, list[Item]]:
        """Return how many lie in ``first <= at < before``, and some of them, newest first.

        ``take`` of them after the ``skip`` newest; all of them when ``take`` is ``None``.
        """
        with self._lock:
            low = 0 if first is None else bisect_left(self._items, first, key=_moment)
            high = max(low, bisect_left(self._items, before, key=_moment))
            top = max(low, high - skip)
            bottom = low if take is None else max(low, top - take)
            return high - low, self._items[bottom:top][::-1]

    def __getitem__(self, item_id: str) -> Item:
        return self._by_id[item_id]

    def __contains__(self, item_id: object) -> bool:
        return item_id in self._by_id

    def __len__(self) -> int:
        return len(self._by_id)

    def __iter__(self) -> Iterator[Item]:
        """Iterate over a snapshot, oldest first."""
        with self._lock:
            return iter(tuple(self._items))
