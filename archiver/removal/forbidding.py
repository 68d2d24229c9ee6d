"""What forbids that something is removed: holds by the chain, locks by the store's own word."""

from collections.abc import Collection, Iterable
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime

from archiver.domain.recordings import RecordingId
from archiver.errors import Missing
from archiver.manifest.records.holds import HoldAction, HoldChange
from archiver.store.base import Item, StandingLock, Store


@dataclass(frozen=True, slots=True)
class Forbidden:
    """Why nothing may be removed: numbers of holds, and when (UTC) the last lock ends.

    A legal hold ends on no date.
    """

    holds: tuple[int, ...]
    until: datetime | None
    has_legal_hold: bool

    def __bool__(self) -> bool:
        return bool(self.holds or self.until or self.has_legal_hold)


def forbidden(
    store: Store, holds: Iterable[HoldChange], ids: Collection[RecordingId], items: Iterable[Item]
) -> Forbidden:
    """Return what forbids to remove these recordings, and these versions of files."""
    return replace(locked(store, items), holds=binding(holds, ids))


def locked(store: Store, items: Iterable[Item]) -> Forbidden:
    """Return what of the place's own locks forbids to remove these versions of files."""
    locks = [lock for item in items if (lock := _lock_of(store, item))]
    until = max((each.until for each in locks if each.until), default=None)
    return Forbidden((), until, any(each.is_held for each in locks))


def binding(holds: Iterable[HoldChange], ids: Collection[RecordingId]) -> tuple[int, ...]:
    """Return the numbers of the holds that bind any of these, by the changes of a whole chain.

    What a standing hold binds is in its private filter, so it is taken to bind everything.
    """
    bound: dict[int, set[RecordingId]] = {}
    standing: set[int] = set()
    for each in holds:
        if each.action is HoldAction.ADDED:
            bound.setdefault(each.hold, set()).update(each.recordings)
            standing |= {each.hold} if each.future else set()
        elif each.recordings:
            bound.setdefault(each.hold, set()).difference_update(each.recordings)
        else:
            bound.pop(each.hold, None)
            standing.discard(each.hold)
    binds = {number for number, held in bound.items() if not held.isdisjoint(ids)}
    return tuple(sorted(binds | standing))


def _lock_of(store: Store, item: Item) -> StandingLock | None:
    if item.is_marker or not store.capabilities.locks:
        return None
    with suppress(Missing):
        return store.locking.standing(item.key, item.version)
    return None
